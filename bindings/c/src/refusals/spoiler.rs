//! One argument of a call, spoilt.

use crate::*;
use std::ptr::null;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    None,
    Null,
    Misaligned,
    TooLong,
}

/// Hands arguments on, all but one as they are.
pub struct Spoiler {
    pub fault: Fault,
    /// Which argument to spoil.
    pub at: usize,
    pub seen: usize,
    /// The argument that was spoilt, and what the call has to answer.
    pub spoilt: Option<(&'static str, Option<vantay_result_t>)>,
}

impl Spoiler {
    fn is_next(&mut self) -> bool {
        self.seen += 1;
        self.seen == self.at + 1
    }

    pub fn pointer<T>(&mut self, name: &'static str, pointer: *const T, is_needed: bool) -> *const T {
        if !self.is_next() {
            return pointer;
        }
        match self.fault {
            Fault::Null => {
                self.spoilt = Some((name, is_needed.then_some(VANTAY_ERROR_NULL)));
                null()
            }
            Fault::Misaligned if align_of::<T>() > 1 => {
                self.spoilt = Some((name, Some(VANTAY_ERROR_ALIGNMENT)));
                pointer.wrapping_byte_add(1)
            }
            _ => pointer,
        }
    }

    /// An argument that must not be NULL.
    pub fn needed<T>(&mut self, name: &'static str, pointer: *const T) -> *const T {
        self.pointer(name, pointer, true)
    }

    /// An argument that may be NULL.
    pub fn wanted<T>(&mut self, name: &'static str, pointer: *const T) -> *const T {
        self.pointer(name, pointer, false)
    }

    /// A place for a result.
    pub fn out<T>(&mut self, name: &'static str, pointer: *mut T) -> *mut T {
        self.pointer(name, pointer, true).cast_mut()
    }

    /// A place for a result that may be NULL.
    pub fn out_if_wanted<T>(&mut self, name: &'static str, pointer: *mut T) -> *mut T {
        self.pointer(name, pointer, false).cast_mut()
    }

    /// The length of the array called `name`.
    pub fn length(&mut self, name: &'static str, length: usize) -> usize {
        if self.is_next() && self.fault == Fault::TooLong {
            self.spoilt = Some((name, Some(VANTAY_ERROR_LENGTH)));
            return usize::MAX;
        }
        length
    }

    pub fn function<F>(&mut self, name: &'static str, function: F) -> Option<F> {
        if self.is_next() && self.fault == Fault::Null {
            self.spoilt = Some((name, Some(VANTAY_ERROR_NULL)));
            return None;
        }
        Some(function)
    }
}
