//! `vantay remove`: subjects out of a gallery.

use crate::{failure::Failure, galleries::KeyOptions};
use std::{path::PathBuf, sync::Arc};
use vantay::{registration::PersonalId, search::SearchColumns};

/// Remove every registration of subjects; `compact` then erases their bytes
#[derive(clap::Args)]
#[command(after_help = "Example:\n  vantay remove national 001204000257 && vantay compact national")]
pub struct Remove {
    /// The gallery
    gallery: PathBuf,
    /// Whom to remove
    #[arg(required = true, value_name = "PERSONAL_ID")]
    personal_ids: Vec<String>,
    #[command(flatten)]
    key: KeyOptions,
}

impl Remove {
    pub fn run(self) -> Result<(), Failure> {
        let gallery = self.key.open(&self.gallery)?;
        let scheme = gallery.snapshot().id_scheme();
        let ids = self
            .personal_ids
            .iter()
            .map(|id| PersonalId::new(id, scheme).map_err(|error| Failure::usage(format_args!("{id}: {error}"))))
            .collect::<Result<Vec<_>, _>>()?;
        let mut writer = gallery.writer(Arc::new(SearchColumns)).map_err(Failure::run)?;
        let mut unknown = Vec::new();
        let mut removed = 0;
        for id in &ids {
            let found = writer.remove(id).map_err(Failure::run)?.registrations;
            removed += found;
            if found == 0 {
                unknown.push(id.as_str());
            }
        }
        writer.commit().map_err(Failure::run)?;
        eprintln!("vantay: {removed} registrations removed");
        if unknown.is_empty() {
            Ok(())
        } else {
            Err(Failure::run(format_args!("not in the gallery: {}", unknown.join(", "))))
        }
    }
}
