//! The language of the configuration as types, for `docs/schema/config.json` and the test that `keys` knows the same keys.
//! Holds no value; never parses. The schema may take what is refused, and never the other way round.
//!
//! A text may be written as a number, and `null` is as good as nothing.

#![expect(dead_code, reason = "only their names and types are asked for")]

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::Number;

use crate::model::topic::Topic;
use crate::source::language::{DURATION, MACHINE, ZONE};
use crate::source::schema::{by_account, is_text};

const ROLE: &str = "^arn:aws[^:]*:iam::[0-9]{12}:role/";
const ROLE_OR_NONE: &str = "^($|arn:aws[^:]*:iam::[0-9]{12}:role/)";
const OWNER: &str = "^[a-z0-9]{1,16}$";
const STOPS: &str = "^[+]?[0-9]+%?$";
const ADDRESS: &str = "^([+]?[0-9]+|.+:[0-9]+)$";

/// How onced runs. Flags win over the environment, the environment over this file.
#[derive(JsonSchema)]
#[schemars(title = "onced: its configuration", deny_unknown_fields)]
// An empty file is a configuration too.
#[schemars(extend("type" = ["object", "null"]))]
struct Configuration {
    /// Where the schedule files are; relative or a symlink is fine.
    #[schemars(transform = is_text, example = "/etc/onced/schedules.d")]
    directory: Option<String>,
    /// The git directory of schedule files that a bare repository checks out (`git --work-tree`). `null`: found as git finds it.
    #[schemars(transform = is_text, example = "/srv/schedules.git")]
    git_dir: Option<String>,
    /// Where the ledger is kept: on a local disk, never shared. Else $STATE_DIRECTORY, else onced/ in the XDG state directory.
    #[schemars(transform = is_text, example = "/var/lib/onced")]
    state_directory: Option<String>,
    /// Whose executions these are: 1 to 16 of a-z and 0-9. No two installations share one. Needed, here or elsewhere.
    #[schemars(transform = is_text, regex(pattern = OWNER), example = &"prod")]
    owner: Option<String>,
    /// The zone of times that name none, by its IANA name. Default: UTC.
    #[schemars(regex(pattern = ZONE), example = "Europe/Berlin")]
    timezone: Option<String>,
    /// The time zone database: the newer of the system's and the bundled one (`auto`), one of the two, or a directory.
    #[schemars(transform = is_text, regex(pattern = "^(auto|system|bundled|.*/.*)$"), example = &"auto")]
    zoneinfo: Option<String>,
    /// The state machine that waits and then invokes the lambda.
    #[schemars(regex(pattern = MACHINE))]
    #[schemars(
        example = "arn:aws:states:us-east-1:123456789012:stateMachine:OneTimeLambdaScheduler"
    )]
    state_machine: Option<String>,
    /// How AWS is reached. `null`: as other AWS tools find it.
    aws: Option<AwsSection>,
    /// Roles to assume, by account.
    #[schemars(transform = by_account)]
    roles: Option<BTreeMap<String, RoleOf>>,
    /// What schedule files may name, as glob patterns. Anything else there is an error.
    allow: Option<Allow>,
    /// Files that are not schedule files: git's patterns, as in a `.oncedignore` above the directory's own.
    #[schemars(example = ["/deploy/", "*.tpl.yaml"])]
    ignore: Option<Vec<Pattern>>,
    /// When and how files become executions.
    reconcile: Option<Reconcile>,
    /// Calls a second and at once. Empty: AWS's quotas for the region.
    #[schemars(extend("examples" = [{"StartExecution": {"rate": 300, "burst": 1300}}]))]
    limits: Option<Limits>,
    /// Whom to tell of what went wrong.
    notify: Option<Vec<Target>>,
    /// Where metrics and health are served: an address with a port, or a port of the loopback address alone.
    #[schemars(transform = is_text, regex(pattern = ADDRESS))]
    #[schemars(extend("examples" = ["127.0.0.1:9464", 9464], "minimum" = 0, "maximum" = 65535))]
    listen: Option<String>,
}

/// How AWS is reached.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct AwsSection {
    /// The region. Default: that of the state machine; another one is an error.
    #[schemars(transform = is_text, example = "us-east-1")]
    region: Option<String>,
    /// A profile of ~/.aws/config.
    #[schemars(transform = is_text)]
    profile: Option<String>,
    /// Another server that speaks Step Functions.
    #[schemars(transform = is_text, example = "http://127.0.0.1:8083")]
    endpoint_url: Option<String>,
    /// A role to assume, where `roles` has none for the account.
    #[schemars(regex(pattern = ROLE_OR_NONE), example = "arn:aws:iam::123456789012:role/onced")]
    role_arn: Option<String>,
    /// What the role's trust policy asks for as sts:ExternalId.
    #[schemars(transform = is_text)]
    external_id: Option<String>,
}

/// A role's ARN, or the same with what its trust policy asks for.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum RoleOf {
    /// A role's ARN.
    Arn(#[schemars(regex(pattern = ROLE))] String),
    /// A role's ARN, and what its trust policy asks for.
    Asked(AskedRole),
}

/// A role's ARN, and what its trust policy asks for.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct AskedRole {
    /// The role.
    #[schemars(regex(pattern = ROLE))]
    role_arn: String,
    /// sts:ExternalId.
    #[schemars(extend("type" = ["string", "number"]))]
    external_id: Option<String>,
}

/// Glob patterns.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Allow {
    /// Which functions may be named. Default: all.
    #[schemars(example = ["send-*"])]
    lambdas: Option<Vec<Pattern>>,
    /// Which state machines may be named. Default: all.
    state_machines: Option<Vec<Pattern>>,
}

/// A pattern.
#[derive(JsonSchema)]
#[schemars(extend("type" = ["string", "number"]))]
struct Pattern(String);

/// A program or an argument.
#[derive(JsonSchema)]
#[schemars(extend("type" = ["string", "number"]))]
struct Word(String);

/// When and how files become executions.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Reconcile {
    /// `sync` starts and stops; `start-only` never stops anything. Default: sync.
    #[schemars(extend("enum" = ["sync", "start-only", null]))]
    policy: Option<String>,
    /// How long files must be quiet before a change is read. Default: 250ms.
    #[schemars(regex(pattern = DURATION), example = "250ms")]
    settle: Option<String>,
    /// How long an entry must be gone before its execution is stopped. Default: 30s.
    #[schemars(regex(pattern = DURATION), example = "30s")]
    stop_after: Option<String>,
    /// How late an entry may still be started, unless it says so itself. Default: 5m.
    #[schemars(regex(pattern = DURATION), example = "5m")]
    grace: Option<String>,
    /// Entries farther ahead wait; at most 364d, because AWS ends executions after one year. Default: 300d.
    #[schemars(regex(pattern = DURATION), example = "300d")]
    horizon: Option<String>,
    /// A plan that stops or replaces more than this, and more than 3, waits for approval. Default: 30%.
    #[schemars(transform = is_text, regex(pattern = STOPS), extend("examples" = ["30%", 10], "minimum" = 0))]
    max_stops: Option<String>,
    /// A full scan even when nothing seems to have changed. Default: 60s.
    #[schemars(regex(pattern = DURATION), example = "60s")]
    resync: Option<String>,
    /// How often the ledger is compared with Step Functions. Default: 15m.
    #[schemars(regex(pattern = DURATION), example = "15m")]
    verify: Option<String>,
}

/// Calls a second and at once, by operation.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Limits {
    /// Starts.
    #[schemars(rename = "StartExecution")]
    start: Option<Limit>,
    /// Stops.
    #[schemars(rename = "StopExecution")]
    stop: Option<Limit>,
    /// Questions.
    #[schemars(rename = "DescribeExecution")]
    describe: Option<Limit>,
}

/// How fast one operation may be called.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Limit {
    /// Calls a second.
    #[schemars(extend("minimum" = 0.01))]
    rate: Number,
    /// Calls at once.
    #[schemars(extend("minimum" = 1))]
    burst: Number,
}

/// Whom to tell: a `webhook` or an `exec`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, transform = crate::source::schema::not_null)]
#[schemars(extend("oneOf" = [{"required": ["webhook"]}, {"required": ["exec"]}]))]
#[schemars(extend("dependencies" = {"secret_file": ["webhook"]}))]
struct Target {
    /// Where a message is sent.
    #[schemars(
        regex(pattern = "^https?://"),
        example = "https://hooks.example.org/onced"
    )]
    webhook: Option<String>,
    /// A program and its arguments; the message is on its stdin.
    #[schemars(length(min = 1))]
    exec: Option<Vec<Word>>,
    /// A file with the key that messages are signed with.
    #[schemars(extend("type" = ["string", "number"]))]
    secret_file: Option<String>,
    /// Of what. Default: everything.
    #[schemars(length(min = 1))]
    events: Option<Vec<Topic>>,
}

/// After a change: `ONCED_PRINT_ANEW=1 cargo test --lib schema_is`.
#[test]
fn the_schema_is_that_of_the_types() {
    crate::source::schema::kept::<Configuration>("config");
}

/// What is no section has its key; what is one, the keys below it.
#[test]
fn the_keys_that_are_known_are_those_of_the_types() {
    use crate::source::schema::keys;
    let section = |name: &str, keys: Vec<String>| {
        keys.into_iter()
            .map(move |key| format!("{name}.{key}"))
            .collect()
    };
    let mut all: Vec<String> = Vec::new();
    for key in keys::<Configuration>() {
        let below: Vec<String> = match key.as_str() {
            "aws" => section("aws", keys::<AwsSection>()),
            "allow" => section("allow", keys::<Allow>()),
            "reconcile" => section("reconcile", keys::<Reconcile>()),
            "limits" => section("limits", keys::<Limits>()),
            _ => vec![key],
        };
        all.extend(below);
    }
    let mut known: Vec<&str> = super::keys::KEYS.to_vec();
    known.sort_unstable();
    all.sort_unstable();
    assert_eq!(all, known);
}
