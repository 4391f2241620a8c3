//! From what was typed to what was meant: arguments become a [`Request`], or a fault that says what is missing.

use std::path::Path;

use super::args::{CalendarArgs, Effort, LimitArgs, PlanArgs, Prefer, RackPolicy, Strategy, SupplementArgs};
use crate::base::error::{Code, Error, Place, Result};
use crate::base::target::Target;
use crate::base::windows::Windows;
use crate::base::{fs, json};
use crate::request::forecast::Model;
use crate::request::rates::BrokerRates;
use crate::request::{self, Request, Supplements};
use crate::snapshot;

/// Refuses options on what is written that mean nothing alone.
///
/// # Errors
/// [`Code::Usage`] for `--force` without `--out`.
pub fn output(args: &PlanArgs) -> Result<()> {
    if args.force && args.out.is_none() {
        return Err(Error::new(Code::Usage, "--force needs --out: it replaces the directory that --out names")
            .help("add `--out DIR`, or leave --force out"));
    }
    Ok(())
}

/// The request of `kshift plan`.
pub fn plan(args: &PlanArgs) -> Result<Request> {
    let drains = args.limits.drain.is_some() || args.limits.drain_rack.is_some();
    if !drains && args.pair.is_none() && args.target.is_none() && args.drain_dir.is_none() {
        return Err(Error::new(
            Code::Usage,
            "`kshift plan` needs --drain, --drain-rack, --drain-dir, --pair or --target: what shall move where",
        )
        .help("name the brokers that shall hold nothing at the end, such as `--drain 1001-1012,1020`"));
    }
    let mut request = asked(&args.limits, Request::default())?;
    request.pair.clone_from(&args.pair);
    request.leaders_only = args.leaders_only;
    request.replicas_only = args.replicas_only;
    request.drain_dir = args.drain_dir.clone().unwrap_or_default();
    request.allow_rf_change = args.allow_rf_change;
    request.exact = args.exact;
    ways(args, &mut request)?;
    // What cannot be asked together is refused before a file is read.
    request.target = args.target.is_some().then(Target::default);
    request.coherent()?;
    request.target = args.target.as_deref().map(target).transpose()?;
    request.supplements = supplements(&args.supplements)?;
    if let Some(path) = &args.forecast {
        request.forecast = forecast(path)?;
    }
    Ok(request)
}

/// Adds how replicas are chosen and get to their places, as far as that was given.
fn ways(args: &PlanArgs, request: &mut Request) -> Result<()> {
    request.prefer = args.prefer.map_or(request.prefer, |prefer| match prefer {
        Prefer::Disk => request::Prefer::Disk,
        Prefer::Time => request::Prefer::Time,
    });
    request.strategy = args.strategy.map_or(request.strategy, |strategy| match strategy {
        Strategy::Direct => request::Strategy::Direct,
        Strategy::OneAtATime => request::Strategy::OneAtATime,
        Strategy::TwoStage => request::Strategy::TwoStage,
    });
    request.balance_sources |= args.balance_sources;
    request.weights = args.weights.unwrap_or(request.weights);
    request.effort = args.effort.map_or(request.effort, |effort| match effort {
        Effort::Instant => request::Effort::Instant,
        Effort::Normal => request::Effort::Normal,
        Effort::Thorough => request::Effort::Thorough,
    });
    request.canary = args.canary.unwrap_or(request.canary);
    request.in_flight = args.in_flight.in_flight.or(request.in_flight);
    request.in_flight_per_broker = args.in_flight.in_flight_per_broker.unwrap_or(request.in_flight_per_broker);
    request.seed = args.seed.unwrap_or(request.seed);
    calendar(&args.calendar, request)
}

/// Refuses what says anew what shall move beside a plan that says it already.
///
/// # Errors
/// [`Code::Usage`], naming the first option of these that was given.
pub fn beside_resume(args: &PlanArgs) -> Result<()> {
    let limits = &args.limits;
    beside_a_plan(&[
        ("--drain", limits.drain.is_some()),
        ("--drain-rack", limits.drain_rack.is_some()),
        ("--onto", limits.onto.is_some()),
        ("--pair", args.pair.is_some()),
        ("--target", args.target.is_some()),
        ("--allow-rf-change", args.allow_rf_change),
        ("--topics", limits.topics.is_some()),
        ("--exclude-topics", limits.exclude_topics.is_some()),
        ("--leaders-only", args.leaders_only),
        ("--replicas-only", args.replicas_only),
        ("--drain-dir", args.drain_dir.is_some()),
        ("--exact", args.exact),
    ])
}

/// The same of these options, each with whether it was given.
///
/// # Errors
/// [`Code::Usage`], naming the first that was given.
pub fn beside_a_plan(others: &[(&str, bool)]) -> Result<()> {
    let Some((option, _)) = others.iter().find(|other| other.1) else { return Ok(()) };
    Err(Error::new(Code::Usage, format!("--resume and {option} exclude each other: the plan says what moves where"))
        .at(Place::source(*option))
        .help(format!("leave out {option}, or plan without --resume: what is done does not move again")))
}

/// The request of a plan that is resumed, as it was [taken over](crate::resumed_request), with what was given anew.
///
/// # Errors
/// Limits that mean nothing without another one.
pub fn resumed(args: &PlanArgs, base: Request) -> Result<Request> {
    let mut request = resumed_limits(&args.limits, base)?;
    ways(args, &mut request)?;
    if let Some(path) = &args.forecast {
        request.forecast = forecast(path)?;
    }
    Ok(request)
}

/// The same of limits alone.
///
/// # Errors
/// Limits that mean nothing without another one.
pub fn resumed_limits(limits: &LimitArgs, mut base: Request) -> Result<Request> {
    // Of two options that exclude each other the one given now holds.
    base.ignore_disk &= limits.disk_limit.is_none() && !limits.growth;
    base.growth &= !limits.ignore_disk;
    if limits.headroom.is_some() {
        base.rates = BrokerRates::default();
    }
    if limits.rates.is_some() || limits.rates_given.is_some() {
        base.headroom = None;
    }
    asked(limits, base)
}

/// Adds when waves may run, and what they cost.
///
/// # Errors
/// A start that is no timestamp, or that the clocks of the zone show never or twice.
pub fn calendar(args: &CalendarArgs, request: &mut Request) -> Result<()> {
    if !args.window.is_empty() {
        request.window = args.window.iter().cloned().fold(Windows::default(), Windows::and);
    }
    request.time_zone = args.time_zone.clone().or_else(|| request.time_zone.take());
    request.price_per_gb = args.price_per_gb.or(request.price_per_gb);
    if let Some(text) = args.start.as_deref() {
        request.start = Some(request.zone().read(text).map_err(|what| {
            Error::new(Code::InvalidValue, what)
                .at(Place::source("--start"))
                .help("a time with an offset, such as `2026-11-20T22:00:00+01:00`, is never in doubt")
        })?);
    }
    Ok(())
}

/// The request by which `kshift check` judges a plan that is not ours: one wave that starts all at once.
///
/// # Errors
/// Limits that mean nothing without another one.
pub fn check(args: &LimitArgs) -> Result<Request> {
    let request = asked(args, Request::of_one_wave())?;
    let of_scope = [
        ("--onto", args.onto.is_some()),
        ("--topics", args.topics.is_some()),
        ("--exclude-topics", args.exclude_topics.is_some()),
    ];
    if let (false, Some((option, _))) = (request.drains(), of_scope.iter().find(|(_, given)| *given)) {
        return Err(Error::new(Code::Usage, format!("{option} needs --drain: together they say what was asked for"))
            .help(format!("add `--drain IDS`, or leave {option} out")));
    }
    Ok(request)
}

/// `base` with the limits that were given.
///
/// # Errors
/// Limits that mean nothing without another one.
pub fn asked(args: &LimitArgs, base: Request) -> Result<Request> {
    let request = limits(args, base)?;
    request.refuse_half_rates()?;
    request.refuse_rates_and_headroom()?;
    needs_throttle(args, &request)?;
    Ok(request)
}

/// Refuses limits that differ from those that a plan of ours was made with: it is judged by its own.
pub fn same_limits(args: &LimitArgs, made_with: &Request) -> Result<()> {
    let asked = limits(args, made_with.clone())?;
    if asked == *made_with {
        return Ok(());
    }
    let values = |request: &Request| serde_json::to_value(request).expect("a request is plain data");
    let (asked, made) = (values(&asked), values(made_with));
    let faults = asked.as_object().into_iter().flatten().filter(|(key, value)| made.get(*key) != Some(value));
    let faults = faults.map(|(key, value)| {
        let option = format!("--{}", key.replace('_', "-"));
        let plain = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let was = match made.get(key) {
            None | Some(serde_json::Value::Null | serde_json::Value::Bool(false)) => format!("without {option}"),
            Some(was) => format!("with {option} `{}`", plain(was)),
        };
        Error::new(Code::Usage, format!("the plan was made {was}, but {option} `{}` is asked for here", plain(value)))
            .at(Place::source(option))
            .help("a plan is judged by the limits it was made with: leave the option out, or plan again")
    });
    Err(Error::all(faults.collect()))
}

/// What the user adds to the source of a cluster.
pub fn supplements(args: &SupplementArgs) -> Result<Supplements> {
    Ok(Supplements {
        assume_size: args.assume_size,
        capacity: match &args.capacity {
            Some(text) => snapshot::supplement_files::capacity_argument(text)?,
            None => request::Capacities::default(),
        },
        racks: match &args.racks {
            Some(path) => racks(path)?,
            None => request::Racks::default(),
        },
    })
}

/// Standard input can be read once.
pub fn one_standard_input(paths: &[&Path]) -> Result<()> {
    if paths.iter().filter(|path| path.as_os_str() == "-").count() < 2 {
        return Ok(());
    }
    Err(Error::new(Code::Usage, "two inputs cannot both come from standard input").help("write one of them to a file"))
}

/// A placement from its file.
pub fn target(path: &Path) -> Result<Target> {
    let source = fs::name_of(path);
    Target::read(json::text_of(&fs::read(path)?, &source)?, &source)
}

/// Rates of brokers from their file.
pub fn rates_of(path: &Path) -> Result<BrokerRates> {
    let source = fs::name_of(path);
    BrokerRates::read(json::text_of(&fs::read(path)?, &source)?, &source)
}

/// What a forecast reckons with, from its file.
pub fn forecast(path: &Path) -> Result<Model> {
    let source = fs::name_of(path);
    Model::read(json::text_of(&fs::read(path)?, &source)?, &source)
}

fn racks(path: &Path) -> Result<request::Racks> {
    let source = fs::name_of(path);
    snapshot::supplement_files::parse_racks(json::text_of(&fs::read(path)?, &source)?, &source)
}

/// `base` with every limit that was given.
fn limits(args: &LimitArgs, base: Request) -> Result<Request> {
    let rates = match (&args.rates, &args.rates_given) {
        (Some(path), _) => rates_of(path)?,
        (None, Some(given)) => given.clone(),
        (None, None) => base.rates,
    };
    Ok(Request {
        drain: args.drain.clone().unwrap_or(base.drain),
        drain_rack: args.drain_rack.clone().unwrap_or(base.drain_rack),
        onto: args.onto.clone().or(base.onto),
        throttle: args.throttle.or(base.throttle),
        leader_throttle: args.leader_throttle.or(base.leader_throttle),
        follower_throttle: args.follower_throttle.or(base.follower_throttle),
        rates,
        headroom: args.headroom.or(base.headroom),
        disk_limit: args.disk_limit.unwrap_or(base.disk_limit),
        ignore_disk: args.ignore_disk || base.ignore_disk,
        growth: args.growth || base.growth,
        max_moves: args.max_moves.unwrap_or(base.max_moves),
        max_moves_per_broker: args.max_moves_per_broker.or(base.max_moves_per_broker),
        max_leader_changes: args.max_leader_changes.or(base.max_leader_changes),
        max_wave_duration: args.max_wave_duration.unwrap_or(base.max_wave_duration),
        rack_policy: args.rack_policy.map_or(base.rack_policy, |policy| match policy {
            RackPolicy::Preserve => request::RackPolicy::Preserve,
            RackPolicy::Strict => request::RackPolicy::Strict,
            RackPolicy::Ignore => request::RackPolicy::Ignore,
        }),
        topics: args.topics.clone().or(base.topics),
        exclude_topics: args.exclude_topics.clone().or(base.exclude_topics),
        skip_unhealthy: args.skip_unhealthy || base.skip_unhealthy,
        ..base
    })
}

/// Refuses limits on time where no time can be known.
fn needs_throttle(args: &LimitArgs, request: &Request) -> Result<()> {
    if request.is_throttled() {
        return Ok(());
    }
    let option = match args {
        LimitArgs { growth: true, .. } => "--growth",
        LimitArgs { max_wave_duration: Some(_), .. } => "--max-wave-duration",
        _ => return Ok(()),
    };
    Err(Error::new(Code::Usage, format!("{option} needs --throttle: without a rate no time can be told"))
        .help(format!("add a rate such as `--throttle 50MB/s`, or leave {option} out")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::IdSet;
    use crate::base::units::Ratio;
    use crate::plan::sample::sample;

    #[test]
    fn a_plan_is_judged_by_its_own_limits_which_may_be_repeated() {
        let made_with = sample().request;
        let same = LimitArgs {
            drain: Some(made_with.drain.clone()),
            disk_limit: Some(made_with.disk_limit),
            throttle: made_with.throttle,
            ..LimitArgs::default()
        };
        assert_eq!(same_limits(&LimitArgs::default(), &made_with), Ok(()));
        assert_eq!(same_limits(&same, &made_with), Ok(()));
        let other = LimitArgs { disk_limit: Some(Ratio::new(0.9)), ignore_disk: true, ..same };
        let fault = same_limits(&other, &made_with).unwrap_err();
        let (first, rest) = (fault.message(), fault.others());
        assert_eq!(first, "the plan was made with --disk-limit `0.8`, but --disk-limit `0.9` is asked for here");
        assert_eq!(rest.len(), 1, "{fault}");
        assert!(rest[0].message().starts_with("the plan was made without --ignore-disk"), "{fault}");
    }

    #[test]
    fn what_is_not_given_stays_as_the_default_says() {
        let drain = IdSet::parse("7").unwrap();
        let args = LimitArgs { drain: Some(drain.clone()), ..LimitArgs::default() };
        assert_eq!(limits(&args, Request::default()).unwrap(), Request { drain, ..Request::default() });
    }

    #[test]
    fn standard_input_is_read_once() {
        let (input, file) = (Path::new("-"), Path::new("cluster.json"));
        assert!(one_standard_input(&[input, file]).is_ok());
        assert!(one_standard_input(&[input, input]).is_err());
    }
}
