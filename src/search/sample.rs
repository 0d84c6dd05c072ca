//! Registrations that stand for all: the same ones, however they lie in segments or shards.
//!
//! A sample is whoever's name has one of the least hashes, among those who are kept. So it depends on the names alone, and that of a whole
//! gallery is found from those of its shards: the least of all their hashes say up to which one each shard's registrations are in it.

use super::{
    Search, SearchError,
    references::{SegmentReferences, is_kept},
};
use crate::{
    fingerprint::screen::{ScreenCode, sketch::SAMPLE},
    gallery::Place,
};
use rayon::prelude::*;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// A registration with the hash of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hashed {
    pub hash: u64,
    pub place: Place,
}

/// The hash up to which registrations are in a sample of `most`, of ascending hashes; two names with one hash are in it both.
pub(super) fn limit(hashes: &[u64], most: usize) -> Option<u64> {
    hashes.get(most.saturating_sub(1)).or(hashes.last()).copied()
}

/// The least hashes of several shards, ascending, as many as a sample of `most` needs.
pub(super) fn least(mut hashes: Vec<u64>, most: usize) -> Vec<u64> {
    hashes.sort_unstable();
    let limit = limit(&hashes, most);
    hashes.retain(|&hash| Some(hash) <= limit);
    hashes
}

impl Search<'_> {
    /// The registrations that are kept with the `most` least hashes, ascending, and not beyond `up_to`.
    pub(super) fn sampled(
        &self,
        kept: &[Option<Vec<u64>>],
        most: usize,
        up_to: u64,
        wanted: impl Fn(&SegmentReferences<'_>, usize) -> bool + Sync,
    ) -> Result<Vec<Hashed>, SearchError> {
        let of_segment = |(segment, of): (usize, &SegmentReferences<'_>)| {
            let kept = kept[segment].as_deref();
            let mut found: Vec<Hashed> = Vec::new();
            for (hash, row) in of.segment.rows_by_hash()? {
                if hash > up_to || found.len() >= most && found.last().is_some_and(|last| last.hash < hash) {
                    break;
                }
                if is_kept(kept, row as usize) && wanted(of, row as usize) {
                    found.push(Hashed { hash, place: Place { segment, row } });
                }
            }
            Ok(found)
        };
        let found: Vec<_> =
            self.references.segments.par_iter().enumerate().map(of_segment).collect::<Result<_, SearchError>>()?;
        let mut found = found.concat();
        found.sort_unstable();
        let limit = found.get(most.saturating_sub(1)).map_or(u64::MAX, |last| last.hash);
        found.retain(|hashed| hashed.hash <= limit);
        Ok(found)
    }

    /// The rows that live, as bitmaps over the rows of each segment.
    pub(super) fn live_rows(&self) -> Vec<Option<Vec<u64>>> {
        self.references.segments.iter().map(|of| of.segment.live().map(<[u64]>::to_vec)).collect()
    }

    /// The hashes, ascending, of those of this shard's registrations that may be in the [`FingerSample`] of the whole gallery.
    ///
    /// # Errors
    /// If a segment is damaged.
    pub fn sample_hashes(&self) -> Result<Vec<u64>, SearchError> {
        let found = self.sampled(&self.live_rows(), SAMPLE, u64::MAX, |of, row| of.has_fingers(row))?;
        Ok(found.into_iter().map(|hashed| hashed.hash).collect())
    }

    /// This shard's part of the sample of the whole gallery, given the [`sample_hashes`](Search::sample_hashes) of all of its shards.
    ///
    /// # Errors
    /// If a segment is damaged.
    pub fn finger_sample(&self, hashes: &[u64]) -> Result<FingerSample, SearchError> {
        let live = self.live_rows();
        let has_fingers = |(segment, of): (usize, &SegmentReferences<'_>)| {
            let live = live[segment].as_deref();
            (0..of.segment.len()).into_par_iter().filter(|&row| is_kept(live, row) && of.has_fingers(row)).count()
        };
        let count: usize = self.references.segments.iter().enumerate().map(has_fingers).sum();
        let up_to = limit(&least(hashes.to_vec(), SAMPLE), SAMPLE).unwrap_or(0);
        let members = self.sampled(&live, SAMPLE, up_to, |of, row| of.has_fingers(row))?;
        let members = members.into_iter().map(|hashed| self.member(hashed)).collect::<Result<_, _>>()?;
        Ok(FingerSample { count: count as u64, members })
    }

    /// The search of a shard, with the sample of the whole gallery by which a deduplication finds who comes near enough to be compared.
    pub fn with_sample(self, sample: std::sync::Arc<FingerSample>) -> Self {
        Search { sample: Some(sample), ..self }
    }

    fn member(&self, Hashed { hash, place }: Hashed) -> Result<SampledFingers, SearchError> {
        let (of, row) = self.references.at(place);
        let (mut positions, mut codes) = (Vec::new(), Vec::new());
        for column in of.finger_columns() {
            for entry in column.of_row(row) {
                positions.push(column.position().number());
                match column.codes(entry..entry + 1)? {
                    Some(code) => codes.extend_from_slice(code),
                    // What is no code always survives.
                    None => codes.resize(codes.len() + ScreenCode::STRIDE, 0),
                }
            }
        }
        Ok(SampledFingers { hash, positions, codes: Codes(codes) })
    }
}

/// The fingers of some registrations of a gallery, for all of them: a deduplication finds by them what is rare.
///
/// It holds their screen codes, which are templates: it is to be kept as they are.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FingerSample {
    /// How many registrations have fingers.
    pub(super) count: u64,
    /// In the order of hashes.
    pub(super) members: Vec<SampledFingers>,
}

impl fmt::Debug for FingerSample {
    /// Says nothing about the people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FingerSample({} of {})", self.members.len(), self.count)
    }
}

impl FingerSample {
    /// The sample of the whole gallery, given each shard's part.
    pub fn of_all(shards: impl IntoIterator<Item = FingerSample>) -> FingerSample {
        let mut all = FingerSample::default();
        for shard in shards {
            all.count += shard.count;
            all.members.extend(shard.members);
        }
        all.members.sort_unstable();
        all
    }
}

/// One registration of a sample.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct SampledFingers {
    pub hash: u64,
    /// The position of each finger.
    pub positions: Vec<u8>,
    /// The code of each.
    pub codes: Codes,
}

/// Screen codes, one after the other; bytes in a message.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Codes(pub Vec<u8>);

impl Serialize for Codes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Codes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl de::Visitor<'_> for Bytes {
            type Value = Codes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Codes, E> {
                Ok(Codes(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_hashes_of_all_shards_are_the_sample_and_equal_ones_stay_together() {
        assert_eq!(least(vec![9, 3, 7, 1, 3], 2), [1, 3, 3]);
        assert_eq!(least(vec![9, 3], 8), [3, 9]);
        assert_eq!((limit(&[1, 3, 9], 2), limit(&[1, 3], 8), limit(&[], 2)), (Some(3), Some(3), None));
    }
}
