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
    named(&["synth", "--subjects", "2", "--out", &other, "--truth", &gallery.path("./other")]);
    named(&["calibrate", &feed, "--out", &feed]);
    assert_eq!(fs::read_to_string(&feed).expect("the feed is there"), "{}\n");
    let manifest = gallery.path("gallery/manifest");
    for command in ["identify", "calibrate"] {
        let said = refused(2, &[command, &gallery.path("gallery"), &feed, "--out", &manifest]);
        assert!(said.contains("lies in a gallery"), "{said}");
    }
    done(&["check", &gallery.path("gallery")]);
}

#[test]
fn what_cannot_be_written_is_refused_before_anything_is_done() {
    let gallery = Empty::new();
    let (name, feed, out) = (gallery.path("gallery"), gallery.path("feed.ndjson"), gallery.path("out"));
    done(&["synth", "--subjects", "2", "--duplicates", "0", "--out", &feed]);
    let people = fs::read_to_string(&feed).expect("a feed");
    let wrong = |arguments: &[&str], why: &str| {
        let said = refused(2, arguments);
        assert!(said.contains(why), "{said}");
    };
    wrong(&["enroll", &name, &feed, "--stats", &feed], "named twice");
    wrong(&["--stats", &feed, "enroll", &name, &feed], "named twice");
    wrong(&["enroll", &name, &feed, "--stats", &gallery.path("gallery/manifest")], "lies in a gallery");
    wrong(&["enroll", &name, &feed, "--rejects", &out, &format!("--stats={out}")], "named twice");
    assert!(done(&["info", &name]).contains("\"registrations\":0"), "nobody was enrolled");
    assert_eq!(fs::read_to_string(&feed).expect("the feed is there"), people);
    // What is wrong with the decisions would show when they are read.
    let decisions = gallery.path("decisions");
    fs::write(&decisions, "none\n").expect("a file is written");
    wrong(&["dedup", &name, "--decisions", &decisions, "--out", &decisions], "named twice");
    wrong(&["dedup", &name, "--out", &out, "--report", &out], "named twice");
    wrong(&["dedup", &name, "--out", &out, "--report", &gallery.path("gallery/report.html")], "lies in a gallery");
    wrong(&["dedup", &name, "--out", &out, "--report", &name], "is a folder");
    wrong(&["dedup", &name, "--out", &out, "--report", &gallery.path("reprots/1.html")], "no folder that exists");
    assert!(!fs::exists(&out).expect("that can be seen"));
}

#[test]
fn a_value_that_is_no_path_may_be_called_like_a_file() {
    let gallery = Empty::new();
    fs::write(gallery.path("feed.ndjson"), "{}\n").expect("a feed is written");
    let arguments = ["identify", "gallery", "feed.ndjson", "--modality", "face", "--out", "face"];
    let status =
        std::process::Command::new(env!("CARGO_BIN_EXE_vantay")).args(arguments).current_dir(&gallery.0).status();
    assert_eq!(status.expect("the command starts").code(), Some(0));
}

#[cfg(unix)]
#[test]
fn links_of_both_kinds_are_seen_through() {
    let gallery = Empty::new();
    let (name, feed) = (gallery.path("gallery"), gallery.path("feed.ndjson"));
    fs::write(&feed, "{}\n").expect("a feed is written");
    let (soft, hard) = (gallery.path("soft"), gallery.path("hard"));
    std::os::unix::fs::symlink(gallery.path("gallery/manifest"), &soft).expect("a link is made");
    fs::hard_link(&feed, &hard).expect("a link is made");
    let said = refused(2, &["identify", &name, &feed, "--out", &soft]);
    assert!(said.contains("lies in a gallery"), "{said}");
    let said = refused(2, &["identify", &name, &feed, "--out", &hard]);
    assert!(said.contains("named twice"), "{said}");
    done(&["check", &name]);
}

#[test]
fn a_raw_cosine_is_warned_of_where_it_decides() {
    let gallery = Empty::new();
    let (name, feed) = (gallery.path("own"), gallery.path("feed.ndjson"));
    done(&["create", &name, "--face-model", "own", "--face-dim", "64"]);
    fs::write(&feed, "{}\n").expect("a feed is written");
    let said = |more: &[&str]| text(&vantay(&[&["verify", &name, &feed], more].concat()).stderr);
    assert!(said(&[]).contains("raw cosine"), "{}", said(&[]));
    assert!(!said(&["--fmr", "1e-3"]).contains("raw cosine"), "{}", said(&["--fmr", "1e-3"]));
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
    // So is a file that was there for all to read.
    for file in [&out, &rejects] {
        fs::set_permissions(file, fs::Permissions::from_mode(0o644)).expect("permissions are set");
    }
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
