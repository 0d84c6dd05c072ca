//! Which minutiae of the two prints look alike: the candidate pairs.

use super::{
    points::{LANES, Points, ROOM},
    prepared::PreparedView,
};

/// The most candidate pairs that go on.
pub(super) const MOST: usize = 64;

/// A table of similarities and the best pairs from it.
pub(super) struct Correspondences {
    /// `table[i * ROOM + j]`: the similarity of minutia `i` of one and `j` of the other, 65536 × cosine.
    pub table: Vec<i32>,
    pub count: usize,
    pub first: [u16; MOST],
    pub second: [u16; MOST],
    pub similarity: [f32; MOST],
    rows: Vec<i16>,
    found: Vec<u64>,
}

impl Correspondences {
    pub fn new() -> Self {
        Correspondences {
            table: vec![0; ROOM * ROOM],
            count: 0,
            first: [0; MOST],
            second: [0; MOST],
            similarity: [0.0; MOST],
            rows: vec![0; ROOM * 64],
            found: Vec::with_capacity(4 * ROOM),
        }
    }

    /// Fills the table.
    #[inline(always)]
    pub fn measure(&mut self, a: &PreparedView<'_>, b: &PreparedView<'_>, pb: &Points) {
        // The other template's descriptors, one dimension after the other.
        for (j, d) in b.descriptors.iter().enumerate() {
            for (k, &v) in d.iter().enumerate() {
                self.rows[k * ROOM + j] = i16::from(v);
            }
        }
        let padded = pb.padded;
        for j in pb.n..padded {
            for k in 0..64 {
                self.rows[k * ROOM + j] = 0;
            }
        }
        for (i, d) in a.descriptors.iter().enumerate() {
            let row = &mut self.table[i * ROOM..i * ROOM + padded];
            for (block, out) in row.chunks_exact_mut(LANES).enumerate() {
                let mut sum = [0i32; LANES];
                for (k, &v) in d.iter().enumerate() {
                    let v = i32::from(v);
                    let column = &self.rows[k * ROOM + block * LANES..][..LANES];
                    for lane in 0..LANES {
                        sum[lane] += v * i32::from(column[lane]);
                    }
                }
                out.copy_from_slice(&sum);
            }
            for j in pb.n..padded {
                self.table[i * ROOM + j] = i32::MIN >> 9;
            }
        }
    }

    /// Takes the best pairs: two for each minutia of either print, of those the best.
    #[inline(always)]
    pub fn select(&mut self, n: usize, m: usize, padded: usize) {
        self.found.clear();
        let mut best = [[i32::MIN; ROOM]; 2];
        for i in 0..n {
            let row = &self.table[i * ROOM..i * ROOM + padded];
            let mut top = [[i32::MIN; LANES]; 2];
            for (block, values) in row.chunks_exact(LANES).enumerate() {
                for lane in 0..LANES {
                    let value = (values[lane] << 8) | (block * LANES + lane) as i32;
                    let least = top[0][lane].min(value);
                    top[0][lane] = top[0][lane].max(value);
                    top[1][lane] = top[1][lane].max(least);
                    let column = (values[lane] << 8) | i as i32;
                    let j = block * LANES + lane;
                    let least = best[0][j].min(column);
                    best[0][j] = best[0][j].max(column);
                    best[1][j] = best[1][j].max(least);
                }
            }
            let (mut one, mut two) = (i32::MIN, i32::MIN);
            for value in top.into_iter().flatten() {
                two = two.max(one.min(value));
                one = one.max(value);
            }
            for value in [one, two] {
                let j = (value & 255) as usize;
                if j < m {
                    self.found.push(pack(value >> 8, i, j));
                }
            }
        }
        for j in 0..m {
            for value in [best[0][j], best[1][j]] {
                if value != i32::MIN {
                    self.found.push(pack(value >> 8, (value & 255) as usize, j));
                }
            }
        }
        self.found.sort_unstable_by(|a, b| b.cmp(a));
        self.found.dedup();
        self.count = self.found.len().min(MOST);
        for (k, &packed) in self.found.iter().take(MOST).enumerate() {
            self.first[k] = (packed >> 8 & 255) as u16;
            self.second[k] = (packed & 255) as u16;
            self.similarity[k] = ((packed >> 16) as i64 - OFFSET) as f32 * (1.0 / 65536.0);
        }
    }
}

const OFFSET: i64 = 1 << 30;

#[inline(always)]
fn pack(similarity: i32, i: usize, j: usize) -> u64 {
    ((i64::from(similarity) + OFFSET) as u64) << 16 | (i as u64) << 8 | j as u64
}
