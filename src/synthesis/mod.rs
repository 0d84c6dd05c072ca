//! synthesis.
