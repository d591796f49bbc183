//! Tags: those that writers put where they change nothing are taken, any other is an error that names whose it is. Pure.

/// A tag that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) enum Tag {
    /// `!`: a text, or as without it.
    Local,
    Str,
    Null,
    Bool,
    Int,
    Float,
    /// Of a time.
    Timestamp,
    /// Of a collection, which it changes nothing of.
    Collection,
}

/// What a tag stands before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Scalar,
    Sequence,
    Mapping,
}

/// By the beginning of a tag: whose it is.
const OWNERS: &[(&str, &str)] = &[
    ("!vault", "Ansible's"),
    ("!unsafe", "Ansible's"),
    ("!Ref", "CloudFormation's"),
    ("!Sub", "CloudFormation's"),
    ("!GetAtt", "CloudFormation's"),
    ("!GetAZs", "CloudFormation's"),
    ("!ImportValue", "CloudFormation's"),
    ("!Join", "CloudFormation's"),
    ("!Select", "CloudFormation's"),
    ("!Split", "CloudFormation's"),
    ("!FindInMap", "CloudFormation's"),
    ("!Base64", "CloudFormation's"),
    ("!If", "CloudFormation's"),
    ("!Equals", "CloudFormation's"),
    ("!And", "CloudFormation's"),
    ("!Or", "CloudFormation's"),
    ("!Not", "CloudFormation's"),
    ("!Condition", "CloudFormation's"),
    ("!Transform", "CloudFormation's"),
    ("!Cidr", "CloudFormation's"),
    ("!secret", "Home Assistant's and ESPHome's"),
    ("!include", "of programs that put files together"),
    ("!env_var", "of programs that read the environment"),
    ("!env", "of programs that read the environment"),
    ("!ENV", "of programs that read the environment"),
    ("!reference", "GitLab's"),
    ("!ruby/", "Ruby's"),
    ("!perl/", "Perl's"),
    ("!php/", "PHP's"),
    ("!!python/", "Python's"),
    ("!!java", "Java's"),
    ("!!js/", "JavaScript's"),
    ("!!perl/", "Perl's"),
    ("!!binary", "YAML's for bytes"),
    ("!!set", "YAML's for sets"),
    ("!!omap", "YAML's for pairs in order"),
    ("!!pairs", "YAML's for pairs in order"),
    ("!!merge", "YAML's for `<<`"),
];

/// The tag, if it is one that is taken there; else what is wrong, and what to write.
pub(super) fn taken(tag: &granit_parser::Tag, of: Of) -> Result<Tag, (String, Option<String>)> {
    if tag.handle() == "!" && tag.suffix().is_empty()
        || tag.handle().is_empty() && tag.suffix() == "!"
    {
        return Ok(if of == Of::Scalar {
            Tag::Local
        } else {
            Tag::Collection
        });
    }
    let core = tag.suffix_in_namespace("tag:yaml.org,2002:");
    let core = core.as_deref();
    let known = match (core, of) {
        (Some("str"), Of::Scalar) => Some(Tag::Str),
        (Some("null"), Of::Scalar) => Some(Tag::Null),
        (Some("bool"), Of::Scalar) => Some(Tag::Bool),
        (Some("int"), Of::Scalar) => Some(Tag::Int),
        (Some("float"), Of::Scalar) => Some(Tag::Float),
        (Some("timestamp"), Of::Scalar) => Some(Tag::Timestamp),
        (Some("seq"), Of::Sequence) | (Some("map"), Of::Mapping) => Some(Tag::Collection),
        _ => None,
    };
    if let Some(known) = known {
        return Ok(known);
    }
    let name = core.map_or_else(
        || format!("{}{}", tag.handle(), tag.suffix()),
        |core| format!("!!{core}"),
    );
    let name: String = name.chars().take(80).collect();
    if matches!(
        core,
        Some("str" | "null" | "bool" | "int" | "float" | "timestamp" | "seq" | "map")
    ) {
        let message = format!("the tag `{name}` does not go with what it stands before");
        return Err((message, Some("write the value as that kind".into())));
    }
    let begins = |known: &&(&str, &str)| {
        let rest = name.strip_prefix(known.0);
        rest.is_some_and(|rest| {
            known.0.ends_with('/') || !rest.starts_with(|c: char| c.is_ascii_alphanumeric())
        })
    };
    let whose = OWNERS.iter().find(begins).map(|(_, whose)| *whose);
    let message = match whose {
        Some(whose) => format!("the tag `{name}` is {whose}, and onced can't resolve it"),
        // What follows may be part of a payload.
        None => "this tag (`!…`) is of another program, and onced can't resolve it".into(),
    };
    let hint = match core {
        Some("binary") => "write the text that the function expects, such as base64 in quotes",
        Some("set") => "write a list",
        Some("omap" | "pairs") => "write a list of mappings",
        _ => "let that program write the file with the values in their places",
    };
    Err((message, Some(hint.into())))
}
