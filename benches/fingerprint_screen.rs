//! What the screen loses and what it costs.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "fingerprint/sets.rs"]
mod sets;

use rayon::prelude::*;
use std::time::Instant;
use vantay::{
    fingerprint::{
        Comparer, Prepared,
        screen::{Screen, ScreenCode, ScreenColumn, ScreenProbe},
    },
    simd::Level,
};

const SHARES: [f64; 9] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2];

struct Print {
    set: usize,
    /// The same for the same finger under both extractors.
    finger: String,
    prepared: Prepared,
}

/// Seconds that this thread has had a processor.
fn on_processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split(' ').next().unwrap().parse::<f64>().unwrap() * 1e-9
}

fn main() {
    let sets = sets::sets();
    let prints: Vec<Print> = sets
        .par_iter()
        .enumerate()
        .flat_map_iter(|(s, set)| {
            let database = set.name.rsplit_once('-').unwrap().0.to_owned();
            set.files.iter().map(move |(finger, template)| Print {
                set: s,
                finger: format!("{database}/{finger}"),
                prepared: Prepared::new(template),
            })
        })
        .collect();
    let started = Instant::now();
    let codes: Vec<ScreenCode> = prints.iter().map(|p| ScreenCode::new(&p.prepared)).collect();
    println!(
        "{} prints, a code takes {:.1} us",
        prints.len(),
        started.elapsed().as_secs_f64() * 1e6 / prints.len() as f64
    );
    let bytes: Vec<u8> = codes.iter().flat_map(|c| c.as_bytes()).copied().collect();
    let column = ScreenColumn::new(&bytes).unwrap();

    let what = std::env::args().nth(1).unwrap_or_default();
    if what != "speed" {
        accuracy(&sets, &prints, &codes, &column);
    }
    if what != "accuracy" {
        speed(&prints, &codes);
    }
}

fn accuracy(sets: &[sets::Set], prints: &[Print], codes: &[ScreenCode], column: &ScreenColumn<'_>) {
    // Mates that the full comparison accepts at FMR 1e-4 of their set.
    let mut genuine = 0;
    let mut mates: Vec<(usize, usize)> = Vec::new();
    for s in 0..sets.len() {
        let of: Vec<usize> = (0..prints.len()).filter(|&k| prints[k].set == s).collect();
        let scores: Vec<(f32, usize, usize)> = of
            .par_iter()
            .map_init(
                || Comparer::new(Level::best()),
                |comparer, &i| {
                    of.iter()
                        .filter(|&&j| j > i)
                        .map(|&j| (comparer.compare(prints[i].prepared.view(), prints[j].prepared.view()), i, j))
                        .collect::<Vec<_>>()
                },
            )
            .flatten_iter()
            .collect();
        let mated = |x: &&(f32, usize, usize)| prints[x.1].finger == prints[x.2].finger;
        let mut impostor: Vec<f32> = scores.iter().filter(|x| !mated(x)).map(|x| x.0).collect();
        impostor.sort_by(|a, b| b.total_cmp(a));
        let threshold = impostor[(impostor.len() as f64 * 1e-4) as usize];
        genuine += scores.iter().filter(mated).count();
        mates.extend(scores.iter().filter(mated).filter(|x| x.0 > threshold).map(|x| (x.1, x.2)));
    }
    println!(
        "{genuine} mates, {} accepted at FMR 1e-4: FNMR {:.2} %",
        mates.len(),
        100.0 - 100.0 * mates.len() as f64 / genuine as f64
    );

    let n = prints.len();
    let mut probes: Vec<usize> = mates.iter().flat_map(|&(a, b)| [a, b]).collect();
    probes.sort_unstable();
    probes.dedup();
    for (pairs, least, slack, stretch, swing) in [
        (16, 457, 150.0, 0.02, 18.0),
        (24, 457, 150.0, 0.02, 18.0),
        (16, 457, 250.0, 0.02, 18.0),
        (16, 457, 100.0, 0.02, 18.0),
        (16, 457, 150.0, 0.03, 18.0),
        (16, 457, 150.0, 0.012, 18.0),
        (16, 457, 150.0, 0.02, 24.0),
        (16, 457, 150.0, 0.02, 14.0),
        (16, 570, 150.0, 0.02, 18.0),
        (16, 300, 150.0, 0.02, 18.0),
    ] {
        let mut screen = Screen::new(Level::best());
        screen.stage = vantay::fingerprint::screen::Stage {
            steps: 16,
            pairs,
            least,
            full: 2283.0,
            form: 0,
            slack,
            stretch,
            swing,
        };
        println!("{:?}", screen.stage);
        let started = Instant::now();
        let scores: Vec<(usize, Vec<u16>)> = probes
            .par_iter()
            .map(|&p| {
                let mut out = vec![0; n];
                screen.scan(&[ScreenProbe::new(&codes[p])], column, 0..n, &mut out);
                (p, out)
            })
            .collect();
        println!(
            "scan with {} threads: {:.0} ns a reference and thread",
            rayon::current_num_threads(),
            started.elapsed().as_secs_f64() * 1e9 * rayon::current_num_threads() as f64 / (n * probes.len()) as f64
        );
        let mut fine = Vec::new();
        let t = Instant::now();
        let lg = |r: usize| (f64::from(codes[r].as_bytes()[4]).max(8.0) / 64.0).log2();
        scores
            .par_iter()
            .map(|(p, out)| {
                let mut rows: Vec<u32> = (0..n as u32).collect();
                rows.sort_by_key(|&r| std::cmp::Reverse((f64::from(out[r as usize]) - 1536.0 * lg(r as usize)) as i64));
                let keep: Vec<u32> = rows[..1].to_vec();
                let mut o = vec![0u16; keep.len()];
                screen.align(&ScreenProbe::new(&codes[*p]), column, &keep, &mut o);
                (keep, o)
            })
            .collect_into_vec(&mut fine);
        println!("align {:?}", t.elapsed());
        for (alpha, beta, gamma) in [(1.0, 1.0, 0.0), (1.5, 1.0, 0.0), (2.0, 1.0, 0.0)] {
            let mut shares: Vec<(usize, f64)> = Vec::new();
            for ((p, out), (keep, align)) in scores.iter().zip(&fine) {
                let mut total: Vec<f64> = (0..n)
                    .map(|r| if gamma == 0.0 { 0.0 } else { -1e6 } + f64::from(out[r]) / 1024.0 - alpha * lg(r))
                    .collect();
                if gamma > 0.0 {
                    for (&r, &a) in keep.iter().zip(align) {
                        total[r as usize] = beta * f64::from(out[r as usize]) / 1024.0 + gamma * f64::from(a) / 1024.0
                            - alpha * lg(r as usize);
                    }
                }
                let mut others: Vec<f64> =
                    (0..n).filter(|&r| prints[r].finger != prints[*p].finger).map(|r| total[r]).collect();
                others.sort_unstable_by(f64::total_cmp);
                for &(a, b) in &mates {
                    let mate = if a == *p {
                        b
                    } else if b == *p {
                        a
                    } else {
                        continue;
                    };
                    let above = others.len() - others.partition_point(|&s| s <= total[mate]);
                    shares.push((prints[*p].set, above as f64 / others.len() as f64));
                }
            }
            let line = |name: &str, of: &dyn Fn(usize) -> bool| {
                let all = shares.iter().filter(|s| of(s.0)).count().max(1) as f64;
                print!("{name:26}");
                for share in SHARES {
                    let lost = shares.iter().filter(|s| of(s.0) && s.1 >= share).count() as f64;
                    print!(" {:6.2}", 100.0 * lost / all * mates.len() as f64 / genuine as f64);
                }
                println!();
            };
            if pairs == 32 && alpha == 1.0 && beta > 0.0 {
                for (s, set) in sets.iter().enumerate() {
                    line(&set.name, &|x| x == s);
                }
            }
            line(&format!("{alpha} {beta} {gamma}"), &|_| true);
        }
    }
}

fn speed(prints: &[Print], codes: &[ScreenCode]) {
    let n = prints.len();
    // Speed on one thread, over a column larger than the caches.
    let large: Vec<u8> = (0..30_000).flat_map(|k| codes[k * 7 % codes.len()].as_bytes()).copied().collect();
    let column = ScreenColumn::new(&large).unwrap();
    for level in Level::ALL.into_iter().filter(|l| l.is_available()) {
        let screen = Screen::new(level);
        for (count, stage) in [
            (1, (16, 32, 457, 2283.0, 0)),
            (16, (16, 32, 457, 2283.0, 0)),
            (1, (16, 32, 457, 2283.0, 1)),
            (1, (16, 16, 457, 2283.0, 1)),
            (1, (12, 16, 457, 2283.0, 1)),
            (1, (8, 16, 260, 1300.0, 1)),
        ] {
            let (steps, pairs, least, full, form) = stage;
            let mut screen = screen;
            screen.stage = vantay::fingerprint::screen::Stage { steps, pairs, least, full, form, ..screen.stage };
            let probes: Vec<ScreenProbe> = (0..count).map(|k| ScreenProbe::new(&codes[k * 91 % n])).collect();
            let rows = column.len() / count / if level == Level::Scalar { 10 } else { 1 };
            let mut out = vec![0; count * rows];
            let mut best = f64::MAX;
            for _ in 0..5 {
                let started = on_processor();
                screen.scan(&probes, &column, 0..rows, &mut out);
                best = best.min((on_processor() - started));
            }
            println!("{level} {count} probes {stage:?}: {:.0} ns a reference", best * 1e9 / out.len() as f64);
        }
    }
    let mut comparer = Comparer::new(Level::best());
    let started = on_processor();
    for k in 0..3000 {
        comparer.compare(prints[k * 7 % n].prepared.view(), prints[(k * 13 + 5) % n].prepared.view());
    }
    println!("a full comparison: {:.1} us", (on_processor() - started) * 1e6 / 3000.0);
}
