//! Writing JSON in one canonical form, and reading it with the place of every fault.
//!
//! Canonical: compact, keys in the order of the format's page, whole numbers in digits, floats in their
//! shortest form that reads back to the same number.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::base::error::{Code, Error, Place, Result};

/// Text from the bytes of a file: UTF-8, a byte-order mark is dropped, nothing is not enough.
pub fn text_of<'a>(content: &'a [u8], source: &str) -> Result<&'a str> {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    if content.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::new(Code::EmptyInput, format!("`{source}` is empty"))
            .at(Place::source(source))
            .help("was the command that wrote it interrupted?"));
    }
    std::str::from_utf8(content).map_err(|error| {
        let before = &content[..error.valid_up_to()];
        let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|&&b| b != b'\n').count() + 1;
        let place = Place { column: Some(column), ..Place::line(source, line) };
        Error::new(
            Code::InvalidUtf8,
            format!("byte 0x{:02x} at offset {} is not UTF-8 text", content[error.valid_up_to()], error.valid_up_to()),
        )
        .at(place)
        .help("text is expected here: name another file, or save this one as UTF-8")
    })
}

/// A syntax error of `serde_json` as ours, with line and column.
pub fn syntax_error(error: &serde_json::Error, source: &str) -> Error {
    let text = error.to_string();
    let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
    let place = Place { column: Some(error.column()), ..Place::line(source, error.line()) };
    if what == "recursion limit exceeded" {
        return too_deep(place);
    }
    let fault = Error::new(Code::InvalidJson, format!("invalid JSON: {what}")).at(place);
    if error.is_eof() { fault.help("the file ends too early: was it cut off while being copied?") } else { fault }
}

/// How many levels of arrays and objects are read: the limit of `serde_json`, which keeps the stack small.
const LEVELS_MAX: usize = 127;

fn too_deep(place: Place) -> Error {
    let message = format!("JSON is nested more than {LEVELS_MAX} levels deep; no file of this kind is");
    Error::new(Code::TooDeep, message).at(place)
}

/// The fault of a document that is nested too deeply anywhere, found without reading it. For documents that
/// were refused for another reason, before their depth was reached.
pub fn depth_fault(text: &str, source: &str) -> Option<Error> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let (mut line, mut line_start) = (1, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'\n' => (line, line_start) = (line + 1, at + 1),
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > LEVELS_MAX {
            return Some(too_deep(Place { column: Some(at + 1 - line_start), ..Place::line(source, line) }));
        }
    }
    None
}

/// What programs in Java write for numbers that are none, and a text of the same length that JSON allows there.
const NO_NUMBERS: [(&str, &str); 3] = [("NaN", "\"N\""), ("Infinity", "\"Infin\""), ("-Infinity", "\"-Infin\"")];

/// The same document with bare `NaN`, `Infinity` and `-Infinity` as texts of their length, so that places stay.
/// [`is_no_number`] knows them again.
pub fn lenient(text: &str) -> Cow<'_, str> {
    if !text.contains("NaN") && !text.contains("Infinity") {
        return text.into();
    }
    let (mut plain, mut kept) = (String::with_capacity(text.len()), 0);
    let (mut in_string, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'N' | b'I' | b'-' if !in_string && at >= kept => {
                if let Some((bare, quoted)) = NO_NUMBERS.iter().find(|(bare, _)| text[at..].starts_with(bare)) {
                    plain.push_str(&text[kept..at]);
                    plain.push_str(quoted);
                    plain.extend(std::iter::repeat_n(' ', bare.len() - quoted.len()));
                    kept = at + bare.len();
                }
            }
            _ => {}
        }
    }
    plain.push_str(&text[kept..]);
    plain.into()
}

/// Whether a text stands for a number that is none, as it was written or as [`lenient`] wrote it.
pub fn is_no_number(text: &str) -> bool {
    NO_NUMBERS.iter().any(|(bare, quoted)| text == *bare || text == &quoted[1..quoted.len() - 1])
}

/// The keys of the outermost object, as far as they can be seen without reading what is below them; `stop` says when
/// enough was seen. For telling documents apart that may be very long.
pub fn top_keys<'a>(text: &'a str, mut stop: impl FnMut(&'a str) -> bool) {
    let (mut depth, mut string_start, mut escaped) = (0_usize, None, false);
    let mut last = "";
    for (at, byte) in text.bytes().enumerate() {
        if let Some(start) = string_start {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => {
                    last = &text[start..at];
                    string_start = None;
                }
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => string_start = Some(at + 1),
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b':' if depth == 1 && stop(last) => return,
            _ => {}
        }
    }
}

/// The way of keys and indexes to where the parser stood at a line and column of a document: `records[3].disk`.
pub fn path_at(text: &str, line: usize, column: usize) -> String {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let end = (start + column).min(text.len());
    // An object holds its current key, an array the number of its current element.
    let mut way: Vec<(&str, Option<usize>)> = Vec::new();
    let (mut string_start, mut escaped, mut last) = (None, false, "");
    for (at, byte) in text.bytes().enumerate().take(end) {
        if let Some(from) = string_start {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => (last, string_start) = (&text[from..at], None),
                _ => {}
            }
            continue;
        }
        match (byte, way.last_mut()) {
            (b'"', _) => string_start = Some(at + 1),
            (b'{', _) => way.push(("", None)),
            (b'[', _) => way.push(("", Some(0))),
            (b']' | b'}', _) if at + 1 < end => {
                way.pop();
            }
            (b':', Some(step)) => step.0 = last,
            (b',', Some((_, Some(index)))) => *index += 1,
            _ => {}
        }
    }
    let mut path = String::new();
    for (key, index) in way {
        match index {
            Some(index) => write!(path, "[{index}]").expect("text never fails"),
            None if key.is_empty() => {}
            None => {
                path.push_str(if path.is_empty() { "" } else { "." });
                path.push_str(key);
            }
        }
    }
    path
}

/// Reads a whole JSON document into a [`Value`] whose objects keep their order, refusing repeated keys.
///
/// For small documents; large ones are streamed into columns by their own readers.
pub fn value_of(text: &str, source: &str) -> Result<Value> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = Strict::deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value.0));
    read.map_err(|error| {
        let fault = syntax_error(&error, source);
        match fault.message().strip_prefix("invalid JSON: repeated key ") {
            Some(key) => Error::new(Code::DuplicateKey, format!("the key {key} stands twice in one object"))
                .at(fault.place().cloned().unwrap_or_default()),
            None => fault,
        }
    })
}

/// A JSON value in which no object has a key twice.
pub struct Strict(pub Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Strict;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON value")
            }
            fn visit_bool<E>(self, value: bool) -> Result<Strict, E> {
                Ok(Strict(value.into()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Strict, E> {
                Ok(Strict(value.into()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Strict, E> {
                Ok(Strict(value.into()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Strict, E> {
                Ok(Strict(value.into()))
            }
            fn visit_str<E>(self, value: &str) -> Result<Strict, E> {
                Ok(Strict(value.into()))
            }
            fn visit_unit<E>(self) -> Result<Strict, E> {
                Ok(Strict(Value::Null))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Strict, A::Error> {
                let mut items = Vec::new();
                while let Some(Strict(item)) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Strict(items.into()))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Strict, A::Error> {
                let mut object = Map::new();
                while let Some(key) = map.next_key::<String>()? {
                    if object.contains_key(&key) {
                        return Err(serde::de::Error::custom(format!("repeated key `{key}`")));
                    }
                    object.insert(key, map.next_value::<Strict>()?.0);
                }
                Ok(Strict(object.into()))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// Skips a value that nobody reads, but still refuses repeated keys and too deep nesting in it.
pub struct Skip;

impl<'de> DeserializeSeed<'de> for Skip {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        Strict::deserialize(deserializer).map(|_| ())
    }
}

/// Writes canonical JSON into one buffer; commas are placed by the writer.
#[derive(Default)]
pub struct Writer {
    out: Vec<u8>,
    need_comma: bool,
}

impl Writer {
    /// A writer with room for `capacity` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        Writer { out: Vec::with_capacity(capacity), need_comma: false }
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// Hands out what was written so far, once it is long enough to be worth it.
    pub fn drain(&mut self, mut sink: impl FnMut(&[u8])) {
        const WORTH_BYTES: usize = 1 << 16;
        if self.out.len() >= WORTH_BYTES {
            sink(&self.out);
            self.out.clear();
        }
    }

    fn comma(&mut self) {
        if self.need_comma {
            self.out.push(b',');
        }
        self.need_comma = true;
    }

    /// `{`
    pub fn begin_object(&mut self) -> &mut Self {
        self.open(b'{')
    }

    /// `}`
    pub fn end_object(&mut self) -> &mut Self {
        self.close(b'}')
    }

    /// `[`
    pub fn begin_array(&mut self) -> &mut Self {
        self.open(b'[')
    }

    /// `]`
    pub fn end_array(&mut self) -> &mut Self {
        self.close(b']')
    }

    fn open(&mut self, bracket: u8) -> &mut Self {
        self.comma();
        self.out.push(bracket);
        self.need_comma = false;
        self
    }

    fn close(&mut self, bracket: u8) -> &mut Self {
        self.out.push(bracket);
        self.need_comma = true;
        self
    }

    /// A key of our own, which needs no escape.
    pub fn key(&mut self, key: &str) -> &mut Self {
        debug_assert!(!key.bytes().any(|b| b == b'"' || b == b'\\' || b < 0x20));
        self.comma();
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.need_comma = false;
        self
    }

    /// A key that may need escapes.
    pub fn free_key(&mut self, key: &str) -> &mut Self {
        self.string(key);
        self.out.push(b':');
        self.need_comma = false;
        self
    }

    /// A string.
    pub fn string(&mut self, text: &str) -> &mut Self {
        self.comma();
        // Without a way out in between, many bytes are looked at at once.
        let escaped = |b: u8| u8::from(b < 0x20) | u8::from(b == b'"') | u8::from(b == b'\\');
        if text.bytes().fold(0, |any, b| any | escaped(b)) == 0 {
            self.out.push(b'"');
            self.out.extend_from_slice(text.as_bytes());
            self.out.push(b'"');
        } else {
            serde_json::to_writer(&mut self.out, text).expect("a string always serializes");
        }
        self
    }

    /// A whole number.
    pub fn int(&mut self, value: impl itoa::Integer) -> &mut Self {
        self.comma();
        self.out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
        self
    }

    /// A finite float in its shortest form.
    pub fn float(&mut self, value: f64) -> &mut Self {
        debug_assert!(value.is_finite());
        self.comma();
        self.out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
        self
    }

    /// `null`
    pub fn null(&mut self) -> &mut Self {
        self.raw(b"null")
    }

    /// `true` or `false`
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.raw(if value { b"true" } else { b"false" })
    }

    /// Anything that serde writes; for small parts.
    pub fn value(&mut self, value: &impl serde::Serialize) -> &mut Self {
        self.comma();
        serde_json::to_writer(&mut self.out, value).expect("our own types always serialize");
        self
    }

    /// Canonical JSON written elsewhere, as one value (or several with their commas).
    pub fn raw(&mut self, json: &[u8]) -> &mut Self {
        self.comma();
        self.out.extend_from_slice(json);
        self
    }

    /// What was written so far, for whoever then puts one value (or several with their commas) behind it.
    pub fn take_before_raw(&mut self) -> Vec<u8> {
        self.comma();
        std::mem::take(&mut self.out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_written_compactly() {
        let mut writer = Writer::default();
        writer.begin_object().key("a").int(1).key("b").begin_array().string("x\"y").null().float(0.1).end_array();
        writer.free_key("c\n").bool(true).end_object();
        assert_eq!(writer.into_bytes(), br#"{"a":1,"b":["x\"y",null,0.1],"c\n":true}"#);
    }

    #[test]
    fn numbers_that_are_none_become_texts_of_their_length() {
        let text = r#"{"a":NaN,"b":[-Infinity, Infinity],"c":"NaN -Infinity","d\"NaN":-1}"#;
        let plain = lenient(text);
        assert_eq!(plain.len(), text.len());
        let value = value_of(&plain, "f").unwrap();
        for none in [&value["a"], &value["b"][0], &value["b"][1]] {
            assert!(is_no_number(none.as_str().unwrap()), "{none}");
        }
        assert_eq!(value["c"], "NaN -Infinity");
        assert_eq!(value["d\"NaN"], -1);
        assert!(is_no_number("NaN") && is_no_number("-Infinity") && !is_no_number("nan") && !is_no_number("5"));
        assert!(matches!(lenient("{}"), Cow::Borrowed(_)));
        // What JSON refuses elsewhere stays refused, at its place.
        assert_eq!(value_of(&lenient("{\"a\":NaN,\n}"), "f").unwrap_err().place().unwrap().line, Some(2));
    }

    #[test]
    fn the_way_to_a_place_is_found() {
        let text = "{\"a\":[{\"b\":1,\"c\":{}},\n{\"b\":\"x,[\",\"c\":7}]}";
        for (needle, path) in [("1,", "a[0].b"), ("x,", "a[1].b"), ("7", "a[1].c")] {
            let at = text.find(needle).unwrap() + 1;
            let line = text[..at].matches('\n').count() + 1;
            let column = at - text[..at].rfind('\n').map_or(0, |newline| newline + 1);
            assert_eq!(path_at(text, line, column), path, "{needle}");
        }
        assert_eq!(path_at("", 1, 5), "");
    }

    #[test]
    fn the_outermost_keys_are_seen_without_reading() {
        let keys = |text: &'static str, last: &str| {
            let mut seen = Vec::new();
            top_keys(text, |key| {
                seen.push(key);
                key == last
            });
            seen
        };
        let text = r#"{"a":{"x":1},"b":["y:",{"z":2}],"c":"\"d\":","e":NaN}"#;
        assert_eq!(keys(text, ""), ["a", "b", "c", "e"]);
        assert_eq!(keys(text, "b"), ["a", "b"]);
        assert!(keys("[1]", "").is_empty() && keys("", "").is_empty());
    }

    #[test]
    fn depth_is_found_without_reading() {
        let nested = |open: &str, levels: usize| format!("{{\n\"a\":{}", open.repeat(levels));
        assert_eq!(depth_fault(&nested("[", 126), "f"), None);
        let fault = depth_fault(&nested("[", 127), "f").unwrap();
        let place = fault.place().unwrap();
        assert_eq!((fault.code(), place.line, place.column), (Code::TooDeep, Some(2), Some(4 + 127)));
        assert!(depth_fault(&nested("{\"a\":", 127), "f").is_some());
        assert_eq!(depth_fault(&format!("[\"{}\\\"{}\"]", "[".repeat(200), "{".repeat(200)), "f"), None);
        assert_eq!(depth_fault(&"[]".repeat(200), "f"), None);
    }

    #[test]
    fn faults_have_a_place() {
        let fault = value_of("{\"a\":1,\n\"a\":2}", "f.json").unwrap_err();
        assert_eq!((fault.code(), fault.place().unwrap().line), (Code::DuplicateKey, Some(2)));
        assert_eq!(value_of("{\"a\":", "f.json").unwrap_err().code(), Code::InvalidJson);
        assert_eq!(value_of("{} x", "f.json").unwrap_err().code(), Code::InvalidJson);
        assert_eq!(value_of(&"[".repeat(5000), "f.json").unwrap_err().code(), Code::TooDeep);
        assert_eq!(text_of(b"\xff", "f").unwrap_err().code(), Code::InvalidUtf8);
        assert_eq!(text_of(b" \n", "f").unwrap_err().code(), Code::EmptyInput);
        assert_eq!(text_of(b"\xef\xbb\xbf{}", "f").unwrap(), "{}");
    }
}
