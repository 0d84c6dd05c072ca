//! `vantay convert`: a template record into another format.

use crate::{
    failure::Failure,
    files::{self, Written},
    templates,
};
use std::path::PathBuf;
use vantay::template::Format;

/// Convert a template record to another format
#[derive(clap::Args)]
#[command(after_help = "Example:\n  vantay convert finger.fmr finger.iso --to iso19794-2:2011\n\nFormats:\n  \
    iso19794-2:2005, iso19794-2:2011, incits378:2004, incits378:2009, incits378:2009am1,\n  \
    iso19794-2:2005-card-normal, iso19794-2:2005-card-compact (written only; a card has no header to be read by)")]
pub struct Convert {
    /// The record to read; its format is detected
    input: PathBuf,
    /// The record to write
    output: Written,
    /// The format to write
    #[arg(long, value_name = "FORMAT")]
    to: Format,
}

impl Convert {
    pub fn run(self) -> Result<(), Failure> {
        let record = templates::record(&self.input)?;
        let named = |error| Failure::run(format_args!("{}: {error}", self.input.display()));
        let converted = record.convert(self.to).map_err(named)?;
        for warning in converted.warnings() {
            eprintln!("vantay: {}: {warning}", self.output.display());
        }
        let bytes = converted.to_bytes().map_err(named)?;
        files::write_private(&self.output, &bytes)
    }
}
