//! gallery.
