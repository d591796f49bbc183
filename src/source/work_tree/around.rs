//! The work trees that a directory lies in: for each tool the nearest one above. Only looks at names; never goes on past a
//! repository that may not be entered.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{Place, Tool};

/// The places of the trees that a resolved directory lies in. A `git_dir` that is configured counts for git's.
pub(in super::super) fn around(directory: &Path, git_dir: Option<&Path>) -> Vec<Place> {
    let device = fs::metadata(directory).map(|metadata| metadata.dev()).ok();
    let same_device = |above: &Path| fs::metadata(above).map(|above| above.dev()).ok() == device;
    // As git does, it ends where another file system begins.
    let above: Vec<&Path> = directory
        .ancestors()
        .take_while(|above| same_device(above))
        .collect();
    let nearest = |tool: Tool| match (tool, git_dir) {
        (Tool::Git, Some(git_dir)) => Some((directory, git_dir.to_owned())),
        _ => above
            .iter()
            .find_map(|root| Some((*root, kept(root, tool)?))),
    };
    let place = |tool| {
        let (root, kept) = nearest(tool)?;
        Some(Place {
            shown: String::new(),
            root: root.to_owned(),
            tool,
            kept,
        })
    };
    Tool::ALL.into_iter().filter_map(place).collect()
}

/// The trees that a resolved place lies in whose roots are below the watched directory.
pub(in super::super) fn enclosing(place: &Path, watched: &Path, shown: &str) -> Vec<Place> {
    let above = place.ancestors();
    let above: Vec<&Path> = above
        .take_while(|above| *above != watched && above.starts_with(watched))
        .collect();
    let nearest = |tool: Tool| {
        let mut above = above.iter();
        above.find_map(|root| {
            Some(Place {
                shown: shown.to_owned(),
                root: (*root).to_owned(),
                tool,
                kept: kept(root, tool)?,
            })
        })
    };
    Tool::ALL.into_iter().filter_map(nearest).collect()
}

/// What a tool keeps in this directory, if it is the root of one of its trees.
fn kept(root: &Path, tool: Tool) -> Option<PathBuf> {
    let kept = root.join(tool.keeps());
    let is_there = |path: &Path| match fs::symlink_metadata(path) {
        Ok(_) => true,
        // It is there, and may not be looked at.
        Err(error) => !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
    };
    if !is_there(&kept) {
        return None;
    }
    // Git itself passes over a directory of this name that is no repository, and goes on upwards.
    let is_other = tool == Tool::Git && kept.is_dir() && !is_there(&kept.join("HEAD"));
    (!is_other).then_some(kept)
}
