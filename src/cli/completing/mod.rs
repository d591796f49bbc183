//! `onced completions`: what a shell needs to complete what is typed, made from what can be typed; and, asked by that, the
//! names of entries. Asked for names, it never fails, never logs and never waits for long.

use std::time::Duration;

use clap::{Arg, Command, CommandFactory as _};
use clap_complete::generate;
use clap_complete::shells::{Bash, Fish, Zsh};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::arguments::{Arguments, Shell};
use super::results::same_daemon;
use super::{Context, print};
use crate::model::entry::EntryName;
use crate::settings::Offline;
use crate::source::scan::Scanner;
use crate::view::List;

/// How long a person who has pressed a key waits: for the daemon, and then for the files.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Prints what the shell needs, or the names.
pub(super) async fn completions(context: &Context, shell: Shell) {
    if shell == Shell::Names {
        print(&names(context).await);
        return;
    }
    let (mut command, mut script) = (Arguments::command(), Vec::new());
    match shell {
        Shell::Bash => generate(Bash, &mut command, "onced", &mut script),
        Shell::Zsh => generate(Zsh, &mut command, "onced", &mut script),
        Shell::Fish | Shell::Names => generate(Fish, &mut command, "onced", &mut script),
    }
    let words = Words::of(&Arguments::command());
    print(&with_names(
        shell,
        &String::from_utf8_lossy(&script),
        &words,
    ));
}

/// The names of all entries, one a line: from the daemon, else from the files; none where neither can be asked.
async fn names(context: &Context) -> String {
    let of_daemon = timeout(PATIENCE, async {
        let daemon = same_daemon(&context.settings(None).ok()?).await.ok()??;
        daemon.ask::<List>("/v1/list").await
    });
    if let Ok(Some(list)) = of_daemon.await {
        return lines(list.entries.iter().map(|entry| &entry.name));
    }
    let Ok(Offline {
        directory: Some(directory),
        defaults,
        ..
    }) = context.offline(None)
    else {
        return String::new();
    };
    let scan = spawn_blocking(|| Scanner::new(directory, defaults).trusting().scan());
    match timeout(PATIENCE, scan).await {
        Ok(Ok(scan)) => lines(scan.entries.keys()),
        _ => String::new(),
    }
}

fn lines<'a>(names: impl Iterator<Item = &'a EntryName>) -> String {
    let mut lines = String::new();
    // One that begins with `-` would be taken for an option: it is typed behind `--`.
    for name in names.filter(|name| !name.as_str().starts_with('-')) {
        lines.push_str(name.as_str());
        lines.push('\n');
    }
    lines
}

/// What the shells must know of what can be typed.
struct Words {
    /// Options with a value.
    valued: Vec<String>,
    /// Those that say which onced is meant.
    passed: Vec<String>,
    /// Commands that take one entry's name first.
    one: Vec<String>,
    /// Commands that take any number of them.
    many: Vec<String>,
}

impl Words {
    fn of(command: &Command) -> Self {
        let is_valued = |arg: &&Arg| !arg.is_positional() && arg.get_action().takes_values();
        let long = |arg: &Arg| arg.get_long().map(str::to_owned);
        let global = command.get_arguments().filter(is_valued);
        let passed = global.filter(|arg| arg.get_possible_values().is_empty());
        let mut words = Self {
            passed: passed.filter_map(long).collect(),
            valued: command
                .get_arguments()
                .filter(is_valued)
                .filter_map(long)
                .collect(),
            one: Vec::new(),
            many: Vec::new(),
        };
        for command in command.get_subcommands() {
            words
                .valued
                .extend(command.get_arguments().filter(is_valued).filter_map(long));
            if let Some(name) = name_of(command) {
                let many = name
                    .get_num_args()
                    .is_some_and(|number| number.max_values() > 1);
                let list = if many {
                    &mut words.many
                } else {
                    &mut words.one
                };
                list.push(command.get_name().to_owned());
            }
        }
        words.valued.sort_unstable();
        words.valued.dedup();
        words
    }
}

/// The argument of a command that is an entry's name. What `add` adds is not there yet.
fn name_of(command: &Command) -> Option<&Arg> {
    let mut positionals = command.get_positionals();
    positionals.find(|arg| {
        matches!(arg.get_id().as_str(), "name" | "names") && command.get_name() != "add"
    })
}

/// The script with names in it.
fn with_names(shell: Shell, script: &str, words: &Words) -> String {
    let options = |options: &[String], end: &str| {
        let all: Vec<String> = options
            .iter()
            .map(|option| format!("--{option}{end}"))
            .collect();
        all.join("|")
    };
    let fill = |text: &str| {
        text.replace("@ONE@", &words.one.join(" "))
            .replace("@MANY@", &words.many.join(" "))
            .replace("@PASSED_WITH_VALUE@", &options(&words.passed, "=*"))
    };
    match shell {
        Shell::Bash => {
            let names = fill(include_str!("names.bash"))
                .replace("@VALUED@", &options(&words.valued, ""))
                .replace("@PASSED@", &options(&words.passed, ""));
            let script = script.replace("complete -F _onced ", "complete -F _onced_or_names ");
            // They are there before the shell is told of them.
            let (functions, told) = script
                .split_once("\nif [[ \"${BASH")
                .unwrap_or((&script, ""));
            format!("{functions}{names}\nif [[ \"${{BASH{told}")
        }
        Shell::Zsh => {
            let names =
                fill(include_str!("names.zsh")).replace("@PASSED@", &options(&words.passed, ""));
            let (head, functions) = script.split_once("\n_onced() {\n").unwrap_or((script, ""));
            let typed =
                "    local -a onced_typed=(\"${words[@]}\")\n    local onced_current=$CURRENT\n";
            format!(
                "{head}{names}\n_onced() {{\n{typed}{}",
                zsh_arguments(functions, words)
            )
        }
        Shell::Fish | Shell::Names => {
            let valued: Vec<String> = words
                .valued
                .iter()
                .map(|option| format!("{option}=+"))
                .collect();
            let names = fill(include_str!("names.fish"))
                .replace("@VALUED@", &valued.join(" "))
                .replace("@PASSED@", &words.passed.join(" "));
            format!("{script}{names}")
        }
    }
}

/// Where an entry's name is an argument, names are asked for.
fn zsh_arguments(script: &str, words: &Words) -> String {
    let mut command = "";
    let mut made = String::with_capacity(script.len());
    for line in script.split_inclusive('\n') {
        let begins = line
            .trim()
            .strip_prefix('(')
            .and_then(|line| line.strip_suffix(')'));
        command = begins.unwrap_or(command);
        let takes = [&words.one, &words.many]
            .iter()
            .any(|list| list.iter().any(|known| known == command));
        let is_name = line
            .trim_start_matches(['\'', ':', '*'])
            .starts_with("name");
        if takes && is_name && line.contains(" -- ") {
            made.push_str(&line.replace(":_default'", ":_onced_names'"));
        } else {
            made.push_str(line);
        }
    }
    made
}
