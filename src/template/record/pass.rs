//! One pass over a record's bytes, reading or writing.
//!
//! A layout (see [`layouts`](super::layouts)) is written once as a walk over fields, generic over [`Pass`]. The [`Reader`]
//! fills the fields from bytes, the [`Writer`] appends them; so a field cannot be read from one place and written to another.
//! Both know the format and the offset, which is all that an error needs, and both hold values to the same ranges.

use super::super::{RecordProblem, TemplateError};
use super::{Format, RecordWarning};

const RECORD_LENGTH: &str = "record length";

/// A length field that is checked, or filled in, once its end is known.
#[must_use]
pub(super) struct Length {
    field: &'static str,
    at: usize,
    bytes: usize,
    /// What it says when reading; by how much it is to fall short when writing.
    pub declared: usize,
}

/// What a layout does with each of its fields.
pub(super) trait Pass: Sized {
    /// Whether fields are filled (else appended).
    const READING: bool;

    fn format(&self) -> Format;

    /// Where the next field is.
    fn offset(&self) -> usize;

    /// How many bytes are left to read; 0 when writing.
    fn left(&self) -> usize;

    /// A big-endian integer of one to four bytes.
    fn integer(&mut self, field: &'static str, bytes: usize, value: &mut u32) -> Result<(), TemplateError>;

    /// `length` bytes as they are.
    fn data(&mut self, field: &'static str, length: usize, value: &mut Vec<u8>) -> Result<(), TemplateError>;

    /// A length field of `bytes`, to be closed by [`close`](Pass::close) or [`close_record`](Pass::close_record).
    fn length(&mut self, field: &'static str, bytes: usize) -> Result<Length, TemplateError> {
        let (at, mut declared) = (self.offset(), 0);
        self.integer(field, bytes, &mut declared)?;
        Ok(Length { field, at, bytes, declared: declared as usize })
    }

    /// The length field of the whole record, which cannot be more than there is.
    fn record_length(&mut self, bytes: usize) -> Result<Length, TemplateError>;

    /// Ends the part from `start` that `length` counts, which must be exact.
    fn close(&mut self, length: Length, start: usize) -> Result<(), TemplateError>;

    /// Ends the record that `length` counts, with the tolerance that real records need.
    fn close_record(&mut self, length: Length, shortfall: &mut u8) -> Result<(), TemplateError>;

    /// The error that `field` at `offset` is wrong.
    fn fault(&self, field: &'static str, offset: usize, problem: RecordProblem) -> TemplateError {
        TemplateError::Record { format: self.format(), field, offset, problem }
    }

    fn u8(&mut self, field: &'static str, value: &mut u8) -> Result<(), TemplateError> {
        let mut wide = u32::from(*value);
        self.integer(field, 1, &mut wide)?;
        *value = wide as u8;
        Ok(())
    }

    fn u16(&mut self, field: &'static str, value: &mut u16) -> Result<(), TemplateError> {
        let mut wide = u32::from(*value);
        self.integer(field, 2, &mut wide)?;
        *value = wide as u16;
        Ok(())
    }

    /// A byte of which only some values mean anything.
    fn u8_of(
        &mut self,
        field: &'static str,
        value: &mut u8,
        allowed: impl FnOnce(u8) -> bool,
    ) -> Result<(), TemplateError> {
        let offset = self.offset();
        self.u8(field, value)?;
        self.hold(field, offset, u32::from(*value), allowed(*value))
    }

    /// A reserved-value error unless `allowed`.
    fn hold(&self, field: &'static str, offset: usize, found: u32, allowed: bool) -> Result<(), TemplateError> {
        if allowed { Ok(()) } else { Err(self.fault(field, offset, RecordProblem::Reserved { found })) }
    }

    /// Bit fields that share `bytes`, highest first: (value, bits).
    fn packed<const N: usize>(
        &mut self,
        field: &'static str,
        bytes: usize,
        parts: [(&mut u16, u32); N],
    ) -> Result<(), TemplateError> {
        let mut word = 0;
        if !Self::READING {
            for (value, bits) in &parts {
                if u32::from(**value) >> bits != 0 {
                    return Err(TemplateError::Unrepresentable {
                        format: self.format(),
                        field,
                        reason: "value too large",
                    });
                }
                word = word << bits | u32::from(**value);
            }
        }
        self.integer(field, bytes, &mut word)?;
        if Self::READING {
            for (value, bits) in parts.into_iter().rev() {
                *value = (word & ((1 << bits) - 1)) as u16;
                word >>= bits;
            }
        }
        Ok(())
    }

    /// How many items follow: those of the list when writing, what stands there when reading.
    fn count(&mut self, field: &'static str, bytes: usize, length: usize) -> Result<usize, TemplateError> {
        let mut count = u32::try_from(length).unwrap_or(u32::MAX);
        self.integer(field, bytes, &mut count)?;
        Ok(count as usize)
    }

    /// `count` items, each by `item`. Grows with the bytes that are there, not with what a damaged count asks for.
    fn list<T: Default>(
        &mut self,
        count: usize,
        items: &mut Vec<T>,
        mut item: impl FnMut(&mut Self, &mut T) -> Result<(), TemplateError>,
    ) -> Result<(), TemplateError> {
        if Self::READING {
            items.clear();
            for _ in 0..count {
                let mut value = T::default();
                item(self, &mut value)?;
                items.push(value);
            }
            Ok(())
        } else {
            items.iter_mut().try_for_each(|value| item(self, value))
        }
    }

    /// Fixed bytes.
    fn constant(&mut self, field: &'static str, expected: &'static [u8]) -> Result<(), TemplateError> {
        let (offset, mut found) = (self.offset(), expected.to_vec());
        self.data(field, expected.len(), &mut found)?;
        if found == expected { Ok(()) } else { Err(self.fault(field, offset, RecordProblem::Magic)) }
    }
}

/// Reads fields from bytes.
pub(super) struct Reader<'a> {
    format: Format,
    bytes: &'a [u8],
    offset: usize,
    pub warnings: Vec<RecordWarning>,
}

impl<'a> Reader<'a> {
    /// By how much a record may overrun the length it declares: the published examples miss by one and by two bytes, both
    /// in their last extension block. More than a block's header is no slip.
    const LENGTH_SLIP: usize = super::Extension::HEADER;

    pub fn new(format: Format, bytes: &'a [u8]) -> Self {
        Reader { format, bytes, offset: 0, warnings: Vec::new() }
    }

    fn take(&mut self, field: &'static str, length: usize) -> Result<&'a [u8], TemplateError> {
        let left = self.left();
        match self.bytes[self.offset..].split_at_checked(length) {
            Some((taken, _)) => {
                self.offset += length;
                Ok(taken)
            }
            None => Err(self.fault(field, self.offset, RecordProblem::Cut { needed: length, left })),
        }
    }
}

impl Pass for Reader<'_> {
    const READING: bool = true;

    fn format(&self) -> Format {
        self.format
    }

    fn offset(&self) -> usize {
        self.offset
    }

    fn left(&self) -> usize {
        self.bytes.len() - self.offset
    }

    fn integer(&mut self, field: &'static str, bytes: usize, value: &mut u32) -> Result<(), TemplateError> {
        *value = self.take(field, bytes)?.iter().fold(0, |value, &byte| value << 8 | u32::from(byte));
        Ok(())
    }

    fn data(&mut self, field: &'static str, length: usize, value: &mut Vec<u8>) -> Result<(), TemplateError> {
        *value = self.take(field, length)?.to_vec();
        Ok(())
    }

    fn record_length(&mut self, bytes: usize) -> Result<Length, TemplateError> {
        let length = self.length(RECORD_LENGTH, bytes)?;
        let (declared, found) = (length.declared, self.bytes.len());
        if declared > found {
            return Err(self.fault(RECORD_LENGTH, length.at, RecordProblem::Length { declared, found }));
        }
        Ok(length)
    }

    fn close(&mut self, length: Length, start: usize) -> Result<(), TemplateError> {
        let (declared, found) = (length.declared, self.offset - start);
        if declared == found {
            Ok(())
        } else {
            Err(self.fault(length.field, length.at, RecordProblem::Length { declared, found }))
        }
    }

    fn close_record(&mut self, length: Length, shortfall: &mut u8) -> Result<(), TemplateError> {
        let (declared, found) = (length.declared, self.offset);
        if declared < found && found - declared <= Self::LENGTH_SLIP && found == self.bytes.len() {
            self.warnings.push(RecordWarning::Length { declared, found });
            *shortfall = (found - declared) as u8;
            return Ok(());
        }
        let trailing = self.bytes.len() - found;
        self.close(length, 0)?;
        if trailing > 0 {
            self.warnings.push(RecordWarning::TrailingBytes { count: trailing });
        }
        Ok(())
    }
}

/// Appends fields to bytes.
pub(super) struct Writer {
    format: Format,
    pub bytes: Vec<u8>,
}

impl Writer {
    pub fn new(format: Format) -> Self {
        Writer { format, bytes: Vec::new() }
    }
}

impl Pass for Writer {
    const READING: bool = false;

    fn format(&self) -> Format {
        self.format
    }

    fn offset(&self) -> usize {
        self.bytes.len()
    }

    fn left(&self) -> usize {
        0
    }

    fn integer(&mut self, field: &'static str, bytes: usize, value: &mut u32) -> Result<(), TemplateError> {
        if u64::from(*value) >> (8 * bytes) != 0 {
            return Err(TemplateError::Unrepresentable { format: self.format, field, reason: "value too large" });
        }
        self.bytes.extend(&value.to_be_bytes()[4 - bytes..]);
        Ok(())
    }

    fn data(&mut self, _: &'static str, _: usize, value: &mut Vec<u8>) -> Result<(), TemplateError> {
        self.bytes.extend(&*value);
        Ok(())
    }

    fn record_length(&mut self, bytes: usize) -> Result<Length, TemplateError> {
        self.length(RECORD_LENGTH, bytes)
    }

    fn close(&mut self, length: Length, start: usize) -> Result<(), TemplateError> {
        let Length { field, at, bytes, declared: shortfall } = length;
        let total = (self.bytes.len() - start).saturating_sub(shortfall) as u64;
        if total >> (8 * bytes) != 0 {
            return Err(TemplateError::Unrepresentable { format: self.format, field, reason: "record too long" });
        }
        self.bytes[at..at + bytes].copy_from_slice(&total.to_be_bytes()[8 - bytes..]);
        Ok(())
    }

    fn close_record(&mut self, length: Length, shortfall: &mut u8) -> Result<(), TemplateError> {
        self.close(Length { declared: usize::from(*shortfall), ..length }, 0)
    }
}
