//! Git's patterns: which line decides on a path. Pure.

use std::fmt;
use std::sync::Arc;

use gix_ignore::glob::Pattern;
use gix_ignore::glob::pattern::Case;
use gix_ignore::glob::wildmatch::Mode;

/// Where patterns are written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PatternSource {
    /// `ignore` in the configuration.
    Configuration,
    /// An ignore file, by its path as reports show it.
    File(Arc<str>),
}

impl fmt::Display for PatternSource {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configuration => to.write_str("`ignore` in the configuration"),
            Self::File(path) => write!(to, "`{path}`"),
        }
    }
}

/// The pattern by which a path is ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoredBy {
    /// Where it is written.
    pub source: PatternSource,
    /// Its line there, or its place in the list of the configuration; from 1.
    pub line: usize,
}

impl IgnoredBy {
    /// The same, with another name for an ignore file of the directory that was walked.
    pub(in super::super) fn seen_from(self, name: impl FnOnce(&str) -> String) -> Self {
        let source = match self.source {
            PatternSource::File(path) if !path.starts_with('/') => {
                PatternSource::File(name(&path).into())
            }
            other => other,
        };
        Self { source, ..self }
    }
}

impl fmt::Display for IgnoredBy {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            PatternSource::Configuration => write!(to, "ignore[{}]", self.line - 1),
            PatternSource::File(path) => write!(to, "{path}:{}", self.line),
        }
    }
}

/// What is wrong with a pattern, and what to write instead.
pub(crate) type Complaint = (String, String);

/// The patterns of one ignore file, or of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IgnorePatterns(Vec<(usize, Pattern)>);

impl IgnorePatterns {
    /// One pattern a text, as `ignore` in the configuration lists them. Where git would pass over one in silence, or it could
    /// never match, the error says what to write.
    pub(crate) fn of_list(texts: &[String]) -> Result<Self, Complaint> {
        let mut all = Vec::with_capacity(texts.len());
        for (place, text) in texts.iter().enumerate() {
            if text.contains(['\n', '\r', '\0']) {
                return Err((
                    format!("`{}` has more than one line", text.escape_debug()),
                    "make each line an item of the list".into(),
                ));
            }
            let comment = text.starts_with('#').then(|| {
                let message = format!("`{text}` is a comment among git's patterns");
                (message, format!("write `\\{text}`, or leave it out"))
            });
            if let Some(complaint) = comment.or_else(|| dead(text)) {
                return Err(complaint);
            }
            let lines = gix_ignore::parse(text.as_bytes(), false);
            all.extend(lines.map(|(pattern, ..)| (place + 1, pattern)));
        }
        Ok(Self(all))
    }

    /// The lines of an ignore file.
    pub(super) fn of_file(bytes: &[u8]) -> Self {
        let lines = gix_ignore::parse(bytes, false);
        Self(lines.map(|(pattern, line, _)| (line, pattern)).collect())
    }

    /// Is there no pattern at all?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The last line that matches a path relative to where they count, and whether it includes what others leave out.
    fn last(&self, path: &[u8], is_directory: bool) -> Option<(usize, bool)> {
        let name = path.iter().rposition(|byte| *byte == b'/').map(|at| at + 1);
        let matches = |pattern: &Pattern| {
            pattern.matches_repo_relative_path(
                path.into(),
                name,
                Some(is_directory),
                Case::Sensitive,
                Mode::NO_MATCH_SLASH_LITERAL,
            )
        };
        let mut lines = self.0.iter().rev();
        let (line, pattern) = lines.find(|(_, pattern)| matches(pattern))?;
        Some((*line, pattern.is_negative()))
    }
}

/// Why a line can never match, where that is plain to see.
pub(super) fn dead(line: &str) -> Option<Complaint> {
    let complaint = |what: &str, hint: String| Some((format!("`{line}` {what}"), hint));
    let pattern = line.strip_prefix('!').unwrap_or(line);
    if pattern.trim_matches([' ', '/']).is_empty() {
        let hint = "write a path or a pattern, such as `/deploy/` or `*.tpl.yaml`";
        return complaint("names nothing", hint.into());
    }
    let steps = pattern.split('/');
    if steps.clone().any(|step| step == "." || step == "..") {
        let plain: Vec<&str> = steps.filter(|step| !matches!(*step, "." | "..")).collect();
        let plain = plain.join("/");
        let hint = format!("write `/{}`", plain.trim_start_matches('/'));
        return complaint("matches nothing: a pattern has no `.` or `..`", hint);
    }
    if has_open_bracket(pattern.as_bytes()) {
        let hint = "close it with `]`, or write `\\[` for the character itself";
        return complaint("matches nothing: its `[` is not closed", hint.into());
    }
    let backslashes = pattern.len() - pattern.trim_end_matches('\\').len();
    if backslashes % 2 == 1 {
        let hint = "leave it out, or write `\\\\` for the character itself";
        return complaint("matches nothing: it ends with a backslash", hint.into());
    }
    None
}

/// Is there a `[` that no `]` ends, as wildmatch reads it?
fn has_open_bracket(pattern: &[u8]) -> bool {
    let mut rest = pattern;
    while let Some((first, after)) = rest.split_first() {
        rest = match first {
            b'\\' => after.get(1..).unwrap_or_default(),
            b'[' => match after_class(after) {
                Some(after) => after,
                None => return true,
            },
            _ => after,
        };
    }
    false
}

/// What follows a class whose `[` stands before this; `None`: it has no end.
fn after_class(class: &[u8]) -> Option<&[u8]> {
    let class = class.strip_prefix(b"!").unwrap_or(class);
    let class = class.strip_prefix(b"^").unwrap_or(class);
    let mut rest = class.strip_prefix(b"]").unwrap_or(class);
    loop {
        let (first, after) = rest.split_first()?;
        let named = after.strip_prefix(b":").filter(|_| *first == b'[');
        let end = named.and_then(|named| named.windows(2).position(|two| two == b":]"));
        rest = match (first, named, end) {
            (b']', ..) => return Some(after),
            (b'\\', ..) => after.get(1..)?,
            (_, Some(named), Some(end)) => &named[end + 2..],
            _ => after,
        };
    }
}

/// Where patterns count, as seen from the directory that is walked.
#[derive(Debug, Clone)]
enum Reach {
    /// There, or above: paths begin with this as seen from there.
    Above(Arc<[u8]>),
    /// Below: so many bytes of a path lead there.
    Below(usize),
}

/// All patterns that count in one directory, the outermost first. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct IgnoreStack(Arc<[Level]>);

#[derive(Debug, Clone)]
struct Level {
    source: PatternSource,
    patterns: Arc<IgnorePatterns>,
    reach: Reach,
}

impl IgnoreStack {
    /// With patterns that count from a directory above the walked one on, which is `below` from there; empty: from the
    /// walked one on.
    pub(in super::super) fn above(
        self,
        source: PatternSource,
        patterns: Arc<IgnorePatterns>,
        below: &[u8],
    ) -> Self {
        let mut prefix = below.to_vec();
        if !prefix.is_empty() {
            prefix.push(b'/');
        }
        self.and(source, patterns, Reach::Above(prefix.into()))
    }

    /// With the patterns of a directory below the walked one, by its path from there.
    pub(in super::super) fn below(
        self,
        source: PatternSource,
        patterns: Arc<IgnorePatterns>,
        directory: &[u8],
    ) -> Self {
        let bytes = match directory.len() {
            0 => 0,
            length => length + 1,
        };
        self.and(source, patterns, Reach::Below(bytes))
    }

    fn and(self, source: PatternSource, patterns: Arc<IgnorePatterns>, reach: Reach) -> Self {
        if patterns.is_empty() {
            return self;
        }
        let level = Level {
            source,
            patterns,
            reach,
        };
        Self(self.0.iter().cloned().chain([level]).collect())
    }

    /// Does nothing count here?
    pub(in super::super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// By which pattern a path is ignored, that is relative to the walked directory and whose directories are not; the last
    /// line of the nearest file that matches decides.
    pub(in super::super) fn ignores(&self, path: &[u8], is_directory: bool) -> Option<IgnoredBy> {
        let (level, (line, includes)) = self.0.iter().rev().find_map(|level| {
            let last = match &level.reach {
                Reach::Above(prefix) if prefix.is_empty() => {
                    level.patterns.last(path, is_directory)
                }
                Reach::Above(prefix) => {
                    let path = [prefix, path].concat();
                    level.patterns.last(&path, is_directory)
                }
                Reach::Below(bytes) => level.patterns.last(path.get(*bytes..)?, is_directory),
            };
            Some((level, last?))
        })?;
        (!includes).then(|| IgnoredBy {
            source: level.source.clone(),
            line,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_never_match() {
        for (line, expected) in [
            ("*.tpl.yaml", ""),
            ("!/deploy/", ""),
            ("a[!]b]", ""),
            ("a[^]]", ""),
            ("[[:alpha:]]*", ""),
            (r"a\[", ""),
            (r"a\\", ""),
            ("", "names nothing"),
            ("!", "names nothing"),
            ("//", "names nothing"),
            ("./a.yaml", "write `/a.yaml`"),
            ("../deploy/a.yaml", "write `/deploy/a.yaml`"),
            ("a/./b", "write `/a/b`"),
            (".a/..b", ""),
            ("a[b", "is not closed"),
            ("a[]", "is not closed"),
            ("a[[:alpha:]", "is not closed"),
            (r"a[\]", "is not closed"),
            (r"a\", "ends with a backslash"),
        ] {
            let said = dead(line).map(|(what, hint)| format!("{what}; {hint}"));
            let said = said.unwrap_or_default();
            assert!(said.contains(expected), "{line}: {said}");
            assert_eq!(said.is_empty(), expected.is_empty(), "{line}: {said}");
        }
        let list = |text: &str| IgnorePatterns::of_list(&[text.to_owned()]);
        let (comment, hint) = list("# no").expect_err("a comment");
        assert!(comment.contains("is a comment"), "{comment}");
        assert!(hint.contains(r"`\# no`"), "{hint}");
        assert!(list("a\nb").is_err());
        assert_eq!(list(r"\#a").map(|list| list.0.len()), Ok(1));
    }

    #[test]
    fn the_nearest_file_decides() {
        let file = |text: &str| Arc::new(IgnorePatterns::of_file(text.as_bytes()));
        let source = |name: &str| PatternSource::File(name.into());
        let root = file("*.tpl.yaml\n/a/x.yaml\n");
        let stack = IgnoreStack::default()
            .above(PatternSource::Configuration, file("*.conf.yaml"), b"")
            .above(source("r"), root, b"")
            .below(source("a"), file("# none\n!keep.tpl.yaml\n/y.yaml\n"), b"a");
        let by = |path: &str| stack.ignores(path.as_bytes(), false);
        let by = |path: &str| by(path).map_or_else(String::new, |by| by.to_string());
        for (path, expected) in [
            ("a/b.tpl.yaml", "r:1"),
            ("a/keep.tpl.yaml", ""),
            ("a/x.yaml", "r:2"),
            ("a/y.yaml", "a:3"),
            ("a/b/y.yaml", ""),
            ("a/b/c.conf.yaml", "ignore[0]"),
        ] {
            assert_eq!(by(path), expected, "{path}");
        }
        // A walk that begins further down.
        let above = IgnoreStack::default().above(source("r"), file("/a/b/*.yaml"), b"a/b");
        assert!(above.ignores(b"c.yaml", false).is_some());
        assert!(above.ignores(b"d/c.yaml", false).is_none());
    }
}
