//! Nodes as the canonical JSON that is sent: keys sorted by code point, no spaces, numbers with their digits. Pure.

use std::borrow::Cow;

use super::{Node, Place, Scalar, keys, marks, numbers, resolve};
use crate::model::marks::Marks;
use crate::source::time::Wrong;

/// What can't be written, and where it stands.
pub(in crate::source) type Failed = (Place, Wrong);

/// More bytes than these are counted, not written: no execution takes so many.
const MOST_BYTES: usize = 8 << 20;

/// How many places with the same marks are kept of a value.
const MOST_MARKED: usize = 5;

/// What is written of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::source) struct Written {
    /// Canonical JSON.
    pub(in crate::source) text: String,
    /// The same as the last onced before this reader wrote it, where that was something else: it kept numbers in 64 bits.
    pub(in crate::source) before: Option<String>,
    /// What of it had better be looked at.
    pub(in crate::source) marks: Marks,
    /// The same, with the places.
    pub(in crate::source) marked: Vec<Marked>,
    /// There is more of it than is ever sent.
    pub(in crate::source) is_cut: bool,
}

/// Where a value has something with marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) struct Marked {
    pub(in crate::source) marks: Marks,
    /// Its first byte.
    pub(in crate::source) at: usize,
    /// Counts those with the same marks of which the places are not kept, too.
    pub(in crate::source) count: usize,
}

/// The members of an object, in any order.
pub(in crate::source) type Members<'d> = Vec<(&'d str, Member<'d>)>;

/// What stands behind a key.
#[derive(Debug, Clone)]
pub(in crate::source) enum Member<'d> {
    Node(Node<'d>),
    /// A text that stands in no file.
    Text(String),
}

/// Writes one value.
#[derive(Debug, Default)]
pub(in crate::source) struct Writer {
    text: String,
    failed: Vec<Failed>,
    marked: Vec<Marked>,
    /// Are numbers written as before?
    before: bool,
    /// Some number was written in another way before.
    differs: bool,
    /// Some number was refused before.
    refused: bool,
}

impl Writer {
    /// A value.
    pub(in crate::source) fn value(node: Node<'_>) -> Result<Written, Vec<Failed>> {
        Self::write(|writer| writer.node(node))
    }

    /// An object of these members.
    pub(in crate::source) fn object(members: &Members<'_>) -> Result<Written, Vec<Failed>> {
        Self::write(|writer| writer.members(members.clone()))
    }

    fn write(of: impl Fn(&mut Self)) -> Result<Written, Vec<Failed>> {
        let mut writer = Self::default();
        of(&mut writer);
        if !writer.failed.is_empty() {
            return Err(writer.failed);
        }
        let before = (writer.differs && !writer.refused).then(|| {
            let mut before = Self {
                before: true,
                ..Self::default()
            };
            of(&mut before);
            before.text
        });
        let marks = writer.marked.iter();
        Ok(Written {
            marks: marks.fold(Marks::NONE, |all, one| all | one.marks),
            marked: writer.marked,
            is_cut: writer.text.len() > MOST_BYTES,
            text: writer.text,
            before,
        })
    }

    fn is_full(&self) -> bool {
        self.text.len() > MOST_BYTES
    }

    fn node(&mut self, node: Node<'_>) {
        if self.is_full() {
            return;
        }
        let value = node.resolved();
        match resolve(&value) {
            Ok(Some(scalar)) => {
                self.mark(marks::of(value, &scalar), value);
                self.scalar(&scalar);
            }
            Ok(None) if value.is_mapping() => match members(value) {
                Ok(members) => self.members(members),
                Err(failed) => self.failed.extend(failed),
            },
            Ok(None) => {
                self.text.push('[');
                for (n, item) in value.items().enumerate() {
                    if n > 0 {
                        self.text.push(',');
                    }
                    self.node(item);
                }
                self.text.push(']');
            }
            Err(wrong) => self.failed.push((node.place(), wrong)),
        }
    }

    fn mark(&mut self, marks: Marks, node: Node<'_>) {
        if marks.is_none() {
            return;
        }
        let at = node.start();
        let mut same = self.marked.iter_mut().filter(|one| one.marks == marks);
        match same.nth(MOST_MARKED - 1) {
            Some(last) => last.count += 1,
            None => self.marked.push(Marked {
                marks,
                at,
                count: 1,
            }),
        }
    }

    fn members(&mut self, mut members: Members<'_>) {
        members.sort_unstable_by_key(|(key, _)| *key);
        self.text.push('{');
        for (n, (key, member)) in members.into_iter().enumerate() {
            if n > 0 {
                self.text.push(',');
            }
            self.quoted(key);
            self.text.push(':');
            match member {
                Member::Node(node) => {
                    let key = node.key();
                    self.mark(marks::of_key(key), key.resolved());
                    self.node(node);
                }
                Member::Text(text) => self.quoted(&text),
            }
        }
        self.text.push('}');
    }

    fn scalar(&mut self, scalar: &Scalar<'_>) {
        match scalar {
            Scalar::Null => self.text.push_str("null"),
            Scalar::Bool(true) => self.text.push_str("true"),
            Scalar::Bool(false) => self.text.push_str("false"),
            Scalar::Text(text) => self.quoted(text),
            Scalar::Number(number) => {
                let before = || numbers::before(number).unwrap_or(Cow::Borrowed(number));
                if self.before {
                    let before = before();
                    self.text.push_str(&before);
                    return;
                }
                // Short whole numbers are the same in both.
                let is_plain = number.len() < 16 && number.bytes().all(|b| b.is_ascii_digit());
                if !is_plain {
                    self.refused |= numbers::before(number).is_none();
                    self.differs |= before() != number.as_ref();
                }
                self.text.push_str(number);
            }
        }
    }

    fn quoted(&mut self, text: &str) {
        let plain = |byte: u8| byte >= 0x20 && byte != b'"' && byte != b'\\';
        if text.bytes().all(plain) {
            self.text.push('"');
            self.text.push_str(text);
            self.text.push('"');
        } else {
            self.text
                .push_str(&serde_json::Value::from(text).to_string());
        }
    }
}

/// The members of a mapping in a payload.
pub(in crate::source) fn members(mapping: Node<'_>) -> Result<Members<'_>, Vec<Failed>> {
    let mut failed = Vec::new();
    let mut members = Vec::new();
    for (key, value) in mapping.resolved().pairs() {
        match keys::of_payload(&key) {
            Ok(text) => members.push((text, Member::Node(value))),
            Err(wrong) => failed.push((key.place(), wrong)),
        }
    }
    if failed.is_empty() {
        Ok(members)
    } else {
        Err(failed)
    }
}
