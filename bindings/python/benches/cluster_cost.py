"""What Ray costs, and what a country costs.

python bindings/python/benches/cluster_cost.py measure [--registrations 40000]    here: overhead, one worker and two
python bindings/python/benches/cluster_cost.py paper [--rates RATES.json]         on paper, from the output of `vantay dedup g --estimate`

Measured are the least times of several of ``vantay.cluster`` beside direct calls over the same registrations. On paper stands how long how
many nodes take for a full deduplication, and what 100,000 new registrations a day against 107 million ask for.
"""

import argparse
import json
import math
import tempfile
import time
from pathlib import Path

import numpy as np

BY = ("portraits", "every finger")
SIZES = ((4.2e6, "4.2 M"), (107e6, "107 M"), (1e9, "1 B"))


def best(call, times=3):
    """The least seconds of several calls."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def measure(asked):
    from vantay.cluster._ray import before_ray

    before_ray()
    import ray
    from ray.cluster_utils import Cluster

    import vantay
    from vantay import cluster

    with tempfile.TemporaryDirectory() as folder:
        rows = np.random.default_rng(1).standard_normal((asked.registrations, 512), dtype=np.float32)
        ids = [f"{number:08}" for number in range(len(rows))]
        one, several = (sharded(Path(folder) / name, ids, rows, count) for name, count in (("one", 1), ("four", 4)))
        big = vantay.Gallery.open(one.paths[0])
        options = {"face_threshold": 0.4, "modality": "face"}
        direct = best(lambda: big.deduplicate(**options, threads=1))
        print(f"{len(rows)} portraits of 512 dimensions, one thread each; deduplicated by a direct call in {direct:.2f} s")
        seconds = {}
        for workers in (1, 2):
            node = {"num_cpus": workers, "object_store_memory": 100 << 20, "node_ip_address": "127.0.0.1"}
            machines = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
            ray.init(address=machines.address, _node_ip_address="127.0.0.1", log_to_driver=False, logging_level="error")
            cluster.deduplicate(several, **options)  # The workers start and import.
            seconds[workers] = best(lambda: cluster.deduplicate(several, **options))
            blocks = 10
            added = seconds[workers] * workers - direct
            print(
                f"deduplicate, 4 shards, 10 blocks, {workers} workers: {seconds[workers]:.2f} s,"
                f" {added / blocks * 1e3:.0f} ms a block over the direct call, {100 * added / direct:.0f} % of it"
            )
            if workers == 1:
                with cluster.Search(one, threads=1) as search:
                    for probes in (1, 100, 1000):
                        search.identify_faces(rows[:probes])
                        there = best(lambda p=probes: search.identify_faces(rows[:p]), 10)
                        here = best(lambda p=probes: big.identify_faces(rows[:p], threads=1), 10)
                        print(
                            f"identify, 1 shard, a batch of {probes}: {there * 1e3:.1f} ms, {here * 1e3:.1f} ms directly:"
                            f" {(there - here) * 1e3:.1f} ms more, {100 * (there / here - 1):.0f} %"
                        )
            ray.shutdown()
            machines.shutdown()
        print(f"two workers are {seconds[1] / seconds[2]:.2f} times as fast as one")


def sharded(folder, ids, rows, count):
    """Portraits in so many shards."""
    import vantay
    from vantay import cluster

    shards = cluster.create(folder, count, id="opaque", face_model="m", face_dim=512)
    homes = [cluster.shard_of(id, count) for id in ids]
    for number, path in enumerate(shards.paths):
        mine = [at for at, home in enumerate(homes) if home == number]
        with vantay.Gallery.open(path, writable=True) as shard:
            names = [ids[at] for at in mine]
            shard.enroll_faces(names, rows[mine], registrations=names)
            shard.commit()
    return shards


#: What `vantay dedup --estimate` measured for the README: pairs a second and core, shares of pairs, fingers of a registration.
RATES = {
    "face_pairs": 830e6,
    "face_candidates": 1e-4,
    "face_strangers": 50,
    "finger_pairs": 2.3e6,
    "fingers": 2,
    "finger_candidates": 0.0075,
    "full_pairs": 26_600,
}


def core_hours(pairs, registrations, rates, overhead):
    """Of a deduplication whose candidates the portraits name, and of one where every finger names some too: as `CostModel` adds up.

    ``registrations`` are those that each is held against.
    """
    named = min(rates["face_candidates"], (rates.get("face_strangers") or math.inf) / registrations)
    portraits = pairs / rates["face_pairs"] + pairs * named / rates["full_pairs"]
    fingers = pairs * rates["fingers"] / rates["finger_pairs"] + pairs * rates["finger_candidates"] / rates["full_pairs"]
    return [seconds * (1 + overhead) / 3600 for seconds in (portraits, portraits + fingers)]


def duration(hours):
    if hours < 1 / 30:
        return f"{hours * 3600:,.0f} s"
    return f"{hours * 60:,.0f} min" if hours < 2 else f"{hours:,.0f} h" if hours < 100 else f"{hours / 24:,.0f} days"


def paper(asked):
    rates = RATES if asked.rates is None else json.loads(asked.rates.read_text().splitlines()[0])
    print(f"computed, with {100 * asked.overhead:.0f} % for the cluster, nodes of {asked.cores} cores, from {rates}\n")
    print("| registrations | candidates by | core hours | 1 node | 8 nodes | 64 nodes |\n|---|---|---|---|---|---|")
    for count, name in SIZES:
        for by, hours in zip(BY, core_hours(count * (count - 1) / 2, count, rates, asked.overhead)):
            each = " | ".join(duration(hours / asked.cores / nodes) for nodes in (1, 8, 64))
            print(f"| {name} | {by} | {hours:,.0f} | {each} |")
    stock, new = 107e6, 100_000
    print("\n| 100,000 new a day against 107 M, candidates by | core hours a day | nodes that keep up | nodes for 1 h a day |\n|---|---|---|---|")
    for by, hours in zip(BY, core_hours(new * stock, stock, rates, asked.overhead)):
        print(f"| {by} | {hours:,.0f} | {math.ceil(hours / asked.cores / 24):,} | {math.ceil(hours / asked.cores):,} |")
    print("\n| nodes | a single portrait against 107 M | of their memory for its screens, each |\n|---|---|---|")
    for nodes in (1, 4, 16):
        seconds = stock * asked.bytes / asked.bandwidth / nodes + asked.batch
        print(f"| {nodes} | {seconds * 1e3:,.0f} ms | {stock * asked.bytes / nodes / 1e9:,.0f} GB |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["measure", "paper"])
    parser.add_argument("--registrations", type=int, default=40_000)
    parser.add_argument("--rates", type=Path, help="the output of `vantay dedup g --estimate`; the README's if not given")
    parser.add_argument("--overhead", type=float, default=0.05, help="share that the cluster adds")
    parser.add_argument("--cores", type=int, default=32, help="of a node")
    parser.add_argument("--bytes", type=float, default=512, help="of a portrait's screen")
    parser.add_argument("--bandwidth", type=float, default=100e9, help="bytes a second that a node reads from memory")
    parser.add_argument("--batch", type=float, default=0.01, help="seconds that the cluster adds to a batch")
    asked = parser.parse_args()
    measure(asked) if asked.what == "measure" else paper(asked)


if __name__ == "__main__":
    main()
