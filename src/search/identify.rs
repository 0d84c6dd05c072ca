//! One to many: whose is this?
//!
//! # Method
//! Each modality names its best subjects; what both name together is compared in every part, and the judge orders it. With a
//! portrait alone the list is exactly the best of the gallery; with both modalities a subject has to be among the best
//! [`IdentifyOptions::candidates`] of one of them.

use super::{
    Depth, Filter, FingerMatching, Judgement, Modality, PartScores, Search, SearchError, Work,
    error::check_depth,
    fingers::{FingerView, ReferenceFinger, compare_fingers},
    probe::{Bench, Probe},
    references::{References, SegmentReferences, is_kept},
    screening::SearchDepth,
    work::stopped,
};
use crate::{
    decision::{Decision, Purpose},
    face::{self, FaceColumn, FaceSearch, Wanted},
    gallery::Place,
    registration::Registration,
};
use ndarray::ArrayView2;
use rayon::prelude::*;
use std::{cmp::Ordering, sync::atomic::AtomicBool};

/// What an identification looks at and how much it returns.
#[derive(Clone, Debug)]
pub struct IdentifyOptions<'o> {
    /// At most how many candidates a probe gets.
    pub top: usize,
    /// Which parts of the probe are used.
    pub modality: Modality,
    /// Which fingers compare with which.
    pub fingers: FingerMatching,
    /// How many fingers survive the screen: what may be lost for speed.
    pub depth: Depth,
    /// Which subjects are looked at.
    pub filter: Filter,
    /// Set by another thread to stop.
    pub stop: Option<&'o AtomicBool>,
}

/// Who asks for so few probes at a time waits for each answer and will ask again; a batch reads what it needs.
const FEW_PROBES: usize = 3;

impl Default for IdentifyOptions<'_> {
    /// The best ten by whatever the probe has; of mates that a full comparison would accept, at most one in 200 is lost.
    fn default() -> Self {
        IdentifyOptions {
            top: 10,
            modality: Modality::default(),
            fingers: FingerMatching::default(),
            depth: Depth::Miss(0.005),
            filter: Filter::default(),
            stop: None,
        }
    }
}

impl IdentifyOptions<'_> {
    /// How many subjects each modality names for a probe before they are compared in all parts.
    pub(super) fn candidates(&self) -> usize {
        match self.modality {
            Modality::Face => self.top,
            _ => self.top.saturating_mul(4).max(16),
        }
    }
}

/// A subject that a probe may be of.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Candidate {
    /// Whose.
    pub personal_id: Box<str>,
    /// The subject's registration that is most alike.
    pub registration: Box<str>,
    /// The best score of each part over the subject's registrations.
    pub scores: PartScores,
    /// All parts together.
    pub judgement: Judgement,
}

/// The answer to one probe.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Identification {
    /// The best candidates, best first.
    pub candidates: Vec<Candidate>,
    /// The best decision of a candidate: [`Decision::None`] says nobody.
    pub decision: Decision,
}

/// A row with its score, in the order of results.
#[derive(Clone, Copy)]
pub(super) struct Named {
    pub score: f64,
    pub place: Place,
    pub subject: u128,
}

impl Search<'_> {
    /// Looks for each of `probes` in the whole gallery; the answers come in the order of the probes.
    ///
    /// # Errors
    /// If a portrait is of another model than the gallery's, the gallery is damaged, or the caller stopped it.
    pub fn identify(
        &self,
        probes: &[Registration],
        options: &IdentifyOptions<'_>,
    ) -> Result<(Vec<Identification>, Work), SearchError> {
        check_depth(options.depth)?;
        let kept = self.rows_kept(&options.filter)?;
        let probes = probes
            .par_iter()
            .map(|probe| {
                stopped(options.stop)?;
                Probe::new(probe, options.modality, self.references.snapshot)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let mut work = Work::default();
        let mut named: Vec<Vec<Named>> = vec![Vec::new(); probes.len()];
        self.name_by_face(&probes, options, &kept, &mut named, &mut work)?;
        self.name_by_fingers(&probes, options, &kept, &mut named, &mut work)?;
        let answers = probes
            .par_iter()
            .zip(named)
            .map_init(
                || Bench::new(self.level),
                |bench, (probe, named)| {
                    stopped(options.stop)?;
                    let subjects = named.iter().map(|named| named.subject).collect();
                    bench.compared = 0;
                    Ok((self.rank(bench, probe, options, &kept, subjects)?, bench.compared))
                },
            )
            .collect::<Result<Vec<_>, SearchError>>()?;
        self.warm_behind(probes.len());
        Ok((answers.into_iter().map(|(answer, _)| answer).collect(), work))
    }

    /// After a search for so many probes: has the gallery warmed for the next ones.
    pub(super) fn warm_behind(&self, probes: usize) {
        if probes <= FEW_PROBES {
            self.references.snapshot.warm_behind();
        }
    }

    pub(super) fn rows_kept(&self, filter: &Filter) -> Result<Vec<Option<Vec<u64>>>, SearchError> {
        self.references.segments.par_iter().map(|segment| segment.rows_kept(filter)).collect()
    }

    pub(super) fn name_by_face(
        &self,
        probes: &[Probe<'_>],
        options: &IdentifyOptions<'_>,
        kept: &[Option<Vec<u64>>],
        named: &mut [Vec<Named>],
        work: &mut Work,
    ) -> Result<(), SearchError> {
        let with_face: Vec<usize> = (0..probes.len()).filter(|&i| probes[i].embedding.is_some()).collect();
        let faces = FaceColumns::new(&self.references);
        let filters = faces.filters(kept);
        let columns = faces.columns(&filters)?;
        let (Some(&first), false) = (with_face.first(), columns.is_empty()) else { return Ok(()) };
        let dimension = probes[first].embedding.map_or(0, <[f32]>::len);
        let rows: Vec<f32> = with_face.iter().filter_map(|&i| probes[i].embedding).flatten().copied().collect();
        let mut search = FaceSearch::new(&columns, &faces, self.level)?;
        if let Some(stop) = options.stop {
            search = search.until(stop);
        }
        let matrix = ArrayView2::from_shape((with_face.len(), dimension), &rows)
            .map_err(|_| face::FaceError::Rows { dimension, found: rows.len() })?;
        let found = search.candidates(matrix, Wanted::top(options.candidates()));
        stopped(options.stop)?;
        let found = found.map_err(|e| faces.named(e))?;
        *work += found.work.into();
        for (&i, candidates) in with_face.iter().zip(&found.candidates) {
            named[i].extend(candidates.iter().map(|candidate| Named {
                score: candidate.score,
                place: faces.place(candidate.place),
                subject: face::References::subject(&faces, candidate.place),
            }));
        }
        Ok(())
    }

    fn name_by_fingers(
        &self,
        probes: &[Probe<'_>],
        options: &IdentifyOptions<'_>,
        kept: &[Option<Vec<u64>>],
        named: &mut [Vec<Named>],
        work: &mut Work,
    ) -> Result<(), SearchError> {
        let with_fingers: Vec<&Probe<'_>> = probes.iter().filter(|probe| probe.has_fingers()).collect();
        if with_fingers.is_empty() {
            return Ok(());
        }
        let survivors = match self.depth_of(probes, options) {
            None => None,
            Some(depth) => {
                let codes: Vec<_> = with_fingers.par_iter().map(|probe| probe.codes()).collect();
                Some(self.screen(&codes, options.fingers, depth, kept, options.stop, work)?)
            }
        };
        self.name_among(probes, options, kept, survivors, named, work)
    }

    /// How deep the screen of the fingers looks, or `None` if it is to let everybody through. Whoever asks for a long list gets it: as many
    /// survive as are to be named.
    pub(super) fn depth_of(&self, probes: &[Probe<'_>], options: &IdentifyOptions<'_>) -> Option<SearchDepth> {
        let least = options.candidates();
        let fingers = probes.iter().map(|probe| probe.fingers().len()).max().unwrap_or(0);
        let is_exhaustive = least as u64 >= self.registrations() || options.depth.share(fingers) >= 1.0;
        (!is_exhaustive).then_some(SearchDepth { depth: options.depth, share: 0.0, least })
    }

    /// Names the best by their fingers among the survivors of the screen, given for each probe with fingers, or among all.
    pub(super) fn name_among(
        &self,
        probes: &[Probe<'_>],
        options: &IdentifyOptions<'_>,
        kept: &[Option<Vec<u64>>],
        survivors: Option<Vec<Vec<Place>>>,
        named: &mut [Vec<Named>],
        work: &mut Work,
    ) -> Result<(), SearchError> {
        let views: Vec<(usize, Vec<FingerView<'_>>)> =
            probes.iter().enumerate().filter(|(_, p)| p.has_fingers()).map(|(i, p)| (i, p.fingers())).collect();
        let everywhere = if survivors.is_none() { self.places(kept) } else { Vec::new() };
        let is_screened = survivors.is_some();
        let survivors = survivors.unwrap_or_else(|| vec![Vec::new(); views.len()]);
        let answers = (0..views.len())
            .into_par_iter()
            .map(|v| {
                let places = if is_screened { &survivors[v] } else { &everywhere };
                let (i, fingers) = &views[v];
                let (list, compared) = self.best_by_fingers(&probes[*i], fingers, options, places)?;
                Ok((*i, list, compared))
            })
            .collect::<Result<Vec<_>, SearchError>>()?;
        for (i, list, compared) in answers {
            work.full_comparisons += compared;
            if !is_screened {
                work.comparisons += compared;
            }
            named[i].extend(list);
        }
        Ok(())
    }

    /// Every row that is kept.
    pub(super) fn places(&self, kept: &[Option<Vec<u64>>]) -> Vec<Place> {
        let rows = |(s, of): (usize, &SegmentReferences<'_>)| {
            let kept = kept[s].as_deref();
            let rows = (0..of.segment.len()).filter(move |&row| is_kept(kept, row));
            rows.map(move |row| Place { segment: s, row: row as u32 }).collect::<Vec<_>>()
        };
        self.references.segments.iter().enumerate().flat_map(rows).collect()
    }

    /// The best subjects among `places` by their fingers, and how many comparisons it took.
    fn best_by_fingers(
        &self,
        probe: &Probe<'_>,
        fingers: &[FingerView<'_>],
        options: &IdentifyOptions<'_>,
        places: &[Place],
    ) -> Result<(Vec<Named>, u64), SearchError> {
        const PLACES: usize = 256;
        let (matching, most) = (options.fingers, options.candidates());
        let best = places
            .par_chunks(PLACES)
            .map_init(
                || Bench::new(self.level),
                |bench, places| {
                    bench.compared = 0;
                    let (mut list, mut references) = (Vec::new(), Vec::new());
                    for &place in places {
                        stopped(options.stop)?;
                        let (of, row) = self.references.at(place);
                        of.fingers_of(row, |position| probe.compares(matching, position), &mut references)?;
                        if references.is_empty() {
                            continue;
                        }
                        let stored = references.iter().map(ReferenceFinger::view).collect::<Result<Vec<_>, _>>()?;
                        let mut parts = PartScores::default();
                        let compared = compare_fingers(&mut bench.comparer, matching, fingers, &stored, &mut parts);
                        bench.compared += compared.scores.len() as u64;
                        let score = self.judge.shares(&parts);
                        self.keep(&mut list, Named { score, place, subject: of.subjects[row] }, most);
                    }
                    Ok((list, bench.compared))
                },
            )
            .collect::<Result<Vec<_>, SearchError>>()?;
        let mut list = Vec::new();
        let mut compared = 0;
        for (part, count) in best {
            compared += count;
            part.into_iter().for_each(|entry| self.keep(&mut list, entry, most));
        }
        Ok((list, compared))
    }

    /// Keeps a list of the best `most` subjects, each once.
    fn keep(&self, list: &mut Vec<Named>, entry: Named, most: usize) {
        if let Some(same) = list.iter().position(|other| other.subject == entry.subject) {
            if self.order(&entry, &list[same]).is_ge() {
                return;
            }
            list.remove(same);
        } else if list.len() >= most && list.last().is_none_or(|last| self.order(&entry, last).is_ge()) {
            return;
        }
        let at = list.partition_point(|other| self.order(other, &entry).is_lt());
        list.insert(at, entry);
        list.truncate(most);
    }

    fn order(&self, a: &Named, b: &Named) -> Ordering {
        b.score.total_cmp(&a.score).then_with(|| self.references.order(a.place, b.place))
    }

    /// Compares the named subjects in all parts and orders them.
    pub(super) fn rank(
        &self,
        bench: &mut Bench,
        probe: &Probe<'_>,
        options: &IdentifyOptions<'_>,
        kept: &[Option<Vec<u64>>],
        mut subjects: Vec<u128>,
    ) -> Result<Identification, SearchError> {
        subjects.sort_unstable();
        subjects.dedup();
        let keeps = |place: Place| {
            let (of, row) = self.references.at(place);
            of.segment.is_live(row) && is_kept(kept[place.segment].as_deref(), row)
        };
        let mut ranked = Vec::with_capacity(subjects.len());
        for subject in subjects {
            let best = self.compare_subject(bench, probe, options.fingers, Purpose::Identify, subject, keeps)?;
            if let Some((place, scores, ways)) = best {
                ranked.push((self.judge.rank(Purpose::Identify, &scores)?, place, scores, ways));
            }
        }
        ranked.sort_by(|(a, a_place, ..), (b, b_place, ..)| {
            a.better_first(b).then_with(|| self.references.order(*a_place, *b_place))
        });
        ranked.truncate(options.top);
        let candidates = ranked
            .into_iter()
            .map(|(_, place, scores, ways)| {
                let (of, row) = self.references.at(place);
                let judgement = self.judge.decide(Purpose::Identify, &scores, self.gallery(&ways))?;
                Ok(Candidate {
                    personal_id: of.segment.personal_id(row)?.into(),
                    registration: of.segment.registration_name(row)?.into(),
                    scores,
                    judgement,
                })
            })
            .collect::<Result<Vec<_>, SearchError>>()?;
        let made = |decision| candidates.iter().any(|candidate: &Candidate| candidate.judgement.decision == decision);
        let decisions = [Decision::Match, Decision::Review];
        let decision = decisions.into_iter().find(|&decision| made(decision)).unwrap_or(Decision::None);
        Ok(Identification { candidates, decision })
    }
}

/// The segments that have portraits, as the face search numbers them.
pub(super) struct FaceColumns<'r, 'a> {
    references: &'r References<'a>,
    segments: Vec<usize>,
}

impl<'r, 'a> FaceColumns<'r, 'a> {
    pub fn new(references: &'r References<'a>) -> Self {
        let has_faces = |&s: &usize| references.segments[s].face.is_some();
        FaceColumns { references, segments: (0..references.segments.len()).filter(has_faces).collect() }
    }

    /// The bitmaps over face rows that belong to bitmaps over the segments' rows.
    pub fn filters(&self, kept: &[Option<Vec<u64>>]) -> Vec<Option<Vec<u64>>> {
        let filter = |&s: &usize| self.references.segments[s].face.as_ref().and_then(|f| f.kept(kept[s].as_deref()));
        self.segments.par_iter().map(filter).collect()
    }

    pub fn columns<'f>(&'f self, filters: &'f [Option<Vec<u64>>]) -> Result<Vec<FaceColumn<'f>>, SearchError> {
        let mut columns = Vec::with_capacity(self.segments.len());
        for (&s, filter) in self.segments.iter().zip(filters) {
            if let Some(face) = &self.references.segments[s].face {
                let column = face.column()?;
                columns.push(match filter {
                    Some(filter) => column.keeping(filter)?,
                    None => column,
                });
            }
        }
        Ok(columns)
    }

    /// Damage by the name of its file, if that is what a face search failed on.
    pub fn named(&self, error: face::FaceError) -> SearchError {
        let face::FaceError::Damaged { column, row } = error else { return error.into() };
        let face = self.segments.get(column as usize).and_then(|&s| self.references.segments[s].face.as_ref());
        match face.map(|face| face.faces.embedding(row as usize)) {
            Some(Err(damage)) => damage.into(),
            _ => error.into(),
        }
    }

    /// Where the row of a face column stands in the snapshot.
    pub fn place(&self, place: face::Place) -> Place {
        let segment = self.segments[place.column as usize];
        let row = self.references.segments[segment].face.as_ref().map_or(0, |f| f.faces.rows()[place.row as usize]);
        Place { segment, row }
    }
}

impl face::References for FaceColumns<'_, '_> {
    fn subject(&self, place: face::Place) -> u128 {
        let (of, row) = self.references.at(self.place(place));
        of.subjects[row]
    }

    fn order(&self, a: face::Place, b: face::Place) -> Ordering {
        self.references.order(self.place(a), self.place(b))
    }
}
