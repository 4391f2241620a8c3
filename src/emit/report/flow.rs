//! What moves where: old brokers against new ones, racks against racks, log dirs within brokers.

use std::collections::BTreeMap;
use std::fmt::Write;

use rayon::prelude::*;

use super::facts::{Facts, Flow};
use super::html::{Cell, Kind, Table, escaped, exact_bytes, percent};
use crate::base::ids::{BrokerId, IdSet};
use crate::base::text::{counted, grouped};
use crate::base::units::Bytes;
use crate::plan::{Move, Plan, Role};

/// Rows and columns that a matrix of brokers has at most; brokers are put together where there are more.
const GROUPS_MAX: usize = 16;
/// Log dirs that the table of flows within brokers names.
const DIRS_MAX: usize = 500;

pub(super) fn section(facts: &Facts<'_>) -> String {
    let request = &facts.plan.request;
    if request.empties_dirs() {
        return within_brokers(facts);
    }
    if request.leaders_only {
        return brokers_matrix(facts, Unit::Leaders);
    }
    brokers_matrix(facts, Unit::Replicas) + &racks_matrix(facts)
}

/// What a matrix counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// Bytes of replicas.
    Replicas,
    /// Heads of lists.
    Leaders,
}

/// Brokers that share a row or a column.
struct Group {
    rack: Option<String>,
    ids: Vec<BrokerId>,
}

/// Groups and the group of each broker of the plan.
struct Groups {
    list: Vec<Group>,
    of: Vec<Option<usize>>,
}

impl Groups {
    /// Brokers for which something is to be told, by rack and id, at most so many groups.
    fn of(plan: &Plan, is_told: &[bool]) -> Self {
        let mut told: Vec<usize> = (0..plan.brokers.len()).filter(|&row| is_told[row]).collect();
        told.sort_by(|&a, &b| (&plan.brokers[a].rack, a).cmp(&(&plan.brokers[b].rack, b)));
        let sizes: Vec<usize> =
            told.chunk_by(|&a, &b| plan.brokers[a].rack == plan.brokers[b].rack).map(<[usize]>::len).collect();
        // The least number of brokers in a group that keeps the matrix small; groups of one rack where that can be.
        let by_rack = sizes.len() <= GROUPS_MAX;
        let groups = |per_group: usize| sizes.iter().map(|size| size.div_ceil(per_group)).sum::<usize>();
        let per_group = if by_rack {
            (1..=told.len().max(1)).find(|&per_group| groups(per_group) <= GROUPS_MAX).unwrap_or(1)
        } else {
            told.len().div_ceil(GROUPS_MAX)
        };
        let mut list: Vec<Group> = Vec::new();
        let mut of = vec![None; plan.brokers.len()];
        let parts: Vec<&[usize]> = if by_rack {
            told.chunk_by(|&a, &b| plan.brokers[a].rack == plan.brokers[b].rack)
                .flat_map(|rack| rack.chunks(rack.len().div_ceil(rack.len().div_ceil(per_group))))
                .collect()
        } else {
            told.chunks(per_group.max(1)).collect()
        };
        for part in parts {
            for &row in part {
                of[row] = Some(list.len());
            }
            let rack = plan.brokers[part[0]].rack.clone().filter(|_| by_rack);
            list.push(Group { rack, ids: part.iter().map(|&row| plan.brokers[row].id).collect() });
        }
        Groups { list, of }
    }

    fn are_brokers(&self) -> bool {
        self.list.iter().all(|group| group.ids.len() == 1)
    }
}

impl Group {
    /// `1003`, or `1000…1048`; below it the rack, and how many there are.
    fn label(&self, is_row: bool) -> String {
        let (first, last) = (self.ids[0], self.ids[self.ids.len() - 1]);
        let rack = self.rack.as_deref().map(escaped);
        let several = (self.ids.len() > 1).then(|| counted(self.ids.len(), "broker").into());
        let below: Vec<std::borrow::Cow<'_, str>> = rack.into_iter().chain(several).collect();
        let ids = if self.ids.len() == 1 { first.to_string() } else { format!("{first}…{last}") };
        match (below.is_empty(), is_row) {
            (true, _) => ids,
            (false, true) => format!("{ids} <small>{}</small>", below.join(", ")),
            (false, false) => format!("{ids}<br><small>{}</small>", below.join("<br>")),
        }
    }

    fn title(&self) -> String {
        let ids = IdSet::from_ids(self.ids.iter().copied()).map(|ids| ids.to_string()).unwrap_or_default();
        let short = if ids.len() > 400 { format!("{}…", &ids[..400]) } else { ids };
        match &self.rack {
            Some(rack) => format!("{}, rack {rack}: {short}", counted(self.ids.len(), "broker")),
            None => format!("{}: {short}", counted(self.ids.len(), "broker")),
        }
    }
}

/// One replica, or one leadership, from a broker to another one; a side is absent where the number of replicas changes.
struct Passage {
    from: Option<u32>,
    to: Option<u32>,
    bytes: Bytes,
}

/// Partitions that one thread looks at in a row.
const CHUNK: usize = 4_096;

/// What leaves where and arrives where, from first list to last.
fn passages(facts: &Facts<'_>, unit: Unit) -> Vec<Vec<Passage>> {
    let stories: Vec<&[u32]> = facts.stories().collect();
    let parts = stories.par_chunks(CHUNK).map(|stories| {
        let mut passages = Vec::with_capacity(stories.len() * 3);
        let mut pairing = Pairing::default();
        for story in stories {
            let (first, last) = facts.ends(story);
            if unit == Unit::Replicas {
                pairing.replicas(facts, &first, &last, &mut passages);
                continue;
            }
            let heads = (first.previous.first().copied(), last.replicas.first().copied());
            if heads.0 != heads.1 {
                let [from, to] = [heads.0, heads.1].map(|id| id.and_then(|id| facts.row(id)).map(|row| row as u32));
                passages.push(Passage { from, to, bytes: first.size });
            }
        }
        passages
    });
    parts.collect()
}

/// Who leaves and who comes, by row and rack; kept from one partition to the next.
#[derive(Default)]
struct Pairing {
    old: Vec<(Option<u32>, Option<usize>)>,
    new: Vec<(Option<u32>, Option<usize>)>,
}

impl Pairing {
    /// Who takes whose place: in the same rack where there is one, else the first that is left.
    fn replicas(&mut self, facts: &Facts<'_>, first: &Move<'_>, last: &Move<'_>, passages: &mut Vec<Passage>) {
        let place = |id: &BrokerId| {
            let row = facts.row(*id);
            (row.map(|row| row as u32), row.map(|row| facts.racks.of[row]))
        };
        let Pairing { old, new } = self;
        old.clear();
        new.clear();
        old.extend(first.previous.iter().filter(|id| !last.replicas.contains(id)).map(place));
        new.extend(last.replicas.iter().filter(|id| !first.previous.contains(id)).map(place));
        let bytes = last.size;
        old.retain(|&(from, rack)| {
            let same = new.iter().position(|added| added.1 == rack);
            if let Some(at) = same {
                passages.push(Passage { from, to: new.remove(at).0, bytes });
            }
            same.is_none()
        });
        for at in 0..old.len().max(new.len()) {
            let row = |side: &[(Option<u32>, Option<usize>)]| side.get(at).and_then(|place| place.0);
            passages.push(Passage { from: row(old), to: row(new), bytes });
        }
    }
}

/// A square of flows with the sums of its rows and columns.
struct Matrix {
    rows: Vec<(String, String)>,
    columns: Vec<(String, String)>,
    cells: Vec<Flow>,
}

impl Matrix {
    fn new(rows: Vec<(String, String)>, columns: Vec<(String, String)>) -> Self {
        let cells = vec![Flow::default(); rows.len() * columns.len()];
        Matrix { rows, columns, cells }
    }

    fn at(&self, row: usize, column: usize) -> Flow {
        self.cells[row * self.columns.len() + column]
    }

    fn sum(flows: impl Iterator<Item = Flow>) -> Flow {
        flows.fold(Flow::default(), |mut sum, flow| {
            sum.add(flow);
            sum
        })
    }

    /// The matrix as a table; names are safe, `caption` too.
    fn html(&self, id: &str, caption: &str, corner: &str, unit: Unit, diagonal: &'static str) -> String {
        let value = |flow: Flow| if unit == Unit::Leaders { flow.replicas } else { flow.bytes.get() };
        let most = self.cells.iter().map(|&flow| value(flow)).max().unwrap_or(0).max(1);
        let shown = |flow: Flow| match (unit, flow.replicas) {
            (_, 0) => "<span class=z>·</span>".to_owned(),
            (Unit::Leaders, leaders) => grouped(leaders),
            (Unit::Replicas, _) => flow.bytes.to_string(),
        };
        let title = |flow: Flow| match unit {
            Unit::Leaders => counted(flow.replicas, "partition"),
            Unit::Replicas => format!("{} in {}", exact_bytes(flow.bytes), counted(flow.replicas, "replica")),
        };
        let mut html = format!(
            "<div class=scroll role=region aria-labelledby={id}-caption tabindex=0>\n<table id={id} class=matrix>\
             <caption id={id}-caption>{caption}</caption>\n<thead><tr><th scope=col class=corner>{corner}"
        );
        for (name, title) in &self.columns {
            let _ = write!(html, "<th scope=col class=n title=\"{}\">{name}", escaped(title));
        }
        html.push_str("<th scope=col class=n>all</thead>\n<tbody>\n");
        for (row, (name, hint)) in self.rows.iter().enumerate() {
            let _ = write!(html, "<tr><th scope=row title=\"{}\">{name}", escaped(hint));
            for column in 0..self.columns.len() {
                let flow = self.at(row, column);
                // Rounded up, so that the least flow is to be seen.
                let heat = (value(flow) * 5).div_ceil(most);
                let own = if row == column { diagonal } else { "" };
                let _ = write!(html, "<td class=\"n q{heat}{own}\" title=\"{}\">{}", title(flow), shown(flow));
            }
            let all = Self::sum((0..self.columns.len()).map(|column| self.at(row, column)));
            let _ = writeln!(html, "<td class=n title=\"{}\">{}", title(all), shown(all));
        }
        html.push_str("</tbody>\n<tfoot><tr><th scope=row>all");
        for column in 0..self.columns.len() {
            let all = Self::sum((0..self.rows.len()).map(|row| self.at(row, column)));
            let _ = write!(html, "<td class=n title=\"{}\">{}", title(all), shown(all));
        }
        let all = Self::sum(self.cells.iter().copied());
        let _ = writeln!(html, "<td class=n title=\"{}\">{}</tfoot></table></div>", title(all), shown(all));
        html
    }
}

/// From old brokers to new ones.
fn brokers_matrix(facts: &Facts<'_>, unit: Unit) -> String {
    let plan = facts.plan;
    let (mut leaves, mut arrives) = (vec![false; plan.brokers.len()], vec![false; plan.brokers.len()]);
    let (mut has_new, mut has_dropped) = (false, false);
    let passages = passages(facts, unit);
    for Passage { from, to, .. } in passages.iter().flatten() {
        has_new |= from.is_none();
        has_dropped |= to.is_none();
        from.inspect(|&row| leaves[row as usize] = true);
        to.inspect(|&row| arrives[row as usize] = true);
    }
    let (old, new) = (Groups::of(plan, &leaves), Groups::of(plan, &arrives));
    if old.list.is_empty() && new.list.is_empty() {
        return "<p>No replica changes its broker.\n".to_owned();
    }
    let names = |groups: &Groups, is_row: bool, extra: Option<&str>| -> Vec<(String, String)> {
        let named = groups.list.iter().map(|group| (group.label(is_row), group.title()));
        named.chain(extra.map(|name| (name.to_owned(), name.to_owned()))).collect()
    };
    let mut matrix = Matrix::new(
        names(&old, true, has_new.then_some("one replica more")),
        names(&new, false, has_dropped.then_some("one replica less")),
    );
    let columns = matrix.columns.len();
    for Passage { from, to, bytes } in passages.into_iter().flatten() {
        let row = from.and_then(|row| old.of[row as usize]).unwrap_or(old.list.len());
        let column = to.and_then(|row| new.of[row as usize]).unwrap_or(new.list.len());
        matrix.cells[row * columns + column].add(Flow { replicas: 1, bytes });
    }
    let (what, how) = match unit {
        Unit::Leaders => ("Who hands leadership to whom, in partitions", ""),
        Unit::Replicas => (
            "Data by old broker (rows) and new broker (columns)",
            "Each replica that leaves is paired with the one that takes its place, in the same rack where there is one. \
             The copy itself comes from the partition's leader. ",
        ),
    };
    let grouped = if old.are_brokers() && new.are_brokers() {
        ""
    } else {
        "Brokers of one rack are put together to fit the page; the tables under Brokers have each one. "
    };
    let note = format!("<p class=note>{how}{grouped}The stronger the colour, the more.\n");
    format!("{}{note}", matrix.html("flow", what, "from \\ to", unit, ""))
}

/// From the racks of leaders to those of new replicas.
fn racks_matrix(facts: &Facts<'_>) -> String {
    let (plan, racks) = (facts.plan, &facts.racks);
    let head = "<h3 id=racks>Between racks</h3>\n";
    if plan.brokers.iter().all(|broker| broker.rack.is_none()) {
        return format!("{head}<p>No broker has a rack, so nothing is known about what crosses racks.\n");
    }
    let size = racks.len();
    let has = |rack: usize| {
        (0..size).any(|other| {
            facts.rack_copies[rack * size + other].replicas + facts.rack_copies[other * size + rack].replicas > 0
        })
    };
    let told: Vec<usize> = (0..size).filter(|&rack| has(rack)).collect();
    let names = || told.iter().map(|&rack| (escaped(racks.name(rack)).into_owned(), racks.name(rack).to_owned()));
    let mut matrix = Matrix::new(names().collect(), names().collect());
    for (row, &from) in told.iter().enumerate() {
        for (column, &to) in told.iter().enumerate() {
            matrix.cells[row * told.len() + column] = facts.rack_copies[from * size + to];
        }
    }
    let (across, all) = (plan.summary.cross_rack_bytes, plan.summary.bytes_moved);
    let share = if all > Bytes::ZERO { percent(across.as_f64() / all.as_f64()) } else { "0%".to_owned() };
    let cost = plan.summary.cross_rack_cost.zip(plan.request.price_per_gb).map_or(String::new(), |(cost, price)| {
        format!(" That costs <strong>{}</strong> at {price} for each GB.", crate::base::price::money(cost))
    });
    format!(
        "{head}<p><strong title=\"{}\">{across}</strong> of {all} ({share}) cross from one rack to another.{cost}\n{}\
         <p class=note>From the rack of the leader that sends to the rack of the broker that receives. Framed: stays within \
         its rack.\n",
        exact_bytes(across),
        matrix.html(
            "rack-matrix",
            "Copies by sending rack (rows) and receiving rack (columns)",
            "from \\ to",
            Unit::Replicas,
            " own"
        ),
    )
}

/// From log dir to log dir of the same broker.
fn within_brokers(facts: &Facts<'_>) -> String {
    let mut flows: BTreeMap<(BrokerId, &str, &str), Flow> = BTreeMap::new();
    for story in facts.stories() {
        for &row in story {
            let step = facts.plan.get(row as usize);
            for change in step.changing_dir() {
                flows.entry(change).or_default().add(Flow { replicas: 1, bytes: step.size });
            }
        }
    }
    let columns = [
        ("Broker", Kind::Number),
        ("From log dir", Kind::Words),
        ("To log dir", Kind::Words),
        ("Replicas", Kind::Number),
        ("Data", Kind::Number),
    ];
    let mut table = Table::new("dirs", "What moves between the log dirs of each broker", &columns).sortable();
    for (&(broker, from, to), flow) in flows.iter().take(DIRS_MAX) {
        let broker = Cell::text(broker.to_string());
        table.row([broker, Cell::text(from), Cell::text(to), Cell::count(flow.replicas), Cell::bytes(flow.bytes)]);
    }
    let more = match flows.len().saturating_sub(DIRS_MAX) {
        0 => String::new(),
        more => format!("<p>{} more are in plan.json.\n", grouped(more as u64)),
    };
    let dirs = counted(facts.plan.request.drain_dir.len(), "log dir");
    let roles = facts.plan.brokers.iter().filter(|broker| broker.role == Role::Target).count();
    format!(
        "<p>{dirs} of {} are emptied. Every replica stays on its broker, and every list and every leader stays as it is.\n{}{more}",
        counted(roles, "broker"),
        table.html()
    )
}
