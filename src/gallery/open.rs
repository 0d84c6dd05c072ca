//! Creating and opening a gallery.

use super::{
    Checking, Derive, Disk, GalleryError, Key, Segment, Snapshot, Storage, Writer,
    layout::{self, segment_name},
    live::Live,
    lock::Lock,
    manifest::{Manifest, ManifestEncryption, ManifestFace, ManifestSegment},
    segment_file::{Opening, SegmentFile},
};
use crate::{registration::IdScheme, template::FaceEmbedding};
use parking_lot::{Mutex, RwLock};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The face model of a gallery: only embeddings of one model compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaceSpec {
    /// The model's name, as the feed has it.
    pub model: Arc<str>,
    /// Components of an embedding, 16 to 4096.
    pub dimension: usize,
}

impl FaceSpec {
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if !(FaceEmbedding::MIN_DIMENSION..=FaceEmbedding::MAX_DIMENSION).contains(&self.dimension) {
            return Err("face dimension: expected 16 to 4096");
        }
        if self.model.is_empty() || self.model.len() > 256 {
            return Err("face model name: expected 1 to 256 bytes");
        }
        Ok(())
    }
}

/// How a gallery is created.
#[derive(Clone, Default)]
pub struct Options {
    /// How personal IDs are formed.
    pub id_scheme: IdScheme,
    /// The face model; without one the gallery takes no portraits.
    pub face: Option<FaceSpec>,
    /// How it is then read.
    pub read: ReadOptions,
}

/// How a gallery is opened.
#[derive(Clone)]
pub struct ReadOptions {
    /// When columns are checked against their checksums.
    pub checking: Checking,
    /// What to do if others than the owner can read the files.
    pub privacy: Privacy,
    /// The key of an encrypted gallery. A gallery that is created with one is encrypted: its segments are sealed on disk
    /// ([`Key`] has an example) and opened into locked memory.
    pub key: Option<Key>,
    /// Sizes by which a writer works.
    pub limits: Limits,
    /// What changes the files.
    pub storage: Arc<dyn Storage>,
}

/// What to do if others than the owner can read the files of a gallery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Privacy {
    /// Refuse to open it.
    #[default]
    Required,
    /// Open it; [`Gallery::warnings`] says what is open to others.
    Warned,
}

/// Sizes by which a writer works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Staged registrations are written to a segment when there are so many.
    pub staged_rows: usize,
    /// Or when their templates have so many bytes.
    pub staged_bytes: usize,
    /// The most rows of a segment that merging makes.
    pub merged_rows: usize,
    /// The most bytes of a segment that merging makes.
    pub merged_bytes: u64,
    /// So many segments of one tier are merged into one of the next.
    pub fan_in: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { staged_rows: 1 << 16, staged_bytes: 512 << 20, merged_rows: 1 << 19, merged_bytes: 8 << 30, fan_in: 8 }
    }
}

impl Limits {
    pub(crate) fn check(&self) -> Result<(), GalleryError> {
        let reason = match self {
            Limits { staged_rows, .. } if !(1..=1 << 24).contains(staged_rows) => "staged rows: expected 1 to 2^24",
            Limits { staged_bytes, .. } if *staged_bytes > 4 << 30 => "staged bytes: expected at most 4 GiB",
            Limits { merged_rows, .. } if *merged_rows > 1 << 24 => "merged rows: expected at most 2^24",
            Limits { merged_bytes, .. } if *merged_bytes > 16 << 30 => "merged bytes: expected at most 16 GiB",
            Limits { fan_in, .. } if *fan_in < 2 => "fan-in: expected at least 2",
            _ => return Ok(()),
        };
        Err(GalleryError::Option { reason })
    }
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions {
            checking: Checking::default(),
            privacy: Privacy::default(),
            key: None,
            limits: Limits::default(),
            storage: Arc::new(Disk),
        }
    }
}

/// An open gallery: a directory and the newest commit that was asked for. Cheap to clone.
#[derive(Clone)]
pub struct Gallery {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub path: PathBuf,
    pub options: ReadOptions,
    pub snapshot: RwLock<Arc<Snapshot>>,
    /// Held by who reads a newer one.
    refreshing: Mutex<()>,
    pub warnings: Vec<String>,
}

impl Gallery {
    /// Creates an empty gallery in a new (or empty) directory that only the owner can enter.
    ///
    /// # Errors
    /// If the directory holds something, others can enter it, somebody else is creating a gallery there, an option is out of range, or the
    /// system refuses.
    pub fn create(path: impl AsRef<Path>, options: Options) -> Result<Gallery, GalleryError> {
        let path = path.as_ref();
        if let Some(face) = &options.face {
            face.check().map_err(|reason| GalleryError::Option { reason })?;
        }
        options.read.limits.check()?;
        let storage = &*options.read.storage;
        match storage.create_directory(path) {
            Ok(()) => {}
            // What holds something that is no gallery's gets no lock put into it.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => check_vacant(path)?,
            Err(error) => return Err(GalleryError::io(path, "create")(error)),
        }
        if options.read.privacy == Privacy::Required
            && let Some(found) = open_to_others(path)
        {
            return Err(found);
        }
        // Of two who create it at a time, one does.
        let lock = Lock::take(path)?;
        check_vacant(path)?;
        if let Some(parent) = path.parent() {
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            storage.sync_directory(parent).map_err(GalleryError::io(parent, "sync"))?;
        }
        let mut number = [0; 16];
        getrandom::fill(&mut number)
            .map_err(|e| GalleryError::io(path, "draw the gallery's number for")(io::Error::other(e.to_string())))?;
        let encryption = options
            .read
            .key
            .as_ref()
            .map(|key| ManifestEncryption { cipher: layout::CIPHER.into(), check: key.check_value(number) });
        let manifest = Manifest {
            gallery: format!("{:032x}", u128::from_be_bytes(number)),
            commit: 0,
            next_segment: 1,
            ids: match options.id_scheme {
                IdScheme::Vietnam => "vietnam",
                IdScheme::Opaque => "opaque",
            }
            .into(),
            face: options
                .face
                .map(|face| ManifestFace { model: face.model.to_string(), dimension: face.dimension as u64 }),
            features: encryption.iter().map(|_| layout::ENCRYPTED.into()).collect(),
            encryption,
            registrations: 0,
            subjects: 0,
            segments: Vec::new(),
        };
        manifest.publish(storage, path)?;
        drop(lock);
        Self::open_with(path, options.read)
    }

    /// Opens a gallery at its last commit. Costs a few system calls and a few hundred bytes a segment, whatever their size.
    ///
    /// # Errors
    /// If there is no gallery, it is of a later format, others can read it, it is encrypted, or a header, a table or the manifest is
    /// damaged.
    pub fn open(path: impl AsRef<Path>) -> Result<Gallery, GalleryError> {
        Self::open_with(path, ReadOptions::default())
    }

    /// Opens a gallery as [`Gallery::open`], by these options.
    ///
    /// # Errors
    /// As [`Gallery::open`]; also if the key is missing, wrong, or not called for.
    pub fn open_with(path: impl AsRef<Path>, options: ReadOptions) -> Result<Gallery, GalleryError> {
        let path = path.as_ref();
        options.limits.check()?;
        let snapshot = read_snapshot(path, &options, None)?;
        let mut warnings = others_can_read(path, &snapshot, options.privacy)?;
        let unlocked = snapshot.info().unlocked_bytes;
        if unlocked > 0 {
            warnings.push(format!(
                "{}: {unlocked} decrypted bytes could not be locked into memory and may be swapped out (`ulimit -l`)",
                path.display()
            ));
        }
        let shared = Shared {
            path: path.to_path_buf(),
            options,
            snapshot: RwLock::new(Arc::new(snapshot)),
            refreshing: Mutex::new(()),
            warnings,
        };
        Ok(Gallery { shared: Arc::new(shared) })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// The commit that the gallery was last opened or refreshed at, or that its writer made since.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.shared.snapshot.read().clone()
    }

    /// Goes on with the newest commit and returns it. Segments that stayed are not opened again.
    ///
    /// # Errors
    /// As [`Gallery::open`]. The snapshot then stays as it was.
    pub fn refresh(&self) -> Result<Arc<Snapshot>, GalleryError> {
        self.shared.refresh()
    }

    /// A writer. `derive` computes the columns that are stored beside the templates; give it what the searches of this
    /// gallery read, also to a writer that only removes or compacts: segments that merge get this deriver's columns.
    ///
    /// # Errors
    /// [`GalleryError::Locked`] if there is a writer already, here or in another process.
    pub fn writer(&self, derive: Arc<dyn Derive>) -> Result<Writer, GalleryError> {
        Writer::new(self.shared.clone(), derive)
    }

    /// What the caller should know of the gallery as it was opened: what of the files is open to others, if [`Privacy::Warned`] let it
    /// pass; how much decrypted memory the system would not lock.
    pub fn warnings(&self) -> &[String] {
        &self.shared.warnings
    }
}

impl Shared {
    /// Goes on with what the directory holds, be it older than what is held: a backup may have been put there.
    pub(crate) fn refresh(&self) -> Result<Arc<Snapshot>, GalleryError> {
        self.go_on(Since::Anything)
    }

    /// Goes on as [`Shared::refresh`] with what the one writer has published, who holds the lock.
    pub(crate) fn published(&self) -> Result<Arc<Snapshot>, GalleryError> {
        self.go_on(Since::OwnCommit)
    }

    fn go_on(&self, since: Since) -> Result<Arc<Snapshot>, GalleryError> {
        // One after another, so that nobody installs an older commit than somebody else has read.
        let _turn = self.refreshing.lock();
        let before = self.snapshot.read().clone();
        let snapshot = Arc::new(read_snapshot(&self.path, &self.options, Some((&before, since)))?);
        *self.snapshot.write() = snapshot.clone();
        Ok(snapshot)
    }
}

/// What may have happened to a directory since it was read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Since {
    /// A commit of the writer that asks, and nothing else.
    OwnCommit,
    /// Also a backup put back, and other commits of the same numbers.
    Anything,
}

/// Reads the newest commit, taking over from `before` the segments that both name.
///
/// A file may be gone because a newer commit, made since the manifest was read, does without it: then that commit is read.
fn read_snapshot(
    path: &Path,
    options: &ReadOptions,
    before: Option<(&Snapshot, Since)>,
) -> Result<Snapshot, GalleryError> {
    let mut manifest = Manifest::read(path)?;
    loop {
        match assemble(path, options, before, &manifest) {
            Err(GalleryError::Missing { path: missing, commit }) => {
                let newer = Manifest::read(path)?;
                if newer.commit == manifest.commit {
                    return Err(GalleryError::Missing { path: missing, commit });
                }
                manifest = newer;
            }
            Ok((segments, scheme, face)) => {
                return Ok(Snapshot { path: path.to_path_buf(), manifest, scheme, face, segments });
            }
            Err(error) => return Err(error),
        }
    }
}

/// Refuses a directory that holds more than what a creation that was interrupted, or one under way, leaves: the lock, and a manifest that is
/// none yet.
fn check_vacant(path: &Path) -> Result<(), GalleryError> {
    for entry in fs::read_dir(path).map_err(GalleryError::io(path, "read"))? {
        let name = entry.map_err(GalleryError::io(path, "read"))?.file_name();
        if name != layout::MANIFEST_NEXT && name != layout::LOCK {
            return Err(GalleryError::Exists { path: path.to_path_buf() });
        }
    }
    Ok(())
}

type Assembled = (Vec<Arc<Segment>>, IdScheme, Option<FaceSpec>);

fn assemble(
    path: &Path,
    options: &ReadOptions,
    before: Option<(&Snapshot, Since)>,
    manifest: &Manifest,
) -> Result<Assembled, GalleryError> {
    manifest.key(path, options.key.as_ref())?;
    let known = before.filter(|(before, _)| before.manifest.gallery == manifest.gallery);
    let segments = manifest.segments.iter().map(|stated| {
        // Of a directory that was put back from a backup, numbers may come again.
        let is_stated = |segment: &&Arc<Segment>| segment.id() == stated.id && names(stated, &segment.file);
        let known = known.and_then(|(before, since)| Some((before.segments.iter().find(is_stated)?, since)));
        open_segment(path, options, manifest, stated, known, false).map(Arc::new)
    });
    Ok((segments.collect::<Result<_, _>>()?, manifest.scheme().unwrap_or_default(), face_of(manifest)))
}

fn face_of(manifest: &Manifest) -> Option<FaceSpec> {
    let face = manifest.face.as_ref()?;
    Some(FaceSpec { model: face.model.as_str().into(), dimension: face.dimension as usize })
}

/// Whether a manifest's words fit a file.
fn names(stated: &ManifestSegment, file: &SegmentFile) -> bool {
    (file.bytes(), file.rows as u64, file.trailer_checksum) == (stated.bytes, stated.rows, stated.trailer)
}

/// Opens one segment of a manifest, or takes over from `known` what has not changed. With `keeps_going`, sealed blocks that do not open read as
/// zeros.
pub(crate) fn open_segment(
    path: &Path,
    options: &ReadOptions,
    manifest: &Manifest,
    stated: &ManifestSegment,
    known: Option<(&Arc<Segment>, Since)>,
    keeps_going: bool,
) -> Result<Segment, GalleryError> {
    let gallery = manifest.gallery_bytes().unwrap_or_default();
    let face = face_of(manifest);
    let missing = |error| match error {
        GalleryError::Io { path, source, .. } if source.kind() == io::ErrorKind::NotFound => {
            GalleryError::Missing { path, commit: manifest.commit }
        }
        error => error,
    };
    let file = match known {
        Some((segment, _)) => segment.file.clone(),
        None => {
            let name = path.join(segment_name(stated.id));
            let key = manifest.key(path, options.key.as_ref())?;
            let how = Opening { checking: options.checking, key, keeps_going, bytes: Some(stated.bytes) };
            let file = SegmentFile::open(&name, gallery, stated.id, how).map_err(missing)?;
            if !names(stated, &file) {
                return Err(file.damaged_at(
                    file.raw().len() as u64 - 64,
                    "trailer",
                    "not the one the manifest names".into(),
                ));
            }
            if file.dimension != face.as_ref().map_or(0, |face| face.dimension) {
                return Err(file.damaged_at(40, "header", format!("embeddings of {} dimensions", file.dimension)));
            }
            Arc::new(file)
        }
    };
    let live = match stated.live {
        None => None,
        Some(live) => {
            let known =
                known.and_then(|(segment, since)| Some((segment.live.clone()?, since))).filter(|(known, since)| {
                    let same = (known.commit(), known.count() as u64) == (live.commit, live.rows);
                    same && (*since == Since::OwnCommit || known.is_of(path, live.commit))
                });
            let opened = match known {
                Some((known, _)) => known,
                None => Arc::new(Live::open(path, gallery, stated.id, live.commit, file.rows).map_err(missing)?),
            };
            if opened.count() as u64 != live.rows {
                return Err(GalleryError::Damaged {
                    path: path.join(layout::live_name(stated.id, live.commit)),
                    offset: 48,
                    part: "live rows".into(),
                    reason: format!("{} rows live, the manifest says {}", opened.count(), live.rows),
                });
            }
            Some(opened)
        }
    };
    let scheme = manifest.scheme().unwrap_or_default();
    Ok(Segment { file, live, scheme, model: face.map(|face| face.model) })
}

/// Says which of the gallery's files others than the owner have access to.
fn others_can_read(path: &Path, snapshot: &Snapshot, privacy: Privacy) -> Result<Vec<String>, GalleryError> {
    let manifest = path.join(layout::MANIFEST);
    let files = snapshot.segments.iter().map(|segment| segment.path());
    let mut warnings = Vec::new();
    for found in [path, &manifest].into_iter().chain(files).filter_map(open_to_others) {
        match privacy {
            Privacy::Required => return Err(found),
            Privacy::Warned => warnings.push(found.to_string()),
        }
    }
    Ok(warnings)
}

/// Whether others than the owner have access to a file that is there.
#[cfg(unix)]
fn open_to_others(path: &Path) -> Option<GalleryError> {
    let metadata = fs::metadata(path).ok()?;
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
    (mode & 0o077 != 0).then(|| GalleryError::NotPrivate { path: path.to_path_buf(), mode })
}

#[cfg(not(unix))]
fn open_to_others(_: &Path) -> Option<GalleryError> {
    None
}

impl std::fmt::Debug for Gallery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gallery").field("snapshot", &self.snapshot()).finish()
    }
}
