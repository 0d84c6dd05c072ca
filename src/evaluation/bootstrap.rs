//! Intervals by drawing subjects again.
//!
//! # Problem
//! The pairs of a test share subjects: a finger with a poor skin fails in all its pairs, and a face that resembles many is in many
//! false matches. Intervals that take pairs as independent are too short, often by half.
//!
//! # Method
//! Each replicate draws as many subjects as there are, with replacement; a genuine pair counts as often as its subject was drawn, an
//! impostor pair as often as both of its subjects were, in product (Bolle, Ratha and Pankanti, *Error analysis of pattern recognition systems: the
//! subsets bootstrap*, CVIU 93, 2004; the product is Owen's pigeonhole bootstrap, *Annals of Applied Statistics* 1, 2007). The
//! interval runs between the replicates' quantiles. Without subjects, pairs are drawn.
//!
//! No replicate can show an error that the test has not: where none was counted, the upper end is the rule of three over subjects.
//!
//! # Cost
//! One pass over the pairs per replicate, on all cores. Each replicate has its own stream of PCG32, so the result
//! depends on the seed only, not on the number of threads.

use super::curve::{Curve, equal_error_rate, fnmr_at_fmr};
use crate::decision::{Comparison, Interval, Scores};
use rand_pcg::{Pcg32, rand_core::Rng};
use rayon::prelude::*;

/// How intervals are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bootstrap {
    /// How many times the subjects are drawn; 0 for no intervals.
    pub replicates: u32,
    /// The seed; equal seeds give equal intervals.
    pub seed: u64,
    /// The share of intervals that should hold the true rate, 0 to 1.
    pub confidence: f64,
}

impl Default for Bootstrap {
    /// 1,000 replicates at 95 %.
    fn default() -> Self {
        Self { replicates: 1_000, seed: 0x5eed, confidence: 0.95 }
    }
}

impl Bootstrap {
    /// The interval between the outer quantiles of `values`, or `None` if fewer than half of them are numbers.
    pub(super) fn interval(&self, values: impl IntoIterator<Item = f64>) -> Option<Interval> {
        let mut all = 0_usize;
        let mut values: Vec<f64> = values.into_iter().inspect(|_| all += 1).filter(|v| !v.is_nan()).collect();
        if values.is_empty() || values.len() * 2 < all {
            return None;
        }
        values.sort_by(f64::total_cmp);
        let tail = (1.0 - self.confidence.clamp(0.0, 1.0)) / 2.0;
        let quantile = |share: f64| {
            let place = share * (values.len() - 1) as f64;
            let (below, above) = (values[place.floor() as usize], values[place.ceil() as usize]);
            below + place.fract() * (above - below)
        };
        Some(Interval { low: quantile(tail), high: quantile(1.0 - tail) })
    }
}

/// A pair as replicates see it: its place on the curve and whose draws it counts.
#[derive(Clone, Copy)]
struct Place {
    rank: u32,
    subjects: [u32; 2],
}

/// The EER and the FNMR at each target, in every replicate. NaN where a replicate drew no pair of one kind.
pub(super) struct Replicates {
    pub eer: Vec<f64>,
    /// One list per target.
    pub fnmr: Vec<Vec<f64>>,
}

/// Draws subjects and counts errors again.
pub(super) struct Resampler {
    genuine: Vec<Place>,
    impostor: Vec<Place>,
    subjects: Option<u32>,
    thresholds: usize,
}

impl Resampler {
    /// A resampler of `scores`, whose curve is `curve`.
    pub fn new(scores: &Scores, curve: &Curve) -> Self {
        let places = |comparisons: &[Comparison]| {
            comparisons.iter().map(|c| Place { rank: curve.rank(c.score) as u32, subjects: c.subjects }).collect()
        };
        Self {
            genuine: places(scores.genuine()),
            impostor: places(scores.impostor()),
            subjects: scores.subjects(),
            thresholds: curve.len(),
        }
    }

    /// Every replicate of `bootstrap`, for FNMR at each of `targets`.
    pub fn replicates(&self, bootstrap: &Bootstrap, targets: &[f64]) -> Replicates {
        let rows: Vec<(f64, Vec<f64>)> = (0..bootstrap.replicates)
            .into_par_iter()
            .map_init(Draw::default, |draw, replicate| {
                self.draw(draw, bootstrap.seed, replicate);
                let eer = equal_error_rate(&draw.genuine_below, &draw.impostor_from);
                let at =
                    |&target: &f64| fnmr_at_fmr(&draw.genuine_below, &draw.impostor_from, target).unwrap_or(f64::NAN);
                (eer.unwrap_or(f64::NAN), targets.iter().map(at).collect())
            })
            .collect();
        Replicates {
            eer: rows.iter().map(|(eer, _)| *eer).collect(),
            fnmr: (0..targets.len()).map(|t| rows.iter().map(|(_, at)| at[t]).collect()).collect(),
        }
    }

    fn draw(&self, draw: &mut Draw, seed: u64, replicate: u32) {
        let mut random = Pcg32::new(seed, u64::from(replicate));
        draw.genuine_below.clear();
        draw.genuine_below.resize(self.thresholds, 0);
        draw.impostor_from.clear();
        draw.impostor_from.resize(self.thresholds, 0);
        match self.subjects {
            Some(subjects) => {
                drawn(&mut draw.times, subjects as usize, &mut random);
                for pair in &self.genuine {
                    draw.genuine_below[pair.rank as usize] += u64::from(draw.times[pair.subjects[0] as usize]);
                }
                for pair in &self.impostor {
                    let [a, b] = pair.subjects.map(|subject| u64::from(draw.times[subject as usize]));
                    draw.impostor_from[pair.rank as usize] += a * b;
                }
            }
            None => {
                for (pairs, counts) in
                    [(&self.genuine, &mut draw.genuine_below), (&self.impostor, &mut draw.impostor_from)]
                {
                    drawn(&mut draw.times, pairs.len(), &mut random);
                    for (pair, &times) in pairs.iter().zip(&draw.times) {
                        counts[pair.rank as usize] += u64::from(times);
                    }
                }
            }
        }
        // Counts at each score become counts below it, and from it upwards.
        let mut below = 0;
        for count in &mut draw.genuine_below {
            below += std::mem::replace(count, below);
        }
        let mut from = 0;
        for count in draw.impostor_from.iter_mut().rev() {
            from += *count;
            *count = from;
        }
    }
}

/// How often each of `n` comes up in `n` draws.
pub(super) fn drawn(times: &mut Vec<u32>, n: usize, random: &mut Pcg32) {
    times.clear();
    times.resize(n, 0);
    for _ in 0..n {
        // Multiply and shift: a bias of n / 2^32 is far below what replicates can show.
        times[((u64::from(random.next_u32()) * n as u64) >> 32) as usize] += 1;
    }
}

/// Counts of one replicate, kept between replicates of a thread.
#[derive(Default)]
struct Draw {
    times: Vec<u32>,
    genuine_below: Vec<u64>,
    impostor_from: Vec<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(subjects: u32, impressions: u32) -> Scores {
        let mut random = Pcg32::new(7, 1);
        let mut uniform = move || f64::from(random.next_u32() >> 8) / f64::from(1 << 24);
        let quality: Vec<f64> = (0..subjects).map(|_| uniform() * 40.0).collect();
        let mut all = Vec::new();
        for a in 0..subjects {
            for b in a..subjects {
                for _ in 0..impressions {
                    let score = if a == b { quality[a as usize] + 10.0 * uniform() } else { 12.0 * uniform() };
                    all.push(Comparison { score, subjects: [a, b] });
                }
            }
        }
        Scores::new(all)
    }

    fn replicates(scores: &Scores, threads: usize, bootstrap: &Bootstrap) -> Replicates {
        let curve = Curve::new("test", scores).unwrap();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Resampler::new(scores, &curve).replicates(bootstrap, &[1e-2, 0.0]))
    }

    #[test]
    fn intervals_do_not_depend_on_the_number_of_threads() {
        let scores = scores(20, 3);
        let bootstrap = Bootstrap { replicates: 200, ..Bootstrap::default() };
        let (one, many) = (replicates(&scores, 1, &bootstrap), replicates(&scores, 5, &bootstrap));
        assert_eq!((one.eer, one.fnmr), (many.eer, many.fnmr));
    }

    #[test]
    fn drawing_subjects_gives_wider_intervals_than_drawing_pairs() {
        let by_subject = scores(30, 10);
        let plain = |list: &[Comparison]| list.iter().map(|c| c.score).collect::<Vec<_>>();
        let by_pair = Scores::of_pairs(&plain(by_subject.genuine()), &plain(by_subject.impostor()));
        let bootstrap = Bootstrap { replicates: 400, ..Bootstrap::default() };
        let width = |scores: &Scores| {
            let interval = bootstrap.interval(replicates(scores, 2, &bootstrap).fnmr.swap_remove(0)).unwrap();
            interval.high - interval.low
        };
        let (subject, pair) = (width(&by_subject), width(&by_pair));
        assert!(subject > 2.0 * pair, "{subject} against {pair}");
    }

    #[test]
    fn a_replicate_counts_what_drawing_its_pairs_one_by_one_would() {
        let scores = scores(6, 2);
        let curve = Curve::new("test", &scores).unwrap();
        let resampler = Resampler::new(&scores, &curve);
        let mut draw = Draw::default();
        resampler.draw(&mut draw, 3, 11);
        for (at, point) in curve.points().enumerate() {
            let times = |c: &Comparison| {
                let [a, b] = c.subjects.map(|s| u64::from(draw.times[s as usize]));
                if c.subjects[0] == c.subjects[1] { a } else { a * b }
            };
            let below = scores.genuine().iter().filter(|c| c.score < point.threshold).map(times).sum::<u64>();
            let from = scores.impostor().iter().filter(|c| c.score >= point.threshold).map(times).sum::<u64>();
            assert_eq!((draw.genuine_below[at], draw.impostor_from[at]), (below, from));
        }
    }
}
