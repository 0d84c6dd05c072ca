//! The demo's report: one HTML file that opens offline.

use super::story::{Story, Tally};
use std::fmt::Write;
use vantay::{
    decision::Decision,
    evaluation::{Options, error_rates, report},
    fingerprint::{Comparer, drawing},
    simd::Level,
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

/// Pairs that are listed; the rest is counted.
const LISTED: usize = 200;

/// The page.
pub fn html(story: &Story) -> String {
    let mut page =
        String::from("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Vantay demo</title><style>");
    page.push_str(STYLE);
    let _ = write!(
        page,
        "</style><h1>Vantay demo</h1><p class=\"lead\">{} registrations of {} people who do not exist, {} of them \
         registered again under another number. The figures show that the parts work together; they say nothing about \
         real people.</p>",
        story.registrations,
        story.subjects,
        story.registrations - story.subjects
    );
    figures(&mut page, story);
    steps(&mut page, story);
    decisions(&mut page, story);
    plots(&mut page, story);
    pairs(&mut page, story);
    page.push_str("</html>\n");
    page
}

fn figures(page: &mut String, story: &Story) {
    let figures = [
        (story.planted.to_string(), "pairs planted"),
        (story.found.to_string(), "found"),
        (story.for_review.to_string(), "for a person to judge"),
        (story.missed.len().to_string(), "missed"),
        (story.wrong.to_string(), "wrongly paired"),
    ];
    page.push_str("<div class=\"figures\">");
    for (number, what) in figures {
        let _ = write!(page, "<div><b>{number}</b>{what}</div>");
    }
    page.push_str("</div>");
}

fn steps(page: &mut String, story: &Story) {
    page.push_str("<h2>What happened</h2><table><tr><th>Step<th>Outcome<th class=\"number\">Seconds");
    for step in &story.steps {
        let _ = write!(page, "<tr><td>{}<td>{}<td class=\"number\">{:.2}", step.what, step.outcome, step.seconds);
    }
    page.push_str("</table>");
}

fn decisions(page: &mut String, story: &Story) {
    page.push_str(
        "<h2>Decisions</h2><table><tr><th>Probes<th class=\"number\">match<th class=\"number\">review<th class=\"number\">nobody",
    );
    let [genuine, impostor] = story.verified;
    let [known, strangers] = story.identified;
    let rows = [
        ("verify at FMR 1e-6: the person", genuine),
        ("verify at FMR 1e-6: somebody else", impostor),
        ("identify at FPIR 1e-3 by portrait: in the gallery", known),
        ("identify at FPIR 1e-3 by portrait: strangers", strangers),
    ];
    for (what, Tally { matched, review, none }) in rows {
        let number = |n| format!("<td class=\"number\">{n}");
        let _ = write!(page, "<tr><td>{what}{}{}{}", number(matched), number(review), number(none));
    }
    page.push_str("</table>");
}

fn plots(page: &mut String, story: &Story) {
    let rates = error_rates("synthetic fingers", &story.fingers, &Options::default());
    if let Ok(plot) = rates.and_then(|rates| report::histogram(&rates, &story.fingers)) {
        let _ = write!(page, "<h2>Fingerprint scores of the strangers that calibrated</h2><figure>{plot}</figure>");
    }
    let Some((a, b)) = &story.two_prints else { return };
    if let (Some(a), Some(b)) = (a.templates().next(), b.templates().next()) {
        let explanation = Comparer::new(Level::best()).explain(a, b);
        let _ = write!(
            page,
            "<h2>One finger, registered under two numbers</h2><p class=\"note\">Score {:.1}; paired minutiae share a number.</p>\
             <figure>{}</figure>",
            explanation.score(),
            drawing::side_by_side(a, b, &explanation)
        );
    }
}

fn pairs(page: &mut String, story: &Story) {
    page.push_str(
        "<h2>Pairs, best first</h2><table><tr><th>Registration<th>Number<th>Registration<th>Number\
         <th class=\"number\">log10 LR<th class=\"number\">face<th>fingers<th>decision<th>truth",
    );
    for pair in story.pairs.pairs.iter().take(LISTED) {
        let mut names = [pair.a.registration.to_string(), pair.b.registration.to_string()];
        names.sort();
        let truth =
            if story.planted_pairs.contains(&names) { "planted" } else { "<span class=\"wrong\">strangers</span>" };
        let decision = match pair.judgement.decision {
            Decision::Match => "<span class=\"match\">match</span>",
            Decision::Review => "<span class=\"review\">review</span>",
            Decision::None => "none",
        };
        let fingers: Vec<_> = pair.scores.fingers.iter().map(|(p, score)| format!("{p}: {score:.0}")).collect();
        let _ = write!(
            page,
            "<tr><td>{}<td>{}<td>{}<td>{}<td class=\"number\">{:.1}<td class=\"number\">{}<td>{}<td>{decision}<td>{truth}",
            pair.a.registration,
            pair.a.personal_id,
            pair.b.registration,
            pair.b.personal_id,
            pair.judgement.score,
            pair.scores.face.map_or("–".to_owned(), |face| format!("{face:.3}")),
            fingers.join(", ")
        );
    }
    page.push_str("</table>");
    if story.pairs.pairs.len() > LISTED {
        let _ = write!(page, "<p class=\"note\">{} more are not listed.</p>", story.pairs.pairs.len() - LISTED);
    }
    if !story.missed.is_empty() {
        page.push_str("<h2>Missed</h2><table><tr><th>Registration<th>Registration");
        for [a, b] in &story.missed {
            let _ = write!(page, "<tr><td>{a}<td>{b}");
        }
        page.push_str("</table>");
    }
}
