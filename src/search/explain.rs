//! A pair, laid open for the person who has to judge it: both registrations, what each part says, and which minutiae lie on each other.

use super::{DeduplicateOptions, Deduplication, FingerMatching, Modality, Search, SearchError};
use crate::{
    fingerprint::{Comparer, Explanation},
    gallery::Place,
    registration::Registration,
};

/// Two fingers of a pair.
#[non_exhaustive]
pub struct FingerExplanation {
    /// The place among the first's [`Registration::templates`].
    pub a: usize,
    /// The place among the second's.
    pub b: usize,
    /// How the comparison came to its score.
    pub explanation: Explanation,
}

impl Search<'_> {
    /// Compares two named registrations in all parts that both have, whatever the candidates of a search would be: a deduplication of one pair,
    /// which stands there with its decision even if that is none.
    ///
    /// # Errors
    /// [`SearchError::UnknownRegistration`] if one is not enrolled, or if one is damaged.
    pub fn compare_pair(
        &self,
        against: Option<&Search<'_>>,
        [a, b]: [&str; 2],
        modality: Modality,
        matching: FingerMatching,
    ) -> Result<Deduplication, SearchError> {
        let places = (self.place_of(a)?, against.unwrap_or(self).place_of(b)?);
        let options = DeduplicateOptions { modality, fingers: matching, ..DeduplicateOptions::default() };
        self.compare_two(against, places, &options)
    }

    fn place_of(&self, registration: &str) -> Result<Place, SearchError> {
        let unknown = || SearchError::UnknownRegistration { registration: registration.into() };
        self.references.snapshot.find_registration(registration)?.ok_or_else(unknown)
    }

    /// Whether a registration of this name is enrolled.
    ///
    /// # Errors
    /// If a column is damaged.
    pub fn has(&self, registration: &str) -> Result<bool, SearchError> {
        Ok(self.references.snapshot.find_registration(registration)?.is_some())
    }

    /// The live registration of this name.
    ///
    /// # Errors
    /// [`SearchError::UnknownRegistration`] if there is none, or if it is damaged.
    pub fn enrolled(&self, registration: &str) -> Result<Registration, SearchError> {
        let place = self.place_of(registration)?;
        let (of, row) = self.references.at(place);
        Ok(of.segment.registration(row)?)
    }

    /// Two registrations' fingers, paired as in the search. A registration held against itself pairs different fingers only.
    pub fn explain_fingers(
        &self,
        a: &Registration,
        b: &Registration,
        matching: FingerMatching,
    ) -> Vec<FingerExplanation> {
        let mut comparer = Comparer::new(self.level);
        let is_one = a.id == b.id;
        let mut pairs = Vec::new();
        for (i, probe) in a.templates().enumerate() {
            for (j, reference) in b.templates().enumerate() {
                if matching.compares(probe.position(), reference.position()) && !(is_one && i >= j) {
                    pairs.push(FingerExplanation { a: i, b: j, explanation: comparer.explain(probe, reference) });
                }
            }
        }
        pairs.sort_by(|x, y| y.explanation.score().total_cmp(&x.explanation.score()).then((x.a, x.b).cmp(&(y.a, y.b))));
        let mut kept: Vec<FingerExplanation> = Vec::new();
        for pair in pairs {
            let is_taken = |other: &FingerExplanation| {
                other.a == pair.a || other.b == pair.b || is_one && (other.a == pair.b || other.b == pair.a)
            };
            if !kept.iter().any(is_taken) {
                kept.push(pair);
            }
        }
        kept.sort_by_key(|pair| (pair.a, pair.b));
        kept
    }
}
