//! How a deduplication goes about it, and how far it is.

use crate::search::{Depth, FingerMatching, Modality};
use std::{path::Path, sync::atomic::AtomicBool};

/// How a deduplication goes about it.
#[derive(Clone)]
pub struct DeduplicateOptions<'o> {
    /// Which parts name candidates and are compared.
    pub modality: Modality,
    /// Which fingers compare with which.
    pub fingers: FingerMatching,
    /// The cosine from which two portraits make a candidate pair; `None` takes what one comparison of strangers in
    /// ten thousand reaches, in galleries of more than half a million what fifty strangers of a probe reach; or three quarters of a raw threshold.
    pub face_candidates: Option<f64>,
    /// How many fingers survive the screen.
    pub depth: Depth,
    /// Screen the fingers of every registration, not only of those without a portrait: finds a person whose portraits do not look
    /// alike, at the cost of holding every finger against every other.
    pub every_finger: bool,
    /// Where the run keeps what it has finished: one that was killed goes on from there.
    pub checkpoint: Option<&'o Path>,
    /// Set by another thread to stop.
    pub stop: Option<&'o AtomicBool>,
    /// Told how far it is, by several threads.
    pub progress: Option<&'o (dyn Fn(Progress) + Sync)>,
}

impl Default for DeduplicateOptions<'_> {
    fn default() -> Self {
        DeduplicateOptions {
            modality: Modality::default(),
            fingers: FingerMatching::default(),
            face_candidates: None,
            depth: Depth::Miss(0.005),
            every_finger: true,
            checkpoint: None,
            stop: None,
            progress: None,
        }
    }
}

/// How far a deduplication is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What it does at present.
    pub stage: &'static str,
    /// How much of that is done.
    pub done: u64,
    /// Out of how much.
    pub total: u64,
}
