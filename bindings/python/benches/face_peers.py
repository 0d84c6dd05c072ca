#!/usr/bin/env python3
"""Face search side by side with its peers: speed beside exactness, every contestant on the same data in the same run.

`cargo xtask peers face` makes the environment and runs this. Contestants are processes of their own, as their libraries
bring thread pools and BLAS settings that disturb each other; they are asked one at a time, in turn, round after round, so
that whatever else the machine does hits all alike. Figures are medians over the rounds. The truth is a scan of all references
in f64. A batch that would take a contestant longer than ``--patience`` is cut short, and the table says so: beyond some
hundred probes the cost of a probe no longer depends on the size of the batch.
"""

import argparse
import base64
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

D, TOP, PROBES, BLOCK = 512, 10, 1000, 16384
# What each contestant is called, which arithmetic its answer rests on, and the environment it needs.
CONTESTANTS = {
    "vantay": ("Vantay", "i8 screen, f64", {}),
    "numpy": ("numpy", "f32", {}),
    "faiss": ("FAISS Flat", "f32", {}),
    "faiss-tuned": ("FAISS Flat, OPENBLAS_CORETYPE=SkylakeX", "f32", {"OPENBLAS_CORETYPE": "SkylakeX"}),
    "faiss-sq8": ("FAISS SQ8", "i8", {}),
    "usearch": ("usearch exact", "f32", {}),
    "usearch-i8": ("usearch exact", "i8", {}),
    "numkong-i8": ("numkong packed, numpy's top 10", "i8", {}),
    "simsimd-i8": ("simsimd cdist, numpy's top 10", "i8", {}),
}
CASES = [(count, threads) for count in (1, PROBES) for threads in (1, 2)]


# The data


def rows_of(feed):
    """The embeddings of a feed, as they stand there."""
    rows = []
    with open(feed, "rb") as lines:
        for line in lines:
            start = line.index(b'"embedding":"') + 13
            rows.append(np.frombuffer(base64.b64decode(line[start : line.index(b'"', start)]), "<f4"))
    os.remove(feed)
    return np.stack(rows)


def unit(rows):
    """Rows of length one in f32, to the bit those that a gallery stores: the length is computed in f64."""
    out = np.empty_like(rows)
    for b in range(0, len(rows), BLOCK):
        part = rows[b : b + BLOCK].astype(np.float64)
        out[b : b + BLOCK] = part / np.sqrt((part * part).sum(1, keepdims=True))
    return out


def make_data(folder, n):
    """One portrait each of ``n`` people, and probes: half are other portraits of some of them, half are of strangers."""
    import vantay

    def people(seed, subjects, captures):
        feed = f"{folder}/feed.ndjson"
        vantay.synthesis.write_feed(
            feed, subjects=subjects, captures=captures, seed=seed, duplicates=0.0, fingers=0, face_dim=D
        )
        return rows_of(feed)

    x = people(1, n, 1)
    known = {row[:8].tobytes() for row in x}
    mates = np.stack([row for row in people(1, PROBES // 2, 2) if row[:8].tobytes() not in known])
    q = np.concatenate([mates, people(2, PROBES - len(mates), 1)])[np.random.default_rng(3).permutation(PROBES)]
    np.save(f"{folder}/truth.npy", truth(unit(x), unit(q)))
    np.save(f"{folder}/q.npy", q)
    np.save(f"{folder}/x.npy", x)


def truth(x, q):
    """(probes, 10) of (reference, score): a scan of all references in f64, equal scores by the number of the reference."""
    q = q.astype(np.float64)
    scores, places = np.full((len(q), TOP), -9.0), np.zeros((len(q), TOP), np.int64)
    for block in range(0, len(x), BLOCK):
        merge(scores, places, q @ x[block : block + BLOCK].astype(np.float64).T, block)
    return np.rec.fromarrays([places, scores], names="place,score")


def merge(scores, places, found, first):
    """Takes the scores of a block of references into the running top: only what is above the last of it is looked at."""
    probe, place = np.nonzero(found > scores[:, -1:])
    cut = np.searchsorted(probe, np.arange(len(scores) + 1))
    for i in np.flatnonzero(cut[1:] > cut[:-1]):
        here = place[cut[i] : cut[i + 1]]
        all_scores = np.concatenate([scores[i], found[i, here]])
        all_places = np.concatenate([places[i], here + first])
        order = np.argsort(-all_scores, kind="stable")[:TOP]
        scores[i], places[i] = all_scores[order], all_places[order]


# The contestants: each a function of (probes, threads) that gives the places of the best ten


def contestant(kind, folder):
    if kind == "vantay":
        import vantay

        gallery = vantay.Gallery.open(f"{folder}/gallery")

        def search(q, threads):
            found = gallery.identify_faces(q, top=TOP, threads=threads)
            return found.registrations, found.face

        return search
    x = unit(np.load(f"{folder}/x.npy", mmap_mode="r"))
    n = len(x)
    if kind.endswith("-i8"):
        scale = 127 / np.abs(x[:20000]).max()
        small = lambda v: np.clip(np.rint(v * scale), -127, 127).astype(np.int8)
        x8 = np.concatenate([small(x[b : b + BLOCK]) for b in range(0, n, BLOCK)])
        del x

    def best(scores):
        places = np.argpartition(scores, n - TOP, axis=1)[:, -TOP:]
        return np.take_along_axis(places, np.argsort(-np.take_along_axis(scores, places, 1), axis=1), 1)

    def blockwise(q, blocks):
        scores, places = np.full((len(q), TOP), -1e30), np.zeros((len(q), TOP), np.int64)
        for first, compare in blocks:
            merge(scores, places, compare(q), first)
        return scores, places

    if kind == "numpy":
        limit_threads = blas_threads()
        blocks = [(b, lambda q, b=b: q @ x[b : b + BLOCK].T) for b in range(0, n, BLOCK)]

        def search(q, threads):
            with limit_threads(threads):
                return best((x @ q[0])[None]) if len(q) == 1 else blockwise(q, blocks)[1]

    elif kind.startswith("faiss"):
        import faiss

        limit_threads = blas_threads()
        metric = faiss.METRIC_INNER_PRODUCT
        index = faiss.IndexFlatIP(D)
        if kind == "faiss-sq8":
            index = faiss.IndexScalarQuantizer(D, faiss.ScalarQuantizer.QT_8bit, metric)
            index.train(x[:100000])
        for b in range(0, n, 50000):
            index.add(x[b : b + 50000])
        del x

        def search(q, threads):
            faiss.omp_set_num_threads(threads)
            with limit_threads(threads):
                return index.search(q, TOP)[1]

    elif kind.startswith("usearch"):
        from usearch.index import MetricKind
        from usearch.index import search as exact

        rows, cast = (x8, small) if kind == "usearch-i8" else (x, lambda q: q)

        def search(q, threads):
            q = cast(q)
            q = q[0] if len(q) == 1 else q
            return np.asarray(exact(rows, q, TOP, MetricKind.IP, exact=True, threads=threads).keys).reshape(-1, TOP)

    elif kind == "numkong-i8":
        import numkong

        packed = [(b, numkong.dots_pack(x8[b : b + BLOCK])) for b in range(0, n, BLOCK)]
        blocks = [(b, lambda q, p=p: np.asarray(numkong.dots_packed(q, p))) for b, p in packed]
        halves, pool = (blocks[: len(blocks) // 2], blocks[len(blocks) // 2 :]), ThreadPoolExecutor(2)

        def search(q, threads):
            q = small(q)
            if threads == 1:
                return blockwise(q, blocks)[1]
            (s1, p1), (s2, p2) = pool.map(lambda half: blockwise(q, half), halves)
            order = np.argsort(-np.concatenate([s1, s2], 1), axis=1, kind="stable")[:, :TOP]
            return np.take_along_axis(np.concatenate([p1, p2], 1), order, 1)

    elif kind == "simsimd-i8":
        import simsimd

        def search(q, threads):
            # Its scores are f64 and all of them come back: a few probes at a time.
            parts = [small(q[i : i + 16]) for i in range(0, len(q), 16)]
            scores = (np.asarray(simsimd.cdist(part, x8, metric="dot", threads=threads)) for part in parts)
            return np.concatenate([best(block.reshape(-1, n)) for block in scores])

    return search


def blas_threads():
    import threadpoolctl

    controller = threadpoolctl.ThreadpoolController()
    return lambda threads: controller.limit(limits=threads)


def serve(kind, folder):
    """A contestant's process: takes lines of (first probe, count, threads), answers with seconds and saves the answers."""
    q = np.load(f"{folder}/q.npy")
    q = q if kind == "vantay" else unit(q)
    search = contestant(kind, folder)
    print("ready", flush=True)
    for line in sys.stdin:
        first, count, threads = json.loads(line)
        probes = np.ascontiguousarray(q[first : first + count])
        start = time.perf_counter()
        answer = search(probes, threads)
        seconds = time.perf_counter() - start
        scores = None
        if kind == "vantay":
            answer, scores = answer
        np.savez(f"{folder}/{kind}.npz", places=np.asarray(answer).astype(np.int64), scores=scores is not None and scores)
        print(seconds, flush=True)


class Contestant:
    def __init__(self, kind, folder, n):
        self.kind, self.folder, self.n = kind, folder, n
        self.name, self.arithmetic, environment = CONTESTANTS[kind]
        command = [sys.executable, os.path.abspath(__file__), "--serve", kind, "--folder", folder]
        pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process = subprocess.Popen(command, env={**os.environ, **environment}, **pipes)
        self.seconds = {case: [] for case in CASES}
        self.batch, self.seen, self.wrong, self.worst = PROBES, set(), set(), 0.0

    def ready(self):
        return self.process.stdout.readline() == "ready\n"

    def ask(self, first, count, threads):
        """Seconds for a probe of a search; what the answer is worth is counted."""
        self.process.stdin.write(json.dumps([first, count, threads]) + "\n")
        self.process.stdin.flush()
        seconds = float(self.process.stdout.readline())
        wanted = TRUTH[first : first + count]
        with np.load(f"{self.folder}/{self.kind}.npz") as found:
            for i, places in enumerate(found["places"]):
                self.seen.add(first + i)
                # Peers are asked for the ten, Vantay for the ten in their order and for their scores.
                same = set(places) == set(wanted.place[i])
                if self.kind == "vantay":
                    self.worst = max(self.worst, float(np.abs(found["scores"][i] - wanted.score[i]).max()))
                    same = list(places) == list(wanted.place[i])
                    if not same or self.worst > 1e-12:
                        raise SystemExit(f"Vantay's answer to probe {first + i} is not that of f64: {places}, {wanted[i]}")
                if not same:
                    self.wrong.add(first + i)
        return seconds / count

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def measure(contestants, rounds, patience):
    for c in contestants:
        c.ask(0, 1, 1)
        each = c.ask(0, 20, 1)
        c.batch = int(min(PROBES, max(20, patience / each)))
    for turn in range(rounds):
        for count, threads in CASES:
            for c in contestants:
                if count == 1:
                    each = [c.ask((turn * 5 + i) % PROBES, 1, threads) for i in range(5)]
                else:
                    each = [c.ask(0, c.batch, threads)]
                c.seconds[count, threads].extend(each)
        print(f"round {turn + 1} of {rounds}: {time.perf_counter() - START:.0f} s", file=sys.stderr)


# Opening, from a cold file cache


def drop(paths):
    """Takes files out of the page cache (that no process maps), without leave to drop everybody's."""
    for path in paths:
        with open(path, "rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def files_under(folder):
    return [os.path.join(base, name) for base, _, names in os.walk(folder) for name in names]


def opened(kind, folder):
    """A process of its own: seconds to open, seconds of the first and of the second search, bytes that came from the disk."""
    import vantay

    q = np.load(f"{folder}/q.npy")[:2]

    def from_disk():
        with open("/proc/self/io") as lines:
            return int(next(line for line in lines if line.startswith("read_bytes")).split()[1])

    before, times = from_disk(), [time.perf_counter()]
    if kind == "vantay":
        gallery = vantay.Gallery.open(f"{folder}/gallery")
        search = lambda q: gallery.identify_faces(q, top=TOP)
    else:
        x = np.load(f"{folder}/x.npy", mmap_mode="r")
        search = lambda q: np.argpartition(x @ q[0], len(x) - TOP)
    times.append(time.perf_counter())
    for i in range(2):
        search(q[i : i + 1])
        times.append(time.perf_counter())
        if i == 0:
            read = from_disk() - before
    print(json.dumps([*np.diff(times), read]))


def opening(folder, rounds):
    stored = {"vantay": files_under(f"{folder}/gallery"), "numpy": [f"{folder}/x.npy"]}
    rows = {"vantay": [], "numpy": [], "disk": []}
    for _ in range(rounds):
        for kind, paths in stored.items():
            drop(paths)
            command = [sys.executable, os.path.abspath(__file__), "--opened", kind, "--folder", folder]
            rows[kind].append(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
        drop(stored["vantay"])
        start, size, buffer = time.perf_counter(), 0, bytearray(8 << 20)
        for path in stored["vantay"]:
            with open(path, "rb", buffering=0) as file:
                while got := file.readinto(buffer):
                    size += got
        rows["disk"].append([size, time.perf_counter() - start])
    return {kind: np.median(np.array(found), axis=0) for kind, found in rows.items()}


# The report


def report(contestants, cold, enrolled, arguments):
    ours = contestants[0]
    middle = {(c.kind, case): statistics.median(c.seconds[case]) * 1e3 for c in contestants for case in CASES}
    n = arguments.n
    lines = [
        f"Top {TOP} of {n:,} references, {D}-d; milliseconds for a probe, medians of {arguments.rounds} alternated rounds. "
        "Exact: of how many probes the ten are those of an f64 scan.",
        "",
        "| | arithmetic | 1 probe, 1 thread | 2 threads | batch, 1 thread | 2 threads | probes in the batch | exact |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for c in contestants:
        cells = [f"{middle[c.kind, case]:.3g}" for case in CASES]
        if c is not ours:
            ratios = [middle[c.kind, case] / middle[ours.kind, case] for case in CASES]
            cells = [f"{cell} (× {ratio:.2g})" for cell, ratio in zip(cells, ratios)]
        exact = f"{len(c.seen) - len(c.wrong):,} / {len(c.seen):,}"
        lines.append(f"| {c.name} | {c.arithmetic} | {' | '.join(cells)} | {c.batch:,} | {exact} |")
    names = {(1, 1): "1 probe, 1 thread", (1, 2): "1 probe, 2 threads"}
    names.update({(PROBES, 1): "batch, 1 thread", (PROBES, 2): "batch, 2 threads"})
    lost = [
        f"to {c.name} ({c.arithmetic}) at {names[case]}"
        for c in contestants[1:]
        for case in CASES
        if middle[c.kind, case] < middle[ours.kind, case]
    ]
    lines += ["", "Vantay loses: " + ("; ".join(lost) if lost else "no row of this run") + "."]
    lines += [
        f"All {len(ours.seen):,} answers of Vantay equal the f64 scan in subjects and order; "
        f"scores differ by at most {ours.worst:.1e}."
    ]
    (open_s, first, second, read), (size, seconds) = cold["vantay"], cold["disk"]
    disk, rate = size / seconds, read / first
    numpy_open, numpy_first, numpy_second, numpy_read = cold["numpy"]
    lines += [
        "",
        f"| after dropping the files from the cache, {n:,} references | open, ms | first search, ms | second | "
        "read from disk, GB | GB/s | of the disk's sequential rate |",
        "|---|---|---|---|---|---|---|",
        f"| Vantay | {open_s * 1e3:.2g} | {first * 1e3:.0f} | {second * 1e3:.3g} | {read / 1e9:.2f} | {rate / 1e9:.2f} | {rate / disk:.0%} |",
        f"| numpy memmap | {numpy_open * 1e3:.2g} | {numpy_first * 1e3:.0f} | {numpy_second * 1e3:.3g} | {numpy_read / 1e9:.2f} "
        f"| {numpy_read / numpy_first / 1e9:.2f} | {numpy_read / numpy_first / disk:.0%} |",
        f"| the files read through | | {seconds * 1e3:.0f} | | {size / 1e9:.2f} | {disk / 1e9:.2f} | 100% |",
        "",
        f"Enrolled and committed in {enrolled:.1f} s. " + versions(),
    ]
    return "\n".join(lines) + "\n"


def versions():
    from importlib.metadata import PackageNotFoundError, version

    told = []
    for package in ("numpy", "faiss-cpu", "usearch", "numkong", "simsimd"):
        try:
            told.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            told.append(f"{package} not installed")
    with open("/proc/cpuinfo") as lines:
        model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown")
    return f"{', '.join(told)}; {os.cpu_count()} cores of {model}."


def enroll(folder):
    import vantay

    shutil.rmtree(f"{folder}/gallery", ignore_errors=True)
    x = np.load(f"{folder}/x.npy", mmap_mode="r")
    start = time.perf_counter()
    with vantay.Gallery.create(f"{folder}/gallery", face_model="synthetic", face_dim=D, id="opaque") as gallery:
        for first in range(0, len(x), 50000):
            rows = np.array(x[first : first + 50000])
            names = [f"{first + i:09d}" for i in range(len(rows))]
            gallery.enroll_faces(names, rows, registrations=names)
        gallery.commit()
    return time.perf_counter() - start


def main():
    global TRUTH
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=1_000_000, help="references")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--patience", type=float, default=3.0, help="seconds that a batch may take on one thread")
    parser.add_argument("--against", nargs="*", choices=list(CONTESTANTS)[1:], default=list(CONTESTANTS)[1:])
    parser.add_argument("--folder", default="target/peers", help="where data and the table go")
    parser.add_argument("--serve", choices=CONTESTANTS, help=argparse.SUPPRESS)
    parser.add_argument("--opened", choices=["vantay", "numpy"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        return serve(arguments.serve, arguments.folder)
    if arguments.opened:
        return opened(arguments.opened, arguments.folder)
    note = lambda what: print(f"{what}: {time.perf_counter() - START:.0f} s", file=sys.stderr)
    folder = os.path.abspath(f"{arguments.folder}/face-{arguments.n}")
    os.makedirs(folder, exist_ok=True)
    if not os.path.exists(f"{folder}/x.npy"):
        make_data(folder, arguments.n)
        note("data and truth made")
    saved = np.load(f"{folder}/truth.npy")
    TRUTH = np.rec.fromarrays([saved["place"], saved["score"]], names="place,score")
    enrolled = enroll(folder)
    note("enrolled")
    contestants = []
    for kind in ["vantay", *arguments.against]:
        c = Contestant(kind, folder, arguments.n)
        if c.ready():
            contestants.append(c)
        else:
            print(f"{c.name} is left out: it does not start here", file=sys.stderr)
    if not contestants or contestants[0].kind != "vantay":
        raise SystemExit("Vantay does not start")
    note("contestants ready")
    try:
        measure(contestants, arguments.rounds, arguments.patience)
    finally:
        for c in contestants:
            c.close()
    table = report(contestants, opening(folder, 3), enrolled, arguments)
    with open(f"{arguments.folder}/face.md", "w") as file:
        file.write(table)
    print(table)


START = time.perf_counter()
if __name__ == "__main__":
    main()
