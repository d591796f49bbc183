//! A directory as it is in a commit, written out into a temporary one. Runs git, which only reads; touches neither the work
//! tree nor its index, and calls nobody, unless a filter that the user has configured does.

mod filters;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;
use thiserror::Error;

use super::ignore;
use super::read::MOST_BYTES;

/// How many files git is asked for at once: what it answers is held in memory.
const AT_ONCE: usize = 64;

/// Why there is nothing to compare with.
#[derive(Debug, Error)]
pub enum RevisionError {
    /// git does not run.
    #[error("git can't be run\nhint: install git")]
    NoGit(#[source] io::Error),
    /// The directory is in no repository that git would read.
    #[error("`{directory}` is in no git work tree: {why}", directory = directory.display())]
    NoWorkTree {
        /// Which.
        directory: PathBuf,
        /// What git says.
        why: Complaint,
    },
    /// There is no such commit here.
    #[error(
        "there is no commit `{0}` here\nhint: name a branch, a tag or a commit that was fetched, such as `origin/main`"
    )]
    Unknown(String),
    /// git failed.
    #[error("git failed: {0}")]
    Failed(Complaint),
    /// What a checkout would make of a file is not known.
    #[error("`{file}` can't be read as a checkout would write it: {by} failed: {why}")]
    Filter {
        /// Which, below the directory.
        file: String,
        /// What converts it.
        by: String,
        /// What git says.
        why: String,
    },
    /// It can't be read or written.
    #[error("can't write out `{0}`")]
    Unwritable(String, #[source] io::Error),
}

/// What git complains of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// Its first line.
    why: String,
    /// The command that it advises, which it sets on a line of its own.
    advice: Option<String>,
}

impl Complaint {
    fn of(stderr: &[u8]) -> Self {
        let text = String::from_utf8_lossy(stderr);
        let why = text.trim().lines().next().unwrap_or("no reason given");
        let advice = text.lines().find_map(|line| line.strip_prefix('\t'));
        Self {
            why: why.trim_start_matches("fatal: ").to_owned(),
            advice: advice.map(|advice| advice.trim().to_owned()),
        }
    }
}

impl From<&str> for Complaint {
    fn from(why: &str) -> Self {
        let (why, advice) = (why.to_owned(), None);
        Self { why, advice }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.advice {
            Some(advice) => write!(to, "{}\nhint: {advice}", self.why),
            None => write!(to, "{}", self.why),
        }
    }
}

impl From<Complaint> for RevisionError {
    fn from(complaint: Complaint) -> Self {
        Self::Failed(complaint)
    }
}

/// A directory at a commit. Its files are gone when it is dropped.
#[derive(Debug)]
pub struct Revision {
    /// The commit, in hex.
    pub commit: String,
    /// It has nothing below this directory.
    pub is_empty: bool,
    /// Other repositories below this directory, which are not looked into.
    pub submodules: Vec<String>,
    root: TempDir,
}

impl Revision {
    /// The directory; an empty one where the commit has none.
    pub fn directory(&self) -> &Path {
        self.root.path()
    }

    /// Writes out what `reference` has below this directory: files that may be schedule files, ignore files, links, and what
    /// those lead to.
    pub fn of(directory: &Path, reference: &str) -> Result<Self, RevisionError> {
        let git = Git(fs::canonicalize(directory).unwrap_or_else(|_| directory.to_owned()));
        let nowhere = |why| RevisionError::NoWorkTree {
            directory: directory.to_owned(),
            why,
        };
        let inside = git.ask(&["rev-parse", "--is-inside-work-tree"])?;
        if inside.map_err(nowhere)?.trim_ascii() != b"true" {
            return Err(nowhere("it lies in the repository itself".into()));
        }
        let prefix = git.ask(&["rev-parse", "--show-prefix"])?.map_err(nowhere)?;
        let prefix = prefix.strip_suffix(b"\n").unwrap_or(&prefix);
        let commit = git.ask(&[
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &format!("{reference}^{{commit}}"),
        ])?;
        let commit = commit.map_err(|_| RevisionError::Unknown(reference.to_owned()))?;
        let commit = String::from_utf8_lossy(&commit).trim().to_owned();
        // `^main` is answered, too, but names no commit.
        if !commit.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(RevisionError::Unknown(reference.to_owned()));
        }
        let root = tempfile::tempdir()
            .map_err(|error| RevisionError::Unwritable("a temporary directory".into(), error))?;
        let (submodules, blobs): (Vec<Blob>, Vec<Blob>) = git
            .blobs(&commit, prefix)?
            .into_iter()
            .partition(|blob| blob.is_submodule);
        git.write_out((&commit, prefix), &blobs, root.path())?;
        let shown = |blob: &Blob| blob.path.display().to_string();
        Ok(Self {
            commit,
            is_empty: blobs.is_empty() && submodules.is_empty(),
            submodules: submodules.iter().map(shown).collect(),
            root,
        })
    }
}

/// A file, a link or another repository in a commit.
struct Blob {
    is_submodule: bool,
    is_link: bool,
    object: String,
    bytes: u64,
    /// Below the directory.
    path: PathBuf,
}

/// Where git is run.
struct Git(PathBuf);

impl Git {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.current_dir(&self.0).args(arguments);
        // A hook's repository is not always this one.
        for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
            command.env_remove(variable);
        }
        command
            .env("GIT_LITERAL_PATHSPECS", "1")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C")
            .stdin(Stdio::null());
        command
    }

    /// What it answers, or what it complains of.
    fn run(mut command: Command) -> Result<Result<Vec<u8>, Complaint>, RevisionError> {
        let output = command.output().map_err(RevisionError::NoGit)?;
        if output.status.success() {
            return Ok(Ok(output.stdout));
        }
        Ok(Err(Complaint::of(&output.stderr)))
    }

    fn ask(&self, arguments: &[&str]) -> Result<Result<Vec<u8>, Complaint>, RevisionError> {
        Self::run(self.command(arguments))
    }

    /// What is below the directory in a commit.
    fn blobs(&self, commit: &str, prefix: &[u8]) -> Result<Vec<Blob>, RevisionError> {
        let mut command = self.command(&["ls-tree", "-r", "-l", "-z", "--full-tree", commit]);
        if !prefix.is_empty() {
            command.arg("--").arg(OsStr::from_bytes(prefix));
        }
        let listed = Self::run(command)?.map_err(RevisionError::Failed)?;
        let blob = |line: &[u8]| {
            let tab = line.iter().position(|byte| *byte == b'\t')?;
            let (about, path) = (&line[..tab], &line[tab + 1..]);
            let mut about = std::str::from_utf8(about).ok()?.split_ascii_whitespace();
            let (mode, kind) = (about.next()?, about.next()?);
            let (object, bytes) = (about.next()?, about.next()?);
            let path = path.strip_prefix(prefix)?;
            Some(Blob {
                is_submodule: kind == "commit",
                is_link: mode == "120000",
                object: object.to_owned(),
                bytes: bytes.parse().unwrap_or(0),
                path: OsString::from_vec(path.to_vec()).into(),
            })
        };
        Ok(listed.split(|byte| *byte == 0).filter_map(blob).collect())
    }

    fn write_out(
        &self,
        (commit, prefix): (&str, &[u8]),
        blobs: &[Blob],
        root: &Path,
    ) -> Result<(), RevisionError> {
        let links: Vec<&Blob> = blobs.iter().filter(|blob| blob.is_link).collect();
        let mut targets = Vec::new();
        for group in links.chunks(AT_ONCE) {
            for (blob, content) in group.iter().zip(self.contents(group)?) {
                let target = PathBuf::from(OsString::from_vec(content));
                let parent = blob.path.parent().unwrap_or(Path::new(""));
                targets.extend(lexical(&parent.join(&target)));
                put(root, &blob.path, |path| symlink(&target, path))?;
            }
        }
        let may_count = |blob: &&Blob| {
            let extension = blob.path.extension().and_then(OsStr::to_str);
            let is_yaml = extension.is_some_and(|extension| matches!(extension, "yaml" | "yml"));
            let is_ours = is_yaml || blob.path.ends_with(ignore::FILE);
            !blob.is_link && (is_ours || targets.iter().any(|target| blob.path.starts_with(target)))
        };
        let (files, too_large): (Vec<&Blob>, Vec<&Blob>) = blobs
            .iter()
            .filter(may_count)
            .partition(|blob| blob.bytes <= MOST_BYTES);
        let mut converted = self.converted(commit, &files)?;
        let mut stored = Vec::with_capacity(files.len());
        for (number, blob) in files.into_iter().enumerate() {
            match converted.remove(&number) {
                Some(by) => {
                    let content = self.checked_out((commit, prefix), blob, &by)?;
                    put(root, &blob.path, |path| fs::write(path, &content))?;
                }
                None => stored.push(blob),
            }
        }
        for group in stored.chunks(AT_ONCE) {
            for (blob, content) in group.iter().zip(self.contents(group)?) {
                put(root, &blob.path, |path| fs::write(path, &content))?;
            }
        }
        // Never read: its size alone says what is wrong with it.
        for blob in too_large {
            put(root, &blob.path, |path| {
                File::create(path)?.set_len(blob.bytes)
            })?;
        }
        Ok(())
    }

    /// What these blobs hold, in their order.
    fn contents(&self, blobs: &[&Blob]) -> Result<Vec<Vec<u8>>, RevisionError> {
        let asked = || {
            let mut file = tempfile::tempfile()?;
            for blob in blobs {
                writeln!(file, "{}", blob.object)?;
            }
            file.rewind()?;
            Ok(file)
        };
        let asked =
            asked().map_err(|error| RevisionError::Unwritable("a temporary file".into(), error))?;
        let mut command = self.command(&["cat-file", "--batch"]);
        command.stdin(asked);
        let answer = Self::run(command)?.map_err(RevisionError::Failed)?;
        let mut rest = &answer[..];
        let content = |_| {
            // `OBJECT blob BYTES`, the bytes, and a line feed.
            let end = rest.iter().position(|byte| *byte == b'\n')?;
            let head = std::str::from_utf8(&rest[..end]).ok()?;
            let bytes: usize = head.split(' ').nth(2)?.parse().ok()?;
            let content = rest.get(end + 1..end + 1 + bytes)?.to_vec();
            rest = rest.get(end + 2 + bytes..)?;
            Some(content)
        };
        let contents: Option<Vec<Vec<u8>>> = blobs.iter().map(content).collect();
        contents.ok_or_else(|| {
            let why = "an object of this commit is not here: fetch it first";
            RevisionError::Failed(why.into())
        })
    }
}

/// A relative path without `.` and `..`; `None`: it leads out.
fn lexical(path: &Path) -> Option<PathBuf> {
    use std::path::Component::{CurDir, Normal, ParentDir};
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Normal(name) => plain.push(name),
            CurDir => {}
            ParentDir if plain.pop() => {}
            _ => return None,
        }
    }
    Some(plain)
}

fn put(
    root: &Path,
    path: &Path,
    write: impl FnOnce(&Path) -> io::Result<()>,
) -> Result<(), RevisionError> {
    let Some(plain) = lexical(path) else {
        return Ok(());
    };
    let place = root.join(plain);
    let parent = place.parent().unwrap_or(root);
    let done = fs::create_dir_all(parent).and_then(|()| write(&place));
    done.map_err(|error| RevisionError::Unwritable(path.display().to_string(), error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        for (path, expected) in [
            ("a/b.yaml", Some("a/b.yaml")),
            ("a/../b.yaml", Some("b.yaml")),
            ("./a", Some("a")),
            ("../a", None),
            ("/etc/passwd", None),
        ] {
            assert_eq!(
                lexical(Path::new(path)),
                expected.map(PathBuf::from),
                "{path}"
            );
        }
    }
}
