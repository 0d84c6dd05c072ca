//! What persons decided about pairs: read from files, kept for the next run.
//!
//! # Problem
//! Adjudication costs a person minutes a pair. What was decided must not be asked again, must not be overruled by the next
//! run, and must be seen to be a person's. A decision that nobody can place is a sign of the wrong file, not a detail.
//!
//! # File
//! NDJSON as the report exports it, one decision a line; unknown fields are let be, empty lines skipped:
//!
//! ```json
//! {"a": {"personal_id": "001204000257", "registration": "HN-1"}, "b": {"personal_id": "001204000301", "registration": "HN-9"},
//!  "kind": "different_id", "decision": "same", "decided_at": "2026-01-31T08:15:00Z", "by": "N.T.H.", "note": "the scar"}
//! ```
//!
//! The order of `a` and `b` says nothing. Of several lines for one pair the last stands, in the order of files and lines: a
//! person may think again. `kind` matters only where both sides are one registration, which may hold more than one question.

use super::{Decision, DecisionError, file};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

/// What a person decided about a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// One person (or finger, or face).
    Same,
    /// Two.
    Different,
    /// Looked at, and not decided: the pair stays in the queue.
    Unsure,
}

impl Verdict {
    /// The decision that it settles, if it settles any.
    pub fn decision(self) -> Option<Decision> {
        match self {
            Verdict::Same => Some(Decision::Match),
            Verdict::Different => Some(Decision::None),
            Verdict::Unsure => None,
        }
    }
}

/// One side of an adjudicated pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdjudicatedSide {
    /// Whose it was said to be when it was decided.
    #[serde(default)]
    pub personal_id: String,
    /// Which registration.
    pub registration: String,
}

/// One decision of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Adjudication {
    /// The one side.
    pub a: AdjudicatedSide,
    /// The other.
    pub b: AdjudicatedSide,
    /// What the pair was about, by the code of its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What was decided.
    pub decision: Verdict,
    /// When, as an RFC 3339 time; kept as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<String>,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What the person noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Both registrations in order, and the kind where they are one.
type Key = (String, String, String);

fn key(a: &str, b: &str, kind: &str) -> Key {
    let (first, second) = if a <= b { (a, b) } else { (b, a) };
    (first.to_owned(), second.to_owned(), if a == b { kind.to_owned() } else { String::new() })
}

/// The decisions of persons on pairs.
///
/// ```
/// use vantay::decision::{Adjudications, Verdict};
/// let text = r#"{"a":{"registration":"HN-1"},"b":{"registration":"HN-9"},"decision":"different"}"#;
/// let mut decisions = Adjudications::default();
/// decisions.read_from("decisions.ndjson", text.as_bytes())?;
/// assert_eq!(decisions.of("HN-9", "HN-1", "different_id").map(|known| known.decision), Some(Verdict::Different));
/// # Ok::<(), vantay::decision::DecisionError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Adjudications {
    decided: BTreeMap<Key, (Adjudication, Origin)>,
}

/// Where a decision stands.
#[derive(Clone, Debug)]
struct Origin {
    path: PathBuf,
    line: u64,
}

impl Origin {
    fn refuse(&self, reason: String) -> DecisionError {
        DecisionError::Adjudication { path: self.path.clone(), line: self.line, reason }
    }
}

impl Adjudications {
    /// Adds the decisions of a file to those that are known.
    ///
    /// # Errors
    /// [`DecisionError::File`] if it cannot be read, [`DecisionError::Adjudication`] at the first line that is no decision.
    pub fn read(&mut self, path: impl AsRef<Path>) -> Result<(), DecisionError> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|source| DecisionError::File { path: path.into(), source })?;
        self.read_from(path, BufReader::new(file))
    }

    /// Adds the decisions of a text; `path` names it in messages.
    ///
    /// # Errors
    /// As [`Adjudications::read`].
    pub fn read_from(&mut self, path: impl AsRef<Path>, mut text: impl BufRead) -> Result<(), DecisionError> {
        let path = path.as_ref();
        let mut bytes = Vec::new();
        for line in 1.. {
            bytes.clear();
            let read = text.read_until(b'\n', &mut bytes);
            if read.map_err(|source| DecisionError::File { path: path.into(), source })? == 0 {
                break;
            }
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            let origin = Origin { path: path.into(), line };
            let decision: Adjudication =
                file::json(&mut bytes).map_err(|reason| origin.refuse(format!("no decision on a pair: {reason}")))?;
            if decision.a == decision.b && decision.kind.is_none() {
                return Err(origin.refuse("both sides are one registration: `kind` has to say what was decided".into()));
            }
            let kind = decision.kind.as_deref().unwrap_or_default();
            let key = key(&decision.a.registration, &decision.b.registration, kind);
            self.decided.insert(key, (decision, origin));
        }
        Ok(())
    }

    /// How many pairs are decided.
    pub fn len(&self) -> usize {
        self.decided.len()
    }

    /// Whether nothing is decided.
    pub fn is_empty(&self) -> bool {
        self.decided.is_empty()
    }

    /// What was decided about the pair of registrations `a` and `b`, in either order. `kind` is the code of the pair's kind.
    pub fn of(&self, a: &str, b: &str, kind: &str) -> Option<&Adjudication> {
        self.decided.get(&key(a, b, kind)).map(|(decision, _)| decision)
    }

    /// All decisions, ordered by registrations.
    pub fn iter(&self) -> impl Iterator<Item = &Adjudication> {
        self.decided.values().map(|(decision, _)| decision)
    }

    /// Checks that every registration is one that `is_known` knows.
    ///
    /// # Errors
    /// [`DecisionError::Adjudication`] for the first line, by file, that names one it does not, or whatever `is_known` fails with.
    pub fn check<E: From<DecisionError>>(&self, mut is_known: impl FnMut(&str) -> Result<bool, E>) -> Result<(), E> {
        let mut in_file_order: Vec<_> = self.decided.values().collect();
        in_file_order.sort_by_key(|(_, origin)| (&origin.path, origin.line));
        for (decision, origin) in in_file_order {
            for side in [&decision.a, &decision.b] {
                if !is_known(&side.registration)? {
                    let reason = format!(
                        "registration {:?} is not in the gallery: take the line out if it was removed, or give the file of this gallery",
                        side.registration
                    );
                    return Err(origin.refuse(reason).into());
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(a: &str, b: &str, rest: &str) -> String {
        format!("{{\"a\":{{\"registration\":{a:?}}},\"b\":{{\"registration\":{b:?}}},{rest}}}\n")
    }

    fn read(text: &str) -> Result<Adjudications, DecisionError> {
        let mut decisions = Adjudications::default();
        decisions.read_from("d.ndjson", text.as_bytes()).map(|()| decisions)
    }

    #[test]
    fn a_decision_is_found_from_either_side_and_the_last_one_stands() {
        let text =
            line("x", "y", "\"decision\":\"same\"") + "\n" + &line("y", "x", "\"decision\":\"unsure\",\"by\":\"Lan\"");
        let decisions = read(&text).unwrap();
        assert_eq!(decisions.len(), 1);
        for (a, b) in [("x", "y"), ("y", "x")] {
            let known = decisions.of(a, b, "different_id").unwrap();
            assert_eq!((known.decision, known.by.as_deref()), (Verdict::Unsure, Some("Lan")));
        }
        assert!(decisions.of("x", "z", "different_id").is_none());
    }

    #[test]
    fn one_registration_may_hold_several_questions() {
        let text = line("x", "x", "\"decision\":\"same\",\"kind\":\"one\"");
        let decisions = read(&text).unwrap();
        assert!(decisions.of("x", "x", "one").is_some() && decisions.of("x", "x", "two").is_none());
        let refused = read(&line("x", "x", "\"decision\":\"same\"")).unwrap_err().to_string();
        assert!(refused.starts_with("d.ndjson:1: both sides"), "{refused}");
    }

    #[test]
    fn a_line_that_is_no_decision_is_named() {
        let good = line("x", "y", "\"decision\":\"same\"");
        for bad in [
            "{",
            "[1]",
            "{\"a\":{\"registration\":\"x\"},\"decision\":\"same\"}",
            &line("x", "y", "\"decision\":\"maybe\""),
        ] {
            let said = read(&format!("{good}{bad}\n")).unwrap_err().to_string();
            assert!(said.starts_with("d.ndjson:2: no decision on a pair"), "{said}");
        }
        assert!(read("").unwrap().is_empty());
    }

    #[test]
    fn an_unknown_registration_is_named_with_its_line() {
        let text = line("z", "y", "\"decision\":\"same\"") + &line("a", "gone", "\"decision\":\"same\"");
        let decisions = read(&text).unwrap();
        decisions.check(|_| Ok::<_, DecisionError>(true)).unwrap();
        let said = decisions.check(|name| Ok::<_, DecisionError>(name != "gone")).unwrap_err().to_string();
        assert!(said.starts_with("d.ndjson:2: registration \"gone\" is not in the gallery"), "{said}");
    }
}
