//! A template made ready for comparison: minutiae in one order and frame, with their descriptors.
//!
//! # Layout
//! Little-endian, read in place from mapped memory at any address that is a multiple of eight:
//!
//! | bytes | what |
//! |---|---|
//! | 0..4 | `VFP1` |
//! | 4..6 | number of minutiae, `n` |
//! | 6..8 | bytes of one descriptor |
//! | 8..12 | length of all, a multiple of eight |
//! | 12..16 | zero |
//! | 16..48 | the outline: how far the print reaches in each of 16 directions, pixels |
//! | 48..64 | zero |
//! | then | `n` × 8: x, y (pixels from the centre of the minutiae), angle, kind, weight, depth below the outline |
//! | then | `n` descriptors; zeros up to the length |
//!
//! Minutiae stand sorted by place and are measured from their centre, so the bytes do not depend on where the print lay on the sensor
//! nor on the order of the record.

use super::{
    FingerprintError,
    descriptors::{self, Projection},
    outline, parameters as p,
};
use crate::template::{Minutia, MinutiaKind, MinutiaeTemplate};
use bytemuck::{Pod, Zeroable};
use zeroize::{DefaultIsZeroes, Zeroizing};

pub(super) const DIMENSION: usize = 64;
const HEADER: usize = 64;
const MAGIC: [u8; 4] = *b"VFP1";

/// Bytes of a prepared template of `n` minutiae.
fn length(n: usize) -> usize {
    (HEADER + n * (8 + DIMENSION)).next_multiple_of(8)
}

/// One descriptor as stored.
pub(super) type Descriptor = [i8; DIMENSION];

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Header {
    magic: [u8; 4],
    count: u16,
    dimension: u16,
    length: u32,
    zero: u32,
    outline: [i16; 16],
    padding: [u8; 16],
}

/// One minutia as stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Stored {
    pub x: i16,
    pub y: i16,
    pub angle: u8,
    pub kind: u8,
    pub weight: u8,
    pub depth: u8,
}

impl DefaultIsZeroes for Stored {}

/// A minutiae template made ready for comparison, owned. Its memory is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Prepared {
    words: Zeroizing<Vec<u64>>,
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Prepared({} bytes)", self.words.len() * 8)
    }
}

impl Prepared {
    /// Makes `template` ready.
    pub fn new(template: &MinutiaeTemplate) -> Self {
        let Arranged { minutiae, .. } = arrange(template.minutiae());
        Self::of(minutiae, Projection::shipped())
    }

    /// Makes `template` ready with another projection: for fitting one.
    #[doc(hidden)]
    pub fn with(template: &MinutiaeTemplate, projection: &Projection) -> Self {
        let Arranged { minutiae, .. } = arrange(template.minutiae());
        Self::of(minutiae, projection)
    }

    /// The sums that a projection is fitted on, one row for each prepared minutia.
    #[doc(hidden)]
    pub fn sums(template: &MinutiaeTemplate) -> Vec<[i8; descriptors::SUMS]> {
        let Arranged { minutiae, .. } = arrange(template.minutiae());
        descriptors::sums(&minutiae)
    }

    /// The prepared form, for each of its minutiae the place in the template, and where its origin lies there.
    pub(super) fn traced(template: &MinutiaeTemplate) -> (Self, Vec<usize>, (f32, f32)) {
        let arranged = arrange(template.minutiae());
        (Self::of(arranged.minutiae, Projection::shipped()), arranged.places, arranged.origin)
    }

    fn of(minutiae: Zeroizing<Vec<Stored>>, projection: &Projection) -> Self {
        let mut prepared = Prepared { words: Zeroizing::default() };
        prepared.fill(minutiae, projection);
        prepared
    }

    /// Without minutiae, to be renewed.
    pub(crate) fn empty() -> Self {
        Self::of(Zeroizing::default(), Projection::shipped())
    }

    /// Makes another template ready in the same memory.
    pub(crate) fn renew(&mut self, template: &MinutiaeTemplate) {
        let Arranged { minutiae, .. } = arrange(template.minutiae());
        self.fill(minutiae, Projection::shipped());
    }

    /// How many bytes `template` has when it is ready.
    pub(crate) fn length_of(template: &MinutiaeTemplate) -> usize {
        length(template.minutiae().len().min(p::MOST_MINUTIAE))
    }

    fn fill(&mut self, mut minutiae: Zeroizing<Vec<Stored>>, projection: &Projection) {
        let outline = outline::measure(&mut minutiae);
        let n = minutiae.len();
        let length = length(n);
        self.words.clear();
        if self.words.capacity() < length / 8 {
            // Growing would leave what was there before unwiped.
            self.words = Zeroizing::new(Vec::with_capacity(length / 8));
        }
        self.words.resize(length / 8, 0);
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(self.words.as_mut_slice());
        let header = Header {
            magic: MAGIC,
            count: n as u16,
            dimension: DIMENSION as u16,
            length: length as u32,
            zero: 0,
            outline,
            padding: [0; 16],
        };
        bytes[..HEADER].copy_from_slice(bytemuck::bytes_of(&header));
        bytes[HEADER..HEADER + n * 8].copy_from_slice(bytemuck::cast_slice(minutiae.as_slice()));
        let rows: &mut [Descriptor] =
            bytemuck::cast_slice_mut(&mut bytes[HEADER + n * 8..HEADER + n * (8 + DIMENSION)]);
        descriptors::describe(&minutiae, rows, projection);
    }

    /// The bytes, as a gallery stores them.
    pub fn as_bytes(&self) -> &[u8] {
        bytemuck::cast_slice(self.words.as_slice())
    }

    /// The form that is compared.
    pub fn view(&self) -> PreparedView<'_> {
        let bytes = self.as_bytes();
        let header: &Header = bytemuck::from_bytes(&bytes[..HEADER]);
        PreparedView::parts(bytes, header)
    }
}

/// A prepared template somewhere in memory, checked.
#[derive(Clone, Copy)]
pub struct PreparedView<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) outline: &'a [i16; 16],
    pub(super) minutiae: &'a [Stored],
    pub(super) descriptors: &'a [Descriptor],
}

impl std::fmt::Debug for PreparedView<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PreparedView({} minutiae)", self.minutiae.len())
    }
}

impl<'a> PreparedView<'a> {
    /// Checks `bytes`, which may come from a damaged file, and looks at them in place.
    ///
    /// # Errors
    /// Where the bytes are not what [`Prepared::as_bytes`] gives, in structure: length, header, alignment. Any content of the
    /// minutiae and descriptors is safe to compare.
    pub fn new(bytes: &'a [u8]) -> Result<Self, FingerprintError> {
        if bytes.len() < HEADER {
            return Err(FingerprintError::Length { found: bytes.len(), expected: HEADER });
        }
        let header: &Header = bytemuck::try_from_bytes(&bytes[..HEADER]).map_err(|_| FingerprintError::Alignment)?;
        if !(bytes.as_ptr() as usize).is_multiple_of(8) {
            return Err(FingerprintError::Alignment);
        }
        let wrong = |field, offset| FingerprintError::Field { field, offset };
        if header.magic != MAGIC {
            return Err(wrong("mark", 0));
        }
        if usize::from(header.count) > p::MOST_MINUTIAE {
            return Err(wrong("number of minutiae", 4));
        }
        if usize::from(header.dimension) != DIMENSION {
            return Err(wrong("descriptor length", 6));
        }
        let expected = length(usize::from(header.count));
        if header.length as usize != expected {
            return Err(wrong("length", 8));
        }
        if header.zero != 0 || header.padding != [0; 16] {
            return Err(wrong("reserved field", 12));
        }
        if bytes.len() != expected {
            return Err(FingerprintError::Length { found: bytes.len(), expected });
        }
        Ok(Self::parts(bytes, header))
    }

    fn parts(bytes: &'a [u8], header: &'a Header) -> Self {
        let n = usize::from(header.count);
        PreparedView {
            bytes,
            outline: &header.outline,
            minutiae: bytemuck::cast_slice(&bytes[HEADER..HEADER + n * 8]),
            descriptors: bytemuck::cast_slice(&bytes[HEADER + n * 8..HEADER + n * (8 + DIMENSION)]),
        }
    }

    /// How many minutiae take part.
    pub fn len(&self) -> usize {
        self.minutiae.len()
    }

    /// Whether there is nothing to compare.
    pub fn is_empty(&self) -> bool {
        self.minutiae.is_empty()
    }
}

/// Minutiae in the prepared order and frame, wiped as the template is.
struct Arranged {
    minutiae: Zeroizing<Vec<Stored>>,
    /// Each one's place in the template.
    places: Vec<usize>,
    /// Where the prepared frame's origin lies in the template's, pixels.
    origin: (f32, f32),
}

/// Sorts by place, measures from the centre, weighs.
fn arrange(minutiae: &[Minutia]) -> Arranged {
    let mut order: Vec<usize> = (0..minutiae.len()).collect();
    // Place, angle, kind and quality, an unknown one least, as one number; equal ones in the order of the record.
    let key = |&k: &usize| {
        let m = &minutiae[k];
        let place = |v: i16| u64::from(v as u16 ^ 0x8000);
        let rest = [m.angle, m.kind() as u8, m.quality().unwrap_or(0)].map(u64::from);
        place(m.x) << 40 | place(m.y) << 24 | rest[0] << 16 | rest[1] << 8 | rest[2]
    };
    if order.len() > p::MOST_MINUTIAE {
        // The best by quality, where it is known.
        order.sort_by_key(|k| (std::cmp::Reverse(minutiae[*k].quality()), key(k)));
        order.truncate(p::MOST_MINUTIAE);
    }
    // Collected from a known number of items: a vector that grew would leave what it held before unwiped.
    let mut keys: Zeroizing<Vec<(u64, usize)>> = Zeroizing::new(order.iter().map(|k| (key(k), *k)).collect());
    keys.sort_unstable();
    order.iter_mut().zip(keys.iter()).for_each(|(place, (_, k))| *place = *k);
    let n = order.len().max(1) as i64;
    let centre = |of: &dyn Fn(&Minutia) -> i16| {
        let least = minutiae.iter().map(|m| i64::from(of(m))).min().unwrap_or(0);
        least + order.iter().map(|&k| i64::from(of(&minutiae[k])) - least).sum::<i64>() / n
    };
    let (cx, cy) = (centre(&|m| m.x), centre(&|m| m.y));
    let from = |value: i16, centre: i64| (i64::from(value) - centre).clamp(-p::FARTHEST, p::FARTHEST) as i16;
    let stored = order
        .iter()
        .map(|&k| {
            let m = &minutiae[k];
            Stored {
                x: from(m.x, cx),
                y: from(m.y, cy),
                angle: m.angle,
                kind: match m.kind() {
                    MinutiaKind::Other => 0,
                    MinutiaKind::Ending => 1,
                    MinutiaKind::Bifurcation => 2,
                },
                weight: m.quality().unwrap_or(0),
                depth: 0,
            }
        })
        .collect();
    Arranged { minutiae: Zeroizing::new(stored), places: order, origin: (cx as f32, cy as f32) }
}
