//! Each command's help has examples, and each can be typed as it stands: in tests alone.

use clap::{Command, CommandFactory as _, Parser as _};

use super::arguments::Arguments;

/// The words of a line as a shell takes them, up to a pipe or a file; for what stands in examples.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (None, '|' | '>' | '<') => break,
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

fn each(command: &Command, path: &str, see: &mut impl FnMut(&str, &Command)) {
    let path = format!("{path} {}", command.get_name());
    see(path.trim(), command);
    for below in command.get_subcommands() {
        each(below, &path, see);
    }
}

#[test]
fn each_command_has_examples_that_can_be_typed() {
    let mut seen = 0;
    each(&Arguments::command(), "", &mut |path, command| {
        let help = command
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        let examples = help
            .strip_prefix("Examples:\n")
            .or_else(|| help.strip_prefix("Example:"));
        let examples = examples.unwrap_or_else(|| panic!("`{path}` has no examples"));
        let lines: Vec<&str> = examples
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        assert!(!lines.is_empty(), "`{path}` has no examples");
        for line in lines {
            seen += 1;
            assert!(line.starts_with("onced "), "`{path}`: {line}");
            // Those of a command with others below it are of these.
            assert!(
                format!("{line} ").starts_with(&format!("{path} ")),
                "`{path}`: {line} is of another command"
            );
            if let Err(error) = Arguments::try_parse_from(words(line)) {
                panic!("`{path}`: {line}\n{error}");
            }
        }
    });
    assert!(seen > 30, "{seen}");
}

#[test]
fn a_line_becomes_words() {
    let line = "onced add a --at '2027-06-01 09:00' --payload '{\"a\": 1}' > x";
    assert_eq!(
        words(line),
        [
            "onced",
            "add",
            "a",
            "--at",
            "2027-06-01 09:00",
            "--payload",
            "{\"a\": 1}"
        ]
    );
}
