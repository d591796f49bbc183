//! Where everything stands in a schedule file, to the byte: nodes, lines, comments. Pure; reads a text that was parsed
//! before, and never says what a value is.

use std::ops::Range;

use saphyr_parser::ScalarStyle;

use super::reader::{Reader, is_block};

/// A node and the bytes that it takes, without its anchor.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) start: usize,
    /// Of what is written in lines: without the last line's end.
    pub(super) end: usize,
    pub(super) kind: Kind,
}

/// The shape of a node.
#[derive(Debug)]
pub(super) enum Kind {
    /// With its text, and how it is written.
    Scalar(String, ScalarStyle),
    /// Its keys and values.
    Mapping {
        flow: bool,
        pairs: Vec<(Node, Node)>,
    },
    /// Its items; the first dash where it is not in brackets.
    Sequence {
        flow: bool,
        dash: usize,
        items: Vec<Node>,
    },
    /// Stands for another node.
    Alias,
}

impl Node {
    /// The bytes that it takes.
    pub(super) fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Is it written as lines of their own, and not within brackets or on one line?
    pub(super) fn is_block(&self) -> bool {
        match &self.kind {
            Kind::Scalar(_, style) => is_block(*style),
            Kind::Mapping { flow, .. } | Kind::Sequence { flow, .. } => !flow,
            Kind::Alias => false,
        }
    }

    /// The number of the pair with this key.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        let is =
            |(key, _): &(Node, Node)| matches!(&key.kind, Kind::Scalar(text, _) if text == name);
        self.pairs().iter().position(is)
    }

    /// Its keys and values, where it is a mapping.
    pub(super) fn pairs(&self) -> &[(Node, Node)] {
        match &self.kind {
            Kind::Mapping { pairs, .. } => pairs,
            _ => &[],
        }
    }
}

/// A text, and where everything stands in it.
#[derive(Debug)]
pub(super) struct Outline<'t> {
    pub(super) text: &'t str,
    pub(super) root: Node,
    /// Where each line begins.
    lines: Vec<usize>,
    pub(super) comments: Vec<Range<usize>>,
    /// Scalars in the text's order; of one that is written as lines: those lines, whole.
    pub(super) scalars: Vec<Range<usize>>,
    /// The number and place of each anchor, and of each alias.
    pub(super) anchors: Vec<(usize, usize)>,
    aliases: Vec<(usize, usize)>,
}

impl<'t> Outline<'t> {
    /// Of a text with line feeds only. `None`: it is no good YAML.
    pub(super) fn of(text: &'t str) -> Option<Self> {
        let mut reader = Reader::new(text);
        let root = reader.document()?;
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Some(Self {
            text,
            root,
            lines: std::iter::once(0).chain(breaks).collect(),
            comments: comments(text, &reader.scalars),
            scalars: reader.scalars,
            anchors: reader.anchors,
            aliases: reader.aliases,
        })
    }

    /// How many lines there are; after a last line feed, the empty one counts.
    pub(super) fn count(&self) -> usize {
        self.lines.len()
    }

    /// The number of the line, from 0, that an offset is on.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset) - 1
    }

    /// Where a line begins; behind the last one: the text's end.
    pub(super) fn begin(&self, line: usize) -> usize {
        self.lines.get(line).copied().unwrap_or(self.text.len())
    }

    /// A line's bytes, without its end.
    pub(super) fn span(&self, line: usize) -> Range<usize> {
        let (start, next) = (self.begin(line), self.begin(line + 1));
        let ended = self.text[start..next].ends_with('\n');
        start..next - usize::from(ended)
    }

    /// How far in what stands on a line begins; `None`: it is blank.
    pub(super) fn indent(&self, line: usize) -> Option<usize> {
        let text = &self.text[self.span(line)];
        text.find(|c: char| !c.is_whitespace())
    }

    /// How far in a node begins.
    pub(super) fn column(&self, offset: usize) -> usize {
        offset - self.begin(self.line(offset))
    }

    /// Does nothing but blanks stand before it on its line?
    pub(super) fn is_first(&self, offset: usize) -> bool {
        self.indent(self.line(offset)) == Some(self.column(offset))
    }

    /// Is there nothing but a comment on this line?
    pub(super) fn is_comment(&self, line: usize) -> bool {
        self.indent(line).is_some_and(|indent| {
            let at = self.begin(line) + indent;
            self.comments
                .binary_search_by_key(&at, |comment| comment.start)
                .is_ok()
        })
    }

    /// The first comment in a range.
    pub(super) fn comment_in(&self, range: &Range<usize>) -> Option<&Range<usize>> {
        // They are in order.
        let first = self
            .comments
            .partition_point(|comment| comment.start < range.start);
        let inside = |comment: &&Range<usize>| comment.start < range.end;
        self.comments.get(first).filter(inside)
    }

    /// Where something in a range has a name (`&name`) that is used elsewhere, and where that is.
    pub(super) fn used_elsewhere(&self, range: &Range<usize>) -> Option<(usize, usize)> {
        let mut inside = self.anchors.iter().filter(|(_, at)| range.contains(at));
        let use_of = |anchor: &(usize, usize)| {
            let outside =
                |alias: &&(usize, usize)| alias.0 == anchor.0 && !range.contains(&alias.1);
            let alias = self.aliases.iter().find(outside)?;
            Some((anchor.1, alias.1))
        };
        inside.find_map(use_of)
    }

    /// The first of the comment lines that stand directly above a key, as far in as the key.
    pub(super) fn head(&self, key: &Node) -> usize {
        let (mut line, column) = (self.line(key.start), self.column(key.start));
        while line > 0 && self.is_comment(line - 1) && self.indent(line - 1) == Some(column) {
            line -= 1;
        }
        line
    }

    /// The line after a pair, and after the comments behind it that are farther in than its key.
    pub(super) fn tail(&self, key: &Node, value: &Node) -> usize {
        let column = self.column(key.start);
        let mut after = self.line(value.end.max(key.end)) + 1;
        for line in after..self.count() {
            match self.indent(line) {
                None => {}
                Some(indent) if indent > column && self.is_comment(line) => after = line + 1,
                Some(_) => break,
            }
        }
        after
    }

    /// Behind a key's colon.
    pub(super) fn colon(&self, key: &Node) -> usize {
        let colon = self.text[key.end..].find(':');
        colon.map_or(key.end, |colon| key.end + colon + 1)
    }
}

/// The comments: what begins with a `#` that no scalar holds.
fn comments(text: &str, scalars: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let (mut at, mut scalars) = (0, scalars.iter());
    loop {
        let scalar = scalars.next();
        let until = scalar.map_or(text.len(), |scalar| scalar.start);
        while at < until {
            let Some(sign) = text[at..until].find('#') else {
                break;
            };
            let sign = at + sign;
            let begins = |c: char| c.is_ascii_whitespace() || "[]{},".contains(c);
            if !text[..sign].chars().next_back().is_none_or(begins) {
                at = sign + 1;
                continue;
            }
            at = text[sign..].find('\n').map_or(text.len(), |n| sign + n);
            found.push(sign..at);
        }
        match scalar {
            Some(scalar) => at = at.max(scalar.end),
            None => return found,
        }
    }
}
