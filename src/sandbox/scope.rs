//! For whom a request speaks, by its signature: the region, the partition, the account.

/// A request's credential, as `Credential=KEY/DATE/REGION/states/aws4_request` says it. Nothing is verified.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) region: Option<String>,
    pub(super) account: Option<String>,
}

impl Scope {
    /// Of an `Authorization` header.
    pub(super) fn of(authorization: &str) -> Self {
        let credential = authorization
            .split("Credential=")
            .nth(1)
            .unwrap_or_default();
        let mut parts = credential.split('/');
        let account = parts.next().and_then(super::sts::assumed);
        let region = parts.nth(1).filter(|region| !region.is_empty());
        Self {
            region: region.map(str::to_owned),
            account: account.map(str::to_owned),
        }
    }

    /// Is an ARN of another region?
    pub(super) fn is_elsewhere(&self, arn: &str) -> bool {
        let region = arn.split(':').nth(3);
        match (&self.region, region) {
            (Some(own), Some(region)) => arn.starts_with("arn:") && own != region,
            _ => false,
        }
    }
}

/// The partition of a region (<https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html>).
pub(super) fn partition(region: &str) -> &'static str {
    let known = [
        ("us-gov-", "aws-us-gov"),
        ("cn-", "aws-cn"),
        ("eusc-", "aws-eusc"),
        ("us-isob-", "aws-iso-b"),
        ("us-isof-", "aws-iso-f"),
        ("eu-isoe-", "aws-iso-e"),
        ("us-iso-", "aws-iso"),
    ];
    let found = known.iter().find(|(prefix, _)| region.starts_with(prefix));
    found.map_or("aws", |(_, partition)| partition)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_names_region_and_assumed_account() {
        let of = |key: &str| {
            Scope::of(&format!(
                "AWS4-HMAC-SHA256 Credential={key}/20260101/eu-west-1/states/aws4_request, SignedHeaders=host"
            ))
        };
        let plain = of("test");
        assert_eq!(plain.region.as_deref(), Some("eu-west-1"));
        assert_eq!(plain.account, None);
        assert_eq!(
            of("ASIASANDBOX111122223333").account.as_deref(),
            Some("111122223333")
        );
        assert_eq!(Scope::of(""), Scope::default());
        assert!(plain.is_elsewhere("arn:aws:states:us-east-1:123456789012:stateMachine:m"));
        assert!(!plain.is_elsewhere("arn:aws:states:eu-west-1:123456789012:stateMachine:m"));
        assert!(!plain.is_elsewhere("no-arn"));
    }

    #[test]
    fn regions_have_their_partitions() {
        for (region, expected) in [
            ("us-east-1", "aws"),
            ("us-gov-west-1", "aws-us-gov"),
            ("cn-north-1", "aws-cn"),
            ("eusc-de-east-1", "aws-eusc"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
        ] {
            assert_eq!(partition(region), expected, "{region}");
        }
    }
}
