use super::*;
use crate::{
    fingerprint::Prepared,
    simd::Level,
    template::{FingerPosition, Impression, Minutia, MinutiaKind, MinutiaeTemplate},
};
use std::sync::Mutex;

/// Numbers from a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(n)) as u32
    }
}

/// A finger of `n` minutiae, laid down `turn` / 256 turns round and shifted.
fn finger(seed: u64, n: u32, turn: u8, shift: f32) -> ScreenCode {
    let mut dice = Dice(seed * 7919 + 1);
    let angle = f32::from(turn) * std::f32::consts::TAU / 256.0;
    let minutiae = (0..n).map(|_| {
        let (x, y, a) = (dice.below(300) as f32, dice.below(360) as f32, dice.below(256) as u8);
        let (u, v) = (angle.cos() * x + angle.sin() * y, angle.cos() * y - angle.sin() * x);
        Minutia::new((u + shift) as i16, (v - shift) as i16, a.wrapping_add(turn), MinutiaKind::Ending, None)
    });
    let minutiae = minutiae.collect();
    let template = MinutiaeTemplate::new(FingerPosition::UNKNOWN, Impression(0), None, (0, 0), minutiae).unwrap();
    ScreenCode::new(&Prepared::new(&template))
}

fn gallery(n: u64) -> Vec<u8> {
    (0..n).flat_map(|k| finger(k, (k * 13 % 90) as u32, 0, 0.0).as_bytes().to_vec()).collect()
}

/// Sound rows, then rows of noise behind a sound head and rows that are no codes in turn.
fn mixed(n: u64) -> Vec<u8> {
    let mut bytes = gallery(n);
    let mut dice = Dice(9);
    for k in 0..20 {
        let mut row: Vec<u8> = (0..ScreenCode::STRIDE).map(|_| dice.below(256) as u8).collect();
        if k % 2 == 0 {
            row[..5].copy_from_slice(&finger(1, 64, 0, 0.0).as_bytes()[..5]);
        }
        bytes.extend(row);
    }
    bytes
}

fn scan(level: Level, probes: &[ScreenProbe], bytes: &[u8]) -> Vec<u16> {
    let column = ScreenColumn::new(bytes).unwrap();
    let mut out = vec![0; probes.len() * column.len()];
    Screen::new(level).scan(probes, &column, 0..column.len(), &mut out);
    out
}

fn probes() -> Vec<ScreenProbe> {
    [0, 1, 3, 17, 40, 64, 90].into_iter().map(|n| ScreenProbe::new(&finger(3, n, 30, 50.0))).collect()
}

#[test]
fn every_level_gives_the_same_scores() {
    let bytes = mixed(60);
    let expected = scan(Level::Scalar, &probes(), &bytes);
    assert_eq!(expected[61], DAMAGED);
    for level in Level::ALL {
        if level.is_available() {
            assert!(scan(level, &probes(), &bytes) == expected, "{level}");
        } else {
            eprintln!("skipped: {level} is not available here");
        }
    }
}

#[test]
fn many_probes_score_as_each_alone() {
    let bytes = gallery(50);
    let together = scan(Level::best(), &probes(), &bytes);
    let alone: Vec<u16> = probes().iter().flat_map(|p| scan(Level::best(), std::slice::from_ref(p), &bytes)).collect();
    assert_eq!(together, alone);
}

#[test]
fn a_turned_and_shifted_mate_scores_highest() {
    let bytes: Vec<u8> = (0..300).flat_map(|k| finger(k, 40, 0, 0.0).as_bytes().to_vec()).collect();
    for (mate, turn) in [(7, 0), (100, 64), (200, 131), (299, 250)] {
        let scores = scan(Level::best(), &[ScreenProbe::new(&finger(mate, 40, turn, 77.0))], &bytes);
        let best = (0..300).max_by_key(|&r| scores[r]).unwrap();
        assert_eq!(best as u64, mate, "turned by {turn}/256");
    }
}

#[test]
fn no_minutiae_score_nothing() {
    let bytes = finger(1, 0, 0, 0.0).as_bytes().to_vec();
    assert_eq!(scan(Level::best(), &probes(), &bytes), vec![0; probes().len()]);
}

#[test]
fn a_join_is_every_pair_once_whatever_the_blocks_and_threads() {
    let rows = 150;
    let bytes: Vec<u8> = (0..rows).flat_map(|k| finger(k % 140, 30, 5, 0.0).as_bytes().to_vec()).collect();
    let column = ScreenColumn::new(&bytes).unwrap();
    let screen = Screen::new(Level::best());
    let run = |threads: usize, parts: &[std::ops::Range<usize>], depth| {
        let found = Mutex::new(Vec::new());
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        for part in parts {
            let each = |_, survivors: &[Survivor]| found.lock().unwrap().extend_from_slice(survivors);
            pool.install(|| join(&screen, &column, part.clone(), depth, each));
        }
        let mut found = found.into_inner().unwrap();
        found.sort();
        found
    };
    let whole = 0..blocks(column.len());
    let all = run(1, std::slice::from_ref(&whole), Depth::Exhaustive);
    assert_eq!(all.len(), 150 * 149 / 2);
    assert!(all.iter().all(|s| s.a < s.b));
    let deep = run(1, std::slice::from_ref(&whole), Depth::Share(0.5));
    assert!((0..10).all(|k| deep.iter().any(|s| (s.a, s.b) == (k, k + 140))), "the doubles survive");
    assert_eq!(deep, run(3, &[1..3, 0..1], Depth::Share(0.5)));
}

/// The scores of fingers with gates found on the column itself, every other one without, in one batch and alone.
fn gated(level: Level, codes: &[ScreenCode], bytes: &[u8]) -> [Vec<u16>; 2] {
    let column = ScreenColumn::new(bytes).unwrap();
    let rows: Vec<_> = (0..column.len()).map(|row| column.part(row..row + 1)).collect();
    let sample = GateSample::new(level, &rows);
    let mut screen = GatedScreen::new(level);
    let mut probes = GatedProbes::default();
    for (k, code) in codes.iter().enumerate() {
        let shares = GateShares::of(0.005).filter(|_| k % 2 == 0);
        probes.push(code, shares.and_then(|shares| screen.gate(code, &sample, shares)));
    }
    let mut together = vec![0; codes.len() * column.len()];
    screen.scan(&probes, 0..codes.len(), &column, &mut together);
    let mut alone = vec![0; together.len()];
    for (k, out) in alone.chunks_mut(column.len()).enumerate() {
        screen.scan(&probes, k..k + 1, &column, out);
    }
    [together, alone]
}

#[test]
fn with_gates_every_level_and_batch_gives_the_same_scores() {
    let bytes = mixed(300);
    let codes = [40, 0, 3, 64, 17, 90].map(|n| finger(3, n, 30, 50.0));
    let [expected, _] = gated(Level::Scalar, &codes, &bytes);
    assert_eq!(expected[301], DAMAGED);
    for level in Level::ALL.into_iter().filter(|level| level.is_available()) {
        let [together, alone] = gated(level, &codes, &bytes);
        assert!(together == expected && alone == expected, "{level}");
    }
}

#[test]
fn what_passes_a_gate_has_its_screen_score_and_what_does_not_has_less() {
    let bytes: Vec<u8> = (0..400).flat_map(|k| finger(k, 40, 0, 0.0).as_bytes().to_vec()).collect();
    let numbers = [7, 100, 399];
    let mates = numbers.map(|mate| finger(mate, 40, 64, 77.0));
    let [found, _] = gated(Level::best(), &mates, &bytes);
    for (k, (mate, found)) in mates.iter().zip(found.chunks(400)).enumerate() {
        let screened = scan(Level::best(), &[ScreenProbe::new(mate)], &bytes);
        // The second has no gate.
        let passes = |r: &usize| k == 1 || found[*r] >= 1024;
        assert!((0..400).filter(passes).all(|r| found[r] == if k == 1 { screened[r] } else { screened[r].max(1024) }));
        let passed = (0..400).filter(passes).count();
        assert!(k == 1 || (10..60).contains(&passed), "{passed} of 400");
        assert_eq!((0..400).max_by_key(|&r| found[r]), Some(numbers[k] as usize));
    }
}

#[test]
fn gates_are_left_out_where_they_save_nothing_or_the_sample_is_small() {
    assert!(GateShares::of(0.01).is_some() && GateShares::of(0.05).is_none());
    let bytes = gallery(127);
    let column = ScreenColumn::new(&bytes).unwrap();
    let rows: Vec<_> = (0..column.len()).map(|row| column.part(row..row + 1)).collect();
    let mut screen = GatedScreen::new(Level::best());
    let shares = GateShares::of(0.01).unwrap();
    let gate = |screen: &mut GatedScreen, rows| {
        screen.gate(&finger(3, 40, 0, 0.0), &GateSample::new(Level::best(), rows), shares)
    };
    assert_eq!(gate(&mut screen, &rows), None);
    assert!(gate(&mut screen, &[&rows[..], &rows[..1]].concat()).is_some());
}
