//! What the most similar pairs of minutiae say: how alike they turn, and how well they agree about turn and shift.
//!
//! # Method
//! Of a reference's minutiae, each with its most similar one of the probe's, the [`PAIRS`] most similar are kept; of equally similar ones those
//! that stand first. The *turns* score sums weight × support² in whole numbers, where a pair's support is the weight of the pairs that
//! turn alike. Where it reaches the probe's gate, the *agreement* is the same with the shift as well, as in [`super::super::pairs`].
//! Both are logarithms, 1024 to a doubling, less what a reference gains by many minutiae.
//!
//! # No overflow
//! A weight is at most 105 and a support 16 × 105, so sixteen bits hold it; weight × support² summed over sixteen pairs is below 2^33, taken in 64 bits.

use super::{
    super::{
        code::{MOST, ScreenColumn},
        probe::direction,
        scan::DAMAGED,
    },
    column::Group,
    parameters as p,
    probe::SketchProbe,
};
use crate::simd::{
    Dispatch, Integers, LANES, Lanes, Level, Reals, Task,
    sketch::{MostSimilar, SLOTS},
};

/// Pairs that are kept: one register of them.
const PAIRS: usize = LANES;

/// What is asked of a group.
#[derive(Clone, Copy, Default)]
pub(crate) struct Asked<'a> {
    /// The first of its references that counts.
    pub from: usize,
    /// What a reference's turns have to reach.
    pub gate: u16,
    /// What is asked of memory meanwhile.
    pub next: Option<ScreenColumn<'a>>,
}

/// Scores groups of references; keeps its room between them.
pub(crate) struct Scorer {
    most_similar: MostSimilar,
    lanes: Dispatch,
    best: Vec<[u8; SLOTS]>,
    at: Vec<[u8; SLOTS]>,
}

impl Scorer {
    pub fn new(level: Level) -> Self {
        let (best, at) = (Vec::new(), Vec::new());
        Scorer { most_similar: MostSimilar::new(level), lanes: Dispatch::new(level), best, at }
    }

    /// Adds to `found` each reference that is asked for and whose turns reach the gate, with its agreement, and to `turns` the
    /// turns of all, if wanted. What is no code always reaches it.
    pub fn score(
        &mut self,
        probe: &SketchProbe,
        group: &Group,
        Asked { from, gate, next }: Asked<'_>,
        turns: Option<&mut Vec<u16>>,
        found: &mut Vec<(usize, u16)>,
    ) {
        // One tile more, so that 64 bytes can be read from any minutia on.
        self.best.resize(group.tiles.len() + 1, [0; SLOTS]);
        self.at.resize(group.tiles.len() + 1, [0; SLOTS]);
        // Minutiae of references before `from` are not measured, as far as they fill tiles.
        let skipped = (from..group.len()).find_map(|row| group.minutiae(row)).map_or(0, |(start, _)| start / SLOTS);
        let tiles = &group.tiles[skipped.min(group.tiles.len())..];
        self.most_similar.run(&probe.tables, tiles, &mut self.best[skipped..], &mut self.at[skipped..]);
        let (best, at) = (self.best.as_flattened(), self.at.as_flattened());
        let most_similar = self.most_similar;
        self.lanes.run(Pass { most_similar, probe, group, from, gate, next, best, at, turns, found });
    }
}

struct Pass<'a> {
    most_similar: MostSimilar,
    probe: &'a SketchProbe,
    group: &'a Group,
    from: usize,
    gate: u16,
    next: Option<ScreenColumn<'a>>,
    best: &'a [u8],
    at: &'a [u8],
    turns: Option<&'a mut Vec<u16>>,
    found: &'a mut Vec<(usize, u16)>,
}

impl Task for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(mut self) {
        for row in self.from..self.group.len() {
            if let Some(next) = self.next.and_then(|next| next.row(row)) {
                next.lines().for_each(L::fetch);
            }
            let Some((start, n)) = self.group.minutiae(row) else {
                self.found.push((row, DAMAGED));
                if let Some(all) = &mut self.turns {
                    all.push(DAMAGED);
                }
                continue;
            };
            let mut near = [0u8; MOST];
            near.copy_from_slice(&self.best[start..start + MOST]);
            for (k, near) in near.iter_mut().enumerate() {
                *near = if k < n { *near } else { 0 };
            }
            let pairs = Pairs::choose(
                self.most_similar,
                &near,
                &self.at[start..],
                &self.group.angle[start..],
                &self.probe.angle,
            );
            let turns = logarithm(pairs.turns(), n);
            if let Some(all) = &mut self.turns {
                all.push(turns);
            }
            if turns >= self.gate {
                let agreement = pairs.agreement::<L>(self.probe, &self.group.x[start..], &self.group.y[start..]);
                self.found.push((row, logarithm(agreement, n)));
            }
        }
    }
}

/// The most similar pairs of one probe and one reference.
struct Pairs {
    count: usize,
    /// Which of the reference's minutiae, and which of the probe's.
    second: [u8; PAIRS],
    first: [i16; PAIRS],
    turn: [i16; PAIRS],
    weight: [i16; PAIRS],
}

impl Pairs {
    #[inline(always)]
    fn choose(most_similar: MostSimilar, near: &[u8; MOST], at: &[u8], angle: &[u8], probe_angle: &[u8; MOST]) -> Self {
        let mut least = p::LEAST_SIMILARITY;
        let mut more = most_similar.above(near, least);
        let mut equal = 0;
        if more.count_ones() as usize > PAIRS {
            // The least similarity that few enough are above, found between bounds; what is above the lower one is known.
            let (mut low, mut wider) = (least, more);
            least = p::FULL_SIMILARITY;
            more = 0;
            while least - low > 1 {
                let middle = low + (least - low) / 2;
                let above = most_similar.above(near, middle);
                if above.count_ones() as usize > PAIRS {
                    (low, wider) = (middle, above);
                } else {
                    (least, more) = (middle, above);
                }
            }
            // Those at it, for the room that is left.
            equal = wider & !more;
        }
        // Of equally similar ones those that stand first.
        let mut bits = more;
        for _ in more.count_ones() as usize..PAIRS {
            bits |= equal & equal.wrapping_neg();
            equal &= equal.wrapping_sub(1);
        }
        let chosen = most_similar.choose(bits, near, at, angle, probe_angle);
        let count = bits.count_ones() as usize;
        let mut pairs = Pairs { count, second: chosen.slots, first: [-1; PAIRS], turn: [0; PAIRS], weight: [0; PAIRS] };
        for k in 0..PAIRS {
            let is_chosen = k < count;
            pairs.first[k] = if is_chosen { i16::from(chosen.most_similar[k]) } else { -1 };
            pairs.turn[k] = i16::from(chosen.turns[k] as i8);
            let weight = i16::from(chosen.similarity[k]) - i16::from(p::LEAST_SIMILARITY);
            pairs.weight[k] = if is_chosen { weight } else { 0 };
        }
        pairs
    }

    /// The sum of weight × support² over the pairs, where all that turn alike support each other.
    #[inline(always)]
    fn turns(&self) -> f32 {
        let mut support = [0i16; PAIRS];
        for k in 0..self.count {
            let (turn, first, weight) = (self.turn[k], self.first[k], self.weight[k]);
            for q in 0..PAIRS {
                // The difference of the turns, −128 to 127.
                let off = (self.turn[q] - turn) << 8 >> 8;
                let alike = (off + p::SWING - 1) as u16 <= 2 * (p::SWING - 1) as u16;
                support[q] += if alike & (self.first[q] != first) { weight } else { 0 };
            }
        }
        let mut total = 0i64;
        for q in 0..PAIRS {
            total += i64::from(i32::from(support[q]) * i32::from(support[q])) * i64::from(self.weight[q]);
        }
        total as f32
    }

    /// The same where turn and shift agree.
    #[inline(always)]
    fn agreement<L: Lanes>(&self, probe: &SketchProbe, x: &[i16], y: &[i16]) -> f32 {
        let (mut ax, mut ay, mut bx, mut by) = ([0f32; PAIRS], [0f32; PAIRS], [0f32; PAIRS], [0f32; PAIRS]);
        let (mut half_cos, mut half_sin, mut weight) = ([0f32; PAIRS], [0f32; PAIRS], [0f32; PAIRS]);
        let (mut turns, mut firsts) = ([0i32; PAIRS], [-1i32; PAIRS]);
        for k in 0..self.count {
            let (first, second) = (self.first[k] as usize % MOST, usize::from(self.second[k]));
            (ax[k], ay[k]) = (probe.x[first], probe.y[first]);
            (bx[k], by[k]) = (f32::from(x[second]), f32::from(y[second]));
            let (cos, sin) = direction(self.turn[k] as u8);
            (half_cos[k], half_sin[k]) = (0.5 * cos, 0.5 * sin);
            (turns[k], firsts[k]) = (i32::from(self.turn[k]), i32::from(self.first[k]));
            weight[k] = f32::from(self.weight[k]);
        }
        let real = L::F::splat;
        let (qax, qay, qbx, qby) = (L::F::load(&ax), L::F::load(&ay), L::F::load(&bx), L::F::load(&by));
        let (qcos, qsin) = (L::F::load(&half_cos), L::F::load(&half_sin));
        let (qturn, qfirst) = (L::I::load(&turns), L::I::load(&firsts));
        let swing = f32::from(p::SWING);
        let mut support = real(0.0);
        for k in 0..self.count {
            let (dx, dy) = (qax - real(ax[k]), qay - real(ay[k]));
            let (ex, ey) = (qbx - real(bx[k]), qby - real(by[k]));
            let (cos, sin) = (qcos + real(half_cos[k]), qsin + real(half_sin[k]));
            let (rx, ry) = (cos * dx + sin * dy - ex, cos * dy - sin * dx - ey);
            let error = rx * rx + ry * ry;
            let reach = (ex * ex + ey * ey) * real(p::STRETCH) + real(p::SLACK);
            let fit = ((reach - error) / reach).most(real(0.0));
            let off = (qturn - L::I::splat(turns[k])).shift_left::<24>().shift_right::<24>().real();
            let turned = (real(1.0) - off * off * real(1.0 / (swing * swing))).most(real(0.0));
            // Two pairs of one minutia do not vouch for each other, nor does a pair for itself.
            let fit = qfirst.where_differs(L::I::splat(firsts[k]), fit * turned);
            support = support + fit * real(weight[k]);
        }
        (L::F::load(&weight) * support * support).sum()
    }
}

/// 1024 × log₂ of `value`, straight between powers of two, less what a reference of `n` minutiae gains by their number; 0 where it is
/// next to nothing.
#[inline(always)]
fn logarithm(value: f32, n: usize) -> u16 {
    const LEAST: f32 = 1.0 / 1024.0;
    const fn steps(value: f32) -> i32 {
        (value.to_bits() >> 13) as i32
    }
    if value < LEAST {
        return 0;
    }
    let gained = (steps(n.max(8) as f32) - steps(MOST as f32)) * p::GAIN.0 / p::GAIN.1;
    (steps(value) - steps(LEAST) - gained).clamp(1, i32::from(DAMAGED) - 1) as u16
}
