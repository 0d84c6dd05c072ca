//! From rates of single comparisons to rates of searches, for a gallery of any size.
//!
//! # Problem
//! A search is as many comparisons as the gallery has references, and any of them can go wrong. An FMR that is safe for one claim
//! gives every search a wrong candidate in a gallery of a million.
//!
//! # Method
//! With `N` subjects of `m` references each and comparisons taken as independent, `FPIR = 1 - (1 - FMR)^(N m)`: the binomial
//! model (Grother and Phillips, *Models of large population recognition performance*, CVPR 2004; ISO/IEC 19795-1). It errs to the safe
//! side where errors cluster on few probes. A mate is missed if its best reference stays below the threshold: with `m`
//! references that fail together the FNIR is the FNMR. A deduplication of `N` subjects makes `N (N - 1) / 2 · m` comparisons of strangers,
//! one of `P` registrations against `N` subjects `P N m`. Where a comparison of two persons is itself the best of `w` ways, all of these are `w` times as
//! many, and a false match rate of persons leaves each way a `w`-th of it.

use super::{Calibration, DecisionError, Rate};

/// A gallery as it is or is planned.
///
/// ```
/// use vantay::decision::PlannedGallery;
/// let country = PlannedGallery::new(60_000_000, 1.0);
/// let fmr = country.fmr_for_fpir(1e-3)?;
/// assert!((fmr / 1.7e-11 - 1.0).abs() < 0.02);
/// # Ok::<(), vantay::decision::DecisionError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlannedGallery {
    subjects: u64,
    references: f64,
    /// Of how many comparisons that of two persons is the best.
    ways: f64,
    /// Who is searched for, if it is not everybody in the gallery.
    probes: Option<u64>,
}

/// What searches of a planned gallery are expected to give at one threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ExpectedRates {
    /// The threshold.
    pub threshold: f64,
    /// The false match rate of single comparisons there.
    pub fmr: Rate,
    /// The share of searches of strangers that find anybody.
    pub fpir: Rate,
    /// The share of searches of enrolled persons that do not find them.
    pub fnir: Rate,
}

impl PlannedGallery {
    /// A gallery of `subjects`, each with `references` that a probe is compared with (fingers times impressions, or portraits), on average;
    /// fewer than one counts as one.
    pub fn new(subjects: u64, references: f64) -> Self {
        Self { subjects, references: if references > 1.0 { references } else { 1.0 }, ways: 1.0, probes: None }
    }

    /// The same where not all pairs of subjects are compared, but each of `probes` with each subject.
    pub fn searched_by(self, probes: u64) -> Self {
        Self { probes: Some(probes), ..self }
    }

    /// The same where each comparison of two persons is the best of `ways`: of two images, or of any finger with any. Each way is a
    /// chance for a stranger.
    pub fn times(self, ways: f64) -> Self {
        Self { ways: self.ways * if ways > 1.0 { ways } else { 1.0 }, ..self }
    }

    /// Of how many ways each comparison of two persons is the best.
    pub fn ways(&self) -> f64 {
        self.ways
    }

    /// Comparisons with strangers that a search makes.
    pub fn comparisons(&self) -> f64 {
        self.subjects as f64 * self.references * self.ways
    }

    /// The FPIR at a false match rate.
    pub fn fpir(&self, fmr: f64) -> f64 {
        // 1 - (1 - x)^n, without loss where x is far below the precision of 1.
        -libm::expm1(self.comparisons() * libm::log1p(-fmr.clamp(0.0, 1.0)))
    }

    /// The false match rate that keeps an FPIR.
    ///
    /// # Errors
    /// [`DecisionError::Rate`] unless `fpir` is more than 0 and less than 1.
    pub fn fmr_for_fpir(&self, fpir: f64) -> Result<f64, DecisionError> {
        if !(fpir > 0.0 && fpir < 1.0) {
            return Err(DecisionError::Rate { what: "FPIR", asked: fpir });
        }
        Ok(-libm::expm1(libm::log1p(-fpir) / self.comparisons().max(1.0)))
    }

    /// Comparisons of strangers when every pair of subjects is compared once, or each probe with each subject.
    pub fn pairs(&self) -> f64 {
        let searches = self.probes.map_or(self.subjects.saturating_sub(1) as f64 / 2.0, |probes| probes as f64);
        self.comparisons() * searches
    }

    /// The false match rate at which a deduplication is expected to find `false_pairs`.
    ///
    /// # Errors
    /// [`DecisionError::Rate`] unless `false_pairs` is more than 0.
    pub fn fmr_for_false_pairs(&self, false_pairs: f64) -> Result<f64, DecisionError> {
        if !(false_pairs > 0.0 && false_pairs.is_finite()) {
            return Err(DecisionError::Rate { what: "expected number of false pairs", asked: false_pairs });
        }
        Ok((false_pairs / self.pairs().max(1.0)).min(0.5))
    }

    /// What to expect of searches at `threshold`.
    pub fn expect(&self, calibration: &Calibration, threshold: f64) -> ExpectedRates {
        let fmr = calibration.fmr_at(threshold);
        ExpectedRates { threshold, fmr, fpir: fmr.map(|fmr| self.fpir(fmr)), fnir: calibration.fnmr_at(threshold) }
    }

    /// What to expect of searches that keep `fpir`.
    ///
    /// # Errors
    /// [`DecisionError::Rate`] unless `fpir` is more than 0 and less than 1.
    pub fn expect_at_fpir(&self, calibration: &Calibration, fpir: f64) -> Result<ExpectedRates, DecisionError> {
        Ok(self.expect(calibration, calibration.threshold_at_fmr(self.fmr_for_fpir(fpir)?)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gallery_of_one_has_the_rate_of_a_comparison() {
        assert!((PlannedGallery::new(1, 1.0).fpir(0.25) - 0.25).abs() < 1e-15);
        assert!((PlannedGallery::new(3, 2.0).fpir(0.5) - (1.0 - 0.5_f64.powi(6))).abs() < 1e-15);
    }

    #[test]
    fn a_billion_references_lose_no_digit() {
        let planned = PlannedGallery::new(1_000_000_000, 10.0);
        for fpir in [1e-9, 1e-3, 0.5] {
            let fmr = planned.fmr_for_fpir(fpir).unwrap();
            assert!((planned.fpir(fmr) / fpir - 1.0).abs() < 1e-9);
        }
        assert_eq!(planned.fpir(0.0), 0.0);
        assert!(planned.fmr_for_fpir(1.0).is_err() && planned.fmr_for_fpir(f64::NAN).is_err());
    }

    #[test]
    fn false_pairs_are_counted_over_all_pairs_of_subjects() {
        let planned = PlannedGallery::new(1_001, 2.0);
        assert_eq!(planned.pairs(), 1_001_000.0);
        assert!((planned.fmr_for_false_pairs(10.01).unwrap() / 1e-5 - 1.0).abs() < 1e-12);
        let daily = PlannedGallery::new(100_000_000, 1.0).searched_by(100_000).times(4.0);
        assert_eq!(daily.pairs(), 4e13);
    }
}
