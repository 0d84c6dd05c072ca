//! Error rates over every pair of every fingerprint set.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "fingerprint/sets.rs"]
mod sets;

use rayon::prelude::*;
use sets::{cpu, rates, sets};
use std::io::Write;
use vantay::{
    fingerprint::{Comparer, NAMES, Prepared, SUBSCORES},
    simd::Level,
};

/// Full comparisons per second on one thread, every FVC template against every fifth or so of the others, all sets mixed.
fn speed(sets: &[sets::Set], prepared: &[Vec<Prepared>]) {
    let of = |s: &usize| sets[*s].name.starts_with("fvc");
    let mixed: Vec<&Prepared> = (0..sets.len()).filter(of).flat_map(|s| &prepared[s]).collect();
    let mut comparer = Comparer::new(Level::chosen().unwrap());
    let (started, mut count, mut sum) = (cpu(), 0, 0.0);
    for (i, a) in mixed.iter().enumerate() {
        for b in mixed.iter().skip(i % 7).step_by(7) {
            sum += comparer.compare(a.view(), b.view());
            count += 1;
        }
    }
    let seconds = cpu() - started;
    let bytes: usize = mixed.iter().map(|p| p.as_bytes().len()).sum();
    println!(
        "{count} comparisons of {} FVC templates mixed: {:.0} per second, one thread; {} bytes each; sum {sum}",
        mixed.len(),
        count as f64 / seconds,
        bytes / mixed.len()
    );
}

fn main() {
    let sets = sets();
    let started = cpu();
    let prepared: Vec<Vec<Prepared>> =
        sets.iter().map(|set| set.files.iter().map(|(_, t)| Prepared::new(t)).collect()).collect();
    let count: usize = prepared.iter().map(Vec::len).sum();
    println!("prepared in {:.1} us each", 1e6 * (cpu() - started) / count as f64);
    let dump = std::env::var("DUMP").ok();
    let mut out = dump.map(|f| std::io::BufWriter::new(std::fs::File::create(f).unwrap()));
    if let Some(out) = &mut out {
        println!("{}", NAMES.join(","));
        out.write_all(&(SUBSCORES as u32).to_le_bytes()).unwrap();
    }
    speed(&sets, &prepared);
    if std::env::var("SPEED").is_ok() {
        return;
    }
    let (mut all_genuine, mut all_impostor) = (Vec::new(), Vec::new());
    let mut sum = [0f64; 3];
    let mut seconds = 0.0;
    let mut count = 0;
    for (s, set) in sets.iter().enumerate() {
        let started = cpu();
        let rows: Vec<Vec<(bool, f32, [f32; SUBSCORES], u32, u32)>> = (0..set.files.len())
            .into_par_iter()
            .map_init(
                || Comparer::new(Level::best()),
                |comparer, i| {
                    let (name, a) = (&set.files[i].0, &prepared[s][i]);
                    (i + 1..set.files.len())
                        .map(|j| {
                            let (other, b) = (&set.files[j].0, &prepared[s][j]);
                            let mated = name == other;
                            let f =
                                if out.is_some() { comparer.subscores(a.view(), b.view()) } else { [0.0; SUBSCORES] };
                            (mated, comparer.compare(a.view(), b.view()), f, i as u32, j as u32)
                        })
                        .collect()
                },
            )
            .collect();
        let time = cpu() - started;
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
            time * 1e6 / n as f64
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
        seconds * 1e6 / count as f64
    );
}
