//! The options that all searches share: what is compared, what suffices for a match, where results go.

use crate::{evidence::Deciding, failure::Failure, galleries::Parts, output::OutputOptions};
use vantay::{
    gallery::Snapshot,
    search::{Depth, FingerMatching, Judge, Modality},
};

/// What `verify`, `identify` and `dedup` take.
#[derive(clap::Args, Clone, Debug)]
pub struct Searching {
    #[command(flatten)]
    parts: Parts,
    #[command(flatten)]
    deciding: Deciding,
    #[command(flatten)]
    pub output: OutputOptions,
}

impl Searching {
    /// The judge by these options.
    pub fn judge(&self, snapshot: &Snapshot) -> Result<Judge, Failure> {
        self.deciding.judge(snapshot, &self.parts)
    }

    pub fn modality(&self) -> Modality {
        self.parts.modality()
    }

    pub fn matching(&self) -> FingerMatching {
        self.parts.matching()
    }
}

/// What searches of many fingers take.
#[derive(clap::Args, Clone, Debug)]
pub struct Screening {
    /// Compare every finger in full; nothing is screened out
    #[arg(long, conflicts_with = "miss")]
    exhaustive: bool,
    /// The share of mates that the screen of fingers may lose
    #[arg(long, value_name = "SHARE", default_value_t = 0.005)]
    miss: f64,
}

impl Screening {
    pub fn depth(&self) -> Depth {
        if self.exhaustive { Depth::Exhaustive } else { Depth::Miss(self.miss) }
    }
}
