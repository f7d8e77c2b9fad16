//! The table of a comparison: each measure from pre-trained weights and from nothing, medians over the seeds, beside chance.

use std::fmt;

use serde::Serialize;
use tuwen_eval::{DownstreamResults, EvalError, ResultRow};

use super::runs::Side;

/// The results of all runs.
pub(super) struct Compared {
    task: String,
    pretrained: Vec<DownstreamResults>,
    scratch: Vec<DownstreamResults>,
}

/// What `comparison.json` holds and the terminal shows.
#[derive(Debug, Serialize)]
pub(super) struct Table {
    task: String,
    rows: Vec<Row>,
}

/// One measure.
#[derive(Debug, Serialize)]
struct Row {
    measure: String,
    /// The run with the median value, and the values of all seeds.
    pretrained: Medians,
    #[serde(skip_serializing_if = "Option::is_none")]
    scratch: Option<Medians>,
}

#[derive(Debug, Serialize)]
struct Medians {
    median: ResultRow,
    values: Vec<f64>,
}

impl Compared {
    pub(super) fn new(task: &str) -> Self {
        Self { task: task.to_string(), pretrained: Vec::new(), scratch: Vec::new() }
    }

    pub(super) fn add(&mut self, side: Side, results: DownstreamResults) {
        match side {
            Side::Pretrained => self.pretrained.push(results),
            Side::Scratch => self.scratch.push(results),
        }
    }

    /// Each measure that the first run has.
    pub(super) fn table(&self) -> Result<Table, EvalError> {
        let measures = self.pretrained.first().map_or(&[][..], |run| &run.results.rows);
        let row = |row: &ResultRow| {
            Some(Row {
                measure: row.measure.clone(),
                pretrained: medians(&self.pretrained, &row.measure)?,
                scratch: medians(&self.scratch, &row.measure),
            })
        };
        Ok(Table { task: self.task.clone(), rows: measures.iter().filter_map(row).collect() })
    }
}

/// The run in the middle; of an even number the lower one of the two.
fn medians(runs: &[DownstreamResults], measure: &str) -> Option<Medians> {
    let rows = runs.iter().filter_map(|run| run.results.rows.iter().find(|row| row.measure == measure));
    let mut rows: Vec<&ResultRow> = rows.collect();
    let values = rows.iter().map(|row| row.value).collect();
    rows.sort_by(|a, b| a.value.total_cmp(&b.value));
    let median = rows.get(rows.len().checked_sub(1)? / 2).copied()?.clone();
    Some(Medians { median, values })
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = |row: &Row| {
            let of = |medians: &Medians| medians.median.to_string();
            let [with, chance] = split(&of(&row.pretrained));
            let without = row.scratch.as_ref().map_or("–".to_string(), |scratch| split(&of(scratch))[0].clone());
            [row.measure.clone(), with, without, chance]
        };
        let heads = [self.task.clone(), "pre-trained".into(), "from scratch".into(), "chance".into()];
        let rows: Vec<[String; 4]> = std::iter::once(heads).chain(self.rows.iter().map(parts)).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths = [0, 1, 2].map(width);
        for (number, [measure, with, without, chance]) in rows.iter().enumerate() {
            let line = if number == 0 { "" } else { "\n" };
            write!(out, "{line}{measure:<0$}  {with:<1$}  {without:<2$}  {chance}", widths[0], widths[1], widths[2])?;
        }
        let seeds = self.rows.first().map_or(0, |row| row.pretrained.values.len());
        write!(out, "\nshares in per cent, medians of {seeds} seeds, 95 % bootstrap intervals of the median run")
    }
}

/// A row's value with its interval, and its chance.
fn split(row: &str) -> [String; 2] {
    let (value, chance) = row.split_once(", chance ").unwrap_or((row, ""));
    [value.to_string(), chance.to_string()]
}
