//! Face embeddings: vectors of length one.

use super::TemplateError;
use std::fmt;
use zeroize::Zeroizing;

/// A face embedding: finite, of length one, 16 to 4096 dimensions. `Debug` shows the dimension, never the components, and its memory is
/// wiped when it is dropped.
#[derive(Clone, PartialEq)]
pub struct FaceEmbedding(Zeroizing<Box<[f32]>>);

impl FaceEmbedding {
    /// The fewest dimensions.
    pub const MIN_DIMENSION: usize = 16;
    /// The most dimensions.
    pub const MAX_DIMENSION: usize = 4096;
    /// What the square of a length may be that was made one.
    pub(crate) const LENGTHS: std::ops::Range<f64> = 0.999..1.001;

    /// The embedding in the direction of `components`, scaled to length one.
    ///
    /// The length is computed in `f64` after division by the largest component, so no finite input overflows.
    ///
    /// # Errors
    /// If the dimension is out of range, a component is not finite, or all are zero.
    pub fn new(components: &[f32]) -> Result<Self, TemplateError> {
        if !(Self::MIN_DIMENSION..=Self::MAX_DIMENSION).contains(&components.len()) {
            return Err(TemplateError::Dimension { found: components.len() });
        }
        if let Some(component) = components.iter().position(|c| !c.is_finite()) {
            return Err(TemplateError::NotFinite { component });
        }
        let largest = components.iter().fold(0.0f32, |largest, c| largest.max(c.abs()));
        if largest == 0.0 {
            return Err(TemplateError::ZeroLength);
        }
        let largest = f64::from(largest);
        let length = components.iter().map(|&c| (f64::from(c) / largest).powi(2)).sum::<f64>().sqrt() * largest;
        let scaled: Box<[f32]> = components.iter().map(|&c| (f64::from(c) / length) as f32).collect();
        Ok(FaceEmbedding(Zeroizing::new(scaled)))
    }

    /// The embedding that `components` are, which were stored and are not scaled again, so that no bit changes; `None` if they are not
    /// of length one.
    pub(crate) fn stored(components: &[f32]) -> Option<Self> {
        let length: f64 = components.iter().map(|&c| f64::from(c).powi(2)).sum();
        let is_one =
            (Self::MIN_DIMENSION..=Self::MAX_DIMENSION).contains(&components.len()) && Self::LENGTHS.contains(&length);
        is_one.then(|| FaceEmbedding(Zeroizing::new(components.into())))
    }

    /// How many components.
    pub fn dimension(&self) -> usize {
        self.0.len()
    }

    /// The components, of length one.
    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }
}

impl fmt::Debug for FaceEmbedding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FaceEmbedding({} dimensions)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_finite_length_becomes_one() {
        for scale in [f32::MIN_POSITIVE, 1e-20, 1.0, 1e20, f32::MAX / 2.0] {
            let embedding = FaceEmbedding::new(&[scale; 16]).unwrap();
            let length: f64 = embedding.as_slice().iter().map(|&c| f64::from(c).powi(2)).sum();
            assert!((length - 1.0).abs() < 1e-6, "{length} at {scale}");
        }
    }

    #[test]
    fn what_has_no_direction_is_refused() {
        assert_eq!(FaceEmbedding::new(&[0.0; 16]), Err(TemplateError::ZeroLength));
        assert_eq!(FaceEmbedding::new(&[1.0; 15]), Err(TemplateError::Dimension { found: 15 }));
        let mut components = [1.0; 16];
        components[3] = f32::NAN;
        assert_eq!(FaceEmbedding::new(&components), Err(TemplateError::NotFinite { component: 3 }));
    }
}
