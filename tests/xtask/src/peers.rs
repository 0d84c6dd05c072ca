//! Side by side with other libraries: in a virtual environment of its own, with this repository's package built for release.

use crate::run::{Outcome, command, root, run};

/// What the comparison needs besides the package, and the peers. A peer that does not install is left out of the table.
const NEEDS: [&str; 2] = ["numpy", "threadpoolctl"];
const PEERS: [&str; 4] = ["faiss-cpu", "usearch", "numkong", "simsimd"];

/// Face search: `arguments` are those of the script, such as `--n 100000`. The table goes to standard output and
/// `target/peers/face.md`.
pub fn face(arguments: &[&str]) -> Outcome {
    let venv = root().join("target/peers");
    let python = venv.join("bin/python");
    if !python.exists() {
        run(command("python3", &["-m", "venv", &venv.to_string_lossy()]))?;
    }
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    run(command(&python, &[&pip[..], &NEEDS].concat()))?;
    for peer in PEERS {
        if let Err(failure) = run(command(&python, &[&pip[..], &[peer]].concat())) {
            eprintln!("{failure}; the table goes without {peer}");
        }
    }
    // The version of the package stays the same from build to build.
    run(command(&python, &[&pip[..], &["--force-reinstall", "--no-deps", "./bindings/python"]].concat()))?;
    run(command(&python, &[&["bindings/python/benches/face_peers.py"], arguments].concat()))
}
