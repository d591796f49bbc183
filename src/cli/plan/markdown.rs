//! A plan as a pull request's comment. Pure text; prints nothing.

use std::fmt::Write as _;

use super::super::text;
use super::text::reason;
use super::{counts, mark, other_rules};
use crate::view::{PlanView, StepView};

/// GitHub takes comments of 65,536 characters; rows stop well below that.
const MOST_BYTES: usize = 50_000;
/// How many findings and problems are listed.
const SHOWN: usize = 50;

pub(super) fn markdown(plan: &PlanView) -> String {
    // By this a workflow finds its comment again.
    let mut text = format!("<!-- onced plan -->\n**onced plan**: {}\n", counts(plan));
    if let Some(against) = &plan.against {
        let commit = against.commit.get(..12).unwrap_or(&against.commit);
        let _ = writeln!(
            text,
            "\nAgainst {} at {}.",
            code(&against.reference),
            code(commit)
        );
        if let Some(why) = &against.guard {
            let _ = writeln!(
                text,
                "\n> A daemon would hold this for approval: this plan {}",
                escaped(why)
            );
        }
        if against.is_empty {
            text += "\n> There is nothing at this place there: all counts as new.\n";
        }
        for path in &against.submodules {
            let _ = writeln!(
                text,
                "\n> {} is a repository of its own, and is not compared.",
                code(path)
            );
        }
        for path in &against.invalid {
            let _ = writeln!(
                text,
                "\n> {} was invalid there: what is in it counts as new, and what is gone from it is not counted.",
                code(path)
            );
        }
    }
    if let Some(by_rules) = &plan.by_rules {
        let rules = code(&by_rules.rules.to_string());
        let before = by_rules.instead_of.as_ref();
        let before = before.map(|rules| format!(" instead of {}", code(&rules.to_string())));
        let _ = writeln!(
            text,
            "\nBy the time zone rules {rules}{}.",
            before.unwrap_or_default()
        );
        if let Some(why) = &by_rules.guard {
            let _ = writeln!(
                text,
                "\n> A daemon would hold this for approval: this plan {}",
                escaped(why)
            );
        }
    }
    if let Some(why) = &plan.guard {
        let _ = writeln!(
            text,
            "\n> Waits for approval: this plan {}. Let it go with {}.",
            escaped(why),
            code(&format!("onced approve {}", plan.digest))
        );
    }
    if let Some(note) = other_rules(plan) {
        let _ = writeln!(text, "\n> {}.", escaped(&note.message));
    }
    text += &rows(plan);
    let findings = plan.findings.iter().take(SHOWN).map(|finding| {
        let name = match &finding.names[..] {
            [name] => format!("{} ", code(name.as_str())),
            _ => String::new(),
        };
        format!(
            "\n- **{}** {name}at {} ({}): {}",
            finding.finding.as_str(),
            finding.at,
            code(&format!("{}:{}", finding.file, finding.line)),
            escaped(&finding.message)
        )
    });
    let errors = plan.files.iter().flat_map(|file| {
        file.errors.iter().map(move |error| {
            let hint = error.hint.as_deref().map(escaped);
            let hint = hint.map(|hint| format!(". Hint: {hint}"));
            format!(
                "\n- {}: {}{}",
                code(&format!("{}:{}:{}", file.path, error.line, error.column)),
                escaped(&error.message),
                hint.unwrap_or_default()
            )
        })
    });
    let list: String = findings.chain(errors.take(SHOWN)).collect();
    if !list.is_empty() {
        let _ = writeln!(text, "{list}");
    }
    text
}

fn rows(plan: &PlanView) -> String {
    let all: Vec<(&str, &str, &StepView)> = plan
        .steps
        .iter()
        .chain(&plan.resting)
        .map(|view| (mark(&view.step), "", view))
        .chain(plan.held.iter().map(|view| ("!", "held: ", view)))
        .collect();
    if all.is_empty() {
        return String::new();
    }
    let mut text =
        "\n| | entry | at (UTC) | runs | file | why |\n|---|---|---|---|---|---|\n".to_owned();
    for (place, (mark, held, view)) in all.iter().enumerate() {
        if text.len() > MOST_BYTES {
            let _ = writeln!(text, "| | and {} more | | | | |", all.len() - place);
            break;
        }
        let line = view.line.map(|line| format!(":{line}")).unwrap_or_default();
        let _ = writeln!(
            text,
            "| `{mark}` | {} | {} | {} | {} | {held}{} |",
            code(view.name.as_str()),
            view.at,
            escaped(&text::runs(view.lambda.as_deref(), &view.state_machine)),
            code(&format!("{}{line}", view.file)),
            escaped(&reason(view))
        );
    }
    text
}

/// Text in a cell, of which nothing is markup but what stands between single backticks. Where those are no pairs, or more
/// than one stand together, somebody else wrote some of them: then none is markup.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    let are_pairs = text.matches('`').count().is_multiple_of(2) && !text.contains("``");
    let mut in_code = false;
    for c in text.chars() {
        in_code ^= c == '`' && are_pairs;
        match c {
            '`' if !are_pairs => escaped.push('\''),
            c if c.is_control() => escaped.push(' '),
            '|' => escaped += "\\|",
            '<' | '>' | '*' | '_' | '[' | ']' | '\\' | '@' | '#' if !in_code => {
                escaped.push('\\');
                escaped.push(c);
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// A word as it is, in a cell.
fn code(word: &str) -> String {
    let word: String = word
        .chars()
        .map(|c| if c == '`' || c.is_control() { '?' } else { c })
        .collect();
    format!("`{}`", word.replace('|', "\\|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out_of_a_cell() {
        assert_eq!(code("a|b`c\nd"), "`a\\|b?c?d`");
        assert_eq!(
            escaped("a <b> `c_<d>` @e|f\ng"),
            "a \\<b\\> `c_<d>` \\@e\\|f g"
        );
        // A key that brings backticks of its own.
        assert_eq!(
            escaped("unknown key ```<img> @me`"),
            "unknown key '''\\<img\\> \\@me'"
        );
        assert_eq!(escaped("key `a` <b> `c`"), "key `a` \\<b\\> `c`");
    }
}
