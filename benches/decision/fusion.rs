//! Portrait and fingers together, on virtual people: the portraits of LFW's people joined to fingers of the real sets.
//!
//! A virtual person has two fingers of one set and the portraits of several of LFW's people, so that all of those with two images take part. Calibrations
//! never saw what they are used on: that of fingers the sensor, that of faces the people. FMR is counted over every combination of an impostor pair of
//! faces and one of fingers; FNMR is a mean over persons; intervals draw persons again, with both their fingers and their portraits (impostor faces stay).
#![allow(clippy::needless_range_loop)]

use super::{
    correlation,
    held_out::{Set, pooled},
};
use rand_pcg::{Pcg32, rand_core::Rng};
use rayon::prelude::*;
use std::{collections::BTreeMap, path::Path};
use vantay::{
    decision::{Calibration, Comparison, FitOptions, Fusion, FusionRule, PartScore, Scores},
    face,
};

const DIMENSION: usize = 512;
const FMRS: [f64; 2] = [1e-4, 1e-6];
/// Genuine pairs of portraits that one of LFW's people gives at most.
const MOST_PAIRS: usize = 20;
/// Classes of cosines, from −1 to 1.
const COSINES: usize = 16_384;
const REPLICATES: u64 = 500;

/// Which parts are compared.
#[derive(Clone, Copy)]
struct Parts {
    name: &'static str,
    face: bool,
    fingers: usize,
}

const SYSTEMS: [Parts; 5] = [
    Parts { name: "face", face: true, fingers: 0 },
    Parts { name: "one finger", face: false, fingers: 1 },
    Parts { name: "two fingers", face: false, fingers: 2 },
    Parts { name: "face + one finger", face: true, fingers: 1 },
    Parts { name: "face + two fingers", face: true, fingers: 2 },
];

/// LFW's people in two folds: genuine scores of each, and how often strangers of the fold score what.
struct Faces {
    /// For each person with two images or more: fold and genuine scores.
    mates: Vec<(usize, Vec<f64>)>,
    strangers: [Vec<u64>; 2],
    calibrations: [Calibration; 2],
}

fn faces() -> Option<Faces> {
    let data = std::env::var("VANTAY_DATA").unwrap_or(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data").into());
    let folder = Path::new(&data).join("face");
    let bytes = std::fs::read(folder.join("lfw-a-embeddings.npy")).ok()?;
    let header = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let rows: Vec<f32> = bytes[header..].as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect();
    let labels = std::fs::read_to_string(folder.join("lfw-a-labels.csv")).ok()?;
    let mut people: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (row, line) in labels.lines().skip(1).enumerate() {
        let person: i64 = line.rsplit_once(',')?.1.parse().ok()?;
        if person >= 0 {
            people.entry(person).or_default().push(row);
        }
    }
    let people: Vec<Vec<usize>> = people.into_values().collect();
    let cosine = |a: usize, b: usize| {
        let row = |n: usize| &rows[n * DIMENSION..(n + 1) * DIMENSION];
        face::compare(row(a), row(b)).unwrap()
    };
    let mut mates: Vec<(usize, Vec<f64>)> = Vec::new();
    let mut in_fold = [Vec::new(), Vec::new()];
    let (mut with_mates, mut genuine) = (0, [Vec::new(), Vec::new()]);
    for (n, images) in people.iter().enumerate() {
        let fold = if images.len() > 1 { with_mates % 2 } else { n % 2 };
        with_mates += usize::from(images.len() > 1);
        in_fold[fold].extend(images.iter().map(|&image| (image, n as u32)));
        let pairs: Vec<[usize; 2]> =
            (0..images.len()).flat_map(|j| (0..j).map(move |i| [i, j])).map(|pair| pair.map(|i| images[i])).collect();
        let step = pairs.len().div_ceil(MOST_PAIRS).max(1);
        let scores: Vec<f64> = pairs.iter().step_by(step).map(|&[a, b]| cosine(a, b)).collect();
        genuine[fold].extend(scores.iter().map(|&score| Comparison { score, subjects: [n as u32; 2] }));
        if !scores.is_empty() {
            mates.push((fold, scores));
        }
    }
    let strangers = [0, 1].map(|fold| {
        let images: &Vec<(usize, u32)> = &in_fold[fold];
        (0..images.len())
            .into_par_iter()
            .fold(
                || vec![0_u64; COSINES],
                |mut counts, j| {
                    for i in (0..j).filter(|&i| images[i].1 != images[j].1) {
                        counts[class(cosine(images[i].0, images[j].0))] += 1;
                    }
                    counts
                },
            )
            .reduce(|| vec![0; COSINES], |a, b| a.iter().zip(&b).map(|(a, b)| a + b).collect())
    });
    // Each fold's calibration is fitted on the other: every tenth impostor pair, drawn.
    let calibrations = [0, 1].map(|fold| {
        let images: &Vec<(usize, u32)> = &in_fold[1 - fold];
        let mut random = Pcg32::new(4, fold as u64);
        let mut draw = || images[((u64::from(random.next_u32()) * images.len() as u64) >> 32) as usize];
        let impostor = (0..500_000).map(|_| (draw(), draw())).filter(|(a, b)| a.1 != b.1);
        let impostor: Vec<_> =
            impostor.map(|(a, b)| Comparison { score: cosine(a.0, b.0), subjects: [a.1, b.1] }).collect();
        let all = Scores::new(genuine[1 - fold].iter().copied().chain(impostor));
        Calibration::fit(&all, &FitOptions::new("LFW, a fold of half of its people", "w600k_mbf")).unwrap()
    });
    Some(Faces { mates, strangers, calibrations })
}

fn class(cosine: f64) -> usize {
    (((cosine + 1.0) / 2.0 * COSINES as f64) as usize).min(COSINES - 1)
}

/// The upper end of a class, which errs to the safe side.
fn cosine_of(class: usize) -> f64 {
    (class + 1) as f64 / COSINES as f64 * 2.0 - 1.0
}

/// A virtual person: two fingers of a set, and portraits.
struct Person {
    set: usize,
    fingers: [usize; 2],
    fold: usize,
    faces: Vec<f64>,
}

/// What one system says of all transactions by one rule.
struct Transactions {
    /// Of each person.
    genuine: Vec<Vec<f64>>,
    /// Of strangers' fingers: the two persons, and the value without what the faces add. Empty for a face alone.
    impostor: Vec<(usize, usize, f64)>,
    /// By set and fold: what strangers' faces add, ascending, with the share that adds as much or more.
    faces: BTreeMap<(usize, usize), Vec<(f64, f64)>>,
}

impl Transactions {
    fn fnmr(&self, threshold: f64, weights: &[f64]) -> f64 {
        let lost = |values: &Vec<f64>| values.iter().filter(|v| **v < threshold).count() as f64 / values.len() as f64;
        let (mut sum, mut of) = (0.0, 0.0);
        for (values, weight) in self.genuine.iter().zip(weights) {
            sum += weight * lost(values);
            of += weight;
        }
        sum / of
    }

    fn fmr(&self, threshold: f64, people: &[Person], weights: &[f64]) -> f64 {
        let reach = |person: usize, value: f64| match self.faces.get(&(people[person].set, people[person].fold)) {
            None => f64::from(u8::from(value >= threshold)),
            Some(faces) => {
                let at = faces.partition_point(|(adds, _)| value + adds < threshold);
                faces.get(at).map_or(0.0, |(_, share)| *share)
            }
        };
        let sets = 1 + people.iter().map(|person| person.set).max().unwrap();
        let (mut sums, mut of, mut share) = (vec![0.0; sets], vec![0.0; sets], vec![0.0; sets]);
        people.iter().zip(weights).for_each(|(person, weight)| share[person.set] += weight);
        if self.impostor.is_empty() {
            for (n, (person, weight)) in people.iter().zip(weights).enumerate() {
                sums[person.set] += weight * reach(n, 0.0);
                of[person.set] += weight;
            }
        }
        for &(a, b, value) in &self.impostor {
            let weight = weights[a] * weights[b];
            if weight > 0.0 {
                sums[people[a].set] += weight * reach(a, value);
                of[people[a].set] += weight;
            }
        }
        let mut total = (0.0, 0.0);
        for set in (0..sets).filter(|&set| of[set] > 0.0) {
            total = (total.0 + share[set] * sums[set] / of[set], total.1 + share[set]);
        }
        total.0 / total.1
    }

    /// The least threshold at which no more than `fmr` of the strangers pass.
    fn threshold(&self, fmr: f64, people: &[Person], weights: &[f64]) -> f64 {
        let values = self.genuine.iter().flatten().copied();
        let (mut low, mut high) = values.fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)));
        (low, high) = (low - 1.0, high + (high - low) * 0.5);
        if self.fmr(high, people, weights) > fmr {
            return f64::INFINITY;
        }
        for _ in 0..32 {
            let middle = (low + high) / 2.0;
            if self.fmr(middle, people, weights) > fmr { low = middle } else { high = middle }
        }
        high
    }
}

fn transactions(
    parts: Parts,
    rule: FusionRule,
    sets: &[&Set],
    people: &[Person],
    faces: &Faces,
    fusions: &[[Fusion; 2]],
) -> Transactions {
    let value = |set: usize, fold: usize, face: Option<f64>, fingers: &[f64]| {
        let fingers = fingers.iter().zip([2, 7]).map(|(&score, position)| PartScore::finger(position, score));
        let list: Vec<_> = face.map(PartScore::face).into_iter().chain(fingers).collect();
        fusions[set][fold].combine(rule, &list).unwrap()
    };
    // The faces' part of a sum is the same whatever the fingers say.
    let some: Vec<f64> = vec![5.0; parts.fingers];
    let some_face = parts.face.then_some(0.2);
    let mut adds = BTreeMap::new();
    if parts.face {
        for set in 0..sets.len() {
            for fold in 0..2 {
                let base = if parts.fingers > 0 { value(set, fold, some_face, &some) } else { 0.0 };
                let counts = &faces.strangers[fold];
                let all: u64 = counts.iter().sum();
                let mut left = all;
                let mut steps = Vec::new();
                for (class, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                    let added = value(set, fold, Some(cosine_of(class)), &some) - base;
                    steps.push((added, left as f64 / all as f64));
                    left -= count;
                }
                adds.insert((set, fold), steps);
            }
        }
    }
    let genuine = people
        .par_iter()
        .map(|person| {
            let set = sets[person.set];
            let [one, two] = person.fingers.map(|finger| &set.fingers[finger]);
            let occasions = (0..one.len().min(two.len())).flat_map(|j| (0..j).map(move |i| (i, j)));
            let prints: Vec<[f64; 2]> =
                occasions.map(|(i, j)| [set.score(one[i], one[j]), set.score(two[i], two[j])]).collect();
            let mut values = Vec::new();
            match (parts.face, parts.fingers) {
                (true, 0) => values.extend(person.faces.iter().map(|&f| value(person.set, person.fold, Some(f), &[]))),
                (false, n) => values.extend(prints.iter().map(|p| value(person.set, person.fold, None, &p[..n]))),
                (true, n) => {
                    for &face in &person.faces {
                        values.extend(prints.iter().map(|p| value(person.set, person.fold, Some(face), &p[..n])));
                    }
                }
            }
            values
        })
        .collect();
    let pairs: Vec<(usize, usize)> = (0..people.len())
        .flat_map(|a| (0..people.len()).map(move |b| (a, b)))
        .filter(|&(a, b)| a != b && people[a].set == people[b].set)
        .collect();
    let impostor = pairs
        .into_par_iter()
        .filter(|_| parts.fingers > 0)
        .flat_map_iter(|(a, b)| {
            let (one, other) = (&people[a], &people[b]);
            let set = sets[one.set];
            let mut values = Vec::new();
            let files = |person: &Person, finger: usize| &set.fingers[person.fingers[finger]];
            // One finger: either of the one's against either of the other's.
            let roles: &[[usize; 2]] = if parts.fingers == 1 { &[[0, 0], [0, 1], [1, 0], [1, 1]] } else { &[[0, 0]] };
            for &[f, g] in roles {
                for i in 0..files(one, f).len() {
                    for j in 0..files(other, g).len() {
                        let mut scores = vec![set.score(files(one, f)[i], files(other, g)[j])];
                        if parts.fingers == 2 {
                            let (Some(&x), Some(&y)) = (files(one, 1).get(i), files(other, 1).get(j)) else { continue };
                            scores.push(set.score(x, y));
                        }
                        values.push((a, b, value(one.set, one.fold, some_face, &scores)));
                    }
                }
            }
            values
        })
        .collect();
    Transactions { genuine, impostor, faces: adds }
}

/// The table: counted FNMR at counted FMR, and at the FMR that the library states.
pub fn table(all: &[Set]) {
    let Some(faces) = faces() else {
        println!("skipped: fusion: no portraits in VANTAY_DATA");
        return;
    };
    let sets: Vec<&Set> = all.iter().filter(|set| set.name.ends_with("-mindtct")).collect();
    let fusions: Vec<[Fusion; 2]> = sets
        .par_iter()
        .map(|set| {
            let others = || all.iter().filter(|other| other.sensor() != set.sensor());
            let finger = Calibration::fit(&pooled(others()), &super::options()).unwrap();
            let correlation = correlation(&finger, others());
            [0, 1].map(|fold| {
                Fusion::new(Some(faces.calibrations[fold].clone()), Some(finger.clone())).with_correlation(correlation)
            })
        })
        .collect();
    let mut people: Vec<Person> = Vec::new();
    for (s, set) in sets.iter().enumerate() {
        for two in 0..set.fingers.len() / 2 {
            people.push(Person { set: s, fingers: [2 * two, 2 * two + 1], fold: people.len() % 2, faces: Vec::new() });
        }
    }
    for fold in 0..2 {
        let of_fold: Vec<usize> = (0..people.len()).filter(|&n| people[n].fold == fold).collect();
        let mates = faces.mates.iter().filter(|(of, _)| *of == fold);
        mates.zip(of_fold.iter().cycle()).for_each(|((_, scores), &n)| people[n].faces.extend(scores));
    }
    println!(
        "{} virtual people, {} of LFW's people with {} genuine pairs, {} and {} impostor pairs of portraits",
        people.len(),
        faces.mates.len(),
        faces.mates.iter().map(|(_, scores)| scores.len()).sum::<usize>(),
        faces.strangers[0].iter().sum::<u64>(),
        faces.strangers[1].iter().sum::<u64>(),
    );
    let correlations: Vec<String> = fusions.iter().map(|f| format!("{:.2}", f[0].correlation().value)).collect();
    println!("correlation of fingers, without each sensor: {}", correlations.join(" "));
    let plain = vec![1.0; people.len()];
    let draws: Vec<Vec<f64>> = (0..REPLICATES)
        .map(|replicate| {
            let mut random = Pcg32::new(7, replicate);
            let mut weights = vec![0.0; people.len()];
            for _ in 0..people.len() {
                weights[((u64::from(random.next_u32()) * people.len() as u64) >> 32) as usize] += 1.0;
            }
            weights
        })
        .collect();
    println!(
        "\n| parts | FNMR at FMR 1e-4, % | at 1e-6, % | at a stated FMR of 1e-4: FNMR, %; FMR found | at a stated 1e-6: the same |"
    );
    println!("|---|---|---|---|---|");
    let mut kept = Vec::new();
    for parts in SYSTEMS {
        let of = transactions(parts, FusionRule::LikelihoodRatio, &sets, &people, &faces, &fusions);
        let mut line = format!("| {} |", parts.name);
        let mut drawn = Vec::new();
        for fmr in FMRS {
            let at = |weights: &[f64]| of.fnmr(of.threshold(fmr, &people, weights), weights);
            let value = at(&plain);
            let mut replicates: Vec<f64> = draws.par_iter().map(|weights| at(weights)).collect();
            drawn.push((value, replicates.clone()));
            replicates.sort_by(f64::total_cmp);
            let end = |share: f64| 100.0 * replicates[(share * (REPLICATES - 1) as f64) as usize];
            // What no combination can show is not claimed.
            if !parts.face && fmr < 1e-5 {
                line += " not countable |";
            } else {
                line += &format!(" {:.2} ({:.2} to {:.2}) |", 100.0 * value, end(0.025), end(0.975));
            }
        }
        for fmr in FMRS {
            let (mut fnmr, mut found, mut of_people) = (0.0, 0.0, 0.0);
            for set in 0..sets.len() {
                for fold in 0..2 {
                    let fusion = &fusions[set][fold];
                    // A part alone by its own rate; several by that of their sum, in the units of the sum.
                    let threshold = match (parts.face, parts.fingers) {
                        (true, 0) => {
                            faces.calibrations[fold].llr(faces.calibrations[fold].threshold_at_fmr(fmr).unwrap())
                        }
                        (false, 1) => {
                            let finger = fusion.calibration(vantay::decision::Part::Finger(0)).unwrap();
                            finger.llr(finger.threshold_at_fmr(fmr).unwrap())
                        }
                        (face, fingers) => fusion.llr_at_fmr(face, fingers, fmr).unwrap(),
                    };
                    let weights: Vec<f64> =
                        people.iter().map(|p| f64::from(u8::from(p.set == set && p.fold == fold))).collect();
                    let n: f64 = weights.iter().sum();
                    if n > 1.0 {
                        fnmr += n * of.fnmr(threshold, &weights);
                        found += n * of.fmr(threshold, &people, &weights);
                        of_people += n;
                    }
                }
            }
            line += &format!(" {:.2}; {:.1e} |", 100.0 * fnmr / of_people, found / of_people);
        }
        println!("{line}");
        kept.push(drawn);
    }
    for (n, name) in [(3, "face + one finger"), (4, "face + two fingers")] {
        for (k, fmr) in FMRS.iter().enumerate() {
            for (against, other) in [(0, "a face alone"), (1, "one finger alone")] {
                if against == 1 && *fmr < 1e-5 {
                    continue;
                }
                let fewer = |a: f64, b: f64| 100.0 * (1.0 - a / b);
                let mut drawn: Vec<f64> =
                    (kept[n][k].1.iter().zip(&kept[against][k].1)).map(|(a, b)| fewer(*a, *b)).collect();
                drawn.retain(|share| share.is_finite());
                drawn.sort_by(f64::total_cmp);
                let end = |share: f64| drawn[(share * (drawn.len() - 1) as f64) as usize];
                println!(
                    "{name} at FMR {fmr:e}: {:.0} % ({:.0} to {:.0}) fewer false rejects than {other}",
                    fewer(kept[n][k].0, kept[against][k].0),
                    end(0.025),
                    end(0.975)
                );
            }
        }
    }
    println!("\n| rule | face + one finger: FNMR at FMR 1e-4, % | at 1e-6 | face + two: at 1e-4 | at 1e-6 |");
    println!("|---|---|---|---|---|");
    for rule in FusionRule::ALL {
        let mut line = format!("| {rule:?} |");
        for parts in [SYSTEMS[3], SYSTEMS[4]] {
            let of = transactions(parts, rule, &sets, &people, &faces, &fusions);
            for fmr in FMRS {
                line += &format!(" {:.2} |", 100.0 * of.fnmr(of.threshold(fmr, &people, &plain), &plain));
            }
        }
        println!("{line}");
    }
}
