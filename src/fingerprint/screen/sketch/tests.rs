use super::{
    super::{DAMAGED, Depth, ScreenCode, ScreenColumn, Survivor},
    *,
};
use crate::{
    fingerprint::Prepared,
    simd::Level,
    template::{FingerPosition, Impression, Minutia, MinutiaKind, MinutiaeTemplate},
};
use std::sync::Mutex;

/// A finger from a seed; its second impression is shifted and has lost some minutiae.
fn code(seed: u32, impression: u32, count: u32) -> ScreenCode {
    let minutiae = (0..count).filter(|k| impression == 0 || k % 5 != 2).map(|k| {
        let r = (seed * 1000 + k).wrapping_mul(2_654_435_761);
        let shift = 7 * impression as i16;
        let (x, y) = ((r % 307) as i16 + shift, (r / 307 % 397) as i16 - shift);
        Minutia::new(x, y, (r >> 24) as u8, MinutiaKind::Ending, None)
    });
    let template = MinutiaeTemplate::new(FingerPosition::UNKNOWN, Impression(0), None, (500, 500), minutiae.collect());
    ScreenCode::new(&Prepared::new(&template.unwrap()))
}

/// Fingers of very different numbers of minutiae, some without any; each seventh again at the end.
fn column(fingers: u32) -> Vec<u8> {
    let one = (0..fingers).map(|seed| code(seed, 0, if seed % 50 == 49 { 0 } else { 25 + seed * 7 % 60 }));
    let two = (0..fingers).step_by(7).map(|seed| code(seed, 1, 25 + seed * 7 % 60));
    one.chain(two).flat_map(|code| code.as_bytes().to_vec()).collect()
}

fn survivors(level: Level, columns: &[ScreenColumn<'_>], depth: Depth) -> Vec<Survivor> {
    let join = SketchJoin::new(level, columns, depth);
    let found = Mutex::new(Vec::new());
    let work = join.run(0..join.blocks(), |_, survivors| {
        assert!(survivors.is_sorted());
        found.lock().unwrap().extend_from_slice(survivors);
    });
    let mut found = found.into_inner().unwrap();
    found.sort_unstable();
    assert_eq!(work.survivors, found.len() as u64);
    found
}

#[test]
fn fingers_that_are_there_twice_are_found() {
    let bytes = column(400);
    let column = ScreenColumn::new(&bytes).unwrap();
    let found = survivors(Level::best(), &[column], Depth::Share(0.001));
    for (k, first) in (0..400).step_by(7).enumerate().filter(|(_, first)| first % 50 != 49) {
        assert!(found.iter().any(|pair| (pair.a, pair.b) == (first, 400 + k)), "finger {first}");
    }
    assert!(found.len() < column.len() * 120, "{} pairs of {} rows", found.len(), column.len());
    assert!(found.iter().all(|pair| pair.a < pair.b) && found.windows(2).all(|two| two[0] != two[1]));
}

#[test]
fn the_same_pairs_survive_at_every_level_on_any_threads_and_in_any_columns() {
    let bytes = column(120);
    let whole = ScreenColumn::new(&bytes).unwrap();
    let depth = Depth::Share(0.01);
    let expected = survivors(Level::Scalar, &[whole], depth);
    for level in Level::ALL.into_iter().filter(|level| level.is_available()) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert!(pool.install(|| survivors(level, &[whole], depth)) == expected, "{level}");
        let parts = [whole.part(0..77), whole.part(77..77), whole.part(77..200)];
        assert!(survivors(level, &parts, depth) == expected, "{level}");
    }
}

#[test]
fn exhaustive_is_every_pair() {
    let bytes = column(60);
    let column = ScreenColumn::new(&bytes).unwrap();
    let found = survivors(Level::best(), &[column], Depth::Exhaustive);
    assert_eq!(found.len(), column.len() * (column.len() - 1) / 2);
}

#[test]
fn what_is_no_code_meets_everybody() {
    let mut bytes = column(200);
    let rows = bytes.len() / ScreenCode::STRIDE;
    bytes[33 * ScreenCode::STRIDE] = 0;
    let column = ScreenColumn::new(&bytes).unwrap();
    let found = survivors(Level::best(), &[column], Depth::Share(0.001));
    for other in (0..rows).filter(|&other| other != 33) {
        let pair = (other.min(33), other.max(33));
        let survivor = found.iter().find(|found| (found.a, found.b) == pair).unwrap();
        assert!(other > 33 || survivor.score == DAMAGED);
    }
}

#[test]
fn any_bytes_are_safe_to_join() {
    let mut state = 5u64;
    let mut bytes: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    })
    .take(80 * ScreenCode::STRIDE)
    .collect();
    for (k, row) in bytes.as_chunks_mut::<{ ScreenCode::STRIDE }>().0.iter_mut().enumerate() {
        row[..5].copy_from_slice(&[b'V', b'F', b'S', b'1', (k % 66) as u8]);
    }
    let column = ScreenColumn::new(&bytes).unwrap();
    let found = survivors(Level::Scalar, &[column], Depth::Share(0.01));
    assert!(survivors(Level::best(), &[column], Depth::Share(0.01)) == found);
}
