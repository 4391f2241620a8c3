"""Going on with a plan that was carried out in part."""

import json
from pathlib import Path
from typing import Any

import pytest

import kshift


def carried_out(cluster: kshift.Cluster, plan: kshift.Plan, waves: int) -> dict[str, Any]:
    """The snapshot when so many waves are over, each with its election."""
    snapshot: dict[str, Any] = json.loads(cluster.to_json())
    rows = {(t["name"], p["partition"]): p for t in snapshot["topics"] for p in t["partitions"]}
    dirs = {broker["id"]: broker["log_dirs"] for broker in snapshot["brokers"]}
    for wave in plan.waves[:waves]:
        for move in wave.partitions:
            row = rows[move.topic, move.partition]
            row["replicas"] = row["isr"] = list(move.replicas)
            row["leader"] = move.replicas[0]
            row["log_dirs"] = [dirs[broker][0]["path"] for broker in move.replicas]
    for broker in snapshot["brokers"]:
        for log_dir in broker["log_dirs"]:
            log_dir.pop("used_bytes", None)
    return snapshot


def read(snapshot: dict[str, Any]) -> kshift.Cluster:
    return kshift.Cluster.from_json(json.dumps(snapshot))


def ends(plan: kshift.Plan) -> dict[tuple[str, int], tuple[int, ...]]:
    return {(move.topic, move.partition): move.replicas for wave in plan.waves for move in wave.partitions}


def test_the_rest_of_a_plan_goes_where_the_plan_sent_it(
    cluster: kshift.Cluster, plan: kshift.Plan, tmp_path: Path
) -> None:
    half = len(plan.waves) // 2
    newer = read(carried_out(cluster, plan, half))
    rest = kshift.plan(newer, resume=plan)
    assert kshift.check(newer, rest).violations == ()
    done = {(move.topic, move.partition) for wave in plan.waves[:half] for move in wave.partitions}
    assert ends(rest) == {key: replicas for key, replicas in ends(plan).items() if key not in done}
    assert rest.drift is not None
    assert plan.drift is None
    assert (rest.drift.done.count, rest.drift.not_begun.count) == (len(done), len(ends(rest)))
    assert rest.drift.bytes_then == rest.drift.bytes_now > 0
    # It is the same from a file, which keeps what has happened.
    plan.write(tmp_path / "plan")
    again = kshift.plan(newer, resume=tmp_path / "plan")
    assert again == rest
    assert kshift.Plan.from_json(again.to_json()).drift == rest.drift


def test_drift_is_told_and_limits_may_be_others(cluster: kshift.Cluster, plan: kshift.Plan) -> None:
    snapshot = carried_out(cluster, plan, 1)
    gone = snapshot["topics"].pop(0)
    snapshot["topics"].append({"name": "zebra", "partitions": [{"partition": 0, "replicas": [1000], "size_bytes": 5}]})
    newer = read(snapshot)
    rest = kshift.plan(newer, resume=plan, throttle="20MB/s", max_moves=50)
    assert kshift.check(newer, rest).violations == ()
    drift = rest.drift
    assert drift is not None
    assert drift.added == kshift.DriftGroup(count=1, first=("zebra-0",))
    assert drift.gone.count == len(gone["partitions"])
    assert drift.partitions == drift.done.count + drift.not_begun.count + drift.gone.count
    assert (drift.brokers_gone, drift.targets_lost) == ("", "")
    assert (rest.request["throttle"], rest.request["max_moves"]) == (20_000_000, 50)
    assert rest.request["drain"] == plan.request["drain"]


def test_what_says_anew_what_moves_is_refused(cluster: kshift.Cluster, plan: kshift.Plan, tmp_path: Path) -> None:
    with pytest.raises(kshift.InputError, match="--resume and --drain exclude each other"):
        kshift.plan(cluster, resume=plan, drain=1000)
    with pytest.raises(kshift.InputError, match="--resume and --leaders-only exclude each other"):
        kshift.plan(cluster, resume=plan, leaders_only=True)
    with pytest.raises(TypeError, match=r"`resume` is a int; expected a kshift.Plan or a path"):
        kshift.plan(cluster, resume=5)  # type: ignore[arg-type]
    with pytest.raises(kshift.InputError, match="it seems to be another one"):
        kshift.plan(kshift.Cluster.example(partitions=5, total_tb=1, seed=9), resume=plan)
    foreign = tmp_path / "reassign.json"
    foreign.write_bytes(plan.reassign_json())
    with pytest.raises(kshift.InputError, match="expected a plan of kshift"):
        kshift.plan(cluster, resume=foreign)
