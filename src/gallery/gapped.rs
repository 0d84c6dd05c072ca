//! A list of ascending numbers, some of whose blocks are lost.
//!
//! What is known bounds what is not: the items of a lost block lie between the last one known before it and the first one known behind it.
//! So a search through what is left either proves its answer or names an item that it would have to know.

use std::ops::Range;

/// What is left of a list.
pub(crate) struct Gapped<'a> {
    /// Where each part that is left starts, and its items, of which there is one at least.
    known: Vec<(usize, &'a [u32])>,
    /// How many items the list had.
    len: usize,
    /// Whether no number stands twice.
    strictly: bool,
}

impl<'a> Gapped<'a> {
    /// A list of which nothing is known but its length.
    pub(crate) fn new(len: usize, strictly: bool) -> Self {
        Gapped { known: Vec::new(), len, strictly }
    }

    /// Adds the items from place `from` on, which lies behind all that were added before.
    pub(crate) fn push(&mut self, from: usize, items: &'a [u32]) {
        if !items.is_empty() {
            self.known.push((from, items));
        }
    }

    /// The first item that cannot stand where it does, if the list is to ascend and to stay below `limit`. Without one, the searches below
    /// may be believed.
    pub(crate) fn disorder(&self, limit: u64) -> Option<(usize, String)> {
        let mut before: Option<(usize, u32)> = None;
        let all = self.known.iter().flat_map(|&(from, items)| (from..).zip(items.iter().copied()));
        for (at, item) in all {
            // The lost ones between need room where no number stands twice.
            let least = before.map_or(if self.strictly { at as u64 } else { 0 }, |(place, before)| {
                u64::from(before) + if self.strictly { (at - place) as u64 } else { 0 }
            });
            if u64::from(item) < least {
                let before = before.map_or("nothing".into(), |(_, before)| before.to_string());
                return Some((at, format!("{item} after {before}")));
            }
            if u64::from(item) >= limit {
                return Some((at, format!("{item} of {limit}")));
            }
            before = Some((at, item));
        }
        None
    }

    /// The item at a place, if it is known.
    pub(crate) fn get(&self, at: usize) -> Option<u32> {
        let part = self.known.partition_point(|&(from, items)| from + items.len() <= at);
        let &(from, items) = self.known.get(part)?;
        items.get(at.checked_sub(from)?).copied()
    }

    /// The places at which `number` stands, all of them.
    ///
    /// # Errors
    /// The place of a lost item that may be one of them.
    pub(crate) fn places_of(&self, number: u32) -> Result<Range<usize>, usize> {
        if self.strictly
            && let Some(&(from, items)) = self.known.get(self.part(u64::from(number)))
            && let Ok(within) = items.binary_search(&number)
        {
            return Ok(from + within..from + within + 1);
        }
        Ok(self.first(u64::from(number))?..self.first(u64::from(number) + 1)?)
    }

    /// The first place whose item is at least `number`, if the item before it is known too.
    fn first(&self, number: u64) -> Result<usize, usize> {
        let part = self.part(number);
        // All known items before this place are less.
        let less = part.checked_sub(1).and_then(|before| self.known.get(before));
        let less = less.map_or(0, |&(from, items)| from + items.len());
        let (from, within) = match self.known.get(part) {
            Some(&(from, items)) => (from, items.partition_point(|&item| u64::from(item) < number)),
            None => (self.len, 0),
        };
        if within == 0 && from != less { Err(less) } else { Ok(from + within) }
    }

    /// The first part that has an item of at least `number`.
    fn part(&self, number: u64) -> usize {
        self.known.partition_point(|(_, items)| items.last().is_some_and(|&last| u64::from(last) < number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_pcg::Pcg64Mcg;

    const BLOCK: usize = 3;

    /// The list without the blocks whose bit is set in `lost`.
    fn without(list: &[u32], strictly: bool, lost: u32) -> Gapped<'_> {
        let mut gapped = Gapped::new(list.len(), strictly);
        for (block, items) in list.chunks(BLOCK).enumerate().filter(|(block, _)| lost >> block & 1 == 0) {
            gapped.push(block * BLOCK, items);
        }
        gapped
    }

    /// Whether a lost item may be `number`, by the known ones on either side of its gap.
    fn may_be_lost(list: &[u32], strictly: bool, lost: u32, number: u32) -> bool {
        let is_lost = |i: usize| lost >> (i / BLOCK) & 1 == 1;
        (0..list.len()).filter(|&i| is_lost(i)).any(|i| {
            let before = (0..i).rev().find(|&j| !is_lost(j)).map(|j| list[j]);
            let behind = (i..list.len()).find(|&j| !is_lost(j)).map(|j| list[j]);
            if strictly {
                before.is_none_or(|before| before < number) && behind.is_none_or(|behind| number < behind)
            } else {
                before.is_none_or(|before| before <= number) && behind.is_none_or(|behind| number <= behind)
            }
        })
    }

    #[test]
    fn an_answer_is_right_and_refused_only_for_what_may_be_lost() {
        let mut random = Pcg64Mcg::seed_from_u64(3);
        for round in 0..400 {
            let strictly = round % 2 == 0;
            let mut list: Vec<u32> = (0..random.random_range(0..16)).map(|_| random.random_range(0..30)).collect();
            list.sort_unstable();
            if strictly {
                list.dedup();
            }
            for lost in 0..1 << list.len().div_ceil(BLOCK) {
                let gapped = without(&list, strictly, lost);
                assert_eq!(gapped.disorder(30), None);
                for number in 0..30 {
                    let expected: Vec<usize> = (0..list.len()).filter(|&i| list[i] == number).collect();
                    match gapped.places_of(number) {
                        Ok(places) => assert_eq!(places.collect::<Vec<_>>(), expected, "{number} of {list:?} {lost:b}"),
                        Err(at) => {
                            assert!(lost >> (at / BLOCK) & 1 == 1, "the item that is named is lost");
                            assert!(may_be_lost(&list, strictly, lost, number), "{number} of {list:?} {lost:b}");
                        }
                    }
                }
                for i in 0..list.len() + 5 {
                    let expected = (lost >> (i / BLOCK) & 1 == 0).then(|| list.get(i).copied()).flatten();
                    assert_eq!(gapped.get(i), expected);
                }
            }
        }
    }

    #[test]
    fn a_list_that_contradicts_itself_is_seen_across_what_is_lost() {
        let seen = |list: &[u32], strictly, lost| without(list, strictly, lost).disorder(100).map(|(at, _)| at);
        assert_eq!(seen(&[1, 2, 2, 3, 9, 9, 9], false, 0), None);
        assert_eq!(seen(&[1, 2, 2, 3, 9, 9, 9], true, 0), Some(2));
        assert_eq!(seen(&[1, 2, 5, 0, 0, 0, 4, 6, 7], false, 0b010), Some(6));
        assert_eq!(seen(&[1, 2, 5, 0, 0, 0, 8, 9, 10], true, 0b010), Some(6), "three do not fit between 5 and 8");
        assert_eq!(seen(&[1, 2, 5, 0, 0, 0, 9, 10, 11], true, 0b010), None);
        assert_eq!(seen(&[0, 0, 0, 2, 3, 4], true, 0b01), Some(3), "three do not fit below 2");
        assert_eq!(seen(&[1, 2, 100], false, 0), Some(2));
    }
}
