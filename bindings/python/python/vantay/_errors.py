"""The errors of the library as exceptions.

Everything that the library refuses is a :class:`VantayError`; where Python has a built-in exception for the case, the
class is one of those as well, so that ``except FileNotFoundError`` works as anywhere.
"""

from __future__ import annotations

from typing import Optional


class VantayError(Exception):
    """Any error of the library. Messages name files, fields and places, never what a template holds."""

    #: The number of the record, embedding or template in the list that was handed over, from 0.
    number: Optional[int] = None

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class TemplateError(VantayError, ValueError):
    """A template could not be read, written or used."""


class FeedError(VantayError, ValueError):
    """A record, or a line of a feed, was rejected."""

    #: The feed's file; empty for records that were handed over.
    file: str = ""
    #: The line, from 1.
    line: Optional[int] = None
    #: The byte of the uncompressed feed at which the trouble lies.
    offset: Optional[int] = None
    #: The field, such as ``fingers[1].template``; empty for the record as a whole.
    field: str = ""
    #: A stable name for the kind of error, such as ``base64``.
    kind: str = ""


class FeedReadError(FeedError, OSError):
    """A feed could not be opened or read on."""


class RejectionError(VantayError, ValueError):
    """A gallery did not take a registration."""

    #: Of a feed's line: the file, the line from 1, and the byte of the uncompressed feed at which it starts.
    file: str = ""
    line: Optional[int] = None
    offset: Optional[int] = None


class RegistrationExistsError(RejectionError):
    """The gallery has a registration of this name."""


class GalleryError(VantayError):
    """A gallery could not be created, opened, read or written."""

    #: The file or directory.
    path: Optional[str] = None


class GalleryIOError(GalleryError, OSError):
    """The operating system refused an operation."""


class DamagedError(GalleryError, OSError):
    """Bytes of a gallery are not what was written; ``offset`` says where."""

    #: In bytes from the start of the file.
    offset: Optional[int] = None


class NotAGalleryError(GalleryError, FileNotFoundError):
    """There is no gallery at this path."""


class GalleryExistsError(GalleryError, FileExistsError):
    """The directory for a new gallery holds something already."""


class GalleryVersionError(GalleryError):
    """The gallery was written by a later version of the library."""


class GalleryLockedError(GalleryError, BlockingIOError):
    """Another writer holds the gallery."""


class NotPrivateError(GalleryError, PermissionError):
    """Others than the owner can read the gallery's files."""


class ReadOnlyError(GalleryError, PermissionError):
    """The gallery is open for reading, or closed."""


class GalleryOptionError(GalleryError, ValueError):
    """An option is out of its range."""


class UnknownSubjectError(GalleryError, KeyError):
    """The gallery has no registration of a subject."""


class SearchError(VantayError):
    """A search could not answer."""


class SearchOptionError(SearchError, ValueError):
    """An option of a search is out of its range."""


class ModelError(SearchError, ValueError):
    """An embedding is of another model or dimension than the gallery's."""


class FaceError(SearchError, ValueError):
    """Embeddings do not fit together."""


class FingerprintError(SearchError, ValueError):
    """A prepared fingerprint could not be used."""


class LevelError(VantayError, ValueError):
    """``VANTAY_SIMD`` names no SIMD level, or one that this machine lacks."""


class DecisionError(VantayError, ValueError):
    """A rate was asked of scores that are not calibrated, or a calibration or policy is not to be had."""


class EvaluationError(VantayError, ValueError):
    """Scores could not be evaluated."""


class SynthesisError(VantayError, ValueError):
    """A synthetic population cannot be made as described."""
