//! What a search looks at, as Python asks for it.

use pyo3::{exceptions::PyValueError, prelude::*, pybacked::PyBackedBytes};
use vantay::{
    registration::Sex,
    search::{Depth, Filter, FingerMatching, GallerySize, IdentifyOptions, Modality},
    template::FingerPosition,
};

/// The numbers of a [`GallerySize`].
pub const SIZES: usize = 3 + FingerPosition::COUNT;

/// What a search looks at, from a dictionary.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Looking {
    pub top: usize,
    modality: String,
    fingers: String,
    born: Option<(u16, u16)>,
    sex: Option<String>,
    provinces: Vec<u16>,
    pub miss: f64,
    pub every_finger: bool,
    /// Of the gallery that this one is a shard of: subjects, registrations, rows, and fingers by position.
    whole: Option<[u64; SIZES]>,
    /// A sample of its fingers, as a message.
    pub sample: Option<PyBackedBytes>,
}

impl Looking {
    /// As an identification takes it.
    pub fn options(&self) -> PyResult<IdentifyOptions<'static>> {
        Ok(IdentifyOptions {
            top: self.top,
            modality: self.modality()?,
            fingers: self.matching()?,
            depth: Depth::Miss(self.miss),
            filter: self.filter()?,
            stop: None,
        })
    }

    pub fn whole(&self) -> Option<GallerySize> {
        let [subjects, registrations, rows, ref fingers @ ..] = self.whole?;
        Some(GallerySize { subjects, registrations, rows, fingers: *fingers })
    }

    pub fn modality(&self) -> PyResult<Modality> {
        match self.modality.as_str() {
            "face" => Ok(Modality::Face),
            "fingerprint" => Ok(Modality::Fingerprint),
            "both" => Ok(Modality::Both),
            _ => Err(PyValueError::new_err("modality: expected 'face', 'fingerprint' or 'both'")),
        }
    }

    pub fn matching(&self) -> PyResult<FingerMatching> {
        match self.fingers.as_str() {
            "same" => Ok(FingerMatching::Same),
            "any" => Ok(FingerMatching::Any),
            _ => Err(PyValueError::new_err("fingers: expected 'same' or 'any'")),
        }
    }

    fn filter(&self) -> PyResult<Filter> {
        let sex = match self.sex.as_deref() {
            None => None,
            Some("f") => Some(Sex::Female),
            Some("m") => Some(Sex::Male),
            Some(_) => return Err(PyValueError::new_err("sex: expected 'f' or 'm'")),
        };
        Ok(Filter { born: self.born.map(|(from, to)| from..=to), sex, provinces: self.provinces.clone() })
    }
}
