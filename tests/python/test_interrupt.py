"""Ctrl-C is heard at once, other threads run meanwhile, and nothing half done is left.

Each story runs in a process of its own, which sends itself SIGINT. The cluster is large enough for its plan to
take many times as long as the answer may.
"""

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent with os.kill")

PRELUDE = """
import json, os, signal, sys, threading, time
import kshift

sent = []

def interrupt(after):
    def send():
        time.sleep(after)
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)
    threading.Thread(target=send, daemon=True).start()

def answer(**values):
    print(json.dumps(values), flush=True)

def large(partitions):
    return kshift.Cluster.example(old=1000, new=1000, partitions=partitions, total_tb=1000)
"""


def run(story: str, *arguments: str) -> dict[str, Any]:
    script = PRELUDE + textwrap.dedent(story)
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_ctrl_c_ends_a_plan_of_a_million_replicas_within_a_fifth_of_a_second() -> None:
    found = run(
        """
        cluster = large(333_334)
        interrupt(after=0.15)
        try:
            kshift.plan(cluster, drain="1000-1999", onto="0-999", throttle="50MB/s")
        except KeyboardInterrupt:
            answer(seconds=time.monotonic() - sent[0])
        else:
            answer(seconds=None)
        """
    )
    assert found["seconds"] is not None, "the plan was done before the signal came"
    assert found["seconds"] < 0.2


def test_after_ctrl_c_the_next_call_works() -> None:
    found = run(
        """
        cluster = large(333_334)
        interrupt(after=0.06)
        try:
            kshift.plan(cluster, drain="1000-1999", onto="0-999", throttle="50MB/s")
        except KeyboardInterrupt:
            pass
        small = kshift.Cluster.example(partitions=60, total_tb=1)
        answer(ok=bool(kshift.check(small, kshift.plan(small, drain="1000-1011"))))
        """
    )
    assert found["ok"]


def test_other_threads_run_while_a_plan_is_made() -> None:
    found = run(
        """
        cluster = large(333_334)
        ticks, done = [], threading.Event()
        def tick():
            while not done.wait(0.01):
                ticks.append(time.monotonic())
        thread = threading.Thread(target=tick)
        thread.start()
        begun = time.monotonic()
        kshift.plan(cluster, drain="1000-1999", onto="0-999", throttle="50MB/s")
        seconds = time.monotonic() - begun
        done.set()
        thread.join()
        gaps = [later - sooner for sooner, later in zip(ticks, ticks[1:])]
        answer(seconds=seconds, ticks=len(ticks), gap=max(gaps))
        """
    )
    # A call that held the lock would leave one gap as long as itself.
    assert found["ticks"] > 5
    assert found["gap"] < max(0.15, found["seconds"] / 2)


def test_an_interrupted_write_leaves_the_whole_directory_or_nothing(tmp_path: Path) -> None:
    found = run(
        """
        cluster = large(50_000)
        plan = kshift.plan(cluster, drain="1000-1999", onto="0-999", throttle="50MB/s")
        out = os.path.join(sys.argv[1], "plan")
        interrupt(after=0.02)
        try:
            plan.write(out)
            time.sleep(1)
        except KeyboardInterrupt:
            pass
        left = os.listdir(sys.argv[1])
        whole = not left or left == ["plan"] and kshift.Plan.load(out) == plan and bool(kshift.check(cluster, out))
        answer(left=left, whole=whole)
        """,
        str(tmp_path),
    )
    assert found["whole"], found["left"]


def test_a_handler_that_raises_something_else_is_obeyed() -> None:
    found = run(
        """
        def alarm(signal, frame):
            raise TimeoutError
        signal.signal(signal.SIGINT, alarm)
        cluster = large(333_334)
        interrupt(after=0.06)
        try:
            kshift.plan(cluster, drain="1000-1999", onto="0-999", throttle="50MB/s")
        except TimeoutError:
            answer(raised=True)
        """
    )
    assert found["raised"]


def test_a_handler_that_returns_lets_the_work_go_on() -> None:
    found = run(
        """
        heard = []
        signal.signal(signal.SIGINT, lambda signal, frame: heard.append(time.monotonic()))
        cluster = large(333_334)
        interrupt(after=0.06)
        plan = kshift.plan(cluster, drain="1000-1999", onto="0-999", throttle="50MB/s")
        answer(heard=len(heard), late=heard[0] - sent[0], complete=plan.complete)
        """
    )
    assert found["heard"] == 1
    assert found["late"] < 0.2
    assert found["complete"]
