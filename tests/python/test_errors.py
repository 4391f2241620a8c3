"""Wrong types are a TypeError, wrong values an InputError, impossible limits an InfeasibleError."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from conftest import snapshot

import kshift


@pytest.mark.parametrize(
    "arguments",
    [
        {"drain": 1.5},
        {"drain": True},
        {"drain": b"1000"},
        {"drain": ["1000"]},
        {"drain": [1000, 1.5]},
        {"drain": [True]},
        {"drain": object()},
        {"onto": {"a": 1}},
        {"throttle": True},
        {"throttle": [1]},
        {"throttle": b"50MB/s"},
        {"disk_limit": []},
        {"max_moves": "5"},
        {"max_moves": 5.0},
        {"max_moves": True},
        {"max_moves_per_broker": 1.5},
        {"max_wave_duration": object()},
        {"rack_policy": 1},
        {"prefer": 1},
        {"weights": 1},
        {"weights": {1: 1}},
        {"weights": {"in": "2"}},
        {"weights": {"in": True}},
        {"topics": b"t"},
        {"canary": "1"},
        {"assume_size": object()},
        {"capacity": object()},
        {"capacity": {object(): 1}},
        {"capacity": {1: object()}},
        {"racks": 5},
        {"drain_rack": 5},
        {"drain_rack": b"a"},
        {"drain_rack": ["a", 1]},
        {"drain_dir": 5},
        {"drain_dir": {1: "/d"}},
        {"racks": {1: None}},
        {"seed": 1.0},
        {"unknown": 1},
    ],
)
def test_a_wrong_type_is_a_type_error(small: kshift.Cluster, arguments: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        kshift.plan(small, **{"drain": 1, "throttle": "1MB/s", **arguments})


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"drain": ""}, "invalid-value"),
        ({"drain": "12-10"}, "invalid-value"),
        ({"drain": "0-4294967295"}, "invalid-value"),
        ({"drain": range(2**40)}, "invalid-value"),
        ({"drain": -1}, "invalid-value"),
        ({"drain": [1, 1]}, "invalid-value"),
        ({"drain": [2**31]}, "invalid-value"),
        ({"drain": 2**80}, "invalid-value"),
        ({"drain": 77}, "unknown-broker"),
        ({"drain_dir": "no-path"}, "invalid-value"),
        ({"drain_rack": "no-such-rack"}, "unknown-rack"),
        ({"drain_rack": ["a", "a"]}, "invalid-value"),
        ({"drain_rack": ""}, "invalid-value"),
        ({"onto": "1"}, "overlap"),
        ({"throttle": 0}, "invalid-value"),
        ({"throttle": -1}, "invalid-value"),
        ({"throttle": 1.5}, "invalid-value"),
        ({"throttle": 2**64}, "invalid-value"),
        ({"throttle": math.nan}, "invalid-value"),
        ({"throttle": math.inf}, "invalid-value"),
        ({"throttle": "50 furlongs"}, "invalid-value"),
        ({"disk_limit": "150%"}, "invalid-value"),
        ({"disk_limit": 85}, "invalid-value"),
        ({"disk_limit": 0}, "invalid-value"),
        ({"disk_limit": "80%", "ignore_disk": True}, "usage"),
        ({"growth": True, "ignore_disk": True}, "usage"),
        ({"growth": True, "throttle": None}, "usage"),
        ({"max_wave_duration": "1h", "throttle": None}, "usage"),
        ({"max_moves": 0}, "invalid-value"),
        ({"max_moves": 2**32}, "invalid-value"),
        ({"max_moves_per_broker": 0}, "invalid-value"),
        ({"max_wave_duration": 0}, "invalid-value"),
        ({"max_wave_duration": "soon"}, "invalid-value"),
        ({"max_wave_duration": math.inf}, "invalid-value"),
        ({"rack_policy": "loose"}, "invalid-value"),
        ({"prefer": "speed"}, "invalid-value"),
        ({"weights": "in=-1"}, "invalid-value"),
        ({"weights": {"in": -1}}, "invalid-value"),
        ({"weights": {"in": math.nan}}, "invalid-value"),
        ({"weights": {"cpu": 1}}, "invalid-value"),
        ({"weights": {"leaders": 0, "in": 0, "out": 0}}, "invalid-value"),
        ({"topics": "("}, "invalid-value"),
        ({"exclude_topics": "["}, "invalid-value"),
        ({"canary": -1}, "invalid-value"),
        ({"seed": -1}, "invalid-value"),
        ({"assume_size": -1}, "invalid-value"),
        ({"capacity": "1 acre"}, "invalid-value"),
        ({"capacity": {77: 1}}, "unknown-broker"),
        ({"capacity": {1: -1}}, "invalid-value"),
        ({"capacity": {}}, "invalid-value"),
        ({"racks": {"no-such-rack": "b"}}, "invalid-value"),
        ({"racks": "/no/such/file"}, "unreadable"),
    ],
)
def test_a_wrong_value_is_an_input_error(small: kshift.Cluster, arguments: dict[str, Any], code: str) -> None:
    with pytest.raises(kshift.InputError) as caught:
        kshift.plan(small, **{"drain": 1, "throttle": "1MB/s", **arguments})
    error = caught.value
    assert (error.code, error.exit_code) == (code, 2)
    assert str(error).startswith(f"error[{code}]: ")
    assert error.details["code"] == code
    assert error.details["message"] in str(error)


def test_an_iterable_that_fails_raises_its_own_error(small: kshift.Cluster) -> None:
    def failing() -> Any:
        yield 1
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        kshift.plan(small, drain=failing())


def test_details_carry_the_place_and_the_help() -> None:
    content = snapshot()
    content["topics"][0]["partitions"][0]["replicas"] = [1, 77]
    with pytest.raises(kshift.InputError) as caught:
        kshift.Cluster.from_json(json.dumps(content))
    details = caught.value.details
    assert details["code"] == "unknown-broker"
    assert details["place"]["path"].startswith("topics[0].partitions[0].replicas")
    assert details["help"]
    assert details["help"][0] in str(caught.value)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "empty-input"),
        ("{", "invalid-json"),
        (b"\xff", "invalid-utf8"),
        ("[]", "wrong-kind"),
        ('{"kind":"kshift.plan","version":1}', "wrong-kind"),
        ('{"kind":"kshift.cluster","version":2}', "wrong-version"),
        ('{"kind":"kshift.cluster","version":1,"x":' + "[" * 100_000, "too-deep"),
    ],
)
def test_content_that_is_no_cluster_is_an_input_error(content: str | bytes, code: str) -> None:
    with pytest.raises(kshift.InputError) as caught:
        kshift.Cluster.from_json(content)
    assert caught.value.code == code


def test_content_of_another_type_is_a_type_error() -> None:
    for read in (kshift.Cluster.from_json, kshift.Plan.from_json):
        for content in (None, 5, {"kind": "kshift.cluster"}):
            with pytest.raises(TypeError):
                read(content)  # type: ignore[arg-type]


def test_files_that_are_missing_are_named(small: kshift.Cluster, tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    attempts: list[Any] = [
        lambda: kshift.Cluster.load(missing),
        lambda: kshift.Cluster.from_kafka_tools(missing),
        lambda: kshift.Plan.load(missing),
        lambda: kshift.check(small, missing),
    ]
    for attempt in attempts:
        with pytest.raises(kshift.InputError, match="missing") as caught:
            attempt()
        assert caught.value.code == "unreadable"


def test_files_that_cannot_be_written_leave_nothing(small: kshift.Cluster, tmp_path: Path) -> None:
    plan = kshift.plan(small, drain=1)
    for write in (small.save, plan.save, plan.write):
        with pytest.raises(kshift.InputError) as caught:
            write(tmp_path / "no" / "such" / "directory")
        assert caught.value.code == "unwritable"
    assert list(tmp_path.iterdir()) == []


def test_impossible_limits_name_what_would_do(small: kshift.Cluster) -> None:
    with pytest.raises(kshift.InfeasibleError) as caught:
        kshift.plan(small, drain=1, disk_limit="5%")
    error = caught.value
    assert (error.code, error.exit_code) == ("disk-limit", 3)
    assert any("disk-limit" in line for line in error.details["help"])
    with pytest.raises(kshift.InfeasibleError) as caught:
        kshift.plan(small, drain="1-2")
    assert caught.value.code == "too-few-brokers"


def test_a_plan_is_not_judged_by_other_limits_than_its_own(small: kshift.Cluster) -> None:
    plan = kshift.plan(small, drain=1, disk_limit="80%")
    assert kshift.check(small, plan, drain=1, disk_limit=0.8)
    with pytest.raises(kshift.InputError) as caught:
        kshift.check(small, plan, disk_limit=0.9)
    assert caught.value.code == "usage"


def test_check_takes_plans_and_paths_alone(small: kshift.Cluster) -> None:
    with pytest.raises(TypeError):
        kshift.check(small, 5)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        kshift.check("cluster.json", kshift.plan(small, drain=1))  # type: ignore[arg-type]


def test_rollback_and_why_refuse_what_the_plan_does_not_have(small: kshift.Cluster) -> None:
    plan = kshift.plan(small, drain=1)
    for wave in (0, 2):
        with pytest.raises(kshift.InputError):
            plan.rollback(wave)
    with pytest.raises(kshift.InputError) as caught:
        plan.why("tt", 0)
    assert caught.value.code == "unknown-partition"
    for partition in (-1, 2**31):
        with pytest.raises(kshift.InputError):
            plan.why("t", partition)


def test_every_exception_is_a_kshift_error_and_none_is_made_by_its_users() -> None:
    errors = (kshift.InputError, kshift.InfeasibleError, kshift.ClusterError, kshift.InternalError)
    assert all(issubclass(error, kshift.KshiftError) for error in errors)
    assert [error.exit_code for error in errors] == [2, 3, 4, 70]
    for made in (kshift.Cluster, kshift.Plan, kshift.Wave):
        with pytest.raises(TypeError):
            made()
