//! What of one entry's payload had better be looked at: that other programs read it as something else, or that it may not
//! be what was meant. Pure; for the findings of a plan and the notes of `check`. Never shows a value.

use super::findings::Kind;
use crate::model::marks::Marks;

/// What a mark of YAML 1.1 says: a form, what it is here, and what it is there.
const YAML_1_1: [(Marks, &str, &str, &str); 5] = [
    (
        Marks::BOOL,
        "a word such as `yes` or `off`",
        "text",
        "true or false",
    ),
    (
        Marks::NUMBER,
        "a text such as `1_000`, `12:30` or `0b11`",
        "text",
        "a number",
    ),
    (
        Marks::TEXT,
        "a number such as `1e3` or `0o14`",
        "a number",
        "text",
    ),
    (Marks::DATE, "a text such as `2027-06-01`", "text", "a date"),
    (Marks::ERROR, "`=` or `<<`", "text", "an error"),
];

const BREAK: &str = "U+0085, U+2028 and U+2029 end a line there, so that blanks beside them go and U+0085 becomes another character; write them as escapes, such as `\"\\u2028\"`";

/// The messages, by kind.
pub fn odd_payload(marks: Marks) -> [(Kind, Option<String>); 4] {
    let told = |mark: Marks, message: &str| marks.has(mark).then(|| message.to_owned());
    [
        (Kind::Yaml11, yaml_1_1(marks)),
        (
            Kind::JsonText,
            told(
                Marks::JSON_TEXT,
                "the payload is a text that holds JSON: the function gets a text; without the quotes it gets the object or list",
            ),
        ),
        (
            Kind::BigInteger,
            told(
                Marks::BIG_INTEGER,
                "an integer in the payload is beyond 2^53: JavaScript and JSONata read the nearest number of 64 bits instead; in quotes it keeps its digits",
            ),
        ),
        (
            Kind::NullPayload,
            told(
                Marks::NULL,
                "nothing stands behind `payload:`: the function gets null; write `{}` for an object without keys, or leave the key out",
            ),
        ),
    ]
}

fn yaml_1_1(marks: Marks) -> Option<String> {
    let has = |row: &&(Marks, &str, &str, &str)| marks.has(row.0);
    let mut parts: Vec<String> = YAML_1_1
        .iter()
        .filter(has)
        .map(|(_, form, here, there)| format!("{form} is {here} here and {there} there"))
        .collect();
    if !parts.is_empty() {
        parts.push("put it in quotes if it is text".into());
    }
    if marks.has(Marks::BREAK) {
        parts.push(BREAK.into());
    }
    (!parts.is_empty()).then(|| {
        let parts = parts.join("; ");
        format!("programs that read YAML 1.1, such as PyYAML, read something in the payload in another way: {parts}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(marks: Marks) -> Vec<(Kind, String)> {
        let told = odd_payload(marks).into_iter();
        told.filter_map(|(kind, message)| Some((kind, message?)))
            .collect()
    }

    #[test]
    fn each_mark_has_its_words() {
        assert_eq!(told(Marks::NONE), []);
        let all = told(Marks::BOOL | Marks::DATE | Marks::BIG_INTEGER);
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].0, all[1].0), (Kind::Yaml11, Kind::BigInteger));
        assert!(all[0].1.contains(
            "a word such as `yes` or `off` is text here and true or false there; a text such as `2027-06-01` is text here and a date there"
        ));
        assert!(!all[0].1.contains("U+2028"));
        let breaks = told(Marks::BREAK);
        assert!(breaks[0].1.contains("U+2028") && !breaks[0].1.contains("in quotes"));
        let null = told(Marks::NULL);
        assert_eq!((null.len(), null[0].0), (1, Kind::NullPayload));
        assert_eq!(told(Marks::JSON_TEXT)[0].0, Kind::JsonText);
        assert_eq!(told(Marks::BIG_INTEGER)[0].0, Kind::BigInteger);
    }
}
