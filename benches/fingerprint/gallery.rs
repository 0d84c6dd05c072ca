//! Galleries of fingers and searches through them: what the screen's benches share.
#![allow(dead_code)]

use rayon::prelude::*;
use vantay::{
    fingerprint::{
        Comparer, Prepared,
        screen::{Depth, GateSample, GateShares, GatedProbes, GatedScreen, ScoreCounts, ScreenCode, ScreenColumn},
    },
    simd::Level,
    synthesis::Fingers,
    template::FingerPosition,
};

/// References with their column of codes.
pub struct Gallery {
    pub prepared: Vec<Prepared>,
    pub codes: Vec<u8>,
}

impl Gallery {
    pub fn new(prepared: Vec<Prepared>) -> Self {
        let codes: Vec<ScreenCode> = prepared.par_iter().map(ScreenCode::new).collect();
        Gallery { prepared, codes: codes.iter().flat_map(|c| c.as_bytes()).copied().collect() }
    }

    /// Synthetic right index fingers in their first impression.
    pub fn synthetic(references: u64) -> Self {
        Self::new((0..references).into_par_iter().map(|person| synthetic(person, 0)).collect())
    }

    pub fn column(&self) -> ScreenColumn<'_> {
        ScreenColumn::new(&self.codes).unwrap()
    }

    pub fn len(&self) -> usize {
        self.prepared.len()
    }
}

/// The right index finger of a synthetic person.
pub fn synthetic(person: u64, capture: u64) -> Prepared {
    Prepared::new(&Fingers::new(2).template(person, FingerPosition::new(2).unwrap(), capture))
}

pub struct Best {
    pub reference: usize,
    pub score: f32,
    pub compared: usize,
}

/// The best candidate of each probe: the whole search on one thread, in blocks of references that stay in the cache.
pub fn search(gallery: &Gallery, probes: &[Prepared], depth: Depth, level: Level) -> Vec<Best> {
    const BLOCK: usize = 256;
    const SAMPLED: usize = 512;
    let (mut screen, mut comparer) = (GatedScreen::new(level), Comparer::new(level));
    let column = gallery.column();
    let share = depth.survivors(1, gallery.len() as u64) as f64 / gallery.len() as f64;
    let step = gallery.len().div_ceil(SAMPLED);
    let sample: Vec<_> = (0..gallery.len()).step_by(step).map(|row| column.part(row..row + 1)).collect();
    let sample = GateSample::new(level, &sample);
    let mut spread = GatedProbes::default();
    for probe in probes {
        let code = ScreenCode::new(probe);
        spread.push(&code, GateShares::of(share).and_then(|shares| screen.gate(&code, &sample, shares)));
    }
    let mut scores = vec![vec![0u16; gallery.len()]; probes.len()];
    if depth != Depth::Exhaustive {
        let mut block = vec![0u16; BLOCK * probes.len()];
        for start in (0..gallery.len()).step_by(BLOCK) {
            let rows = start..gallery.len().min(start + BLOCK);
            let block = &mut block[..rows.len() * probes.len()];
            screen.scan(&spread, 0..probes.len(), &column.part(rows.clone()), block);
            for (scores, block) in scores.iter_mut().zip(block.chunks(rows.len())) {
                scores[rows.clone()].copy_from_slice(block);
            }
        }
    }
    probes
        .iter()
        .zip(&scores)
        .map(|(probe, scores)| {
            let mut counts = ScoreCounts::default();
            counts.add(scores);
            let threshold = counts.threshold(depth.survivors(1, counts.total()));
            let mut best = Best { reference: usize::MAX, score: -1.0, compared: 0 };
            for (reference, _) in scores.iter().enumerate().filter(|(_, s)| **s >= threshold) {
                let score = comparer.compare(probe.view(), gallery.prepared[reference].view());
                best.compared += 1;
                if score > best.score {
                    (best.reference, best.score) = (reference, score);
                }
            }
            best
        })
        .collect()
}

/// Seconds that this thread has had a processor, so that what else runs on the machine counts less.
pub fn on_processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split(' ').next().unwrap().parse::<f64>().unwrap() * 1e-9
}
