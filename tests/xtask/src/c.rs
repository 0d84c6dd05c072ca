//! The C library: installed under a prefix as a package would have it, and its tests compiled against that.

use crate::run::{Outcome, cargo, command, root, run};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const WARNINGS: [&str; 9] = [
    "-Wall",
    "-Wextra",
    "-pedantic",
    "-Werror",
    "-Wconversion",
    "-Wshadow",
    "-Wundef",
    "-Wcast-align",
    "-Wwrite-strings",
];
const SUITE: &str = "bindings/c/tests/suite.c";

fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// Builds the library and installs it under `prefix`: header, both libraries, pkg-config and CMake files.
pub fn install(prefix: &Path, release: bool) -> Outcome {
    let profile = if release { "release" } else { "debug" };
    // For the tests the whole workspace, so that nothing is built anew with fewer features.
    let arguments: &[&str] = match release {
        true => &["build", "--release", "--package", "vantay-c"],
        false => &["build", "--workspace", "--lib", "--bins", "--examples"],
    };
    run(cargo(arguments))?;
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
    let values = [("@VERSION@", version()), ("@MAJOR@", major)];
    for (template, target) in [
        ("vantay.pc.in", "pkgconfig/vantay.pc"),
        ("vantay-config.cmake.in", "cmake/vantay/vantay-config.cmake"),
        ("vantay-config-version.cmake.in", "cmake/vantay/vantay-config-version.cmake"),
    ] {
        let path = root().join("bindings/c").join(template);
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let filled = values.iter().fold(text, |text, (name, value)| text.replace(name, value));
        write(&lib.join(target), filled.as_bytes())?;
    }
    Ok(())
}

/// Compiles header and suite as C99, C11 and C++17, and runs the suite and the example against both libraries; with what the
/// sanitizers find if `thorough`.
pub fn test(thorough: bool) -> Outcome {
    let prefix = prefix();
    install(&prefix, false)?;
    let work = prefix.join("work");
    if work.exists() {
        fs::remove_dir_all(&work).map_err(|error| format!("{}: {error}", work.display()))?;
    }
    fs::create_dir_all(&work).map_err(|error| format!("{}: {error}", work.display()))?;
    let alone = work.join("header.c");
    write(&alone, b"#include <vantay.h>\n#include <vantay.h>\nint vantay_header_stands_alone;\n")?;
    for (compiler, language, standard) in
        [("gcc", "c", "c99"), ("gcc", "c", "c11"), ("g++", "c++", "c++17"), ("clang", "c", "c11")]
    {
        if !exists(compiler) {
            println!("skipped: the header as {standard} by {compiler}: no {compiler} here");
            continue;
        }
        for source in [&alone, Path::new(SUITE)] {
            let mut check = compile(compiler, &prefix, &[&format!("-std={standard}"), "-x", language, "-fsyntax-only"]);
            check.arg(source);
            run(check)?;
        }
    }
    let feed = work.join("feed.ndjson");
    let vantay = root().join("target/debug/vantay");
    let synth = ["synth", "--subjects", "40", "--face-dim", "64", "--out", &feed.to_string_lossy()];
    run(command(&vantay, &synth))?;
    let shared = shared(&prefix);
    let fixed = [format!("{}/lib/libvantay.a", prefix.display()), "-lpthread".into(), "-ldl".into(), "-lgcc_s".into()];
    for (name, libraries) in [("shared", &shared[..]), ("static", &fixed[..])] {
        let program = build(&prefix, SUITE, &work.join(format!("suite-{name}")), libraries)?;
        run(suite(&program, &[], &work.join(name), &feed)?)?;
    }
    let example = build(&prefix, "bindings/c/examples/verify.c", &work.join("verify"), &shared)?;
    run(command(&example, &[&work.join("shared/feed").to_string_lossy(), &feed.to_string_lossy()]))?;
    packaged(&prefix, &work)?;
    address_sanitizer(&prefix, &work, &feed)?;
    if thorough { valgrind(&work, &feed) } else { Ok(()) }
}

/// Where the tests install the library.
pub fn prefix() -> PathBuf {
    root().join("target").join("c")
}

/// How a program is linked against the shared library under `prefix`.
pub fn shared(prefix: &Path) -> [String; 3] {
    [format!("-L{}/lib", prefix.display()), "-lvantay".into(), format!("-Wl,-rpath,{}/lib", prefix.display())]
}

/// The example by pkg-config and by CMake, as a user would build it.
fn packaged(prefix: &Path, work: &Path) -> Outcome {
    let found = Command::new("pkg-config")
        .args(["--cflags", "--libs", "vantay"])
        .env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig"))
        .output();
    match found {
        Ok(output) if output.status.success() => {
            let flags = String::from_utf8_lossy(&output.stdout).into_owned();
            let program = work.join("verify-pkg-config");
            let mut gcc = command("gcc", &["bindings/c/examples/verify.c", "-o"]);
            gcc.arg(&program).args(flags.split_whitespace());
            run(gcc)?;
        }
        Ok(output) => return Err(format!("pkg-config: {}", String::from_utf8_lossy(&output.stderr))),
        Err(_) => println!("skipped: the example by pkg-config: no pkg-config here"),
    }
    if !exists("cmake") {
        println!("skipped: the example by CMake: no cmake here");
        return Ok(());
    }
    let project = format!(
        "cmake_minimum_required(VERSION 3.16)\nproject(verify C)\nfind_package(vantay {} REQUIRED)\n\
         add_executable(verify {}/bindings/c/examples/verify.c)\ntarget_link_libraries(verify vantay::vantay)\n",
        version(),
        root().display()
    );
    let (folder, out) = (work.join("cmake"), work.join("cmake/build"));
    write(&folder.join("CMakeLists.txt"), project.as_bytes())?;
    let [folder, out] = [folder, out].map(|path| path.to_string_lossy().into_owned());
    run(command("cmake", &["-S", &folder, "-B", &out, &format!("-DCMAKE_PREFIX_PATH={}", prefix.display())]))?;
    run(command("cmake", &["--build", &out]))
}

/// The suite with every access of its own, and every block that the library takes and gives back, watched.
fn address_sanitizer(prefix: &Path, work: &Path, feed: &Path) -> Outcome {
    let program = work.join("suite-sanitized");
    let mut gcc = compile("gcc", prefix, &["-std=c11", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover"]);
    gcc.args([Path::new(SUITE), Path::new("-o"), &program]).args(shared(prefix)).arg("-lm");
    let built = gcc.output();
    if !built.is_ok_and(|output| output.status.success()) {
        println!("skipped: the C suite under AddressSanitizer: gcc has none here");
        return Ok(());
    }
    let mut suite = suite(&program, &[], &work.join("sanitized"), feed)?;
    suite.env("ASAN_OPTIONS", "detect_leaks=1:detect_stack_use_after_return=1");
    run(suite)
}

/// The suite with every access of the library watched too.
fn valgrind(work: &Path, feed: &Path) -> Outcome {
    if !exists("valgrind") {
        println!("skipped: the C suite under Valgrind: no valgrind here");
        return Ok(());
    }
    let tool = ["valgrind", "--quiet", "--error-exitcode=9", "--leak-check=full", "--errors-for-leak-kinds=definite"];
    run(suite(&work.join("suite-shared"), &tool, &work.join("watched"), feed)?)
}

/// The suite `program`, run by `tool` if that names one, in a folder of its own.
fn suite(program: &Path, tool: &[&str], folder: &Path, feed: &Path) -> Outcome<Command> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut suite = match tool {
        [] => command(program, &[]),
        [tool, arguments @ ..] => {
            let mut watched = command(tool, arguments);
            watched.arg(program);
            watched
        }
    };
    suite.args([feed, folder, Path::new("datasets/vectors.txt")]);
    Ok(suite)
}

fn exists(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

fn compile(compiler: &str, prefix: &Path, arguments: &[&str]) -> Command {
    let mut command = command(compiler, &WARNINGS);
    command.args(arguments).arg(format!("-I{}/include", prefix.display()));
    command
}

/// Compiles `source` as C99 and returns the program.
pub fn build(prefix: &Path, source: &str, program: &Path, libraries: &[String]) -> Outcome<PathBuf> {
    let mut command = compile("gcc", prefix, &["-std=c99", "-g"]);
    command.args([Path::new(source), Path::new("-o"), program]).args(libraries).arg("-lm");
    run(command)?;
    Ok(program.to_path_buf())
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
