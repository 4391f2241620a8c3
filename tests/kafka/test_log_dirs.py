"""A log dir of a real broker is emptied within it, carried out by typing the commands of the runbook.

One small cluster for this alone: two brokers with three log dirs each. Where each replica lies is always read from
Kafka's tools, never from kshift.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import require_programs
from fleet import CLUSTERS, Kshift
from lab import KafkaLab
from lab_outputs import TopicPartition, parse_configs
from moves import NOTHING_MOVES, VERIFY_HEAD, leaders_of, lists_of
from runbook import Runbook

BROKERS = {1: ("a", 3), 2: ("b", 3)}
MEGABYTES = 48
RATE = 4_000_000
RATE_KEY = "replica.alter.log.dirs.io.max.bytes.per.second"
# One fetch (1 MiB) passes before it bites; what is larger stays in flight.
STANDSTILL = 1_000


@pytest.fixture(scope="module", params=CLUSTERS, ids=[f"{version}-{mode}" for version, mode in CLUSTERS])
def jbod(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaLab]:
    """A running cluster of brokers with three log dirs."""
    require_programs()
    version, mode = request.param
    with KafkaLab(version, mode, BROKERS, tmp_path_factory.mktemp(f"jbod-{version}") / "cluster") as running:
        yield running


@dataclass(frozen=True)
class Emptied:
    """The cluster, and the plan to empty the first log dir of broker 1."""

    lab: KafkaLab
    kshift: Kshift
    out: Path
    dump: Path
    plan: dict[str, Any]
    runbook: Runbook
    drained: str

    def type(self, block: str) -> str:
        """Runs a block of the runbook, and requires exit code 0."""
        result = self.lab.shell(block, self.out)
        assert result.exit == 0, f"{block}\nexit {result.exit}\n{result.stdout}\n{result.stderr}"
        return result.stdout

    def rates(self) -> dict[str, dict[str, str]]:
        """The throttles of copies between log dirs, by broker."""
        server = ("--bootstrap-server", self.lab.bootstrap)
        text = self.lab.tool("configs", *server, "--describe", "--entity-type", "brokers").stdout
        return dict(parse_configs(text, RATE_KEY.replace(".", r"\.")))

    def verify(self, block: str, seconds: float = 120) -> float:
        """Verifies until nothing is in progress; returns the seconds that took."""
        start = time.monotonic()
        self.lab.wait_for("the copies to end", lambda: "still in progress" not in self.type(block), seconds=seconds)
        return time.monotonic() - start


def in_dir(lab: KafkaLab, broker: int, path: str) -> list[TopicPartition]:
    """Partitions of which the broker's replica lies in a log dir."""
    return sorted(at for at, dirs in lab.log_dirs().items() if dirs.get(broker) == path)


@pytest.fixture(scope="module")
def emptied(kshift: Kshift, jbod: KafkaLab, tmp_path_factory: pytest.TempPathFactory) -> Emptied:
    """A topic that lies in all log dirs, and the plan."""
    work = tmp_path_factory.mktemp("emptied")
    jbod.create_topic("t", [[1, 2], [2, 1], [1, 2], [2, 1], [1, 2], [2, 1]])
    jbod.produce("t", MEGABYTES)
    drained = jbod.dirs_of(1)[0]
    jbod.wait_for("full ISRs", lambda: all(set(p.isr) == set(p.replicas) for p in jbod.describe().values()))
    dump, out = jbod.dump(work / "dump"), work / "out"
    limits = ["--throttle", str(RATE), "--capacity", "10GB"]
    kshift("plan", dump, "--drain-dir", f"1:{drained}", *limits, "--out", out)
    plan = json.loads((out / "plan.json").read_text())
    return Emptied(jbod, kshift, out, dump, plan, Runbook.read(out / "runbook.md"), drained)


def test_a_log_dir_is_emptied_stopped_half_way_taken_back_and_emptied_for_good(emptied: Emptied) -> None:
    lab, steps = emptied.lab, emptied.runbook.wave(1)
    (wave,) = emptied.plan["waves"]
    lists, leaders, dirs = lists_of(lab.describe()), leaders_of(lab.describe()), lab.log_dirs()
    moves = [(move["topic"], move["partition"]) for move in wave["partitions"]]
    assert sorted(moves) == in_dir(lab, 1, emptied.drained), "just what lies there moves"
    under_replicated, moving, elsewhere = steps.look
    assert emptied.type(under_replicated) == ""
    assert emptied.type(moving).strip() == NOTHING_MOVES
    assert emptied.type(elsewhere).strip() == VERIFY_HEAD

    # In flight: throttled on the one broker, invisible to --list, and called off by asking for the old dir.
    (start,), (watch,) = steps.start, steps.watch
    printed = emptied.type(start.replace(f"-throttle {RATE} ", f"-throttle {STANDSTILL} "))
    assert printed.count("Successfully started moving log directory") == len(moves)
    assert emptied.rates() == {"1": {RATE_KEY: str(STANDSTILL)}}
    assert int(emptied.lab.shell(watch, emptied.out).stdout) < (steps.count or 0)
    assert emptied.type(moving).strip() == NOTHING_MOVES
    slower, _ = emptied.runbook.trouble("Pause", 1)[""]
    emptied.type(slower)
    assert emptied.rates() == {"1": {RATE_KEY: "1000000"}}, "started again, it runs at another rate"
    going_back = emptied.runbook.trouble("Go back", 1)
    (back,), (verify_back,) = going_back["Ask for the old log dirs"], going_back["Verify and clear"]
    emptied.type(back)
    emptied.verify(verify_back)
    lab.wait_for("the old log dirs", lambda: lab.log_dirs() == dirs)
    assert emptied.rates() == {}

    # For good, with the settings of throttle.json, in about the time that the plan says.
    emptied.type(start)
    throttle = json.loads((emptied.out / "waves/001/throttle.json").read_text())
    assert {broker: {key: int(rate) for key, rate in found.items()} for broker, found in emptied.rates().items()} == (
        throttle["brokers"]
    )
    started = time.monotonic()
    lab.wait_for("the copies to end", lambda: steps.is_done(lab.shell(watch, emptied.out).stdout), seconds=120)
    seconds = time.monotonic() - started
    forecast = wave["duration_seconds"]
    print(f"forecast {forecast}, seen {seconds:.1f} s")
    assert seconds < 3 * forecast["high"] + 15
    assert emptied.rates() != {}, "looking leaves the throttle"
    emptied.type(*steps.finish)
    assert emptied.rates() == {}

    assert in_dir(lab, 1, emptied.drained) == []
    planned = {}
    for move in wave["partitions"]:
        place = move["replicas"].index(1)
        planned[move["topic"], move["partition"]] = move["log_dirs"][place]
    after = lab.log_dirs()
    assert {at: after[at][1] for at in planned} == planned
    assert {at: found[2] for at, found in after.items()} == {at: found[2] for at, found in dirs.items()}
    assert (lists_of(lab.describe()), leaders_of(lab.describe())) == (lists, leaders)
    last = emptied.runbook.section("6. After the last wave")
    for block in (*last["Nothing is under-replicated"], *last["No throttle is left"]):
        assert lab.shell(block, emptied.out).stdout.strip() == "", block

    # Taken back when it is over: copied back to where everything lay.
    emptied.type(back)
    emptied.verify(verify_back)
    assert lab.log_dirs() == dirs
    assert emptied.rates() == {}
