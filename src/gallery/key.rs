//! The key of an encrypted gallery, and what is made of it.
//!
//! The caller's 32 bytes never encrypt anything themselves. BLAKE3's key derivation makes two keys of them: one whose keyed hash of the
//! gallery's number stands in the manifest, so that a wrong key is told as such and not as damage; and one whose keyed hash of
//! (gallery, segment, salt) is the key of one segment file. The salt is 128 random bits drawn for each file that is started, so
//! two files never share a key, even where a number is used again because the process that took it first died.

use super::GalleryError;
use std::{fmt, fs, path::Path, sync::Arc};
use zeroize::Zeroizing;

/// The key of an encrypted gallery: 32 bytes that nobody can guess. Cheap to clone; wiped when the last clone goes. `Debug` shows nothing.
///
/// ```
/// use vantay::gallery::{Gallery, Key, Options, ReadOptions};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("gallery");
/// let key = Key::generate()?;
/// let read = ReadOptions { key: Some(key.clone()), ..ReadOptions::default() };
/// Gallery::create(&path, Options { read, ..Options::default() })?;
///
/// assert!(Gallery::open(&path).is_err());
/// Gallery::open_with(&path, ReadOptions { key: Some(key), ..ReadOptions::default() })?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Key(Arc<Zeroizing<[u8; Key::BYTES]>>);

impl Key {
    /// Bytes of a key.
    pub const BYTES: usize = 32;

    /// The key of these bytes. They have to be random; a password is no key.
    pub fn new(bytes: [u8; Key::BYTES]) -> Key {
        Key(Arc::new(Zeroizing::new(bytes)))
    }

    /// A new key by the system's generator.
    ///
    /// # Errors
    /// If the system has no randomness to give.
    pub fn generate() -> Result<Key, GalleryError> {
        let mut bytes = Zeroizing::new([0; Key::BYTES]);
        getrandom::fill(&mut *bytes)
            .map_err(|_| GalleryError::Option { reason: "the system gives no random bytes" })?;
        Ok(Key(Arc::new(bytes)))
    }

    /// The key in a file: 32 bytes, or 64 hexadecimal digits and nothing else but white space.
    ///
    /// # Errors
    /// If the file cannot be read, others than its owner can, or it holds no key.
    pub fn read(path: impl AsRef<Path>) -> Result<Key, GalleryError> {
        let path = path.as_ref();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let metadata = fs::metadata(path).map_err(GalleryError::io(path, "read"))?;
            let mode = metadata.permissions().mode() & 0o777;
            if mode & 0o077 != 0 {
                return Err(GalleryError::NotPrivate { path: path.to_path_buf(), mode });
            }
        }
        let content = Zeroizing::new(fs::read(path).map_err(GalleryError::io(path, "read"))?);
        let mut bytes = Zeroizing::new([0; Key::BYTES]);
        if content.len() == Key::BYTES {
            bytes.copy_from_slice(&content);
            return Ok(Key(Arc::new(bytes)));
        }
        let digits = content.trim_ascii();
        if digits.len() != 2 * Key::BYTES || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(GalleryError::NoKey { path: path.to_path_buf() });
        }
        let value = |digit: u8| char::from(digit).to_digit(16).unwrap_or(0) as u8;
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = value(pair[0]) << 4 | value(pair[1]);
        }
        Ok(Key(Arc::new(bytes)))
    }

    /// What the manifest of a gallery says of its key: 32 hexadecimal digits.
    pub(crate) fn check_value(&self, gallery: [u8; 16]) -> String {
        let checking = Zeroizing::new(blake3::derive_key("vantay 2026-11 gallery: check value of the key", &**self.0));
        let hash = blake3::keyed_hash(&checking, &gallery);
        hash.as_bytes()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The key of one segment file.
    pub(crate) fn of_segment(&self, gallery: [u8; 16], segment: u64, salt: [u8; 16]) -> Zeroizing<[u8; 32]> {
        let deriving = Zeroizing::new(blake3::derive_key("vantay 2026-11 gallery: keys of segments", &**self.0));
        let mut of = [0; 40];
        of[..16].copy_from_slice(&gallery);
        of[16..24].copy_from_slice(&segment.to_le_bytes());
        of[24..].copy_from_slice(&salt);
        Zeroizing::new(*blake3::keyed_hash(&deriving, &of).as_bytes())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}
