//! Score files: one comparison a line, as `vantay score` writes them.
//!
//! # Format
//! CSV without quotes, a header first. The last three columns are the two files that were compared and the score; others may
//! stand in front. A file's subject is what stands before the last `_` of its name, so `101_3` and `101_7` are a genuine pair.
//! A file compared with itself is left out. A file that gave no template may have a line of its own, with neither a second file nor a score:
//! `101_4,,`. It is a failure to acquire (ISO/IEC 19795-1) and takes part in no comparison. Plain, or packed as `.gz` or `.zst` by the end of the name.
//!
//! # Cost
//! 16 bytes per comparison; each file name is held once.

use super::EvaluationError;
use crate::decision::{Comparison, Proportion, Scores};
use std::{
    collections::{BTreeSet, HashMap},
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
};

/// One comparison of a score file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoredPair {
    /// The two files, as places in [`ScoreFile::files`].
    pub files: [u32; 2],
    /// Their score; higher is more alike.
    pub score: f64,
}

/// The comparisons of one score file.
#[derive(Clone, Debug, Default)]
pub struct ScoreFile {
    name: String,
    files: Vec<Box<str>>,
    /// The subject of each file.
    subject_of: Vec<u32>,
    pairs: Vec<ScoredPair>,
    /// Files that gave no template.
    failed: BTreeSet<Box<str>>,
}

/// What a line says.
enum Line<'l> {
    Comparison(&'l str, &'l str, f64),
    /// This file gave no template.
    Failure(&'l str),
}

impl ScoreFile {
    /// Reads a score file, unpacking `.gz` and `.zst`.
    ///
    /// # Errors
    /// [`EvaluationError::Read`] if it cannot be read or unpacked, [`EvaluationError::Line`] at the first line that is not a comparison.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, EvaluationError> {
        let path = path.as_ref();
        let failed = |source| EvaluationError::Read { path: path.into(), source };
        let file = File::open(path).map_err(failed)?;
        let packed = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        let plain: Box<dyn Read> = match packed {
            "gz" => Box::new(flate2::read::MultiGzDecoder::new(BufReader::new(file))),
            "zst" => Box::new(zstd::Decoder::new(file).map_err(failed)?),
            _ => Box::new(file),
        };
        Self::read_from(path, BufReader::with_capacity(1 << 16, plain))
    }

    /// Reads the text of a score file; `path` names it in messages and gives [`ScoreFile::name`].
    ///
    /// # Errors
    /// As [`ScoreFile::read`].
    ///
    /// ```
    /// # use vantay::evaluation::ScoreFile;
    /// let text = "fileA,fileB,score\n101_1,101_2,88.5\n101_1,102_1,4\n";
    /// let scores = ScoreFile::read_from("scores.csv", text.as_bytes())?.scores();
    /// assert_eq!((scores.genuine()[0].score, scores.impostor()[0].score), (88.5, 4.0));
    /// # Ok::<(), vantay::evaluation::EvaluationError>(())
    /// ```
    pub fn read_from(path: impl AsRef<Path>, mut text: impl BufRead) -> Result<Self, EvaluationError> {
        let path = path.as_ref();
        let file_name = path.file_name().and_then(|n| n.to_str()).unwrap_or("scores");
        let name = file_name.split(".csv").next().filter(|n| !n.is_empty()).unwrap_or(file_name);
        let mut found = Self { name: name.into(), ..Self::default() };
        let mut names = Names::default();
        let mut line = Vec::new();
        let mut columns = None;
        for number in 1.. {
            line.clear();
            let read = text.read_until(b'\n', &mut line);
            if read.map_err(|source| EvaluationError::Read { path: path.into(), source })? == 0 {
                break;
            }
            let refuse = |reason: String| EvaluationError::Line { path: path.into(), line: number, reason };
            let fields =
                std::str::from_utf8(&line).map_err(|_| refuse("not UTF-8".into()))?.trim_end_matches(['\n', '\r']);
            match columns {
                None => columns = Some(header(fields).map_err(refuse)?),
                Some(_) if fields.is_empty() => {}
                Some(columns) => match line_of(fields, columns).map_err(refuse)? {
                    Line::Comparison(a, b, score) if a != b => {
                        found.pairs.push(ScoredPair { files: [names.of(a), names.of(b)], score });
                    }
                    Line::Comparison(..) => {}
                    Line::Failure(file) => _ = found.failed.insert(file.into()),
                },
            }
        }
        if columns.is_none() {
            return Err(EvaluationError::Line {
                path: path.into(),
                line: 1,
                reason: "empty: expected a header that ends in fileA,fileB,score".into(),
            });
        }
        let mut subjects = Names::default();
        found.subject_of = names.list.iter().map(|name| subjects.of(subject(name))).collect();
        found.files = names.list;
        Ok(found)
    }

    /// The file's name without folder and ending.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The names that were compared, in the order in which they first occur.
    pub fn files(&self) -> &[Box<str>] {
        &self.files
    }

    /// The subject of a file by its place in [`ScoreFile::files`], as a number.
    pub(super) fn subject_of(&self, file: usize) -> u32 {
        self.subject_of[file]
    }

    /// The comparisons in the order of the file.
    pub fn pairs(&self) -> &[ScoredPair] {
        &self.pairs
    }

    /// The comparison of each pair with its subjects: genuine where they are equal.
    pub fn comparison(&self, pair: &ScoredPair) -> Comparison {
        Comparison { score: pair.score, subjects: pair.files.map(|file| self.subject_of[file as usize]) }
    }

    /// How many of the files gave no template, out of all of the subjects who have one that did: the others are not enrolled.
    pub fn failures_to_acquire(&self) -> Proportion {
        let enrolled = self.subjects();
        let failed = self.failed.iter().filter(|file| enrolled.contains(subject(file))).count() as u64;
        Proportion::new(failed, failed + self.files.len() as u64)
    }

    /// How many of the subjects have no file that gave a template.
    pub fn failures_to_enrol(&self) -> Proportion {
        let enrolled = self.subjects();
        let lost: BTreeSet<&str> =
            self.failed.iter().map(|file| subject(file)).filter(|subject| !enrolled.contains(subject)).collect();
        Proportion::new(lost.len() as u64, (lost.len() + enrolled.len()) as u64)
    }

    /// Who took part in comparisons.
    fn subjects(&self) -> BTreeSet<&str> {
        self.files.iter().map(|file| subject(file)).collect()
    }

    /// All comparisons, told into genuine and impostor.
    pub fn scores(&self) -> Scores {
        Scores::new(self.pairs.iter().map(|pair| self.comparison(pair)))
    }
}

/// What stands before the last `_`: the subject (or finger) that a file is of.
fn subject(file: &str) -> &str {
    file.rsplit_once('_').map_or(file, |(subject, _)| subject)
}

/// How many columns the file has.
fn header(fields: &str) -> Result<usize, String> {
    let columns = fields.split(',').count();
    if columns < 3 {
        return Err(format!("{columns} columns: expected a header that ends in fileA,fileB,score"));
    }
    if fields.rsplit(',').next().is_some_and(|last| last.trim().parse::<f64>().is_ok()) {
        return Err("a comparison: expected a header that ends in fileA,fileB,score".into());
    }
    Ok(columns)
}

fn line_of(fields: &str, columns: usize) -> Result<Line<'_>, String> {
    let found = fields.split(',').count();
    if found != columns {
        return Err(format!("{found} columns: expected {columns} as in the header"));
    }
    let mut last = fields.rsplit(',');
    let (Some(score), Some(b), Some(a)) = (last.next(), last.next(), last.next()) else {
        return Err("expected fileA,fileB,score".into());
    };
    match score.trim().parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(Line::Comparison(a, b, value)),
        _ if b.is_empty() && score.is_empty() && !a.is_empty() => Ok(Line::Failure(a)),
        // What is so long is no score, and may be anything, a template too.
        _ if score.len() > 32 => Err(format!("score of {} bytes: expected a finite number", score.len())),
        _ => Err(format!("score {score:?}: expected a finite number")),
    }
}

/// Texts numbered in the order in which they first occur.
#[derive(Default)]
struct Names {
    list: Vec<Box<str>>,
    number: HashMap<Box<str>, u32>,
}

impl Names {
    fn of(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.number.get(name) {
            return number;
        }
        let number = self.list.len() as u32;
        self.list.push(name.into());
        self.number.insert(name.into(), number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const TEXT: &str = "set,fileA,fileB,score\nx,1_a,1_b,7.5\nx,1_a,2_a,1e-3\nx,2_a,2_a,99\nx,L_0_1,L_0_2,3\n";

    fn message(text: &str) -> String {
        ScoreFile::read_from("dir/s.csv.gz", text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn columns_may_stand_in_front_and_a_file_with_itself_is_left_out() {
        let file = ScoreFile::read_from("dir/db1.csv.gz", TEXT.as_bytes()).unwrap();
        assert_eq!((file.name(), file.pairs().len(), file.files().len()), ("db1", 3, 5));
        let scores = file.scores();
        let of = |list: &[Comparison]| list.iter().map(|c| c.score).collect::<Vec<_>>();
        assert_eq!((of(scores.genuine()), of(scores.impostor())), (vec![3.0, 7.5], vec![1e-3]));
        assert_eq!(scores.subjects(), Some(3));
    }

    #[test]
    fn a_file_without_a_template_is_counted_and_compared_with_nothing() {
        let text = format!("{TEXT}x,1_b,,\nx,1_b,,\nx,2_b,,\n");
        let file = ScoreFile::read_from("s.csv", text.as_bytes()).unwrap();
        assert_eq!((file.pairs().len(), file.files().len()), (3, 5));
        let failures = file.failures_to_acquire();
        assert_eq!((failures.errors(), failures.trials()), (2.0, 7.0));
    }

    #[test]
    fn who_has_no_template_at_all_is_not_enrolled() {
        let text = "fileA,fileB,score\na_1,b_1,0\na_2,,\nc_1,,\nc_2,,\nd_1,,\n";
        let file = ScoreFile::read_from("s.csv", text.as_bytes()).unwrap();
        let (enrol, acquire) = (file.failures_to_enrol(), file.failures_to_acquire());
        assert_eq!((enrol.errors(), enrol.trials()), (2.0, 4.0));
        assert_eq!((acquire.errors(), acquire.trials()), (1.0, 3.0));
    }

    #[test]
    fn packed_files_read_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let plain = ScoreFile::read_from("s.csv", TEXT.as_bytes()).unwrap();
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(TEXT.as_bytes()).unwrap();
        for (name, bytes) in [
            ("s.csv", TEXT.as_bytes().to_vec()),
            ("s.csv.gz", gz.finish().unwrap()),
            ("s.csv.zst", zstd::encode_all(TEXT.as_bytes(), 1).unwrap()),
        ] {
            let path = dir.path().join(name);
            std::fs::write(&path, &bytes).unwrap();
            let read = ScoreFile::read(&path).unwrap();
            assert_eq!((read.name(), read.pairs(), read.files()), ("s", plain.pairs(), plain.files()), "{name}");
            if name != "s.csv" {
                std::fs::write(&path, &bytes[..bytes.len() - 9]).unwrap();
                assert!(matches!(ScoreFile::read(&path), Err(EvaluationError::Read { .. })), "{name} cut short");
            }
        }
    }

    #[test]
    fn a_wrong_line_is_named_by_file_and_line() {
        let with = |line: &str| message(&format!("fileA,fileB,score\na_1,b_1,1\n{line}\n"));
        assert_eq!(with("a_1,b_2"), "dir/s.csv.gz:3: 2 columns: expected 3 as in the header");
        assert_eq!(with("a_1,b_2,x"), "dir/s.csv.gz:3: score \"x\": expected a finite number");
        assert_eq!(with("a_1,b_2,"), "dir/s.csv.gz:3: score \"\": expected a finite number");
        let long = with(&format!("a_1,b_2,{}", "x".repeat(33)));
        assert_eq!(long, "dir/s.csv.gz:3: score of 33 bytes: expected a finite number");
        assert_eq!(with(",,"), "dir/s.csv.gz:3: score \"\": expected a finite number");
        assert_eq!(with("a_1,b_2,nan"), "dir/s.csv.gz:3: score \"nan\": expected a finite number");
        assert_eq!(
            message("a_1,b_1,4\n"),
            "dir/s.csv.gz:1: a comparison: expected a header that ends in fileA,fileB,score"
        );
        assert_eq!(message(""), "dir/s.csv.gz:1: empty: expected a header that ends in fileA,fileB,score");
        let not_text = ScoreFile::read_from("s.csv", &b"fileA,fileB,score\n\xff,b,1\n"[..]).unwrap_err();
        assert_eq!(not_text.to_string(), "s.csv:2: not UTF-8");
    }
}
