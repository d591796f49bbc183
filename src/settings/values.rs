//! What a value of the configuration says. Pure.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde_yaml::Value;

use crate::model::access::Role;
use crate::model::limits::Limit;
use crate::model::plan::MaxStops;
use crate::model::topic::{Target, To, Topic};
use crate::source::ignore::IgnorePatterns;
use crate::source::patterns::Patterns;
use crate::source::zoneinfo::Choice;

/// What is wrong, and what to write instead.
pub(super) type Complaint = (String, String);

/// A role's ARN, such as `arn:aws:iam::123456789012:role/onced`.
pub(super) fn role_arn(text: &str) -> Result<String, Complaint> {
    if account_of_role(text).is_some() {
        return Ok(text.to_owned());
    }
    Err((
        format!("`{text}` is not the ARN of a role"),
        "write it as `arn:aws:iam::ACCOUNT:role/NAME`".into(),
    ))
}

/// An address and a port; a port alone is one of the loopback address, which no other machine reaches.
pub(super) fn listen(value: &Value) -> Result<SocketAddr, Complaint> {
    let text = text(value)?;
    if let Ok(port) = text.parse::<u16>() {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    let wrong = |_| {
        (
            format!("`{text}` is no address with a port"),
            "write `127.0.0.1:9464`, or the port alone".to_owned(),
        )
    };
    text.parse().map_err(wrong)
}

/// `[{webhook: URL, secret_file: FILE, events: [held, …]}, {exec: [PROGRAM, ARGUMENT…]}]`. Without `events`: all of them.
pub(super) fn notify(value: &Value) -> Result<Vec<Target>, Complaint> {
    let hint = || {
        "write a list such as `[{webhook: \"https://example.org/hook\", events: [held, failed]}]`"
            .to_owned()
    };
    let wrong = |message: &str| (message.to_owned(), hint());
    let list = value
        .as_sequence()
        .ok_or_else(|| wrong("this is no list"))?;
    let targets = list.iter().map(|item| target(item, wrong));
    let targets: Vec<Target> = targets.collect::<Result<_, _>>()?;
    let whom = |to: &To| match to {
        To::Webhook { url, .. } => vec![url.clone()],
        To::Exec(words) => words.clone(),
    };
    let alike = |(n, target): (usize, &Target)| {
        let mut before = targets.iter().take(n);
        before.any(|other| whom(&other.to) == whom(&target.to) && other.topics == target.topics)
    };
    if targets.iter().enumerate().any(alike) {
        return Err(wrong("two items are alike"));
    }
    Ok(targets)
}

fn target(item: &Value, wrong: impl Fn(&str) -> Complaint) -> Result<Target, Complaint> {
    let mapping = item.as_mapping();
    let mapping = mapping.ok_or_else(|| wrong("this says not whom to tell"))?;
    let known = ["webhook", "exec", "secret_file", "events"];
    let mut keys = mapping.keys().map(|key| key.as_str().unwrap_or_default());
    if let Some(key) = keys.find(|key| !known.contains(key)) {
        let known = known.join("`, `");
        return Err((
            format!("there is no `{key}` in `notify`"),
            format!("there are `{known}`"),
        ));
    }
    let words = |key: &str| -> Result<Option<Vec<String>>, Complaint> {
        let Some(value) = mapping.get(key) else {
            return Ok(None);
        };
        let list = value.as_sequence().filter(|list| !list.is_empty());
        let list = list.ok_or_else(|| wrong(&format!("`{key}` is no list")))?;
        list.iter().map(text).collect::<Result<_, _>>().map(Some)
    };
    let secret_file = mapping.get("secret_file").map(text).transpose()?;
    let to = match (mapping.get("webhook"), words("exec")?) {
        (Some(url), None) => {
            let url = text(url)?;
            let is_http = url.starts_with("https://") || url.starts_with("http://");
            if !is_http || url.parse::<http::Uri>().is_err() {
                // It may hold a token: it is not repeated.
                return Err(wrong("the `webhook` is no URL of `https` or `http`"));
            }
            To::Webhook {
                url,
                secret_file: secret_file.map(PathBuf::from),
            }
        }
        (None, Some(words)) if secret_file.is_none() => To::Exec(words),
        (None, Some(_)) => return Err(wrong("a `secret_file` is for a `webhook`")),
        _ => return Err(wrong("each item of `notify` has a `webhook` or an `exec`")),
    };
    let topics = match words("events")? {
        None => Topic::ALL.into(),
        Some(words) => {
            let topic = |word: &String| {
                Topic::parse(word).ok_or_else(|| {
                    let all = Topic::ALL.map(Topic::as_str).join("`, `");
                    (
                        format!("there is no event `{word}`"),
                        format!("there are `{all}`"),
                    )
                })
            };
            words.iter().map(topic).collect::<Result<_, _>>()?
        }
    };
    Ok(Target { to, topics })
}

/// The twelve digits in a role's ARN; `None`: it is none.
pub fn account_of_role(arn: &str) -> Option<&str> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, resource] = parts[..] else {
        return None;
    };
    let good = partition.starts_with("aws")
        && is_account(account)
        && resource
            .strip_prefix("role/")
            .is_some_and(|name| !name.is_empty());
    good.then_some(account)
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// `{"123456789012": arn:…}`, or `{"123456789012": {role_arn: arn:…, external_id: ID}}`.
pub(super) fn roles(value: &Value) -> Result<BTreeMap<String, Role>, Complaint> {
    let hint = || {
        "write `\"123456789012\": arn:aws:iam::123456789012:role/onced`, or the same with `role_arn` and `external_id` below it".to_owned()
    };
    let mapping = value
        .as_mapping()
        .ok_or_else(|| ("this is no mapping of accounts to roles".to_owned(), hint()))?;
    let mut roles = BTreeMap::new();
    for (account, role) in mapping {
        let account = text(account)?;
        if !is_account(&account) {
            return Err((
                format!("`{account}` is no account of twelve digits"),
                hint(),
            ));
        }
        let (arn, external_id) = match role.as_mapping() {
            None => (text(role)?, None),
            Some(role) => {
                let field = |key: &str| role.get(key).map(text).transpose();
                let mut all = role.keys().map(|key| key.as_str().unwrap_or("?"));
                let unknown = all.find(|key| !["role_arn", "external_id"].contains(key));
                if let Some(key) = unknown {
                    return Err((format!("unknown key `{key}` of `{account}`"), hint()));
                }
                let arn = field("role_arn")?;
                let missing = || (format!("`{account}` has no `role_arn`"), hint());
                (arn.ok_or_else(missing)?, field("external_id")?)
            }
        };
        let arn = role_arn(&arn)?;
        if account_of_role(&arn) != Some(&account) {
            return Err((
                format!("the role `{arn}` is not of the account `{account}`"),
                "name a role of that account, or give the role the account that it is of".into(),
            ));
        }
        roles.insert(account, Role { arn, external_id });
    }
    Ok(roles)
}

/// What was typed is a text, but `[a, b]` is a list, and `{a: b}` a mapping.
pub(super) fn scalar(text: &str) -> Value {
    match serde_yaml::from_str(text) {
        Ok(value @ Value::Sequence(_)) => value,
        Ok(value @ Value::Mapping(_)) if text.trim_start().starts_with('{') => value,
        _ => Value::String(text.to_owned()),
    }
}

pub(super) fn text(value: &Value) -> Result<String, Complaint> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(("this is no text".into(), "put it in quotes".into())),
    }
}

/// A text that passes this.
pub(super) fn checked(
    check: impl Fn(&str) -> Result<(), Complaint>,
) -> impl Fn(&Value) -> Result<String, Complaint> {
    move |value| {
        let text = text(value)?;
        check(&text).map(|()| text)
    }
}

pub(super) fn patterns(value: &Value) -> Result<Patterns, Complaint> {
    let hint = || "write a list of patterns, such as `[\"send-*\"]`".to_owned();
    let list = value
        .as_sequence()
        .ok_or_else(|| ("this is no list".to_owned(), hint()))?;
    let texts = list.iter().map(text).collect::<Result<_, _>>()?;
    Patterns::parse(texts).map_err(|error| (error.to_string(), hint()))
}

/// Git's patterns of files that are no schedule files.
pub(super) fn ignore(value: &Value) -> Result<IgnorePatterns, Complaint> {
    let hint =
        || "write a list of git's patterns, such as `[\"/deploy/\", \"*.tpl.yaml\"]`".to_owned();
    let list = value
        .as_sequence()
        .ok_or_else(|| ("this is no list".to_owned(), hint()))?;
    let texts: Vec<String> = list.iter().map(text).collect::<Result<_, _>>()?;
    IgnorePatterns::of_list(&texts)
}

pub(super) fn zoneinfo(value: &Value) -> Result<Choice, Complaint> {
    let text = text(value)?;
    Choice::parse(&text).ok_or_else(|| {
        (
            format!("`{text}` is not a time zone database"),
            "write `auto`, `system`, `bundled`, or a directory such as `/usr/share/zoneinfo`"
                .into(),
        )
    })
}

pub(super) fn start_only(value: &Value) -> Result<bool, Complaint> {
    match text(value)?.as_str() {
        "sync" => Ok(false),
        "start-only" => Ok(true),
        other => Err((
            format!("there is no policy `{other}`"),
            "write `sync` or `start-only`".into(),
        )),
    }
}

pub(super) fn max_stops(value: &Value) -> Result<MaxStops, Complaint> {
    let text = text(value)?;
    let parsed = match text.strip_suffix('%') {
        Some(percent) => percent
            .parse()
            .ok()
            .filter(|percent| *percent <= 100)
            .map(MaxStops::Percent),
        None => text.parse().ok().map(MaxStops::Count),
    };
    parsed.ok_or_else(|| {
        (
            format!("`{text}` is no share and no number"),
            "write `30%` or `10`".into(),
        )
    })
}

/// `{rate: 300, burst: 1300}` of one operation.
pub(super) fn limit(value: &Value) -> Result<Limit, Complaint> {
    let hint = || "write `{rate: 300, burst: 1300}`: calls a second, and calls at once".to_owned();
    let mapping = value
        .as_mapping()
        .ok_or_else(|| ("this is no mapping".to_owned(), hint()))?;
    let known = ["rate", "burst"];
    let mut all = mapping.keys().map(|key| key.as_str().unwrap_or("?"));
    if let Some(key) = all.find(|key| !known.contains(key)) {
        return Err((format!("unknown key `{key}`"), hint()));
    }
    let number = |key: &str, least: f64| {
        let number = mapping.get(key).and_then(Value::as_f64);
        let good = number.filter(|number| number.is_finite() && *number >= least);
        good.ok_or_else(|| (format!("`{key}` is no number from {least} on"), hint()))
    };
    Ok(Limit {
        rate: number("rate", 0.01)?,
        burst: number("burst", 1.0)?,
    })
}
