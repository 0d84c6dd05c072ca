//! What several nodes take for a deduplication: how it is shared out, and when the last of them is done.
//!
//! # Method
//! The registrations are told into as many galleries as make [`RUNS`] runs or more for each node: `vantay dedup` of each gallery, and of each
//! `--against` each later one. A run needs nothing from another and goes to whichever node is free, so nodes wait for no network. Judged at an FMR, which does not
//! depend on how many are compared in one run, the pairs of all runs are those of a single one.
//!
//! # Cost
//! Comparisons of the whole are shared out, none is made twice. What does not divide is the strangers whom portraits name: at most fifty of a
//! registration in each run, so in as many runs as there are galleries. Nodes of few runs each wait for the last: with eight or more, by about a tenth.

use super::CostModel;
use serde::Serialize;

/// Runs for each node, at least.
const RUNS: f64 = 8.0;

/// What a deduplication takes on some nodes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct OnNodes {
    /// How many nodes.
    pub nodes: u64,
    /// Galleries that the registrations are told into.
    pub galleries: u64,
    /// Runs: each gallery by itself, and each pair of them.
    pub runs: u64,
    /// Hours of one core, over all runs.
    pub core_hours: f64,
    /// Hours that a node works, on average.
    pub hours_per_node: f64,
    /// Hours until the last node is done.
    pub wall_hours: f64,
    /// Bytes that a node should have memory for: the galleries of one run.
    pub memory: f64,
}

impl CostModel {
    /// What every pair of `registrations` takes on `nodes` of `cores` each, as fast as those that were measured.
    pub fn on_nodes(&self, registrations: u64, nodes: u64, cores: u64) -> OnNodes {
        let nodes = nodes.clamp(1, 1 << 32);
        let wanted = ((1.0 + 8.0 * RUNS * nodes as f64).sqrt() - 1.0) / 2.0;
        let galleries = if nodes == 1 { 1 } else { (wanted.ceil() as u64).min(registrations.max(1)) };
        let between = galleries * (galleries - 1) / 2;
        let each = registrations as f64 / galleries as f64;
        let of_pairs = |pairs: f64| self.sum(registrations, each, pairs).core_seconds() / 3600.0;
        let (within, across) = (of_pairs(each * (each - 1.0).max(0.0) / 2.0), of_pairs(each * each));
        let core_hours = galleries as f64 * within + between as f64 * across;
        let hours_per_node = core_hours / (nodes * cores.max(1)) as f64;
        // The long runs first; the short ones, about half as long, where there is room for two beside the last long one, and then in turn.
        let (rounds, over) = (between / nodes, between % nodes);
        let beside = if over > 0 { 2 * (nodes - over) } else { 0 };
        let short = galleries.saturating_sub(beside).div_ceil(nodes);
        let last = (rounds + u64::from(over > 0)) as f64 * across + short as f64 * within;
        OnNodes {
            nodes,
            galleries,
            runs: galleries + between,
            core_hours,
            hours_per_node,
            wall_hours: (last / cores.max(1) as f64).max(hours_per_node),
            memory: each * self.screened_bytes * if galleries > 1 { 2.0 } else { 1.0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_node_makes_one_run_of_the_whole() {
        let (whole, one) = (CostModel::example().of(1_000_000), CostModel::example().on_nodes(1_000_000, 1, 2));
        assert_eq!((one.galleries, one.runs, one.memory), (1, 1, whole.memory));
        assert_eq!((one.core_hours, one.wall_hours), (whole.hours(1, 1), whole.hours(1, 2)));
    }

    #[test]
    fn nodes_share_the_pairs_and_wait_little_for_the_last() {
        let whole = CostModel::example().of(107_000_000).hours(1, 1);
        for nodes in [2, 3, 10, 17, 100, 1_000] {
            let shared = CostModel::example().on_nodes(107_000_000, nodes, 16);
            assert!((shared.core_hours / whole - 1.0).abs() < 1e-6, "{shared:?}");
            assert!(shared.runs >= 8 * nodes && shared.runs == shared.galleries * (shared.galleries + 1) / 2);
            let waits = shared.wall_hours / shared.hours_per_node;
            assert!((1.0..1.2).contains(&waits), "{waits}: {shared:?}");
            assert!(shared.memory < CostModel::example().of(107_000_000).memory);
        }
    }

    #[test]
    fn strangers_whom_portraits_name_come_again_in_each_gallery() {
        let few =
            CostModel { face_strangers: Some(50.0), finger_pairs: 0.0, finger_candidates: 0.0, ..CostModel::example() };
        let (one, ten) = (few.on_nodes(107_000_000, 1, 16), few.on_nodes(107_000_000, 10, 16));
        assert!(ten.core_hours > one.core_hours && ten.wall_hours < one.wall_hours / 5.0, "{one:?}, {ten:?}");
    }

    #[test]
    fn more_nodes_than_registrations_are_no_error() {
        for (registrations, nodes) in [(0, 1), (0, 5), (1, 5), (3, u64::MAX), (u64::MAX, u64::MAX)] {
            let shared = CostModel::example().on_nodes(registrations, nodes, 0);
            assert!(shared.wall_hours.is_finite() && shared.wall_hours >= 0.0, "{shared:?}");
        }
    }
}
