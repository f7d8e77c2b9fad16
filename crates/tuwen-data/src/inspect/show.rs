//! An inspection as text.

use std::fmt::{self, Display, Formatter};

use serde_json::Value;

use super::spread::Spread;
use super::{Inspection, Origin};
use crate::grouped;
use crate::{DataFormat, Record, Visual};

impl Display for Inspection {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let files =
            if self.files.len() == 1 { "1 file".to_owned() } else { format!("{} files", count(self.files.len())) };
        let (records, unreadable) = (count(self.records), count(self.unreadable));
        let (path, format) = (self.path.display(), self.format.name());
        writeln!(f, "{path}: {format}, {files}, {records} records, {unreadable} unreadable")?;
        self.show_fields(f)?;
        self.show_settings(f)?;
        self.show_contents(f)?;
        self.show_errors(f)?;
        self.samples.iter().try_for_each(|record| show_record(f, record))
    }
}

impl Inspection {
    fn show_fields(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut rows = vec![["field", "kind", "in", "min / median / max", "first"].map(str::to_owned)];
        for field in &self.fields {
            let mut name = field.name.clone();
            for (&kind, report) in &field.kinds {
                let share = share(report.records, self.surveyed);
                let example = report.example.clone().unwrap_or_default();
                rows.push([std::mem::take(&mut name), kind.name().to_owned(), share, report.sizes(kind), example]);
            }
        }
        writeln!(f)?;
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths = [0, 1, 2, 3].map(width);
        for [name, kind, share, sizes, example] in &rows {
            let [a, b, c, d] = widths;
            let line = format!("{name:a$}  {kind:b$}  {share:>c$}  {sizes:d$}  {example}");
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }

    fn show_settings(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.origin {
            Origin::Given => writeln!(f, "\nread with these settings")?,
            Origin::Guessed => writeln!(f, "\nread with these settings, guessed from the fields' names")?,
        }
        settings_lines(&self.format).iter().try_for_each(|line| writeln!(f, "  {line}"))?;
        let unread = self.unread_fields();
        if unread.is_empty() { Ok(()) } else { writeln!(f, "  # not read: {}", unread.join(", ")) }
    }

    /// The fields that no setting names.
    fn unread_fields(&self) -> Vec<&str> {
        let settings = serde_json::to_value(&self.format).unwrap_or_default();
        let named = |field: &&str| names(&settings, field.trim_start_matches('.'));
        self.fields.iter().map(|field| field.name.as_str()).filter(|field| !named(field)).collect()
    }

    fn show_contents(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let contents = &self.contents;
        writeln!(f, "\nwhat they give (min / median / max)")?;
        for (language, characters) in &contents.titles {
            if let Some(spread) = Spread::of(characters) {
                let records = count(characters.len());
                writeln!(f, "  {:14} {spread} characters, {records} titles", title_label(language))?;
            }
        }
        match Spread::of(&contents.tags) {
            Some(spread) => {
                let distinct = count(contents.distinct_tags.len());
                let without = count(contents.without_tags);
                writeln!(f, "  {:14} {spread} per record, {distinct} distinct; records without: {without}", "tags")?;
            }
            None => writeln!(f, "  {:14} none", "tags")?,
        }
        if let Some(spread) = Spread::of(&contents.frames) {
            writeln!(f, "  {:14} {spread} per clip", "frames")?;
        }
        for width in &contents.feature_widths {
            writeln!(f, "  {:14} {width} values per frame", "features")?;
        }
        if let (Some(width), Some(height)) =
            (Spread::of(&contents.picture_widths), Spread::of(&contents.picture_heights))
        {
            writeln!(f, "  {:14} {width} × {height} pixels", "pictures")?;
        }
        Ok(())
    }

    fn show_errors(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.unreadable == 0 {
            return Ok(());
        }
        let shown = self.errors.len();
        let first = if shown < self.unreadable { format!(", the first {shown}") } else { String::new() };
        writeln!(f, "\nunreadable: {}{first}", count(self.unreadable))?;
        self.errors.iter().try_for_each(|error| writeln!(f, "  {error}"))
    }
}

fn show_record(f: &mut Formatter<'_>, record: &Record) -> fmt::Result {
    writeln!(f, "\nrecord `{}`", record.id)?;
    for title in &record.titles {
        writeln!(f, "  {:14} {}", title_label(&title.language), title.text)?;
    }
    match &record.tags {
        Some(tags) if tags.is_empty() => writeln!(f, "  {:14} none", "tags")?,
        Some(tags) => writeln!(f, "  {:14} {}", "tags", tags.join(", "))?,
        None => writeln!(f, "  {:14} not told", "tags")?,
    }
    match &record.visual {
        Visual::Features { values, width } => {
            let frames = values.len().checked_div(*width).unwrap_or(0);
            writeln!(f, "  {:14} {frames} × {width}, {:.3?} …", "features", &values[..values.len().min(4)])
        }
        Visual::Image(bytes) => writeln!(f, "  {:14} {} bytes", "picture", count(bytes.len())),
        Visual::Strip { bytes, frames } => {
            writeln!(f, "  {:14} {} bytes, {frames} frames side by side", "picture", count(bytes.len()))
        }
    }
}

/// `title en`; titles without a language are called `title` already.
fn title_label(language: &str) -> String {
    if language == "title" { language.to_owned() } else { format!("title {language}") }
}

/// The settings as TOML, a line each.
pub(super) fn settings_lines(format: &DataFormat) -> Vec<String> {
    let Ok(Value::Object(settings)) = serde_json::to_value(format) else { return Vec::new() };
    let rest = settings.iter().filter(|(key, _)| *key != "kind").map(|(key, value)| format!("{key} = {}", toml(value)));
    std::iter::once(format!("kind = {:?}", format.name())).chain(rest).collect()
}

/// Whether a text anywhere in the settings is `field`.
fn names(settings: &Value, field: &str) -> bool {
    match settings {
        Value::String(text) => text == field,
        Value::Array(values) => values.iter().any(|value| names(value, field)),
        Value::Object(values) => values.values().any(|value| names(value, field)),
        _ => false,
    }
}

/// A value in TOML, which writes texts and numbers as JSON does.
fn toml(value: &Value) -> String {
    match value {
        Value::Array(values) => format!("[{}]", values.iter().map(toml).collect::<Vec<_>>().join(", ")),
        Value::Object(values) => {
            let pairs: Vec<String> = values.iter().map(|(key, value)| format!("{key} = {}", toml(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        other => other.to_string(),
    }
}

fn share(part: usize, whole: usize) -> String {
    match (100 * part).checked_div(whole) {
        Some(0) if part > 0 => "<1 %".to_owned(),
        percent => format!("{} %", percent.unwrap_or(0)),
    }
}

fn count(number: usize) -> String {
    grouped(number as u64)
}
