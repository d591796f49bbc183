//! Numbers of the core schema as JSON writes them: no digit is lost, none is added but where JSON demands one. Pure.

use std::borrow::Cow;

use crate::source::time::Wrong;

/// How many digits a number may have that is not written in decimal: more takes long to convert.
const MAX_DIGITS: usize = 4_096;
/// What one part of a large number counts up to.
const LIMB: u64 = 1_000_000_000;

fn wrong(message: impl Into<String>, hint: impl Into<String>) -> Wrong {
    Wrong {
        message: message.into(),
        hint: Some(hint.into()),
    }
}

/// The number that a text without quotes is; `None`: it is none.
pub(super) fn read(text: &str) -> Result<Option<Cow<'_, str>>, Wrong> {
    if let Some(digits) = text.strip_prefix("0x") {
        return other(digits, 16, u8::is_ascii_hexdigit);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return other(digits, 8, |digit| matches!(digit, b'0'..=b'7'));
    }
    let (sign, unsigned) = match text.as_bytes()[0] {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Err(wrong(
            "this number has no form in JSON",
            "put it in quotes if a text will do",
        ));
    }
    let Some(Parts {
        whole,
        fraction,
        exponent,
    }) = parts(unsigned)
    else {
        return Ok(None);
    };
    if whole.len() > 1 && whole.starts_with('0') {
        let digits = whole.trim_start_matches('0');
        let digits = if digits.is_empty() { "0" } else { digits };
        let rest = &unsigned[whole.len()..];
        let (written, number) = (shown(text), shown(&format!("{sign}{digits}{rest}")));
        return Err(wrong(
            "programs read a number with leading zeros in different ways",
            format!("write `\"{written}\"` for the text, or `{number}` for the number"),
        ));
    }
    let is_float = fraction.is_some() || exponent.is_some();
    if is_float
        && (exponent.is_some() || whole.len() > 300)
        && text.parse().is_ok_and(f64::is_infinite)
    {
        return Err(wrong(
            "this number is larger than programs can read",
            "put it in quotes if a text will do",
        ));
    }
    let is_json = !whole.is_empty() && fraction != Some("") && !text.starts_with('+');
    if is_json {
        return Ok(Some(text.into()));
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    let fraction = fraction.map_or(String::new(), |digits| {
        format!(".{}", if digits.is_empty() { "0" } else { digits })
    });
    let exponent = exponent.unwrap_or_default();
    Ok(Some(format!("{sign}{whole}{fraction}{exponent}").into()))
}

/// The digits of a number as a message may show them.
fn shown(number: &str) -> String {
    number.chars().take(40).collect()
}

/// A decimal number without its sign.
struct Parts<'a> {
    whole: &'a str,
    fraction: Option<&'a str>,
    /// With its `e`.
    exponent: Option<&'a str>,
}

/// `(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn parts(text: &str) -> Option<Parts<'_>> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = text.split_at(digits(text));
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => {
            let (fraction, rest) = rest.split_at(digits(rest));
            (Some(fraction), rest)
        }
        None => (None, rest),
    };
    if whole.is_empty() && fraction.is_none_or(str::is_empty) {
        return None;
    }
    let exponent = match rest.strip_prefix(['e', 'E']) {
        Some(power) => {
            let power = power.strip_prefix(['-', '+']).unwrap_or(power);
            if power.is_empty() || digits(power) != power.len() {
                return None;
            }
            Some(rest)
        }
        None if rest.is_empty() => None,
        None => return None,
    };
    Some(Parts {
        whole,
        fraction,
        exponent,
    })
}

/// A whole number in another base, as decimal digits.
fn other(
    digits: &str,
    base: u32,
    is_digit: impl Fn(&u8) -> bool,
) -> Result<Option<Cow<'static, str>>, Wrong> {
    if digits.is_empty() || !digits.bytes().all(|digit| is_digit(&digit)) {
        return Ok(None);
    }
    if digits.len() > MAX_DIGITS {
        return Err(wrong(
            format!("a number of more than {MAX_DIGITS} digits that is not written in decimal"),
            "write it in decimal",
        ));
    }
    // As many digits at once as a part times their base has room for.
    let at_once = if base == 16 { 8 } else { 10 };
    let mut limbs: Vec<u64> = vec![0];
    let mut rest = digits;
    while !rest.is_empty() {
        let count = (rest.len() - 1) % at_once + 1;
        let (some, others) = rest.split_at(count);
        rest = others;
        let mut carry = u64::from_str_radix(some, base).unwrap_or_default();
        let factor = u64::from(base).pow(u32::try_from(count).unwrap_or_default());
        for limb in &mut limbs {
            let value = *limb * factor + carry;
            *limb = value % LIMB;
            carry = value / LIMB;
        }
        while carry > 0 {
            limbs.push(carry % LIMB);
            carry /= LIMB;
        }
    }
    let first = limbs.pop().unwrap_or(0).to_string();
    let others = limbs.iter().rev().map(|limb| format!("{limb:09}"));
    let text: Vec<String> = std::iter::once(first).chain(others).collect();
    Ok(Some(text.concat().into()))
}

/// How the last onced before this reader wrote a number of this text, which it read as one of 64 bits: `None`, if it refused
/// it. What it started is known by that.
pub(super) fn before(number: &str) -> Option<Cow<'_, str>> {
    if let Ok(whole) = number.parse::<i64>() {
        return Some(whole.to_string().into());
    }
    if let Ok(whole) = number.parse::<u64>() {
        return Some(whole.to_string().into());
    }
    let float: f64 = number.parse().ok()?;
    let exact = float.abs() < 9_007_199_254_740_992.0 || float.fract() != 0.0;
    exact
        .then(|| serde_json::to_string(&float).ok())?
        .map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stay_as_they_are() {
        for (text, expected) in [
            ("0", "0"),
            ("-0", "-0"),
            ("-0.0", "-0.0"),
            ("+7", "7"),
            ("1.0", "1.0"),
            ("1e3", "1e3"),
            ("1E+03", "1E+03"),
            ("9.4607e+15", "9.4607e+15"),
            ("6.02214076e23", "6.02214076e23"),
            ("9999999999999.99999", "9999999999999.99999"),
            (".5", "0.5"),
            ("-.5e1", "-0.5e1"),
            ("5.", "5.0"),
            ("5.e3", "5.0e3"),
            (
                "123456789012345678901234567890",
                "123456789012345678901234567890",
            ),
            ("0x1F", "31"),
            (
                "0xffffffffffffffffffffffff",
                "79228162514264337593543950335",
            ),
            ("0o14", "12"),
            ("0x0", "0"),
            ("0x00000000001000000000", "68719476736"),
        ] {
            assert_eq!(read(text).unwrap().as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in [
            "0b11",
            "-0x1F",
            "+0o14",
            "0x",
            "0o8",
            "1_000",
            "12:30",
            "1e",
            "1e+",
            "e3",
            ".",
            "-",
            "+",
            "-.",
            "1.2.3",
            "0xg",
            "2027-06-01",
            "1.e",
            ".e3",
            "0X1F",
            "infinity",
            ".infx",
        ] {
            assert_eq!(read(text).unwrap(), None, "{text}");
        }
    }

    #[test]
    fn what_programs_read_in_different_ways_is_refused_with_both() {
        for (text, number) in [
            ("010", "10"),
            ("02134", "2134"),
            ("-010", "-10"),
            ("+010", "10"),
            ("00", "0"),
            ("010.5", "10.5"),
        ] {
            let hint = read(text).unwrap_err().hint.unwrap();
            assert_eq!(
                hint,
                format!("write `\"{text}\"` for the text, or `{number}` for the number")
            );
        }
        for text in [".inf", "-.Inf", "+.INF", ".nan", "1e400", "-1e999999999999"] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read("1e-400").unwrap().is_some());
    }

    #[test]
    fn numbers_of_before() {
        for (text, expected) in [
            ("1", Some("1")),
            ("1.0", Some("1.0")),
            ("1.10", Some("1.1")),
            ("1e3", Some("1000.0")),
            ("-0", Some("0")),
            ("9999999999999.99999", Some("10000000000000.0")),
            ("18446744073709551615", Some("18446744073709551615")),
            ("18446744073709551616", None),
            ("1e22", None),
        ] {
            assert_eq!(before(text).as_deref(), expected, "{text}");
        }
    }
}
