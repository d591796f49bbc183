//! `onced schema`: prints what editors and validators need to know of files. Knows no file's content.

use serde_json::Value;

use super::arguments::{Format, Schema};
use super::results::{format, to_json};
use super::{Context, Failure, Outcome, exit, print};

const SCHEDULE: &[u8] = include_bytes!("../../docs/schema/schedule.json");
const CONFIG: &[u8] = include_bytes!("../../docs/schema/config.json");

/// What the program carries: a third less than what is kept for people.
static SCHEDULE_SPARE: [u8; spare_length(SCHEDULE)] = spare(SCHEDULE);
static CONFIG_SPARE: [u8; spare_length(CONFIG)] = spare(CONFIG);

/// Prints the JSON Schema of schedule files, or of the configuration, as it is kept in `docs/schema/`.
pub(super) fn schema(context: &Context, of: Schema) -> Outcome {
    format(context, &[Format::Text, Format::Json])?;
    let text: &[u8] = match of {
        Schema::Schedule => &SCHEDULE_SPARE,
        Schema::Config => &CONFIG_SPARE,
    };
    let schema: Value = serde_json::from_slice(text).map_err(Failure::new)?;
    print(&to_json(&schema)?);
    Ok(exit::DONE)
}

/// The index behind the white space that begins at an index; none begins within a text.
const fn behind_space(text: &[u8], mut index: usize) -> usize {
    while index < text.len() && matches!(text[index], b' ' | b'\n') {
        index += 1;
    }
    index
}

/// The index behind the token that begins at an index: a text, or one character of anything else.
const fn behind_token(text: &[u8], mut index: usize) -> usize {
    if text[index] == b'"' {
        index += 1;
        while text[index] != b'"' {
            index += if text[index] == b'\\' { 2 } else { 1 };
        }
    }
    index + 1
}

const fn spare_length(text: &[u8]) -> usize {
    let (mut length, mut index) = (0, behind_space(text, 0));
    while index < text.len() {
        let end = behind_token(text, index);
        length += end - index;
        index = behind_space(text, end);
    }
    length
}

/// JSON without the white space between its tokens.
const fn spare<const LENGTH: usize>(text: &[u8]) -> [u8; LENGTH] {
    let (mut made, mut length, mut index) = ([0; LENGTH], 0, behind_space(text, 0));
    while index < text.len() {
        let end = behind_token(text, index);
        while index < end {
            made[length] = text[index];
            (length, index) = (length + 1, index + 1);
        }
        index = behind_space(text, end);
    }
    made
}
