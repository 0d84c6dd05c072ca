"""Against scikit-learn, numpy, and whatever hypothesis thinks of."""

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import vantay
from vantay.evaluate import error_rates

FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
SCORES = st.lists(st.floats(-100, 100).map(lambda score: round(score, 1)), min_size=1, max_size=60)


@FEW
@given(genuine=SCORES, impostor=SCORES)
def test_operating_points_are_those_of_scikit_learn(genuine, impostor):
    metrics = pytest.importorskip("sklearn.metrics")
    rates = error_rates(genuine, impostor, replicates=0)
    truth = np.r_[np.ones(len(genuine)), np.zeros(len(impostor))]
    fmr, fnmr, thresholds = metrics.det_curve(truth, np.r_[genuine, impostor])
    for at, expected_fmr, expected_fnmr in zip(thresholds, fmr, fnmr):
        if math.isfinite(at):
            assert rates.fmr_at_threshold(at) == pytest.approx(expected_fmr, abs=1e-12)
            assert rates.fnmr_at_threshold(at) == pytest.approx(expected_fnmr, abs=1e-12)
    false_positive, true_positive, _ = metrics.roc_curve(truth, np.r_[genuine, impostor], drop_intermediate=False)
    for fmr_at, tpr_at in zip(false_positive, true_positive):
        assert rates.fnmr_at(fmr_at) <= 1 - tpr_at + 1e-12, "the best FNMR at this FMR"


def test_the_eer_is_that_of_the_roc_curve():
    metrics = pytest.importorskip("sklearn.metrics")
    dice = np.random.default_rng(2)
    genuine, impostor = dice.normal(2, 1, 3000), dice.normal(0, 1, 9000)
    truth = np.r_[np.ones(3000), np.zeros(9000)]
    false_positive, true_positive, _ = metrics.roc_curve(truth, np.r_[genuine, impostor])
    at = np.argmin(np.abs(false_positive - (1 - true_positive)))
    expected = (false_positive[at] + 1 - true_positive[at]) / 2
    assert error_rates(genuine, impostor, replicates=0).eer == pytest.approx(expected, abs=5e-4)


@FEW
@given(st.lists(st.binary(max_size=60), max_size=3), st.binary(max_size=200))
def test_no_bytes_are_more_than_an_error(records, extra):
    for record in [*records, b"FMR\x00 20\x00" + extra, b"FMR\x00030\x00" + extra]:
        for call in (vantay.read_minutiae, lambda r: vantay.compare_minutiae(r, r), lambda r: vantay.convert(r, "incits378:2004")):
            try:
                call(record)
            except vantay.TemplateError:
                pass


@FEW
@given(rows=arrays.arrays(np.float32, st.tuples(st.integers(2, 12), st.just(16)), elements=st.floats(-1, 1, width=32)))
def test_every_face_search_is_that_of_numpy(rows, tmp_path_factory):
    lengths = np.linalg.norm(rows.astype(float), axis=1)
    rows = rows[lengths > 1e-3]
    if len(rows) == 0:
        return
    ids = [f"{number:03}" for number in range(len(rows))]
    gallery = vantay.Gallery.create(tmp_path_factory.mktemp("h") / "g", id="opaque", face_model="m", face_dim=16)
    gallery.enroll_faces(ids, rows)
    gallery.commit()
    unit = rows.astype(float) / np.linalg.norm(rows.astype(float), axis=1, keepdims=True)
    cosines = unit @ unit.T
    found = gallery.identify_faces(rows, top=len(rows))
    assert (found.counts == len(rows)).all()
    order = np.array([[ids.index(subject) for subject in row] for row in found.subjects])
    np.testing.assert_allclose(np.take_along_axis(cosines, order, 1), -np.sort(-cosines, axis=1), atol=2e-6)


@FEW
@given(text=st.text(max_size=40), key=st.sampled_from(["registration", "personal_id", "captured_at", "portrait", "fingers"]))
def test_records_are_taken_or_refused_by_name(text, key, empty_gallery):
    record = {"registration": "r", "personal_id": "001204000257", "portrait": {"model": "m", "embedding": [1.0] * 16}, key: text}
    try:
        empty_gallery.enroll([record])
    except (vantay.FeedError, vantay.RejectionError) as error:
        assert error.number == 0
    empty_gallery.rollback()


@pytest.fixture
def empty_gallery(tmp_path):
    return vantay.Gallery.create(tmp_path / "g", face_model="m", face_dim=16)


def test_a_join_of_faces_is_that_of_numpy(tmp_path):
    dice = np.random.default_rng(8)
    rows = dice.standard_normal((400, 32), dtype=np.float32)
    rows[200:230] = rows[:30] + 0.4 * dice.standard_normal((30, 32), dtype=np.float32)
    gallery = vantay.Gallery.create(tmp_path / "g", id="opaque", face_model="m", face_dim=32)
    gallery.enroll_faces([f"{n:03}" for n in range(400)], rows)
    gallery.commit()
    unit = rows.astype(float) / np.linalg.norm(rows.astype(float), axis=1, keepdims=True)
    cosines = unit @ unit.T
    expected = {(i, j) for i, j in zip(*np.triu_indices(400, 1)) if cosines[i, j] >= 0.6}
    found = gallery.deduplicate(face_threshold=0.6)
    matches = found.pairs[found.pairs["decision"] == "match"]
    assert {(int(a), int(b)) for a, b in zip(matches["a_personal_id"], matches["b_personal_id"])} == expected
    assert len(expected) >= 30


def test_an_explanation_is_of_the_score_and_lays_pairs_on_each_other(templates):
    for other in templates[:4]:
        explained = vantay.explain_minutiae(templates[0], other)
        assert explained.score == vantay.compare_minutiae(templates[0], other)
    explained = vantay.explain_minutiae(templates[0], templates[0])
    minutiae = vantay.read_minutiae(templates[0]).views[0].minutiae
    points = np.stack([minutiae["x"], minutiae["y"]], axis=1)
    assert len(explained.pairs) > 10 and (explained.pairs[:, 0] == explained.pairs[:, 1]).all()
    np.testing.assert_allclose(explained.place(points), points, atol=1.5)
    assert "Explanation" in repr(explained) and explained.subscores


def test_a_system_without_errors_has_a_det_plot():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    axes = vantay.plot.det(error_rates([2.0, 3.0], [0.0, 1.0], replicates=0))
    axes.figure.canvas.draw()
    assert axes.get_xscale() == axes.get_yscale() == "log"


def test_a_comparison_is_drawn_where_matplotlib_is(templates):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    axes = vantay.plot.minutiae(templates[0], templates[0])
    assert axes.get_title().startswith("score") and len(axes.get_lines()) > 10
    with pytest.raises(vantay.TemplateError):
        vantay.plot.minutiae(templates[0], b"")
