//! Real embeddings.

use super::{
    joins::{Collected, brute_force_pairs},
    *,
};

/// LFW half A, if it is there.
fn lfw(test: &str) -> Option<Vec<f32>> {
    let root =
        std::env::var("VANTAY_DATA").unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data").into());
    let path = std::path::Path::new(&root).join("face/lfw-a-embeddings.npy");
    let Ok(bytes) = std::fs::read(&path) else {
        eprintln!("skipped: {test}: no data at {}", path.display());
        return None;
    };
    let head = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let numbers = bytes[head..].chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    Some(numbers.collect())
}

#[test]
fn real_embeddings_are_joined_as_brute_force_joins_them() {
    let Some(rows) = lfw("real_embeddings_are_joined_as_brute_force_joins_them") else { return };
    let stored = Stored::new(512, &rows, &[1000, 5000], u64::MAX);
    let columns = stored.columns();
    let expected = brute_force_pairs(&stored, None, 0.4);
    let sink = Collected::default();
    let join = FaceJoin::within(&columns, 0.4, Level::best()).unwrap();
    let joined = join.run(0..u64::MAX, &sink, &AtomicBool::new(false)).unwrap();
    assert_eq!(sink.sorted(), expected);
    assert!(joined.work.full_comparisons < 2 * expected.len() as u64, "{:?}", joined.work);
}

#[test]
fn real_probes_find_what_brute_force_finds() {
    let Some(rows) = lfw("real_probes_find_what_brute_force_finds") else { return };
    let (probes, gallery) = rows.split_at(512 * 40);
    let stored = Stored::new(512, gallery, &[1000], u64::MAX);
    let probes = Array2::from_shape_vec((40, 512), probes.to_vec()).unwrap();
    stored.check(&probes, Wanted::top(10));
    stored.check(&probes, Wanted { top: 10, threshold: 0.4 });
}
