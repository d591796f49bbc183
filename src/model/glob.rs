//! Patterns as people know them from shells: `*`, `?`, `[a-z]`, `{a,b}`. Pure.
//!
//! globset says what a pattern means, as a regular expression; regex-lite, which the SDK brings along, matches it. globset's
//! own engine would be 4 % of the program, for a few patterns of a few characters.

use std::borrow::Cow;

use globset::ErrorKind;
use regex_lite::{Regex, RegexBuilder};

/// What is wrong with a pattern.
#[derive(Debug, thiserror::Error)]
#[error("error parsing glob '{text}': {why}")]
pub struct GlobError {
    /// The pattern.
    pub text: String,
    /// What is wrong.
    pub why: String,
}

/// One pattern. `*` and `?` stand for slashes too.
#[derive(Debug, Clone)]
pub struct Glob(Kind);

#[derive(Debug, Clone)]
enum Kind {
    /// `*`, which most have, and a million entries are held against.
    All,
    /// No sign in it.
    Text(String),
    /// A text, and `*` behind it.
    Beginning(String),
    Some(Regex),
}

/// The bytes of a text, each as one character: globset's expressions are about bytes.
fn bytes(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return text.into();
    }
    text.bytes().map(char::from).collect::<String>().into()
}

impl Glob {
    /// A pattern; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, GlobError> {
        let error = |why: String| GlobError {
            text: text.to_owned(),
            why,
        };
        let glob = globset::Glob::new(text).map_err(|found| {
            error(match found.kind() {
                ErrorKind::Regex(why) => why.clone(),
                kind => kind.to_string(),
            })
        })?;
        let is_plain = |text: &str| !text.contains(['*', '?', '[', ']', '{', '}', ',', '\\']);
        match text.strip_suffix('*') {
            Some("") => return Ok(Self(Kind::All)),
            Some(beginning) if is_plain(beginning) && !beginning.ends_with('/') => {
                return Ok(Self(Kind::Beginning(beginning.to_owned())));
            }
            None if is_plain(text) => return Ok(Self(Kind::Text(text.to_owned()))),
            _ => {}
        }
        // "Not Unicode, but bytes", which is what it gets.
        let expression = glob.regex().trim_start_matches("(?-u)");
        let mut regex = RegexBuilder::new(expression);
        let regex = regex.dot_matches_new_line(true).build();
        let regex = regex.map_err(|found| error(found.to_string()))?;
        Ok(Self(Kind::Some(regex)))
    }

    /// Does it match the whole of a text?
    pub fn is_match(&self, text: &str) -> bool {
        match &self.0 {
            Kind::All => true,
            Kind::Text(whole) => text == whole,
            Kind::Beginning(beginning) => text.starts_with(beginning.as_str()),
            Kind::Some(regex) => regex.is_match(&bytes(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_match(glob: &str, text: &str) -> bool {
        Glob::parse(glob).expect(glob).is_match(text)
    }

    #[test]
    fn what_the_signs_mean() {
        for (glob, yes, no) in [
            ("*", &["", "a", "a/b", "ä\n"][..], &[][..]),
            (
                "send-*",
                &["send-", "send-email", "send-a/b"],
                &["xsend-a", "Send-a"],
            ),
            ("a", &["a"], &["a\n", "ab", ""]),
            ("a*", &["a", "a\n"], &["ba"]),
            ("?*", &["a\n", "\n"], &[""]),
            ("?", &["a"], &["a\n"]),
            ("a?c", &["abc", "a/c"], &["ac", "abbc"]),
            ("[a-c]x", &["ax", "cx"], &["dx", "x"]),
            ("[!a-c]x", &["dx"], &["ax"]),
            ("{a,b*}", &["a", "b", "bcd"], &["ac", "c"]),
            ("**/x.yaml", &["x.yaml", "a/b/x.yaml"], &["ax.yaml"]),
            ("ä*", &["äö", "ä"], &["a", "Ã"]),
            ("\\*", &["*"], &["a"]),
            ("a.b+c", &["a.b+c"], &["axb+c", "a.bbc"]),
        ] {
            assert!(yes.iter().all(|text| is_match(glob, text)), "{glob}");
            assert!(!no.iter().any(|text| is_match(glob, text)), "{glob}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        let told = |glob: &str| Glob::parse(glob).expect_err("no pattern").to_string();
        assert_eq!(
            told("a[b"),
            "error parsing glob 'a[b': unclosed character class; missing ']'"
        );
        assert!(told("{a").contains("unclosed alternate group"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        /// globset's own engine is the measure.
        #[test]
        fn matches_what_globset_matches(
            glob in "[ab*?{},!^\\[\\]\\\\/.\u{e4}\u{20ac} &~#-]{0,10}",
            texts in proptest::collection::vec("[ab/.\u{e4}\u{20ac}\n\\\\!^ &~#-]{0,8}", 1..20),
        ) {
            let expected = globset::Glob::new(&glob);
            let Ok(found) = Glob::parse(&glob) else {
                prop_assert!(expected.is_err(), "{} is refused", glob);
                return Ok(());
            };
            let expected = expected.expect("both take it").compile_matcher();
            for text in &texts {
                prop_assert_eq!(found.is_match(text), expected.is_match(text), "{} {:?}", glob, text);
            }
        }
    }
}
