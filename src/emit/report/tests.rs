//! The page of the sample plan against a golden file, and what no page may ever have.

use super::{SCRIPT, STYLE, report};
use crate::base::ids::PartitionId;
use crate::emit::golden::golden;
use crate::plan::{Deferred, Plan, Stage, Warning, sample};

fn page(plan: &Plan) -> String {
    String::from_utf8(report(plan)).expect("the page is text")
}

#[test]
fn the_sample_is_told_as_in_the_golden_page() {
    // Style and script are files of their own, and the policy is their fingerprint.
    let page = page(&sample::sample());
    let policy = page.split_once("content=\"default-src").and_then(|(_, rest)| rest.split_once('"')).unwrap().0;
    let bare = page.replace(policy, "").replace(STYLE, "").replace(SCRIPT, "");
    golden("report.html", bare.as_bytes());
}

#[test]
fn no_name_in_a_plan_becomes_markup_or_script() {
    const EVIL: &str = "</script></style><script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;{{main}}\u{0}";
    let mut plan = sample::sample();
    let evil = || EVIL.to_owned();
    plan.kshift = evil();
    plan.cluster.name = Some(evil());
    plan.cluster.cluster_id = Some(evil());
    plan.cluster.kafka_version = Some(evil());
    plan.cluster.sha256 = evil();
    plan.request.topics = Some(evil());
    for broker in &mut plan.brokers {
        broker.rack = Some(evil());
        broker.log_dirs.iter_mut().for_each(|dir| dir.path = evil());
    }
    plan.topics.iter_mut().for_each(|topic| topic.push_str(EVIL));
    plan.moves.dir_names.iter_mut().for_each(|name| *name = evil());
    plan.warnings.push(Warning::new(EVIL, evil()));
    plan.deferred.push(Deferred { topic: evil(), partition: PartitionId::new(1), reason: evil() });
    plan.summary.makespan_lower_bound_by = Some(evil());
    plan.summary.waves_lower_bound_by = Some(evil());
    plan.summary.bounds.as_mut().unwrap().makespan.as_mut().unwrap().by = evil();
    let page = page(&plan);
    assert!(page.contains("alert(1)"), "the names are told");
    assert_eq!(page.matches("<script").count(), 2, "the data and the script of the page itself");
    assert_eq!((page.matches("</script").count(), page.matches("</style").count()), (2, 1));
    assert!(!page.contains("<img"));
    assert!(!page.contains('\u{0}'));
    // Within attributes a quote would end them.
    for tag in page.split('<').skip(1).filter_map(|tag| tag.split('>').next()) {
        assert!(!tag.contains("onerror=alert(2)") || tag.matches('"').count() % 2 == 0, "{tag}");
    }
}

#[test]
fn plans_of_a_hand_are_told_too() {
    // Brokers that only lists know, no broker at all, no list, more waves than the page names.
    let mut plan = sample::sample();
    plan.brokers.clear();
    assert!(page(&plan).contains("<h1>"));
    let mut plan = sample::empty(&["orders"]);
    sample::push_wave(&mut plan, Stage::Data, None, &[sample::Row::new("orders", 0, &[], &[], 5)]);
    assert!(page(&plan).contains("href=#wave-table") || page(&plan).contains("id=wave-table"));
    let row = |partition| sample::Row::new("orders", partition, &[1001, 2], &[1, 2], 7);
    for partition in 1..2_500 {
        sample::push_wave(&mut plan, Stage::Data, Some(sample::THROTTLE), &[row(partition)]);
    }
    let page = page(&plan);
    assert!(page.contains("The first 2,000 of 2,500 waves"));
    assert!(!page.contains("id=wave-2001"));
    assert!(page.len() < 2_000_000, "{}", page.len());
}

#[test]
fn the_policy_lets_only_the_own_script_and_style_run() {
    let page = page(&sample::sample());
    let policy = page.split_once("Content-Security-Policy content=\"").unwrap().1.split_once('"').unwrap().0;
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    // What a policy would keep from working.
    assert!(!page.contains(" style=") && !page.contains(" onclick=") && !page.contains("http://"));
    assert!(page.contains(&format!("<style>{STYLE}</style>")) && page.contains(&format!("<script>{SCRIPT}</script>")));
}

#[test]
fn base64_is_that_of_everybody() {
    let text = |bytes: &[u8]| super::base64(bytes);
    assert_eq!([text(b"M"), text(b"Ma"), text(b"Man"), text(b"Many")], ["TQ==", "TWE=", "TWFu", "TWFueQ=="]);
}
