//! Rates of transactions: what a failure to acquire makes of FMR and FNMR (ISO/IEC 19795-1).

use crate::evaluation::{Evaluation, TransactionRates};

/// The transactions of one set.
pub struct Transactions<'e> {
    pub name: &'e str,
    pub failure_to_acquire: f64,
    /// FAR and FRR at the threshold of each target FMR.
    pub at: Vec<TransactionRates>,
}

/// Each set whose failures to acquire are known, then the pool.
pub fn of(evaluation: &Evaluation) -> impl Iterator<Item = Transactions<'_>> {
    evaluation.sets.iter().chain(&evaluation.pooled).filter_map(|rates| {
        let failure_to_acquire = rates.failure_to_acquire?;
        let at = rates.at.iter().map(|at| at.point.with_failures_to_acquire(failure_to_acquire)).collect();
        Some(Transactions { name: &rates.name, failure_to_acquire, at })
    })
}
