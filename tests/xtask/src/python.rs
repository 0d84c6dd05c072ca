//! The Python package: built into a virtual environment of its own, tested there, its stubs held against the module.

use crate::run::{Outcome, command, root, run};
use std::{fs, path::PathBuf};

/// What tests and lints install beside the package.
const REQUIREMENTS: &str = "bindings/python/requirements-test.txt";
/// What the tests of `vantay.cluster` need: not to be had for every Python, and skipped by name without it.
const CLUSTER: &str = "bindings/python/requirements-cluster.txt";

fn venv() -> PathBuf {
    root().join("target").join("venv")
}

/// The interpreter that has the package, once it is built.
pub fn python() -> PathBuf {
    venv().join("bin").join("python")
}

/// Builds the package into `target/venv`, which is made where there is none, and made ready anew when the requirements change.
fn build() -> Outcome {
    let stamp = venv().join("requirements.txt");
    let read = |file: &str| fs::read_to_string(root().join(file)).map_err(|error| format!("{file}: {error}"));
    let wanted = read(REQUIREMENTS)? + &read(CLUSTER)?;
    if fs::read_to_string(&stamp).ok().as_ref() != Some(&wanted) {
        run(command("python3", &["-m", "venv", &venv().to_string_lossy()]))?;
        run(command(python(), &["-m", "pip", "install", "--quiet", "--requirement", REQUIREMENTS]))?;
        let cluster = ["-m", "pip", "install", "--quiet", "--only-binary", ":all:", "--requirement", CLUSTER];
        if run(command(python(), &cluster)).is_err() {
            eprintln!("skipped: the tests of vantay.cluster: no Ray for this Python");
        }
        fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))?;
    }
    let manifest = ["--manifest-path", "bindings/python/Cargo.toml"];
    let mut maturin = command(venv().join("bin").join("maturin"), &[&["develop", "--quiet"], &manifest[..]].concat());
    maturin.env("VIRTUAL_ENV", venv()).env_remove("CONDA_PREFIX");
    run(maturin)
}

/// Runs pytest: the tests and every example of the documentation. Then installs the package as a user would.
pub fn test() -> Outcome {
    build()?;
    let mut pytest = command(python(), &["-m", "pytest"]);
    pytest.current_dir(root().join("bindings/python"));
    run(pytest)?;
    install()
}

/// `pip install` of the folder into an environment that has nothing: pip fetches what builds the wheel, and Rust is here.
/// The profile is that of the tests, so that nothing is built anew.
fn install() -> Outcome {
    let clean = root().join("target").join("venv-clean");
    run(command("python3", &["-m", "venv", "--clear", &clean.to_string_lossy()]))?;
    let python = clean.join("bin").join("python");
    let mut pip = command(&python, &["-m", "pip", "install", "--quiet", "./bindings/python"]);
    pip.env("MATURIN_PEP517_ARGS", "--profile dev");
    run(pip)?;
    // From elsewhere, so that it is the installed package that is found.
    let mut smoke = command(&python, &["-c", SMOKE]);
    smoke.current_dir(root().join("target"));
    run(smoke)
}

/// A story in short, with nothing installed but the package and what it asks for.
const SMOKE: &str = r#"
import tempfile, vantay
feed = tempfile.mkdtemp() + "/feed.ndjson"
vantay.synthesis.write_feed(feed, subjects=30, duplicates=0.1, face_dim=64)
with vantay.Gallery.create(tempfile.mkdtemp(), face_model="synthetic", face_dim=64) as gallery:
    gallery.enroll(feed)
    gallery.commit()
    assert len(gallery.deduplicate(modality="face")) >= 3
try:
    import vantay.cluster
    vantay.cluster.Search([])
except ImportError as error:
    assert "vantay[ray]" in str(error)
else:
    raise SystemExit("Ray is here: this environment is not clean")
print("installed:", vantay.__file__, vantay.version())
"#;

/// Checks the types, and the stubs against the module that was built.
pub fn lint() -> Outcome {
    build()?;
    let folder = root().join("bindings/python");
    let mut mypy = command(python(), &["-m", "mypy"]);
    mypy.current_dir(&folder);
    run(mypy)?;
    let mut stubtest = command(python(), &["-m", "mypy.stubtest", "vantay._native", "--ignore-disjoint-bases"]);
    stubtest.current_dir(&folder);
    run(stubtest)?;
    println!("Python stubs checked");
    Ok(())
}
