"""Reads what Kafka's tools print, with a few regular expressions and on purpose not with kshift."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

TopicPartition = tuple[str, int]


@dataclass(frozen=True)
class PartitionState:
    """One line of `kafka-topics --describe`; lists in Kafka's order."""

    leader: int | None
    replicas: tuple[int, ...]
    isr: tuple[int, ...]
    adding: tuple[int, ...]
    removing: tuple[int, ...]

    @property
    def moving(self) -> bool:
        """Whether a reassignment of it is under way."""
        return bool(self.adding or self.removing)


@dataclass(frozen=True)
class Throttles:
    """Replication throttles as they are set in the cluster, in the shape of kshift's throttle.json."""

    brokers: dict[str, dict[str, int]]
    topics: dict[str, dict[str, str]]


def parse_topics(text: str) -> dict[TopicPartition, PartitionState]:
    """Reads `kafka-topics --describe`."""
    found = {}
    for line in text.splitlines():
        fields = dict(part.split(": ", 1) for part in line.strip().split("\t") if ": " in part)
        if "Partition" in fields:
            leader = fields["Leader"]
            found[fields["Topic"], int(fields["Partition"])] = PartitionState(
                leader=None if leader in ("none", "-1") else int(leader),
                replicas=ids(fields["Replicas"]),
                isr=ids(fields.get("Isr", "")),
                adding=ids(fields.get("Adding Replicas", "")),
                removing=ids(fields.get("Removing Replicas", "")),
            )
    return found


def ids(text: str) -> tuple[int, ...]:
    """Reads `1,2,3`."""
    return tuple(int(word) for word in text.split(",") if word)


def parse_log_dirs(text: str) -> dict[TopicPartition, dict[int, str]]:
    """Reads `kafka-log-dirs --describe`: the dir of each replica that is not a future one."""
    document = json.loads(next(line for line in text.splitlines() if line.startswith("{")))
    found: dict[TopicPartition, dict[int, str]] = {}
    for broker in document["brokers"]:
        for log_dir in broker["logDirs"]:
            assert log_dir["error"] is None, log_dir
            for replica in log_dir["partitions"]:
                topic, partition = replica["partition"].rsplit("-", 1)
                if not replica["isFuture"]:
                    found.setdefault((topic, int(partition)), {})[broker["broker"]] = log_dir["logDir"]
    return found


def parse_configs(text: str, key: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Reads `kafka-configs --describe`: each entity that sets a key matching `key`, with these settings."""
    for block in re.split(r"^(?=Dynamic configs for )", text, flags=re.MULTILINE):
        head = re.match(r"Dynamic configs for (?:broker|topic) (\S+) are:", block)
        settings = dict(re.findall(rf"^\s+({key})=(\S+) sensitive=", block, flags=re.MULTILINE))
        if head and settings:
            yield head.group(1), settings
