//! Every finger of a position against every other: what the join by sketches loses, and how much faster it is than a search for each.
//!
//! `cargo bench --bench fingerprint_join -- accuracy` prints the share of accepted mates that are lost, by the screen alone and by the join, for shares
//! of the other real fingers that survive; `-- speed` what a pair takes, full comparisons included, within `FINGERS` (10,007) synthetic fingers, and
//! what as many searches take. The join of more is timed on blocks spread over it; `WHOLE=1` runs all of it.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "fingerprint/gallery.rs"]
mod gallery;
#[path = "fingerprint/mates.rs"]
mod mates;
#[path = "fingerprint/sets.rs"]
mod sets;

use gallery::{Gallery, on_processor, search};
use rayon::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use vantay::{
    fingerprint::{
        Comparer,
        screen::{Depth, Screen, ScreenCode, ScreenProbe, SketchJoin},
    },
    simd::Level,
};

const SHARES: [f64; 9] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2];

fn main() {
    let what = std::env::args().skip(1).find(|a| a != "--bench").unwrap_or_default();
    if what != "speed" {
        if sets::folder().is_dir() {
            accuracy();
        } else {
            println!("skipped: fingerprint_join accuracy: no data at {}", sets::folder().display());
        }
    }
    if what != "accuracy" {
        speed();
    }
}

/// The highest `share` of `scores`: the least of them.
fn least(mut scores: Vec<u16>, count: usize, share: f64) -> u16 {
    let wanted = (count as f64 * share) as usize;
    if wanted >= scores.len() {
        return 0;
    }
    *scores.select_nth_unstable_by(wanted, |a, b| b.cmp(a)).1
}

fn accuracy() {
    let sets = sets::sets();
    let prints = mates::prints(&sets);
    let (accepted, genuine) = mates::mates(&sets, &prints);
    let real = Gallery::new(prints.iter().map(|p| p.prepared.clone()).collect());
    let join = SketchJoin::with_share(Level::best(), &[real.column()], 0.01);
    let screen = Screen::new(Level::best());
    // By share: lost by the screen alone, by the sketches alone, by both.
    let lost: Vec<[[u64; 3]; SHARES.len()]> = (0..prints.len())
        .into_par_iter()
        .map(|p| {
            let mut lost = [[0; 3]; SHARES.len()];
            let mates: Vec<usize> =
                accepted.iter().filter_map(|&(a, b)| if a == p { Some(b) } else { (b == p).then_some(a) }).collect();
            if mates.is_empty() {
                return lost;
            }
            let probe = [ScreenProbe::new(&ScreenCode::new(&prints[p].prepared))];
            let mut screened = vec![0; real.len()];
            screen.scan(&probe, &real.column(), 0..real.len(), &mut screened);
            let sketched = join.scores(p);
            let others: Vec<usize> = (0..real.len()).filter(|&r| prints[r].finger != prints[p].finger).collect();
            let of = |among: &[usize], score: &dyn Fn(usize) -> u16| among.iter().map(|&r| score(r)).collect();
            for (lost, share) in lost.iter_mut().zip(SHARES) {
                // The same shares as the join takes.
                let screened_share = (5.0 * share).clamp(0.05, 1.0);
                let turns = least(of(&others, &|r| sketched[r][0]), others.len(), (4.0 * screened_share).min(1.0));
                let turned: Vec<usize> = others.iter().copied().filter(|&r| sketched[r][0] >= turns).collect();
                let agreement = least(of(&turned, &|r| sketched[r][1]), others.len(), screened_share);
                let passed: Vec<usize> = turned.iter().copied().filter(|&r| sketched[r][1] >= agreement).collect();
                let last = least(of(&passed, &|r| screened[r]), others.len(), share);
                let alone = least(of(&others, &|r| screened[r]), others.len(), share);
                let sketch_alone = least(of(&others, &|r| sketched[r][1]), others.len(), share);
                for &mate in &mates {
                    lost[0] += u64::from(screened[mate] < alone);
                    lost[1] += u64::from(sketched[mate][1] < sketch_alone);
                    let both = sketched[mate][0] >= turns && sketched[mate][1] >= agreement && screened[mate] >= last;
                    lost[2] += u64::from(!both);
                }
            }
            lost
        })
        .collect();
    println!(
        "{} real prints, {genuine} mated pairs, {} accepted at FMR 1e-4 of their set",
        prints.len(),
        accepted.len()
    );
    println!("accepted mates lost, %, where so many % of the other real fingers survive:");
    print!("{:34}", "");
    SHARES.iter().for_each(|s| print!(" {:6.2}", s * 100.0));
    println!();
    for (k, name) in ["the screen alone", "sketches alone", "sketches, then the screen (the join)"].iter().enumerate() {
        print!("{name:34}");
        for s in 0..SHARES.len() {
            let lost: u64 = lost.iter().map(|lost| lost[s][k]).sum();
            print!(" {:6.2}", 50.0 * lost as f64 / accepted.len() as f64);
        }
        println!();
    }
}

fn speed() {
    let fingers: u64 = std::env::var("FINGERS").ok().and_then(|n| n.parse().ok()).unwrap_or(10_007);
    let whole = std::env::var("WHOLE").is_ok();
    let gallery = Gallery::synthetic(fingers);
    let (n, level) = (gallery.len(), Level::best());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let pairs = n as f64 * (n - 1) as f64 / 2.0;
    let many = if level == Level::Scalar { 1 } else { 8 };
    for share in [0.001, 0.002, 0.005, 0.01, 0.02] {
        let depth = Depth::Share(share);
        let started = on_processor();
        for k in 0..many {
            search(&gallery, &gallery.prepared[k * n / many..k * n / many + 1], depth, level);
        }
        let single = (on_processor() - started) / (many * n) as f64;
        let (seconds, built, work, compared) = pool.install(|| {
            let started = on_processor();
            let join = SketchJoin::new(level, &[gallery.column()], depth);
            let built = on_processor() - started;
            let blocks: Vec<usize> = if whole {
                (0..join.blocks()).collect()
            } else {
                (0..16).map(|k| (2 * k + 1) * join.blocks() / 32).collect()
            };
            let compared = AtomicU64::new(0);
            let started = on_processor();
            let mut work = [0; 3];
            for block in blocks {
                let done = join.run(block..block + 1, |_, survivors| {
                    let mut comparer = Comparer::new(level);
                    for pair in survivors {
                        comparer.compare(gallery.prepared[pair.a].view(), gallery.prepared[pair.b].view());
                    }
                    compared.fetch_add(survivors.len() as u64, Relaxed);
                });
                work = [work[0] + done.pairs, work[1] + done.screened, work[2] + done.survivors];
            }
            (on_processor() - started, built, work, compared.into_inner())
        });
        // What the blocks met, samples left out.
        let met = if whole { pairs } else { pairs * 16.0 / n.div_ceil(32) as f64 };
        let pair = seconds / met;
        let all = built + pair * pairs;
        println!(
            "{n} fingers, {:.1} %: a search {:.0} ns a reference, {:.0} s for all; join {:.0} ns a pair ({:.1} % screened, {:.2} % compared), {:.0} s with {:.1} s to sketch: x{:.1}",
            share * 100.0,
            single * 1e9,
            single * (n * n) as f64,
            pair * 1e9,
            100.0 * work[1] as f64 / work[0] as f64,
            100.0 * compared as f64 / met,
            all,
            built,
            single * (n * n) as f64 / all
        );
    }
    let sketches = pool.install(|| {
        let join = SketchJoin::new(level, &[gallery.column()], Depth::Share(0.01));
        let started = on_processor();
        let probes = 64.min(n);
        for row in 0..probes {
            std::hint::black_box(join.scores(row * n / probes));
        }
        (on_processor() - started) / (probes * n) as f64
    });
    println!("sketches alone, every agreement taken: {:.0} ns a pair", sketches * 1e9);
}
