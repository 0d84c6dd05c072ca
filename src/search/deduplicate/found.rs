//! What a deduplication finds: pairs of registrations, by what they say, and who by them is one person.

use crate::{
    decision,
    search::{FingerScore, Judgement, PartScores, Work},
};
use serde::Serialize;

/// What a pair says about its two registrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PairKind {
    /// Two numbers for one person.
    DifferentId,
    /// A person who registered again under the same number.
    SameId,
    /// One person, but a finger of the one registration is a finger of another position in the other.
    SwappedFingers,
    /// The portraits say one person and the fingers two, or the other way round.
    SwappedPortrait,
    /// Two positions of one registration hold the same finger; both members are that registration.
    SameFingerTwice,
}

impl PairKind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::DifferentId, Self::SameId, Self::SwappedFingers, Self::SwappedPortrait, Self::SameFingerTwice];

    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::DifferentId => "different_id",
            Self::SameId => "same_id",
            Self::SwappedFingers => "swapped_fingers",
            Self::SwappedPortrait => "swapped_portrait",
            Self::SameFingerTwice => "same_finger_twice",
        }
    }
}

/// One side of a pair.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Member {
    /// Whose it is said to be.
    pub personal_id: Box<str>,
    /// Which registration.
    pub registration: Box<str>,
}

/// Two registrations that look like one person's.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DuplicatePair {
    /// The one; within one gallery that with the smaller personal ID, then registration.
    pub a: Member,
    /// The other.
    pub b: Member,
    /// What the pair says.
    pub kind: PairKind,
    /// Scores of the parts that both have, fingers by `a`'s positions.
    pub scores: PartScores,
    /// The fingers that were taken for each other's mates, by `a`'s positions: of equal position, unless their kind says otherwise.
    pub fingers: Vec<FingerScore>,
    /// All parts together; of a swapped portrait what speaks for one person, with what speaks against it as the reason.
    pub judgement: Judgement,
    /// The cluster, as a number from 0 in the order of the clusters; pairs for review belong to none.
    pub cluster: Option<u32>,
}

/// What a deduplication found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Deduplication {
    /// The pairs that are a match or for review, best first.
    pub pairs: Vec<DuplicatePair>,
    /// Who, by the accepted pairs, is one person: numbers of members, in the order of [`Deduplication::members`].
    pub clusters: Vec<decision::Cluster<u32>>,
    /// The registrations of the clusters.
    pub members: Vec<Member>,
    /// What it took: comparisons of portraits and of fingers by the screens, and in full.
    pub work: Work,
}
