//! What a checkout would make of a file of a commit: the filters that its attributes name, as this user has configured them
//! (git-lfs, git-crypt), `ident` and encodings. What has none is read as it is stored.

use std::collections::BTreeMap;
use std::io::{Seek, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::{Blob, Git, RevisionError};

/// Attributes by which git stores a text in another form. Ends of lines are one more, but mean nothing in YAML.
const ATTRIBUTES: [&str; 3] = ["filter", "ident", "working-tree-encoding"];

/// The files that a checkout converts, by their place among those asked for, and what by.
pub(super) type Converted = BTreeMap<usize, String>;

impl Git {
    /// Which of these files a checkout of the commit would convert.
    pub(super) fn converted(
        &self,
        commit: &str,
        files: &[&Blob],
    ) -> Result<Converted, RevisionError> {
        let asked = || {
            let mut file = tempfile::tempfile()?;
            for blob in files {
                file.write_all(blob.path.as_os_str().as_bytes())?;
                file.write_all(&[0])?;
            }
            file.rewind()?;
            Ok(file)
        };
        let asked =
            asked().map_err(|error| RevisionError::Unwritable("a temporary file".into(), error))?;
        let mut command = self.command(&["check-attr", "-z", "--stdin"]);
        command.args(ATTRIBUTES).stdin(asked);
        // The attributes of the commit, not of the work tree; an older git knows only these.
        command.env("GIT_ATTR_SOURCE", commit);
        let answer = Self::run(command)?.map_err(RevisionError::from)?;
        let mut converted = Converted::new();
        // Each is a path, an attribute and its value; each file has as many as were asked for.
        let words: Vec<&[u8]> = answer.split(|byte| *byte == 0).collect();
        for (number, three) in words.chunks_exact(3).enumerate() {
            let (name, value) = (three[1], String::from_utf8_lossy(three[2]));
            if matches!(&*value, "unspecified" | "unset") {
                continue;
            }
            let what = match name {
                b"filter" => format!("the filter `{value}`"),
                name => format!("`{}`", String::from_utf8_lossy(name)),
            };
            converted.entry(number / ATTRIBUTES.len()).or_insert(what);
        }
        Ok(converted)
    }

    /// What a checkout writes of this file. Runs what the user's own checkout would run, and nothing that the commit alone
    /// names: attributes choose a filter, but only the user's configuration says what it is.
    pub(super) fn checked_out(
        &self,
        (commit, prefix): (&str, &[u8]),
        blob: &Blob,
        by: &str,
    ) -> Result<Vec<u8>, RevisionError> {
        let path = Path::new(std::ffi::OsStr::from_bytes(prefix)).join(&blob.path);
        let mut command = self.command(&["cat-file", "--filters", "--path"]);
        command.arg(path).arg(&blob.object);
        command.env("GIT_ATTR_SOURCE", commit);
        let answer = Self::run(command)?;
        answer.map_err(|complaint| RevisionError::Filter {
            file: blob.path.display().to_string(),
            by: by.to_owned(),
            why: complaint.why,
        })
    }
}
