//! Topics whose throttled replicas a wave sets.
//!
//! Kafka's tool sets the lists of all topics of a file in one request, and the KRaft controller refuses a request that takes
//! more than 10,000 records: one for each list, so two for each topic that copies. Waves stay below that by a tenth.

use super::super::Loads;
use crate::base::index::{IndexVec, TopicIx};
use crate::problem::Problem;

/// Most topics that copy in one wave.
pub const TOPICS_MOST: usize = 4_500;

/// How many topics the steps copy whose lists a throttle names; 0 where there is none.
pub fn topics(problem: &Problem<'_>, loads: &Loads, steps: &[u32]) -> usize {
    if problem.rates.is_none() || loads.within {
        return 0;
    }
    let mut seen: IndexVec<TopicIx, bool> = IndexVec::filled(false, problem.cluster.snapshot.topics.len());
    let mut count = 0;
    for load in steps.iter().map(|&step| &loads.loads[step as usize]).filter(|load| load.adding > 0) {
        let is_seen = &mut seen[problem.cluster.topic_of(load.partition)];
        count += usize::from(!*is_seen);
        *is_seen = true;
    }
    count
}

/// Whether the steps copy more topics than one wave may; as many steps as topics it takes.
pub fn are_too_many(problem: &Problem<'_>, loads: &Loads, steps: &[u32]) -> bool {
    steps.len() > TOPICS_MOST && topics(problem, loads, steps) > TOPICS_MOST
}

/// Whether waves of so many partitions could copy too many topics; mostly there are not as many.
pub fn matter(problem: &Problem<'_>, loads: &Loads, steps: &[u32], max_moves: usize) -> bool {
    max_moves > TOPICS_MOST && are_too_many(problem, loads, steps)
}
