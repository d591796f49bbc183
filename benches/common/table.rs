//! The table that every benchmark prints.
#![expect(clippy::print_stdout, reason = "a table is what it is for")]

use std::error::Error;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Its first two lines.
pub(crate) fn head(what: &str, figure: &str) {
    println!("| {what} | bound | {figure} |\n|---|---|---|");
}

/// One line of the table; answers whether its bound is met.
pub(crate) fn row(what: &str, bound: &str, figure: &str, is_met: bool) -> bool {
    let mark = if is_met { "" } else { " **missed**" };
    println!("| {what} | {bound} | {figure}{mark} |");
    is_met
}

/// One line of a process that another one reads.
#[allow(dead_code, reason = "one benchmark needs it")]
pub(crate) fn say(text: &str) {
    println!("{text}");
}
