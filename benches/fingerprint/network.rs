//! Fits the network that makes one score of the sub-scores: logistic loss, Adam, fixed seed.

use super::samples::Sample;
use vantay::fingerprint::{HIDDEN, SUBSCORES, WEIGHTS};

const H: (usize, usize) = HIDDEN;
/// Parameters without centres and scales.
const FREE: usize = WEIGHTS - 2 * SUBSCORES;
const SECOND: usize = (SUBSCORES + 1) * H.0;
const LAST: usize = SECOND + (H.0 + 1) * H.1;

const BATCH: usize = 128;
const RATE: f32 = 3e-3;
const EPOCHS: usize = 32;
/// Weight decay, decoupled from the gradient: without it the network learns the sets by heart.
const DECAY: f32 = 0.4;

pub struct Network {
    centre: [f32; SUBSCORES],
    scale: [f32; SUBSCORES],
    free: Vec<f32>,
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32
    }
    fn below(&mut self, n: usize) -> usize {
        (self.next() as usize) % n
    }
    /// Roughly normal.
    fn normal(&mut self) -> f32 {
        (0..6).map(|_| self.next() as f32 / (1u32 << 31) as f32 - 0.5).sum::<f32>() * 1.414
    }
}

struct Layers {
    input: [f32; SUBSCORES],
    first: [f32; H.0],
    second: [f32; H.1],
    out: f32,
}

fn forward(free: &[f32], input: [f32; SUBSCORES]) -> Layers {
    let mut first: [f32; H.0] = free[SUBSCORES * H.0..SECOND].try_into().unwrap();
    for (k, &x) in input.iter().enumerate() {
        for (sum, w) in first.iter_mut().zip(&free[k * H.0..(k + 1) * H.0]) {
            *sum += x * w;
        }
    }
    first.iter_mut().for_each(|v| *v = v.max(0.0));
    let mut second: [f32; H.1] = free[SECOND + H.0 * H.1..LAST].try_into().unwrap();
    for (k, &x) in first.iter().enumerate() {
        for (sum, w) in second.iter_mut().zip(&free[SECOND + k * H.1..SECOND + (k + 1) * H.1]) {
            *sum += x * w;
        }
    }
    second.iter_mut().for_each(|v| *v = v.max(0.0));
    let out = second.iter().zip(&free[LAST..]).map(|(v, w)| v * w).sum::<f32>() + free[FREE - 1];
    Layers { input, first, second, out }
}

fn backward(free: &[f32], layers: &Layers, error: f32, gradient: &mut [f32]) {
    gradient[FREE - 1] += error;
    let mut second = [0f32; H.1];
    for k in 0..H.1 {
        gradient[LAST + k] += error * layers.second[k];
        second[k] = if layers.second[k] > 0.0 { error * free[LAST + k] } else { 0.0 };
        gradient[SECOND + H.0 * H.1 + k] += second[k];
    }
    let mut first = [0f32; H.0];
    for k in 0..H.0 {
        let row = SECOND + k * H.1;
        let mut sum = 0f32;
        for l in 0..H.1 {
            gradient[row + l] += second[l] * layers.first[k];
            sum += second[l] * free[row + l];
        }
        first[k] = if layers.first[k] > 0.0 { sum } else { 0.0 };
        gradient[SUBSCORES * H.0 + k] += first[k];
    }
    for k in 0..SUBSCORES {
        let row = &mut gradient[k * H.0..(k + 1) * H.0];
        for (g, e) in row.iter_mut().zip(&first) {
            *g += e * layers.input[k];
        }
    }
}

impl Network {
    fn input(&self, features: &[f32; SUBSCORES]) -> [f32; SUBSCORES] {
        std::array::from_fn(|k| ((features[k] - self.centre[k]) * self.scale[k]).clamp(-4.0, 4.0))
    }

    pub fn logit(&self, features: &[f32; SUBSCORES]) -> f32 {
        forward(&self.free, self.input(features)).out
    }

    /// As the library reads them.
    pub fn weights(&self) -> Vec<f32> {
        [&self.centre[..], &self.scale[..], &self.free[..]].concat()
    }
}

pub fn fit(samples: &[&Sample]) -> Network {
    let mut random = Random(7);
    // Hard impostors all, easy ones one in eight; the sets' genuine pairs count alike to the square root.
    let sets = 1 + samples.iter().map(|s| s.set).max().unwrap();
    let mut limits = vec![0f32; sets];
    let mut genuine = vec![0f32; sets];
    for set in 0..sets {
        let mut glances: Vec<f32> = samples.iter().filter(|s| s.set == set && !s.genuine).map(|s| s.glance).collect();
        glances.sort_by(f32::total_cmp);
        limits[set] = glances.get(glances.len() * 85 / 100).copied().unwrap_or(0.0);
        genuine[set] = samples.iter().filter(|s| s.set == set && s.genuine).count() as f32;
    }
    let chosen: Vec<(&Sample, f32)> = samples
        .iter()
        .filter_map(|s| {
            if s.genuine {
                Some((*s, (280.0 / genuine[s.set]).sqrt()))
            } else if s.glance >= limits[s.set] {
                Some((*s, 1.0))
            } else {
                random.next().is_multiple_of(8).then_some((*s, 2.0))
            }
        })
        .collect();
    let n = chosen.len() as f32;
    let mut network = Network { centre: [0.0; SUBSCORES], scale: [0.0; SUBSCORES], free: vec![0.0; FREE] };
    for k in 0..SUBSCORES {
        let mean = chosen.iter().map(|(s, _)| s.features[k]).sum::<f32>() / n;
        let variance = chosen.iter().map(|(s, _)| (s.features[k] - mean).powi(2)).sum::<f32>() / n;
        network.centre[k] = mean;
        network.scale[k] = 1.0 / variance.sqrt().max(1e-3);
    }
    for (k, w) in network.free.iter_mut().enumerate() {
        let inputs = if k < SECOND {
            SUBSCORES
        } else if k < LAST {
            H.0
        } else {
            H.1
        };
        let bias = (SUBSCORES * H.0..SECOND).contains(&k) || (SECOND + H.0 * H.1..LAST).contains(&k) || k + 1 == FREE;
        *w = if bias { 0.0 } else { random.normal() * (2.0 / inputs as f32).sqrt() };
    }
    let (mut one, mut two) = (vec![0f32; FREE], vec![0f32; FREE]);
    let mut gradient = vec![0f32; FREE];
    let mut average = vec![0f32; FREE];
    let mut averaged = 0f32;
    let mut order: Vec<usize> = (0..chosen.len()).collect();
    let steps = EPOCHS * chosen.len().div_ceil(BATCH);
    let (mut step, mut p1, mut p2) = (0, 1f32, 1f32);
    for epoch in 0..EPOCHS {
        for k in (1..order.len()).rev() {
            order.swap(k, random.below(k + 1));
        }
        for batch in order.chunks(BATCH) {
            gradient.fill(0.0);
            for &k in batch {
                let (sample, weight) = chosen[k];
                let layers = forward(&network.free, network.input(&sample.features));
                let target = if sample.genuine { 1.0 } else { 0.0 };
                let error = (1.0 / (1.0 + (-layers.out).exp()) - target) * weight / BATCH as f32;
                backward(&network.free, &layers, error, &mut gradient);
            }
            step += 1;
            p1 *= 0.9;
            p2 *= 0.999;
            let rate = RATE * (0.5 + 0.5 * (std::f32::consts::PI * step as f32 / steps as f32).cos()).max(0.01);
            for k in 0..FREE {
                let g = gradient[k];
                one[k] = 0.9 * one[k] + 0.1 * g;
                two[k] = 0.999 * two[k] + 0.001 * g * g;
                let update = one[k] / (1.0 - p1) / ((two[k] / (1.0 - p2)).sqrt() + 1e-8);
                network.free[k] -= rate * (update + DECAY * network.free[k]);
            }
        }
        if epoch * 4 >= EPOCHS * 3 {
            averaged += 1.0;
            for (a, w) in average.iter_mut().zip(&network.free) {
                *a += (w - *a) / averaged;
            }
        }
    }
    network.free = average;
    network
}
