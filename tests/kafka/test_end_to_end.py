"""Whole moves on real Kafka brokers, carried out with Kafka's own tools as the runbook says.

Each cluster is drained from its old brokers 1001-1003 onto its new ones 0-2, once. Before that, moves are
started under a throttle that holds them in flight, cancelled and rolled back, which must leave everything as
it was; after that, the drain is rolled back. What the cluster is like is always read by `lab.py` from the
output of Kafka's tools, never by kshift, so that a misreading of ours cannot confirm itself.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from conftest import NEW, OLD, Kshift
from lab import KafkaLab, LabError, PartitionState, Throttles, TopicPartition

Lists = dict[TopicPartition, tuple[int, ...]]
Leaders = dict[TopicPartition, int | None]
Dirs = dict[TopicPartition, dict[int, str]]

THROTTLE = 20_000_000
# So low that what is larger than one fetch (1 MiB) stays in flight for hours.
STANDSTILL = 1_000
NO_THROTTLES = Throttles({}, {})

DRAIN = ["--drain", "1001-1003", "--onto", "0-2", "--capacity", "10GB"]
LIMITS = ["--throttle", "20MB/s", "--canary", "1", "--max-moves", "4"]

# Lists of each topic, its settings, and its megabytes. Some names end like a partition, some replicas are on
# the new brokers already, `settled` shall not be touched.
TOPICS: dict[str, tuple[list[list[int]], dict[str, str], float]] = {
    "orders.v1": (
        [[1001, 1002, 1003], [1002, 1003, 1001], [1003, 1001, 1002], [1002, 1001, 1003]],
        {"min.insync.replicas": "2", "retention.ms": "86400000", "segment.bytes": "1048576"},
        24,
    ),
    "a-b": ([[1001, 1002], [1002, 1003]], {"cleanup.policy": "compact,delete"}, 0),
    "a-b-3": ([[1003, 1002], [1002, 1001], [1001, 1003]], {}, 4),
    ".hidden.-7": ([[1001], [1003]], {"message.timestamp.type": "LogAppendTime"}, 3),
    "mixed.fleet_1": ([[1001, 1, 2], [2, 1001, 1002], [2, 1001, 1002]], {}, 9),
    "settled": ([[0, 1, 2]], {}, 1),
    "__consumer_offsets": (
        [[1001, 1002, 1003], [1002, 1003, 1001], [1003, 1001, 1002]],
        {"cleanup.policy": "compact", "compression.type": "producer", "segment.bytes": "104857600"},
        0,
    ),
}
# Moved to the head of its list, but not elected: the leader stays 2, and not only until the drain is over.
REORDERED: tuple[TopicPartition, tuple[int, ...]] = (("mixed.fleet_1", 2), (1001, 2, 1002))


@dataclass(frozen=True)
class Planned:
    """A cluster with data, what it was like, and the plan that was made for it."""

    lab: KafkaLab
    kshift: Kshift
    work: Path
    dump: Path
    out: Path
    plan: dict[str, Any]
    before: dict[TopicPartition, PartitionState]
    dirs_before: Dirs
    offsets_before: dict[str, str]
    committed_before: dict[str, str]
    records_before: dict[str, list[str]]

    def wave_dir(self, index: int) -> Path:
        """The directory of a wave."""
        (found,) = [path for path in (self.out / "waves").iterdir() if int(path.name) == index]
        return found

    def throttles(self, index: int) -> Throttles:
        """What a wave's throttle.json holds."""
        document = json.loads((self.wave_dir(index) / "throttle.json").read_text())
        return Throttles(brokers=document["brokers"], topics=document["topics"])


@dataclass
class WaveRun:
    """What was seen when a wave was carried out."""

    wave: dict[str, Any]
    expected: Lists
    throttles_in_flight: Throttles
    throttles_after: Throttles
    lists: Lists
    leaders: Leaders
    leaders_after_election: Leaders
    dirs: Dirs


@dataclass
class Migration:
    """The drain, wave by wave."""

    planned: Planned
    runs: list[WaveRun] = field(default_factory=list)


@pytest.fixture(scope="session")
def planned(lab: KafkaLab, kshift: Kshift, tmp_path_factory: pytest.TempPathFactory) -> Planned:
    """Fills the cluster, hands its tools' output to kshift, and plans its drain."""
    work = tmp_path_factory.mktemp("planned")
    for topic, (replicas, config, _) in TOPICS.items():
        lab.create_topic(topic, replicas, config)
    for topic, (_, _, megabytes) in TOPICS.items():
        if megabytes:
            lab.produce(topic, megabytes)
    records = {topic: lab.consume(topic, count, f"before-{topic}") for topic, count in CONSUMED.items()}
    lab.execute(write_lists(work / "reorder.json", dict([REORDERED])))
    lab.verify_until_done(work / "reorder.json")
    lab.wait_for("full ISRs", lambda: all(set(p.isr) == set(p.replicas) for p in lab.describe().values()))
    dump, out = lab.dump(work / "dump"), work / "out"
    kshift("plan", dump, *DRAIN, *LIMITS, "--out", out)
    return Planned(
        lab=lab,
        kshift=kshift,
        work=work,
        dump=dump,
        out=out,
        plan=json.loads((out / "plan.json").read_text()),
        before=lab.describe(),
        dirs_before=lab.log_dirs(),
        offsets_before=lab.offsets(),
        committed_before=lab.committed(),
        records_before=records,
    )


CONSUMED = {"a-b-3": 4000, ".hidden.-7": 3000}


@pytest.fixture(scope="session")
def migration(planned: Planned) -> Migration:
    """Carries out every wave of the plan with Kafka's own tools, and notes what the cluster did."""
    lab, done = planned.lab, Migration(planned)
    expected = lists_of(planned.before)
    for wave in planned.plan["waves"]:
        files = planned.wave_dir(wave["index"])
        expected = expected | {key(move): tuple(move["replicas"]) for move in wave["partitions"]}
        lab.execute(files / "reassign.json", "--throttle", str(THROTTLE))
        in_flight = settle_throttles(lab, planned.throttles(wave["index"]))
        lab.verify_until_done(files / "reassign.json")
        state = settle(lab, expected)
        leaders = leaders_of(state)
        if (files / "election.json").exists():
            lab.elect(files / "election.json")
            state = settle(lab, expected)
        done.runs.append(
            WaveRun(
                wave=wave,
                expected=expected,
                throttles_in_flight=in_flight,
                throttles_after=settle_throttles(lab, NO_THROTTLES),
                lists=lists_of(state),
                leaders=leaders,
                leaders_after_election=leaders_of(state),
                dirs=lab.log_dirs(),
            )
        )
    return done


# -------------------------------------------------------------------- reading and planning


def test_a_snapshot_of_the_tools_output_says_what_the_cluster_says(planned: Planned) -> None:
    file = planned.work / "cluster.json"
    planned.kshift("snapshot", planned.dump, "-o", file)
    snapshot = json.loads(file.read_text())
    assert {broker["id"]: broker.get("rack") for broker in snapshot["brokers"]} == {
        broker: rack for broker, (rack, _) in (OLD | NEW).items()
    }
    assert {b["id"]: sorted(d["path"] for d in b["log_dirs"]) for b in snapshot["brokers"]} == {
        broker: planned.lab.dirs_of(broker) for broker in OLD | NEW
    }
    partitions = {(t["name"], p["partition"]): p for t in snapshot["topics"] for p in t["partitions"]}
    assert {at: tuple(p["replicas"]) for at, p in partitions.items()} == lists_of(planned.before)
    assert {at: p.get("leader", p["replicas"][0]) for at, p in partitions.items()} == leaders_of(
        planned.before
    )
    assert {
        at: dict(zip(p["replicas"], p["log_dirs"], strict=True)) for at, p in partitions.items()
    } == planned.dirs_before
    written = {topic: megabytes * 1e6 for topic, (_, _, megabytes) in TOPICS.items() if megabytes}
    for topic, expected in written.items():
        size = sum(p["size_bytes"] for (name, _), p in partitions.items() if name == topic)
        assert expected <= size <= 1.1 * expected, topic


def test_the_plan_passes_its_own_check_and_moves_exactly_what_is_on_drained_brokers(planned: Planned) -> None:
    planned.kshift("check", planned.dump, planned.out)
    moved = [key(move) for wave in planned.plan["waves"] for move in wave["partitions"]]
    forced = {at for at, state in planned.before.items() if OLD.keys() & set(state.replicas)}
    assert sorted(moved) == sorted(forced)
    assert len(planned.plan["waves"][0]["partitions"]) == 1, "the canary goes ahead alone"
    assert all(len(wave["partitions"]) <= 4 for wave in planned.plan["waves"])
    assert any(
        (planned.wave_dir(wave["index"]) / "election.json").exists() for wave in planned.plan["waves"]
    ), "this cluster has a partition whose leader stays although it does not head the new list"


def test_kafka_starts_the_whole_move_from_stdout_and_a_cancelled_one_is_rolled_back(planned: Planned) -> None:
    whole = planned.work / "reassign.json"
    whole.write_text(planned.kshift("plan", planned.dump, *DRAIN, *LIMITS))
    moves = [key(move) for move in json.loads(whole.read_text())["partitions"]]
    back = planned.work / "rollback-all.json"
    back.write_text(planned.kshift("rollback", planned.out, "--to-wave", "1"))
    hold_in_flight_then_roll_back(planned, whole, moves, back)


def test_a_wave_in_flight_is_cancelled_and_rolled_back_to_its_exact_lists_and_dirs(planned: Planned) -> None:
    wave = max(planned.plan["waves"], key=lambda each: sum(move["size_bytes"] for move in each["partitions"]))
    files = planned.wave_dir(wave["index"])
    moves = [key(move) for move in wave["partitions"]]
    hold_in_flight_then_roll_back(planned, files / "reassign.json", moves, files / "rollback.json")


def hold_in_flight_then_roll_back(
    planned: Planned, forth: Path, moves: list[TopicPartition], back: Path
) -> None:
    """Starts `forth`, cancels it in flight, submits `back`, elects; all must be as it was before."""
    lab, before = planned.lab, planned.before
    assert lists_of(lab.describe()) == lists_of(before), "another test did not leave the cluster as it was"
    started = lab.execute(forth, "--throttle", str(STANDSTILL)).stdout
    listed = started.split("Successfully started partition reassignments for ")[1].splitlines()[0]
    assert sorted(listed.split(",")) == sorted(f"{topic}-{partition}" for topic, partition in moves)
    in_flight = [at for at, state in lab.describe().items() if state.moving]
    assert any(at[0] == "orders.v1" for at in in_flight), f"nothing large is in flight: {in_flight}"

    lab.cancel(forth)
    lab.execute(back, "--throttle", str(THROTTLE))
    lab.verify_until_done(back)
    restored = settle(lab, lists_of(before))
    assert lists_of(restored) == lists_of(before)
    heads = [at for at in moves if before[at].leader == before[at].replicas[0] != restored[at].leader]
    if heads:
        lab.elect(write_election(planned.work / "election-back.json", heads))
    assert leaders_of(settle(lab, lists_of(before))) == leaders_of(before)
    assert lab.log_dirs() == planned.dirs_before
    assert settle_throttles(lab, NO_THROTTLES) == NO_THROTTLES


# -------------------------------------------------------------------- the drain, wave by wave


def test_after_each_wave_the_ordered_lists_are_those_of_the_plan(migration: Migration) -> None:
    for run in migration.runs:
        assert run.lists == run.expected, f"after wave {run.wave['index']}"


def test_after_each_wave_leaders_are_as_predicted_and_after_its_election_they_head_their_lists(
    migration: Migration,
) -> None:
    for run in migration.runs:
        moves = {key(move): move for move in run.wave["partitions"]}
        assert pick(run.leaders, moves) == {at: move["leader_after"] for at, move in moves.items()}
        heads = {at: move["replicas"][0] for at, move in moves.items()}
        assert pick(run.leaders_after_election, moves) == heads, f"wave {run.wave['index']}"


def test_an_election_names_exactly_the_partitions_that_need_one(migration: Migration) -> None:
    for run in migration.runs:
        file = migration.planned.wave_dir(run.wave["index"]) / "election.json"
        named = (
            {key(entry) for entry in json.loads(file.read_text())["partitions"]} if file.exists() else set()
        )
        assert named == {
            key(move) for move in run.wave["partitions"] if run.leaders[key(move)] != move["replicas"][0]
        }


def test_the_throttles_that_kafkas_tool_sets_are_those_of_throttle_json(migration: Migration) -> None:
    for run in migration.runs:
        ours = migration.planned.throttles(run.wave["index"])
        assert ours.brokers and ours.topics
        assert run.throttles_in_flight == ours, f"wave {run.wave['index']}"
        assert run.throttles_after == NO_THROTTLES, f"wave {run.wave['index']}"


def test_new_replicas_land_in_the_log_dirs_that_the_plan_names(migration: Migration) -> None:
    named = 0
    for run in migration.runs:
        for move in run.wave["partitions"]:
            for broker, path in zip(move["replicas"], move.get("log_dirs") or [], strict=False):
                if path != "any":
                    assert run.dirs[key(move)][broker] == path, f"{key(move)} on broker {broker}"
                    named += broker == 0
    assert named > 0, "broker 0 has two log dirs, so a dir is named for each replica that it receives"


def test_a_drained_broker_holds_nothing(migration: Migration) -> None:
    lab = migration.planned.lab
    state, dirs = lab.describe(), lab.log_dirs()
    holding = [at for at, p in state.items() if OLD.keys() & {p.leader, *p.replicas, *p.isr}]
    assert holding == []
    assert [at for at, brokers in dirs.items() if OLD.keys() & brokers.keys()] == []
    left = [
        path.name
        for broker in OLD
        for log_dir in lab.dirs_of(broker)
        for path in Path(log_dir).iterdir()
        if path.is_dir() and not path.name.endswith("-delete") and path.name != "__cluster_metadata-0"
    ]
    assert left == []
    assert lists_of(state)["settled", 0] == (0, 1, 2)


def test_the_data_is_the_same_as_before(migration: Migration) -> None:
    planned = migration.planned
    assert_same_offsets(planned)
    for topic, count in CONSUMED.items():
        assert planned.lab.consume(topic, count, f"after-{topic}") == planned.records_before[topic], topic


def test_a_drain_is_rolled_back_to_the_exact_lists_from_before_a_wave(migration: Migration) -> None:
    planned, lab, to_wave = migration.planned, migration.planned.lab, 3
    back = planned.work / "rollback.json"
    back.write_text(planned.kshift("rollback", planned.out, "--to-wave", str(to_wave)))
    undone = [move for run in migration.runs[to_wave - 1 :] for move in run.wave["partitions"]]
    expected = migration.runs[to_wave - 2].lists
    assert any(expected[key(move)] != tuple(move["replicas"]) for move in undone)

    lab.execute(back, "--throttle", str(THROTTLE))
    lab.verify_until_done(back)
    assert lists_of(settle(lab, expected)) == expected
    assert settle_throttles(lab, NO_THROTTLES) == NO_THROTTLES
    dirs = lab.log_dirs()
    for move in undone:
        assert dirs[key(move)] == planned.dirs_before[key(move)], key(move)
    assert_same_offsets(planned)


def assert_same_offsets(planned: Planned) -> None:
    """Every partition holds the same offsets as before, and every consumer group stands where it stood."""
    own = {name for name in planned.offsets_before if not name.startswith("__consumer_offsets:")}
    assert pick(planned.lab.offsets(), own) == pick(planned.offsets_before, own)
    assert planned.committed_before, "no group has committed anything"
    assert pick(planned.lab.committed(), planned.committed_before) == planned.committed_before


# -------------------------------------------------------------------- small words


def key(entry: dict[str, Any]) -> TopicPartition:
    """Topic and partition of an entry of a JSON file."""
    return entry["topic"], entry["partition"]


def lists_of(state: dict[TopicPartition, PartitionState]) -> Lists:
    """The ordered replica lists."""
    return {at: partition.replicas for at, partition in state.items()}


def leaders_of(state: dict[TopicPartition, PartitionState]) -> Leaders:
    """The leaders."""
    return {at: partition.leader for at, partition in state.items()}


K = TypeVar("K")
V = TypeVar("V")


def pick(values: dict[K, V], keys: Iterable[K]) -> dict[K, V]:
    """The values of some keys."""
    return {at: values[at] for at in keys}


def settle(lab: KafkaLab, expected: Lists) -> dict[TopicPartition, PartitionState]:
    """The state once it shows the expected lists, or after some seconds: brokers apply metadata late."""
    state: dict[TopicPartition, PartitionState] = {}

    def shown() -> bool:
        nonlocal state
        state = lab.describe()
        return lists_of(state) == expected

    with contextlib.suppress(LabError):
        lab.wait_for("the expected lists", shown, seconds=10)
    return state


def settle_throttles(lab: KafkaLab, expected: Throttles) -> Throttles:
    """The throttles once they are the expected ones, or after some seconds: brokers answer for themselves."""
    found = Throttles({}, {})

    def shown() -> bool:
        nonlocal found
        found = lab.throttles()
        return found == expected

    with contextlib.suppress(LabError):
        lab.wait_for("the expected throttles", shown, seconds=10)
    return found


def write_lists(file: Path, lists: Lists) -> Path:
    """Writes a kafka-reassign JSON."""
    entries = [{"topic": at[0], "partition": at[1], "replicas": replicas} for at, replicas in lists.items()]
    file.write_text(json.dumps({"version": 1, "partitions": entries}))
    return file


def write_election(file: Path, partitions: Iterable[TopicPartition]) -> Path:
    """Writes the JSON of a leader election."""
    entries = [{"topic": topic, "partition": partition} for topic, partition in partitions]
    file.write_text(json.dumps({"partitions": entries}))
    return file
