//! The status page: how onced stands, as one page of HTML for who has no terminal. Pure text; names no entry.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use super::Moment;
use super::page::{Text, head};
use super::status::Status;
use crate::model::entry::instant;

/// How often a browser asks again, in seconds.
const AGAIN: u8 = 30;

/// The page at this time. `wrong` keeps onced from its work; there is no moment before the first pass.
pub fn front(owner: &str, moment: Option<&Moment>, wrong: &[String], now: DateTime<Utc>) -> String {
    let mut text = String::new();
    let refresh = format!("<meta http-equiv=\"refresh\" content=\"{AGAIN}\">\n");
    head(&mut text, owner, &refresh);
    let state = if wrong.is_empty() {
        "<p class=\"scheduled\">ready</p>\n"
    } else {
        "<p class=\"refused\">not ready</p>\n"
    };
    text += state;
    if !wrong.is_empty() {
        let items: Vec<String> = wrong
            .iter()
            .map(|why| format!("<li>{}", Text(why)))
            .collect();
        let _ = writeln!(text, "<ul>\n{}\n</ul>", items.join("\n"));
    }
    if let Some(moment) = moment {
        let line = Status::of(moment).line(now);
        let _ = writeln!(text, "<p>{}</p>", Text(&line));
        text += "<table class=\"counts\">\n<thead><tr><th scope=\"col\">phase<th scope=\"col\">entries</tr></thead>\n<tbody>\n";
        for (phase, number) in moment.phases() {
            let _ = writeln!(text, "<tr><th scope=\"row\">{phase}<td>{number}</tr>");
        }
        text += "</tbody>\n</table>\n";
        let rules = moment.zone_rules().to_string();
        let _ = writeln!(text, "<p>Time zone rules: {}</p>", Text(&rules));
    }
    let _ = write!(
        text,
        "<p>As of <time datetime=\"{0}\">{0}</time>. For programs: <a href=\"metrics\">metrics</a>, \
         <a href=\"healthz\">healthz</a>, <a href=\"readyz\">readyz</a>.</p>\n</main>\n</body>\n</html>\n",
        instant(now)
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_as_text() {
        let now = "2026-11-23T12:00:00Z".parse().unwrap();
        let page = front("prod", None, &["a <b> & \"c\"".to_owned()], now);
        assert!(
            page.contains("<li>a &lt;b&gt; &amp; &quot;c&quot;"),
            "{page}"
        );
        assert!(page.contains("not ready") && page.contains("<title>onced prod</title>"));
        assert!(!front("prod", None, &[], now).contains("not ready"));
    }
}
