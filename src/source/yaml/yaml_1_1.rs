//! How programs that read YAML 1.1 take a text without quotes: by the rules of PyYAML, which are those of
//! <https://yaml.org/type/>, but that `y` and `n` are texts and that an exponent needs a dot before it and its sign. Pure.

/// What such a program reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) enum Read {
    Null,
    Bool,
    Number,
    Date,
    Text,
    /// Nothing: it is an error (`=`).
    Nothing,
}

/// What it reads.
pub(in crate::source) fn read(text: &str) -> Read {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Read::Null,
        "yes" | "Yes" | "YES" | "no" | "No" | "NO" | "true" | "True" | "TRUE" | "false"
        | "False" | "FALSE" | "on" | "On" | "ON" | "off" | "Off" | "OFF" => return Read::Bool,
        "=" | "<<" => return Read::Nothing,
        _ => {}
    }
    let begins = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.');
    if !text.as_bytes().first().is_some_and(begins) {
        return Read::Text;
    }
    if is_int(text) || is_float(text) {
        Read::Number
    } else if is_date(text) || is_timestamp(text) {
        Read::Date
    } else {
        Read::Text
    }
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['-', '+']).unwrap_or(text)
}

fn all(text: &str, is: impl Fn(u8) -> bool) -> bool {
    text.bytes().all(|byte| byte == b'_' || is(byte))
}

/// `[0-9][0-9_]*`
fn is_digits(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && all(text, |byte| byte.is_ascii_digit())
}

/// `(:[0-5]?[0-9])+` behind digits: what base 60 is written in.
fn is_base_60(text: &str) -> bool {
    let mut parts = text.split(':');
    let first = parts.next().is_some_and(is_digits);
    let is_part = |part: &str| match part.as_bytes() {
        [digit] | [b'0'..=b'5', digit] => digit.is_ascii_digit(),
        _ => false,
    };
    first && text.contains(':') && parts.all(is_part)
}

fn is_int(text: &str) -> bool {
    let text = unsigned(text);
    let other = |digits: &str, is: fn(u8) -> bool| !digits.is_empty() && all(digits, is);
    if let Some(digits) = text.strip_prefix("0b") {
        return other(digits, |byte| matches!(byte, b'0' | b'1'));
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return other(digits, |byte| byte.is_ascii_hexdigit());
    }
    match text.strip_prefix('0') {
        Some(digits) => all(digits, |byte| matches!(byte, b'0'..=b'7')),
        None => is_digits(text) || is_base_60(text),
    }
}

fn is_float(text: &str) -> bool {
    let positive = unsigned(text);
    if matches!(positive, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let Some((whole, rest)) = positive.split_once('.') else {
        return false;
    };
    let (fraction, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let is_exponent = |power: &str| {
        let digits = power.strip_prefix(['-', '+']).unwrap_or_default();
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_fraction = all(fraction, |byte| byte.is_ascii_digit());
    if is_base_60(whole) {
        return is_fraction && exponent.is_none();
    }
    let has_digits = if whole.is_empty() {
        // Without a sign.
        text.starts_with('.') && is_digits(fraction)
    } else {
        is_digits(whole)
    };
    has_digits && is_fraction && exponent.is_none_or(is_exponent)
}

/// The numbers of digits of each part, between these separators.
fn is_of(text: &str, parts: &[(std::ops::RangeInclusive<usize>, &str)]) -> Option<usize> {
    let mut at = 0;
    for (count, behind) in parts {
        let digits = text[at..].bytes().take_while(u8::is_ascii_digit).count();
        if !count.contains(&digits) || !text[at + digits..].starts_with(behind) {
            return None;
        }
        at += digits + behind.len();
    }
    Some(at)
}

fn is_date(text: &str) -> bool {
    is_of(text, &[(4..=4, "-"), (2..=2, "-"), (2..=2, "")]) == Some(text.len())
}

fn is_timestamp(text: &str) -> bool {
    let Some(at) = is_of(text, &[(4..=4, "-"), (1..=2, "-"), (1..=2, "")]) else {
        return false;
    };
    let rest = &text[at..];
    let blanks = |text: &str| text.len() - text.trim_start_matches([' ', '\t']).len();
    let gap = if rest.starts_with(['T', 't']) {
        1
    } else {
        blanks(rest)
    };
    let time = &rest[gap..];
    let Some(at) = is_of(time, &[(1..=2, ":"), (2..=2, ":"), (2..=2, "")]).filter(|_| gap > 0)
    else {
        return false;
    };
    let rest = &time[at..];
    let rest = rest.strip_prefix('.').map_or(rest, |rest| {
        rest.trim_start_matches(|c: char| c.is_ascii_digit())
    });
    if rest.is_empty() {
        return true;
    }
    let rest = rest.trim_start_matches([' ', '\t']);
    let offset = rest.strip_prefix(['-', '+']);
    let is_offset = |offset: &str| {
        let is = |parts: &[_]| is_of(offset, parts) == Some(offset.len());
        is(&[(1..=2, "")]) || is(&[(1..=2, ":"), (2..=2, "")])
    };
    rest == "Z" || offset.is_some_and(is_offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As PyYAML 6 reads them.
    #[test]
    fn as_pyyaml() {
        for (read_as, texts) in [
            (Read::Null, "~ null Null NULL"),
            (Read::Bool, "yes No ON off true False"),
            (
                Read::Number,
                "0 -0 +12 1_000 1__0 010 0_ 0b11 -0b1_0 0x1F -0x1F 0x_1 12:30 190:20:30.15 1.5 1_0.5 5. .5 1.5e+3 1.e-3 .5E+1 .inf -.INF .nan",
            ),
            (
                Read::Date,
                "2027-06-01 2027-06-01T09:00:00Z 2027-6-1t9:00:00.5+01:00 2027-06-01T09:00:00-3",
            ),
            (
                Read::Text,
                "y n Y tRue 1e3 12345e6 1.5e3 1e+3 0o14 +0o14 -.5 +.5 12:75 _1 2027-6-1 2027-06 1.2.3 09 0x 0b2 --1 . - launch",
            ),
            (Read::Nothing, "= <<"),
        ] {
            for text in texts.split(' ') {
                assert_eq!(read(text), read_as, "{text}");
            }
        }
        assert_eq!(read("2027-06-01 09:00:00 +01:00"), Read::Date);
        assert_eq!(read(""), Read::Null);
        assert_eq!(read("12:3\u{e9}"), Read::Text);
    }
}
