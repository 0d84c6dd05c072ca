//! `vantay score`: every pair of a folder or a list, as a CSV that `vantay eval` reads.

use crate::{
    Common,
    failure::Failure,
    files::Written,
    output::Output,
    progress,
    stats::{Clock, Stats},
    templates,
};
use ndarray::Array2;
use rayon::prelude::*;
use std::{
    fs,
    path::{Path, PathBuf},
};
use vantay::{
    face,
    fingerprint::{Comparer, Prepared},
    simd::Level,
    template,
};

/// Score pairs of templates, for `vantay eval`
#[derive(clap::Args)]
#[command(after_help = "Example:\n  vantay score fingerprint fvc2002-db1b/ --out db1b.csv && vantay eval db1b.csv")]
pub struct Score {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Every unordered pair of the template files <finger>_<impression>.* in a folder
    Fingerprint {
        /// The folder
        dir: PathBuf,
        /// Write fileA,fileB,score to FILE instead of standard output
        #[arg(long, value_name = "SCORES.csv")]
        out: Option<Written>,
        /// List a file that gives no template as such, for `vantay eval` to count as a failure to acquire, instead of scoring its pairs 0
        #[arg(long)]
        list_failures: bool,
    },
    /// Pairs of rows of a matrix of embeddings
    Face {
        /// A NumPy file of float32, one embedding a row
        embeddings: PathBuf,
        /// A CSV with a heading whose first two columns are row numbers, from 0; the score is added as the last column
        #[arg(long, value_name = "PAIRS.csv")]
        pairs: PathBuf,
        /// Write to FILE instead of standard output
        #[arg(long, value_name = "SCORES.csv")]
        out: Option<Written>,
    },
}

impl Score {
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        let clock = Clock::start("score");
        let compared = match self.what {
            What::Fingerprint { dir, out, list_failures } => fingerprints(&dir, out.as_deref(), list_failures)?,
            What::Face { embeddings, pairs, out } => faces(&embeddings, &pairs, out.as_deref())?,
        };
        clock.finish(common, Stats { comparisons: compared, full_comparisons: compared, ..Stats::default() })
    }
}

/// A file that cannot be read keeps its place and scores 0, a failure to extract that counts against the matcher; or it is listed and left out.
fn fingerprints(dir: &Path, out: Option<&Path>, list_failures: bool) -> Result<u64, Failure> {
    let name = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let files = templates::files_of(dir)?;
    let outcomes: Vec<Result<Prepared, String>> = files.par_iter().map(|path| prepare(path)).collect();
    let (mut names, mut prepared, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for (path, outcome) in files.iter().zip(outcomes) {
        if let Err(reason) = &outcome {
            let then = if list_failures { "listed as a failure to acquire" } else { "its pairs score 0" };
            eprintln!("vantay: {}: {reason}; {then}", path.display());
        }
        if list_failures && outcome.is_err() {
            failed.push(name(path));
        } else {
            names.push(name(path));
            prepared.push(outcome);
        }
    }
    let level = Level::chosen().map_err(Failure::usage)?;
    let pairs = (names.len() * names.len().saturating_sub(1) / 2) as u64;
    let bar = progress::bar("comparing", Some(pairs));
    let rows: Vec<Vec<f32>> = (0..names.len())
        .into_par_iter()
        .map_init(
            || Comparer::new(level),
            |comparer, i| {
                let row: Vec<f32> = (i + 1..names.len())
                    .map(|j| match (&prepared[i], &prepared[j]) {
                        (Ok(a), Ok(b)) => comparer.compare(a.view(), b.view()),
                        _ => 0.0,
                    })
                    .collect();
                bar.inc(row.len() as u64);
                row
            },
        )
        .collect();
    bar.finish_and_clear();
    let mut output = Output::open(out)?;
    output.line("fileA,fileB,score")?;
    for file in failed {
        output.line(&format!("{file},,"))?;
    }
    for (i, row) in rows.iter().enumerate() {
        for (score, j) in row.iter().zip(i + 1..) {
            output.line(&format!("{},{},{score}", names[i], names[j]))?;
        }
    }
    output.close()?;
    Ok(pairs)
}

fn prepare(path: &Path) -> Result<Prepared, String> {
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    let views = template::read(&bytes).and_then(|record| record.templates()).map_err(|error| error.to_string())?;
    views.first().map(Prepared::new).ok_or_else(|| "the record has no view".to_owned())
}

fn faces(embeddings: &Path, pairs: &Path, out: Option<&Path>) -> Result<u64, Failure> {
    let matrix: Array2<f32> = ndarray_npy::read_npy(embeddings)
        .map_err(|error| Failure::run(format_args!("{}: {error}", embeddings.display())))?;
    let text = fs::read_to_string(pairs).map_err(|error| Failure::file(pairs, error))?;
    let mut lines = text.lines().enumerate();
    let heading = lines.next().map_or("", |(_, heading)| heading);
    let mut output = Output::open(out)?;
    output.line(&format!("{heading},score"))?;
    let mut compared = 0;
    for (number, line) in lines {
        let (a, b) = rows_of(line, matrix.nrows())
            .map_err(|reason| Failure::run(format_args!("{}: line {}: {reason}", pairs.display(), number + 1)))?;
        let row = |i: usize| matrix.row(i).to_vec();
        let score = face::compare(&row(a), &row(b)).map_err(Failure::run)?;
        output.line(&format!("{line},{score}"))?;
        compared += 1;
    }
    output.close()?;
    Ok(compared)
}

fn rows_of(line: &str, rows: usize) -> Result<(usize, usize), String> {
    let mut columns = line.split(',').map(str::trim);
    let mut row = |which| {
        let text = columns.next().unwrap_or("");
        let row: usize = text.parse().map_err(|_| format!("{which} row \"{text}\" is not a number"))?;
        if row < rows { Ok(row) } else { Err(format!("{which} row {row}: the matrix has {rows}")) }
    };
    Ok((row("first")?, row("second")?))
}
