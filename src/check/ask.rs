//! What was asked for, resolved against a world: who drains, who may receive, which topics count.

use fancy_regex::Regex;

use super::given::Given;
use super::kept::KeptLists;
use super::spread::racks_that_stay;
use super::{Violation, dir_drain};
use crate::base::ids::{BrokerId, IdSet};
use crate::base::pairs::Pairs;
use crate::replay::{NONE, World};
use crate::request::Request;
use crate::snapshot::BrokerState;

/// A request as tables.
pub(super) struct Ask<'a> {
    pub request: &'a Request,
    /// Whether each broker is to be drained.
    pub is_drained: Vec<bool>,
    /// Whether each log dir of the world is to be emptied within its broker.
    pub is_drained_dir: Vec<bool>,
    /// Whether each broker may receive replicas.
    pub is_target: Vec<bool>,
    /// Whether each topic of the snapshot is asked for.
    pub is_selected: Vec<bool>,
    /// Racks of the alive brokers that stay: what a strict policy can span.
    pub racks_that_stay: u32,
    /// The lists that the request gives outright.
    pub given: Given,
    /// The lists that it keeps of an earlier plan; they go before those.
    pub kept: KeptLists<'a>,
    /// What of the request cannot be resolved.
    pub faults: Vec<Violation>,
}

impl<'a> Ask<'a> {
    pub fn new(world: &World, request: &'a Request) -> Self {
        let mut faults = Vec::new();
        let mut is_drained = vec![false; world.len()];
        let rated = request.rates.iter().map(|(id, _)| id);
        let named = request.drain.iter().chain(request.onto.iter().flat_map(IdSet::iter)).chain(rated);
        for id in named.filter(|&id| world.snapshot.broker(id).is_none()) {
            let message = "the request names a broker that the snapshot does not have";
            faults.push(Violation::new("scope", message).broker(id).place("request"));
        }
        for (number, broker) in world.snapshot.brokers.iter().enumerate() {
            is_drained[number] = request.drain.contains(broker.id);
        }
        // A broker that came into the rack since then was asked for too.
        let in_racks = world.snapshot.brokers.iter().filter(|broker| {
            broker.rack.as_deref().is_some_and(|rack| request.drain_rack.contains(rack))
                && !request.drain.contains(broker.id)
        });
        for broker in in_racks {
            let message = "its rack is to be drained, and it is not among the brokers that are";
            faults.push(Violation::new("scope", message).broker(broker.id).place("request"));
        }
        let is_drained_dir = dir_drain::drained(world, request, &mut faults);
        let given = Given::new(world, request, &mut faults);
        let kept = KeptLists::new(world, request, &mut faults);
        let twins = request.pair.as_ref().and_then(|pair| pair.named()).map(Pairs::new_ids);
        let may_receive = |id: BrokerId| {
            request.target.is_none()
                && request.onto.as_ref().is_none_or(|onto| onto.contains(id))
                && twins.as_ref().is_none_or(|twins| twins.contains(id))
                && (!request.empties_dirs() || request.drain_dir.iter().any(|dir| dir.0 == id))
        };
        let is_target = world.snapshot.brokers.iter().enumerate().map(|(number, broker)| {
            may_receive(broker.id)
                && !is_drained[number]
                && broker.state == BrokerState::Alive
                && world.can_store(number as u32)
        });
        let is_target = is_target.collect();
        let topics = filter(request.topics.as_deref(), &mut faults);
        let excluded = filter(request.exclude_topics.as_deref(), &mut faults);
        let is_selected = world.snapshot.topics.iter().map(|topic| {
            topics.as_ref().is_none_or(|regex| matches(regex, &topic.name))
                && !excluded.as_ref().is_some_and(|regex| matches(regex, &topic.name))
        });
        let is_selected = is_selected.collect();
        let racks_that_stay = racks_that_stay(world, &is_drained);
        let mut ask =
            Ask { request, is_drained, is_drained_dir, is_target, is_selected, racks_that_stay, given, kept, faults };
        ask.add_targets(world);
        ask
    }

    /// Whether the topic of a row is asked for.
    pub fn selects(&self, world: &World, row: u32) -> bool {
        self.is_selected[world.snapshot.partitions.topic[row as usize] as usize]
    }

    /// Where whole lists are given, brokers that these add are those that may receive.
    fn add_targets(&mut self, world: &World) {
        if self.request.target.is_none() {
            return;
        }
        for row in 0..world.snapshot.partitions.len() as u32 {
            if !self.selects(world, row) {
                continue;
            }
            let old = world.replicas(row);
            let list = self.wanted(world, row).unwrap_or_default();
            for broker in list.into_iter().filter(|broker| *broker != NONE && !old.contains(broker)) {
                let is_alive = world.broker(broker).state == BrokerState::Alive;
                self.is_target[broker as usize] = is_alive && world.can_store(broker);
            }
        }
    }

    /// The list that a row shall have in the end, where the request gives one that differs from the present one.
    pub fn wanted(&self, world: &World, row: u32) -> Option<Vec<u32>> {
        if self.kept.has(row) { self.kept.list(world, row) } else { self.given.list(world, self.request, row) }
    }

    /// The log dir that is asked for at a place of the last list of a row.
    pub fn wanted_dir(&self, row: u32, place: usize) -> Option<&str> {
        if self.kept.has(row) { self.kept.dir(row, place) } else { self.given.dir(self.request, row, place) }
    }

    /// Whether the last list of a row follows from the request.
    pub fn is_settled(&self, row: u32) -> bool {
        self.kept.has(row) || self.request.is_given()
    }

    /// Whether anything is asked of a row, its topic apart.
    pub fn asks(&self, world: &World, row: u32) -> bool {
        if self.kept.has(row) {
            return self.wanted(world, row).is_some();
        }
        if self.request.leaders_only {
            let head = world.replicas(row).first();
            return head.is_some_and(|&head| self.is_drained.get(head as usize) == Some(&true));
        }
        match self.given {
            Given::Entries(_) => self.wanted(world, row).is_some(),
            Given::Nothing | Given::Twins(_) => self.leaving(world, row) > 0,
        }
    }

    /// The replicas of a row that have to move; where whole lists are given, those that have to come.
    pub fn leaving(&self, world: &World, row: u32) -> usize {
        if self.request.leaders_only {
            return 0;
        }
        if self.request.empties_dirs() {
            return dir_drain::leaving(world, self, row).count();
        }
        if self.kept.has(row) || matches!(self.given, Given::Entries(_)) {
            let old = world.replicas(row);
            return self
                .wanted(world, row)
                .map_or(0, |list| list.iter().filter(|broker| !old.contains(broker)).count());
        }
        world.replicas(row).iter().filter(|&&broker| self.leaves(world, row, broker)).count()
    }

    /// Whether the replica of a row on a broker was to go, where lists are not given: off every drained broker, and
    /// where only followers were to move, not the one that stands first nor the one that leads.
    pub fn leaves(&self, world: &World, row: u32, broker: u32) -> bool {
        let is_drained = self.is_drained.get(broker as usize) == Some(&true);
        let stays = || world.replicas(row).first() == Some(&broker) || world.leader(row) == broker;
        is_drained && !(self.request.replicas_only && stays())
    }
}

/// A regular expression over the whole of a name.
fn filter(regex: Option<&str>, faults: &mut Vec<Violation>) -> Option<Regex> {
    let regex = regex?;
    match Regex::new(&format!(r"\A(?:{regex})\z")) {
        Ok(regex) => Some(regex),
        Err(error) => {
            let message = format!("`{regex}` is no regular expression: {error}");
            faults.push(Violation::new("topics", message).place("request"));
            None
        }
    }
}

fn matches(regex: &Regex, name: &str) -> bool {
    regex.is_match(name).unwrap_or(false)
}
