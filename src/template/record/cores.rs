//! Cores and deltas, between ISO's block and INCITS's.
//!
//! Both give points of x and y, a core with one angle or none, a delta with three or none. ISO says by each point whether it
//! has angles, in the top bits of its x; INCITS says it once for all cores and once for all deltas, in the top bits of their
//! count. ISO counts angles in 1.40625°, INCITS in 2°. Layouts as fingerprintio reads them.

use super::inner::requantise;

/// Where angles are said to be present: in the top byte of x, or in the count.
const HAS_ANGLES: u8 = 0x40;
/// The bits around it.
const FLAGS: u8 = 0xC0;
/// The most points of a kind.
const MAX_POINTS: u8 = 15;

/// A core or a delta: the bytes of x and y without flags, and its angles.
struct Point {
    place: [u8; 4],
    angles: Vec<u8>,
}

/// The block in INCITS's layout, from ISO's, and how many angles were lost: points with angles beside points without keep none.
/// `None` if the bytes are no such block.
pub(super) fn to_incits(block: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (mut bytes, mut lost) = (Vec::with_capacity(block.len()), 0);
    for points in read(block, false)? {
        let all = points.iter().all(|point| !point.angles.is_empty());
        let flag = if all && !points.is_empty() { HAS_ANGLES } else { 0 };
        bytes.push(flag | points.len() as u8);
        for Point { place, angles } in points {
            bytes.extend(place);
            if all {
                bytes.extend(angles.iter().map(|&angle| requantise(angle, 256, 180)));
            } else {
                lost += angles.len();
            }
        }
    }
    Some((bytes, lost))
}

/// The block in ISO's layout, from INCITS's; `None` if the bytes are no such block.
pub(super) fn to_iso(block: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(block.len());
    for points in read(block, true)? {
        bytes.push(points.len() as u8);
        for Point { mut place, angles } in points {
            place[0] |= if angles.is_empty() { 0 } else { HAS_ANGLES };
            bytes.extend(place);
            bytes.extend(angles.iter().map(|&angle| requantise(angle, 180, 256)));
        }
    }
    Some(bytes)
}

/// The cores, then the deltas.
fn read(block: &[u8], incits: bool) -> Option<[Vec<Point>; 2]> {
    let mut rest = block;
    let [mut cores, mut deltas] = [const { Vec::new() }; 2];
    for (angles, points) in [(1, &mut cores), (3, &mut deltas)] {
        let (&count, after) = rest.split_first()?;
        rest = after;
        if count & !(MAX_POINTS | if incits { HAS_ANGLES } else { 0 }) != 0 {
            return None;
        }
        for _ in 0..count & MAX_POINTS {
            let (&(mut place), after) = rest.split_first_chunk::<4>()?;
            let flags = if incits { count & FLAGS } else { place[0] & FLAGS };
            let (found, after) = match flags {
                0 => after.split_at(0),
                HAS_ANGLES => after.split_at_checked(angles)?,
                _ => return None,
            };
            place[0] &= !FLAGS;
            points.push(Point { place, angles: found.to_vec() });
            rest = after;
        }
    }
    rest.is_empty().then_some([cores, deltas])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two cores with an angle (90°, 0°) and a delta with three (45°, 180°, 270°).
    const ISO: &[u8] = &[2, 0x40, 9, 0, 8, 64, 0x41, 2, 0, 7, 0, 1, 0x40, 5, 0, 6, 32, 128, 192];

    #[test]
    fn blocks_with_all_angles_or_none_convert_both_ways() {
        let (incits, lost) = to_incits(ISO).unwrap();
        // 45° is 22.5 units, rounded up.
        assert_eq!(incits, [0x42, 0, 9, 0, 8, 45, 1, 2, 0, 7, 0, 0x41, 0, 5, 0, 6, 23, 90, 135]);
        assert_eq!(lost, 0);
        let mut back = to_iso(&incits).unwrap();
        assert_eq!(back[16], 33);
        back[16] = 32;
        assert_eq!(back, ISO);
        let bare = [1, 0, 9, 0, 8, 0];
        assert_eq!(to_incits(&bare), Some((bare.to_vec(), 0)));
        assert_eq!(to_iso(&bare).as_deref(), Some(&bare[..]));
    }

    #[test]
    fn angles_beside_points_without_are_lost() {
        let mixed = [2, 0x40, 9, 0, 8, 64, 0x01, 2, 0, 7, 0];
        assert_eq!(to_incits(&mixed), Some((vec![2, 0, 9, 0, 8, 1, 2, 0, 7, 0], 1)));
    }

    #[test]
    fn what_is_no_such_block_is_told() {
        for length in 0..ISO.len() {
            assert_eq!(to_incits(&ISO[..length]), None);
        }
        assert_eq!(to_iso(&[0x80, 0]), None);
        assert_eq!(to_iso(&[0, 0, 0]), None);
    }
}
