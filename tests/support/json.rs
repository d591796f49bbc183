//! JSON texts compared by value, each number by all of its digits: what `serde_json` would round stays what it is. Not
//! onced's own reader, which it judges.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Json {
    Null,
    Boolean(bool),
    /// As it is spelled.
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

impl Json {
    /// Reads one value. `None`: not JSON, or a key twice.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value()?;
        reader.blanks();
        (reader.at == text.len()).then_some(value)
    }

    /// The value behind a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let Self::Object(pairs) = self else {
            return None;
        };
        pairs.get(key)
    }

    /// A text.
    pub(crate) fn text(&self) -> Option<&str> {
        let Self::Text(text) = self else { return None };
        Some(text)
    }

    /// Whether it means the same, whatever the spelling of its numbers.
    pub(crate) fn means(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => decimal(one) == decimal(other),
            (Self::List(one), Self::List(other)) => {
                one.len() == other.len()
                    && one.iter().zip(other).all(|(one, other)| one.means(other))
            }
            (Self::Object(one), Self::Object(other)) => {
                let mut pairs = one.iter().zip(other);
                one.len() == other.len()
                    && pairs.all(|((key, one), (same, other))| key == same && one.means(other))
            }
            (one, other) => one == other,
        }
    }

    /// Its text, with nothing but ASCII in it.
    pub(crate) fn written(&self) -> String {
        match self {
            Self::Null => "null".into(),
            Self::Boolean(value) => value.to_string(),
            Self::Number(number) => number.clone(),
            Self::Text(text) => quoted(text),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(Self::written).collect();
                format!("[{}]", items.join(","))
            }
            Self::Object(pairs) => {
                let pair =
                    |(key, value): (&String, &Self)| format!("{}:{}", quoted(key), value.written());
                let pairs: Vec<String> = pairs.iter().map(pair).collect();
                format!("{{{}}}", pairs.join(","))
            }
        }
    }
}

/// A text of JSON with nothing but ASCII in it, as `json.dumps` writes it.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for unit in text.encode_utf16() {
        match u8::try_from(unit).map(char::from) {
            Ok(c @ ('"' | '\\')) => quoted.extend(['\\', c]),
            Ok(c @ ' '..='~') => quoted.push(c),
            _ => write!(quoted, "\\u{unit:04x}").expect("memory"),
        }
    }
    quoted + "\""
}

/// Whether it is negative, its digits without zeros around them, and the power of ten that they are multiplied by: the same
/// for all spellings of a number. Minus zero is not zero.
fn decimal(number: &str) -> (bool, String, i128) {
    let negative = number.starts_with('-');
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let mantissa = mantissa.trim_start_matches('-');
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let exponent: i128 = exponent.parse().expect("an exponent");
    let digits = digits.trim_start_matches('0');
    let kept = digits.trim_end_matches('0');
    if kept.is_empty() {
        return (negative, String::new(), 0);
    }
    let length = |text: &str| i128::try_from(text.len()).expect("a length");
    let exponent = exponent - length(fraction) + length(digits) - length(kept);
    (negative, kept.to_owned(), exponent)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    /// Goes on behind this token if it is next.
    fn take(&mut self, token: &str) -> Option<()> {
        self.blanks();
        self.rest()
            .starts_with(token)
            .then(|| self.at += token.len())
    }

    fn value(&mut self) -> Option<Json> {
        self.blanks();
        match self.rest().chars().next()? {
            'n' => self.take("null").map(|()| Json::Null),
            't' => self.take("true").map(|()| Json::Boolean(true)),
            'f' => self.take("false").map(|()| Json::Boolean(false)),
            '"' => self.string().map(Json::Text),
            '[' => self.items(),
            '{' => self.pairs(),
            _ => self.number(),
        }
    }

    fn items(&mut self) -> Option<Json> {
        self.take("[")?;
        let mut items = Vec::new();
        if self.take("]").is_some() {
            return Some(Json::List(items));
        }
        loop {
            items.push(self.value()?);
            if self.take("]").is_some() {
                return Some(Json::List(items));
            }
            self.take(",")?;
        }
    }

    fn pairs(&mut self) -> Option<Json> {
        self.take("{")?;
        let mut pairs = BTreeMap::new();
        if self.take("}").is_some() {
            return Some(Json::Object(pairs));
        }
        loop {
            self.blanks();
            let key = self.string()?;
            self.take(":")?;
            if pairs.insert(key, self.value()?).is_some() {
                return None;
            }
            if self.take("}").is_some() {
                return Some(Json::Object(pairs));
            }
            self.take(",")?;
        }
    }

    fn number(&mut self) -> Option<Json> {
        let digits =
            |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let rest = self.rest();
        let mut end = usize::from(rest.starts_with('-'));
        let whole = digits(&rest[end..]);
        if whole == 0 || (whole > 1 && rest[end..].starts_with('0')) {
            return None;
        }
        end += whole;
        if rest[end..].starts_with('.') {
            let fraction = digits(&rest[end + 1..]);
            end += 1 + fraction;
            (fraction > 0).then_some(())?;
        }
        if rest[end..].starts_with(['e', 'E']) {
            end += 1;
            end += usize::from(rest[end..].starts_with(['+', '-']));
            let exponent = digits(&rest[end..]);
            end += exponent;
            (exponent > 0).then_some(())?;
        }
        let number = rest[..end].to_owned();
        self.at += end;
        Some(Json::Number(number))
    }

    fn string(&mut self) -> Option<String> {
        self.take("\"")?;
        let mut units: Vec<u16> = Vec::new();
        let mut chars = self.rest().char_indices();
        let end = loop {
            let (at, c) = chars.next()?;
            let c = match c {
                '"' => break at + 1,
                '\0'..='\x1f' => return None,
                '\\' => match chars.next()?.1 {
                    'b' => '\x08',
                    'f' => '\x0c',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'u' => {
                        let hex: String = chars.by_ref().take(4).map(|(_, c)| c).collect();
                        units.push(u16::from_str_radix(&hex, 16).ok()?);
                        continue;
                    }
                    c @ ('"' | '\\' | '/') => c,
                    _ => return None,
                },
                c => c,
            };
            units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
        };
        self.at += end;
        String::from_utf16(&units).ok()
    }
}

#[test]
fn numbers_are_compared_by_their_digits() {
    let same = [
        ("1", "1.0"),
        ("1e3", "1000"),
        ("100e-2", "1"),
        ("0.0010", "1e-3"),
        ("-0", "-0.0"),
        ("12345678901234567890123", "12345678901234567890123.00"),
    ];
    let different = [
        ("-0.0", "0"),
        ("12345678901234567890123", "12345678901234567890124"),
        ("1.0000000000000000001", "1"),
        ("1e400", "1e401"),
    ];
    let read = |text: &str| Json::read(text).expect("a number");
    for (one, other) in same {
        assert!(read(one).means(&read(other)), "{one} {other}");
    }
    for (one, other) in different {
        assert!(!read(one).means(&read(other)), "{one} {other}");
    }
    for wrong in [
        "01",
        "1.",
        ".5",
        "+1",
        "1e",
        "[1,]",
        "{\"a\":1,\"a\":1}",
        "\"\\ud83d\"",
        "1 1",
    ] {
        assert_eq!(Json::read(wrong), None, "{wrong}");
    }
    let text = r#"{"a":["\ud83d\ude80\u0000",null,true],"b":{}}"#;
    assert_eq!(read(text).written(), text);
}
