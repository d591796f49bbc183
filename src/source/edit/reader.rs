//! The events of saphyr-parser become nodes with the bytes that they take. Its spans take in more than that, here and
//! there: where a node truly begins and ends is read off the text. Pure; never says what a value is.

use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput};

use super::outline::{Kind, Node};

/// Is it written as lines below a `|` or `>`?
pub(super) fn is_block(style: ScalarStyle) -> bool {
    matches!(style, ScalarStyle::Literal | ScalarStyle::Folded)
}

/// Reads the one document of a text.
pub(super) struct Reader<'t> {
    text: &'t str,
    events: Parser<'t, StrInput<'t>>,
    /// Of each character; empty for a text in ASCII.
    offsets: Vec<usize>,
    /// Where the last scalar, alias or bracket ended.
    last: usize,
    pub(super) scalars: Vec<Range<usize>>,
    pub(super) anchors: Vec<(usize, usize)>,
    pub(super) aliases: Vec<(usize, usize)>,
}

fn offsets(text: &str) -> Vec<usize> {
    if text.is_ascii() {
        return Vec::new();
    }
    text.char_indices().map(|(offset, _)| offset).collect()
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            events: Parser::new_from_str(text),
            offsets: offsets(text),
            last: 0,
            scalars: Vec::new(),
            anchors: Vec::new(),
            aliases: Vec::new(),
        }
    }

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

    /// Its root. `None`: it is no good YAML.
    pub(super) fn document(&mut self) -> Option<Node> {
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
            if is_content && (keeps || !is_blank) {
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
