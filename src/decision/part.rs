//! The parts of a person that were compared.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::{fmt, str::FromStr};

/// What was compared. Written as `face`, or as the number of the finger position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The portraits.
    Face,
    /// The fingers at an ISO position, 1 to 10, or 0 if it is not known.
    Finger(u8),
}

/// The comparison score of one part of two persons.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PartScore {
    /// What was compared.
    pub part: Part,
    /// The score; higher is more alike.
    pub score: f64,
}

impl PartScore {
    /// The score of two portraits.
    pub fn face(score: f64) -> Self {
        Self { part: Part::Face, score }
    }

    /// The score of two fingers at an ISO position.
    pub fn finger(position: u8, score: f64) -> Self {
        Self { part: Part::Finger(position), score }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Face => f.write_str("face"),
            Part::Finger(position) => write!(f, "{position}"),
        }
    }
}

impl FromStr for Part {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (text, text.parse::<u8>()) {
            ("face", _) => Ok(Part::Face),
            (_, Ok(position @ 0..=10)) => Ok(Part::Finger(position)),
            _ => Err("expected `face` or a finger position from 0 to 10"),
        }
    }
}

impl Serialize for Part {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<str>::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}
