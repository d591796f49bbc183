//! Names that are passed over although they look like a schedule file's, or nearly: by the name alone. Reads nothing.

use std::sync::LazyLock;

use regex_lite::Regex;

use super::problem::{Problem, of_the_whole};

/// Endings of what editors and packagers leave.
const ENDINGS: &[&str] = &[
    "~", ".swp", ".tmp", ".bak", ".orig", ".rej", ".rpmsave", ".rpmnew",
];

/// What tools leave of a conflict, under the ending of a schedule file. The first word is looked for before the pattern.
const OF_CONFLICTS: &[(&str, Leftover, &str)] = &[
    // git-mergetool.sh: both sides, the base and what was there, with the number of its process; with dots before git 2.4.
    ("_BACKUP_", Leftover::Mergetool, r"_BACKUP_\d+\.ya?ml$"),
    (
        "_LOCAL_",
        Leftover::Mergetool,
        r"_LOCAL_(LCONFL_)?\d+\.ya?ml$",
    ),
    (
        "_REMOTE_",
        Leftover::Mergetool,
        r"_REMOTE_(RCONFL_)?\d+\.ya?ml$",
    ),
    ("_BASE_", Leftover::Mergetool, r"_BASE_\d+\.ya?ml$"),
    (
        ".ya",
        Leftover::Mergetool,
        r"\.ya?ml\.(BACKUP|LOCAL|REMOTE|BASE)\.\d+\.ya?ml$",
    ),
    // Syncthing.
    (
        ".sync-conflict-",
        Leftover::Copy,
        r"\.sync-conflict-\d{8}-\d{6}(-\w+)?\.ya?ml$",
    ),
    // Nextcloud, ownCloud and Dropbox, with or without somebody's name and a time.
    (
        "conflicted copy",
        Leftover::Copy,
        r" \([^()]*\bconflicted copy\b[^()]*\)\.ya?ml$",
    ),
    // ownCloud before 2.5.
    (
        "_conflict-",
        Leftover::Copy,
        r"_conflict-\d{8}-\d{6}\.ya?ml$",
    ),
    // Dropbox.
    (
        "(Case Conflict",
        Leftover::Copy,
        r" \(Case Conflict( \d+)?\)\.ya?ml$",
    ),
    // Seafile.
    (
        "(SFConflict ",
        Leftover::Copy,
        r" \(SFConflict [^()]*\)\.ya?ml$",
    ),
    // git-annex: a hash of four digits, or the whole key.
    (
        ".variant-",
        Leftover::Copy,
        r"\.variant-([0-9a-f]{4}|[A-Z0-9_]+-s\d+-.*)\.ya?ml$",
    ),
];

/// Why a name is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Leftover {
    /// An editor or a packager left it.
    Editor,
    /// `git mergetool` left it.
    Mergetool,
    /// A program that synchronises files made it of two versions.
    Copy,
    /// Its ending is in another case than `.yaml` or `.yml`.
    Case,
}

impl Leftover {
    /// Of a file with this name; `None`: it is a schedule file, or nothing like one.
    pub(super) fn of_file(name: &str) -> Option<Self> {
        if Self::is_editors(name) {
            return Some(Self::Editor).filter(|_| name.contains(".yaml") || name.contains(".yml"));
        }
        if is_schedule_file(name) {
            return of_conflict(name);
        }
        let lower = name.to_ascii_lowercase();
        is_schedule_file(&lower).then_some(Self::Case)
    }

    /// Did a tool make it of a conflict?
    pub(super) fn is_of_conflict(self) -> bool {
        matches!(self, Self::Mergetool | Self::Copy)
    }

    /// Of what has this name, be it a file or a directory.
    pub(super) fn is_editors(name: &str) -> bool {
        ENDINGS.iter().any(|ending| name.ends_with(ending)) || name.contains(".dpkg-")
    }

    /// What is said of a file that is passed over for this; of what editors leave nothing is.
    pub(super) fn problem(self, name: &str) -> Option<Problem> {
        let other = || {
            let hint = "remove it once the conflict is resolved; if it is a schedule file, give it another name";
            hint.to_owned()
        };
        let (what, hint) = match self {
            Self::Editor => return None,
            Self::Mergetool => ("it is what `git mergetool` leaves of a conflict", other()),
            Self::Copy => ("it is a copy that was made of a conflict", other()),
            Self::Case => {
                let file = name.rsplit('/').next().unwrap_or(name);
                let hint = format!("name it `{}`", read_instead(file));
                ("only `.yaml` and `.yml` are, in lower case", hint)
            }
        };
        Some(of_the_whole(
            format!("this file is not read: {what}"),
            Some(hint),
        ))
    }
}

/// The name under which a file would be read whose ending is in another case.
pub(super) fn read_instead(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, ending)) => format!("{stem}.{}", ending.to_ascii_lowercase()),
        None => name.to_owned(),
    }
}

/// Does a name end as a schedule file's?
pub(super) fn is_schedule_file(name: &str) -> bool {
    [".yaml", ".yml"]
        .iter()
        .any(|ending| name.ends_with(ending))
}

fn of_conflict(name: &str) -> Option<Leftover> {
    static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
        let patterns = OF_CONFLICTS.iter().map(|(_, _, pattern)| *pattern);
        let compiled = patterns.map(|pattern| Regex::new(pattern).expect("a good pattern"));
        compiled.collect()
    });
    let mut rows = OF_CONFLICTS.iter().zip(PATTERNS.iter());
    let found = rows.find(|((word, ..), pattern)| name.contains(word) && pattern.is_match(name));
    found.map(|((_, leftover, _), _)| *leftover)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        use Leftover::{Case, Copy, Editor, Mergetool};
        for (name, expected) in [
            ("a.yaml", None),
            ("a.yml", None),
            ("a.txt", None),
            ("a.txt.bak", None),
            ("a.yaml~", Some(Editor)),
            ("a.yaml.orig", Some(Editor)),
            ("a.yml.dpkg-new", Some(Editor)),
            ("a_LOCAL_1234.yaml", Some(Mergetool)),
            ("a_REMOTE_1234.yaml", Some(Mergetool)),
            ("a_BASE_1.yml", Some(Mergetool)),
            ("a_BACKUP_4194303.yaml", Some(Mergetool)),
            ("a_LOCAL_LCONFL_77.yaml", Some(Mergetool)),
            ("a_REMOTE_RCONFL_77.yaml", Some(Mergetool)),
            ("a.yaml.BASE.77.yaml", Some(Mergetool)),
            ("my_BASE_plan.yaml", None),
            ("my_BASE_.yaml", None),
            ("my_BACKUP_plan_7.yaml", None),
            ("base_1234.yaml", None),
            ("a_base_1234.yaml", None),
            ("a_LOCAL_1234b.yaml", None),
            ("a.sync-conflict-20261123-120000-ABCDEFG.yaml", Some(Copy)),
            ("a.sync-conflict-20261123-120000.yml", Some(Copy)),
            ("sync-conflict-plan.yaml", None),
            ("a (conflicted copy 2026-11-23 120000).yaml", Some(Copy)),
            ("a (conflicted copy bob 2026-11-23 120000).yaml", Some(Copy)),
            ("a (X's conflicted copy 2026-11-23).yaml", Some(Copy)),
            ("a (X's conflicted copy).yaml", Some(Copy)),
            ("a conflicted copy.yaml", None),
            ("a (unconflicted copyright).yaml", None),
            ("a_conflict-20261123-120000.yaml", Some(Copy)),
            ("a_conflict-plan.yaml", None),
            ("a (Case Conflict 1).yaml", Some(Copy)),
            (
                "a (SFConflict bob@example.org 2026-11-23-12-00-00).yaml",
                Some(Copy),
            ),
            ("a.variant-3f9a.yaml", Some(Copy)),
            ("a.variant-SHA256E-s123--0a1b.yaml", Some(Copy)),
            ("a.variant-b.yaml", None),
            ("a.variant-blue.yaml", None),
            ("New.YAML", Some(Case)),
            ("x.Yml", Some(Case)),
            ("x.yAML.txt", None),
            ("YAML", None),
        ] {
            assert_eq!(Leftover::of_file(name), expected, "{name}");
        }
        let hint = |name| {
            Leftover::Case
                .problem(name)
                .and_then(|problem| problem.hint)
        };
        assert_eq!(hint("d.d/New.YAML"), Some("name it `New.yaml`".into()));
    }
}
