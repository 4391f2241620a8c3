"""Throttles that a real cluster has already: a wave's own are merged with them, and afterwards they are as they were.

The cluster is that of the other tests, with topics and throttles of its own. What is set is always read from
Kafka's tools.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fleet import Kshift
from lab import KafkaLab
from lab_outputs import Throttles
from moves import NO_THROTTLES, NOTHING_MOVES, VERIFY_HEAD, Lists, key, last_seen, lists_of, settle_throttles
from runbook import Runbook

LEADERS, FOLLOWERS = "leader.replication.throttled.replicas", "follower.replication.throttled.replicas"
SENDING, RECEIVING = "leader.replication.throttled.rate", "follower.replication.throttled.rate"
RATE = 30_000_000
# One fetch (1 MiB) passes before it bites; what is larger stays in flight.
STANDSTILL = 1_000

TOPICS = {
    "guarded.list": [[1001, 1002], [1002, 1003], [1003, 1001], [1002, 1001]],
    "guarded.all": [[1002, 1001]],
    "guarded.elsewhere": [[1001, 1003]],
}
# As a team would have them that guards some replicas for good; partition 7 is one that is gone.
BEFORE = Throttles(
    brokers={
        "1002": {SENDING: 9_000_000},
        "2": {SENDING: 8_000_000, RECEIVING: 7_000_000},
        "1003": {RECEIVING: 6_000_000},
    },
    topics={
        "guarded.list": {LEADERS: "2:1003,7:9", FOLLOWERS: "2:1001"},
        "guarded.all": {LEADERS: "*", FOLLOWERS: "*"},
        "guarded.elsewhere": {LEADERS: "0:1001"},
    },
)


@dataclass(frozen=True)
class Guarded:
    """A cluster with throttles, and a plan for it that takes them over."""

    lab: KafkaLab
    out: Path
    plan: dict[str, Any]
    runbook: Runbook
    lists: Lists

    def type(self, block: str) -> str:
        """Runs a block of the runbook, and requires exit code 0."""
        result = self.lab.shell(block, self.out)
        assert result.exit == 0, f"{block}\nexit {result.exit}\n{result.stdout}\n{result.stderr}"
        return result.stdout

    def merged(self, index: int) -> Throttles:
        """What is set while a wave runs: its throttle.json, and whatever that does not name."""
        document = json.loads((self.out / f"waves/{index:03}/throttle.json").read_text())
        return Throttles(brokers=BEFORE.brokers | document["brokers"], topics=BEFORE.topics | document["topics"])

    def topic_lists(self) -> Lists:
        """The ordered lists of its topics."""
        return {at: replicas for at, replicas in lists_of(self.lab.describe()).items() if at[0] in TOPICS}


def alter(lab: KafkaLab, kind: str, name: str, option: str, value: str) -> None:
    """`kafka-configs --alter`."""
    lab.tool(
        "configs",
        "--bootstrap-server",
        lab.bootstrap,
        "--alter",
        "--entity-type",
        kind,
        "--entity-name",
        name,
        option,
        value,
    )


@pytest.fixture
def guarded(kshift: Kshift, lab: KafkaLab, tmp_path: Path) -> Iterator[Guarded]:
    """The topics, the throttles, and the plan to drain broker 1002 in waves of two."""
    for topic, replicas in TOPICS.items():
        lab.create_topic(topic, replicas)
    lab.wait_for(
        "full ISRs",
        lambda: (
            {at[0] for at in lab.describe()} >= TOPICS.keys()
            and all(p.leader is not None and set(p.isr) == set(p.replicas) for p in lab.describe().values())
        ),
    )
    lab.produce("guarded.list", 12)
    lab.produce("guarded.all", 3)
    for kind, entities in (("brokers", BEFORE.brokers), ("topics", BEFORE.topics)):
        for name, settings in entities.items():
            alter(lab, kind, name, "--add-config", ",".join(f"{of}=[{value}]" for of, value in settings.items()))
    assert settle_throttles(lab, BEFORE) == BEFORE
    dump, out = lab.dump(tmp_path / "dump"), tmp_path / "out"
    for kind in ("brokers", "topics"):
        printed = lab.tool("configs", "--bootstrap-server", lab.bootstrap, "--describe", "--entity-type", kind).stdout
        (dump / f"configs-{kind}.txt").write_text(printed)
    chosen = ["--topics", r"guarded\..*", "--drain", "1002", "--onto", "0-2", "--capacity", "10GB"]
    kshift("plan", dump, *chosen, "--throttle", str(RATE), "--max-moves", "2", "--out", out)
    kshift("check", dump, out, "--capacity", "10GB")
    plan = json.loads((out / "plan.json").read_text())
    lists = {at: replicas for at, replicas in lists_of(lab.describe()).items() if at[0] in TOPICS}
    yield Guarded(lab, out, plan, Runbook.read(out / "runbook.md"), lists)
    for kind, entities in (("brokers", BEFORE.brokers), ("topics", BEFORE.topics)):
        for name, settings in entities.items():
            alter(lab, kind, name, "--delete-config", ",".join(settings))
    for topic in TOPICS:
        lab.tool("topics", "--bootstrap-server", lab.bootstrap, "--delete", "--topic", topic)
    assert settle_throttles(lab, NO_THROTTLES) == NO_THROTTLES
    lab.wait_for("the topics to be gone", lambda: not {at[0] for at in lab.describe()} & TOPICS.keys())


def test_throttles_of_the_cluster_are_merged_while_a_wave_runs_and_come_back_after_it(guarded: Guarded) -> None:
    lab, waves = guarded.lab, guarded.plan["waves"]
    before = guarded.plan["throttles_before"]
    assert before["brokers"] == {
        id_: {of: str(rate) for of, rate in found.items()} for id_, found in BEFORE.brokers.items()
    }
    assert before["topics"] == {topic: BEFORE.topics[topic] for topic in ("guarded.all", "guarded.list")}
    assert len(waves) > 1

    # A wave that is slowed down, called off and rolled back first.
    index = next(wave["index"] for wave in waves if wave["partitions"][0]["topic"] == "guarded.list")
    steps = guarded.runbook.wave(index)
    for block in steps.look:
        guarded.type(block)
    throttle, execute = steps.start
    assert "--throttle" not in execute, "Kafka's own throttle would overwrite what is there"
    guarded.type(throttle)
    merged = guarded.merged(index)
    assert settle_throttles(lab, merged) == merged
    assert "7:9" in merged.topics["guarded.list"][LEADERS], "a list of somebody else stays in ours"
    # Slower than the runbook would have it, so that the wave is caught in flight.
    slower, planned_rate = guarded.runbook.trouble("Pause", index)[""]
    guarded.type(slower.replace("RATE=1000000 ", f"RATE={STANDSTILL} "))
    document = json.loads((guarded.out / f"waves/{index:03}/throttle.json").read_text())
    slow = {id_: {SENDING: STANDSTILL, RECEIVING: STANDSTILL} for id_ in document["brokers"]}
    slowed = Throttles(BEFORE.brokers | slow, merged.topics)
    assert settle_throttles(lab, slowed) == slowed
    guarded.type(execute)
    assert last_seen(lab, lab.moving, bool), "all of it was done at once, although it is throttled"
    guarded.type(planned_rate)
    assert settle_throttles(lab, merged) == merged
    back = guarded.runbook.trouble("Go back while a wave runs", index)

    def cancelled() -> bool:
        lab.shell(back["Cancel"][0], guarded.out)
        return NOTHING_MOVES in guarded.type(back["Wait"][0])

    lab.wait_for("the cancelled moves to end", cancelled)
    for block in back["Submit the old lists"]:
        guarded.type(block)
    verify, restore = back["Verify"]
    lab.wait_for("the old lists", lambda: guarded.type(verify).strip() == VERIFY_HEAD)
    guarded.type(restore)
    assert settle_throttles(lab, BEFORE) == BEFORE
    for block in back["Elect"]:
        guarded.type(block)
    assert guarded.topic_lists() == guarded.lists

    # And then all of them.
    for wave in waves:
        steps, merged = guarded.runbook.wave(wave["index"]), guarded.merged(wave["index"])
        for block in (*steps.look, *steps.start):
            guarded.type(block)
        assert settle_throttles(lab, merged) == merged, f"wave {wave['index']}"
        lab.wait_for(
            "the moves to be completed",
            lambda steps=steps: steps.is_done(lab.shell(steps.watch[0], guarded.out).stdout),
        )
        assert settle_throttles(lab, merged) == merged, "looking leaves the throttle"
        verify, unthrottle = steps.finish
        assert guarded.type(verify).strip() == VERIFY_HEAD
        guarded.type(unthrottle)
        assert settle_throttles(lab, BEFORE) == BEFORE, f"wave {wave['index']}"
        # To be run again at will, also where what it takes off is gone.
        guarded.type(unthrottle)
        assert settle_throttles(lab, BEFORE) == BEFORE
        for block in (*steps.elect, *steps.look_again):
            guarded.type(block)
    expected = guarded.lists | {key(move): tuple(move["replicas"]) for wave in waves for move in wave["partitions"]}
    assert last_seen(lab, guarded.topic_lists, lambda found: found == expected) == expected


def test_a_list_as_long_as_kafka_can_carry_is_set_by_a_script(guarded: Guarded, tmp_path: Path) -> None:
    script = (guarded.out / "waves/001/throttle.sh").read_text()
    functions = script.split("rates() {")[0] + "lists() {" + script.split("lists() {")[1].split("\n}\n")[0] + "\n}\n"
    # One byte more, and no tool gets it through: `'value' field is too long to be serialized`.
    entries = [f"{partition}:1001" for partition in range(10_000)]
    longest = ",".join(entries)[:32_767].rsplit(",", 1)[0]
    calls = f'lists guarded.elsewhere {longest} 0:2 & started\njoin\nexit "$failed"\n'
    (tmp_path / "long.sh").write_text(functions + calls)
    result = guarded.lab.shell("sh long.sh", tmp_path)
    assert result.exit == 0, result.stderr
    found = last_seen(
        guarded.lab, guarded.lab.throttles, lambda found: FOLLOWERS in found.topics.get("guarded.elsewhere", {})
    )
    assert found.topics["guarded.elsewhere"] == {LEADERS: longest, FOLLOWERS: "0:2"}
    alter(guarded.lab, "topics", "guarded.elsewhere", "--delete-config", FOLLOWERS)
