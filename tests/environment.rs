//! What stands in a person's environment and in the files of AWS's tools, through the real program: what is empty is not
//! there, and what is wrong is refused by onced itself, with the place that says so and what to write.

use std::fs;
use std::process::Command;

use tokio::task::block_in_place;

use crate::process::{World, day, file};

const CANARY: &str = "canary-77ab";

/// Exit code, and what was said on both streams.
pub(crate) fn said(command: &mut Command) -> (Option<i32>, String) {
    let output = block_in_place(|| command.output().expect("onced runs"));
    let both = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&both).into_owned();
    (output.status.code(), said)
}

/// A file in the home of the person who runs it.
pub(crate) fn at_home(world: &World, path: &str, text: &str) -> String {
    let path = world.root.path().join(path);
    fs::create_dir_all(path.parent().expect("a directory")).expect("made");
    fs::write(&path, text).expect("written");
    path.display().to_string()
}

/// As compose files and units give variables that nobody set.
#[tokio::test(flavor = "multi_thread")]
async fn empty_is_unset_everywhere() {
    let world = World::new().await;
    world.write("a.yaml", &file(&[("a", &day(10))]));
    let empty =
        "[default]\nregion =\nendpoint_url =\nuse_fips_endpoint =\nsts_regional_endpoints =\n";
    at_home(&world, ".aws/config", empty);
    let mut sync = world.command(&["sync"]);
    sync.args(["--region", "", "--set", "aws.profile="]);
    for variable in [
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_PROFILE",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_SFN",
        "AWS_ENDPOINT_URL_STS",
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_SESSION_TOKEN",
        "AWS_ROLE_ARN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT",
        "AWS_USE_FIPS_ENDPOINT",
        "AWS_MAX_ATTEMPTS",
        "AWS_RETRY_MODE",
        "AWS_CA_BUNDLE",
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "ONCED_REGION",
        "ONCED_AWS_PROFILE",
        "ONCED_CONFIG",
    ] {
        sync.env(variable, "");
    }
    let (code, told) = said(&mut sync);
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(world.wire(), (1, 0));
    // The region of calls that no ARN gives one.
    let mut bootstrap = crate::process::onced(world.root.path());
    let role = "arn:aws:iam::123456789012:role/x";
    bootstrap
        .args(["bootstrap", "--role-arn", role, "--name", "Another"])
        .env("AWS_REGION", "")
        .env("AWS_DEFAULT_REGION", "eu-west-1")
        .env("ONCED_ENDPOINT_URL", &world.url);
    let (code, told) = said(&mut bootstrap);
    assert_eq!(code, Some(0), "{told}");
    assert!(
        told.contains("arn:aws:states:eu-west-1:123456789012:stateMachine:Another"),
        "{told}"
    );
}

/// Wherever it stands, the SDK never sees it: nothing is sent, and the place and the remedy are named.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_url_is_refused_with_its_place() {
    let world = World::new().await;
    world.write("a.yaml", &file(&[("a", &day(10))]));
    let hint = "hint: write it with `https://` or `http://`";
    let refused = |command: &mut Command, code: i32, place: &str| {
        let (is, told) = said(command);
        assert_eq!(is, Some(code), "{told}");
        assert!(told.contains(place), "{place}: {told}");
        assert!(told.contains("is not the URL of a server"), "{told}");
        assert!(told.contains(hint), "{told}");
        assert_eq!(told.lines().count(), 2, "{told}");
    };
    let url = "localhost:4566";
    let configuration = at_home(&world, "bad.yaml", "aws: {endpoint_url: localhost:4566}\n");
    let arguments = [
        "bootstrap",
        "--role-arn",
        "arn:aws:iam::123456789012:role/x",
    ];
    let onced = || {
        let mut onced = crate::process::onced(world.root.path());
        onced.args(arguments);
        onced
    };
    let place = "`aws.endpoint_url=localhost:4566`: ";
    refused(onced().args(["--endpoint-url", url]), 64, place);
    let place = format!("{configuration}: `aws.endpoint_url`: ");
    refused(onced().args(["--config", &configuration]), 1, &place);
    let place = "the environment's ONCED_ENDPOINT_URL: `aws.endpoint_url`: ";
    refused(onced().env("ONCED_ENDPOINT_URL", url), 1, place);
    for variable in [
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_SFN",
        "AWS_ENDPOINT_URL_STS",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    ] {
        let place = format!("the environment's {variable}: ");
        refused(onced().env(variable, url), 1, &place);
    }
    let text = "[profile p]\nservices = local\n[services local]\nsfn =\n  endpoint_url = localhost:4566\n[default]\nendpoint_url = localhost:4566\n";
    let config = at_home(&world, ".aws/config", text);
    let place = format!("`{config}`, profile `default`: `endpoint_url`: ");
    refused(&mut onced(), 1, &place);
    let place = format!("`{config}`, services `local`: `endpoint_url` of `sfn`: ");
    refused(onced().env("AWS_PROFILE", "p"), 1, &place);
    assert_eq!(world.sandbox.calls().len(), 0);
}

/// What would have been sent there is not shown either.
#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_without_a_scheme_shows_no_token() {
    let world = World::new().await;
    let token = at_home(&world, "token", CANARY);
    for verbose in ["-q", "-vv"] {
        let mut plan = world.command(&["sync", verbose]);
        plan.env_remove("AWS_ACCESS_KEY_ID")
            .env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/x")
            .env("AWS_WEB_IDENTITY_TOKEN_FILE", &token)
            .env("AWS_ENDPOINT_URL_STS", "localhost:4566");
        let (code, told) = said(&mut plan);
        assert_eq!(code, Some(1), "{told}");
        assert!(
            told.contains("AWS_ENDPOINT_URL_STS: `localhost:4566` is not the URL"),
            "{told}"
        );
        assert!(!told.contains(CANARY), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_region_is_refused_with_its_place() {
    let world = World::new().await;
    let mut onced = crate::process::onced(world.root.path());
    onced
        .args([
            "bootstrap",
            "--role-arn",
            "arn:aws:iam::123456789012:role/x",
        ])
        .env("AWS_REGION", "us-east-1 ");
    let (code, told) = said(&mut onced);
    assert_eq!(code, Some(1), "{told}");
    let expected = "error: the environment's AWS_REGION: `us-east-1 ` is not the name of a region\nhint: write it as `us-east-1`\n";
    assert_eq!(told, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_that_is_not_there_is_named_with_those_that_are() {
    let world = World::new().await;
    let config = at_home(&world, ".aws/config", "[profile dev]\n[profile prod]\n");
    let credentials = config.replace("config", "credentials");
    let mut sync = world.command(&["sync"]);
    let (code, told) = said(sync.env("AWS_PROFILE", "pord"));
    assert_eq!(code, Some(1), "{told}");
    let expected = format!(
        "error: there is no profile `pord` in `{config}` or `{credentials}`; there are `dev`, `prod`\nhint: name another in `aws.profile`, AWS_PROFILE or `source_profile`, or write it there\n"
    );
    assert_eq!(told, expected);
    at_home(
        &world,
        ".aws/config",
        "[profile p]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = base\n",
    );
    let (code, told) = said(world.command(&["sync"]).env("AWS_PROFILE", "p"));
    assert_eq!(code, Some(1), "{told}");
    let begins = "error: there is no profile `base` in ";
    assert!(
        told.starts_with(begins) && told.contains("there are `p`"),
        "{told}"
    );
    // A file that can't be read: no matter where nobody named it.
    let directory = world.root.path().join(".aws/credentials");
    fs::create_dir(&directory).expect("made");
    let (code, told) = said(&mut world.command(&["doctor", "-q"]));
    assert_eq!(code, Some(0), "{told}");
    let mut sync = world.command(&["sync"]);
    let (code, told) = said(sync.env("AWS_SHARED_CREDENTIALS_FILE", &directory));
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("it can't be read: Is a directory"), "{told}");
    fs::remove_dir(&directory).expect("removed");
    // What is written there and can't be understood is told, too.
    at_home(&world, ".aws/config", "region = us-east-1\n");
    let (code, told) = said(&mut world.command(&["sync"]));
    assert_eq!(code, Some(1), "{told}");
    assert!(told.starts_with(&format!("error: `{config}`: ")), "{told}");
    assert!(
        told.contains("\nhint: write each section as `[profile NAME]`"),
        "{told}"
    );
}
