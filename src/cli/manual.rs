//! `onced man`: made from what can be typed. Packages carry what it prints, in `docs/man`.

use std::io;
use std::path::Path;

use clap::CommandFactory as _;
use clap_mangen::Man;

use super::arguments::Arguments;
use super::{Failure, Outcome, exit, print};

/// Each page is of a command that is there: clap's own `help` has none.
fn command() -> clap::Command {
    Arguments::command().disable_help_subcommand(true)
}

/// Prints the manual's page `onced(1)`, or writes it and one for each command into a directory.
pub(super) fn man(directory: Option<&Path>) -> Outcome {
    if let Some(directory) = directory {
        let failed = |error| {
            Failure::new(format!(
                "the manual can't be written into `{}`: {error}",
                directory.display()
            ))
        };
        write(directory).map_err(failed)?;
        return Ok(exit::DONE);
    }
    let mut page = Vec::new();
    Man::new(command())
        .render(&mut page)
        .map_err(Failure::new)?;
    print(&(String::from_utf8_lossy(&page) + MORE));
    Ok(exit::DONE)
}

fn write(directory: &Path) -> io::Result<()> {
    std::fs::create_dir_all(directory)?;
    clap_mangen::generate_to(command(), directory)?;
    let page = directory.join("onced.1");
    let written = std::fs::read_to_string(&page)?;
    std::fs::write(page, written + MORE)
}

/// What `onced(1)` says beside what can be typed.
const MORE: &str = r#".SH "EXIT STATUS"
.TP
\fB0\fR
Done; for \fBplan\fR, also with changes.
.TP
\fB1\fR
A failure.
.TP
\fB2\fR
\fBplan \-\-detailed\-exitcode\fR: changes are pending.
.TP
\fB3\fR
Stops or replaces wait for approval.
.TP
\fB4\fR
Invalid schedule files; the rest was still done.
.TP
\fB64\fR
What was typed is wrong.
.TP
\fB75\fR
Another onced holds this ledger, and the command can\(aqt go through it.
.SH FILES
.TP
\fI/etc/onced/onced.yaml\fR
The configuration; each key is explained there.
.TP
\fI/etc/onced/schedules.d\fR
The schedule files of the packaged unit.
.TP
\fI/etc/onced/credentials\fR
Access keys for the packaged unit, as in \fI~/.aws/credentials\fR; only root may read it.
.TP
\fI/var/lib/onced\fR
The state directory of the packaged unit: the ledger.
.TP
\fI/run/onced/onced.sock\fR
The control socket of the packaged unit.
.SH "SEE ALSO"
\fI/usr/share/doc/onced\fR
"#;
