//! Which instruction set a search runs on.

use std::{fmt, str::FromStr, sync::OnceLock};

/// An instruction-set level that this build knows, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// Portable Rust; the definition of every result.
    Scalar,
    /// x86-64 with AVX2, FMA and POPCNT.
    Avx2,
    /// x86-64 with AVX-512 F, BW, DQ, VL, VBMI, VNNI, BITALG and VPOPCNTDQ.
    Avx512,
}

/// A level that was asked for by name and is not to be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LevelError {
    /// The name is none of the levels' names.
    #[error("`{0}` is not a SIMD level: expected `scalar`, `avx2` or `avx512`")]
    Unknown(String),
    /// The level exists, but this machine lacks it.
    #[error("this machine does not have the SIMD level `{0}`")]
    Unavailable(Level),
}

impl Level {
    /// Every level, best first.
    pub const ALL: [Level; 3] = [Level::Avx512, Level::Avx2, Level::Scalar];

    /// The environment variable that forces a level.
    pub const VARIABLE: &'static str = "VANTAY_SIMD";

    /// Whether this machine runs the level.
    pub fn is_available(self) -> bool {
        match self {
            Level::Scalar => true,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => {
                is_x86_feature_detected!("avx2")
                    && is_x86_feature_detected!("fma")
                    && is_x86_feature_detected!("popcnt")
            }
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => {
                // Whoever has AVX-512 is taken to have AVX2 too; asked all the same, since kernels mix the two.
                Level::Avx2.is_available()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512vbmi")
                    && is_x86_feature_detected!("avx512vbmi2")
                    && is_x86_feature_detected!("avx512vnni")
                    && is_x86_feature_detected!("avx512bitalg")
                    && is_x86_feature_detected!("avx512vpopcntdq")
            }
            #[cfg(not(target_arch = "x86_64"))]
            Level::Avx2 | Level::Avx512 => false,
        }
    }

    /// The best level that this machine has.
    pub fn best() -> Level {
        Level::ALL.into_iter().find(|level| level.is_available()).unwrap_or(Level::Scalar)
    }

    /// The level that searches run at: the one `VANTAY_SIMD` names, else the best. Read once per process.
    ///
    /// # Errors
    /// If the variable names no level, or one that this machine lacks.
    pub fn chosen() -> Result<Level, LevelError> {
        static CHOSEN: OnceLock<Result<Level, LevelError>> = OnceLock::new();
        CHOSEN
            .get_or_init(|| match std::env::var(Level::VARIABLE) {
                Ok(name) if !name.is_empty() => name.parse(),
                _ => Ok(Level::best()),
            })
            .clone()
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Scalar => "scalar",
            Level::Avx2 => "avx2",
            Level::Avx512 => "avx512",
        })
    }
}

impl FromStr for Level {
    type Err = LevelError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let level = match name {
            "scalar" => Level::Scalar,
            "avx2" => Level::Avx2,
            "avx512" => Level::Avx512,
            _ => return Err(LevelError::Unknown(name.to_owned())),
        };
        if level.is_available() { Ok(level) } else { Err(LevelError::Unavailable(level)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_level_is_available() {
        assert!(Level::best().is_available());
    }

    #[test]
    fn names_are_read_back_or_refused() {
        for level in Level::ALL {
            match level.to_string().parse::<Level>() {
                Ok(read) => assert_eq!(read, level),
                Err(error) => assert_eq!(error, LevelError::Unavailable(level)),
            }
        }
        assert_eq!("avx10".parse::<Level>(), Err(LevelError::Unknown("avx10".into())));
    }
}
