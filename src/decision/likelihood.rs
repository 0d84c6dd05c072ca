//! The log-likelihood ratio of a score: how much more often mates than strangers score like this.
//!
//! # Method
//! Scores are told into bins that hold about equally many genuine scores, or where those are rare, impostor counts that double. Each bin has a
//! share of the genuine scores and of the impostor scores; beyond the count the latter comes from the fitted tail, so the ratio keeps
//! growing where no impostor was seen. Pool-adjacent-violators makes the ratios monotone (Ayer et al., *Annals of Mathematical
//! Statistics* 26, 1955; as a calibration: Zadrozny and Elkan 2002, Brümmer and du Preez, *Computer Speech & Language* 20, 2006). Between
//! the centres of the pooled bins the logarithm is interpolated; outside them it stays.
//!
//! One genuine score is added, spread like the impostors': with `n` genuine scores nobody can tell that mates never score so low, so no
//! ratio falls below `1 / (n + 1)`.
//!
//! Logarithms are to base 10: two more means a hundred times as likely.

/// About how many bins the genuine scores are told into.
const GENUINE_BINS: usize = 60;

/// One bin of scores.
#[derive(Clone, Copy, Debug)]
struct Bin {
    /// Its lower and upper end; the upper end belongs to the next bin.
    from: f64,
    to: f64,
    /// Shares of all genuine and of all impostor scores.
    genuine: f64,
    impostor: f64,
}

impl Bin {
    fn ratio(&self) -> f64 {
        self.genuine / self.impostor
    }

    fn with(self, next: Bin) -> Bin {
        Bin {
            from: self.from,
            to: next.to,
            genuine: self.genuine + next.genuine,
            impostor: self.impostor + next.impostor,
        }
    }
}

/// Knots of the log10 likelihood ratio over the score, both ascending.
///
/// `genuine` ascends; `impostor_knots` are scores at which impostor counts double; `fmr` gives the share of impostor scores at or
/// above a score, falling from 1 and never 0.
pub(super) fn knots(genuine: &[f64], impostor_knots: &[f64], fmr: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
    let n = genuine.len();
    let mut edges: Vec<f64> = (0..=GENUINE_BINS).map(|i| genuine[i * (n - 1) / GENUINE_BINS]).collect();
    edges.extend(impostor_knots);
    edges.sort_by(f64::total_cmp);
    edges.dedup();
    // The first bin takes all below it, the last all above.
    let ends = edges.iter().copied().skip(1).chain([f64::INFINITY]);
    let below = |score: f64| genuine.partition_point(|&s| s < score) as f64;
    let bins = edges.iter().copied().zip(ends).enumerate().map(|(i, (from, to))| {
        let first = i == 0;
        let counted = below(to) - if first { 0.0 } else { below(from) };
        let impostor = if first { 1.0 } else { fmr(from) } - if to.is_finite() { fmr(to) } else { 0.0 };
        let impostor = impostor.max(1e-300);
        let n = n as f64;
        Bin {
            from,
            to: to.min(genuine[genuine.len() - 1].max(from)),
            genuine: (counted + impostor) / (n + 1.0),
            impostor,
        }
    });
    let mut knots: Vec<(f64, f64)> = Vec::new();
    for bin in pooled(bins) {
        let centre = bin.from + (bin.to - bin.from) / 2.0;
        let llr = libm::log10(bin.ratio());
        if knots.last().is_none_or(|&(score, _)| score < centre) {
            knots.push((centre, llr));
        }
    }
    knots
}

/// Bins pooled with their neighbour wherever the ratio would fall.
fn pooled(bins: impl Iterator<Item = Bin>) -> Vec<Bin> {
    let mut rising: Vec<Bin> = Vec::new();
    for bin in bins {
        let mut bin = bin;
        while let Some(last) = rising.pop_if(|last| last.ratio() >= bin.ratio()) {
            bin = last.with(bin);
        }
        rising.push(bin);
    }
    rising
}

/// The log10 likelihood ratio at `score`.
pub(super) fn at(knots: &[(f64, f64)], score: f64) -> f64 {
    let after = knots.partition_point(|&(s, _)| s < score);
    match (after.checked_sub(1).and_then(|before| knots.get(before)), knots.get(after)) {
        (Some(&(a, low)), Some(&(b, high))) => low + (score - a) / (b - a) * (high - low),
        (Some(&(_, llr)), None) | (None, Some(&(_, llr))) => llr,
        (None, None) => 0.0,
    }
}

/// The smallest score whose ratio is at least `llr`.
pub(super) fn score_at(knots: &[(f64, f64)], llr: f64) -> Option<f64> {
    let after = knots.partition_point(|&(_, at)| at < llr);
    let &(score, high) = knots.get(after)?;
    let Some(&(before, low)) = after.checked_sub(1).and_then(|before| knots.get(before)) else {
        return Some(f64::NEG_INFINITY);
    };
    Some(before + (llr - low) / (high - low) * (score - before))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pooling_ends_with_rising_ratios_and_keeps_all_shares() {
        let shares = [(0.1, 0.4), (0.05, 0.1), (0.2, 0.3), (0.15, 0.15), (0.5, 0.05)];
        let bins = shares.iter().enumerate().map(|(i, &(genuine, impostor))| Bin {
            from: i as f64,
            to: i as f64 + 1.0,
            genuine,
            impostor,
        });
        let pooled = pooled(bins);
        assert!(pooled.windows(2).all(|w| w[0].ratio() < w[1].ratio()));
        assert!((pooled.iter().map(|b| b.genuine + b.impostor).sum::<f64>() - 2.0).abs() < 1e-12);
        assert!(pooled.windows(2).all(|w| w[0].to == w[1].from));
    }
}
