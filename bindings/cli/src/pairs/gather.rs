//! Collects what the page shows: figures of the run, the cards, their prints.

use super::{PageOptions, portraits::Portraits};
use crate::failure::Failure;
use std::{
    collections::{BTreeMap, HashMap},
    time::{SystemTime, UNIX_EPOCH},
};
use vantay::{
    decision::{Adjudications, Decision, Part, Purpose},
    evaluation::report::pairs::{Card, Count, FingerCard, Page, PartLine, Print, Run, Side},
    gallery::Snapshot,
    registration::Registration,
    search::{Deduplication, DuplicatePair, FingerExplanation, FingerMatching, Judge, PairKind, Search},
    template::MinutiaeTemplate,
};

/// A finished run, and everything that its page needs.
pub struct Gathering<'g> {
    pub found: &'g Deduplication,
    pub decided: &'g Adjudications,
    pub judge: &'g Judge,
    /// The gallery, with the name that the caller gave it.
    pub gallery: (&'g Search<'g>, &'g Snapshot, String),
    /// The other gallery, if there is one.
    pub against: Option<(&'g Search<'g>, &'g Snapshot, String)>,
    pub matching: FingerMatching,
    pub seconds: f64,
    /// The files with the keys of both galleries, if they are encrypted.
    pub keys: [Option<String>; 2],
}

/// The page's data.
pub fn data_of(run: &Gathering<'_>, options: &PageOptions) -> Result<Page, Failure> {
    let mut page = Page { language: options.language(), run: figures(run), ..Page::default() };
    let mut prints = Prints::default();
    let mut portraits = options.portraits()?;
    let is_settled =
        |pair: &DuplicatePair| pair.adjudication(run.decided).is_some_and(|known| known.decision.decision().is_some());
    // What a person has to judge has the first claim on the room; the list keeps its order.
    let pairs = &run.found.pairs;
    let open = (0..pairs.len()).filter(|&n| !is_settled(&pairs[n]));
    let settled = (0..pairs.len()).filter(|&n| is_settled(&pairs[n]));
    let mut chosen: Vec<usize> = open.chain(settled).take(options.report_pairs).collect();
    let mut drawn = chosen.clone();
    drawn.truncate(options.report_prints);
    drawn.sort_unstable();
    chosen.sort_unstable();
    for n in chosen {
        let is_drawn = drawn.binary_search(&n).is_ok();
        page.cards.push(card(run, &pairs[n], is_drawn, &mut prints, &mut portraits)?);
    }
    page.run.left_out = (pairs.len() - page.cards.len()) as u64;
    page.prints = prints.list;
    Ok(page)
}

fn figures(run: &Gathering<'_>) -> Run {
    let (found, sides) = (run.found, std::iter::once(&run.gallery).chain(&run.against));
    let mut counts: BTreeMap<(String, u8, bool), u64> = BTreeMap::new();
    for pair in &found.pairs {
        let known = pair.adjudication(run.decided).and_then(|known| known.decision.decision());
        let decision = pair.judgement.decision;
        *counts.entry((pair.kind.name().to_owned(), decision as u8, known.is_some())).or_default() += 1;
    }
    let decisions = [Decision::Match, Decision::Review, Decision::None];
    let counts = counts.into_iter().filter_map(|((kind, code, by_person), pairs)| {
        let decision = decisions.into_iter().find(|decision| *decision as u8 == code)?;
        Some(Count { kind, decision, by_person, pairs })
    });
    let rule = run.judge.policy().rule(Purpose::Deduplicate);
    let fusion = run.judge.fusion();
    let calibrations = [Part::Face, Part::Finger(0)].into_iter().filter_map(|part| fusion.calibration(part).ok());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (mut registrations, mut subjects, mut identity) = (0, 0, String::new());
    for (_, snapshot, _) in sides {
        registrations += snapshot.info().registrations;
        subjects += snapshot.info().subjects;
        identity += &format!("{:032x}", snapshot.gallery_number());
    }
    Run {
        gallery: run.gallery.2.clone(),
        against: run.against.as_ref().map(|(.., name)| name.clone()),
        identity,
        registrations,
        subjects,
        comparisons: found.work.comparisons,
        full_comparisons: found.work.full_comparisons,
        seconds: run.seconds,
        finished_at: i64::try_from(now.as_millis()).unwrap_or(i64::MAX),
        counts: counts.collect(),
        clusters: found.clusters.len() as u64,
        weak_clusters: found.clusters.iter().filter(|cluster| cluster.needs_review()).count() as u64,
        accept: Some(rule.accept),
        review: Some(rule.review),
        calibrations: calibrations.map(|calibration| calibration.fitted_on().clone()).collect(),
        evidence: found.pairs.iter().map(|p| (p.judgement.score, p.judgement.fmr, p.judgement.decision)).collect(),
        left_out: 0,
        keys: run.keys.clone(),
        library: env!("CARGO_PKG_VERSION").into(),
    }
}

fn card(
    run: &Gathering<'_>,
    pair: &DuplicatePair,
    drawn: bool,
    prints: &mut Prints,
    portraits: &mut Portraits,
) -> Result<Card, Failure> {
    let (search, other) = (run.gallery.0, run.against.as_ref().map(|(search, ..)| *search));
    let [a, b] = [search.enrolled(&pair.a.registration), other.unwrap_or(search).enrolled(&pair.b.registration)];
    let (a, b) = (a.map_err(Failure::run)?, b.map_err(Failure::run)?);
    let evidence = run.judge.evidence(&pair.scores);
    let parts = pair.scores.list().into_iter().map(|score| {
        let known = evidence.iter().find(|known| known.part == score.part);
        PartLine {
            part: score.part,
            score: score.score,
            llr: known.map(|known| known.llr),
            fmr: known.map(|known| known.fmr),
            fmr_interval: known.map(|known| known.fmr_interval),
            extrapolated: known.is_some_and(|known| known.extrapolated),
        }
    });
    // Where fingers may have changed places, any may be the other's.
    let is_straight = matches!(pair.kind, PairKind::DifferentId | PairKind::SameId);
    let matching = if is_straight { run.matching } else { FingerMatching::Any };
    let mut fingers = if drawn { search.explain_fingers(&a, &b, matching) } else { Vec::new() };
    // What the search took for mates is what the person sees.
    fingers.retain(|finger| {
        let at = |of: &Registration, n: usize| of.templates().nth(n).map(MinutiaeTemplate::position);
        let (one, other) = (at(&a, finger.a), at(&b, finger.b));
        pair.fingers.iter().any(|found| (Some(found.a), Some(found.b)) == (one, other))
    });
    let cluster = pair.cluster.and_then(|n| run.found.clusters.get(n as usize));
    let is_bridge = cluster.is_some_and(|cluster| {
        let named = |n: u32| run.found.members.get(n as usize);
        cluster.bridges.iter().filter(|bridge| bridge.joins_groups()).any(|bridge| {
            let ends = [named(bridge.pair.a), named(bridge.pair.b)];
            ends.contains(&Some(&pair.a)) && ends.contains(&Some(&pair.b))
        })
    });
    Ok(Card {
        kind: pair.kind.name().to_owned(),
        decision: pair.judgement.decision,
        reason: pair.judgement.reason.clone(),
        score: pair.judgement.score,
        llr: pair.judgement.llr,
        fmr: pair.judgement.fmr,
        fmr_interval: pair.judgement.fmr_interval,
        extrapolated: pair.judgement.extrapolated == Some(true),
        parts: parts.collect(),
        fingers: fingers
            .iter()
            .map(|finger| finger_card(&a, (usize::from(other.is_some()), &b), finger, prints))
            .collect::<Option<_>>()
            .unwrap_or_default(),
        drawn,
        cluster: pair.cluster,
        cluster_members: cluster.map_or(0, |cluster| cluster.members.len() as u64),
        weak_bridge: is_bridge,
        adjudication: pair.adjudication(run.decided).cloned(),
        a: side(&a, portraits)?,
        b: side(&b, portraits)?,
    })
}

fn side(of: &Registration, portraits: &mut Portraits) -> Result<Side, Failure> {
    let (image, image_missing) = portraits.of(of.id.as_str())?;
    Ok(Side {
        personal_id: of.personal_id.to_string(),
        registration: of.id.as_str().to_owned(),
        captured_at: of.captured_at,
        fingers: of.templates().map(|template| template.position().number()).collect(),
        portrait: of.portrait.is_some(),
        image,
        image_missing,
    })
}

fn finger_card(
    a: &Registration,
    (other_gallery, b): (usize, &Registration),
    finger: &FingerExplanation,
    prints: &mut Prints,
) -> Option<FingerCard> {
    let (one, other) = (a.templates().nth(finger.a)?, b.templates().nth(finger.b)?);
    let said = &finger.explanation;
    let rounded = |(x, y): (f32, f32)| (x.round() as i32, y.round() as i32);
    Some(FingerCard {
        a_position: one.position().number(),
        b_position: other.position().number(),
        score: f64::from(said.score()),
        prints: [prints.place((0, a), finger.a, one), prints.place((other_gallery, b), finger.b, other)],
        pairs: said.pairs().to_vec(),
        a_area: said.common_area().iter().map(|&corner| rounded(said.place_back(corner))).collect(),
        b_area: said.common_area().iter().map(|&corner| rounded(corner)).collect(),
    })
}

/// The prints of the page; one that several cards show stands once.
#[derive(Default)]
struct Prints {
    list: Vec<Print>,
    places: HashMap<(usize, String, usize), usize>,
}

impl Prints {
    fn place(&mut self, (gallery, of): (usize, &Registration), finger: usize, template: &MinutiaeTemplate) -> usize {
        let list = &mut self.list;
        *self.places.entry((gallery, of.id.as_str().to_owned(), finger)).or_insert_with(|| {
            let minutiae = template.minutiae().iter();
            list.push(Print {
                width: template.size().0,
                height: template.size().1,
                minutiae: minutiae
                    .map(|m| (m.x, m.y, m.angle, m.kind() == vantay::template::MinutiaKind::Bifurcation))
                    .collect(),
            });
            list.len() - 1
        })
    }
}
