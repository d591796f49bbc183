//! Reading the times of records: a cold start reads two for each entry, and they took a tenth of it. Pure.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserializer;

use crate::model::checked::checked;

/// Reads an RFC 3339 time, in UTC.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    checked(deserializer, |text| {
        as_written(text.as_bytes()).map_or_else(|| text.parse(), Ok)
    })
}

/// Of the one form that records have: `2026-12-01T09:00:00Z`, with up to nine digits of a second. `None`: it is of another
/// one.
fn as_written(text: &[u8]) -> Option<DateTime<Utc>> {
    let (whole, rest) = text.split_first_chunk::<19>()?;
    let signs = [4, 7, 10, 13, 16].map(|place: usize| whole[place]);
    let fraction = match rest {
        b"Z" => &[],
        [b'.', fraction @ .., b'Z'] if (1..=9).contains(&fraction.len()) => fraction,
        _ => return None,
    };
    if signs != *b"--T::" {
        return None;
    }
    let field = |from: usize, to: usize| number(&whole[from..to]);
    let nanoseconds = number(fraction)? * 10_u32.pow(9 - u32::try_from(fraction.len()).ok()?);
    let date = NaiveDate::from_ymd_opt(
        i32::try_from(field(0, 4)?).ok()?,
        field(5, 7)?,
        field(8, 10)?,
    )?;
    let time =
        date.and_hms_nano_opt(field(11, 13)?, field(14, 16)?, field(17, 19)?, nanoseconds)?;
    Some(time.and_utc())
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u32::from(digit - b'0'))?;
        Some(number * 10 + digit)
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn every_time_is_read_as_chrono_reads_it() {
        let begin: DateTime<Utc> = "2024-02-27T23:59:57.123456789Z".parse().unwrap();
        let step = TimeDelta::seconds(86_399) + TimeDelta::nanoseconds(1_000_100_010);
        for n in 0..20_000 {
            let time = begin + step * n;
            for time in [
                time,
                time - TimeDelta::nanoseconds(i64::from(time.timestamp_subsec_nanos())),
            ] {
                let text = serde_json::to_string(&time).unwrap();
                let text = text.trim_matches('"');
                assert_eq!(as_written(text.as_bytes()), Some(time), "{text}");
            }
        }
    }

    #[test]
    fn what_is_written_otherwise_is_chronos() {
        for text in [
            "2026-12-01T09:00:00+00:00",
            "2026-12-01T10:00:00.5+01:00",
            "2016-12-31T23:59:60Z",
            "2026-12-01 09:00:00Z",
        ] {
            assert_eq!(as_written(text.as_bytes()), None, "{text}");
            let json = serde_json::to_string(text).unwrap();
            let read = read(&mut serde_json::Deserializer::from_str(&json)).unwrap();
            assert_eq!(read, text.parse::<DateTime<Utc>>().unwrap());
        }
        for bad in [
            "",
            "2026-02-30T09:00:00Z",
            "2026-12-01T09:00:00.Z",
            "2026-12-01T0x:00:00Z",
        ] {
            let json = serde_json::to_string(bad).unwrap();
            assert!(
                read(&mut serde_json::Deserializer::from_str(&json)).is_err(),
                "{bad}"
            );
        }
    }
}
