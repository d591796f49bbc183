//! Where everything stands in a schedule file, to the byte: nodes, lines, comments. Pure; reads a text that was parsed
//! before, and never says what a value is.

use std::ops::Range;

use crate::source::yaml::{self, Document, Kind, Node, is_block};

/// A text, and where everything stands in it.
#[derive(Debug)]
pub(super) struct Outline<'t> {
    pub(super) text: &'t str,
    document: Document<'t>,
    /// Where each line begins.
    lines: Vec<usize>,
    /// Scalars in the text's order; of one that is written as lines: those lines, whole.
    pub(super) scalars: Vec<Range<usize>>,
    /// The number and place of each alias.
    aliases: Vec<(usize, usize)>,
}

impl<'t> Outline<'t> {
    /// Of a text with line feeds only. `None`: it is no good YAML.
    pub(super) fn of(text: &'t str) -> Option<Self> {
        let document = yaml::read(text, true).ok()??;
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        let (mut scalars, mut aliases) = (Vec::new(), Vec::new());
        for node in document.all() {
            match node.kind() {
                Kind::Alias(anchor) => aliases.push((*anchor as usize, node.start())),
                Kind::Scalar(_, style) if is_block(*style) => {
                    let header = &text[node.start()..];
                    let first = header.find('\n').map_or(text.len(), |n| node.start() + n);
                    if node.end() > first {
                        scalars.push(first + 1..(node.end() + 1).min(text.len()));
                    }
                }
                Kind::Scalar(..) if !node.range().is_empty() => scalars.push(node.range()),
                _ => {}
            }
        }
        Some(Self {
            text,
            lines: std::iter::once(0).chain(breaks).collect(),
            scalars,
            aliases,
            document,
        })
    }

    /// The node that all others are within.
    pub(super) fn root(&self) -> Node<'_> {
        self.document.root()
    }

    /// All nodes in the text's order.
    pub(super) fn nodes(&self) -> impl Iterator<Item = Node<'_>> {
        self.document.all()
    }

    /// The comments in the text's order.
    pub(super) fn comments(&self) -> &[Range<usize>] {
        &self.document.comments
    }

    /// The number of each anchor and its place.
    pub(super) fn anchors(&self) -> impl Iterator<Item = (usize, usize)> {
        let anchors = self.document.anchors.iter().enumerate();
        anchors.map(|(n, (_, bytes))| (n + 1, bytes.start))
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
            self.comments()
                .binary_search_by_key(&at, |comment| comment.start)
                .is_ok()
        })
    }

    /// The first comment in a range.
    pub(super) fn comment_in(&self, range: &Range<usize>) -> Option<&Range<usize>> {
        // They are in order.
        let first = self
            .comments()
            .partition_point(|comment| comment.start < range.start);
        let inside = |comment: &&Range<usize>| comment.start < range.end;
        self.comments().get(first).filter(inside)
    }

    /// Where something in a range has a name (`&name`) that is used elsewhere, and where that is.
    pub(super) fn used_elsewhere(&self, range: &Range<usize>) -> Option<(usize, usize)> {
        let mut inside = self.anchors().filter(|(_, at)| range.contains(at));
        let use_of = |anchor: (usize, usize)| {
            let outside =
                |alias: &&(usize, usize)| alias.0 == anchor.0 && !range.contains(&alias.1);
            let alias = self.aliases.iter().find(outside)?;
            Some((anchor.1, alias.1))
        };
        inside.find_map(use_of)
    }

    /// The first of the comment lines that stand directly above a key, as far in as the key.
    pub(super) fn head(&self, key: Node<'_>) -> usize {
        let (mut line, column) = (self.line(key.start()), self.column(key.start()));
        while line > 0 && self.is_comment(line - 1) && self.indent(line - 1) == Some(column) {
            line -= 1;
        }
        line
    }

    /// The line after a pair, and after the comments behind it that are farther in than its key.
    pub(super) fn tail(&self, key: Node<'_>, value: Node<'_>) -> usize {
        let column = self.column(key.start());
        let mut after = self.line(value.end().max(key.end())) + 1;
        for line in after..self.count() {
            match self.indent(line) {
                None => {}
                Some(indent) if indent > column && self.is_comment(line) => after = line + 1,
                Some(_) => break,
            }
        }
        after
    }

    /// Behind a key's colon; `None`: it has none, or something stands before it.
    pub(super) fn colon(&self, key: Node<'_>) -> Option<usize> {
        let behind = &self.text[key.end()..];
        let colon = behind.len() - behind.trim_start().len();
        behind[colon..]
            .starts_with(':')
            .then_some(key.end() + colon + 1)
    }

    /// Do lines that are put before this one have an end each? Not at the end of a text whose last line has none.
    pub(super) fn begin_ends(&self, line: usize) -> bool {
        self.begin(line) < self.text.len() || self.text.is_empty() || self.text.ends_with('\n')
    }

    /// May a text be written as lines that end where this place is? Not at the end of a text whose last line has no end,
    /// nor where a comment follows that is farther in than so many columns, and would be part of them.
    pub(super) fn takes_lines(&self, at: usize, column: usize) -> bool {
        let next = self.line(at) + 1;
        if next >= self.count() {
            return false;
        }
        let follows = (next..self.count()).find_map(|line| Some((line, self.indent(line)?)));
        follows.is_none_or(|(line, indent)| indent <= column || !self.is_comment(line))
    }
}
