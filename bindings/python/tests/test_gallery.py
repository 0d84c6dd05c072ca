"""Enrolment, commits, removal, and who may do it."""

import json
import os
import signal
import threading
import time

import numpy as np
import pytest

import vantay


def face(personal_id, seed, registration=None, dim=16):
    rows = np.random.default_rng(seed).standard_normal(dim, dtype=np.float32)
    return {
        "registration": registration or f"R{seed}",
        "personal_id": personal_id,
        "portrait": {"model": "m", "embedding": rows},
    }


@pytest.fixture
def empty(tmp_path):
    return vantay.Gallery.create(tmp_path / "g", face_model="m", face_dim=16, id="opaque")


def test_what_is_enrolled_shows_with_the_commit(empty):
    assert empty.enroll([face("a", 1), face("b", 2)]).enrolled == 2
    assert (len(empty), empty.staged) == (0, 2)
    assert empty.commit() == (1, 2, 0)
    assert (len(empty), empty.staged, empty.info().subjects) == (2, 0, 2)


def test_a_gallery_can_be_warmed(empty):
    empty.warm()
    empty.warm(threads=1)


def test_a_reader_keeps_its_commit_until_it_refreshes(empty, tmp_path):
    reader = vantay.Gallery.open(tmp_path / "g")
    empty.enroll(face("a", 1))
    empty.commit()
    assert len(reader) == 0
    assert reader.refresh() == 1 and len(reader) == 1


def test_a_rollback_forgets_what_was_staged(empty):
    empty.enroll(face("a", 1))
    empty.rollback()
    assert empty.staged == 0
    assert empty.enroll(face("a", 1)).enrolled == 1, "the name is free again"


def test_embeddings_may_be_lists_base64_or_arrays(empty):
    record = face("a", 1)
    array = record["portrait"]["embedding"]
    as_list = {**record, "registration": "L", "portrait": {"model": "m", "embedding": array.tolist()}}
    empty.enroll([record, as_list])
    empty.commit()
    found = empty.identify_faces(array, top=2)
    assert found.counts.tolist() == [1], "two registrations of one subject are one candidate"
    assert found.scores[0, 0] == pytest.approx(1)


def test_unnamed_faces_get_names_that_never_repeat(empty):
    rows = np.eye(16, dtype=np.float32)
    for _ in range(2):
        assert empty.enroll_faces(["a", "b"], rows[:2]) == 2
        empty.commit()
    assert len(empty) == 4


def test_removed_subjects_never_appear(empty):
    rows = np.eye(16, dtype=np.float32)
    empty.enroll_faces(["a", "b"], rows[:2])
    empty.commit()
    assert empty.remove("a") == 1
    empty.commit()
    assert "a" not in empty.identify_faces(rows, top=2).subjects
    assert empty.compact().rows_dropped == 1
    assert empty.check(), "nothing is damaged"
    with pytest.raises(KeyError):
        empty.remove(["a"])
    assert empty.remove(["a"], missing_ok=True) == 0


def test_bad_records_stop_the_run_or_are_passed_over(empty, tmp_path):
    good, bad = face("a", 1), {**face("b", 2), "portrait": {"model": "other", "embedding": [1.0] * 16}}
    with pytest.raises(vantay.FeedError, match="record 1: portrait.model") as caught:
        empty.enroll([good, bad])
    assert (caught.value.number, caught.value.field) == (1, "portrait.model")
    assert caught.value.kind
    assert empty.staged == 1, "what stood before it is staged"
    empty.rollback()
    done = empty.enroll([bad, good], on_error="skip")
    assert (done.enrolled, done.rejected) == (1, 1)
    assert (done.reasons[0].field, done.reasons[0].kind) == ("portrait.model", caught.value.kind)
    feed = tmp_path / "feed.ndjson"
    lines = [{**good, "portrait": {"model": "m", "embedding": good["portrait"]["embedding"].tolist()}}, {}]
    feed.write_text("\n".join(map(json.dumps, lines)))
    done = empty.enroll(feed, on_error="skip")
    assert (done.enrolled, done.rejected) == (0, 2), "the first exists, the second is empty"
    with pytest.raises(vantay.RegistrationExistsError, match=":1: registration") as caught:
        empty.enroll(feed)
    assert (caught.value.line, caught.value.file, caught.value.offset) == (1, str(feed), 0)
    with pytest.raises(ValueError, match="threads=0"):
        empty.enroll(feed, threads=0)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="skipped: an interrupt in a write: no named pipes here")
def test_an_interrupt_is_seen_though_a_write_goes_on(tmp_path):
    # Whoever starts the tests in the background may have them ignore it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        interrupt_a_write(tmp_path)
    finally:
        signal.signal(signal.SIGINT, before)


def interrupt_a_write(tmp_path):
    pipe = tmp_path / "pipe.ndjson"
    os.mkfifo(pipe)
    with pytest.raises(KeyboardInterrupt):
        with vantay.Gallery.create(tmp_path / "g", face_model="m", face_dim=16) as gallery:
            threading.Timer(0.3, signal.raise_signal, [signal.SIGINT]).start()
            gallery.enroll(pipe)
    with pytest.raises(BlockingIOError):
        gallery.commit()
    pipe.write_text("{}")
    end = time.monotonic() + 60
    while gallery.writable:
        assert time.monotonic() < end, "the write ends when the pipe does"
        time.sleep(0.01)
    vantay.Gallery.open(tmp_path / "g", writable=True).close()


def test_errors_are_what_python_expects(empty, tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        vantay.Gallery.open(tmp_path / "nowhere")
    assert isinstance(caught.value, vantay.VantayError) and "nowhere" in str(caught.value)
    with pytest.raises(FileExistsError):
        vantay.Gallery.create(tmp_path / "g")
    with pytest.raises(BlockingIOError):
        vantay.Gallery.open(tmp_path / "g", writable=True)
    with pytest.raises(PermissionError):
        vantay.Gallery.open(tmp_path / "g").commit()
    with pytest.raises(OSError):
        empty.enroll(tmp_path / "no-feed.ndjson")
    with pytest.raises(ValueError, match="dimensions"):
        empty.identify_faces(np.ones((1, 17)))
    with pytest.raises(vantay.TemplateError, match="embedding 1: embedding of length zero"):
        empty.enroll_faces(["a", "b"], np.eye(2, 16) * [[1], [0]])
    with pytest.raises(ValueError):
        empty.identify_faces(np.ones((1, 16)), threads=0)
    with pytest.raises(vantay.DecisionError):
        empty.verify(face("a", 1), fmr=2.0)


def test_damage_is_found_and_named(gallery_path, tmp_path):
    import shutil

    copy = shutil.copytree(gallery_path, tmp_path / "copy")
    os.chmod(copy, 0o700)
    segment = max(copy.iterdir(), key=lambda file: file.stat().st_size)
    data = bytearray(segment.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 512] = bytes(byte ^ 1 for byte in data[middle : middle + 512])
    segment.write_bytes(data)
    report = vantay.Gallery.open(copy).check()
    assert not report and report.problems[0].file == str(segment)


def test_a_closed_gallery_lets_another_write(empty, tmp_path):
    empty.close()
    assert not empty.writable
    with vantay.Gallery.open(tmp_path / "g", writable=True) as other:
        assert other.writable


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_leaves_the_gallery_to_its_parent(empty, tmp_path):
    empty.enroll(face("a", 1))
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        # Whatever happens, the child must not go on with the tests.
        try:
            os.read(told, 1)
            empty.close()
        finally:
            os._exit(0)
    empty.commit()
    os.write(tell, b"!")
    assert os.waitpid(child, 0)[1] == 0
    assert len(vantay.Gallery.open(tmp_path / "g")) == 1
    empty.enroll(face("b", 2))
    assert empty.commit().enrolled == 1
