//! Bad usage, one case after the other: exit code 2, a word for the kind of fault, what was found and
//! expected, and something to do about it; nothing on standard output. And what always works: help.
//!
//! No case here needs a cluster: arguments are judged before any file is read.

use std::process::Stdio;

use crate::support::run::{kshift, kshift_with};

#[test]
fn an_unknown_option_is_refused_and_the_near_one_offered() {
    kshift("plan c.json --drian 1").run().refused(2, "usage").says("`--drian`").says("did you mean `--drain`?");
    kshift("plan c.json --drain 1 --throtle 5MB/s").run().refused(2, "usage").says("did you mean `--throttle`?");
    kshift("show p --wave").run().refused(2, "usage").says("did you mean `--waves`?");
    kshift("--verbose").run().refused(2, "usage").says("kshift has no option `--verbose`");
    kshift("plan c.json -x").run().refused(2, "usage").says("`-x`");
}

#[test]
fn options_of_later_versions_are_refused_not_ignored() {
    for option in ["--bootstrap-server h:9092", "--command-config f"] {
        let name = option.split(' ').next().unwrap();
        let answer = kshift(&format!("plan c.json --drain 1 {option}")).run().refused(2, "usage");
        answer.says(&format!("`kshift plan` has no option `{name}`"));
    }
    kshift("plan c.json --drain 1 --format strimzi")
        .run()
        .refused(2, "invalid-value")
        .says("expected `kafka`, `cruise-control` or `plan`");
}

#[test]
fn an_unknown_command_is_refused_and_the_near_one_offered() {
    kshift("pln c.json").run().refused(2, "usage").says("no command `pln`").says("did you mean `kshift plan`?");
    kshift("apply p").run().refused(2, "usage").says("no command `apply`").says("`snapshot`");
    kshift("").run().refused(2, "usage").says("expected one of `snapshot`, `plan`");
}

#[test]
fn what_is_missing_is_named() {
    kshift("plan c.json").run().refused(2, "usage").says("--drain");
    kshift("plan --drain 1").run().refused(2, "usage").says("<CLUSTER>: A snapshot file");
    kshift("rollback p").run().refused(2, "usage").says("--to-wave <N>");
    kshift("check c.json").run().refused(2, "usage").says("<PLAN>");
    kshift("plan c.json --drain").run().refused(2, "usage").says("--drain needs a value");
}

#[test]
fn what_is_too_much_is_named() {
    kshift("show p q").run().refused(2, "usage").says("`q` is one argument too many for `kshift show`");
    let answer = kshift("plan c.json --drain 1 --throttle 50 MB/s").run().refused(2, "usage");
    answer.says("without a blank, such as `50MB/s`");
    kshift("plan c.json --drain 1 --drain 2").run().refused(2, "usage").says("--drain is given twice");
    kshift("show p --waves --brokers").run().refused(2, "usage").says("exclude each other");
    kshift("plan c.json --drain 1 --disk-limit 80% --ignore-disk").run().refused(2, "usage").says("exclude each other");
    kshift("check - -").run().refused(2, "usage").says("standard input");
}

#[test]
fn options_that_need_another_one_say_so() {
    for option in ["--max-wave-duration 4h", "--growth"] {
        for command in ["plan c.json --drain 1", "check c.json p.json"] {
            let answer = kshift(&format!("{command} {option}")).run().refused(2, "usage");
            answer.says(option.split(' ').next().unwrap()).says("needs --throttle");
        }
    }
    kshift("plan c.json --drain 1 --force").run().refused(2, "usage").says("--force needs --out");
}

#[test]
fn goals_are_refused_where_there_is_nothing_to_choose_by_them() {
    for (option, why) in [
        ("--pair 1:2", "each pair says where everything goes"),
        ("--target t.json", "the file says where everything goes"),
        ("--drain 1 --exact", "it has an order of goals of its own"),
    ] {
        for goal in ["--prefer time", "--weights in=2"] {
            let answer = kshift(&format!("plan c.json {option} {goal}")).run().refused(2, "usage");
            answer.says(goal.split(' ').next().unwrap()).says("exclude each other").says(why).says("leave out");
        }
    }
}

#[test]
fn limits_of_scope_need_a_scope() {
    for option in ["--onto 1", "--topics a", "--exclude-topics a"] {
        kshift(&format!("check c.json reassign.json {option}")).run().refused(2, "usage").says("needs --drain");
    }
}

/// Options, values that they refuse, and what the refusal says besides the value.
const WRONG_VALUES: &[(&str, &[&str], &str)] = &[
    ("--drain", &["0-4294967295", "1,,2", "a", "1-2-3", "9999999999", "1;2"], "such as `1001-1012,1020`"),
    ("--drain", &["12-10"], "write `10-12`"),
    ("--drain", &["1,1", "1-3,2"], "stands twice"),
    ("--drain-rack", &["az-a,,az-b", ",az-a"], "a name is empty"),
    ("--drain-rack", &["az-a,az-a"], "stands twice"),
    ("--drain-dir", &["/d1", "x:/d1", "1:d1", "1:/d1,"], "such as `3:/kafka/d1`"),
    ("--drain-dir", &["1:/d1,1:/d1"], "stands twice"),
    ("--onto", &["12-10"], "write `10-12`"),
    ("--throttle", &["0", "0MB/s", "-5"], "such as `50MB/s`"),
    ("--throttle", &["fast", "5 parsecs", "5MB/h", "5mb/s", "5Mbit/s", "99999999999999999999"], "such as `50MB/s`"),
    ("--disk-limit", &["150%", "0", "85", "-1", "NaN", "full"], "such as `85%` or `0.85`"),
    ("--max-moves", &["0", "1.5", "many", "4294967296"], "whole number from 1"),
    ("--max-moves-per-broker", &["0"], "whole number from 1"),
    ("--canary", &["1.5", "none", "-1"], "whole number from 0"),
    ("--max-wave-duration", &["4", "0s", "4 hours", "-4"], "such as `90s`"),
    ("--rack-policy", &["keep", "Strict"], "expected `preserve`, `strict` or `ignore`"),
    ("--topics", &["(orders", "*"], "no regular expression"),
    ("--exclude-topics", &["[a"], "no regular expression"),
    ("--assume-size", &["big", "-1", "1.5", "5GBps"], "such as `500GB`"),
    ("--seed", &["x", "1.5"], "no seed"),
    ("--weights", &["in", "in=-1", "in=NaN"], "expected a n"),
    ("--prefer", &["speed", "Disk"], "expected `disk` or `time`"),
];

#[test]
fn a_wrong_value_is_named_with_its_option_and_what_was_expected() {
    for (option, values, expected) in WRONG_VALUES {
        for value in *values {
            // Not everywhere, so that `--drain` is not given twice.
            let drain =
                if *option == "--drain" { &["plan", "c.json"][..] } else { &["plan", "c.json", "--drain", "1"] };
            let answer = kshift_with(drain.iter().copied().chain([*option, *value])).run();
            answer.refused(2, "invalid-value").says(value).says(expected).says(&format!("\n  in {option}\n"));
        }
    }
}

#[test]
fn wrong_values_of_other_commands_are_refused_too() {
    kshift("rollback p --to-wave 0").run().refused(2, "invalid-value").says("from 1");
    kshift("show p --why orders").run().refused(2, "invalid-value").says("such as `orders-7`");
    kshift("example --total-tb 0").run().refused(2, "invalid-value").says("above 0");
    kshift("example --sigma -1").run().refused(2, "invalid-value").says("at least 0");
}

#[test]
fn with_json_a_fault_of_usage_is_one_json_object() {
    for args in
        ["plan c.json --json", "--json plan", "plan c.json --drain 12-10 --json", "nonsense --json", "show --json"]
    {
        let answer = kshift(args).run();
        assert_eq!((answer.exit, answer.stdout.as_str()), (2, ""), "{args}");
        let fault = &answer.stderr_json()["error"];
        assert!(fault["code"].is_string() && fault["message"].is_string(), "{args}: {fault}");
        assert!(!fault["help"].as_array().unwrap().is_empty(), "{args}: {fault}");
    }
}

#[test]
fn a_missing_file_is_named() {
    kshift("plan no-such.json --drain 1").run().refused(2, "unreadable").says("no-such.json");
    kshift("show no-such-plan").run().refused(2, "unreadable").says("no-such-plan");
    kshift("snapshot no-such.json -o out.json").run().refused(2, "unreadable").says("no-such.json");
}

/// Every command with every option that it has.
const OPTIONS: &[(&str, &str)] = &[
    ("snapshot", "--output --assume-size --capacity --racks --json --quiet"),
    (
        "plan",
        "--drain --drain-rack --drain-dir --leaders-only --replicas-only --onto --pair --target --allow-rf-change --throttle --leader-throttle --follower-throttle --rates --resume --headroom --forecast --disk-limit --ignore-disk --max-moves --max-moves-per-broker --max-leader-changes --max-wave-duration \
         --strategy --balance-sources --rack-policy --prefer --weights --effort --topics --exclude-topics --canary --skip-unhealthy --assume-size --capacity --racks \
         --growth --window --start --time-zone --price-per-gb --format --out --force --seed --exact --in-flight --in-flight-per-broker --json --quiet",
    ),
    ("show", "--waves --brokers --why --json"),
    (
        "check",
        "--drain --drain-rack --onto --throttle --leader-throttle --follower-throttle --rates --headroom --disk-limit --ignore-disk --max-moves --max-moves-per-broker --max-leader-changes --max-wave-duration \
         --rack-policy --topics --exclude-topics --skip-unhealthy --assume-size --capacity --racks --growth --strict --json",
    ),
    ("gate", "--strict --json"),
    ("gate preflight", "--drain --onto --disk-limit --assume-size --capacity --racks --strict --json"),
    ("gate wave", "--assume-size --capacity --racks --strict --json"),
    ("gate decommission", "--brokers --assume-size --capacity --racks --strict --json"),
    ("gate kraft", "--drained --assume-size --capacity --racks --strict --json"),
    ("diff", "--exit-code --json"),
    ("explain", "--json"),
    (
        "simulate",
        "--style --compare --throttle --in-flight --in-flight-per-broker --traffic --growth --lose --lose-rack --slow \
         --assume-size --capacity --racks --every --series --json",
    ),
    ("rollback", "--to-wave --out --format --json --quiet"),
    (
        "example",
        "--old --new --old-base --new-base --partitions --rf --racks --total-tb --sigma --seed --new-fill --old-fill \
         --uneven-racks --mixed-rf --dirs --hetero --rate-per-tb --output --json --quiet",
    ),
];

#[test]
fn help_goes_to_standard_output_and_names_exactly_the_options_that_exist() {
    for (command, options) in OPTIONS {
        let help = kshift(&format!("{command} --help")).run().ok();
        assert_eq!(help.stderr, "");
        let mut expected: Vec<&str> = options.split_whitespace().chain(["--help"]).collect();
        let mut named: Vec<&str> = help.stdout.lines().filter_map(option_of).collect();
        expected.sort_unstable();
        named.sort_unstable();
        assert_eq!(named, expected, "{command}");
        assert!(help.stdout.contains("Examples:"), "{command} has no examples");
    }
}

/// The option that a line of help is about: they stand at the left edge, texts further in.
fn option_of(line: &str) -> Option<&str> {
    let text = line.strip_prefix("      --").or_else(|| line.strip_prefix("  -")?.get(3..)?.strip_prefix("--"))?;
    let name = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next()?;
    let at = line.find(name)? - 2;
    Some(&line[at..at + 2 + name.len()])
}

#[test]
fn help_quotes_the_defaults_that_hold() {
    let help = kshift("plan --help").run().ok().stdout;
    for default in ["[default: 85%]", "[default: 5000]", "[default: 4h 00m]", "[default: preserve]"] {
        let joined = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(joined.contains(default), "{default}\n{help}");
    }
}

#[test]
fn help_of_the_whole_lists_the_commands_and_the_version_is_told() {
    let help = kshift("--help").run().ok().stdout;
    for (command, _) in OPTIONS.iter().filter(|(command, _)| !command.contains(' ')) {
        assert!(help.contains(&format!("\n  {command} ")), "{command}\n{help}");
    }
    assert_eq!(kshift("--version").run().ok().stdout, format!("kshift {}\n", env!("CARGO_PKG_VERSION")));
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_success() {
    // The reading end is gone before anything is written.
    let closed = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        Stdio::from(writer)
    };
    let answer = kshift("plan --help").stdout(closed()).run().ok();
    assert_eq!(answer.stderr, "");
    let answer = kshift("plan --help").stdout(closed()).stderr(closed()).run();
    assert_eq!(answer.exit, 0);
    // A refusal stays a refusal when nobody hears it.
    assert_eq!(kshift("plan c.json").stderr(closed()).run().exit, 2);
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_is_full_is_an_error() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    kshift("plan --help").stdout(full.into()).run().refused(2, "unwritable").says("standard output");
}

#[cfg(unix)]
#[test]
fn an_interrupt_while_reading_ends_with_its_own_error() {
    use std::process::Command;
    // Standard input stays open, so the command waits for it. On a busy machine the signal may come
    // before anybody listens; then the next try waits longer.
    for patience in [200, 1_000, 5_000] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_kshift"))
            .args(["plan", "-", "--drain", "1"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        std::thread::sleep(std::time::Duration::from_millis(patience));
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        drop(input);
        if output.status.code().is_some() {
            assert_eq!(output.status.code(), Some(130));
            assert!(output.stdout.is_empty());
            assert!(output.stderr.starts_with(b"error[interrupted]: "));
            return;
        }
    }
    panic!("the command never listened for an interrupt");
}
