//! Sixty-four lanes of bytes: one register with AVX-512, two with AVX2, an array in portable Rust.
//!
//! Bytes are unsigned but where a name says otherwise. All arithmetic is exact, so every level gives the same.

#[cfg(target_arch = "x86_64")]
pub(super) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(super) mod avx512;
pub(super) mod scalar;

/// How many lanes.
pub(crate) const BYTES: usize = 64;

/// Sixty-four bytes.
pub(crate) trait Bytes: Copy {
    fn splat(value: u8) -> Self;
    /// Sixteen bytes, four times over: for [`Bytes::look_up`].
    fn table(entries: &[u8; 16]) -> Self;
    fn load(from: &[u8; BYTES]) -> Self;
    fn store(self, to: &mut [u8; BYTES]);
    /// The difference, wrapping.
    fn minus(self, other: Self) -> Self;
    /// The difference of signed bytes, −128 to 127 where it is out of range.
    fn minus_signed(self, other: Self) -> Self;
    /// How large a signed byte is: 0 to 128.
    fn size(self) -> Self;
    /// Half, rounded up.
    fn half(self) -> Self;
    /// The sum, 255 where it is more.
    fn plus(self, other: Self) -> Self;
    fn least(self, other: Self) -> Self;
    /// The entry of a [`Bytes::table`] that each byte names by its low four bits; zero for 128 and more.
    fn look_up(self, table: Self) -> Self;
    /// `this` where the byte is below the other's, `that` elsewhere.
    fn where_below(self, other: Self, this: Self, that: Self) -> Self;
}
