//! What a listing showed, and what a machine was found to be.

use super::*;

#[test]
fn what_the_listing_showed() {
    let (same, changed) = (entry("e", 3600), entry("e", 7200));
    let off = Entry {
        enabled: false,
        ..same.clone()
    };
    let gone = absent(now() - TimeDelta::seconds(31));
    let here = Want::Present;
    let unlisted = Sight {
        listed: false,
        ..Sight::CLEAR
    };
    let stray = Sight {
        stray: true,
        ..unlisted.clone()
    };
    let doubted = Sight {
        doubted: true,
        ..Sight::CLEAR
    };
    let unusable = Sight {
        unusable: Some("there is no such machine".into()),
        ..Sight::CLEAR
    };
    let running = || Some(record(&same, Phase::Running));
    let never = || {
        let starting = record(&same, Phase::Starting);
        Some(Record {
            in_doubt: None,
            ..starting
        })
    };
    let rows = [
        ("new, unlisted", here(&same), None, &unlisted, "hold"),
        (
            "starting, unlisted",
            here(&same),
            Some(record(&same, Phase::Starting)),
            &unlisted,
            "hold",
        ),
        ("gone, unlisted", gone.clone(), running(), &unlisted, "Stop"),
        ("new, runs", here(&same), None, &stray, "Adopt"),
        ("disabled, runs", here(&off), None, &stray, "Adopt"),
        ("never sent, runs", here(&same), never(), &stray, "Adopt"),
        (
            "stopped, another runs",
            here(&changed),
            Some(record(&same, Phase::Stopped)),
            &stray,
            "Adopt",
        ),
        (
            "running, another runs",
            here(&same),
            running(),
            &stray,
            "rest",
        ),
        ("gone, runs", gone.clone(), None, &stray, "rest"),
        ("running, doubted", here(&same), running(), &doubted, "Look"),
        (
            "just gone, doubted",
            absent(now()),
            running(),
            &doubted,
            "Look",
        ),
        (
            "changed, its machine not usable",
            here(&changed),
            running(),
            &unusable,
            "hold",
        ),
        (
            "gone, its machine not usable",
            gone.clone(),
            running(),
            &unusable,
            "Stop",
        ),
        (
            "stopped, doubted",
            here(&same),
            Some(record(&same, Phase::Stopped)),
            &doubted,
            "Start",
        ),
    ];
    for (row, want, record, sight, step) in rows {
        let decision = decide(&want, record.as_ref(), sight, &policy(), now());
        assert_eq!(act(&decision), step, "{row}: {decision:?}");
    }
}
