//! Packing one stage into waves.
//!
//! Moves stand in lockstep: all brokers come through their own work at the same pace, each with its largest move
//! first. A wave takes, of the moves that are left, every one that fits under a ceiling: a copy time that no broker may pass. The ceiling starts at the longest wave allowed. When
//! the wave then ends because it has its number of partitions, the ceiling is too high for this wave:
//! it is lowered by bisection as long as the next few moves still fill the wave, but not so far that the
//! busiest broker would have more left than the waves that follow.
//!
//! A wave is as long as its busiest broker, so the sum of all waves is least when every broker works through
//! every one of them. Each broker therefore has a ceiling of its own: the part of the wave's that its own work
//! left is of the busiest broker's. When all have had their part, what fits under the wave's ceiling is added.
//!
//! Waves as long as allowed leave the last one what did not fit together. Of up to some thousand moves several cuts are
//! made, with waves of about one length too, and the shortest is taken; of few moves [`few`] finds a better one still, and
//! of many [`even`] lets moves of brokers that hold a wave up change places with others.

mod even;
mod few;
pub mod in_line;
pub mod lists;

use rayon::prelude::*;

pub use self::few::MOVED_MOST;

use super::room::Room;
use super::time::{FOLLOWER_SHARE_LEAST, Sums, seconds_alone, wave_time};
use super::{Load, Loads, Schedule, Wave};
use crate::base::error::Result;
use crate::base::index::{BrokerIx, Csr, IndexVec};
use crate::base::work::Work;
use crate::plan::Stage;
use crate::problem::rates::Rates;
use crate::problem::{Problem, Span};

/// Internal topics reload coordinators when their leaders move: few at a time.
const INTERNAL_MOVES_MAX: usize = 50;
/// When a wave is full by number, this many times that number of moves are looked at for the best ones.
const WINDOW: usize = 4;
/// Halvings of the ceiling between the longest move and the time of the first try.
const BISECTIONS: usize = 5;
/// How often more of the smallest moves are put into a wave, so that fewer are left over.
const SMALL_TRIES: usize = 4;
/// What brokers limit by number: this many times a wave is looked at for a better one,
const DENSE_WINDOW: usize = 6;
/// each under a ceiling lower by this,
const DENSE_STEP: f64 = 0.93;
/// and together they may be [`most_waves`], each of which fills a broker to this part: not all that is left fits together.
const FULL: (u64, u64) = (93, 100);
/// A sum that reaches the ceiling but for rounding fits under it.
const ROUNDING: f64 = 1.0 + 1e-12;

/// Up to this many steps several cuts are made, and the shortest is taken.
const SEVERAL_MOST: usize = 3_000;
/// How long a wave may be in these, in parts of what is left when that is shared out evenly.
const SHARES: [f64; 6] = [1.0, 1.01, 1.02, 1.04, 1.07, 1.12];
/// Another cut must be this much shorter.
const LESS: f64 = 1.0 - 1e-6;

/// Cuts the steps of one stage into waves and appends them; never below the limit of any log dir where `room` is followed.
///
/// # Errors
/// [`crate::base::error::Code::DiskLimit`] when in no order that was tried every copy finds room.
pub fn cut(
    problem: &Problem<'_>,
    loads: &Loads,
    stage: Stage,
    steps: Vec<u32>,
    room: Option<&mut Room>,
    schedule: &mut Schedule,
    work: &Work,
) -> Result<()> {
    let job = Job { problem, loads, stage, max_moves: max_moves(problem, stage), work };
    if !lists::matter(problem, loads, &steps, job.max_moves) {
        return job.cut(steps, room, schedule);
    }
    // Mostly topics have more than one partition in a wave, and then this is good as it is.
    let (waves, too_long, before) = (schedule.waves.len(), schedule.too_long.len(), room.as_deref().cloned());
    let mut room = room;
    job.cut(steps.clone(), room.as_deref_mut(), schedule)?;
    if !schedule.waves[waves..].iter().any(|wave| lists::are_too_many(problem, loads, &wave.steps)) {
        return Ok(());
    }
    schedule.waves.truncate(waves);
    schedule.too_long.truncate(too_long);
    if let (Some(room), Some(before)) = (room.as_deref_mut(), before) {
        *room = before;
    }
    Job { max_moves: lists::TOPICS_MOST, ..job }.cut(steps, room, schedule)
}

/// A stage that is to be cut into waves.
struct Job<'p, 's> {
    problem: &'p Problem<'s>,
    loads: &'p Loads,
    stage: Stage,
    /// Most partitions in one wave.
    max_moves: usize,
    work: &'p Work,
}

impl Job<'_, '_> {
    fn cut(&self, steps: Vec<u32>, room: Option<&mut Room>, schedule: &mut Schedule) -> Result<()> {
        match room {
            Some(room) => self.cut_with_room(&steps, room, schedule),
            None => self.cut_freely(steps, schedule),
        }
    }

    fn cut_freely(&self, steps: Vec<u32>, schedule: &mut Schedule) -> Result<()> {
        let Job { problem, loads, stage, max_moves, work } = *self;
        let mut filler = Filler::new(problem, stage, max_moves, None);
        let mut queue = Queue::new(problem, loads, steps);
        let mut best = filler.waves(&mut queue, work)?;
        if best.len() > 1 && queue.steps.len() <= SEVERAL_MOST {
            let mut seconds = filler.seconds_of_all(&queue, &best);
            for share in SHARES {
                filler.share = Some(share);
                let other = filler.waves(&mut queue, work)?;
                let of_other = filler.seconds_of_all(&queue, &other);
                if of_other < seconds * LESS && other.len() <= best.len() {
                    (seconds, best) = (of_other, other);
                }
            }
        }
        schedule.too_long.extend(filler.too_long(&queue));
        if let Some(evened) = even::evened(&filler, &queue, &best) {
            best = evened;
        }
        let places = few::improved(&mut filler, &queue, &best).unwrap_or(best);
        let waves = places.par_iter().map(|places| Wave::new(problem, loads, stage, queue.steps_at(places)));
        schedule.waves.par_extend(waves);
        Ok(())
    }

    fn cut_with_room(&self, steps: &[u32], room: &mut Room, schedule: &mut Schedule) -> Result<()> {
        let Job { problem, loads, .. } = *self;
        let (waves, too_long) = (schedule.waves.len(), schedule.too_long.len());
        let queue = Queue::new(problem, loads, steps.to_vec());
        if self.fill_with_room(queue, room, schedule)? {
            return Ok(());
        }
        schedule.waves.truncate(waves);
        schedule.too_long.truncate(too_long);
        let queue = Queue::in_this_order(problem, loads, room.line_up(problem, loads, steps)?);
        let is_done = self.fill_with_room(queue, room, schedule)?;
        room.end_lines();
        // Only a log dir that holds less than its replicas together can make what left early not help.
        if is_done { Ok(()) } else { Err(room.dead_end(problem, loads, steps)) }
    }

    /// Appends waves for all steps of a queue; false, and the room as it was, when no step that is left has room.
    fn fill_with_room(&self, mut queue: Queue, room: &mut Room, schedule: &mut Schedule) -> Result<bool> {
        let Job { problem, loads, stage, max_moves, work } = *self;
        let mut filler = Filler::new(problem, stage, max_moves, Some(room.clone()));
        schedule.too_long.extend(filler.too_long(&queue));
        while !queue.left.is_empty() {
            work.step("scheduling", queue.steps.len() - queue.left.len(), queue.steps.len())?;
            let Some(first) = filler.first_with_room(&queue) else { return Ok(false) };
            let places = filler.next_wave(&mut queue, first);
            let taken = queue.steps_at(&places);
            if let Some(room) = &mut filler.room {
                room.end_wave(&taken);
            }
            schedule.waves.push(Wave::new(problem, loads, stage, taken));
        }
        *room = filler.room.expect("it was given");
        Ok(true)
    }
}

/// How many waves there may be where more are shorter: a fifth more than there have to be.
pub(super) fn most_waves(least: u32) -> u32 {
    least + least / 5
}

/// Most partitions in one wave of a stage.
pub(super) fn max_moves(problem: &Problem<'_>, stage: Stage) -> usize {
    let asked = problem.request.max_moves as usize;
    if stage.is_internal() { asked.min(INTERNAL_MOVES_MAX) } else { asked }
}

impl Wave {
    /// A wave of these steps, with what it costs in time.
    pub fn new(problem: &Problem<'_>, loads: &Loads, stage: Stage, steps: Vec<u32>) -> Self {
        let time = problem.rates.as_ref().map(|rates| wave_time(problem, loads, &steps, rates));
        Wave { stage, steps, time }
    }
}

/// Moves that no wave has yet. All that decides whether one fits stands side by side, in the order in which they
/// are tried, because they are tried again and again.
struct Queue {
    steps: Vec<u32>,
    loads: Vec<Load>,
    adding: Csr<BrokerIx>,
    /// Places of those that are left.
    left: Vec<u32>,
    /// Bytes that each broker has to send and to receive for these. Whole numbers: sums that are kept up stay exact.
    rest: IndexVec<BrokerIx, [f64; 2]>,
}

impl Queue {
    fn new(problem: &Problem<'_>, loads: &Loads, mut steps: Vec<u32>) -> Self {
        in_lockstep(loads, problem.cluster.brokers.len(), &mut steps);
        Queue::in_this_order(problem, loads, steps)
    }

    fn in_this_order(problem: &Problem<'_>, loads: &Loads, steps: Vec<u32>) -> Self {
        let mut adding = Csr::with_capacity(steps.len(), steps.len() * 3);
        for &step in &steps {
            adding.push(loads.adding.get(step as usize).iter().copied());
        }
        let loads: Vec<Load> = steps.iter().map(|&step| loads.loads[step as usize]).collect();
        let rest = IndexVec::filled([0.0; 2], problem.cluster.brokers.len());
        let mut queue = Queue { steps, loads, adding, left: Vec::new(), rest };
        queue.refill();
        queue
    }

    /// Puts back all that was taken.
    fn refill(&mut self) {
        self.left = (0..self.steps.len() as u32).collect();
        self.rest = IndexVec::filled([0.0; 2], self.rest.len());
        for place in 0..self.steps.len() {
            self.count(place, 1.0);
        }
    }

    /// Takes places, in order, out of those that are left.
    fn remove(&mut self, taken: &[u32]) {
        remove_sorted(&mut self.left, taken);
        for &place in taken {
            self.count(place as usize, -1.0);
        }
    }

    fn count(&mut self, place: usize, times: f64) {
        let load = &self.loads[place];
        self.rest[load.leader][0] += times * load.volume();
        for &broker in self.adding.get(place) {
            self.rest[broker][1] += times * load.size;
        }
    }

    /// Bytes that leaders send for these places.
    fn volume(&self, places: &[u32]) -> f64 {
        places.iter().map(|&place| self.loads[place as usize].volume()).sum()
    }

    fn steps_at(&self, places: &[u32]) -> Vec<u32> {
        places.iter().map(|&place| self.steps[place as usize]).collect()
    }

    fn steps_left(&self) -> impl Iterator<Item = u32> + '_ {
        self.left.iter().map(|&place| self.steps[place as usize])
    }
}

struct Filler<'p> {
    /// The throttle of each broker.
    rates: Option<&'p Rates>,
    max_moves: usize,
    /// Most leaders that change in one wave.
    leader_changes: usize,
    /// How many have changed in the wave at hand.
    leaders_changed: usize,
    max_moves_per_broker: u32,
    /// How many waves a stage may still take where brokers limit them by number.
    waves_left: Option<u32>,
    max_seconds: f64,
    /// What a wave may take in parts of what the busiest broker has left for each of the waves that it needs.
    share: Option<f64>,
    /// Seconds of work that each broker has left, as leader and as follower.
    rest: IndexVec<BrokerIx, [f64; 2]>,
    /// The most of these.
    rest_most: f64,
    /// Where waves have to fit into windows: how many seconds a broker may copy in one, and at what share of its rates.
    span: Option<Span>,
    /// What each broker carries in the wave at hand.
    carried: IndexVec<BrokerIx, Carried>,
    touched: Vec<BrokerIx>,
    /// Room on log dirs, where it has to be followed.
    room: Option<Room>,
}

/// Seconds that no broker may pass in a wave.
#[derive(Clone, Copy)]
struct Ceiling {
    /// For the broker with the most left to do; the others have a part of it.
    parts: f64,
    /// For the first move of a broker, and for all once every broker has had its part.
    wave: f64,
}

/// How much of a ceiling a broker may fill.
#[derive(Clone, Copy)]
enum Part {
    /// Its own part, so that all come to theirs.
    Own(Ceiling),
    /// All of it.
    Whole(Ceiling),
}

/// Sums of one broker in the wave at hand, and how many moves it receives and sends.
#[derive(Clone, Copy, Default)]
struct Carried {
    sums: Sums,
    receives: u32,
    sends: u32,
}

impl<'p> Filler<'p> {
    fn new(problem: &'p Problem<'_>, stage: Stage, max_moves: usize, room: Option<Room>) -> Self {
        let leader_changes = problem.request.leader_changes_of(stage.is_reordering());
        Filler {
            rates: problem.rates.as_ref(),
            max_moves,
            leader_changes: leader_changes.map_or(usize::MAX, |changes| changes as usize),
            leaders_changed: 0,
            max_moves_per_broker: problem.request.max_moves_per_broker.unwrap_or(u32::MAX),
            waves_left: None,
            max_seconds: problem.request.max_wave_duration.get(),
            share: None,
            rest: IndexVec::filled([0.0; 2], problem.cluster.brokers.len()),
            rest_most: 0.0,
            span: problem.wave_span,
            carried: IndexVec::filled(Carried::default(), problem.cluster.brokers.len()),
            touched: Vec::new(),
            room,
        }
    }

    /// Which of the steps that are left is the first to find room on its log dirs.
    fn first_with_room(&mut self, queue: &Queue) -> Option<usize> {
        let room = self.room.as_mut()?;
        room.clear();
        queue.steps_left().position(|step| room.fits(step))
    }

    /// All of a queue in waves, each as places in order; the queue is as it was.
    fn waves(&mut self, queue: &mut Queue, work: &Work) -> Result<Vec<Vec<u32>>> {
        let mut waves = Vec::new();
        self.waves_left = None;
        while !queue.left.is_empty() {
            work.step("scheduling", queue.steps.len() - queue.left.len(), queue.steps.len())?;
            waves.push(self.next_wave(queue, 0));
        }
        queue.refill();
        Ok(waves)
    }

    /// What waves take one by one.
    fn seconds_of_all(&mut self, queue: &Queue, waves: &[Vec<u32>]) -> f64 {
        waves.iter().map(|places| few::seconds_of(self, queue, places).unwrap_or(f64::INFINITY)).sum()
    }

    /// Moves that alone take longer than a wave may, each with its seconds.
    fn too_long(&self, queue: &Queue) -> Vec<(u32, f64)> {
        let alone = |&place: &u32| {
            let at = place as usize;
            (queue.steps[at], self.seconds_alone(&queue.loads[at], queue.adding.get(at)))
        };
        queue.left.par_iter().map(alone).filter(|entry| entry.1 > self.max_seconds).collect()
    }

    /// Takes the places of the next wave out of the queue; the `first` of those that are left has room.
    fn next_wave(&mut self, queue: &mut Queue, first: usize) -> Vec<u32> {
        // Nothing can make a move shorter that alone takes longer than a wave may: it sets the length of
        // its wave, which others fill up to that length.
        let place = queue.left[first] as usize;
        let longest_alone = self.seconds_alone(&queue.loads[place], queue.adding.get(place));
        self.count_rest(queue);
        let even = self.rest_most / (self.rest_most / self.max_seconds).ceil().max(1.0);
        let ceiling = self.share.map_or(f64::INFINITY, |share| share * even);
        let ceiling = ceiling.min(self.max_seconds).max(longest_alone);
        let whole = Ceiling { parts: ceiling, wave: ceiling };
        let mut taken = self.fill(queue, &queue.left, &[], whole, 0);
        let mut small = 0;
        for _ in 0..SMALL_TRIES {
            let over = self.left_over(queue, taken.len(), ceiling);
            if over == 0 {
                break;
            }
            // A few more, because they take the room of others.
            small = (small + over + over / 16 + 1).min(self.max_moves).min(queue.left.len());
            let (others, smallest) = queue.left.split_at(queue.left.len() - small);
            taken = self.fill(queue, others, smallest, whole, 0);
        }
        if let (true, Some(rates)) = (taken.len() == self.max_moves && taken.len() < queue.left.len(), self.rates) {
            let window = &queue.left[..queue.left.len().min(self.max_moves * WINDOW)];
            let waves = queue.left.len().div_ceil(self.max_moves) as f64;
            let mut high = self.seconds(rates);
            let mut low = (self.rest_most / waves).min(high);
            for _ in 0..BISECTIONS {
                let middle = f64::midpoint(low, high);
                let ceiling = Ceiling { parts: middle, wave: longest_alone.max(middle) };
                let fewer = self.fill(queue, window, &[], ceiling, self.max_moves);
                if fewer.len() == self.max_moves {
                    (high, taken) = (middle, fewer);
                } else {
                    low = middle;
                }
            }
        }
        if let (true, Some(rates)) =
            (self.max_moves_per_broker < u32::MAX && taken.len() < queue.left.len(), self.rates)
        {
            taken = self.densest(queue, taken, longest_alone, rates);
        }
        queue.remove(&taken);
        taken
    }

    /// The wave, of those under lower ceilings than the `whole` one at hand, that carries most for its time.
    ///
    /// Where brokers are full by their number of moves, a wave under a high ceiling is as long as the broker that happens
    /// to get the largest ones. Fewer moves under a lower ceiling load all brokers evenly; it takes more waves, so only as
    /// long as what each broker has left fits into these.
    fn densest(&mut self, queue: &Queue, whole: Vec<u32>, longest_alone: f64, rates: &Rates) -> Vec<u32> {
        let moves = self.moves_left(queue);
        let after = self.moves_after_this_wave(&moves);
        let mut ceiling = self.seconds(rates);
        let window = &queue.left[..queue.left.len().min(whole.len() * DENSE_WINDOW)];
        let (mut density, mut best) = (queue.volume(&whole) / ceiling, whole);
        while ceiling > longest_alone {
            ceiling *= DENSE_STEP;
            let lower = Ceiling { parts: ceiling, wave: longest_alone.max(ceiling) };
            let fewer = self.fill(queue, window, &[], lower, 0);
            let seconds = self.seconds(rates);
            let mut left = moves.iter().zip(self.carried.iter());
            let can_follow =
                left.all(|(moves, carried)| moves[0] - carried.sends <= after && moves[1] - carried.receives <= after);
            // Under a still lower ceiling there is nothing but empty partitions either.
            if fewer.len() * 2 < best.len() || !can_follow || seconds <= 0.0 {
                break;
            }
            let of_fewer = queue.volume(&fewer) / seconds;
            if of_fewer > density {
                (density, best) = (of_fewer, fewer);
            }
        }
        best
    }

    /// Moves that each broker has left to send and to receive.
    fn moves_left(&self, queue: &Queue) -> IndexVec<BrokerIx, [u32; 2]> {
        let mut moves: IndexVec<BrokerIx, [u32; 2]> = IndexVec::filled([0; 2], self.rest.len());
        for &place in &queue.left {
            let load = &queue.loads[place as usize];
            moves[load.leader][0] += u32::from(load.sends > 0);
            for &broker in queue.adding.get(place as usize) {
                moves[broker][1] += 1;
            }
        }
        moves
    }

    /// How many of them a broker may have left when this wave is over, so that the waves that may follow can take them.
    fn moves_after_this_wave(&mut self, moves: &IndexVec<BrokerIx, [u32; 2]>) -> u32 {
        let most = moves.iter().map(|moves| moves[0].max(moves[1])).max().unwrap_or(0);
        let least = most.div_ceil(self.max_moves_per_broker);
        let waves = self.waves_left.unwrap_or(most_waves(least));
        self.waves_left = Some(waves.saturating_sub(1));
        let full = u64::from(waves.saturating_sub(1)) * u64::from(self.max_moves_per_broker);
        (full * FULL.0 / FULL.1).min(u64::from(u32::MAX)) as u32
    }

    /// How many moves would be left over for one more wave than there have to be, when this one takes so many. Large
    /// moves fill a wave by its length and small ones by their number, so it had better take some of the smallest too.
    fn left_over(&self, queue: &Queue, takes: usize, ceiling: f64) -> usize {
        let left = queue.left.len();
        // Of few moves other cuts are tried, and the shortest is taken.
        let is_plain = self.room.is_none() && self.max_moves_per_broker == u32::MAX && queue.steps.len() > MOVED_MOST;
        if self.rates.is_none() || !is_plain || takes == self.max_moves || takes == left {
            return 0;
        }
        let by_number = left.div_ceil(self.max_moves);
        let waves = by_number.max((self.rest_most / ceiling).ceil() as usize).max(2);
        (left - takes).saturating_sub((waves - 1).saturating_mul(self.max_moves))
    }

    /// The places, first ones first, that fit under a ceiling beside the `smallest` ones. Where a number is `wanted`, all
    /// must fit under the parts of their brokers, and it gives up early when they cannot be so many.
    fn fill(&mut self, queue: &Queue, places: &[u32], smallest: &[u32], ceiling: Ceiling, wanted: usize) -> Vec<u32> {
        self.clear();
        if let Some(room) = &mut self.room {
            room.clear();
        }
        let mut taken = Vec::with_capacity(self.max_moves.min(places.len()));
        if !smallest.is_empty() {
            self.take(queue, smallest, Part::Whole(ceiling), 0, &mut taken);
        }
        if self.rates.is_none() {
            self.take(queue, places, Part::Whole(ceiling), wanted, &mut taken);
        } else {
            let passed_by = self.take(queue, places, Part::Own(ceiling), wanted, &mut taken);
            if wanted == 0 {
                self.take(queue, &passed_by, Part::Whole(ceiling), wanted, &mut taken);
            }
        }
        taken.sort_unstable();
        taken
    }

    /// Begins another wave.
    fn clear(&mut self) {
        for broker in self.touched.drain(..) {
            self.carried[broker] = Carried::default();
        }
        self.leaders_changed = 0;
    }

    /// Takes every place that fits beside what is `taken`; gives back those that do not.
    fn take(&mut self, queue: &Queue, places: &[u32], part: Part, wanted: usize, taken: &mut Vec<u32>) -> Vec<u32> {
        let mut passed_by = Vec::new();
        for (seen, &place) in places.iter().enumerate() {
            if taken.len() == self.max_moves || taken.len() + places.len() - seen < wanted {
                break;
            }
            let (step, load) = (queue.steps[place as usize], &queue.loads[place as usize]);
            if load.changes_leader && self.leaders_changed == self.leader_changes {
                continue;
            }
            let adding = queue.adding.get(place as usize);
            let has_room = self.room.as_ref().is_none_or(|room| room.fits(step));
            if has_room && self.fits(load, adding, part) {
                self.put(load, adding);
                if let Some(room) = &mut self.room {
                    room.put(step);
                }
                taken.push(place);
                self.leaders_changed += usize::from(load.changes_leader);
            } else {
                passed_by.push(place);
            }
        }
        passed_by
    }

    /// Reckons how long every broker has left to do.
    fn count_rest(&mut self, queue: &Queue) {
        let Some(rates) = self.rates else { return };
        // Who has nothing to do may have no rate.
        let seconds = |bytes: f64, rate: f64| if bytes > 0.0 { bytes / rate } else { 0.0 };
        for broker in queue.rest.indices() {
            let [sends, receives] = queue.rest[broker];
            self.rest[broker] = [seconds(sends, rates.leader[broker]), seconds(receives, rates.follower[broker])];
        }
        self.rest_most = self.rest.iter().map(|rest| rest[0].max(rest[1])).fold(0.0, f64::max);
    }

    /// The ceiling of a broker on one side that carries so many moves already.
    fn ceiling(&self, part: Part, broker: BrokerIx, side: usize, carries: u32) -> f64 {
        let seconds = match part {
            Part::Own(ceiling) if carries > 0 && self.rest_most > 0.0 => {
                ceiling.parts * self.rest[broker][side] / self.rest_most
            }
            Part::Own(ceiling) | Part::Whole(ceiling) => ceiling.wave,
        };
        seconds * ROUNDING
    }

    fn fits(&self, load: &Load, adding: &[BrokerIx], part: Part) -> bool {
        if load.adding == 0 {
            return true;
        }
        let leader = &self.carried[load.leader];
        if load.sends > 0 && leader.sends >= self.max_moves_per_broker {
            return false;
        }
        let Some(rates) = self.rates else {
            return adding.iter().all(|&broker| self.carried[broker].receives < self.max_moves_per_broker);
        };
        let mut sums = leader.sums;
        sums.add_leader(load);
        let rate = rates.leader[load.leader];
        let most = self.ceiling(part, load.leader, 0, leader.sends);
        if !(sums.traffic_out < rate && sums.bytes_out <= most * (rate - sums.traffic_out)) {
            return false;
        }
        // What copies first in a wave is not asked: alone it fits, or fits nowhere.
        let is_first = self.touched.is_empty();
        let in_time = |bytes: f64, traffic: f64, rate: f64| {
            is_first || self.span.is_none_or(|span| bytes <= span.seconds * (rate * span.share - traffic))
        };
        if !in_time(sums.bytes_out, sums.traffic_out, rate) {
            return false;
        }
        adding.iter().all(|&broker| {
            let Carried { mut sums, receives, .. } = self.carried[broker];
            sums.add_follower(load);
            let rate = rates.follower[broker];
            let most = self.ceiling(part, broker, 1, receives);
            receives < self.max_moves_per_broker
                && sums.traffic_in < rate * FOLLOWER_SHARE_LEAST
                && sums.bytes_in <= most * (rate - sums.traffic_in)
                && in_time(sums.bytes_in, sums.traffic_in, rate)
        })
    }

    fn put(&mut self, load: &Load, adding: &[BrokerIx]) {
        if load.adding == 0 {
            return;
        }
        if load.sends > 0 {
            let leader = &mut self.carried[load.leader];
            leader.sums.add_leader(load);
            leader.sends += 1;
            if leader.sends == 1 {
                self.touched.push(load.leader);
            }
        }
        for &broker in adding {
            let follower = &mut self.carried[broker];
            follower.sums.add_follower(load);
            follower.receives += 1;
            if follower.receives == 1 {
                self.touched.push(broker);
            }
        }
    }

    /// Seconds that the moves put so far take.
    fn seconds(&self, rates: &Rates) -> f64 {
        let sides = self.touched.iter().map(|&broker| {
            let sums = &self.carried[broker].sums;
            sums.leader_seconds(rates.leader[broker]).max(sums.follower_seconds(rates.follower[broker]))
        });
        sides.fold(0.0, f64::max)
    }

    /// Seconds that a move takes when nothing else runs.
    fn seconds_alone(&self, load: &Load, adding: &[BrokerIx]) -> f64 {
        self.rates.map_or(0.0, |rates| seconds_alone(load, adding, rates))
    }
}

/// Orders steps that stand largest first so that all brokers get through their own work at the same pace, each with its
/// largest first: by the part of its leader's work that stands before a step, and its followers' on average.
///
/// Otherwise a broker whose work is many small moves would come to them only in the last waves, and these would be as
/// long as it takes, while all others are done.
fn in_lockstep(loads: &Loads, brokers: usize, steps: &mut Vec<u32>) {
    let of = |step: u32| (&loads.loads[step as usize], loads.adding.get(step as usize));
    let mut whole: IndexVec<BrokerIx, [f64; 2]> = IndexVec::filled([0.0; 2], brokers);
    let mut done = whole.clone();
    let add = |sums: &mut IndexVec<BrokerIx, [f64; 2]>, step: u32| {
        let (load, adding) = of(step);
        sums[load.leader][0] += f64::from(load.sends) * load.size;
        for &broker in adding {
            sums[broker][1] += load.size;
        }
    };
    for &step in steps.iter() {
        add(&mut whole, step);
    }
    let mut keyed: Vec<(f64, u32)> = Vec::with_capacity(steps.len());
    for &step in steps.iter() {
        let (load, adding) = of(step);
        let part = |broker: BrokerIx, side: usize| match whole[broker][side] {
            bytes if bytes > 0.0 => done[broker][side] / bytes,
            _ => 0.0,
        };
        let received: f64 = adding.iter().map(|&broker| part(broker, 1)).sum();
        let mean = received / adding.len().max(1) as f64;
        keyed.push((f64::midpoint(part(load.leader, 0), mean), step));
        add(&mut done, step);
    }
    // Stable: equals stay largest first.
    keyed.par_sort_by(|a, b| a.0.total_cmp(&b.0));
    *steps = keyed.into_iter().map(|entry| entry.1).collect();
}

/// Takes `taken`, a subsequence, out of `left`.
fn remove_sorted(left: &mut Vec<u32>, taken: &[u32]) {
    // Taken ones stand near the front, so only the front is looked at; the rest moves up as a block.
    let (mut kept, mut seen, mut next) = (0, 0, 0);
    while next < taken.len() {
        if left[seen] == taken[next] {
            next += 1;
        } else {
            left[kept] = left[seen];
            kept += 1;
        }
        seen += 1;
    }
    left.drain(kept..seen);
}
