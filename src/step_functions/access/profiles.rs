//! The shared configuration of AWS's tools (`~/.aws/config`, `~/.aws/credentials`): read once, without what is empty, and
//! looked at before the SDK sees it.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use aws_config::profile::ProfileSet;
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_runtime::env_config::property::PropertiesKey;
use aws_types::os_shim_internal::Fs;

use super::AccessError;
use super::value::Kind;
use super::variables::Variables;
use crate::model::causes::causes;

/// The keys whose values are looked at.
const KEYS: &[(&str, Kind)] = &[
    ("region", Kind::Region),
    ("sso_region", Kind::Region),
    ("endpoint_url", Kind::Server),
    ("use_fips_endpoint", Kind::Switch),
    ("use_dualstack_endpoint", Kind::Switch),
    ("ignore_configured_endpoint_urls", Kind::Switch),
    ("ec2_metadata_service_endpoint", Kind::Server),
    ("ec2_metadata_service_endpoint_mode", Kind::AddressMode),
];
/// The services that have an `endpoint_url` of their own below `[services NAME]`.
const SERVICES: [&str; 5] = ["sfn", "sts", "sso", "sso_oidc", "signin"];
/// No more profiles are named in a message.
const NAMED: usize = 10;

/// One of the two files.
#[derive(Debug, Clone)]
struct Shared {
    kind: EnvConfigFileKind,
    path: PathBuf,
    /// Without what is empty.
    text: String,
    is_there: bool,
    /// Why it can't be read.
    unreadable: Option<String>,
}

/// What the files say.
#[derive(Debug, Clone)]
pub(super) struct Profiles {
    files: Vec<Shared>,
    set: ProfileSet,
    chosen: String,
}

impl Profiles {
    /// `named`: the profile that the configuration names.
    pub(super) async fn read(
        variables: &Variables,
        named: Option<&str>,
    ) -> Result<Self, AccessError> {
        let home = variables.get("HOME").map(PathBuf::from);
        let at = |variable: &str, default: &str| match variables.get(variable) {
            Some(path) => Some(match (path.strip_prefix("~/"), &home) {
                (Some(below), Some(home)) => (home.join(below), true),
                _ => (PathBuf::from(path), true),
            }),
            None => home.as_ref().map(|home| (home.join(default), false)),
        };
        let places = [
            (
                EnvConfigFileKind::Config,
                at("AWS_CONFIG_FILE", ".aws/config"),
            ),
            (
                EnvConfigFileKind::Credentials,
                at("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"),
            ),
        ];
        let mut files = Vec::new();
        for (kind, path) in places {
            if let Some((path, is_named)) = path {
                files.push(Shared::read(kind, path, is_named)?);
            }
        }
        let named = named.or_else(|| variables.get("AWS_PROFILE"));
        let chosen = named.unwrap_or("default").to_owned();
        let set = aws_config::profile::load(
            &Fs::real(),
            &variables.for_the_sdk(),
            &files_of(&files),
            Some(chosen.clone().into()),
        )
        .await;
        let set = set.map_err(|error| {
            let why = causes(&error);
            let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
            let places = files.iter().filter(|file| file.is_there);
            let places: Vec<_> = places.map(Shared::shown).collect();
            AccessError::Wrong {
                origin: places.join(", "),
                message: why,
                hint: "write each section as `[profile NAME]`, in the credentials file as `[NAME]`, and each line below it as `key = value`".into(),
            }
        })?;
        let profiles = Self { files, set, chosen };
        if named.is_some() && profiles.set.get_profile(&profiles.chosen).is_none() {
            return Err(profiles.none_such(&profiles.chosen));
        }
        let unknown = |name: &&str| profiles.set.get_profile(name).is_none();
        if let Some(source) = profiles.chain().into_iter().skip(1).find(unknown) {
            return Err(profiles.none_such(source));
        }
        profiles.check()?;
        Ok(profiles)
    }

    /// What the SDK reads in place of the files.
    pub(super) fn for_the_sdk(&self) -> EnvConfigFiles {
        files_of(&self.files)
    }

    /// The profile that counts.
    pub(super) fn chosen(&self) -> &str {
        &self.chosen
    }

    /// A key of the profile that counts.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.get_of(&self.chosen, key)
    }

    /// The file with the authorities that the profile trusts, and what to call who says so.
    pub(super) fn bundle(&self) -> Option<(&str, String)> {
        let path = self.get("ca_bundle")?;
        let profile = &self.chosen;
        Some((
            path,
            format!("{}, profile `{profile}`: `ca_bundle`", self.places()),
        ))
    }

    /// Where keys are written.
    pub(super) fn credentials_file(&self) -> Option<&Path> {
        let is = |file: &&Shared| matches!(file.kind, EnvConfigFileKind::Credentials);
        self.files.iter().find(is).map(|file| file.path.as_path())
    }

    /// The files that are there.
    fn places(&self) -> String {
        let there = self.files.iter().filter(|file| file.is_there);
        there.map(Shared::shown).collect::<Vec<_>>().join(" or ")
    }

    pub(super) fn get_of(&self, profile: &str, key: &str) -> Option<&str> {
        self.set.get_profile(profile)?.get(key)
    }

    /// The profile that counts, then those that it takes its credentials from.
    pub(super) fn chain(&self) -> Vec<&str> {
        let (mut chain, mut next) = (Vec::new(), Some(self.chosen.as_str()));
        while let Some(profile) = next.filter(|profile| !chain.contains(profile)) {
            chain.push(profile);
            next = self.get_of(profile, "source_profile");
        }
        chain
    }

    fn none_such(&self, name: &str) -> AccessError {
        let all: BTreeSet<&str> = self.set.profiles().collect();
        let mut shown: Vec<_> = all.iter().map(|name| format!("`{name}`")).collect();
        if shown.len() > NAMED {
            shown.truncate(NAMED);
            shown.push("others".into());
        }
        let there = if shown.is_empty() {
            "there is none at all".to_owned()
        } else {
            format!("there are {}", shown.join(", "))
        };
        let places: Vec<_> = self.files.iter().map(Shared::shown).collect();
        AccessError::NoProfile {
            name: name.to_owned(),
            places: places.join(" or "),
            there,
        }
    }

    fn check(&self) -> Result<(), AccessError> {
        for profile in self.chain() {
            for (key, kind) in KEYS {
                if let Some(text) = self.get_of(profile, key) {
                    self.judge(*kind, text, &format!("profile `{profile}`: `{key}`"))?;
                }
            }
            if let Some(name) = self.get_of(profile, "sso_session")
                && let Some(session) = self.set.sso_session(name)
                && let Some(region) = session.get("sso_region")
            {
                let what = format!("sso-session `{name}`: `sso_region`");
                self.judge(Kind::Region, region, &what)?;
            }
            let Some(services) = self.get_of(profile, "services") else {
                continue;
            };
            for service in SERVICES {
                let key = PropertiesKey::builder()
                    .section_key("services")
                    .section_name(services)
                    .property_name(service)
                    .sub_property_name("endpoint_url")
                    .build();
                let url = key.ok().and_then(|key| self.set.other_sections().get(&key));
                if let Some(url) = url {
                    let what = format!("services `{services}`: `endpoint_url` of `{service}`");
                    self.judge(Kind::Server, url, &what)?;
                }
            }
        }
        Ok(())
    }

    fn judge(&self, kind: Kind, text: &str, what: &str) -> Result<(), AccessError> {
        kind.check(text)
            .map_err(|(message, hint)| AccessError::Wrong {
                origin: format!("{}, {what}", self.places()),
                message,
                hint,
            })
    }
}

impl Shared {
    /// One that nobody named may be another user's: what can't be read then is as if it were not there.
    fn read(kind: EnvConfigFileKind, path: PathBuf, is_named: bool) -> Result<Self, AccessError> {
        let mut unreadable = None;
        let (text, is_there) = match std::fs::read_to_string(&path) {
            Ok(text) => (text, true),
            Err(error)
                if [ErrorKind::NotFound, ErrorKind::NotADirectory].contains(&error.kind()) =>
            {
                (String::new(), false)
            }
            Err(error) if !is_named => {
                unreadable = Some(error.to_string());
                (String::new(), false)
            }
            Err(error) => {
                return Err(AccessError::Wrong {
                    origin: format!("`{}`", path.display()),
                    message: format!("it can't be read: {error}"),
                    hint: "let the user that runs onced read it, or name another file in AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE".into(),
                });
            }
        };
        Ok(Self {
            kind,
            path,
            text: without_empty(&text),
            is_there,
            unreadable,
        })
    }

    fn shown(&self) -> String {
        let path = self.path.display();
        match &self.unreadable {
            Some(why) => format!("`{path}` (which can't be read: {why})"),
            None => format!("`{path}`"),
        }
    }
}

fn files_of(files: &[Shared]) -> EnvConfigFiles {
    // One at least is needed.
    let none = EnvConfigFiles::builder().with_contents(EnvConfigFileKind::Config, "");
    files
        .iter()
        .fold(none, |all, file| {
            all.with_contents(file.kind, file.text.clone())
        })
        .build()
}

/// Without the lines that give a key an empty value: `region =`. One whose value is on the lines below it, indented, is not
/// empty.
fn without_empty(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let says_something =
        |line: &&&str| !line.trim().is_empty() && !line.trim_start().starts_with(['#', ';']);
    let mut kept = String::with_capacity(text.len());
    for (n, line) in lines.iter().enumerate() {
        let is_empty = !line.starts_with(char::is_whitespace)
            && !line.starts_with(['#', ';', '['])
            && line
                .split_once('=')
                .is_some_and(|(_, value)| value.trim().is_empty());
        let next = lines.iter().skip(n + 1).find(says_something);
        let goes_on = next.is_some_and(|next| next.starts_with(char::is_whitespace));
        if !is_empty || goes_on {
            kept.push_str(line);
        }
        kept.push('\n');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_keys_are_left_out_and_nested_ones_kept() {
        let text = "[default]\nregion =\n; note\noutput = json\nendpoint_url=   \n\n[services local]\nsfn =\n  # here\n  endpoint_url = http://127.0.0.1:1\nsts =\n[profile p]\nrole_arn =";
        let kept = "[default]\n\n; note\noutput = json\n\n\n[services local]\nsfn =\n  # here\n  endpoint_url = http://127.0.0.1:1\n\n[profile p]\n\n";
        assert_eq!(without_empty(text), kept);
    }
}
