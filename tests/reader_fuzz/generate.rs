//! Inputs for the reader: bytes, files that were meddled with, and files by a grammar that is wide awake.

use fastrand::Rng;

/// Files whose pieces are put together anew.
const SEEDS: [&str; 12] = [
    "schedules:\n  e: {at: 2027-06-01T09:00:00Z, lambda: f, payload: {a: [1, 1.0, 1e3, ~], \"b\": 'c''d'}}\n",
    "# c\n---\nschedules:\n  e:\n    at: 2027-06-01T09:00:00Z # c\n    lambda: f\n    payload:\n      - |+2\n          a\n\n\n      - >-\n        a\n        b\n\n         c\n...\n",
    "defaults: &d\n  lambda: f\nschedules:\n  e: &e\n    at: 2027-06-01T09:00:00Z\n    payload: &p [*x, &x \"\\ud83d\\ude80\"]\n  e2:\n    <<: *e\n    payload: *p\n",
    "{\"schedules\":{\"e\":{\"at\":\"2027-06-01T09:00:00Z\",\"lambda\":\"f\",\"payload\":{\"a\":[1,{\"b\":null}]}}}}",
    "%YAML 1.2\n---\nschedules:\n  e:\n    ? at\n    : 2027-06-01T09:00:00Z\n    ? lambda\n    : f\n    ? payload\n    : ? a\n      : - b\n        -\n         c\n",
    "schedules:\r\n  e:\r\n    at: 2027-06-01T09:00:00Z\r\n    lambda: f\r\n    payload: \"a\r\n      b\\\r\n      c\"\r\n",
    "schedules:\n  e:\n    at: 2027-06-01T09:00:00Z\n    lambda: f\n    payload: !!str 12\n---\n# nothing\n",
    "\u{feff}schedules: {e: {at: 2027-06-01T09:00:00Z, lambda: f, payload: [a: b, ? c, ? d : e, \"f\":g, {h, i: }]}}\n",
    "schedules:\n  e:\n    at: 2027-06-01T09:00:00Z\n    lambda: f\n    payload: a\n      b\n\n      c # d\n",
    "schedules:\n  e:\n    at: 2027-06-01T09:00:00Z\n    lambda: f\n    payload:\n    - a: 1\n      b:\n      - c\n    - - d\n      - e: f\n        g:\n",
    "schedules:\n  e:\n    at: 2027-06-01T09:00:00Z\n    lambda: f\n    payload: {\"a\\tb\\x41\\u0085\\U0001F680\\_\\N\\L\\P\": \"\u{85} \u{2028} \u{2029}\"}\n",
    "schedules:\n  e:\n    at: 2027-06-01T09:00:00Z\n    lambda: f\n    payload: |\n      \ta\n       b\n   \n      c",
];

/// What is put between, before and after.
const TOKENS: [&str; 76] = [
    " ",
    "  ",
    "    ",
    "\t",
    "\n",
    "\n\n",
    "\r\n",
    "\r",
    "- ",
    "-",
    "? ",
    "?",
    ": ",
    ":",
    ",",
    "[",
    "]",
    "{",
    "}",
    "#",
    " # c",
    "&a ",
    "*a",
    "&a",
    "* ",
    "!",
    "!!str ",
    "!!int ",
    "!!map ",
    "!t ",
    "!<x> ",
    "|",
    "|\n",
    "|-\n",
    "|+\n",
    "|2\n",
    ">\n",
    ">-\n",
    ">+1\n",
    "'",
    "\"",
    "''",
    "\\",
    "\\n",
    "\\\n",
    "\\u0041",
    "\\ud83d\\ude80",
    "\\ud83d",
    "\\x0",
    "---",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "%TAG ! x\n",
    "<<: ",
    "a",
    "b: c",
    "0",
    "01",
    "1.0",
    "1e3",
    "1e999",
    "-0.0",
    "0x1F",
    "0o17",
    ".inf",
    ".nan",
    "~",
    "null",
    "true",
    "yes",
    "\u{85}",
    "\u{2028}",
    "\u{a0}",
    "\u{feff}",
    "\0",
];

/// An input, by one of the three ways.
pub(super) fn input(rng: &mut Rng) -> Vec<u8> {
    match rng.u8(0..20) {
        0 => (0..rng.usize(0..64)).map(|_| rng.u8(..)).collect(),
        1 => tokens(rng, 40).into_bytes(),
        2..9 => meddled(rng),
        _ => {
            let mut text = String::new();
            written(rng, &mut text);
            text.into_bytes()
        }
    }
}

fn tokens(rng: &mut Rng, most: usize) -> String {
    (0..rng.usize(0..most))
        .map(|_| TOKENS[rng.usize(..TOKENS.len())])
        .collect()
}

/// A seed, with some places changed.
fn meddled(rng: &mut Rng) -> Vec<u8> {
    let mut bytes = SEEDS[rng.usize(..SEEDS.len())].as_bytes().to_vec();
    for _ in 0..rng.usize(1..5) {
        let at = rng.usize(..=bytes.len());
        let end = (at + rng.usize(0..6)).min(bytes.len());
        let new = match rng.u8(0..8) {
            0 => Vec::new(),
            1 => vec![rng.u8(..)],
            2 => {
                let from = rng.usize(..=bytes.len());
                bytes[from..(from + rng.usize(0..30)).min(bytes.len())].to_vec()
            }
            3 => {
                let other = SEEDS[rng.usize(..SEEDS.len())].as_bytes();
                let from = rng.usize(..other.len());
                other[from..(from + rng.usize(0..30)).min(other.len())].to_vec()
            }
            _ => TOKENS[rng.usize(..TOKENS.len())].as_bytes().to_vec(),
        };
        let end = if rng.bool() { at } else { end };
        bytes.splice(at..end, new);
    }
    bytes
}

/// A file that is good, or nearly.
fn written(rng: &mut Rng, into: &mut String) {
    into.push_str(["", "---\n", "# c\n", "%YAML 1.2\n---\n", "\n"][rng.usize(..5)]);
    into.push_str("schedules:\n  e:\n    at: 2027-06-01T09:00:00Z\n    lambda: f\n    payload:");
    let mut writer = Writer { rng, anchors: 0 };
    writer.block(into, 4, 0);
    if writer.rng.u8(0..4) == 0 {
        into.push_str("  e2: {at: 2027-06-01T09:00:00Z, lambda: f, payload: ");
        writer.flow(into, 1);
        into.push_str("}\n");
    }
    into.push_str(["", "", "", "...\n", "# c\n", "---\n"][writer.rng.usize(..6)]);
    if writer.rng.u8(0..12) == 0 {
        into.pop();
    }
}

struct Writer<'a> {
    rng: &'a mut Rng,
    anchors: usize,
}

const PLAIN: [&str; 36] = [
    "a",
    "a b",
    "a:b",
    "a#b",
    "-a",
    "?a",
    ":a",
    "1",
    "-1",
    "+1",
    "0",
    "-0",
    "010",
    "1.0",
    "1.",
    ".5",
    "1e3",
    "1E-3",
    "1e400",
    "9007199254740993",
    "0x1F",
    "0o17",
    "0b1",
    "1_000",
    "12:30",
    "null",
    "~",
    "true",
    "True",
    "yes",
    "no",
    ".inf",
    "2027-06-01",
    "<<",
    "=",
    "a  b",
];

impl Writer<'_> {
    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.rng.usize(..of.len())]
    }

    /// Behind a key or a dash at `indent`: a value, with the end of its last line.
    fn block(&mut self, into: &mut String, indent: usize, depth: usize) {
        let properties = self.properties();
        into.push_str(&properties);
        let deeper = " ".repeat(indent + self.rng.usize(1..4));
        let comment = |rng: &mut Rng| if rng.u8(0..8) == 0 { " # c" } else { "" };
        match self.rng.u8(0..if depth > 3 { 6 } else { 10 }) {
            0..=2 => {
                into.push(' ');
                self.flow(into, depth + 2);
                into.push_str(comment(self.rng));
                into.push('\n');
            }
            3 => self.text(into, indent),
            4 => {
                into.push(' ');
                let quoted = self.quoted(&format!("\n{deeper}"));
                into.push_str(&quoted);
                into.push('\n');
            }
            5 => {
                into.push_str(comment(self.rng));
                into.push('\n');
            }
            6 | 7 => {
                into.push_str(comment(self.rng));
                into.push('\n');
                let same = self.rng.bool() && properties.is_empty();
                let at = if same { indent } else { deeper.len() };
                for _ in 0..self.rng.usize(1..4) {
                    into.push_str(&" ".repeat(at));
                    into.push('-');
                    self.block(into, at, depth + 1);
                }
            }
            _ => {
                into.push_str(comment(self.rng));
                into.push('\n');
                for number in 0..self.rng.usize(1..4) {
                    into.push_str(&deeper);
                    let key = self.key(number);
                    into.push_str(&key);
                    self.block(into, deeper.len(), depth + 1);
                }
            }
        }
    }

    fn properties(&mut self) -> String {
        let tag = if self.rng.u8(0..24) == 0 {
            self.one(&[" !!str", " !!map", " !!seq", " !", " !t", " !!int"])
        } else {
            ""
        };
        let anchor = if self.rng.u8(0..16) == 0 {
            self.anchors += 1;
            format!(" &a{}", self.anchors)
        } else {
            String::new()
        };
        format!("{tag}{anchor}")
    }

    fn key(&mut self, number: usize) -> String {
        let plain = self.one(&PLAIN);
        match self.rng.u8(0..8) {
            0 => format!("\"{plain}{number}\":"),
            1 => format!("'{plain}{number}' :"),
            2 => format!("{plain}:"),
            3 => format!("? k{number}\n"),
            _ => format!("k{number}:"),
        }
    }

    /// A literal or folded text.
    fn text(&mut self, into: &mut String, indent: usize) {
        let explicit = self.rng.usize(0..4);
        let head = self.one(&[" |", " >", " |-", " >-", " |+", " >+"]);
        into.push_str(head);
        let at = if explicit > 0 {
            into.push_str(&explicit.to_string());
            indent + explicit
        } else {
            indent + self.rng.usize(1..4)
        };
        into.push('\n');
        for _ in 0..self.rng.usize(0..6) {
            let line = self.one(&[
                "",
                "a",
                "a b",
                " a",
                "a ",
                "\ta",
                "# a",
                "  ",
                "- a",
                "a: b",
                "\u{2028}",
                "\u{1f680}",
            ]);
            if !line.is_empty() || self.rng.bool() {
                into.push_str(&" ".repeat(at));
            }
            into.push_str(line);
            into.push('\n');
        }
    }

    fn quoted(&mut self, fold: &str) -> String {
        let double = self.rng.bool();
        let mut text = String::from(if double { "\"" } else { "'" });
        for _ in 0..self.rng.usize(0..6) {
            let piece = if double {
                self.one(&[
                    "a",
                    " ",
                    "  ",
                    "\\n",
                    "\\t",
                    "\\\"",
                    "\\\\",
                    "\\/",
                    "\\x41",
                    "\\u0085",
                    "\\ud83d\\ude80",
                    "\\0",
                    "\\e",
                    "\\_",
                    "FOLD",
                    "\\FOLD",
                    "'",
                    "#",
                    ": ",
                    "\t",
                    "\u{85}",
                    "\u{7f}",
                ])
            } else {
                self.one(&[
                    "a",
                    " ",
                    "  ",
                    "''",
                    "\"",
                    "\\",
                    "FOLD",
                    "FOLDFOLD",
                    "#",
                    ": ",
                    "\t",
                    "\u{2028}",
                    "\u{1f680}",
                ])
            };
            text.push_str(&piece.replace("FOLD", fold));
        }
        text.push(if double { '"' } else { '\'' });
        text
    }

    /// A value in brackets, in quotes, or without either.
    fn flow(&mut self, into: &mut String, depth: usize) {
        let gap = self.one(&["", " ", " ", "\n       ", " # c\n       ", "\t"]);
        match self.rng.u8(0..if depth > 4 { 6 } else { 9 }) {
            0..=2 => into.push_str(self.one(&PLAIN)),
            3 | 4 => into.push_str(&self.quoted("\n         ")),
            5 if self.anchors > 0 => {
                let anchor = self.rng.usize(1..=self.anchors).to_string();
                for piece in ["*a", &anchor, " "] {
                    into.push_str(piece);
                }
            }
            5 => into.push('~'),
            6 => {
                into.push('[');
                for _ in 0..self.rng.usize(0..4) {
                    into.push_str(gap);
                    self.flow(into, depth + 1);
                    into.push(',');
                }
                into.push_str(gap);
                into.push(']');
            }
            _ => {
                into.push('{');
                for number in 0..self.rng.usize(0..4) {
                    into.push_str(gap);
                    let key = self.key(number).replace('?', "").replace('\n', ":");
                    into.push_str(&key);
                    into.push_str(self.one(&[" ", " ", "", "\n       "]));
                    self.flow(into, depth + 1);
                    into.push(',');
                }
                into.push('}');
            }
        }
    }
}
