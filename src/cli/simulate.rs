//! `kshift simulate`: plays a plan over time, ours or another's, and says what it would be like.

use serde::Serialize;

use super::args::SimulateArgs;
use super::check::merged;
use super::console::Console;
use super::table::{Align, Table};
use super::view::{Lines, View, as_warnings, warnings_text};
use super::{load, progress, resolve};
use crate::base::error::{Code, Error, Place, Result};
use crate::base::fs;
use crate::base::ids::IdSet;
use crate::base::text::{brokers, counted, grouped};
use crate::base::units::{Bytes, Ratio, Seconds};
use crate::request::Supplements;
use crate::simulate::style::SLIDING;
use crate::simulate::{
    Comparison, Every, Harm, LossReport, Options, Played, Series, Simulation, Style, compare, simulate,
};

/// Brokers in the table of text; the JSON has all.
const BROKERS_SHOWN: usize = 24;

/// The styles that are compared.
pub const STYLES: [Style; 5] =
    [Style::Rolling, Style::Barrier, Style::AllAtOnce, Style::Batches(100), Style::Sliding(SLIDING)];

/// Plays and shows what was found.
pub fn run(args: &SimulateArgs, console: &Console) -> Result<u8> {
    resolve::one_standard_input(&[&args.cluster, &args.plan])?;
    let played = Played::read(&load::plan_file(&args.plan)?)?;
    let typed = resolve::supplements(&args.supplements)?;
    let made_with = played.request().map_or_else(Supplements::default, |request| request.supplements.clone());
    let snapshot = load::cluster(&args.cluster, &merged(made_with, typed))?;
    let mut options = options(args);
    let watched = progress::watch(console);
    if args.compare {
        let mut styles = STYLES.to_vec();
        styles.retain(|&style| style != options.style);
        styles.insert(0, options.style);
        let rows = compare(&snapshot, &played, &options, &styles, &watched.work)?;
        drop(watched);
        console.show(&Compared { styles: rows })?;
        return Ok(0);
    }
    if args.every.is_none() && args.series.is_none() {
        options.every = Every::Never;
    }
    let mut found = simulate(&snapshot, &played, &options, &watched.work)?;
    drop(watched);
    if let (Some(path), Some(series)) = (&args.series, &found.series) {
        fs::write_file(path, &written(series, path)?)?;
    }
    let mut warnings: Vec<_> = as_warnings(&snapshot.notices).collect();
    warnings.append(&mut found.warnings);
    found.warnings = warnings;
    console.show(&found)?;
    Ok(0)
}

/// What was asked, as the library has it.
fn options(args: &SimulateArgs) -> Options {
    Options {
        style: args.style.unwrap_or_default(),
        throttle: args.throttle,
        in_flight_per_broker: args.in_flight.in_flight_per_broker,
        in_flight: args.in_flight.in_flight,
        traffic: args.traffic,
        growth: args.growth,
        lose: args.lose.clone().or_else(|| args.lose_rack.clone()),
        slow: args.slow.clone().unwrap_or_default(),
        every: args.every.map_or(Every::Fitting, |every| Every::Seconds(every.get())),
    }
}

/// The series in the format that the name of its file asks for.
fn written(series: &Series, path: &std::path::Path) -> Result<Vec<u8>> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("csv") => Ok(series.to_csv().into_bytes()),
        Some("json") => Ok(serde_json::to_vec(series).expect("a series is plain data")),
        _ => {
            let what = format!("`{}` is neither .csv nor .json", path.display());
            Err(Error::new(Code::Usage, what)
                .at(Place::source("--series"))
                .help("name the file so that its ending says the format, such as `--series series.csv`"))
        }
    }
}

#[derive(Serialize)]
struct Compared {
    styles: Vec<Comparison>,
}

impl View for Compared {
    fn text(&self, _quiet: bool) -> String {
        let mut table = Table::new(&[
            ("STYLE", Align::Left),
            ("TAKES", Align::Right),
            ("RATIO", Align::Right),
            ("IN FLIGHT", Align::Right),
        ]);
        for row in &self.styles {
            table.row([
                row.style.clone(),
                row.makespan_seconds.map_or("never ends".to_owned(), |time| time.to_string()),
                row.ratio.map_or(String::new(), |ratio| format!("{ratio:.2}")),
                grouped(row.in_flight_peak),
            ]);
        }
        table.text()
    }
}

impl View for Simulation {
    fn text(&self, quiet: bool) -> String {
        let warnings = warnings_text(&self.warnings);
        if quiet {
            return warnings;
        }
        let mut parts = vec![summary(self)];
        parts.extend(self.loss.as_ref().map(loss_text));
        if !self.stuck.is_empty() {
            parts.push(stuck_text(self));
        }
        if !self.waves.is_empty() {
            parts.push(waves_text(self));
        }
        if !self.brokers.is_empty() {
            parts.push(brokers_text(self));
        }
        parts.push(warnings);
        parts.retain(|part| !part.is_empty());
        parts.join("\n")
    }
}

fn summary(found: &Simulation) -> String {
    let mut lines = Lines::default();
    lines.add("style", found.style.clone());
    match (found.makespan_seconds, found.stalled_seconds) {
        (Some(time), _) => lines.add("takes", time.to_string()),
        (None, Some(time)) => lines.add("takes", format!("never ends: after {time} nothing more can happen")),
        (None, None) => lines.add("takes", "never ends"),
    };
    lines.add("at least", format!("{}, for the broker that is busiest while led so", found.busiest_seconds));
    let (copies, partitions) = (counted(found.copies, "copy"), counted(found.partitions, "partition"));
    lines.add("copies", format!("{copies} of {partitions}, {}", found.bytes_copied));
    lines.add("in flight", format!("{} at most", counted(found.in_flight_peak, "partition")));
    lines.text()
}

fn loss_text(loss: &LossReport) -> String {
    let who = brokers(&IdSet::from_ids(loss.brokers.iter().copied()).unwrap_or_default());
    let Some(seconds) = loss.seconds else {
        return format!("{who} would be lost at wave {}, which never begins\n", loss.wave);
    };
    let (now, before) = (&loss.harm, &loss.harm_before_plan);
    let harmed =
        |of: fn(&Harm) -> u64| format!("{} ({} before the plan)", counted(of(now), "partition"), grouped(of(before)));
    let time = |seconds: Option<Seconds>| seconds.map_or("never ends".to_owned(), |time| format!("takes {time}"));
    let mut lines = Lines::default();
    lines.add("  offline", harmed(|harm| harm.offline));
    lines.add("  below min ISR", harmed(|harm| harm.under_min_isr));
    let at_risk = format!("{}, {}", harmed(|harm| harm.at_risk), now.at_risk_bytes);
    lines.add("  one replica left", at_risk);
    if !now.first.is_empty() {
        lines.add("  such as", now.first.join(", "));
    }
    let without = loss.wave_seconds_without.map_or("never ends".to_owned(), |time| time.to_string());
    lines.add("  its wave", format!("{} ({without} without the loss)", time(loss.wave_seconds)));
    format!("loss of {who} when wave {} has begun, after {seconds}\n{}", loss.wave, lines.text())
}

fn stuck_text(found: &Simulation) -> String {
    let line = |stuck: &crate::simulate::Stuck| format!("  {}-{}: {}\n", stuck.topic, stuck.partition, stuck.reason);
    let lines: String = found.stuck.iter().map(line).collect();
    let more = found.stuck_partitions - found.stuck.len() as u64;
    let more = if more > 0 { format!("  and {} more\n", grouped(more)) } else { String::new() };
    format!("{} never arrive\n{lines}{more}", counted(found.stuck_partitions, "partition"))
}

fn waves_text(found: &Simulation) -> String {
    let mut table = Table::new(&[
        ("WAVE", Align::Right),
        ("STAGE", Align::Left),
        ("PARTITIONS", Align::Right),
        ("TO COPY", Align::Right),
        ("STARTS", Align::Right),
        ("ENDS", Align::Right),
    ]);
    for wave in &found.waves {
        let at = |time: Option<Seconds>| time.map_or("never".to_owned(), |time| time.to_string());
        table.row([
            wave.wave.to_string(),
            wave.stage.map_or(String::new(), |stage| stage.as_str().to_owned()),
            grouped(wave.partitions),
            wave.bytes_to_copy.to_string(),
            at(wave.start_seconds),
            at(wave.end_seconds),
        ]);
    }
    table.text()
}

/// The brokers whose disks get fullest; one line for each log dir.
fn brokers_text(found: &Simulation) -> String {
    let mut table = Table::new(&[
        ("BROKER", Align::Right),
        ("RACK", Align::Left),
        ("IN", Align::Right),
        ("OUT", Align::Right),
        ("LEADERS", Align::Right),
        ("LOG DIR", Align::Left),
        ("USED", Align::Right),
        ("PEAK", Align::Right),
        ("FULL", Align::Right),
        ("AT", Align::Right),
        ("AFTER", Align::Right),
    ]);
    let shown = found.brokers.iter().take(BROKERS_SHOWN);
    for broker in shown {
        let moved = |bytes: Bytes| if bytes == Bytes::ZERO { "-".to_owned() } else { bytes.to_string() };
        let mut row = vec![
            broker.id.to_string(),
            broker.rack.clone().unwrap_or_default(),
            moved(broker.in_bytes),
            moved(broker.out_bytes),
            format!("{} -> {}", grouped(broker.leaders_before.into()), grouped(broker.leaders_after.into())),
        ];
        let dirs: Vec<[String; 6]> = broker.log_dirs.iter().map(dir_cells).collect();
        let mut dirs = if dirs.is_empty() { vec![<[String; 6]>::default()] } else { dirs }.into_iter();
        row.extend(dirs.next().into_iter().flatten());
        table.row(row);
        for dir in dirs {
            table.row(vec![String::new(); 5].into_iter().chain(dir));
        }
    }
    let more = found.brokers.len().saturating_sub(BROKERS_SHOWN) as u64;
    let more = if more > 0 { format!("and {} more; --json has all\n", counted(more, "broker")) } else { String::new() };
    table.text() + &more
}

fn dir_cells(dir: &crate::simulate::SimulatedDir) -> [String; 6] {
    let share = dir.capacity_bytes.filter(|capacity| *capacity > Bytes::ZERO);
    let share = share.map(|capacity| Ratio::new(dir.used_peak_bytes.as_f64() / capacity.as_f64()));
    [
        dir.path.clone(),
        dir.used_before_bytes.to_string(),
        dir.used_peak_bytes.to_string(),
        share.map_or(String::new(), |share| format!("{:.1}%", share.get() * 100.0)),
        if dir.used_peak_bytes > dir.used_before_bytes { dir.peak_seconds.to_string() } else { String::new() },
        dir.used_after_bytes.to_string(),
    ]
}
