//! Clusters: who, by the accepted pairs, is one person.
//!
//! # Problem
//! Deduplication accepts pairs. Registrations of one person form a group of mutually accepted pairs, but a single false
//! pair between two such groups joins them, and merging on that word would give two people one identity.
//!
//! # Method
//! Connected components by union-find. Each cluster is then held against its medoid, the member with the highest sum of scores
//! to the others: a member without an accepted pair with the medoid is only there through somebody else. Each pair that
//! alone holds two parts of a cluster together is a bridge (Tarjan, *Information Processing Letters* 2, 1974) and is flagged
//! with the sizes of both parts. Nothing is ever merged or cut here: a person decides.
//!
//! # Cost
//! O(P log P) for P pairs, in memory for the pairs only: members without an accepted pair never appear.

use std::cmp::Ordering;

/// A pair that was accepted as the same person.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AcceptedPair<Id> {
    /// One member.
    pub a: Id,
    /// The other.
    pub b: Id,
    /// How alike they are: a comparison score or a fused log-likelihood ratio, higher is more alike.
    pub score: f64,
}

/// A pair without which its cluster would fall into two parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bridge<Id> {
    /// The pair.
    pub pair: AcceptedPair<Id>,
    /// How many members there are on the side of `a` and of `b`.
    pub sides: [usize; 2],
}

impl<Id> Bridge<Id> {
    /// Whether the pair joins two groups, each of which holds together without it: one false match would do that.
    pub fn joins_groups(&self) -> bool {
        self.sides[0] > 1 && self.sides[1] > 1
    }
}

/// Members that accepted pairs connect.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Cluster<Id> {
    /// The members, ascending; at least two.
    pub members: Vec<Id>,
    /// The member with the highest sum of scores to the others; the smallest of equals.
    pub medoid: Id,
    /// Members that have no accepted pair with the medoid, ascending.
    pub unconfirmed: Vec<Id>,
    /// The accepted pairs, best first; a pair that was given more than once stands with its best score.
    pub pairs: Vec<AcceptedPair<Id>>,
    /// Pairs that alone hold two parts together, weakest first; empty in a cluster of two.
    pub bridges: Vec<Bridge<Id>>,
}

impl<Id> Cluster<Id> {
    /// Whether each member has an accepted pair with each other one.
    pub fn is_complete(&self) -> bool {
        self.pairs.len() == self.members.len() * (self.members.len() - 1) / 2
    }

    /// Whether a person should look before all members are taken as one person: some member is not confirmed by the
    /// medoid, or one pair alone joins two groups.
    pub fn needs_review(&self) -> bool {
        !self.unconfirmed.is_empty() || self.bridges.iter().any(Bridge::joins_groups)
    }
}

/// The clusters of all accepted pairs, ordered by their smallest member.
///
/// The result depends on the set of pairs only, not on their order or direction. A pair of a member with itself says nothing and is
/// left out, as is a pair whose score is not a number.
///
/// ```
/// # use vantay::decision::{AcceptedPair, clusters};
/// let pair = |a, b, score| AcceptedPair { a, b, score };
/// let found = clusters([pair(7_u64, 3, 50.0), pair(3, 9, 61.0), pair(20, 21, 44.0)]);
/// assert_eq!(found[0].members, [3, 7, 9]);
/// assert_eq!((found[0].medoid, found[0].is_complete()), (3, false));
/// assert_eq!(found[1].members, [20, 21]);
/// ```
pub fn clusters<Id: Copy + Ord>(pairs: impl IntoIterator<Item = AcceptedPair<Id>>) -> Vec<Cluster<Id>> {
    let pairs = unique(pairs);
    let mut ids: Vec<Id> = pairs.iter().flat_map(|p| [p.a, p.b]).collect();
    ids.sort_unstable();
    ids.dedup();
    let number = |id: Id| ids.binary_search(&id).unwrap_or_default();
    let edges: Vec<[usize; 2]> = pairs.iter().map(|p| [number(p.a), number(p.b)]).collect();

    let mut sets = DisjointSets::new(ids.len());
    for &[a, b] in &edges {
        sets.join(a, b);
    }
    // A root is its set's smallest number, so numbering the roots as they come orders clusters by their smallest member.
    let mut cluster_of = vec![0; ids.len()];
    let mut groups: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
    for member in 0..ids.len() {
        let root = sets.root(member);
        if root == member {
            cluster_of[member] = groups.len();
            groups.push(Default::default());
        }
        cluster_of[member] = cluster_of[root];
        groups[cluster_of[member]].0.push(member);
    }
    for (edge, ends) in edges.iter().enumerate() {
        groups[cluster_of[ends[0]]].1.push(edge);
    }
    groups.into_iter().map(|(members, edges_in)| cluster(&ids, &pairs, &edges, &members, &edges_in)).collect()
}

/// Pairs with `a < b`, each once with its best score, ordered by members.
fn unique<Id: Copy + Ord>(pairs: impl IntoIterator<Item = AcceptedPair<Id>>) -> Vec<AcceptedPair<Id>> {
    let mut pairs: Vec<_> = pairs
        .into_iter()
        .filter(|p| p.a != p.b && !p.score.is_nan())
        .map(|p| if p.a < p.b { p } else { AcceptedPair { a: p.b, b: p.a, score: p.score } })
        .collect();
    pairs.sort_unstable_by(|p, q| (p.a, p.b).cmp(&(q.a, q.b)).then(q.score.total_cmp(&p.score)));
    pairs.dedup_by(|later, first| (later.a, later.b) == (first.a, first.b));
    pairs
}

fn cluster<Id: Copy + Ord>(
    ids: &[Id],
    pairs: &[AcceptedPair<Id>],
    edges: &[[usize; 2]],
    members: &[usize],
    edges_in: &[usize],
) -> Cluster<Id> {
    let local = |member: usize| members.binary_search(&member).unwrap_or_default();
    let mut sums = vec![0.0; members.len()];
    let mut neighbours = vec![Vec::new(); members.len()];
    for &edge in edges_in {
        let [a, b] = edges[edge].map(local);
        sums[a] += pairs[edge].score;
        sums[b] += pairs[edge].score;
        neighbours[a].push((b, edge));
        neighbours[b].push((a, edge));
    }
    let medoid = (1..members.len()).fold(0, |best, m| if sums[m] > sums[best] { m } else { best });
    let confirmed = |member: usize| member == medoid || neighbours[member].iter().any(|&(other, _)| other == medoid);
    let best_first = |p: &AcceptedPair<Id>, q: &AcceptedPair<Id>| -> Ordering {
        q.score.total_cmp(&p.score).then((p.a, p.b).cmp(&(q.a, q.b)))
    };

    let mut bridges: Vec<Bridge<Id>> = Vec::new();
    if members.len() > 2 {
        for (edge, below, beyond) in bridges_of(&neighbours) {
            let inside = members.len() - beyond;
            // `below` is the end whose part has `beyond` members.
            let sides = if local(edges[edge][0]) == below { [beyond, inside] } else { [inside, beyond] };
            bridges.push(Bridge { pair: pairs[edge], sides });
        }
        bridges.sort_by(|p, q| best_first(&q.pair, &p.pair));
    }
    let mut own: Vec<_> = edges_in.iter().map(|&edge| pairs[edge]).collect();
    own.sort_by(best_first);
    Cluster {
        members: members.iter().map(|&m| ids[m]).collect(),
        medoid: ids[members[medoid]],
        unconfirmed: (0..members.len()).filter(|&m| !confirmed(m)).map(|m| ids[members[m]]).collect(),
        pairs: own,
        bridges,
    }
}

/// The bridges of a connected graph without double edges: each with its far end, seen from node 0, and how many nodes lie beyond.
///
/// A depth-first walk numbers the nodes; an edge down to a node is a bridge if nothing below it reaches above that node. The
/// walk keeps its own stack: a chain of a million members must not overflow the thread's.
fn bridges_of(neighbours: &[Vec<(usize, usize)>]) -> Vec<(usize, usize, usize)> {
    const UNSEEN: usize = usize::MAX;
    let n = neighbours.len();
    let (mut order, mut lowest, mut size) = (vec![UNSEEN; n], vec![UNSEEN; n], vec![1_usize; n]);
    let mut bridges = Vec::new();
    // Node, the edge that led to it, and how many of its neighbours are done.
    let mut stack = vec![(0, UNSEEN, 0)];
    order[0] = 0;
    lowest[0] = 0;
    let mut seen = 1;
    while let Some((node, came_by, done)) = stack.last_mut() {
        if let Some(&(next, edge)) = neighbours[*node].get(*done) {
            *done += 1;
            if edge == *came_by {
                continue;
            }
            if order[next] == UNSEEN {
                order[next] = seen;
                lowest[next] = seen;
                seen += 1;
                stack.push((next, edge, 0));
            } else {
                let node = *node;
                lowest[node] = lowest[node].min(order[next]);
            }
            continue;
        }
        let (node, came_by) = (*node, *came_by);
        stack.pop();
        if let Some(&(above, ..)) = stack.last() {
            lowest[above] = lowest[above].min(lowest[node]);
            size[above] += size[node];
            if lowest[node] > order[above] {
                bridges.push((came_by, node, size[node]));
            }
        }
    }
    bridges
}

/// Union-find with the smallest number as root.
struct DisjointSets(Vec<usize>);

impl DisjointSets {
    fn new(n: usize) -> Self {
        Self((0..n).collect())
    }

    fn root(&mut self, mut node: usize) -> usize {
        while self.0[node] != node {
            self.0[node] = self.0[self.0[node]];
            node = self.0[node];
        }
        node
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn pair(a: u64, b: u64, score: f64) -> AcceptedPair<u64> {
        AcceptedPair { a, b, score }
    }

    #[test]
    fn two_groups_joined_by_one_pair_are_one_cluster_with_a_flag() {
        let group =
            |first| [pair(first, first + 1, 80.0), pair(first + 1, first + 2, 82.0), pair(first, first + 2, 81.0)];
        let found = clusters(group(10).into_iter().chain(group(20)).chain([pair(12, 20, 41.0)]));
        assert_eq!(found.len(), 1);
        let cluster = &found[0];
        assert_eq!(cluster.bridges, [Bridge { pair: pair(12, 20, 41.0), sides: [3, 3] }]);
        assert!(cluster.needs_review() && cluster.bridges[0].joins_groups());
        assert_eq!(cluster.medoid, 12);
        assert_eq!(cluster.unconfirmed, [21, 22]);
    }

    #[test]
    fn a_person_registered_three_times_needs_no_review() {
        let found = clusters([pair(1, 2, 70.0), pair(3, 2, 60.0), pair(3, 1, 65.0)]);
        assert!(found[0].is_complete() && !found[0].needs_review() && found[0].bridges.is_empty());
        assert_eq!(found[0].pairs, [pair(1, 2, 70.0), pair(1, 3, 65.0), pair(2, 3, 60.0)]);
    }

    #[test]
    fn a_pair_given_twice_counts_once_and_a_pair_with_itself_never() {
        let found = clusters([pair(1, 2, 50.0), pair(2, 1, 70.0), pair(5, 5, 99.0), pair(8, 9, f64::NAN)]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].pairs, [pair(1, 2, 70.0)]);
    }

    #[test]
    fn a_chain_of_a_million_is_walked_without_recursion() {
        let found = clusters((0..1_000_000_u64).map(|i| pair(i, i + 1, 50.0)));
        assert_eq!((found.len(), found[0].bridges.len()), (1, 1_000_000));
    }

    /// Members reachable from `from` over `pairs`, the plain way.
    fn reachable(pairs: &[AcceptedPair<u64>], from: u64) -> BTreeSet<u64> {
        let mut found = BTreeSet::from([from]);
        loop {
            let before = found.len();
            for p in pairs {
                if found.contains(&p.a) || found.contains(&p.b) {
                    found.extend([p.a, p.b]);
                }
            }
            if found.len() == before {
                return found;
            }
        }
    }

    proptest! {
        #[test]
        fn clusters_and_bridges_are_what_removing_pairs_shows(
            edges in prop::collection::btree_map((0_u64..12, 0_u64..12), 1_u32..100, 0..25),
            shift in 0_usize..25,
        ) {
            let simple: BTreeMap<_, _> = edges.iter().filter(|((a, b), _)| a < b).collect();
            let pairs: Vec<_> = simple.iter().map(|(&&(a, b), &&s)| pair(a, b, f64::from(s))).collect();
            let mut shuffled = pairs.clone();
            shuffled.rotate_left(shift.min(pairs.len()));
            for p in shuffled.iter_mut().step_by(2) {
                (p.a, p.b) = (p.b, p.a);
            }
            let found = clusters(shuffled);
            prop_assert_eq!(&found, &clusters(pairs.iter().copied()));
            let members: BTreeSet<u64> = pairs.iter().flat_map(|p| [p.a, p.b]).collect();
            prop_assert_eq!(found.iter().map(|c| c.members.len()).sum::<usize>(), members.len());
            prop_assert!(found.windows(2).all(|w| w[0].members[0] < w[1].members[0]));
            for cluster in &found {
                let expected: Vec<u64> = reachable(&pairs, cluster.members[0]).into_iter().collect();
                prop_assert_eq!(&cluster.members, &expected);
                for p in &cluster.pairs {
                    let rest: Vec<_> = pairs.iter().filter(|q| *q != p).copied().collect();
                    let side = reachable(&rest, p.a);
                    let expected = (!side.contains(&p.b) && expected.len() > 2)
                        .then(|| Bridge { pair: *p, sides: [side.len(), expected.len() - side.len()] });
                    prop_assert_eq!(cluster.bridges.iter().find(|b| b.pair == *p), expected.as_ref());
                }
            }
        }
    }
}
