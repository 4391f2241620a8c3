//! What the search of the page reads: every partition and its lists, small and only looked into when asked.
//!
//! JSON of broker ids, log dirs, and for each topic its name and one text of numbers. A number is written in digits of
//! five bits, the lowest first, each as one letter; a digit that another one follows has 32 added. Of a partition:
//!
//! 1. its id less the one that was to be expected (the one before it and one),
//! 2. its size in bytes,
//! 3. the number of its steps, doubled, and one more where log dirs are named,
//! 4. who leads: 0 the head of the list, 1 nobody, else the broker and two,
//! 5. the list before: how many, and each broker as its place in `brokers`,
//! 6. where log dirs are named, how many, and each as its place in `dirs` and one, 0 for any,
//! 7. for each step its wave less the wave before, and a list as in 5 and 6.
//!
//! That takes some 23 letters for three replicas that all move, a tenth of what plan.json takes.

use rayon::prelude::*;

use super::facts::Facts;
use crate::base::ids::BrokerId;
use crate::base::json::Writer;
use crate::plan::{ANY_DIR, Plan};

/// The 64 letters of a digit; none of them means anything to HTML, JSON or a string.
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The data as JSON that may stand in a script element: it has no `<`.
pub(super) fn json(facts: &Facts<'_>) -> Vec<u8> {
    let plan = facts.plan;
    let mut writer = Writer::with_capacity(4_096 + plan.moves.size.len() * 32);
    writer.begin_object().key("brokers").begin_array();
    for broker in &plan.brokers {
        writer.int(broker.id.get());
    }
    let strangers = strangers(facts);
    for id in &strangers {
        writer.int(id.get());
    }
    let places = Places { facts, strangers };
    writer.end_array().key("dirs").begin_array();
    for dir in &plan.moves.dir_names {
        writer.string(dir);
    }
    writer.end_array().key("topics").begin_array();
    let stories: Vec<&[u32]> = facts.stories().collect();
    let topic = |story: &[u32]| plan.moves.topic[story[0] as usize];
    let topics: Vec<&[&[u32]]> = stories.chunk_by(|one, other| topic(one) == topic(other)).collect();
    let texts: Vec<Vec<u8>> = topics.par_iter().map(|stories| text(&places, stories)).collect();
    for (stories, text) in topics.iter().zip(texts) {
        writer.begin_array().string(&plan.topics[topic(stories[0]) as usize]);
        writer.string(std::str::from_utf8(&text).expect("letters are ASCII")).end_array();
    }
    writer.end_array();
    deferred(&mut writer, plan);
    writer.end_object();
    safe(writer.into_bytes())
}

/// Brokers that stand in lists alone: a plan that somebody wrote by hand may have such.
fn strangers(facts: &Facts<'_>) -> Vec<BrokerId> {
    let moves = &facts.plan.moves;
    let leaders = moves.leader.iter().flatten();
    let all = moves.replicas.values().iter().chain(moves.previous.values()).chain(leaders);
    BrokerId::sorted(all.filter(|id| facts.row(**id).is_none()).copied())
}

/// Where each broker stands in `brokers`.
struct Places<'a> {
    facts: &'a Facts<'a>,
    strangers: Vec<BrokerId>,
}

impl Places<'_> {
    fn of(&self, id: BrokerId) -> u64 {
        let stranger = || self.facts.plan.brokers.len() + self.strangers.binary_search(&id).unwrap_or_default();
        self.facts.row(id).unwrap_or_else(stranger) as u64
    }
}

/// Partitions that are left out: reasons once, and their place for each partition.
fn deferred(writer: &mut Writer, plan: &Plan) {
    let mut reasons: Vec<&str> = plan.deferred.iter().map(|deferred| deferred.reason.as_str()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    writer.key("reasons").begin_array();
    for reason in &reasons {
        writer.string(reason);
    }
    writer.end_array().key("deferred").begin_array();
    for of_topic in plan.deferred.chunk_by(|one, other| one.topic == other.topic) {
        writer.begin_array().string(&of_topic[0].topic);
        for deferred in of_topic {
            let reason = reasons.binary_search(&deferred.reason.as_str()).unwrap_or_default();
            writer.int(deferred.partition.get()).int(reason);
        }
        writer.end_array();
    }
    writer.end_array();
}

/// `<` would begin a tag, and `</script>` end the element: it can only stand in a string, where JSON has another word for it.
fn safe(json: Vec<u8>) -> Vec<u8> {
    if !json.contains(&b'<') {
        return json;
    }
    let mut safe = Vec::with_capacity(json.len() + 64);
    for byte in json {
        match byte {
            b'<' => safe.extend_from_slice(b"\\u003c"),
            byte => safe.push(byte),
        }
    }
    safe
}

/// The partitions of a topic.
fn text(places: &Places<'_>, stories: &[&[u32]]) -> Vec<u8> {
    let facts = places.facts;
    let plan = facts.plan;
    let mut text = Vec::with_capacity(stories.len() * 26);
    let mut expected = 0_u64;
    for story in stories {
        let (first, last) = facts.ends(story);
        let id = first.partition.get() as u64;
        number(&mut text, id - expected);
        expected = id + 1;
        number(&mut text, last.size.get());
        let has_dirs =
            story.iter().any(|&row| !plan.get(row as usize).dirs.is_empty() || !first.previous_dirs.is_empty());
        number(&mut text, story.len() as u64 * 2 + u64::from(has_dirs));
        let leads = match first.leader {
            None => 1,
            leader if leader == first.previous.first().copied() => 0,
            Some(leader) => places.of(leader) + 2,
        };
        number(&mut text, leads);
        let all = &plan.moves;
        list(&mut text, places, first.previous, has_dirs.then(|| all.previous_dir.get(story[0] as usize)));
        let mut wave = 0;
        for &row in *story {
            let row = row as usize;
            number(&mut text, u64::from(facts.wave_of[row] - wave));
            wave = facts.wave_of[row];
            list(&mut text, places, all.replicas.get(row), has_dirs.then(|| all.dir.get(row)));
        }
    }
    text
}

fn list(text: &mut Vec<u8>, places: &Places<'_>, ids: &[BrokerId], dirs: Option<&[u32]>) {
    number(text, ids.len() as u64);
    for &id in ids {
        number(text, places.of(id));
    }
    if let Some(dirs) = dirs {
        number(text, dirs.len() as u64);
        for &dir in dirs {
            number(text, if dir == ANY_DIR { 0 } else { u64::from(dir) + 1 });
        }
    }
}

fn number(text: &mut Vec<u8>, mut value: u64) {
    while value >= 32 {
        text.push(LETTERS[(value % 32 + 32) as usize]);
        value /= 32;
    }
    text.push(LETTERS[value as usize]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::sample;

    #[test]
    fn numbers_take_a_letter_for_every_five_bits() {
        let shown = |value| {
            let mut text = Vec::new();
            number(&mut text, value);
            String::from_utf8(text).unwrap()
        };
        assert_eq!((shown(0), shown(31), shown(32), shown(1_000)), ("A".into(), "f".into(), "gB".into(), "of".into()));
        assert_eq!(shown(u64::MAX).len(), 13);
    }

    #[test]
    fn no_text_of_a_plan_ends_the_element_it_stands_in() {
        let mut plan = sample::sample();
        plan.moves.dir_names[0] = "/kafka/</script><script>alert(1)</script>".to_owned();
        plan.deferred[0].reason = "<!-- </SCRIPT >".to_owned();
        let json = json(&Facts::of(&plan));
        assert!(!json.contains(&b'<'));
        let read: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(read["dirs"][0], plan.moves.dir_names[0]);
        assert_eq!(read["reasons"][0], plan.deferred[0].reason);
        assert_eq!(read["deferred"][0], serde_json::json!(["a-b", 4, 0]));
        let topics: Vec<&str> =
            read["topics"].as_array().unwrap().iter().map(|topic| topic[0].as_str().unwrap()).collect();
        assert_eq!(topics, ["__consumer_offsets", "a-b", "a-b-3"]);
    }
}
