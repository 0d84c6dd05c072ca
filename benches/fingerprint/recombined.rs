//! Synthetic fingers made of real ones: as many as a background takes, which score like real impostors.
//!
//! # Problem
//! A gallery of half a million fingers needs fingers that nobody has. Drawn from a model of ridges they are too kind: a screen meets what
//! sensors and extractors do to prints (where minutiae are found at rims and creases, how directions err, which prints are crowded) among
//! real references and not among those.
//!
//! # Method
//! A mirrored print is a finger that nobody has, and whole in everything else. Two of them, of different fingers of one set, make more: they
//! are laid on each other, turned and moved a little, and cut along a line near the middle; one side is taken from each. Of several
//! prints for the other side the one is taken whose ridges run on best across the cut. Whose prints went in is said: they are no impostors.

use super::{random::Random, sets::Set};
use vantay::template::{Minutia, MinutiaeTemplate};

/// Pixels over which neighbours agree about the flow.
const NEAR: f32 = 20.0;
/// How far the other print is turned (1/256 turn; 10°) and moved (pixels), one standard deviation each.
const TURN: f32 = 7.0;
const SHIFT: f32 = 20.0;
/// The cut is at most so many pixels from the middle; the smaller side is the other print's.
const OFF: f32 = 70.0;
/// How many prints are tried for the other side.
const TRIED: usize = 24;
/// Pixels between the places of the cut where the two flows are held against each other.
const ALONG: f32 = 25.0;
/// Minutiae nearer than this many pixels would not both have been found.
const APART: f32 = 7.0;

/// Prints to make fingers of.
pub struct Recombined<'a> {
    /// Set, finger, print.
    prints: Vec<(usize, usize, &'a MinutiaeTemplate)>,
}

impl<'a> Recombined<'a> {
    /// Of all prints of the sets; `finger` numbers the finger of a print by its place among them all.
    pub fn new(sets: &'a [Set], finger: impl Fn(usize) -> usize) -> Self {
        let prints = sets.iter().enumerate().flat_map(|(s, set)| set.files.iter().map(move |(_, print)| (s, print)));
        let prints = prints.enumerate().filter(|(_, (_, print))| print.minutiae().len() > 4);
        Recombined { prints: prints.map(|(k, (s, print))| (s, finger(k), print)).collect() }
    }

    /// The finger of this number, and the two that it is made of.
    pub fn finger(&self, number: u64) -> (MinutiaeTemplate, [usize; 2]) {
        let mut random = Random::new(number ^ 0x5eed_0000_0000);
        let &(set, finger, print) = self.any(&mut random);
        let one = mirrored(print);
        let cut = Cut::drawn(&mut random);
        let flows: Vec<_> = cut.places().map(|place| flow(&one, place)).collect();
        let others = std::iter::repeat_with(|| {
            let &(of_set, of, print) = self.any(&mut random);
            (of_set == set && of != finger).then(|| (of, moved(&mirrored(print), &mut random)))
        });
        let fit = |other: &[Placed]| -> f32 {
            let there = cut.places().map(|place| flow(other, place));
            there.zip(&flows).map(|(a, b)| a.0 * b.0 + a.1 * b.1).sum()
        };
        let tried = others.flatten().take(TRIED).map(|(of, other)| (fit(&other), of, other));
        let (_, of, other) = tried.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
        let mut all: Vec<Placed> = one.into_iter().filter(|m| !cut.beyond(m)).collect();
        for m in other.into_iter().filter(|m| cut.beyond(m)) {
            if all.iter().all(|n| (m.x - n.x).hypot(m.y - n.y) >= APART) {
                all.push(m);
            }
        }
        all.truncate(MinutiaeTemplate::MAX_MINUTIAE);
        let (position, impression, size) = (print.position(), print.impression(), print.size());
        let middle = (f32::from(size.0) / 2.0, f32::from(size.1) / 2.0);
        let minutiae = all.iter().map(|m| m.minutia(middle)).collect();
        (MinutiaeTemplate::new(position, impression, print.quality(), size, minutiae).unwrap(), [finger, of])
    }

    fn any(&self, random: &mut Random) -> &(usize, usize, &'a MinutiaeTemplate) {
        &self.prints[(random.uniform() * self.prints.len() as f32) as usize % self.prints.len()]
    }
}

/// The line between the two prints: the way across it, and how far it lies from the middle.
struct Cut {
    across: (f32, f32),
    off: f32,
}

impl Cut {
    fn drawn(random: &mut Random) -> Cut {
        let (sine, cosine) = (std::f32::consts::TAU * random.uniform()).sin_cos();
        Cut { across: (cosine, sine), off: OFF * random.uniform() }
    }

    fn beyond(&self, m: &Placed) -> bool {
        self.across.0 * m.x + self.across.1 * m.y >= self.off
    }

    fn places(&self) -> impl Iterator<Item = (f32, f32)> {
        let (x, y) = self.across;
        (-4..=4).map(|k| ALONG * k as f32).map(move |t| (self.off * x - t * y, self.off * y + t * x))
    }
}

/// A minutia with its place from the middle of its print.
#[derive(Clone, Copy)]
struct Placed {
    x: f32,
    y: f32,
    angle: f32,
    was: Minutia,
}

impl Placed {
    fn minutia(&self, middle: (f32, f32)) -> Minutia {
        let (x, y) = ((middle.0 + self.x).round() as i16, (middle.1 + self.y).round() as i16);
        Minutia::new(x, y, self.angle.round() as i32 as u8, self.was.kind(), self.was.quality())
    }
}

fn mirrored(print: &MinutiaeTemplate) -> Vec<Placed> {
    let n = print.minutiae().len().max(1) as f32;
    let sum = print.minutiae().iter().fold((0.0, 0.0), |s, m| (s.0 + f32::from(m.x), s.1 + f32::from(m.y)));
    let placed = |m: &Minutia| Placed {
        x: sum.0 / n - f32::from(m.x),
        y: f32::from(m.y) - sum.1 / n,
        angle: 128.0 - f32::from(m.angle),
        was: *m,
    };
    print.minutiae().iter().map(placed).collect()
}

fn moved(print: &[Placed], random: &mut Random) -> Vec<Placed> {
    let turn = TURN * random.normal();
    let (sine, cosine) = radians(turn).sin_cos();
    let (right, down) = (SHIFT * random.normal(), SHIFT * random.normal());
    // Image coordinates point down, so counter-clockwise has the sine's sign changed.
    let moved = |m: &Placed| Placed {
        x: cosine * m.x + sine * m.y + right,
        y: cosine * m.y - sine * m.x + down,
        angle: m.angle + turn,
        was: m.was,
    };
    print.iter().map(moved).collect()
}

/// Which way ridges run at a place: cosine and sine of twice the angle.
fn flow(print: &[Placed], (x, y): (f32, f32)) -> (f32, f32) {
    let (mut cos, mut sin) = (0.0, 0.0);
    for m in print {
        let (dx, dy) = (m.x - x, m.y - y);
        let near = (1.0 + (dx * dx + dy * dy) / (NEAR * NEAR)).powi(-3);
        let (s, c) = radians(2.0 * m.angle).sin_cos();
        (cos, sin) = (cos + near * c, sin + near * s);
    }
    let length = cos.hypot(sin).max(1e-9);
    (cos / length, sin / length)
}

fn radians(angle: f32) -> f32 {
    angle * std::f32::consts::TAU / 256.0
}
