//! Fingers, and the impressions they leave.
//!
//! # Problem
//! A finger search is measured on mates that are alike the way impressions of one finger are: turned, shifted, stretched,
//! cut off at the rim, with minutiae lost and invented; and on strangers whose minutiae follow ridges of a few patterns, so
//! that parts of them agree by chance.
//!
//! # Method
//! A finger is a pattern class with the frequencies of its position, a direction field with the cores and deltas of that
//! class, and minutiae at 0.2 per mm², nowhere nearer to one another than a ridge, each along the ridge one way or the
//! other. An impression bends the skin smoothly, keeps what touches the sensor, turns and shifts it, loses some minutiae, finds
//! some that are not there, and misjudges place, direction and type, all the more the worse its quality.
//!
//! # What it leaves out
//! Ridges themselves: there is no image, so nothing that an extractor does wrong in runs (a scar, a wet patch, a string of
//! false endings along a crease). With this library's matcher, FNMR at FMR 1e-3 is 0.8 to 2.3 % by position, that of a good
//! sensor; it says nothing about a matcher's worth.
//!
//! # Cost
//! See [`Generator::write_feed`](super::Generator::write_feed).

mod flow;
mod impression;
mod parameters;

pub use flow::Pattern;

use super::dice::Dice;
use crate::template::{FingerPosition, MinutiaKind, MinutiaeTemplate};
use flow::Flow;
use parameters::*;

/// The fingers of a population.
#[derive(Clone, Debug)]
pub struct Fingers {
    seed: u64,
}

/// A finger as it is, before it touches anything. Coordinates: x to the right, y up, the middle of the finger at 0.
struct Skin {
    flow: Flow,
    minutiae: Vec<Minutia>,
    quality: f64,
}

/// A minutia of the skin.
#[derive(Clone, Copy)]
struct Minutia {
    at: (f64, f64),
    direction: f64,
    kind: MinutiaKind,
}

impl Fingers {
    /// The fingers of the people of `seed`.
    pub fn new(seed: u64) -> Self {
        Fingers { seed }
    }

    /// The pattern of a finger.
    pub fn pattern(&self, person: u64, position: FingerPosition) -> Pattern {
        Pattern::drawn(position.number(), &mut self.dice(person, position))
    }

    /// What an extractor finds in the impression numbered `capture` of a finger: about 45 minutiae on an image of 400 × 500
    /// pixels, with qualities.
    pub fn template(&self, person: u64, position: FingerPosition, capture: u64) -> MinutiaeTemplate {
        let skin = Skin::drawn(position.number(), &mut self.dice(person, position));
        let seed = [self.seed, person, 21, u64::from(position.number()), capture];
        impression::taken(&skin, position, &mut Dice::of(seed))
    }

    /// Why the finger is not in the registration numbered `capture`, if it is not: `amputated` or `bandaged`.
    pub fn missing(&self, person: u64, position: FingerPosition, capture: u64) -> Option<&'static str> {
        let position = u64::from(position.number());
        if Dice::of([self.seed, person, 22, position]).chance(AMPUTATED) {
            return Some("amputated");
        }
        Dice::of([self.seed, person, 23, position, capture]).chance(BANDAGED).then_some("bandaged")
    }

    fn dice(&self, person: u64, position: FingerPosition) -> Dice {
        Dice::of([self.seed, person, 20, u64::from(position.number())])
    }
}

impl Skin {
    fn drawn(position: u8, dice: &mut Dice) -> Skin {
        let flow = Flow::drawn(Pattern::drawn(position, dice), dice);
        let (across, along) = SKIN;
        let density = DENSITY * libm::exp(DENSITY_SPREAD * dice.normal());
        let wanted = dice.count(density * std::f64::consts::PI * across * along).min(250);
        let mut minutiae: Vec<Minutia> = Vec::with_capacity(wanted);
        // Places are drawn until one is free; a skin holds five times as many, so this ends long before the last try.
        for _ in 0..wanted * 40 {
            if minutiae.len() == wanted {
                break;
            }
            let (x, y) = (dice.between(-1.0, 1.0), dice.between(-1.0, 1.0));
            let at = (x * across, y * along);
            let free =
                |minutiae: &[Minutia]| minutiae.iter().all(|other| square_distance(at, other.at) >= SPACING * SPACING);
            if x * x + y * y > 1.0 || !free(&minutiae) {
                continue;
            }
            let from_core = square_distance(at, flow.centre()) / (CORE_RADIUS * CORE_RADIUS);
            if !dice.chance(OUTER_DENSITY + (1.0 - OUTER_DENSITY) * libm::exp(-from_core)) {
                continue;
            }
            let direction = flow.direction(at) + if dice.chance(0.5) { std::f64::consts::PI } else { 0.0 };
            let kind = if dice.chance(ENDING_SHARE) { MinutiaKind::Ending } else { MinutiaKind::Bifurcation };
            minutiae.push(Minutia { at, direction, kind });
        }
        let quality = (QUALITY + QUALITY_SPREAD.0 * dice.normal()).clamp(0.0, 1.0);
        Skin { flow, minutiae, quality }
    }
}

fn square_distance(a: (f64, f64), b: (f64, f64)) -> f64 {
    (a.0 - b.0) * (a.0 - b.0) + (a.1 - b.1) * (a.1 - b.1)
}
