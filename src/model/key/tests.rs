use proptest::prelude::*;

use super::*;
use crate::model::name::{Fingerprint, Owner, execution_name, parse_execution_name};

fn key(name: &str) -> EntryKey {
    EntryKey::of(&EntryName::parse(name).unwrap())
}

#[test]
fn a_name_that_fits_is_its_own_key() {
    for name in ["a", "0", "A-b_c9", "a-1234567890ab", &"x".repeat(44)] {
        assert_eq!(key(name).as_str(), name);
        assert_eq!(key(name).name().unwrap().as_str(), name);
        assert_eq!(key(name).legible(), name);
    }
}

/// Never changed: executions that run bear these.
#[test]
fn any_other_name_is_digested() {
    for (name, expected) in [
        ("launch.email.v2", "_launch-email-v2-"),
        (".", "_--"),
        ("..", "_---"),
        ("-", "_--"),
        ("-a", "_-a-"),
        ("_a", "__a-"),
        (&"x".repeat(45), "_xxxxxxxxxxxxxxxxxxxxxx-"),
    ] {
        let key = key(name);
        let digest = Sha256::digest(name)[..10]
            .iter()
            .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        assert_eq!(key.as_str(), format!("{expected}{digest}"));
        assert!(key.is_digest() && key.name().is_none(), "{key}");
        assert_eq!(EntryKey::parse(key.as_str()).unwrap(), key);
    }
    assert_eq!(
        key("launch.email.v2").as_str(),
        "_launch-email-v2-a58d6630039740dc4b9d"
    );
    assert_eq!(key("launch.email.v2").legible(), "launch-email-v2…");
}

#[test]
fn what_is_no_key() {
    let digest = "0123456789abcdef0123";
    assert!(EntryKey::parse(&format!("_a-{digest}")).is_ok());
    for text in [
        "",
        "_",
        "-a",
        "a.b",
        "_a",
        &format!("_{digest}"),
        &format!("_-{digest}"),
        &format!("_a{digest}"),
        &format!("_a.b-{digest}"),
        &format!("_{}-{digest}", "x".repeat(23)),
        &format!("_a-{}", digest.to_uppercase()),
        &"x".repeat(45),
    ] {
        assert!(EntryKey::parse(text).is_err(), "{text}");
    }
}

#[test]
fn digests_are_looked_up() {
    let names = ["a", "b.c", "d.e"].map(|name| EntryName::parse(name).unwrap());
    let keys = [key("a"), key("b.c"), key("x.y"), key("z")];
    let found = Keys::find(&keys, &names);
    let found = |key: &EntryKey| found.name(key).map(|name| name.to_string());
    let [a, b, x, z] = keys.each_ref().map(found);
    assert_eq!(a.as_deref(), Some("a"));
    assert_eq!(b.as_deref(), Some("b.c"));
    assert_eq!(x, None);
    // A name that fits is read, whoever has it.
    assert_eq!(z.as_deref(), Some("z"));
    assert_eq!(Keys::find(&keys[..1], &names), Keys::default());
}

fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9A-Za-z._-]{1,64}",
        "[0-9A-Za-z]{1,3}",
        "[._-]{1,4}",
        "[a-c_-][a-c._-]{0,3}-[0-9a-f]{12}",
        "[a-c_-][a-c._-]{0,3}-[0-9a-f]{12}-[0-9]",
        "_?[a-c._-]{1,22}-[0-9a-f]{20}",
        "[a-z]{42,46}",
    ]
}

proptest! {
    /// Which entry an execution is of is never in doubt, and its name can be one.
    #[test]
    fn no_two_names_have_one_execution(
        (a, b) in (names(), names()),
        owner in "[a-z0-9]{1,16}",
        (fingerprint, generation) in (any::<[u8; 6]>(), 0..100_000_u32),
    ) {
        let owner = Owner::parse(&owner).unwrap();
        let fingerprint = Fingerprint::from_bytes(fingerprint);
        let of = |name: &str| execution_name(&owner, &key(name), &fingerprint, generation);
        let (first, second) = (of(&a), of(&b));
        prop_assert_eq!(first == second, a == b);
        prop_assert!(first.len() <= 80);
        prop_assert!(first.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-')));
        let read = parse_execution_name(&owner, &first);
        prop_assert_eq!(read, Some((key(&a), fingerprint, generation)));
        // As it always was.
        if fits(&a) {
            let before = format!("{}-{a}-{fingerprint}-{generation}", owner.as_str());
            prop_assert_eq!(first, before);
        } else {
            // Whatever follows the owner in the name of an entry that fits, it is not `_`.
            prop_assert!(first[owner.as_str().len() + 1..].starts_with('_'));
        }
        // What stands for a name can't be mistaken for the key of the entry that has exactly this name.
        let stands = key(&a);
        if stands.is_digest() {
            prop_assert_ne!(&EntryKey::of(&stands.stand_in()), &stands);
        }
    }
}
