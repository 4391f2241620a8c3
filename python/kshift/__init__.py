"""Plans safe, throttled, reversible moves of Apache Kafka partitions between brokers.

Read a cluster, plan, look, check, hand over:

>>> import kshift
>>> cluster = kshift.Cluster.example(partitions=200, total_tb=1)
>>> plan = kshift.plan(cluster, drain="1000-1011", onto="0-11", throttle="50MB/s")
>>> plan.complete
True
>>> bool(kshift.check(cluster, plan))
True

Sizes are bytes, rates are bytes per second, durations are seconds; where one is an argument, text such as
``"2TB"``, ``"50MB/s"`` or ``"4h"`` does as well. Everything is immutable, can be pickled, and may be shared
between threads. Long calls let other threads run, and stop on Ctrl-C.
"""

from kshift._errors import ClusterError, InfeasibleError, InputError, InternalError, KshiftError
from kshift._kshift import Cluster, Plan, Wave, __version__, check, compare, diff, explain, gate, plan, simulate
from kshift._types import (
    AtRisk,
    AtRiskSpan,
    Bottleneck,
    Bound,
    Bounds,
    Broker,
    BrokerThrottle,
    Change,
    Comparison,
    CountBound,
    Dates,
    Deferred,
    Diff,
    Drift,
    DriftGroup,
    Estimate,
    GainPoint,
    GateCheck,
    GateCounts,
    GateReport,
    Harm,
    Limit,
    Lint,
    LogDir,
    Loss,
    LossRisk,
    Move,
    Notice,
    Outcome,
    Place,
    PlanBroker,
    PlanLogDir,
    Proof,
    RackPrice,
    Report,
    Series,
    SimulatedBroker,
    SimulatedLogDir,
    SimulatedWave,
    Simulation,
    SourcesGain,
    Stuck,
    Summary,
    Target,
    Throttle,
    Topic,
    Trade,
    Violation,
    Why,
    WhyStep,
    WorstLoss,
)

__all__ = [
    "AtRisk",
    "AtRiskSpan",
    "Bottleneck",
    "Bound",
    "Bounds",
    "Broker",
    "BrokerThrottle",
    "Change",
    "Cluster",
    "ClusterError",
    "Comparison",
    "CountBound",
    "Dates",
    "Deferred",
    "Diff",
    "Drift",
    "DriftGroup",
    "Estimate",
    "GainPoint",
    "GateCheck",
    "GateCounts",
    "GateReport",
    "Harm",
    "InfeasibleError",
    "InputError",
    "InternalError",
    "KshiftError",
    "Limit",
    "Lint",
    "LogDir",
    "Loss",
    "LossRisk",
    "Move",
    "Notice",
    "Outcome",
    "Place",
    "Plan",
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
    "SourcesGain",
    "Stuck",
    "Summary",
    "Target",
    "Throttle",
    "Topic",
    "Trade",
    "Violation",
    "Wave",
    "Why",
    "WhyStep",
    "WorstLoss",
    "__version__",
    "check",
    "compare",
    "diff",
    "explain",
    "gate",
    "plan",
    "simulate",
]

for _error in (ClusterError, InfeasibleError, InputError, InternalError, KshiftError):
    # Tracebacks name them as users import them.
    _error.__module__ = __name__
del _error
