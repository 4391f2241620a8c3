"""What the tests with real brokers run on: the brokers, the topics on them, and the command under test."""

from __future__ import annotations

import subprocess
from pathlib import Path

from lab import Mode
from lab_outputs import TopicPartition

# The old fleet, two log dirs each, and the new one, with one broker of two log dirs.
OLD = {1001: ("use1-az1", 2), 1002: ("use1-az2", 2), 1003: ("use1-az3", 2)}
NEW = {0: ("use1-az1", 2), 1: ("use1-az2", 1), 2: ("use1-az3", 1)}

CLUSTERS: list[tuple[str, Mode]] = [("4.3.1", "kraft"), ("3.9.2", "zookeeper")]

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
# Topics that are read as a whole, and their records.
CONSUMED = {"a-b-3": 4000, ".hidden.-7": 3000}


class Kshift:
    """The `kshift` command, as a user runs it."""

    def __init__(self, program: str) -> None:
        self.program = program

    def __call__(self, *args: str | Path, exit_code: int = 0) -> str:
        """Runs it, fails unless it ends with `exit_code`, and returns its standard output."""
        command = [self.program, *map(str, args)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == exit_code, (
            f"{' '.join(command)}\nexit {done.returncode}, expected {exit_code}\n{done.stdout}\n{done.stderr}"
        )
        return done.stdout
