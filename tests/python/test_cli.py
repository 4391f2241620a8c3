"""The console script is the same program as the one that Cargo builds."""

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from importlib import metadata
from pathlib import Path

import pytest

import kshift

SCRIPT = [shutil.which("kshift", path=sysconfig.get_path("scripts")) or "kshift is not installed"]
MODULE = [sys.executable, "-m", "kshift"]


def run(command: list[str], *arguments: str, cwd: Path | None = None) -> tuple[int, bytes, bytes]:
    done = subprocess.run([*command, *arguments], capture_output=True, cwd=cwd, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def binary(root: Path) -> list[str]:
    """The program that Cargo built: the one that KSHIFT_BINARY names, or the newest under target/."""
    named = os.environ.get("KSHIFT_BINARY")
    built = [Path(named)] if named else [root / "target" / profile / "kshift" for profile in ("release", "debug")]
    built = sorted((path for path in built if path.is_file()), key=lambda path: path.stat().st_mtime)
    if not built:
        pytest.skip("Cargo has not built the program; KSHIFT_BINARY may name it")
    return [str(built[-1])]


@pytest.mark.parametrize("command", [SCRIPT, MODULE], ids=["script", "module"])
def test_the_version_is_that_of_the_distribution(command: list[str]) -> None:
    version = metadata.version("kafka-kshift")
    assert run(command, "--version") == (0, f"kshift {version}\n".encode(), b"")
    assert kshift.__version__ == version


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--version"], 0),
        (["--help"], 0),
        ([], 2),
        (["no-such-command"], 2),
        (["plan", "CLUSTER", "--drain", "1001-1003", "--onto", "0-2", "--capacity", "10GB"], 0),
        (["plan", "CLUSTER", "--drain", "1001-1003", "--onto", "0-2", "--capacity", "10GB", "--throttle", "5MB/s"], 0),
        (["plan", "CLUSTER", "--drain", "1001-1003", "--capacity", "10GB", "--json"], 0),
        (["plan", "CLUSTER", "--drain", "1001-1003"], 2),
        (["plan", "CLUSTER", "--drain", "77"], 2),
        (["plan", "CLUSTER", "--drain", "1001-1003", "--capacity", "1MB"], 3),
        (["plan", "no-such-file", "--drain", "1"], 2),
        (["show", "no-such-plan"], 2),
    ],
)
def test_it_prints_the_same_bytes_as_the_program(
    binary: list[str], kafka_output: Path, arguments: list[str], code: int
) -> None:
    arguments = [str(kafka_output) if argument == "CLUSTER" else argument for argument in arguments]
    expected = run(binary, *arguments)
    assert expected[0] == code, expected[2].decode()
    assert run(SCRIPT, *arguments) == expected
    assert run(MODULE, *arguments) == expected


def test_it_writes_the_same_files_and_python_agrees(binary: list[str], kafka_output: Path, tmp_path: Path) -> None:
    options = ["--drain", "1001-1003", "--onto", "0-2", "--capacity", "10GB", "--throttle", "5MB/s", "--out"]
    trees = []
    for name, command in (("program", binary), ("script", SCRIPT)):
        code, _, stderr = run(command, "plan", str(kafka_output), *options, name, cwd=tmp_path)
        assert code == 0, stderr.decode()
        trees.append(tree(tmp_path / name))
    cluster = kshift.Cluster.load(kafka_output)
    plan = kshift.plan(cluster, drain="1001-1003", onto="0-2", capacity="10GB", throttle="5MB/s")
    plan.write(tmp_path / "python")
    trees.append(tree(tmp_path / "python"))
    assert trees[0] == trees[1] == trees[2]


def tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_a_check_that_does_not_hold_exits_1(kafka_output: Path, tmp_path: Path) -> None:
    path = tmp_path / "reassign.json"
    path.write_text('{"version":1,"partitions":[{"topic":"orders","partition":0,"replicas":[1001,1001]}]}')
    code, stdout, _ = run(SCRIPT, "check", str(kafka_output), str(path))
    assert code == 1
    assert b"violation[" in stdout


def wait_until_loaded(process: subprocess.Popen[bytes]) -> None:
    """Wait until the part that is written in Rust is in the memory of the process."""
    maps = Path(f"/proc/{process.pid}/maps")
    if not maps.exists():
        time.sleep(0.5)
        return
    end = time.monotonic() + 30
    while "_kshift" not in maps.read_text():
        assert time.monotonic() < end, "it never came so far"
        assert process.poll() is None, "it has ended already"
        time.sleep(0.005)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent with os.kill")
@pytest.mark.parametrize("command", [SCRIPT, MODULE], ids=["script", "module"])
@pytest.mark.parametrize("after", [0.0, 0.02, 0.05, 0.5])
def test_ctrl_c_exits_130_whenever_it_comes(command: list[str], after: float) -> None:
    options = ["--old", "1000", "--new", "1000", "--total-tb", "1000", "--partitions", "3000000", "-o", os.devnull]
    process = subprocess.Popen([*command, "example", *options], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    # Python itself is started before the command can be: what comes sooner is Python's own affair.
    wait_until_loaded(process)
    time.sleep(0.05 + after)
    process.send_signal(signal.SIGINT)
    stderr = process.communicate(timeout=60)[1]
    assert process.returncode == 130, stderr.decode()
    assert b"Traceback" not in stderr


def test_a_closed_pipe_is_success(kafka_output: Path) -> None:
    process = subprocess.Popen([*SCRIPT, "snapshot", str(kafka_output)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    stderr = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == 0, stderr.decode()
