//! The page's words in both languages.

use std::{collections::BTreeMap, sync::OnceLock};

/// Name → English, Vietnamese.
pub const TABLE: &str = include_str!("page/strings.json");

/// The table, read.
pub fn table() -> &'static BTreeMap<String, [String; 2]> {
    static READ: OnceLock<BTreeMap<String, [String; 2]>> = OnceLock::new();
    // A test reads the table: it is never empty.
    READ.get_or_init(|| simd_json::serde::from_slice(&mut TABLE.as_bytes().to_vec()).unwrap_or_default())
}

/// The words of `name` in English (0) or Vietnamese (1).
pub fn words(name: &str, language: usize) -> &'static str {
    table().get(name).map_or("", |words| &words[language])
}
