//! Bugs by which something was stopped, doubled or brought back on a doubt (issue 19), each with the test that shows it gone.

use std::sync::Arc;

use onced::model::entry::{Entry, EntryName};
use onced::sandbox::{Fault, Options, Status};

use crate::stories;

fn named(name: &str, entry: Entry) -> Entry {
    Entry {
        name: EntryName::parse(name).expect("a name"),
        ..entry
    }
}

/// While an approved mass of stops was waiting to be confirmed, its executions still counted as running: all that was left
/// could be removed without approval, as a small part of the whole.
#[tokio::test(start_paused = true)]
async fn an_approved_mass_lets_nothing_else_go() {
    let world = stories::World::new(Options::default());
    let entries: Vec<Entry> = (0..120)
        .map(|n| named(&format!("e{n:03}"), stories::entry(n, 86_400)))
        .collect();
    let mut reconciler = world.reconciler().await;
    let all = stories::desired(&entries);
    world.settle_many(&mut reconciler, &all, 60).await;
    assert_eq!(world.history().len(), 120);
    let twenty = stories::desired(&entries[100..]);
    world.settle_many(&mut reconciler, &twenty, 100).await;
    let report = reconciler.reconcile(&twenty, &|| false).await;
    let digest = report.digest.expect("100 of 120 are held");
    let approved = reconciler.approve(&digest, &twenty).await;
    assert_eq!(approved, Ok(100));
    // How the stops end is not seen for long.
    let asks = |_: u64, operation: &str| match operation {
        "DescribeExecution" => Fault::Throttle,
        _ => Fault::None,
    };
    world.sandbox.set_faults(Some(Arc::new(asks)));
    world.settle_many(&mut reconciler, &twenty, 110).await;
    let none = stories::desired(&[]);
    world.settle_many(&mut reconciler, &none, 200).await;
    let report = reconciler.reconcile(&none, &|| false).await;
    let why = report.guard.expect("the other 20 are held");
    assert!(why.contains("20 of 20"), "{why}");
    let running = world.history().into_iter();
    let running = running.filter(|(_, status)| *status == Status::Running);
    assert_eq!(running.count(), 20);
}
