"""Half a drain on real Kafka brokers: leadership alone copies nothing, and of followers alone no client takes notice.

Each half has a topic of its own on the clusters of the other tests, and is carried out by typing the commands of its
runbook. What the cluster is like is read from the output of Kafka's tools, and from the files of the brokers.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fleet import Kshift
from lab import KafkaLab
from lab_outputs import TopicPartition
from moves import NO_THROTTLES, Lists, key, last_seen, leaders_of, lists_of, pick, settle_throttles, write_lists
from runbook import Runbook

CAPACITY = ["--capacity", "10GB"]


class Half:
    """A topic with data, and a plan for it alone."""

    def __init__(self, lab: KafkaLab, kshift: Kshift, work: Path, topic: str) -> None:
        self.lab, self.kshift, self.work, self.topic = lab, kshift, work, topic

    def fill(self, lists: list[list[int]], megabytes: float, reordered: Lists | None = None) -> None:
        """Makes the topic and writes into it; lists that are reordered then keep their leaders."""
        self.lab.create_topic(self.topic, lists)
        # A producer that comes before the leaders are known everywhere may wait for minutes.
        self.await_full_isrs()
        self.lab.produce(self.topic, megabytes)
        if reordered:
            file = write_lists(self.work / "reorder.json", reordered)
            self.lab.execute(file)
            self.lab.verify_until_done(file)
        self.await_full_isrs()

    def await_full_isrs(self) -> None:
        """Waits until every partition has a leader, and every replica is in sync."""

        def full() -> bool:
            states = self.partitions().values()
            return bool(states) and all(p.leader is not None and len(p.isr) == len(p.replicas) for p in states)

        self.lab.wait_for("full ISRs", full)

    def plan(self, name: str, *options: str) -> Path:
        """Plans, from what Kafka's tools print, and checks it; returns the directory."""
        dump, out = self.lab.dump(self.work / f"dump-{name}"), self.work / name
        self.kshift("plan", dump, "--topics", self.topic, *CAPACITY, *options, "--out", out)
        self.kshift("check", dump, out, *CAPACITY)
        return out

    def partitions(self) -> dict[TopicPartition, Any]:
        """What `kafka-topics --describe` shows of the topic."""
        return {at: state for at, state in self.lab.describe().items() if at[0] == self.topic}

    def files(self) -> dict[Path, int]:
        """The first segment of every replica, and which file it is: one that is copied is another."""
        found = [
            Path(log_dir) / f"{self.topic}-{partition}" / f"{0:020}.log"
            for (_, partition), state in self.partitions().items()
            for broker in state.replicas
            for log_dir in self.lab.dirs_of(broker)
        ]
        return {file: file.stat().st_ino for file in found if file.exists()}

    def type(self, block: str, out: Path) -> str:
        """Runs a block of a runbook; requires exit code 0."""
        result = self.lab.shell(block, out)
        assert result.exit == 0, f"{block}\nexit {result.exit}\n{result.stdout}\n{result.stderr}"
        return result.stdout

    def carry_out(self, out: Path) -> list[dict[TopicPartition, int | None]]:
        """Types the steps of every wave, and returns the leaders that were seen on the way."""
        seen = []
        runbook = Runbook.read(out / "runbook.md")
        for wave in plan_of(out)["waves"]:
            steps = runbook.wave(wave["index"])
            for block in (*steps.look, *steps.start):
                self.type(block, out)
            seen.append(leaders_of(self.partitions()))
            for block in steps.watch:
                self.lab.wait_for(
                    "the moves to be completed",
                    lambda watch=block, steps=steps: steps.is_done(self.lab.shell(watch, out).stdout),
                )
            for block in (*steps.finish, *steps.elect):
                self.type(block, out)
        return seen


def plan_of(out: Path) -> dict[str, Any]:
    """The plan of a directory."""
    plan: dict[str, Any] = json.loads((out / "plan.json").read_text())
    return plan


def moves_of(out: Path) -> list[dict[str, Any]]:
    """Its moves."""
    return [move for wave in plan_of(out)["waves"] for move in wave["partitions"]]


def test_leadership_leaves_a_broker_and_no_byte_of_it_is_copied(
    kshift: Kshift, lab: KafkaLab, tmp_path_factory: pytest.TempPathFactory
) -> None:
    half = Half(lab, kshift, tmp_path_factory.mktemp("leaders"), "led.elsewhere")
    half.fill([[1001, 1002, 1003], [1001, 1003, 1002], [1002, 1001, 1003], [1001, 1002, 1003]], 3)
    before, files = half.partitions(), half.files()
    out = half.plan("leaders", "--drain", "1001", "--leaders-only")
    moved = moves_of(out)
    assert sorted(key(move) for move in moved) == [(half.topic, partition) for partition in (0, 1, 3)]
    assert all(move["replicas"][-1] == 1001 for move in moved), "it takes over last"

    half.carry_out(out)
    lists = lists_of(before) | {key(move): tuple(move["replicas"]) for move in moved}
    heads = {at: replicas[0] for at, replicas in lists.items()}
    state = last_seen(lab, half.partitions, lambda state: leaders_of(state) == heads)
    assert lists_of(state) == lists
    assert leaders_of(state) == heads
    assert 1001 not in heads.values()
    assert {at: set(p.replicas) for at, p in state.items()} == {at: set(p.replicas) for at, p in before.items()}
    assert len(files) == sum(len(p.replicas) for p in before.values())
    assert half.files() == files, "every replica is the file that it was"
    (leads,) = Runbook.read(out / "runbook.md").section("6. After the last wave")["The drained brokers lead nothing"]
    assert f"Topic: {half.topic}\t" not in lab.shell(leads, out).stdout, "the last command of the runbook says so too"


def test_followers_leave_a_broker_and_no_leader_changes_on_the_way_or_after_it(
    kshift: Kshift, lab: KafkaLab, tmp_path_factory: pytest.TempPathFactory
) -> None:
    half = Half(lab, kshift, tmp_path_factory.mktemp("followers"), "followed")
    out_of_turn = (half.topic, 1)
    half.fill([[1001, 1002, 1003], [1001, 1002, 1003], [1002, 1001, 1003]], 3, {out_of_turn: (1002, 1001, 1003)})
    before = half.partitions()
    assert before[out_of_turn].leader == 1001, "it leads, and another is first"
    half_drain = ("--drain", "1001", "--onto", "0-2", "--throttle", "20MB/s")
    out = half.plan("followers", *half_drain, "--replicas-only")
    moved = moves_of(out)
    assert [key(move) for move in moved] == [(half.topic, 2)], "where it leads or is first, it stays"

    seen = half.carry_out(out)
    lists = lists_of(before) | {key(move): tuple(move["replicas"]) for move in moved}
    state = last_seen(lab, half.partitions, lambda state: lists_of(state) == lists)
    assert lists_of(state) == lists
    assert leaders_of(state) == leaders_of(before)
    assert seen == [leaders_of(before)] * len(seen)
    assert settle_throttles(lab, NO_THROTTLES) == NO_THROTTLES
    assert {at for at, p in state.items() if 1001 in p.replicas} == {(half.topic, 0), out_of_turn}

    rest = half.plan("rest", *half_drain)
    assert sorted(key(move) for move in moves_of(rest)) == [(half.topic, 0), out_of_turn]
    assert pick(leaders_of(state), [(half.topic, 2)]) == {(half.topic, 2): 1002}
