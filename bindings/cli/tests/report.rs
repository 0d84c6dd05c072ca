//! The page of pairs as the person sees it who judges them, in headless Chromium; and what the next run makes of the decisions.

mod browser;
mod command;

use browser::Browser;
use command::{done, refused, text, vantay};
use std::{
    fs,
    path::{Path, PathBuf},
};
use vantay::{
    decision::{Decision, Part, Reason},
    evaluation::report::pairs::{Card, FingerCard, Page, PartLine, Print, Run, Side, html},
};

const HOSTILE: &str = "</script><img src=x onerror=alert(1)>\"'\u{202e}\u{1}";

/// A folder with a gallery of people of whom some registered twice.
struct City(tempfile::TempDir);

impl City {
    fn new(subjects: &str) -> Self {
        let city = City(tempfile::tempdir().expect("a folder"));
        let (feed, gallery) = (city.path("feed.ndjson"), city.path("gallery"));
        done(&["synth", "--subjects", subjects, "--duplicates", "0.05", "--out", &feed]);
        done(&["create", &gallery, "--face-model", "synthetic", "--face-dim", "512"]);
        done(&["enroll", &gallery, &feed]);
        city
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_string_lossy().into_owned()
    }
}

/// The value of a field, as it is written, of an object on one line.
fn field<'a>(object: &'a str, name: &str) -> &'a str {
    let start = object.find(&format!("\"{name}\":")).unwrap_or_else(|| panic!("{name} in {object}")) + name.len() + 3;
    let rest = &object[start..];
    rest[..rest.find([',', '}']).unwrap_or(rest.len())].trim_matches('"')
}

/// A page of `pairs` made-up pairs, the first `drawn` with two fingers each.
fn page(pairs: usize, drawn: usize, name: &str) -> String {
    let print = |seed: usize| Print {
        width: 300,
        height: 400,
        minutiae: (0..45)
            .map(|i| {
                let mix = (i + 1) * (seed * 7 + 13);
                (
                    (20 + mix * 31 % 260) as i16,
                    (20 + mix * 47 % 360) as i16,
                    (mix * 11 % 256) as u8,
                    mix.is_multiple_of(3),
                )
            })
            .collect(),
    };
    let side = |n: usize| Side {
        personal_id: format!("{n:012}"),
        registration: format!("{name}{n}"),
        captured_at: Some(1_700_000_000_000 + n as i64 * 7_200_000),
        fingers: vec![2, 7],
        portrait: true,
        ..Side::default()
    };
    let square = vec![(40, 40), (260, 40), (260, 360), (40, 360)];
    let card = |n: usize| Card {
        a: side(2 * n),
        b: side(2 * n + 1),
        kind: if n.is_multiple_of(4) { "same_id" } else { "different_id" }.into(),
        decision: if n.is_multiple_of(3) { Decision::Review } else { Decision::Match },
        reason: Reason::NotEnough,
        score: 20.0 - n as f64 / 100.0,
        llr: Some(20.0 - n as f64 / 100.0),
        fmr: Some(1e-9),
        fmr_interval: None,
        extrapolated: true,
        parts: vec![PartLine {
            part: Part::Finger(2),
            score: 31.5,
            llr: Some(6.0),
            fmr: Some(3.2e-7),
            fmr_interval: Some(vantay::decision::Interval { low: 0.0, high: 2.4e-6 }),
            extrapolated: true,
        }],
        fingers: (0..if n < drawn { 2 } else { 0 })
            .map(|f| FingerCard {
                a_position: 2 + 5 * f as u8,
                b_position: 2 + 5 * f as u8,
                score: 31.5,
                prints: [(4 * n + f) % 64, (4 * n + 2 + f) % 64],
                pairs: (0..30).map(|i| (i, i)).collect(),
                a_area: square.clone(),
                b_area: square.clone(),
            })
            .collect(),
        drawn: n < drawn,
        cluster: None,
        cluster_members: 0,
        weak_bridge: false,
        adjudication: None,
    };
    let evidence = (0..pairs).map(|n| (20.0 - n as f64 / 100.0, Some(1e-9), Decision::Match)).collect();
    let run = Run {
        gallery: format!("{name}gallery"),
        identity: "made-up".into(),
        comparisons: 1_000_000,
        evidence,
        ..Run::default()
    };
    let page =
        Page { run, cards: (0..pairs).map(card).collect(), prints: (0..64).map(print).collect(), ..Page::default() };
    html(&page).expect("a page")
}

#[test]
fn a_person_goes_through_the_queue_and_the_next_run_knows() {
    let city = City::new("400");
    let (gallery, report) = (city.path("gallery"), city.path("pairs.html"));
    let before = done(&["dedup", &gallery, "--report", &report, "--lang", "en"]);
    assert!(before.lines().count() > 10, "{before}");
    let Some(mut browser) = Browser::start("a_person_goes_through_the_queue_and_the_next_run_knows") else { return };
    browser.open(Path::new(&report), "");
    let shown = "document.querySelectorAll('.card').length";
    assert_eq!(browser.eval(shown), before.lines().count().to_string());
    assert_eq!(browser.eval("document.querySelector('h1').textContent"), "Pairs to judge");
    // Both prints of both fingers, with paired minutiae numbered alike on both sides.
    let numbers = |side: usize| {
        format!(
            "[...document.querySelectorAll('.card.current .finger')[0].querySelectorAll('svg')[{side}].querySelectorAll('text')].map(e => +e.textContent).sort((a, b) => a - b).join()"
        )
    };
    assert_eq!(browser.eval("document.querySelectorAll('.card.current .finger').length"), "2");
    let (left, right) = (browser.eval(&numbers(0)), browser.eval(&numbers(1)));
    assert!(left == right && left.starts_with("1,2,3,"), "{left} and {right}");

    // By keyboard: same, different, unsure; the next card comes to hand each time.
    browser.press(&["1", "2", "3"]);
    assert_eq!(browser.eval("document.querySelector('.card.current h3').textContent"), "Pair 4");
    browser.press(&["k", "n"]);
    // Letters go into the note, not to the page.
    browser.press(&["o", "d", "d", "Escape", "j", "s", "k", "0"]);
    let verdicts = "[...document.querySelectorAll('.card')].slice(0, 5).map(e => e.dataset.verdict ?? '-').join()";
    assert_eq!(browser.eval(verdicts), "same,different,unsure,-,-");
    assert_eq!(browser.eval("document.querySelector('.card:nth-child(3) .note-field').value"), "odd");

    // Decided cards stay until a filter is set anew, and are kept when the page is opened again.
    browser.open(Path::new(&report), "#again");
    assert_eq!(browser.eval(shown), (before.lines().count() - 3).to_string());
    let choose = |name: &str, value: &str| {
        format!(
            "(() => {{ const c = document.getElementById('{name}'); c.value = '{value}'; c.dispatchEvent(new Event('change')); }})()"
        )
    };
    browser.eval(&choose("state", "here"));
    assert_eq!(browser.eval(shown), "3");
    browser.eval(&choose("state", "all"));
    browser.eval(&choose("sort", "weakest"));
    assert_eq!(
        browser.eval("document.querySelector('.card h3').textContent"),
        format!("Pair {}", before.lines().count())
    );
    browser.eval(&choose("decision", "review"));
    let for_review = before.lines().filter(|pair| field(pair, "decision") == "review").count();
    assert_eq!(browser.eval(shown), for_review.to_string());

    // The other language, and back.
    browser.press(&["l"]);
    assert_eq!(
        browser.eval("document.querySelector('h1').textContent + document.documentElement.lang"),
        "Các cặp cần xem xétvi"
    );
    browser.press(&["l"]);

    browser.eval("(() => { const by = document.getElementById('by'); by.value = 'Lan'; by.dispatchEvent(new Event('change')); })()");
    browser.eval("document.activeElement.blur()");
    browser.press(&["e"]);
    let saved = browser.saved("decisions-gallery.ndjson");
    assert_eq!(browser.complaints, Vec::<String>::new());
    let lines: Vec<&str> = saved.lines().collect();
    assert_eq!(lines.iter().map(|line| field(line, "decision")).collect::<Vec<_>>(), ["same", "different", "unsure"]);
    assert!(lines.iter().all(|line| field(line, "by") == "Lan") && field(lines[2], "note") == "odd", "{saved}");

    let decisions = city.path("decisions.ndjson");
    fs::write(&decisions, &saved).expect("decisions are written");
    let after = done(&["dedup", &gallery, "--report", &report, "--decisions", &decisions]);
    let decided: Vec<_> = after.lines().filter(|pair| pair.contains("\"adjudication\":")).collect();
    assert_eq!((after.lines().count(), decided.len()), (before.lines().count(), 3));
    let found: Vec<_> = decided.iter().map(|pair| field(pair, "decision")).collect();
    let unsure = field(before.lines().nth(2).expect("a third pair"), "decision");
    assert_eq!(found, ["match", "none", unsure]);
    assert!(decided[1].contains("\"code\":\"adjudicated\",\"verdict\":\"different\""), "{}", decided[1]);
    // In the queue they stand no longer; a profile without memory of the page sees so too.
    browser.eval("localStorage.clear()");
    browser.open(Path::new(&report), "#next");
    assert_eq!(browser.eval(shown), (before.lines().count() - 2).to_string());
    browser.eval(&choose("state", "before"));
    assert_eq!(browser.eval(shown), "3");
    assert!(
        browser
            .eval("document.querySelector('.before').textContent")
            .starts_with("Decided before: Same person, by Lan")
    );
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
fn a_thousand_pairs_open_filter_and_are_judged() {
    let Some(mut browser) = Browser::start("a_thousand_pairs_open_filter_and_are_judged") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("pairs.html");
    fs::write(&file, page(1000, 300, "HN-")).expect("a page is written");
    browser.open(&file, "#lang=en");
    assert_eq!(browser.eval("document.querySelectorAll('.card').length"), "1000");
    // Prints are drawn where they are near the window, not all at once.
    let drawn: usize = browser.eval("document.querySelectorAll('.finger svg').length").parse().expect("a number");
    assert!((4..200).contains(&drawn), "{drawn}");
    browser.eval("(() => { const f = document.getElementById('find'); f.value = 'hn-1998'; f.dispatchEvent(new Event('input')); })()");
    assert_eq!(browser.eval("document.querySelectorAll('.card').length"), "1");
    let command = browser.eval("document.querySelector('.command code').textContent");
    assert_eq!(command, "vantay compare --gallery HN-gallery --report pair.html -- HN-1998 HN-1999");
    browser.eval(
        "(() => { const f = document.getElementById('find'); f.value = ''; f.dispatchEvent(new Event('input')); })()",
    );
    browser.eval("(() => { const c = document.getElementById('kind'); c.value = 'same_id'; c.dispatchEvent(new Event('change')); })()");
    assert_eq!(browser.eval("document.querySelectorAll('.card').length"), "250");
    // A hundred pairs by keyboard.
    browser.press(&["1"; 100]);
    assert_eq!(browser.eval("document.querySelectorAll('.card[data-verdict=same]').length"), "100");
    browser.press(&["e"]);
    assert_eq!(browser.saved("decisions-HN-gallery.ndjson").lines().count(), 100);
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
fn hostile_names_stay_text() {
    let Some(mut browser) = Browser::start("hostile_names_stay_text") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("pairs.html");
    fs::write(&file, page(20, 5, HOSTILE)).expect("a page is written");
    browser.open(&file, "#lang=vi");
    assert_eq!(browser.eval("document.querySelectorAll('.card').length"), "20");
    assert_eq!(browser.eval("document.querySelectorAll('img, body > script:not([nonce]):not([type])').length"), "0");
    let shown = browser.eval("document.querySelector('.card .id').textContent");
    assert_eq!(shown, "</script><img src=x onerror=alert(1)>\"'⟨202E⟩⟨0001⟩0");
    browser.press(&["1", "e"]);
    // The file holds the name as it is, and the next run would find it.
    let saved = browser.saved("decisions-script_img_src_x_onerror_alert_1_gallery.ndjson");
    let mut decisions = vantay::decision::Adjudications::default();
    decisions.read_from("saved", saved.as_bytes()).expect("decisions");
    assert!(decisions.of(&format!("{HOSTILE}0"), &format!("{HOSTILE}1"), "same_id").is_some());
    // What is not drawn names a command that a shell takes as it is meant.
    browser.eval("[...document.querySelectorAll('.card')].at(-1).scrollIntoView()");
    browser.wait("document.querySelector('.card:last-child .command code') !== null");
    let command = browser.eval("document.querySelector('.card:last-child .command code').textContent");
    assert!(command.ends_with("'</script><img src=x onerror=alert(1)>\"'\\''⟨202E⟩⟨0001⟩39'"), "{command}");
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
fn portraits_are_in_the_page_if_they_are_images_and_small() {
    let city = City::new("200");
    let (gallery, report, portraits) = (city.path("gallery"), city.path("pairs.html"), city.path("portraits"));
    let pairs = done(&["dedup", &gallery]);
    let names: Vec<_> = pairs
        .lines()
        .take(2)
        .flat_map(|pair| {
            pair.match_indices("\"registration\":\"")
                .map(|(at, found)| pair[at + found.len()..].split('"').next().expect("a name").to_owned())
                .collect::<Vec<_>>()
        })
        .collect();
    fs::create_dir(&portraits).expect("a folder");
    let put = |name: &str, ending: &str, bytes: &[u8]| {
        fs::write(Path::new(&portraits).join(format!("{name}.{ending}")), bytes).expect("an image is written")
    };
    let png = [0x89, b'P', b'N', b'G', 1, 2, 3];
    put(&names[0], "png", &png);
    put(&names[1], "JPG", b"no image at all");
    put(&names[2], "png", &[&png[..], &vec![0; 300 << 10]].concat());
    done(&["dedup", &gallery, "--report", &report, "--portraits", &portraits]);
    let page = fs::read_to_string(&report).expect("the page");
    assert_eq!(page.matches("\"data:image/png;base64,iVBORwECAw==\"").count(), 1 + usize::from(names[2] == names[0]));
    assert!(page.contains("\"image_missing\":\"image_unknown\"") && page.contains("\"image_missing\":\"image_large\""));
    assert!(page.contains("\"image_missing\":\"portrait_none\"") && page.len() < 8 << 20);
    refused(2, &["dedup", &gallery, "--report", &report, "--portraits", "/nowhere"]);
}

#[test]
fn decisions_on_unknown_registrations_end_the_run_before_it_begins() {
    let city = City::new("100");
    let (gallery, decisions) = (city.path("gallery"), city.path("decisions.ndjson"));
    let line = |a: &str, b: &str| {
        format!("{{\"a\":{{\"registration\":\"{a}\"}},\"b\":{{\"registration\":\"{b}\"}},\"decision\":\"same\"}}\n")
    };
    let feed = fs::read_to_string(city.path("feed.ndjson")).expect("the feed");
    let known: Vec<_> = feed.lines().take(2).map(|one| field(one, "registration").to_owned()).collect();
    fs::write(&decisions, line(&known[0], &known[1]) + &line(&known[0], "HN-404")).expect("decisions are written");
    let said = refused(2, &["dedup", &gallery, "--decisions", &decisions]);
    assert!(said.contains("decisions.ndjson:2: registration \"HN-404\" is not in the gallery"), "{said}");
    // A decision on two that this run does not list as a pair is said, and does no harm.
    fs::write(&decisions, line(&known[0], &known[1])).expect("decisions are written");
    let output = vantay(&["dedup", &gallery, "--decisions", &decisions]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("1 of 1 decisions are about pairs that this run does not list"), "{said}");
}

#[test]
#[cfg(unix)]
fn what_shows_prints_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let city = City::new("100");
    let (gallery, report, pair) = (city.path("gallery"), city.path("pairs.html"), city.path("pair.html"));
    fs::write(&report, "an older page that all could read").expect("a file");
    fs::set_permissions(&report, PermissionsExt::from_mode(0o644)).expect("permissions");
    let listed = done(&["dedup", &gallery, "--report", &report, "--report-prints", "1", "--report-pairs", "2"]);
    assert!(
        fs::read_to_string(&report)
            .expect("the page")
            .contains(&format!("\"left_out\":{}", listed.lines().count() - 2))
    );
    // The pair that the page leaves to the command.
    let second = listed.lines().nth(1).expect("two pairs");
    let (a, b) = (field(second, "registration"), field(&second[second.find("\"b\":").expect("b")..], "registration"));
    let compared = done(&["compare", "--gallery", &gallery, "--report", &pair, "--", a, b]);
    assert_eq!(field(&compared, "llr"), field(second, "llr"));
    for file in [&report, &pair] {
        let mode = fs::metadata(file).expect("the page").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
        assert!(fs::read_to_string(file).expect("a page").contains("\"minutiae\":["));
    }
    refused(2, &["compare", "--gallery", &gallery, "--", a, "nobody"]);
}

/// Not a test: makes the pictures of the README in the folder that `VANTAY_PICTURES` names. `cargo xtask screenshots` runs it.
#[test]
#[ignore = "makes pictures"]
fn the_pictures_of_the_readme() {
    let folder = PathBuf::from(std::env::var_os("VANTAY_PICTURES").expect("VANTAY_PICTURES names a folder"));
    let demo = tempfile::tempdir().expect("a folder");
    let out = demo.path().to_string_lossy().into_owned();
    done(&["demo", "--subjects", "5000", "--out", &out]);
    let mut browser = Browser::start("the_pictures_of_the_readme").expect("chromium is installed");
    for (name, hash, dark) in [("report-en", "#lang=en&pair=2", false), ("report-vi", "#lang=vi&pair=2", true)] {
        browser.dark(dark);
        browser.size(1160, 900);
        browser.open(&demo.path().join("pairs.html"), hash);
        browser.eval("localStorage.clear()");
        browser.press(&["1", "k"]);
        browser.wait("document.querySelectorAll('.card.current .finger svg').length >= 4");
        std::thread::sleep(std::time::Duration::from_millis(300));
        fs::write(folder.join(format!("{name}.webp")), browser.picture()).expect("a picture is written");
    }
    assert_eq!(browser.complaints, Vec::<String>::new());
}
