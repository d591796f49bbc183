//! Which characters a terminal may be given. Pure.

/// Would a terminal obey this character, or turn the text around by it?
pub fn is_obeyed(c: char) -> bool {
    c.is_control()
        || ('\u{202a}'..='\u{202e}').contains(&c)
        || ('\u{2066}'..='\u{2069}').contains(&c)
}
