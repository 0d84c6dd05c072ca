//! From a deduplication to the page on which a person judges its pairs.

mod gather;
mod portraits;

pub use gather::Gathering;

use crate::{failure::Failure, files};
use portraits::Portraits;
use std::path::{Path, PathBuf};
use vantay::{
    decision::{Adjudications, DecisionError},
    evaluation::report::pairs::{Language, html},
    search::Search,
};

/// How the page is made.
#[derive(clap::Args, Clone, Debug)]
pub struct PageOptions {
    /// The language that the page opens in; it can be switched there
    #[arg(long, value_enum, default_value = "auto")]
    lang: Lang,
    /// A folder with images of portraits, named <registration>.png, .jpg, .jpeg or .webp; they are put into the page, each up to 256 KiB and all up
    /// to 64 MiB
    #[arg(long, value_name = "DIR")]
    portraits: Option<PathBuf>,
    /// Pairs that get a card; what a person has to judge comes before what is decided
    #[arg(long, value_name = "N", default_value_t = 1000)]
    report_pairs: usize,
    /// Cards whose prints are on the page; the others name the command that draws them
    #[arg(long, value_name = "N", default_value_t = 300)]
    report_prints: usize,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug, Default)]
enum Lang {
    #[default]
    Auto,
    En,
    Vi,
}

impl Default for PageOptions {
    fn default() -> Self {
        PageOptions { lang: Lang::Auto, portraits: None, report_pairs: 1000, report_prints: 300 }
    }
}

impl PageOptions {
    fn language(&self) -> Language {
        match self.lang {
            Lang::Auto => Language::Auto,
            Lang::En => Language::En,
            Lang::Vi => Language::Vi,
        }
    }

    fn portraits(&self) -> Result<Portraits, Failure> {
        self.portraits.as_deref().map_or_else(|| Ok(Portraits::default()), Portraits::of_folder)
    }
}

/// Writes the page of a run, for its owner alone.
pub fn write_page(path: &Path, run: &Gathering<'_>, options: &PageOptions) -> Result<(), Failure> {
    let page = html(&gather::data_of(run, options)?).map_err(Failure::run)?;
    files::write_private(path, page.as_bytes())
}

/// Reads what persons decided, and makes sure that every registration it names is in one of the galleries.
pub fn read_decisions(
    paths: &[PathBuf],
    search: &Search<'_>,
    other: Option<&Search<'_>>,
) -> Result<Adjudications, Failure> {
    let mut decisions = Adjudications::default();
    for path in paths {
        decisions.read(path).map_err(Failure::usage)?;
    }
    enum Refused {
        Decision(DecisionError),
        Gallery(vantay::search::SearchError),
    }
    impl From<DecisionError> for Refused {
        fn from(error: DecisionError) -> Self {
            Refused::Decision(error)
        }
    }
    let known = |name: &str| {
        let has = |search: &Search<'_>| search.has(name).map_err(Refused::Gallery);
        Ok(has(search)? || other.map(has).transpose()?.unwrap_or(false))
    };
    decisions.check(known).map_err(|refused| match refused {
        Refused::Decision(error) => Failure::usage(error),
        Refused::Gallery(error) => Failure::run(error),
    })?;
    Ok(decisions)
}

/// How a gallery is called on a page and in the commands that it names: as the caller called it.
pub fn shown(path: &Path) -> String {
    path.display().to_string()
}
