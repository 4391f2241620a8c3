"""Reading, planning, looking and handing over, through the public names alone.

Figures are computed here a second time from the moves, so that a field that is mixed up shows.
"""

import dataclasses
import datetime
import json
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from conftest import snapshot

import kshift

# Reading a cluster


def test_kafka_tool_output_is_read_with_racks_dirs_and_a_word_on_what_it_cannot_say(kafka_output: Path) -> None:
    cluster = kshift.Cluster.load(kafka_output)
    assert [broker.id for broker in cluster.brokers] == [0, 1, 2, 1001, 1002, 1003]
    assert [broker.rack for broker in cluster.brokers] == ["use1-az1", "use1-az2", "use1-az3"] * 2
    assert [len(broker.log_dirs) for broker in cluster.brokers] == [2, 1, 1, 2, 2, 2]
    assert cluster.brokers[0].log_dirs[0].capacity_bytes is None
    assert "no-capacity" in {notice.code for notice in cluster.notices}
    assert "replication-factor-1" in {notice.code for notice in cluster.health}
    assert kshift.Cluster.from_kafka_tools(str(kafka_output)) == cluster


def test_counts_agree_with_each_other(cluster: kshift.Cluster) -> None:
    assert cluster.partition_count == sum(topic.partitions for topic in cluster.topics)
    assert cluster.partition_count == sum(broker.leaders for broker in cluster.brokers)
    assert cluster.replica_count == sum(broker.replicas for broker in cluster.brokers)
    assert cluster.replica_count == sum(topic.replicas for topic in cluster.topics)
    assert [topic.name for topic in cluster.topics if topic.is_internal] == ["__consumer_offsets"]
    assert repr(cluster).startswith('<kshift.Cluster "synthetic-1": 24 brokers, ')


def test_a_saved_cluster_reads_back_as_the_same(cluster: kshift.Cluster, tmp_path: Path) -> None:
    path = tmp_path / "cluster.json"
    cluster.save(path)
    assert path.read_bytes() == cluster.to_json()
    for again in (
        kshift.Cluster.load(str(path)),
        kshift.Cluster.from_json(cluster.to_json()),
        kshift.Cluster.from_json(cluster.to_json().decode()),
    ):
        assert again == cluster
        assert (again.sha256, again.assignment_sha256) == (cluster.sha256, cluster.assignment_sha256)


def test_completing_gives_a_new_cluster_and_leaves_the_old_one(kafka_output: Path) -> None:
    cluster = kshift.Cluster.load(kafka_output)
    complete = cluster.complete(capacity={"0-2": "10GB", "1001:/kafka/1001/d1": 7, "*": 5.0}, racks={1001: "x"})
    capacities = {
        (broker.id, place): log_dir.capacity_bytes
        for broker in complete.brokers
        for place, log_dir in enumerate(broker.log_dirs)
    }
    assert capacities[0, 0] == capacities[0, 1] == capacities[2, 0] == 10**10
    assert (capacities[1001, 0], capacities[1001, 1], capacities[1003, 1]) == (7, 5, 5)
    assert complete.brokers[3].rack == "x"
    assert cluster.brokers[3].rack == "use1-az1"
    assert cluster != complete
    assert complete.complete(capacity={2: 3}).brokers[2].log_dirs[0].capacity_bytes == 3


def test_racks_and_capacities_are_read_from_files_too(kafka_output: Path, tmp_path: Path) -> None:
    racks, capacity = tmp_path / "racks", tmp_path / "capacity"
    racks.write_text("use1-az1 west\n")
    capacity.write_text("* 1TB\n")
    cluster = kshift.Cluster.load(kafka_output).complete(racks=racks, capacity=capacity)
    assert cluster.brokers[0].rack == "west"
    assert cluster.brokers[0].log_dirs[0].capacity_bytes == 10**12


def test_the_generator_takes_the_options_of_the_command() -> None:
    cluster = kshift.Cluster.example(old=4, new=2, partitions=20, racks=2, dirs=2, seed=3, old_base=500)
    assert [broker.id for broker in cluster.brokers] == [0, 1, 500, 501, 502, 503]
    assert {len(broker.log_dirs) for broker in cluster.brokers} == {2}
    assert cluster != kshift.Cluster.example(old=4, new=2, partitions=20, racks=2, dirs=2, seed=4, old_base=500)


# Planning


def test_the_plan_moves_what_was_asked_and_its_figures_add_up(cluster: kshift.Cluster, plan: kshift.Plan) -> None:
    moves = [move for wave in plan.waves for move in wave.partitions]
    summary = plan.summary
    assert summary.replicas_moved == sum(len(move.adding) for move in moves) == cluster.replica_count
    assert summary.bytes_moved == sum(len(move.adding) * move.size_bytes for move in moves)
    assert summary.waves == len(plan.waves) > 2
    assert all(broker < 12 for move in moves for broker in move.replicas)
    assert all(len(move.adding) == len(move.removing) for move in moves)
    times = [wave.copy_seconds for wave in plan.waves]
    assert summary.makespan_seconds is not None
    assert summary.makespan_seconds == pytest.approx(sum(time for time in times if time is not None))
    assert summary.eta_seconds is not None
    assert summary.eta_seconds.low <= summary.eta_seconds.expected <= summary.eta_seconds.high
    assert summary.makespan_lower_bound_seconds is not None
    assert summary.makespan_lower_bound_seconds <= summary.makespan_seconds
    bounds = summary.bounds
    assert bounds is not None
    assert bounds.moves.value == bounds.moves.reached == summary.replicas_moved
    assert bounds.leaders is not None
    assert bounds.leaders.value <= bounds.leaders.reached == summary.leaders_max_over_mean
    assert bounds.makespan is not None
    assert bounds.makespan.value == summary.makespan_lower_bound_seconds
    assert bounds.makespan.proof.kind in {"prices", "partition", "senders"}
    assert plan.complete
    assert plan.deferred == ()


def test_waves_have_dates_and_costs_where_they_are_asked_for(cluster: kshift.Cluster, plan: kshift.Plan) -> None:
    zone = datetime.timezone(datetime.timedelta(hours=1))
    start = datetime.datetime(2026, 11, 20, 12, tzinfo=zone)
    dated = kshift.plan(
        cluster,
        drain="1000-1011",
        throttle="50MB/s",
        window=["22:00-06:00", "sat,sun 00:00-24:00"],
        start=start,
        time_zone="Europe/Berlin",
        price_per_gb=0.02,
    )
    summary = dated.summary
    assert summary.starts_at == "2026-11-20T22:00:00+01:00"
    assert summary.ends_at is not None
    assert dated.request["window"] == ["sat,sun 00:00-24:00", "22:00-06:00"]
    assert dated.request["start"] == start.isoformat()
    end = start
    for wave in dated.waves:
        assert wave.starts_at is not None
        assert wave.ends_at is not None
        assert datetime.datetime.fromisoformat(wave.starts_at.expected) >= end
        end = datetime.datetime.fromisoformat(wave.ends_at.expected)
    assert end == datetime.datetime.fromisoformat(summary.ends_at.expected)
    assert summary.cross_rack_cost == pytest.approx(summary.cross_rack_bytes / 1e9 * 0.02)
    assert summary.cross_rack_cost == pytest.approx(sum(wave.cross_rack_cost or 0 for wave in dated.waves))
    assert kshift.check(cluster, dated)
    assert kshift.Plan.from_json(dated.to_json()) == dated
    assert plan.summary.starts_at is None
    assert plan.waves[0].starts_at is None
    assert plan.waves[0].cross_rack_cost is None
    with pytest.raises(kshift.InputError, match="did you mean `Europe/Berlin`"):
        kshift.plan(cluster, drain="1000-1011", throttle="50MB/s", time_zone="berlin")
    with pytest.raises(TypeError, match="`start` is a int"):
        kshift.plan(cluster, drain="1000-1011", throttle="50MB/s", start=5)  # type: ignore[arg-type]


def test_the_waves_of_a_rollback_lead_back_step_by_step(plan: kshift.Plan) -> None:
    back = plan.rollback_waves(to_wave=2)
    assert [wave.copy_seconds for wave in back] == [wave.rollback_seconds for wave in plan.waves[:0:-1]]
    assert all(wave.copy_seconds for wave in back)
    stands = {(move.topic, move.partition): move.replicas for wave in plan.waves for move in wave.partitions}
    for wave in back:
        for move in wave.partitions:
            assert stands[move.topic, move.partition] == move.previous
            stands[move.topic, move.partition] = move.replicas
    for wave in plan.waves[1:]:
        assert all(stands[move.topic, move.partition] == move.previous for move in wave.partitions)
    undone, last = back[0], plan.waves[-1]
    assert json.loads(undone.reassign_json()) == json.loads(last.rollback_json())
    assert json.loads(undone.rollback_json()) == json.loads(last.reassign_json())
    with pytest.raises(kshift.InputError, match="no wave 99"):
        plan.rollback_waves(99)


def test_brokers_before_and_after_agree_with_the_moves(plan: kshift.Plan) -> None:
    after = Counter(broker for wave in plan.waves for move in wave.partitions for broker in move.replicas)
    heads = Counter(move.replicas[0] for wave in plan.waves for move in wave.partitions)
    for broker in plan.brokers:
        assert broker.replicas_after == after[broker.id]
        assert broker.leaders_after == heads[broker.id]
        assert broker.role == ("drain" if broker.id >= 1000 else "target")
        for log_dir in broker.log_dirs:
            assert log_dir.used_peak_bytes >= max(log_dir.used_before_bytes, log_dir.used_after_bytes)


def test_a_wave_knows_its_number_times_bottleneck_and_throttle(plan: kshift.Plan) -> None:
    assert [wave.index for wave in plan.waves] == list(range(1, len(plan.waves) + 1))
    assert [wave.stage for wave in plan.waves][-1] == "internal"
    first = plan.waves[0]
    assert len(first) == len(first.partitions) == 100
    assert first.throttle == kshift.Throttle(50_000_000, 50_000_000)
    assert first.bottleneck is not None
    assert first.bottleneck.side in {"leader", "follower"}
    assert first.duration_seconds is not None
    assert first.copy_seconds is not None
    assert f"{first!r}".startswith("<kshift.Wave 1: data, 100 partitions, copies for ")


@pytest.mark.parametrize(
    "drain",
    ["1000-1011", "1000-1005, 1006-1011", range(1000, 1012), list(range(1000, 1012)), iter(range(1000, 1012))],
)
def test_ids_are_text_or_any_iterable_of_ints(cluster: kshift.Cluster, plan: kshift.Plan, drain: Any) -> None:
    onto = frozenset(range(12))
    assert kshift.plan(cluster, drain=drain, onto=onto, throttle="50MB/s", max_moves=100) == plan


def test_one_id_may_stand_alone(cluster: kshift.Cluster) -> None:
    plan = kshift.plan(cluster, drain=1003)
    assert [broker.id for broker in plan.brokers if broker.role == "drain"] == [1003]


class Index:
    """As numpy's integers: an int by `__index__` alone."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __index__(self) -> int:
        return self.value


class Array(list[int]):
    """As numpy's arrays, which have `__index__` although most cannot be one."""

    def __index__(self) -> int:
        raise TypeError("only an array of one element can be an index")


def test_ints_and_arrays_of_other_libraries_do_as_well(cluster: kshift.Cluster, plan: kshift.Plan) -> None:
    drain = Array([*range(1000, 1011)])
    drain.append(Index(1011))  # type: ignore[arg-type]
    got = kshift.plan(cluster, drain=drain, onto="0-11", throttle=Index(50_000_000), max_moves=Index(100))
    assert got == plan


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ({"throttle": "50MB/s"}, {"throttle": 50_000_000}),
        ({"throttle": "50MB/s"}, {"throttle": 50e6}),
        ({"disk_limit": "90%"}, {"disk_limit": 0.9}),
        ({"max_wave_duration": "90m"}, {"max_wave_duration": 5400}),
        ({"max_wave_duration": "90m"}, {"max_wave_duration": datetime.timedelta(minutes=90)}),
        ({"assume_size": "1kB"}, {"assume_size": 1000}),
        ({"capacity": "5TB"}, {"capacity": {"*": 5e12}}),
    ],
)
def test_rates_sizes_and_durations_are_text_or_numbers(
    cluster: kshift.Cluster, text: dict[str, Any], number: dict[str, Any]
) -> None:
    usual: dict[str, Any] = {"drain": "1000-1003", "throttle": "20MB/s"}
    assert kshift.plan(cluster, **{**usual, **text}).request == kshift.plan(cluster, **{**usual, **number}).request


def test_every_option_reaches_the_request(cluster: kshift.Cluster) -> None:
    request = kshift.plan(
        cluster,
        drain="1000-1001",
        onto="0-5",
        throttle="40MB/s",
        disk_limit="80%",
        growth=True,
        max_moves=50,
        max_moves_per_broker=20,
        max_wave_duration="3h",
        rack_policy="strict",
        topics="topic-.*",
        exclude_topics=".*-00003",
        canary=2,
        skip_unhealthy=True,
        assume_size="1GB",
        capacity="1TB",
        racks={"0": "az-0"},
        seed=9,
        prefer="time",
        weights={"in": 2.0},
    ).request
    assert request == {
        "drain": "1000-1001",
        "onto": "0-5",
        "throttle": 40_000_000,
        "disk_limit": 0.8,
        "ignore_disk": False,
        "growth": True,
        "max_moves": 50,
        "max_moves_per_broker": 20,
        "max_wave_duration": 10800.0,
        "strategy": "direct",
        "rack_policy": "strict",
        "topics": "topic-.*",
        "exclude_topics": ".*-00003",
        "canary": 2,
        "skip_unhealthy": True,
        "prefer": "time",
        "weights": {"leaders": 1.0, "in": 2.0, "out": 1.0},
        "seed": 9,
        "exact": False,
        "supplements": {
            "assume_size": 10**9,
            "capacity": {"every": 10**12, "broker": {}, "dir": {}},
            "racks": {"broker": {"0": "az-0"}, "rename": {}},
        },
    }


def test_an_option_that_is_none_is_not_given(cluster: kshift.Cluster) -> None:
    options = (
        "onto throttle disk_limit max_moves max_moves_per_broker max_wave_duration rack_policy topics exclude_topics "
        "canary assume_size capacity racks seed prefer weights"
    )
    nothing: dict[str, Any] = dict.fromkeys(options.split())
    assert kshift.plan(cluster, drain=1000, **nothing) == kshift.plan(cluster, drain=1000)


def test_either_preference_tells_what_the_other_one_gives() -> None:
    cluster = kshift.Cluster.example(partitions=300, hetero=True, new_fill=0.4)
    disk, time = (
        kshift.plan(cluster, drain="1000-1011", throttle="50MB/s", prefer=prefer).summary for prefer in ("disk", "time")
    )
    assert disk.trade is not None
    assert disk.trade == time.trade
    by_fill, by_time = disk.trade.disk, disk.trade.time
    assert isinstance(by_fill, kshift.Outcome)
    assert isinstance(by_time, kshift.Outcome)
    assert by_fill.receiving_seconds is not None
    assert by_time.receiving_seconds is not None
    assert by_fill.fullest_target is not None
    assert by_time.fullest_target is not None
    assert by_time.receiving_seconds < by_fill.receiving_seconds
    assert by_fill.fullest_target < by_time.fullest_target
    assert isinstance(disk.trade, kshift.Trade)


def test_a_preference_is_told_only_where_sizes_differ(plan: kshift.Plan) -> None:
    assert plan.summary.trade is None


def test_weights_are_text_or_a_mapping(cluster: kshift.Cluster) -> None:
    of_text, of_mapping, usual = (
        kshift.plan(cluster, drain="1000-1003", weights=weights)
        for weights in ("in=2,out=0", {"in": 2, "out": 0.0}, None)
    )
    assert of_text == of_mapping
    assert of_text.request["weights"] == {"leaders": 1.0, "in": 2.0, "out": 0.0}
    assert "weights" not in usual.request


def test_completing_before_or_while_planning_is_the_same(kafka_output: Path) -> None:
    cluster = kshift.Cluster.load(kafka_output)
    while_planning = kshift.plan(cluster, drain="1001-1003", onto="0-2", capacity="10GB")
    before = kshift.plan(cluster.complete(capacity="10GB"), drain="1001-1003", onto="0-2")
    assert while_planning == before
    assert while_planning.to_json() == before.to_json()


def test_nothing_to_move_is_a_plan_without_waves(small: kshift.Cluster) -> None:
    plan = kshift.plan(small, drain=3)
    assert plan.waves == ()
    assert plan.complete
    assert json.loads(plan.reassign_json()) == {"version": 1, "partitions": []}


# Looking


def test_a_plan_shows_itself_as_text_and_as_tables(plan: kshift.Plan, cluster: kshift.Cluster) -> None:
    assert "1,050 to move, of 1,050 on the drained brokers" in str(plan)
    assert repr(plan).startswith(f"<kshift.Plan: {len(plan.waves)} waves, 1,050 replicas, ")
    html = plan._repr_html_()
    assert html.count("<table>") == html.count("</table>") == 2
    assert "1001" in html
    assert "<script" not in html
    assert cluster._repr_html_().count("<tr>") == 25


def test_names_cannot_break_out_of_the_tables() -> None:
    broker = {"id": 1, "rack": "<script>alert('x')</script>"}
    topic = {"name": "t", "partitions": [{"partition": 0, "replicas": [1], "size_bytes": 1}]}
    content = {"kind": "kshift.cluster", "version": 1, "name": "<b>&", "brokers": [broker], "topics": [topic]}
    html = kshift.Cluster.from_json(json.dumps(content))._repr_html_()
    assert "<script>" not in html
    assert "<b>" not in html
    assert "&lt;b&gt;&amp;" in html


def test_why_tells_the_story_of_a_partition(plan: kshift.Plan) -> None:
    move = plan.waves[0].partitions[0]
    why = plan.why(move.topic, move.partition)
    assert str(why).startswith(f"{move.topic}-{move.partition} moves in wave 1")
    (step,) = why.steps
    assert (step.before, step.after) == (move.previous, move.replicas)
    targets = [change.target for change in step.changes]
    assert [target.broker for target in targets if target is not None] == list(move.adding)
    sources = [change.source for change in step.changes]
    assert {source.broker for source in sources if source is not None} == set(move.removing)
    stays = plan.why(move.topic, 2_000_000)
    assert stays.steps == ()
    assert stays.stays_because


def test_what_is_looked_at_is_plain_and_frozen(plan: kshift.Plan) -> None:
    assert dataclasses.asdict(plan.summary)["waves"] == len(plan.waves)
    with pytest.raises(dataclasses.FrozenInstanceError):
        plan.summary.waves = 3  # type: ignore[misc]
    with pytest.raises(AttributeError):
        plan.complete = False  # type: ignore[misc]
    plan.request["drain"] = "changed"
    assert plan.request["drain"] == "1000-1011"


def test_unhealthy_partitions_are_deferred_by_name() -> None:
    partitions: list[dict[str, Any]] = [
        {"partition": number, "replicas": [1, 2], "size_bytes": 1} for number in range(2)
    ]
    partitions[1]["leader"] = None
    cluster = kshift.Cluster.from_json(json.dumps(snapshot(topics=[{"name": "t", "partitions": partitions}])))
    plan = kshift.plan(cluster, drain=1, skip_unhealthy=True)
    assert not plan.complete
    assert [(entry.topic, entry.partition) for entry in plan.deferred] == [("t", 1)]
    assert plan.deferred[0].reason
    assert "deferred" in {warning.code for warning in plan.warnings}


# Handing over


def test_exports_are_the_files_of_the_plan_by_name(plan: kshift.Plan) -> None:
    wave = plan.waves[-1]
    assert plan.export("kafka") == {"reassign.json": plan.reassign_json()}
    assert plan.export("kafka", wave=wave.index) == {"reassign.json": wave.reassign_json()}
    assert plan.export("throttle", wave=wave.index) == {"throttle.json": wave.throttle_json()}
    assert plan.export("runbook") == {"runbook.md": plan.runbook().encode()}
    for wrong in (
        lambda: plan.export("kafka", wave=len(plan.waves) + 1),
        lambda: plan.export("runbook", wave=1),  # type: ignore[call-overload]
        lambda: plan.export("kafak"),  # type: ignore[call-overload]
    ):
        with pytest.raises(kshift.InputError):
            wrong()


def test_the_files_of_a_directory_are_those_of_the_waves(
    cluster: kshift.Cluster, plan: kshift.Plan, tmp_path: Path
) -> None:
    out = tmp_path / "plan"
    plan.write(out)
    assert (out / "plan.json").read_bytes() == plan.to_json()
    assert (out / "runbook.md").read_text() == plan.runbook()
    assert plan.export("html") == {"report.html": (out / "report.html").read_bytes()}
    for wave in plan.waves:
        directory = out / "waves" / f"{wave.index:03}"
        files = {
            "reassign.json": wave.reassign_json(),
            "rollback.json": wave.rollback_json(),
            "election.json": wave.election_json(),
            "throttle.json": wave.throttle_json(),
        }
        if files["throttle.json"] is not None:
            files |= plan.export("throttle", wave=wave.index, script="set")
            files |= plan.export("throttle", wave=wave.index, script="unset")
        assert {path.name: path.read_bytes() for path in directory.iterdir()} == {
            name: content for name, content in files.items() if content is not None
        }
    assert kshift.Plan.load(out) == kshift.Plan.load(out / "plan.json") == plan
    assert kshift.check(cluster, out)
    with pytest.raises(kshift.InputError) as error:
        plan.write(out)
    assert error.value.code == "output-exists"
    plan.write(out, force=True)


def test_a_saved_plan_reads_back_as_the_same(plan: kshift.Plan, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    plan.save(path)
    for again in (
        kshift.Plan.load(str(path)),
        kshift.Plan.from_json(plan.to_json()),
        kshift.Plan.from_json(plan.to_json().decode()),
    ):
        assert again == plan
        assert again.to_json() == plan.to_json()


def test_the_whole_move_and_its_way_back_name_every_partition(plan: kshift.Plan) -> None:
    def lists(content: bytes) -> dict[tuple[str, int], list[int]]:
        return {(row["topic"], row["partition"]): row["replicas"] for row in json.loads(content)["partitions"]}

    moves = [move for wave in plan.waves for move in wave.partitions]
    assert lists(plan.reassign_json()) == {(m.topic, m.partition): list(m.replicas) for m in moves}
    assert lists(plan.rollback()) == {(m.topic, m.partition): list(m.previous) for m in moves}
    last = plan.waves[-1]
    assert lists(plan.rollback(to_wave=last.index)) == {
        (m.topic, m.partition): list(m.previous) for m in last.partitions
    }


# Checking


def test_a_check_holds_for_the_plan_and_fails_after_drift(small: kshift.Cluster) -> None:
    plan = kshift.plan(small, drain=1)
    report = kshift.check(small, plan)
    assert report
    assert (report.waves, report.moves, report.violations) == (1, 1, ())
    drifted = snapshot()
    drifted["topics"][0]["partitions"][0]["replicas"] = [2, 3]
    report = kshift.check(kshift.Cluster.from_json(json.dumps(drifted)), plan)
    assert not report
    assert "drift" in {violation.rule for violation in report.violations}
    assert "violation[drift]" in str(report)


def test_a_reassignment_of_others_is_judged_by_the_limits_given(small: kshift.Cluster, tmp_path: Path) -> None:
    path = tmp_path / "reassign.json"
    path.write_text('{"version":1,"partitions":[{"topic":"t","partition":0,"replicas":[2,3]}]}')
    assert kshift.check(small, path, drain=1)
    assert not kshift.check(small, path, drain=2)
    (violation,) = kshift.check(small, path, disk_limit="5%").violations
    assert (violation.rule, violation.broker) == ("disk-limit", 3)


def test_the_plan_is_judged_with_what_it_was_completed_with(kafka_output: Path, tmp_path: Path) -> None:
    cluster = kshift.Cluster.load(kafka_output)
    plan = kshift.plan(cluster, drain="1001-1003", onto="0-2", capacity="10GB", racks={"use1-az1": "west"})
    plan.write(tmp_path / "plan")
    for judged in (plan, tmp_path / "plan", tmp_path / "plan" / "plan.json"):
        report = kshift.check(cluster, judged)
        assert report
        assert report.warnings == ()


# Threads


def test_many_threads_may_share_a_cluster_and_agree(cluster: kshift.Cluster, plan: kshift.Plan) -> None:
    found: list[bytes] = []

    def work() -> None:
        made = kshift.plan(cluster, drain="1000-1011", onto="0-11", throttle="50MB/s", max_moves=100)
        found.append(made.to_json())

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [plan.to_json()] * 8


# Other ways of asking


def test_pairs_are_text_a_mapping_or_chosen_and_the_plan_names_them(cluster: kshift.Cluster) -> None:
    plan = kshift.plan(cluster, pair={1000: 0, 1001: 1})
    assert plan.request["pair"] == "1000:0,1001:1"
    assert kshift.plan(cluster, pair="1001:1,1000:0") == plan
    moved = [move for wave in plan.waves for move in wave.partitions]
    twins = {1000: 0, 1001: 1}
    assert all(list(move.replicas) == [twins.get(broker, broker) for broker in move.previous] for move in moved)
    auto = kshift.plan(cluster, drain="1000-1011", pair="auto")
    assert auto.request["pair"].count(":") == 12
    assert kshift.check(cluster, auto)
    with pytest.raises(kshift.InputError, match="stands twice"):
        kshift.plan(cluster, pair={1000: 0, 1001: 0})
    with pytest.raises(TypeError):
        kshift.plan(cluster, pair={"1000": 0})  # type: ignore[dict-item]
    with pytest.raises(kshift.InputError, match="needs --drain"):
        kshift.plan(cluster, pair="auto")


def test_a_placement_is_a_file_or_a_mapping(cluster: kshift.Cluster, plan: kshift.Plan, tmp_path: Path) -> None:
    file = tmp_path / "r.json"
    file.write_bytes(plan.reassign_json())
    from_file = kshift.plan(cluster, target=file, throttle="50MB/s")
    assert kshift.plan(cluster, target=json.loads(plan.reassign_json()), throttle="50MB/s") == from_file
    assert from_file.reassign_json() == plan.reassign_json()
    assert kshift.check(cluster, from_file)
    first = json.loads(plan.reassign_json())["partitions"][0]
    fewer = {"partitions": [{**first, "replicas": first["replicas"][:2]}]}
    with pytest.raises(kshift.InputError, match="--allow-rf-change"):
        kshift.plan(cluster, target=fewer)
    assert len(kshift.plan(cluster, target=fewer, allow_rf_change=True).waves) == 1


def test_a_rack_is_drained_by_its_name_and_the_plan_names_its_brokers(cluster: kshift.Cluster) -> None:
    rack = next(broker.rack for broker in cluster.brokers if broker.id == 1000)
    assert rack is not None
    inside = [broker.id for broker in cluster.brokers if broker.rack == rack]
    plan = kshift.plan(cluster, drain_rack=rack, rack_policy="ignore")
    assert plan.request["drain_rack"] == [rack]
    assert [broker.id for broker in plan.brokers if broker.role == "drain"] == inside
    assert all(broker.replicas_after == 0 for broker in plan.brokers if broker.role == "drain")
    assert kshift.plan(cluster, drain_rack=[rack], rack_policy="ignore") == plan
    assert kshift.check(cluster, plan, drain_rack=rack)


def test_leadership_alone_moves_and_nothing_is_copied(cluster: kshift.Cluster) -> None:
    plan = kshift.plan(cluster, drain="1000-1001", leaders_only=True, throttle="1MB/s")
    assert plan.request["leaders_only"] is True
    assert (plan.summary.replicas_moved, plan.summary.bytes_moved) == (0, 0)
    assert {wave.stage for wave in plan.waves} <= {"leadership", "internal"}
    assert all(wave.copy_seconds == 0 and wave.throttle_json() is None for wave in plan.waves)
    brokers = {broker.id: broker for broker in plan.brokers}
    assert [brokers[number].leaders_after for number in (1000, 1001)] == [0, 0]
    assert all(broker.replicas_before == broker.replicas_after for broker in plan.brokers)
    elections = [json.loads(wave.election_json() or b'{"partitions":[]}')["partitions"] for wave in plan.waves]
    assert sum(map(len, elections)) == sum(brokers[number].leaders_before for number in (1000, 1001))
    assert kshift.check(cluster, plan)
    with pytest.raises(kshift.InputError):
        kshift.plan(cluster, drain=1000, leaders_only=True, exact=True)


def test_followers_alone_leave_and_no_leader_changes(cluster: kshift.Cluster) -> None:
    plan = kshift.plan(cluster, drain="1000-1001", replicas_only=True, throttle="1MB/s")
    assert plan.request["replicas_only"] is True
    moves = [move for wave in plan.waves for move in wave.partitions]
    assert len(moves) > 0
    assert all(move.leader == move.leader_after and move.replicas[0] == move.previous[0] for move in moves)
    assert all(wave.election_json() is None for wave in plan.waves)
    drained = [broker for broker in plan.brokers if broker.id in (1000, 1001)]
    assert all(broker.leaders_before == broker.leaders_after <= broker.replicas_after for broker in drained)
    assert kshift.check(cluster, plan)
    with pytest.raises(kshift.InputError, match="exclude each other"):
        kshift.plan(cluster, drain=1000, leaders_only=True, replicas_only=True)


def test_log_dirs_are_emptied_within_their_brokers(tmp_path: Path) -> None:
    gigabytes = 10**9
    dirs = [{"path": path, "capacity_bytes": 100 * gigabytes} for path in ("/d1", "/d2", "/d3")]
    partitions = [
        {"partition": number, "replicas": [1], "size_bytes": size * gigabytes, "log_dirs": ["/d1"]}
        for number, size in enumerate((9, 8, 3, 2))
    ]
    file = tmp_path / "jbod.json"
    brokers = [{"id": 1, "log_dirs": dirs}]
    topics = [{"name": "t", "partitions": partitions}]
    file.write_text(json.dumps({"kind": "kshift.cluster", "version": 1, "brokers": brokers, "topics": topics}))
    cluster = kshift.Cluster.load(file)
    plan = kshift.plan(cluster, drain_dir="1:/d1", throttle="10MB/s")
    assert plan.request["drain_dir"] == ["1:/d1"]
    assert kshift.plan(cluster, drain_dir=["1:/d1"], throttle="10MB/s") == plan
    (wave,) = plan.waves
    assert (wave.stage, wave.copy_seconds, wave.throttle) == ("log-dirs", 2200.0, None)
    assert all(move.replicas == move.previous and move.previous_log_dirs == ("/d1",) for move in wave.partitions)
    assert {move.log_dirs for move in wave.partitions} == {("/d2",), ("/d3",)}
    throttle = json.loads(wave.throttle_json() or b"null")
    assert throttle["brokers"] == {"1": {"replica.alter.log.dirs.io.max.bytes.per.second": 10_000_000}}
    assert [entry.used_after_bytes for entry in plan.brokers[0].log_dirs] == [0, 11 * gigabytes, 11 * gigabytes]
    assert kshift.check(cluster, plan)
    with pytest.raises(kshift.InputError, match="exclude each other"):
        kshift.plan(cluster, drain_dir="1:/d1", drain=1)


def test_brokers_have_rates_of_their_own(cluster: kshift.Cluster, tmp_path: Path) -> None:
    rates = {"0-3": "20MB/s", 4: {"leader_bytes_per_sec": 7_000_000, "follower_bytes_per_sec": "9MB/s"}, 5: 1e6}
    plan = kshift.plan(cluster, drain=range(1000, 1012), throttle="50MB/s", rates=rates)
    own = {one.id: one for wave in plan.waves if wave.throttle for one in wave.throttle.brokers}
    assert (own[4].leader_bytes_per_sec, own[4].follower_bytes_per_sec) == (7_000_000, 9_000_000)
    assert own[0].leader_bytes_per_sec == 20_000_000
    assert own[1000].follower_bytes_per_sec == 50_000_000
    assert plan.request["rates"]["5"] == {"leader_bytes_per_sec": 1_000_000, "follower_bytes_per_sec": 1_000_000}
    assert kshift.check(cluster, plan)
    path = tmp_path / "rates.json"
    path.write_text(json.dumps({"4": 5_000_000, "0-3,5-11": 6_000_000}))
    sides = kshift.plan(cluster, drain=1000, leader_throttle=5e7, follower_throttle="60MB/s", rates=path)
    assert sides.request["rates"]["4"]["leader_bytes_per_sec"] == 5_000_000
    assert sides.request["follower_throttle"] == 60_000_000
    for wrong, code in [
        ({"rates": {99: "5MB/s"}}, "unknown-broker"),
        ({"rates": {"4": 0}}, "invalid-value"),
        ({"leader_throttle": "5MB/s"}, "usage"),
        ({"rates": {4: 5}, "headroom": "30%"}, "usage"),
        ({"headroom": "30%"}, "missing-capacity"),
    ]:
        with pytest.raises(kshift.InputError) as error:
            kshift.plan(cluster, drain=1000, **wrong)  # type: ignore[arg-type]
        assert error.value.code == code, wrong


def test_the_forecast_can_be_changed_and_says_what_limits_it(cluster: kshift.Cluster) -> None:
    usual = kshift.plan(cluster, drain=1000, throttle="50MB/s")
    far = kshift.plan(cluster, drain=1000, throttle="50MB/s", forecast={"rtt_seconds": 2.0})
    assert far.request["forecast"]["rtt_seconds"] == 2.0
    assert "forecast" not in usual.request
    assert usual.summary.eta_seconds is not None
    assert far.summary.eta_seconds is not None
    assert far.summary.eta_seconds.expected > usual.summary.eta_seconds.expected
    limit = far.waves[0].limit
    assert limit is not None
    assert limit.cap == "fetch"
    assert limit.source is not None
    with pytest.raises(kshift.InputError):
        kshift.plan(cluster, drain=1000, throttle="50MB/s", forecast={"rtt": 1})


def test_every_wave_says_what_the_loss_of_one_broker_or_rack_would_do(plan: kshift.Plan) -> None:
    span = plan.summary.at_risk
    assert isinstance(span, kshift.AtRiskSpan)
    for wave in plan.waves:
        assert isinstance(wave.at_risk, kshift.AtRisk)
        assert wave.at_risk.broker_loss.below_min_isr <= span.most.broker_loss.below_min_isr
    racks = span.before.rack_loss
    assert isinstance(racks, kshift.LossRisk)
    assert racks.worst is None or isinstance(racks.worst, kshift.WorstLoss)


def test_the_summary_tells_what_balanced_sources_would_gain_and_how_few_waves_there_can_be() -> None:
    cluster = kshift.Cluster.example(partitions=600, sigma=2)
    summary, balanced = (
        kshift.plan(cluster, drain="1000-1011", throttle="50MB/s", balance_sources=balance).summary
        for balance in (False, True)
    )
    gain = summary.balance_sources
    assert isinstance(gain, kshift.SourcesGain)
    assert gain.balanced_seconds <= gain.curve[0].seconds <= gain.seconds
    assert isinstance(gain.curve[0], kshift.GainPoint)
    assert balanced.balance_sources is None
    assert summary.waves_lower_bound is not None
    assert 1 <= summary.waves_lower_bound <= summary.waves
    assert summary.waves_lower_bound_by is not None
