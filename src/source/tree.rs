//! Where everything stands in a YAML text: a small tree of positions from saphyr-parser's events, and the limits that
//! keep serde_yaml from bombs. Values come from serde_yaml, never from here.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScanError, Span};

/// A mapping with at least so many keys is not searched from end to end for each.
const MANY: usize = 16;
/// How deep a file may nest.
const MAX_DEPTH: usize = 64;
/// How many nodes a file may have once its aliases are written out.
const MAX_NODES: usize = 2_000_000;

/// A place in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// From 1.
    pub(super) line: usize,
    /// From 1, in characters.
    pub(super) column: usize,
}

impl From<Span> for Place {
    fn from(span: Span) -> Self {
        Self {
            line: span.start.line(),
            column: span.start.col() + 1,
        }
    }
}

/// What stands at a place.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) place: Place,
    /// The line that it ends on.
    pub(super) last: usize,
    pub(super) kind: Kind,
}

/// The shape of a node, the same as that of serde_yaml's value.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// A scalar, with its text.
    Scalar(String),
    /// Its items.
    Sequence(Vec<Node>),
    /// Its keys and values, in the file's order.
    Mapping(Vec<(Node, Node)>),
    /// Stands for another node, which has its own places.
    Alias,
}

/// What is wrong with the text as YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) place: Place,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

fn fault(place: Place, message: impl Into<String>, hint: Option<&str>) -> Fault {
    Fault {
        place,
        message: message.into(),
        hint: hint.map(str::to_owned),
    }
}

fn scan_fault(error: &ScanError) -> Fault {
    let marker = error.marker();
    let place = Place {
        line: marker.line().max(1),
        column: marker.col() + 1,
    };
    fault(place, format!("not YAML: {}", error.info()), None)
}

struct Builder<'a> {
    events: Parser<'a, saphyr_parser::StrInput<'a>>,
    /// Nodes of each anchor, written out, by the anchor's number.
    weights: Vec<usize>,
    nodes: usize,
}

/// Reads the tree of the one document of a text. `None`: the text has no document.
pub(super) fn read(text: &str) -> Result<Option<Node>, Fault> {
    let mut builder = Builder {
        events: Parser::new_from_str(text),
        weights: Vec::new(),
        nodes: 0,
    };
    let mut root = None;
    loop {
        let (event, span) = builder.next()?;
        match event {
            Event::StreamEnd => return Ok(root),
            Event::DocumentStart(_) if root.is_some() => {
                let hint = "put the second document into a file of its own";
                return Err(fault(
                    span.into(),
                    "a schedule file has one document, here begins a second",
                    Some(hint),
                ));
            }
            Event::Nothing | Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd => {}
            event => root = Some(builder.node(event, span, 0)?),
        }
    }
}

impl<'a> Builder<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Fault> {
        match self.events.next() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => Err(scan_fault(&error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, Fault> {
        let place = Place::from(span);
        if depth > MAX_DEPTH {
            return Err(fault(
                place,
                format!("nested more than {MAX_DEPTH} deep"),
                None,
            ));
        }
        self.count(1, place)?;
        let before = self.nodes;
        let (kind, anchor) = match event {
            Event::Scalar(text, _, anchor, tag) => {
                untagged(tag.is_some(), place)?;
                (Kind::Scalar(text.into_owned()), anchor)
            }
            Event::Alias(anchor) => {
                let weight = self.weights.get(anchor).copied().unwrap_or(0);
                self.count(weight, place)?;
                (Kind::Alias, 0)
            }
            Event::SequenceStart(anchor, tag) => {
                untagged(tag.is_some(), place)?;
                (self.sequence(depth)?, anchor)
            }
            Event::MappingStart(anchor, tag) => {
                untagged(tag.is_some(), place)?;
                (self.mapping(depth)?, anchor)
            }
            _ => return Err(fault(place, "not YAML: the text ends too early", None)),
        };
        if anchor > 0 {
            self.weights.resize(self.weights.len().max(anchor + 1), 0);
            self.weights[anchor] = self.nodes - before + 1;
        }
        let own =
            span.end.line() - usize::from(span.end.col() == 0 && span.end.line() > place.line);
        let last = match &kind {
            Kind::Sequence(items) => items.iter().map(|item| item.last).max(),
            Kind::Mapping(pairs) => pairs
                .iter()
                .map(|(key, value)| key.last.max(value.last))
                .max(),
            Kind::Scalar(_) | Kind::Alias => None,
        };
        Ok(Node {
            place,
            last: last.unwrap_or(own).max(own),
            kind,
        })
    }

    fn count(&mut self, more: usize, place: Place) -> Result<(), Fault> {
        self.nodes = self.nodes.saturating_add(more);
        if self.nodes > MAX_NODES {
            return Err(fault(
                place,
                format!("more than {MAX_NODES} values once the aliases are written out"),
                None,
            ));
        }
        Ok(())
    }

    fn sequence(&mut self, depth: usize) -> Result<Kind, Fault> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Kind::Sequence(items)),
                (event, span) => items.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Kind, Fault> {
        let mut pairs: Vec<(Node, Node)> = Vec::new();
        // Of a mapping with many keys.
        let mut seen: HashMap<String, Place> = HashMap::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                return Ok(Kind::Mapping(pairs));
            }
            let key = self.node(event, span, depth + 1)?;
            let Kind::Scalar(text) = &key.kind else {
                return Err(fault(
                    key.place,
                    "a key is a plain text here",
                    Some("write the key as text, in quotes if need be"),
                ));
            };
            if text == "<<" {
                let hint = "write the keys out; `&name` and `*name` work for whole values";
                return Err(fault(
                    key.place,
                    "merge keys (`<<`) are not part of YAML 1.2",
                    Some(hint),
                ));
            }
            let first = if pairs.len() < MANY {
                let same = |(key, _): &&(Node, Node)| matches!(&key.kind, Kind::Scalar(other) if other == text);
                pairs.iter().find(same).map(|(key, _)| key.place)
            } else {
                if pairs.len() == MANY {
                    let all = pairs.iter().filter_map(|(key, _)| match &key.kind {
                        Kind::Scalar(text) => Some((text.clone(), key.place)),
                        _ => None,
                    });
                    seen.extend(all);
                }
                seen.insert(text.clone(), key.place)
            };
            if let Some(first) = first {
                let message = format!(
                    "this key stands here a second time; the first is on line {}",
                    first.line
                );
                return Err(fault(key.place, message, Some("keep one of the two")));
            }
            let (event, span) = self.next()?;
            let value = self.node(event, span, depth + 1)?;
            pairs.push((key, value));
        }
    }
}

fn untagged(tagged: bool, place: Place) -> Result<(), Fault> {
    if tagged {
        return Err(fault(
            place,
            "YAML tags (`!…`) have no meaning here",
            Some("leave the tag out"),
        ));
    }
    Ok(())
}
