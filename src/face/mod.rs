//! face.
