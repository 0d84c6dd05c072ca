//! `vantay compact`: what was removed leaves the disk.

use crate::{
    Common,
    failure::Failure,
    galleries::KeyOptions,
    stats::{Clock, Stats},
};
use std::{path::PathBuf, sync::Arc};
use vantay::search::SearchColumns;

/// Merge segments and erase what was removed from every file of a gallery
#[derive(clap::Args)]
#[command(after_help = "Example:\n  vantay compact national")]
pub struct Compact {
    /// The gallery
    gallery: PathBuf,
    #[command(flatten)]
    key: KeyOptions,
}

impl Compact {
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        let clock = Clock::start("compact");
        let gallery = self.key.open(&self.gallery)?;
        let mut writer = gallery.writer(Arc::new(SearchColumns)).map_err(Failure::run)?;
        writer.compact().map_err(Failure::run)?;
        let records = Some(gallery.snapshot().info().registrations);
        clock.finish(common, Stats { records, ..Stats::default() })
    }
}
