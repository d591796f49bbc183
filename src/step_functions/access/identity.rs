//! Whose keys requests are signed with, by the environment and the profile, as the SDK chooses them; and, where that fails,
//! what a person can do about it. Calls nobody.

use std::error::Error;
use std::path::{Path, PathBuf};

use super::profiles::Profiles;
use super::variables::Variables;
use crate::step_functions::trouble::{Cause, Trouble, is_expired};

/// Where keys come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// They were given to onced as they are.
    Given,
    /// Keys in the environment.
    Environment,
    /// Keys in a file.
    File,
    /// IAM Identity Center.
    Sso,
    /// `aws login`.
    Login,
    /// A program.
    Process,
    /// A token in a file.
    WebIdentity(PathBuf),
    /// The container's server.
    Container,
    /// The instance's server, or nobody.
    Instance,
}

/// Whose keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) origin: Origin,
    /// The profile that has them.
    profile: Option<String>,
    /// The profile whose role asks for a code of this device.
    mfa: Option<(String, String)>,
    /// The credentials file.
    file: Option<PathBuf>,
    /// What a profile for IAM Identity Center is without.
    lacks: Option<&'static str>,
}

impl Identity {
    /// Keys that were given.
    pub(super) fn given() -> Self {
        Self::of_origin(Origin::Given)
    }

    fn of_origin(origin: Origin) -> Self {
        Self {
            origin,
            profile: None,
            mfa: None,
            file: None,
            lacks: None,
        }
    }

    pub(super) fn of(variables: &Variables, profiles: &Profiles) -> Self {
        let has = |name: &str| variables.get(name).is_some();
        if has("AWS_ACCESS_KEY_ID") && (has("AWS_SECRET_ACCESS_KEY") || has("SECRET_ACCESS_KEY")) {
            return Self::of_origin(Origin::Environment);
        }
        if let Some(identity) = Self::of_profile(profiles) {
            return identity;
        }
        Self::of_origin(
            match (
                variables.get("AWS_WEB_IDENTITY_TOKEN_FILE"),
                has("AWS_ROLE_ARN"),
            ) {
                (Some(file), true) => Origin::WebIdentity(file.into()),
                _ if has("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
                    || has("AWS_CONTAINER_CREDENTIALS_FULL_URI") =>
                {
                    Origin::Container
                }
                _ => Origin::Instance,
            },
        )
    }

    fn of_profile(profiles: &Profiles) -> Option<Self> {
        let chain = profiles.chain();
        let base = *chain.last()?;
        let key = |key: &str| profiles.get_of(base, key);
        let origin = match key("credential_source") {
            _ if chain.len() > 1 && key("aws_access_key_id").is_some() => Origin::File,
            Some("Environment") => Origin::Environment,
            Some("EcsContainer") => Origin::Container,
            Some(_) => Origin::Instance,
            None => match key("web_identity_token_file") {
                Some(file) => Origin::WebIdentity(file.into()),
                None if key("sso_session").or(key("sso_start_url")).is_some() => Origin::Sso,
                None if key("login_session").is_some() => Origin::Login,
                None if key("credential_process").is_some() => Origin::Process,
                None if key("aws_access_key_id").is_some() => Origin::File,
                None => return None,
            },
        };
        let mfa = chain.iter().find_map(|profile| {
            let device = profiles.get_of(profile, "mfa_serial")?;
            Some(((*profile).to_owned(), device.to_owned()))
        });
        let needed = ["sso_account_id", "sso_role_name"];
        let lacks = needed.into_iter().find(|needed| key(needed).is_none());
        Some(Self {
            lacks: lacks.filter(|_| origin == Origin::Sso),
            origin,
            profile: Some(base.to_owned()),
            mfa,
            file: profiles.credentials_file().map(Path::to_owned),
        })
    }

    /// Why there are no keys, and what to do about it.
    pub(super) fn without_keys(&self, error: &(dyn Error + 'static)) -> Trouble {
        let cause = Cause::of(error);
        if let Some(trouble) = cause.of_network() {
            return trouble;
        }
        let profile = self.profile.as_deref().unwrap_or("default");
        let why = cause.told();
        if cause.code().is_some_and(is_expired)
            && let Some(trouble) = self.refused_keys(cause.code().unwrap_or_default())
        {
            return trouble;
        }
        if let Some((profile, device)) = &self.mfa
            && cause.code().is_some()
        {
            return Trouble::new(
                format!(
                    "the role of the profile `{profile}` is refused without a code of its MFA device `{device}`, for which nobody is asked here: {why}"
                ),
                format!(
                    "get keys with a code by `aws configure export-credentials --profile {profile} --format env`, or use a role that asks for none"
                ),
            );
        }
        if let Some(key) = self.lacks {
            return Trouble::new(
                format!("the profile `{profile}` has no `{key}`"),
                "write it there, or let `aws configure sso` write the profile".into(),
            );
        }
        if cause.is_misconfigured && self.origin != Origin::Login {
            return Trouble::new(
                format!("the profile `{profile}` can't be used: {why}"),
                "write it as AWS's documentation of the shared configuration says".into(),
            );
        }
        match &self.origin {
            Origin::Sso => Trouble::new(
                format!("nobody is signed in for the profile `{profile}`: {why}"),
                format!("run `aws sso login --profile {profile}`"),
            ),
            Origin::Login => Trouble::new(
                format!("nobody is signed in for the profile `{profile}`: {why}"),
                format!("run `aws login --profile {profile}`"),
            ),
            Origin::Process => Trouble::new(
                format!("the `credential_process` of the profile `{profile}` gives none: {why}"),
                "run that program by hand, as the user that runs onced".into(),
            ),
            Origin::WebIdentity(file) => {
                let shown = file.display();
                match std::fs::metadata(file) {
                    Err(error) => Trouble::new(
                        format!("the token file `{shown}` can't be read: {error}"),
                        "mount it there, or say in AWS_WEB_IDENTITY_TOKEN_FILE where it is".into(),
                    ),
                    Ok(_) => Trouble::new(
                        format!("the role is refused for the token in `{shown}`: {why}"),
                        "see whether the file is renewed in time, and whom the role's trust policy names".into(),
                    ),
                }
            }
            Origin::Container => Trouble::new(
                format!("the container's credentials are not given: {why}"),
                "see whether the task or the pod has a role, and what AWS_CONTAINER_CREDENTIALS_FULL_URI names".into(),
            ),
            Origin::Given | Origin::Environment | Origin::File if cause.code().is_some() => {
                Trouble::new(
                    format!("the role is refused: {why}"),
                    "see whom the role's trust policy names, and whether these keys may assume it".into(),
                )
            }
            _ => Trouble::new(
                format!("no AWS credentials are found: {why}"),
                "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a role is given".into(),
            ),
        }
    }

    /// Keys that AWS no longer takes, where nothing renews them.
    pub(super) fn refused_keys(&self, code: &str) -> Option<Trouble> {
        let profile = self.profile.as_deref().unwrap_or("default");
        let (whose, remedy) = match (&self.origin, &self.file) {
            (Origin::Environment, _) => (
                "in the environment".to_owned(),
                "set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, with temporary keys, AWS_SESSION_TOKEN anew, and start onced again; a profile or a role renews its keys by itself".to_owned(),
            ),
            (Origin::File, Some(file)) => (
                format!("of the profile `{profile}`"),
                format!("write new ones into `{}`, and start onced again", file.display()),
            ),
            _ => return None,
        };
        let what = if code.starts_with("Expired") {
            "have expired, and can't renew themselves"
        } else {
            "are not known to AWS"
        };
        Some(Trouble {
            is_final: true,
            ..Trouble::new(format!("the keys {whose} {what} ({code})"), remedy)
        })
    }
}
