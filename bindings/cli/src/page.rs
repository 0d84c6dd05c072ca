//! HTML pages that open offline: what the reports of several commands share.

use std::fmt::Write;
use vantay::{
    decision::Decision,
    evaluation::report::escaped,
    search::{DuplicatePair, PairKind},
};

const STYLE: &str = "
:root { --ink: #1c2430; --soft: #5d6b7a; --line: #dde3ea; --accent: #0b6e6e; --bad: #b3261e; --wait: #9a6a00 }
body { font: 15px/1.55 system-ui, sans-serif; color: var(--ink); max-width: 62rem; margin: 3rem auto; padding: 0 1.5rem }
h1 { font-size: 1.7rem; margin-bottom: .2rem } h2 { font-size: 1.15rem; margin-top: 2.6rem }
p.lead { color: var(--soft); margin-top: 0 } small, .note { color: var(--soft) }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: .38rem .7rem .38rem 0; border-bottom: 1px solid var(--line) }
th { color: var(--soft); font-weight: 500 } td.number, th.number { text-align: right }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: 1rem; margin: 1.6rem 0 }
.figures div { border: 1px solid var(--line); border-radius: .5rem; padding: .8rem 1rem }
.figures b { display: block; font-size: 1.6rem; color: var(--accent) }
.match { color: var(--accent) } .review { color: var(--wait) } .wrong { color: var(--bad) }
figure { margin: 1rem 0 } figure svg { max-width: 100%; height: auto }
";

/// The beginning of a page, up to its heading.
pub fn opened(title: &str) -> String {
    let title = escaped(title);
    format!("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style>")
}

/// Boxes with a number and what it counts.
pub fn figures(page: &mut String, figures: &[(String, &str)]) {
    page.push_str("<div class=\"figures\">");
    for (number, what) in figures {
        let _ = write!(page, "<div><b>{number}</b>{what}</div>");
    }
    page.push_str("</div>");
}

/// The first `most` pairs as a table, with what is known about each, where anything is.
pub fn pairs(
    page: &mut String,
    pairs: &[DuplicatePair],
    most: usize,
    known: impl Fn(&DuplicatePair) -> Option<&'static str>,
) {
    page.push_str(
        "<table><tr><th>Registration<th>Number<th>Registration<th>Number<th class=\"number\">score<th class=\"number\">face\
         <th>fingers<th>kind<th>decision<th>",
    );
    for pair in pairs.iter().take(most) {
        let decision = match pair.judgement.decision {
            Decision::Match => "<span class=\"match\">match</span>",
            Decision::Review => "<span class=\"review\">review</span>",
            Decision::None => "none",
        };
        let kind = if pair.kind == PairKind::SameId { "same number" } else { "two numbers" };
        let fingers: Vec<_> = pair.scores.fingers.iter().map(|(p, score)| format!("{p}: {score:.1}")).collect();
        page.push_str("<tr>");
        for member in [&pair.a, &pair.b] {
            let _ = write!(page, "<td>{}<td>{}", escaped(&member.registration), escaped(&member.personal_id));
        }
        let _ = write!(
            page,
            "<td class=\"number\">{:.1}<td class=\"number\">{}<td>{}<td>{kind}<td>{decision}<td>{}",
            pair.judgement.score,
            pair.scores.face.map_or("–".to_owned(), |face| format!("{face:.3}")),
            fingers.join(", "),
            known(pair).unwrap_or("")
        );
    }
    page.push_str("</table>");
    if pairs.len() > most {
        let _ = write!(page, "<p class=\"note\">{} more are not listed.</p>", pairs.len() - most);
    }
}
