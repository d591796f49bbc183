//! What is said where AWS is not reached or takes no credentials: one cause and its remedy, and nothing that is secret. The
//! servers that give credentials are fakes on loopback.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use aws_smithy_types::base64;
use onced::sandbox::Fault;

use crate::environment::{at_home, said};
use crate::process::{World, day, file};
use crate::support::servers::Answering;
use crate::support::tls::Authority;

const CANARY: &str = "canary-31fe";

async fn world() -> World {
    let world = World::new().await;
    world.write("a.yaml", &file(&[("a", &day(10))]));
    world
}

/// Without keys in the environment, by this profile.
fn by_profile(world: &World, arguments: &[&str], profile: &str) -> Command {
    let mut command = world.command(arguments);
    command
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        .env("AWS_PROFILE", profile);
    command
}

/// One line, one hint, and nothing of the SDK's own.
fn is_plain(told: &str) {
    assert_eq!(told.lines().count(), 2, "{told}");
    for debug in [
        "Error {",
        "DispatchFailure",
        "ProviderError",
        "WARN",
        CANARY,
    ] {
        assert!(!told.contains(debug), "{debug}: {told}");
    }
}

/// The error of a command that ends at once.
fn fails(command: &mut Command, cause: &str, remedy: &str) {
    let (code, told) = said(command);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.starts_with("error: no AWS credentials: "), "{told}");
    assert!(told.contains(cause), "{cause}: {told}");
    let hint = told.lines().last().unwrap_or_default();
    assert!(
        hint.starts_with("hint: ") && hint.contains(remedy),
        "{remedy}: {told}"
    );
    is_plain(&told);
}

const SSO: &str = "[profile p]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = r\n[sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp.example.org/start\n";

/// The token of the session `corp`, in its place.
fn sso_token(world: &World, until: &str) {
    let name = "ee0bfd2552fbd840c02cc48b6e823320543c450f";
    let text = format!(r#"{{"accessToken": "{CANARY}", "expiresAt": "{until}"}}"#);
    at_home(world, &format!(".aws/sso/cache/{name}.json"), &text);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_signed_in_at_identity_center_is_told_how() {
    let world = world().await;
    at_home(&world, ".aws/config", SSO);
    let (cause, remedy) = (
        "nobody is signed in for the profile `p`: ",
        "`aws sso login --profile p`",
    );
    fails(&mut by_profile(&world, &["sync"], "p"), cause, remedy);
    for (text, cause, remedy) in [
        (
            SSO.replace("sso_role_name = r\n", ""),
            "the profile `p` has no `sso_role_name`",
            "`aws configure sso`",
        ),
        (
            SSO.replace("[sso-session corp]", "[sso-session other]"),
            "the profile `p` can't be used: ",
            "the shared configuration",
        ),
    ] {
        at_home(&world, ".aws/config", &text);
        fails(&mut by_profile(&world, &["sync"], "p"), cause, remedy);
    }
    at_home(&world, ".aws/config", SSO);
    sso_token(&world, "2020-01-01T00:00:00Z");
    fails(&mut by_profile(&world, &["sync"], "p"), cause, remedy);
    sso_token(&world, "2090-01-01T00:00:00Z");
    let no =
        r#"{"__type": "UnauthorizedException", "message": "Session token not found or invalid"}"#;
    let server = Answering::with_status(401, no).await;
    let mut sync = by_profile(&world, &["sync"], "p");
    sync.env("AWS_ENDPOINT_URL_SSO", &server.url);
    fails(&mut sync, "Session token not found or invalid", remedy);
    let yes = r#"{"roleCredentials": {"accessKeyId": "a", "secretAccessKey": "b", "sessionToken": "c", "expiration": 3786912000000}}"#;
    let server = Answering::with(yes).await;
    let mut sync = by_profile(&world, &["sync"], "p");
    let (code, told) = said(sync.env("AWS_ENDPOINT_URL_SSO", &server.url));
    assert_eq!(code, Some(0), "{told}");
    assert!(server.paths()[0].starts_with("GET /federation/credentials"));
}

/// A key as `aws login` keeps it.
fn login_key() -> String {
    let der = rcgen::KeyPair::generate().expect("a key").serialize_der();
    let begins = [0x30, 0x6b, 0x02, 0x01, 0x01, 0x04, 0x20];
    let at = der
        .windows(begins.len())
        .position(|window| window == begins);
    let at = at.expect("a key of P-256");
    let encoded = base64::encode(&der[at..at + 2 + 0x6b]);
    let lines: Vec<&str> = (0..encoded.len().div_ceil(64))
        .map(|n| &encoded[n * 64..encoded.len().min(n * 64 + 64)])
        .collect();
    let lines = lines.join("\n");
    format!("-----BEGIN EC PRIVATE KEY-----\n{lines}\n-----END EC PRIVATE KEY-----\n")
}

fn login_token(world: &World, until: &str) {
    let name = "286187707741fc2ccb93cf9e56dbd0ee0a16208feed5fbc8ae1baa86d44c283f";
    let token = serde_json::json!({
        "accessToken": {
            "accessKeyId": "a", "secretAccessKey": CANARY, "sessionToken": CANARY,
            "accountId": "123456789012", "expiresAt": until,
        },
        "tokenType": "aws_sigv4",
        "refreshToken": CANARY,
        "clientId": "arn:aws:signin:::devtools/same-device",
        "dpopKey": login_key(),
    });
    at_home(
        world,
        &format!(".aws/login/cache/{name}.json"),
        &token.to_string(),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn profiles_of_aws_login_work_and_who_is_not_signed_in_is_told_how() {
    let world = world().await;
    let text =
        "[profile p]\nlogin_session = arn:aws:iam::123456789012:user/me\nregion = us-east-1\n";
    at_home(&world, ".aws/config", text);
    let (cause, remedy) = (
        "nobody is signed in for the profile `p`: ",
        "`aws login --profile p`",
    );
    fails(&mut by_profile(&world, &["sync"], "p"), cause, remedy);
    login_token(&world, "2090-01-01T00:00:00Z");
    let (code, told) = said(&mut by_profile(&world, &["sync"], "p"));
    assert_eq!(code, Some(0), "{told}");
    // One that has expired is renewed by its own server, or not.
    login_token(&world, "2020-01-01T00:00:00Z");
    let no = r#"{"error": "TOKEN_EXPIRED", "message": "expired"}"#;
    let server = Answering::with_status(401, no).await;
    let mut sync = by_profile(&world, &["sync"], "p");
    fails(
        sync.env("AWS_ENDPOINT_URL_SIGNIN", &server.url),
        cause,
        remedy,
    );
    let yes = r#"{"accessToken": {"accessKeyId": "a", "secretAccessKey": "b", "sessionToken": "c"}, "tokenType": "aws_sigv4", "expiresIn": 900, "refreshToken": "r"}"#;
    let server = Answering::with(yes).await;
    let mut sync = by_profile(&world, &["sync"], "p");
    let (code, told) = said(sync.env("AWS_ENDPOINT_URL_SIGNIN", &server.url));
    assert_eq!(code, Some(0), "{told}");
    assert!(
        server.bodies()[0].contains("refresh_token"),
        "it is asked to renew"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_file_that_is_missing_is_named() {
    let world = world().await;
    let mut sync = by_profile(&world, &["sync"], "");
    sync.env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/x")
        .env("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token");
    fails(
        &mut sync,
        "the token file `/nowhere/token` can't be read: No such file or directory",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
    );
}

fn denied(code: &str) -> String {
    format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>not you</Message></Error><RequestId>1</RequestId></ErrorResponse>"
    )
}

/// The token is shown nowhere, however much is logged.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_refused_for_a_token_shows_no_token() {
    let world = world().await;
    let token = at_home(&world, "token", CANARY);
    let server = Answering::with_status(403, &denied("AccessDenied")).await;
    let by_token = |arguments: &[&str], url: &str| {
        let mut command = by_profile(&world, arguments, "");
        command
            .env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/x")
            .env("AWS_WEB_IDENTITY_TOKEN_FILE", &token)
            .env("AWS_ENDPOINT_URL_STS", url);
        command
    };
    let cause = format!("the role is refused for the token in `{token}`: AccessDenied: not you");
    fails(
        &mut by_token(&["sync"], &server.url),
        &cause,
        "trust policy",
    );
    assert!(server.bodies()[0].contains(CANARY), "it is sent there");
    for url in [server.url.as_str(), "http://127.0.0.1:1"] {
        let (code, told) = said(&mut by_token(&["sync", "-vv"], url));
        assert_eq!(code, Some(1), "{told}");
        assert!(!told.contains(CANARY), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_nobody_asks_for_is_told() {
    let world = world().await;
    let text = "[profile base]\naws_access_key_id = a\naws_secret_access_key = b\n[profile p]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = base\nexternal_id = canary-31fe\nmfa_serial = arn:aws:iam::123456789012:mfa/me\nregion = us-east-1\n";
    at_home(&world, ".aws/config", text);
    let server = Answering::with_status(403, &denied("AccessDenied")).await;
    let mut sync = by_profile(&world, &["sync"], "p");
    fails(
        sync.env("AWS_ENDPOINT_URL_STS", &server.url),
        "MFA device `arn:aws:iam::123456789012:mfa/me`",
        "`aws configure export-credentials --profile p --format env`",
    );
}

/// At once: no wait makes them good.
#[tokio::test(flavor = "multi_thread")]
async fn keys_of_the_environment_that_have_expired_are_told_at_once() {
    let world = world().await;
    let faults = |_: u64, _: &str| Fault::ExpiredToken;
    world.sandbox.set_faults(Some(std::sync::Arc::new(faults)));
    let begun = Instant::now();
    let (code, told) = said(&mut world.command(&["sync", "-q"]));
    assert!(begun.elapsed() < Duration::from_secs(45), "{told}");
    assert_eq!(code, Some(1), "{told}");
    let error = told.lines().find(|line| line.starts_with("error: "));
    let error = error.expect("an error");
    for part in [
        "the keys in the environment have expired, and can't renew themselves",
        "; set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY",
        "and start onced again",
    ] {
        assert!(error.contains(part), "{part}: {told}");
    }
}

/// What `doctor` says of a server that is not reached: of who calls, and of the state machine.
fn unreached(world: &World, cause: &str, remedy: &str) {
    let (code, text) = said(&mut world.command(&["doctor", "-q"]));
    assert_eq!(code, Some(1), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    let begins = |words: &str| {
        let at = lines.iter().position(|line| line.starts_with(words));
        at.unwrap_or_else(|| panic!("{words}: {text}"))
    };
    let who = begins("warning credentials: ");
    assert!(lines[who].ends_with(cause), "{cause}: {text}");
    assert!(lines[who + 1].contains(remedy), "{remedy}: {text}");
    let machine = lines[begins("FAILURE state machine: ")];
    let both = machine.contains(cause) && machine.contains(remedy);
    assert!(both, "{cause}: {remedy}: {text}");
    for debug in ["Error {", "DispatchFailure", "ConnectorError", "dispatch"] {
        assert!(!text.contains(debug), "{debug}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_authority_that_is_not_trusted_is_told() {
    let mut world = world().await;
    let authority = Authority::new();
    let port = authority.before(&world.url, &["localhost"]).await;
    world.url = format!("https://localhost:{port}");
    let bundle = at_home(&world, "ca.pem", &Authority::new().pem);
    let text = format!("[default]\nca_bundle = {bundle}\n");
    at_home(&world, ".aws/config", &text);
    unreached(
        &world,
        "signed by an authority that is not trusted here",
        "AWS_CA_BUNDLE",
    );
    fs::write(&bundle, &authority.pem).expect("written");
    world.url = format!("https://127.0.0.1:{port}");
    unreached(
        &world,
        "the server's certificate is for another name",
        "a name that its certificate has",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there_is_told() {
    let mut world = world().await;
    world.url = "http://127.0.0.1:1".into();
    unreached(
        &world,
        "Connection refused (os error 111)",
        "whether something listens there",
    );
}
