"""The vectors that Rust, C and Python share: scores and decisions agree to the bit. Their lines: ``tests/vectors.rs``."""

import json
from pathlib import Path

import numpy as np
import pytest

import vantay

VECTORS = Path(__file__).parents[3] / "datasets" / "vectors.txt"
WAYS = {
    "default": {},
    "fmr=1e-6": {"fmr": 1e-6},
    "fpir=1e-3": {"fpir": 1e-3},
    "raw=0.4,12": {"face_threshold": 0.4, "finger_threshold": 12.0},
}


def lines():
    for number, line in enumerate(VECTORS.read_text().splitlines()):
        kind, fields = line.split(" ", 1)
        yield number, kind, fields


@pytest.mark.skipif(not VECTORS.exists(), reason="the package's tests are run outside the project")
def test_scores_agree_to_the_bit():
    seen = 0
    for number, kind, fields in lines():
        if kind not in ("finger", "face"):
            continue
        a, b, bits = fields.split()
        a, b = bytes.fromhex(a), bytes.fromhex(b)
        if kind == "finger":
            score, stated = np.float32(vantay.compare_minutiae(a, b)), np.uint32(int(bits, 16)).view(np.float32)
        else:
            rows = (np.frombuffer(row, "<f4") for row in (a, b))
            score, stated = np.float64(vantay.compare_faces(*rows)), np.uint64(int(bits, 16)).view(np.float64)
        assert score == stated, f"line {number}"
        seen += 1
    assert seen >= 10


@pytest.mark.skipif(not VECTORS.exists(), reason="the package's tests are run outside the project")
def test_decisions_agree_to_the_bit(tmp_path):
    gallery = vantay.Gallery.create(tmp_path / "gallery", face_model="synthetic", face_dim=512)
    seen = 0
    for number, kind, fields in lines():
        if kind == "enroll":
            gallery.enroll([json.loads(fields)])
        elif kind == "commit":
            gallery.commit()
        elif kind in ("verify", "identify"):
            how, decision, personal_id, bits, probe = fields.split(" ", 4)
            stated, probe = np.uint64(int(bits, 16)).view(np.float64), json.loads(probe)
            if kind == "verify":
                answer = gallery.verify(probe, **WAYS[how])
                assert probe["personal_id"] == personal_id
                assert (answer.decision, np.float64(answer.score)) == (decision, stated), f"line {number}"
            else:
                found = gallery.identify([probe], top=3, **WAYS[how])
                first = found.decisions[0], found.subjects[0, 0], found.scores[0, 0]
                assert first == (decision, personal_id, np.float32(stated)), f"line {number}"
            seen += 1
    assert seen >= 20
