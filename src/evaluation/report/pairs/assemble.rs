//! Data, words, plots and scripts, put together to one file.

use super::{Page, plots, strings};
use crate::evaluation::{EvaluationError, report::escaped};

const SKELETON: &str = include_str!("page/page.html");
const STYLES: [&str; 4] = [
    include_str!("page/theme.css"),
    include_str!("page/layout.css"),
    include_str!("page/cards.css"),
    include_str!("page/print.css"),
];
/// In the order in which they need each other.
pub(super) const SCRIPTS: [&str; 10] = [
    include_str!("page/words.js"),
    include_str!("page/numbers.js"),
    include_str!("page/elements.js"),
    include_str!("page/decisions.js"),
    include_str!("page/prints.js"),
    include_str!("page/summary.js"),
    include_str!("page/cards.js"),
    include_str!("page/queue.js"),
    include_str!("page/keys.js"),
    include_str!("page/main.js"),
];

/// The page as one HTML file.
///
/// # Errors
/// [`EvaluationError::Plot`] if a plot cannot be drawn.
///
/// ```
/// use vantay::evaluation::report::pairs::{Page, Run, html};
/// let page = html(&Page { run: Run { gallery: "</script>".into(), ..Run::default() }, ..Page::default() })?;
/// assert!(page.starts_with("<!doctype html>") && page.contains("default-src 'none'"));
/// assert!(page.contains(r#""gallery":"\u003c/script\u003e""#));
/// # Ok::<(), vantay::evaluation::EvaluationError>(())
/// ```
pub fn html(page: &Page) -> Result<String, EvaluationError> {
    let written = |error: simd_json::Error| EvaluationError::Plot(error.to_string());
    let data = for_script(&simd_json::serde::to_string(page).map_err(written)?);
    let nonce = blake3::hash(data.as_bytes()).to_hex();
    let scripts = format!("\"use strict\";\n(() => {{\n{}}})();\n", SCRIPTS.concat());
    let parts = [
        ("nonce", nonce.as_str()),
        ("title", &escaped(&format!("Vantay · {}", page.run.gallery))),
        ("style", &STYLES.concat()),
        ("plots", &plots::figures(&page.run)?),
        ("strings", &for_script(strings::TABLE)),
        ("data", &data),
        ("script", &scripts),
    ];
    Ok(filled(SKELETON, &parts))
}

/// JSON that no HTML parser takes for the end of the script that holds it.
fn for_script(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + json.len() / 16);
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => out.push(c),
        }
    }
    out
}

/// `skeleton` with each `{{name}}` replaced once over; what is put in is not looked at again.
fn filled(skeleton: &str, parts: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(skeleton.len() + parts.iter().map(|part| part.1.len()).sum::<usize>());
    let mut rest = skeleton;
    while let Some(start) = rest.find("{{") {
        let (before, tail) = (&rest[..start], &rest[start + 2..]);
        out.push_str(before);
        let Some((name, tail)) = tail.split_once("}}") else { break };
        out.push_str(parts.iter().find(|part| part.0 == name).map_or("", |part| part.1));
        rest = tail;
    }
    out.push_str(rest);
    out
}
