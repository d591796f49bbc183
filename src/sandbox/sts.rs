//! The two operations of STS that a client of Step Functions needs: who am I, and assume a role. The role's account
//! becomes the account that is spoken for; nothing else is looked at.

use super::scope::{Scope, partition};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

/// A value of a form's body, decoded as far as ARNs and names need it.
fn field(body: &str, key: &str) -> Option<String> {
    let mut pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| *name == key)?;
    let mut bytes = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let hex = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&hex).ok()?, 16).ok()?
            }
            plain => plain,
        });
    }
    String::from_utf8(bytes).ok()
}

fn answer(operation: &str, result: &str) -> String {
    format!(
        "<{operation}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{operation}Result>{result}</{operation}Result><ResponseMetadata><RequestId>sandbox</RequestId></ResponseMetadata></{operation}Response>"
    )
}

/// Who an assumed role's access key speaks for: its account and the role's name are in it.
const ASSUMED: &str = "ASIASANDBOX";

/// The account that an assumed role's access key speaks for.
pub(super) fn assumed(key: &str) -> Option<&str> {
    key.strip_prefix(ASSUMED)?.get(..12)
}

/// Answers a request of STS with a status and XML; `None`: it is none that is known here. A role that is named `denied`
/// can't be assumed.
pub(super) fn call(
    body: &[u8],
    authorization: &str,
    account: &str,
    now: DateTime<Utc>,
) -> Option<(u16, String)> {
    let body = std::str::from_utf8(body).ok()?;
    match field(body, "Action")?.as_str() {
        "GetCallerIdentity" => {
            let scope = Scope::of(authorization);
            let assumed = scope.account.is_some();
            let account = scope.account.as_deref().unwrap_or(account);
            let partition = scope.region.as_deref().map_or("aws", partition);
            let arn = if assumed {
                format!("arn:{partition}:sts::{account}:assumed-role/sandbox/onced")
            } else {
                format!("arn:{partition}:iam::{account}:user/sandbox")
            };
            let result =
                format!("<Arn>{arn}</Arn><UserId>AIDASANDBOX</UserId><Account>{account}</Account>");
            Some((200, answer("GetCallerIdentity", &result)))
        }
        "AssumeRole" => {
            let role = field(body, "RoleArn")?;
            if role.ends_with(":role/denied") {
                let error = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>";
                return Some((403, error.into()));
            }
            let session = field(body, "RoleSessionName")?;
            let account = role
                .split(':')
                .nth(4)
                .filter(|account| account.len() == 12)?;
            let until = (now + TimeDelta::hours(1)).to_rfc3339_opts(SecondsFormat::Secs, true);
            let assumed = role
                .replace(":iam:", ":sts:")
                .replace(":role/", ":assumed-role/");
            let result = format!(
                "<AssumedRoleUser><AssumedRoleId>AROASANDBOX:{session}</AssumedRoleId><Arn>{assumed}/{session}</Arn></AssumedRoleUser><Credentials><AccessKeyId>{ASSUMED}{account}</AccessKeyId><SecretAccessKey>sandbox</SecretAccessKey><SessionToken>sandbox</SessionToken><Expiration>{until}</Expiration></Credentials>"
            );
            Some((200, answer("AssumeRole", &result)))
        }
        _ => None,
    }
}
