//! Filling in what the source of a cluster could not say: sizes, capacities, racks.

use super::Snapshot;
use crate::base::error::{Code, Error, Result};
use crate::base::ids::BrokerId;
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
        Ok(())
    }

    fn supplement_racks(&mut self, supplements: &Supplements) -> Result<()> {
        for old in supplements.racks.rename.keys() {
            if !self.brokers.iter().any(|broker| broker.rack.as_ref() == Some(old)) {
                return Err(Error::new(
                    Code::InvalidValue,
                    format!("--racks renames `{old}`, but no broker is in that rack"),
                )
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
        if let Some(capacity) = capacities.every {
            for dir in self.brokers.iter_mut().flat_map(|broker| &mut broker.log_dirs) {
                dir.capacity.get_or_insert(capacity);
            }
        }
        for (&id, &capacity) in &capacities.broker {
            for dir in &mut self.broker_mut(id, "--capacity")?.log_dirs {
                dir.capacity = Some(capacity);
            }
        }
        for (&id, dirs) in &capacities.dir {
            let broker = self.broker_mut(id, "--capacity")?;
            for (path, &capacity) in dirs {
                let Some(dir) = broker.log_dirs.iter_mut().find(|dir| dir.path == *path) else {
                    let known: Vec<&str> = broker.log_dirs.iter().map(|dir| dir.path.as_str()).collect();
                    return Err(Error::new(
                        Code::UnknownLogDir,
                        format!("--capacity names `{path}` of broker {id}, which has `{}`", known.join("`, `")),
                    ));
                };
                dir.capacity = Some(capacity);
            }
        }
        Ok(())
    }

    fn broker_mut(&mut self, id: i32, option: &str) -> Result<&mut super::Broker> {
        let found = self.brokers.binary_search_by_key(&id, |broker| BrokerId::get(broker.id));
        match found {
            Ok(index) => Ok(&mut self.brokers[index]),
            Err(_) => Err(Error::new(
                Code::UnknownBroker,
                format!("{option} names broker {id}, which the cluster does not have"),
            )),
        }
    }
}
