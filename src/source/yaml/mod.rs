//! YAML 1.2 as schedule files are written in: one reader for what they mean, where it stands and how it is changed. Pure.
//!
//! A text becomes a `Document`: its nodes in the order of the text, each with its bytes. What a scalar means is decided
//! in `scalar`, by the core schema and without rounding a number; the JSON that is sent comes from `json`.

mod characters;
mod fault;
mod json;
mod keys;
mod marks;
mod numbers;
mod reader;
mod scalar;
mod tags;
mod value;
mod yaml_1_1;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Range;

pub(super) use characters::{check_plain, lines, readable};
pub(super) use fault::Fault;
pub(super) use granit_parser::ScalarStyle as Style;
pub(super) use json::{Failed, Marked, Member, Members, Writer, Written, members};
pub(super) use marks::of_whole;
pub use reader::count;
pub(super) use reader::read;
pub(super) use scalar::{Scalar, is_text, resolve};
pub(super) use tags::Tag;
pub(super) use value::as_yaml;
pub use value::{Value, from_json};

/// A place in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// From 1.
    pub(super) line: usize,
    /// From 1, in characters.
    pub(super) column: usize,
}

/// A text and the nodes of its one document.
#[derive(Debug)]
pub(super) struct Document<'t> {
    pub(super) text: &'t str,
    /// Each node before those within it.
    nodes: Vec<Item<'t>>,
    /// By number, from 1: the node that is named, and the bytes of `&name`.
    pub(super) anchors: Vec<(u32, Range<usize>)>,
    /// In the text's order; without the line's end.
    pub(super) comments: Vec<Range<usize>>,
    /// The first of what is wrong, although the text could be read on.
    pub(super) faults: Vec<Fault>,
    /// How much that is in all.
    pub(super) count: usize,
    lines: OnceCell<Vec<usize>>,
}

/// One node.
#[derive(Debug)]
struct Item<'t> {
    /// Its bytes, without anchor and tag. A block scalar begins with its `|` or `>`, a block sequence with its first dash.
    start: u32,
    /// Behind its last byte; of what is written in lines, without the last line's end.
    end: u32,
    /// From 1.
    line: u32,
    /// The node behind all that is within this one.
    next: u32,
    tag: Option<Tag>,
    kind: Kind<'t>,
}

/// The shape of a node.
#[derive(Debug)]
pub(super) enum Kind<'t> {
    /// With its text, and how it is written.
    Scalar(Cow<'t, str>, Style),
    /// Its items.
    Sequence {
        /// Is it written within brackets?
        flow: bool,
    },
    /// Keys and values by turns.
    Mapping {
        /// Is it written within brackets?
        flow: bool,
    },
    /// Stands for the node that this anchor names.
    Alias(u32),
}

/// A node of a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'d> {
    document: &'d Document<'d>,
    at: u32,
}

/// How many faults of a file are told, and the others counted: finding the place of each takes as long as its line.
pub(super) const MOST_FAULTS: usize = 50;

impl Kind<'_> {
    /// Is it a collection within brackets?
    fn is_flow(&self) -> bool {
        matches!(
            self,
            Self::Mapping { flow: true } | Self::Sequence { flow: true }
        )
    }
}

impl Document<'_> {
    /// Its root.
    pub(super) fn root(&self) -> Node<'_> {
        Node {
            document: self,
            at: 0,
        }
    }

    /// Where each line begins. A carriage return alone ends a line, too.
    pub(super) fn lines(&self) -> &[usize] {
        self.lines.get_or_init(|| characters::lines(self.text))
    }

    /// The place of a byte.
    pub(super) fn place(&self, at: usize) -> Place {
        let line = self.lines().partition_point(|start| *start <= at);
        let start = self.lines()[line.saturating_sub(1)];
        let before = self.text.get(start..at).unwrap_or_default();
        Place {
            line,
            column: before.chars().count() + 1,
        }
    }

    /// All nodes in the text's order.
    pub(super) fn all(&self) -> impl Iterator<Item = Node<'_>> {
        let count = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        (0..count).map(|at| Node { document: self, at })
    }
}

impl<'d> Node<'d> {
    fn item(&self) -> &'d Item<'d> {
        &self.document.nodes[self.at as usize]
    }

    fn with(&self, at: u32) -> Self {
        Self {
            document: self.document,
            at,
        }
    }

    /// Its shape.
    pub(super) fn kind(&self) -> &'d Kind<'d> {
        &self.item().kind
    }

    /// Its tag, if it has one.
    pub(super) fn tag(&self) -> Option<Tag> {
        self.item().tag
    }

    /// Its bytes: see [`Item`].
    pub(super) fn range(&self) -> Range<usize> {
        self.start()..self.end()
    }

    /// Its first byte.
    pub(super) fn start(&self) -> usize {
        self.item().start as usize
    }

    /// Behind its last byte.
    pub(super) fn end(&self) -> usize {
        self.item().end as usize
    }

    /// The line that it begins on, from 1.
    pub(super) fn line(&self) -> usize {
        self.item().line as usize
    }

    /// Where it begins.
    pub(super) fn place(&self) -> Place {
        self.document.place(self.start())
    }

    /// The place of a byte of its text.
    pub(super) fn place_of(&self, at: usize) -> Place {
        self.document.place(at)
    }

    /// The key that this is the value of: the node before it, since a key has nothing within it.
    pub(super) fn key(&self) -> Self {
        self.with(self.at.saturating_sub(1))
    }

    /// The node itself, or the one that it stands for.
    pub(super) fn resolved(&self) -> Self {
        match self.kind() {
            Kind::Alias(anchor) => {
                let named = self.document.anchors.get(*anchor as usize - 1);
                named.map_or(*self, |(at, _)| self.with(*at))
            }
            _ => *self,
        }
    }

    /// Nothing stands where it is.
    pub(super) fn is_nothing(&self) -> bool {
        matches!(self.kind(), Kind::Scalar(_, Style::Plain)) && self.range().is_empty()
    }

    /// Does it mean null? What an alias stands for counts.
    pub(super) fn is_null(&self) -> bool {
        matches!(resolve(&self.resolved()), Ok(Some(Scalar::Null)))
    }

    /// Is it a mapping? What an alias stands for counts.
    pub(super) fn is_mapping(&self) -> bool {
        matches!(self.resolved().kind(), Kind::Mapping { .. })
    }

    /// Is it a sequence? What an alias stands for counts.
    pub(super) fn is_sequence(&self) -> bool {
        matches!(self.resolved().kind(), Kind::Sequence { .. })
    }

    /// The text of a scalar as it is spelled. What an alias stands for counts.
    pub(super) fn spelled(&self) -> Option<&'d str> {
        match self.resolved().kind() {
            Kind::Scalar(text, _) => Some(text),
            _ => None,
        }
    }

    /// The nodes within it, one after the other.
    fn within(&self) -> impl Iterator<Item = Self> + use<'d> {
        let (document, end) = (self.document, self.item().next);
        let mut at = self.at + 1;
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let node = Node { document, at };
                at = node.item().next;
                node
            })
        })
    }

    /// The items of a sequence; of anything else, none.
    pub(super) fn items(&self) -> impl Iterator<Item = Self> + use<'d> {
        let is = matches!(self.kind(), Kind::Sequence { .. });
        self.within().filter(move |_| is)
    }

    /// The keys and values of a mapping, in its order; of anything else, none.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (Self, Self)> + use<'d> {
        let is = matches!(self.kind(), Kind::Mapping { .. });
        let mut within = self.within().filter(move |_| is);
        std::iter::from_fn(move || Some((within.next()?, within.next()?)))
    }

    /// The pair with this key, as it is spelled.
    pub(super) fn find(&self, key: &str) -> Option<(Self, Self)> {
        self.pairs().find(|(known, _)| known.spelled() == Some(key))
    }

    /// Is it written as lines of their own, and not within brackets or on one line?
    pub(super) fn is_block(&self) -> bool {
        match self.kind() {
            Kind::Scalar(_, style) => is_block(*style),
            Kind::Mapping { flow } | Kind::Sequence { flow } => !flow,
            Kind::Alias(_) => false,
        }
    }
}

/// Is it written as lines below a `|` or `>`?
pub(super) fn is_block(style: Style) -> bool {
    matches!(style, Style::Literal | Style::Folded)
}
