//! A gallery in shards answers what one big gallery answers: the same subjects, scores and decisions, to the bit.

#![allow(clippy::unwrap_used)]

use std::{collections::BTreeSet, sync::Arc};
use vantay::{
    gallery::{FaceSpec, Gallery, Options, Snapshot},
    registration::{FaceModel, Registration, Sex},
    search::{
        Candidate, DeduplicateOptions, Depth, DuplicatePair, Filter, FingerSample, GallerySize, IdentifyOptions, Judge,
        Modality, Search, SearchColumns, SearchError, ShardCounts, Thresholds, named, shard_of,
    },
    synthesis::{Generator, Population},
};

fn judge() -> Judge {
    Judge::raw(Thresholds { face: 0.45, fingerprint: 12.0 })
}

/// A gallery that these were enrolled in, in so many commits, and some removed from.
fn enrolled<'r>(
    registrations: impl Iterator<Item = &'r Registration> + Clone,
    commits: usize,
) -> (tempfile::TempDir, Gallery) {
    let directory = tempfile::tempdir().unwrap();
    let face = Some(FaceSpec { model: "synthetic".into(), dimension: 64 });
    let gallery = Gallery::create(directory.path().join("gallery"), Options { face, ..Options::default() }).unwrap();
    let mut writer = gallery.writer(Arc::new(SearchColumns)).unwrap();
    for commit in 0..commits {
        let part = registrations.clone().enumerate().filter(|(number, _)| number % commits == commit);
        part.for_each(|(_, registration)| writer.enroll(registration.clone()).unwrap());
        writer.commit().unwrap();
    }
    for registration in registrations.filter(|registration| is_removed(registration)) {
        writer.remove(&registration.personal_id).unwrap();
    }
    writer.commit().unwrap();
    drop(writer);
    (directory, gallery)
}

fn is_removed(registration: &Registration) -> bool {
    registration.personal_id.as_str().ends_with('7')
}

/// People of whom some lack a portrait or fingers and some were removed; the whole of them, and in shards.
struct Country {
    people: Vec<Registration>,
    big: Arc<Snapshot>,
    shards: Vec<Arc<Snapshot>>,
    whole: GallerySize,
    _directories: Vec<tempfile::TempDir>,
}

fn people(subjects: u64, fingers: u8) -> Vec<Registration> {
    let face_model = Some(FaceModel { name: "synthetic".into(), dimension: 64 });
    let of = Population { seed: 3, subjects, duplicates: 0.1, captures: 1, face_model, fingers };
    let generator = Generator::new(of).unwrap();
    let mut people: Vec<_> = (0..generator.registrations()).map(|line| generator.registration(line)).collect();
    for (number, person) in people.iter_mut().enumerate() {
        match number % 8 {
            1 => person.portrait = None,
            2 => person.fingers.clear(),
            3..=5 => drop(person.fingers.pop()),
            _ => {}
        }
    }
    people.retain(|person| person.portrait.is_some() || person.templates().next().is_some());
    people
}

fn country(people: &[Registration], shards: u32) -> Country {
    // Nothing may depend on the order of enrolment.
    let (directory, big) = enrolled(people.iter().rev(), 3);
    let mut directories = vec![directory];
    let mut snapshots = Vec::new();
    for shard in 0..shards {
        let own = people.iter().filter(|p| shard_of(p.personal_id.as_str(), shards) == shard);
        let (directory, gallery) = enrolled(own, 1 + shard as usize % 2);
        directories.push(directory);
        snapshots.push(gallery.snapshot());
    }
    let size = |shard: &Snapshot| Search::new(shard, judge()).unwrap().size();
    let whole = snapshots.iter().map(|shard| size(shard)).sum();
    assert_eq!(whole, size(&big.snapshot()));
    let people = people.iter().filter(|person| !is_removed(person)).cloned().collect();
    Country { people, big: big.snapshot(), shards: snapshots, whole, _directories: directories }
}

/// What all shards counted, together.
fn sum(all: Vec<ShardCounts>) -> ShardCounts {
    let mut all = all.into_iter();
    let mut sum = all.next().unwrap();
    all.for_each(|other| sum.add(&other).unwrap());
    sum
}

impl Country {
    fn searches(&self) -> Vec<Search<'_>> {
        self.shards.iter().map(|shard| Search::new(shard, judge()).unwrap().of_whole(self.whole)).collect()
    }

    /// The same for deduplications by fingers, in another order.
    fn sampled(&self) -> Vec<Search<'_>> {
        let hashes: Vec<_> = self.searches().iter().flat_map(|search| search.sample_hashes().unwrap()).collect();
        let parts = self.searches().into_iter().map(|search| search.finger_sample(&hashes).unwrap());
        let parts: Vec<FingerSample> = parts.rev().collect();
        let sample = Arc::new(FingerSample::of_all(parts));
        self.searches().into_iter().map(|search| search.with_sample(Arc::clone(&sample))).rev().collect()
    }

    /// The steps of an identification, as somebody who gathers takes them.
    fn identify(&self, probes: &[Registration], options: &IdentifyOptions<'_>) -> Vec<Vec<Candidate>> {
        self.identify_counting(probes, options).0
    }

    /// The same, with how often the shards' counts were gathered.
    fn identify_counting(
        &self,
        probes: &[Registration],
        options: &IdentifyOptions<'_>,
    ) -> (Vec<Vec<Candidate>>, usize) {
        let searches = self.searches();
        let begun = searches.iter().map(|search| search.screen_shard(probes, options).unwrap());
        let (mut screens, mut counts): (Vec<_>, Vec<_>) = begun.unzip();
        let mut gathered = 0;
        loop {
            gathered += 1;
            let all = sum(counts);
            let said = searches.iter().zip(&mut screens);
            let said: Vec<_> = said.map(|(search, screen)| search.go_on(screen, &all, options).unwrap()).collect();
            let goes_on = said[0].is_some();
            assert!(said.iter().all(|said| said.is_some() == goes_on));
            counts = said.into_iter().flatten().collect();
            if !goes_on {
                break;
            }
        }
        let names = searches.iter().zip(&screens);
        let names = names.map(|(search, screen)| search.name_in_shard(probes, options, screen));
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
        (all.into_iter().map(best).collect(), gathered)
    }

    /// What all blocks of a deduplication find.
    fn deduplicate(&self, options: &DeduplicateOptions<'_>) -> Vec<DuplicatePair> {
        let searches = self.sampled();
        let mut found = Vec::new();
        for (number, a) in searches.iter().enumerate() {
            found.extend(a.deduplicate(None, options).unwrap().pairs);
            for b in &searches[number + 1..] {
                found.extend(a.deduplicate(Some(b), options).unwrap().pairs);
            }
        }
        in_order(found)
    }
}

/// Pairs by their names, without clusters, which several blocks make together.
fn in_order(mut pairs: Vec<DuplicatePair>) -> Vec<DuplicatePair> {
    pairs.iter_mut().for_each(|pair| pair.cluster = None);
    pairs.sort_by_key(|pair| (pair.a.clone(), pair.b.clone(), pair.kind));
    pairs
}

/// That searches over shards answer what one gallery does.
fn compare(people: &[Registration], shards: u32, depths: &[Depth]) {
    let country = country(people, shards);
    let big = Search::new(&country.big, judge()).unwrap();
    let probes: Vec<_> = country.people.iter().step_by(country.people.len() / 12).cloned().collect();
    let female = Filter { sex: Some(Sex::Female), ..Filter::default() };
    for (number, &depth) in depths.iter().enumerate() {
        let all = [(Modality::Both, 1), (Modality::Face, 6), (Modality::Fingerprint, 3)];
        for ((modality, top), filter) in all.into_iter().zip([Filter::default(), Filter::default(), female.clone()]) {
            let options = IdentifyOptions { top, modality, depth, filter, ..IdentifyOptions::default() };
            let expected = big.identify(&probes, &options).unwrap().0;
            let expected: Vec<_> = expected.into_iter().map(|answer| answer.candidates).collect();
            assert_eq!(country.identify(&probes, &options), expected, "{shards} shards, {options:?}");
        }
        let modality = [Modality::Both, Modality::Fingerprint, Modality::Face][number % 3];
        for every_finger in [true, false] {
            let options = DeduplicateOptions { depth, modality, every_finger, ..DeduplicateOptions::default() };
            let expected = in_order(big.deduplicate(None, &options).unwrap().pairs);
            assert!(expected.len() > 5);
            assert_eq!(country.deduplicate(&options), expected, "{shards} shards, {depth:?}, {modality:?}");
        }
    }
}

#[test]
fn one_finger() {
    let people = people(200, 1);
    for shards in [1, 2, 5] {
        compare(&people, shards, &[Depth::Miss(0.005), Depth::Share(0.02), Depth::Exhaustive]);
    }
}

#[test]
fn two_fingers() {
    let people = people(150, 2);
    for shards in [1, 2, 5] {
        compare(&people, shards, &[Depth::Miss(0.005), Depth::Miss(0.05), Depth::Share(0.02)]);
    }
}

#[test]
fn three_fingers() {
    compare(&people(150, 3), 2, &[Depth::Miss(0.005), Depth::Share(0.02)]);
}

#[test]
fn five_fingers_of_more_people_than_are_sampled_by_a_search() {
    compare(&people(560, 5), 2, &[Depth::Miss(0.005)]);
}

#[test]
fn more_people_than_are_sampled_by_a_deduplication() {
    let mut people = people(3800, 1);
    people.retain(|person| person.templates().next().is_some());
    assert!(people.len() > 2048, "{}", people.len());
    let country = country(&people, 2);
    let (modality, depth) = (Modality::Fingerprint, Depth::Share(0.002));
    let options = DeduplicateOptions { modality, depth, ..DeduplicateOptions::default() };
    let big = Search::new(&country.big, judge()).unwrap();
    assert_eq!(country.deduplicate(&options), in_order(big.deduplicate(None, &options).unwrap().pairs));
}

#[test]
fn so_many_people_that_most_are_told_from_the_probes_by_their_sketches() {
    // Gates are found on a sample of the whole gallery, of which each shard has a part.
    let country = country(&people(2700, 2), 2);
    assert!(country.whole.registrations > 2048, "{:?}", country.whole);
    let big = Search::new(&country.big, judge()).unwrap();
    let probes: Vec<_> = country.people.iter().step_by(country.people.len() / 40).cloned().collect();
    let female = Filter { sex: Some(Sex::Female), ..Filter::default() };
    // With gates the hashes and the counts of the sample come first; where many are to survive there are none.
    let depths = [(0.002, Filter::default(), 4), (0.01, female, 4), (0.02, Filter::default(), 4)];
    for (depth, filter, steps) in depths.into_iter().chain([(0.1, Filter::default(), 2)]) {
        let (modality, depth) = (Modality::Fingerprint, Depth::Share(depth));
        let options = IdentifyOptions { top: 3, modality, depth, filter, ..IdentifyOptions::default() };
        let expected = big.identify(&probes, &options).unwrap().0;
        let expected: Vec<_> = expected.into_iter().map(|answer| answer.candidates).collect();
        assert_eq!(country.identify_counting(&probes, &options), (expected, steps), "{options:?}");
    }
}

#[test]
fn each_pair_is_in_one_block_and_fingers_need_the_sample_of_the_whole() {
    let country = country(&people(100, 1), 3);
    let pairs = country.deduplicate(&DeduplicateOptions::default());
    let names = |pair: &DuplicatePair| (pair.a.clone(), pair.b.clone());
    assert!(pairs.len() > 5);
    assert_eq!(pairs.iter().map(names).collect::<BTreeSet<_>>().len(), pairs.len());
    let without = country.searches()[0].deduplicate(None, &DeduplicateOptions::default());
    assert!(matches!(without, Err(SearchError::Shards { .. })));
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let country = country(&people(100, 2), 3);
    let depth = Depth::Share(0.1);
    let options = IdentifyOptions { modality: Modality::Fingerprint, depth, ..IdentifyOptions::default() };
    let search = &country.searches()[0];
    let begin = |probes: &[Registration]| search.screen_shard(probes, &options).unwrap();
    let mut both = country.people.iter().filter(|person| person.templates().count() == 2).cloned();
    let (one, several) = (both.next().unwrap(), both.by_ref().take(3).collect::<Vec<_>>());
    let one = std::slice::from_ref(&one);
    let (mut screen, _) = begin(one);
    let (_, mut others) = begin(&several);
    assert!(matches!(search.go_on(&mut screen, &others, &options), Err(SearchError::Shards { .. })));
    let early = search.name_in_shard(one, &options, &screen);
    assert!(matches!(early, Err(SearchError::Shards { .. })));
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
