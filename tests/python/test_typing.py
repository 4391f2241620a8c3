"""What type checkers see: the stubs say what the module has, and code that uses it passes in strict mode."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

GOOD = """
from pathlib import Path

import kshift

cluster: kshift.Cluster = kshift.Cluster.load(Path("cluster.json")).complete(capacity={1: "2TB", "2-3": 5})
plan: kshift.Plan = kshift.plan(cluster, drain=range(1, 3), onto="4-6", throttle=50e6, disk_limit="85%", seed=1)
seconds: float | None = plan.summary.makespan_seconds
for wave in plan.waves:
    replicas: tuple[int, ...] = wave.partitions[0].replicas
    election: bytes | None = wave.election_json()
report: kshift.Report = kshift.check(cluster, "plan", throttle="50MB/s")
rules: list[str] = [violation.rule for violation in report.violations]
try:
    plan.write("out", force=True)
except kshift.KshiftError as error:
    code: str = error.code
"""

BAD = {
    'kshift.plan(cluster, "1-3")': "call-arg|misc",
    "kshift.plan(cluster, drain=1.5)": "arg-type",
    "kshift.plan(cluster, drain=1, disk=3)": "call-arg",
    "plan.complete = True": "misc",
    "plan.summary.waves = 3": "misc",
    "kshift.Cluster.load(5)": "arg-type",
    "len(plan.waves[0].election_json())": "arg-type",
    "kshift.no_such_name": "attr-defined",
}


def mypy(source: Path, tmp_path: Path) -> str:
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", os.devnull, "--no-error-summary", str(source)]
    return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path).stdout


def test_code_that_uses_kshift_well_passes_in_strict_mode(tmp_path: Path) -> None:
    source = tmp_path / "good.py"
    source.write_text(GOOD)
    assert mypy(source, tmp_path) == ""


def test_code_that_uses_kshift_wrongly_is_seen(tmp_path: Path) -> None:
    source = tmp_path / "bad.py"
    head = ["import kshift", "cluster = kshift.Cluster.example()", "plan = kshift.plan(cluster, drain=1000)"]
    source.write_text("\n".join([*head, *BAD]) + "\n")
    found = mypy(source, tmp_path).splitlines()
    for number, (line, codes) in enumerate(BAD.items(), start=len(head) + 1):
        faults = [fault for fault in found if fault.startswith(f"bad.py:{number}: error:")]
        assert faults, f"mypy accepts `{line}`"
        assert any(f"[{code}]" in fault for fault in faults for code in codes.split("|")), faults


def test_the_stubs_say_what_the_module_has(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mypy.stubtest", "kshift"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("tool", [["mypy"], ["ruff", "check"], ["ruff", "format", "--check"]])
def test_our_own_python_is_clean(root: Path, tool: list[str]) -> None:
    targets = [] if tool == ["mypy"] else ["python", "tests/python", "notebooks"]
    done = subprocess.run([sys.executable, "-m", *tool, *targets], capture_output=True, text=True, cwd=root)
    assert done.returncode == 0, done.stdout + done.stderr
