"""Fixtures of the tests against real Kafka brokers.

Nothing is skipped: what is missing on this machine fails with a sentence that says what to install.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab import KafkaLab, Mode

# The old fleet, two log dirs each, and the new one, with one broker of two log dirs.
OLD = {1001: ("use1-az1", 2), 1002: ("use1-az2", 2), 1003: ("use1-az3", 2)}
NEW = {0: ("use1-az1", 2), 1: ("use1-az2", 1), 2: ("use1-az3", 1)}

CLUSTERS: list[tuple[str, Mode]] = [("4.3.1", "kraft"), ("3.9.2", "zookeeper")]

NEEDED = {
    "java": "install a JDK of version 17 or later",
    "javac": "install a JDK of version 17 or later (a JRE is not enough: they compile one Java file)",
    "mvn": "install Apache Maven 3, which brings Kafka's jars",
}


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


@pytest.fixture(scope="session")
def kshift() -> Kshift:
    """The command under test: `$KSHIFT_BIN`, else the installed one."""
    program = os.environ.get("KSHIFT_BIN") or shutil.which("kshift")
    if program is None:
        pytest.fail("`kshift` was not found: install it (`pip install .`), or name a binary in KSHIFT_BIN")
    return Kshift(program)


@pytest.fixture(scope="session", params=CLUSTERS, ids=[f"{version}-{mode}" for version, mode in CLUSTERS])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaLab]:
    """A running cluster. pytest ends one before it starts the next, so that two are never up at once."""
    for program, remedy in NEEDED.items():
        if shutil.which(program) is None:
            pytest.fail(f"`{program}` was not found, and the tests with real brokers need it: {remedy}")
    version, mode = request.param
    with KafkaLab(
        version, mode, OLD | NEW, tmp_path_factory.mktemp(f"kafka-{version}") / "cluster"
    ) as running:
        yield running
