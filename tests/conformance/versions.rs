//! The rows of versions and aliases:
//! <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-version.html>,
//! <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-alias.html>, the pages of their operations,
//! and the notes of StartExecution, ListExecutions and DescribeStateMachine on qualified ARNs.

use serde_json::{Value, json};

use super::rows::{AHEAD, ROLE, Row, WAIT, row, start};

const PASS: &str = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;

type Step = (&'static str, Value);

fn publish() -> Step {
    (
        "PublishStateMachineVersion",
        json!({"stateMachineArn": "@M"}),
    )
}

fn routes(weights: &[(u64, u64)]) -> Value {
    let route = |(version, weight): &(u64, u64)| json!({"stateMachineVersionArn": format!("@M:{version}"), "weight": weight});
    weights.iter().map(route).collect()
}

fn alias(name: &str, weights: &[(u64, u64)]) -> Step {
    (
        "CreateStateMachineAlias",
        json!({"name": name, "routingConfiguration": routes(weights)}),
    )
}

/// Another definition.
fn update() -> Step {
    (
        "UpdateStateMachine",
        json!({"stateMachineArn": "@M", "definition": PASS}),
    )
}

fn started(qualifier: &str, name: &str) -> Step {
    (
        "StartExecution",
        json!({"stateMachineArn": format!("@M{qualifier}"), "name": name, "input": AHEAD}),
    )
}

fn of(qualifier: &str) -> Value {
    json!({"stateMachineArn": format!("@M{qualifier}")})
}

fn of_alias(name: &str) -> Value {
    json!({"stateMachineAliasArn": format!("@M:{name}")})
}

pub(super) fn rows() -> Vec<Row> {
    let mut all = versions();
    all.extend(aliases());
    all.extend(changed_aliases());
    all.extend(executions());
    all.into_iter().map(of_moto).collect()
}

/// What moto has no operation for.
fn of_moto(row: Row) -> Row {
    let none = [
        "PublishStateMachineVersion",
        "ListStateMachineVersions",
        "DeleteStateMachineVersion",
    ];
    let mut asked = row.before.iter().map(|(operation, _)| *operation);
    if none.contains(&row.operation) || asked.any(|operation| none.contains(&operation)) {
        return row.moto("moto has no operations for versions");
    }
    row
}

fn versions() -> Vec<Row> {
    let ok = |shows| (200, "", shows);
    let bad = |code, shows| (400, code, shows);
    let (op, body) = publish();
    let two = [publish(), update(), publish()];
    let list = |name, answer| row(name, "ListStateMachineVersions", of(""), answer);
    let describe =
        |name, qualifier, answer| row(name, "DescribeStateMachine", of(qualifier), answer);
    let delete = |name, number: &str, answer| {
        let version = json!({"stateMachineVersionArn": format!("@M:{number}")});
        row(name, "DeleteStateMachineVersion", version, answer)
    };
    vec![
        row(
            "publish: the first",
            op,
            body.clone(),
            ok("\"stateMachineVersionArn\":\"@M:1\""),
        ),
        // "It doesn't create a duplicate state machine version if it already exists for the current revision."
        row("publish: the same again", op, body.clone(), ok("\"@M:1\"")).after(&[publish()]),
        row(
            "publish: another revision",
            op,
            body.clone(),
            ok("\"@M:2\""),
        )
        .after(&[publish(), update()]),
        row(
            "publish: no machine",
            op,
            json!({"stateMachineArn": "@M-other"}),
            bad("StateMachineDoesNotExist", ""),
        ),
        // "If the specified revision ID doesn't match …, the API throws ConflictException."
        row(
            "publish: another revision is current",
            op,
            json!({"stateMachineArn": "@M", "revisionId": "x"}),
            bad("ConflictException", ""),
        ),
        row(
            "create: published",
            "CreateStateMachine",
            json!({"name": "@N-p", "definition": WAIT, "roleArn": ROLE, "publish": true}),
            ok("\"stateMachineVersionArn\":\"@M-p:1\""),
        ),
        row(
            "create: a description of no version",
            "CreateStateMachine",
            json!({"name": "@N-p", "definition": WAIT, "roleArn": ROLE, "versionDescription": "d"}),
            bad("ValidationException", "onlybesetwhenpublishistrue"),
        ),
        row(
            "update: published",
            "UpdateStateMachine",
            json!({"stateMachineArn": "@M", "definition": PASS, "publish": true}),
            ok("\"stateMachineVersionArn\":\"@M:1\""),
        ),
        row(
            "update: a revision",
            update().0,
            update().1,
            ok("\"revisionId\":\""),
        )
        .moto("moto has no revisions"),
        list("versions: none", ok("\"stateMachineVersions\":[]")),
        list(
            "versions: listed",
            ok("\"stateMachineVersionArn\":\"@M:2\""),
        )
        .after(&two),
        describe(
            "machine: a version",
            ":1",
            ok("\"stateMachineArn\":\"@M:1\""),
        )
        .after(&[publish()]),
        describe(
            "machine: a version keeps its definition",
            ":1",
            ok("TimestampPath"),
        )
        .after(&two),
        describe(
            "machine: no such version",
            ":7",
            bad("StateMachineDoesNotExist", "@M:7"),
        ),
        delete("version: deleted", "1", ok("{}")).after(&[publish()]),
        delete("version: deleted, none there", "9", ok("{}")),
        delete(
            "version: deleted, an alias leads to it",
            "1",
            bad("ConflictException", "[live]"),
        )
        .after(&[publish(), alias("live", &[(1, 100)])]),
        row(
            "delete: a qualified ARN",
            "DeleteStateMachine",
            of(":1"),
            bad("ValidationException", ""),
        )
        .after(&[publish()]),
    ]
}

fn aliases() -> Vec<Row> {
    let ok = |shows| (200, "", shows);
    let bad = |code, shows| (400, code, shows);
    let make = |row_name, name: &str, weights: &[(u64, u64)], answer| {
        let (op, body) = alias(name, weights);
        row(row_name, op, body, answer)
    };
    let long = "a".repeat(81);
    let two = [publish(), update(), publish()];
    vec![
        make(
            "alias: created",
            "live",
            &[(1, 100)],
            ok("\"stateMachineAliasArn\":\"@M:live\""),
        )
        .after(&[publish()]),
        make("alias: with a dot", "v1.2", &[(1, 100)], ok("\"@M:v1.2\"")).after(&[publish()]),
        make(
            "alias: two versions",
            "live",
            &[(1, 20), (2, 80)],
            ok("\"@M:live\""),
        )
        .after(&two),
        make(
            "alias: the same again",
            "live",
            &[(1, 100)],
            ok("\"@M:live\""),
        )
        .after(&[publish(), alias("live", &[(1, 100)])]),
        make(
            "alias: again, otherwise",
            "live",
            &[(2, 100)],
            bad("ConflictException", "alreadyexists"),
        )
        .after(&[publish(), update(), publish(), alias("live", &[(1, 100)])]),
        make(
            "alias: a number",
            "7",
            &[(1, 100)],
            bad("ValidationException", "regularexpressionpattern"),
        )
        .after(&[publish()]),
        make(
            "alias: a name of 81",
            &long,
            &[(1, 100)],
            bad("ValidationException", "lessthanorequalto80"),
        )
        .after(&[publish()]),
        make(
            "alias: weights of 90",
            "live",
            &[(1, 90)],
            bad("ValidationException", "mustequal100"),
        )
        .after(&[publish()]),
        make(
            "alias: the same version twice",
            "live",
            &[(1, 50), (1, 50)],
            bad("ValidationException", "distinct"),
        )
        .after(&[publish()]),
        make(
            "alias: three versions",
            "live",
            &[(1, 50), (2, 25), (3, 25)],
            bad("ValidationException", "lessthanorequalto2"),
        )
        .after(&[publish()]),
        make(
            "alias: no such version",
            "live",
            &[(3, 100)],
            bad("ValidationException", "versionARNs"),
        )
        .after(&[publish()]),
    ]
}

fn changed_aliases() -> Vec<Row> {
    let ok = |shows| (200, "", shows);
    let bad = |code, shows| (400, code, shows);
    let live = [publish(), alias("live", &[(1, 100)])];
    let describe =
        |name, arn, answer| row(name, "DescribeStateMachineAlias", of_alias(arn), answer);
    let update = |name, body: Value, answer| row(name, "UpdateStateMachineAlias", body, answer);
    let list =
        |name, qualifier, answer| row(name, "ListStateMachineAliases", of(qualifier), answer);
    let delete = || ("DeleteStateMachineAlias", of_alias("live"));
    vec![
        describe(
            "alias: described",
            "live",
            ok("\"routingConfiguration\":[{\"stateMachineVersionArn\":\"@M:1\",\"weight\":100}]"),
        )
        .after(&live),
        describe("alias: unknown", "none", bad("ResourceNotFound", "")),
        describe("alias: a version's ARN", "1", bad("InvalidArn", "")).after(&live),
        update(
            "alias: another description",
            json!({"stateMachineAliasArn": "@M:live", "description": "d"}),
            ok("updateDate"),
        )
        .after(&live),
        update(
            "alias: nothing changed",
            of_alias("live"),
            bad("ValidationException", ""),
        )
        .after(&live),
        update(
            "alias: unknown, changed",
            json!({"stateMachineAliasArn": "@M:none", "description": "d"}),
            bad("ResourceNotFound", ""),
        ),
        list("aliases: none", "", ok("\"stateMachineAliases\":[]")),
        list("aliases: of a machine", "", ok("\"@M:live\"")).after(&live),
        list("aliases: of a version", ":1", ok("\"@M:live\"")).after(&live),
        list(
            "aliases: of another version",
            ":2",
            ok("\"stateMachineAliases\":[]"),
        )
        .after(&live),
        list(
            "aliases: no machine",
            "-other",
            bad("StateMachineDoesNotExist", ""),
        ),
        row("alias: deleted", delete().0, delete().1, ok("{}")).after(&live),
        row(
            "alias: deleted twice",
            delete().0,
            delete().1,
            bad("ResourceNotFound", ""),
        )
        .after(&[publish(), alias("live", &[(1, 100)]), delete()]),
        // DescribeStateMachine tells of machines and versions; DescribeStateMachineAlias of aliases.
        row(
            "machine: an alias",
            "DescribeStateMachine",
            of(":live"),
            bad("StateMachineDoesNotExist", "@M:live"),
        )
        .after(&live),
    ]
}

fn executions() -> Vec<Row> {
    let ok = |shows| (200, "", shows);
    let bad = |code, shows| (400, code, shows);
    let begin = |name, qualifier: &str, answer| {
        let (op, body) = started(qualifier, "n");
        row(name, op, body, answer)
    };
    let describe = |name, answer| {
        row(
            name,
            "DescribeExecution",
            json!({"executionArn": "@E:n"}),
            answer,
        )
    };
    let list = |name, qualifier, answer| row(name, "ListExecutions", of(qualifier), answer);
    let live = || vec![publish(), alias("live", &[(1, 100)])];
    let run = |qualifier| {
        let mut before = live();
        before.push(started(qualifier, "n"));
        before
    };
    let none = "\"executions\":[]";
    vec![
        begin("start: a version", ":1", ok("\"executionArn\":\"@E:n\"")).after(&live()),
        begin("start: an alias", ":live", ok("\"executionArn\":\"@E:n\"")).after(&live()),
        begin(
            "start: no such version",
            ":2",
            bad("StateMachineDoesNotExist", "@M:2"),
        )
        .after(&live()),
        begin(
            "start: no such alias",
            ":none",
            bad("StateMachineDoesNotExist", "@M:none"),
        )
        .after(&live()),
        begin(
            "start: a state of the machine",
            "/label",
            bad("ValidationException", ""),
        )
        .moto("StateMachineDoesNotExist"),
        begin(
            "start: a version, a name that the machine has",
            ":1",
            bad("ExecutionAlreadyExists", "@E:n"),
        )
        .after(&[
            publish(),
            start("n", "{\"invocationTime\":\"2091-01-01T00:00:00Z\"}"),
        ]),
        describe(
            "describe: a version's, of which machine",
            ok("\"stateMachineArn\":\"@M\""),
        )
        .after(&run(":1")),
        describe(
            "describe: a version's",
            ok("\"stateMachineVersionArn\":\"@M:1\""),
        )
        .after(&run(":1")),
        describe(
            "describe: an alias's",
            ok("\"stateMachineAliasArn\":\"@M:live\""),
        )
        .after(&run(":live")),
        describe(
            "describe: an alias's version",
            ok("\"stateMachineVersionArn\":\"@M:1\""),
        )
        .after(&run(":live")),
        list("list: a version's", ":1", ok("@E:n")).after(&run(":1")),
        list("list: a version's, the plain one's", ":1", ok(none)).after(&run("")),
        list("list: an alias's", ":live", ok("@E:n")).after(&run(":live")),
        list("list: an alias's, a version's", ":live", ok(none)).after(&run(":1")),
        list("list: all, a version's", "", ok("@E:n")).after(&run(":1")),
        list("list: all, an alias's", "", ok("@E:n")).after(&run(":live")),
        list(
            "list: no such version",
            ":2",
            bad("StateMachineDoesNotExist", ""),
        )
        .after(&live()),
    ]
}
