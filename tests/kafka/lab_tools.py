"""Runs Kafka's command-line tools by their main classes, in one warm JVM, from Python and from a shell."""

from __future__ import annotations

import base64
import ctypes
import json
import os
import select
import shutil
import signal
import socketserver
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent

# Small heaps and the first compiler tier only: start-up and memory count here, throughput does not.
JAVA = ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"]

TOOLS = {
    "topics": "org.apache.kafka.tools.TopicCommand",
    "log-dirs": "org.apache.kafka.tools.LogDirsCommand",
    "reassign-partitions": "org.apache.kafka.tools.reassign.ReassignPartitionsCommand",
    "leader-election": "org.apache.kafka.tools.LeaderElectionCommand",
    "configs": "kafka.admin.ConfigCommand",
    "cluster": "org.apache.kafka.tools.ClusterTool",
    "get-offsets": "org.apache.kafka.tools.GetOffsetShell",
    "producer-perf-test": "org.apache.kafka.tools.ProducerPerformance",
    "console-consumer": "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "consumer-groups": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "storage": "kafka.tools.StorageTool",
    "broker-api-versions": "org.apache.kafka.tools.BrokerApiVersionsCommand",
}
TOOLS_BEFORE_4 = {"broker-api-versions": "kafka.admin.BrokerApiVersionsCommand"}


class LabError(AssertionError):
    """A cluster, or one of Kafka's tools, did not do what the tests rest on."""


@dataclass(frozen=True)
class ToolResult:
    """What a tool printed, and its exit code."""

    stdout: str
    stderr: str
    exit: int


class ToolHost:
    """The warm JVM of ToolHost.java: runs Kafka's tools in this one process."""

    def __init__(self, libs: str, log: Path) -> None:
        self._log = log
        self._one_at_a_time = threading.Lock()
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [*JAVA, "-Xmx256m", "-cp", libs, str(HERE / "ToolHost.java")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                preexec_fn=die_with_parent,
            )

    def run(self, main: str, args: Sequence[str], seconds: float) -> ToolResult:
        """Runs the main class `main`; fails when it takes longer than `seconds`."""
        with self._one_at_a_time:
            return self._run(main, args, seconds)

    def _run(self, main: str, args: Sequence[str], seconds: float) -> ToolResult:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(b" ".join(base64.b64encode(word.encode()) for word in (main, *args)) + b"\n")
        stdin.flush()
        ready, _, _ = select.select([stdout], [], [], seconds)
        if not ready:
            raise LabError(f"{main} {' '.join(args)} did not end within {seconds:.0f} s")
        answer = stdout.readline().split()
        if len(answer) != 3:
            raise LabError(f"the JVM that runs the tools has died:\n{self._log.read_text(errors='replace')}")
        status, out, err = map(int, answer)
        return ToolResult(stdout.read(out).decode(), stdout.read(err).decode(), status)

    def stop(self) -> None:
        """Ends the JVM."""
        self._process.kill()
        self._process.communicate()


SHIM = """#!{python} -IS
import json, os, socket, sys
name, *args = sys.argv
# The tool runs in another process with another working directory.
args = [os.path.abspath(b) if a.endswith("-file") else b for a, b in zip([""] + args, args)]
with socket.socket(socket.AF_UNIX) as ask:
    ask.connect({address!r})
    ask.sendall(json.dumps([os.path.basename(name), *args]).encode())
    ask.shutdown(socket.SHUT_WR)
    answer = json.loads(b"".join(iter(lambda: ask.recv(65536), b"")))
sys.stdout.write(answer["stdout"])
sys.stderr.write(answer["stderr"])
sys.exit(answer["exit"])
"""


class Shell:
    """A shell in which `kafka-topics.sh` and the others are on the PATH and talk to a lab's cluster."""

    def __init__(self, run: Callable[[str, Sequence[str]], ToolResult], bootstrap: str) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="kafka-lab-"))
        self._bootstrap = bootstrap
        address = str(self._home / "tools")

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                name, *args = json.loads(self.rfile.read())
                result = run(name.removeprefix("kafka-").removesuffix(".sh"), args)
                self.wfile.write(json.dumps(asdict(result)).encode())

        self._server = socketserver.ThreadingUnixStreamServer(address, Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        (self._home / "bin").mkdir()
        for name in TOOLS:
            shim = self._home / "bin" / f"kafka-{name}.sh"
            shim.write_text(SHIM.format(python=sys.executable, address=address))
            shim.chmod(0o755)

    def run(self, script: str, cwd: Path, seconds: float = 120) -> ToolResult:
        """Runs a script with bash in a directory, with `$BOOTSTRAP` set; the exit code is that of its end."""
        path = f"{self._home / 'bin'}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=cwd,
            env=os.environ | {"PATH": path, "BOOTSTRAP": self._bootstrap, "CLIENT": "/dev/null"},
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
        return ToolResult(done.stdout, done.stderr, done.returncode)

    def stop(self) -> None:
        """Takes the tools off again."""
        self._server.shutdown()
        self._server.server_close()
        shutil.rmtree(self._home, ignore_errors=True)


def die_with_parent() -> None:
    """Asks Linux to end this child when the test run ends, even by a signal that it cannot catch."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
