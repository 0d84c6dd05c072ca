//! Who registers, when, and under which number.

use super::{
    Faces, Fingers, SynthesisError,
    dice::mix,
    identity::{ID_COUNT, PersonalIds, TRIES},
    permutation::Permutation,
};
use crate::{
    registration::{FaceModel, Finger, IdScheme, PersonalId, Portrait, Registration, RegistrationId, write_line},
    template::{FaceEmbedding, FingerPosition, MinutiaeTemplate},
};
use ndarray::Array2;
use rayon::prelude::*;
use std::{
    io::{self, Write},
    ops::Range,
};

/// In which order fingers are taken: the index fingers first, then the thumbs.
const FINGER_ORDER: [u8; 10] = [2, 7, 1, 6, 3, 8, 4, 9, 5, 10];

/// The first registration is of 2 January 2024, 01:00 UTC; the others follow every 20 seconds, or faster, so that all fall into two
/// years.
const FIRST_TIME: i64 = 1_704_157_200_000;
const TIME_STEP: u64 = 20_000;
const TIME_SPAN: u64 = 2 * 365 * 86_400_000;

/// Captures for probes are numbered from here, beyond those of the feed.
const PROBES: u64 = 1 << 32;

/// A population, in numbers.
///
/// ```
/// use vantay::synthesis::{Generator, Population};
///
/// let population = Population { subjects: 1000, duplicates: 0.01, fingers: 2, ..Population::default() };
/// let generator = Generator::new(population)?;
/// assert_eq!(generator.registrations(), 1010);
/// let registration = generator.registration(17);
/// assert_eq!(registration, generator.registration(17));
/// assert_eq!(registration.fingers.len(), 2);
/// # Ok::<(), vantay::synthesis::SynthesisError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Population {
    /// Everything is made from this number; registration IDs name it.
    pub seed: u64,
    /// How many people, each a subject under an ID of their own.
    pub subjects: u64,
    /// How many false registrations there are, as a share of the subjects, 0 to 1: a person who has an ID registers again
    /// under another. Every tenth of them is the third of its person.
    pub duplicates: f64,
    /// How often each subject registers under the own ID, 1 or more.
    pub captures: u64,
    /// The model of the portraits; `None` for fingers only.
    pub face_model: Option<FaceModel>,
    /// Fingers of a registration, 0 to 10: the index fingers first, then the thumbs, the middle, ring and little fingers.
    pub fingers: u8,
}

impl Default for Population {
    /// A thousand subjects, of whom ten come twice, with a portrait of 512 dimensions and two fingers.
    fn default() -> Self {
        let face_model = Some(FaceModel { name: "synthetic".into(), dimension: 512 });
        Population { seed: 1, subjects: 1000, duplicates: 0.01, captures: 1, face_model, fingers: 2 }
    }
}

/// Makes the registrations of a [`Population`], each from its number alone.
#[derive(Clone, Debug)]
pub struct Generator {
    population: Population,
    false_registrations: u64,
    ids: PersonalIds,
    faces: Option<Faces>,
    fingers: Fingers,
    order: Permutation,
    who_returns: Permutation,
}

/// One registration of the population, by where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The person in front of the camera.
    pub person: u64,
    /// Which of the person's captures.
    pub capture: u64,
    /// The number of the false ID, if it is not the person's own.
    pub alias: Option<u64>,
}

impl Generator {
    /// Prepares to make `population`.
    ///
    /// # Errors
    /// [`SynthesisError`] if a number is out of range, nothing would be registered, or there are not enough personal IDs.
    pub fn new(population: Population) -> Result<Self, SynthesisError> {
        let range = |what, found: String, range| Err(SynthesisError::Range { what, found, range });
        if !(1..=ID_COUNT).contains(&population.subjects) {
            return range("subjects", population.subjects.to_string(), "1 to 1.2 billion");
        }
        if !(0.0..=1.0).contains(&population.duplicates) {
            return range("duplicates", population.duplicates.to_string(), "0 to 1");
        }
        if !(1..=1000).contains(&population.captures) {
            return range("captures", population.captures.to_string(), "1 to 1000");
        }
        if population.fingers > 10 {
            return range("fingers", population.fingers.to_string(), "0 to 10");
        }
        if let Some(model) = &population.face_model {
            if !(FaceEmbedding::MIN_DIMENSION..=FaceEmbedding::MAX_DIMENSION).contains(&model.dimension) {
                return range("dimension", model.dimension.to_string(), "16 to 4096");
            }
            if !(1..=64).contains(&model.name.len()) {
                return range("length of the model's name", model.name.len().to_string(), "1 to 64");
            }
        }
        if population.face_model.is_none() && population.fingers == 0 {
            return Err(SynthesisError::Nothing);
        }
        let false_registrations = (population.subjects as f64 * population.duplicates).round() as u64;
        let ids = population.subjects + TRIES * false_registrations;
        if ids > ID_COUNT {
            return Err(SynthesisError::TooManyIds { found: ids, most: ID_COUNT });
        }
        let seed = population.seed;
        let registrations = population.subjects * population.captures + false_registrations;
        Ok(Generator {
            false_registrations,
            ids: PersonalIds::new(population.subjects, mix([seed, 30])),
            faces: population.face_model.as_ref().map(|model| Faces::new(&model.name, model.dimension, seed)),
            fingers: Fingers::new(seed),
            order: Permutation::new(registrations, mix([seed, 31])),
            who_returns: Permutation::new(population.subjects, mix([seed, 32])),
            population,
        })
    }

    /// The population as described.
    pub fn population(&self) -> &Population {
        &self.population
    }

    /// How many registrations there are: the lines of the feed.
    pub fn registrations(&self) -> u64 {
        self.population.subjects * self.population.captures + self.false_registrations
    }

    /// How many of them are false: of a person who has an ID already, under another.
    pub fn false_registrations(&self) -> u64 {
        self.false_registrations
    }

    /// The registration on line `line` of the feed, from 0.
    ///
    /// # Panics
    /// If there is no such line.
    pub fn registration(&self, line: u64) -> Registration {
        let entry = self.entry(line);
        let id = self.registration_id(line);
        self.registered(&id, &self.personal_id(line), self.time(line), entry.person, entry.capture)
    }

    /// The person of line `line` once more, on another occasion, under the same ID: a genuine probe. `occasion` is any
    /// number below 2³².
    ///
    /// # Panics
    /// If there is no such line.
    pub fn probe(&self, line: u64, occasion: u64) -> Registration {
        let id = format!("{}-P{occasion}", self.registration_id(line));
        let time = self.time(line) + TIME_SPAN as i64;
        // Two lines of one person must not give the same probe.
        let capture = PROBES + (self.entry(line).capture << 32) + occasion;
        self.registered(&id, &self.personal_id(line), time, self.entry(line).person, capture)
    }

    /// The number of the person who stands behind line `line`, below the number of subjects.
    pub fn person(&self, line: u64) -> u64 {
        self.entry(line).person
    }

    /// The personal ID on line `line`.
    pub fn personal_id(&self, line: u64) -> String {
        let entry = self.entry(line);
        match entry.alias {
            None => self.ids.own(entry.person),
            Some(alias) => self.ids.alias(alias, entry.person),
        }
    }

    /// The registration ID on line `line`.
    pub fn registration_id(&self, line: u64) -> String {
        format!("S{}-{:09}", self.population.seed, line + 1)
    }

    /// The faces of `people` in the image numbered `capture` (0 is the first registration), one row of length one each:
    /// shape (people, dimension), float32. Runs on all cores; empty rows if the population has no portraits.
    ///
    /// An embedding of 512 dimensions takes 12.5 µs of one core (AMD Zen 5, 4.1 GHz).
    pub fn faces(&self, people: Range<u64>, capture: u64) -> Array2<f32> {
        let dimension = self.faces.as_ref().map_or(0, Faces::dimension);
        let mut rows = Array2::zeros(((people.end.saturating_sub(people.start)) as usize, dimension));
        if let (Some(faces), Some(components)) = (&self.faces, rows.as_slice_mut()) {
            components
                .par_chunks_mut(dimension)
                .with_min_len(64)
                .enumerate()
                .for_each(|(row, components)| faces.write(people.start + row as u64, capture, components));
        }
        rows
    }

    /// The templates of the fingers at `position` of `people`, in the impression numbered `capture`, whether missing or not.
    /// Runs on all cores.
    pub fn finger_templates(
        &self,
        people: Range<u64>,
        position: FingerPosition,
        capture: u64,
    ) -> Vec<MinutiaeTemplate> {
        people.into_par_iter().map(|person| self.fingers.template(person, position, capture)).collect()
    }

    /// Writes the registrations as a feed, in their order, made on all cores. `progress` is called with the number written
    /// so far.
    ///
    /// A registration with a portrait of 512 dimensions takes 16 µs of one core (AMD Zen 5, 4.1 GHz), each finger 20 µs more:
    /// a million faces some ten seconds on two cores.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_feed(&self, out: &mut (impl Write + Send), mut progress: impl FnMut(u64) + Send) -> io::Result<()> {
        const CHUNK: u64 = 64;
        const BLOCK: u64 = 32 * CHUNK;
        let count = self.registrations();
        let made = |from: u64| -> io::Result<Vec<Vec<u8>>> {
            let until = (from + BLOCK).min(count);
            let chunks: Vec<u64> = (from..until).step_by(CHUNK as usize).collect();
            chunks
                .into_par_iter()
                .map(|start| {
                    let mut lines = Vec::new();
                    (start..(start + CHUNK).min(until))
                        .try_for_each(|line| write_line(&self.registration(line), &mut lines))
                        .map(|()| lines)
                })
                .collect()
        };
        let mut ready = made(0)?;
        for from in (0..count).step_by(BLOCK as usize) {
            let next = from + BLOCK;
            let write = || ready.iter().try_for_each(|lines| out.write_all(lines));
            let (written, following) = rayon::join(write, || if next < count { made(next) } else { Ok(Vec::new()) });
            written?;
            ready = following?;
            progress(next.min(count));
        }
        Ok(())
    }

    /// Where line `line` comes from.
    pub(super) fn entry(&self, line: u64) -> Entry {
        let number = self.order.at(line);
        let captures = self.population.captures;
        match number.checked_sub(self.population.subjects * captures) {
            None => Entry { person: number / captures, capture: number % captures, alias: None },
            Some(alias) => self.false_entry(alias),
        }
    }

    /// The `alias`-th false registration. Every tenth is by the person of the one before.
    pub(super) fn false_entry(&self, alias: u64) -> Entry {
        let third = alias % 10 == 9;
        let person = self.who_returns.at(alias - u64::from(third));
        Entry { person, capture: self.population.captures + u64::from(third), alias: Some(alias) }
    }

    /// The line of a person's own registration, or of a false one.
    pub(super) fn line_of(&self, entry: Entry) -> u64 {
        let captures = self.population.captures;
        self.order.place_of(match entry.alias {
            None => entry.person * captures + entry.capture,
            Some(alias) => self.population.subjects * captures + alias,
        })
    }

    fn time(&self, line: u64) -> i64 {
        let step = TIME_STEP.min(TIME_SPAN / self.registrations()).max(1);
        let within = mix([self.population.seed, 33, line]) % step;
        FIRST_TIME + (line * step + within) as i64
    }

    fn registered(&self, id: &str, personal_id: &str, time: i64, person: u64, capture: u64) -> Registration {
        let portrait = self.faces.as_ref().zip(self.population.face_model.as_ref()).and_then(|(faces, model)| {
            let mut components = vec![0.0; faces.dimension()];
            faces.write(person, capture, &mut components);
            let embedding = FaceEmbedding::new(&components).ok()?;
            Some(Portrait { model: model.name.clone(), embedding })
        });
        let taken = &FINGER_ORDER[..usize::from(self.population.fingers)];
        let fingers = taken.iter().filter_map(|&number| FingerPosition::new(number).ok()).map(|position| {
            // Without a portrait the first finger has to be there.
            let needed = portrait.is_none() && position.number() == FINGER_ORDER[0];
            match self.fingers.missing(person, position, capture) {
                Some(reason) if !needed => Finger::Missing { position, reason: reason.into() },
                _ => Finger::Captured(self.fingers.template(person, position, capture)),
            }
        });
        let fingers = fingers.collect();
        Registration {
            id: RegistrationId::new(id).expect("shorter than 64 bytes"),
            personal_id: PersonalId::new(personal_id, IdScheme::Vietnam).expect("twelve digits"),
            captured_at: Some(time),
            portrait,
            fingers,
        }
    }
}
