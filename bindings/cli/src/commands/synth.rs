//! `vantay synth`: a population that nobody belongs to.

use crate::{
    Common,
    failure::Failure,
    files::Written,
    progress,
    stats::{Clock, Stats},
};
use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};
use vantay::{
    registration::{FaceModel, FeedWriter},
    synthesis::{Generator, Population, write_truth},
};

/// Generate registrations of people who do not exist
///
/// The same seed gives the same bytes. A tool for scale, not for accuracy: no figure measured on it says how well real
/// people are told apart.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  vantay synth --subjects 20000 --duplicates 0.01 --out city.ndjson.zst --truth pairs.csv"
)]
pub struct Synth {
    /// How many people
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    subjects: u64,
    /// How many register again under another number, as a share of the subjects
    #[arg(long, value_name = "R", default_value_t = 0.01)]
    duplicates: f64,
    /// What everything is generated from
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// The feed to write: .ndjson, .ndjson.gz or .ndjson.zst
    #[arg(long, value_name = "FEED")]
    out: Written,
    /// Write which registrations are of one person under two numbers
    #[arg(long, value_name = "PAIRS.csv")]
    truth: Option<Written>,
    /// Fingers of each registration, 0 to 10
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(0..=10))]
    fingers: u8,
    /// Dimensions of the portraits' embeddings; 0 for none
    #[arg(long, value_name = "D", default_value_t = 512)]
    face_dim: usize,
    /// The model that the embeddings are said to be of
    #[arg(long, value_name = "NAME", default_value = "synthetic")]
    face_model: String,
    /// Registrations of each person under their own number
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    captures: u64,
}

impl Synth {
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        let clock = Clock::start("synth");
        let face_model =
            (self.face_dim > 0).then(|| FaceModel { name: self.face_model.as_str().into(), dimension: self.face_dim });
        let population = Population {
            seed: self.seed,
            subjects: self.subjects,
            duplicates: self.duplicates,
            captures: self.captures,
            face_model,
            fingers: self.fingers,
        };
        let generator = Generator::new(population).map_err(Failure::usage)?;
        let bar = progress::bar("generating", Some(generator.registrations()));
        let mut feed = FeedWriter::create(&*self.out).map_err(|error| Failure::file(&self.out, error))?;
        generator
            .write_feed(&mut feed, |written| bar.set_position(written))
            .and_then(|()| feed.finish())
            .map_err(|error| Failure::file(&self.out, error))?;
        bar.finish_and_clear();
        if let Some(path) = &self.truth {
            let write = |path: &Path| {
                let mut file = BufWriter::new(File::create(path)?);
                write_truth(&generator, &mut file)?;
                file.flush()
            };
            write(path).map_err(|error| Failure::file(path, error))?;
        }
        clock.finish(common, Stats { records: Some(generator.registrations()), ..Stats::default() })
    }
}
