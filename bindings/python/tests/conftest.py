"""A small population, made once and enrolled once."""

import base64
import json
from pathlib import Path

import pytest

import vantay

SUBJECTS = 60


@pytest.fixture(scope="session")
def feed(tmp_path_factory):
    """A plain feed of 60 people of whom six come twice, with portraits of 64 dimensions and two fingers."""
    path = tmp_path_factory.mktemp("feed") / "people.ndjson"
    vantay.synthesis.write_feed(path, subjects=SUBJECTS, duplicates=0.1, seed=7, face_dim=64)
    return path


@pytest.fixture(scope="session")
def records(feed):
    return [json.loads(line) for line in Path(feed).read_text().splitlines()]


@pytest.fixture(scope="session")
def gallery_path(feed, tmp_path_factory):
    path = tmp_path_factory.mktemp("gallery")
    with vantay.Gallery.create(path, face_model="synthetic", face_dim=64) as gallery:
        gallery.enroll(feed)
        gallery.commit()
    return path


@pytest.fixture
def gallery(gallery_path):
    return vantay.Gallery.open(gallery_path)


@pytest.fixture(scope="session")
def templates(records):
    """The right index fingers of the first records that have one."""
    fingers = [finger for record in records for finger in record["fingers"] if finger["position"] == 2]
    return [base64.b64decode(finger["template"]) for finger in fingers if "template" in finger][:8]
