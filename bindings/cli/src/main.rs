//! The `vantay` command: the library from a shell. Each command is a file of `commands`; none decides anything itself.
//!
//! Exit status: 0 done; 1 the run did not complete or data is damaged; 2 wrong usage.

mod commands;
mod evidence;
mod failure;
mod files;
mod galleries;
mod output;
mod page;
mod pairs;
mod probes;
mod progress;
mod searching;
mod stats;
mod templates;

use clap::{CommandFactory, FromArgMatches, Parser};
use failure::Failure;
use std::process::ExitCode;

/// Biometric matching: verify, identify and deduplicate registrations of portraits and fingerprints.
#[derive(Parser)]
#[command(name = "vantay", version, max_term_width = 110, propagate_version = true)]
struct Vantay {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: commands::Command,
}

/// What every command takes.
#[derive(clap::Args, Clone, Debug)]
struct Common {
    /// Worker threads [default: one per core]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Write what was done as JSON: counts, seconds, per second, penetration rate, SIMD level
    #[arg(long, global = true, value_name = "FILE.json")]
    stats: Option<files::Written>,
}

fn main() -> ExitCode {
    let matches = Vantay::command().get_matches();
    let arguments = Vantay::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let threads = arguments.common.threads.map_or(0, usize::from);
    let outcome = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .map_err(Failure::run)
        .and_then(|()| vantay::simd::Level::chosen().map_err(Failure::usage))
        .and_then(|_| files::refuse_inputs(&matches))
        .and_then(|()| arguments.command.run(&arguments.common));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
