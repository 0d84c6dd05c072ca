//! The same small story in four languages, and that all tell the same.

use crate::{
    c, python,
    run::{Outcome, command, root},
};
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

/// Runs the four programs of `datasets/story` over the shipped feed and compares what they print. Rust, the command and the C library
/// are taken as the other tests built them.
pub fn test() -> Outcome {
    let work = root().join("target/story");
    if work.exists() {
        fs::remove_dir_all(&work).map_err(|error| format!("{}: {error}", work.display()))?;
    }
    fs::create_dir_all(&work).map_err(|error| format!("{}: {error}", work.display()))?;
    let debug = root().join("target/debug");
    let prefix = c::prefix();
    let in_c = c::build(&prefix, "datasets/story/story.c", &work.join("story-c"), &c::shared(&prefix))?;
    let mut shell = command("sh", &["datasets/story/story.sh"]);
    let path = std::env::var("PATH").unwrap_or_default();
    shell.env("PATH", format!("{}:{path}", debug.display()));
    let tellers = [
        ("Rust", command(debug.join("examples/story"), &[])),
        ("C", command(in_c, &[])),
        ("Python", command(python::python(), &["datasets/story/story.py"])),
        ("the command line", shell),
    ];
    let mut first: Option<String> = None;
    for (language, teller) in tellers {
        let told = tell(language, teller, &work)?;
        match &first {
            None => {
                println!("{told}");
                first = Some(told);
            }
            Some(first) if *first != told => {
                return Err(format!("the story in {language} is another:\n{told}"));
            }
            Some(_) => println!("{language}: the same"),
        }
    }
    Ok(())
}

fn tell(language: &str, mut teller: Command, work: &Path) -> Outcome<String> {
    teller.arg(work.join(language.replace(' ', "-")));
    teller.args(["datasets/synthetic-400.ndjson.zst", "datasets/visits.ndjson"]);
    let output =
        teller.stderr(Stdio::inherit()).output().map_err(|error| format!("the story in {language}: {error}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(format!("the story in {language} failed: {}", output.status)),
    }
}
