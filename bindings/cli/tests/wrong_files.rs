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
fn a_calibration_of_other_scores_is_refused() {
    let gallery = Empty::new();
    let face = vantay::decision::Calibration::default_face("synthetic").expect("it is shipped");
    let said = gallery.said_of("--finger-calibration", "face.json", &face.to_json().expect("JSON"));
    assert!(said.contains("the scores are of \"vantay\""), "{said}");
}

#[test]
fn what_is_read_is_never_written_to() {
    let gallery = Empty::new();
    let (feed, other) = (gallery.path("feed.ndjson"), gallery.path("other"));
    fs::write(&feed, "{}\n").expect("a feed is written");
    let named = |arguments: &[&str]| {
        let said = refused(2, arguments);
        assert!(said.contains("named twice"), "{said}");
    };
    named(&["verify", &gallery.path("gallery"), &feed, "--out", &feed]);
    named(&["enroll", &gallery.path("gallery"), &feed, "--on-error", "skip", "--rejects", &feed]);
    named(&["synth", "--subjects", "2", "--out", &other, "--truth", &other]);
    assert_eq!(fs::read_to_string(&feed).expect("the feed is there"), "{}\n");
    let manifest = gallery.path("gallery/manifest");
    let said = refused(2, &["identify", &gallery.path("gallery"), &feed, "--out", &manifest]);
    assert!(said.contains("lies in a gallery"), "{said}");
    done(&["check", &gallery.path("gallery")]);
}

#[cfg(unix)]
#[test]
fn what_is_written_of_people_is_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let gallery = Empty::new();
    let (feed, out, rejects) = (gallery.path("feed.ndjson"), gallery.path("out"), gallery.path("rejects"));
    fs::write(&feed, "{}\n").expect("a feed is written");
    done(&["enroll", &gallery.path("gallery"), &feed, "--on-error", "skip", "--rejects", &rejects]);
    done(&["identify", &gallery.path("gallery"), &feed, "--out", &out]);
    for file in [&out, &rejects] {
        assert_eq!(fs::metadata(file).expect("it is there").permissions().mode() & 0o777, 0o600);
    }
    // A link is followed, not replaced.
    let (target, link) = (gallery.path("target"), gallery.path("link"));
    fs::write(&target, "#".repeat(10_000)).expect("a file is written");
    std::os::unix::fs::symlink(&target, &link).expect("a link is made");
    done(&["--stats", &link, "enroll", &gallery.path("gallery"), &feed, "--on-error", "skip"]);
    let written = fs::read_to_string(&target).expect("it is there");
    assert!(written.contains("enroll") && !written.contains('#'), "nothing of what stood there before is left");
}

#[test]
fn a_feed_in_place_of_scores_is_not_quoted() {
    let gallery = Empty::new();
    let template = "Rk1SACAyMAAAAAGGAAABkAH0AMUAAAAAAAAAAAAA";
    let feed = gallery.path("feed.csv");
    fs::write(&feed, format!("a,b,{template}x\nc,d,{template}\n")).expect("a file is written");
    let said = refused(1, &["eval", &feed]);
    assert!(!said.contains(template), "{said}");
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
