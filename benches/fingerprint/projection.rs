//! Fits the descriptors' projection on the mates that a comparison finds.

use super::sets::Set;
use vantay::{
    fingerprint::{Comparer, Prepared, Projection, SUMS},
    simd::Level,
};

const OUTPUTS: usize = 64;

/// The projection that tells mates from others best, in the least-squares sense: linear discriminant analysis with the
/// mates as classes.
pub fn fit(sets: &[&Set], projection: &Projection) -> Vec<u8> {
    let used: Vec<usize> = (0..SUMS).filter(|k| k % 16 < [6, 10, 14, 16][k / 80]).collect();
    let d = used.len();
    let (mut mean, mut n) = (vec![0f64; d], 0f64);
    let mut total = vec![vec![0f64; d]; d];
    let mut within = vec![vec![0f64; d]; d];
    let mut pairs = 0f64;
    let mut comparer = Comparer::new(Level::best());
    let add = |to: &mut Vec<Vec<f64>>, row: &[f64]| {
        for (to, &a) in to.iter_mut().zip(row) {
            if a != 0.0 {
                for (to, &b) in to.iter_mut().zip(row) {
                    *to += a * b;
                }
            }
        }
    };
    for set in sets {
        let prepared: Vec<Prepared> = set.files.iter().map(|(_, t)| Prepared::with(t, projection)).collect();
        let rows: Vec<Vec<Vec<f64>>> = set
            .files
            .iter()
            .map(|(_, t)| {
                Prepared::sums(t).iter().map(|row| used.iter().map(|&k| f64::from(row[k])).collect()).collect()
            })
            .collect();
        for row in rows.iter().flatten() {
            for (mean, v) in mean.iter_mut().zip(row) {
                *mean += v;
            }
            add(&mut total, row);
            n += 1.0;
        }
        for i in 0..set.files.len() {
            for j in i + 1..set.files.len() {
                if set.files[i].0 != set.files[j].0 {
                    continue;
                }
                let score = comparer.compare(prepared[i].view(), prepared[j].view());
                let mates = comparer.pairs();
                if score < 12.0 || mates.len() < 6 {
                    continue;
                }
                for (k, l) in mates {
                    let difference: Vec<f64> = rows[i][k].iter().zip(&rows[j][l]).map(|(a, b)| a - b).collect();
                    add(&mut within, &difference);
                    pairs += 1.0;
                }
            }
        }
    }
    eprintln!("{n} minutiae, {pairs} mates");
    mean.iter_mut().for_each(|m| *m /= n);
    for r in 0..d {
        for c in 0..d {
            total[r][c] = total[r][c] / n - mean[r] * mean[c];
            within[r][c] /= 2.0 * pairs;
        }
    }
    let ridge = 0.05 * (0..d).map(|k| within[k][k]).sum::<f64>() / d as f64;
    (0..d).for_each(|k| within[k][k] += ridge);
    // total v = λ within v by way of within = L Lᵀ.
    let l = cholesky(&within);
    let mut m = total;
    for c in 0..d {
        let column: Vec<f64> = (0..d).map(|r| m[r][c]).collect();
        let solved = forward(&l, &column);
        (0..d).for_each(|r| m[r][c] = solved[r]);
    }
    for row in &mut m {
        *row = forward(&l, row);
    }
    let (values, vectors) = eigen(m);
    let mut order: Vec<usize> = (0..d).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    let rows: Vec<Vec<f64>> = order[..OUTPUTS]
        .iter()
        .map(|&k| {
            let v: Vec<f64> = (0..d).map(|r| vectors[r][k]).collect();
            let v = backward(&l, &v);
            let lambda = values[k].max(1.0001);
            let rho = (1.0 - 1.0 / lambda).max(1e-3);
            let weight = (rho / lambda).sqrt();
            let mut row = vec![0.0; SUMS];
            for (&at, v) in used.iter().zip(v) {
                row[at] = v * weight;
            }
            row
        })
        .collect();
    let mut full = vec![0.0; SUMS];
    for (&at, m) in used.iter().zip(mean) {
        full[at] = m;
    }
    Projection::write(&full, &rows)
}

fn cholesky(a: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let d = a.len();
    let mut l = vec![vec![0.0; d]; d];
    for r in 0..d {
        for c in 0..=r {
            let sum: f64 = (0..c).map(|k| l[r][k] * l[c][k]).sum();
            l[r][c] = if r == c { (a[r][r] - sum).sqrt() } else { (a[r][c] - sum) / l[c][c] };
        }
    }
    l
}

/// Solves L x = b.
fn forward(l: &[Vec<f64>], b: &[f64]) -> Vec<f64> {
    let mut x = vec![0.0; b.len()];
    for r in 0..b.len() {
        let sum: f64 = (0..r).map(|k| l[r][k] * x[k]).sum();
        x[r] = (b[r] - sum) / l[r][r];
    }
    x
}

/// Solves Lᵀ x = b.
fn backward(l: &[Vec<f64>], b: &[f64]) -> Vec<f64> {
    let d = b.len();
    let mut x = vec![0.0; d];
    for r in (0..d).rev() {
        let sum: f64 = (r + 1..d).map(|k| l[k][r] * x[k]).sum();
        x[r] = (b[r] - sum) / l[r][r];
    }
    x
}

/// Eigenvalues and eigenvectors (columns) of a symmetric matrix, by Jacobi's rotations.
fn eigen(mut a: Vec<Vec<f64>>) -> (Vec<f64>, Vec<Vec<f64>>) {
    let d = a.len();
    // Rows of `v` are eigenvectors while working.
    let mut v: Vec<Vec<f64>> = (0..d).map(|r| (0..d).map(|c| f64::from(r == c)).collect()).collect();
    for _ in 0..12 {
        for p in 0..d {
            for q in p + 1..d {
                if a[p][q].abs() < 1e-10 {
                    continue;
                }
                let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
                let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let c = 1.0 / (t * t + 1.0).sqrt();
                let s = t * c;
                for row in a.iter_mut() {
                    let (x, y) = (row[p], row[q]);
                    row[p] = c * x - s * y;
                    row[q] = s * x + c * y;
                }
                for k in 0..d {
                    let (x, y) = (a[p][k], a[q][k]);
                    a[p][k] = c * x - s * y;
                    a[q][k] = s * x + c * y;
                    let (x, y) = (v[p][k], v[q][k]);
                    v[p][k] = c * x - s * y;
                    v[q][k] = s * x + c * y;
                }
            }
        }
    }
    let values = (0..d).map(|k| a[k][k]).collect();
    let vectors = (0..d).map(|r| (0..d).map(|k| v[k][r]).collect()).collect();
    (values, vectors)
}
