//! What suffices: decisions by rules that are data.
//!
//! # Problem
//! An agency decides what proves an identity, what makes a duplicate, and what a person has to look at; an auditor asks years later why a pair
//! was decided as it was. So the rules stand in a file, and each decision carries its reason in a form that a machine reads.
//!
//! # Method
//! For each purpose (verify, identify, deduplicate) a level to accept and a level for review. A level is a rate or a likelihood ratio; rates of
//! searches are turned into rates of comparisons by the size of the gallery. Evidence passes a rate level in either of two ways:
//!
//! - one part alone: its FMR, times the number of ways that were open (each part, and their sum), is within the rate;
//! - all parts together: the FMR of the fused log-likelihood ratio, times the same number, is within the rate.
//!
//! Evidence that passes, but has a part that speaks strongly against (a portrait of a twin, another's fingers), goes to a person. So does what
//! passes the review level only.
//!
//! Raw scores may stand in place of rates where nothing is calibrated yet. They promise nothing, and the reason says so.

use super::{DecisionError, Fused, Fusion, Part, PartScore, PlannedGallery, file};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// One person, as far as the policy asks.
    Match,
    /// A person has to look.
    Review,
    /// Not one person, or not shown to be.
    None,
}

/// What a decision is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A claim against one subject.
    Verify,
    /// A candidate of a search.
    Identify,
    /// A pair of registrations.
    Deduplicate,
}

/// How much evidence it takes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Level {
    /// A false match rate of comparisons of two persons; where the best of several ways counts, they share it.
    Fmr(f64),
    /// A share of searches of strangers that find anybody, at the gallery's size.
    Fpir(f64),
    /// A number of false pairs expected when the whole gallery is compared with itself.
    FalsePairs(f64),
    /// A log10 likelihood ratio of all parts together.
    Llr(f64),
    /// Comparison scores of a face or of a finger, which promise no rate: any part that reaches its own suffices.
    Score {
        /// For portraits.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        face: Option<f64>,
        /// For fingers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        finger: Option<f64>,
    },
}

/// Which evidence may pass a rate level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suffices {
    /// One part alone, or all together.
    #[default]
    AnyPart,
    /// Only all parts together.
    Together,
    /// Each part that was compared, for itself.
    EveryPart,
}

/// The rule of one purpose.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What makes a match.
    pub accept: Level,
    /// What a person looks at; less evidence than `accept` asks for.
    pub review: Level,
    /// Which evidence counts.
    #[serde(default)]
    pub suffices: Suffices,
}

/// The rules of all purposes.
///
/// ```
/// use vantay::decision::{Decision, Fusion, Level, PartScore, Policy, Purpose};
/// // Nothing is calibrated yet, so raw scores decide.
/// let mut policy = Policy::default();
/// policy.verify.accept = Level::Score { face: Some(0.45), finger: Some(40.0) };
/// policy.verify.review = Level::Score { face: Some(0.35), finger: Some(25.0) };
/// let scores = [PartScore::face(0.38), PartScore::finger(2, 61.0)];
/// let outcome = policy.decide(Purpose::Verify, &scores, &Fusion::default(), None)?;
/// assert_eq!(outcome.decision, Decision::Match);
/// // Asked for a rate, it refuses and says what to run.
/// assert!(Policy::default().decide(Purpose::Verify, &scores, &Fusion::default(), None).is_err());
/// # Ok::<(), vantay::decision::DecisionError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Policy {
    format: String,
    version: u32,
    /// A name for the audit trail.
    pub name: String,
    /// One claim against one subject.
    pub verify: Rule,
    /// Candidates of a search.
    pub identify: Rule,
    /// Pairs of registrations.
    pub deduplicate: Rule,
    /// A part with a log10 likelihood ratio at or below this speaks against a match that the others make: review.
    pub contradiction_llr: f64,
}

impl Default for Policy {
    /// Verify at FMR 1e-6, by the portrait or a fingerprint or both together; identify at FPIR 1e-3 and deduplicate at one false pair in the whole
    /// gallery, by all parts together. A person looks from FMR 1e-3, FPIR 1e-1 and ten false pairs on, and where a part says 100 : 1 against.
    fn default() -> Self {
        let together = Suffices::Together;
        Self {
            format: Self::FORMAT.into(),
            version: Self::VERSION,
            name: "default".into(),
            verify: Rule { accept: Level::Fmr(1e-6), review: Level::Fmr(1e-3), suffices: Suffices::AnyPart },
            identify: Rule { accept: Level::Fpir(1e-3), review: Level::Fpir(1e-1), suffices: together },
            deduplicate: Rule { accept: Level::FalsePairs(1.0), review: Level::FalsePairs(10.0), suffices: together },
            contradiction_llr: -2.0,
        }
    }
}

/// Why a decision was made. In JSON an object with its `code`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "code", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// Both sides have no part in common.
    NothingCompared,
    /// One part alone passed.
    PartPassed {
        /// The part.
        part: Part,
        /// Its false match rate.
        fmr: f64,
        /// The rate it had to keep, the number of ways that were open taken into account.
        needed: f64,
    },
    /// Every part passed for itself.
    EveryPartPassed {
        /// The highest false match rate of them.
        fmr: f64,
        /// The rate each had to keep.
        needed: f64,
    },
    /// All parts together passed.
    TogetherPassed {
        /// Their log10 likelihood ratio.
        llr: f64,
        /// Its false match rate.
        fmr: f64,
        /// The rate it had to keep, the number of ways that were open taken into account.
        needed: f64,
    },
    /// The log-likelihood ratio passed.
    RatioPassed {
        /// The log10 likelihood ratio of all parts.
        llr: f64,
        /// What it had to reach.
        needed: f64,
    },
    /// A raw score passed, which promises no rate.
    ScorePassed {
        /// The part.
        part: Part,
        /// Its score.
        score: f64,
        /// What it had to reach.
        needed: f64,
    },
    /// The match level was passed, but a part speaks against it.
    PartContradicts {
        /// The part that speaks against.
        part: Part,
        /// Its log10 likelihood ratio.
        llr: f64,
    },
    /// Not even the review level was passed.
    NotEnough,
    /// A person decided.
    Adjudicated {
        /// What the person said.
        verdict: super::Verdict,
    },
}

/// A decision with its reason.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Outcome {
    /// What was decided.
    pub decision: Decision,
    /// Why: for a review by the weaker level, the way in which that was passed.
    pub reason: Reason,
    /// What the parts say together, unless raw scores decided.
    pub evidence: Option<Fused>,
}

impl Policy {
    const FORMAT: &str = "vantay-policy";
    const VERSION: u32 = 1;

    /// The rule for `purpose`.
    pub fn rule(&self, purpose: Purpose) -> &Rule {
        match purpose {
            Purpose::Verify => &self.verify,
            Purpose::Identify => &self.identify,
            Purpose::Deduplicate => &self.deduplicate,
        }
    }

    /// Decides by the scores of the parts that both sides have. `gallery` is needed for levels that depend on its size; a subject counts there as
    /// one comparison of persons.
    ///
    /// # Errors
    /// [`DecisionError::NotCalibrated`] if a rate or ratio is asked of a part without calibration,
    /// [`DecisionError::Content`] if a level needs the gallery's size and it is not given,
    /// [`DecisionError::Rate`] if a rate of the policy is out of range.
    pub fn decide(
        &self,
        purpose: Purpose,
        scores: &[PartScore],
        fusion: &Fusion,
        gallery: Option<PlannedGallery>,
    ) -> Result<Outcome, DecisionError> {
        let rule = self.rule(purpose);
        let needs_evidence = [rule.accept, rule.review].iter().any(|level| !matches!(level, Level::Score { .. }));
        let evidence = if needs_evidence { Some(fusion.fuse(scores)?) } else { None };
        let outcome = |decision, reason| Outcome { decision, reason, evidence: evidence.clone() };
        if scores.is_empty() {
            return Ok(outcome(Decision::None, Reason::NothingCompared));
        }
        let pass = |level| passes(level, rule.suffices, scores, evidence.as_ref(), gallery);
        let against = || evidence.iter().flat_map(|e| &e.parts).find(|part| part.llr <= self.contradiction_llr);
        Ok(match pass(rule.accept)? {
            Some(reason) => match against() {
                Some(part) => outcome(Decision::Review, Reason::PartContradicts { part: part.part, llr: part.llr }),
                None => outcome(Decision::Match, reason),
            },
            None => match pass(rule.review)? {
                Some(reason) => outcome(Decision::Review, reason),
                None => outcome(Decision::None, Reason::NotEnough),
            },
        })
    }

    /// The policy as JSON text.
    ///
    /// # Errors
    /// [`DecisionError::Content`] if it cannot be written as JSON.
    pub fn to_json(&self) -> Result<String, DecisionError> {
        simd_json::serde::to_string_pretty(self).map_err(|e| content(e.to_string()))
    }

    /// A policy from JSON text, checked.
    ///
    /// # Errors
    /// [`DecisionError::Content`] if it is not a policy of a version this library reads, [`DecisionError::Rate`] if a rate is out of range.
    pub fn from_json(text: &str) -> Result<Self, DecisionError> {
        let found: Self = file::parse("policy", text)?;
        if found.format != Self::FORMAT || found.version != Self::VERSION {
            return Err(content(format!("expected {} version {}", Self::FORMAT, Self::VERSION)));
        }
        if !found.contradiction_llr.is_finite() {
            return Err(content("contradiction_llr: expected a finite number".into()));
        }
        for rule in [found.verify, found.identify, found.deduplicate] {
            rule.accept.check()?;
            rule.review.check()?;
        }
        Ok(found)
    }

    /// Writes the policy file.
    ///
    /// # Errors
    /// [`DecisionError::File`] if it cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), DecisionError> {
        file::write(path.as_ref(), &self.to_json()?)
    }

    /// Reads a policy file.
    ///
    /// # Errors
    /// [`DecisionError::File`] if it cannot be read, [`DecisionError::InFile`] if it is not a policy.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, DecisionError> {
        file::load(path.as_ref(), Self::from_json)
    }
}

impl Level {
    fn check(self) -> Result<(), DecisionError> {
        match self {
            Level::Fmr(asked) if !(asked > 0.0 && asked < 1.0) => Err(DecisionError::Rate { what: "FMR", asked }),
            Level::Fpir(asked) if !(asked > 0.0 && asked < 1.0) => Err(DecisionError::Rate { what: "FPIR", asked }),
            Level::FalsePairs(asked) if !(asked > 0.0 && asked.is_finite()) => {
                Err(DecisionError::Rate { what: "expected number of false pairs", asked })
            }
            Level::Llr(llr) if !llr.is_finite() => Err(content("llr: expected a finite number".into())),
            _ => Ok(()),
        }
    }

    /// The false match rate of comparisons of persons that keeps the level, or `None` if it is not a rate.
    ///
    /// # Errors
    /// [`DecisionError::Content`] if it depends on the size of a gallery that is not given, [`DecisionError::Rate`] if it is out of range.
    pub fn as_fmr(self, gallery: Option<PlannedGallery>) -> Result<Option<f64>, DecisionError> {
        self.check()?;
        let sized =
            |level: &str| gallery.ok_or_else(|| content(format!("{level}: the size of the gallery is not given")));
        match self {
            Level::Fmr(fmr) => Ok(Some(gallery.map_or(fmr, |gallery| fmr / gallery.ways()))),
            Level::Fpir(fpir) => sized("fpir")?.fmr_for_fpir(fpir).map(Some),
            Level::FalsePairs(pairs) => sized("false_pairs")?.fmr_for_false_pairs(pairs).map(Some),
            Level::Llr(_) | Level::Score { .. } => Ok(None),
        }
    }
}

/// How the evidence passes `level`, or `None` if it does not.
fn passes(
    level: Level,
    suffices: Suffices,
    scores: &[PartScore],
    evidence: Option<&Fused>,
    gallery: Option<PlannedGallery>,
) -> Result<Option<Reason>, DecisionError> {
    if let Level::Score { face, finger } = level {
        let needed = |part| if part == Part::Face { face } else { finger };
        let passed = scores.iter().find_map(|s| needed(s.part).filter(|needed| s.score >= *needed).map(|n| (s, n)));
        return Ok(passed.map(|(s, needed)| Reason::ScorePassed { part: s.part, score: s.score, needed }));
    }
    let Some(evidence) = evidence else { return Ok(None) };
    if let Level::Llr(needed) = level {
        return Ok((evidence.llr >= needed).then_some(Reason::RatioPassed { llr: evidence.llr, needed }));
    }
    let Some(fmr) = level.as_fmr(gallery)? else { return Ok(None) };
    let Fused { llr, fmr: fused, ref parts, .. } = *evidence;
    let together = |needed: f64| (fused <= needed).then_some(Reason::TogetherPassed { llr, fmr: fused, needed });
    Ok(match suffices {
        Suffices::Together => together(fmr),
        Suffices::EveryPart => {
            let highest = parts.iter().map(|part| part.fmr).fold(0.0, f64::max);
            (highest <= fmr).then_some(Reason::EveryPartPassed { fmr: highest, needed: fmr })
        }
        Suffices::AnyPart => {
            // Each way that is open is a chance for a stranger, so they share the rate.
            let needed = fmr / if parts.len() > 1 { parts.len() as f64 + 1.0 } else { 1.0 };
            let best = parts.iter().filter(|part| part.fmr <= needed).min_by(|a, b| a.fmr.total_cmp(&b.fmr));
            match best {
                Some(part) => Some(Reason::PartPassed { part: part.part, fmr: part.fmr, needed }),
                None => together(needed),
            }
        }
    })
}

fn content(reason: String) -> DecisionError {
    DecisionError::Content { kind: "policy", reason }
}
