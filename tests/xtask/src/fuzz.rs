//! Fuzzing for as long as one likes, and the tests under a sanitizer.

use crate::run::{Outcome, cargo, command, root, run};
use std::process::Command;

/// Fuzzes one target for some minutes; what fails is left in `tests/fuzz/artifacts`.
pub fn fuzz(target: &str, minutes: &str) -> Outcome {
    let minutes: f64 = minutes.parse().map_err(|_| format!("minutes: expected a number, not {minutes}"))?;
    let script = root().join("tests/fuzz/run");
    run(command(script, &[target, &format!("{:.0}", minutes * 60.0)]))
}

/// Runs the gallery's, the codecs' and the feed's tests under the address sanitizer.
///
/// The sanitizer is an unstable flag, which `RUSTC_BOOTSTRAP` lets a stable compiler take. That is for testing only: nothing that is
/// built so is ever shipped. Miri would need a nightly toolchain's component; it could run neither the mappings nor the kernels,
/// which are all the unsafe code there is, and these tests do.
pub fn sanitize() -> Outcome {
    let host = Command::new("rustc").arg("-vV").output().map_err(|error| format!("rustc: {error}"))?;
    let host = String::from_utf8_lossy(&host.stdout).into_owned();
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("rustc does not name its host")?;
    let tests = [
        "codecs",
        "feed",
        "fuzzing",
        "gallery_basics",
        "gallery_damage",
        "gallery_encryption",
        "gallery_golden",
        "gallery_group",
        "gallery_model",
        "gallery_open",
        "gallery_processes",
        "gallery_removal",
    ];
    let mut arguments =
        vec!["test", "--package", "vantay", "--target", host, "--target-dir", "target/sanitize", "--lib"];
    tests.iter().for_each(|test| arguments.extend(["--test", test]));
    // The sanitizer has memory of its own.
    arguments.extend(["--", "--skip", "open_and_answer_like"]);
    let mut tests = cargo(&arguments);
    // Naming the target keeps the sanitizer out of build scripts and procedural macros.
    tests.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "-Zsanitizer=address");
    // A test looks at how the system ends a process whose file was cut.
    tests.env("ASAN_OPTIONS", "handle_sigbus=0");
    // Under the sanitizer everything takes some times as long.
    tests.env("VANTAY_FUZZ_CHANGES", "300").env("VANTAY_KILLS", "10").env("VANTAY_CRAFTS", "200");
    run(tests)
}
