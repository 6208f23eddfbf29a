//! What a terminal page is made of: headings, labelled rows, colours, instants as people say them. It knows no case.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use clap::builder::styling::{AnsiColor, Style};
use serde::Serialize;

use crate::domain::time::Zone;
use meshcase_redact::printable;

/// Columns of the page, and where the text of a row begins.
const WIDTH: usize = 110;
const INDENT: usize = 20;

/// How a word is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Good,
    Warning,
    Bad,
    Faint,
}

impl Tone {
    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Warning => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Faint => Style::new().dimmed(),
        }
    }
}

/// A page in the making.
pub(super) struct Paper {
    text: String,
    colour: bool,
    zone: Option<Zone>,
    now: DateTime<Utc>,
}

impl Paper {
    pub(super) fn new(zone: Option<Zone>, now: DateTime<Utc>, colour: bool) -> Self {
        Self { text: String::new(), colour, zone, now }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    pub(super) fn paint(&self, tone: Tone, text: &str) -> String {
        self.styled(tone.style(), text)
    }

    fn styled(&self, style: Style, text: &str) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    pub(super) fn line(&mut self, text: &str) {
        self.text += text.trim_end();
        self.text.push('\n');
    }

    /// A heading with a word beside it.
    pub(super) fn heading(&mut self, title: &str, beside: &str) {
        let title = self.styled(Style::new().bold(), title);
        self.line("");
        self.line(&format!("{title}  {beside}"));
    }

    /// A labelled row; text that is too long goes on below its beginning.
    pub(super) fn row(&mut self, label: &str, tone: Tone, text: &str) {
        let mut label = format!("  {label:<width$}", width = INDENT - 3);
        for line in wrapped(&clean(text), WIDTH - INDENT) {
            let line = self.paint(tone, &line);
            self.line(&format!("{label} {line}"));
            label = " ".repeat(INDENT - 1);
        }
    }

    /// A line of a list in time: the instant, then what happened.
    pub(super) fn entry(&mut self, at: &str, text: &str) {
        let mut left = format!("  {at}  ");
        let blank = " ".repeat(left.chars().count());
        for line in wrapped(&clean(text), WIDTH - blank.len()) {
            self.line(&format!("{left}{line}"));
            left.clone_from(&blank);
        }
    }

    /// A row only where there is something to say.
    pub(super) fn row_if(&mut self, label: &str, text: Option<&str>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.row(label, Tone::Plain, text);
        }
    }

    /// An instant in the plan's zone, or in UTC where no zone is known: `Fri 2026-11-20 16:30:00 PST`.
    pub(super) fn local(&self, at: DateTime<Utc>) -> String {
        match &self.zone {
            Some(zone) => at.with_timezone(zone).format("%a %Y-%m-%d %H:%M:%S %Z").to_string(),
            None => at.format("%a %Y-%m-%d %H:%M:%S UTC").to_string(),
        }
    }

    /// An instant in the plan's zone and in UTC.
    pub(super) fn both(&self, at: DateTime<Utc>) -> String {
        match &self.zone {
            Some(_) => format!("{}  {}", self.local(at), at.to_rfc3339_opts(SecondsFormat::Secs, true)),
            None => self.local(at),
        }
    }

    /// How far away an instant is: `in 2h 5m`, `3d 4h ago`, `now`.
    pub(super) fn distance(&self, at: DateTime<Utc>) -> String {
        match at - self.now {
            gap if gap.num_seconds() == 0 => "now".to_owned(),
            gap if gap > TimeDelta::zero() => format!("in {}", span(gap)),
            gap => format!("{} ago", span(-gap)),
        }
    }
}

/// A length of time by its two largest units, rounded down: `3d 4h`, `2h 5m`, `45m`, `30s`.
pub(super) fn span(length: TimeDelta) -> String {
    let seconds = length.num_seconds().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let units = match (days, hours, minutes) {
        (0, 0, 0) => [(seconds, "s"), (0, "")],
        (0, 0, _) => [(minutes, "m"), (seconds % 60, "s")],
        (0, _, _) => [(hours, "h"), (minutes, "m")],
        _ => [(days, "d"), (hours, "h")],
    };
    let said: Vec<String> =
        units.iter().filter(|(amount, _)| *amount > 0).map(|(amount, unit)| format!("{amount}{unit}")).collect();
    if said.is_empty() { "0s".to_owned() } else { said.join(" ") }
}

/// The spelling of an API value such as an enum.
pub(super) fn spelled(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

/// Text on one line: what another person wrote must not steer the reader's terminal, nor turn what it shows.
fn clean(text: &str) -> String {
    printable(text).replace(['\t', '\n'], " ")
}

/// Breaks text between words; a word longer than `width` stands alone and whole.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(last) = lines.last_mut() else { break };
        if last.is_empty() {
            *last = word.to_owned();
        } else if last.chars().count() + 1 + word.chars().count() <= width {
            last.push(' ');
            *last += word;
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_said_by_its_two_largest_units() {
        let said = |seconds| span(TimeDelta::seconds(seconds));
        assert_eq!(said(0), "0s");
        assert_eq!(said(59), "59s");
        assert_eq!(said(2_700), "45m");
        assert_eq!(said(2_701), "45m 1s");
        assert_eq!(said(7_500), "2h 5m");
        assert_eq!(said(86_400), "1d");
        assert_eq!(said(86_400 * 3 + 3_600 * 4 + 59), "3d 4h");
    }

    #[test]
    fn what_another_person_wrote_cannot_steer_the_terminal() {
        let mut paper = Paper::new(None, DateTime::UNIX_EPOCH, false);
        paper.row("Title", Tone::Plain, "red \u{1b}[31m and a \u{9b}2J clear\r\nline \u{202e}back");
        assert!(!paper.finish().chars().any(|c| c == '\u{202e}' || c.is_control() && c != '\n'));
    }

    #[test]
    fn long_text_goes_on_below_its_beginning() {
        let mut paper = Paper::new(None, DateTime::UNIX_EPOCH, false);
        paper.row("Label", Tone::Plain, &"word ".repeat(40));
        let page = paper.finish();
        assert!(page.lines().count() > 1 && page.lines().all(|line| line.chars().count() <= WIDTH), "{page}");
        assert!(
            page.lines()
                .skip(1)
                .all(|line| line.starts_with(&" ".repeat(INDENT)) && !line.starts_with(&" ".repeat(INDENT + 1)))
        );
    }

    #[test]
    fn instants_are_shown_in_the_plans_zone_and_in_utc() {
        let at = "2026-11-21T00:30:00Z".parse().expect("an instant");
        let paper = Paper::new(
            crate::domain::time::ZoneData::built_in().zone("America/Los_Angeles"),
            at - TimeDelta::minutes(45),
            false,
        );
        assert_eq!(paper.both(at), "Fri 2026-11-20 16:30:00 PST  2026-11-21T00:30:00Z");
        assert_eq!(paper.distance(at), "in 45m");
        assert_eq!(paper.distance(at - TimeDelta::hours(2)), "1h 15m ago");
        assert_eq!(Paper::new(None, at, false).both(at), "Sat 2026-11-21 00:30:00 UTC");
    }
}
