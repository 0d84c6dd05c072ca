//! A file that does not hold what it should: the command names it and says in words what is wrong.

mod command;

use command::{done, refused, text, vantay};
use std::fs;

/// A folder with an empty gallery.
struct Empty(tempfile::TempDir);

impl Empty {
    fn new() -> Self {
        let empty = Empty(tempfile::tempdir().expect("a folder"));
        done(&["create", &empty.path("gallery"), "--face-model", "synthetic", "--face-dim", "512"]);
        empty
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_string_lossy().into_owned()
    }

    /// What `dedup` says of a file with this content, given by this option.
    fn said_of(&self, option: &str, name: &str, content: &str) -> String {
        fs::write(self.path(name), content).expect("a file is written");
        refused(2, &["dedup", &self.path("gallery"), option, &self.path(name)])
    }
}

#[test]
fn a_wrong_policy_or_calibration_is_named_and_says_what_is_wrong() {
    let gallery = Empty::new();
    let policy = vantay::decision::Policy::default().to_json().expect("the default policy");
    for (option, content, wrong) in [
        (
            "--policy",
            policy.replacen("\"name\"", "\"nmae\"", 1),
            "policy: unknown field `nmae`, expected one of `format`",
        ),
        ("--policy", policy.replacen("\"version\": 1", "\"version\": \"one\"", 1), "policy: expected a number"),
        ("--policy", policy.replacen("0.000001", "2", 1).replacen("1e-6", "2", 1), "FMR of 2: expected more than 0"),
        ("--policy", "name: default".into(), "policy: not JSON near byte 0"),
        ("--face-calibration", policy.clone(), "calibration: unknown field"),
        ("--finger-calibration", "{}".into(), "calibration: missing field"),
    ] {
        let said = gallery.said_of(option, "mine.json", &content);
        let expected = format!("vantay: {}: {wrong}", gallery.path("mine.json"));
        assert!(said.starts_with(&expected), "{said}");
    }
}

#[test]
fn a_wrong_decision_is_named_by_file_and_line() {
    let gallery = Empty::new();
    let good = r#"{"a":{"registration":"HN-1"},"b":{"registration":"HN-9"},"decision":"same"}"#;
    for (line, wrong) in [
        (good.replace("same", "perhaps"), "unknown variant `perhaps`, expected one of `same`, `different`, `unsure`"),
        (good.replacen(r#"{"registration":"HN-1"}"#, "\"HN-1\"", 1), "expected an object"),
        (good.replacen(",\"decision\":\"same\"", "", 1), "missing field `decision`"),
        ("HN-1 and HN-9 are one".into(), "not JSON near byte 0"),
    ] {
        let said = gallery.said_of("--decisions", "decided.ndjson", &format!("\n{line}\n"));
        let expected = format!("vantay: {}:2: no decision on a pair: {wrong}", gallery.path("decided.ndjson"));
        assert!(said.starts_with(&expected), "{said}");
    }
    // A right one is about registrations that an empty gallery does not have, and says so at its line.
    let said = gallery.said_of("--decisions", "decided.ndjson", &format!("{good}\n"));
    assert!(said.contains("decided.ndjson:1: registration \"HN-1\" is not in the gallery"), "{said}");
    assert!(text(&vantay(&["dedup", &gallery.path("gallery")]).stderr).is_empty());
}
