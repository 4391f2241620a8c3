"""Fixtures of the tests against real Kafka brokers.

Nothing is skipped: what is missing on this machine fails with a sentence that says what to install.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from fleet import CLUSTERS, NEW, OLD, Kshift
from lab import KafkaLab

NEEDED = {
    "java": "install a JDK of version 17 or later",
    "javac": "install a JDK of version 17 or later (a JRE is not enough: they compile one Java file)",
    "mvn": "install Apache Maven 3, which brings Kafka's jars",
}


@pytest.fixture(scope="session")
def kshift() -> Kshift:
    """The command under test: `$KSHIFT_BIN`, else the installed one."""
    program = os.environ.get("KSHIFT_BIN") or shutil.which("kshift")
    if program is None:
        pytest.fail("`kshift` was not found: install it (`pip install .`), or name a binary in KSHIFT_BIN")
    return Kshift(program)


def require_programs() -> None:
    """Fails where a program that real brokers need is missing, with its remedy."""
    for program, remedy in NEEDED.items():
        if shutil.which(program) is None:
            pytest.fail(f"`{program}` was not found, and the tests with real brokers need it: {remedy}")


@pytest.fixture(scope="session", params=CLUSTERS, ids=[f"{version}-{mode}" for version, mode in CLUSTERS])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaLab]:
    """A running cluster. pytest ends one before it starts the next, so that two are never up at once."""
    require_programs()
    version, mode = request.param
    with KafkaLab(version, mode, OLD | NEW, tmp_path_factory.mktemp(f"kafka-{version}") / "cluster") as running:
        yield running
