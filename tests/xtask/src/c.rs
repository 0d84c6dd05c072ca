//! The C library: installed under a prefix as a package would have it, and its tests compiled against that.

use crate::run::{Outcome, cargo, command, root, run};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const WARNINGS: [&str; 6] = ["-Wall", "-Wextra", "-pedantic", "-Werror", "-Wconversion", "-Wshadow"];

fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// Builds the library and installs it under `prefix`: header, both libraries, pkg-config and CMake files.
pub fn install(prefix: &Path, release: bool) -> Outcome {
    let profile = if release { "release" } else { "debug" };
    let mut arguments = vec!["build", "--package", "vantay-c"];
    arguments.extend(release.then_some("--release"));
    run(cargo(&arguments))?;
    let built = root().join("target").join(profile);
    let lib = prefix.join("lib");
    let major = version().split('.').next().unwrap_or("0");
    let soname = format!("libvantay.so.{major}");
    let whole = format!("libvantay.so.{}", version());
    copy(&root().join("bindings/c/include/vantay.h"), &prefix.join("include/vantay.h"))?;
    copy(&built.join("libvantay_c.a"), &lib.join("libvantay.a"))?;
    copy(&built.join("libvantay_c.so"), &lib.join(&whole))?;
    link(&whole, &lib.join(&soname))?;
    link(&soname, &lib.join("libvantay.so"))?;
    let values =
        [("@PREFIX@", prefix.display().to_string()), ("@VERSION@", version().into()), ("@MAJOR@", major.into())];
    for (template, target) in
        [("vantay.pc.in", "pkgconfig/vantay.pc"), ("vantay-config.cmake.in", "cmake/vantay/vantay-config.cmake")]
    {
        let path = root().join("bindings/c").join(template);
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let filled = values.iter().fold(text, |text, (name, value)| text.replace(name, value));
        write(&lib.join(target), filled.as_bytes())?;
    }
    Ok(())
}

/// Compiles the header as C99, C11 and C++17, and runs the suite and the example against both libraries.
pub fn test() -> Outcome {
    let prefix = root().join("target").join("c");
    install(&prefix, false)?;
    let work = prefix.join("work");
    if work.exists() {
        fs::remove_dir_all(&work).map_err(|error| format!("{}: {error}", work.display()))?;
    }
    fs::create_dir_all(&work).map_err(|error| format!("{}: {error}", work.display()))?;
    let alone = work.join("header.c");
    write(&alone, b"#include <vantay.h>\n#include <vantay.h>\nint vantay_header_stands_alone;\n")?;
    for (compiler, language, standard) in [("gcc", "c", "c99"), ("gcc", "c", "c11"), ("g++", "c++", "c++17")] {
        let mut check = compile(compiler, &prefix, &[&format!("-std={standard}"), "-x", language, "-fsyntax-only"]);
        check.arg(&alone);
        run(check)?;
    }
    let feed = work.join("feed.ndjson");
    let synth = ["run", "--quiet", "--package", "vantay-cli", "--", "synth", "--subjects", "40", "--face-dim", "64"];
    run(cargo(&[&synth[..], &["--out", &feed.to_string_lossy()]].concat()))?;
    let shared =
        [format!("-L{}/lib", prefix.display()), "-lvantay".into(), format!("-Wl,-rpath,{}/lib", prefix.display())];
    let fixed = [format!("{}/lib/libvantay.a", prefix.display()), "-lpthread".into(), "-ldl".into(), "-lgcc_s".into()];
    for (name, libraries) in [("shared", &shared[..]), ("static", &fixed[..])] {
        let program = work.join(format!("suite-{name}"));
        build(&prefix, "bindings/c/tests/suite.c", &program, libraries)?;
        let folder = work.join(name);
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        run(command(&program, &[&feed.to_string_lossy(), &folder.to_string_lossy(), "datasets/vectors.txt"]))?;
    }
    let example = work.join("verify");
    build(&prefix, "bindings/c/examples/verify.c", &example, &shared)?;
    run(command(&example, &[&work.join("shared/feed").to_string_lossy(), &feed.to_string_lossy()]))
}

fn compile(compiler: &str, prefix: &Path, arguments: &[&str]) -> Command {
    let mut command = command(compiler, &WARNINGS);
    command.args(arguments).arg(format!("-I{}/include", prefix.display()));
    command
}

fn build(prefix: &Path, source: &str, program: &Path, libraries: &[String]) -> Outcome {
    let mut command = compile("gcc", prefix, &["-std=c99", "-g"]);
    command.args([Path::new(source), Path::new("-o"), program]).args(libraries).arg("-lm");
    run(command)
}

fn copy(from: &Path, to: &Path) -> Outcome {
    let bytes = fs::read(from).map_err(|error| format!("{}: {error}", from.display()))?;
    write(to, &bytes)
}

fn write(to: &Path, bytes: &[u8]) -> Outcome {
    let failed = |error| format!("{}: {error}", to.display());
    fs::create_dir_all(to.parent().map_or_else(PathBuf::new, Path::to_path_buf)).map_err(failed)?;
    fs::write(to, bytes).map_err(failed)
}

fn link(name: &str, at: &Path) -> Outcome {
    let _ = fs::remove_file(at);
    std::os::unix::fs::symlink(name, at).map_err(|error| format!("{}: {error}", at.display()))
}
