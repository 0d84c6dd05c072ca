//! Rates of transactions: what failures to acquire and to enrol make of FMR and FNMR.
//!
//! # Definitions (ISO/IEC 19795-1)
//! FMR and FNMR are of comparisons that took place. A transaction may fail before: FTA, the failure-to-acquire rate, is the share of
//! presentations of enrolled subjects that gave no template; FTE, the failure-to-enrol rate, the share of subjects who could not be enrolled.
//! With one attempt a transaction
//!
//! - false accept and false reject rate: `FAR = FMR (1 - FTA)`, `FRR = FTA + FNMR (1 - FTA)`;
//! - generalised, of everybody who came, enrolled or not: `GFAR = FAR (1 - FTE)`, `GFRR = FTE + FRR (1 - FTE)`.
//!
//! A system that refuses poor prints has a low FNMR; only the generalised rates compare it fairly with one that takes them.

/// Shares of people and presentations with whom no comparison took place.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Failures {
    /// Share of subjects who could not be enrolled, 0 to 1.
    pub to_enrol: f64,
    /// Share of presentations of those who were that gave no template, 0 to 1.
    pub to_acquire: f64,
}

/// Rates of transactions: failures count as rejections.
///
/// ```
/// # use vantay::evaluation::{Failures, TransactionRates};
/// let rates = TransactionRates::new(0.1, 0.2, Failures { to_enrol: 0.5, to_acquire: 0.5 });
/// assert_eq!((rates.far, rates.frr), (0.05, 0.6));
/// assert_eq!((rates.gfar, rates.gfrr), (0.025, 0.8));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct TransactionRates {
    /// False accept rate.
    pub far: f64,
    /// False reject rate.
    pub frr: f64,
    /// Generalised false accept rate.
    pub gfar: f64,
    /// Generalised false reject rate.
    pub gfrr: f64,
}

impl TransactionRates {
    /// What `failures`, each taken as 0 to 1, make of the rates of comparisons.
    pub fn new(fmr: f64, fnmr: f64, failures: Failures) -> Self {
        let acquired = 1.0 - failures.to_acquire.clamp(0.0, 1.0);
        let enrolled = 1.0 - failures.to_enrol.clamp(0.0, 1.0);
        let (far, frr) = (fmr * acquired, 1.0 - acquired + fnmr * acquired);
        Self { far, frr, gfar: far * enrolled, gfrr: 1.0 - enrolled + frr * enrolled }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_rejects_and_never_accepts() {
        let of = |to_enrol, to_acquire| TransactionRates::new(0.5, 0.5, Failures { to_enrol, to_acquire });
        let rates = of(0.0, 0.1);
        assert_eq!((rates.far, rates.frr), (0.45, 0.55));
        assert_eq!((rates.gfar, rates.gfrr), (rates.far, rates.frr));
        let rates = of(0.2, 0.1);
        assert_eq!((rates.far, rates.frr), (0.45, 0.55));
        assert!((rates.gfar - 0.36).abs() < 1e-12 && (rates.gfrr - 0.64).abs() < 1e-12, "{rates:?}");
        let nobody = of(1.0, 1.0);
        assert_eq!((nobody.far, nobody.frr, nobody.gfar, nobody.gfrr), (0.0, 1.0, 0.0, 1.0));
    }
}
