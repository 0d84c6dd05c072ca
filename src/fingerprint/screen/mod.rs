//! The screen: which references of a gallery are worth a full comparison.

mod code;
mod depth;
mod join;
mod pairs;
mod parameters;
mod probe;
mod reference;
mod scan;

pub use code::{ScreenCode, ScreenColumn};
pub use depth::{Depth, Evidence, ScoreCounts};
pub use join::{BLOCK, Survivor, blocks, join};
pub use probe::ScreenProbe;
pub use scan::{DAMAGED, Screen};
