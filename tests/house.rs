//! The house rules that a compiler does not know: who may import whom, where unsafe code lives, which package belongs where.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};
use syn::visit::Visit;

/// Room → the rooms it may use. `error` holds every room's error, so every room may name it, and it is not a room.
const ARROWS: [(&str, &[&str]); 10] = [
    ("simd", &[]),
    ("template", &[]),
    ("fingerprint", &["simd", "template"]),
    ("face", &["simd", "template"]),
    ("registration", &["template"]),
    ("gallery", &["registration", "template"]),
    ("search", &["decision", "face", "fingerprint", "gallery", "registration", "simd", "template"]),
    ("decision", &[]),
    ("evaluation", &["decision"]),
    ("synthesis", &["registration", "template"]),
];

/// Package → the rooms that may name it. What is not listed may be used anywhere.
const PACKAGES: [(&str, &[&str]); 7] = [
    ("memmap2", &["gallery"]),
    ("parking_lot", &["gallery", "face", "search"]),
    ("simd_json", &["registration", "gallery", "decision", "evaluation", "search"]),
    ("plotters", &["evaluation"]),
    ("flate2", &["registration", "evaluation"]),
    ("zstd", &["registration", "evaluation"]),
    ("rand_pcg", &["synthesis", "evaluation", "decision", "search"]),
];

#[test]
fn rooms_use_only_the_rooms_they_may() {
    let allowed: BTreeMap<_, BTreeSet<_>> =
        ARROWS.into_iter().map(|(room, uses)| (room, uses.iter().copied().collect())).collect();
    let mut broken = Vec::new();
    for source in sources() {
        let Some(may_use) = allowed.get(source.room.as_str()) else {
            panic!("{}: no arrows are stated for the room `{}`", source.path.display(), source.room);
        };
        for used in source.names_after_crate() {
            if used != source.room && allowed.contains_key(used.as_str()) && !may_use.contains(used.as_str()) {
                broken.push(format!("{}: {} may not use {used}", source.path.display(), source.room));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn packages_stay_in_their_rooms() {
    let mut broken = Vec::new();
    for source in sources() {
        for (package, rooms) in PACKAGES {
            if source.names.contains(package) && !rooms.contains(&source.room.as_str()) {
                broken.push(format!("{}: {package} belongs to {}", source.path.display(), rooms.join(", ")));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn unsafe_code_lives_in_simd_and_the_mapping_file() {
    let broken: Vec<_> = sources()
        .filter(|source| source.room != "simd" && !source.path.ends_with("gallery/map.rs"))
        .filter(|source| source.unsafe_code)
        .map(|source| source.path.display().to_string())
        .collect();
    assert!(broken.is_empty(), "unsafe code in {}", broken.join(", "));
}

#[test]
fn every_tuned_number_of_a_matcher_has_one_home() {
    for home in ["fingerprint", "fingerprint/screen"] {
        assert!(root().join("src").join(home).join("parameters.rs").exists(), "{home} has no parameters.rs");
    }
}

/// A source file of a room, its tests left out.
struct Source {
    room: String,
    path: PathBuf,
    /// Every first path segment named, and for paths from the crate's root the second, as `crate::second`.
    names: BTreeSet<String>,
    unsafe_code: bool,
}

impl Source {
    fn names_after_crate(&self) -> impl Iterator<Item = String> {
        self.names.iter().filter_map(|name| name.strip_prefix("crate::")).map(str::to_owned)
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> impl Iterator<Item = Source> {
    let mut paths = Vec::new();
    for room in fs::read_dir(root().join("src")).expect("the source folder is there") {
        let room = room.expect("a folder can be listed").path();
        if room.is_dir() {
            collect(&room, &mut paths);
        }
    }
    paths.into_iter().map(|path| {
        let relative = path.strip_prefix(root().join("src")).expect("below src");
        let room = relative.iter().next().expect("a room").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("a source file is text");
        let file = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut seen = Seen::default();
        seen.visit_file(&file);
        Source { room, path, names: seen.names, unsafe_code: seen.unsafe_code }
    })
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder can be listed") {
        let path = entry.expect("a folder can be listed").path();
        // Test modules in files of their own compare rooms freely.
        let is_test =
            path.file_stem().is_some_and(|stem| stem == "tests" || stem.to_string_lossy().ends_with("_tests"));
        if path.is_dir() {
            if !is_test {
                collect(&path, paths);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test {
            paths.push(path);
        }
    }
}

#[derive(Default)]
struct Seen {
    names: BTreeSet<String>,
    unsafe_code: bool,
}

impl Seen {
    fn path(&mut self, first: &str, second: Option<&str>) {
        self.names.insert(first.to_owned());
        if let ("crate", Some(second)) = (first, second) {
            self.names.insert(format!("crate::{second}"));
        }
    }

    fn tree(&mut self, above: Option<&str>, tree: &syn::UseTree) {
        let mut name = |ident: &syn::Ident| match above {
            None => self.path(&ident.to_string(), None),
            Some(above) => self.path(above, Some(&ident.to_string())),
        };
        match tree {
            syn::UseTree::Path(path) => {
                name(&path.ident);
                if above.is_none() {
                    self.tree(Some(&path.ident.to_string()), &path.tree);
                }
            }
            syn::UseTree::Name(leaf) => name(&leaf.ident),
            syn::UseTree::Rename(leaf) => name(&leaf.ident),
            syn::UseTree::Glob(_) => {}
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.tree(above, item)),
        }
    }
}

impl<'ast> Visit<'ast> for Seen {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = match item {
            syn::Item::Mod(item) => &item.attrs,
            syn::Item::Fn(item) => &item.attrs,
            syn::Item::Use(item) => &item.attrs,
            _ => return syn::visit::visit_item(self, item),
        };
        let for_tests = attributes.iter().any(|attribute| {
            attribute.path().is_ident("cfg")
                && quote::ToTokens::to_token_stream(&attribute.meta).to_string().contains("test")
        });
        if !for_tests {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(None, &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let mut segments = path.segments.iter().map(|segment| segment.ident.to_string());
        if let Some(first) = segments.next() {
            self.path(&first, segments.next().as_deref());
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_expr_unsafe(&mut self, block: &'ast syn::ExprUnsafe) {
        self.unsafe_code = true;
        syn::visit::visit_expr_unsafe(self, block);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        self.unsafe_code |= item.unsafety.is_some();
        syn::visit::visit_item_impl(self, item);
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.unsafe_code |= signature.unsafety.is_some();
        syn::visit::visit_signature(self, signature);
    }
}
