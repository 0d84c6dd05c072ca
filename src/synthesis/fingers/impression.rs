//! What a sensor and an extractor make of a finger.

use super::super::dice::Dice;
use super::{Minutia, Skin, parameters::*, square_distance};
use crate::template::{self, FingerPosition, Impression, MinutiaKind, MinutiaeTemplate};
use std::f64::consts::PI;

/// The skin's distortion: a linear part and a quadratic one, coefficients of s, t, s², st, t² with s and t the place in
/// half axes of the skin, for x and for y, in pixels.
struct Bend([[f64; 5]; 2]);

impl Bend {
    fn drawn(dice: &mut Dice) -> Bend {
        let (across, along) = SKIN;
        Bend(std::array::from_fn(|_| {
            std::array::from_fn(|term| match term {
                0 => STRETCH * across * dice.normal(),
                1 => STRETCH * along * dice.normal(),
                _ => BEND * dice.normal(),
            })
        }))
    }

    /// Where a place moves, and which way a direction turns there.
    fn moved(&self, (x, y): (f64, f64), direction: f64) -> ((f64, f64), f64) {
        let (across, along) = SKIN;
        let (s, t) = (x / across, y / along);
        let [dx, dy] = self.0.map(|c| c[0] * s + c[1] * t + c[2] * s * s + c[3] * s * t + c[4] * t * t);
        let (cos, sin) = (libm::cos(direction), libm::sin(direction));
        let [du, dv] = self.0.map(|c| {
            let by_s = c[0] + 2.0 * c[2] * s + c[3] * t;
            let by_t = c[1] + c[3] * s + 2.0 * c[4] * t;
            by_s / across * cos + by_t / along * sin
        });
        ((x + dx, y + dy), libm::atan2(sin + dv, cos + du))
    }
}

/// The part of the skin that touches the sensor: an ellipse.
struct Contact {
    centre: (f64, f64),
    half_axes: (f64, f64),
}

impl Contact {
    fn drawn(dice: &mut Dice) -> Contact {
        let partial = if dice.chance(PARTIAL_SHARE) { dice.between(PARTIAL.0, PARTIAL.1) } else { 1.0 };
        let common = partial * libm::exp(CONTACT_SPREAD.0 * dice.normal());
        let mut half_axis = |length: f64| length * common * (1.0 + CONTACT_SPREAD.1 * dice.normal());
        let half_axes = (half_axis(CONTACT.0), half_axis(CONTACT.1));
        Contact { centre: (CONTACT_SHIFT.0 * dice.normal(), CONTACT_SHIFT.1 * dice.normal()), half_axes }
    }

    fn holds(&self, (x, y): (f64, f64)) -> bool {
        let (s, t) = ((x - self.centre.0) / self.half_axes.0, (y - self.centre.1) / self.half_axes.1);
        s * s + t * t <= 1.0
    }

    /// A place in it.
    fn place(&self, dice: &mut Dice) -> (f64, f64) {
        loop {
            let (s, t) = (dice.between(-1.0, 1.0), dice.between(-1.0, 1.0));
            if s * s + t * t <= 1.0 {
                return (self.centre.0 + s * self.half_axes.0, self.centre.1 + t * self.half_axes.1);
            }
        }
    }
}

/// Places the print on the sensor: the contact's centre goes to about the middle of the image, turned, y pointing down.
struct Placing {
    cos: f64,
    sin: f64,
    turn: f64,
    from: (f64, f64),
    to: (f64, f64),
}

impl Placing {
    fn drawn(contact: &Contact, dice: &mut Dice) -> Placing {
        let turn = TURN * dice.normal();
        let middle = (f64::from(SENSOR.0) / 2.0, f64::from(SENSOR.1) / 2.0);
        let to = (middle.0 + SHIFT * dice.normal(), middle.1 + SHIFT * dice.normal());
        Placing { cos: libm::cos(turn), sin: libm::sin(turn), turn, from: contact.centre, to }
    }

    /// The pixel of a place, or `None` beyond the image's edge.
    fn pixel(&self, (x, y): (f64, f64)) -> Option<(i16, i16)> {
        let (right, up) = (x - self.from.0, y - self.from.1);
        let x = self.to.0 + self.cos * right - self.sin * up;
        let y = self.to.1 - self.sin * right - self.cos * up;
        let inside = (0.0..f64::from(SENSOR.0)).contains(&x) && (0.0..f64::from(SENSOR.1)).contains(&y);
        inside.then_some((x as i16, y as i16))
    }
}

/// The impression of `skin` that `dice` give.
pub(super) fn taken(skin: &Skin, position: FingerPosition, dice: &mut Dice) -> MinutiaeTemplate {
    let quality = (skin.quality + QUALITY_SPREAD.1 * dice.normal()).clamp(0.05, 1.0);
    let at_quality = |(best, more): (f64, f64)| best + more * (1.0 - quality) * (1.0 - quality);
    let (bend, contact) = (Bend::drawn(dice), Contact::drawn(dice));
    let placing = Placing::drawn(&contact, dice);
    let mut found: Vec<template::Minutia> = Vec::with_capacity(skin.minutiae.len());
    let mut find = |minutia: Minutia, quality: f64, dice: &mut Dice| {
        let jitter = at_quality(PLACE_JITTER);
        let (at, direction) = bend.moved(minutia.at, minutia.direction);
        let at = (at.0 + jitter * dice.normal(), at.1 + jitter * dice.normal());
        let direction = direction + at_quality(ANGLE_JITTER) * dice.normal();
        let kind = match (minutia.kind, dice.chance(at_quality(TYPE_CONFUSED))) {
            (MinutiaKind::Ending, true) => MinutiaKind::Bifurcation,
            (MinutiaKind::Bifurcation, true) => MinutiaKind::Ending,
            (kind, _) => kind,
        };
        let quality = (100.0 * (quality + 0.12 * dice.normal())).clamp(1.0, 100.0) as u8;
        let Some((x, y)) = placing.pixel(at) else { return };
        let apart = |other: &template::Minutia| {
            let other = (f64::from(other.x), f64::from(other.y));
            square_distance(other, (f64::from(x), f64::from(y))) >= EXTRACTED_SPACING * EXTRACTED_SPACING
        };
        if found.len() < MinutiaeTemplate::MAX_MINUTIAE && found.iter().all(apart) {
            found.push(template::Minutia::new(x, y, steps(direction + placing.turn), kind, Some(quality)));
        }
    };
    let mut touching = 0;
    for &minutia in &skin.minutiae {
        // Chance is drawn for every minutia, so that one impression's contact does not change another minutia's fate.
        let lost = dice.chance(at_quality(LOST));
        if contact.holds(minutia.at) {
            touching += 1;
            if !lost {
                find(minutia, quality, dice);
            }
        }
    }
    for _ in 0..dice.count(at_quality(SPURIOUS) * f64::from(touching)) {
        let at = contact.place(dice);
        let direction = skin.flow.direction(at) + if dice.chance(0.5) { PI } else { 0.0 } + 0.2 * dice.normal();
        let kind = if dice.chance(ENDING_SHARE) { MinutiaKind::Ending } else { MinutiaKind::Bifurcation };
        find(Minutia { at, direction, kind }, quality - 0.2, dice);
    }
    // Extractors list minutiae by place, so the order says nothing of which are mates.
    found.sort_unstable_by_key(|minutia| (minutia.y, minutia.x));
    let quality = (100.0 * quality) as u8;
    MinutiaeTemplate::new(position, Impression::default(), Some(quality), SENSOR, found)
        .unwrap_or_else(|_| unreachable!("no more minutiae are found than a template holds"))
}

/// An angle in 1/256 turn, rounded.
fn steps(angle: f64) -> u8 {
    let turns = angle / (2.0 * PI);
    (libm::floor((turns - libm::floor(turns)) * 256.0 + 0.5) as u32 % 256) as u8
}
