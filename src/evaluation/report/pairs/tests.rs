use super::{assemble::SCRIPTS, strings, *};
use crate::decision::{Decision, Part, Reason};
use std::collections::BTreeSet;

const HOSTILE: &str = "</script><script>alert(1)</script><!--\"'&\u{2028}\u{202e}\u{1}\\u003c";

fn page(id: &str) -> Page {
    let side = |n: u8| Side {
        personal_id: format!("{id}{n}"),
        registration: format!("{n}{id}"),
        captured_at: Some(1_700_000_000_000),
        fingers: vec![2, 7],
        portrait: true,
        ..Side::default()
    };
    let card = Card {
        a: side(1),
        b: side(2),
        kind: "different_id".into(),
        decision: Decision::Review,
        reason: Reason::NotEnough,
        score: 5.5,
        llr: Some(5.5),
        fmr: Some(1e-9),
        fmr_interval: None,
        extrapolated: true,
        parts: vec![PartLine {
            part: Part::Face,
            score: 0.4,
            llr: Some(5.5),
            fmr: Some(1e-9),
            fmr_interval: None,
            extrapolated: true,
        }],
        fingers: vec![],
        drawn: false,
        cluster: None,
        cluster_members: 0,
        weak_bridge: false,
        adjudication: None,
    };
    let evidence = vec![(5.5, Some(1e-9), Decision::Match), (3.0, Some(1e-6), Decision::Review)];
    let run = Run { gallery: id.into(), comparisons: 1_000, evidence, ..Run::default() };
    Page { run, cards: vec![card.clone(), card], ..Page::default() }
}

#[test]
fn nothing_that_data_says_leaves_its_place() {
    let (plain, hostile) = (html(&page("HN-1")).unwrap(), html(&page(HOSTILE)).unwrap());
    for markup in ["<script", "</script", "<!--", "<style", "</title"] {
        assert_eq!(plain.matches(markup).count(), hostile.matches(markup).count(), "{markup}");
    }
    assert!(!hostile.contains("alert(1)</script"));
    // What the page reads back is what was put in.
    let start = hostile.find("id=\"data\">").unwrap() + 10;
    let data = &hostile[start..start + hostile[start..].find("</script>").unwrap()];
    let read: simd_json::OwnedValue = simd_json::serde::from_slice(&mut data.as_bytes().to_vec()).unwrap();
    use simd_json::prelude::*;
    assert_eq!(read["cards"][0]["a"]["registration"].as_str(), Some(format!("1{HOSTILE}").as_str()));
}

#[test]
fn the_page_names_no_address_and_its_policy_allows_none() {
    let page = html(&page("HN-1")).unwrap();
    assert_eq!(
        page.matches("http").count() - page.matches("http-equiv").count(),
        page.matches("http://www.w3.org/2000/svg").count()
    );
    for loading in ["src=\"", "url(", "@import", "<link", "<iframe", "fetch(", "XMLHttpRequest", "import("] {
        assert!(!page.contains(loading), "{loading}");
    }
    assert!(page.contains("default-src 'none'; script-src 'nonce-") && page.contains("img-src data:; base-uri 'none'"));
    // The only links lead to places of the page itself.
    assert_eq!(page.matches("href=\"").count(), page.matches("href=\"#").count());
    for inline in [" style=\"", " onclick=\"", " onload=\""] {
        assert!(!page.contains(inline), "{inline}: the policy would forbid it");
    }
}

#[test]
fn scripts_never_read_text_as_markup() {
    for script in SCRIPTS {
        for way in
            ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "DOMParser"]
        {
            assert!(!script.contains(way), "{way}");
        }
    }
}

#[test]
fn every_word_is_there_in_both_languages() {
    let table = strings::table();
    assert!(table.len() > 100, "the table reads");
    let places = |words: &str| -> BTreeSet<String> {
        words.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name.to_owned()).collect()
    };
    for (name, [english, vietnamese]) in table {
        assert!(!english.is_empty() && !vietnamese.is_empty(), "{name}");
        assert_eq!(places(english), places(vietnamese), "{name}");
    }
    let used = SCRIPTS.concat() + include_str!("page/page.html");
    for before in [" t(\"", "(t(\"", "!t(\"", "[t(\"", "{t(\"", "data-t=\""] {
        for name in used.split(before).skip(1).filter_map(|rest| rest.split_once('"')).map(|(name, _)| name) {
            assert!(table.contains_key(name), "{name} is not in the table");
        }
    }
    let groups = [
        "kind_",
        "decision_",
        "reason_",
        "finger_",
        "state_",
        "sort_",
        "level_",
        "verdict_",
        "key_",
        "tile_",
        "part_",
        "image_",
    ];
    let plots = include_str!("plots.rs");
    for name in table.keys() {
        let is_used =
            used.contains(&format!("\"{name}\"")) || plots.contains(&format!("\"{}\"", name.trim_end_matches("_note")));
        assert!(is_used || groups.iter().any(|group| name.starts_with(group)), "{name} is used nowhere");
    }
}

#[test]
fn plots_are_there_in_both_languages_and_without_pairs_there_are_none() {
    let page = html(&page("HN-1")).unwrap();
    assert_eq!((page.matches("only-en\"").count(), page.matches("only-vi\"").count()), (2, 2));
    let empty = html(&Page::default()).unwrap();
    assert!(!empty.contains("<svg") && empty.contains("</html>"));
}

#[test]
fn one_answer_for_one_run() {
    assert_eq!(html(&page("HN-1")).unwrap(), html(&page("HN-1")).unwrap());
}
