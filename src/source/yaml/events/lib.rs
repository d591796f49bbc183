//! granit-parser's events of a text. The parser is generic, so it is compiled where it is used: here, for speed, while onced
//! itself is built for size.

use granit_parser::{Event, Options, Parser, ScanError, Span, StrInput};

/// The events of a text, one after the other.
pub struct Events<'t>(Parser<'t, StrInput<'t>>);

impl<'t> Events<'t> {
    /// Those of this text.
    pub fn of(text: &'t str, options: Options) -> Self {
        Self(Parser::new_from_str_with_options(text, options))
    }
}

impl<'t> Iterator for Events<'t> {
    type Item = Result<(Event<'t>, Span), ScanError>;

    #[inline(never)]
    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}
