//! The commands that build, test and measure Vantay: `cargo xtask <command>`.
//!
//! Whatever a command needs beyond Rust and Python 3.9 it installs into `target/`, never elsewhere.

mod c;
mod calibrate;
mod fuzz;
mod lint;
mod peers;
mod python;
mod run;
mod story;
mod test;

use run::Outcome;
use std::process::ExitCode;

const HELP: &str = "\
usage: cargo xtask <command>

  test       every test there is: Rust, the command line, documentation, Python, C
  lint       formatting, clippy, documentation warnings, house rules, Python types
  python     the tests of the Python package alone
  c          the tests of the C library alone, under AddressSanitizer too; `c --sanitize` under Valgrind as well
  c PREFIX   build the C library for release and install it under PREFIX
  calibrate  fit the shipped calibration of fingerprints again, from scores of networks that have not seen the sensor, and print how far
             its rates are off on a sensor left out, and what portraits and fingers give together
  story      the example of all four languages, once `python` and `c` have built what it needs
  fuzz TARGET --minutes N
             a fuzz target for so long (tests/fuzz/README.md names them); `test` runs a few seconds of each
  sanitize   the tests of gallery, codecs and feed under the address sanitizer
  peers face face search side by side with FAISS, usearch, numkong, simsimd and numpy: a table of speed and exactness;
             options: --n 100000 references (a million), --rounds 3, --patience 3 seconds a batch
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome: Outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["test"] => test::all(),
        ["lint"] => lint::all(),
        ["python"] => python::test(),
        ["c"] => c::test(false),
        ["c", "--sanitize"] => c::test(true),
        ["story"] => story::test(),
        ["c", prefix] => c::install(std::path::Path::new(prefix), true),
        ["fuzz", target, "--minutes", minutes] => fuzz::fuzz(target, minutes),
        ["sanitize"] => fuzz::sanitize(),
        ["calibrate"] => calibrate::all(),
        ["peers", "face", ref arguments @ ..] => peers::face(arguments),
        ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        _ => {
            eprint!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}
