"""Plans over time in Python: what the command says, as values."""

import pickle
from pathlib import Path

import pytest

import kshift


@pytest.fixture(scope="module")
def cluster() -> kshift.Cluster:
    return kshift.Cluster.example(partitions=120, total_tb=1)


@pytest.fixture(scope="module")
def plan(cluster: kshift.Cluster) -> kshift.Plan:
    return kshift.plan(cluster, drain="1000-1011", throttle="50MB/s", max_moves=50)


def test_a_plan_is_played_to_its_end(cluster: kshift.Cluster, plan: kshift.Plan) -> None:
    found = kshift.simulate(cluster, plan)
    assert found.ends
    assert found.makespan_seconds is not None
    # Both are sums of floats: a plan that keeps its busiest broker busy throughout takes as long but for rounding.
    assert found.makespan_seconds >= found.busiest_seconds * (1 - 1e-9)
    assert found.bytes_copied == plan.summary.bytes_moved
    assert [wave.partitions for wave in found.waves] == [len(wave.partitions) for wave in plan.waves]
    assert max(wave.end_seconds or 0 for wave in found.waves) == found.makespan_seconds
    assert pickle.loads(pickle.dumps(found)) == found


def test_the_series_is_a_table(cluster: kshift.Cluster, plan: kshift.Plan) -> None:
    series = kshift.simulate(cluster, plan, every="1h").series
    assert series is not None
    assert series.every_seconds == 3600
    columns = series.to_dict()
    assert {len(column) for column in columns.values()} == {len(series.seconds) * len(series.brokers)}
    assert columns["leaders"][0] == series.leaders[0][0]
    frame = series.to_pandas()
    assert {name: list(frame[name]) for name in frame.columns} == columns
    assert series.to_arrow().to_pydict() == columns


def test_files_and_mappings_of_other_tools_are_played(
    cluster: kshift.Cluster, plan: kshift.Plan, tmp_path: Path
) -> None:
    file = tmp_path / "reassign.json"
    file.write_bytes(plan.reassign_json())
    with pytest.raises(kshift.InputError, match="names no throttle"):
        kshift.simulate(cluster, file)
    ours = kshift.simulate(cluster, plan, style="all-at-once")
    assert kshift.simulate(cluster, file, throttle="50MB/s", style="all-at-once") == ours
    mapping = {"partitions": [{"topic": cluster.topics[0].name, "partition": 0, "replicas": [0, 1, 2]}]}
    assert kshift.simulate(cluster, mapping, throttle=50e6).partitions == 1


def test_what_if_a_broker_is_lost_or_slow(cluster: kshift.Cluster, plan: kshift.Plan) -> None:
    usual = kshift.simulate(cluster, plan)
    lost = kshift.simulate(cluster, plan, lose="0@1")
    assert lost.loss is not None
    assert lost.loss.brokers == (0,)
    assert not lost.ends
    assert lost.stuck_partitions > 0
    assert lost.makespan_seconds is None
    assert lost.loss.wave_seconds is None
    assert lost.loss.wave_seconds_without is not None
    slow = kshift.simulate(cluster, plan, slow={0: "1MB/s"})
    assert slow.makespan_seconds
    assert usual.makespan_seconds
    assert slow.makespan_seconds > usual.makespan_seconds
    for wrong in ({"lose": "0"}, {"style": "fast"}, {"slow": "0"}, {"lose": "0@1", "lose_rack": "a@1"}):
        with pytest.raises(kshift.InputError):
            kshift.simulate(cluster, plan, **wrong)  # type: ignore[arg-type]


def test_styles_stand_beside_each_other(cluster: kshift.Cluster, plan: kshift.Plan) -> None:
    rows = kshift.compare(cluster, plan)
    assert [row.style for row in rows] == ["rolling", "barrier", "all-at-once", "batches=100", "sliding=5"]
    assert rows[0].ratio == 1
    assert kshift.compare(cluster, plan, styles=["batches=10"])[0].makespan_seconds


def test_slots_can_be_asked_for_in_the_plan(cluster: kshift.Cluster) -> None:
    plan = kshift.plan(cluster, drain="1000-1011", throttle="50MB/s", in_flight=2, in_flight_per_broker=1)
    assert (plan.request["in_flight"], plan.request["in_flight_per_broker"]) == (2, 1)
    assert kshift.simulate(cluster, plan).in_flight_peak == 2
    assert kshift.check(cluster, plan)
