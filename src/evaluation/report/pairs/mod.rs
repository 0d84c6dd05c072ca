//! The page on which a person judges pairs: one HTML file that opens without a network.
//!
//! # Problem
//! A deduplication ends in pairs that the policy leaves to people. They need to see both registrations, what each part says with its
//! error rate, and the prints with the minutiae that lie on each other; to go through a thousand of them by keyboard; and to hand what they
//! decided to the next run. Offices are offline, speak Vietnamese or English, and print.
//!
//! # Method
//! [`Page`] is plain data. [`html`] puts it as JSON into a page of small hand-written scripts (`page/`): no framework, nothing loaded, nothing
//! sent. The page states a content security policy that forbids every address, every inline handler and every script and style but its own,
//! whose nonce is a digest of the data. Text reaches the document as text nodes only. Prints are compact numbers, shared between the cards of
//! one registration, and drawn as SVG when their card comes near the window.
//!
//! All words are in one table, `page/strings.json`, which the scripts and the plots share.
//!
//! # Cost
//! About 0.4 KB a pair and 0.5 KB a print: 1,000 pairs of which 300 are drawn take a megabyte.
//!
//! The page shows persons' templates: it belongs to whoever may judge them, and says so.

mod assemble;
mod data;
mod plots;
mod strings;

pub use assemble::html;
pub use data::{Card, Count, FingerCard, Language, Page, PartLine, Print, Run, Side};

#[cfg(test)]
mod tests;
