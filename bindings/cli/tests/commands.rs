//! The command as its users meet it: what it writes, where, and with which exit status.

mod command;

use command::{done, refused, text, vantay};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A folder with a synthetic feed, its truth, and a gallery that holds it.
struct City {
    directory: tempfile::TempDir,
}

impl City {
    fn new(subjects: &str) -> Self {
        let city = City { directory: tempfile::tempdir().expect("a folder") };
        let (feed, truth, gallery) = (city.path("feed.ndjson"), city.path("truth.csv"), city.path("gallery"));
        done(&["synth", "--subjects", subjects, "--duplicates", "0.05", "--out", &feed, "--truth", &truth]);
        done(&["create", &gallery, "--face-model", "synthetic", "--face-dim", "512"]);
        done(&["enroll", &gallery, &feed]);
        city
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).to_string_lossy().into_owned()
    }

    fn gallery(&self) -> String {
        self.path("gallery")
    }

    fn lines(&self) -> Vec<String> {
        fs::read_to_string(self.path("feed.ndjson")).expect("the feed").lines().map(str::to_owned).collect()
    }

    /// A feed of these lines.
    fn feed(&self, name: &str, lines: &[String]) -> String {
        let path = self.path(name);
        fs::write(&path, lines.join("\n") + "\n").expect("a feed is written");
        path
    }
}

/// The value of a field, as it is written, of an object on one line.
fn field<'a>(object: &'a str, name: &str) -> &'a str {
    let start = object.find(&format!("\"{name}\":")).unwrap_or_else(|| panic!("{name} in {object}")) + name.len() + 3;
    let rest = &object[start..];
    rest[..rest.find([',', '}']).unwrap_or(rest.len())].trim_matches('"')
}

fn data(folder: &str) -> Option<PathBuf> {
    let data = std::env::var_os("VANTAY_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from)
        .join(folder);
    data.exists().then_some(data)
}

#[test]
fn a_city_is_enrolled_verified_searched_and_deduplicated() {
    let city = City::new("200");
    let gallery = city.gallery();
    let info = done(&["info", &gallery]);
    assert_eq!((field(&info, "registrations"), field(&info, "subjects"), field(&info, "commit")), ("210", "210", "1"));

    let stats = city.path("stats.json");
    let answers = done(&["verify", &gallery, &city.path("feed.ndjson"), "--stats", &stats]);
    assert_eq!(answers.lines().count(), 210);
    assert!(answers.lines().all(|answer| field(answer, "decision") == "match"));
    let stats = fs::read_to_string(stats).expect("stats are written");
    for name in [
        "seconds",
        "comparisons",
        "per_second",
        "full_comparisons",
        "penetration_rate",
        "threads",
        "simd",
        "bytes_read",
    ] {
        assert!(stats.contains(&format!("\"{name}\":")), "{name} in {stats}");
    }

    let probes = city.feed("probes.ndjson", &city.lines()[..5]);
    let stats = city.path("screened.json");
    done(&["identify", &gallery, &probes, "--miss", "0.01", "--stats", &stats]);
    let stats = fs::read_to_string(stats).expect("stats are written");
    assert!(stats.contains(r#""screen":{"miss":["#) && stats.contains(r#""share":["#), "{stats}");
    for answer in done(&["identify", &gallery, &probes, "--top", "3", "--modality", "face"]).lines() {
        let first = answer.split("\"candidates\":").nth(1).expect("candidates");
        assert_eq!(field(first, "registration"), field(answer, "registration"));
        assert_eq!(first.matches("\"personal_id\"").count(), 3);
    }

    let pairs = done(&["dedup", &gallery]);
    let truth = fs::read_to_string(city.path("truth.csv")).expect("the truth");
    let planted = truth.lines().count() - 1;
    let matches = || pairs.lines().filter(|pair| field(pair, "decision") == "match");
    let listed = matches().count();
    assert!(listed + 1 >= planted && listed <= planted, "{listed} of {planted}");
    // What a person is to look at may be of any kind.
    assert!(matches().all(|pair| pair.contains("\"kind\":\"different_id\"")));
}

#[test]
fn wrong_records_are_named_by_place_and_cost_only_themselves() {
    let city = City::new("20");
    let good = &city.lines()[3];
    let new = |name: &str| good.replacen(field(good, "registration"), name, 1);
    let wrong: [(String, &str); 12] = [
        ("{\"registration\":".into(), "not JSON"),
        (new("").replacen("\"registration\":\"\"", "\"registration\":7", 1), "registration: expected"),
        (new(&"x".repeat(65)), "expected 1 to 64"),
        (new("A1").replacen(field(good, "personal_id"), "00120400025", 1), "expected 12 digits"),
        (new("A2").replacen(field(good, "personal_id"), "00120400025x", 1), "expected digits only"),
        (new("A3").replacen("\"synthetic\"", "\"other\"", 1), "embedding of model \"other\""),
        (new("A4").replacen("\"embedding\":\"", "\"embedding\":\"*", 1), "not base64"),
        (
            "{\"registration\":\"A5\",\"personal_id\":\"001204000257\",\"portrait\":{\"model\":\"synthetic\",\"embedding\":[1,2,3]}}"
                .into(),
            "embedding of 3 dimensions",
        ),
        ("{\"registration\":\"A6\",\"personal_id\":\"001204000257\"}".into(), "no usable template"),
        (new("A7").replacen("iso19794-2:2005", "iso1", 1), "unknown template format \"iso1\""),
        (new("A8").replacen("\"position\":2", "\"position\":12", 1), "position"),
        (good.clone(), "exists"),
    ];
    let mut lines: Vec<String> = wrong.iter().map(|(line, _)| line.clone()).collect();
    lines.push(new("fine"));
    let feed = city.feed("wrong.ndjson", &lines);
    let rejects = city.path("rejects.ndjson");

    let first = refused(1, &["enroll", &city.gallery(), &feed]);
    assert!(first.contains("wrong.ndjson: line 1, byte 15: not JSON"), "{first}");

    let output = vantay(&["enroll", &city.gallery(), &feed, "--on-error", "skip", "--rejects", &rejects]);
    assert_eq!(output.status.code(), Some(0));
    let said = text(&output.stderr);
    for (_, message) in &wrong {
        assert!(said.contains(message), "{message} in {said}");
    }
    assert!(said.contains("1 registrations enrolled, 12 rejected"), "{said}");
    let copied = fs::read_to_string(rejects).expect("rejects are copied");
    assert!(copied.lines().eq(lines[..12].iter()), "rejected lines are copied as they stood");
    assert_eq!(field(&done(&["info", &city.gallery()]), "registrations"), "22");
}

#[test]
fn a_run_that_stops_enrols_nothing() {
    let city = City::new("20");
    let mut lines = city.lines();
    lines.iter_mut().for_each(|line| *line = line.replacen("\"S1-", "\"T1-", 1));
    lines.push("broken".into());
    let feed = city.feed("broken.ndjson", &lines);
    refused(1, &["enroll", &city.gallery(), &feed]);
    assert_eq!(field(&done(&["info", &city.gallery()]), "registrations"), "21");
}

#[test]
fn what_is_removed_is_found_no_more_and_leaves_the_disk() {
    let city = City::new("30");
    let gone = field(&city.lines()[4], "personal_id").to_owned();
    done(&["remove", &city.gallery(), &gone]);
    done(&["compact", &city.gallery()]);
    let probes = city.feed("probes.ndjson", &city.lines()[4..5]);
    let answer = done(&["identify", &city.gallery(), &probes, "--top", "100"]);
    assert!(!answer.contains(&gone));
    done(&["check", &city.gallery(), "--deep"]);
    refused(1, &["remove", &city.gallery(), &gone]);
}

#[test]
fn damage_is_seen_and_what_is_whole_is_kept() {
    let city = City::new("30");
    let segment = fs::read_dir(city.gallery())
        .expect("the gallery")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("segment")))
        .expect("a segment");
    let mut bytes = fs::read(&segment).expect("the segment");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&segment, bytes).expect("the damage is done");
    let output = vantay(&["check", &city.gallery(), "--deep", "--repair", &city.path("repaired")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("\"sound\":false"));
    done(&["check", &city.path("repaired"), "--deep"]);
}

#[test]
fn wrong_usage_is_status_two() {
    for arguments in [
        &["enroll"][..],
        &["info", "/nowhere"],
        &["create", "somewhere", "--face-model", "x"],
        &["create", "somewhere", "--face-model", "x", "--face-dim", "5"],
        &["identify", "/nowhere", "feed", "--born", "1990..1980"],
        &["convert", "a", "b", "--to", "iso1"],
        &["verify", "/nowhere", "feed", "--fmr", "1e-6", "--fpir", "1e-3"],
        &["dance"],
    ] {
        refused(2, arguments);
    }
}

#[test]
fn a_rate_without_a_calibration_is_refused_with_what_to_run() {
    let city = City::new("20");
    let (gallery, feed) = (city.path("other"), city.path("other.ndjson"));
    let lines: Vec<_> = city.lines().iter().map(|line| line.replace("\"synthetic\"", "\"another\"")).collect();
    city.feed("other.ndjson", &lines);
    done(&["create", &gallery, "--face-model", "another", "--face-dim", "512"]);
    done(&["enroll", &gallery, &feed]);
    let said = refused(1, &["verify", &gallery, &feed, "--fmr", "1e-6"]);
    assert!(said.contains("no calibration for face") && said.contains("vantay calibrate"), "{said}");
    // With a model that the library knows, the rate comes with each answer.
    for answer in done(&["verify", &city.gallery(), &city.path("feed.ndjson"), "--fmr", "1e-6"]).lines() {
        assert_eq!(field(answer, "decision"), "match");
        assert!(field(answer, "fmr").parse::<f64>().expect("a rate") <= 1e-6, "{answer}");
        // No pilot counts to one in a million.
        assert_eq!(field(answer, "extrapolated"), "true", "{answer}");
        let (fmr, [low, high]) = stated(answer);
        assert!(low < fmr && fmr < high, "{answer}");
    }
    // Of whom the search finds by chance the rate is counted, or computed from counted ones.
    for answer in done(&["identify", &city.gallery(), &city.path("feed.ndjson"), "--modality", "face"]).lines() {
        for candidate in answer.split("{\"personal_id\"").skip(1) {
            let (fmr, [low, high]) = stated(candidate);
            assert!(low <= fmr && fmr <= high && high <= 1.0, "{candidate}");
            assert_eq!(field(candidate, "extrapolated") == "true", fmr < 2e-5, "{candidate}");
        }
    }
}

/// The false match rate of an answer, and its interval.
fn stated(answer: &str) -> (f64, [f64; 2]) {
    let interval = answer.split("\"fmr_interval\":[").nth(1).and_then(|rest| rest.split(']').next());
    let number = |text: &str| text.parse::<f64>().expect("a rate");
    let (low, high) = interval.and_then(|ends| ends.split_once(',')).expect("an interval");
    (number(field(answer, "fmr")), [number(low), number(high)])
}

#[test]
fn scores_of_a_folder_go_through_eval() {
    let Some(set) = data("fingerprint/fvc2002-db2b-secugen") else {
        eprintln!("skipped: scores_of_a_folder_go_through_eval: no data");
        return;
    };
    let directory = tempfile::tempdir().expect("a folder");
    let scores = directory.path().join("scores.csv").to_string_lossy().into_owned();
    done(&["score", "fingerprint", &set.to_string_lossy(), "--out", &scores]);
    let lines = fs::read_to_string(&scores).expect("scores are written");
    assert_eq!((lines.lines().count(), lines.lines().next()), (1 + 80 * 79 / 2, Some("fileA,fileB,score")));
    let report = directory.path().join("report");
    let table = done(&["eval", &scores, "--report", &report.to_string_lossy()]);
    assert!(table.contains("EER"), "{table}");
    assert!(report.join("index.html").exists());
}

#[test]
fn two_impressions_are_compared_and_drawn_and_converted() {
    let Some(set) = data("fingerprint/fvc2002-db2b-secugen") else {
        eprintln!("skipped: two_impressions_are_compared_and_drawn_and_converted: no data");
        return;
    };
    let directory = tempfile::tempdir().expect("a folder");
    let to = |name: &str| directory.path().join(name).to_string_lossy().into_owned();
    let mut files: Vec<_> = fs::read_dir(set).expect("the set").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let [a, b] = [0, 1].map(|i: usize| files[i].to_string_lossy().into_owned());
    let report = done(&["compare", &a, &b, "--svg", &to("pairs.svg")]);
    assert!(field(&report, "score").parse::<f64>().expect("a number") > 0.0);
    assert!(fs::read_to_string(to("pairs.svg")).expect("a drawing").starts_with("<svg"));
    done(&["convert", &a, &to("2011.iso"), "--to", "iso19794-2:2011"]);
    done(&["convert", &to("2011.iso"), &to("2005.iso"), "--to", "iso19794-2:2005"]);
    assert_eq!(done(&["compare", &to("2005.iso"), &b]), done(&["compare", &a, &b]));
}

#[test]
fn flat_results_are_a_table_if_asked_and_a_report_opens_offline() {
    let city = City::new("100");
    let (gallery, feed, report) = (city.gallery(), city.path("feed.ndjson"), city.path("report.html"));
    let table = done(&["verify", &gallery, &feed, "--format", "csv"]);
    assert_eq!(
        table.lines().next(),
        Some("registration,personal_id,decision,known,score,llr,fmr,fmr_low,fmr_high,extrapolated")
    );
    assert_eq!(table.lines().count(), 1 + city.lines().len());
    let table = done(&["dedup", &gallery, "--format", "csv", "--report", &report]);
    assert!(table.starts_with("a_personal_id,a_registration,b_personal_id,b_registration,kind,decision,"), "{table}");
    let page = fs::read_to_string(report).expect("the report");
    let asks_for_nothing = ["src=\"", "url("].iter().all(|way| !page.contains(way))
        && page.matches("href=\"").count() == page.matches("href=\"#").count();
    assert!(page.starts_with("<!doctype html>") && asks_for_nothing);
    assert!(page.contains("\"kind\":\"different_id\"") && page.contains("\"minutiae\":["));
    assert!(page.contains("\"fmr_interval\":[") && page.contains("\"extrapolated\":true"));
}

#[test]
fn a_finished_deduplication_leaves_no_checkpoint() {
    let city = City::new("50");
    let out = city.path("pairs.ndjson");
    done(&["dedup", &city.gallery(), "--out", &out, "--resume"]);
    assert!(!Path::new(&city.path("pairs.ndjson.checkpoint")).exists());
    refused(2, &["dedup", &city.gallery(), "--resume"]);
}

/// Gives a file a mode; nothing where modes are not known.
fn set_mode(path: &str, mode: u32) {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).expect("the mode is set");
    #[cfg(not(unix))]
    let _ = (path, mode);
}

#[test]
fn every_command_works_on_an_encrypted_gallery_and_none_without_its_key() {
    let city = City::new("60");
    let (sealed, key, feed) = (city.path("sealed"), city.path("key"), city.path("feed.ndjson"));
    fs::write(&key, [7; 32]).expect("a key is written");
    set_mode(&key, 0o600);
    let done_with = |arguments: &[&str]| done(&[arguments, &["--key-file", &key]].concat());
    done_with(&["create", &sealed, "--face-model", "synthetic", "--face-dim", "512"]);
    done_with(&["enroll", &sealed, &feed]);
    let info = done_with(&["info", &sealed]);
    assert_eq!(field(&info, "encrypted"), "true");
    assert_eq!(field(&done(&["info", &city.gallery()]), "encrypted"), "false");
    let claims = city.feed("claims.ndjson", &city.lines()[..5]);
    for command in ["verify", "identify"] {
        let thresholds = ["--face-threshold", "0.5", "--finger-threshold", "20"];
        let plain = done(&[&[command, &city.gallery(), &claims][..], &thresholds].concat());
        assert_eq!(done_with(&[&[command, &sealed, &claims][..], &thresholds].concat()), plain, "{command}");
    }
    done_with(&["check", &sealed, "--deep"]);
    done_with(&["dedup", &sealed, "--face-threshold", "0.5", "--finger-threshold", "20"]);
    let line = &city.lines()[0];
    done_with(&["remove", &sealed, field(line, "personal_id")]);
    done_with(&["compact", &sealed]);
    done(&[
        "dedup",
        &city.gallery(),
        "--against",
        &sealed,
        "--against-key-file",
        &key,
        "--face-threshold",
        "0.5",
        "--finger-threshold",
        "20",
    ]);
    // Without the key, or with another, every command says so.
    for command in [&["info"][..], &["check"], &["compact"], &["enroll"], &["remove"]] {
        let mut arguments = command.to_vec();
        arguments.push(&sealed);
        match command[0] {
            "enroll" => arguments.push(&feed),
            "remove" => arguments.push("001204000257"),
            _ => {}
        }
        assert!(refused(2, &arguments).contains("encrypted; its key is needed"), "{command:?}");
    }
    let other = city.path("other");
    fs::write(&other, [8; 32]).expect("a key is written");
    set_mode(&other, 0o600);
    assert!(refused(2, &["info", &sealed, "--key-file", &other]).contains("the key is not the one"));
    assert!(
        refused(2, &["info", &city.gallery(), "--key-file", &key]).contains("not encrypted, though a key was given")
    );
    fs::write(&other, [8; 31]).expect("no key is written");
    assert!(refused(2, &["info", &sealed, "--key-file", &other]).contains("expected a key"));
    #[cfg(unix)]
    {
        set_mode(&key, 0o644);
        assert!(refused(2, &["info", &sealed, "--key-file", &key]).contains("others than the owner"));
        set_mode(&key, 0o600);
    }
}

#[test]
fn a_feed_that_is_not_there_is_named() {
    let city = City::new("5");
    let said = refused(1, &["enroll", &city.gallery(), &city.path("nothing.ndjson")]);
    assert!(said.contains("nothing.ndjson: cannot be opened: ") && !said.contains("line 1"), "{said}");
}

/// The README's section of this name.
fn readme(section: &str) -> String {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).expect("the README");
    let from = readme.find(&format!("## {section}\n")).expect("the section") + 3;
    let length = readme[from..].find("\n## ").unwrap_or(readme.len() - from);
    readme[from..from + length].to_owned()
}

#[test]
fn the_readme_leads_from_scores_to_a_threshold() {
    let section = readme("From scores to a threshold");
    let directory = tempfile::tempdir().expect("a folder");
    let mut said = Vec::new();
    for line in section.lines().filter(|line| line.starts_with("vantay ")) {
        let line = line.split("   #").next().unwrap_or_default().trim().split("  #").next().unwrap_or_default();
        // The only quotes are around a text with spaces.
        let mut arguments = Vec::new();
        for (n, part) in line.split('"').enumerate() {
            match n % 2 {
                0 => arguments.extend(part.split_whitespace().skip(usize::from(n == 0)).map(str::to_owned)),
                _ => arguments.push(part.to_owned()),
            }
        }
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_vantay"))
            .args(&arguments)
            .current_dir(directory.path())
            .output()
            .expect("the command runs");
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        said.push(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    assert_eq!(said.len(), 10);
    // Is 0.40 safe for 100,000 people? It is not, as the text says.
    let fpir = |said: &str| {
        let rate = said.split("\"fpir\":{\"value\":").nth(1).expect("a rate");
        rate.split(',').next().expect("a number").parse::<f64>().expect("a number")
    };
    assert!((0.02..0.5).contains(&fpir(&said[2])), "{}", said[2]);
    assert!(fpir(&said[3]) <= 1e-3 && said[3].contains("\"extrapolated\":true"), "{}", said[3]);
    let answers = |name: &str| fs::read_to_string(directory.path().join(name)).expect("answers are written");
    let matched = answers("verified.ndjson").lines().filter(|line| field(line, "decision") == "match").count();
    assert_eq!(matched, 1020);
    let pairs = answers("pairs.ndjson");
    assert!((15..=30).contains(&pairs.lines().count()), "{pairs}");
    assert!(pairs.lines().all(|pair| pair.contains("\"reason\":{\"code\":\"")));
}

#[test]
fn the_readme_shows_the_default_policy() {
    let section = readme("From scores to a threshold");
    let json = section.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).expect("the policy");
    assert_eq!(vantay::decision::Policy::from_json(json).expect("a policy"), vantay::decision::Policy::default());
}

#[test]
fn a_plan_refuses_what_is_no_calibration_and_says_what_there_is() {
    let said = refused(2, &["plan", "nowhere.json", "--subjects", "1000", "--fpir", "1e-3"]);
    assert!(said.contains("nowhere.json"), "{said}");
    refused(2, &["plan", "fingerprint", "--subjects", "1000"]);
    refused(2, &["plan", "fingerprint", "--subjects", "1000", "--fpir", "1.5"]);
    let told = done(&["plan", "fingerprint", "--subjects", "1000000000", "--references", "10", "--fpir", "1e-3"]);
    assert!(told.contains("\"system\":\"vantay\""), "{told}");
}

#[test]
fn the_cost_of_a_deduplication_is_said_before_it_is_begun() {
    let city = City::new("100");
    let told = done(&["dedup", &city.gallery(), "--estimate", "1000000,107000000"]);
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines.len(), 3, "{told}");
    assert_eq!(field(lines[0], "measured_on"), "105");
    let hours = |line: &str| field(line, "core_hours").parse::<f64>().expect("hours");
    assert!(hours(lines[1]) > 0.0 && hours(lines[2]) > 11_000.0 * hours(lines[1]), "{told}");
    // Each part says how it grows, and what some nodes take stands beside it.
    for part in ["join_portraits", "screen_fingers", "compare_by_fingers"] {
        let said = lines[2].split(&format!("{{\"part\":\"{part}\"")).nth(1).expect("the part");
        assert_eq!((field(said, "unit"), field(said, "grows")), ("core_hours", "quadratic"), "{part}: {told}");
    }
    let nodes = |line: &str| line.split("{\"nodes\":").skip(1).map(str::to_owned).collect::<Vec<_>>();
    let wall = |said: &String| field(said, "wall_hours").parse::<f64>().expect("hours");
    let shared = nodes(lines[2]);
    assert!(shared.len() == 3 && shared[0].starts_with("1,") && shared[2].starts_with("100,"), "{told}");
    assert!(wall(&shared[0]) > 8.0 * wall(&shared[1]) && wall(&shared[1]) > 8.0 * wall(&shared[2]), "{told}");
    let told = done(&["dedup", &city.gallery(), "--estimate", "--nodes", "7"]);
    assert!(nodes(&told).len() == 1 && nodes(&told)[0].starts_with("7,"), "{told}");
    refused(2, &["dedup", &city.gallery(), "--nodes", "7"]);
    refused(2, &["dedup", &city.gallery(), "--estimate", "--nodes", "0"]);
}
