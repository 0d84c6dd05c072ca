//! A gallery in shards answers what one big gallery answers: the same subjects, scores and decisions, to the bit.

#![allow(clippy::unwrap_used)]

use std::{collections::BTreeSet, sync::Arc};
use vantay::{
    gallery::{FaceSpec, Gallery, Options, Snapshot},
    registration::{FaceModel, Registration},
    search::{
        Candidate, DeduplicateOptions, Depth, GallerySize, IdentifyOptions, Judge, Modality, Search, SearchColumns,
        SearchError, ShardCounts, Thresholds, named, shard_of,
    },
    synthesis::{Generator, Population},
};

const SHARDS: u32 = 3;

fn judge() -> Judge {
    Judge::raw(Thresholds { face: 0.45, fingerprint: 12.0 })
}

fn enrolled(registrations: &[Registration]) -> (tempfile::TempDir, Gallery) {
    let directory = tempfile::tempdir().unwrap();
    let face = Some(FaceSpec { model: "synthetic".into(), dimension: 64 });
    let gallery = Gallery::create(directory.path().join("gallery"), Options { face, ..Options::default() }).unwrap();
    let mut writer = gallery.writer(Arc::new(SearchColumns)).unwrap();
    registrations.iter().for_each(|registration| writer.enroll(registration.clone()).unwrap());
    writer.commit().unwrap();
    drop(writer);
    (directory, gallery)
}

/// People of whom some lack a portrait or fingers; the whole of them, and in shards.
struct Country {
    people: Vec<Registration>,
    big: Arc<Snapshot>,
    shards: Vec<Arc<Snapshot>>,
    whole: GallerySize,
    _directories: Vec<tempfile::TempDir>,
}

fn country() -> Country {
    let face_model = Some(FaceModel { name: "synthetic".into(), dimension: 64 });
    let of = Population { seed: 3, subjects: 100, duplicates: 0.1, captures: 1, face_model, fingers: 2 };
    let generator = Generator::new(of).unwrap();
    let mut people: Vec<_> = (0..generator.registrations()).map(|line| generator.registration(line)).collect();
    for (number, person) in people.iter_mut().enumerate() {
        match number % 4 {
            1 => person.portrait = None,
            2 => person.fingers.clear(),
            _ => {}
        }
    }
    let (directory, big) = enrolled(&people);
    let mut directories = vec![directory];
    let mut shards = Vec::new();
    for shard in 0..SHARDS {
        let own: Vec<_> =
            people.iter().filter(|p| shard_of(p.personal_id.as_str(), SHARDS) == shard).cloned().collect();
        let (directory, gallery) = enrolled(&own);
        directories.push(directory);
        shards.push(gallery.snapshot());
    }
    let whole = shards.iter().map(|shard| Search::new(shard, judge()).unwrap().size()).sum();
    assert_eq!(whole, Search::new(&big.snapshot(), judge()).unwrap().size());
    Country { people, big: big.snapshot(), shards, whole, _directories: directories }
}

impl Country {
    fn searches(&self) -> Vec<Search<'_>> {
        self.shards.iter().map(|shard| Search::new(shard, judge()).unwrap().of_whole(self.whole)).collect()
    }

    /// The steps of an identification, as somebody who gathers takes them.
    fn identify(&self, probes: &[Registration], options: &IdentifyOptions<'_>) -> Vec<Vec<Candidate>> {
        let sum = |all: Vec<ShardCounts>| {
            let mut all = all.into_iter();
            let mut sum = all.next().unwrap();
            all.for_each(|other| sum.add(&other).unwrap());
            sum
        };
        let searches = self.searches();
        let begun = searches.iter().map(|search| search.screen_shard(probes, options).unwrap());
        let (mut screens, counts): (Vec<_>, Vec<_>) = begun.unzip();
        let counts = sum(counts);
        let sums = sum(screens.iter_mut().map(|screen| screen.sums(&counts).unwrap()).collect());
        let names = searches.iter().zip(&screens);
        let names = names.map(|(search, screen)| search.name_in_shard(probes, options, (screen, &sums)));
        let names = named(names.map(Result::unwrap).collect(), options);
        let mut all = vec![Vec::new(); probes.len()];
        for search in &searches {
            for (all, ranked) in all.iter_mut().zip(search.rank_in_shard(probes, options, &names).unwrap()) {
                all.extend(ranked.ranks.into_iter().zip(ranked.answer.candidates));
            }
        }
        let best = |mut all: Vec<((f64, f64), Candidate)>| {
            all.sort_by(|((a, b), x), ((c, d), y)| {
                let names = || (&x.personal_id, &x.registration).cmp(&(&y.personal_id, &y.registration));
                c.total_cmp(a).then(d.total_cmp(b)).then_with(names)
            });
            all.truncate(options.top);
            all.into_iter().map(|(_, candidate)| candidate).collect()
        };
        all.into_iter().map(best).collect()
    }
}

#[test]
fn the_steps_over_shards_come_to_the_answer_of_one_gallery() {
    let country = country();
    let big = Search::new(&country.big, judge()).unwrap();
    let probes: Vec<_> = country.people.iter().step_by(5).cloned().collect();
    for modality in [Modality::Both, Modality::Face, Modality::Fingerprint] {
        for depth in [Depth::Exhaustive, Depth::Share(0.05)] {
            let options = IdentifyOptions { top: 6, modality, depth, ..IdentifyOptions::default() };
            let expected = big.identify(&probes, &options).unwrap().0;
            let expected: Vec<_> = expected.into_iter().map(|answer| answer.candidates).collect();
            assert_eq!(country.identify(&probes, &options), expected, "{modality:?}, {depth:?}");
        }
    }
}

#[test]
fn the_blocks_of_a_deduplication_hold_its_pairs_each_once() {
    let country = country();
    let big = Search::new(&country.big, judge()).unwrap();
    let options = DeduplicateOptions { depth: Depth::Exhaustive, ..DeduplicateOptions::default() };
    let mut expected = big.deduplicate(None, &options).unwrap().pairs;
    let searches = country.searches();
    let mut found = Vec::new();
    for (number, a) in searches.iter().enumerate() {
        found.extend(a.deduplicate(None, &options).unwrap().pairs);
        for b in &searches[number + 1..] {
            found.extend(a.deduplicate(Some(b), &options).unwrap().pairs);
        }
    }
    let names = |pair: &vantay::search::DuplicatePair| (pair.a.clone(), pair.b.clone());
    assert_eq!(found.iter().map(names).collect::<BTreeSet<_>>().len(), found.len());
    for pair in expected.iter_mut().chain(&mut found) {
        pair.cluster = None;
    }
    found.sort_by_key(names);
    expected.sort_by_key(names);
    assert!(expected.len() > 5);
    assert_eq!(found, expected);
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let country = country();
    let options = IdentifyOptions { modality: Modality::Fingerprint, ..IdentifyOptions::default() };
    let search = &country.searches()[0];
    let begin = |probes: &[Registration]| search.screen_shard(probes, &options).unwrap();
    let (mut screen, _) = begin(&country.people[..1]);
    let (_, mut others) = begin(&country.people[3..8]);
    assert!(matches!(screen.sums(&others), Err(SearchError::Shards { .. })));
    assert!(matches!(others.add(&ShardCounts::default()), Err(SearchError::Shards { .. })));
    assert!(search.rank_in_shard(&country.people[..2], &options, &[]).is_err());
}

#[test]
fn every_subject_has_one_shard_for_good() {
    let of = |id| (2..6).map(|shards| shard_of(id, shards)).collect::<Vec<_>>();
    assert_eq!(of("001204000257"), of("001204000257"));
    let mut sizes = [0; 4];
    (0..4000).for_each(|id| sizes[shard_of(&format!("{id:012}"), 4) as usize] += 1);
    assert!(sizes.iter().all(|size| (900..1100).contains(size)), "{sizes:?}");
    assert_eq!(shard_of("anybody", 0), 0);
}
