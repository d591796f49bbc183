//! New names: what runs, or has fired, under a name that no longer asks for it belongs to the one that does. Pure.
//!
//! A name may be gone, or may ask for something else by the same change: contents are rotated and swapped. Each name that
//! gives its execution away waits until that is recorded; until then its record is the only one that knows of it.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::{Decision, Decisions, Policy, Shifts, Step, Want, Wanted, has_run};
use crate::model::brake::HeldBy;
use crate::model::entry::{Entry, EntryName};
use crate::model::name::Fingerprint;
use crate::model::record::{Phase, Record};
use crate::model::records::Records;
use crate::model::shift::Shift;
use crate::model::written::{local, ruled};

/// How long before its time a start waits no longer for what becomes of the same content under another name, where that
/// may come to nothing.
const AT_LEAST: TimeDelta = TimeDelta::minutes(2);

/// The same where AWS was not even asked yet whether that runs: it soon is.
const AT_LEAST_UNASKED: TimeDelta = TimeDelta::seconds(5);

/// How long before its time a doubt is still expected to be resolved: a file is mended, a rebase ends.
const TO_TELL: TimeDelta = TimeDelta::minutes(15);

const MOVE: Decision = Decision::Act(Step::Move, "the same content under a new name");

/// Which entry takes over whose execution, by their places among all.
type Takes = BTreeMap<usize, usize>;

/// The places of those whose start was not answered, by content, and of those among them whose content another entry asks
/// for.
#[derive(Default)]
struct InDoubt {
    places: HashMap<Fingerprint, VecDeque<usize>>,
    asked_for: Vec<usize>,
}

/// A name of which it is not known whether it still asks for what is recorded of it, or whether that runs.
struct Unknown<'a> {
    name: &'a EntryName,
    /// That runs, and nothing is about to stop it.
    runs: bool,
    /// Its start was not answered, and nobody has looked yet whether it runs.
    is_unasked: bool,
    /// It is not where it was: most likely it has another name.
    has_left: bool,
}

/// What others may take over, by the local time that was written: the rules of its zone may have changed together with the
/// name of its entry.
#[derive(Default)]
struct Alike<'a>(HashMap<(&'a str, NaiveDateTime), Vec<&'a Record>>);

impl<'a> Alike<'a> {
    fn new(wants: &[Wanted<'a>], given_up: &[usize], records: &'a Records) -> Self {
        let given_up = given_up.iter().filter_map(|place| wants[*place].record);
        let mut alike = Self::default();
        for record in given_up.chain(records.all_fired()) {
            if let Some(written) = &record.written {
                let key = (written.zone(), written.local(record.at));
                alike.0.entry(key).or_default().push(record);
            }
        }
        alike
    }

    /// What an entry asks for; where only other rules make that another one than what is recorded, as that is recorded.
    fn content(&self, entry: &Entry) -> Fingerprint {
        let own = entry.fingerprint();
        let Some(zone) = ruled(entry).filter(|_| !self.0.is_empty()) else {
            return own;
        };
        let key = (zone.name(), local(zone, entry.at()));
        let same = self.0.get(&key).into_iter().flatten();
        let is_own = |record: &&&Record| record.fingerprint == own;
        if same.clone().any(|record| is_own(&record)) {
            return own;
        }
        let mut shifted = same.filter(|record| Shift::of(entry, record).is_some());
        shifted.next().map_or(own, |record| record.fingerprint)
    }
}

/// Finds entries with new names, and decides for them and for those whose executions they take over. Where several are
/// alike, the first goes to the first. `given_up`: the places of those of [`is_given_up`]; `may_leave`: of those that may become such in a moment, as their files are being written. Answers who takes over whose execution now: several names that take over from each
/// other in a ring do so in one step, which is decided for the first of them.
pub(super) fn moves(
    decisions: &mut Decisions,
    wants: &[Wanted<'_>],
    ((given_up, may_leave), records, shifts): ((&[usize], &[usize]), &Records, &Shifts),
    policy: &Policy,
    now: DateTime<Utc>,
) -> BTreeMap<EntryName, EntryName> {
    let mut moves = BTreeMap::new();
    if given_up.is_empty() && may_leave.is_empty() && records.has_none_fired() {
        return moves;
    }
    let (free, mut unknown, mut in_doubt) = by_content(wants, given_up);
    for (content, other) in of_files_in_flight(wants, may_leave) {
        unknown.entry(content).or_insert(other);
    }
    let alike = Alike::new(wants, given_up, records);
    let takes = takes(decisions, wants, free, (&mut in_doubt, shifts, &alike));
    for place in in_doubt.asked_for {
        see_first(decisions, &wants[place]);
    }
    let givers: BTreeSet<usize> = takes.values().copied().collect();
    for giver in &givers {
        wait(decisions, &wants[*giver]);
    }
    let mut done = BTreeSet::new();
    for target in takes.keys() {
        let ring = ring(&takes, *target);
        let is_free = !givers.contains(target) && begins(decisions, &wants[*target]).is_some();
        let may = !ring.is_empty() || is_free;
        if !may || done.contains(target) {
            continue;
        }
        let members = if ring.is_empty() { vec![*target] } else { ring };
        let mut looks = members.iter().map(|member| &wants[*member]);
        if looks.any(|wanted| is_ready(wanted) && looks_first(decisions, wanted)) {
            continue;
        }
        for member in &members {
            let (to, from) = (wants[*member].name, wants[takes[member]].name);
            moves.insert(to.clone(), from.clone());
            set(decisions, from, Decision::Rest { wake: None });
        }
        done.extend(members);
        set(decisions, wants[*target].name, MOVE);
    }
    let starts = |wanted: &&Wanted<'_>| begins(decisions, wanted).is_some();
    let starts: Vec<&Wanted<'_>> = wants.iter().filter(starts).collect();
    for wanted in starts {
        if moves.contains_key(wanted.name) {
            continue;
        }
        if policy.rules.fired
            && let Some(entry) = begins(decisions, wanted)
            && let Some(fired) = records.fired(&alike.content(entry))
            && (entry.at() <= now || fired.fingerprint != entry.fingerprint())
        {
            // For a name that has asked for something else since.
            moves.insert(wanted.name.clone(), fired.name.clone());
            set(decisions, wanted.name, MOVE);
        } else if let Some(entry) = begins(decisions, wanted)
            && let Some(other) = unknown.get(&alike.content(entry))
            && other.name != wanted.name
            && let Some(held) = until_known(entry, other, now)
        {
            set(decisions, wanted.name, held);
        }
    }
    moves
}

/// By content: the names of those in files that are being written. The next look at their files may show that they are gone,
/// and then what runs for them, or is about to be started, belongs to whoever asks for the same.
fn of_files_in_flight<'a>(
    wants: &[Wanted<'a>],
    may_leave: &[usize],
) -> Vec<(Fingerprint, Unknown<'a>)> {
    let unknown = |place: &usize| {
        let wanted = &wants[*place];
        let recorded = wanted.record.filter(|record| may_be_given_up(record));
        let asked = match wanted.want {
            Want::Present(entry) if entry.enabled => Some(entry.fingerprint()),
            _ => None,
        };
        let unknown = || Unknown {
            name: wanted.name,
            runs: true,
            is_unasked: false,
            has_left: false,
        };
        let recorded = recorded.map(|record| record.fingerprint);
        let asked = asked.filter(|asked| recorded != Some(*asked));
        let contents = recorded.into_iter().chain(asked);
        contents
            .map(|content| (content, unknown()))
            .collect::<Vec<_>>()
    };
    may_leave.iter().flat_map(unknown).collect()
}

/// May what is recorded of an entry run, or have fired?
pub(super) fn may_be_given_up(record: &Record) -> bool {
    record.is_live() || record.has_fired()
}

/// May what is recorded of an entry that no longer asks for it run, or have fired?
pub(super) fn is_given_up(want: &Want<'_>, record: &Record) -> bool {
    let kept = match want {
        Want::Present(entry) => entry.enabled && entry.fingerprint() == record.fingerprint,
        // What has fired has fired, whether its entry is still there or not.
        Want::Absent { .. } | Want::Unclear(_) | Want::Left(_) => false,
    };
    !kept && may_be_given_up(record)
}

/// Was its start not answered, and was it not looked for since?
fn is_unasked(record: &Record) -> bool {
    record.phase == Phase::Starting && record.missing.is_none()
}

/// By content: the places of those whose execution others may take over; the names of those of which it is not known yet
/// whether theirs is to fire for them, or has; and the places of those among them whose start was not answered.
fn by_content<'a>(
    wants: &[Wanted<'a>],
    given_up: &[usize],
) -> (
    HashMap<Fingerprint, VecDeque<usize>>,
    HashMap<Fingerprint, Unknown<'a>>,
    InDoubt,
) {
    let (mut free, mut unknown) = (HashMap::<_, VecDeque<usize>>::new(), HashMap::new());
    let mut in_doubt = InDoubt::default();
    for place in given_up {
        let wanted = &wants[*place];
        let Some(record) = wanted.record else {
            continue;
        };
        let runs = record.phase == Phase::Running;
        let has_left = matches!(wanted.want, Want::Left(_));
        let is_unclear = has_left || matches!(wanted.want, Want::Unclear(_));
        if matches!(record.phase, Phase::Starting | Phase::Stopping) || runs && is_unclear {
            let name = wanted.name;
            let other = Unknown {
                name,
                runs,
                is_unasked: is_unasked(record),
                has_left,
            };
            unknown.insert(record.fingerprint, other);
            if record.phase == Phase::Starting {
                let of_content = in_doubt.places.entry(record.fingerprint).or_default();
                of_content.push_back(*place);
            }
        } else {
            let of_content = free.entry(record.fingerprint).or_default();
            of_content.push_back(*place);
        }
    }
    (free, unknown, in_doubt)
}

/// Gives each execution that is free to an entry that asks for it.
fn takes(
    decisions: &Decisions,
    wants: &[Wanted<'_>],
    mut free: HashMap<Fingerprint, VecDeque<usize>>,
    (in_doubt, shifts, alike): (&mut InDoubt, &Shifts, &Alike<'_>),
) -> Takes {
    let mut takes = Takes::new();
    for (place, wanted) in wants.iter().enumerate() {
        let Want::Present(entry) = wanted.want else {
            continue;
        };
        let changed = wanted.record.is_some_and(|record| {
            let differs = record.fingerprint != entry.fingerprint();
            // What only other rules moved is its own.
            record.is_live() && entry.enabled && differs && !shifts.contains_key(wanted.name)
        });
        // One that is about to adopt what runs under its own name gives that away next.
        let adopts = matches!(
            decisions.get(wanted.name),
            Some(Decision::Act(Step::Adopt, _))
        ) && entry.enabled
            && is_ready(wanted);
        let looks = sees_again(decisions, wanted, entry);
        if !(changed || adopts || looks || begins(decisions, wanted).is_some()) {
            continue;
        }
        let content = alike.content(entry);
        if let Some(giver) = free.get_mut(&content).and_then(VecDeque::pop_front) {
            takes.insert(place, giver);
        } else if let Some(giver) = in_doubt.places.get_mut(&content) {
            in_doubt.asked_for.extend(giver.pop_front());
        }
    }
    takes
}

/// The names that take over from each other in a ring, beginning with this one; none, if it is in no ring.
fn ring(takes: &Takes, first: usize) -> Vec<usize> {
    let mut members = vec![first];
    let mut next = takes.get(&first);
    while let Some(giver) = next {
        if *giver == first {
            return members;
        }
        // A ring that it only leads to.
        if members.contains(giver) {
            break;
        }
        members.push(*giver);
        next = takes.get(giver);
    }
    Vec::new()
}

/// The entry, where it is about to be started.
fn begins<'a>(decisions: &Decisions, wanted: &Wanted<'a>) -> Option<&'a Entry> {
    let Want::Present(entry) = wanted.want else {
        return None;
    };
    let starts = matches!(
        decisions.get(wanted.name),
        Some(
            Decision::Act(Step::Start, _)
                | Decision::Hold {
                    step: Step::Start,
                    ..
                }
        )
    );
    (starts && is_ready(wanted)).then_some(entry)
}

/// Does it see first whether what was over for it runs again, and is it to be started if not?
fn sees_again(decisions: &Decisions, wanted: &Wanted<'_>, entry: &Entry) -> bool {
    let is_done = |record: &Record| {
        let same = record.fingerprint == entry.fingerprint();
        record.phase == Phase::Ended && (same || has_run(entry, record))
    };
    let starts = entry.enabled && is_ready(wanted) && !wanted.record.is_some_and(is_done);
    starts && looks_first(decisions, wanted)
}

/// Is it looked at before anything else is done for it?
fn looks_first(decisions: &Decisions, wanted: &Wanted<'_>) -> bool {
    let decision = decisions.get(wanted.name);
    matches!(decision, Some(Decision::Act(Step::Look, _)))
}

/// Has it nothing of its own that must end first?
fn is_ready(wanted: &Wanted<'_>) -> bool {
    !wanted.record.is_some_and(Record::is_live)
}

/// One that gives its execution away does nothing else before that is recorded, but see how it ended.
fn wait(decisions: &mut Decisions, giver: &Wanted<'_>) {
    if !looks_first(decisions, giver) {
        let wake = giver.record.map(|record| record.at);
        set(decisions, giver.name, Decision::Rest { wake });
    }
}

/// One whose start was not answered is not stopped while another entry asks for the same: it is seen first whether it runs,
/// and then it can be given away. So it is where it is in doubt whether it still asks for it, once.
fn see_first(decisions: &mut Decisions, giver: &Wanted<'_>) {
    let stops = matches!(
        decisions.get(giver.name),
        Some(Decision::Act(Step::Stop(_) | Step::Replace, _))
    );
    let is_in_doubt = matches!(
        decisions.get(giver.name),
        Some(Decision::Hold {
            step: Step::Stop(_),
            by: HeldBy::Doubt,
            ..
        })
    );
    if stops || is_in_doubt && giver.record.is_some_and(is_unasked) {
        let look = Decision::Act(Step::Look, "another entry asks for the same");
        set(decisions, giver.name, look);
    }
}

fn set(decisions: &mut Decisions, name: &EntryName, decision: Decision) {
    // Each is wanted or recorded, so something was decided of it.
    *decisions.get_mut(name).expect("a decision") = decision;
}

/// A start waits until it is known what became of the same content under another name. Where that runs, it fires in any
/// case; only where the other may still be there, and there is time to tell, both run until then. Else it is not waited for so long that it
/// would be missed, but where its time has come: then the other may have fired.
fn until_known(entry: &Entry, other: &Unknown<'_>, now: DateTime<Utc>) -> Option<Decision> {
    let least = entry.at()
        - if other.is_unasked {
            AT_LEAST_UNASKED
        } else {
            AT_LEAST
        };
    let waits = if other.runs {
        other.has_left || entry.at() - now < TO_TELL
    } else {
        now < least || now >= entry.at()
    };
    let name = other.name;
    waits.then(|| Decision::Hold {
        step: Step::Start,
        by: HeldBy::Doubt,
        why: format!("`{name}` asked for the same: waits until it is known what becomes of that"),
        until: None,
        wake: Some(least).filter(|least| !other.runs && now < *least),
    })
}
