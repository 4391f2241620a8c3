"""What `kshift export PLAN strimzi` writes, read by Strimzi's own API classes of two versions, and scaled as it would.

The operator itself is in no public registry of jars, so which ids it takes from a range is played here by its
documentation: the next id of the range that is free (or in the pool, when removing), in the order of the range, and
beyond the range the lowest free id (or the highest of the pool). No Kubernetes, no brokers.
"""

from __future__ import annotations

import itertools
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import require_programs
from fleet import Kshift
from lab import HERE, jars
from lab_tools import JAVA

GOLDEN = HERE.parent / "golden" / "strimzi"
# The last with ZooKeeper; the last with both versions of its resources.
VERSIONS = {"0.45.0": {"v1beta2"}, "0.51.0": {"v1beta2", "v1"}}
RANGE = re.compile(r"\[\d+(-\d+)?(,\d+(-\d+)?)*\]")


@dataclass(frozen=True)
class Manifest:
    """What Strimzi's classes found in a file."""

    kind: str
    versions: str
    name: str
    namespace: str
    cluster: str
    next_ids: str
    remove_ids: str
    replicas: str
    reserved_max: str
    unknown: str


def read(version: str, files: list[Path]) -> list[Manifest]:
    """The files as Strimzi reads them."""
    require_programs()
    command = [*JAVA, "-cp", jars(f"strimzi-{version}"), str(HERE / "StrimziApi.java"), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return [Manifest(*line.split("\t")) for line in done.stdout.splitlines()]


def ids_of(text: str) -> Iterator[int]:
    """The ids of a range in its order, which may go down."""
    assert RANGE.fullmatch(text), text
    for part in text.strip("[]").split(","):
        first, _, last = part.partition("-")
        start, end = int(first), int(last or first)
        yield from range(start, end + 1) if start <= end else range(start, end - 1, -1)


def scaled(pool: set[int], replicas: int, next_ids: str, remove_ids: str) -> set[int]:
    """The pool at another number of replicas."""
    pool = set(pool)
    to_add = ids_of(next_ids) if next_ids != "-" else iter(())
    to_remove = ids_of(remove_ids) if remove_ids != "-" else iter(())
    while len(pool) < replicas:
        free = (broker for broker in itertools.chain(to_add, itertools.count()) if broker not in pool)
        pool.add(next(free))
    while len(pool) > replicas:
        chosen = next((broker for broker in to_remove if broker in pool), max(pool))
        pool.discard(chosen)
    return pool


@pytest.mark.parametrize("version", VERSIONS)
def test_the_golden_patches_are_read_by_strimzi_without_anything_unknown(version: str) -> None:
    files = sorted(GOLDEN.rglob("*.yaml"))
    assert len(files) == 9
    for file, found in zip(files, read(version, files), strict=True):
        text = file.read_text()
        api = re.search(r"^apiVersion: kafka\.strimzi\.io/(\w+)$", text, re.MULTILINE)
        assert api is not None, file
        assert api[1] in found.versions.split(","), file
        assert found.unknown == ".", f"{file}: {found.unknown}"
        assert found.namespace == "kafka"
        if found.kind == "KafkaNodePool":
            assert (found.name, found.cluster) == (file.stem, "prod"), file


@pytest.mark.parametrize("version", VERSIONS)
def test_each_step_adds_or_removes_the_brokers_of_the_plan_and_the_way_back_undoes_it(
    version: str, kshift: Kshift, tmp_path: Path
) -> None:
    cluster, plan, out = tmp_path / "cluster.json", tmp_path / "plan", tmp_path / "strimzi"
    kshift("example", "--old", "4", "--new", "5", "--partitions", "40", "--old-base", "2000", "-o", cluster)
    kshift("plan", cluster, "--drain", "2000-2003", "--onto", "0-4", "--ignore-disk", "--out", plan)
    newest = sorted(VERSIONS[version])[0]
    options = ["--cluster", "prod", "--pool", "new=0-4", "--pool", "old=2000-2003", "--api-version", newest]
    kshift("export", plan, "strimzi", *options, "--out", out)
    files = sorted(out.rglob("*.yaml"))
    found = {str(file.relative_to(out)): made for file, made in zip(files, read(version, files), strict=True)}
    assert all(manifest.unknown == "." for manifest in found.values())
    assert found["0-node-ids-above-999.yaml"].reserved_max == "2999"

    def step(pool: set[int], ids: str, replicas: str) -> set[int]:
        patch = found[ids]
        return scaled(pool, int(found[replicas].replicas), patch.next_ids, patch.remove_ids)

    # Others of the cluster have low ids, which the operator would hand out if the range were not used.
    assert step(set(), "1-ids-to-add/new.yaml", "2-scale-up/new.yaml") == set(range(5))
    assert step(set(range(5)), "back/2-scale-up/new.yaml", "back/2-scale-up/new.yaml") == set()
    old = set(range(2000, 2004))
    assert step(old, "3-ids-to-remove/old.yaml", "4-scale-down/old.yaml") == set()
    assert step(set(), "back/4-scale-down/old.yaml", "back/4-scale-down/old.yaml") == old
    assert found["5-clean-up/new.yaml"].next_ids == found["5-clean-up/new.yaml"].remove_ids == "null"


def test_a_part_of_a_pool_goes_and_the_rest_stays() -> None:
    pool = {0, 1, 2, 1001, 1002, 1003}
    # The golden patch of the pool `old`, whose broker 1004 still holds something.
    text = (GOLDEN / "3-ids-to-remove" / "old.yaml").read_text()
    remove = re.search(r'remove-node-ids: "(.*)"', text)
    assert remove is not None
    assert scaled(pool, 4, "-", remove[1]) == {0, 1, 2, 1003}
