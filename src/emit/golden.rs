//! Every format made from one small plan and compared with the files in tests/golden, and the directory as
//! a whole. `KSHIFT_BLESS=1` writes the files anew; look at the difference before you commit it.

use std::path::{Path, PathBuf};

use super::{
    cruise_control, election, kafka, out_dir, rollback_dir, runbook, runbook_back, throttle, throttle_sh, tools::Tools,
};
use crate::base::broker_dirs::BrokerDirs;
use crate::base::error::Code;
use crate::base::fs;
use crate::base::ids::{BrokerId, IdSet};
use crate::base::units::BytesPerSec;
use crate::base::work::Work;
use crate::plan::rollback::{rollback, waves};
use crate::plan::{self, BrokerThrottle, LISTS, Plan, Role, Stage, Throttle, sample, throttled};
use crate::snapshot::BrokerState;

/// Compares with `tests/golden/NAME`.
pub(super) fn golden(name: &str, found: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    #[expect(clippy::disallowed_methods, reason = "a test may ask whether to write its expectations anew")]
    let bless = std::env::var("KSHIFT_BLESS").is_ok_and(|value| value == "1");
    if bless {
        fs::write_file(&path, found).unwrap();
    }
    let expected = String::from_utf8(fs::read(&path).unwrap()).unwrap();
    assert_eq!(String::from_utf8_lossy(found), expected, "{name} differs; KSHIFT_BLESS=1 writes it anew");
}

/// A directory that is gone when the test ends.
struct Scratch(PathBuf);
impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("kshift-emit-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir(&path).unwrap();
        Scratch(path)
    }
    fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
    fn is_empty(&self) -> bool {
        std::fs::read_dir(&self.0).unwrap().next().is_none()
    }
}
impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn names(dir: &Path) -> Vec<String> {
    fs::list_tree(dir).unwrap().iter().map(|path| path.to_str().unwrap().to_owned()).collect()
}

/// The sample with as many more small waves as make it longer than what is written out.
fn many_waves() -> Plan {
    let mut plan = sample::sample();
    for partition in 100..111 {
        let row = sample::Row::new("a-b", partition, &[1001, 7], &[10, 7], 20_000_000_000);
        sample::push_wave(&mut plan, Stage::Data, Some(sample::THROTTLE), &[row]);
    }
    plan
}

#[test]
fn every_format_looks_as_it_did() {
    let plan = sample::sample();
    let (canary, data) = (&plan.waves[0], &plan.waves[1]);
    golden("plan.json", &plan::write(&plan));
    golden("reassign-whole.json", &kafka::whole(&plan));
    golden("reassign-dirs.json", &kafka::reassign(&plan, canary));
    golden("reassign.json", &kafka::reassign(&plan, data));
    golden("rollback-dirs.json", &kafka::rollback(&plan, canary));
    golden("rollback.json", &kafka::rollback(&plan, data));
    golden("election.json", &election::election(&plan, data).unwrap());
    golden("throttle.json", &throttle::throttle(&plan, data).unwrap());
    golden("runbook.md", runbook::runbook(&plan).as_bytes());
    golden("runbook-many-waves.md", runbook::runbook(&many_waves()).as_bytes());
    golden("runbook-nothing-to-do.md", runbook::runbook(&sample::empty(&[])).as_bytes());
    let back = rollback(&plan, 2).unwrap();
    golden("back-reassign.json", &kafka::restore(&back));
    let undone = waves(&plan, 2).unwrap();
    golden("back-wave-reassign.json", &kafka::reassign(&undone, &undone.waves[1]));
    golden("back-wave-rollback.json", &kafka::rollback(&undone, &undone.waves[1]));
    golden("back-election.json", &election::election(&undone, &undone.waves[1]).unwrap());
    golden("back-throttle.json", &throttle::throttle(&undone, &undone.waves[1]).unwrap());
    golden("back-runbook.md", runbook_back::runbook(&back, &undone).as_bytes());
}

#[test]
fn the_files_for_cruise_control_look_as_they_did() {
    let plans = [("", sample::sample()), ("leaders-", leaders_only()), ("dirs-", drain_dir())];
    for (prefix, plan) in plans {
        let files = cruise_control::export(&plan, None, &cruise_control::Options::default()).unwrap();
        let names: Vec<&str> = files.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["proposals.json", "capacity.json", "brokerSets.json", "calls.json", "calls.md"]);
        for (name, content) in files.iter() {
            golden(&format!("cruise-control/{prefix}{name}"), content);
        }
    }
    let wave = cruise_control::Options { wave: Some(2), naming: cruise_control::Naming::Text, ..Default::default() };
    let only = cruise_control::Options { only: Some(cruise_control::Part::Proposals), ..wave };
    let files = cruise_control::export(&sample::sample(), None, &only).unwrap();
    golden("cruise-control/wave-proposals.json", files.single().unwrap());
    let none = cruise_control::Options { wave: Some(9), ..wave };
    assert_eq!(cruise_control::export(&sample::sample(), None, &none).unwrap_err().code(), Code::InvalidValue);
}

/// Leadership off brokers 1001 and 1002, in a wave of two and one of an internal topic.
fn leaders_only() -> Plan {
    let mut plan = sample::empty(&["__consumer_offsets", "a-b"]);
    plan.request.leaders_only = true;
    let stays = |leader: i32| (Some(leader), Some(leader));
    let row = |topic, partition, previous, replicas, leader| {
        let (leader, leader_after) = stays(leader);
        sample::Row { leader, leader_after, ..sample::Row::new(topic, partition, previous, replicas, 7_000_000_000) }
    };
    let data = [
        row("a-b", 1, &[1001, 1002, 7], &[7, 1001, 1002], 1001),
        row("a-b", 0, &[1002, 2, 7], &[2, 7, 1002], 1002),
        row("a-b", 2, &[1001, 2], &[2, 1001], 2),
    ];
    sample::push_wave(&mut plan, Stage::Leadership, None, &data);
    let internal = [row("__consumer_offsets", 0, &[1001, 7], &[7, 1001], 1001)];
    sample::push_wave(&mut plan, Stage::Internal, None, &internal);
    plan
}

#[test]
fn a_plan_that_moves_leadership_alone_looks_as_it_did() {
    let plan = leaders_only();
    let wave = &plan.waves[0];
    golden("leaders-reassign.json", &kafka::reassign(&plan, wave));
    golden("leaders-rollback.json", &kafka::rollback(&plan, wave));
    golden("leaders-election.json", &election::election(&plan, wave).unwrap());
    golden("leaders-runbook.md", runbook::runbook(&plan).as_bytes());
    assert_eq!(throttle::throttle(&plan, wave), None, "nothing is copied");
}

/// A partition whose list stays, with its log dirs after and before.
fn within<'a>(topic: &'a str, partition: i32, list: &'a [i32], dirs: [&'a [&'a str]; 2]) -> sample::Row<'a> {
    let [dirs, previous_dirs] = dirs;
    sample::Row { dirs, previous_dirs, ..sample::Row::new(topic, partition, list, list, 7_000_000_000) }
}

/// A log dir of broker 10 is emptied within it, in a wave of two and one of an internal topic.
fn drain_dir() -> Plan {
    let mut plan = sample::empty(&["__consumer_offsets", "a-b"]);
    plan.request.drain = IdSet::default();
    plan.request.onto = None;
    plan.request.drain_dir = BrokerDirs::parse("10:/kafka/d1").unwrap();
    for broker in &mut plan.brokers {
        broker.role = if broker.id.get() == 10 { Role::Target } else { Role::Other };
    }
    let data = [
        within("a-b", 1, &[10, 7], [&["/kafka/d2", "any"], &["/kafka/d1", "/kafka/d1"]]),
        within("a-b", 0, &[7, 10], [&["any", "/kafka/d2"], &["any", "/kafka/d1"]]),
    ];
    sample::push_wave(&mut plan, Stage::LogDirs, None, &data);
    let internal = within("__consumer_offsets", 0, &[10, 1], [&["/kafka/d2", "any"], &["/kafka/d1", "any"]]);
    sample::push_wave(&mut plan, Stage::Internal, None, &[internal]);
    plan
}

#[test]
fn a_plan_that_empties_log_dirs_looks_as_it_did() {
    let plan = drain_dir();
    let wave = &plan.waves[0];
    golden("dirs-reassign.json", &kafka::reassign(&plan, wave));
    golden("dirs-rollback.json", &kafka::rollback(&plan, wave));
    golden("dirs-throttle.json", &throttle::throttle(&plan, wave).unwrap());
    golden("dirs-runbook.md", runbook::runbook(&plan).as_bytes());
    assert_eq!(election::election(&plan, wave), None, "no leader changes");
    let back = rollback(&plan, 1).unwrap();
    golden("dirs-back-reassign.json", &kafka::restore(&back));
    let undone = waves(&plan, 1).unwrap();
    golden("dirs-back-runbook.md", runbook_back::runbook(&back, &undone).as_bytes());
    let last = undone.waves.last().unwrap();
    assert_eq!(throttle::throttle(&undone, last), throttle::throttle(&plan, wave), "it copies on the same brokers");
}

#[test]
fn a_plan_without_moves_is_an_empty_list() {
    assert_eq!(kafka::whole(&sample::empty(&[])), br#"{"version":1,"partitions":[]}"#);
}

#[test]
fn the_whole_plan_holds_the_last_list_of_a_partition_that_moves_twice() {
    let mut plan = sample::empty(&["t"]);
    for (previous, replicas) in [(&[1001, 1002], &[1, 1002]), (&[1, 1002], &[1, 2])] {
        sample::push_wave(&mut plan, Stage::Data, None, &[sample::Row::new("t", 0, previous, replicas, 5)]);
    }
    let whole = String::from_utf8(kafka::whole(&plan)).unwrap();
    assert_eq!(whole, r#"{"version":1,"partitions":[{"topic":"t","partition":0,"replicas":[1,2]}]}"#);
}

/// The move and the lists are those of a run of Kafka's tool on 4.3.1 and on 3.9.2.
#[test]
fn throttled_lists_are_those_that_kafkas_own_tool_sets() {
    let mut plan = sample::empty(&["a-b-3", "orders.v1"]);
    let old = [1001, 1002, 1003];
    let rows = [
        sample::Row::new("orders.v1", 0, &old, &[0, 1002, 1003], 5),
        sample::Row::new("orders.v1", 1, &[1002, 1003, 1001], &[1, 2, 0], 5),
        sample::Row::new("a-b-3", 0, &old, &[0, 1, 2], 5),
        sample::Row::new("a-b-3", 1, &[1003, 1002, 1001], &[2, 1, 0], 5),
    ];
    sample::push_wave(&mut plan, Stage::Data, Some(sample::THROTTLE), &rows);
    let text = String::from_utf8(throttle::throttle(&plan, &plan.waves[0]).unwrap()).unwrap();
    let topics = text.split_once("\"topics\":").unwrap().1;
    assert_eq!(
        topics,
        "{\"a-b-3\":{\"leader.replication.throttled.replicas\":\"0:1001,0:1002,0:1003,1:1001,1:1002,1:1003\",\
         \"follower.replication.throttled.replicas\":\"0:0,0:1,0:2,1:0,1:1,1:2\"},\
         \"orders.v1\":{\"leader.replication.throttled.replicas\":\"0:1001,0:1002,0:1003,1:1001,1:1002,1:1003\",\
         \"follower.replication.throttled.replicas\":\"0:0,1:0,1:1,1:2\"}}}"
    );
}

#[test]
fn a_wave_that_copies_nothing_or_has_no_throttle_has_no_throttle_file() {
    let mut plan = sample::empty(&["t"]);
    sample::push_wave(&mut plan, Stage::Data, Some(sample::THROTTLE), &[sample::Row::new("t", 0, &[1, 2], &[2, 1], 5)]);
    sample::push_wave(&mut plan, Stage::Data, None, &[sample::Row::new("t", 0, &[2, 1], &[2, 10], 5)]);
    assert!(plan.waves.iter().all(|wave| throttle::throttle(&plan, wave).is_none()));
}

#[test]
fn a_directory_holds_every_file_and_no_other() {
    let scratch = Scratch::new("layout");
    let out = scratch.join("out");
    let plan = sample::sample();
    out_dir::write(&plan, &out, false, &Work::new()).unwrap();
    assert_eq!(
        names(&out),
        [
            "plan.json",
            "report.html",
            "runbook.md",
            "waves/001/reassign.json",
            "waves/001/rollback.json",
            "waves/001/throttle.json",
            "waves/001/throttle.sh",
            "waves/001/unthrottle.sh",
            "waves/002/election.json",
            "waves/002/reassign.json",
            "waves/002/rollback.json",
            "waves/002/throttle.json",
            "waves/002/throttle.sh",
            "waves/002/unthrottle.sh",
            "waves/003/reassign.json",
            "waves/003/rollback.json",
            "waves/003/throttle.json",
            "waves/003/throttle.sh",
            "waves/003/unthrottle.sh",
        ]
    );
    let text = String::from_utf8(fs::read(&out.join("plan.json")).unwrap()).unwrap();
    assert_eq!(plan::read(&text, "plan.json").unwrap(), plan);
    rollback_dir::write(&rollback(&plan, 1).unwrap(), &scratch.join("back"), &Work::new()).unwrap();
    let files = ["runbook.md", "waves/001/reassign.json"];
    assert!(files.iter().all(|file| names(&scratch.join("back")).contains(&(*file).to_owned())));
}

#[test]
fn only_an_empty_directory_or_a_plan_is_replaced() {
    let scratch = Scratch::new("force");
    let out = scratch.join("out");
    let write = |force| out_dir::write(&sample::sample(), &out, force, &Work::new());
    let refused = |force| assert_eq!(write(force).unwrap_err().code(), Code::OutputExists);
    std::fs::create_dir(&out).unwrap();
    refused(false);
    write(true).unwrap();
    refused(false);
    write(true).unwrap();
    for foreign in ["waves/001/notes.txt", "waves/01/reassign.json", "kept.txt"] {
        std::fs::create_dir_all(out.join("waves/01")).unwrap();
        fs::write_file(&out.join(foreign), b"mine").unwrap();
        refused(true);
        assert_eq!(fs::read(&out.join(foreign)).unwrap(), b"mine");
        std::fs::remove_file(out.join(foreign)).unwrap();
    }
    fs::write_file(&out.join("plan.json"), b"{\"kind\":\"another\"}").unwrap();
    refused(true);
    std::fs::remove_file(out.join("plan.json")).unwrap();
    refused(true);
}

#[test]
fn an_interrupted_write_leaves_nothing() {
    let scratch = Scratch::new("stop");
    let work = Work::new();
    work.stop();
    let error = out_dir::write(&sample::sample(), &scratch.join("out"), false, &work).unwrap_err();
    assert_eq!(error.code(), Code::Interrupted);
    let error =
        rollback_dir::write(&rollback(&sample::sample(), 1).unwrap(), &scratch.join("back"), &work).unwrap_err();
    assert_eq!(error.code(), Code::Interrupted);
    assert!(scratch.is_empty());
}

#[test]
fn waves_are_numbered_with_as_many_digits_as_needed() {
    let mut plan = sample::empty(&[]);
    for _ in 0..1_000 {
        sample::push_wave(&mut plan, Stage::Data, None, &[]);
    }
    assert_eq!(out_dir::wave_dir(&plan, 7), "waves/0007");
    plan.waves.truncate(999);
    assert_eq!(out_dir::wave_dir(&plan, 7), "waves/007");
}

#[test]
fn the_bytes_do_not_depend_on_the_number_of_threads() {
    let plan = sample::large(30_000);
    let with_threads = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| (plan::write(&plan), runbook::runbook(&plan)))
    };
    assert!(with_threads(1) == with_threads(8));
}

/// Commands as they stand in the blocks of a runbook.
fn commands(runbook: &str) -> Vec<String> {
    runbook.split("```bash\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// With `bash -n`, and with shellcheck where it is installed.
#[test]
fn every_command_is_clean_bash() {
    let mut apart = many_waves();
    apart.waves[0].throttle = Some(Throttle { follower_bytes_per_sec: BytesPerSec::new(1), ..sample::THROTTLE });
    let back = runbook_back::runbook(&rollback(&apart, 1).unwrap(), &waves(&apart, 1).unwrap());
    let texts = [
        runbook::runbook(&sample::sample()),
        runbook::runbook(&apart),
        runbook::runbook(&with_rates()),
        runbook::runbook(&kept()),
        runbook::runbook_for(&kept(), Tools::of(&kept()).with_version("4.3").unwrap()),
        runbook::runbook(&leaders_only()),
        runbook::runbook(&drain_dir()),
        back,
    ];
    let mut script = "#!/bin/bash\n".to_owned();
    script.extend(texts.iter().flat_map(|text| commands(text)));
    assert_clean("bash", &script);
}

#[test]
fn every_script_is_clean_shell() {
    for plan in [sample::sample(), with_rates(), kept(), long_lists(), drain_dir()] {
        for wave in &plan.waves {
            let settings = throttled::settings(&plan, wave, &plan.sorted_rows(wave.rows.clone())).unwrap();
            assert_clean("sh", &throttle_sh::throttle("wave 002", &settings));
            assert_clean("sh", &throttle_sh::unthrottle("wave 002", &settings));
        }
    }
}

fn assert_clean(shell: &str, script: &str) {
    static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let scratch = Scratch::new(&format!("shell-{number}"));
    let file = scratch.join("commands.sh");
    fs::write_file(&file, script.as_bytes()).unwrap();
    for (tool, option) in [(shell, "-n"), ("shellcheck", "--norc")] {
        if let Ok(run) = std::process::Command::new(tool).arg(option).arg(&file).output() {
            let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
            assert!(run.status.success(), "{tool}: {out}{err}");
        }
    }
}

/// The sample on a cluster that has throttles already: one on a topic that moves, others on brokers.
fn kept() -> Plan {
    let mut plan = sample::sample();
    let own =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let before = &mut plan.throttles_before;
    before.brokers.insert(BrokerId::new(2), own(&[("leader.replication.throttled.rate", "7000000")]));
    before.brokers.insert(
        BrokerId::new(1003),
        own(&[("leader.replication.throttled.rate", "5000000"), ("follower.replication.throttled.rate", "6000000")]),
    );
    before.topics.insert("a-b".to_owned(), own(&[("leader.replication.throttled.replicas", "11:7,2:1003,3:7")]));
    before.topics.insert("__consumer_offsets".to_owned(), own(&LISTS.map(|key| (key, "*"))));
    plan
}

/// A topic of which more partitions move than Kafka can list.
fn long_lists() -> Plan {
    let mut plan = sample::empty(&["few", "many"]);
    let many = (0..2_000).map(|partition| sample::Row::new("many", partition, &[1001, 1003], &[1, 1003], 5));
    let rows: Vec<sample::Row<'_>> = many.chain([sample::Row::new("few", 0, &[1001], &[1], 5)]).collect();
    sample::push_wave(&mut plan, Stage::Data, Some(sample::THROTTLE), &rows);
    plan
}

#[test]
fn throttles_that_were_there_are_merged_and_come_back() {
    let plan = kept();
    let wave = &plan.waves[1];
    let settings = throttled::settings(&plan, wave, &plan.sorted_rows(wave.rows.clone())).unwrap();
    golden("kept-throttle.json", &throttle::document(&settings));
    golden("kept-throttle.sh", throttle_sh::throttle("wave 002", &settings).as_bytes());
    golden("kept-unthrottle.sh", throttle_sh::unthrottle("wave 002", &settings).as_bytes());
    golden("kept-runbook.md", runbook::runbook(&plan).as_bytes());
    let text = runbook::runbook(&plan);
    let steps = text.split("## 3. ").nth(1).unwrap().split("## 4. ").next().unwrap();
    assert!(!steps.contains("--throttle 5"), "Kafka's own throttle would overwrite what is there");
    assert!(!steps.contains("--verify |"), "and its `--verify` would clear it");
    let json = String::from_utf8(throttle::document(&settings)).unwrap();
    assert!(json.contains(r#""leader.replication.throttled.replicas":"10:1002,10:1003,10:7,11:7,2:1001,2:1003,3:7""#));
    let internal = &plan.waves[2];
    let settings = throttled::settings(&plan, internal, &plan.sorted_rows(internal.rows.clone())).unwrap();
    assert!(!throttle_sh::throttle("wave 003", &settings).contains("__consumer_offsets"), "`*` covers it already");
}

#[test]
fn a_list_that_kafka_cannot_carry_names_all_replicas_of_its_topic() {
    let plan = long_lists();
    let json = String::from_utf8(throttle::throttle(&plan, &plan.waves[0]).unwrap()).unwrap();
    assert!(json.contains(r#""many":{"leader.replication.throttled.replicas":"*","follower"#), "{json:.600}");
    assert!(json.contains(r#""few":{"leader.replication.throttled.replicas":"0:1001","follower"#), "{json:.600}");
    let followers = json.split("\"many\"").nth(1).unwrap();
    assert!(followers.contains(r#""follower.replication.throttled.replicas":"0:1,1000:1"#), "this one is short enough");
    let text = runbook::runbook(&plan);
    assert!(text.contains("Of `many` more partitions move than Kafka can list"), "{text}");
    assert!(text.contains("sh \"waves/$WAVE/throttle.sh\"\n"), "the tool's own throttle would fail");
    // The longest that Kafka carries is written out.
    let mut fits = sample::empty(&["t"]);
    let rows: Vec<sample::Row<'_>> =
        (0..3_000).map(|partition| sample::Row::new("t", partition, &[1001], &[1], 5)).collect();
    sample::push_wave(&mut fits, Stage::Data, Some(sample::THROTTLE), &rows);
    let json = String::from_utf8(throttle::throttle(&fits, &fits.waves[0]).unwrap()).unwrap();
    assert!(!json.contains('*') && !runbook::runbook(&fits).contains("than Kafka can list"));
}

/// Kafka's tool sets both lists of every topic of a file in one request; the controller writes a record for each.
#[test]
fn records_of_a_wave_are_two_for_each_topic_that_copies() {
    let names: Vec<String> = (0..4_000).map(|number| format!("t{number:04}")).collect();
    let mut plan = sample::empty(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let copies = names.iter().map(|name| sample::Row::new(name, 0, &[1001], &[1], 5));
    let rows: Vec<_> = copies.chain([sample::Row::new("t0000", 1, &[1001, 1], &[1, 1001], 5)]).collect();
    sample::push_wave(&mut plan, Stage::Data, Some(sample::THROTTLE), &rows);
    sample::push_wave(&mut plan, Stage::Data, Some(sample::THROTTLE), &[sample::Row::new("t0001", 0, &[1], &[10], 5)]);
    let records: Vec<usize> = plan.waves.iter().map(|wave| throttle::records(&plan, wave)).collect();
    assert_eq!(records, [8_000, 2]);
    let text = runbook::runbook(&plan);
    assert_eq!(text.matches("8,000 of the 10,000 records").count(), 1, "only the wave that comes near it says so");
}

#[test]
fn every_wave_sets_its_number_and_the_steps_stand_once() {
    for plan in [sample::sample(), many_waves(), kept(), with_rates()] {
        let text = runbook::runbook(&plan);
        let total = plan.waves.len();
        assert_eq!(text.matches("### Wave ").count(), total);
        assert_eq!(text.matches("**2. Start.**").count(), 1);
        for wave in &plan.waves {
            let heading = format!("### Wave {:03} of {total}: ", wave.index);
            let section = text.split(&heading).nth(1).unwrap();
            let set = format!("export WAVE={:03}\n", wave.index);
            assert!(section.find(&set).is_some_and(|at| at < 60), "it comes first: {section:.200}");
        }
        let order = [
            "/rollback.json\" --verify --preserve-throttles",
            "/reassign.json\" --",
            "grep -c completed",
            "**4. Verify and clear.**",
            "**5. Elect.**",
            "**6. Look again.**",
            "/rollback.json\" --cancel --preserve-throttles\n",
            "**3. Submit the old lists.**",
        ];
        let found: Vec<usize> =
            order.iter().map(|what| text.find(what).unwrap_or_else(|| panic!("no {what}"))).collect();
        assert!(found.is_sorted(), "{found:?}");
        for link in text.split("](#").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            let slug = |heading: &str| {
                let kept = heading.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-'));
                kept.collect::<String>().to_lowercase().replace(' ', "-")
            };
            let headings = text.lines().filter(|line| line.starts_with('#'));
            let there = headings.filter(|line| slug(line.trim_start_matches('#').trim()) == link).count();
            assert_eq!(there, 1, "#{link}");
        }
    }
}

#[test]
fn a_throttle_is_set_by_the_tool_unless_that_would_fail_or_overwrite() {
    let steps = |plan: &Plan| {
        let text = runbook::runbook(plan);
        text.split("## 3. ").nth(1).unwrap().split("## 4. ").next().unwrap().to_owned()
    };
    // The current replicas of a wave lie on a broker that is down: there the tool's own throttle would fail.
    assert!(steps(&sample::sample()).contains("sh \"waves/$WAVE/throttle.sh\"\n"));
    let mut all_up = sample::sample();
    all_up.brokers.iter_mut().for_each(|broker| broker.state = BrokerState::Alive);
    let plain = steps(&all_up);
    assert!(plain.contains("--throttle 50000000 --execute\n") && !plain.contains("throttle.sh"), "{plain}");
    for throttle in all_up.waves.iter_mut().filter_map(|wave| wave.throttle.as_mut()) {
        throttle.follower_bytes_per_sec = BytesPerSec::new(80_000_000);
    }
    let apart = steps(&all_up);
    let order = ["--throttle 50000000 --execute\n", "sh \"waves/$WAVE/throttle.sh\" brokers\n"];
    assert!(order.map(|what| apart.find(what).unwrap()).is_sorted());
}

#[test]
fn commands_follow_the_version_of_the_tools() {
    let (plan, tools) = (sample::sample(), Tools::of(&sample::sample()));
    let old = runbook::runbook(&plan);
    assert!(old.contains("--admin.config \"$CLIENT\"") && old.contains("takes `--zookeeper`"));
    assert!(old.contains("kafka-broker-api-versions.sh") && old.contains("Kafka 3.7 to 4.0.0"));
    let new = runbook::runbook_for(&plan, tools.with_version("4.3.1").unwrap());
    assert!(new.contains("list-endpoints") && !new.contains("--admin.config") && !new.contains("Kafka 3.7 to 4.0.0"));
}

/// The sample, two brokers of which have rates of their own in every wave.
fn with_rates() -> Plan {
    let mut plan = sample::sample();
    let own = |id: i32, leader: u64, follower: u64| BrokerThrottle {
        id: BrokerId::new(id),
        leader_bytes_per_sec: BytesPerSec::new(leader),
        follower_bytes_per_sec: BytesPerSec::new(follower),
    };
    for throttle in plan.waves.iter_mut().filter_map(|wave| wave.throttle.as_mut()) {
        throttle.brokers = vec![own(2, 120_000_000, 50_000_000), own(1001, 50_000_000, 80_000_000)];
    }
    plan
}

#[test]
fn each_broker_has_its_own_rates_in_throttle_json_and_in_the_commands() {
    let plan = with_rates();
    golden("rates-throttle.json", &throttle::throttle(&plan, &plan.waves[1]).unwrap());
    let text = runbook::runbook(&plan);
    assert!(text.contains("each broker its own, as in throttle.json: 50.0 MB/s to 120 MB/s sending"), "{text}");
    let wave = &plan.waves[1];
    let settings = throttled::settings(&plan, wave, &plan.sorted_rows(wave.rows.clone())).unwrap();
    let script = throttle_sh::throttle("wave 002", &settings);
    assert!(script.contains("rates 2 120000000 50000000 & started\n"), "{script}");
    assert!(script.contains("rates 7 50000000 50000000 & started\n"), "{script}");
}

#[test]
fn without_a_throttle_no_command_sets_one() {
    let mut plan = sample::empty(&["t"]);
    sample::push_wave(&mut plan, Stage::Data, None, &[sample::Row::new("t", 0, &[1001], &[10], 5)]);
    let text = runbook::runbook(&plan);
    assert!(text.contains("waves/$WAVE/reassign.json\" --execute\n"));
    assert!(
        !commands(&text).iter().any(|block| block.contains("--throttle 50000000") || block.contains("throttle.sh"))
    );
}

/// Processor time of this process so far, in seconds; nothing where there is no /proc. Wall time says little on a
/// machine that does other things as well.
fn processor_seconds() -> f64 {
    let stat = fs::read(Path::new("/proc/self/stat")).unwrap_or_default();
    let ticks = |place: usize| String::from_utf8_lossy(&stat).split(' ').nth(place)?.parse::<f64>().ok();
    (ticks(13).unwrap_or_default() + ticks(14).unwrap_or_default()) / 100.0
}

/// How long the files of a million replicas take: `cargo test --release emit_at_scale -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, to be run in release"]
#[expect(clippy::disallowed_types, reason = "a measurement looks at the clock")]
#[expect(clippy::print_stderr, reason = "a measurement prints")]
fn emit_at_scale() {
    let plan = sample::large(333_334);
    let scratch = Scratch::new("scale");
    for _ in 0..3 {
        let start = std::time::Instant::now();
        let text = String::from_utf8(plan::write(&plan)).unwrap();
        let written = start.elapsed();
        let back = plan::read(&text, "plan.json").unwrap();
        let read = start.elapsed().checked_sub(written).unwrap();
        assert!(back.moves.size.len() == plan.moves.size.len());
        drop(back);
        let _ = std::fs::remove_dir_all(scratch.join("out"));
        let (start, processor) = (std::time::Instant::now(), processor_seconds());
        out_dir::write(&plan, &scratch.join("out"), false, &Work::new()).unwrap();
        let (all, processor) = (start.elapsed(), processor_seconds() - processor);
        let part = |name: &str, render: &(dyn Fn(&plan::Wave) -> usize + Sync)| {
            let start = std::time::Instant::now();
            let bytes: usize = plan.waves.iter().map(render).sum();
            eprintln!("  {name}: {} MB in {:.2?} on one core", bytes / 1_000_000, start.elapsed());
        };
        part("reassign", &|wave| kafka::reassign(&plan, wave).len());
        part("rollback", &|wave| kafka::rollback(&plan, wave).len());
        part("election", &|wave| election::election(&plan, wave).map_or(0, |json| json.len()));
        part("throttle", &|wave| throttle::throttle(&plan, wave).map_or(0, |json| json.len()));
        let start = std::time::Instant::now();
        let whole = kafka::whole(&plan).len();
        let book = runbook::runbook(&plan).len();
        let rest = start.elapsed();
        eprintln!(
            "plan.json of {} MB: written in {written:.2?}, read in {read:.2?}; directory in {all:.2?} ({processor:.2} s of processors); whole ({} MB) and runbook ({} kB) in {rest:.2?}",
            text.len() / 1_000_000,
            whole / 1_000_000,
            book / 1_000
        );
    }
}
