//! Error rates as the command states them.

mod command;

use command::{done, refused};
use std::fs;

#[test]
fn two_systems_are_compared_on_the_same_pairs() {
    let directory = tempfile::tempdir().expect("a folder");
    let write = |name: &str, gain: usize| {
        let path = directory.path().join(name).to_string_lossy().into_owned();
        let mut lines = String::from("fileA,fileB,score\n");
        for a in 0..30_usize {
            for b in a..30 {
                let score = if a == b { a * 37 % 30 + gain } else { (a * 7 + b * 11) % 13 };
                lines += &format!("{a}_1,{b}_2,{score}\n");
            }
        }
        fs::write(&path, lines).expect("scores are written");
        path
    };
    let (one, better) = (write("one.csv", 0), write("better.csv", 6));
    let told = done(&["eval", &one, "--against", &better]);
    assert!(told.starts_with("465 pairs") && told.contains("EER") && told.contains("FNMR at FMR 1e-3"), "{told}");
    assert!(done(&["eval", &one, "--against", &one]).contains("no difference shown"));
    refused(2, &["eval", &one, &better, "--against", &better]);

    let folder = directory.path().join("report");
    let report = |name: &str| fs::read_to_string(folder.join(name)).expect("the report");
    let printed = done(&["eval", &one, "--against", &better, "--report", &folder.to_string_lossy()]);
    assert_eq!((printed.as_str(), &*printed), (told.as_str(), report("rates.txt").as_str()));
    let json: simd_json::OwnedValue =
        simd_json::serde::from_slice(&mut report("rates.json").into_bytes()).expect("JSON");
    use simd_json::prelude::*;
    assert_eq!(
        (json["systems"][0]["name"].as_str(), json["systems"][1]["name"].as_str()),
        (Some("one"), Some("better"))
    );
    assert_eq!((json["pairs"].as_u64(), json["differences"].as_array().map(Vec::len)), (Some(465), Some(5)));
    let fnmr = &json["differences"][2];
    assert_eq!((fnmr["rate"].as_str(), fnmr["target_fmr"].as_f64()), (Some("fnmr"), Some(1e-3)));
    let [low, value, high] = ["low", "value", "high"].map(|end| fnmr["difference"][end].as_f64().expect("a rate"));
    assert!(low <= value && value <= high && high < 0.0 && fnmr["significant"].as_bool() == Some(true), "{fnmr}");
    assert_eq!(value, fnmr["second"].as_f64().expect("a rate") - fnmr["first"].as_f64().expect("a rate"));
    // Both curves stand in one plot, by name.
    let plot = report("det.svg");
    let place = |name: &str| plot.find(&format!("\n{name}\n")).unwrap_or_else(|| panic!("{name} in {plot}"));
    assert!(place("one") < place("better"), "{plot}");
    assert!(report("index.html").contains("<h2>Differences</h2>"));
}

#[test]
fn failures_to_acquire_reject_and_are_counted_or_stated() {
    let directory = tempfile::tempdir().expect("a folder");
    let path = |name: &str| directory.path().join(name).to_string_lossy().into_owned();
    // Twenty people of two files each: a mate in ten is not matched, a stranger in a hundred is.
    let mut lines = String::from("fileA,fileB,score\n");
    for a in 0..20 {
        for b in a..20 {
            let score = if a == b { if a % 10 == 0 { 0 } else { 9 } } else { i32::from((a * 20 + b) % 100 == 5) * 5 };
            lines += &format!("{a}_1,{b}_2,{score}\n");
        }
    }
    fs::write(path("all.csv"), &lines).expect("scores are written");
    // Ten of fifty files gave no template.
    let failed: String = (0..10).map(|n| format!("{n}_3,,\n")).collect();
    fs::write(path("counted.csv"), lines + &failed).expect("scores are written");

    assert!(!done(&["eval", &path("all.csv")]).contains("FTA"));
    let counted = done(&["eval", &path("counted.csv"), "--report", &path("report")]);
    let stated = done(&["eval", &path("all.csv"), "--fta", "0.2"]);
    // FAR = FMR (1 - FTA), FRR = FTA + FNMR (1 - FTA): a tenth of the eight tenths that were acquired.
    for told in [&counted, &stated] {
        assert!(told.contains("  FTA 20.00: FRR 28.00 at FAR "), "{told}");
        assert!(told.contains(", FRR 28.00 at FAR 0.000\n"), "{told}");
    }
    let report = |name: &str| fs::read_to_string(path(&format!("report/{name}"))).expect("the report");
    let rates = report("rates.json");
    assert!(rates.contains("\"failure_to_acquire\": 0.2"), "{rates}");
    let frr = rates.split("\"frr\": ").nth(1).and_then(|rest| rest.split(['\n', ',']).next()).expect("a rate");
    assert!((frr.parse::<f64>().expect("a number") - 0.28).abs() < 1e-12, "{frr}");
    assert!(report("index.html").contains("<h2>Transactions</h2>"));
    refused(2, &["eval", &path("all.csv"), "--fta", "2"]);
}

#[test]
fn who_could_not_be_enrolled_is_in_the_generalised_rates_alone() {
    let directory = tempfile::tempdir().expect("a folder");
    let path = |name: &str| directory.path().join(name).to_string_lossy().into_owned();
    let mut lines = String::from("fileA,fileB,score\n");
    for a in 0..20 {
        for b in a..20 {
            let score = if a == b && a % 10 != 0 { 9 } else { 0 };
            lines += &format!("{a}_1,{b}_2,{score}\n");
        }
    }
    fs::write(path("all.csv"), &lines).expect("scores are written");
    // Five more people of whom neither file gave a template, and ten more files of those who are enrolled.
    let lost: String = (20..25).map(|n| format!("{n}_1,,\n{n}_2,,\n")).collect();
    let failed: String = (0..10).map(|n| format!("{n}_3,,\n")).collect();
    fs::write(path("counted.csv"), lines + &lost + &failed).expect("scores are written");
    let counted = done(&["eval", &path("counted.csv"), "--report", &path("report")]);
    let stated = done(&["eval", &path("all.csv"), "--fta", "0.2", "--fte", "0.2"]);
    // FRR 0.2 + 0.1 · 0.8; GFRR 0.2 + 0.28 · 0.8.
    for told in [&counted, &stated] {
        assert!(told.contains("  FTA 20.00: FRR 28.00 at FAR "), "{told}");
        assert!(told.contains("  FTE 20.00: GFRR 42.40 at GFAR "), "{told}");
    }
    assert!(done(&["eval", &path("all.csv"), "--fte", "0.2"]).contains("  FTE 20.00: GFRR 28.00 at GFAR "));
    let report = |name: &str| fs::read_to_string(path(&format!("report/{name}"))).expect("the report");
    let rates = report("rates.json");
    for part in
        ["\"failure_to_enrol\": 0.2", "\"gfrr\": 0.42", "\"gfrr_interval\": [", "\"gfar\": ", "\"fmr_interval\": ["]
    {
        assert!(rates.contains(part), "{part}: {rates}");
    }
    assert!(report("index.html").contains("GFRR"));
    refused(2, &["eval", &path("all.csv"), "--fte", "2"]);
}

#[test]
fn a_file_without_a_template_is_listed_or_scores_nothing() {
    let directory = tempfile::tempdir().expect("a folder");
    let path = |name: &str| directory.path().join(name).to_string_lossy().into_owned();
    fs::write(path("1_1.iso"), "no template").expect("a file is written");
    fs::write(path("1_2.iso"), "none either").expect("a file is written");
    let folder = path("");
    assert_eq!(done(&["score", "fingerprint", &folder]), "fileA,fileB,score\n1_1,1_2,0\n");
    assert_eq!(done(&["score", "fingerprint", &folder, "--list-failures"]), "fileA,fileB,score\n1_1,,\n1_2,,\n");
}
