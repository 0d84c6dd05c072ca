//! The personal ID: who a registration is said to be.

use super::FeedError;
use std::fmt;

/// How personal IDs of a gallery are formed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdScheme {
    /// Vietnam's twelve digits: 3 province, 1 century and sex, 2 birth year, 6 random; no check digit.
    #[default]
    Vietnam,
    /// Any 1 to 64 bytes of UTF-8 without control characters, which say nothing about the person.
    Opaque,
}

/// Sex as the personal ID states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Sex {
    /// Male.
    Male = 0,
    /// Female.
    Female = 1,
}

/// What a twelve-digit personal ID says of its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demographics {
    /// The province code, 0 to 999, as printed in three digits.
    pub province: u16,
    /// The sex.
    pub sex: Sex,
    /// The year of birth, 1900 to 2399.
    pub birth_year: u16,
}

/// A personal ID that follows its scheme: 1 to 64 bytes without control characters, at which other programs would cut it or break a line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonalId(Box<str>);

impl PersonalId {
    /// The longest ID in bytes.
    pub const MAX_BYTES: usize = 64;

    /// The ID that `text` spells under `scheme`.
    ///
    /// # Errors
    /// [`FeedError::PersonalId`] if it does not follow the scheme.
    pub fn new(text: &str, scheme: IdScheme) -> Result<Self, FeedError> {
        if scheme == IdScheme::Opaque && text.contains(char::is_control) {
            return Err(FeedError::PersonalId { reason: "expected no control characters" });
        }
        Self::stored(text, scheme)
    }

    /// The ID that a gallery holds, which may be of a time when control characters were allowed.
    pub(crate) fn stored(text: &str, scheme: IdScheme) -> Result<Self, FeedError> {
        let refuse = |reason| Err(FeedError::PersonalId { reason });
        match scheme {
            IdScheme::Vietnam if text.len() != 12 => refuse("expected 12 digits"),
            IdScheme::Vietnam if !text.bytes().all(|b| b.is_ascii_digit()) => refuse("expected digits only"),
            IdScheme::Opaque if text.is_empty() || text.len() > Self::MAX_BYTES => refuse("expected 1 to 64 bytes"),
            _ => Ok(PersonalId(text.into())),
        }
    }

    /// The ID as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Demographics {
    /// What a twelve-digit ID says, or `None` if `id` is not of that form.
    ///
    /// ```
    /// # use vantay::registration::{Demographics, Sex};
    /// let of = Demographics::of("001304000257").unwrap();
    /// assert_eq!((of.province, of.sex, of.birth_year), (1, Sex::Female, 2004));
    /// ```
    pub fn of(id: &str) -> Option<Demographics> {
        let digits = id.as_bytes();
        if digits.len() != 12 || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let number = |range: std::ops::Range<usize>| digits[range].iter().fold(0, |n, d| n * 10 + u16::from(d - b'0'));
        let century_and_sex = number(3..4);
        Some(Demographics {
            province: number(0..3),
            sex: if century_and_sex % 2 == 0 { Sex::Male } else { Sex::Female },
            birth_year: 1900 + 100 * (century_and_sex / 2) + number(4..6),
        })
    }
}

impl fmt::Display for PersonalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_no_part_of_an_id() {
        for text in ["ann\0evil", "ann\nERROR", "\u{85}"] {
            assert!(PersonalId::new(text, IdScheme::Opaque).is_err());
            assert!(crate::registration::RegistrationId::new(text).is_err());
        }
        assert!(PersonalId::new("Nguyễn-1", IdScheme::Opaque).is_ok());
    }

    #[test]
    fn century_and_sex_share_a_digit() {
        for (digit, (sex, century)) in [(Sex::Male, 1900), (Sex::Female, 1900), (Sex::Male, 2000), (Sex::Female, 2000)]
            .into_iter()
            .chain([(Sex::Male, 2100), (Sex::Female, 2100), (Sex::Male, 2200), (Sex::Female, 2200)])
            .chain([(Sex::Male, 2300), (Sex::Female, 2300)])
            .enumerate()
        {
            let of = Demographics::of(&format!("079{digit}85123456")).unwrap();
            assert_eq!((of.province, of.sex, of.birth_year), (79, sex, century + 85));
        }
    }

    #[test]
    fn the_scheme_decides_what_an_id_may_be() {
        for refused in ["", "00120400025", "0012040002570", "00120400025x", "00120400025٣"] {
            assert!(PersonalId::new(refused, IdScheme::Vietnam).is_err(), "{refused}");
        }
        assert!(PersonalId::new("001204000257", IdScheme::Vietnam).is_ok());
        assert!(PersonalId::new("AB-12", IdScheme::Opaque).is_ok());
        assert!(PersonalId::new(&"x".repeat(65), IdScheme::Opaque).is_err());
    }
}
