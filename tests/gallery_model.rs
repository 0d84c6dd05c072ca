//! Any stream of operations leaves what a plain map would hold.
#![allow(clippy::unwrap_used)]

mod gallery_support;

use gallery_support::model::{Operation, SAMPLES, run};
use proptest::prelude::*;
use vantay::gallery::Limits;

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        12 => (0..SAMPLES).prop_map(Operation::Enroll),
        3 => (0..SAMPLES).prop_map(Operation::Remove),
        3 => Just(Operation::Commit),
        1 => Just(Operation::Abandon),
        1 => Just(Operation::Compact),
        1 => Just(Operation::Reopen),
        1 => Just(Operation::Hold),
        1 => Just(Operation::Release),
        1 => Just(Operation::Repair),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_stream_of_operations_agrees_with_a_map(
        operations in prop::collection::vec(operation(), 1..60),
        staged_rows in 1usize..10,
        fan_in in 2usize..5,
        merged_rows in 1usize..40,
    ) {
        run(&operations, Limits { staged_rows, fan_in, merged_rows, ..Limits::default() });
    }
}
