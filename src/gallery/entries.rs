//! The columns of the registrations themselves, on their way to a segment.

use super::{
    GalleryError,
    layout::{self, ColumnKind::*},
    segment_writer::SegmentWriter,
    table::ColumnKey,
};
use crate::{registration::Demographics, template::FingerPosition};

/// The columns of the registrations themselves, of rows that are staged or merged.
#[derive(Default)]
pub(crate) struct Entries {
    registration_offsets: Vec<u32>,
    registration_text: Vec<u8>,
    hashes: Vec<u64>,
    personal_offsets: Vec<u32>,
    personal_text: Vec<u8>,
    subjects: Vec<u128>,
    captured_at: Vec<i64>,
    provinces: Vec<u16>,
    sexes: Vec<u8>,
    birth_years: Vec<u16>,
    missing_offsets: Vec<u32>,
    missing_text: Vec<u8>,
}

impl Entries {
    pub(crate) fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Adds a row.
    pub(crate) fn push(
        &mut self,
        (registration, hash): (&str, u64),
        (personal_id, subject): (&str, u128),
        captured_at: Option<i64>,
        demographics: Option<Demographics>,
    ) {
        self.registration_offsets.push(self.registration_text.len() as u32);
        self.registration_text.extend_from_slice(registration.as_bytes());
        self.hashes.push(hash);
        self.personal_offsets.push(self.personal_text.len() as u32);
        self.personal_text.extend_from_slice(personal_id.as_bytes());
        self.subjects.push(subject);
        self.captured_at.push(captured_at.unwrap_or(layout::TIME_UNKNOWN));
        self.provinces.push(demographics.map_or(layout::PROVINCE_UNKNOWN, |of| of.province));
        self.sexes.push(demographics.map_or(layout::SEX_UNKNOWN, |of| of.sex as u8));
        self.birth_years.push(demographics.map_or(layout::BIRTH_YEAR_UNKNOWN, |of| of.birth_year));
        self.missing_offsets.push(self.missing_text.len() as u32);
    }

    /// Adds a missing finger to the last row.
    pub(crate) fn push_missing(&mut self, position: FingerPosition, reason: &str) {
        // Neither who enrols nor a file that reads brings a longer one; if it came to it, no letter is cut in two.
        let reason = &reason[..reason.floor_char_boundary(layout::MAX_REASON)];
        self.missing_text.extend_from_slice(&[position.number(), reason.len() as u8]);
        self.missing_text.extend_from_slice(reason.as_bytes());
    }

    /// The name of a row's registration.
    pub(crate) fn registration(&self, row: u32) -> &[u8] {
        let from = self.registration_offsets[row as usize] as usize;
        let to =
            self.registration_offsets.get(row as usize + 1).map_or(self.registration_text.len(), |&to| to as usize);
        &self.registration_text[from..to]
    }

    /// Writes the columns.
    pub(crate) fn write(mut self, writer: &mut SegmentWriter) -> Result<(), GalleryError> {
        let texts = [&self.registration_text, &self.personal_text, &self.missing_text];
        if texts.iter().any(|text| u32::try_from(text.len()).is_err()) {
            // Offsets have wrapped; nothing has been published.
            return Err(GalleryError::Option { reason: "names and missing fingers of more than 4 GiB in one segment" });
        }
        self.registration_offsets.push(self.registration_text.len() as u32);
        self.personal_offsets.push(self.personal_text.len() as u32);
        self.missing_offsets.push(self.missing_text.len() as u32);
        let rows = self.hashes.len() as u32;
        let mut by_hash: Vec<(u64, u32)> = self.hashes.iter().copied().zip(0..rows).collect();
        by_hash.sort_unstable();
        let mut by_subject: Vec<(u128, u32)> = self.subjects.iter().copied().zip(0..rows).collect();
        by_subject.sort_unstable();
        let (hashes, hash_rows): (Vec<u64>, Vec<u32>) = by_hash.into_iter().unzip();
        let (sorted, subject_rows): (Vec<u128>, Vec<u32>) = by_subject.into_iter().unzip();
        writer.column(ColumnKey::entries(RegistrationOffsets), &self.registration_offsets)?;
        writer.column(ColumnKey::entries(RegistrationText), &self.registration_text)?;
        writer.column(ColumnKey::entries(RegistrationHashes), &hashes)?;
        writer.column(ColumnKey::entries(RegistrationOrder), &hash_rows)?;
        writer.column(ColumnKey::entries(PersonalOffsets), &self.personal_offsets)?;
        writer.column(ColumnKey::entries(PersonalText), &self.personal_text)?;
        writer.column(ColumnKey::entries(SubjectKeys), &self.subjects)?;
        writer.column(ColumnKey::entries(SubjectSorted), &sorted)?;
        writer.column(ColumnKey::entries(SubjectOrder), &subject_rows)?;
        writer.column(ColumnKey::entries(CapturedAt), &self.captured_at)?;
        writer.column(ColumnKey::entries(Province), &self.provinces)?;
        writer.column(ColumnKey::entries(SexCode), &self.sexes)?;
        writer.column(ColumnKey::entries(BirthYear), &self.birth_years)?;
        writer.column(ColumnKey::entries(MissingOffsets), &self.missing_offsets)?;
        writer.column(ColumnKey::entries(MissingText), &self.missing_text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_that_is_too_long_ends_between_two_letters() {
        for (reason, kept) in [("ả".repeat(22), 63), ("a".repeat(65), 64), ("a".repeat(64), 64), ("bó bột".into(), 9)]
        {
            let mut entries = Entries::default();
            entries.push_missing(FingerPosition::default(), &reason);
            assert_eq!(usize::from(entries.missing_text[1]), kept);
            assert_eq!(std::str::from_utf8(&entries.missing_text[2..]).unwrap(), &reason[..kept]);
        }
    }
}
