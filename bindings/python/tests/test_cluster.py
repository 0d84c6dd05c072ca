"""A gallery in shards on a Ray cluster of two nodes, against one big gallery: also while workers and nodes die."""

import json
import os
import shutil
import signal
import time
import warnings

import numpy as np
import pytest

import vantay
from vantay import cluster
from vantay.cluster._gather import gathered
from vantay.cluster._ray import before_ray
from vantay.cluster._shards import LABEL, check_together

before_ray()
ray = pytest.importorskip("ray")
cluster_utils = pytest.importorskip("ray.cluster_utils")

SHARDS = 2
BLOCKS = SHARDS * (SHARDS + 1) // 2
pytestmark = [pytest.mark.filterwarnings("ignore::FutureWarning"), pytest.mark.filterwarnings("ignore::DeprecationWarning")]


def node_options():
    return {"num_cpus": 1, "object_store_memory": 100 << 20, "node_ip_address": "127.0.0.1"}


@pytest.fixture(scope="module")
def two_nodes():
    machines = cluster_utils.Cluster(initialize_head=True, head_node_args={**node_options(), "include_dashboard": False})
    second = machines.add_node(**node_options())
    ray.init(address=machines.address, _node_ip_address="127.0.0.1", log_to_driver=False, logging_level="error")
    machines.wait_for_nodes()
    yield machines, second
    ray.shutdown()
    machines.shutdown()


@pytest.fixture
def second_node(two_nodes):
    """The second node, to be killed: there is another one afterwards."""
    machines, _ = two_nodes
    nodes = [node for node in machines.list_all_nodes() if node is not machines.head_node]
    if not nodes:
        nodes = [machines.add_node(**node_options())]
        machines.wait_for_nodes()
    return nodes[0]


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """People of whom some are registered twice, some lack a portrait, some fingers."""
    path = tmp_path_factory.mktemp("cluster") / "people.ndjson"
    vantay.synthesis.write_feed(path, subjects=60, duplicates=0.2, seed=11, face_dim=64)
    records = [json.loads(line) for line in path.read_text().splitlines()]
    dice = np.random.default_rng(5)
    for record in records:
        lacks = dice.choice(["nothing", "portrait", "fingers"], p=[0.6, 0.25, 0.15])
        if lacks != "nothing":
            record[lacks] = [] if lacks == "fingers" else None
            del record[lacks]
    path.write_text("\n".join(map(json.dumps, records)) + "\n")
    return path, records


@pytest.fixture(scope="module")
def big(people, tmp_path_factory):
    path = tmp_path_factory.mktemp("big")
    with vantay.Gallery.create(path, face_model="synthetic", face_dim=64) as gallery:
        gallery.enroll(people[0])
        gallery.commit()
    return vantay.Gallery.open(path)


@pytest.fixture(scope="module")
def shards(two_nodes, people, tmp_path_factory):
    made = cluster.create(tmp_path_factory.mktemp("shards"), SHARDS, face_model="synthetic", face_dim=64)
    done = cluster.enroll(people[0], made)
    assert done.enrolled == len(people[1]) and done.rejected == 0
    return made


@pytest.fixture(scope="module")
def search(shards):
    with cluster.Search(shards, patience=15) as search:
        yield search


def assert_same_candidates(found, expected):
    for name in vantay.Candidates.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)


def assert_same_pairs(found, expected):
    assert found.pairs.dtype == expected.pairs.dtype
    for name in found.pairs.dtype.names:
        np.testing.assert_array_equal(found.pairs[name], expected.pairs[name], err_msg=name)
    assert found.clusters == expected.clusters


def workers_of(node):
    """The workers that a node's raylet has started; its agents are its children too, and it dies with them."""
    raylet = node.all_processes["raylet"][0].process.pid
    children = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat") as stat:
                parent = int(stat.read().rsplit(")", 1)[1].split()[1])
            with open(f"/proc/{entry}/cmdline") as line:
                title = line.read()
        except (OSError, IndexError):
            continue
        if parent == raylet and title.startswith("ray::") and "Agent" not in title:
            children.append(int(entry))
    return children


def kill_workers(machines):
    """Of all nodes; returns how many there were."""
    pids = [pid for node in machines.list_all_nodes() for pid in workers_of(node)]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    return len(pids)


# What is the same as in one gallery


def test_shards_hold_the_subjects_that_the_hash_gives_them(shards, people):
    sizes = [len(vantay.Gallery.open(path)) for path in shards.paths]
    homes = [cluster.shard_of(record["personal_id"], SHARDS) for record in people[1]]
    assert sizes == np.bincount(homes, minlength=SHARDS).tolist() and min(sizes) > 0


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"modality": "face", "top": 3},
        {"modality": "fingerprint"},
        {"modality": "fingerprint", "fpir": 1e-2},
        {"miss": 0},
        {"fingers": "any", "top": 2, "sex": "f"},
        {"face_threshold": 0.3, "top": 40},
    ],
    ids=str,
)
def test_a_search_finds_what_one_gallery_finds_to_the_bit(search, big, people, options):
    probes = people[1][::4]
    found = search.identify(probes, **options)
    assert found.complete and found.lost == ()
    assert_same_candidates(found, big.identify(probes, **options))


def test_faces_and_fingers_alone_find_the_same_too(search, big, people):
    rows = np.random.default_rng(3).standard_normal((5, 64), dtype=np.float32)
    assert_same_candidates(search.identify_faces(rows), big.identify_faces(rows))
    import base64

    fingers = [finger for record in people[1][:20] for finger in record.get("fingers", []) if finger.get("template")]
    templates = [base64.b64decode(finger["template"]) for finger in fingers[:6]]
    assert_same_candidates(search.identify_fingers(templates, top=4), big.identify_fingers(templates, top=4))


def test_claims_are_verified_by_the_shard_that_has_the_subject(search, big, people):
    claims = [{**a, "personal_id": b["personal_id"]} for a, b in zip(people[1][:10], people[1][1:])] + people[1][:10]
    assert search.verify(claims) == big.verify(claims)
    assert search.verify(claims[-1]) == big.verify(claims[-1])
    assert search.verify(claims, fmr=1e-6, modality="fingerprint") == big.verify(claims, fmr=1e-6, modality="fingerprint")
    with pytest.raises(ValueError):
        search.identify(people[1][:1], fmr=2.0)


@pytest.mark.parametrize(
    "options",
    [{}, {"miss": 0, "fmr": 1e-5, "modality": "fingerprint"}, {"modality": "face"}, {"miss": 0.05, "every_finger": False}],
    ids=str,
)
def test_a_deduplication_finds_what_one_gallery_finds(shards, big, options):
    told = []
    found = cluster.deduplicate(shards, progress=lambda *of: told.append(of), **options)
    assert len(found) > 5 and told[-1] == ("blocks", BLOCKS, BLOCKS)
    assert_same_pairs(found, big.deduplicate(**options))


def test_each_pair_is_in_one_block_alone(shards):
    blocks = list(cluster.deduplicate_blocks(shards, modality="face"))
    assert sorted((block.a, block.b) for block in blocks) == [(a, b) for a in range(SHARDS) for b in range(a, SHARDS)]
    pairs = [tuple(row)[:4] for block in blocks for row in block.pairs.tolist()]
    assert len(set(pairs)) == len(pairs)


def test_shards_on_disks_of_their_own_are_copied_block_by_block(shards, two_nodes, second_node, big):
    head = next(node["NodeID"] for node in ray.nodes() if node["Alive"] and node["NodeID"] != second_node.node_id)
    apart = cluster.Shards(shards.paths, (head, second_node.node_id))
    assert_same_pairs(cluster.deduplicate(apart, modality="face"), big.deduplicate(modality="face"))


# Enrolment


def test_a_name_stands_in_one_shard_only(shards, people):
    elsewhere = {**people[1][0], "personal_id": people[1][3]["personal_id"]}
    homes = {cluster.shard_of(one["personal_id"], SHARDS) for one in (elsewhere, people[1][0])}
    assert elsewhere["registration"] == people[1][0]["registration"] and len(homes) in (1, 2)
    with pytest.raises(vantay.RegistrationExistsError):
        cluster.enroll([elsewhere], shards)
    done = cluster.enroll([elsewhere], shards, on_error="skip")
    assert (done.enrolled, done.rejected) == (0, 1)


def test_a_bad_record_leaves_all_shards_as_they_were(shards, people):
    good = {**people[1][0], "registration": "new"}
    with pytest.raises(vantay.FeedError):
        cluster.enroll([good, {**good, "registration": "newer", "fingers": [{"position": 77}]}], shards)
    assert sum(len(vantay.Gallery.open(path)) for path in shards.paths) == len(people[1])


def test_a_bad_record_that_is_passed_over_says_field_and_kind(shards, people):
    bad = {**people[1][0], "registration": "newer", "fingers": [{"position": 77}]}
    done = cluster.enroll([bad], shards, on_error="skip")
    assert (done.enrolled, done.rejected) == (0, 1)
    assert done.reasons[0].field == "fingers[0].position" and done.reasons[0].kind


# Faults


def test_a_worker_that_is_killed_is_started_and_asked_again(search, shards, two_nodes, big, people):
    machines, _ = two_nodes
    assert kill_workers(machines) > 0
    found = search.identify(people[1][:20])
    assert found.complete
    assert_same_candidates(found, big.identify(people[1][:20]))


def test_a_deduplication_survives_its_workers(shards, two_nodes, big):
    machines, _ = two_nodes
    found = []
    for block in cluster.deduplicate_blocks(shards):
        found.append(block.pairs)
        if len(found) == 1:
            assert kill_workers(machines) > 0
    assert_same_pairs(gathered(found), big.deduplicate())


def test_a_run_that_ended_goes_on_from_its_finished_blocks(shards, big, tmp_path):
    folder = tmp_path / "run"
    run = cluster.deduplicate_blocks(shards, checkpoint=folder)
    first = [next(run), next(run)]
    run.close()
    kept = {path.name: path.stat().st_mtime_ns for path in folder.glob("block-*.npy")}
    assert len(kept) == 2 and (folder.stat().st_mode & 0o77) == 0
    found = cluster.deduplicate(shards, checkpoint=folder)
    assert_same_pairs(found, big.deduplicate())
    assert {name: (folder / name).stat().st_mtime_ns for name in kept} == kept, f"not computed again: {first}"
    with pytest.raises(ValueError, match="other shards, commits or options"):
        cluster.deduplicate(shards, miss=0.01, checkpoint=folder)


def test_a_node_that_dies_in_the_midst_loses_nothing(shards, two_nodes, second_node, big, people, tmp_path):
    machines, _ = two_nodes
    head = next(node["NodeID"] for node in ray.nodes() if node["Alive"] and node["NodeID"] != second_node.node_id)
    pinned = cluster.Shards(shards.paths, (head, second_node.node_id))
    gone = 1
    with cluster.Search(shards, patience=15) as anywhere, cluster.Search(pinned, patience=3) as search:
        anywhere.identify(people[1][:4])
        assert search.identify(people[1][:4]).complete
        run = cluster.deduplicate_blocks(shards)
        found = [next(run).pairs]
        machines.remove_node(second_node)
        found += [block.pairs for block in run]
        assert_same_pairs(gathered(found), big.deduplicate())

        # Whose files others have too moves there; whose files went with the node is missed, loudly.
        moved = anywhere.identify(people[1][:20])
        assert moved.complete
        assert_same_candidates(moved, big.identify(people[1][:20]))
        with pytest.warns(cluster.PartialResultWarning, match=r"shards \[1\]"):
            partial = search.identify_faces(np.ones(64), top=100)
        assert partial.lost == (gone,) and not partial.complete and "PARTIAL" in repr(partial)
        homes = {cluster.shard_of(str(subject), SHARDS) for subject in partial.subjects[partial.subjects != ""]}
        assert homes == {0}
        lost = next(record for record in people[1] if cluster.shard_of(record["personal_id"], SHARDS) == gone)
        with pytest.raises(cluster.LostShardError) as caught:
            search.verify(lost)
        assert caught.value.lost == (gone,)
        with pytest.raises(cluster.LostShardError):
            cluster.deduplicate(pinned, miss=0)


def copies_of(shards, folder):
    """Shards to be damaged."""
    paths = []
    for path in shards.paths:
        copy = shutil.copytree(path, folder / os.path.basename(path))
        os.chmod(copy, 0o700)
        shutil.copy(path + LABEL, str(copy) + LABEL)
        paths.append(str(copy))
    return paths


def test_damage_names_the_shard(shards, tmp_path):
    paths = copies_of(shards, tmp_path)
    manifest = os.path.join(paths[1], "manifest")
    with open(manifest, "r+b") as file:
        file.seek(20)
        byte = file.read(1)
        file.seek(20)
        file.write(bytes([byte[0] ^ 1]))
    for begin in (lambda: cluster.Search(paths), lambda: cluster.deduplicate(paths)):
        with pytest.raises(cluster.ShardError, match="shard 1 ") as caught:
            begin()
        assert caught.value.shard == 1 and isinstance(caught.value.__cause__, vantay.GalleryError)


def test_a_shard_of_a_later_version_is_named(shards, tmp_path):
    paths = copies_of(shards, tmp_path)
    manifest = tmp_path / os.path.basename(paths[1]) / "manifest"
    manifest.write_bytes(manifest.read_bytes().replace(b"VANTAY-GALLERY 1.", b"VANTAY-GALLERY 9.", 1))
    for begin in (lambda: cluster.Search(paths), lambda: cluster.deduplicate(paths)):
        with pytest.raises(cluster.ShardError, match="shard 1 ") as caught:
            begin()
        assert isinstance(caught.value.__cause__, vantay.GalleryVersionError)


def test_damage_that_shows_in_a_block_is_no_block_to_be_tried_again(shards, tmp_path):
    paths = copies_of(shards, tmp_path)
    segment = next(path for path in sorted((tmp_path / os.path.basename(paths[1])).iterdir()) if path.name.startswith("segment"))
    damaged = bytearray(segment.read_bytes())
    damaged[len(damaged) // 3 : -4096] = bytes(len(damaged) - 4096 - len(damaged) // 3)
    segment.write_bytes(damaged)
    with pytest.raises(cluster.ShardError, match="shard 1 ") as caught:
        cluster.deduplicate(paths, miss=0)
    assert isinstance(caught.value.__cause__, vantay.DamagedError)


def test_shards_that_do_not_belong_together_are_refused(shards, tmp_path):
    other = cluster.create(tmp_path / "other", SHARDS, face_model="synthetic", face_dim=64)
    with pytest.raises(cluster.ShardMismatchError, match="another gallery"):
        cluster.Search([*shards.paths[:1], other.paths[1]])
    with pytest.raises(cluster.ShardMismatchError, match="given as"):
        cluster.Search(list(reversed(shards.paths)))
    with pytest.raises(cluster.ShardMismatchError, match="given as"):
        cluster.deduplicate(shards.paths[:1])
    model = cluster.create(tmp_path / "model", SHARDS, face_model="other", face_dim=32)
    with pytest.raises(cluster.ShardMismatchError, match="face model"):
        cluster.Search([*shards.paths[:1], model.paths[1]])


def test_shards_served_by_different_versions_are_refused(shards):
    def told(version):
        return {"version": version, "kind": ("vn", None, None), "label": None, "commit": 1, "sizes": (0, 0, 0, 0)}

    with pytest.raises(cluster.ShardMismatchError, match="vantay 9.9.9"):
        check_together(shards, {0: told(vantay.version()), 1: told("9.9.9")})


def test_new_commits_show_after_a_refresh(two_nodes, tmp_path, people):
    made = cluster.create(tmp_path / "growing", 2, face_model="synthetic", face_dim=64)
    cluster.enroll(people[1][:30], made)
    with cluster.Search(tmp_path / "growing") as search:
        assert len(search) == 30
        cluster.enroll(people[1][30:50], made)
        assert len(search) == 30
        search.refresh()
        assert len(search) == 50


def test_nothing_listens_for_others(two_nodes):
    """Every socket of the cluster's processes that listens does so on the loopback interface."""
    machines, _ = two_nodes
    raylets = [node.all_processes["raylet"][0].process.pid for node in machines.list_all_nodes()]
    gcs = [info.process.pid for info in machines.head_node.all_processes.get("gcs_server", [])]
    own = set(raylets + gcs + [pid for node in machines.list_all_nodes() for pid in workers_of(node)])
    sockets = set()
    for pid in own:
        for link in os.listdir(f"/proc/{pid}/fd"):
            try:
                sockets.add(os.readlink(f"/proc/{pid}/fd/{link}"))
            except OSError:
                continue
    open_to_all = []
    for table, loopback in (("tcp", ("0100007F",)), ("tcp6", ("00000000000000000000000001000000", "0000000000000000FFFF00000100007F"))):
        with open(f"/proc/net/{table}") as lines:
            for line in list(lines)[1:]:
                part = line.split()
                if part[3] == "0A" and f"socket:[{part[9]}]" in sockets and part[1].split(":")[0] not in loopback:
                    open_to_all.append(part[1])
    assert own and not open_to_all
