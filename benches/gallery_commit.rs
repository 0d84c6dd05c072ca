//! How many registrations become durable a second, if each waits for that, and how many commits that takes?
//!
//! ```text
//! cargo bench --bench gallery_commit -- [--each 100] [--directory DIR]
//! ```
//!
//! A registration is a portrait of 512 components with its search columns. One caller pays for a commit each; many share them.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{path::PathBuf, sync::Arc, time::Instant};
use vantay::{
    gallery::{FaceSpec, Gallery, GroupWriter, Options},
    registration::{IdScheme, PersonalId, Portrait, Registration, RegistrationId},
    search::SearchColumns,
    template::FaceEmbedding,
};

const DIMENSION: usize = 512;

fn registration(i: u64) -> Registration {
    let components: Vec<f32> = (0..DIMENSION as u64).map(|k| ((i * 31 + k * 17) % 1009) as f32 - 504.0).collect();
    Registration {
        id: RegistrationId::new(&format!("HN-2022-{i:07}")).unwrap(),
        personal_id: PersonalId::new(&format!("001204{i:06}"), IdScheme::Vietnam).unwrap(),
        captured_at: None,
        portrait: Some(Portrait { model: "m".into(), embedding: FaceEmbedding::new(&components).unwrap() }),
        fingers: Vec::new(),
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| arguments.iter().position(|a| a == name).and_then(|i| arguments.get(i + 1));
    let each: u64 = value("--each").map_or(100, |text| text.parse().unwrap());
    let directory = value("--directory").map_or_else(std::env::temp_dir, PathBuf::from);
    for callers in [1, 4, 16, 64, 256] {
        let path = directory.join(format!("vantay-bench-commit-{callers}"));
        let _ = std::fs::remove_dir_all(&path);
        let face = Some(FaceSpec { model: "m".into(), dimension: DIMENSION });
        let gallery = Gallery::create(&path, Options { face, ..Options::default() }).unwrap();
        let writer = GroupWriter::new(gallery.writer(Arc::new(SearchColumns)).unwrap());
        let start = Instant::now();
        std::thread::scope(|scope| {
            for caller in 0..callers {
                let (writer, gallery) = (&writer, &gallery);
                scope.spawn(move || {
                    for i in caller * each..(caller + 1) * each {
                        writer.enroll(registration(i)).unwrap();
                        let found = gallery.refresh().unwrap().find_registration(&format!("HN-2022-{i:07}")).unwrap();
                        assert!(found.is_some(), "not found right after its commit");
                    }
                });
            }
        });
        let seconds = start.elapsed().as_secs_f64();
        let info = gallery.refresh().unwrap().info();
        assert_eq!(info.registrations, callers * each);
        println!(
            "{callers} callers: {:.0} registrations a second, each durable and found; {:.2} ms a call, {} commits, merges included, {} segments left",
            (callers * each) as f64 / seconds,
            1e3 * seconds / each as f64,
            info.commit,
            info.segments
        );
        drop((writer, gallery));
        std::fs::remove_dir_all(&path).unwrap();
    }
}
