//! The screen: which references of a gallery are worth a full comparison.

mod code;
mod parameters;
mod probe;
mod scan;

pub use code::{ScreenCode, ScreenColumn};
pub use probe::ScreenProbe;
pub use scan::{DAMAGED, Screen};
