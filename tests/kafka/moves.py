"""Fills a cluster, has its drain planned, and carries the plan out by the commands of its runbook.

The functions act and note what they saw; what that should have been is judged in the tests.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from fleet import CONSUMED, REORDERED, TOPICS, Kshift
from lab import KafkaLab
from lab_outputs import PartitionState, Throttles, TopicPartition
from lab_tools import LabError
from runbook import Runbook, WaveSteps

State = dict[TopicPartition, PartitionState]
Lists = dict[TopicPartition, tuple[int, ...]]
Leaders = dict[TopicPartition, int | None]
Dirs = dict[TopicPartition, dict[int, str]]

NO_THROTTLES = Throttles({}, {})
NOTHING_MOVES = "No partition reassignments found."
VERIFY_HEAD = "Status of partition reassignment:"

DRAIN = ["--drain", "1001-1003", "--onto", "0-2", "--capacity", "10GB"]
LIMITS = ["--throttle", "20MB/s", "--canary", "1", "--max-moves", "4"]
THROTTLE = 20_000_000


@dataclass(frozen=True)
class Planned:
    """A cluster with data, what it was like, and the plan that was made for it."""

    lab: KafkaLab
    kshift: Kshift
    work: Path
    dump: Path
    out: Path
    plan: dict[str, Any]
    runbook: Runbook
    before: State
    dirs_before: Dirs
    offsets_before: dict[str, str]
    committed_before: dict[str, str]
    records_before: dict[str, list[str]]

    def wave_dir(self, index: int) -> Path:
        """The directory of a wave."""
        return self.out / "waves" / f"{index:03}"

    def throttles(self, index: int) -> Throttles:
        """What a wave's throttle.json holds."""
        document = json.loads((self.wave_dir(index) / "throttle.json").read_text())
        return Throttles(brokers=document["brokers"], topics=document["topics"])

    def election(self, index: int) -> list[TopicPartition]:
        """What a wave's election.json names; nothing when there is no such file."""
        file = self.wave_dir(index) / "election.json"
        return [key(entry) for entry in json.loads(file.read_text())["partitions"]] if file.exists() else []

    def type(self, block: str, cwd: Path | None = None) -> str:
        """Runs a block of the runbook in its directory; returns what it printed, and requires exit code 0."""
        result = self.lab.shell(block, cwd or self.out)
        assert result.exit == 0, f"{block}\nexit {result.exit}\n{result.stdout}\n{result.stderr}"
        return result.stdout


@dataclass(frozen=True)
class WaveRun:
    """What was seen when a wave was carried out."""

    wave: dict[str, Any]
    looked: list[str]
    started: str
    finished: list[str]
    looked_again: str
    throttles_in_flight: Throttles
    throttles_after: Throttles
    expected: Lists
    lists: Lists
    leaders: Leaders
    leaders_after_election: Leaders
    dirs: Dirs


@dataclass(frozen=True)
class Migration:
    """The drain, wave by wave."""

    planned: Planned
    runs: list[WaveRun]


def prepare(lab: KafkaLab, kshift: Kshift, work: Path) -> Planned:
    """Fills the cluster, hands its tools' output to kshift, and plans its drain."""
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
        runbook=Runbook.read(out / "runbook.md"),
        before=lab.describe(),
        dirs_before=lab.log_dirs(),
        offsets_before=lab.offsets(),
        committed_before=lab.committed(),
        records_before=records,
    )


def carry_out(planned: Planned) -> Migration:
    """Carries out every wave of the plan as its runbook says."""
    expected, runs = lists_of(planned.before), []
    for wave in planned.plan["waves"]:
        expected = expected | {key(move): tuple(move["replicas"]) for move in wave["partitions"]}
        runs.append(carry_out_wave(planned, wave, expected))
    return Migration(planned, runs)


def carry_out_wave(planned: Planned, wave: dict[str, Any], expected: Lists) -> WaveRun:
    """Looks, starts, watches, finishes and elects."""
    lab, steps = planned.lab, planned.runbook.wave(wave["index"])
    looked = [planned.type(block) for block in steps.look]
    started = "".join(planned.type(block) for block in steps.start)
    in_flight = settle_throttles(lab, planned.throttles(wave["index"]))
    watch(planned, steps)
    finished = [planned.type(block) for block in steps.finish]
    state = settle(lab, expected)
    leaders = leaders_of(state)
    for election in steps.elect:
        planned.type(election)
        heads = {key(move): move["replicas"][0] for move in wave["partitions"]}
        state = settle(lab, expected, heads)
    return WaveRun(
        wave=wave,
        looked=looked,
        started=started,
        finished=finished,
        looked_again="".join(planned.type(block) for block in steps.look_again),
        throttles_in_flight=in_flight,
        throttles_after=settle_throttles(lab, NO_THROTTLES),
        expected=expected,
        lists=lists_of(state),
        leaders=leaders,
        leaders_after_election=leaders_of(state),
        dirs=lab.log_dirs(),
    )


def watch(planned: Planned, steps: WaveSteps, cwd: Path | None = None) -> None:
    """Types the block that watches again and again until it counts what the wave's table says."""
    (block,) = steps.watch

    def done() -> bool:
        # `grep -c` ends with 1 where it counts none.
        result = planned.lab.shell(block, cwd or planned.out)
        assert result.exit in (0, 1), f"{block}\n{result.stdout}\n{result.stderr}"
        assert int(result.stdout) <= (steps.count or 0), result.stdout
        return steps.is_done(result.stdout)

    planned.lab.wait_for("the moves to be completed", done, seconds=90)


def watch_verify(planned: Planned, block: str, cwd: Path | None = None) -> str:
    """Types a block with `--verify` again and again until nothing is in progress; returns what it printed last."""
    last = ""

    def done() -> bool:
        nonlocal last
        last = planned.type(block, cwd)
        assert VERIFY_HEAD in last, last
        return "still in progress" not in last

    planned.lab.wait_for("the moves to be completed", done, seconds=90)
    return last


def cancel_and_go_back(planned: Planned, wave: int) -> State:
    """Cancels a wave in flight and restores what was before, as the runbook says; returns the state after."""
    steps = planned.runbook.trouble("Go back while a wave runs", wave)
    (cancel,), (wait,), submit = steps["Cancel"], steps["Wait"], steps["Submit the old lists"]
    verify, *clear = steps["Verify"]

    def done() -> bool:
        # An error over a partition that arrives meanwhile does no harm.
        planned.lab.shell(cancel, planned.out)
        return NOTHING_MOVES in planned.type(wait)

    planned.lab.wait_for("the cancelled moves to end", done)
    for block in submit:
        planned.type(block)
    watch_verify(planned, verify)
    for block in (*clear, *steps["Elect"]):
        planned.type(block)
    return settle(planned.lab, lists_of(planned.before), leaders_of(planned.before))


# -------------------------------------------------------------------- waiting for what a broker shows late


T = TypeVar("T")


def last_seen(lab: KafkaLab, look: Callable[[], T], holds: Callable[[T], bool]) -> T:
    """What `look` finds as soon as it `holds`, else what it finds after some seconds, for a test to judge."""
    found = look()

    def shown() -> bool:
        nonlocal found
        found = look()
        return holds(found)

    if not holds(found):
        with contextlib.suppress(LabError):
            lab.wait_for("the expected state", shown, seconds=10)
    return found


def settle(lab: KafkaLab, lists: Lists, leaders: Leaders | None = None) -> State:
    """The state, once it shows the lists and leaders that are expected, or after some seconds."""

    def holds(state: State) -> bool:
        return lists_of(state) == lists and all(state[at].leader == leader for at, leader in (leaders or {}).items())

    return last_seen(lab, lab.describe, holds)


def settle_throttles(lab: KafkaLab, expected: Throttles) -> Throttles:
    """The throttles, once they are those that are expected, or after some seconds."""
    return last_seen(lab, lab.throttles, lambda found: found == expected)


# -------------------------------------------------------------------- small words


K = TypeVar("K")
V = TypeVar("V")


def key(entry: dict[str, Any]) -> TopicPartition:
    """Topic and partition of an entry of a JSON file."""
    return entry["topic"], entry["partition"]


def lists_of(state: State) -> Lists:
    """The ordered replica lists."""
    return {at: partition.replicas for at, partition in state.items()}


def leaders_of(state: State) -> Leaders:
    """The leaders."""
    return {at: partition.leader for at, partition in state.items()}


def pick(values: dict[K, V], keys: Iterable[K]) -> dict[K, V]:
    """The values of some keys."""
    return {at: values[at] for at in keys}


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
