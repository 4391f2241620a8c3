"""Everything goes through pickle, to other processes, and comes back equal."""

import copy
import multiprocessing
import os
import pickle
import signal
from pathlib import Path
from typing import Any

import pytest

import kshift

PROTOCOLS = range(2, pickle.HIGHEST_PROTOCOL + 1)


def objects(cluster: kshift.Cluster, plan: kshift.Plan) -> list[Any]:
    move = plan.waves[0].partitions[0]
    return [
        cluster,
        cluster.brokers,
        cluster.topics,
        cluster.health,
        plan,
        plan.waves,
        plan.waves[1],
        plan.waves[1].partitions,
        plan.waves[1].duration_seconds,
        plan.summary,
        plan.brokers,
        plan.why(move.topic, move.partition),
        kshift.check(cluster, plan),
    ]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_everything_comes_back_equal(cluster: kshift.Cluster, plan: kshift.Plan, protocol: int) -> None:
    for value in objects(cluster, plan):
        again = pickle.loads(pickle.dumps(value, protocol))
        assert again == value
        assert hash(again) == hash(value)
        assert repr(again) == repr(value)


def test_copies_are_equal(cluster: kshift.Cluster, plan: kshift.Plan) -> None:
    for value in objects(cluster, plan):
        assert copy.copy(value) == copy.deepcopy(value) == value


def test_what_differs_is_not_equal(cluster: kshift.Cluster, plan: kshift.Plan) -> None:
    other = kshift.plan(cluster, drain=1000)
    assert plan != other
    assert plan.waves[0] != plan.waves[1]
    assert plan.waves[0] != other.waves[0]
    assert cluster != kshift.Cluster.example(seed=5)
    assert (cluster == plan) is False
    assert len({plan, other, kshift.Plan.from_json(plan.to_json())}) == 2


def test_a_completed_cluster_remembers_what_it_was_completed_with(kafka_output: Path) -> None:
    cluster = kshift.Cluster.load(kafka_output).complete(capacity="10GB", racks={"use1-az1": "west"})
    again = pickle.loads(pickle.dumps(cluster))
    assert again == cluster
    assert again.notices == cluster.notices
    plan = kshift.plan(cluster, drain="1001-1003", onto="0-2")
    assert kshift.plan(again, drain="1001-1003", onto="0-2").to_json() == plan.to_json()
    assert kshift.check(again, plan)


@pytest.mark.parametrize(
    "error",
    [
        kshift.InputError("error[usage]: no", "usage", {"help": ["yes"]}),
        kshift.InfeasibleError("error[throttle]: no", "throttle", {"message": "no"}),
        kshift.KshiftError("x"),
    ],
)
def test_exceptions_come_back_with_code_and_details(error: kshift.KshiftError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (str(again), again.code, again.details) == (str(error), error.code, error.details)


def test_a_raised_exception_comes_back_too(small: kshift.Cluster) -> None:
    with pytest.raises(kshift.InfeasibleError) as caught:
        kshift.plan(small, drain=1, disk_limit="5%")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.details) == (str(caught.value), caught.value.details)


def drain(arguments: tuple[kshift.Cluster, int]) -> kshift.Plan:
    cluster, broker = arguments
    return kshift.plan(cluster, drain=broker)


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_other_processes_plan_too(cluster: kshift.Cluster, method: str) -> None:
    # A child made by fork has none of the threads that this process has started by planning.
    expected = [drain((cluster, broker)) for broker in (1000, 1001)]
    with multiprocessing.get_context(method).Pool(2) as pool:
        job = pool.map_async(drain, [(cluster, 1000), (cluster, 1001)])
        assert job.get(timeout=60) == expected


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_ends_by_itself(cluster: kshift.Cluster) -> None:
    assert kshift.plan(cluster, drain=1000)
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        os._exit(0 if kshift.plan(cluster, drain=1000).complete else 1)
    assert os.waitpid(child, 0)[1] == 0
