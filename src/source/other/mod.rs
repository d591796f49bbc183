//! What a file is that is not a schedule file, where that is plain to see: one error that names it, instead of all that is
//! wrong with it as a schedule file. Pure; shows nothing of what the file holds.

mod kinds;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::de::IgnoredAny;

use super::problem::{Problem, of_the_whole};

/// The keys of a file, by the looks of its lines: it may be no YAML that can be read.
#[derive(Debug, Default)]
struct Keys {
    /// Of its mapping, or of those of all its documents.
    all: Vec<String>,
    /// Of the first item, where it is a list.
    of_item: Vec<String>,
}

impl Keys {
    #[expect(
        clippy::zero_sized_map_values,
        reason = "serde reads a set from a list, not from an object"
    )]
    fn of(text: &str) -> Self {
        let mut keys = Self::default();
        if text.trim_start().starts_with('{')
            && let Ok(all) = serde_json::from_str::<BTreeMap<String, IgnoredAny>>(text)
        {
            keys.all.extend(all.into_keys());
            return keys;
        }
        let mut items = 0;
        for line in text.lines() {
            if let Some(item) = line.strip_prefix("- ") {
                items += 1;
                if items == 1 {
                    keys.of_item.extend(key(item.trim_start()));
                }
            } else if items == 1 && line.starts_with("  ") {
                keys.of_item.extend(key(&line[2..]));
            } else {
                keys.all.extend(key(line));
            }
        }
        keys
    }

    fn has(&self, key: &str) -> bool {
        self.all.iter().any(|own| own == key)
    }

    fn has_all(&self, keys: &[&str]) -> bool {
        keys.iter().all(|key| self.has(key))
    }
}

/// The key that a line begins with, in its first column.
fn key(line: &str) -> Option<String> {
    let key = match line.chars().next()? {
        quote @ ('"' | '\'') => {
            let (key, rest) = line[1..].split_once(quote)?;
            rest.trim_start().starts_with(':').then_some(key)?
        }
        first if first.is_whitespace() || "#-%?{[&*!|>@`".contains(first) => return None,
        _ => {
            let ends = |(at, _): &(usize, &str)| {
                let rest = &line[at + 1..];
                rest.is_empty() || rest.starts_with([' ', '\t', '\r'])
            };
            let (end, _) = line.match_indices(':').find(ends)?;
            line[..end].trim_end()
        }
    };
    Some(key.to_owned())
}

/// What a file is, and what may be done about it.
#[derive(Debug, PartialEq, Eq)]
struct Other {
    /// From 1; 1 where the whole file is meant.
    line: usize,
    message: String,
    /// What to do, beside leaving the file out.
    advice: Option<&'static str>,
    /// Leaving it out is of use.
    is_left_out: bool,
}

impl Other {
    fn encrypted(by: &str, advice: &'static str) -> Self {
        Self {
            line: 1,
            message: format!("this file is encrypted by {by}"),
            advice: Some(advice),
            is_left_out: true,
        }
    }

    fn thing(what: &str) -> Self {
        Self {
            line: 1,
            message: format!("this is {what}, not a schedule file"),
            advice: None,
            is_left_out: true,
        }
    }

    fn problem(self, file: &str) -> Problem {
        let line = self.is_left_out.then(|| ignore_line(file));
        let hint = match (self.advice, line) {
            (None, line) => line.map(|line| format!("list it in `.oncedignore`: `{line}`")),
            (Some(advice), None) => Some(advice.to_owned()),
            (Some(advice), Some(line)) => Some(format!(
                "{advice}; to leave this file out, list it in `.oncedignore`: `{line}`"
            )),
        };
        Problem {
            line: self.line,
            ..of_the_whole(self.message, hint)
        }
    }
}

/// The problems of a file that could not be taken: those that were found, or the one that it is something else. `file` is its
/// path below the directory whose ignore file may name it.
pub(super) fn instead_of(problems: Vec<Problem>, file: &str, bytes: &[u8]) -> Vec<Problem> {
    let lines: Vec<usize> = problems.iter().map(|problem| problem.line).collect();
    match what(file, bytes, &lines) {
        Some(other) => vec![other.problem(file)],
        None => problems,
    }
}

/// What a file is in whose lines something is wrong; `None`: by its looks a schedule file.
fn what(file: &str, bytes: &[u8], wrong: &[usize]) -> Option<Other> {
    if bytes.starts_with(b"\0GITCRYPT\0") {
        let advice = "`git-crypt unlock` decrypts it in this work tree";
        return Some(Other::encrypted("git-crypt", advice));
    }
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if text.starts_with("$ANSIBLE_VAULT;") {
        let advice = "`ansible-vault decrypt` makes a schedule file of it again";
        return Some(Other::encrypted("ansible-vault", advice));
    }
    if text.starts_with("version https://git-lfs.github.com/spec/") {
        return Some(Other {
            line: 1,
            message: "this is a pointer of git LFS, not the file itself".into(),
            advice: Some("`git lfs pull` fetches the file"),
            is_left_out: false,
        });
    }
    let keys = Keys::of(text);
    if keys.has("sops") && text.contains("ENC[") && text.contains("mac") {
        let advice = "`sops decrypt` makes a schedule file of it again";
        return Some(Other::encrypted("sops", advice));
    }
    let is_symbol = |key: &String| key.len() > 1 && key.starts_with(':');
    if let Some(symbol) = keys.all.iter().find(|key| is_symbol(key)) {
        let mut lines = text.lines();
        let at = lines.position(|line| line.starts_with(symbol.as_str()));
        return Some(Other {
            line: at.unwrap_or_default() + 1,
            message: "the keys are Ruby symbols, and those of a schedule file are texts".into(),
            advice: Some("in Ruby, write `JSON.parse(schedules.to_json).to_yaml`"),
            is_left_out: false,
        });
    }
    let is_ours = keys.has("schedules");
    let name = file.rsplit('/').next().unwrap_or(file);
    let thing = (!is_ours)
        .then(|| kinds::thing(name, text, &keys))
        .flatten();
    thing.map(Other::thing).or_else(|| {
        let line = template(text, |line| {
            // In a payload such text is nobody's template.
            !is_ours || wrong.contains(&line) || wrong.contains(&(line + 1))
        })?;
        Some(Other {
            line,
            message: "this is a template that is not filled in, not a schedule file".into(),
            advice: Some("write what it becomes beside it, or elsewhere"),
            is_left_out: true,
        })
    })
}

/// The first line of a template's own among those that count, from 1.
fn template(text: &str, counts: impl Fn(usize) -> bool) -> Option<usize> {
    const MARKS: &[&str] = &["{{", "{%", "<%", "${{"];
    let begins = |text: &str| MARKS.iter().any(|mark| text.starts_with(mark));
    let is_template = |line: &str| {
        let line = line.trim_start().trim_start_matches("- ");
        let (key, value) = line.split_once(": ").unwrap_or_default();
        let value = value.trim_start();
        // In quotes it may be meant, and what is wrong with the line is something else.
        let is_payload = matches!(key, "payload" | "input");
        let quoted = value.strip_prefix(['"', '\'']).filter(|_| !is_payload);
        begins(line) || begins(value) || quoted.is_some_and(begins)
    };
    let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
    let (at, _) = lines.find(|(at, line)| counts(*at) && is_template(line))?;
    Some(at)
}

/// The line of an ignore file that names exactly this file, or each of its name where that says what it is.
fn ignore_line(file: &str) -> String {
    let name = file.rsplit('/').next().unwrap_or(file);
    if kinds::is_well_known(name) {
        return name.to_owned();
    }
    let mut line = String::from("/");
    for c in file.trim_start_matches('/').chars() {
        if matches!(c, '*' | '?' | '[' | '\\') {
            line.push('\\');
        }
        line.push(c);
    }
    line
}
