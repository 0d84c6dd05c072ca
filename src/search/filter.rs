//! Which references a search may look at, by what their personal IDs say.

use crate::registration::{Demographics, Sex};
use std::ops::RangeInclusive;

/// Keeps the subjects for whom every stated condition holds. The default keeps everybody.
///
/// A subject whose ID says nothing (an opaque one) passes only a filter without conditions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Years of birth, both ends included.
    pub born: Option<RangeInclusive<u16>>,
    /// The sex.
    pub sex: Option<Sex>,
    /// Province codes, any of which will do; empty for all.
    pub provinces: Vec<u16>,
}

impl Filter {
    /// Whether everybody passes.
    pub fn is_empty(&self) -> bool {
        self.born.is_none() && self.sex.is_none() && self.provinces.is_empty()
    }

    /// Whether a subject of whom this is known passes.
    pub fn keeps(&self, of: Option<Demographics>) -> bool {
        let Some(of) = of else { return self.is_empty() };
        self.born.as_ref().is_none_or(|years| years.contains(&of.birth_year))
            && self.sex.is_none_or(|sex| sex == of.sex)
            && (self.provinces.is_empty() || self.provinces.contains(&of.province))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_condition_has_to_hold() {
        let of = Some(Demographics { province: 1, sex: Sex::Female, birth_year: 1998 });
        let filter = Filter { born: Some(1990..=2004), sex: Some(Sex::Female), provinces: vec![79, 1] };
        assert!(filter.keeps(of));
        assert!(!Filter { born: Some(1999..=2004), ..filter.clone() }.keeps(of));
        assert!(!Filter { sex: Some(Sex::Male), ..filter.clone() }.keeps(of));
        assert!(!Filter { provinces: vec![79], ..filter }.keeps(of));
    }

    #[test]
    fn an_id_that_says_nothing_passes_only_without_conditions() {
        assert!(Filter::default().keeps(None));
        assert!(!Filter { sex: Some(Sex::Male), ..Filter::default() }.keeps(None));
    }
}
