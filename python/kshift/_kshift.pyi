"""The part that is written in Rust."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from os import PathLike
from typing import Any, Literal, SupportsFloat, SupportsIndex, TypeAlias, final, overload

from kshift._types import (
    AtRisk,
    Bottleneck,
    Broker,
    Comparison,
    Dates,
    Deferred,
    Diff,
    Drift,
    Estimate,
    GateReport,
    Limit,
    Move,
    Notice,
    PlanBroker,
    Report,
    Simulation,
    Standing,
    Summary,
    Throttle,
    Topic,
    Why,
)

_Path: TypeAlias = str | PathLike[str]
_Number: TypeAlias = SupportsFloat | SupportsIndex
_Ids: TypeAlias = str | SupportsIndex | Iterable[SupportsIndex]
_Pair: TypeAlias = str | Mapping[int, int]
_Rate: TypeAlias = str | _Number
_Size: TypeAlias = str | _Number
_Share: TypeAlias = str | _Number
_Duration: TypeAlias = str | _Number | timedelta
_Capacity: TypeAlias = _Size | PathLike[str] | Mapping[Any, Any]
_Rates: TypeAlias = _Path | Mapping[Any, Any]
_Racks: TypeAlias = _Path | Mapping[Any, str]

__all__ = [
    "Campaign",
    "Cluster",
    "Plan",
    "Wave",
    "__version__",
    "_restore_campaign",
    "_restore_cluster",
    "_restore_plan",
    "_restore_wave",
    "check",
    "compare",
    "diff",
    "explain",
    "gate",
    "main",
    "plan",
    "simulate",
]

__version__: str

# For pickle alone.
def _restore_campaign(content: bytes, file: _Path) -> Campaign: ...
def _restore_cluster(content: bytes, rest: str) -> Cluster: ...
def _restore_plan(content: bytes) -> Plan: ...
def _restore_wave(plan: Plan, number: int) -> Wave: ...
def main(args: list[str]) -> int:
    """Run the ``kshift`` command with the arguments that follow the program's name; return its exit code.

    It takes over Ctrl-C for the whole process: it is for the command, not for libraries.
    """

@final
class Cluster:
    """A cluster at one moment.

    >>> import kshift
    >>> kshift.Cluster.example(old=3, new=3, partitions=12, total_tb=1)
    <kshift.Cluster "synthetic-1": 6 brokers, 1 topic, 12 partitions, 36 replicas>
    """

    @staticmethod
    def load(path: _Path) -> Cluster:
        """Read a cluster: a snapshot file (also compressed), or a directory of Kafka tool or Cruise Control output.

        What a file is shows in its content, never in its name.

        Raises ``InputError`` with the place of everything that is unreadable or wrong.
        """

    @staticmethod
    def from_json(content: str | bytes) -> Cluster:
        """Read snapshot JSON that is in memory. Raises ``InputError``."""

    @staticmethod
    def from_kafka_tools(directory: _Path) -> Cluster:
        """Read a directory of output of Kafka's own tools. Raises ``InputError``."""

    @staticmethod
    def from_cruise_control(directory: _Path) -> Cluster:
        """Read a directory of answers of Cruise Control, or one of them. Raises ``InputError``.

        Output of Kafka's own tools may lie beside the answers: it says what they cannot, such as the log dirs of
        replicas.
        """

    @staticmethod
    def example(
        *,
        old: SupportsIndex | None = None,
        new: SupportsIndex | None = None,
        old_base: SupportsIndex | None = None,
        new_base: SupportsIndex | None = None,
        partitions: SupportsIndex | None = None,
        rf: SupportsIndex | None = None,
        racks: SupportsIndex | None = None,
        total_tb: float | None = None,
        sigma: float | None = None,
        seed: SupportsIndex | None = None,
        new_fill: float | None = None,
        old_fill: float | None = None,
        uneven_racks: bool = False,
        mixed_rf: bool = False,
        dirs: SupportsIndex | None = None,
        hetero: bool = False,
        rate_per_tb: float | None = None,
    ) -> Cluster:
        """Make a synthetic cluster; the options and their defaults are those of ``kshift example``.

        The same options give the same cluster on every machine. Raises ``InputError``.

        >>> import kshift
        >>> a, b = kshift.Cluster.example(seed=7), kshift.Cluster.example(seed=7)
        >>> a.sha256 == b.sha256
        True
        """

    def complete(
        self, *, assume_size: _Size | None = None, capacity: _Capacity | None = None, racks: _Racks | None = None
    ) -> Cluster:
        """Make a cluster with what the source could not say.

        ``assume_size``: size of each partition whose size is not known. ``capacity``: of every log dir whose
        capacity is not known; or the path of a file; or a mapping of broker ids (``1001``, ``"1001-1012"``), log
        dirs (``"0:/kafka/d1"``) or ``"*"`` to sizes. ``racks``: the path of a file, or a mapping of broker ids to
        racks, or of old names of racks to new ones.

        Raises ``InputError`` for a broker, log dir or rack that the cluster does not have.

        >>> import kshift
        >>> cluster = kshift.Cluster.example(new=3).complete(racks={"0-2": "rack-b"})
        >>> {broker.rack for broker in cluster.brokers if broker.id < 3}
        {'rack-b'}
        """

    def to_json(self) -> bytes:
        """Write the cluster as canonical snapshot JSON, version 1."""

    def save(self, path: _Path) -> None:
        """Write the snapshot to a file, whole or not at all; an older file is replaced. Raises ``InputError``."""

    @property
    def name(self) -> str | None: ...
    @property
    def taken_at(self) -> str | None:
        """When it was read (RFC 3339), where known."""

    @property
    def cluster_id(self) -> str | None: ...
    @property
    def kafka_version(self) -> str | None: ...
    @property
    def brokers(self) -> tuple[Broker, ...]:
        """The brokers in ascending order of id."""

    @property
    def topics(self) -> tuple[Topic, ...]:
        """The topics in ascending order of name."""

    @property
    def partition_count(self) -> int: ...
    @property
    def replica_count(self) -> int: ...
    @property
    def sha256(self) -> str:
        """SHA-256 of the canonical snapshot without ``name``, ``taken_at`` and ``host``, in hexadecimal."""

    @property
    def assignment_sha256(self) -> str:
        """SHA-256 of the ordered replica lists alone; drift is judged by it."""

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What the reader noticed: missing pieces, dead brokers, leftovers."""

    @property
    def health(self) -> tuple[Notice, ...]:
        """What is not well in the cluster, gravest first."""

    def _repr_html_(self) -> str: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

def plan(
    cluster: Cluster,
    *,
    drain: _Ids | None = None,
    drain_rack: str | Iterable[str] | None = None,
    leaders_only: bool = False,
    replicas_only: bool = False,
    drain_dir: str | Iterable[str] | None = None,
    onto: _Ids | None = None,
    pair: _Pair | None = None,
    target: _Path | Mapping[str, Any] | None = None,
    allow_rf_change: bool = False,
    throttle: _Rate | None = None,
    leader_throttle: _Rate | None = None,
    follower_throttle: _Rate | None = None,
    rates: _Rates | None = None,
    headroom: _Share | None = None,
    disk_limit: _Share | None = None,
    ignore_disk: bool = False,
    growth: bool = False,
    max_moves: SupportsIndex | None = None,
    max_moves_per_broker: SupportsIndex | None = None,
    max_leader_changes: SupportsIndex | None = None,
    max_wave_duration: _Duration | None = None,
    rack_policy: str | None = None,
    topics: str | None = None,
    exclude_topics: str | None = None,
    canary: SupportsIndex | None = None,
    skip_unhealthy: bool = False,
    assume_size: _Size | None = None,
    capacity: _Capacity | None = None,
    racks: _Racks | None = None,
    seed: SupportsIndex | None = None,
    exact: bool = False,
    prefer: str | None = None,
    weights: str | Mapping[str, float] | None = None,
    effort: str | None = None,
    strategy: str | None = None,
    balance_sources: bool = False,
    forecast: _Path | Mapping[str, float] | None = None,
    in_flight: SupportsIndex | None = None,
    in_flight_per_broker: SupportsIndex | None = None,
    window: str | Iterable[str] | None = None,
    start: str | datetime | None = None,
    time_zone: str | None = None,
    price_per_gb: str | _Number | None = None,
    resume: Plan | _Path | None = None,
) -> Plan:
    """Plan the drain of brokers, check the plan independently, and return it.

    The arguments are the options of ``kshift plan``, and so are the defaults: ``Plan.request`` shows them.

    ``drain``: brokers that shall hold nothing at the end: ``"1001-1012,1020"``, an int, or any iterable of ints.
    ``drain_rack``: racks all of whose brokers shall hold nothing at the end, ``"us-east-1a"`` or an iterable of names.
    ``leaders_only``: move leadership off the drained brokers and nothing else: no data is copied.
    ``replicas_only``: move followers off them and nothing else: who leads or heads a list stays, and no leader changes.
    ``drain_dir``: log dirs that shall hold nothing at the end, ``"3:/kafka/d1,4:/kafka/d1"`` or an iterable of such
    texts: their replicas go to other log dirs of the same broker; ``throttle`` is then that of these copies.
    ``onto``: brokers that may receive data; by default every alive broker that is not drained.
    ``pair``: the new broker that takes each old one's place, ``{1001: 1}`` or ``"1001:1,1002:2"``; ``"auto"`` finds
    the best pairs for ``drain``. ``target``: a placement made elsewhere, the path of a file or a mapping as in
    kafka-reassign JSON or Cruise Control proposals; ``allow_rf_change`` lets it change how many replicas there are.
    ``throttle``: bytes per second of each broker, sending and receiving; without it there are no times.
    ``leader_throttle``, ``follower_throttle``: of one side, in its place. ``rates``: of single brokers, the path of a
    file or a mapping, ``{1001: "50MB/s", "1-3": {"leader_bytes_per_sec": 5e7, "follower_bytes_per_sec": 8e7}}``.
    ``headroom``: derive each broker's rates from its network capacity less its live traffic, leaving this share free,
    ``"30%"``; the throttles are then upper limits.
    ``disk_limit``: how full a log dir that receives data may ever be, ``"85%"`` or ``0.85``.
    ``max_moves``: most partitions in one wave. ``max_moves_per_broker``: most that a broker receives, and most
    that it sends, in one wave. ``max_leader_changes``: most leaders that change in one wave.
    ``max_wave_duration``: longest copy time of a wave: ``"4h"``, seconds or a timedelta.
    ``in_flight``, ``in_flight_per_broker``: most partitions that copy at once when the plan is carried out rolling.
    ``strategy``: ``direct``, ``one-at-a-time`` or ``two-stage``. ``balance_sources``: order old lists anew first, so
    that copies come evenly from all old brokers.
    ``rack_policy``: ``preserve``, ``strict`` or ``ignore``. ``topics``, ``exclude_topics``: regular expressions for
    whole names. ``canary``: partitions that go ahead alone. ``skip_unhealthy``: defer what must not move now
    instead of refusing. ``assume_size``, ``capacity``, ``racks``: as for ``Cluster.complete``.
    ``exact``: solve a small case to the proven optimum; a large one is refused.
    ``prefer``: what goes first where targets differ in size: ``disk`` (equally full, the default) or ``time`` (each
    receives equally much). ``weights``: how much each load counts when leaders are chosen, ``{"in": 2.0, "out": 0}``;
    ``leaders``, ``in`` and ``out`` weigh 1 unless named. ``effort``: how long to search for a better plan than the
    first good one: ``instant`` (not at all), ``normal`` or ``thorough``. ``forecast``: what the forecast of durations
    reckons with, the path of a file or a mapping, ``{"rtt_seconds": 0.05}``.
    ``window``: hours in which waves may run, ``"22:00-06:00"`` or ``["mon-fri 22:00-06:00", "sat,sun 00:00-24:00"]``.
    ``start``: when the first wave may start, text or a datetime, by default when the cluster was read; without offset
    it is a time of ``time_zone``, an IANA name (UTC by default). Each of the three asks for dates of waves.
    ``price_per_gb``: what a gigabyte costs that goes between racks; without it no costs are told.
    ``resume``: an earlier plan that was carried out in part, a ``Plan``, a directory or a plan.json; ``cluster`` is
    then a newer one. What is done stays, what was decided is kept where it can be, and the rest is placed anew; what
    has happened meanwhile is in ``Plan.drift``. The options of the earlier plan hold, limits given here override
    single ones, and what says anew what moves (``drain``, ``onto``, ``topics`` and the like) is refused.

    Raises ``TypeError`` for a wrong type, ``InputError`` for a wrong value, ``InfeasibleError`` when no plan
    satisfies the limits, ``KeyboardInterrupt`` on Ctrl-C.

    >>> import kshift
    >>> cluster = kshift.Cluster.example(partitions=200, total_tb=1)
    >>> plan = kshift.plan(cluster, drain=range(1000, 1012), throttle=50e6)
    >>> plan.request["disk_limit"], plan.request["max_moves"], plan.request["max_wave_duration"]
    (0.85, 5000, 14400.0)
    """

def check(
    cluster: Cluster,
    plan: Plan | _Path,
    *,
    drain: _Ids | None = None,
    drain_rack: str | Iterable[str] | None = None,
    onto: _Ids | None = None,
    throttle: _Rate | None = None,
    leader_throttle: _Rate | None = None,
    follower_throttle: _Rate | None = None,
    rates: _Rates | None = None,
    headroom: _Share | None = None,
    disk_limit: _Share | None = None,
    ignore_disk: bool = False,
    growth: bool = False,
    max_moves: SupportsIndex | None = None,
    max_moves_per_broker: SupportsIndex | None = None,
    max_leader_changes: SupportsIndex | None = None,
    max_wave_duration: _Duration | None = None,
    rack_policy: str | None = None,
    topics: str | None = None,
    exclude_topics: str | None = None,
    skip_unhealthy: bool = False,
    assume_size: _Size | None = None,
    capacity: _Capacity | None = None,
    racks: _Racks | None = None,
) -> Report:
    """Replay a plan on a cluster with code that shares nothing with the planner.

    ``plan`` is a ``Plan``, a directory written by ``Plan.write``, a plan.json, or a kafka-reassign JSON. A plan of
    kshift is judged by the limits that it was made with; they may be repeated, and another value is refused. Any
    other reassignment is judged as one wave that starts all at once, by the limits given here.

    Returns a ``Report``, which is true when everything holds; of other reassignments ``Report.lints`` has advice, which
    does not make it false. Raises ``InputError`` for files that cannot be read or are none of these.

    >>> import kshift
    >>> cluster = kshift.Cluster.example(partitions=200, total_tb=1)
    >>> plan = kshift.plan(cluster, drain="1000-1011")
    >>> kshift.check(cluster, plan).violations
    ()
    """

def gate(
    cluster: Cluster,
    gate: str,
    plan: Plan | _Path | None = None,
    *,
    wave: SupportsIndex | None = None,
    brokers: _Ids | None = None,
    drain: _Ids | None = None,
    onto: _Ids | None = None,
    disk_limit: _Share | None = None,
    strict: bool = False,
    assume_size: _Size | None = None,
    capacity: _Capacity | None = None,
    racks: _Racks | None = None,
) -> GateReport:
    """Look whether the next phase of a migration may begin, on the cluster as it is now.

    ``gate``: ``"preflight"`` (with ``plan``, or ``drain`` and ``onto``): may a move begin? ``"wave"`` (with ``plan``
    and ``wave``): may this wave begin? ``"decommission"`` (with ``plan`` or ``brokers``): may these brokers be
    switched off? ``"kraft"`` (``brokers`` were drained): may the migration from ZooKeeper begin?
    ``disk_limit``: how full a log dir may be; a plan brings its own. ``strict``: keep the gate closed for warnings and
    for what is not known too. ``assume_size``, ``capacity``, ``racks``: as for ``Cluster.complete``.

    Returns a ``GateReport``, which is true when the gate is open. Raises ``InputError`` for brokers and waves that are
    not there, and for arguments that mean nothing to the gate.

    >>> import kshift
    >>> cluster = kshift.Cluster.example(partitions=200, total_tb=1)
    >>> report = kshift.gate(cluster, "decommission", brokers="1000-1011")
    >>> report.ok, report.checks[0].code, report.checks[0].status
    (False, 'references', 'fail')
    """

def diff(a: Cluster | Plan | _Path, b: Cluster | Plan | _Path) -> Diff:
    """Compare two clusters, or two plans; each may be a path.

    Returns a ``Diff``, which is true when anything differs; ``Diff.data`` has everything. Raises ``InputError`` for two
    of different kinds.

    >>> import kshift
    >>> cluster = kshift.Cluster.example(partitions=200, total_tb=1)
    >>> bool(kshift.diff(cluster, cluster))
    False
    """

def explain(code: str) -> str:
    """Tell what a code means: of an error, a warning, a rule or advice of the check, or a check of a gate.

    Raises ``InputError`` for a word that is no code.

    >>> import kshift
    >>> kshift.explain("short-isr").splitlines()[0]
    'short-isr: check of a gate'
    """

def simulate(
    cluster: Cluster,
    plan: Plan | _Path | Mapping[str, Any],
    *,
    style: str = "rolling",
    throttle: _Rate | None = None,
    in_flight: SupportsIndex | None = None,
    in_flight_per_broker: SupportsIndex | None = None,
    traffic: bool = False,
    growth: bool = False,
    lose: str | None = None,
    lose_rack: str | None = None,
    slow: str | Mapping[int, _Rate] | None = None,
    every: _Duration | None = None,
    assume_size: _Size | None = None,
    capacity: _Capacity | None = None,
    racks: _Racks | None = None,
) -> Simulation:
    """Play a plan over time: copies as flows that share the rates of the brokers fairly, disks, leaders.

    ``plan`` is a ``Plan``, a directory written by ``Plan.write``, a plan.json, or a placement of another tool:
    kafka-reassign JSON or Cruise Control proposals, as a path or a mapping.

    ``style``: ``"rolling"``, ``"barrier"``, ``"all-at-once"``, ``"batches=N"`` or ``"sliding=K"``.
    ``throttle``, ``in_flight``, ``in_flight_per_broker``: by default those of the plan's request.
    ``traffic``: count live traffic of moving partitions against the throttle. ``growth``: let them grow meanwhile.
    ``lose``: brokers that are lost when a wave has begun, ``"1003@2"``; ``lose_rack``: a rack, ``"us-east-1a@2"``.
    ``slow``: rates of slow brokers, ``{1003: "10MB/s"}``. ``every``: how often samples are taken.

    Raises ``InputError`` without any throttle, and for brokers, racks or waves that there are not.

    >>> import kshift
    >>> cluster = kshift.Cluster.example(partitions=200, total_tb=1)
    >>> plan = kshift.plan(cluster, drain="1000-1011", throttle="50MB/s")
    >>> found = kshift.simulate(cluster, plan)
    >>> found.ends, found.makespan_seconds > 0.999 * found.busiest_seconds
    (True, True)
    """

def compare(
    cluster: Cluster,
    plan: Plan | _Path | Mapping[str, Any],
    *,
    styles: Iterable[str] | None = None,
    throttle: _Rate | None = None,
    in_flight: SupportsIndex | None = None,
    in_flight_per_broker: SupportsIndex | None = None,
    traffic: bool = False,
    growth: bool = False,
    slow: str | Mapping[int, _Rate] | None = None,
    assume_size: _Size | None = None,
    capacity: _Capacity | None = None,
    racks: _Racks | None = None,
) -> tuple[Comparison, ...]:
    """Play a plan in several styles of execution; the ratios are those to the first, by default ``"rolling"``.

    The arguments are those of ``simulate``.

    >>> import kshift
    >>> cluster = kshift.Cluster.example(partitions=200, total_tb=1)
    >>> plan = kshift.plan(cluster, drain="1000-1011", throttle="50MB/s")
    >>> [row.style for row in kshift.compare(cluster, plan, styles=["rolling", "batches=10"])]
    ['rolling', 'batches=10']
    """

@final
class Plan:
    """A plan: who moves where, in which wave, and what it costs. ``print(plan)`` tells it as ``kshift show`` does."""

    @staticmethod
    def load(path: _Path) -> Plan:
        """Read a directory written by ``write`` or ``kshift plan --out``, or a plan.json. Raises ``InputError``."""

    @staticmethod
    def from_json(content: str | bytes) -> Plan:
        """Read plan JSON that is in memory. Raises ``InputError``."""

    @property
    def summary(self) -> Summary:
        """The figures of the whole."""

    @property
    def waves(self) -> tuple[Wave, ...]:
        """The waves in the order in which they run."""

    @property
    def brokers(self) -> tuple[PlanBroker, ...]:
        """Every broker and what the plan does to it, in ascending order of id."""

    @property
    def deferred(self) -> tuple[Deferred, ...]:
        """What was asked for and is left out, with its reason."""

    @property
    def warnings(self) -> tuple[Notice, ...]:
        """What a person should know before running it."""

    @property
    def drift(self) -> Drift | None:
        """What has happened since the plan that it resumes was made; ``None`` where it resumes none."""

    @property
    def complete(self) -> bool:
        """Whether everything that was asked for is in the plan."""

    @property
    def request(self) -> dict[str, Any]:
        """What was asked, as in plan.json; a new dict each time."""

    @property
    def cluster(self) -> dict[str, Any]:
        """Which cluster it was made for, as in plan.json; a new dict each time."""

    def reassign_json(self) -> bytes:
        """Write the whole move as one kafka-reassign JSON, which starts everything at once."""

    def rollback(self, to_wave: SupportsIndex | None = None) -> bytes:
        """Write the kafka-reassign JSON that leads back to before wave ``to_wave`` (by default 1: all of it).

        It restores the exact ordered lists of all partitions of that wave and the later ones. Raises
        ``InputError`` when the plan has no such wave.
        """

    def rollback_waves(self, to_wave: SupportsIndex | None = None) -> tuple[Wave, ...]:
        """Make the waves that lead back to before wave ``to_wave``: its waves undone one by one, the last one first.

        Each is a wave as any: ``copy_seconds`` is how long it copies, ``reassign_json``, ``throttle_json`` and
        ``election_json`` carry it out, ``rollback_json`` leads forward again. Raises ``InputError`` when the plan has
        no such wave.

        >>> import kshift
        >>> cluster = kshift.Cluster.example(partitions=200, total_tb=1)
        >>> plan = kshift.plan(cluster, drain=range(1000, 1012), throttle=50e6)
        >>> [wave.stage for wave in plan.rollback_waves()] == [wave.stage for wave in plan.waves][::-1]
        True
        """

    def runbook(self) -> str:
        """Write every command that a person types, as Markdown."""

    @overload
    def export(
        self,
        format: Literal["kafka", "election"],
        *,
        wave: SupportsIndex | None = None,
    ) -> dict[str, bytes]:
        """Write the plan, or one of its waves, in the form of another tool: content by name of file.

        - ``kafka`` (for kafka-reassign-partitions), ``election``, ``throttle``: of a wave, or of the whole plan as if
          it were done at once. With ``script``, ``throttle`` is a shell script of kafka-configs commands that sets it,
          or that takes it off and brings back what was there before.
        - ``runbook``; ``kafka``, such as ``"3.9"``, is the version of the tools, where that is not the brokers'.
        - ``html``: one page to look at, which needs no network.
        - ``cruise-control``: what Cruise Control would answer, its capacity and broker-set files, and the requests to
          make of it. ``cluster`` adds hosts, rates (KiB/s) and network capacities, ``only`` gives one of the files,
          ``text_names`` names partitions as text, as its published schema has it.
        - ``strimzi``: patches of the node pools of ``pools`` (name: brokers), for the ``Kafka`` resource ``cluster``.
        - ``route53`` and ``dnsendpoint``: changes of the names that ``facade`` describes, a path or a mapping;
          ``name`` is that of the ``DNSEndpoint``.

        Raises ``InputError`` for a wave that the plan does not have, an option that the format does not take or lacks,
        a cluster with other replica lists, and ``throttle`` where nothing is throttled.

        >>> import kshift
        >>> cluster = kshift.Cluster.example(partitions=200, total_tb=1)
        >>> plan = kshift.plan(cluster, drain="1000-1011", throttle="50MB/s")
        >>> list(plan.export("kafka", wave=1))
        ['reassign.json']
        """

    @overload
    def export(
        self,
        format: Literal["throttle"],
        *,
        wave: SupportsIndex | None = None,
        script: Literal["set", "unset"] | None = None,
    ) -> dict[str, bytes]: ...
    @overload
    def export(self, format: Literal["runbook"], *, kafka: str | None = None) -> dict[str, bytes]: ...
    @overload
    def export(self, format: Literal["html"]) -> dict[str, bytes]: ...
    @overload
    def export(
        self,
        format: Literal["cruise-control"],
        *,
        wave: SupportsIndex | None = None,
        cluster: Cluster | None = None,
        only: Literal["proposals", "capacity", "broker-sets", "calls", "runbook"] | None = None,
        text_names: bool = False,
    ) -> dict[str, bytes]: ...
    @overload
    def export(
        self,
        format: Literal["strimzi"],
        *,
        cluster: str,
        pools: Mapping[str, _Ids] | None = None,
        namespace: str | None = None,
        api_version: Literal["v1beta2", "v1"] | None = None,
    ) -> dict[str, bytes]: ...
    @overload
    def export(
        self,
        format: Literal["route53"],
        *,
        facade: _Path | Mapping[str, Any],
    ) -> dict[str, bytes]: ...
    @overload
    def export(
        self,
        format: Literal["dnsendpoint"],
        *,
        facade: _Path | Mapping[str, Any],
        name: str | None = None,
        namespace: str | None = None,
    ) -> dict[str, bytes]: ...
    def why(self, topic: str, partition: SupportsIndex) -> Why:
        """Tell what happens to one partition, and why. Raises ``InputError`` when the plan knows no such topic."""

    def to_json(self) -> bytes:
        """Write the plan as canonical JSON, version 1: the bytes of plan.json."""

    def save(self, path: _Path) -> None:
        """Write plan.json to a file, whole or not at all; an older file is replaced. Raises ``InputError``."""

    def write(self, directory: _Path, *, force: bool = False) -> None:
        """Write plan.json, a folder of files for each wave, and a runbook to a new directory, whole or not at all.

        ``force`` replaces a directory that is empty or holds a kshift plan and nothing else. Raises ``InputError``.
        """

    def _repr_html_(self) -> str: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Campaign:
    """The phases of a migration in one file that a team approves."""

    @staticmethod
    def new(
        cluster: Cluster,
        *,
        old: _Ids,
        new: _Ids,
        pair: _Pair | None = None,
        facade: _Path | Mapping[str, Any] | None = None,
        throttle: _Rate | None = None,
    ) -> Campaign:
        """Make a campaign: brokers that shall be gone at the end, and brokers that take over, which need not exist yet.

        ``pair`` frees the ids of brokers first, each by way of an old broker. Raises ``InputError`` for brokers that
        the cluster does not have, or that are to leave and to stay.

        >>> import kshift
        >>> campaign = kshift.Campaign.new(kshift.Cluster.example(), old="1000-1011", new="0-11")
        >>> campaign
        <kshift.Campaign: 1000-1011 to 0-11>
        """

    @staticmethod
    def load(path: _Path) -> Campaign:
        """Read a campaign file. Raises ``InputError`` with all faults of the file."""

    @staticmethod
    def from_json(content: str | bytes) -> Campaign:
        """Read a campaign from its JSON. Raises ``InputError``."""

    def check(self, cluster: Cluster) -> Standing:
        """Tell in which phase a cluster is, what comes next, and what contradicts the campaign.

        Plans that phases name are read from beside the file that it was loaded from. Raises ``InputError`` when
        one of them cannot be read.
        """

    def to_markdown(self) -> str:
        """Write the order of things for people."""

    def to_json(self) -> bytes:
        """Write the campaign as JSON: the bytes of its file."""

    def save(self, path: _Path) -> None:
        """Write the campaign to a file, whole or not at all; an older file is replaced. Raises ``InputError``."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Wave:
    """A wave: what people approve, gate and roll back at once. ``len()`` is its number of partitions."""

    @property
    def index(self) -> int:
        """Its number, from 1."""

    @property
    def stage(self) -> str:
        """Why it stands where it stands: ``canary``, ``data``, ``data-short-isr``, ``internal``, …."""

    @property
    def copy_seconds(self) -> float | None:
        """The longest of its brokers' copy times; ``None`` without a throttle."""

    @property
    def duration_seconds(self) -> Estimate | None:
        """The forecast for people; ``None`` without a throttle."""

    @property
    def bottleneck(self) -> Bottleneck | None:
        """Who sets the copy time; ``None`` without a throttle or when nothing is copied."""

    @property
    def limit(self) -> Limit | None:
        """What sets the forecast, where that is more than the throttle of the bottleneck; ``None`` elsewhere."""

    @property
    def throttle(self) -> Throttle | None:
        """Rates while it copies; ``None`` without a throttle."""

    @property
    def rollback_seconds(self) -> float | None:
        """How long undoing it alone copies, once it has ended; ``None`` without a throttle, or when that never ends."""

    @property
    def rollback_peak_disk_utilization(self) -> float | None:
        """The fullest log dir that receives again while it is undone, used over capacity, where that is known."""

    @property
    def at_risk(self) -> AtRisk | None:
        """What the loss of one broker or rack would do at worst while it runs; ``None`` in plans of older versions."""

    @property
    def starts_at(self) -> Dates | None:
        """When it starts; ``None`` unless dates were asked for."""

    @property
    def ends_at(self) -> Dates | None:
        """When it ends; ``None`` unless dates were asked for."""

    @property
    def cross_rack_cost(self) -> float | None:
        """What its copies between racks cost, in the currency of ``price_per_gb``; ``None`` without a price."""

    @property
    def partitions(self) -> tuple[Move, ...]:
        """Its moves in the order in which they start; made anew at each call."""

    def reassign_json(self) -> bytes:
        """Write the file for ``kafka-reassign-partitions --execute``."""

    def rollback_json(self) -> bytes:
        """Write the file with the exact ordered lists from before this wave."""

    def election_json(self) -> bytes | None:
        """Write the file for ``kafka-leader-election``; ``None`` when no election is due."""

    def throttle_json(self) -> bytes | None:
        """Write the throttles to set; ``None`` without a throttle or when nothing is copied."""

    def __len__(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
