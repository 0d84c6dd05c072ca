//! Comparison scores whose truth is known: what error rates and calibrations are made from.

/// One comparison score and the subjects it was between.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// The score; higher is more alike.
    pub score: f64,
    /// The two subjects, numbered from 0; equal for a genuine comparison.
    pub subjects: [u32; 2],
}

/// Genuine and impostor comparison scores of one data set, each ascending.
///
/// ```
/// # use vantay::decision::Scores;
/// let scores = Scores::of_pairs(&[41.0, 77.5, 52.0], &[3.0, 8.5, 0.0, 12.0]);
/// assert_eq!((scores.genuine().len(), scores.impostor().len()), (3, 4));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores {
    genuine: Vec<Comparison>,
    impostor: Vec<Comparison>,
    subjects: u32,
    known: bool,
}

impl Scores {
    /// Scores of comparisons between numbered subjects; comparisons that are not a number are left out.
    pub fn new(comparisons: impl IntoIterator<Item = Comparison>) -> Self {
        let mut scores = Self { known: true, ..Self::default() };
        for comparison in comparisons {
            let [a, b] = comparison.subjects;
            if comparison.score.is_nan() {
                continue;
            }
            scores.subjects = scores.subjects.max(a.max(b).saturating_add(1));
            if a == b { scores.genuine.push(comparison) } else { scores.impostor.push(comparison) }
        }
        scores.sort();
        scores
    }

    /// Scores whose subjects are not known: every pair counts as independent of every other, which makes intervals too
    /// short where subjects took part in several pairs. Scores that are not a number are left out.
    pub fn of_pairs(genuine: &[f64], impostor: &[f64]) -> Self {
        let of = |scores: &[f64], subjects| {
            scores.iter().filter(|s| !s.is_nan()).map(|&score| Comparison { score, subjects }).collect()
        };
        let mut scores =
            Self { genuine: of(genuine, [0, 0]), impostor: of(impostor, [0, 1]), subjects: 0, known: false };
        scores.sort();
        scores
    }

    /// All comparisons of several data sets, whose subjects are taken to be different persons.
    pub fn pooled<'a>(sets: impl IntoIterator<Item = &'a Scores>) -> Self {
        let mut pooled = Self { known: true, ..Self::default() };
        for set in sets {
            let first = pooled.subjects;
            let moved = |c: &Comparison| Comparison { subjects: c.subjects.map(|s| s + first), ..*c };
            pooled.genuine.extend(set.genuine.iter().map(moved));
            pooled.impostor.extend(set.impostor.iter().map(moved));
            pooled.subjects += set.subjects;
            pooled.known &= set.known;
        }
        pooled.sort();
        pooled
    }

    fn sort(&mut self) {
        // The subjects as second key make the order, and all that follows from it, independent of the order of arrival.
        let order = |a: &Comparison, b: &Comparison| a.score.total_cmp(&b.score).then(a.subjects.cmp(&b.subjects));
        self.genuine.sort_unstable_by(order);
        self.impostor.sort_unstable_by(order);
    }

    /// Comparisons of one subject with itself, lowest score first.
    pub fn genuine(&self) -> &[Comparison] {
        &self.genuine
    }

    /// Comparisons of two subjects, lowest score first.
    pub fn impostor(&self) -> &[Comparison] {
        &self.impostor
    }

    /// How many subjects there are, or `None` if they are not known.
    pub fn subjects(&self) -> Option<u32> {
        self.known.then_some(self.subjects)
    }

    /// How many genuine scores are below `threshold`: the false non-matches.
    pub fn genuine_below(&self, threshold: f64) -> u64 {
        self.genuine.partition_point(|c| c.score < threshold) as u64
    }

    /// How many impostor scores are at or above `threshold`: the false matches.
    pub fn impostor_from(&self, threshold: f64) -> u64 {
        (self.impostor.len() - self.impostor.partition_point(|c| c.score < threshold)) as u64
    }

    /// How many impostor pairs are worth one independent pair, for the share of them at or above `threshold`; at least 1, and 1 if
    /// the subjects are not known.
    ///
    /// Pairs that share a subject rise and fall together (some people resemble many). Variance of a mean over pairs, robust to
    /// that: Aronow, Samii and Assenova, *Cluster-robust variance estimation for dyadic data*, Political Analysis 23, 2015.
    pub fn impostor_design_effect(&self, threshold: f64) -> f64 {
        self.design_effect(&self.impostor, |c| c.score >= threshold)
    }

    /// How many genuine pairs are worth one independent pair, for the share of them below `threshold`; as
    /// [`Scores::impostor_design_effect`].
    pub fn genuine_design_effect(&self, threshold: f64) -> f64 {
        self.design_effect(&self.genuine, |c| c.score < threshold)
    }

    fn design_effect(&self, comparisons: &[Comparison], is_error: impl Fn(&Comparison) -> bool) -> f64 {
        let n = comparisons.len() as f64;
        let errors = comparisons.iter().filter(|c| is_error(c)).count() as f64;
        let p = errors / n;
        if !(self.known && p > 0.0 && p < 1.0) {
            return 1.0;
        }
        // Residuals summed by subject; a pair counts once for each subject it has, so its own square is taken off once.
        let mut of_subject = vec![0.0; self.subjects as usize];
        let mut own = 0.0;
        for comparison in comparisons {
            let residual = if is_error(comparison) { 1.0 - p } else { -p };
            let [a, b] = comparison.subjects;
            of_subject[a as usize] += residual;
            if a != b {
                of_subject[b as usize] += residual;
                own += residual * residual;
            }
        }
        let robust = of_subject.iter().map(|r| r * r).sum::<f64>() - own;
        (robust / (n * p * (1.0 - p))).clamp(1.0, n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(score: f64, a: u32, b: u32) -> Comparison {
        Comparison { score, subjects: [a, b] }
    }

    #[test]
    fn equal_subjects_are_genuine() {
        let scores = Scores::new([pair(2.0, 0, 1), pair(9.0, 1, 1), pair(1.0, 2, 0), pair(f64::NAN, 0, 1)]);
        assert_eq!(scores.genuine(), [pair(9.0, 1, 1)]);
        assert_eq!(scores.impostor(), [pair(1.0, 2, 0), pair(2.0, 0, 1)]);
        assert_eq!(scores.subjects(), Some(3));
        assert_eq!((scores.genuine_below(9.0), scores.genuine_below(9.5)), (0, 1));
        assert_eq!((scores.impostor_from(2.0), scores.impostor_from(2.5)), (1, 0));
    }

    #[test]
    fn subjects_of_different_sets_are_different_persons() {
        let set = Scores::new([pair(2.0, 0, 1), pair(9.0, 0, 0)]);
        let pooled = Scores::pooled([&set, &set]);
        assert_eq!(pooled.subjects(), Some(4));
        assert_eq!(pooled.genuine(), [pair(9.0, 0, 0), pair(9.0, 2, 2)]);
    }

    #[test]
    fn a_subject_that_resembles_everybody_makes_pairs_worth_less() {
        let all = |f: &dyn Fn(u32, u32) -> f64| {
            Scores::new((0..40).flat_map(|a| (a + 1..40).map(move |b| (a, b))).map(|(a, b)| pair(f(a, b), a, b)))
        };
        let one_lamb = all(&|a, _| if a == 0 { 1.0 } else { 0.0 });
        assert!(one_lamb.impostor_design_effect(0.5) > 10.0);
        let scattered = all(&|a, b| if (a * 7 + b * 13) % 20 == 0 { 1.0 } else { 0.0 });
        assert!(scattered.impostor_design_effect(0.5) < 2.0);
    }
}
