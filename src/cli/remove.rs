//! `onced remove`: takes one entry out of its schedule file. Never touches another line.

use super::change::{self, Folder};
use super::{Context, Outcome, exit, print};

/// Takes the entry out.
pub(super) fn remove(context: &Context, name: &str) -> Outcome {
    let folder = Folder::of(context)?;
    let (entry, held) = folder.find(name)?;
    let path = folder.directory.join(&*entry.file);
    let file = folder.file(&entry.file, &held.bytes);
    let left = file
        .remove(name)
        .map_err(|why| change::refused(&path, why))?;
    held.put(&left)
        .map_err(|why| change::trouble(&path.display(), why))?;
    let at = change::moment(entry.at(), file.zone(name));
    print(&format!(
        "{}: `{name}` is removed; it was to run at {at}\n",
        folder.shown(&entry)
    ));
    Ok(exit::DONE)
}
