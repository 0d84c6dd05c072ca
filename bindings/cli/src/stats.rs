//! `--stats`: what a run did, as one JSON object.

use crate::{Common, failure::Failure, files};
use serde::Serialize;
use std::time::Instant;
use vantay::search::{Depth, Modality, Work};

/// What was done. A figure that the command does not have is left out.
#[derive(Debug, Default, Serialize)]
pub struct Stats {
    /// The command's name.
    pub command: &'static str,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Records read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<u64>,
    /// Records rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejected: Option<u64>,
    /// References searched, times probes.
    pub comparisons: u64,
    /// `comparisons` a second, or for commands that compare nothing, records a second.
    pub per_second: f64,
    /// Comparisons made in full.
    pub full_comparisons: u64,
    /// Share of the references that were compared in full.
    pub penetration_rate: f64,
    /// How deep the screen of fingers looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub screen: Option<ScreenDepth>,
    /// Bytes of columns read by the screens.
    pub bytes_read: u64,
    /// Worker threads.
    pub threads: usize,
    /// SIMD level.
    pub simd: String,
}

/// What the screen of fingers was asked for, and what it chose.
#[derive(Debug, Serialize)]
pub struct ScreenDepth {
    /// The share of mates that it may lose, as its calibration states it for registrations with one, two, three and more fingers in common.
    pub miss: [f64; 3],
    /// The share of references that survives, likewise.
    pub share: [f64; 3],
}

impl Stats {
    /// The counts of a search.
    pub fn of(work: Work) -> Self {
        Stats {
            comparisons: work.comparisons,
            full_comparisons: work.full_comparisons,
            bytes_read: work.bytes_read,
            ..Stats::default()
        }
    }

    /// With the depth of the screen, where fingers were searched.
    pub fn with_depth(self, depth: Depth, modality: Modality) -> Self {
        let of = |what: fn(Depth, usize) -> f64| [1, 2, 3].map(|fingers| what(depth, fingers));
        let screen = ScreenDepth { miss: of(Depth::miss), share: of(Depth::share) };
        Stats { screen: (modality != Modality::Face).then_some(screen), ..self }
    }

    /// With the counts of a feed.
    pub fn with_records(self, records: u64, rejected: u64) -> Self {
        Stats { records: Some(records), rejected: Some(rejected), ..self }
    }
}

/// A running clock that becomes [`Stats`].
pub struct Clock {
    command: &'static str,
    start: Instant,
}

impl Clock {
    /// Starts now.
    pub fn start(command: &'static str) -> Self {
        Clock { command, start: Instant::now() }
    }

    /// Seconds since the start.
    pub fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// Fills in what follows from the counts, and writes the file if one was asked for.
    pub fn finish(&self, common: &Common, mut stats: Stats) -> Result<(), Failure> {
        let Some(path) = &common.stats else { return Ok(()) };
        let rate = |count: u64, over: f64| if over > 0.0 { count as f64 / over } else { 0.0 };
        stats.command = self.command;
        stats.seconds = self.seconds();
        let done = if stats.comparisons > 0 { stats.comparisons } else { stats.records.unwrap_or(0) };
        stats.per_second = rate(done, stats.seconds);
        stats.penetration_rate = rate(stats.full_comparisons, stats.comparisons as f64);
        stats.threads = rayon::current_num_threads();
        stats.simd = vantay::simd::Level::chosen().map_or_else(|error| error.to_string(), |level| level.to_string());
        let text = simd_json::to_string(&stats).map_err(Failure::run)?;
        files::write_private(path, (text + "\n").as_bytes())
    }
}
