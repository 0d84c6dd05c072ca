//! Personal IDs for people who do not exist.
//!
//! Every ID is distinct, names a province about as often as people live there, and somebody of 16 to 80 years. A shuffle of
//! all IDs gives the n-th of them without the others. Somebody who registers again under another number takes one that
//! fits: the same sex and, nearly always, an age within eight years.

use super::permutation::Permutation;
use crate::registration::Demographics;

/// Codes of the provinces (as of 2024, before they were merged) and their people in millions, at least one.
#[rustfmt::skip]
const PROVINCES: [(u64, u64); 63] = [
    (1, 8), (2, 1), (4, 1), (6, 1), (8, 1), (10, 1), (11, 1), (12, 1), (14, 1), (15, 1), (17, 1), (19, 1), (20, 1),
    (22, 1), (24, 2), (25, 1), (26, 1), (27, 1), (30, 2), (31, 2), (33, 1), (34, 2), (35, 1), (36, 2), (37, 1), (38, 4),
    (40, 3), (42, 1), (44, 1), (45, 1), (46, 1), (48, 1), (49, 1), (51, 1), (52, 1), (54, 1), (56, 1), (58, 1), (60, 1),
    (62, 1), (64, 2), (66, 2), (67, 1), (68, 1), (70, 1), (72, 1), (74, 2), (75, 3), (77, 1), (79, 9), (80, 2), (82, 2),
    (83, 1), (84, 1), (86, 1), (87, 2), (89, 2), (91, 2), (92, 1), (93, 1), (94, 1), (95, 1), (96, 1),
];

/// The sum of their people in millions: as many slots of numbers.
const SLOTS: u64 = {
    let (mut sum, mut i) = (0, 0);
    while i < PROVINCES.len() {
        sum += PROVINCES[i].1;
        i += 1;
    }
    sum
};

/// Of the million numbers of a province, year and sex, each slot has this many.
const SLOT_NUMBERS: u64 = 100_000;

const FIRST_YEAR: u64 = 1944;
const YEARS: u64 = 65;

/// How many distinct IDs there are.
pub(super) const ID_COUNT: u64 = SLOTS * SLOT_NUMBERS * YEARS * 2;

/// How many IDs are tried for one that fits somebody.
pub(super) const TRIES: u64 = 64;

/// The IDs of a population.
#[derive(Clone, Debug)]
pub(super) struct PersonalIds {
    shuffle: Permutation,
    people: u64,
}

impl PersonalIds {
    /// IDs for `people` people; what is beyond them serves those who register under another.
    pub(super) fn new(people: u64, seed: u64) -> Self {
        PersonalIds { shuffle: Permutation::new(ID_COUNT, seed), people }
    }

    /// A person's own ID.
    pub(super) fn own(&self, person: u64) -> String {
        spelled(self.shuffle.at(person))
    }

    /// The ID of the `alias`-th false registration, which is by `person`.
    pub(super) fn alias(&self, alias: u64, person: u64) -> String {
        let fits = |id: &String, years: u16| match (Demographics::of(id), Demographics::of(&self.own(person))) {
            (Some(a), Some(b)) => a.sex == b.sex && a.birth_year.abs_diff(b.birth_year) <= years,
            _ => false,
        };
        let first = self.people + alias * TRIES;
        let tries = || (first..first + TRIES).map(|n| spelled(self.shuffle.at(n)));
        tries()
            .find(|id| fits(id, 8))
            .or_else(|| tries().find(|id| fits(id, u16::MAX)))
            .unwrap_or_else(|| spelled(self.shuffle.at(first)))
    }
}

/// The ID number `n`, below [`ID_COUNT`], in digits.
fn spelled(n: u64) -> String {
    let (n, number) = (n / SLOT_NUMBERS, n % SLOT_NUMBERS);
    let (n, mut slot) = (n / SLOTS, n % SLOTS);
    let (sex, year) = (n % 2, FIRST_YEAR + n / 2);
    let mut province = 0;
    for (code, slots) in PROVINCES {
        province = code;
        if slot < slots {
            break;
        }
        slot -= slots;
    }
    // 387,421 has no factor with a million in common, so different numbers stay different.
    let random = (slot * SLOT_NUMBERS + number) * 387_421 % 1_000_000;
    format!("{province:03}{}{:02}{random:06}", (year - 1900) / 100 * 2 + sex, year % 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registration::Sex;
    use std::collections::HashSet;

    #[test]
    fn ids_are_distinct_and_plausible() {
        let ids = PersonalIds::new(50_000, 3);
        let all: HashSet<String> =
            (0..50_000).map(|n| ids.own(n)).chain((0..500).map(|alias| ids.alias(alias, alias * 7))).collect();
        assert_eq!(all.len(), 50_500);
        let mut hanoi = 0;
        for id in &all {
            let of = Demographics::of(id).unwrap();
            assert!(
                (1944..2009).contains(&of.birth_year) && PROVINCES.iter().any(|(p, _)| *p == u64::from(of.province))
            );
            hanoi += usize::from(of.province == 1);
        }
        let expected = 50_500 * 8 / SLOTS as usize;
        assert!(hanoi.abs_diff(expected) < expected / 10, "{hanoi}");
    }

    #[test]
    fn a_false_id_fits_the_person() {
        let ids = PersonalIds::new(1000, 4);
        let close = (0..1000)
            .filter(|&n| {
                let (own, alias) = (ids.own(n), ids.alias(n, n));
                let (own, alias) = (Demographics::of(&own).unwrap(), Demographics::of(&alias).unwrap());
                assert_eq!(own.sex, alias.sex);
                own.birth_year.abs_diff(alias.birth_year) <= 8
            })
            .count();
        assert!(close > 980, "{close}");
        assert_ne!(Sex::Male, Sex::Female);
    }

    #[test]
    fn the_last_id_is_as_good_as_the_first() {
        assert_eq!(spelled(0), "001044000000");
        assert_eq!(spelled(ID_COUNT - 1).len(), 12);
        assert_eq!(Demographics::of(&spelled(ID_COUNT - 1)).unwrap().birth_year, 2008);
    }
}
