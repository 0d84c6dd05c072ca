//! What the page shows, as plain data.

use crate::decision::{Adjudication, Decision, FittedOn, Interval, Level, Part, Reason};
use serde::{Serialize, Serializer};

/// The language that a page opens in; it can be switched on the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Language {
    /// The browser's, if the page has it, else English.
    #[default]
    Auto,
    /// English.
    En,
    /// Vietnamese.
    Vi,
}

/// A deduplication's pairs, for a person to judge.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Page {
    /// The language to begin with.
    pub language: Language,
    /// The run that listed them.
    pub run: Run,
    /// The pairs, in the order of the list.
    pub cards: Vec<Card>,
    /// The prints that the cards name by place.
    pub prints: Vec<Print>,
}

/// A run, in figures.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Run {
    /// The gallery, as the caller names it.
    pub gallery: String,
    /// The other gallery, if pairs are between two.
    pub against: Option<String>,
    /// Something that only runs over the same galleries share: decisions in the browser's storage are kept by it.
    pub identity: String,
    /// Live registrations on both sides.
    pub registrations: u64,
    /// Subjects on both sides.
    pub subjects: u64,
    /// Pairs of registrations that were searched.
    pub comparisons: u64,
    /// Comparisons made in full.
    pub full_comparisons: u64,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// When the run ended, in milliseconds since 1970-01-01T00:00:00Z.
    pub finished_at: i64,
    /// How many pairs there are of each kind and decision, those without a card included.
    pub counts: Vec<Count>,
    /// Clusters of accepted pairs.
    pub clusters: u64,
    /// Clusters that only a weak pair holds together.
    pub weak_clusters: u64,
    /// What makes a match.
    pub accept: Option<Level>,
    /// What makes a case for a person.
    pub review: Option<Level>,
    /// What the rates rest on.
    pub calibrations: Vec<FittedOn>,
    /// Likelihood ratio (or score), false match rate and decision of every pair, those without a card included; for the plots.
    #[serde(skip)]
    pub evidence: Vec<(f64, Option<f64>, Decision)>,
    /// The files with the keys of the gallery and of the other one, for the commands that the page names.
    pub keys: [Option<String>; 2],
    /// Pairs that have no card.
    pub left_out: u64,
    /// The library's version.
    pub library: String,
}

/// How many pairs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    /// The code of the kind.
    pub kind: String,
    /// The decision.
    pub decision: Decision,
    /// Whether a person made it.
    pub by_person: bool,
    /// How many.
    pub pairs: u64,
}

/// One pair.
#[derive(Clone, Debug, Serialize)]
pub struct Card {
    /// The one side.
    pub a: Side,
    /// The other.
    pub b: Side,
    /// The code of the kind.
    pub kind: String,
    /// The decision.
    pub decision: Decision,
    /// Why.
    pub reason: Reason,
    /// All parts together.
    pub score: f64,
    /// Their log10 likelihood ratio.
    pub llr: Option<f64>,
    /// Its false match rate.
    pub fmr: Option<f64>,
    /// The 95 % interval of that rate.
    pub fmr_interval: Option<Interval>,
    /// Whether that rate was computed or fitted instead of counted.
    pub extrapolated: bool,
    /// Each part by itself.
    pub parts: Vec<PartLine>,
    /// The fingers side by side; empty where the page leaves them to the command.
    pub fingers: Vec<FingerCard>,
    /// Whether the prints are on the page.
    pub drawn: bool,
    /// The cluster.
    pub cluster: Option<u32>,
    /// Members of the cluster; 0 without one.
    pub cluster_members: u64,
    /// Whether this pair alone holds two groups together.
    pub weak_bridge: bool,
    /// What a person decided before.
    pub adjudication: Option<Adjudication>,
}

/// One registration of a pair.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Side {
    /// Whose it is said to be.
    pub personal_id: String,
    /// Which registration.
    pub registration: String,
    /// When it was captured, in milliseconds since 1970-01-01T00:00:00Z.
    pub captured_at: Option<i64>,
    /// Positions of the captured fingers.
    pub fingers: Vec<u8>,
    /// Whether it has a portrait that is compared.
    pub portrait: bool,
    /// The portrait as a data address, if the caller gave an image.
    pub image: Option<String>,
    /// Why there is no image, as the code of a sentence: `image_large`, `image_unknown`, `image_budget`.
    pub image_missing: Option<&'static str>,
}

/// What one part says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartLine {
    /// The part.
    pub part: Part,
    /// Its comparison score.
    pub score: f64,
    /// The log10 likelihood ratio, if it is calibrated.
    pub llr: Option<f64>,
    /// The false match rate, if it is calibrated.
    pub fmr: Option<f64>,
    /// The 95 % interval of that rate.
    pub fmr_interval: Option<Interval>,
    /// Whether that rate rests on a fitted tail instead of counts.
    pub extrapolated: bool,
}

/// Two fingers held against each other.
#[derive(Clone, Debug, Serialize)]
pub struct FingerCard {
    /// Position of the one.
    pub a_position: u8,
    /// Position of the other.
    pub b_position: u8,
    /// The comparison score.
    pub score: f64,
    /// The prints, by place in [`Page::prints`].
    pub prints: [usize; 2],
    /// The minutiae that lie on each other: place in the one and in the other.
    pub pairs: Vec<(usize, usize)>,
    /// The corners of the common area in the one print, in pixels.
    pub a_area: Vec<(i32, i32)>,
    /// The same corners in the other.
    pub b_area: Vec<(i32, i32)>,
}

/// A print as numbers.
#[derive(Clone, Serialize)]
pub struct Print {
    /// Width of the image in pixels; 0 if unknown.
    pub width: u16,
    /// Height of the image in pixels; 0 if unknown.
    pub height: u16,
    /// For each minutia: x, y, angle (256 to a turn, counter-clockwise from the right), 1 for a bifurcation.
    #[serde(serialize_with = "flat")]
    pub minutiae: Vec<(i16, i16, u8, bool)>,
}

impl std::fmt::Debug for Print {
    /// Says nothing about the person.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Print({} minutiae)", self.minutiae.len())
    }
}

/// One list of numbers, four a minutia.
fn flat<S: Serializer>(minutiae: &[(i16, i16, u8, bool)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(minutiae.iter().flat_map(|m| [m.0, m.1, i16::from(m.2), i16::from(m.3)]))
}
