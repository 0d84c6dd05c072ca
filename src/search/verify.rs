//! One to one: is this the person whom the record names?

use super::{
    FingerMatching, Judgement, Modality, PartScores, Search, SearchError, Work,
    probe::{Bench, Probe},
    ways::Ways,
};
use crate::{decision::Purpose, registration::Registration};
use rayon::prelude::*;

/// The answer to a claim of identity.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Verification {
    /// Whether the gallery has a registration of the subject that was named.
    pub known: bool,
    /// The subject's registration that is most alike, if any part could be compared.
    pub registration: Option<Box<str>>,
    /// The best score of each part over the subject's registrations.
    pub scores: PartScores,
    /// All parts together.
    pub judgement: Judgement,
}

impl Search<'_> {
    /// Compares each of `claims` with the subject its personal ID names; the answers come in the order of the claims.
    ///
    /// A subject that the gallery does not know, or with whom no part can be compared, is
    /// [`Decision::None`](crate::decision::Decision::None). A false match rate is kept for the claim: where a subject has several
    /// registrations, of each part the best counts, and all of them share the rate.
    ///
    /// # Errors
    /// If a portrait is of another model than the gallery's, or the gallery is damaged.
    pub fn verify(
        &self,
        claims: &[Registration],
        modality: Modality,
        matching: FingerMatching,
    ) -> Result<(Vec<Verification>, Work), SearchError> {
        let answers = claims
            .par_iter()
            .map_init(
                || Bench::new(self.level),
                |bench, claim| {
                    bench.compared = 0;
                    Ok((self.verify_one(bench, claim, modality, matching)?, bench.compared))
                },
            )
            .collect::<Result<Vec<_>, SearchError>>()?;
        let compared = answers.iter().map(|(_, compared)| compared).sum();
        let work = Work { comparisons: compared, full_comparisons: compared, bytes_read: 0 };
        Ok((answers.into_iter().map(|(answer, _)| answer).collect(), work))
    }

    fn verify_one(
        &self,
        bench: &mut Bench,
        claim: &Registration,
        modality: Modality,
        matching: FingerMatching,
    ) -> Result<Verification, SearchError> {
        let snapshot = self.references.snapshot;
        let probe = Probe::new(claim, modality, snapshot)?;
        let key = snapshot.subject_key(claim.personal_id.as_str());
        let is_live = |place: crate::gallery::Place| {
            let (of, row) = self.references.at(place);
            of.segment.is_live(row)
        };
        let best = self.compare_subject(bench, &probe, matching, Purpose::Verify, key, is_live)?;
        Ok(match best {
            Some((place, scores, ways)) => {
                let (of, row) = self.references.at(place);
                Verification {
                    known: true,
                    registration: Some(of.segment.registration_name(row)?.into()),
                    judgement: self.judge.decide(Purpose::Verify, &scores, self.gallery(&ways))?,
                    scores,
                }
            }
            None => Verification {
                known: snapshot.rows_of_subject(key)?.into_iter().any(is_live),
                registration: None,
                scores: PartScores::default(),
                judgement: self.judge.decide(
                    Purpose::Verify,
                    &PartScores::default(),
                    self.gallery(&Ways::default()),
                )?,
            },
        })
    }
}
