//! `onced list`: every entry and where it stands. Through the daemon where one runs, else from files and ledger.

use std::io::IsTerminal;

use super::arguments::{Format, Listing};
use super::{Context, Failure, Outcome, change, exit, print, results, text, watch};
use crate::settings::Settings;
use crate::source::time;
use crate::view::agenda::{self, Line, Shown};
use crate::view::select::Selection;
use crate::view::zone_rules::ZoneRules;
use crate::view::{List, Moment};

/// `onced list`.
pub(super) async fn list(context: &Context, listing: Listing) -> Outcome {
    let format = results::format(context, &[Format::Text, Format::Json])?;
    let settings = context.settings(None)?;
    if listing.watch && (format == Format::Json || !std::io::stdout().is_terminal()) {
        return Err(Failure::usage(
            "`--watch` draws on a terminal, and this is none\nhint: ask again and again with `onced list --format json`",
        ));
    }
    let watches = listing.watch;
    let selection = selection(listing)?;
    if watches {
        return watch::watch(context, &settings, &selection).await;
    }
    let mut list = ask(&settings).await?;
    let now = (crate::daemon::wall_clock())();
    if format == Format::Json {
        list.entries.retain(|entry| selection.takes(entry, now));
        print(&results::to_json(&list)?);
        return Ok(exit::DONE);
    }
    let shown = Shown {
        zone: settings.defaults.timezone,
        now,
        color: context.color,
    };
    print(&text::problems(&list.files, context.color));
    print(&above(&list, &settings));
    print(&agenda::text(&lines(&list, &selection, &shown)));
    print(&below(&list, &selection, &shown));
    Ok(exit::DONE)
}

fn selection(listing: Listing) -> Result<Selection, Failure> {
    let due = listing.due.as_deref().map(time::duration).transpose();
    let due = due.map_err(change::wrong)?;
    let selection = Selection::new(&listing.names, &listing.file).map_err(Failure::usage)?;
    Ok(selection.phases(listing.phase).due(due))
}

pub(super) async fn ask(settings: &Settings) -> Result<List, Failure> {
    results::ask(settings, "/v1/list", Moment::list).await
}

/// What holds more than single entries.
pub(super) fn above(list: &List, settings: &Settings) -> String {
    text::halted(
        list.paused.as_ref(),
        list.doubt.as_ref(),
        settings.defaults.timezone,
    ) + &text::notes(&list.notes)
        + &other_rules(list, settings)
}

/// That local times are shown by this command's time zone rules, where the daemon goes by others.
pub(super) fn other_rules(list: &List, settings: &Settings) -> String {
    let own = ZoneRules::from(&settings.defaults.zones);
    let note = text::other_rules(&list.zone_rules, &own, "local times are shown by its own");
    text::notes(note.as_slice())
}

/// The entries that are meant.
pub(super) fn lines(list: &List, selection: &Selection, shown: &Shown) -> Vec<Line> {
    let entries = list.entries.iter();
    let meant = entries.filter(|entry| selection.takes(entry, shown.now));
    let (open, over) = agenda::ordered(meant, shown.now);
    agenda::lines(&open, &over, shown)
}

/// What waits for a person, and how many there are.
pub(super) fn below(list: &List, selection: &Selection, shown: &Shown) -> String {
    let all = list.entries.len();
    let mut count = all.to_string();
    if !selection.is_all() {
        let entries = list.entries.iter();
        let meant = entries.filter(|entry| selection.takes(entry, shown.now));
        count = format!("{} of {all}", meant.count());
    }
    let noun = if all == 1 { "entry" } else { "entries" };
    format!(
        "{}{count} {noun} of owner {}\n",
        text::waiting(list.guard.as_ref(), &list.orphans, list.digest.as_ref()),
        list.owner
    )
}
