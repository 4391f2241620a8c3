//! For benches alone: who holds and who leads, without the waves and the paper around it. No promise is made.

use crate::base::error::Result;
use crate::base::ids::BrokerId;
use crate::base::index::Ix;
use crate::base::work::Work;
use crate::cluster::Cluster;
use crate::leadership::{self, Leadership};
use crate::placement;
use crate::planner::{self, Look};
use crate::problem::Problem;
use crate::request::Request;
use crate::snapshot::Snapshot;

/// A request, resolved for a cluster.
pub struct Prepared<'s>(Problem<'s>);

/// Who holds and leads what moves.
pub struct Decided(Leadership);

impl<'s> Prepared<'s> {
    /// Resolves a drain; pairs and given placements leave nothing to decide here.
    pub fn new(snapshot: &'s Snapshot, request: &'s Request) -> Result<Self> {
        Ok(Prepared(Problem::new(Cluster::new(snapshot), request)?))
    }

    /// Placement and leadership.
    pub fn decide(&self) -> Result<Decided> {
        let work = Work::new();
        let placement = placement::place(&self.0, &work)?;
        let (homes, _) = planner::settle(&self.0, &placement, Look::Whole, &work)?;
        Ok(Decided(leadership::order_behind_heads(&self.0, homes)))
    }

    /// The rows of the partitions that move, each with its ordered list.
    pub fn lists(&self, decided: &Decided) -> Vec<(usize, Vec<BrokerId>)> {
        let id_of = |home: &placement::Home| self.0.cluster.brokers[home.broker].id;
        let lists = decided.0.lists.iter().map(|list| list.iter().map(id_of).collect());
        self.0.movers.iter().map(|partition| partition.get()).zip(lists).collect()
    }
}
