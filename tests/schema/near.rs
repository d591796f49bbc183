//! Schedule files and configurations, and what is near them: good ones with a wrong value, a wrong key, a wrong kind here
//! and there.

use proptest::prelude::*;
use proptest::sample::select;

use super::MACHINE;

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Texts that YAML takes for something else, or that mean something nowhere.
const ODD: &[&str] = &[
    "null",
    "~",
    "5",
    "0",
    "-1",
    "1.0",
    "1e3",
    "true",
    "yes",
    "[]",
    "{}",
    "''",
    "[a, b]",
    "{a: b}",
    "*a",
    "&a {}",
    "!t x",
    "0x1",
    "' '",
    "2027-06-01",
    "x",
];

/// A value of these, one with another character in it, one of this form, or an odd one.
fn value(good: &'static [&'static str], form: &'static str) -> BoxedStrategy<String> {
    let character = prop_oneof!["[ +-]", "[:/.0-9TZxé]"];
    let other = (select(good), any::<prop::sample::Index>(), character);
    let other = other.prop_map(|(text, place, other)| {
        let mut characters: Vec<String> = text.chars().map(String::from).collect();
        let place = place.index(characters.len());
        characters[place] = other;
        quoted(&characters.concat())
    });
    prop_oneof![
        40 => select(good).prop_map(str::to_owned),
        4 => other,
        2 => form.prop_map(|text| quoted(&text)),
        1 => select(ODD).prop_map(str::to_owned),
    ]
    .boxed()
}

const TIME_LIKE: &str = "[0-9+]{1}[0-9]{3}-[0-9 +]{1,2}-[0-9 ]{1,2}[Tt ][0-9 ]{2}:[0-6][0-9](:[0-6][0-9]([.,][0-9]{1,2})?)? ?(Z|z|[+-][0-9]{2}(:?[0-9]{2})?|CET)?";
const ZONE_LIKE: &str = "(Europe|America|Etc|UTC|Argentina)(/(Berlin|GMT[+-][0-9]|Port-au-Prince|New_York|Argentina|Salta)){0,3}[a-z]?";
const DURATION_LIKE: &str = "([ +-]?[0-9]{0,3}(ms|s|m|h|d|w| ))+";
const LAMBDA_LIKE: &str = "(arn:aws(-cn)?:lambda:[a-z1-]{0,5}:[0-9]{11,12}:function:|[0-9]{12}:function:)?[a-zA-Z_. -]{0,4}(:([$]LATEST([.]PUBLISHED|[.])?|[a-z1_.-]{0,3}))?(:x)?";
const MACHINE_LIKE: &str = "arn:aws(-us-gov)?:states:[a-z-]{0,3}:[0-9]{11,12}:(stateMachine|express):[a-zA-Z_. +()@=!äカ🕰-]{0,3}(:[a-z0-9_.-]{0,3})?(:x)?";
const ARNS: &[&str] = &[
    MACHINE,
    "arn:aws-cn:states:cn-north-1:123456789012:stateMachine:A.b:PROD",
    "arn:aws:states:us-east-1:123456789012:stateMachine:Zähler+(x)@=!'s:v1.2",
];

/// A key of an entry or of `defaults`, with a value.
fn field() -> BoxedStrategy<String> {
    const TIMES: &[&str] = &[
        "2027-06-01T09:00:00",
        "2027-06-01 09:00",
        "2027-06-01T07:00:00Z",
        "2027-06-01T09:00+02:00",
        "2027-06-01t09:00:00.000z",
        "2027-06-01 09:00:00.000000000 -0530",
        "'2027-06-01T09:00:00,000 +02'",
    ];
    let pair = |key: &'static str, value: BoxedStrategy<String>| {
        value.prop_map(move |value| format!("{key}: {value}"))
    };
    prop_oneof![
        8 => pair("at", value(TIMES, TIME_LIKE)),
        2 => pair("timezone", value(&["Europe/Berlin", "UTC", "Etc/GMT+5"], ZONE_LIKE)),
        5 => pair("lambda", value(&["f", "send-email:live", "arn:aws:lambda:us-east-1:123456789012:function:f"], LAMBDA_LIKE)),
        2 => pair("state_machine", value(ARNS, MACHINE_LIKE)),
        2 => pair("payload", value(ODD, "[ -~]{0,5}")),
        1 => pair("input", value(&["{}", "{a: 1}", "{invocationTime: x}"], "[a-z]{0,5}")),
        2 => pair("grace", value(&["5m", "1h30m", "0s"], DURATION_LIKE)),
        2 => pair("enabled", value(&["true", "false", "True", "off"], "true|false")),
        1 => pair("description", value(&["words", "'5'"], "[ -~]{0,9}")),
        1 => pair("x-mine", value(ODD, "[a-z]{0,3}")),
        1 => (select(&["<<", "5", "null", "lamda", "At", "x", "\"\"", "version", "X-mine"][..]), select(ODD))
            .prop_map(|(key, value)| format!("{key}: {value}")),
    ]
    .boxed()
}

fn mapping(fields: impl AsRef<[String]>) -> String {
    format!("{{{}}}", fields.as_ref().join(", "))
}

/// A schedule file, or something near one.
pub(super) fn schedule_file() -> impl Strategy<Value = String> {
    let fields = |least| prop::collection::vec(field(), least..6).prop_map(mapping);
    let name = prop_oneof![
        6 => "[a-z]{1,3}".boxed(),
        1 => "x-[a-z]{1,2}".boxed(),
        1 => "[A-Za-z0-9_.-]{1,46}".prop_map(|text| quoted(&text)).boxed(),
        1 => select(&["5", "null", "true", "0x1", "1.5", "<<", "' '"][..]).prop_map(str::to_owned).boxed(),
    ];
    let entry = prop_oneof![9 => fields(2), 1 => select(ODD).prop_map(str::to_owned)];
    let entries = prop::collection::vec(
        (name, entry).prop_map(|(name, entry)| format!("{name}: {entry}")),
        0..3,
    );
    let schedules = prop_oneof![
        12 => entries.prop_map(mapping),
        1 => select(ODD).prop_map(str::to_owned),
    ];
    let defaults = prop_oneof![
        3 => Just("{lambda: f}".to_owned()),
        3 => Just("{timezone: Europe/Berlin}".to_owned()),
        4 => fields(0),
        1 => select(ODD).prop_map(str::to_owned),
    ];
    let version = value(&["1"], "[0-3]");
    let part = |key: &'static str, likely: f64, value: BoxedStrategy<String>| {
        prop::option::weighted(
            likely,
            value.prop_map(move |value| format!("{key}: {value}\n")),
        )
    };
    let other = select(
        &[
            "x-mine: {}\n",
            "x: 1\n",
            "<<: {}\n",
            "schedule: {}\n",
            "5: 5\n",
        ][..],
    );
    let parts = (
        part("version", 0.3, version.boxed()),
        part("defaults", 0.5, defaults.boxed()),
        prop::option::weighted(0.1, other.prop_map(str::to_owned)),
        part("schedules", 0.97, schedules.boxed()),
    );
    parts.prop_map(|(a, b, c, d)| [a, b, c, d].into_iter().flatten().collect())
}

/// A configuration, or something near one.
pub(super) fn configuration() -> impl Strategy<Value = String> {
    const ROLES: &[&str] = &[
        "arn:aws:iam::123456789012:role/onced",
        "arn:aws:iam::123456789012:role/a/b:c",
    ];
    const ROLE_LIKE: &str = "arn:aws(-cn)?:iam:[a-z]?:[0-9]{11,12}:(role|user)/[a-z /:]{0,3}";
    let pair = |key: &'static str, value: BoxedStrategy<String>| {
        value.prop_map(move |value| format!("{key}: {value}"))
    };
    let text = |key| pair(key, value(&["x", "5", "1.5", "/a b"], "[ -~]{0,4}"));
    let duration = |key| {
        pair(
            key,
            value(&["5m", "1h30m", "250ms", "0s", "300d"], DURATION_LIKE),
        )
    };
    let role = || value(ROLES, ROLE_LIKE);
    let list = |item: BoxedStrategy<String>| {
        let list =
            prop::collection::vec(item, 0..3).prop_map(|items| format!("[{}]", items.join(", ")));
        prop_oneof![8 => list, 1 => select(ODD).prop_map(str::to_owned)].boxed()
    };
    let section = |field: BoxedStrategy<String>| {
        let fields = prop::collection::vec(field, 0..4).prop_map(mapping);
        prop_oneof![8 => fields, 1 => select(ODD).prop_map(str::to_owned)].boxed()
    };
    let unknown = || {
        (
            select(&["x-mine", "5", "<<", "null", "Region"][..]),
            select(ODD),
        )
            .prop_map(|(key, value)| format!("{key}: {value}"))
    };
    let aws = prop_oneof![
        text("region"),
        text("profile"),
        text("endpoint_url"),
        text("external_id"),
        pair("role_arn", role()),
        unknown()
    ];
    let asked =
        prop_oneof![3 => pair("role_arn", role()), 2 => text("external_id"), 1 => unknown()];
    let account = select(&["'123456789012'", "123456789012", "12345678901", "x"][..]);
    let roles = (account, prop_oneof![role(), section(asked.boxed())])
        .prop_map(|(account, role)| format!("{account}: {role}"));
    let globs = || list(value(&["send-*", "'*'", "a[b]", "5"], "[a-z*?{}!-]{0,4}"));
    let allow = prop_oneof![3 => pair("lambdas", globs()), 3 => pair("state_machines", globs()), 1 => unknown()];
    let reconcile = prop_oneof![
        pair("policy", value(&["sync", "start-only"], "[a-z-]{0,5}")),
        duration("settle"),
        duration("stop_after"),
        duration("grace"),
        duration("horizon"),
        duration("resync"),
        duration("verify"),
        pair(
            "max_stops",
            value(&["30%", "10", "'10'", "0"], "[+ -]?[0-9]{0,3}%?")
        ),
        unknown(),
    ];
    let number = |key| pair(key, value(&["1", "300", "0.5", "1.5"], "[0-9]{1,2}"));
    let limit =
        || section(prop_oneof![4 => number("rate"), 4 => number("burst"), 1 => unknown()].boxed());
    let limits = prop_oneof![3 => pair("StartExecution", limit()), 1 => pair("StopExecution", limit()), 1 => unknown()];
    let target = prop_oneof![
        4 => pair("webhook", value(&["https://example.org/x", "http://[::1]:80/"], "(https?|ftp)://[a-z/: ]{0,6}")),
        3 => pair("exec", list(value(&["/bin/page", "5"], "[a-z ]{0,3}"))),
        2 => pair("secret_file", value(&["/a", "5"], "[ -~]{0,3}")),
        2 => pair("events", list(value(&["held", "failed", "unready"], "[a-z]{0,5}"))),
        1 => unknown(),
    ];
    let key = prop_oneof![
        text("directory"),
        text("git_dir"),
        text("state_directory"),
        unknown(),
        pair("owner", value(&["prod", "5", "a1"], "[a-zA-Z0-9-]{0,18}")),
        pair("timezone", value(&["Europe/Berlin", "UTC"], ZONE_LIKE)),
        pair("state_machine", value(ARNS, MACHINE_LIKE)),
        pair(
            "listen",
            value(
                &["9464", "127.0.0.1:9464", "'[::1]:80'"],
                "[0-9a-f.:+]{0,9}"
            )
        ),
        pair("aws", section(aws.boxed())),
        pair("roles", section(roles.boxed())),
        pair("allow", section(allow.boxed())),
        pair("reconcile", section(reconcile.boxed())),
        pair("limits", section(limits.boxed())),
        pair("notify", list(section(target.boxed()))),
        pair(
            "ignore",
            list(value(&["/deploy/", "5", "'*.yaml'"], "[ -~]{0,4}"))
        ),
    ];
    prop_oneof![
        20 => prop::collection::vec(key.prop_map(|key| key + "\n"), 0..4).prop_map(|keys| keys.concat()),
        1 => select(ODD).prop_map(str::to_owned),
    ]
}
