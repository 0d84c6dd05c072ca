"""Turns templates or embeddings that others made into a registration feed, on standard output.

    make_feed.py templates DIR [--position N]       record files <finger>_<impression>.* (ISO 19794-2, INCITS 378)
    make_feed.py xyt DIR --size W H [--position N]  files of `mindtct -m1`, written as ISO 19794-2:2005 records
    make_feed.py faces EMB.npy LABELS.csv --model M float32 rows, and a CSV with columns `row` and `identity`

Each file or row becomes one registration. Its personal ID is what stands before the last `_` of the file's name, or the
identity, so the gallery has to be made for opaque IDs. Needs nothing but Python.
"""

import argparse
import ast
import base64
import csv
import json
import pathlib
import struct
import sys


def write(registration, personal_id, **templates):
    record = {"registration": registration[-64:], "personal_id": personal_id[:64], **templates}
    sys.stdout.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")


def fingers(folder, position, record_of):
    for path in sorted(pathlib.Path(folder).iterdir()):
        finger, underscore, _ = path.stem.rpartition("_")
        record = record_of(path) if underscore and path.is_file() else None
        if record:
            template = base64.b64encode(record).decode()
            write(path.stem, finger, fingers=[{"position": position, "template": template}])


def iso_2005(path, size, position):
    """The minutiae of an `.xyt` file: x, y, angle in units of 2 degrees, quality 0 to 100; the best 255 of them."""
    if path.suffix != ".xyt":
        return None
    minutiae = [tuple(map(int, line.split()[:4])) for line in path.read_text().splitlines() if line.strip()]
    minutiae = sorted(minutiae, key=lambda minutia: -minutia[3])[:255]
    view = struct.pack(">BBBB", position, 0, 0, len(minutiae))
    for x, y, angle, quality in minutiae:
        # MINDTCT does not write the type into this file: 0 is "other".
        view += struct.pack(">HHBB", x & 0x3FFF, y & 0x3FFF, round(angle * 2 / 1.40625) % 256, max(0, min(quality, 100)))
    view += struct.pack(">H", 0)
    header = struct.pack(">4s4sIHHHHHBB", b"FMR\0", b" 20\0", 24 + len(view), 0, *size, 197, 197, 1, 0)
    return header + view


def rows_of_npy(path):
    """The rows of a C-contiguous float32 matrix, as bytes."""
    data = pathlib.Path(path).read_bytes()
    start = {1: (10, "<H", 8), 2: (12, "<I", 8)}[data[6]]
    length = struct.unpack_from(start[1], data, start[2])[0]
    header = ast.literal_eval(data[start[0] : start[0] + length].decode())
    if header["descr"] != "<f4" or header["fortran_order"] or len(header["shape"]) != 2:
        sys.exit(f"{path}: expected a matrix of float32 in C order")
    count, dimension = header["shape"]
    begin = start[0] + length
    return [data[begin + i * 4 * dimension : begin + (i + 1) * 4 * dimension] for i in range(count)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest="kind", required=True)
    for kind in ("templates", "xyt"):
        command = kinds.add_parser(kind)
        command.add_argument("folder")
        command.add_argument("--position", type=int, default=0)
    kinds.choices["xyt"].add_argument("--size", type=int, nargs=2, required=True)
    command = kinds.add_parser("faces")
    command.add_argument("embeddings")
    command.add_argument("labels")
    command.add_argument("--model", required=True)
    options = parser.parse_args()

    if options.kind == "templates":
        fingers(options.folder, options.position, lambda path: path.read_bytes())
    elif options.kind == "xyt":
        fingers(options.folder, options.position, lambda path: iso_2005(path, options.size, options.position))
    else:
        rows = rows_of_npy(options.embeddings)
        with open(options.labels, newline="", encoding="utf-8") as labels:
            for label in csv.DictReader(labels):
                row = int(label["row"])
                embedding = base64.b64encode(rows[row]).decode()
                write(f"row-{row:07}", label["identity"], portrait={"model": options.model, "embedding": embedding})


if __name__ == "__main__":
    main()
