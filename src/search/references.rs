//! A snapshot as the matchers see it: its columns, borrowed and checked once.

use super::{
    SearchError,
    derivation::{FACE_COARSE, FACE_SCREEN, FINGER_PREPARED, FINGER_SCREEN, VERSION},
    filter::Filter,
    fingers::ReferenceFinger,
};
use crate::{
    face::{self, FaceColumn, FaceScreen, RowCheck},
    fingerprint::{Prepared, screen::ScreenCode},
    gallery::{DemographicColumns, Derived, Faces, Fingers, Modality, Place, Segment, Snapshot},
    registration::{Demographics, Sex},
    template::FingerPosition,
};
use rayon::prelude::*;
use std::{cmp::Ordering, ops::Range};

/// The references of one snapshot.
pub(super) struct References<'a> {
    pub snapshot: &'a Snapshot,
    pub segments: Vec<SegmentReferences<'a>>,
}

/// The references of one segment.
pub(super) struct SegmentReferences<'a> {
    pub segment: &'a Segment,
    pub subjects: &'a [u128],
    /// The embeddings, with the rows that they belong to.
    pub face: Option<FaceReferences<'a>>,
    fingers: Vec<FingerReferences<'a>>,
}

/// The embeddings of a segment and their screen.
pub(super) struct FaceReferences<'a> {
    pub faces: Faces<'a>,
    rows: &'a [f32],
    screen: Screen<'a>,
    coarse: Option<Derived<'a>>,
}

/// Bytes of embeddings that are checked before a search rather than behind it.
const FEW_BYTES: usize = 16 << 20;

enum Screen<'a> {
    Mapped(&'a [u8]),
    /// The segment was written without, or by a version whose bytes are not these.
    Owned(FaceScreen),
}

impl<'a> FaceReferences<'a> {
    fn new(segment: &'a Segment, faces: Faces<'a>) -> Result<Self, SearchError> {
        // Rows are checked as they are compared, see `RowCheck`: a search needs few of them.
        let rows = faces.embeddings_unchecked()?;
        if size_of_val(rows) <= FEW_BYTES && !faces.are_warm() {
            // Damage is for whoever comes upon it.
            let _ = faces.embeddings();
        }
        let stored = segment.derived(Modality::Face, FACE_SCREEN)?.filter(|screen| screen.version() == VERSION);
        let screen = match stored {
            Some(screen) => Screen::Mapped(screen.bytes()?),
            None => Screen::Owned(face::encode(faces.dimension(), faces.embeddings()?)?),
        };
        let coarse = segment.derived(Modality::Face, FACE_COARSE)?.filter(|screen| screen.version() == VERSION);
        Ok(FaceReferences { faces, rows, screen, coarse })
    }

    /// The column as the face search takes it.
    ///
    /// What the coarse screen saves in reading, it spends on comparing a hundredth of the embeddings in full: it pays as soon as they
    /// are warm, and not while each of them brings a block from disk.
    pub fn column(&self) -> Result<FaceColumn<'_>, SearchError> {
        let screen = match &self.screen {
            Screen::Mapped(bytes) => bytes,
            Screen::Owned(screen) => screen.as_bytes(),
        };
        let column = FaceColumn::new(self.faces.dimension(), self.rows, screen)?.checked_by(self);
        Ok(match self.coarse {
            Some(coarse) if self.faces.are_warm() => column.with_coarse(coarse.bytes()?)?,
            _ => column,
        })
    }

    /// The face rows whose segment rows are kept, as a bitmap over face rows; `None` if that is all.
    pub fn kept(&self, rows: Option<&[u64]>) -> Option<Vec<u64>> {
        let rows = rows?;
        let mut words = vec![0u64; self.faces.len().div_ceil(64)];
        for (i, &row) in self.faces.rows().iter().enumerate() {
            words[i / 64] |= u64::from(is_kept(Some(rows), row as usize)) << (i % 64);
        }
        Some(words)
    }
}

impl RowCheck for FaceReferences<'_> {
    fn is_sound(&self, row: u32) -> bool {
        self.faces.embedding(row as usize).is_ok()
    }
}

/// The fingers of a segment at one position.
pub(super) struct FingerReferences<'a> {
    fingers: Fingers<'a>,
    /// `None` where the segment was written without, or by a version whose bytes are not these.
    prepared: Option<Derived<'a>>,
    codes: Option<Derived<'a>>,
}

impl<'a> FingerReferences<'a> {
    pub fn position(&self) -> FingerPosition {
        self.fingers.position()
    }

    /// The segment's row of each finger, ascending.
    pub fn rows(&self) -> &'a [u32] {
        self.fingers.rows()
    }

    /// The fingers of one row, by a guess by proportion: faster than halving the whole column.
    pub fn of_row(&self, row: usize) -> Range<usize> {
        let rows = self.rows();
        let Some(&last) = rows.last() else { return 0..0 };
        let guess = (row * rows.len() / (last as usize + 1)).min(rows.len());
        let (mut low, mut high, mut step) = (guess, guess, 1);
        while low > 0 && rows[low - 1] as usize >= row {
            low = low.saturating_sub(step);
            step *= 2;
        }
        while high < rows.len() && (rows[high] as usize) < row {
            high = rows.len().min(high + step);
            step *= 2;
        }
        let from = low + rows[low..high].partition_point(|&other| (other as usize) < row);
        from..from + rows[from..].iter().take_while(|&&other| other as usize == row).count()
    }

    /// The fingers of these rows of the segment.
    pub fn entries(&self, rows: Range<usize>) -> Range<usize> {
        let before = |limit: usize| self.rows().partition_point(|&row| (row as usize) < limit);
        before(rows.start)..before(rows.end)
    }

    /// The screen codes of some fingers, if the segment has them.
    pub fn codes(&self, entries: Range<usize>) -> Result<Option<&'a [u8]>, SearchError> {
        let bytes = entries.start * ScreenCode::STRIDE..entries.end * ScreenCode::STRIDE;
        Ok(self.codes.as_ref().map(|codes| codes.range(bytes)).transpose()?)
    }
}

impl<'a> References<'a> {
    pub fn new(snapshot: &'a Snapshot) -> Result<Self, SearchError> {
        // Side by side: the first search of a mapping reads and checks the screens, as fast as the disk gives them.
        let segments = snapshot.segments().par_iter().map(|segment| SegmentReferences::new(segment));
        let segments = segments.collect::<Result<_, _>>()?;
        Ok(References { snapshot, segments })
    }

    /// The segment of a place, and the row in it.
    pub fn at(&self, place: Place) -> (&SegmentReferences<'a>, usize) {
        (&self.segments[place.segment], place.row as usize)
    }

    /// Bytes of the columns that screens read: one for each component of a portrait, and a code for each finger.
    pub fn screened_bytes(&self) -> usize {
        let faces = |of: &SegmentReferences<'_>| of.face.as_ref().map_or(0, |f| f.faces.len() * f.faces.dimension());
        let fingers =
            |of: &SegmentReferences<'_>| of.fingers.iter().map(|f| f.rows().len() * ScreenCode::STRIDE).sum::<usize>();
        self.segments.iter().map(|of| faces(of) + fingers(of)).sum()
    }

    /// How many fingers the rows that live have at each position.
    pub fn fingers_by_position(&self) -> [u64; FingerPosition::COUNT] {
        let mut fingers = [0; FingerPosition::COUNT];
        for of in &self.segments {
            let removed = of.removed();
            for column in &of.fingers {
                let gone: usize = removed.iter().map(|&row| column.of_row(row).len()).sum();
                fingers[usize::from(column.position().number())] += (column.rows().len() - gone) as u64;
            }
        }
        fingers
    }

    /// Personal ID, then registration: the order in which equal scores stand. Unreadable names come first; whoever prints
    /// them gets the error.
    pub fn order(&self, a: Place, b: Place) -> Ordering {
        let names = |place| {
            let (of, row) = self.at(place);
            (of.segment.personal_id(row).unwrap_or(""), of.segment.registration_name(row).unwrap_or(""))
        };
        names(a).cmp(&names(b)).then(a.cmp(&b))
    }
}

impl<'a> SegmentReferences<'a> {
    fn new(segment: &'a Segment) -> Result<Self, SearchError> {
        let face = segment.faces()?.map(|faces| FaceReferences::new(segment, faces)).transpose()?;
        let mut fingers = Vec::new();
        for position in FingerPosition::all() {
            if let Some(column) = segment.fingers(position)? {
                let prepared = segment.derived(Modality::Finger(position), FINGER_PREPARED)?;
                let prepared = prepared.filter(|prepared| prepared.version() == VERSION);
                let codes = segment.derived(Modality::Finger(position), FINGER_SCREEN)?;
                let codes = codes.filter(|codes| codes.version() == VERSION);
                fingers.push(FingerReferences { fingers: column, prepared, codes });
            }
        }
        Ok(SegmentReferences { segment, subjects: segment.subject_keys()?, face, fingers })
    }

    /// The fingers of a row at the positions that are `wanted`.
    pub fn fingers_of(
        &self,
        row: usize,
        wanted: impl Fn(FingerPosition) -> bool,
        into: &mut Vec<ReferenceFinger<'a>>,
    ) -> Result<(), SearchError> {
        into.clear();
        for column in &self.fingers {
            let position = column.fingers.position();
            if !wanted(position) {
                continue;
            }
            for i in column.fingers.of_row(row) {
                into.push(match &column.prepared {
                    Some(prepared) => ReferenceFinger::Mapped(position, prepared.item(i)?),
                    None => ReferenceFinger::Owned(position, Box::new(Prepared::new(&column.fingers.template(i)?))),
                });
            }
        }
        Ok(())
    }

    /// The columns of fingers, one for each position that any row has.
    pub fn finger_columns(&self) -> &[FingerReferences<'a>] {
        &self.fingers
    }

    /// Whether a row has any finger.
    pub fn has_fingers(&self, row: usize) -> bool {
        self.fingers.iter().any(|column| !column.of_row(row).is_empty())
    }

    /// The rows of removed registrations.
    fn removed(&self) -> Vec<usize> {
        let Some(live) = self.segment.live() else { return Vec::new() };
        (0..self.segment.len()).filter(|&row| !is_kept(Some(live), row)).collect()
    }

    /// The embedding of a row.
    pub fn embedding_of(&self, row: usize) -> Result<Option<&'a [f32]>, SearchError> {
        let Some(FaceReferences { faces, .. }) = &self.face else { return Ok(None) };
        Ok(faces.of_row(row).map(|i| faces.embedding(i)).transpose()?)
    }

    /// A bit for each row that lives and passes; `None` if that is all of them.
    pub fn rows_kept(&self, filter: &Filter) -> Result<Option<Vec<u64>>, SearchError> {
        let live = self.segment.live();
        if filter.is_empty() {
            return Ok(live.map(<[u64]>::to_vec));
        }
        let of = self.segment.demographics()?;
        let mut words = vec![0u64; self.segment.len().div_ceil(64)];
        for row in 0..self.segment.len() {
            words[row / 64] |= u64::from(filter.keeps(demographics(&of, row))) << (row % 64);
        }
        if let Some(live) = live {
            words.iter_mut().zip(live).for_each(|(word, live)| *word &= live);
        }
        Ok(Some(words))
    }
}

/// Whether a row's bit is set; without a bitmap every row is kept.
pub(super) fn is_kept(words: Option<&[u64]>, row: usize) -> bool {
    words.is_none_or(|words| words[row / 64] >> (row % 64) & 1 == 1)
}

fn demographics(columns: &DemographicColumns<'_>, row: usize) -> Option<Demographics> {
    let sex = match columns.sexes[row] {
        0 => Sex::Male,
        1 => Sex::Female,
        _ => return None,
    };
    Some(Demographics { province: columns.provinces[row], sex, birth_year: columns.birth_years[row] })
}
