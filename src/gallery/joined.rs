//! Derived columns on their way to a segment, given in one part or several.

use super::{
    DerivedColumn, DerivedLayout, GalleryError,
    layout::ColumnKind::{DerivedBytes, DerivedOffsets},
    segment_writer::{ColumnForm, SegmentWriter},
    table::{ColumnKey, Modality},
};

/// The derived columns of one modality, each in the parts it came in: they are written one behind the other.
#[derive(Default)]
pub(crate) struct Joined {
    items: usize,
    columns: Vec<Column>,
    apart: bool,
}

struct Column {
    kind: u16,
    /// Of all parts together.
    layout: DerivedLayout,
    /// As they came, so that each wipes its bytes, whether it joins or not.
    parts: Vec<DerivedColumn>,
}

impl Joined {
    /// The columns of `items` items, given at once.
    pub(crate) fn of(items: usize, columns: Vec<DerivedColumn>) -> Result<Self, GalleryError> {
        let mut joined = Joined::default();
        joined.add(items, columns)?;
        Ok(joined)
    }

    /// Adds the columns of the next `items` items.
    ///
    /// # Errors
    /// If a column has not one item for each of them.
    pub(crate) fn add(&mut self, items: usize, mut columns: Vec<DerivedColumn>) -> Result<(), GalleryError> {
        if !columns.iter().all(|column| fits(column, items)) {
            return Err(GalleryError::Option { reason: "a derived column has not one item for each row" });
        }
        columns.sort_by_key(|column| column.kind);
        if self.items == 0 {
            self.columns = columns.into_iter().map(Column::of).collect();
        } else if !self.apart {
            self.apart = self.columns.len() != columns.len()
                || self.columns.iter_mut().zip(columns).any(|(column, next)| !column.append(next));
        }
        if self.apart {
            self.columns.clear();
        }
        self.items += items;
        Ok(())
    }

    /// Whether the parts cannot be joined: they have to be derived at once.
    pub(crate) fn is_apart(&self) -> bool {
        self.apart
    }

    /// Writes the columns.
    pub(crate) fn write(
        &self,
        writer: &mut SegmentWriter,
        modality: Modality,
        version: u32,
    ) -> Result<(), GalleryError> {
        for Column { kind, layout, parts } in &self.columns {
            let (derived_layout, stride) = match layout {
                DerivedLayout::Fixed { stride } => (1, *stride),
                DerivedLayout::Variable { .. } => (2, 1),
                DerivedLayout::Raw => (3, 1),
            };
            let form = ColumnForm { stride, derived_layout, derived_version: version };
            writer.begin(ColumnKey::derived(modality, *kind, DerivedBytes), form)?;
            parts.iter().try_for_each(|part| writer.write(&part.bytes))?;
            writer.end()?;
            if let DerivedLayout::Variable { offsets } = layout {
                writer.begin(ColumnKey::derived(modality, *kind, DerivedOffsets), ColumnForm { stride: 8, ..form })?;
                writer.write(bytemuck::cast_slice(offsets))?;
                writer.end()?;
            }
        }
        Ok(())
    }
}

impl Column {
    fn of(mut first: DerivedColumn) -> Self {
        let layout = std::mem::replace(&mut first.layout, DerivedLayout::Raw);
        Column { kind: first.kind, layout, parts: vec![first] }
    }

    /// Appends the same column of the next items, or says that it cannot be.
    fn append(&mut self, mut next: DerivedColumn) -> bool {
        if self.kind != next.kind {
            return false;
        }
        match (&mut self.layout, &next.layout) {
            (DerivedLayout::Fixed { stride }, DerivedLayout::Fixed { stride: other }) if stride == other => {}
            (DerivedLayout::Variable { offsets }, DerivedLayout::Variable { offsets: others }) => {
                let end = offsets.last().copied().unwrap_or(0);
                offsets.extend(others.iter().skip(1).map(|offset| end + offset));
            }
            _ => return false,
        }
        next.layout = DerivedLayout::Raw;
        self.parts.push(next);
        true
    }
}

/// Whether a column has `items` items.
fn fits(column: &DerivedColumn, items: usize) -> bool {
    let length = column.bytes.len();
    match &column.layout {
        DerivedLayout::Fixed { stride } => *stride > 0 && length == items * *stride as usize,
        DerivedLayout::Variable { offsets } => {
            let ascend = offsets.first() == Some(&0) && offsets.windows(2).all(|pair| pair[0] <= pair[1]);
            ascend && offsets.len() == items + 1 && offsets.last() == Some(&(length as u64))
        }
        DerivedLayout::Raw => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(kind: u16, layout: DerivedLayout, bytes: &[u8]) -> DerivedColumn {
        DerivedColumn { kind, layout, bytes: bytes.to_vec() }
    }

    fn variable(offsets: &[u64], bytes: &[u8]) -> DerivedColumn {
        column(1, DerivedLayout::Variable { offsets: offsets.to_vec() }, bytes)
    }

    fn fixed(kind: u16, stride: u32, bytes: &[u8]) -> DerivedColumn {
        column(kind, DerivedLayout::Fixed { stride }, bytes)
    }

    fn bytes(column: &Column) -> Vec<u8> {
        column.parts.iter().flat_map(|part| part.bytes.clone()).collect()
    }

    #[test]
    fn parts_are_joined_as_if_they_had_come_at_once() {
        let mut joined = Joined::of(2, vec![fixed(2, 1, &[8, 9]), variable(&[0, 3, 4], &[1, 2, 3, 4])]).unwrap();
        joined.add(1, vec![variable(&[0, 2], &[5, 6]), fixed(2, 1, &[7])]).unwrap();
        assert!(!joined.is_apart());
        assert_eq!(joined.columns[0].layout, DerivedLayout::Variable { offsets: vec![0, 3, 4, 6] });
        assert_eq!(bytes(&joined.columns[0]), [1, 2, 3, 4, 5, 6]);
        assert_eq!(bytes(&joined.columns[1]), [8, 9, 7]);
    }

    #[test]
    fn parts_that_differ_stay_apart() {
        let raw = || vec![column(1, DerivedLayout::Raw, &[1])];
        for (first, second) in [
            (raw(), raw()),
            (vec![fixed(1, 1, &[1])], vec![fixed(1, 2, &[1, 2])]),
            (vec![fixed(1, 1, &[1])], vec![fixed(2, 1, &[1])]),
            (vec![fixed(1, 1, &[1])], vec![variable(&[0, 1], &[1])]),
            (vec![fixed(1, 1, &[1])], Vec::new()),
        ] {
            let mut joined = Joined::of(1, first.clone()).unwrap();
            joined.add(1, second).unwrap();
            assert!(joined.is_apart() && joined.columns.is_empty());
            joined.add(1, first).unwrap();
            assert!(joined.is_apart() && joined.columns.is_empty());
        }
    }

    #[test]
    fn a_part_has_an_item_for_each_row() {
        for wrong in [fixed(1, 2, &[1, 2, 3]), fixed(1, 0, &[]), variable(&[0, 2], &[1]), variable(&[1, 1], &[1])] {
            assert!(Joined::of(1, vec![wrong]).is_err());
        }
    }
}
