"""The vectors that Rust, C and Python share: scores agree to the bit."""

from pathlib import Path

import numpy as np
import pytest

import vantay

VECTORS = Path(__file__).parents[3] / "datasets" / "vectors.txt"


@pytest.mark.skipif(not VECTORS.exists(), reason="the package's tests are run outside the project")
def test_scores_agree_to_the_bit():
    lines = VECTORS.read_text().splitlines()
    assert len(lines) >= 10
    for number, line in enumerate(lines):
        kind, a, b, bits = line.split()
        a, b = bytes.fromhex(a), bytes.fromhex(b)
        if kind == "finger":
            score, stated = np.float32(vantay.compare_minutiae(a, b)), np.uint32(int(bits, 16)).view(np.float32)
        else:
            rows = (np.frombuffer(row, "<f4") for row in (a, b))
            score, stated = np.float64(vantay.compare_faces(*rows)), np.uint64(int(bits, 16)).view(np.float64)
        assert score == stated, f"line {number}"
