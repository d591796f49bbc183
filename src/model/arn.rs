//! What an ARN of Step Functions says: where a state machine is. Pure; knows no call.

use std::fmt;

/// The partition that an ARN is of.
pub fn partition(arn: &str) -> Option<&str> {
    let mut parts = arn.split(':');
    (parts.next() == Some("arn")).then_some(())?;
    parts.next().filter(|partition| !partition.is_empty())
}

/// The beginnings of the names of regions, by partition. All others are of `aws`.
const PARTITIONS: [(&str, &str); 7] = [
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("eusc-", "aws-eusc"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-isof-", "aws-iso-f"),
];

/// The partition that a region is in, by the region's name.
pub fn partition_of_region(region: &str) -> &'static str {
    let found = PARTITIONS
        .iter()
        .find(|(begins, _)| region.starts_with(begins));
    found.map_or("aws", |(_, partition)| partition)
}

/// An account in a region: what has quotas, rights and outages of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Twelve digits.
    pub account: String,
    /// Such as `us-east-1`.
    pub region: String,
}

impl Place {
    /// Where the state machine or the execution of this ARN is; `None`: it is no such ARN.
    pub fn of(arn: &str) -> Option<Self> {
        let mut parts = arn.split(':');
        let (arn, _, service) = (parts.next()?, parts.next()?, parts.next()?);
        let (region, account) = (parts.next()?, parts.next()?);
        let good = arn == "arn" && service == "states" && !region.is_empty() && !account.is_empty();
        good.then(|| Self {
            account: account.to_owned(),
            region: region.to_owned(),
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.account, self.region)
    }
}

/// The ARN of the state machine alone, of one that may name a version or an alias of it.
pub fn unqualified(state_machine: &str) -> &str {
    let mut ends = state_machine.match_indices(':').map(|(end, _)| end);
    ends.nth(6)
        .map_or(state_machine, |end| &state_machine[..end])
}

/// A state machine's ARN in parts, without a version or an alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineArn {
    /// `aws`, `aws-cn`, `aws-us-gov`, `aws-eusc` …
    pub partition: String,
    /// Where it is.
    pub place: Place,
    /// The machine's own name.
    pub name: String,
}

impl MachineArn {
    /// `None`: this is not the ARN of a state machine.
    pub fn parse(arn: &str) -> Option<Self> {
        let parts: Vec<&str> = arn.split(':').collect();
        let [_, partition, _, _, _, "stateMachine", name, ..] = parts[..] else {
            return None;
        };
        Some(Self {
            partition: partition.to_owned(),
            place: Place::of(arn)?,
            name: name.to_owned(),
        })
    }

    /// The ARN of something in the same place, such as `arn:aws:lambda:us-east-1:123456789012:` and what follows.
    pub fn beside(&self, service: &str, resource: &str) -> String {
        let Self {
            partition, place, ..
        } = self;
        format!(
            "arn:{partition}:{service}:{}:{}:{resource}",
            place.region, place.account
        )
    }
}

impl fmt::Display for MachineArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.beside("states", &format!("stateMachine:{}", self.name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_in_one_partition() {
        for (region, expected) in [
            ("us-east-1", "aws"),
            ("us-gov-west-1", "aws-us-gov"),
            ("cn-northwest-1", "aws-cn"),
            ("eu-central-1", "aws"),
            ("eusc-de-east-1", "aws-eusc"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eu-isoe-west-1", "aws-iso-e"),
            ("us-isof-south-1", "aws-iso-f"),
            ("local", "aws"),
        ] {
            assert_eq!(partition_of_region(region), expected, "{region}");
        }
        assert_eq!(partition("arn:aws-cn:states:::a"), Some("aws-cn"));
        assert_eq!((partition("hello"), partition("arn")), (None, None));
    }

    #[test]
    fn an_arn_says_where_it_is() {
        let machine = "arn:aws-cn:states:cn-north-1:123456789012:stateMachine:A";
        let parsed = MachineArn::parse(&format!("{machine}:PROD")).expect("an ARN");
        assert_eq!(parsed.to_string(), machine);
        let execution = "arn:aws-cn:states:cn-north-1:123456789012:execution:A:x-0";
        assert_eq!(Place::of(execution), Some(parsed.place));
        for wrong in ["", "arn:aws:lambda:us-east-1:123456789012:function:f", "A"] {
            assert_eq!(Place::of(wrong), None, "{wrong}");
        }
        assert_eq!(MachineArn::parse(execution), None);
    }
}
