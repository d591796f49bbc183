//! The events of granit-parser become nodes with the bytes that they take, within limits of depth and number. Pure.

use std::ops::Range;

use granit_parser::{Event, Options, ScalarStyle, Span, StructureStyle};
use onced_yaml_events::Events;

use super::{Document, Fault, Item, Kind, MOST_FAULTS, Node, Tag, fault, is_block, keys, tags};

/// How deep a file may nest.
const MAX_DEPTH: usize = 64;
/// How many nodes a file may have once its aliases are written out.
const MAX_NODES: usize = 2_000_000;
/// How many characters a key may have: more than an execution's input may have bytes.
const MAX_KEY: usize = 300_000;

/// A sequence or mapping that is not closed yet.
struct Open {
    at: u32,
    /// How many nodes it has so far.
    count: usize,
    /// How deep it nests, aliases written out.
    height: usize,
    /// How many nodes there were before it, aliases written out.
    before: usize,
    anchor: usize,
}

/// What an alias adds where it stands.
#[derive(Debug, Clone, Copy)]
struct Weight {
    nodes: usize,
    height: usize,
}

struct Reader<'t> {
    document: Document<'t>,
    open: Vec<Open>,
    /// By the number of each anchor, written out; of one that is not closed yet, none.
    weights: Vec<Option<Weight>>,
    nodes: usize,
    /// Where the last scalar, alias or bracket ended.
    last: usize,
}

fn options(comments: bool) -> Options {
    let mut options = Options::default();
    options.emit_anchor_events = true;
    options.emit_comments = comments;
    options.max_buffered_comment_events = usize::MAX;
    options.simple_key_max_lookahead = MAX_KEY;
    options
}

/// Reads the one document of a text that has something in it. `None`: there is none.
pub(in crate::source) fn read(text: &str, comments: bool) -> Result<Option<Document<'_>>, Fault> {
    let events = Events::of(text, options(comments));
    let mut reader = Reader {
        document: Document {
            text,
            nodes: Vec::with_capacity(text.len() / 12),
            anchors: Vec::new(),
            comments: Vec::new(),
            faults: Vec::new(),
            count: 0,
            lines: std::cell::OnceCell::new(),
        },
        open: Vec::new(),
        weights: Vec::new(),
        nodes: 0,
        last: 0,
    };
    // Where the document with something in it ended, and where the one that is being read begins.
    let (mut whole, mut begins) = (None, 0);
    for next in events {
        let (event, span) = next.map_err(|error| fault::of_parser(text, &error))?;
        match event {
            Event::StreamEnd => break,
            Event::StreamStart => {}
            Event::DocumentStart(..) => {
                begins = reader.bytes(span).start;
                // One without anything is none.
                if whole.is_none() {
                    reader.document.nodes.clear();
                }
                reader.last = if text[reader.byte(span.start.byte_offset())..].starts_with("---") {
                    reader.byte(span.start.byte_offset()) + 3
                } else {
                    reader.last
                };
            }
            Event::DocumentEnd => {
                let nodes = &reader.document.nodes;
                if whole.is_none()
                    && nodes
                        .first()
                        .is_some_and(|_| !reader.document.root().is_nothing())
                {
                    whole = Some(nodes.len());
                }
                reader.document.nodes.truncate(whole.unwrap_or(0));
            }
            Event::Comment(..) => {
                let bytes = reader.bytes(span);
                reader.document.comments.push(bytes);
            }
            event => {
                let is_nothing = matches!(&event, Event::Scalar(_, ScalarStyle::Plain, 0, None) if span.is_empty());
                if whole.is_some() && reader.open.is_empty() && event.is_node() && !is_nothing {
                    return Err(Fault::new(
                        reader.document.place(begins),
                        "a schedule file has one document, here begins a second",
                        "put the second document into a file of its own",
                    ));
                }
                reader.take(event, span)?;
            }
        }
    }
    let mut document = reader.document;
    document.comments.sort_by_key(|comment| comment.start);
    Ok(whole.map(|_| document))
}

/// How many nodes a text has, aliases not written out: what reading alone costs, for the benchmarks. `None`: it can't be
/// read.
pub fn count(text: &str) -> Option<usize> {
    Some(read(text, false).ok()??.nodes.len())
}

impl<'t> Reader<'t> {
    fn byte(&self, offset: Option<usize>) -> usize {
        let len = self.document.text.len();
        offset.unwrap_or(len).min(len)
    }

    fn bytes(&self, span: Span) -> Range<usize> {
        self.byte(span.start.byte_offset())..self.byte(span.end.byte_offset())
    }

    fn take(&mut self, event: Event<'t>, span: Span) -> Result<(), Fault> {
        let bytes = self.bytes(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tag = self.tag(tag.as_deref(), span, tags::Of::Scalar);
                let at = if is_block(style) {
                    self.block_scalar(&bytes, &text, span)
                } else if bytes.is_empty() {
                    // The text of nothing is that of a null.
                    let node = (String::new().into(), style);
                    let at = self.last.max(bytes.start);
                    // What it is the last of ends behind its dash or colon.
                    let behind = self.document.text[at..].trim_start_matches([' ', '\t']);
                    let colon = self.document.text.len() - behind.len();
                    self.last = if behind.starts_with(':') {
                        colon + 1
                    } else {
                        at
                    };
                    self.node(Kind::Scalar(node.0, node.1), tag, at..at, span, anchor)?;
                    return Ok(());
                } else {
                    bytes
                };
                self.last = at.end;
                self.node(Kind::Scalar(text, style), tag, at, span, anchor)
            }
            Event::Alias(anchor) => {
                self.last = bytes.end;
                let Some(Some(weight)) = self.weights.get(anchor).copied() else {
                    return Err(Fault::new(
                        self.document.place(bytes.start),
                        "this alias (`*`) stands within what it stands for",
                        "write the value out",
                    ));
                };
                self.count(weight.nodes, bytes.start)?;
                self.deepen(weight.height);
                self.check_depth(self.open.len() + weight.height, bytes.start)?;
                let anchor = u32::try_from(anchor).unwrap_or(u32::MAX);
                self.node(Kind::Alias(anchor), None, bytes, span, 0)
            }
            Event::Anchor(_, _) => {
                if let Some(last) = self.document.anchors.last_mut() {
                    last.1 = bytes;
                }
                Ok(())
            }
            Event::SequenceStart(style, anchor, tag) => {
                let tag = self.tag(tag.as_deref(), span, tags::Of::Sequence);
                let flow = style == StructureStyle::Flow;
                let start = if flow {
                    bytes.start
                } else {
                    self.dash(bytes.start)
                };
                self.opened(
                    Kind::Sequence { flow },
                    tag,
                    start..bytes.end.max(start),
                    span,
                    anchor,
                )
            }
            Event::MappingStart(style, anchor, tag) => {
                let tag = self.tag(tag.as_deref(), span, tags::Of::Mapping);
                let flow = style == StructureStyle::Flow;
                self.opened(Kind::Mapping { flow }, tag, bytes, span, anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.closed(&bytes);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The place of the first dash of a block sequence whose first item begins there.
    fn dash(&self, start: usize) -> usize {
        let (text, from) = (self.document.text, self.last.min(start));
        let of_value = self.open.last().is_none_or(|open| {
            let kind = &self.document.nodes[open.at as usize].kind;
            matches!(kind, Kind::Mapping { .. }) && open.count % 2 == 1
        });
        let dash = gap(text, from, "&!:");
        if of_value && dash <= start && text[dash..].starts_with('-') {
            dash
        } else {
            start
        }
    }

    fn tag(&mut self, tag: Option<&granit_parser::Tag>, span: Span, of: tags::Of) -> Option<Tag> {
        let tag = tag?;
        match tags::taken(tag, of) {
            Ok(tag) => Some(tag),
            Err((message, hint)) => {
                let start = span.tag_start.and_then(|tag| tag.byte_offset());
                let at = start.unwrap_or_else(|| self.bytes(span).start);
                self.document.count += 1;
                if self.document.count <= MOST_FAULTS {
                    let place = self.document.place(at);
                    self.document.faults.push(Fault {
                        place,
                        message,
                        hint,
                    });
                }
                None
            }
        }
    }

    fn opened(
        &mut self,
        kind: Kind<'t>,
        tag: Option<Tag>,
        bytes: Range<usize>,
        span: Span,
        anchor: usize,
    ) -> Result<(), Fault> {
        let before = self.nodes;
        if kind.is_flow() {
            self.last = bytes.end;
        }
        let at = u32::try_from(self.document.nodes.len()).unwrap_or(u32::MAX);
        self.check_depth(self.open.len(), bytes.start)?;
        self.node(kind, tag, bytes, span, anchor)?;
        if anchor > 0 {
            self.weights[anchor] = None;
        }
        self.open.push(Open {
            at,
            count: 0,
            height: 0,
            before,
            anchor,
        });
        Ok(())
    }

    fn closed(&mut self, bytes: &Range<usize>) {
        let Some(open) = self.open.pop() else {
            return;
        };
        self.deepen(open.height);
        let next = u32::try_from(self.document.nodes.len()).unwrap_or(u32::MAX);
        let last = self.last;
        let item = &mut self.document.nodes[open.at as usize];
        item.next = next;
        if item.kind.is_flow() && !bytes.is_empty() {
            item.end = u32::try_from(bytes.end).unwrap_or(u32::MAX);
            self.last = bytes.end;
        } else {
            item.end = u32::try_from(last).unwrap_or(u32::MAX).max(item.start);
        }
        let is_mapping = matches!(item.kind, Kind::Mapping { .. });
        if open.anchor > 0 {
            self.weights[open.anchor] = Some(Weight {
                nodes: self.nodes - open.before,
                height: open.height,
            });
        }
        if is_mapping {
            let node = Node {
                document: &self.document,
                at: open.at,
            };
            let (mut faults, mut count) = (Vec::new(), self.document.count);
            keys::faults(node, |key, told| {
                count += 1;
                if count <= MOST_FAULTS {
                    let (message, hint) = told();
                    faults.push(Fault::new(key.place(), message, hint));
                }
            });
            self.document.count = count;
            self.document.faults.extend(faults);
        }
    }

    fn node(
        &mut self,
        kind: Kind<'t>,
        tag: Option<Tag>,
        bytes: Range<usize>,
        span: Span,
        anchor: usize,
    ) -> Result<(), Fault> {
        self.count(1, bytes.start)?;
        if let Some(open) = self.open.last_mut() {
            open.count += 1;
        }
        let at = u32::try_from(self.document.nodes.len()).unwrap_or(u32::MAX);
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        if anchor > 0 {
            self.weights
                .resize(self.weights.len().max(anchor + 1), None);
            self.weights[anchor] = Some(Weight {
                nodes: 1,
                height: 0,
            });
            self.document.anchors.push((at, bytes.clone()));
        }
        self.document.nodes.push(Item {
            start: number(bytes.start),
            end: number(bytes.end),
            line: number(span.start.line()),
            next: at + 1,
            tag,
            kind,
        });
        Ok(())
    }

    /// What is open holds something that nests so deep.
    fn deepen(&mut self, height: usize) {
        if let Some(open) = self.open.last_mut() {
            open.height = open.height.max(height + 1);
        }
    }

    fn check_depth(&self, depth: usize, at: usize) -> Result<(), Fault> {
        if depth <= MAX_DEPTH {
            return Ok(());
        }
        let message = format!("nested more than {MAX_DEPTH} deep");
        Err(Fault::new(
            self.document.place(at),
            message,
            "write it flatter",
        ))
    }

    fn count(&mut self, more: usize, at: usize) -> Result<(), Fault> {
        self.nodes = self.nodes.saturating_add(more);
        if self.nodes > MAX_NODES {
            let message = format!("more than {MAX_NODES} values once the aliases are written out");
            return Err(Fault::new(self.document.place(at), message, ""));
        }
        Ok(())
    }

    /// From its `|` or `>` on. Blank lines behind it belong to it where it says so with a `+`.
    fn block_scalar(&mut self, bytes: &Range<usize>, content: &str, span: Span) -> Range<usize> {
        let text = self.document.text;
        let end_of_line = |at: usize| text[at..].find('\n').map_or(text.len(), |n| at + n);
        let properties = span.tag_span().and_then(|tag| tag.end.byte_offset());
        let header = gap(text, self.last.max(properties.unwrap_or(0)), "&!:-?");
        let first = end_of_line(header);
        let indicator = text[header..first].split([' ', '\t']).next();
        let keeps = indicator.is_some_and(|indicator| indicator.contains('+'));
        let is_blank = content.trim_matches('\n').is_empty();
        let indent = bytes.start - text[..bytes.start].rfind('\n').map_or(0, |n| n + 1);
        let until = if is_blank && !keeps {
            bytes.start
        } else {
            bytes.end
        };
        let mut end = first;
        let mut line = (first + 1).min(text.len());
        // Whole lines; what stands before the next thing on its line is none of it.
        while line < until {
            let line_end = end_of_line(line);
            if line_end > until {
                break;
            }
            let content = text[line..line_end].trim_end_matches('\r');
            let is_content =
                keeps || content.len() > indent || !content.trim_matches(' ').is_empty();
            if is_content && (keeps || !is_blank) {
                end = line_end;
            }
            line = line_end + 1;
        }
        header..end
    }
}

/// Over blanks, comments, and those of these signs that stand alone; with `&` and `!`, over anchors and tags too.
fn gap(text: &str, mut at: usize, signs: &str) -> usize {
    let bytes = text.as_bytes();
    let is_blank = |at: usize| bytes.get(at).is_none_or(u8::is_ascii_whitespace);
    while let Some(byte) = bytes.get(at) {
        let is_sign = signs.as_bytes().contains(byte);
        at = match byte {
            b'#' => text[at..].find('\n').map_or(text.len(), |n| at + n),
            b'&' | b'!' if is_sign => {
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
