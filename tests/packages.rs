//! What packages carry: manual and completions as the program prints them, scripts that shells read. That a package is
//! installed, upgraded, removed and purged is in tests/boot.sh.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::process::{has, onced};

fn printed(arguments: &[&str]) -> String {
    let output = onced(Path::new("/")).args(arguments).output();
    let output = output.expect("onced runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("a text")
}

fn files(directory: &Path) -> BTreeMap<String, String> {
    let files = fs::read_dir(directory).expect("a directory");
    let files = files.map(|file| file.expect("a file").path());
    let named = |path: std::path::PathBuf| {
        let name = path.file_name().expect("a name").to_string_lossy();
        (
            name.into_owned(),
            fs::read_to_string(&path).expect("a text"),
        )
    };
    files.map(named).collect()
}

/// After a change of what can be typed:
/// `cargo run -- man docs/man; for s in bash zsh fish; do cargo run -- completions $s > docs/completions/onced.$s; done`
#[test]
fn manual_and_completions_are_those_of_the_program() {
    let pages = tempfile::tempdir().expect("a directory");
    printed(&["man", pages.path().to_str().expect("a text")]);
    let (made, kept) = (files(pages.path()), files(Path::new("docs/man")));
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&made), names(&kept));
    assert!(made == kept, "docs/man is not what `onced man` prints");
    assert!(printed(&["man"]) == kept["onced.1"], "onced man");
    for shell in ["bash", "zsh", "fish"] {
        let kept = fs::read_to_string(format!("docs/completions/onced.{shell}"));
        let made = printed(&["completions", shell]);
        assert!(made == kept.expect("it is kept"), "{shell}");
    }
}

/// Roff without warnings; scripts that their shells read.
#[test]
fn manual_and_scripts_are_well_formed() {
    if has("groff") {
        for page in files(Path::new("docs/man")).keys() {
            let page = format!("docs/man/{page}");
            let read = Command::new("groff")
                .args(["-man", "-ww", "-z", "-Tutf8", &page])
                .output();
            let read = read.expect("groff runs");
            assert!(
                read.status.success() && read.stderr.is_empty(),
                "{page}: {read:?}"
            );
        }
    }
    for script in ["postinst", "prerm", "postrm"] {
        let read = Command::new("sh")
            .args(["-n", &format!("systemd/debian/{script}")])
            .output();
        assert!(read.expect("sh runs").status.success(), "{script}");
    }
    for shell in ["bash", "zsh", "fish"] {
        if has(shell) {
            let script = format!("docs/completions/onced.{shell}");
            let read = Command::new(shell).args(["-n", &script]).output();
            let read = read.expect("it runs");
            assert!(read.status.success(), "{script}: {read:?}");
        }
    }
}

/// bash completes commands and options.
#[test]
fn bash_completes() {
    if !has("bash") {
        return;
    }
    let script = "source docs/completions/onced.bash\n\
        COMP_WORDS=(onced $1); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=()\n\
        _onced onced \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD-1]}\"\n\
        echo \"${COMPREPLY[@]}\"";
    for (typed, completed) in [
        ("his", "history"),
        ("run --log-format jo", "journald"),
        ("ledger che", "check"),
        ("plan --detailed", "--detailed-exitcode"),
    ] {
        let output = Command::new("bash")
            .args(["-c", script, "bash", typed])
            .output();
        let output = output.expect("bash runs");
        assert_eq!(
            String::from_utf8_lossy(&output.stdout).trim(),
            completed,
            "{output:?}"
        );
    }
}
