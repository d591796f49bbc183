//! Whose ledger this is, and which folder it was made for: a small file beside the store, which outlives one that is lost.
//! What can't be read there is set aside and said; it is never a reason to stop something.
//!
//! The file is one line, `onced installation 1 SUM`, and then JSON: SUM is the first half of the SHA-256 of that JSON, in
//! hex. State directories of earlier versions have no such file; there the records say whose they are.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;
use tracing::warn;

use super::sealed::SUM;
use super::{Found, Holder, Ledger, LedgerError, beside};
use crate::model::kind;
use crate::model::name::Owner;
use crate::model::record::Record;
use crate::model::roots::Remembered;

const NAME: &str = "installation";
const HEAD: &str = "onced installation 1 ";

/// What a state directory says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Installation {
    /// Whose it is, once somebody has opened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// What is remembered of the folder.
    #[serde(default)]
    pub remembered: Arc<Remembered>,
}

/// What is found where the file should be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// There is none.
    Nothing,
    /// Something else.
    Garbage,
    /// What was written.
    This(Installation),
}

impl Said {
    /// What can be read, if only that nothing is known.
    pub(super) fn known(self) -> Installation {
        match self {
            Self::This(installation) => installation,
            Self::Nothing | Self::Garbage => Installation::default(),
        }
    }
}

fn sum(json: &str) -> String {
    let sum = &Sha256::digest(json)[..SUM];
    sum.iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn parse(bytes: &[u8]) -> Option<Installation> {
    let text = std::str::from_utf8(bytes).ok()?.strip_prefix(HEAD)?;
    let (written, json) = text.split_once('\n')?;
    let is_whole = written == sum(json);
    serde_json::from_str(json).ok().filter(|_| is_whole)
}

/// Reads it, changing nothing.
pub(super) fn read(directory: &Path) -> Result<Said, LedgerError> {
    let path = directory.join(NAME);
    let bytes = match std::fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Said::Nothing),
        read => read.map_err(LedgerError::file("read", &path))?,
    };
    Ok(parse(&bytes).map_or(Said::Garbage, Said::This))
}

/// Makes it durable.
pub(super) fn write(directory: &Path, installation: &Installation) -> Result<(), LedgerError> {
    let path = directory.join(NAME);
    let failed = LedgerError::file("write", &path);
    let json = serde_json::to_string(installation).map_err(|error| failed(error.into()))?;
    let text = format!("{HEAD}{}\n{json}", sum(&json));
    beside::replace(directory, NAME, text.as_bytes()).map_err(failed)
}

/// Sets aside, and says, what can't be read.
pub(super) fn set_garbage_aside(directory: &Path) -> Result<(), LedgerError> {
    if read(directory)? == Said::Garbage {
        let aside = set_aside(directory)?;
        warn!(
            target: kind::LEDGER,
            "the file `{NAME}` was damaged, and was set aside as `{}`: the folder is remembered anew",
            aside.display()
        );
    }
    Ok(())
}

/// Renames it aside, never over anything; answers where it is now.
fn set_aside(directory: &Path) -> Result<PathBuf, LedgerError> {
    let path = directory.join(NAME);
    let free = (1..).map(|number| directory.join(format!("{NAME}.damaged-{number}")));
    let aside = free
        .into_iter()
        .find(|aside| !matches!(aside.try_exists(), Ok(true)))
        .expect("numbers have no end");
    std::fs::rename(&path, &aside).map_err(LedgerError::file("rename", &path))?;
    Ok(aside)
}

/// Refuses whoever is not the owner of the ledger in this directory. Where no owner is noted, it belongs to those whose
/// executions its records are of: those that run, or else all. The records of several owners that run belong to none of
/// them, as each would stop those of the others.
pub(super) fn admit<'a>(
    directory: &Path,
    installation: &Installation,
    records: impl Iterator<Item = &'a Record>,
    owner: &Owner,
) -> Result<(), LedgerError> {
    let refuse = |theirs: &Owner| LedgerError::Owner {
        path: directory.to_owned(),
        theirs: theirs.as_str().to_owned(),
        ours: owner.as_str().to_owned(),
    };
    if let Some(theirs) = &installation.owner {
        return if theirs == owner {
            Ok(())
        } else {
            Err(refuse(theirs))
        };
    }
    let (mut is_ours, mut other) = (false, None);
    for record in records {
        if record.owner == *owner {
            is_ours = true;
        } else if record.is_live() {
            return Err(refuse(&record.owner));
        } else {
            other.get_or_insert(&record.owner);
        }
    }
    match other {
        Some(theirs) if !is_ours => Err(refuse(theirs)),
        _ => Ok(()),
    }
}

impl Ledger {
    /// Opens the ledger as [`Ledger::open`] does, for an owner: refused where the ledger is another one's. One that is nobody's yet is this owner's from now
    /// on.
    pub async fn open_for(
        directory: &Path,
        owner: &Owner,
        holder: Holder,
    ) -> Result<(Self, Found), LedgerError> {
        // A disk that hangs must not keep a signal from being heard.
        let (place, asked) = (directory.to_owned(), owner.clone());
        let opening = spawn_blocking(move || {
            // While the other one holds it, too, it is the owner that is wrong.
            Self::admit(&place, &asked, [].into_iter())?;
            Self::open(&place, holder)
        });
        let (ledger, found) = opening.await.map_err(|_| LedgerError::Closed)??;
        let admitted = Self::admit(directory, owner, found.records.values());
        if let Err(refused) = admitted {
            ledger.close().await;
            return Err(refused);
        }
        if found.installation.owner.is_none() {
            let claimed = Installation {
                owner: Some(owner.clone()),
                ..found.installation.clone()
            };
            if let Err(error) = ledger.install(claimed).await {
                // Then the records say whose it is.
                warn!(target: kind::LEDGER, %error, "it can't be noted whose ledger this is");
            }
        }
        Ok((ledger, found))
    }

    /// Refuses whoever is not the owner of the ledger in `directory`, where these are records of it.
    pub fn admit<'a>(
        directory: &Path,
        owner: &Owner,
        records: impl Iterator<Item = &'a Record>,
    ) -> Result<(), LedgerError> {
        let known = read(directory)?.known();
        admit(directory, &known, records, owner)
    }

    /// What is remembered of the folder.
    pub fn remembered(&self) -> Arc<Remembered> {
        Arc::clone(&self.shared.installation().0.remembered)
    }

    /// Remembers this of the folder, durably; `None`: the same as before. What could not be written then is written now.
    pub async fn remember(&self, remembered: Option<Remembered>) -> Result<(), LedgerError> {
        let (installation, is_written) = self.shared.installation().clone();
        match remembered {
            None if is_written => Ok(()),
            None => self.install(installation).await,
            Some(remembered) => {
                let remembered = Arc::new(remembered);
                self.install(Installation {
                    remembered,
                    ..installation
                })
                .await
            }
        }
    }

    async fn install(&self, installation: Installation) -> Result<(), LedgerError> {
        let shared = Arc::clone(&self.shared);
        // For this process it holds even where it can't be written.
        *shared.installation() = (installation.clone(), false);
        let writing = spawn_blocking(move || {
            write(&shared.directory, &installation)?;
            shared.installation().1 = true;
            Ok(())
        });
        writing.await.map_err(|_| LedgerError::Closed)?
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::model::entry::sample;
    use crate::model::record::Phase;
    use crate::model::roots::{Folder, Identity};

    fn owner(name: &str) -> Owner {
        Owner::parse(name).unwrap()
    }

    fn installation() -> Installation {
        let root = Identity {
            device: u64::MAX,
            inode: 2,
            born: Some(u64::MAX),
        };
        let folder = Folder {
            path: "/etc/onced/schedules.d".into(),
            root,
        };
        Installation {
            owner: Some(owner("prod")),
            remembered: Arc::new(Remembered {
                folder: Some(folder.clone()),
                directories: [("a \"b\"/c".into(), root)].into(),
                strange: Some(folder),
            }),
        }
    }

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        assert_eq!(read(path).unwrap(), Said::Nothing);
        for written in [Installation::default(), installation()] {
            write(path, &written).unwrap();
            assert_eq!(read(path).unwrap(), Said::This(written));
        }
        let file = path.join(NAME);
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let whole = std::fs::read(&file).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            for damaged in [&bytes[..], &whole[..at]] {
                std::fs::write(&file, damaged).unwrap();
                assert_eq!(read(path).unwrap(), Said::Garbage, "{at}");
            }
        }
        for number in 1..3 {
            std::fs::write(&file, "").unwrap();
            let aside = set_aside(path).unwrap();
            assert!(aside.ends_with(format!("installation.damaged-{number}")));
            assert_eq!(read(path).unwrap(), Said::Nothing);
        }
    }

    #[test]
    fn one_owner_a_ledger() {
        let record = |name: &str, whose: &str, phase| {
            let entry = sample(name);
            Record {
                phase,
                ..Record::starting(&owner(whose), &entry, None, entry.at())
            }
        };
        let (runs, over) = (Phase::Running, Phase::Stopped);
        let unknown = Installation::default();
        let rows: [(&str, &Installation, Vec<Record>, &[&str]); 6] = [
            ("noted", &installation(), vec![], &["prod"]),
            ("nothing yet", &unknown, vec![], &["prod", "dev"]),
            (
                "of before",
                &unknown,
                vec![record("a", "prod", runs)],
                &["prod"],
            ),
            (
                "none runs",
                &unknown,
                vec![record("a", "prod", over)],
                &["prod"],
            ),
            (
                "stopped by the other one",
                &unknown,
                vec![record("a", "prod", over), record("b", "dev", runs)],
                &["dev"],
            ),
            (
                "both run",
                &unknown,
                vec![record("a", "prod", runs), record("b", "dev", runs)],
                &[],
            ),
        ];
        for (what, known, records, admitted) in rows {
            for whose in ["prod", "dev"] {
                let answer = admit(Path::new("/state"), known, records.iter(), &owner(whose));
                assert_eq!(answer.is_ok(), admitted.contains(&whose), "{what}: {whose}");
                if let Err(error) = answer {
                    let said = error.to_string();
                    let both = said.contains("`prod`") && said.contains("`dev`");
                    assert!(both && said.contains("`/state`"), "{said}");
                }
            }
        }
    }
}
