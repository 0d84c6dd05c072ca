"""The searches against numpy."""

import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import vantay


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    dice = np.random.default_rng(3)
    rows = dice.standard_normal((500, 64), dtype=np.float32)
    ids = [f"{n:04}" for n in range(500)]
    gallery = vantay.Gallery.create(tmp_path_factory.mktemp("faces"), face_model="m", face_dim=64, id="opaque")
    gallery.enroll_faces(ids, rows)
    gallery.commit()
    return gallery, ids, rows


def test_faces_are_found_as_numpy_finds_them(faces):
    gallery, ids, rows = faces
    probes = np.random.default_rng(4).standard_normal((20, 64), dtype=np.float32)

    def unit(matrix):
        return matrix.astype(np.float64) / np.linalg.norm(matrix.astype(np.float64), axis=1, keepdims=True)

    cosines = unit(probes) @ unit(rows).T
    order = np.argsort(-cosines, axis=1)[:, :5]
    found = gallery.identify_faces(probes, top=5)
    assert found.subjects.tolist() == [[ids[i] for i in row] for row in order]
    np.testing.assert_allclose(found.scores, np.take_along_axis(cosines, order, 1), atol=1e-6)
    assert found.scores.dtype == np.float32 and found.scores.flags.c_contiguous


def test_results_do_not_depend_on_threads_or_layout(faces):
    gallery, _, rows = faces
    one = gallery.identify_faces(rows[:50], top=3, threads=1)
    both = gallery.identify_faces(np.asfortranarray(rows[:50].astype(np.float64)), top=3, threads=2)
    assert (one.subjects == both.subjects).all() and (one.scores == both.scores).all()


def test_places_without_a_candidate_are_empty(faces):
    gallery, ids, rows = faces
    found = gallery.identify_faces(rows[:2], top=4, threshold=0.999)
    assert found.counts.tolist() == [1, 1]
    assert found.subjects[:, 1:].tolist() == [["", "", ""]] * 2 and np.isnan(found.scores[:, 1:]).all()
    assert len(found.to_numpy()) == 2
    assert gallery.identify_faces(np.empty((0, 64))).subjects.shape == (0, 10)


def test_a_decision_is_that_of_the_candidates_that_are_left(faces):
    gallery, _, rows = faces
    assert (gallery.identify_faces(rows[:3], threshold=0.9).decisions == "match").all()
    none = gallery.identify_faces(rows[:3], threshold=1.5)
    assert none.counts.tolist() == [0] * 3 and (none.decisions == "none").all()


@pytest.mark.parametrize("top", [2**40, 2**62])
def test_more_candidates_than_there_is_memory_for_are_refused(faces, top):
    with pytest.raises(MemoryError, match=f"top={top}"):
        faces[0].identify_faces(faces[2][:2], top=top)


@pytest.mark.parametrize("wrong", [{"face_threshold": float("nan")}, {"miss": 2.0}, {"miss": float("nan")}])
def test_options_that_say_nothing_are_refused(gallery, records, wrong):
    with pytest.raises(vantay.SearchOptionError, match="expected"):
        gallery.identify(records[:1], **wrong)


@pytest.mark.parametrize("threshold", [float("nan"), float("inf"), -float("inf")])
def test_a_threshold_that_is_no_finite_number_is_refused(faces, gallery, templates, threshold):
    with pytest.raises(vantay.SearchOptionError, match="threshold .*: expected a finite number"):
        faces[0].identify_faces(faces[2][:1], threshold=threshold)
    with pytest.raises(vantay.SearchOptionError, match="expected a finite number"):
        gallery.identify_fingers(templates[:1], position=2, threshold=threshold)


def test_rows_may_lie_anywhere(faces):
    gallery, _, rows = faces
    askew = np.frombuffer(b"x" + rows[:3].tobytes(), np.float32, offset=1).reshape(3, 64)
    assert (gallery.identify_faces(askew).subjects == gallery.identify_faces(rows[:3]).subjects).all()


def test_whoever_is_told_of_progress_may_search(faces):
    gallery, _, rows = faces
    found = gallery.deduplicate(
        face_threshold=0.99, threads=1, progress=lambda *_: gallery.identify_faces(rows[:1], threads=1)
    )
    assert len(found) == 0


def test_filters_keep_subjects_by_what_their_ids_say(gallery, records):
    rows = np.random.default_rng(1).standard_normal((3, 64))
    found = gallery.identify_faces(rows, top=100, sex="f", born=(1960, 1990))
    for subject in found.subjects[found.subjects != ""]:
        assert int(subject[3]) % 2 == 1 and 1960 <= 1900 + 100 * (int(subject[3]) // 2) + int(subject[4:6]) <= 1990
    province = records[0]["personal_id"][:3]
    own = gallery.identify_faces(rows, top=100, province=province)
    assert {subject[:3] for subject in own.subjects[own.subjects != ""]} == {province}
    with pytest.raises(ValueError):
        gallery.identify_faces(rows, sex="x")


def test_records_find_themselves(gallery, records):
    found = gallery.identify(records[:10], top=1)
    # Who registered twice may be found under either ID.
    assert np.mean([found.subjects[i, 0] == records[i]["personal_id"] for i in range(10)]) >= 0.8
    assert (found.decisions == "match").all()


def test_fingers_find_their_subject(gallery, templates):
    found = gallery.identify_fingers(templates, position=2, top=3)
    assert found.subjects.shape == (len(templates), 3)
    own = [vantay.compare_minutiae(template, template) for template in templates]
    np.testing.assert_array_equal(found.scores[:, 0], np.float32(own))
    with pytest.raises(vantay.TemplateError, match="template 1"):
        gallery.identify_fingers([templates[0], b"FMR"])


def test_a_claim_is_verified(gallery, records):
    answer = gallery.verify(records[0])
    assert answer and answer.decision == "match" and answer.known
    assert answer.scores["face"] == pytest.approx(1)
    other = {**records[0], "personal_id": records[1]["personal_id"]}
    refused, known = gallery.verify([other, records[0]])
    assert not refused and refused.known and known.decision == "match"


def test_a_stated_rate_has_its_interval_and_its_origin(gallery, records):
    answer = gallery.verify(records[0])
    low, high = answer.fmr_interval
    assert 0 <= low <= answer.fmr < high and answer.extrapolated
    found = gallery.identify(records[:5], top=4)
    assert found.fmr_low.shape == found.fmr.shape == found.extrapolated.shape
    there = found.subjects != ""
    assert (found.fmr_low <= found.fmr)[there].all() and (found.fmr <= found.fmr_high)[there].all()
    assert found.extrapolated[:, 0].all() and not found.extrapolated[~there].any()
    pairs = gallery.deduplicate().pairs
    assert (pairs["fmr_low"] <= pairs["fmr"]).all() and (pairs["fmr"] <= pairs["fmr_high"]).all()
    assert pairs["extrapolated"].dtype == bool


def test_who_registered_twice_is_found(gallery, records):
    stages = []
    found = gallery.deduplicate(progress=lambda *told: stages.append(told))
    assert found.pairs.dtype.names[:4] == ("a_personal_id", "a_registration", "b_personal_id", "b_registration")
    assert len(found) >= 5 and set(found.pairs["kind"][found.pairs["decision"] == "match"]) == {"different_id"}
    itself = found.pairs["a_registration"] == found.pairs["b_registration"]
    assert ((found.pairs["kind"] == "same_finger_twice") == itself).all()
    assert (found.pairs["a_personal_id"] < found.pairs["b_personal_id"])[~itself].all()
    clustered = {member.registration for cluster in found.clusters for member in cluster.members}
    matches = found.pairs[found.pairs["decision"] == "match"]
    assert clustered == set(matches["a_registration"]) | set(matches["b_registration"])
    assert "pairs" in repr(found) and "<table>" in found._repr_html_()


def test_two_galleries_are_held_against_each_other(gallery, gallery_path):
    found = gallery.deduplicate(vantay.Gallery.open(gallery_path))
    assert len(found) >= len(gallery), "each registration finds itself"


def test_an_empty_deduplication_has_its_columns(faces):
    found = faces[0].deduplicate(face_threshold=0.99)
    assert len(found) == 0 and "face" in found.pairs.dtype.names and found.clusters == []


@pytest.mark.parametrize("package", ["pandas", "polars", "pyarrow"])
def test_results_become_tables(gallery, package):
    pytest.importorskip(package)
    found = gallery.deduplicate()
    table = {"pandas": found.to_pandas, "polars": found.to_polars, "pyarrow": found.to_arrow}[package]()
    assert len(table) == len(found)
    if package == "pyarrow":
        import pyarrow

        assert pyarrow.table(found).num_rows == len(found), "by the PyCapsule interface"
        for name in found.pairs.dtype.names:
            assert table[name].to_pylist() == found.pairs[name].tolist() or found.pairs[name].dtype.kind == "f"


def test_tables_need_no_pyarrow(gallery):
    pytest.importorskip("polars")
    script = """
import sys
sys.modules["pyarrow"] = None
import polars, vantay
found = vantay.Gallery.open(sys.argv[1]).deduplicate()
table = polars.DataFrame(found)
assert table["a_registration"].to_list() == found.pairs["a_registration"].tolist()
assert table["score"].to_list() == found.pairs["score"].tolist()
print(len(table))
"""
    told = subprocess.run([sys.executable, "-c", script, gallery.info().path], capture_output=True, text=True)
    assert told.returncode == 0 and int(told.stdout) >= 5, told.stderr


@pytest.mark.parametrize("call", ["deduplicate(face_candidates=0.99, threads=1)", "identify_faces(rows, threads=1)"])
def test_a_long_call_hears_ctrl_c(call):
    script = f"""
import numpy as np, signal, tempfile, vantay
# Whoever starts the tests in the background may have them ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)
rows = np.random.default_rng(1).standard_normal((20000, 128), dtype=np.float32)
gallery = vantay.Gallery.create(tempfile.mkdtemp(), face_model="m", face_dim=128, id="opaque")
gallery.enroll_faces([str(n) for n in range(len(rows))], rows)
gallery.commit()
print("ready", flush=True)
while True:
    gallery.{call}
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    # Without hearing it the script would go on for ever.
    _, error = process.communicate(timeout=60)
    assert b"KeyboardInterrupt" in error
