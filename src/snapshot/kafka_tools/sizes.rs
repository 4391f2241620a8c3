//! What `kafka-log-dirs` says, put onto the partitions: sizes, dirs, space in use.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::log_dirs::Answer;
use super::notices::Noticed;
use super::{Spot, contradiction};
use crate::base::error::{Code, Error};
use crate::base::ids::{BrokerId, TopicPartition};
use crate::base::units::Bytes;
use crate::snapshot::{Draft, LogDir};

/// The log dirs of the brokers that answered, sorted by path.
pub(in crate::snapshot) type Disks = BTreeMap<BrokerId, Vec<LogDir>>;

/// A log dir as all answers of its broker say it.
struct Dir<'a, 'b> {
    is_offline: bool,
    spot: Spot<'a>,
    /// By name and whether it is a future replica: the size and where that was said.
    replicas: FxHashMap<(&'b str, bool), (Bytes, Spot<'a>)>,
}

type Dirs<'a, 'b> = BTreeMap<BrokerId, BTreeMap<&'b str, Dir<'a, 'b>>>;

/// Fills `size` and `dir` of the draft's partitions, and gives each answering broker its log dirs.
pub(super) fn read(answers: &[Answer<'_>], draft: &mut Draft, noticed: &mut Noticed, faults: &mut Vec<Error>) -> Disks {
    if answers.is_empty() {
        return Disks::new();
    }
    let brokers = gather(answers, faults);
    let mut slots: Vec<Option<Bytes>> = vec![None; draft.partitions.replicas.total()];
    draft.partitions.dir = vec![None; slots.len()];
    let mut disks = Disks::new();
    for (&broker, dirs) in &brokers {
        let mut log_dirs = Vec::new();
        for (&path, dir) in dirs {
            let mut used: u128 = 0;
            for (&(name, is_future), &(size, spot)) in &dir.replicas {
                used += u128::from(size.get());
                let Some(at) = slot_of(draft, name, broker) else {
                    noticed.strays.push(format!("{name} on {broker}"));
                    continue;
                };
                if is_future {
                    noticed.futures += 1;
                } else if slots[at].is_some() {
                    let message =
                        format!("broker {broker} has the replica `{name}` in two log dirs, one of them `{path}`");
                    faults.push(Error::new(Code::Contradiction, message).at(spot.place()));
                } else {
                    slots[at] = Some(size);
                    draft.partitions.dir[at] = Some(draft.intern_dir(path));
                }
            }
            if used > u128::from(Bytes::MAX.get()) {
                let message = format!("the replicas in `{path}` of broker {broker} sum to more than 2^63 bytes");
                faults.push(Error::new(Code::InvalidSize, message).at(dir.spot.place()));
                used = 0;
            }
            let used = Some(Bytes::new(used as u64));
            log_dirs.push(LogDir { path: path.to_owned(), capacity: None, used, offline: dir.is_offline });
        }
        disks.insert(broker, log_dirs);
    }
    fill_sizes(draft, &slots, noticed);
    note_absent(draft, &slots, &mut disks, noticed);
    noticed.strays.sort();
    disks
}

fn gather<'a, 'b>(answers: &'b [Answer<'a>], faults: &mut Vec<Error>) -> Dirs<'a, 'b> {
    let mut brokers = Dirs::new();
    for answer in answers {
        let dirs = brokers.entry(answer.broker).or_default();
        for said in &answer.dirs {
            let dir = dirs.entry(said.path.as_ref()).or_insert_with(|| Dir {
                is_offline: said.is_offline(),
                spot: answer.spot,
                replicas: FxHashMap::default(),
            });
            if dir.is_offline != said.is_offline() {
                let state = |offline| if offline { "offline" } else { "online" };
                faults.push(contradiction(
                    &format!("the log dir `{}` of broker {}", said.path, answer.broker),
                    (dir.spot, state(dir.is_offline)),
                    (answer.spot, state(said.is_offline())),
                ));
            }
            for replica in &said.partitions {
                let key = (replica.partition.as_ref(), replica.is_future);
                let known = *dir.replicas.entry(key).or_insert((replica.size, answer.spot));
                if known.0 != replica.size {
                    faults.push(contradiction(
                        &format!("the bytes of replica `{}` on broker {}", replica.partition, answer.broker),
                        (known.1, &known.0.get().to_string()),
                        (answer.spot, &replica.size.get().to_string()),
                    ));
                }
            }
        }
    }
    brokers
}

/// The place of a replica in the columns, if the describe of topics lists it.
fn slot_of(draft: &Draft, name: &str, broker: BrokerId) -> Option<usize> {
    let TopicPartition { topic, partition } = TopicPartition::parse(name)?;
    let topic = draft.topics.binary_search_by(|probe| probe.name.cmp(&topic)).ok()?;
    let rows = draft.topics[topic].rows.clone();
    let row = rows.start + draft.partitions.id[rows.clone()].binary_search(&partition).ok()?;
    let place = draft.partitions.replicas.get(row).iter().position(|&id| id == broker)?;
    Some(draft.partitions.replicas.range(row).start + place)
}

/// The size of a partition is that of its leader's replica: copies come from there.
fn fill_sizes(draft: &mut Draft, slots: &[Option<Bytes>], noticed: &mut Noticed) {
    let partitions = &mut draft.partitions;
    for row in 0..partitions.len() {
        let sizes = &slots[partitions.replicas.range(row)];
        let leader = partitions.leader[row];
        let of_leader = leader
            .and_then(|leader| partitions.replicas.get(row).iter().position(|&id| id == leader))
            .and_then(|place| sizes[place]);
        let largest = sizes.iter().flatten().max().copied();
        partitions.size[row] = of_leader.or(largest);
        if of_leader.is_none() && largest.is_some() && leader.is_some() {
            noticed.size_of_follower.push(row);
        }
    }
}

/// Replicas that their broker should have shown: on an offline dir, left out by `--topic-list`, or new.
fn note_absent(draft: &Draft, slots: &[Option<Bytes>], disks: &mut Disks, noticed: &mut Noticed) {
    let partitions = &draft.partitions;
    for row in 0..partitions.len() {
        let adding = partitions.adding.get(&row).map_or(&[][..], Vec::as_slice);
        for (at, id) in partitions.replicas.range(row).zip(partitions.replicas.get(row)) {
            if slots[at].is_some() || adding.contains(id) {
                continue;
            }
            let Some(dirs) = disks.get_mut(id) else { continue };
            if dirs.iter().any(|dir| dir.offline) {
                noticed.on_offline_dir += 1;
                continue;
            }
            noticed.absent.push((row, *id));
            if partitions.size[row].is_none() {
                // Its size will be assumed, and then has to count: the sum of what was shown is no longer the truth.
                for dir in dirs {
                    dir.used = None;
                }
            }
        }
    }
}
