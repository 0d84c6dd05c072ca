//! One file a command.

mod calibrate;
mod check;
mod compact;
mod compare;
mod convert;
mod create;
mod dedup;
mod demo;
mod enroll;
mod eval;
mod identify;
mod info;
mod plan;
mod remove;
mod score;
mod synth;
mod verify;

use crate::{Common, failure::Failure};

/// What to do.
#[derive(clap::Subcommand)]
pub enum Command {
    Demo(demo::Demo),
    Synth(synth::Synth),
    Create(create::Create),
    Enroll(enroll::Enroll),
    Verify(verify::Verify),
    Identify(identify::Identify),
    Dedup(dedup::Dedup),
    Info(info::Info),
    Check(check::Check),
    Compact(compact::Compact),
    Remove(remove::Remove),
    Compare(compare::Compare),
    Convert(convert::Convert),
    Score(score::Score),
    Eval(eval::Eval),
    Calibrate(calibrate::Calibrate),
    Plan(plan::Plan),
}

impl Command {
    /// Does it.
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        match self {
            Command::Demo(command) => command.run(common),
            Command::Synth(command) => command.run(common),
            Command::Create(command) => command.run(),
            Command::Enroll(command) => command.run(common),
            Command::Verify(command) => command.run(common),
            Command::Identify(command) => command.run(common),
            Command::Dedup(command) => command.run(common),
            Command::Info(command) => command.run(),
            Command::Check(command) => command.run(),
            Command::Compact(command) => command.run(common),
            Command::Remove(command) => command.run(),
            Command::Compare(command) => command.run(),
            Command::Convert(command) => command.run(),
            Command::Score(command) => command.run(common),
            Command::Eval(command) => command.run(),
            Command::Calibrate(command) => command.run(),
            Command::Plan(command) => command.run(),
        }
    }
}
