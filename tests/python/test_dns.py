"""Exported DNS changes against the models of those who take them, and the Python face of what stands around a plan.

Route 53: the service's own request model, as botocore carries it, with limits that its validator leaves to the service.
external-dns: the schema of its custom resource. Nothing here uses the network.
"""

import json
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import jsonschema
import pytest
import yaml
from botocore.validate import ParamValidator

import kshift

FACADE = {
    "kind": "kshift.facade",
    "version": 1,
    "zone": "kafka.example.com",
    "hosted_zone_id": "Z0123456789ABCDEFGHIJ",
    "bootstrap": "bootstrap.kafka.example.com",
    "broker": "b{id}.kafka.example.com",
}
NAMED = {**FACADE, "hosts": {"0-11,1000-1011": "kafka-{id}.internal"}, "retired": "delete"}
HOSTS = {str(broker): f"10.0.{broker // 100}.{broker % 100}" for broker in (*range(12), *range(1000, 1012))}
ADDRESSES = {**FACADE, "hosts": HOSTS}


@pytest.fixture(scope="module")
def request_shape() -> Any:
    service = botocore.session.Session().get_service_model("route53")
    return service.operation_model("ChangeResourceRecordSets").input_shape


def beyond(shape: Any, value: Any, place: str) -> Iterator[str]:
    """What the service refuses and botocore's validator does not look at: words, lengths, patterns."""
    if shape.type_name == "structure":
        for key, inner in value.items():
            yield from beyond(shape.members[key], inner, f"{place}.{key}")
    elif shape.type_name == "list":
        for number, inner in enumerate(value):
            yield from beyond(shape.member, inner, f"{place}[{number}]")
    elif shape.type_name == "string":
        limits = shape.metadata
        if shape.enum and value not in shape.enum:
            yield f"{place}: {value} is none of {shape.enum}"
        if len(value) > limits.get("max", len(value)):
            yield f"{place}: {value} is too long"
        if "pattern" in limits and not re.fullmatch(limits["pattern"], value):
            yield f"{place}: {value} does not match {limits['pattern']}"


def judge_route53(shape: Any, files: dict[str, bytes]) -> int:
    """Holds every request against the model; gives how many there are."""
    requests = {name: json.loads(content) for name, content in files.items() if name.endswith(".json")}
    for name, request in requests.items():
        report = ParamValidator().validate(request, shape)
        assert not report.has_errors(), f"{name}: {report.generate_report()}"
        assert list(beyond(shape, request, name)) == []
        for change in request["ChangeBatch"]["Changes"]:
            record = change["ResourceRecordSet"]
            assert record["Type"] != "CNAME" or len(record["ResourceRecords"]) == 1
            values = [value["Value"] for value in record["ResourceRecords"]]
            assert len(values) == len(set(values))
            assert ("Weight" in record) == ("SetIdentifier" in record)
    return len(requests)


@pytest.fixture(scope="module")
def schema(root: Path) -> dict[str, Any]:
    crd = yaml.safe_load((root / "tests/fixtures/external-dns/dnsendpoints.externaldns.k8s.io.yaml").read_text())
    (version,) = crd["spec"]["versions"]
    assert version["name"] == "v1alpha1"
    found: dict[str, Any] = closed(version["schema"]["openAPIV3Schema"])
    return found


def closed(schema: Any) -> Any:
    """The same schema, in which keys that it does not name are faults: Kubernetes would drop them without a word."""
    if not isinstance(schema, dict):
        return schema
    found = {key: closed(value) if key != "properties" else value for key, value in schema.items()}
    if "properties" in schema:
        found["properties"] = {key: closed(value) for key, value in schema["properties"].items()}
        found.setdefault("additionalProperties", False)
    return found


def judge_dnsendpoint(schema: dict[str, Any], files: dict[str, bytes]) -> list[dict[str, Any]]:
    resources = [yaml.safe_load(content) for name, content in sorted(files.items()) if name.endswith(".yaml")]
    for resource in resources:
        jsonschema.Draft202012Validator(schema).validate(resource)
        assert (resource["apiVersion"], resource["kind"]) == ("externaldns.k8s.io/v1alpha1", "DNSEndpoint")
        endpoints = resource["spec"]["endpoints"]
        keys = [(end["dnsName"], end["recordType"], end.get("setIdentifier")) for end in endpoints]
        assert len(keys) == len(set(keys))
        # external-dns drops endpoints with a dot at the end of an address.
        assert not any(target.endswith(".") for end in endpoints for target in end["targets"])
    return resources


@pytest.mark.parametrize("name", ["route53", "route53-names"])
def test_golden_requests_are_what_route53_takes(root: Path, request_shape: Any, name: str) -> None:
    golden = root / "tests/golden" / name
    files = {str(path): path.read_bytes() for path in golden.rglob("*.json")}
    assert judge_route53(request_shape, files) == 14


@pytest.mark.parametrize("name", ["dnsendpoint", "dnsendpoint-names"])
def test_golden_resources_are_what_external_dns_takes(root: Path, schema: dict[str, Any], name: str) -> None:
    golden = root / "tests/golden" / name
    files = {str(path): path.read_bytes() for path in golden.rglob("*.yaml")}
    assert len(judge_dnsendpoint(schema, files)) == 7


def test_the_schema_finds_what_is_wrong(root: Path, schema: dict[str, Any]) -> None:
    first = sorted((root / "tests/golden/dnsendpoint/steps").iterdir())[0]
    wrong = first.read_text().replace("recordTTL: 300", 'recordTTL: "300"', 1)
    with pytest.raises(jsonschema.ValidationError):
        judge_dnsendpoint(schema, {"x.yaml": wrong.encode()})
    with pytest.raises(jsonschema.ValidationError):
        judge_dnsendpoint(schema, {"x.yaml": first.read_bytes().replace(b"recordTTL", b"ttl", 1)})


@pytest.mark.parametrize("facade", [NAMED, ADDRESSES], ids=["names", "addresses"])
def test_a_real_plan_is_followed_by_names_that_both_take(
    plan: kshift.Plan, request_shape: Any, schema: dict[str, Any], facade: dict[str, Any]
) -> None:
    requests = plan.export("route53", facade=facade)
    assert judge_route53(request_shape, requests) >= 10
    resources = judge_dnsendpoint(schema, plan.export("dnsendpoint", facade=facade, name="facade"))
    # Carried out one after the other, the requests give what the resources say.
    zone: dict[tuple[str, str, str | None], tuple[int, list[str]]] = {}
    steps = sorted(name for name in requests if name.startswith("steps/"))
    assert len(steps) == len(resources)
    for name, resource in zip(steps, resources, strict=True):
        for change in json.loads(requests[name])["ChangeBatch"]["Changes"]:
            record = change["ResourceRecordSet"]
            key = (record["Name"], record["Type"], record.get("SetIdentifier"))
            values = (record["TTL"], [value["Value"] for value in record["ResourceRecords"]])
            if change["Action"] == "DELETE":
                assert zone.pop(key) == values
            else:
                zone[key] = values
        said = {
            (end["dnsName"], end["recordType"], end.get("setIdentifier")): (end["recordTTL"], end["targets"])
            for end in resource["spec"]["endpoints"]
        }
        assert zone == said


def test_a_facade_is_a_path_or_a_mapping(plan: kshift.Plan, tmp_path: Path) -> None:
    path = tmp_path / "facade.json"
    path.write_text(json.dumps(NAMED))
    assert plan.export("route53", facade=path) == plan.export("route53", facade=NAMED)
    with pytest.raises(kshift.InputError, match="no key of a facade file"):
        plan.export("route53", facade={**NAMED, "tll": {}})
    with pytest.raises(kshift.InputError, match="needs `facade`"):
        plan.export("dnsendpoint")  # type: ignore[call-overload]
    with pytest.raises(kshift.InputError, match="takes no `facade`"):
        plan.export("kafka", facade=NAMED)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="`facade`"):
        plan.export("route53", facade=7)  # type: ignore[call-overload]


def test_patches_of_strimzi_are_named_by_step_and_pool(plan: kshift.Plan) -> None:
    files = plan.export("strimzi", cluster="prod", pools={"new": range(12), "old": "1000-1011"}, namespace="kafka")
    patch = yaml.safe_load(files["1-ids-to-add/new.yaml"])
    assert patch["metadata"]["annotations"] == {"strimzi.io/next-node-ids": "[0-11]"}
    assert patch["metadata"]["namespace"] == "kafka"
    assert yaml.safe_load(files["4-scale-down/old.yaml"])["spec"] == {"replicas": 0}
    clean = yaml.safe_load(files["5-clean-up/new.yaml"])["metadata"]["annotations"]
    assert clean == {"strimzi.io/next-node-ids": None, "strimzi.io/remove-node-ids": None}
    with pytest.raises(kshift.InputError, match="no node pool is named"):
        plan.export("strimzi", cluster="prod")
    with pytest.raises(kshift.InputError, match="needs `cluster`"):
        plan.export("strimzi", pools={"new": "0-11"})  # type: ignore[call-overload]
    with pytest.raises(kshift.InputError, match="no name of Kubernetes"):
        plan.export("strimzi", cluster="Prod", pools={"new": "0-11"})
    with pytest.raises(kshift.InputError, match="api_version"):
        plan.export("strimzi", cluster="prod", pools={"new": "0-11"}, api_version="v2")  # type: ignore[call-overload]


def test_a_campaign_is_made_saved_read_and_checked(cluster: kshift.Cluster, plan: kshift.Plan, tmp_path: Path) -> None:
    campaign = kshift.Campaign.new(cluster, old="1000-1011", new=range(12), facade=NAMED, throttle="50MB/s")
    path = tmp_path / "campaign.json"
    campaign.save(path)
    assert kshift.Campaign.load(path) == kshift.Campaign.from_json(campaign.to_json()) == campaign
    again = pickle.loads(pickle.dumps(campaign))
    assert (again, hash(again)) == (campaign, hash(campaign))
    standing = campaign.check(cluster)
    assert standing
    assert standing.current == "facade"
    assert [status.state for status in standing.phases][:2] == ["open", "skipped"]
    assert "next: " in str(standing)
    assert "## 4. Drain the old brokers" in campaign.to_markdown()
    # The plan of a phase lies beside the file.
    plan.save(tmp_path / "plan.json")
    changed = json.loads(campaign.to_json())
    changed["phases"][3]["plan"] = "plan.json"
    changed["phases"][0]["done"] = True
    path.write_text(json.dumps(changed))
    found = kshift.Campaign.load(path).check(cluster)
    assert [fault.code for fault in found.faults] == ["not-done"]
    changed["old"] = "1000-1010"
    changed["kept"] = "1011"
    path.write_text(json.dumps(changed))
    found = kshift.Campaign.load(path).check(cluster)
    assert "other-plan" in [fault.code for fault in found.faults]
    assert not found
    with pytest.raises(kshift.InputError):
        kshift.Campaign.new(cluster, old="1000", new="1000")
    with pytest.raises(kshift.InputError, match="names its pairs"):
        kshift.Campaign.new(cluster, old="1000", new="0", pair="auto")
