//! Filling in what the source of a cluster could not say: sizes, capacities, racks.

use super::{LogDir, Snapshot, UNKNOWN_DIR};
use crate::base::error::{Code, Error, Place, Result};
use crate::base::ids::{BrokerId, IdSet};
use crate::base::units::Bytes;
use crate::request::Supplements;

impl Snapshot {
    /// Applies what the user said about racks, capacities and sizes.
    ///
    /// # Errors
    /// [`Code::UnknownBroker`] for a broker that the cluster does not have, [`Code::UnknownLogDir`] for a
    /// log dir that its broker does not have, [`Code::InvalidValue`] for a rack name that no broker has.
    pub fn supplement(&mut self, supplements: &Supplements) -> Result<()> {
        self.supplement_racks(supplements)?;
        self.supplement_capacities(supplements)?;
        if let Some(size) = supplements.assume_size {
            for slot in self.partitions.size.iter_mut().filter(|slot| slot.is_none()) {
                *slot = Some(size);
            }
        }
        self.drop_settled_notices();
        Ok(())
    }

    /// Takes back what the reader missed and has been given since.
    fn drop_settled_notices(&mut self) {
        let serving = || self.brokers.iter().filter(|broker| broker.state.serves());
        let capacities = serving()
            .all(|broker| !broker.log_dirs.is_empty() && broker.log_dirs.iter().all(|dir| dir.capacity.is_some()));
        let racks = serving().all(|broker| broker.rack.is_some());
        let sizes = self.partitions.size.iter().all(Option::is_some);
        self.notices.retain(|notice| match notice.code.as_str() {
            "no-capacity" => !capacities,
            "no-racks" => !racks,
            "missing-sizes" => !sizes,
            _ => true,
        });
    }

    fn supplement_racks(&mut self, supplements: &Supplements) -> Result<()> {
        for old in supplements.racks.rename.keys() {
            if !self.brokers.iter().any(|broker| broker.rack.as_ref() == Some(old)) {
                return Err(Error::new(
                    Code::InvalidValue,
                    format!("--racks renames `{old}`, but no broker is in that rack"),
                )
                .at(Place::source("--racks"))
                .help("keys are broker ids such as `1001-1012`, or names of racks as the cluster has them"));
            }
        }
        for broker in &mut self.brokers {
            if let Some(new) = broker.rack.as_ref().and_then(|rack| supplements.racks.rename.get(rack)) {
                broker.rack = Some(new.clone());
            }
        }
        for (&id, rack) in &supplements.racks.broker {
            self.broker_mut(id, "--racks")?.rack = Some(rack.clone());
        }
        Ok(())
    }

    fn supplement_capacities(&mut self, supplements: &Supplements) -> Result<()> {
        let capacities = &supplements.capacity;
        // Narrow ones first: what they fill is no gap any more for the wider ones.
        for (&id, dirs) in &capacities.dir {
            let broker = self.broker_mut(id, "--capacity")?;
            let is_unknown = broker.log_dirs.is_empty();
            for (path, &capacity) in dirs {
                let known = broker.log_dirs.iter_mut().find(|dir| dir.path == *path);
                match known {
                    Some(dir) => dir.capacity = Some(capacity),
                    None if is_unknown => broker.log_dirs.push(empty_dir(path, capacity)),
                    None => {
                        let known: Vec<&str> = broker.log_dirs.iter().map(|dir| dir.path.as_str()).collect();
                        return Err(Error::new(
                            Code::UnknownLogDir,
                            format!("--capacity names `{path}` of broker {id}, which has `{}`", known.join("`, `")),
                        )
                        .at(Place::source("--capacity"))
                        .help("write the path as the cluster has it, or give one capacity for all: `--capacity 2TB`"));
                    }
                }
            }
        }
        for (&id, &capacity) in &capacities.broker {
            let named = capacities.dir.get(&id);
            let broker = self.broker_mut(id, "--capacity")?;
            if broker.log_dirs.is_empty() {
                broker.log_dirs.push(empty_dir(UNKNOWN_DIR, capacity));
            }
            for dir in
                broker.log_dirs.iter_mut().filter(|dir| !named.is_some_and(|named| named.contains_key(&dir.path)))
            {
                dir.capacity = Some(capacity);
            }
        }
        if let Some(capacity) = capacities.every {
            for broker in &mut self.brokers {
                if broker.log_dirs.is_empty() && broker.state.serves() {
                    broker.log_dirs.push(empty_dir(UNKNOWN_DIR, capacity));
                }
                for dir in &mut broker.log_dirs {
                    dir.capacity.get_or_insert(capacity);
                }
            }
        }
        Ok(())
    }

    /// What of earlier supplements still speaks of brokers and racks that this snapshot has, to which none were applied.
    #[must_use]
    pub fn known(&self, supplements: &Supplements) -> Supplements {
        let has_rack = |name: &String| self.brokers.iter().any(|broker| broker.rack.as_ref() == Some(name));
        let is_there = |id: &i32| self.brokers.binary_search_by_key(id, |broker| broker.id.get()).is_ok();
        let mut known = supplements.clone();
        known.capacity.broker.retain(|id, _| is_there(id));
        known.capacity.dir.retain(|id, _| is_there(id));
        known.racks.broker.retain(|id, _| is_there(id));
        known.racks.rename.retain(|name, _| has_rack(name));
        known
    }

    fn broker_mut(&mut self, id: i32, option: &str) -> Result<&mut super::Broker> {
        let found = self.brokers.binary_search_by_key(&id, |broker| BrokerId::get(broker.id));
        match found {
            Ok(index) => Ok(&mut self.brokers[index]),
            Err(_) => {
                let ids = IdSet::from_ids(self.brokers.iter().map(|broker| broker.id)).unwrap_or_default();
                let message = format!("{option} names broker {id}, which the cluster does not have");
                Err(Error::new(Code::UnknownBroker, message)
                    .at(Place::source(option))
                    .note(format!("the cluster has brokers {ids}"))
                    .help(format!("name only brokers that are there, or leave {id} out")))
            }
        }
    }
}

/// A log dir of which only the capacity is known; what it holds is summed up from the replica lists.
fn empty_dir(path: &str, capacity: Bytes) -> LogDir {
    LogDir { path: path.to_owned(), capacity: Some(capacity), used: None, offline: false }
}

#[cfg(test)]
mod tests {
    use crate::base::units::Bytes;
    use crate::request::{Capacities, Supplements};
    use crate::snapshot::{Snapshot, v1};

    fn cluster() -> Snapshot {
        let text = r#"{"kind":"kshift.cluster","version":1,"brokers":[{"id":1,"rack":"a","log_dirs":[{"path":"/a"},{"path":"/b","capacity_bytes":7}]},{"id":2},{"id":3,"state":"dead"}],
            "topics":[{"name":"t","partitions":[{"partition":0,"replicas":[1,2,3]}]}]}"#;
        v1::read(text, "f").unwrap()
    }

    fn capacities(text: &str) -> Snapshot {
        let capacity = if text.is_empty() {
            Capacities::default()
        } else {
            crate::snapshot::supplement_files::parse_capacity(text, "c").unwrap()
        };
        let mut cluster = cluster();
        cluster
            .supplement(&Supplements { capacity, assume_size: Some(Bytes::new(5)), ..Supplements::default() })
            .unwrap();
        cluster
    }

    fn dirs(cluster: &Snapshot, broker: usize) -> Vec<(&str, Option<u64>)> {
        cluster.brokers[broker].log_dirs.iter().map(|dir| (dir.path.as_str(), dir.capacity.map(Bytes::get))).collect()
    }

    #[test]
    fn the_narrowest_capacity_wins_and_one_for_all_fills_gaps_only() {
        assert_eq!(dirs(&capacities("* 9"), 0), [("/a", Some(9)), ("/b", Some(7))]);
        assert_eq!(dirs(&capacities("* 9\n1 8\n1:/b 6"), 0), [("/a", Some(8)), ("/b", Some(6))]);
    }

    #[test]
    fn a_broker_without_known_log_dirs_becomes_a_target_by_its_capacity() {
        assert_eq!(dirs(&capacities(""), 1), []);
        for text in ["* 9", "2 9", "* 1\n2 9"] {
            let cluster = capacities(text);
            assert_eq!(dirs(&cluster, 1), [("(unknown)", Some(9))], "{text}");
            assert_eq!(cluster.used_bytes()[1], [Bytes::new(5)]);
            let again = v1::read(std::str::from_utf8(&v1::write(&cluster, v1::Include::Everything)).unwrap(), "f");
            assert_eq!(again.unwrap().sha256(), cluster.sha256());
        }
        assert_eq!(dirs(&capacities("2:/d 9"), 1), [("/d", Some(9))]);
        assert_eq!(dirs(&capacities("* 9"), 2), [], "a dead broker is no target");
    }

    #[test]
    fn capacities_and_racks_of_unknown_things_are_refused() {
        use crate::base::error::Code;
        let refused = |capacity: &str, racks: &str| {
            let mut supplements = Supplements::default();
            if !capacity.is_empty() {
                supplements.capacity = crate::snapshot::supplement_files::parse_capacity(capacity, "c").unwrap();
            }
            if !racks.is_empty() {
                supplements.racks = crate::snapshot::supplement_files::parse_racks(racks, "r").unwrap();
            }
            cluster().supplement(&supplements).unwrap_err().code()
        };
        assert_eq!(refused("4 1TB", ""), Code::UnknownBroker);
        assert_eq!(refused("1:/c 1TB", ""), Code::UnknownLogDir);
        assert_eq!(refused("", "4 b"), Code::UnknownBroker);
        assert_eq!(refused("", "b c"), Code::InvalidValue);
    }
}
