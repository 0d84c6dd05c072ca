//! Portable Rust: an array. The definition of every operation.

use super::{BYTES, Bytes};
use std::array::from_fn;

#[derive(Clone, Copy)]
pub(crate) struct B([u8; BYTES]);

impl Bytes for B {
    #[inline(always)]
    fn splat(value: u8) -> Self {
        B([value; BYTES])
    }
    #[inline(always)]
    fn table(entries: &[u8; 16]) -> Self {
        B(from_fn(|k| entries[k % 16]))
    }
    #[inline(always)]
    fn load(from: &[u8; BYTES]) -> Self {
        B(*from)
    }
    #[inline(always)]
    fn store(self, to: &mut [u8; BYTES]) {
        *to = self.0;
    }
    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        B(from_fn(|k| self.0[k].wrapping_sub(other.0[k])))
    }
    #[inline(always)]
    fn minus_signed(self, other: Self) -> Self {
        B(from_fn(|k| (self.0[k] as i8).saturating_sub(other.0[k] as i8) as u8))
    }
    #[inline(always)]
    fn size(self) -> Self {
        B(self.0.map(|v| (v as i8).unsigned_abs()))
    }
    #[inline(always)]
    fn half(self) -> Self {
        B(self.0.map(|v| v.div_ceil(2)))
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        B(from_fn(|k| self.0[k].saturating_add(other.0[k])))
    }
    #[inline(always)]
    fn least(self, other: Self) -> Self {
        B(from_fn(|k| self.0[k].min(other.0[k])))
    }
    #[inline(always)]
    fn look_up(self, table: Self) -> Self {
        B(from_fn(|k| if self.0[k] < 128 { table.0[k / 16 * 16 + usize::from(self.0[k] % 16)] } else { 0 }))
    }
    #[inline(always)]
    fn where_below(self, other: Self, this: Self, that: Self) -> Self {
        B(from_fn(|k| if self.0[k] < other.0[k] { this.0[k] } else { that.0[k] }))
    }
}
