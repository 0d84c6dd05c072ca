//! Progress bars on standard error, shown only when it is a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar over `total` units of `what`; without a total, a spinner that counts.
pub fn bar(what: &'static str, total: Option<u64>) -> ProgressBar {
    let (bar, template) = match total {
        Some(total) => (
            ProgressBar::new(total),
            "{msg:>14} {bar:40.cyan/dim} {human_pos}/{human_len} {per_sec:.dim} {eta_precise:.dim}",
        ),
        None => (ProgressBar::no_length(), "{msg:>14} {spinner} {human_pos} {per_sec:.dim} {elapsed_precise:.dim}"),
    };
    // A template that does not parse would be a mistake of this file; the default style serves as well.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(style).with_message(what)
}
