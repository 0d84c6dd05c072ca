//! What the bindings have in common: the table of `bindings/README.md` holds, and the version has one home.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The names in backticks of each row: Rust, C, Python, command line.
fn table() -> Vec<[Vec<String>; 4]> {
    let page = read("bindings/README.md");
    let table = page.split("<!-- table:begin -->").nth(1).and_then(|rest| rest.split("<!-- table:end -->").next());
    let rows = table.expect("the page has a table").lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').collect();
        assert_eq!(cells.len(), 5, "{row}");
        [1, 2, 3, 4].map(|cell| cells[cell].split('`').skip(1).step_by(2).map(str::to_owned).collect())
    })
    .collect()
}

fn column(number: usize) -> BTreeSet<String> {
    table().into_iter().flat_map(|row| row[number].clone()).collect()
}

fn missing(wanted: &BTreeSet<String>, from: &BTreeSet<String>) -> Vec<String> {
    wanted.difference(from).cloned().collect()
}

/// `Type::method`, `Type::field` and `room::function` of everything public in the crate.
fn rust_names() -> BTreeSet<String> {
    fn collect(folder: &Path, room: Option<&str>, names: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).expect("a folder can be listed") {
            let path = entry.expect("a folder can be listed").path();
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            if path.is_dir() {
                collect(&path, room.or(Some(&name)), names);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source is text");
                let file = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                file.items.iter().for_each(|item| of_item(item, room.unwrap_or("vantay"), names));
            }
        }
    }
    fn is_public(visibility: &syn::Visibility) -> bool {
        matches!(visibility, syn::Visibility::Public(_))
    }
    fn of_item(item: &syn::Item, room: &str, names: &mut BTreeSet<String>) {
        match item {
            syn::Item::Fn(function) if is_public(&function.vis) => {
                names.insert(format!("{room}::{}", function.sig.ident));
            }
            syn::Item::Enum(item) if is_public(&item.vis) => {
                names.insert(item.ident.to_string());
            }
            syn::Item::Struct(item) if is_public(&item.vis) => {
                let fields = item.fields.iter().filter(|field| is_public(&field.vis));
                names.extend(fields.filter_map(|field| Some(format!("{}::{}", item.ident, field.ident.as_ref()?))));
            }
            syn::Item::Impl(item) if item.trait_.is_none() => {
                let syn::Type::Path(of) = &*item.self_ty else { return };
                let Some(of) = of.path.segments.last().map(|segment| &segment.ident) else { return };
                for part in &item.items {
                    if let syn::ImplItem::Fn(method) = part
                        && is_public(&method.vis)
                    {
                        names.insert(format!("{of}::{}", method.sig.ident));
                        names.insert(format!("{room}/{of}::{}", method.sig.ident));
                    }
                }
            }
            _ => {}
        }
    }
    let mut names = BTreeSet::new();
    collect(&root().join("src"), None, &mut names);
    names
}

#[test]
fn the_table_knows_rust() {
    let (told, known) = (column(0), rust_names());
    assert_eq!(missing(&told, &known), [""; 0], "named by bindings/README.md, but not public in src");
    let of = ["gallery/Gallery::", "gallery/Writer::", "search/Search::"];
    let calls = known.iter().filter(|name| of.iter().any(|of| name.starts_with(of)));
    let calls: BTreeSet<String> = calls.filter_map(|name| Some(name.split_once('/')?.1.to_owned())).collect();
    assert_eq!(missing(&calls, &told), [""; 0], "public, but not in bindings/README.md");
}

#[test]
fn the_table_knows_c() {
    let header = read("bindings/c/include/vantay.h");
    let mut known = BTreeSet::new();
    for (at, _) in header.match_indices("vantay_") {
        let rest = &header[at..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let starts_word = !header[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        if starts_word && rest[end..].starts_with('(') {
            known.insert(rest[..end].to_owned());
        }
    }
    // Function pointer types are written `(*name)(`, which the search above passes over.
    let (fields, functions): (BTreeSet<String>, BTreeSet<String>) =
        column(1).into_iter().partition(|name| name.contains('.'));
    assert_eq!(missing(&functions, &known), [""; 0], "named by bindings/README.md, but not in vantay.h");
    assert_eq!(missing(&known, &functions), [""; 0], "in vantay.h, but not in bindings/README.md");
    for name in fields {
        let (of, field) = name.split_once('.').expect("a dot");
        let end = header.find(&format!("}} {of};")).unwrap_or_else(|| panic!("{of} is not in vantay.h"));
        let body = &header[header[..end].rfind("typedef struct {").expect("a structure")..end];
        assert!(body.contains(&format!("{field};")), "{name} is not in vantay.h");
    }
}

#[test]
fn the_table_knows_python() {
    let package = "bindings/python/python/vantay";
    let gallery = read(&format!("{package}/_gallery.py"));
    let class = gallery.split("\nclass ").find(|part| part.starts_with("Gallery:")).expect("the class Gallery");
    let public = |text: &str, indent: &str| -> BTreeSet<String> {
        let names = text.lines().filter_map(|line| line.strip_prefix(indent)?.strip_prefix("def "));
        let names = names.filter_map(|line| line.split('(').next()).filter(|name| !name.starts_with('_'));
        names.map(str::to_owned).collect()
    };
    let exports = |file: &str| -> BTreeSet<String> {
        let init = read(&format!("{package}/{file}"));
        let all = init.split("__all__ = [").nth(1).and_then(|rest| rest.split(']').next()).expect("__all__");
        all.split('"').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let (exported, cluster) = (exports("__init__.py"), exports("cluster/__init__.py"));
    let is_module = |name: &String| {
        ["", "/__init__.py", ".py"].iter().any(|end| root().join(package).join(format!("{name}{end}")).exists())
    };
    let is_function = |name: &&String| name.starts_with(|c: char| c.is_ascii_lowercase()) && !is_module(name);
    let mut known: BTreeSet<String> = public(class, "    ").into_iter().map(|name| format!("Gallery.{name}")).collect();
    known.extend(exported.iter().filter(is_function).map(|name| format!("vantay.{name}")));
    known.extend(cluster.iter().filter(is_function).map(|name| format!("cluster.{name}")));
    let told = column(2);
    assert_eq!(missing(&known, &told), [""; 0], "public in Python, but not in bindings/README.md");
    for name in missing(&told, &known) {
        let exists = match name.split_once('.') {
            Some(("vantay", name)) => exported.contains(name),
            Some(("cluster", name)) => cluster.contains(name),
            Some((module, name)) => public(&read(&format!("{package}/{module}.py")), "").contains(name),
            None => gallery.contains(&format!(" {}: ", name.trim_end_matches('='))),
        };
        assert!(exists, "named by bindings/README.md, but not in the Python package: {name}");
    }
}

#[test]
fn the_table_knows_the_command_line() {
    let help = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_vantay")).args(arguments).output().expect("the command starts");
        assert!(output.status.success(), "{arguments:?}: there is no such command");
        String::from_utf8(output.stdout).expect("help is text")
    };
    let top = help(&["--help"]);
    let commands =
        top.split("Commands:").nth(1).and_then(|rest| rest.split("\n\n").next()).expect("a list of commands");
    let names = commands.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let known: BTreeSet<String> = names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect();
    let mut told = BTreeSet::from(["help".to_owned()]);
    for entry in column(3) {
        let mut words = entry.split(' ');
        let command = words.next().expect("a command");
        let page = help(&[command, "--help"]);
        for flag in words {
            assert!(page.contains(flag), "vantay {command} has no {flag}");
        }
        told.insert(command.to_owned());
    }
    assert_eq!(told, known);
}

#[test]
fn the_version_has_one_home() {
    let version = env!("CARGO_PKG_VERSION");
    assert!(read("Cargo.toml").contains(&format!("[workspace.package]\nversion = \"{version}\"")));
    for member in ["bindings/c", "bindings/c/boundary", "bindings/cli", "bindings/python", "tests/xtask"] {
        let manifest = read(&format!("{member}/Cargo.toml"));
        assert!(manifest.contains("version.workspace = true"), "{member} has a version of its own");
    }
    assert!(read("Cargo.toml").contains("\nversion.workspace = true"));
    let python = read("bindings/python/pyproject.toml");
    assert!(python.contains("dynamic = [\"version\"]") && !python.contains("\nversion ="));
    assert!(read("bindings/c/include/vantay.h").contains(&format!("#define VANTAY_VERSION \"{version}\"")));
    for template in ["vantay.pc.in", "vantay-config.cmake.in", "vantay-config-version.cmake.in"] {
        assert!(read(&format!("bindings/c/{template}")).contains("@VERSION@"), "{template} has a version of its own");
    }
    let told = Command::new(env!("CARGO_BIN_EXE_vantay")).arg("--version").output().expect("the command starts");
    assert_eq!(String::from_utf8_lossy(&told.stdout), format!("vantay {version}\n"));
}
