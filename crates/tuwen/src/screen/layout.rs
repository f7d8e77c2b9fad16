//! The lines of the live view: a pure function of what is known of the run and of the width there is.

use tuwen_train::TaskResult;

use super::progress::Progress;
use super::trend::Trend;
use super::wording::{clock, memory, recall, short};

/// Widest sparkline, and bar.
const CURVE: usize = 48;
const BAR: usize = 72;

/// How a piece of text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// As text is.
    Plain,
    /// A label.
    Quiet,
    /// A number to look at first.
    Strong,
    /// A curve, or what is done of the bar.
    Curve,
    /// Something is not as it should be.
    Warning,
}

/// Text of one look.
pub(super) type Piece = (Look, String);

/// A line, at most as wide as asked for.
pub(super) type Line = Vec<Piece>;

/// The view of `progress` in lines of at most `width` columns, the most important ones first.
pub(super) fn lines(progress: &Progress, width: usize) -> Vec<Line> {
    let mut lines = vec![bar(progress, width)];
    lines.extend(flow(place(progress), 0, width));
    lines.extend(losses(progress, width));
    lines.extend(flow(optimisation(progress), 0, width));
    lines.extend(flow(speed(progress), 0, width));
    if let Some((step, _)) = &progress.evaluated {
        let mut fields = vec![vec![(Look::Quiet, format!("held out, step {step}"))]];
        fields.extend(heldout(progress));
        lines.extend(flow(fields, 2, width));
    }
    lines.into_iter().map(|line| fit(line, width)).collect()
}

/// `━━━━━━╌╌╌╌ 40.8 %  2:02 min left`
fn bar(progress: &Progress, width: usize) -> Line {
    let share = progress.step as f64 / progress.last.max(1) as f64;
    let left = match progress.left() {
        Some(left) if progress.step < progress.last => format!("  {} left", clock(left)),
        _ => String::new(),
    };
    let told = format!(" {:.1} %", 100.0 * share);
    let room = width.saturating_sub(console::measure_text_width(&told) + left.len()).min(BAR);
    let done = ((share * room as f64) as usize).min(room);
    vec![
        (Look::Curve, "━".repeat(done)),
        (Look::Quiet, "╌".repeat(room - done)),
        (Look::Strong, told),
        (Look::Plain, left),
    ]
}

fn place(progress: &Progress) -> Vec<Line> {
    let epochs = progress.epochs().map_or(String::new(), |epochs| format!(" of {}", epochs.max(progress.epoch + 1)));
    vec![
        field("step", format!("{} of {}", progress.step, progress.last)),
        field("epoch", format!("{}{epochs}", progress.epoch + 1)),
        field("since the start", clock(progress.gone())),
    ]
}

/// A line for each loss: name, smoothed value, curve.
fn losses(progress: &Progress, width: usize) -> Vec<Line> {
    let mut rows: Vec<(&str, &Trend)> = progress.losses.iter().map(|(task, trend)| (task.as_str(), trend)).collect();
    if rows.len() > 1 {
        rows.push(("total", &progress.total));
    }
    let names = rows.iter().map(|(name, _)| console::measure_text_width(name)).max().unwrap_or(0);
    let line = |(index, (name, trend)): (usize, &(&str, &Trend))| {
        let label = if index == 0 { "loss" } else { "    " };
        let value = trend.now().map_or("–".to_string(), |loss| format!("{loss:.3}"));
        let head = names + label.len() + 11;
        let pad = " ".repeat(names - console::measure_text_width(name));
        vec![
            (Look::Quiet, format!("{label} ")),
            (Look::Plain, format!("{name}{pad}")),
            (Look::Strong, format!("{value:>9} ")),
            (Look::Curve, trend.blocks(width.saturating_sub(head).min(CURVE))),
        ]
    };
    rows.iter().enumerate().map(line).collect()
}

fn optimisation(progress: &Progress) -> Vec<Line> {
    let known = [
        progress.learning_rate.map(|rate| field("learning rate", short(rate))),
        progress.gradient_norm.now().map(|norm| field("gradient norm", short(norm))),
    ];
    let readings = progress.readings.iter().map(|(name, value)| field(&name.replace('_', " "), short(*value)));
    known.into_iter().flatten().chain(readings).collect()
}

fn speed(progress: &Progress) -> Vec<Line> {
    let mut fields = Vec::new();
    if let Some([rate, waiting]) = progress.speed() {
        fields.push(vec![(Look::Plain, short(rate)), (Look::Quiet, " records/s".to_string())]);
        fields.push(field("waiting for data", format!("{:.1} %", 100.0 * waiting)));
    }
    fields.extend(progress.memory.map(|bytes| field("memory", memory(bytes))));
    for (count, what) in [(progress.skipped_records, "record"), (progress.skipped_steps, "step")] {
        if count > 0 {
            let plural = if count == 1 { "" } else { "s" };
            fields.push(vec![(Look::Warning, format!("{count} {what}{plural} skipped"))]);
        }
    }
    fields
}

fn heldout(progress: &Progress) -> Vec<Line> {
    let Some((_, evaluation)) = &progress.evaluated else { return Vec::new() };
    let task = |(task, result): (&String, &TaskResult)| {
        let [right, guessing] = [result.accuracy, result.chance].map(|share| format!("{:.1} %", 100.0 * share));
        vec![(Look::Quiet, format!("{task} ")), (Look::Strong, right), (Look::Quiet, format!(" (guessing {guessing})"))]
    };
    let recalls = evaluation.retrieval.iter().map(|result| vec![(Look::Plain, recall(result))]);
    evaluation.tasks.iter().map(task).chain(recalls).collect()
}

fn field(label: &str, value: String) -> Line {
    vec![(Look::Quiet, format!("{label} ")), (Look::Plain, value)]
}

/// The columns `line` takes.
pub(super) fn columns(line: &Line) -> usize {
    line.iter().map(|(_, text)| console::measure_text_width(text)).sum()
}

/// Fields side by side as long as there is room; further lines are moved in by `indent`.
fn flow(fields: Vec<Line>, indent: usize, width: usize) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for field in fields {
        match lines.last_mut() {
            Some(line) if columns(line) + 3 + columns(&field) <= width => {
                line.push((Look::Plain, "   ".to_string()));
                line.extend(field);
            }
            Some(_) => {
                let mut line = vec![(Look::Plain, " ".repeat(indent))];
                line.extend(field);
                lines.push(line);
            }
            None => lines.push(field),
        }
    }
    lines
}

/// `line`, cut where it is too long.
fn fit(line: Line, width: usize) -> Line {
    let mut left = width;
    let mut fitting = Vec::with_capacity(line.len());
    for (look, text) in line {
        let sign = if left > 0 { "…" } else { "" };
        let cut = console::truncate_str(&text, left, sign).into_owned();
        left -= console::measure_text_width(&cut).min(left);
        fitting.push((look, cut));
    }
    fitting
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
