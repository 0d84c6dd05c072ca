//! What follows from a value and takes a while to compute: once, when it is first asked for.

use std::sync::{Arc, OnceLock};

/// A figure that follows from the fields beside it. Copies share it, and it takes no part in comparisons or in files.
#[derive(Clone, Debug)]
pub(super) struct Memo<T>(Arc<OnceLock<T>>);

impl<T> Memo<T> {
    /// The figure; `compute` makes it the first time.
    pub fn get(&self, compute: impl FnOnce() -> T) -> &T {
        self.0.get_or_init(compute)
    }
}

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> PartialEq for Memo<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
