//! Results as arrays: one allocation a column, handed to numpy without a copy.

use numpy::{IntoPyArray, PyArray1, PyArrayMethods};
use pyo3::{exceptions::PyMemoryError, prelude::*, types::PyDict};
use vantay::{
    decision::Decision,
    search::{Deduplication, DuplicatePair, Identification, Judgement, PartScores},
};

/// Texts as numpy's fixed-width unicode: the code points, padded with zeros, and the width.
pub fn texts<'py, 't>(
    py: Python<'py>,
    texts: impl Iterator<Item = &'t str> + Clone,
) -> (Bound<'py, PyArray1<u32>>, usize) {
    let width = texts.clone().map(|text| text.chars().count()).max().unwrap_or(0).max(1);
    let mut points = Vec::with_capacity(texts.size_hint().0 * width);
    for text in texts {
        let end = points.len() + width;
        points.extend(text.chars().map(u32::from));
        points.resize(end, 0);
    }
    (points.into_pyarray(py), width)
}

/// How a decision stands in a column of bytes.
pub fn number_of(decision: Decision) -> u8 {
    match decision {
        Decision::Match => 2,
        Decision::Review => 1,
        _ => 0,
    }
}

/// The parts' scores as columns: `face` (n,) and `fingers` (n, 11) by position, NaN where a part was not compared.
fn parts<'py>(into: &Bound<'py, PyDict>, rows: &[Option<&PartScores>]) -> PyResult<()> {
    let face: Vec<f64> = rows.iter().map(|parts| parts.and_then(|p| p.face).unwrap_or(f64::NAN)).collect();
    let mut fingers = vec![f64::NAN; rows.len() * 11];
    for (row, parts) in rows.iter().enumerate() {
        for &(position, score) in parts.map_or(&[][..], |parts| &parts.fingers) {
            fingers[row * 11 + usize::from(position.number())] = score;
        }
    }
    into.set_item("face", face.into_pyarray(into.py()))?;
    into.set_item("fingers", fingers.into_pyarray(into.py()).reshape([rows.len(), 11])?)
}

fn judgements<'py>(into: &Bound<'py, PyDict>, rows: &[Option<&Judgement>]) -> PyResult<()> {
    let py = into.py();
    let column = |of: &dyn Fn(&Judgement) -> Option<f64>| {
        let values: Vec<f64> = rows.iter().map(|row| row.and_then(of).unwrap_or(f64::NAN)).collect();
        values.into_pyarray(py)
    };
    into.set_item("score", column(&|j| Some(j.score)))?;
    into.set_item("llr", column(&|j| j.llr))?;
    into.set_item("fmr", column(&|j| j.fmr))?;
    into.set_item("fmr_low", column(&|j| j.fmr_interval.map(|interval| interval.low)))?;
    into.set_item("fmr_high", column(&|j| j.fmr_interval.map(|interval| interval.high)))?;
    let extrapolated: Vec<bool> = rows.iter().map(|row| row.and_then(|j| j.extrapolated) == Some(true)).collect();
    into.set_item("extrapolated", extrapolated.into_pyarray(py))?;
    let decisions: Vec<u8> = rows.iter().map(|row| row.map_or(0, |j| number_of(j.decision))).collect();
    into.set_item("decision", decisions.into_pyarray(py))
}

/// About the bytes of a candidate's place in the columns.
const PLACE: usize = 256;

/// Refuses answers for which there is no memory, before they are looked for.
pub fn check_room(probes: usize, top: usize) -> PyResult<()> {
    let bytes = probes.checked_mul(top).and_then(|places| places.checked_mul(PLACE));
    if bytes.is_some_and(|bytes| Vec::<u8>::new().try_reserve_exact(bytes).is_ok()) {
        return Ok(());
    }
    Err(PyMemoryError::new_err(format!("top={top}: no memory for so many candidates of each of {probes} probes")))
}

/// The candidates of `answers` as columns of `answers × width` rows; rows without a candidate are empty.
pub fn of_identifications<'py>(
    py: Python<'py>,
    answers: &[Identification],
    top: usize,
) -> PyResult<Bound<'py, PyDict>> {
    let columns = PyDict::new(py);
    let place = |row: usize| answers[row / top.max(1)].candidates.get(row % top.max(1));
    let rows: Vec<_> = (0..answers.len() * top).map(place).collect();
    columns.set_item("personal_id", texts(py, rows.iter().map(|c| c.map_or("", |c| &c.personal_id))))?;
    columns.set_item("registration", texts(py, rows.iter().map(|c| c.map_or("", |c| &c.registration))))?;
    judgements(&columns, &rows.iter().map(|c| c.map(|c| &c.judgement)).collect::<Vec<_>>())?;
    parts(&columns, &rows.iter().map(|c| c.map(|c| &c.scores)).collect::<Vec<_>>())?;
    let counts: Vec<i64> = answers.iter().map(|answer| answer.candidates.len() as i64).collect();
    columns.set_item("counts", counts.into_pyarray(py))?;
    let decisions: Vec<u8> = answers.iter().map(|answer| number_of(answer.decision)).collect();
    columns.set_item("decisions", decisions.into_pyarray(py))?;
    Ok(columns)
}

/// The pairs of a deduplication as columns, and its clusters as lists.
pub fn of_deduplication<'py>(py: Python<'py>, found: &Deduplication) -> PyResult<Bound<'py, PyDict>> {
    let columns = PyDict::new(py);
    let pairs: &[DuplicatePair] = &found.pairs;
    columns.set_item("a_personal_id", texts(py, pairs.iter().map(|pair| &*pair.a.personal_id)))?;
    columns.set_item("a_registration", texts(py, pairs.iter().map(|pair| &*pair.a.registration)))?;
    columns.set_item("b_personal_id", texts(py, pairs.iter().map(|pair| &*pair.b.personal_id)))?;
    columns.set_item("b_registration", texts(py, pairs.iter().map(|pair| &*pair.b.registration)))?;
    columns.set_item("kind", texts(py, pairs.iter().map(|pair| pair.kind.name())))?;
    judgements(&columns, &pairs.iter().map(|pair| Some(&pair.judgement)).collect::<Vec<_>>())?;
    parts(&columns, &pairs.iter().map(|pair| Some(&pair.scores)).collect::<Vec<_>>())?;
    let cluster: Vec<i64> = pairs.iter().map(|pair| pair.cluster.map_or(-1, i64::from)).collect();
    columns.set_item("cluster", cluster.into_pyarray(py))?;
    let name = |member: &u32| {
        let member = &found.members[*member as usize];
        (&*member.personal_id, &*member.registration)
    };
    let clusters: Vec<_> = (found.clusters.iter())
        .map(|cluster| {
            let members: Vec<_> = cluster.members.iter().map(name).collect();
            let unconfirmed: Vec<_> = cluster.unconfirmed.iter().map(name).collect();
            (members, name(&cluster.medoid), unconfirmed, cluster.is_complete(), cluster.needs_review())
        })
        .collect();
    columns.set_item("clusters", clusters)?;
    Ok(columns)
}
