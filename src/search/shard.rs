//! One gallery in several shards: the steps of a search, with what passes between them.
//!
//! # Problem
//! A gallery that is too large for one machine lies in shards, each a gallery of its own that holds all registrations of its
//! subjects. The answer has to be that of one big gallery, to the bit. Two steps of a search look at the whole: the screen of
//! the fingers keeps what is rare among *all* references, and each modality names the best subjects of *all*; rates depend on the
//! number of *all* subjects.
//!
//! # Method
//! Each shard does its part of a step; whoever gathers merges the parts and hands the whole to the next one:
//!
//! | step | a shard says | merged |
//! |---|---|---|
//! | [`Search::screen_shard`] | how many references have which score, a [`ShardCounts`](super::ShardCounts) | added |
//! | [`Search::go_on`], until it has nothing to say | [what comes next](super::shard_screen) | added |
//! | [`Search::name_in_shard`] | its best subjects by each modality, [`Named`] | the best of all, by [`named`] |
//! | [`Search::rank_in_shard`] | the scores of those that it holds, [`Ranked`] | ordered |
//!
//! Probes with a portrait only need no counts. A deduplication joins every shard with itself and with every other one by
//! [`Search::deduplicate`], each as [`Search::of_whole`] says. Its screen of fingers finds thresholds in a sample of the whole gallery: the shards say
//! whose names may be in it ([`Search::sample_hashes`]), then each gives its part ([`Search::finger_sample`]), and all of them together
//! ([`FingerSample::of_all`](super::FingerSample::of_all)) go to every block ([`Search::with_sample`]). With
//! [`Depth::Exhaustive`](super::Depth::Exhaustive), and by portraits alone, none is needed.
//!
//! # Cost
//! Some kilobytes a probe finger and shard for each of the counts; some kilobytes a probe for the names. A sample is five megabytes for each
//! finger that people have.

use super::{
    Identification, IdentifyOptions, Search, SearchError, ShardScreen, Work,
    error::check_depth,
    identify::{Candidate, Named as NamedPlace},
    probe::{Bench, Probe},
};
use crate::{decision::Purpose, registration::Registration};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// A subject that a shard names for a probe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct NamedSubject {
    score: f64,
    personal_id: Box<str>,
    registration: Box<str>,
}

/// The subjects that a shard, or all of them, name for a probe: the best by the portrait, the best by the fingers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Named {
    faces: Vec<NamedSubject>,
    fingers: Vec<NamedSubject>,
}

/// What a shard says of the subjects that were named for a probe, best first.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Ranked {
    /// Those it holds, judged as of the whole gallery.
    pub answer: Identification,
    /// Where each candidate stands among those of all shards: the higher first, by the first number, then the second, then
    /// personal ID and registration.
    pub ranks: Vec<(f64, f64)>,
}

impl Search<'_> {
    /// Names the best subjects of this shard for each of `probes`, which `screen` has been through to its end.
    ///
    /// # Errors
    /// As [`Search::identify`].
    pub fn name_in_shard(
        &self,
        probes: &[Registration],
        options: &IdentifyOptions<'_>,
        screen: &ShardScreen,
    ) -> Result<Vec<Named>, SearchError> {
        let kept = self.rows_kept(&options.filter)?;
        let probes = self.prepared(probes, options)?;
        let mut work = Work::default();
        let mut faces = vec![Vec::new(); probes.len()];
        self.name_by_face(&probes, options, &kept, &mut faces, &mut work)?;
        let mut fingers = vec![Vec::new(); probes.len()];
        if probes.iter().any(Probe::has_fingers) {
            let is_screened = self.depth_of(&probes, options).is_some();
            let survivors = if is_screened { Some(screen.survivors()?.to_vec()) } else { None };
            self.name_among(&probes, options, &kept, survivors, &mut fingers, &mut work)?;
        }
        let told = |places: Vec<NamedPlace>| places.iter().map(|named| self.told(named)).collect::<Result<_, _>>();
        faces.into_iter().zip(fingers).map(|(f, g)| Ok(Named { faces: told(f)?, fingers: told(g)? })).collect()
    }

    /// Compares each probe with those of the subjects named for it whom this shard holds.
    ///
    /// # Errors
    /// As [`Search::identify`].
    pub fn rank_in_shard(
        &self,
        probes: &[Registration],
        options: &IdentifyOptions<'_>,
        named: &[Named],
    ) -> Result<Vec<Ranked>, SearchError> {
        let kept = self.rows_kept(&options.filter)?;
        let probes = self.prepared(probes, options)?;
        if named.len() != probes.len() {
            return Err(SearchError::Shards { reason: "names for other probes".into() });
        }
        let rank = |bench: &mut Bench, (probe, named): (&Probe<'_>, &Named)| {
            let all = named.faces.iter().chain(&named.fingers);
            let keys = all.map(|named| self.references.snapshot.subject_key(&named.personal_id)).collect();
            let answer = self.rank(bench, probe, options, &kept, keys)?;
            let rank = |candidate: &Candidate| Ok(self.judge.rank(Purpose::Identify, &candidate.scores)?.numbers());
            let ranks = answer.candidates.iter().map(rank).collect::<Result<_, SearchError>>()?;
            Ok(Ranked { answer, ranks })
        };
        let ranked = probes.par_iter().zip(named).map_init(|| Bench::new(self.level), rank).collect();
        self.warm_behind(probes.len());
        ranked
    }

    pub(super) fn prepared<'p>(
        &self,
        probes: &'p [Registration],
        options: &IdentifyOptions<'_>,
    ) -> Result<Vec<Probe<'p>>, SearchError> {
        check_depth(options.depth)?;
        probes.par_iter().map(|probe| Probe::new(probe, options.modality, self.references.snapshot)).collect()
    }

    fn told(&self, named: &NamedPlace) -> Result<NamedSubject, SearchError> {
        let (of, row) = self.references.at(named.place);
        Ok(NamedSubject {
            score: named.score,
            personal_id: of.segment.personal_id(row)?.into(),
            registration: of.segment.registration_name(row)?.into(),
        })
    }
}

/// The best subjects of all shards for each probe, of what each shard named.
pub fn named(shards: Vec<Vec<Named>>, options: &IdentifyOptions<'_>) -> Vec<Named> {
    let best = |mut list: Vec<NamedSubject>| {
        list.sort_by(|a, b| {
            let names = || (&a.personal_id, &a.registration).cmp(&(&b.personal_id, &b.registration));
            b.score.total_cmp(&a.score).then_with(names)
        });
        list.truncate(options.candidates());
        list
    };
    let probes = shards.iter().map(Vec::len).max().unwrap_or(0);
    let mut all = vec![Named::default(); probes];
    for shard in shards {
        for (all, named) in all.iter_mut().zip(shard) {
            all.faces.extend(named.faces);
            all.fingers.extend(named.fingers);
        }
    }
    all.into_iter().map(|named| Named { faces: best(named.faces), fingers: best(named.fingers) }).collect()
}

/// The shard that holds the subject of this personal ID, of so many: 0 to `shards` - 1.
///
/// The first eight bytes of the BLAKE3 hash, little-endian, modulo `shards`; the same for good.
///
/// ```
/// use vantay::search::shard_of;
/// assert_eq!(shard_of("001204000257", 1), 0);
/// assert_eq!(shard_of("001204000257", 8), shard_of("001204000257", 8));
/// ```
pub fn shard_of(personal_id: &str, shards: u32) -> u32 {
    let hash = blake3::hash(personal_id.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash.as_bytes()[..8]);
    (u64::from_le_bytes(first) % u64::from(shards.max(1))) as u32
}
