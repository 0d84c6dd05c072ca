//! Small text files, and the JSON in them: what is wrong with one is said in words, with the file's name.

use super::DecisionError;
use serde::de::DeserializeOwned;
use simd_json::ErrorType;
use std::path::Path;

pub(super) fn write(path: &Path, text: &str) -> Result<(), DecisionError> {
    std::fs::write(path, format!("{text}\n")).map_err(|source| DecisionError::File { path: path.into(), source })
}

/// What `from_json` makes of a file; its error names the file.
pub(super) fn load<T>(
    path: &Path,
    from_json: impl FnOnce(&str) -> Result<T, DecisionError>,
) -> Result<T, DecisionError> {
    let text = std::fs::read_to_string(path).map_err(|source| DecisionError::File { path: path.into(), source })?;
    from_json(&text).map_err(|source| DecisionError::InFile { path: path.into(), source: Box::new(source) })
}

/// What JSON text holds, which should be a `kind`.
pub(super) fn parse<T: DeserializeOwned>(kind: &'static str, text: &str) -> Result<T, DecisionError> {
    json(&mut text.as_bytes().to_vec()).map_err(|reason| DecisionError::Content { kind, reason })
}

/// What the bytes of a JSON text hold, or what is wrong with them. They are used up.
pub(super) fn json<T: DeserializeOwned>(bytes: &mut [u8]) -> Result<T, String> {
    simd_json::serde::from_slice(bytes).map_err(|error| match error.error() {
        ErrorType::Serde(said) => said.clone(),
        // Of a value of another type than was expected, the parser knows neither field nor place.
        ErrorType::ExpectedMap => "expected an object".into(),
        ErrorType::ExpectedArray => "expected a list".into(),
        ErrorType::ExpectedString | ErrorType::ExpectedEnum => "expected a text".into(),
        ErrorType::ExpectedBoolean => "expected true or false".into(),
        ErrorType::ExpectedFloat | ErrorType::ExpectedSigned | ErrorType::ExpectedUnsigned => {
            "expected a number".into()
        }
        _ => format!("not JSON near byte {}", error.index()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its reading is looked at")]
    struct Rule {
        rate: f64,
        name: String,
    }

    #[test]
    fn what_is_wrong_with_a_text_is_said_in_words() {
        for (text, said) in [
            (r#"{"rate": 1.0, "name": "n", "more": 1}"#, "rule: unknown field `more`, expected `rate` or `name`"),
            (r#"{"rate": 1.0}"#, "rule: missing field `name`"),
            (r#"{"rate": "much", "name": "n"}"#, "rule: expected a number"),
            (r#"{"rate": 1.0, "name": 7}"#, "rule: expected a text"),
            ("7", "rule: expected an object"),
            ("{rate: 1}", "rule: not JSON near byte 1"),
            ("", "rule: not JSON near byte 0"),
        ] {
            assert_eq!(parse::<Rule>("rule", text).unwrap_err().to_string(), said, "{text}");
        }
    }

    #[test]
    fn a_file_is_named_whether_it_is_not_there_or_holds_something_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("rule.json");
        let said = || load(&path, |text| parse::<Rule>("rule", text)).unwrap_err().to_string();
        assert!(said().starts_with(&format!("{}: ", path.display())), "{}", said());
        std::fs::write(&path, "7").unwrap();
        assert_eq!(said(), format!("{}: rule: expected an object", path.display()));
    }
}
