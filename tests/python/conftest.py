"""What the tests of the Python face share. They run on the installed wheel, never on the source tree."""

import json
from pathlib import Path
from typing import Any

import pytest

import kshift

ROOT = Path(__file__).resolve().parents[2]


def pytest_configure() -> None:
    source = ROOT / "python"
    if Path(kshift.__file__).resolve().is_relative_to(source):
        raise pytest.UsageError("kshift was imported from the source tree: build the wheel and install it")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def kafka_output(root: Path) -> Path:
    """True output of Kafka's own tools: brokers 1001-1003 hold the data, 0-2 are new."""
    return root / "examples" / "kafka-4.3.1"


@pytest.fixture(scope="session")
def cluster() -> kshift.Cluster:
    """Twelve old brokers, 1000-1011, and twelve new ones, 0-11."""
    return kshift.Cluster.example(partitions=300, total_tb=1)


@pytest.fixture(scope="session")
def plan(cluster: kshift.Cluster) -> kshift.Plan:
    """All of the old brokers onto the new ones, in several waves."""
    return kshift.plan(cluster, drain="1000-1011", onto="0-11", throttle="50MB/s", max_moves=100)


def snapshot(**changes: Any) -> dict[str, Any]:
    """Three brokers, the third of which is empty, and one partition on the first two."""
    disk = [{"path": "/d", "capacity_bytes": 1000, "used_bytes": 0}]
    partition = {"partition": 0, "replicas": [1, 2], "size_bytes": 100}
    return {
        "kind": "kshift.cluster",
        "version": 1,
        "name": "small",
        "brokers": [{"id": broker, "log_dirs": disk} for broker in (1, 2, 3)],
        "topics": [{"name": "t", "partitions": [partition]}],
        **changes,
    }


@pytest.fixture
def small() -> kshift.Cluster:
    """The cluster of `snapshot`."""
    return kshift.Cluster.from_json(json.dumps(snapshot()))
