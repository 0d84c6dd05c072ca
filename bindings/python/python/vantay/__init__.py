"""Biometric matching: fingerprint minutiae and face embeddings, over memory-mapped galleries.

- :class:`Gallery` holds the references of subjects: ``enroll``, ``verify``, ``identify``, ``deduplicate``.
- :func:`compare_minutiae`, :func:`compare_minutiae_matrix` and :func:`compare_faces` compare templates without one.
- :mod:`vantay.evaluate` has error rates with intervals, :mod:`vantay.plot` pictures, :mod:`vantay.synthesis` populations to try it on.

Errors are a tree under :class:`VantayError`. Long calls release the interpreter lock, take ``threads=`` and end within a
second of Ctrl-C.
"""

from . import evaluate, plot, synthesis
from ._errors import (
    DamagedError,
    DecisionError,
    EvaluationError,
    FaceError,
    FeedError,
    FeedReadError,
    FingerprintError,
    GalleryError,
    GalleryExistsError,
    GalleryIOError,
    GalleryLockedError,
    GalleryOptionError,
    GalleryVersionError,
    LevelError,
    ModelError,
    NotAGalleryError,
    NotPrivateError,
    ReadOnlyError,
    RegistrationExistsError,
    RejectionError,
    SearchError,
    SearchOptionError,
    SynthesisError,
    TemplateError,
    UnknownSubjectError,
    VantayError,
)
from ._gallery import Gallery
from ._native import VERSION as __version__
from ._native import simd_level
from ._results import (
    Candidates,
    Check,
    Cluster,
    Commit,
    Compacted,
    Deduplication,
    Enrolled,
    Info,
    Member,
    Problem,
    Rejected,
    Verification,
)
from ._templates import (
    MINUTIA,
    Explanation,
    Minutiae,
    View,
    compare_faces,
    compare_minutiae,
    compare_minutiae_matrix,
    convert,
    explain_minutiae,
    read_minutiae,
)


def version() -> str:
    """The version of the library, such as ``0.1.0``."""
    return __version__


__all__ = [
    "MINUTIA",
    "Candidates",
    "Check",
    "Cluster",
    "Commit",
    "Compacted",
    "DamagedError",
    "DecisionError",
    "Deduplication",
    "Enrolled",
    "EvaluationError",
    "Explanation",
    "FaceError",
    "FeedError",
    "FeedReadError",
    "FingerprintError",
    "Gallery",
    "GalleryError",
    "GalleryExistsError",
    "GalleryIOError",
    "GalleryLockedError",
    "GalleryOptionError",
    "GalleryVersionError",
    "Info",
    "LevelError",
    "Member",
    "Minutiae",
    "ModelError",
    "NotAGalleryError",
    "NotPrivateError",
    "Problem",
    "ReadOnlyError",
    "RegistrationExistsError",
    "Rejected",
    "RejectionError",
    "SearchError",
    "SearchOptionError",
    "SynthesisError",
    "TemplateError",
    "UnknownSubjectError",
    "VantayError",
    "Verification",
    "View",
    "__version__",
    "compare_faces",
    "compare_minutiae",
    "compare_minutiae_matrix",
    "convert",
    "evaluate",
    "explain_minutiae",
    "plot",
    "read_minutiae",
    "simd_level",
    "synthesis",
    "version",
]
