//! Error rates over every pair of every fingerprint set, and the speed over all FVC templates mixed.
//!
//! EER by linear interpolation; FNMR at the smallest threshold whose FMR does not exceed the target. `SPEED=1` stops after the speed.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "fingerprint/sets.rs"]
mod sets;

use rayon::prelude::*;
use sets::{cpu, rates, sets};
use vantay::{
    fingerprint::{Comparer, Prepared},
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
    if !sets::folder().is_dir() {
        println!("skipped: fingerprint_rates: no data at {}", sets::folder().display());
        return;
    }
    let sets = sets();
    let prepared: Vec<Vec<Prepared>> =
        sets.iter().map(|set| set.files.iter().map(|(_, t)| Prepared::new(t)).collect()).collect();
    let fvc = || sets.iter().filter(|set| set.name.starts_with("fvc")).flat_map(|set| &set.files);
    let started = cpu();
    (0..10).for_each(|_| fvc().for_each(|(_, template)| drop(std::hint::black_box(Prepared::new(template)))));
    println!("FVC templates prepared in {:.1} us each", 1e5 * (cpu() - started) / fvc().count() as f64);
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
        let rows: Vec<Vec<(bool, f32)>> = (0..set.files.len())
            .into_par_iter()
            .map_init(
                || Comparer::new(Level::best()),
                |comparer, i| {
                    let (finger, a) = (&set.files[i].0, &prepared[s][i]);
                    (i + 1..set.files.len())
                        .map(|j| {
                            let (other, b) = (&set.files[j].0, &prepared[s][j]);
                            (finger == other, comparer.compare(a.view(), b.view()))
                        })
                        .collect()
                },
            )
            .collect();
        let time = cpu() - started;
        let (mut genuine, mut impostor) = (Vec::new(), Vec::new());
        for (mated, score) in rows.into_iter().flatten() {
            if mated { genuine.push(score) } else { impostor.push(score) }
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
