//! The comparison from end to end.
//!
//! The two prints are put in order by their bytes, so that it does not matter which comes first. The rest is the chain of stages, with two ways out before
//! its end: nothing to compare, and nothing that promises anything at a glance. The second ends two of five impostor comparisons, and one in two
//! hundred genuine ones, most of which would have scored low anyway.

use super::{
    alignment::{Moments, Rigid},
    consistency::Consistency,
    correspondences::Correspondences,
    explanation::{self, Explanation},
    glance::Glance,
    model::Model,
    pairing::{NONE, Pairing},
    parameters as p,
    points::{Column, NOWHERE, Points},
    prepared::{Prepared, PreparedView},
    score::{self, Depths, Evidence, SUBSCORES},
    trigonometry,
};
use crate::{
    simd::{Dispatch, Lanes, Level, Reals, Task},
    template::MinutiaeTemplate,
};

/// Compares prepared templates; holds the scratch memory, so one for each thread.
pub struct Comparer {
    dispatch: Dispatch,
    scratch: Box<Scratch>,
    swapped: bool,
}

struct Scratch {
    a: Points,
    b: Points,
    correspondences: Correspondences,
    consistency: Consistency,
    pairing: Pairing,
    back: (Column<f32>, Column<f32>),
    depths: Depths,
    glance: Glance,
    /// How the first print was laid over the second, if it was.
    aligned: Option<Rigid>,
}

impl Comparer {
    /// A comparer at `level`.
    pub fn new(level: Level) -> Self {
        Comparer { dispatch: Dispatch::new(level), scratch: Box::new(Scratch::new()), swapped: false }
    }

    /// How alike the two are; higher is more alike, never negative, the same either way round.
    pub fn compare(&mut self, a: PreparedView<'_>, b: PreparedView<'_>) -> f32 {
        let f = self.subscores(a, b);
        if f[0] == 0.0 {
            return score::rejected(&f);
        }
        self.dispatch.run(Score { subscores: &f, model: Model::shipped() })
    }

    /// The named sub-scores.
    #[doc(hidden)]
    pub fn subscores(&mut self, a: PreparedView<'_>, b: PreparedView<'_>) -> [f32; SUBSCORES] {
        self.swapped = (a.minutiae.len(), a.bytes) > (b.minutiae.len(), b.bytes);
        let (a, b) = if self.swapped { (b, a) } else { (a, b) };
        self.dispatch.run(Subscores { scratch: &mut self.scratch, a, b })
    }
}

impl Comparer {
    /// The pairs of the last comparison, as places in the prepared templates.
    #[doc(hidden)]
    pub fn pairs(&self) -> Vec<(usize, usize)> {
        let s = &self.scratch;
        let Some(_) = s.aligned else { return Vec::new() };
        (0..s.a.n)
            .filter(|&i| s.pairing.mate[i] != NONE)
            .map(|i| (i, usize::from(s.pairing.mate[i])))
            .map(|(i, j)| if self.swapped { (j, i) } else { (i, j) })
            .collect()
    }

    /// Compares two templates and says how the score came about.
    ///
    /// Costs two preparations and a comparison, and allocates: for people and reports, not for searches.
    ///
    /// ```
    /// use vantay::{fingerprint::{Comparer, Prepared}, simd::Level};
    /// use vantay::template::{FingerPosition, Impression, Minutia, MinutiaKind, MinutiaeTemplate};
    ///
    /// let minutiae = (0..30i16).map(|k| Minutia::new(k * 37 % 211, k * 53 % 269, (k * 41) as u8, MinutiaKind::Ending, None));
    /// let print = MinutiaeTemplate::new(FingerPosition::UNKNOWN, Impression(0), None, (256, 320), minutiae.collect())?;
    /// let mut comparer = Comparer::new(Level::best());
    /// let explanation = comparer.explain(&print, &print);
    /// assert_eq!(explanation.pairs().len(), 30);
    /// assert!(explanation.rotation().abs() < 1.0);
    /// let prepared = Prepared::new(&print);
    /// assert_eq!(explanation.score(), comparer.compare(prepared.view(), prepared.view()));
    /// # Ok::<(), vantay::template::TemplateError>(())
    /// ```
    pub fn explain(&mut self, first: &MinutiaeTemplate, second: &MinutiaeTemplate) -> Explanation {
        let (one, one_places, one_origin) = Prepared::traced(first);
        let (two, two_places, two_origin) = Prepared::traced(second);
        let score = self.compare(one.view(), two.view());
        let subscores = self.subscores(one.view(), two.view());
        let mut explanation = Explanation {
            score,
            subscores,
            rotation: 0.0,
            turn: (1.0, 0.0),
            shift: (0.0, 0.0),
            pairs: self.pairs().into_iter().map(|(i, j)| (one_places[i], two_places[j])).collect(),
            common_area: Vec::new(),
        };
        let Some(rigid) = self.scratch.aligned else { return explanation };
        let rigid = if self.swapped { rigid.inverse() } else { rigid };
        let (x, y) = rigid.apply(-one_origin.0, -one_origin.1);
        explanation.turn = (rigid.cos, rigid.sin);
        explanation.rotation = rigid.sin.atan2(rigid.cos).to_degrees();
        explanation.shift = (x + two_origin.0, y + two_origin.1);
        let corners = corners(&one.view()).map(|(x, y)| rigid.apply(x, y));
        let shared = explanation::common_area(corners.to_vec(), half_planes(&two.view()));
        explanation.common_area = shared.into_iter().map(|(x, y)| (x + two_origin.0, y + two_origin.1)).collect();
        explanation
    }
}

/// The half-planes whose intersection is the outline.
fn half_planes(view: &PreparedView<'_>) -> impl Iterator<Item = ((f32, f32), f32)> {
    let outline = *view.outline;
    (0..16u8).map(move |k| {
        let direction = (trigonometry::cos(k * 16), trigonometry::sin(k * 16));
        (direction, f32::from(outline[usize::from(k)]) + 1.0)
    })
}

/// The corners of the outline, where neighbouring half-planes' edges cross.
fn corners(view: &PreparedView<'_>) -> [(f32, f32); 16] {
    let planes: Vec<_> = half_planes(view).collect();
    std::array::from_fn(|k| {
        let (((c, s), h), ((d, t), g)) = (planes[k], planes[(k + 1) % 16]);
        let determinant = c * t - s * d;
        ((h * t - s * g) / determinant, (c * g - h * d) / determinant)
    })
}

struct Subscores<'s, 'a> {
    scratch: &'s mut Scratch,
    a: PreparedView<'a>,
    b: PreparedView<'a>,
}

impl Task for Subscores<'_, '_> {
    type Output = [f32; SUBSCORES];

    #[inline(always)]
    fn run<L: Lanes>(self) -> Self::Output {
        self.scratch.subscores::<L>(self.a, self.b)
    }
}

struct Score<'s> {
    subscores: &'s [f32; SUBSCORES],
    model: &'s Model,
}

impl Task for Score<'_> {
    type Output = f32;

    #[inline(always)]
    fn run<L: Lanes>(self) -> f32 {
        score::score::<L>(self.subscores, self.model)
    }
}

impl Scratch {
    fn new() -> Self {
        Scratch {
            a: Points::new(),
            b: Points::new(),
            correspondences: Correspondences::new(),
            consistency: Consistency::new(),
            pairing: Pairing::new(),
            back: (Column::of(0.0), Column::of(0.0)),
            depths: Depths::new(),
            glance: Glance::new(),
            aligned: None,
        }
    }

    #[inline(always)]
    fn subscores<L: Lanes>(&mut self, a: PreparedView<'_>, b: PreparedView<'_>) -> [f32; SUBSCORES] {
        self.aligned = None;
        self.a.load(&a, -NOWHERE);
        self.b.load(&b, NOWHERE);
        if a.len() < 2 || b.len() < 2 {
            return [0.0; SUBSCORES];
        }
        self.correspondences.measure::<L>(&a, &b);
        self.correspondences.select::<L>(&self.a, &self.b);
        self.consistency.relax::<L>(&self.correspondences, &self.a, &self.b);
        self.glance.prepare::<L>(&self.a, p::GLANCE.0, p::GLANCE.1);
        let mut seen = [Hypothesis::default(); p::SEEDS];
        let mut count = 0;
        for _ in 0..p::SEEDS {
            let Some((rigid, strength)) = self.consistency.seed::<L>() else { break };
            if seen[..count].iter().any(|h| h.rigid.is_near(&rigid)) {
                continue;
            }
            let glance = self.glance.at::<L>(&rigid, &self.a, &self.b, &self.correspondences);
            seen[count] = Hypothesis { rigid, strength, glance };
            count += 1;
        }
        if count == 0 {
            return [0.0; SUBSCORES];
        }
        // The best few to the front; the sort is stable, so ties stay in the order of the seeds.
        let seen = &mut seen[..count];
        for k in 0..count.min(p::REFINED + 1) {
            let mut best = k;
            for l in k + 1..count {
                if seen[l].glance > seen[best].glance {
                    best = l;
                }
            }
            seen.swap(k, best);
        }
        let first = seen[0].glance;
        let second = if count > 1 { seen[1].glance } else { 0.0 };
        if first * first < p::PROMISING * p::PROMISING * self.a.n as f32 {
            let mut subscores = [0.0; SUBSCORES];
            subscores[score::GLANCE] = first;
            subscores[score::LEAST] = self.a.n as f32;
            return subscores;
        }
        let mut best: Option<(f32, Rigid, f32)> = None;
        for hypothesis in seen.iter().take(p::REFINED) {
            let mut rigid = hypothesis.rigid;
            for (reach, swing) in p::APPROACH {
                self.pairing.lay::<L>(&self.a, &rigid);
                self.pairing.pair::<L>(&self.a, &self.b, (reach, swing));
                if self.pairing.count < 3 {
                    break;
                }
                rigid = self.solve();
            }
            self.pairing.lay::<L>(&self.a, &rigid);
            self.pairing.pair::<L>(&self.a, &self.b, p::JUDGED);
            let fit = self.fit();
            if best.is_none_or(|(most, _, _)| fit > most) {
                best = Some((fit, rigid, hypothesis.strength));
            }
        }
        let Some((_, rigid, strength)) = best else { return [0.0; SUBSCORES] };
        self.pairing.lay::<L>(&self.a, &rigid);
        self.pairing.pair::<L>(&self.a, &self.b, p::UNBENT);
        let stretch = self.bend::<L>();
        self.pairing.pair::<L>(&self.a, &self.b, p::BENT);
        for j in 0..self.b.n {
            let (x, y) = (self.b.x[j] - rigid.x, self.b.y[j] - rigid.y);
            self.back.0[j] = rigid.cos * x - rigid.sin * y;
            self.back.1[j] = rigid.cos * y + rigid.sin * x;
        }
        self.aligned = Some(rigid);
        let evidence = Evidence { strength, first, second, stretch };
        score::subscores::<L>(
            &self.a,
            &self.b,
            &self.pairing,
            &self.back,
            &self.correspondences,
            &evidence,
            &mut self.depths,
        )
    }

    #[inline(always)]
    fn add(&self, moments: &mut Moments, w: f32, i: usize, j: usize) {
        let (a, b) = (&self.a, &self.b);
        let cos = a.cos[i] * b.cos[j] + a.sin[i] * b.sin[j];
        let sin = a.cos[i] * b.sin[j] - a.sin[i] * b.cos[j];
        moments.add(w, a.x[i], a.y[i], b.x[j], b.y[j], cos, sin);
    }

    #[inline(always)]
    fn solve(&self) -> Rigid {
        let mut moments = Moments::default();
        for i in 0..self.a.n {
            let j = self.pairing.mate[i];
            if j != NONE {
                self.add(&mut moments, 1.02 - self.pairing.cost[i], i, j as usize);
            }
        }
        moments.solve()
    }

    #[inline(always)]
    fn fit(&self) -> f32 {
        let mut fit = 0f32;
        for i in 0..self.a.n {
            let j = self.pairing.mate[i];
            if j != NONE {
                let similarity = self.correspondences.similarity(i, j as usize);
                fit += (1.0 - self.pairing.cost[i]) * (0.5 + similarity.max(0.0));
            }
        }
        fit
    }

    /// Moves the first print by what its pairs near by are off; says by how much, root mean square.
    #[inline(always)]
    fn bend<L: Lanes>(&mut self) -> f32 {
        let mut pairs = [[0f32; 4]; 256];
        let mut m = 0;
        for i in 0..self.a.n {
            let j = self.pairing.mate[i];
            if j != NONE {
                let (x, y) = (self.pairing.x[i], self.pairing.y[i]);
                pairs[m] = [x, y, self.b.x[j as usize] - x, self.b.y[j as usize] - y];
                m += 1;
            }
        }
        let real = L::F::splat;
        let mut moved = real(0.0);
        for block in 0..self.a.blocks {
            let (x, y) = (L::F::load(&self.pairing.x.0[block]), L::F::load(&self.pairing.y.0[block]));
            let (mut w, mut sx, mut sy) = (real(p::BEND.1), real(0.0), real(0.0));
            for &[px, py, rx, ry] in &pairs[..m] {
                let (dx, dy) = (real(px) - x, real(py) - y);
                let apart = dx * dx + dy * dy;
                // A pair does not vouch for itself: its own distance is zero, and so is its weight.
                let near = (real(1.0) - apart * real(1.0 / (p::BEND.0 * p::BEND.0))).most(real(0.0))
                    * (apart * real(1e6)).least(real(1.0));
                w = w + near;
                sx = sx + near * real(rx);
                sy = sy + near * real(ry);
            }
            let (sx, sy) = (sx / w, sy / w);
            (x + sx).store(&mut self.pairing.x.0[block]);
            (y + sy).store(&mut self.pairing.y.0[block]);
            moved = moved + (sx * sx + sy * sy);
        }
        (moved.sum() / self.a.n.max(1) as f32).sqrt()
    }
}

/// An alignment that a seed suggests.
#[derive(Clone, Copy, Default)]
struct Hypothesis {
    rigid: Rigid,
    strength: f32,
    glance: f32,
}
