//! Error rates over every pair of every fingerprint set.
#![allow(clippy::unwrap_used, missing_docs)]

use rayon::prelude::*;
use std::{io::Write, path::Path, time::Instant};
use vantay::{
    fingerprint::{Comparer, NAMES, Prepared, SUBSCORES},
    simd::Level,
    template::{FingerPosition, Impression, Minutia, MinutiaKind, MinutiaeTemplate},
};

fn read(bytes: &[u8]) -> MinutiaeTemplate {
    let u16_at = |k: usize| u16::from_be_bytes([bytes[k], bytes[k + 1]]);
    let n = usize::from(bytes[27]);
    let minutiae = (0..n)
        .map(|k| {
            let at = 28 + 6 * k;
            let kind = match bytes[at] >> 6 {
                1 => MinutiaKind::Ending,
                2 => MinutiaKind::Bifurcation,
                _ => MinutiaKind::Other,
            };
            let quality = bytes[at + 5];
            Minutia::new(
                (u16_at(at) & 0x3fff) as i16,
                (u16_at(at + 2) & 0x3fff) as i16,
                bytes[at + 4],
                kind,
                (quality != 0).then_some(quality),
            )
        })
        .collect();
    MinutiaeTemplate::new(FingerPosition::UNKNOWN, Impression(0), None, (u16_at(14), u16_at(16)), minutiae).unwrap()
}

struct Set {
    name: String,
    files: Vec<(String, Prepared)>,
}

fn sets() -> Vec<Set> {
    let data = std::env::var("VANTAY_DATA").unwrap_or(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data").into());
    let mut folders: Vec<_> =
        std::fs::read_dir(Path::new(&data).join("fingerprint")).unwrap().map(|e| e.unwrap().path()).collect();
    folders.sort();
    folders
        .into_iter()
        .map(|folder| {
            let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
            files.sort();
            let files = files
                .into_iter()
                .map(|f| {
                    let template = read(&std::fs::read(&f).unwrap());
                    (f.file_stem().unwrap().to_str().unwrap().to_owned(), Prepared::new(&template))
                })
                .collect();
            Set { name: folder.file_name().unwrap().to_str().unwrap().to_owned(), files }
        })
        .collect()
}

fn rates(genuine: &mut [f32], impostor: &mut [f32]) -> [f64; 3] {
    genuine.sort_by(f32::total_cmp);
    impostor.sort_by(f32::total_cmp);
    let mut thresholds: Vec<f32> = genuine.iter().chain(impostor.iter()).copied().collect();
    thresholds.sort_by(f32::total_cmp);
    thresholds.dedup();
    thresholds.push(f32::INFINITY);
    let below = |sorted: &[f32], t: f32| sorted.partition_point(|&s| s < t) as f64 / sorted.len() as f64;
    let points: Vec<(f64, f64)> = thresholds.iter().map(|&t| (1.0 - below(impostor, t), below(genuine, t))).collect();
    let k = points.iter().position(|(fmr, fnmr)| fmr <= fnmr).unwrap();
    let eer = if k == 0 {
        (points[0].0 + points[0].1) / 2.0
    } else {
        let d = |k: usize| points[k].0 - points[k].1;
        let w = d(k - 1) / (d(k - 1) - d(k));
        points[k - 1].0 + w * (points[k].0 - points[k - 1].0)
    };
    let at = |target: f64| points.iter().find(|p| p.0 <= target + 1e-12).unwrap().1;
    [eer, at(1e-3), at(1e-4)]
}

fn main() {
    let started = Instant::now();
    let sets = sets();
    println!("prepared in {:.2?}", started.elapsed());
    let dump = std::env::var("DUMP").ok();
    let mut out = dump.map(|f| std::io::BufWriter::new(std::fs::File::create(f).unwrap()));
    if let Some(out) = &mut out {
        println!("{}", NAMES.join(","));
        out.write_all(&(SUBSCORES as u32).to_le_bytes()).unwrap();
    }
    let (mut all_genuine, mut all_impostor) = (Vec::new(), Vec::new());
    let mut sum = [0f64; 3];
    let mut seconds = 0.0;
    let mut count = 0;
    for (s, set) in sets.iter().enumerate() {
        let started = Instant::now();
        let rows: Vec<Vec<(bool, f32, [f32; SUBSCORES], u32, u32)>> = (0..set.files.len())
            .into_par_iter()
            .map_init(
                || Comparer::new(Level::best()),
                |comparer, i| {
                    let (name, a) = &set.files[i];
                    (i + 1..set.files.len())
                        .map(|j| {
                            let (other, b) = &set.files[j];
                            let mated = name.rsplit_once('_').unwrap().0 == other.rsplit_once('_').unwrap().0;
                            let f =
                                if out.is_some() { comparer.subscores(a.view(), b.view()) } else { [0.0; SUBSCORES] };
                            (mated, comparer.compare(a.view(), b.view()), f, i as u32, j as u32)
                        })
                        .collect()
                },
            )
            .collect();
        let time = started.elapsed().as_secs_f64();
        let (mut genuine, mut impostor) = (Vec::new(), Vec::new());
        for (mated, score, f, i, j) in rows.into_iter().flatten() {
            if mated {
                genuine.push(score)
            } else {
                impostor.push(score)
            }
            if let Some(out) = &mut out {
                for v in [s as u32, u32::from(mated), i, j] {
                    out.write_all(&v.to_le_bytes()).unwrap();
                }
                for v in f {
                    out.write_all(&v.to_le_bytes()).unwrap();
                }
            }
        }
        let n = genuine.len() + impostor.len();
        let r = rates(&mut genuine, &mut impostor);
        println!(
            "{:24} EER {:6.2} @1e-3 {:6.2} @1e-4 {:6.2}  {:5.1} us",
            set.name,
            100.0 * r[0],
            100.0 * r[1],
            100.0 * r[2],
            time * 2e6 / n as f64
        );
        for k in 0..3 {
            sum[k] += r[k] / sets.len() as f64;
        }
        seconds += time;
        count += n;
        all_genuine.extend(genuine);
        all_impostor.extend(impostor);
    }
    println!("{:24} EER {:6.2} @1e-3 {:6.2} @1e-4 {:6.2}", "mean", 100.0 * sum[0], 100.0 * sum[1], 100.0 * sum[2]);
    let r = rates(&mut all_genuine, &mut all_impostor);
    println!(
        "{:24} EER {:6.2} @1e-3 {:6.2} @1e-4 {:6.2}  {:5.1} us",
        "pooled",
        100.0 * r[0],
        100.0 * r[1],
        100.0 * r[2],
        seconds * 2e6 / count as f64
    );
}
