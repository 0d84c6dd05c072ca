//! Errors of the library as exceptions of `vantay._errors`, which mirrors its tree.

use pyo3::{prelude::*, types::PyDict};
use vantay::{
    Error,
    gallery::{GalleryError, Rejection},
    registration::{FeedError, FeedPlace, FeedProblem},
    search::SearchError,
};

/// The name of the exception's class.
fn class_of(error: &Error) -> &'static str {
    match error {
        Error::Template(_) => "TemplateError",
        Error::Feed(_) => "FeedError",
        Error::FeedLine(problem) => match problem.reason {
            FeedError::Io(_) | FeedError::Open(_) => "FeedReadError",
            _ => "FeedError",
        },
        Error::Face(_) => "FaceError",
        Error::Fingerprint(_) => "FingerprintError",
        Error::Gallery(error) | Error::Rejection(Rejection::Failed(error)) => of_gallery(error),
        Error::Search(SearchError::Gallery(error)) => of_gallery(error),
        Error::Rejection(Rejection::Exists { .. }) => "RegistrationExistsError",
        Error::Rejection(_) => "RejectionError",
        Error::Search(SearchError::Face(_)) => "FaceError",
        Error::Search(SearchError::Fingerprint(_)) => "FingerprintError",
        Error::Search(SearchError::Level(_)) | Error::Level(_) => "LevelError",
        Error::Search(SearchError::Decision(_)) | Error::Decision(_) => "DecisionError",
        Error::Search(SearchError::Model { .. } | SearchError::DifferentModels { .. }) => "ModelError",
        Error::Search(SearchError::Option { .. }) => "SearchOptionError",
        Error::Search(_) => "SearchError",
        Error::Evaluation(_) => "EvaluationError",
        Error::Synthesis(_) => "SynthesisError",
        _ => "VantayError",
    }
}

fn of_gallery(error: &GalleryError) -> &'static str {
    match error {
        GalleryError::Io { .. } => "GalleryIOError",
        GalleryError::Damaged { .. } | GalleryError::Missing { .. } => "DamagedError",
        GalleryError::NotAGallery { .. } => "NotAGalleryError",
        GalleryError::Exists { .. } => "GalleryExistsError",
        GalleryError::Newer { .. } | GalleryError::Feature { .. } => "GalleryVersionError",
        GalleryError::Locked { .. } => "GalleryLockedError",
        GalleryError::NotPrivate { .. } => "NotPrivateError",
        GalleryError::Option { .. } => "GalleryOptionError",
        _ => "GalleryError",
    }
}

/// The exception that says what `error` says.
pub fn raise(py: Python<'_>, error: impl Into<Error>) -> PyErr {
    let error = error.into();
    let details = PyDict::new(py);
    match described(py, &error, class_of(&error), &details) {
        Ok(exception) | Err(exception) => exception,
    }
}

/// An exception of the library's tree that a binding itself finds: `class` is one of `vantay._errors`.
pub fn raise_own(py: Python<'_>, class: &str, message: &str) -> PyErr {
    match exception(py, class, message, &PyDict::new(py)) {
        Ok(exception) | Err(exception) => exception,
    }
}

/// A problem of line `line` of what the caller handed over as a list, counted from 0.
pub fn raise_at(py: Python<'_>, error: impl Into<Error>, what: &str, number: usize) -> PyErr {
    let error = error.into();
    let message = match &error {
        // Its own place is line 1 of nowhere.
        Error::FeedLine(FeedProblem { field, reason, .. }) if field.is_empty() => reason.to_string(),
        Error::FeedLine(FeedProblem { field, reason, .. }) => format!("{field}: {reason}"),
        error => error.to_string(),
    };
    let details = PyDict::new(py);
    let set = details.set_item("number", number).and_then(|()| match &error {
        Error::FeedLine(problem) => {
            details.set_item("kind", problem.reason.kind())?;
            details.set_item("field", &problem.field)
        }
        _ => Ok(()),
    });
    match set.and_then(|()| exception(py, class_of(&error), &format!("{what} {number}: {message}"), &details)) {
        Ok(exception) | Err(exception) => exception,
    }
}

/// A registration of a feed that the gallery does not take.
pub fn raise_in(py: Python<'_>, rejection: Rejection, place: &FeedPlace) -> PyErr {
    let details = PyDict::new(py);
    let message = format!("{}:{}: {rejection}", place.file, place.line);
    let set = details
        .set_item("file", &*place.file)
        .and_then(|()| details.set_item("line", place.line))
        .and_then(|()| details.set_item("offset", place.offset));
    match set.and_then(|()| exception(py, class_of(&rejection.into()), &message, &details)) {
        Ok(exception) | Err(exception) => exception,
    }
}

fn described(py: Python<'_>, error: &Error, class: &str, details: &Bound<'_, PyDict>) -> PyResult<PyErr> {
    match error {
        Error::FeedLine(problem) => {
            details.set_item("file", &*problem.place.file)?;
            details.set_item("line", problem.place.line)?;
            details.set_item("offset", problem.offset)?;
            details.set_item("field", &problem.field)?;
            details.set_item("kind", problem.reason.kind())?;
        }
        Error::Gallery(error)
        | Error::Rejection(Rejection::Failed(error))
        | Error::Search(SearchError::Gallery(error)) => {
            let path = match error {
                GalleryError::Io { path, .. }
                | GalleryError::Damaged { path, .. }
                | GalleryError::Missing { path, .. }
                | GalleryError::NotAGallery { path }
                | GalleryError::Exists { path }
                | GalleryError::Newer { path, .. }
                | GalleryError::Feature { path, .. }
                | GalleryError::Locked { path, .. }
                | GalleryError::NotPrivate { path, .. } => Some(path),
                _ => None,
            };
            details.set_item("path", path.map(|path| path.display().to_string()))?;
            if let GalleryError::Damaged { offset, .. } = error {
                details.set_item("offset", offset)?;
            }
            if let GalleryError::Io { source, .. } = error {
                details.set_item("errno", source.raw_os_error())?;
            }
        }
        _ => {}
    }
    exception(py, class, &error.to_string(), details)
}

fn exception(py: Python<'_>, class: &str, message: &str, details: &Bound<'_, PyDict>) -> PyResult<PyErr> {
    let exception = py.import("vantay._errors")?.getattr(class)?.call1((message,))?;
    for (name, value) in details.iter() {
        exception.setattr(name.cast_into::<pyo3::types::PyString>()?, value)?;
    }
    Ok(PyErr::from_value(exception))
}
