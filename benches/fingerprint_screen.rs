//! What the fingerprint screen loses and what it costs.
//!
//! `cargo bench --bench fingerprint_screen -- accuracy [synthetic references]` prints FNMR at FMR 1e-4 with and without the screen, for
//! shares of the gallery that penetrate, on every set of real prints; `-- speed [references]` what a scan and a whole search take.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "fingerprint/gallery.rs"]
mod gallery;
#[path = "fingerprint/random.rs"]
mod random;
#[path = "fingerprint/recombined.rs"]
mod recombined;
#[path = "fingerprint/sets.rs"]
mod sets;

use gallery::{Gallery, on_processor, search, synthetic};
use rayon::prelude::*;
use recombined::Recombined;
use std::sync::Arc;
use vantay::{
    fingerprint::{
        Comparer, Prepared,
        screen::{
            self, Depth, GateSample, GateShares, GatedProbes, GatedScreen, ScoreCounts, Screen, ScreenCode,
            ScreenColumn, ScreenProbe,
        },
    },
    gallery::Options,
    registration::Registration,
    search::{IdentifyOptions, Judge, Search, SearchColumns, Thresholds},
    simd::Level,
    synthesis::{Generator, Population},
};

const SHARES: [f64; 9] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2];

struct Print {
    set: usize,
    /// The same for the same finger under both extractors.
    finger: String,
    prepared: Prepared,
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|a| a != "--bench");
    let what = arguments.next().unwrap_or_default();
    let size = arguments.next().and_then(|n| n.parse().ok());
    if what != "speed" {
        accuracy(size.unwrap_or(10_000));
    }
    if what != "accuracy" {
        speed(size.unwrap_or(10_007));
    }
}

/// A mated pair that the full comparison accepts: where each of [`SHARES`] penetrates, the mate's score, and the shares of real and of synthetic references above
/// it; of the latter only if its probe is scored against the background.
struct Mate {
    set: usize,
    scores: Vec<u16>,
    real: Vec<f64>,
    synthetic: Vec<f64>,
}

/// One probe's mates, and what its impostors score without gates.
struct Probe {
    print: usize,
    code: ScreenCode,
    mates: Vec<Mate>,
    real: Vec<u16>,
    /// For each of [`SHARES`].
    synthetic: Vec<ScoreCounts>,
}

/// One probe in so many is scored against the background.
const IN_BACKGROUND: usize = 3;

/// How many of the counted score more; ties count half.
fn above(counts: &ScoreCounts, score: u16) -> f64 {
    let class = (usize::from(score) * counts.classes().len()) >> 16;
    let more: u64 = counts.classes()[class + 1..].iter().map(|&count| u64::from(count)).sum();
    (more as f64 + 0.5 * f64::from(counts.classes()[class])) / counts.total().max(1) as f64
}

/// The probe ready for each of [`SHARES`], with gates found on a sample.
fn ready(code: &ScreenCode, sample: &GateSample) -> Vec<GatedProbes> {
    let mut screen = GatedScreen::new(Level::best());
    let of_share = |share| {
        let mut probes = GatedProbes::default();
        probes.push(code, GateShares::of(share).and_then(|shares| screen.gate(code, sample, shares)));
        probes
    };
    SHARES.map(of_share).into_iter().collect()
}

fn accuracy(references: u64) {
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
    let (accepted, genuine) = mates(&sets, &prints);
    let all: usize = genuine.iter().sum();
    let real = Gallery::new(prints.iter().map(|p| p.prepared.clone()).collect());
    let mut probes: Vec<usize> = accepted.iter().flat_map(|&(a, b)| [a, b]).collect();
    probes.sort_unstable();
    probes.dedup();
    let column = real.column();
    let mut probes: Vec<Probe> = probes
        .par_iter()
        .map(|&p| {
            let others: Vec<usize> = (0..real.len()).filter(|&r| prints[r].finger != prints[p].finger).collect();
            let code = ScreenCode::new(&prints[p].prepared);
            let sample: Vec<ScreenColumn<'_>> = others.iter().map(|&r| column.part(r..r + 1)).collect();
            let mates = accepted.iter().filter_map(|&(a, b)| if a == p { Some(b) } else { (b == p).then_some(a) });
            let mates: Vec<usize> = mates.collect();
            let none = |_: &usize| Mate { set: prints[p].set, scores: vec![], real: vec![], synthetic: vec![] };
            let mut probe =
                Probe { print: p, code, mates: mates.iter().map(none).collect(), real: vec![], synthetic: vec![] };
            let mut screen = GatedScreen::new(Level::best());
            for ready in ready(&probe.code, &GateSample::new(Level::best(), &sample)) {
                let mut scores = vec![0; real.len()];
                screen.scan(&ready, 0..1, &column, &mut scores);
                probe.real = others.iter().map(|&r| scores[r]).collect();
                probe.real.sort_unstable();
                let mut counts = ScoreCounts::default();
                counts.add(&probe.real);
                for (mate, &m) in probe.mates.iter_mut().zip(&mates) {
                    mate.scores.push(scores[m]);
                    mate.real.push(above(&counts, scores[m]));
                }
            }
            probe
        })
        .collect();
    // One number for each finger, whatever the extractor.
    let first = |k: usize| prints.iter().position(|p| p.finger == prints[k].finger).unwrap();
    let fingers: Vec<usize> = (0..prints.len()).map(first).collect();
    let recombined = Recombined::new(&sets, |k| fingers[k]);
    background(&mut probes, &fingers, &recombined, references);
    println!(
        "{} real prints, {all} mated pairs, {} accepted at FMR 1e-4 of their set; {references} synthetic references",
        prints.len(),
        accepted.len()
    );
    impostors(&probes);
    compared(&prints, &fingers, &recombined);
    let found: Vec<&Mate> = probes.iter().flat_map(|p| &p.mates).collect();
    for (title, shares) in
        [("real impostors", (|m| &m.real) as fn(&Mate) -> &Vec<f64>), ("synthetic impostors", |m| &m.synthetic)]
    {
        println!("\nFNMR % at FMR 1e-4, exhaustive and where so many % of the {title} penetrate:");
        print!("{:22} {:>6}", "", "all");
        SHARES.iter().for_each(|s| print!(" {:6.2}", s * 100.0));
        println!();
        let line = |name: &str, of: &dyn Fn(usize) -> bool| {
            let genuine: usize = (0..sets.len()).filter(|&s| of(s)).map(|s| genuine[s]).sum();
            let of: Vec<&&Mate> = found.iter().filter(|m| of(m.set)).collect();
            let scored: Vec<&Vec<f64>> = of.iter().map(|m| shares(m)).filter(|shares| !shares.is_empty()).collect();
            // Each accepted pair is there twice, once each way round.
            let accepted = 50.0 * of.len() as f64 / genuine.max(1) as f64;
            print!("{name:22} {:6.2}", 100.0 - accepted);
            for (k, share) in SHARES.into_iter().enumerate() {
                let kept = scored.iter().filter(|above| above[k] < share).count() as f64 / scored.len().max(1) as f64;
                print!(" {:6.2}", 100.0 - accepted * kept);
            }
            println!();
        };
        for (s, set) in sets.iter().enumerate() {
            line(&set.name, &|x| x == s);
        }
        line("pooled", &|_| true);
        print!("{:22} {:>6}", "miss rate %", "");
        let scored: Vec<&Vec<f64>> = found.iter().map(|m| shares(m)).filter(|shares| !shares.is_empty()).collect();
        for (k, share) in SHARES.into_iter().enumerate() {
            let lost = scored.iter().filter(|above| above[k] >= share).count();
            print!(" {:6.2}", 100.0 * lost as f64 / scored.len().max(1) as f64);
        }
        println!();
    }
}

/// Scores one probe of [`IN_BACKGROUND`] against so many synthetic fingers that its own is no part of, a block of them at a time.
fn background(probes: &mut [Probe], fingers: &[usize], recombined: &Recombined<'_>, references: u64) {
    const BLOCK: u64 = 4096;
    const SAMPLED: u64 = 1024;
    let made = |numbers: std::ops::Range<u64>| -> Vec<(ScreenCode, [usize; 2])> {
        let made = numbers.into_par_iter().map(|number| recombined.finger(number));
        made.map(|(template, of)| (ScreenCode::new(&Prepared::new(&template)), of)).collect()
    };
    // Gates are found on others than are scored.
    let sample = made(references..references + SAMPLED);
    let mut ready: Vec<(&mut Probe, Vec<GatedProbes>)> = probes
        .par_iter_mut()
        .enumerate()
        .filter(|(k, _)| k % IN_BACKGROUND == 0)
        .map(|(_, probe)| {
            let strangers = sample.iter().filter(|(_, of)| !of.contains(&fingers[probe.print]));
            let columns: Vec<ScreenColumn<'_>> = strangers.map(|(code, _)| code.column()).collect();
            let ready = ready(&probe.code, &GateSample::new(Level::best(), &columns));
            probe.synthetic = vec![ScoreCounts::default(); SHARES.len()];
            (probe, ready)
        })
        .collect();
    for start in (0..references).step_by(BLOCK as usize) {
        let made = made(start..references.min(start + BLOCK));
        let codes: Vec<u8> = made.iter().flat_map(|(code, _)| code.as_bytes()).copied().collect();
        let column = ScreenColumn::new(&codes).unwrap();
        ready.par_iter_mut().for_each_init(
            || GatedScreen::new(Level::best()),
            |screen, (probe, ready)| {
                let mut scores = vec![0; column.len()];
                for (k, ready) in ready.iter().enumerate() {
                    // Without a gate all shares have the same scores.
                    if k == 0 || GateShares::of(SHARES[k - 1]).is_some() {
                        screen.scan(ready, 0..1, &column, &mut scores);
                    }
                    let strangers = scores.iter().zip(&made).filter(|(_, (_, of))| !of.contains(&fingers[probe.print]));
                    probe.synthetic[k].add(&strangers.map(|(&score, _)| score).collect::<Vec<_>>());
                }
            },
        );
    }
    for Probe { mates, synthetic, .. } in probes.iter_mut().filter(|probe| !probe.synthetic.is_empty()) {
        for mate in mates {
            mate.synthetic = synthetic.iter().zip(&mate.scores).map(|(counts, &score)| above(counts, score)).collect();
        }
    }
}

/// Whether synthetic impostors score like real ones: what share of them reaches each probe's own quantiles of real ones.
fn impostors(probes: &[Probe]) {
    println!("\nimpostors' screen scores without gates, mean over the probes:");
    println!("{:>10} {:>8} {:>30}", "share", "real", "synthetic above the real one");
    let probes: Vec<&Probe> = probes.iter().filter(|probe| !probe.synthetic.is_empty()).collect();
    for share in [0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002] {
        let (mut sum, mut reached) = (0.0, 0.0);
        for Probe { real, synthetic, .. } in &probes {
            let score = real[((real.len() as f64 * (1.0 - share)) as usize).min(real.len() - 1)];
            sum += f64::from(score);
            // The last share is so large that it has no gate.
            reached += above(&synthetic[SHARES.len() - 1], score);
        }
        let n = probes.len() as f64;
        println!("{:9.1}% {:8.0} {:29.2}%", share * 100.0, sum / n, 100.0 * reached / n);
    }
}

/// The same by the full comparison: what share of synthetic impostors reaches what so many of all real ones do.
fn compared(prints: &[Print], fingers: &[usize], recombined: &Recombined<'_>) {
    const SYNTHETIC: u64 = 2000;
    let synthetic: Vec<(Prepared, [usize; 2])> = (0..SYNTHETIC)
        .into_par_iter()
        .map(|number| recombined.finger(number))
        .map(|(template, of)| (Prepared::new(&template), of))
        .collect();
    let scores = |of: &(dyn Fn(&mut Comparer, usize) -> Vec<f32> + Sync)| {
        let probes = (0..prints.len()).into_par_iter();
        let mut scores: Vec<f32> =
            probes.map_init(|| Comparer::new(Level::best()), |comparer, p| of(comparer, p)).flatten_iter().collect();
        scores.sort_unstable_by(f32::total_cmp);
        scores
    };
    let real = scores(&|comparer, p| {
        let others = (0..prints.len()).filter(|&r| fingers[r] != fingers[p]);
        others.map(|r| comparer.compare(prints[p].prepared.view(), prints[r].prepared.view())).collect()
    });
    let synthetic = scores(&|comparer, p| {
        let others = synthetic.iter().filter(|(_, of)| !of.contains(&fingers[p]));
        others.map(|(r, _)| comparer.compare(prints[p].prepared.view(), r.view())).collect()
    });
    println!("\nimpostors' scores in full, {} real pairs and {} synthetic:", real.len(), synthetic.len());
    println!("{:>10} {:>8} {:>30}", "share", "real", "synthetic above the real one");
    for share in [0.5, 0.1, 0.01, 0.001, 1e-4, 1e-5] {
        let score = real[((real.len() as f64 * (1.0 - share)) as usize).min(real.len() - 1)];
        let above = synthetic.len() - synthetic.partition_point(|&s| s <= score);
        println!("{:9.3}% {score:8.2} {:29.4}%", share * 100.0, 100.0 * above as f64 / synthetic.len().max(1) as f64);
    }
}

/// The mated pairs that the full comparison accepts at FMR 1e-4 of their set, and how many mated pairs each set has.
fn mates(sets: &[sets::Set], prints: &[Print]) -> (Vec<(usize, usize)>, Vec<usize>) {
    let (mut accepted, mut genuine) = (Vec::new(), Vec::new());
    for s in 0..sets.len() {
        let of: Vec<usize> = (0..prints.len()).filter(|&k| prints[k].set == s).collect();
        let scores: Vec<(f32, usize, usize)> = of
            .par_iter()
            .map_init(
                || Comparer::new(Level::best()),
                |comparer, &i| {
                    let later = of.iter().filter(|&&j| j > i);
                    later
                        .map(|&j| (comparer.compare(prints[i].prepared.view(), prints[j].prepared.view()), i, j))
                        .collect::<Vec<_>>()
                },
            )
            .flatten_iter()
            .collect();
        let (mated, other): (Vec<_>, Vec<_>) =
            scores.into_iter().partition(|x| prints[x.1].finger == prints[x.2].finger);
        let mut impostor: Vec<f32> = other.iter().map(|x| x.0).collect();
        impostor.sort_by(|a, b| b.total_cmp(a));
        let threshold = impostor.get((impostor.len() as f64 * 1e-4) as usize).copied().unwrap_or(0.0);
        genuine.push(mated.len());
        accepted.extend(mated.iter().filter(|x| x.0 > threshold).map(|x| (x.1, x.2)));
    }
    (accepted, genuine)
}

/// The best of several runs, in seconds on the processor.
fn best(runs: usize, mut run: impl FnMut()) -> f64 {
    (0..runs)
        .map(|_| {
            let started = on_processor();
            run();
            on_processor() - started
        })
        .fold(f64::MAX, f64::min)
}

/// Single searches that are timed together: the clock of processor time ticks every few milliseconds.
const ONE_BY_ONE: usize = 16;

fn speed(references: u64) {
    let gallery = Gallery::synthetic(references);
    let probes: Vec<Prepared> = (0..64).map(|k| synthetic(k * 131 % references, 1)).collect();
    let count = |p: &Prepared| p.view().len().min(64);
    let minutiae = gallery.prepared.iter().map(count).sum::<usize>() as f64 / gallery.len() as f64;
    println!(
        "{references} synthetic references of {minutiae:.1} minutiae, {} bytes each; one thread",
        ScreenCode::STRIDE
    );
    let (column, n) = (gallery.column(), gallery.len());
    let mut full = 0.0;
    for level in Level::ALL.into_iter().filter(|l| l.is_available()) {
        let screen = Screen::new(level);
        for together in [1, 64] {
            let probes: Vec<ScreenProbe> =
                probes.iter().take(together).map(|p| ScreenProbe::new(&ScreenCode::new(p))).collect();
            let rows = if level == Level::Scalar { 200 } else { n.min(if together > 1 { 500 } else { n }) };
            let mut out = vec![0; rows * together];
            let seconds = best(7, || screen.scan(&probes, &column, 0..rows, &mut out));
            println!(
                "scan, {level}, {together:2} probes: {:6.0} ns a reference and probe, {:.1} GB/s of codes",
                seconds * 1e9 / out.len() as f64,
                (rows * ScreenCode::STRIDE) as f64 / seconds * 1e-9
            );
        }
        let mut comparer = Comparer::new(level);
        let pairs = if level == Level::Scalar { 50 } else { 1000 };
        let seconds = best(5, || {
            for k in 0..pairs {
                comparer.compare(probes[k % 64].view(), gallery.prepared[k * 7 % n].view());
            }
        });
        if level == Level::best() {
            full = seconds / pairs as f64;
        }
        println!("a full comparison, {level}: {:.1} us", seconds * 1e6 / pairs as f64);
    }
    println!("exhaustive: {:.0} references a second", 1.0 / full);
    for level in Level::ALL.into_iter().filter(|l| l.is_available() && *l != Level::Scalar) {
        for share in [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2] {
            let depth = Depth::Share(share);
            let one = best(3, || {
                for probe in probes.chunks(1).take(ONE_BY_ONE) {
                    std::hint::black_box(search(&gallery, probe, depth, level));
                }
            });
            let (mut compared, mut right) = (0, 0);
            let many = best(1, || {
                let found = search(&gallery, &probes, depth, level);
                compared = found.iter().map(|f| f.compared).sum();
                right = (0..64).filter(|&k| found[k].reference == k * 131 % n).count();
            });
            println!(
                "search, {level}, {:.1} % penetrate ({:.2} %): one probe {:.0} references a second, 64 probes {:.0} each; {right} of 64 mates first",
                share * 100.0,
                100.0 * compared as f64 / (64 * n) as f64,
                (ONE_BY_ONE * n) as f64 / one,
                (64 * n) as f64 / many
            );
        }
    }
    many_fingers(references);
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let (screen, probe) = (Screen::new(Level::best()), [ScreenProbe::new(&ScreenCode::new(&probes[0]))]);
    let mut scores = vec![0; n];
    let scan = [1, 2].map(|threads| {
        (0..5)
            .map(|_| {
                let started = std::time::Instant::now();
                pool(threads).install(|| {
                    scores.par_chunks_mut(512).enumerate().for_each(|(k, out)| {
                        screen.scan(&probe, &column, 512 * k..512 * k + out.len(), out);
                    });
                });
                started.elapsed().as_secs_f64()
            })
            .fold(f64::MAX, f64::min)
    });
    // What the machine gives two threads that share nothing.
    let busy = || (0..300_000_000u64).fold(1, |x: u64, k| x.wrapping_mul(std::hint::black_box(k) | 1));
    let alone = [1, 2].map(|threads| {
        let started = std::time::Instant::now();
        std::thread::scope(|scope| (0..threads).for_each(|_| _ = scope.spawn(busy)));
        started.elapsed().as_secs_f64()
    });
    println!(
        "scan with one thread and two: {:.4} and {:.4} s (x{:.2}); two that only multiply do x{:.2}",
        scan[0],
        scan[1],
        scan[0] / scan[1],
        2.0 * alone[0] / alone[1]
    );
    let rows = n.min(2000);
    let part = column.part(0..rows);
    let mut seconds = [0.0; 2];
    for threads in [1, 2] {
        seconds[threads - 1] = (0..3)
            .map(|_| {
                let started = std::time::Instant::now();
                let screen = Screen::new(Level::best());
                pool(threads)
                    .install(|| screen::join(&screen, &part, 0..screen::blocks(rows), Depth::Share(0.01), |_, _| {}));
                started.elapsed().as_secs_f64()
            })
            .fold(f64::MAX, f64::min);
    }
    println!(
        "join of {rows}: {:.2} s, with two threads {:.2} s (x{:.2}); {:.0} ns a pair",
        seconds[0],
        seconds[1],
        seconds[0] / seconds[1],
        seconds[0] * 2e9 / (rows * rows) as f64
    );
}

/// Searches of a gallery with so many fingers of one subject, on one thread.
fn many_fingers(subjects: u64) {
    for fingers in [2, 4, 10] {
        let population = Population { subjects, fingers, face_model: None, duplicates: 0.0, ..Default::default() };
        let generator = Generator::new(population).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let gallery = vantay::gallery::Gallery::create(directory.path().join("gallery"), Options::default()).unwrap();
        let mut writer = gallery.writer(Arc::new(SearchColumns)).unwrap();
        for subject in 0..subjects {
            writer.enroll(generator.registration(subject)).unwrap();
        }
        writer.commit().unwrap();
        let snapshot = gallery.snapshot();
        let search = Search::new(&snapshot, Judge::raw(Thresholds::default())).unwrap();
        let probes: Vec<Registration> = (0..8).map(|k| generator.probe(k * subjects / 8, 1)).collect();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let mut full = 0;
        let options = IdentifyOptions::default();
        let seconds = pool.install(|| {
            best(3, || {
                for probe in &probes {
                    let (found, work) = search.identify(std::slice::from_ref(probe), &options).unwrap();
                    assert_eq!(*found[0].candidates[0].personal_id, *probe.personal_id.as_str());
                    full = work.full_comparisons;
                }
            })
        });
        println!(
            "{fingers} fingers among {subjects} subjects: {:.2} us a subject, {full} full comparisons",
            seconds * 1e6 / (subjects * probes.len() as u64) as f64
        );
    }
}
