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

from typing import TYPE_CHECKING

from kshift._errors import ClusterError, InfeasibleError, InputError, InternalError, KshiftError
from kshift._kshift import (
    Campaign,
    Cluster,
    Plan,
    Wave,
    __version__,
    check,
    compare,
    diff,
    explain,
    gate,
    plan,
    simulate,
)

if TYPE_CHECKING:
    from kshift._types import (
        AtRisk,
        AtRiskSpan,
        Bottleneck,
        Bound,
        Bounds,
        Broker,
        BrokerThrottle,
        CampaignFault,
        Change,
        Comparison,
        CountBound,
        Dates,
        Deferred,
        Diff,
        Drift,
        DriftGroup,
        Estimate,
        FullestLogDir,
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
        Outlook,
        PhaseStatus,
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
        Standing,
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
    "Campaign",
    "CampaignFault",
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
    "FullestLogDir",
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
    "Outlook",
    "PhaseStatus",
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
    "Standing",
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

if not TYPE_CHECKING:

    def __getattr__(name):
        """Build the classes of results when one is first asked for: it takes long, and the command needs none."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = globals()[name] = getattr(import_module("kshift._types"), name)
        return value

    def __dir__():
        """List what is public beside what is there already."""
        return sorted({*globals(), *__all__})
