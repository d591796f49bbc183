//! Files that are not schedule files although they end as such: by git's patterns in the configuration and in `.oncedignore`
//! files, at any level of the watched directory.

mod files;
mod patterns;

pub(super) use files::{AskedDirectory, Entered, IgnoreFiles, IgnoreReading, above, shown};
pub use files::{FILE, by};
pub(super) use patterns::IgnoreStack;
pub use patterns::{IgnorePatterns, IgnoredBy, PatternSource};
