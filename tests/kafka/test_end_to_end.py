"""Whole moves on real Kafka brokers, carried out by typing the commands of the runbook.

Each cluster is drained from its old brokers 1001-1003 onto its new ones 0-2, once. Before that, moves are
started under a throttle that holds them in flight, cancelled and rolled back, which must leave everything as
it was; after that, the drain is rolled back. What the cluster is like is always read by `lab.py` from the
output of Kafka's tools, never by kshift, so that a misreading of ours cannot confirm itself.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from fleet import CONSUMED, NEW, OLD, TOPICS, Kshift
from lab import KafkaLab
from lab_outputs import TopicPartition
from moves import (
    DRAIN,
    LIMITS,
    NO_THROTTLES,
    NOTHING_MOVES,
    THROTTLE,
    VERIFY_HEAD,
    Migration,
    Planned,
    cancel_and_go_back,
    carry_out,
    key,
    last_seen,
    leaders_of,
    lists_of,
    pick,
    prepare,
    settle,
    settle_throttles,
    watch,
    write_election,
)
from runbook import Runbook

# So low that what is larger than one fetch (1 MiB) stays in flight for hours.
STANDSTILL = 1_000


@pytest.fixture(scope="session")
def planned(kshift: Kshift, lab: KafkaLab, tmp_path_factory: pytest.TempPathFactory) -> Planned:
    """A cluster full of data, and a plan to drain its old brokers."""
    return prepare(lab, kshift, tmp_path_factory.mktemp("planned"))


@pytest.fixture(scope="session")
def migration(planned: Planned) -> Migration:
    """The plan carried out, with what was seen on the way."""
    return carry_out(planned)


# -------------------------------------------------------------------- reading and planning


def test_a_snapshot_of_the_tools_output_says_what_the_cluster_says(planned: Planned) -> None:
    file = planned.work / "cluster.json"
    planned.kshift("snapshot", planned.dump, "-o", file)
    snapshot = json.loads(file.read_text())
    racks = {broker["id"]: broker.get("rack") for broker in snapshot["brokers"]}
    assert racks == {broker: rack for broker, (rack, _) in (OLD | NEW).items()}
    dirs = {broker["id"]: sorted(entry["path"] for entry in broker["log_dirs"]) for broker in snapshot["brokers"]}
    assert dirs == {broker: planned.lab.dirs_of(broker) for broker in OLD | NEW}

    partitions = {(t["name"], p["partition"]): p for t in snapshot["topics"] for p in t["partitions"]}
    assert {at: tuple(p["replicas"]) for at, p in partitions.items()} == lists_of(planned.before)
    leaders = {at: p.get("leader", p["replicas"][0]) for at, p in partitions.items()}
    assert leaders == leaders_of(planned.before)
    replica_dirs = {at: dict(zip(p["replicas"], p["log_dirs"], strict=True)) for at, p in partitions.items()}
    assert replica_dirs == planned.dirs_before
    for topic, (_, _, megabytes) in TOPICS.items():
        size = sum(p["size_bytes"] for (name, _), p in partitions.items() if name == topic)
        assert megabytes * 1e6 <= size <= megabytes * 1.1e6 + 10_000, topic


def test_a_runbook_for_the_tools_of_this_version_calls_their_options_by_name(planned: Planned) -> None:
    file = planned.work / "runbook-of-version.md"
    file.write_text(planned.kshift("export", planned.out, "runbook", "--kafka", planned.lab.version))
    steps = Runbook.read(file).section("2. Before the first wave")
    cluster, answering = (planned.type(*steps[step]) for step in ("The right cluster", "Who answers"))
    assert cluster.startswith("Cluster ID: "), "no option is called deprecated"
    rows = r"^(?:\S+ \(id: )?(\d+)(?: rack: | +\S+ +\d+ )"
    assert {int(broker) for broker in re.findall(rows, answering, flags=re.MULTILINE)} >= (OLD | NEW).keys(), answering
    elect = Runbook.read(file).section("Go back while a wave runs")["Elect"]
    (set_wave,) = Runbook.read(file).section("Wave 001 of ")[""]
    # Everybody leads who should; what counts is that the tool knows the option.
    assert "deprecated" not in planned.type(set_wave + elect[0])


def test_the_plan_passes_its_own_check_and_moves_exactly_what_is_on_drained_brokers(planned: Planned) -> None:
    planned.kshift("check", planned.dump, planned.out)
    waves = planned.plan["waves"]
    moved = [key(move) for wave in waves for move in wave["partitions"]]
    forced = [at for at, partition in planned.before.items() if OLD.keys() & set(partition.replicas)]
    assert sorted(moved) == sorted(forced)
    assert len(waves[0]["partitions"]) == 1, "the canary goes ahead alone"
    assert all(len(wave["partitions"]) <= 4 for wave in waves)
    internal = {wave["index"] for wave in waves for move in wave["partitions"] if move["topic"].startswith("__")}
    assert internal == set(range(min(internal), len(waves) + 1)), "internal topics come last"


def test_every_check_that_the_runbook_asks_for_before_the_first_wave_holds(planned: Planned) -> None:
    printed = {
        step: "".join(planned.lab.shell(block, planned.out).stdout for block in blocks)
        for step, blocks in planned.runbook.section("2. Before the first wave").items()
    }
    assert "Cluster ID: " in printed["The right cluster"]
    alive = re.findall(r"^\S+ \(id: (\d+) rack: ", printed["Who answers"], flags=re.MULTILINE)
    assert {int(broker) for broker in alive} >= (OLD | NEW).keys(), printed["Who answers"]
    assert printed["Nothing moves"].strip() == NOTHING_MOVES
    assert printed["Nothing is under-replicated"].strip() == ""
    assert printed["No throttle is left over"] == ""
    assert len(printed) == 5


# -------------------------------------------------------------------- moves that are called off in flight


def assert_all_started(planned: Planned, printed: str, moves: list[TopicPartition]) -> None:
    """Kafka's tool says that it has started exactly these moves, and some of it is in flight."""
    listed = printed.split("Successfully started partition reassignments for ")[1].splitlines()[0]
    assert sorted(listed.split(",")) == sorted(f"{topic}-{partition}" for topic, partition in moves)
    moving = last_seen(planned.lab, planned.lab.moving, bool)
    assert moving, "all of it was done at once, although it is throttled"


def assert_as_before(planned: Planned) -> None:
    """Lists, leaders, log dirs and throttles are what they were when the plan was made."""
    state = settle(planned.lab, lists_of(planned.before), leaders_of(planned.before))
    assert lists_of(state) == lists_of(planned.before)
    assert leaders_of(state) == leaders_of(planned.before)
    assert planned.lab.log_dirs() == planned.dirs_before
    assert settle_throttles(planned.lab, NO_THROTTLES) == NO_THROTTLES


def test_kafka_starts_the_whole_move_from_stdout_and_a_cancelled_one_is_rolled_back(planned: Planned) -> None:
    lab, before = planned.lab, planned.before
    assert_as_before(planned)
    whole, back = planned.work / "reassign.json", planned.work / "rollback-all.json"
    whole.write_text(planned.kshift("plan", planned.dump, *DRAIN, *LIMITS))
    back.write_text(planned.kshift("rollback", planned.out, "--to-wave", "1"))
    moves = [key(move) for move in json.loads(whole.read_text())["partitions"]]
    assert_all_started(planned, lab.execute(whole, "--throttle", str(STANDSTILL)).stdout, moves)
    ours = json.loads(planned.kshift("export", planned.out, "throttle"))
    found = last_seen(lab, lab.throttles, lambda found: found.topics == ours["topics"])
    assert found.topics == ours["topics"], "the lists of the whole move"
    assert found.brokers.keys() == ours["brokers"].keys()

    # Not with the file that was started: when replicas are still on their way to the log dirs that it names,
    # the tool tries to stop that too, on replicas that are gone by then, and exits 1 with the throttles left.
    lab.cancel(back)
    lab.execute(back, "--throttle", str(THROTTLE))
    lab.verify_until_done(back)
    # Small partitions had arrived before the cancel, so their leaders have changed.
    led = [at for at in moves if before[at].leader == before[at].replicas[0]]
    lab.elect(write_election(planned.work / "election-back.json", led))
    assert_as_before(planned)


def test_a_wave_is_slowed_down_cancelled_and_rolled_back_as_the_runbook_says(planned: Planned) -> None:
    lab = planned.lab
    assert_as_before(planned)
    # Where the leader is not the preferred one, the election at the end would not lead back to it.
    waves = [wave for wave in planned.plan["waves"] if not planned.election(wave["index"])]
    wave = max(waves, key=lambda each: sum(move["size_bytes"] for move in each["partitions"]))
    (start,) = planned.runbook.wave(wave["index"]).start
    start = start.replace(f"--throttle {THROTTLE} ", f"--throttle {STANDSTILL} ")
    assert_all_started(planned, planned.type(start), [key(move) for move in wave["partitions"]])
    in_flight = lab.describe()

    slower, _ = planned.runbook.trouble("Pause", wave["index"])[""]
    planned.type(slower)
    slow = {"leader.replication.throttled.rate": 1_000_000, "follower.replication.throttled.rate": 1_000_000}
    expected = planned.throttles(wave["index"])
    everywhere = dict.fromkeys(expected.brokers, slow)
    # A change of settings reaches one broker after the other.
    throttles = last_seen(lab, lab.throttles, lambda found: found.brokers == everywhere)
    assert throttles.brokers == everywhere
    state = lab.describe()
    for topic, partition in (at for at in state if state[at].moving):
        assert state[topic, partition].replicas == in_flight[topic, partition].replicas
        for side, entries in expected.topics[topic].items():
            ours = {entry for entry in entries.split(",") if entry.startswith(f"{partition}:")}
            assert ours <= set(throttles.topics[topic][side].split(",")), f"{topic}-{partition} {side}"

    state = cancel_and_go_back(planned, wave["index"])
    assert lists_of(state) == lists_of(planned.before)
    assert_as_before(planned)


# -------------------------------------------------------------------- the drain, wave by wave


def test_before_each_wave_nothing_moves_and_nothing_is_under_replicated(migration: Migration) -> None:
    for run in migration.runs:
        moving, under_replicated, elsewhere = (text.strip() for text in run.looked)
        assert moving == NOTHING_MOVES, f"wave {run.wave['index']}"
        assert under_replicated == "", f"wave {run.wave['index']}"
        assert elsewhere == VERIFY_HEAD, f"wave {run.wave['index']}"


def test_when_a_wave_is_verified_all_is_completed_and_its_throttle_is_cleared(migration: Migration) -> None:
    for run in migration.runs:
        (printed,) = run.finished
        first, *rest = [line for line in printed.splitlines() if line]
        assert first == VERIFY_HEAD
        assert all(line.startswith("Clearing ") for line in rest), printed
        assert len(rest) == 2
        assert run.looked_again == ""


def test_a_wave_that_has_run_or_is_not_due_is_told_before_it_is_started(migration: Migration) -> None:
    planned = migration.planned
    (*_, look) = planned.runbook.wave(1).look
    lines = planned.type(look).split()
    assert "rather" in lines, "its partition stands elsewhere by now"


def test_what_kafka_prints_at_the_start_of_a_wave_is_what_its_rollback_holds(migration: Migration) -> None:
    for run in migration.runs:
        printed = json.loads(next(line for line in run.started.splitlines() if line.startswith("{")))
        saved = json.loads((migration.planned.wave_dir(run.wave["index"]) / "rollback.json").read_text())
        lists = {key(entry): entry["replicas"] for entry in printed["partitions"]}
        assert lists == {key(entry): entry["replicas"] for entry in saved["partitions"]}


def test_after_each_wave_the_ordered_lists_are_those_of_the_plan(migration: Migration) -> None:
    for run in migration.runs:
        assert run.lists == run.expected, f"after wave {run.wave['index']}"


def test_after_each_wave_leaders_are_as_predicted_and_after_its_election_they_head_their_lists(
    migration: Migration,
) -> None:
    for run in migration.runs:
        moves = {key(move): move for move in run.wave["partitions"]}
        predicted = {at: move["leader_after"] for at, move in moves.items()}
        assert pick(run.leaders, moves) == predicted, f"wave {run.wave['index']}"
        heads = {at: move["replicas"][0] for at, move in moves.items()}
        assert pick(run.leaders_after_election, moves) == heads, f"wave {run.wave['index']}"


def test_an_election_names_exactly_the_partitions_that_need_one(migration: Migration) -> None:
    elections = 0
    for run in migration.runs:
        needed = [key(m) for m in run.wave["partitions"] if run.leaders[key(m)] != m["replicas"][0]]
        assert sorted(migration.planned.election(run.wave["index"])) == sorted(needed)
        elections += len(needed)
    assert elections > 0, "this cluster has a leader that stays but does not head the new list"


def test_the_throttles_that_kafkas_tool_sets_are_those_of_throttle_json(migration: Migration) -> None:
    for run in migration.runs:
        ours = migration.planned.throttles(run.wave["index"])
        assert ours.brokers
        assert ours.topics
        assert run.throttles_in_flight == ours, f"wave {run.wave['index']}"
        assert run.throttles_after == NO_THROTTLES, f"wave {run.wave['index']}"


def test_new_replicas_land_in_the_log_dirs_that_the_plan_names(migration: Migration) -> None:
    named = set()
    for run in migration.runs:
        for move in run.wave["partitions"]:
            for broker, path in zip(move["replicas"], move.get("log_dirs") or [], strict=False):
                if path != "any":
                    assert run.dirs[key(move)][broker] == path, f"{key(move)} on broker {broker}"
                    named.add((broker, path))
    assert {broker for broker, _ in named} >= {0}, "broker 0 has two log dirs, so the plan must choose"


def test_a_drained_broker_holds_nothing(migration: Migration) -> None:
    lab = migration.planned.lab
    state = lab.describe()
    assert [at for at, p in state.items() if OLD.keys() & {p.leader, *p.replicas, *p.isr}] == []
    assert [at for at, brokers in lab.log_dirs().items() if OLD.keys() & brokers.keys()] == []
    left = [
        path
        for broker in OLD
        for log_dir in lab.dirs_of(broker)
        for path in Path(log_dir).iterdir()
        if path.is_dir() and not path.name.endswith("-delete") and path.name != "__cluster_metadata-0"
    ]
    assert left == []
    assert state["settled", 0].replicas == (0, 1, 2)


def test_every_check_that_the_runbook_asks_for_after_the_last_wave_holds(migration: Migration) -> None:
    planned = migration.planned
    steps = planned.runbook.section("6. After the last wave")
    drained = steps.pop("The drained brokers hold nothing")
    printed = [planned.lab.shell(block, planned.out).stdout.strip() for blocks in steps.values() for block in blocks]
    assert printed == [NOTHING_MOVES, "", "", ""]
    assert '"partition":"' not in planned.type(*drained)


def test_the_data_is_the_same_as_before(migration: Migration) -> None:
    planned = migration.planned
    assert_same_offsets(planned)
    for topic, count in CONSUMED.items():
        assert planned.lab.consume(topic, count, f"after-{topic}") == planned.records_before[topic], topic


def test_a_drain_is_rolled_back_to_the_exact_lists_from_before_a_wave(migration: Migration) -> None:
    planned, lab, to_wave = migration.planned, migration.planned.lab, 3
    back = planned.work / "back"
    planned.kshift("rollback", planned.out, "--to-wave", str(to_wave), "--out", back)
    runbook = Runbook.read(back / "runbook.md")
    undone = [move for run in migration.runs[to_wave - 1 :] for move in run.wave["partitions"]]
    expected = migration.runs[to_wave - 2].lists
    assert any(expected[key(move)] != tuple(move["replicas"]) for move in undone)

    waves = sorted(path.name for path in (back / "waves").iterdir())
    assert len(waves) == len(migration.runs) - to_wave + 1
    for index in range(1, len(waves) + 1):
        steps = runbook.wave(index)
        assert planned.type(steps.look[-1], back).strip() == VERIFY_HEAD
        for block in steps.start:
            planned.type(block, back)
        watch(planned, steps, back)
        for block in (*steps.finish, *steps.elect):
            planned.type(block, back)
    heads: dict[TopicPartition, int | None] = {key(move): move["previous"][0] for move in undone}
    state = settle(lab, expected, heads)
    assert lists_of(state) == expected
    assert pick(leaders_of(state), heads) == heads
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
