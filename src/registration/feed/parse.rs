//! One line to one registration.

use super::fields::{Fault, Field, Path, absent, fields_of};
use crate::{
    registration::{
        FeedError, FeedPlace, FeedProblem, Finger, IdScheme, PersonalId, Portrait, Registration, RegistrationId,
    },
    template::{self, FaceEmbedding, FingerPosition, Format, Record},
};
use base64::{Engine, engine::general_purpose::STANDARD_PAD_INDIFFERENT};
use simd_json::{Buffers, INPUT_PADDING, Node, Tape};
use std::{cell::RefCell, str::FromStr, sync::Arc};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// The embedding model of a gallery: only embeddings of this name and dimension compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaceModel {
    /// The model's name, 1 to 64 bytes.
    pub name: Box<str>,
    /// The dimension of its embeddings.
    pub dimension: usize,
}

/// What a feed has to be like.
#[derive(Clone, Debug)]
pub struct FeedOptions {
    /// How personal IDs are formed.
    pub id_scheme: IdScheme,
    /// The model that portraits have to be of; `None` takes any.
    pub face_model: Option<FaceModel>,
    /// The longest line in bytes, one megabyte by default. What a reader holds in memory grows with it: about five such
    /// lines, and on each parsing thread 40 times its length for a line made to be costly, such as `[[[[…`.
    pub max_line_bytes: usize,
    /// How many threads parse; 0 takes rayon's global pool.
    pub threads: usize,
}

impl Default for FeedOptions {
    fn default() -> Self {
        FeedOptions { id_scheme: IdScheme::Vietnam, face_model: None, max_line_bytes: 1 << 20, threads: 0 }
    }
}

/// The longest name of a model or a format, and the longest reason of a missing finger, in bytes.
const NAME_BYTES: usize = 64;

/// How deep a line may nest before it is refused. A registration needs three.
const MAX_DEPTH: usize = 32;

/// Buffers of one parsing thread, kept from line to line.
struct Scratch {
    text: Vec<u8>,
    buffers: Buffers,
    tape: Tape<'static>,
    bytes: Vec<u8>,
    numbers: Vec<f32>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch {
        text: Vec::new(),
        buffers: Buffers::with_max_depth(4096, MAX_DEPTH),
        tape: Tape(Vec::new()),
        bytes: Vec::new(),
        numbers: Vec::new(),
    });
}

/// The registration in `line`, one JSON object.
///
/// ```
/// use vantay::registration::{FeedOptions, IdScheme, parse_line};
///
/// let line = format!(
///     r#"{{"registration": "R1", "personal_id": "001204000257", "portrait": {{"model": "m", "embedding": {:?}}}}}"#,
///     [1.0; 16]
/// );
/// let registration = parse_line(line.as_bytes(), &FeedOptions::default())?;
/// assert_eq!(registration.portrait.unwrap().embedding.as_slice(), [0.25; 16]);
///
/// let problem = parse_line(br#"{"registration": "R1", "personal_id": "?"}"#, &FeedOptions::default()).unwrap_err();
/// assert_eq!(problem.field, "personal_id");
/// # Ok::<(), vantay::registration::FeedProblem>(())
/// ```
///
/// # Errors
/// [`FeedProblem`] with the field and the reason, its place being line 1 of a file without a name.
pub fn parse_line(line: &[u8], options: &FeedOptions) -> Result<Registration, FeedProblem> {
    let place = FeedPlace { file: Arc::from(""), line: 1, offset: 0 };
    parse_at(line, options, &place, 0)
}

/// The registration in `line`, which stands at `place` behind `indent` bytes.
pub(super) fn parse_at(
    line: &[u8],
    options: &FeedOptions,
    place: &FeedPlace,
    indent: usize,
) -> Result<Registration, FeedProblem> {
    SCRATCH.with_borrow_mut(|scratch| scratch.parse(line, options)).map_err(|fault| FeedProblem {
        place: place.clone(),
        offset: place.offset + (indent + fault.at.unwrap_or(0)) as u64,
        field: fault.field,
        reason: fault.reason,
    })
}

impl Scratch {
    fn parse(&mut self, line: &[u8], options: &FeedOptions) -> Result<Registration, Fault> {
        self.text.clear();
        self.text.extend_from_slice(line);
        self.text.resize(line.len() + INPUT_PADDING, 0);
        let text_start = self.text.as_ptr() as usize;
        let mut tape = std::mem::replace(&mut self.tape, Tape(Vec::new())).reset();
        let outcome = match simd_json::fill_tape_padded(&mut self.text, line.len(), &mut self.buffers, &mut tape) {
            Ok(()) => {
                let mut parser = LineParser { text_start, options, bytes: &mut self.bytes, numbers: &mut self.numbers };
                parser.registration(&tape.0)
            }
            Err(error) => Err(Fault {
                field: String::new(),
                at: Some(error.index().min(line.len())),
                // The parser's own text quotes the character it met; its kind is enough.
                reason: FeedError::Json { reason: in_words(&format!("{:?}", error.error())) },
            }),
        };
        self.tape = tape.reset();
        outcome
    }
}

/// What reading one record needs beside its nodes.
struct LineParser<'s> {
    text_start: usize,
    options: &'s FeedOptions,
    bytes: &'s mut Vec<u8>,
    numbers: &'s mut Vec<f32>,
}

impl LineParser<'_> {
    fn registration(&mut self, nodes: &[Node<'_>]) -> Result<Registration, Fault> {
        let names = ["registration", "personal_id", "captured_at", "portrait", "fingers"];
        let [id, personal_id, captured_at, portrait, fingers] = fields_of(nodes, Path::Root, self.text_start, names)?;
        let id = id.ok_or_else(|| absent(Path::Root, "registration"))?;
        let personal_id = personal_id.ok_or_else(|| absent(Path::Root, "personal_id"))?;
        let registration = Registration {
            id: RegistrationId::new(id.text()?).map_err(|error| id.fault(error))?,
            personal_id: PersonalId::new(personal_id.text()?, self.options.id_scheme)
                .map_err(|error| personal_id.fault(error))?,
            captured_at: captured_at.map(|field| time_of(&field)).transpose()?,
            portrait: portrait.map(|field| self.portrait(&field)).transpose()?,
            fingers: fingers.map_or(Ok(Vec::new()), |field| self.fingers(&field))?,
        };
        if registration.portrait.is_none() && registration.templates().all(|template| template.minutiae().is_empty()) {
            return Err(Fault { field: String::new(), at: None, reason: FeedError::NothingUsable });
        }
        Ok(registration)
    }

    fn portrait(&mut self, portrait: &Field<'_, '_>) -> Result<Portrait, Fault> {
        let path = Path::In(portrait);
        let [model, embedding] = fields_of(portrait.nodes(), path, self.text_start, ["model", "embedding"])?;
        let model = model.ok_or_else(|| absent(path, "model"))?;
        let embedding = embedding.ok_or_else(|| absent(path, "embedding"))?;
        let name = model.short_text(NAME_BYTES)?;
        if let Some(expected) = &self.options.face_model
            && *expected.name != *name
        {
            return Err(model.fault(FeedError::OtherModel { found: name.into(), expected: expected.name.to_string() }));
        }
        self.numbers.clear();
        if embedding.is_array() {
            embedding.numbers(self.numbers)?;
        } else {
            self.decode(&embedding)?;
            let components = self.bytes.chunks_exact(4);
            if !components.remainder().is_empty() {
                return Err(embedding.fault(FeedError::EmbeddingBytes { found: self.bytes.len() }));
            }
            self.numbers.extend(components.map(|c| f32::from_le_bytes([c[0], c[1], c[2], c[3]])));
        }
        let found = self.numbers.len();
        if let Some(expected) = &self.options.face_model
            && expected.dimension != found
        {
            return Err(embedding.fault(FeedError::OtherDimension { found, expected: expected.dimension }));
        }
        let components = FaceEmbedding::new(self.numbers).map_err(|error| embedding.fault(error))?;
        Ok(Portrait { model: name.into(), embedding: components })
    }

    fn fingers(&mut self, array: &Field<'_, '_>) -> Result<Vec<Finger>, Fault> {
        let mut fingers = Vec::with_capacity(10);
        for (element, nodes) in array.elements()?.enumerate() {
            let path = Path::Element(array, element);
            let names = ["position", "format", "template", "missing"];
            let [position, format, template, missing] = fields_of(nodes, path, self.text_start, names)?;
            let at = match &position {
                Some(field) => FingerPosition::new(field.byte()?).map_err(|error| field.fault(error))?,
                None => FingerPosition::UNKNOWN,
            };
            match (template, missing) {
                (Some(template), None) => self.views(at, format.as_ref(), &template, &mut fingers)?,
                (None, Some(missing)) if at == FingerPosition::UNKNOWN => {
                    let field = position.unwrap_or(missing);
                    return Err(
                        field.fault(FeedError::Kind { expected: "a position from 1 to 10 of a missing finger" })
                    );
                }
                (None, Some(missing)) => {
                    fingers.push(Finger::Missing { position: at, reason: missing.short_text(NAME_BYTES)?.into() });
                }
                (Some(field), Some(_)) => return Err(field.fault(FeedError::TemplateOrMissing)),
                (None, None) => {
                    let mut fault = absent(path, "template");
                    fault.reason = FeedError::TemplateOrMissing;
                    return Err(fault);
                }
            }
        }
        Ok(fingers)
    }

    /// The views of one template record, each a finger of its own.
    fn views(
        &mut self,
        at: FingerPosition,
        format: Option<&Field<'_, '_>>,
        template: &Field<'_, '_>,
        fingers: &mut Vec<Finger>,
    ) -> Result<(), Fault> {
        self.decode(template)?;
        let record = match format {
            None => template::read(self.bytes).map_err(|error| template.fault(error))?,
            Some(named) => self.read_named(named, template)?,
        };
        fingers.extend(Finger::of_record(&record, at).map_err(|error| template.fault(error))?);
        Ok(())
    }

    /// The record in `self.bytes`, which the line says to be of the format `named`.
    fn read_named(&self, named: &Field<'_, '_>, template: &Field<'_, '_>) -> Result<Record, Fault> {
        let said = named.short_text(NAME_BYTES)?;
        let format =
            Format::from_str(said).map_err(|_| named.fault(FeedError::UnknownFormat { found: said.into() }))?;
        template::read_as(format, self.bytes).or_else(|error| match template::read(self.bytes) {
            // The name of the 2009 edition covers its amendment.
            Ok(record) if (format, record.format()) == (Format::Incits378V2009, Format::Incits378V2009Am1) => {
                Ok(record)
            }
            Ok(record) => Err(named.fault(FeedError::OtherFormat { said: format, found: record.format() })),
            Err(_) => Err(template.fault(error)),
        })
    }

    /// Decodes the base64 of `field` into `self.bytes`.
    fn decode(&mut self, field: &Field<'_, '_>) -> Result<(), Fault> {
        self.bytes.clear();
        STANDARD_PAD_INDIFFERENT.decode_vec(field.text()?, self.bytes).map_err(|error| {
            // The crate's message quotes the symbol it met; the place is enough.
            field.fault(FeedError::Base64 { at: offset_of(&error) })
        })
    }
}

/// A name such as `ExpectedArrayComma` in words.
fn in_words(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 8);
    for c in name.chars() {
        if c.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(c.to_ascii_lowercase());
    }
    words
}

fn offset_of(error: &base64::DecodeError) -> Option<usize> {
    match error {
        base64::DecodeError::InvalidByte(at, _) => Some(*at),
        _ => None,
    }
}

/// Milliseconds since 1970 of an RFC 3339 time, towards the past.
fn time_of(field: &Field<'_, '_>) -> Result<i64, Fault> {
    let time = OffsetDateTime::parse(field.short_text(NAME_BYTES)?, &Rfc3339)
        .map_err(|error| field.fault(FeedError::Time { reason: error.to_string() }))?;
    Ok(time.unix_timestamp() * 1000 + i64::from(time.millisecond()))
}
