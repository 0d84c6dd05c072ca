"""What the Python package adds to the Rust calls: seconds of a call less those that the library's own work took.

python bindings/python/benches/overhead.py [--registrations 100000]

The module times the library's work where it runs, on the other side of the interpreter lock, so both are of one call. Every figure is
the median of many calls on one thread; the search of one registration is left to run where the library would.
"""

import argparse
import base64
import json
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

import vantay
from vantay import _native


def measured(call, times):
    """Medians of whole seconds, of the library's own, and of what each call adds."""
    whole, own = [], []
    for _ in range(times):
        start = time.perf_counter()
        call()
        whole.append(time.perf_counter() - start)
        own.append(_native.last_work_seconds())
    return [statistics.median(seconds) for seconds in (whole, own, [w - o for w, o in zip(whole, own)])]


def show(name, whole, own, added):
    print(f"{name:44} {whole * 1e6:12.1f} µs, Rust {own * 1e6:12.1f} µs, added {1e6 * added:9.1f} µs, {100 * added / own:7.2f} %")


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--registrations", type=int, default=100_000)
    asked = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), asked.registrations)


def measure(folder, registrations):
    dice = np.random.default_rng(1)
    rows = dice.standard_normal((registrations, 512), dtype=np.float32)
    with vantay.Gallery.create(folder / "faces", id="opaque", face_model="m", face_dim=512) as faces:
        faces.enroll_faces([str(number) for number in range(len(rows))], rows)
        faces.commit()
    few = vantay.Gallery.create(folder / "few", id="opaque", face_model="m", face_dim=512)
    few.enroll_faces(["one"], rows[:1])
    few.commit()
    vantay.synthesis.write_feed(folder / "feed.ndjson", subjects=2000, fingers=2, face_dim=512)
    records = [json.loads(line) for line in (folder / "feed.ndjson").read_text().splitlines()]
    with vantay.Gallery.create(folder / "people", face_model="synthetic", face_dim=512) as people:
        people.enroll(folder / "feed.ndjson")
        people.commit()
    templates = [base64.b64decode(f["template"]) for r in records for f in r["fingers"] if f["position"] == 2 and "template" in f]

    print("single calls")
    start = time.perf_counter()
    for _ in range(20_000):
        vantay.compare_faces(rows[0], rows[1])
    each = (time.perf_counter() - start) / 20_000
    print(f"{'compare_faces':44} {each * 1e6:12.1f} µs in all: two rows of 512 take Rust a tenth of one")
    show("identify_faces, 1 probe, 1 registration", *measured(lambda: few.identify_faces(rows[:1], top=1), 2000))
    show(f"identify_faces, 1 probe, {len(rows)}", *measured(lambda: faces.identify_faces(rows[:1], threads=1), 100))
    show("verify, 1 record", *measured(lambda: people.verify(records[0], threads=1), 1000))
    print("batches")
    for probes in (100, 1000):
        show(f"identify_faces, {probes} probes, {len(rows)}", *measured(lambda: faces.identify_faces(rows[:probes], threads=1), 5))
    show("identify_fingers, 100 probes, 2000", *measured(lambda: people.identify_fingers(templates[:100], threads=1), 5))
    show("compare_minutiae_matrix, 100 × 100", *measured(lambda: vantay.compare_minutiae_matrix(templates[:100], templates[:100], threads=1), 5))
    show("deduplicate, 2000 records", *measured(lambda: people.deduplicate(threads=1), 3))


if __name__ == "__main__":
    main()
