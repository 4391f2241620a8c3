"""Clusters from the answers of Cruise Control, and plans in its words."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import kshift

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "tests" / "fixtures" / "cruise-control"


@pytest.fixture
def cluster() -> kshift.Cluster:
    return kshift.Cluster.from_cruise_control(FIXTURES / "jbod")


@pytest.fixture
def plan(cluster: kshift.Cluster) -> kshift.Plan:
    return kshift.plan(cluster, drain=[1001, 1002, 1003], throttle="50MB/s", max_moves=5)


def conform(content: bytes, kind: str) -> Any:
    document = json.loads(content)
    schema = json.loads((FIXTURES / "schema.json").read_text())
    jsonschema.validate(document, {**schema, "$ref": f"#/$defs/{kind}"})
    return document


def test_a_directory_and_a_single_answer_are_read(cluster: kshift.Cluster) -> None:
    original = kshift.Cluster.load(FIXTURES / "cluster.json")
    assert cluster.assignment_sha256 == original.assignment_sha256
    assert kshift.Cluster.load(FIXTURES / "jbod").assignment_sha256 == original.assignment_sha256
    alone = kshift.Cluster.from_cruise_control(FIXTURES / "jbod" / "state.json")
    assert alone.assignment_sha256 == original.assignment_sha256


def test_what_is_no_answer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(kshift.InputError) as refused:
        kshift.Cluster.from_cruise_control(tmp_path)
    assert refused.value.code == "no-known-file"
    (tmp_path / "load.json").write_text('{"hosts":[],"brokers":[],"version":1}')
    with pytest.raises(kshift.InputError) as refused:
        kshift.Cluster.from_cruise_control(tmp_path)
    assert refused.value.code == "missing-field"
    assert "kafka_cluster_state" in str(refused.value)


def test_every_form_of_a_plan_conforms_to_the_schema(cluster: kshift.Cluster, plan: kshift.Plan) -> None:
    waves = [None, *range(1, len(plan.waves) + 1)]
    assert len(waves) > 2
    for wave in waves:
        for given in (None, cluster):
            files = plan.export("cruise-control", wave=wave, cluster=given)
            assert list(files) == ["proposals.json", "capacity.json", "brokerSets.json", "calls.json", "calls.md"]
            result = conform(files["proposals.json"], "result")
            assert result["proposals"]
            conform(files["capacity.json"], "capacity")
            conform(files["brokerSets.json"], "brokerSets")
    # Where each replica lies is known, so every broker has its log dirs; the answers alone do not say it of several.
    whole = kshift.Cluster.load(FIXTURES / "cluster.json")
    told = kshift.plan(whole, drain=[1001, 1002, 1003], throttle="50MB/s")
    result = conform(told.export("cruise-control", only="proposals", cluster=whole)["proposals.json"], "result")
    for load in (result["loadBeforeOptimization"], result["loadAfterOptimization"]):
        for broker in load["brokers"]:
            assert sum(disk["NumReplicas"] for disk in broker["DiskState"].values()) == broker["Replicas"]
    texts = conform(plan.export("cruise-control", only="proposals", text_names=True)["proposals.json"], "result")
    assert texts["proposals"][0]["topicPartition"] == "orders-0"


def test_the_files_that_are_written_are_read_again(cluster: kshift.Cluster, plan: kshift.Plan, tmp_path: Path) -> None:
    files = plan.export("cruise-control", cluster=cluster)
    proposals = tmp_path / "proposals.json"
    proposals.write_bytes(files["proposals.json"])
    report = kshift.check(cluster, proposals, throttle="50MB/s")
    assert report
    assert isinstance(report.outlook, kshift.Outlook)
    assert report.outlook.replicas_added == plan.summary.replicas_moved
    assert isinstance(report.outlook.fullest, kshift.FullestLogDir)
    assert kshift.check(cluster, plan).outlook is None
    again = kshift.plan(cluster, target=proposals, throttle="50MB/s")
    assert again.summary.replicas_moved == plan.summary.replicas_moved
    answers = tmp_path / "answers"
    answers.mkdir()
    for name in ("state.json", "load.json", "partition_load.json"):
        (answers / name).write_bytes((FIXTURES / "jbod" / name).read_bytes())
    (answers / "capacity.json").write_bytes(files["capacity.json"])
    read = kshift.Cluster.from_cruise_control(answers)
    assert read.assignment_sha256 == cluster.assignment_sha256


def test_options_of_other_formats_are_refused(plan: kshift.Plan) -> None:
    with pytest.raises(kshift.InputError, match="takes no `only`"):
        plan.export("kafka", only="proposals")  # type: ignore[call-overload]
    with pytest.raises(kshift.InputError, match="expected one of"):
        plan.export("cruise-control", only="all")  # type: ignore[call-overload]
