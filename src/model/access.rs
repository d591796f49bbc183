//! How AWS is reached: what of it can be configured. Pure data.

use std::collections::BTreeMap;

/// A role to assume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// The role's ARN.
    pub arn: String,
    /// What the role's trust policy asks for as `sts:ExternalId`, where it does.
    pub external_id: Option<String>,
}

/// How AWS is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Aws {
    /// The region of calls that no ARN gives one.
    pub region: Option<String>,
    /// The profile of the shared configuration.
    pub profile: Option<String>,
    /// Another endpoint than AWS's.
    pub endpoint_url: Option<String>,
    /// The role for every account that has none of its own.
    pub role: Option<Role>,
    /// The role of each account, by its twelve digits.
    pub roles: BTreeMap<String, Role>,
}

impl Aws {
    /// The role for an account, where one is to be assumed.
    pub fn role_of(&self, account: Option<&str>) -> Option<&Role> {
        let own = account.and_then(|account| self.roles.get(account));
        own.or(self.role.as_ref())
    }
}
