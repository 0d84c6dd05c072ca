"""Templates without a gallery."""

import numpy as np
import pytest

import vantay


def test_the_matrix_holds_the_scores_of_single_calls(templates):
    matrix = vantay.compare_minutiae_matrix(templates[:3], templates)
    assert matrix.shape == (3, len(templates)) and matrix.dtype == np.float32 and matrix.flags.c_contiguous
    single = [[vantay.compare_minutiae(a, b) for b in templates] for a in templates[:3]]
    np.testing.assert_array_equal(matrix, np.float32(single))
    np.testing.assert_array_equal(matrix, vantay.compare_minutiae_matrix(templates, templates[:3], threads=1).T)
    assert vantay.compare_minutiae_matrix([], templates).shape == (0, len(templates))
    assert vantay.compare_minutiae_matrix(templates, []).shape == (len(templates), 0)


def test_a_finger_is_most_like_itself(templates):
    matrix = vantay.compare_minutiae_matrix(templates, templates)
    assert (matrix.argmax(axis=1) == np.arange(len(templates))).all()


def test_records_are_read_and_converted(templates):
    record = vantay.read_minutiae(templates[0])
    assert record.format == "iso19794-2:2005" and len(record.views) == 1
    view = record.views[0]
    assert view.position == 2 and len(view.minutiae) > 10
    assert view.minutiae["angle"].max() < 360 and set(view.minutiae["kind"]) <= {0, 1, 2}
    other = vantay.convert(templates[0], "iso19794-2:2011")
    again = vantay.read_minutiae(other)
    assert again.format == "iso19794-2:2011"
    np.testing.assert_array_equal(again.views[0].minutiae["x"], view.minutiae["x"])


@pytest.mark.parametrize("damaged", [b"", b"FMR\0 20\0", b"x" * 100])
def test_what_is_no_record_is_refused(templates, damaged):
    with pytest.raises(vantay.TemplateError):
        vantay.read_minutiae(damaged)
    with pytest.raises(ValueError) as caught:
        vantay.compare_minutiae(templates[0], damaged)
    assert caught.value.number == 1
    with pytest.raises(vantay.TemplateError, match="b: template 1"):
        vantay.compare_minutiae_matrix(templates, [templates[0], damaged])
    with pytest.raises(vantay.TemplateError):
        vantay.convert(templates[0], "no format")


def test_faces_compare_by_their_cosine():
    a, b = np.random.default_rng(2).standard_normal((2, 512), dtype=np.float32)
    expected = a.astype(float) @ b / np.linalg.norm(a.astype(float)) / np.linalg.norm(b.astype(float))
    assert vantay.compare_faces(a, b) == pytest.approx(expected, abs=1e-7)
    assert vantay.compare_faces(a, b) == vantay.compare_faces(b, a)
    with pytest.raises(vantay.FaceError):
        vantay.compare_faces(a, b[:100])
    with pytest.raises(vantay.TemplateError):
        vantay.compare_faces(a, np.zeros(512))


def test_the_library_says_what_it_is():
    assert vantay.version().count(".") == 2
    assert vantay.simd_level() in ("scalar", "avx2", "avx512")
