//! What was decided of each entry. Pure.

use super::Decision;
use crate::model::entry::EntryName;

/// The decision of each entry, by name: made once, in order, and then looked up. A map of nodes takes twice the memory,
/// which for a million entries is what planning them costs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decisions(Vec<(EntryName, Decision)>);

impl Decisions {
    /// These, which come in the order of their names, each once.
    pub(super) fn in_order(decisions: impl Iterator<Item = (EntryName, Decision)>) -> Self {
        let decisions: Vec<_> = decisions.collect();
        // Out of order, some would not be found, and what holds them would not.
        assert!(decisions.is_sorted_by(|(a, _), (b, _)| a < b));
        Self(decisions)
    }

    fn place(&self, name: &EntryName) -> Option<usize> {
        self.0.binary_search_by(|(other, _)| other.cmp(name)).ok()
    }

    /// An entry's.
    pub fn get(&self, name: &EntryName) -> Option<&Decision> {
        self.place(name).map(|place| &self.0[place].1)
    }

    /// An entry's, to be changed.
    pub(crate) fn get_mut(&mut self, name: &EntryName) -> Option<&mut Decision> {
        self.place(name).map(|place| &mut self.0[place].1)
    }

    /// Every name, in order.
    pub fn keys(&self) -> impl Iterator<Item = &EntryName> {
        self.0.iter().map(|(name, _)| name)
    }

    /// Every decision, by name.
    pub fn values(&self) -> impl Iterator<Item = &Decision> {
        self.0.iter().map(|(_, decision)| decision)
    }

    /// Both, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&EntryName, &Decision)> {
        self.0.iter().map(|(name, decision)| (name, decision))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&EntryName, &mut Decision)> {
        self.0.iter_mut().map(|(name, decision)| (&*name, decision))
    }
}

impl FromIterator<(EntryName, Decision)> for Decisions {
    /// In any order; of two of one name, the last one holds.
    fn from_iter<T: IntoIterator<Item = (EntryName, Decision)>>(decisions: T) -> Self {
        let by_name: std::collections::BTreeMap<_, _> = decisions.into_iter().collect();
        Self::in_order(by_name.into_iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::plan::Step;

    #[test]
    fn each_is_found_by_its_name() {
        let name = |text: &str| EntryName::parse(text).expect("a name");
        let rest = Decision::Rest { wake: None };
        let act = Decision::Act(Step::Look, "why");
        let names = ["c", "a", "b", "a"].map(name);
        let mut decisions: Decisions = names.map(|name| (name, rest.clone())).into_iter().collect();
        *decisions.get_mut(&name("b")).expect("it is there") = act.clone();
        let found: Vec<(&str, &Decision)> =
            decisions.iter().map(|(n, d)| (n.as_str(), d)).collect();
        assert_eq!(found, [("a", &rest), ("b", &act), ("c", &rest)]);
        assert_eq!(decisions.get(&name("b")), Some(&act));
        assert_eq!(
            (decisions.get(&name("0")), decisions.get(&name("d"))),
            (None, None)
        );
    }
}
