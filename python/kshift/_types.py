"""What is looked at: frozen dataclasses with the names of the JSON forms.

They print, compare, hash and pickle, and a list of them makes a data frame. Sizes are bytes, rates are bytes
per second, durations are seconds; ``None`` is "not known" unless said otherwise.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Bottleneck",
    "Bound",
    "Bounds",
    "Broker",
    "CampaignFault",
    "Change",
    "Comparison",
    "CountBound",
    "Deferred",
    "Diff",
    "Drift",
    "DriftGroup",
    "Estimate",
    "GateCheck",
    "GateCounts",
    "GateReport",
    "Harm",
    "Lint",
    "LogDir",
    "Loss",
    "Move",
    "Notice",
    "PhaseStatus",
    "Place",
    "PlanBroker",
    "PlanLogDir",
    "Proof",
    "RackPrice",
    "Report",
    "Series",
    "SimulatedBroker",
    "SimulatedLogDir",
    "SimulatedWave",
    "Simulation",
    "Standing",
    "Stuck",
    "Summary",
    "Target",
    "Throttle",
    "Topic",
    "Violation",
    "Why",
    "WhyStep",
]


@dataclass(frozen=True, slots=True)
class LogDir:
    """A log dir of a broker."""

    path: str
    capacity_bytes: int | None
    used_bytes: int
    """What its replicas use, as the source says, or else the sum of their sizes."""
    state: str
    """``online`` or ``offline``."""


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker of a cluster."""

    id: int
    host: str | None
    rack: str | None
    state: str
    """``alive``, ``dead``, ``fenced`` or ``cordoned``."""
    log_dirs: tuple[LogDir, ...]
    """Empty when they are not known."""
    replicas: int
    leaders: int
    """Partitions that it leads."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic of a cluster."""

    name: str
    partitions: int
    replicas: int
    """Of all its partitions."""
    size_bytes: int | None
    """One replica of each partition; ``None`` when a size is not known."""
    bytes_in_per_sec: float
    """What producers write."""
    is_internal: bool
    """Whether it is Kafka's own: such topics move last."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a person should know."""

    code: str
    """A stable word, such as ``short-isr``."""
    message: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A forecast with its range, in seconds."""

    low: float
    expected: float
    high: float


@dataclass(frozen=True, slots=True)
class Dates:
    """A date for each side of a forecast, as RFC 3339 text, which ``datetime.datetime.fromisoformat`` reads."""

    low: str
    expected: str
    high: str


@dataclass(frozen=True, slots=True)
class RackPrice:
    """What a unit costs in a rack; only the ratios count."""

    rack: str
    price: float


@dataclass(frozen=True, slots=True)
class Proof:
    """Why a bound holds; ``docs/model.md`` has the arithmetic of each kind."""

    kind: str
    """``prices``, ``broker``, ``copies``, ``partition`` or ``senders``."""
    racks: tuple[RackPrice, ...] = ()
    """Of ``prices``; empty when all racks cost the same."""
    broker: int | None = None
    copies: int | None = None
    """How many of the largest copies."""
    rack: str | None = None
    """The rack that those copies must enter; ``None`` is all of them."""
    topic: str | None = None
    partition: int | None = None


@dataclass(frozen=True, slots=True)
class CountBound:
    """A bound on a count."""

    value: int
    """No plan for the same request has less."""
    reached: int
    """What this plan has."""
    by: str
    """What sets it."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound with its proof."""

    value: float
    """No plan for the same request has less."""
    reached: float
    """What this plan has."""
    by: str
    """What sets it."""
    proof: Proof


@dataclass(frozen=True, slots=True)
class Bounds:
    """What no plan for the same request can beat."""

    moves: CountBound
    """New replicas."""
    bytes: CountBound
    """Bytes copied."""
    disk: Bound | None
    """Final used over capacity of the fullest target; ``None`` when a capacity is not known."""
    leaders: Bound | None
    """Most heads of lists on one target over its share of them; ``None`` when there are none."""
    makespan: Bound | None
    """Seconds of copying; ``None`` without a throttle."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a placement alone decides."""

    fullest_target: float | None
    """Final used over capacity of the fullest target; ``None`` when a capacity is not known."""
    receiving_seconds: float | None
    """How long the target that receives most receives at its throttle; ``None`` without one."""


@dataclass(frozen=True, slots=True)
class Trade:
    """What comes of either ``prefer``; ``None`` for one that was not worked out."""

    disk: Outcome | None
    time: Outcome | None


@dataclass(frozen=True, slots=True)
class WorstLoss:
    """A broker or a rack, and what its loss alone would do."""

    below_min_isr: int
    """Partitions with fewer replicas in sync left than ``min.insync.replicas``, those that go offline among them."""
    offline: int
    """Partitions with none left."""
    broker: int | None = None
    """The broker; of a rack, the one that has none and so counts as one of its own."""
    rack: str | None = None


@dataclass(frozen=True, slots=True)
class LossRisk:
    """Partitions for which there is a broker, or a rack, whose loss would leave too few replicas in sync."""

    below_min_isr: int
    """Fewer than ``min.insync.replicas``, those that go offline among them."""
    offline: int
    """None at all."""
    worst: WorstLoss | None = None
    """The loss that would hit most of them; ``None`` when there is none."""


@dataclass(frozen=True, slots=True)
class AtRisk:
    """What a single loss would do to the partitions of the whole cluster."""

    broker_loss: LossRisk
    rack_loss: LossRisk | None = None
    """``None`` where no alive broker has a rack."""


@dataclass(frozen=True, slots=True)
class AtRiskSpan:
    """The same before a plan, at most in any of its waves, and after it."""

    before: AtRisk
    most: AtRisk
    after: AtRisk


@dataclass(frozen=True, slots=True)
class GainPoint:
    """What so many changes of leaders are worth."""

    leaders_changed: int
    seconds: float
    """How long the busiest broker then copies."""


@dataclass(frozen=True, slots=True)
class SourcesGain:
    """What ``balance_sources`` would gain: how long the busiest broker copies."""

    seconds: float
    """With leaders as they are."""
    balanced_seconds: float
    """With all changes."""
    partitions: int
    """How many partitions move."""
    leaders_changed: int
    """How many of these change their leader."""
    curve: tuple[GainPoint, ...]
    """What the first of the changes are worth; the last entry has all."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of a plan, as defined in ``docs/model.md``. Times are ``None`` without a throttle."""

    replicas_moved: int
    replicas_forced: int
    """Replicas on drained brokers, of the topics asked for."""
    bytes_moved: int
    bytes_forced: int
    waves: int
    makespan_seconds: float | None
    """The sum of the waves' copy times: the time with a barrier after each."""
    rolling_seconds: float | None
    """The time when carried out rolling; ``None`` also when it was not computed."""
    eta_seconds: Estimate | None
    """The forecast for people."""
    makespan_lower_bound_seconds: float | None
    """No plan for the same request can take less."""
    makespan_lower_bound_by: str | None
    """What sets that bound."""
    cross_rack_bytes: int
    """Copies whose leader is in another rack."""
    disk_max_over_mean: float | None
    """The fullest target over the mean of the targets, of final used over capacity."""
    leaders_max_over_mean: float | None
    """Most heads of lists on one target over the mean of the targets."""
    peak_disk_utilization: float | None
    """Highest use over capacity of any log dir that receives data, at any wave."""
    bounds: Bounds | None = None
    """What no plan for the same request can beat, with proofs; ``None`` in plans of older versions."""
    trade: Trade | None = None
    """What ``prefer`` decides where targets differ in size or time goes first; ``None`` elsewhere."""
    cross_rack_cost: float | None = None
    """What ``cross_rack_bytes`` cost, in the currency of ``price_per_gb``; ``None`` without a price."""
    starts_at: str | None = None
    """When the first wave starts, as RFC 3339; ``None`` unless ``window``, ``start`` or ``time_zone`` was given."""
    ends_at: Dates | None = None
    """When the last wave ends; ``None`` as ``starts_at`` is."""
    at_risk: AtRiskSpan | None = None
    """What the loss of one broker or rack would do; ``None`` in plans of older versions."""
    balance_sources: SourcesGain | None = None
    """What ``balance_sources`` would gain; ``None`` where it was asked for, leaders stay, or there is no throttle."""
    waves_lower_bound: int | None = None
    """No cut of the same moves has fewer waves; ``None`` in plans of older versions."""
    waves_lower_bound_by: str | None = None
    """What sets that bound, stage by stage; ``None`` without waves."""


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """The broker that sets the copy time of a wave."""

    broker: int
    side: str
    """``leader`` (sending), ``follower`` (receiving), or ``log-dirs`` (copying between its own log dirs)."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What sets the forecast of a wave."""

    broker: int
    side: str
    """``leader`` (sending), ``follower`` (receiving), or ``log-dirs`` (copying between its own log dirs)."""
    cap: str
    """``throttle``, ``network``, ``disk``, or ``fetch`` (what its fetcher threads can ask one leader for)."""
    source: int | None = None
    """Where it is ``fetch``, the leader that is asked."""


@dataclass(frozen=True, slots=True)
class BrokerThrottle:
    """Rates of a broker that differ from those of the others of its wave."""

    id: int
    leader_bytes_per_sec: int
    follower_bytes_per_sec: int


@dataclass(frozen=True, slots=True)
class Throttle:
    """Replication throttle of each broker that takes part in a wave."""

    leader_bytes_per_sec: int
    """Of every broker but those of ``brokers``, and the least of any."""
    follower_bytes_per_sec: int
    """Of every broker but those of ``brokers``, and the least of any."""
    brokers: tuple[BrokerThrottle, ...] = ()
    """Brokers of the wave with another rate on a side, in order of id."""


@dataclass(frozen=True, slots=True)
class Move:
    """What one wave does to one partition."""

    topic: str
    partition: int
    replicas: tuple[int, ...]
    """The ordered list after the wave."""
    previous: tuple[int, ...]
    """The ordered list before the wave."""
    leader: int | None
    """The leader before the wave, from which the copies come; ``None`` when there is none."""
    leader_after: int | None
    """The leader when the wave ends, before any election."""
    size_bytes: int
    """Of one replica."""
    log_dirs: tuple[str | None, ...]
    """The log dir of each replica, ``None`` where Kafka chooses; empty when none was chosen."""
    previous_log_dirs: tuple[str | None, ...]

    @property
    def adding(self) -> tuple[int, ...]:
        """Brokers that receive a copy."""
        return tuple(broker for broker in self.replicas if broker not in self.previous)

    @property
    def removing(self) -> tuple[int, ...]:
        """Brokers that give up their replica."""
        return tuple(broker for broker in self.previous if broker not in self.replicas)


@dataclass(frozen=True, slots=True)
class PlanLogDir:
    """A log dir and what a plan does to it."""

    path: str
    capacity_bytes: int | None
    used_before_bytes: int
    used_peak_bytes: int
    """Most in use at any time."""
    used_after_bytes: int


@dataclass(frozen=True, slots=True)
class PlanBroker:
    """A broker and what a plan does to it."""

    id: int
    rack: str | None
    state: str
    role: str
    """``drain``, ``target`` or ``other``."""
    log_dirs: tuple[PlanLogDir, ...]
    replicas_before: int
    replicas_after: int
    leaders_before: int
    """Partitions whose list it heads before the first wave."""
    leaders_after: int
    host: str | None = None
    """Its host name, where the cluster's source knew it."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """A partition that was asked for and is left out."""

    topic: str
    partition: int
    reason: str


@dataclass(frozen=True, slots=True)
class DriftGroup:
    """Some partitions of a plan that was resumed."""

    count: int
    first: tuple[str, ...]
    """The first of them by topic and partition, as ``"orders-7"``; at most ten."""


@dataclass(frozen=True, slots=True)
class Drift:
    """What has happened to a cluster since the plan that is resumed was made."""

    partitions: int
    """Partitions of the earlier plan."""
    done: DriftGroup
    """They stand on their last list."""
    not_begun: DriftGroup
    """They stand on the list from before their first step."""
    on_the_way: DriftGroup
    """They stand between the two, or a reassignment to one of their lists is under way."""
    changed: DriftGroup
    """Somebody else has given them another list."""
    gone: DriftGroup
    """The cluster does not have them any more."""
    added: DriftGroup
    """They were not part of the earlier plan and have to move now."""
    taken_up: DriftGroup
    """They were deferred by the earlier plan and are part of this one."""
    replaced: DriftGroup
    """They cannot go where the earlier plan sent them, and were placed anew."""
    resized: DriftGroup
    """Their sizes differ by more than a tenth from what they were."""
    bytes_then: int
    """One replica of each partition of the earlier plan that is still there, when that was made."""
    bytes_now: int
    """The same now."""
    brokers_gone: str
    """Brokers that were to be drained and are gone from the cluster, as ``"1001-1003"``; empty when there are none."""
    targets_lost: str
    """Brokers that were to receive and cannot now."""


@dataclass(frozen=True, slots=True)
class Place:
    """A broker and its rack."""

    broker: int
    rack: str | None


@dataclass(frozen=True, slots=True)
class Target:
    """A broker that receives a copy."""

    broker: int
    rack: str | None
    log_dir: str | None
    """``None`` when Kafka chooses."""
    fill_before: float | None
    """Used over capacity before the plan, of the log dir or else of the broker."""
    fill_after: float | None
    copied_from: Place | None
    """The leader; ``None`` when there is none."""
    cross_rack: bool | None
    """``None`` where racks are not known at all."""


@dataclass(frozen=True, slots=True)
class Change:
    """A new replica and the one whose place it takes."""

    source: Place | None
    """Who goes; ``None`` when a replica is only added."""
    target: Target | None
    """Who comes; ``None`` when a replica is only removed."""


@dataclass(frozen=True, slots=True)
class WhyStep:
    """What one wave does to a partition."""

    wave: int
    stage: str
    before: tuple[int, ...]
    after: tuple[int, ...]
    changes: tuple[Change, ...]
    leader_before: int | None
    leader_after: int | None
    election: bool
    """Whether a preferred election then hands leadership to the first replica."""
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Why:
    """One partition's story; ``str()`` tells it."""

    topic: str
    partition: int
    steps: tuple[WhyStep, ...]
    """Empty when it does not move."""
    stays_because: str | None
    """``None`` when it moves."""
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that does not hold."""

    rule: str
    """A stable word, such as ``disk-limit``."""
    wave: int | None
    """``None`` when it concerns no single wave; so with the following."""
    topic: str | None
    partition: int | None
    broker: int | None
    message: str
    """What was found against what is allowed; lines after the first are evidence."""
    place: str | None
    """Where in the plan to look."""


@dataclass(frozen=True, slots=True)
class FullestLogDir:
    """How full a log dir becomes while everything copies at once; bytes."""

    broker: int
    path: str
    capacity_bytes: int
    used_before_bytes: int
    used_peak_bytes: int
    """Once every copy has landed and nothing is freed yet."""
    used_after_bytes: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """What lists that someone else made would do if all of them started at once."""

    replicas_added: int
    bytes_copied: int
    cross_rack_bytes: int
    """Of copies whose leader is in another rack."""
    copy_seconds: float | None
    """``None`` without a throttle, and where a copy never ends."""
    slowest: tuple[int, str] | None
    """The broker that takes longest, and whether as ``leader`` or ``follower``."""
    fullest: FullestLogDir | None
    """The log dir that is fullest at the peak, of those that receive; ``None`` where no capacity is known."""
    partitions_worse_in_racks: int
    leaders_changed: int
    """Partitions that get another preferred leader."""
    leaders_most: tuple[int, int]
    """Most lists that one broker heads now, and then."""
    leaders_most_on: int | None


@dataclass(frozen=True, slots=True)
class Lint:
    """What holds and costs more than it must, of a reassignment that others made."""

    code: str
    """A stable word, such as ``needless-copies``; ``kshift.explain`` tells more."""
    message: str
    entries: tuple[int, ...]
    """Places of the entries concerned in the list of the file, from 0; empty where it is about brokers."""
    examples: tuple[str, ...]
    fix: str
    """What mends it."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found. It is true when everything holds; ``str()`` is the text of ``kshift check``."""

    waves: int
    """Waves that were replayed."""
    moves: int
    """Moves that were replayed."""
    violations: tuple[Violation, ...]
    warnings: tuple[Notice, ...]
    lints: tuple[Lint, ...]
    """Advice on a reassignment that others made; it does not make the report false."""
    text: str
    outlook: Outlook | None = None
    """What it would do; ``None`` for plans of kshift, whose summary says it."""

    def __bool__(self) -> bool:
        return not self.violations

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class PhaseStatus:
    """Where a phase of a campaign stands."""

    phase: str
    """``facade``, ``low-ids``, ``mix``, ``drain``, ``kraft`` or ``decommission``."""
    state: str
    """``done``, ``open``, ``unknown`` (a snapshot cannot tell) or ``skipped``."""
    found: str
    """What the snapshot says of it."""


@dataclass(frozen=True, slots=True)
class CampaignFault:
    """Something that contradicts a campaign."""

    code: str
    """A stable word, such as ``out-of-order``."""
    message: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a cluster stands in a campaign. It is true when nothing contradicts the file."""

    ok: bool
    phases: tuple[PhaseStatus, ...]
    current: str | None
    """The phase that is under way or comes next; ``None`` when all are over."""
    next: tuple[str, ...]
    """What to do in it, as the file says."""
    gate: str | None
    """Its gate."""
    faults: tuple[CampaignFault, ...]
    text: str

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class GateCheck:
    """One thing that a gate looked at."""

    code: str
    """A stable word, such as ``short-isr``; ``kshift.explain`` tells more."""
    status: str
    """``fail``, ``warn``, ``unknown``, ``note`` or ``pass``."""
    message: str
    evidence: tuple[str, ...]
    brokers: tuple[int, ...]
    """The brokers concerned, all of them."""
    partitions: tuple[str, ...]
    """The partitions concerned, all of them, as ``orders-7``."""
    fix: str
    """What mends it, or shows what is not known; empty where it holds."""


@dataclass(frozen=True, slots=True)
class GateCounts:
    """How many checks of a gate there are of each status; those that pass are ``passed``."""

    fail: int
    warn: int
    unknown: int
    note: int
    passed: int


@dataclass(frozen=True, slots=True)
class GateReport:
    """What a gate found. It is true when the gate is open; ``str()`` is the text of ``kshift gate``."""

    gate: str
    wave: int | None
    """``None`` in other gates than ``wave``."""
    ok: bool
    strict: bool
    counts: GateCounts
    checks: tuple[GateCheck, ...]
    """Gravest first."""
    text: str

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Diff:
    """What differs between two clusters or two plans. It is true when anything does; ``str()`` is the text."""

    kind: str
    """``cluster`` or ``plan``."""
    differs: bool
    data: dict[str, Any]
    """Everything that differs, as ``kshift diff --json`` prints it."""
    text: str

    def __bool__(self) -> bool:
        return self.differs

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class SimulatedWave:
    """A wave of a simulation; times are seconds from the start of the first one."""

    wave: int
    """From 1."""
    stage: str | None
    """``None`` in placements of other tools."""
    partitions: int
    bytes_to_copy: int
    start_seconds: float | None
    """``None`` when it never begins."""
    end_seconds: float | None
    """``None`` when it never ends."""


@dataclass(frozen=True, slots=True)
class SimulatedLogDir:
    """A log dir of a simulation."""

    path: str
    capacity_bytes: int | None
    used_before_bytes: int
    used_peak_bytes: int
    peak_seconds: float
    """When it first was that full."""
    used_after_bytes: int


@dataclass(frozen=True, slots=True)
class SimulatedBroker:
    """A broker that takes part in a simulation."""

    id: int
    rack: str | None
    in_bytes: int
    """What copies brought."""
    out_bytes: int
    """What it sent as a leader."""
    leaders_before: int
    leaders_after: int
    log_dirs: tuple[SimulatedLogDir, ...]


@dataclass(frozen=True, slots=True)
class Stuck:
    """A partition that never arrives."""

    topic: str
    partition: int
    reason: str


@dataclass(frozen=True, slots=True)
class Harm:
    """Partitions with an in-sync replica on what is lost, by what is left to them."""

    under_min_isr: int
    """Fewer in-sync replicas than ``min.insync.replicas``, but one at least."""
    offline: int
    """None."""
    offline_bytes: int
    at_risk: int
    """One."""
    at_risk_bytes: int
    first: tuple[str, ...]
    """The first of those that are offline, then of those below, as ``topic-partition``."""


@dataclass(frozen=True, slots=True)
class Loss:
    """What the loss of brokers in the midst of a plan does."""

    brokers: tuple[int, ...]
    wave: int
    """The wave that had begun."""
    seconds: float | None
    """From the start; ``None`` when its wave never began."""
    harm: Harm
    harm_before_plan: Harm
    """What the same loss would do before the plan has begun."""
    wave_seconds: float | None
    """How long the wave takes; ``None`` when it never ends."""
    wave_seconds_without: float | None
    """How long it takes when nothing is lost."""
    wave_ends: bool


@dataclass(frozen=True, slots=True)
class Series:
    """Samples over time. Each of the four tables has one tuple for each broker, with one value for each sample."""

    every_seconds: float
    seconds: tuple[float, ...]
    """When each sample was taken; the last one stands at the end."""
    brokers: tuple[int, ...]
    disk_bytes: tuple[tuple[int, ...], ...]
    in_bytes_per_sec: tuple[tuple[float, ...], ...]
    """Means since the sample before."""
    out_bytes_per_sec: tuple[tuple[float, ...], ...]
    """Means since the sample before."""
    leaders: tuple[tuple[int, ...], ...]

    def to_dict(self) -> dict[str, list[Any]]:
        """Columns of one row for each broker and sample, as data frames take them."""
        samples = len(self.seconds)

        def flat(table: "Sequence[Sequence[Any]]") -> list[Any]:
            return [value for row in table for value in row]

        return {
            "seconds": list(self.seconds) * len(self.brokers),
            "broker": [broker for broker in self.brokers for _ in range(samples)],
            "disk_bytes": flat(self.disk_bytes),
            "in_bytes_per_sec": flat(self.in_bytes_per_sec),
            "out_bytes_per_sec": flat(self.out_bytes_per_sec),
            "leaders": flat(self.leaders),
        }

    def to_pandas(self) -> Any:
        """Make a ``pandas.DataFrame`` of ``to_dict``; needs pandas."""
        return import_module("pandas").DataFrame(self.to_dict())

    def to_arrow(self) -> Any:
        """Make a ``pyarrow.Table`` of ``to_dict``; needs pyarrow."""
        return import_module("pyarrow").table(self.to_dict())


@dataclass(frozen=True, slots=True)
class Simulation:
    """A plan, played over time."""

    style: str
    ends: bool
    """Whether every partition arrives."""
    makespan_seconds: float | None
    """Until the last copy has landed; ``None`` when it never ends."""
    stalled_seconds: float | None
    """When nothing more could happen; ``None`` when it ends."""
    busiest_seconds: float
    """What the busiest side of a broker needs for what it carries, led as it is: no order is faster."""
    partitions: int
    copies: int
    bytes_copied: int
    in_flight_peak: int
    """Most partitions in flight at once."""
    waves: tuple[SimulatedWave, ...]
    brokers: tuple[SimulatedBroker, ...]
    """Those that take part."""
    stuck_partitions: int
    """Partitions that never arrive."""
    stuck: tuple[Stuck, ...]
    """The first of them."""
    loss: Loss | None
    """Where ``lose`` or ``lose_rack`` was asked for."""
    series: Series | None
    warnings: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One style of execution beside others."""

    style: str
    makespan_seconds: float | None
    """``None`` when it never ends."""
    ratio: float | None
    """Over that of the first style."""
    in_flight_peak: int
