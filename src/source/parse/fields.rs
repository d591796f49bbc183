//! The keys and values of one mapping of a schedule file, with those that `<<` takes over. Pure.

use super::{Parsing, Wrong};
use crate::source::parse::shown::Show;
use crate::source::time::instead_of_key;
use crate::source::yaml::{Kind, Node, Scalar, Style, check_plain, resolve};

/// How deep mappings may take over from each other.
const MAX_MERGES: usize = 8;

/// The keys and values of one mapping: its own before those that it takes over.
#[derive(Debug, Default)]
pub(super) struct Fields<'d>(Vec<(&'d str, Node<'d>, Node<'d>)>);

impl<'d> Fields<'d> {
    /// The value of a key; `null` is as if the key were not there.
    pub(super) fn get(&self, key: &str) -> Option<Node<'d>> {
        self.any(key).filter(|value| !value.is_null())
    }

    /// The value of a key, be it null.
    pub(super) fn any(&self, key: &str) -> Option<Node<'d>> {
        let pair = self.0.iter().find(|(known, ..)| *known == key);
        pair.map(|(.., value)| *value)
    }
}

/// Is this a key that takes over what is behind it?
pub(super) fn is_merge(key: Node<'_>) -> bool {
    key.spelled() == Some("<<")
        && matches!(key.kind(), Kind::Scalar(_, Style::Plain))
        && key.tag().is_none()
}

impl<'d> Parsing<'_, 'd> {
    /// The fields of a mapping; what is not one, or not known, is noted.
    pub(super) fn fields(
        &mut self,
        node: Node<'d>,
        known: &[&str],
        what: &str,
        merges: bool,
    ) -> Option<Fields<'d>> {
        let mut fields = Fields::default();
        self.take_over(
            node,
            (known, what),
            merges.then_some(MAX_MERGES),
            &mut fields,
        )?;
        Some(fields)
    }

    fn take_over(
        &mut self,
        node: Node<'d>,
        (known, what): (&[&str], &str),
        merges: Option<usize>,
        fields: &mut Fields<'d>,
    ) -> Option<()> {
        if !node.is_mapping() {
            let hint = format!("{what} has keys: {}", known.join(", "));
            self.hide(node);
            self.wrong_showing(
                node,
                format!("{what} is a mapping, and this is none"),
                &hint,
                Show::UpTo,
            );
            return None;
        }
        let mut sources = Vec::new();
        for (key, value) in node.resolved().pairs() {
            let text = key.spelled().unwrap_or_default();
            if is_merge(key) {
                sources.push((key, value));
            } else if text.starts_with("x-") {
                // What is the user's own may be a payload that is named by `*`.
                self.hide(value);
            } else if !known.contains(&text) {
                self.unknown(key, value, (known, what));
            } else if !fields.0.iter().any(|(other, ..)| *other == text) {
                fields.0.push((text, key, value));
            }
        }
        for (key, value) in sources {
            let Some(left) = merges.and_then(|left| left.checked_sub(1)) else {
                self.no_merge(key);
                continue;
            };
            let of = value.resolved();
            let mappings: Vec<Node<'d>> = if of.is_sequence() {
                of.items().collect()
            } else {
                vec![value]
            };
            for source in mappings {
                if source.is_mapping() {
                    self.take_over(source, (known, what), Some(left), fields);
                } else {
                    self.hide(source);
                    let hint = "write `<<: *name`, where `&name` stands before a mapping";
                    self.wrong_showing(
                        source,
                        "what `<<` takes over is a mapping, and this is none",
                        hint,
                        Show::UpTo,
                    );
                }
            }
        }
        Some(())
    }

    /// `<<` where nothing is taken over.
    pub(super) fn no_merge(&mut self, key: Node<'d>) {
        let hint = "`<<` is read in an entry's own mapping and in `defaults`, in a few steps; `&name` and `*name` work for whole values";
        self.wrong(key, "merge keys (`<<`) are not read here", hint);
    }

    fn unknown(&mut self, key: Node<'d>, value: Node<'d>, (known, what): (&[&str], &str)) {
        let text = key.spelled().unwrap_or_default();
        self.hidden.push(key.start()..value.end().max(key.end()));
        if let Err(wrong) = check_plain(text) {
            return self.push(|| key.place(), wrong, Show::Nothing);
        }
        let near = known
            .iter()
            .map(|known| (strsim::jaro_winkler(known, text), known));
        // The likeness of long texts takes long, and is none.
        let near = near
            .filter(|_| text.len() < 100)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .filter(|(likeness, _)| *likeness > 0.75);
        let near = || near.map(|(_, known)| format!("did you mean `{known}`?"));
        let hint = instead_of_key(text, value.spelled()).or_else(near);
        let hint = hint.unwrap_or_else(|| {
            let known = known.join(", ");
            format!("{what} has: {known}; keys of your own begin with `x-`")
        });
        let shown: String = text.chars().take(80).collect();
        self.wrong_showing(key, format!("unknown key `{shown}`"), &hint, Show::Key);
    }

    /// The text of a key.
    pub(super) fn string(&mut self, fields: &Fields<'d>, key: &str) -> Option<(Node<'d>, &'d str)> {
        let node = fields.get(key)?;
        let value = node.resolved();
        let message = format!("`{key}` is a text, and this is none");
        match resolve(&value) {
            Ok(Some(Scalar::Text(text))) => {
                if text.ends_with('\n') && key != "description" && value.is_block() {
                    let message = format!("`{key}` ends with a line feed, which `|` and `>` keep");
                    self.wrong(
                        node,
                        message,
                        "write `>-` in its place, or the text behind the colon",
                    );
                    return None;
                }
                return Some((node, text));
            }
            Ok(None) => self.wrong_showing(
                node,
                message,
                "write one text, without brackets",
                Show::UpTo,
            ),
            Ok(Some(_)) => self.wrong_showing(node, message, "put it in quotes", Show::UpTo),
            // What the key is for has a better remedy for characters that only look like others.
            Err(_)
                if value
                    .spelled()
                    .is_some_and(|text| check_plain(text).is_err()) =>
            {
                return value.spelled().map(|text| (node, text));
            }
            Err(wrong) => self.keep(node, Err::<(), Wrong>(wrong)).unwrap_or(()),
        }
        None
    }
}
