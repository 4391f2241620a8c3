"""Kafka's own tools: throttle scripts, throttles that a cluster has already, and runbooks for a version."""

import json
from pathlib import Path

import pytest
from conftest import snapshot

import kshift

LEADERS, RATE = "leader.replication.throttled.replicas", "leader.replication.throttled.rate"


def test_a_script_sets_a_throttle_and_another_takes_it_off(plan: kshift.Plan, tmp_path: Path) -> None:
    plan.write(tmp_path / "plan")
    for script, name in (("set", "throttle.sh"), ("unset", "unthrottle.sh")):
        exported = plan.export("throttle", wave=1, script=script)  # type: ignore[call-overload]
        assert exported == {name: (tmp_path / "plan/waves/001" / name).read_bytes()}
        assert exported[name].startswith(b"#!/bin/sh\n")
    with pytest.raises(kshift.InputError, match="no script"):
        plan.export("throttle", script="on")  # type: ignore[call-overload]
    with pytest.raises(kshift.InputError, match="takes no `script`"):
        plan.export("kafka", script="set")  # type: ignore[call-overload]


def test_throttles_that_a_cluster_has_are_merged_and_given_back() -> None:
    given = snapshot()
    given["brokers"][0]["config"] = {RATE: "7000000"}
    given["topics"][0]["config"] = {LEADERS: "9:3"}
    cluster = kshift.Cluster.from_json(json.dumps(given))
    plan = kshift.plan(cluster, drain=[1], throttle="50MB/s")
    throttle = json.loads(plan.export("throttle", wave=1)["throttle.json"])
    assert throttle["topics"]["t"][LEADERS] == "0:1,0:2,9:3"
    assert throttle["before"] == {"brokers": {"1": {RATE: 7000000}}, "topics": {"t": {LEADERS: "9:3"}}}
    assert json.loads(plan.to_json())["throttles_before"] == {
        "brokers": {"1": {RATE: "7000000"}},
        "topics": {"t": {LEADERS: "9:3"}},
    }
    assert kshift.check(cluster, plan)
    back = plan.export("throttle", wave=1, script="unset")["unthrottle.sh"].decode()
    assert f"give_back topics t '{LEADERS}=[9:3]' follower.replication.throttled.replicas & started\n" in back


def test_a_runbook_is_for_the_tools_of_a_version(plan: kshift.Plan) -> None:
    old, new = (plan.export("runbook", kafka=version)["runbook.md"] for version in ("3.9", "4.3"))
    assert b"--admin.config" in old
    assert b"--admin.config" not in new
    with pytest.raises(kshift.InputError, match=r"2\.8"):
        plan.export("runbook", kafka="2.8")
