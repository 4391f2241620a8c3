"""Real Kafka clusters for tests: plain `java` processes on loopback ports, with jars from a Maven pom.

`KafkaLab` starts one controller (or ZooKeeper) and some brokers under a directory of its own, runs Kafka's
own tools by their main classes, and leaves no process behind, whatever happens to the test run.

What a test wants to know of the cluster (`describe`, `log_dirs`, `throttles`, `offsets`, `committed`) is read
here from the output of Kafka's tools with a few regular expressions, on purpose not with kshift: the tests
compare the two.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from lab_outputs import (
    PartitionState,
    Throttles,
    TopicPartition,
    parse_configs,
    parse_log_dirs,
    parse_topics,
)
from lab_tools import JAVA, TOOLS, TOOLS_BEFORE_4, LabError, Shell, ToolHost, ToolResult, die_with_parent

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / "target" / "kafka-lab"
CONTROLLER_ID = 9000
CLUSTER_ID = "a3NoaWZ0LXRlc3RzLWxhYg"

Mode = Literal["kraft", "zookeeper"]


class KafkaLab:
    """A Kafka cluster in one directory.

    `brokers` maps the id of each broker to its rack and its number of log dirs.
    """

    def __init__(self, version: str, mode: Mode, brokers: Mapping[int, tuple[str, int]], root: Path) -> None:
        self.version = version
        self.mode = mode
        self.brokers = dict(brokers)
        self.root = root
        self._major = int(version.split(".", 1)[0])
        self._processes: dict[int | str, subprocess.Popen[bytes]] = {}
        self._host: ToolHost | None = None
        self._shell: Shell | None = None
        self._libs = jars(version)
        ports = free_ports(len(brokers) + 1)
        self._coordinator_port = next(ports)
        self._ports = {broker: next(ports) for broker in self.brokers}

    # ---------------------------------------------------------------- life

    def start(self) -> KafkaLab:
        """Starts all nodes, and returns when every broker is registered."""
        if self.root.exists() and any(self.root.iterdir()):
            raise LabError(f"{self.root} is not empty: a cluster may be running there")
        atexit.register(self.stop)
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def _start(self) -> None:
        (self.root / "conf").mkdir(parents=True)
        self._host = ToolHost(self._libs, self.root / "tools.log")
        self._shell = Shell(lambda name, args: self.tool(name, *args, check=False), self.bootstrap)
        if self.mode == "zookeeper":
            zoo = self._write("zoo.cfg", self._zookeeper_config())
            main = "org.apache.zookeeper.server.quorum.QuorumPeerMain"
            self._spawn("zookeeper", "-Xmx256m", main, zoo)
        else:
            controller = self._write("controller.properties", self._controller_config())
            self.tool("storage", "format", "-t", CLUSTER_ID, "-c", str(controller))
            self._spawn("controller", "-Xmx256m", "kafka.Kafka", controller)
        for broker in self.brokers:
            config = self._write(f"broker-{broker}.properties", self._broker_config(broker))
            if self.mode == "kraft":
                self.tool("storage", "format", "-t", CLUSTER_ID, "-c", str(config))
            self._spawn(broker, "-Xmx320m", "kafka.Kafka", config)
        self.wait_for("all brokers to be registered", self._all_registered, seconds=120)

    def stop(self) -> None:
        """Ends every process of the lab at once; what they hold on disk is thrown away anyhow."""
        atexit.unregister(self.stop)
        if self._shell is not None:
            self._shell.stop()
            self._shell = None
        if self._host is not None:
            self._host.stop()
            self._host = None
        for process in self._processes.values():
            process.kill()
        for process in self._processes.values():
            process.wait()
        self._processes.clear()
        for broker in self.brokers:
            shutil.rmtree(self.root / str(broker), ignore_errors=True)

    def __enter__(self) -> KafkaLab:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def bootstrap(self) -> str:
        """`host:port` of every broker, for `--bootstrap-server`."""
        return ",".join(f"127.0.0.1:{port}" for port in self._ports.values())

    def dirs_of(self, broker: int) -> list[str]:
        """Paths of the broker's log dirs."""
        return [str(self.root / str(broker) / f"d{number}") for number in range(1, self.brokers[broker][1] + 1)]

    def wait_for(self, what: str, holds: Callable[[], bool], seconds: float = 60) -> None:
        """Polls until `holds`; fails with `what` after `seconds`, or as soon as a node has died."""
        end = time.monotonic() + seconds
        while not holds():
            self._assert_alive()
            if time.monotonic() > end:
                raise LabError(f"waited {seconds:.0f} s for {what}; logs are in {self.root}")
            time.sleep(0.2)

    def _assert_alive(self) -> None:
        for name, process in self._processes.items():
            if process.poll() is not None:
                log = (self.root / f"{name}.log").read_text(errors="replace")
                raise LabError(f"node {name} ended with exit code {process.returncode}:\n{log[-4000:]}")

    def _all_registered(self) -> bool:
        self._assert_alive()
        result = self.tool("broker-api-versions", *self._server, check=False)
        alive = re.findall(r"\(id: (\d+) rack: \S+(?: isFenced: false)?\) -> \(", result.stdout)
        return {int(broker) for broker in alive} == set(self.brokers)

    def _write(self, name: str, settings: Mapping[str, object]) -> Path:
        path = self.root / "conf" / name
        path.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        return path

    def _spawn(self, name: int | str, heap: str, main: str, config: Path) -> None:
        command = [*JAVA, heap, "-cp", self._libs, f"-Dkafka.logs.dir={self.root}", *logging(self._major)]
        with (self.root / f"{name}.log").open("wb") as log:
            self._processes[name] = subprocess.Popen(
                [*command, main, str(config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent,
            )

    # ---------------------------------------------------------------- configuration of the nodes

    def _zookeeper_config(self) -> dict[str, object]:
        return {
            "dataDir": self.root / "zookeeper",
            "clientPort": self._coordinator_port,
            "clientPortAddress": "127.0.0.1",
            "admin.enableServer": "false",
            "tickTime": 2000,
        }

    def _common_config(self) -> dict[str, object]:
        return {
            # Who leads must follow from what the tests do, not from a timer.
            "auto.leader.rebalance.enable": "false",
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": 3,
            "offsets.topic.num.partitions": 3,
            "transaction.state.log.replication.factor": 3,
            "transaction.state.log.num.partitions": 3,
            "group.initial.rebalance.delay.ms": 0,
            # The default of 128 MB does not fit into these heaps.
            "log.cleaner.dedupe.buffer.size": 2097152,
            "num.network.threads": 2,
            "num.io.threads": 4,
            "background.threads": 2,
        }

    def _controller_config(self) -> dict[str, object]:
        return self._common_config() | {
            "process.roles": "controller",
            "node.id": CONTROLLER_ID,
            "controller.quorum.voters": f"{CONTROLLER_ID}@127.0.0.1:{self._coordinator_port}",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "listeners": f"CONTROLLER://127.0.0.1:{self._coordinator_port}",
            "log.dirs": self.root / "controller",
        }

    def _broker_config(self, broker: int) -> dict[str, object]:
        settings = self._common_config() | {
            "listeners": f"PLAINTEXT://127.0.0.1:{self._ports[broker]}",
            "log.dirs": ",".join(self.dirs_of(broker)),
            "broker.rack": self.brokers[broker][0],
        }
        if self.mode == "zookeeper":
            return settings | {
                "broker.id": broker,
                "reserved.broker.max.id": 9999,
                "zookeeper.connect": f"127.0.0.1:{self._coordinator_port}",
            }
        return settings | {
            "process.roles": "broker",
            "node.id": broker,
            "controller.quorum.voters": f"{CONTROLLER_ID}@127.0.0.1:{self._coordinator_port}",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        }

    # ---------------------------------------------------------------- Kafka's tools

    def tool(self, name: str, *args: str, check: bool = True, seconds: float = 120) -> ToolResult:
        """Runs `kafka-NAME.sh ARGS`; with `check`, an exit code other than 0 fails."""
        if self._host is None:
            raise LabError("the lab is not running")
        names = TOOLS | TOOLS_BEFORE_4 if self._major < 4 else TOOLS
        result = self._host.run(names[name], args, seconds)
        if check and result.exit != 0:
            raise LabError(f"kafka-{name} {' '.join(args)}\nexit {result.exit}\n{result.stdout}\n{result.stderr}")
        return result

    def shell(self, script: str, cwd: Path) -> ToolResult:
        """Runs a script that calls Kafka's tools as people type them; its exit code is not judged."""
        if self._shell is None:
            raise LabError("the lab is not running")
        return self._shell.run(script, cwd)

    @property
    def _server(self) -> tuple[str, str]:
        return ("--bootstrap-server", self.bootstrap)

    def create_topic(
        self, name: str, replicas: Sequence[Sequence[int]], config: Mapping[str, str] | None = None
    ) -> None:
        """Creates a topic whose partition `i` has the ordered list `replicas[i]`."""
        assignment = ",".join(":".join(map(str, partition)) for partition in replicas)
        settings = [word for key, value in (config or {}).items() for word in ("--config", f"{key}={value}")]
        create = ("--create", "--topic", name, "--replica-assignment", assignment)
        self.tool("topics", *self._server, *create, *settings)

    def produce(self, topic: str, megabytes: float) -> None:
        """Writes random records of 1 kB, acknowledged by the whole ISR, to all partitions of a topic."""
        size = ["--num-records", str(int(megabytes * 1000)), "--record-size", "1000", "--throughput", "-1"]
        props = ["--producer-props", f"bootstrap.servers={self.bootstrap}", "acks=all", "batch.size=32768"]
        self.tool("producer-perf-test", "--topic", topic, *size, *props)

    def consume(self, topic: str, records: int, group: str) -> list[str]:
        """Reads `records` records of a topic from its beginning as a member of a consumer group; sorted."""
        limits = ("--from-beginning", "--max-messages", str(records), "--timeout-ms", "30000")
        result = self.tool("console-consumer", *self._server, "--topic", topic, "--group", group, *limits)
        return sorted(result.stdout.split("\n"))

    def dump(self, into: Path) -> Path:
        """Writes the tools' output into a directory, as a user would who hands a cluster to kshift."""
        into.mkdir(parents=True)
        outputs = {
            "topics.txt": ("topics", *self._server, "--describe"),
            "log-dirs.txt": ("log-dirs", *self._server, "--describe"),
            "broker-api-versions.txt": ("broker-api-versions", *self._server),
        }
        if self._major >= 4:
            outputs["endpoints.txt"] = (
                "cluster",
                "list-endpoints",
                *self._server,
                "--include-fenced-brokers",
            )
        for file, (name, *args) in outputs.items():
            (into / file).write_text(self.tool(name, *args).stdout)
        return into

    # ---------------------------------------------------------------- what the cluster is like

    def describe(self) -> dict[TopicPartition, PartitionState]:
        """Every partition as `kafka-topics --describe` shows it."""
        return parse_topics(self.tool("topics", *self._server, "--describe").stdout)

    def moving(self) -> list[TopicPartition]:
        """The partitions whose reassignment is under way."""
        return [at for at, partition in self.describe().items() if partition.moving]

    def log_dirs(self) -> dict[TopicPartition, dict[int, str]]:
        """The log dir of every replica, by broker; replicas that are moving between dirs are left out."""
        return parse_log_dirs(self.tool("log-dirs", *self._server, "--describe").stdout)

    def throttles(self) -> Throttles:
        """Replication throttles of all brokers and topics; those without any are left out."""
        kinds = ("brokers", "topics")
        texts = [self.tool("configs", *self._server, "--describe", "--entity-type", kind).stdout for kind in kinds]
        rates = {
            entity: {key: int(value) for key, value in found.items()}
            for entity, found in parse_configs(texts[0], r"(?:leader|follower)\.replication\.throttled\.rate")
        }
        lists = dict(parse_configs(texts[1], r"(?:leader|follower)\.replication\.throttled\.replicas"))
        return Throttles(brokers=rates, topics=lists)

    def offsets(self) -> dict[str, str]:
        """Log start and log end offset of every partition, by `topic:partition`."""
        found: dict[str, str] = {}
        for time_word in ("-2", "-1"):
            for line in self.tool("get-offsets", *self._server, "--time", time_word).stdout.splitlines():
                partition, offset = line.rsplit(":", 1)
                found[partition] = f"{found[partition]}..{offset}" if partition in found else offset
        return found

    def committed(self) -> dict[str, str]:
        """The offset that each consumer group has committed, by `group topic partition`."""
        lines = self.tool("consumer-groups", *self._server, "--describe", "--all-groups").stdout.splitlines()
        rows = [line.split() for line in lines if line.strip()]
        return {" ".join(row[:3]): row[3] for row in rows if row[0] != "GROUP" and row[3].isdigit()}

    # ---------------------------------------------------------------- reassignments and elections

    def execute(self, reassignment: Path, *options: str) -> ToolResult:
        """`kafka-reassign-partitions --execute`."""
        return self.tool("reassign-partitions", *self._reassignment(reassignment, "--execute"), *options)

    def verify(self, reassignment: Path, *options: str) -> ToolResult:
        """`kafka-reassign-partitions --verify`, once: it clears the throttles when nothing moves any more."""
        return self.tool("reassign-partitions", *self._reassignment(reassignment, "--verify"), *options)

    def cancel(self, reassignment: Path) -> None:
        """`kafka-reassign-partitions --cancel`, until nothing moves.

        The tool exits 1 when a partition arrives between its look and its cancel, and then leaves the
        throttles; so its exit code does not say whether moves are left, and asking again does no harm.
        """
        cancel = self._reassignment(reassignment, "--cancel")

        def done() -> bool:
            self.tool("reassign-partitions", *cancel, check=False)
            return not self.moving()

        self.wait_for("the cancelled moves to end", done)

    def verify_until_done(self, reassignment: Path, seconds: float = 90) -> str:
        """Verifies until no partition and no replica is in progress, and returns the last output."""
        last = ""

        def done() -> bool:
            nonlocal last
            last = self.verify(reassignment).stdout
            return "still in progress" not in last

        self.wait_for(f"{reassignment} to be carried out", done, seconds)
        return last

    def elect(self, election: Path) -> ToolResult:
        """A preferred leader election for the partitions of a file."""
        args = ("--election-type", "preferred", "--path-to-json-file", str(election))
        return self.tool("leader-election", *self._server, *args)

    def _reassignment(self, file: Path, verb: str) -> tuple[str, ...]:
        return (*self._server, verb, "--reassignment-json-file", str(file))


# -------------------------------------------------------------------- the machine


def jars(version: str) -> str:
    """Class path of a Kafka version; Maven brings the jars on first use."""
    lib = CACHE / version / "lib"
    if not lib.is_dir():
        staging = lib.with_name(f"lib.{os.getpid()}")
        goal = ["dependency:copy-dependencies", f"-DoutputDirectory={staging}", "-DincludeScope=runtime"]
        command = ["mvn", "-q", "-B", "-f", str(HERE / f"pom-{version}.xml"), *goal]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            shutil.rmtree(staging, ignore_errors=True)
            raise LabError(f"Maven could not bring the jars of Kafka {version}:\n{done.stdout}{done.stderr}")
        staging.rename(lib)
    return f"{lib}/*"


def logging(major: int) -> list[str]:
    """Options that make a node log warnings and errors to its standard output."""
    if major < 4:
        return [f"-Dlog4j.configuration=file:{HERE / 'log4j.properties'}"]
    return [f"-Dlog4j2.configurationFile=file:{HERE / 'log4j2.properties'}"]


def free_ports(count: int) -> Iterator[int]:
    """Loopback ports that nobody listens on, below the range from which systems pick ports for clients."""
    port = 20000 + os.getpid() % 8000
    while count:
        port += 1
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        count -= 1
        yield port
