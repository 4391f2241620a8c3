//! The search, with planners that are easy to see through. That what is offered really works is tested with
//! the true planner and the command, in tests/it.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::base::ids::{BrokerId, IdSet};
use crate::base::units::Ratio;
use crate::request::RackPolicy;
use crate::snapshot::v1;

/// Broker 1 is drained; 2-9 could receive, two in each of four racks.
fn cluster() -> Snapshot {
    let broker = |id: u32| {
        let rack = ["a", "b", "c", "d"][id as usize % 4];
        format!(r#"{{"id":{id},"rack":"{rack}","log_dirs":[{{"path":"/d","capacity_bytes":{}}}]}}"#, 1000 + id)
    };
    let brokers: Vec<String> = (1..=9).map(broker).collect();
    let text = format!(
        r#"{{"kind":"kshift.cluster","version":1,"brokers":[{}],"topics":[{{"name":"t","partitions":[
           {{"partition":0,"replicas":[1],"size_bytes":1}}]}}]}}"#,
        brokers.join(",")
    );
    v1::read(&text, "cluster.json").expect("a good snapshot")
}

fn request(onto: &str) -> Request {
    let ids = |text: &str| IdSet::parse(text).unwrap();
    Request { drain: ids("1"), onto: Some(ids(onto)), ..Request::default() }
}

fn full() -> Error {
    Error::new(Code::DiskLimit, "no room").detail("kind", "not-found").help("add disks")
}

/// What is offered by a planner that finds plans where `fits`, and how often it was run.
fn offered(request: &Request, first: Error, fits: fn(&Request) -> Result<()>) -> (Error, usize) {
    let runs = AtomicUsize::new(0);
    let run = |request: &Request, _: &Work| {
        runs.fetch_add(1, Ordering::Relaxed);
        fits(request)
    };
    let error = offer(&cluster(), request, first, &Work::new(), &run);
    (error, runs.into_inner())
}

fn remedies(error: &Error) -> Vec<&str> {
    error.details()["remedies"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

#[test]
fn the_least_limit_that_fits_is_found_to_a_tenth_of_a_percent() {
    let fits = |request: &Request| if request.disk_limit >= Ratio::new(0.9129) { Ok(()) } else { Err(full()) };
    let (error, _) = offered(&request("2-9"), full(), fits);
    assert_eq!(remedies(&error), ["--disk-limit 91.3%"]);
    assert_eq!(error.help_lines()[1], "add disks");
}

#[test]
fn fewest_further_targets_are_offered_those_of_other_racks_first() {
    let fits = |request: &Request| {
        let onto = request.onto.as_ref().unwrap();
        if [6, 8].iter().all(|&id| onto.contains(BrokerId::new(id))) { Ok(()) } else { Err(full()) }
    };
    // The racks of 9 and 6 have no target yet, so these two come before 8, which has more room than 6.
    let (error, _) = offered(&request("4,7"), full(), fits);
    assert_eq!(remedies(&error), ["--onto 4,6-9"]);
}

#[test]
fn the_mildest_rack_policy_that_fits_is_offered() {
    let fits = |request: &Request| if request.rack_policy == RackPolicy::Strict { Err(full()) } else { Ok(()) };
    let strict = Request { rack_policy: RackPolicy::Strict, ignore_disk: true, ..request("2-9") };
    assert_eq!(remedies(&offered(&strict, full(), fits).0), ["--rack-policy preserve"]);
}

#[test]
fn two_changes_are_offered_together_when_neither_does_alone() {
    let fits = |request: &Request| match request.throttle {
        _ if request.disk_limit < Ratio::new(0.9) => Err(full()),
        Some(_) => Ok(()),
        None => Err(Error::new(Code::Throttle, "too slow").detail("least_bytes_per_sec", 10_000_000)),
    };
    let (error, _) = offered(&request("2-9"), full(), fits);
    assert_eq!(remedies(&error), ["--disk-limit 90% --throttle 11MB/s"]);
    assert!(error.help_lines()[0].contains("together"), "{error}");
    // Here each is refused for the same cause, and less than all of both is enough.
    let fits = |request: &Request| {
        let targets = request.onto.as_ref().unwrap().len();
        if request.disk_limit >= Ratio::new(0.95) && targets >= 6 { Ok(()) } else { Err(full()) }
    };
    assert_eq!(remedies(&offered(&request("2-3"), full(), fits).0), ["--disk-limit 95% --onto 2-3,6-9"]);
}

#[test]
fn what_does_not_do_is_said_and_nothing_is_offered() {
    let fits = |_: &Request| Err(full().detail("missing_bytes", 5_000_000_000_u64));
    let (error, runs) = offered(&request("2-8"), full(), fits);
    assert!(remedies(&error).is_empty());
    let said = &error.help_lines()[0];
    let all = "neither a disk limit of 100% nor all other brokers as targets nor a milder rack policy is enough, \
               nor are two of these; in full log dirs 5.00 GB would still have no place";
    assert_eq!(said, all);
    assert!((6..=TRIES_MAX).contains(&runs), "{runs} runs");
}

#[test]
fn a_refusal_that_no_option_mends_stays_as_it_is() {
    let error = Error::new(Code::UnknownBroker, "who").help("look");
    assert_eq!(offered(&request("2"), error.clone(), |_| Ok(())), (error, 0));
}

#[test]
fn an_interruption_ends_the_search() {
    let work = Work::new();
    work.stop();
    let error = offer(&cluster(), &request("2"), full(), &work, &|_, _| Ok(()));
    assert_eq!(error.code(), Code::Interrupted);
}
