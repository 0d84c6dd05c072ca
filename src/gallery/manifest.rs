//! The manifest: which files make the gallery as of a commit. Replaced by renaming, so a reader finds the old or the new.
//!
//! Two lines of text. The first names the format and guards the second, so that a later format is refused by name before anything
//! else of it is read:
//!
//! ```text
//! VANTAY-GALLERY 1.1 crc32c=9ab3c041 length=412
//! {"gallery":"…","commit":7,…}
//! ```

use super::{
    FaceSpec, GalleryError, Key,
    layout::{CIPHER, ENCRYPTED, MAJOR, MANIFEST, MANIFEST_COPY, MANIFEST_MAGIC, MANIFEST_NEXT, MINOR},
    storage::Storage,
};
use crate::registration::IdScheme;
use serde::{Deserialize, Serialize};
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// No manifest has more bytes: two million segments.
const LONGEST: u64 = 256 << 20;

/// What a commit published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// The gallery's random number, 32 hexadecimal digits.
    pub gallery: String,
    pub commit: u64,
    /// The number of the next segment; numbers are never used twice.
    pub next_segment: u64,
    /// `vietnam` or `opaque`.
    pub ids: String,
    pub face: Option<ManifestFace>,
    /// Names of features that a reader has to know.
    pub features: Vec<String>,
    /// How the segments are encrypted, if they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<ManifestEncryption>,
    /// Live registrations and the subjects they are of.
    pub registrations: u64,
    pub subjects: u64,
    /// In the order in which rows are searched.
    pub segments: Vec<ManifestSegment>,
}

/// The face model of a gallery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ManifestFace {
    pub model: String,
    pub dimension: u64,
}

/// The encryption of a gallery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ManifestEncryption {
    pub cipher: String,
    /// Tells a wrong key, 32 hexadecimal digits.
    pub check: String,
}

/// One segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ManifestSegment {
    pub id: u64,
    pub bytes: u64,
    pub rows: u64,
    /// CRC-32C of the trailer.
    pub trailer: u32,
    /// Rows that live, and the commit whose file says which; `None` if all do.
    pub live: Option<ManifestLive>,
}

/// The live rows of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ManifestLive {
    pub commit: u64,
    pub rows: u64,
}

/// Refuses files of a later format.
pub(crate) fn refuse_newer(path: &Path, major: u16, minor: u16) -> Result<(), GalleryError> {
    if major > MAJOR || (major == MAJOR && minor > MINOR) || major == 0 {
        return Err(GalleryError::Newer {
            path: path.to_path_buf(),
            found: format!("{major}.{minor}"),
            supported: format!("{MAJOR}.{MINOR}"),
        });
    }
    Ok(())
}

impl Manifest {
    /// Reads and checks the manifest of a directory.
    pub(crate) fn read(directory: &Path) -> Result<Manifest, GalleryError> {
        let path = directory.join(MANIFEST);
        let bytes = read_bounded(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => GalleryError::NotAGallery { path: directory.to_path_buf() },
            _ => GalleryError::io(&path, "read")(error),
        })?;
        Self::parse(&path, &bytes)
    }

    /// Reads a manifest from its bytes.
    pub(crate) fn parse(path: &Path, bytes: &[u8]) -> Result<Manifest, GalleryError> {
        let damaged = |offset: usize, reason: String| GalleryError::Damaged {
            path: path.to_path_buf(),
            offset: offset as u64,
            part: "manifest".into(),
            reason,
        };
        let line_end = bytes.iter().take(128).position(|&b| b == b'\n');
        let line = line_end.and_then(|end| std::str::from_utf8(&bytes[..end]).ok());
        let Some((line, start)) = line.zip(line_end.map(|end| end + 1)) else {
            return Err(damaged(0, "no first line".into()));
        };
        let mut words = line.split(' ');
        if words.next() != Some(MANIFEST_MAGIC) {
            return Err(damaged(0, format!("does not start with {MANIFEST_MAGIC}")));
        }
        let version = words.next().and_then(|word| word.split_once('.'));
        let version = version.and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
        let Some((major, minor)) = version else { return Err(damaged(0, "no version".into())) };
        refuse_newer(path, major, minor)?;
        let checksum = words.next().and_then(|word| word.strip_prefix("crc32c="));
        let checksum = checksum.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let length: Option<usize> =
            words.next().and_then(|word| word.strip_prefix("length=")).and_then(|n| n.parse().ok());
        let (Some(checksum), Some(length), None) = (checksum, length, words.next()) else {
            return Err(damaged(0, "the first line does not read".into()));
        };
        let body = &bytes[start..];
        if body.len() != length {
            return Err(damaged(bytes.len(), format!("{} bytes follow the first line, expected {length}", body.len())));
        }
        if first_line(major, minor, body) != line.as_bytes() {
            let reason = if self::checksum(major, minor, body) == checksum {
                "the first line is not as written"
            } else {
                "wrong checksum"
            };
            return Err(damaged(start, reason.into()));
        }
        let mut body = body.to_vec();
        let manifest: Manifest =
            simd_json::serde::from_slice(&mut body).map_err(|e| damaged(start, format!("does not read: {e}")))?;
        if let Some(feature) = manifest.features.iter().find(|feature| *feature != ENCRYPTED) {
            return Err(GalleryError::Feature { path: path.to_path_buf(), feature: feature.clone() });
        }
        if let Some(cipher) = manifest.encryption.as_ref().map(|of| &of.cipher).filter(|cipher| *cipher != CIPHER) {
            return Err(GalleryError::Feature { path: path.to_path_buf(), feature: format!("cipher {cipher}") });
        }
        manifest.check().map_err(|reason| damaged(start, reason))?;
        Ok(manifest)
    }

    /// What a sane manifest keeps.
    fn check(&self) -> Result<(), String> {
        self.gallery_bytes().ok_or("the gallery's number is not 32 hexadecimal digits")?;
        self.scheme().ok_or_else(|| format!("ID scheme \"{}\" is not known", self.ids))?;
        if let Some(face) = &self.face {
            FaceSpec { model: face.model.as_str().into(), dimension: face.dimension as usize }.check()?;
        }
        if self.features.len() != usize::from(self.encryption.is_some()) {
            return Err("whether it is encrypted is said in two ways".into());
        }
        if self.commit >= 1 << 60 || self.next_segment >= 1 << 60 {
            return Err("commit or segment numbers that no gallery reaches".into());
        }
        let mut ids: Vec<u64> = self.segments.iter().map(|segment| segment.id).collect();
        ids.sort_unstable();
        if ids.windows(2).any(|pair| pair[0] == pair[1]) || ids.last().is_some_and(|&last| last >= self.next_segment) {
            return Err("segment numbers repeat or reach beyond the next".into());
        }
        let mut live = 0u64;
        for segment in &self.segments {
            let rows = segment.live.map_or(segment.rows, |live| live.rows);
            if rows > segment.rows || segment.rows > u64::from(u32::MAX) {
                return Err(format!("segment {}: {rows} of {} rows", segment.id, segment.rows));
            }
            live += rows;
        }
        if live != self.registrations || self.subjects > live {
            return Err(format!("{live} live rows, {} registrations, {} subjects", self.registrations, self.subjects));
        }
        Ok(())
    }

    /// The gallery's number.
    pub(crate) fn gallery_bytes(&self) -> Option<[u8; 16]> {
        u128::from_str_radix(&self.gallery, 16).ok().filter(|_| self.gallery.len() == 32).map(u128::to_be_bytes)
    }

    /// The key by which the segments of the gallery in `directory` are opened, out of what the caller gave.
    pub(crate) fn key<'k>(&self, directory: &Path, given: Option<&'k Key>) -> Result<Option<&'k Key>, GalleryError> {
        let path = || directory.to_path_buf();
        match (&self.encryption, given) {
            (None, None) => Ok(None),
            (Some(_), None) => Err(GalleryError::Encrypted { path: path() }),
            (None, Some(_)) => Err(GalleryError::NotEncrypted { path: path() }),
            (Some(of), Some(key)) if key.check_value(self.gallery_bytes().unwrap_or_default()) == of.check => Ok(given),
            (Some(_), Some(_)) => Err(GalleryError::WrongKey { path: path() }),
        }
    }

    /// The ID scheme, if this version knows it.
    pub(crate) fn scheme(&self) -> Option<IdScheme> {
        match self.ids.as_str() {
            "vietnam" => Some(IdScheme::Vietnam),
            "opaque" => Some(IdScheme::Opaque),
            _ => None,
        }
    }

    /// The bytes of the file.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, GalleryError> {
        let body = simd_json::serde::to_vec(self)
            .map_err(|_| GalleryError::Option { reason: "the manifest cannot be written as JSON" })?;
        let mut bytes = first_line(MAJOR, MINOR, &body);
        bytes.push(b'\n');
        bytes.extend_from_slice(&body);
        Ok(bytes)
    }

    /// Publishes the manifest. When it returns, the commit and every file it names survive a loss of power.
    ///
    /// The files must have been synced. Their names are made durable before the manifest that speaks of them, and the manifest's
    /// content before its name. The copy of the manifest before is gone by then.
    pub(crate) fn publish(&self, storage: &dyn Storage, directory: &Path) -> Result<(), GalleryError> {
        let (next, path, copy) =
            (directory.join(MANIFEST_NEXT), directory.join(MANIFEST), directory.join(MANIFEST_COPY));
        // What would not be read must not take the place of what is.
        self.check().map_err(|reason| GalleryError::Damaged {
            path: next.clone(),
            offset: 0,
            part: "manifest".into(),
            reason,
        })?;
        let mut file = storage.create(&next).map_err(GalleryError::io(&next, "create"))?;
        file.append(&self.to_bytes()?).map_err(GalleryError::io(&next, "write"))?;
        file.sync().map_err(GalleryError::io(&next, "sync"))?;
        drop(file);
        // Whoever this commit removes must not come back by a repair from the copy of the one before.
        match storage.remove(&copy) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(GalleryError::io(&copy, "remove")(error));
            }
            _ => {}
        }
        storage.sync_directory(directory).map_err(GalleryError::io(directory, "sync"))?;
        storage.rename(&next, &path).map_err(GalleryError::io(&path, "replace"))?;
        storage.sync_directory(directory).map_err(GalleryError::io(directory, "sync"))?;
        self.write_copy(storage, directory);
        Ok(())
    }

    /// Writes the copy that repair falls back on. The commit stands without it, so a failure is nobody's error, and it is not
    /// synced: repair sees whether it is whole, and the next writer writes it anew if it is not.
    fn write_copy(&self, storage: &dyn Storage, directory: &Path) {
        let path = directory.join(MANIFEST_COPY);
        let written = self.to_bytes().ok().and_then(|bytes| storage.create(&path).ok()?.append(&bytes).ok());
        if written.is_none() {
            let _ = storage.remove(&path);
        }
    }

    /// Writes the copy anew if it is not that of this manifest.
    pub(crate) fn renew_copy(&self, storage: &dyn Storage, directory: &Path) {
        let path = directory.join(MANIFEST_COPY);
        // One of an earlier minor version says the same in other words.
        let copy = read_bounded(&path).ok().and_then(|bytes| Self::parse(&path, &bytes).ok());
        if copy.as_ref() != Some(self) {
            self.write_copy(storage, directory);
        }
    }
}

/// Reads a manifest or its copy, and no more of what lies there instead than the longest manifest has.
pub(crate) fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "longer than any manifest"));
    }
    Ok(bytes)
}

fn first_line(major: u16, minor: u16, body: &[u8]) -> Vec<u8> {
    let checksum = checksum(major, minor, body);
    format!("{MANIFEST_MAGIC} {major}.{minor} crc32c={checksum:08x} length={}", body.len()).into_bytes()
}

/// Of the version and the body; in 1.0, which had no other version to be taken for, of the body alone.
fn checksum(major: u16, minor: u16, body: &[u8]) -> u32 {
    match (major, minor) {
        (1, 0) => crc32c::crc32c(body),
        _ => crc32c::crc32c_append(crc32c::crc32c(format!("{major}.{minor}\n").as_bytes()), body),
    }
}
