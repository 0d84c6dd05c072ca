//! Images of portraits that the caller has: looked up by registration, put into the page as data.
//!
//! They are put in rather than linked, so that the page stays one file, and within a limit, so that it still opens. Names are matched
//! against a listing of the folder: no registration's name can lead out of it.

use crate::failure::Failure;
use base64::Engine;
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

const MOST_BYTES: u64 = 256 << 10;
const MOST_BYTES_IN_ALL: u64 = 64 << 20;
const ENDINGS: [&str; 4] = ["png", "jpg", "jpeg", "webp"];

/// The images of a folder by registration, and how much may still be put in.
#[derive(Default)]
pub struct Portraits {
    files: BTreeMap<String, PathBuf>,
    used: u64,
    is_asked: bool,
}

impl Portraits {
    /// The images of `folder`.
    pub fn of_folder(folder: &Path) -> Result<Self, Failure> {
        let failed = |error| Failure::usage(format_args!("{}: {error}", folder.display()));
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let (stem, ending) = (path.file_stem().and_then(|s| s.to_str()), path.extension().and_then(|s| s.to_str()));
            if let (Some(stem), Some(ending)) = (stem, ending)
                && ENDINGS.contains(&ending.to_ascii_lowercase().as_str())
            {
                files.insert(stem.to_owned(), path);
            }
        }
        Ok(Portraits { files, used: 0, is_asked: true })
    }

    /// The image of a registration as a data address, or why there is none.
    pub fn of(&mut self, registration: &str) -> Result<(Option<String>, Option<&'static str>), Failure> {
        let Some(path) = self.files.get(registration) else {
            return Ok((None, self.is_asked.then_some("portrait_none")));
        };
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(|error| Failure::file(path, error))?;
        file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| Failure::file(path, error))?;
        let size = bytes.len() as u64;
        if size > MOST_BYTES {
            return Ok((None, Some("image_large")));
        }
        if self.used + size > MOST_BYTES_IN_ALL {
            return Ok((None, Some("image_budget")));
        }
        let Some(kind) = kind(&bytes) else { return Ok((None, Some("image_unknown"))) };
        self.used += size;
        Ok((Some(format!("data:{kind};base64,{}", base64::engine::general_purpose::STANDARD.encode(bytes))), None))
    }
}

/// What an image is, by its first bytes: what its name says counts for nothing.
fn kind(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}
