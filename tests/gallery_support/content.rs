//! What a gallery holds, as a plain map, to be compared with what it should hold.

use std::collections::BTreeMap;
use vantay::{
    gallery::{Gallery, GalleryError, Modality, ReadOptions, Snapshot},
    registration::Registration,
    template::FingerPosition,
};

/// Registration name to everything that is stored of it, as text and bits.
pub type Content = BTreeMap<String, Vec<u8>>;

/// All that a registration says, in bytes; fingers by position.
pub fn bytes_of(registration: &Registration) -> Vec<u8> {
    let mut bytes = registration.personal_id.as_str().as_bytes().to_vec();
    bytes.extend(registration.captured_at.unwrap_or(-1).to_le_bytes());
    if let Some(portrait) = &registration.portrait {
        // To six digits: reading scales to length one again.
        let rounded = portrait.embedding.as_slice().iter().map(|c| (c * 1e5).round() as i32);
        bytes.extend(rounded.flat_map(i32::to_le_bytes));
    }
    for position in FingerPosition::all() {
        for template in registration.templates().filter(|t| t.position() == position) {
            bytes.push(position.number());
            bytes.push(template.quality().unwrap_or(255));
            bytes.extend_from_slice(bytemuck_bytes(template.minutiae()));
        }
    }
    bytes
}

fn bytemuck_bytes(minutiae: &[vantay::template::Minutia]) -> &[u8] {
    bytemuck::cast_slice(minutiae)
}

/// Everything that lives in a snapshot, found through every accessor, each of which must agree with the others.
pub fn content(snapshot: &Snapshot) -> Result<Content, GalleryError> {
    read(snapshot, true)
}

/// Reads everything and believes whatever is read.
pub fn read(snapshot: &Snapshot, strict: bool) -> Result<Content, GalleryError> {
    let mut content = Content::new();
    for segment in snapshot.segments() {
        for row in (0..segment.len()).filter(|&row| segment.is_live(row)) {
            let registration = segment.registration(row)?;
            let name = registration.id.to_string();
            let mut bytes = bytes_of(&registration);
            if let Some(faces) = segment.faces()?
                && let Some(i) = faces.of_row(row)
                && let Some(derived) = segment.derived(Modality::Face, 1)?
            {
                bytes.extend_from_slice(derived.item(i)?);
            }
            for position in FingerPosition::all() {
                let Some(fingers) = segment.fingers(position)? else { continue };
                let Some(derived) = segment.derived(Modality::Finger(position), 2)? else { continue };
                for i in fingers.of_row(row) {
                    bytes.extend_from_slice(derived.item(i)?);
                }
            }
            let twice = content.insert(name.clone(), bytes).is_some();
            let place = snapshot.find_registration(&name)?;
            let key = snapshot.subject_key(registration.personal_id.as_str());
            let of_subject = snapshot.rows_of_subject(key)?;
            if !strict {
                continue;
            }
            assert!(!twice, "{name} stands twice");
            let place = place.expect("a live row is found by name");
            assert!(of_subject.contains(&place));
            assert_eq!(snapshot.segments()[place.segment].id(), segment.id());
            assert_eq!(place.row as usize, row);
        }
    }
    Ok(content)
}

/// Opens and reads everything.
pub fn content_at(path: &std::path::Path, options: ReadOptions) -> Result<Content, GalleryError> {
    content(&Gallery::open_with(path, options)?.snapshot())
}
