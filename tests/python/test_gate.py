"""Gates, differences, advice and explanations in Python: what the command says, as values."""

import json
import pickle
from pathlib import Path

import pytest

import kshift


@pytest.fixture(scope="module")
def cluster() -> kshift.Cluster:
    return kshift.Cluster.example(old=3, new=3, partitions=60, total_tb=1)


@pytest.fixture(scope="module")
def plan(cluster: kshift.Cluster) -> kshift.Plan:
    return kshift.plan(cluster, drain="1000-1002", onto="0-2", throttle="50MB/s", max_moves=20)


def test_a_gate_is_true_when_it_is_open(cluster: kshift.Cluster, plan: kshift.Plan, tmp_path: Path) -> None:
    for report in (
        kshift.gate(cluster, "preflight"),
        kshift.gate(cluster, "preflight", plan),
        kshift.gate(cluster, "preflight", drain=range(1000, 1003), onto="0-2", disk_limit="90%"),
        kshift.gate(cluster, "wave", plan, wave=1),
        kshift.gate(cluster, "kraft"),
    ):
        assert report
        assert report.counts.fail == 0
        assert report.counts.unknown == sum(check.status == "unknown" for check in report.checks)
        assert str(report).splitlines()[-1].startswith(f"gate {report.gate}")
        assert pickle.loads(pickle.dumps(report)) == report
    assert not kshift.gate(cluster, "kraft", strict=True)
    closed = kshift.gate(cluster, "wave", plan, wave=2)
    assert not closed
    assert closed.checks[0].code == "earlier-waves"
    plan.save(tmp_path / "plan.json")
    assert kshift.gate(cluster, "wave", tmp_path / "plan.json", wave=2) == closed


def test_decommission_names_every_list(cluster: kshift.Cluster, plan: kshift.Plan) -> None:
    report = kshift.gate(cluster, "decommission", plan)
    assert report == kshift.gate(cluster, "decommission", brokers="1000-1002")
    references = report.checks[0]
    assert (references.code, references.status) == ("references", "fail")
    assert references.brokers == (1000, 1001, 1002)
    assert len(references.partitions) == 60


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nonsense", {}), "no gate"),
        (("wave", {"wave": 1}), "needs `plan`"),
        (("wave", {"brokers": 1}), "means nothing"),
        (("decommission", {}), "either `brokers` or `plan`"),
        (("preflight", {"onto": 1}), "needs `drain`"),
        (("preflight", {"drain": 77}), "broker 77"),
    ],
)
def test_what_a_gate_cannot_be_asked_is_refused(
    cluster: kshift.Cluster, arguments: tuple[str, dict[str, int]], says: str
) -> None:
    gate, keywords = arguments
    with pytest.raises(kshift.InputError, match=says):
        kshift.gate(cluster, gate, **keywords)  # type: ignore[arg-type]


def test_two_clusters_and_two_plans_are_compared(cluster: kshift.Cluster, plan: kshift.Plan, tmp_path: Path) -> None:
    assert not kshift.diff(cluster, cluster)
    assert not kshift.diff(plan, plan)
    larger = kshift.Cluster.example(old=3, new=4, partitions=60, total_tb=1)
    found = kshift.diff(cluster, larger)
    assert found
    assert found.kind == "cluster"
    assert found.data["brokers"]["added"] == [3]
    assert "brokers" in str(found)
    other = kshift.plan(cluster, drain="1000-1002", onto="0-2", throttle="20MB/s")
    by_request = {change["key"] for change in kshift.diff(plan, other).data["request"]}
    assert by_request == {"max_moves", "throttle"}
    cluster.save(tmp_path / "c.json")
    assert not kshift.diff(tmp_path / "c.json", cluster)
    with pytest.raises(kshift.InputError, match="expected two of one kind"):
        kshift.diff(tmp_path / "c.json", plan)
    with pytest.raises(TypeError, match="`b` is a int"):
        kshift.diff(cluster, 3)  # type: ignore[arg-type]


def test_reassignments_of_others_get_advice(cluster: kshift.Cluster, tmp_path: Path) -> None:
    first = json.loads(cluster.to_json())["topics"][0]
    entries = [
        {"topic": first["name"], "partition": partition["partition"], "replicas": partition["replicas"]}
        for partition in first["partitions"][:2]
    ]
    file = tmp_path / "r.json"
    file.write_text(json.dumps({"version": 1, "partitions": entries}))
    report = kshift.check(cluster, file)
    assert report, "advice is no violation"
    assert [(lint.code, lint.entries) for lint in report.lints] == [("no-op", (0, 1))]


def test_codes_are_explained() -> None:
    assert kshift.explain("no-op").startswith("no-op: advice of the check\n\nEntries have the list")
    with pytest.raises(kshift.InputError, match="did you mean `disk-limit`"):
        kshift.explain("disk-limt")
