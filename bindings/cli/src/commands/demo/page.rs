//! The demo's report: one HTML file that opens offline.

use super::story::{Story, Tally};
use crate::page;
use std::fmt::Write;
use vantay::{
    evaluation::{
        Options, error_rates,
        report::{self, escaped},
    },
    fingerprint::{Comparer, drawing},
    simd::Level,
};

/// The page.
pub fn html(story: &Story) -> String {
    let mut page = page::opened("Vantay demo");
    let _ = write!(
        page,
        "<h1>Vantay demo</h1><p class=\"lead\">{} registrations of {} people who do not exist, {} of them \
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
    page::figures(page, &figures);
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
        "<h2>Pairs, best first</h2><p class=\"note\"><a href=\"pairs.html\">The page on which a person judges them</a> shows both \
         registrations, what each part says, and the prints.</p>",
    );
    page::pairs(page, &story.pairs.pairs, 200, |pair| {
        let mut names = [pair.a.registration.to_string(), pair.b.registration.to_string()];
        names.sort();
        Some(if story.planted_pairs.contains(&names) { "planted" } else { "strangers" })
    });
    if !story.missed.is_empty() {
        page.push_str("<h2>Missed</h2><table><tr><th>Registration<th>Registration");
        for [a, b] in &story.missed {
            let _ = write!(page, "<tr><td>{}<td>{}", escaped(a), escaped(b));
        }
        page.push_str("</table>");
    }
}
