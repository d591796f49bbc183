//! Where everything stands in a schedule file, to the byte: nodes, lines, comments. Pure; reads a text that was parsed
//! before, and never says what a value is.

use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput};

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

fn is_block(style: ScalarStyle) -> bool {
    matches!(style, ScalarStyle::Literal | ScalarStyle::Folded)
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
        let mut reader = Reader {
            text,
            events: Parser::new_from_str(text),
            offsets: offsets(text),
            last: 0,
            scalars: Vec::new(),
            anchors: Vec::new(),
            aliases: Vec::new(),
        };
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
        let inside = |comment: &&Range<usize>| range.contains(&comment.start);
        self.comments.iter().find(inside)
    }

    /// Where something in a range has a name (`&name`) that is used elsewhere, and where that is.
    pub(super) fn used_elsewhere(&self, range: &Range<usize>) -> Option<(usize, usize)> {
        let inside = self.anchors.iter().filter(|(_, at)| range.contains(at));
        let use_of = |anchor: &(usize, usize)| {
            let outside =
                |alias: &&(usize, usize)| alias.0 == anchor.0 && !range.contains(&alias.1);
            let alias = self.aliases.iter().find(outside)?;
            Some((anchor.1, alias.1))
        };
        inside.filter_map(use_of).next()
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

struct Reader<'t> {
    text: &'t str,
    events: Parser<'t, StrInput<'t>>,
    /// Of each character; empty for a text in ASCII.
    offsets: Vec<usize>,
    /// Where the last scalar, alias or bracket ended.
    last: usize,
    scalars: Vec<Range<usize>>,
    anchors: Vec<(usize, usize)>,
    aliases: Vec<(usize, usize)>,
}

fn offsets(text: &str) -> Vec<usize> {
    if text.is_ascii() {
        return Vec::new();
    }
    text.char_indices().map(|(offset, _)| offset).collect()
}

impl<'t> Reader<'t> {
    fn bytes(&self, span: Span) -> (usize, usize) {
        let offset = |index: usize| {
            let of_text = if self.offsets.is_empty() {
                Some(index)
            } else {
                self.offsets.get(index).copied()
            };
            of_text.unwrap_or(self.text.len()).min(self.text.len())
        };
        (offset(span.start.index()), offset(span.end.index()))
    }

    fn next(&mut self) -> Option<(Event<'t>, Span)> {
        self.events.next()?.ok()
    }

    fn document(&mut self) -> Option<Node> {
        loop {
            match self.next()? {
                (Event::Nothing | Event::StreamStart, _) => {}
                (Event::DocumentStart(_), span) => self.last = self.bytes(span).1,
                (Event::StreamEnd | Event::DocumentEnd, _) => return None,
                (event, span) => return self.node(event, span, None),
            }
        }
    }

    /// `key`: where the key ended that this is the value of.
    fn node(&mut self, event: Event<'t>, span: Span, key: Option<usize>) -> Option<Node> {
        let (start, end) = self.bytes(span);
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let start = self.named(anchor, start);
                Some(self.scalar(text.into_owned(), style, start..end))
            }
            Event::Alias(anchor) => {
                self.aliases.push((anchor, start));
                self.last = end;
                let kind = Kind::Alias;
                Some(Node { start, end, kind })
            }
            Event::SequenceStart(anchor, _) => {
                let start = self.named(anchor, start);
                self.sequence(start, key)
            }
            Event::MappingStart(anchor, _) => {
                let start = self.named(anchor, start);
                self.mapping(start)
            }
            _ => None,
        }
    }

    /// Where a node begins behind its anchor.
    fn named(&mut self, anchor: usize, start: usize) -> usize {
        if anchor == 0 {
            return start;
        }
        self.anchors.push((anchor, start));
        gap(self.text, start, "&")
    }

    fn scalar(&mut self, text: String, style: ScalarStyle, bytes: Range<usize>) -> Node {
        let Range { mut start, mut end } = bytes;
        let kind = Kind::Scalar(text, style);
        if is_block(style) {
            return self.block_scalar(kind, start..end);
        }
        // Nothing at all: its span may be that of what comes next.
        if matches!(&kind, Kind::Scalar(text, ScalarStyle::Plain) if text.is_empty()) {
            (start, end) = (self.last, self.last);
        } else {
            end = quoted(self.text, start, style).unwrap_or(end);
            self.scalars.push(start..end);
        }
        self.last = end.max(self.last);
        Node { start, end, kind }
    }

    /// From its `|` or `>` on. Blank lines behind it belong to it where it says so with a `+`.
    fn block_scalar(&mut self, kind: Kind, bytes: Range<usize>) -> Node {
        let text = self.text;
        let end_of_line = |at: usize| text[at..].find('\n').map_or(text.len(), |n| at + n);
        let header = gap(text, self.last, "&:-?");
        let first = end_of_line(header);
        let indicator = text[header..first].split([' ', '\t']).next();
        let keeps = indicator.is_some_and(|indicator| indicator.contains('+'));
        let is_blank = matches!(&kind, Kind::Scalar(text, _) if text.trim_matches('\n').is_empty());
        let indent = bytes.start - text[..bytes.start].rfind('\n').map_or(0, |n| n + 1);
        let until = if is_blank { bytes.start } else { bytes.end };
        let mut end = first;
        let mut line = (first + 1).min(text.len());
        // Whole lines; what stands before the next thing on its line is none of it.
        while line < until {
            let line_end = end_of_line(line);
            if line_end > until {
                break;
            }
            let content = &text[line..line_end];
            let is_content =
                keeps || content.len() > indent || !content.trim_matches(' ').is_empty();
            if is_content && !(is_blank && !keeps) {
                end = line_end;
            }
            line = line_end + 1;
        }
        if end > first {
            let whole = (end + 1).min(text.len());
            self.scalars.push(first + 1..whole);
        }
        self.last = end;
        Node {
            start: header,
            end,
            kind,
        }
    }

    fn sequence(&mut self, start: usize, key: Option<usize>) -> Option<Node> {
        let dash = key.map_or(start, |key| gap(self.text, key, "&:"));
        let opened = start + usize::from(self.text[start..].starts_with('['));
        self.last = self.last.max(opened);
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if !matches!(event, Event::SequenceEnd) {
                items.push(self.node(event, span, None)?);
                continue;
            }
            let closed = self.closed(b']');
            let flow = closed.is_some();
            if flow {
                items.iter_mut().for_each(in_brackets);
            }
            let last = items.last().map_or(start, |item| item.end);
            let end = closed.unwrap_or(last);
            let start = if flow { start } else { dash };
            let kind = Kind::Sequence { flow, dash, items };
            return Some(Node { start, end, kind });
        }
    }

    /// Behind the bracket that comes next, if one does. The spans of brackets take in what stands behind them.
    fn closed(&mut self, bracket: u8) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let mut at = gap(self.text, self.last, "");
        while bytes.get(at).is_some_and(|byte| b",:".contains(byte)) {
            at = gap(self.text, at + 1, "");
        }
        let is = bytes.get(at) == Some(&bracket);
        is.then(|| {
            self.last = at + 1;
            at + 1
        })
    }

    fn mapping(&mut self, start: usize) -> Option<Node> {
        let opened = start + usize::from(self.text[start..].starts_with('{'));
        self.last = self.last.max(opened);
        let mut pairs: Vec<(Node, Node)> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if !matches!(event, Event::MappingEnd) {
                let key = self.node(event, span, None)?;
                let (event, span) = self.next()?;
                let value = self.node(event, span, Some(key.end))?;
                pairs.push((key, value));
                continue;
            }
            let last = pairs.last().map(|(key, value)| key.end.max(value.end));
            let closed = self.closed(b'}');
            let (flow, end) = (closed.is_some(), closed.or(last).unwrap_or(start));
            let kind = Kind::Mapping { flow, pairs };
            return Some(Node { start, end, kind });
        }
    }
}

/// Behind the quote that ends a scalar: its span takes in blanks and a comment too.
fn quoted(text: &str, start: usize, style: ScalarStyle) -> Option<usize> {
    let quote = match style {
        ScalarStyle::SingleQuoted => b'\'',
        ScalarStyle::DoubleQuoted => b'"',
        _ => return None,
    };
    let bytes = text.as_bytes();
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        at += match byte {
            b'\\' if quote == b'"' => 2,
            b'\'' if quote == b'\'' && bytes.get(at + 1) == Some(&quote) => 2,
            byte if *byte == quote => return Some(at + 1),
            _ => 1,
        };
    }
    None
}

/// A pair alone within brackets is a mapping without any of its own.
fn in_brackets(item: &mut Node) {
    if let Kind::Mapping { flow, .. } = &mut item.kind {
        *flow = true;
    }
}

/// Over blanks, comments, and those of these signs that stand alone; with `&`, over anchors too.
fn gap(text: &str, mut at: usize, signs: &str) -> usize {
    let bytes = text.as_bytes();
    let is_blank = |at: usize| bytes.get(at).is_none_or(u8::is_ascii_whitespace);
    while let Some(byte) = bytes.get(at) {
        let is_sign = signs.as_bytes().contains(byte);
        at = match byte {
            b'#' => text[at..].find('\n').map_or(text.len(), |n| at + n),
            b'&' if is_sign => {
                let ends = |c: char| c.is_ascii_whitespace();
                text[at..].find(ends).map_or(text.len(), |n| at + n)
            }
            byte if byte.is_ascii_whitespace() => at + 1,
            _ if is_sign && is_blank(at + 1) => at + 1,
            _ => return at,
        };
    }
    at
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
