//! What a disk may hold when the power goes: what was synced, and any part of what was not.

use super::recorder::Step;
use rand::RngExt;
use rand_pcg::Pcg64Mcg;
use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
};

/// A file as a disk has it: what is safe, and the changes that may or may not be.
#[derive(Clone, Default)]
struct Inode {
    safe: Vec<u8>,
    pending: Vec<Change>,
    length: usize,
}

#[derive(Clone)]
enum Change {
    Truncate,
    Write(usize, Vec<u8>),
}

#[derive(Clone)]
enum NameChange {
    Create(PathBuf, usize),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
}

/// What a disk holds after some steps.
#[derive(Clone, Default)]
pub struct DiskState {
    inodes: Vec<Inode>,
    /// Names as running programs see them, and as a loss of power would leave them.
    names: HashMap<PathBuf, usize>,
    safe_names: BTreeMap<PathBuf, usize>,
    pending: Vec<NameChange>,
}

impl DiskState {
    pub fn apply(&mut self, step: &Step) {
        match step {
            Step::Create(path) => match self.names.get(path) {
                Some(&inode) => {
                    self.inodes[inode].pending.push(Change::Truncate);
                    self.inodes[inode].length = 0;
                }
                None => {
                    self.inodes.push(Inode::default());
                    self.names.insert(path.clone(), self.inodes.len() - 1);
                    self.pending.push(NameChange::Create(path.clone(), self.inodes.len() - 1));
                }
            },
            Step::Append(path, bytes) => {
                let inode = &mut self.inodes[self.names[path]];
                inode.pending.push(Change::Write(inode.length, bytes.clone()));
                inode.length += bytes.len();
            }
            Step::Sync(path) => {
                let inode = &mut self.inodes[self.names[path]];
                let pending = std::mem::take(&mut inode.pending);
                pending.iter().for_each(|change| change.apply(&mut inode.safe));
            }
            Step::Rename(from, to) => {
                let inode = self.names.remove(from).unwrap();
                self.names.insert(to.clone(), inode);
                self.pending.push(NameChange::Rename(from.clone(), to.clone()));
            }
            Step::Remove(path) => {
                self.names.remove(path);
                self.pending.push(NameChange::Remove(path.clone()));
            }
            Step::SyncDirectory => {
                let pending = std::mem::take(&mut self.pending);
                pending.into_iter().for_each(|change| change.apply(&mut self.safe_names));
            }
            Step::CreateDirectory | Step::Promised(_) => {}
        }
    }

    /// A state that a loss of power may leave: 0 nothing pending, 1 everything, 2 a prefix with a torn write, else any part.
    pub fn after_power_loss(&self, how: u64, random: &mut Pcg64Mcg) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut names = self.safe_names.clone();
        let names_kept = random.random_range(0..=self.pending.len());
        for (i, change) in self.pending.iter().enumerate() {
            let kept = match how {
                0 => false,
                1 => true,
                2 => i < names_kept,
                _ => random.random_bool(0.5),
            };
            if kept {
                change.clone().apply(&mut names);
            }
        }
        let mut files = BTreeMap::new();
        for (name, inode) in names {
            let inode = &self.inodes[inode];
            let mut bytes = inode.safe.clone();
            let changes_kept = random.random_range(0..=inode.pending.len());
            for (i, change) in inode.pending.iter().enumerate() {
                match (how, change) {
                    (0, _) => {}
                    (1, change) => change.apply(&mut bytes),
                    (2, change) if i < changes_kept => change.apply(&mut bytes),
                    (2, Change::Write(at, written)) if i == changes_kept => {
                        let torn = random.random_range(0..=written.len());
                        Change::Write(*at, written[..torn].to_vec()).apply(&mut bytes);
                    }
                    (2, _) => {}
                    (_, change) if random.random_bool(0.5) => change.apply(&mut bytes),
                    _ => {}
                }
            }
            files.insert(name, bytes);
        }
        files
    }
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Change::Truncate => bytes.clear(),
            Change::Write(at, written) => {
                let end = at + written.len();
                bytes.resize(bytes.len().max(end), 0);
                bytes[*at..end].copy_from_slice(written);
            }
        }
    }
}

impl NameChange {
    fn apply(self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            NameChange::Create(path, inode) => {
                names.insert(path, inode);
            }
            NameChange::Rename(from, to) => {
                if let Some(inode) = names.remove(&from) {
                    names.insert(to, inode);
                }
            }
            NameChange::Remove(path) => {
                names.remove(&path);
            }
        }
    }
}
