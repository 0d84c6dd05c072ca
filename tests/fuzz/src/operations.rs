//! Any stream of operations leaves what a plain map holds: see `gallery_support/model.rs`.
//!
//! The first three bytes are the sizes by which the writer works; then two bytes an operation.

use super::gallery_support::model::{Operation, SAMPLES, run};
use vantay::gallery::Limits;

/// Checks any bytes.
pub fn check(bytes: &[u8]) {
    let Some((&[staged, fan_in, merged], rest)) = bytes.split_first_chunk::<3>() else { return };
    let limits = Limits {
        staged_rows: 1 + usize::from(staged) % 9,
        fan_in: 2 + usize::from(fan_in) % 3,
        merged_rows: 1 + usize::from(merged) % 40,
        ..Limits::default()
    };
    let operations: Vec<Operation> = rest.chunks_exact(2).take(100).map(|two| operation(two[0], two[1])).collect();
    run(&operations, limits);
}

fn operation(kind: u8, of: u8) -> Operation {
    let sample = u64::from(of) % SAMPLES;
    match kind % 24 {
        0..12 => Operation::Enroll(sample),
        12..15 => Operation::Remove(sample),
        15..18 => Operation::Commit,
        18 => Operation::Abandon,
        19 => Operation::Compact,
        20 => Operation::Reopen,
        21 => Operation::Hold,
        22 => Operation::Release,
        _ => Operation::Repair,
    }
}
