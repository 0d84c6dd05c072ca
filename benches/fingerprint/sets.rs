//! Reading the sets and measuring error rates: what the fingerprint benches share.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use vantay::template::{self, MinutiaeTemplate};

/// One folder of templates.
pub struct Set {
    pub name: String,
    /// Finger and template.
    pub files: Vec<(String, MinutiaeTemplate)>,
}

impl Set {
    /// `fvc2002-db1b`, whatever the extractor.
    pub fn sensor(&self) -> &str {
        self.name.rsplit_once('-').unwrap().0
    }

    /// `mindtct` or `secugen`.
    pub fn extractor(&self) -> &str {
        self.name.rsplit_once('-').unwrap().1
    }
}

/// Where the sets stand.
pub fn folder() -> PathBuf {
    let data = std::env::var("VANTAY_DATA").unwrap_or(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data").into());
    Path::new(&data).join("fingerprint")
}

/// Every set, by name.
pub fn sets() -> Vec<Set> {
    let mut folders: Vec<_> = std::fs::read_dir(folder()).unwrap().map(|e| e.unwrap().path()).collect();
    folders.sort();
    folders
        .into_iter()
        .map(|folder| {
            let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
            files.sort();
            let files = files
                .into_iter()
                .map(|f| {
                    let record = template::read(&std::fs::read(&f).unwrap()).unwrap();
                    let template = record.templates().unwrap().remove(0);
                    let name = f.file_stem().unwrap().to_str().unwrap();
                    (name.rsplit_once('_').unwrap().0.to_owned(), template)
                })
                .collect();
            Set { name: folder.file_name().unwrap().to_str().unwrap().to_owned(), files }
        })
        .collect()
}

/// EER, and FNMR at FMR 1e-3 and 1e-4.
pub fn rates(genuine: &mut [f32], impostor: &mut [f32]) -> [f64; 3] {
    genuine.sort_by(f32::total_cmp);
    impostor.sort_by(f32::total_cmp);
    let mut thresholds: Vec<f32> = genuine.iter().chain(impostor.iter()).copied().collect();
    thresholds.sort_by(f32::total_cmp);
    thresholds.dedup();
    thresholds.push(f32::INFINITY);
    let below = |sorted: &[f32], t: f32| sorted.partition_point(|&s| s < t) as f64 / sorted.len() as f64;
    let points: Vec<(f64, f64)> = thresholds.iter().map(|&t| (1.0 - below(impostor, t), below(genuine, t))).collect();
    let k = points.iter().position(|(fmr, fnmr)| fmr <= fnmr).unwrap();
    let eer = if k == 0 {
        (points[0].0 + points[0].1) / 2.0
    } else {
        let d = |k: usize| points[k].0 - points[k].1;
        let w = d(k - 1) / (d(k - 1) - d(k));
        points[k - 1].0 + w * (points[k].0 - points[k - 1].0)
    };
    let at = |target: f64| points.iter().find(|p| p.0 <= target + 1e-12).unwrap().1;
    [eer, at(1e-3), at(1e-4)]
}

/// Processor seconds that this process has used.
pub fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let mut fields = stat.rsplit_once(')').unwrap().1.split_whitespace().skip(11);
    let ticks: f64 = fields.by_ref().take(2).map(|f| f.parse::<f64>().unwrap()).sum();
    ticks / 100.0
}
