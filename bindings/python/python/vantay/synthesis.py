"""A synthetic population: registrations that behave like measured data, for tests of scale, not of accuracy."""

from __future__ import annotations

import os
from typing import Union

from . import _native

__all__ = ["write_feed"]


def write_feed(
    path: Union[str, "os.PathLike[str]"],
    *,
    subjects: int,
    duplicates: float = 0.01,
    seed: int = 1,
    fingers: int = 2,
    face_dim: int = 512,
    face_model: str = "synthetic",
    captures: int = 1,
) -> int:
    """Writes the registrations of a population as a feed (``.zst`` and ``.gz`` compress) and returns how many there are.

    Equal arguments write equal bytes on every machine.

    :param subjects: How many people, each a subject under an ID of their own.
    :param duplicates: False registrations as a share of the subjects: a person registers again under another ID.
    :param fingers: Fingers of a registration, 0 to 10: the index fingers first, then the thumbs, middle, ring, little.
    :param face_dim: Dimensions of the embeddings; 0 for no portraits.
    :param captures: How often each subject registers under the own ID.
    :raises SynthesisError: (a ``ValueError``) if a number is out of range.

    >>> import tempfile, vantay
    >>> folder = tempfile.mkdtemp()
    >>> vantay.synthesis.write_feed(folder + "/feed.ndjson.zst", subjects=20, duplicates=0.1, fingers=1)
    22
    >>> gallery = vantay.Gallery.create(folder + "/gallery", face_model="synthetic", face_dim=512)
    >>> gallery.enroll(folder + "/feed.ndjson.zst").enrolled
    22
    """
    return _native.write_feed(
        os.fspath(path), subjects, duplicates, seed, fingers, face_dim, face_model, captures
    )
