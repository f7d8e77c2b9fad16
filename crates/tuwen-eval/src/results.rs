//! The table that downstream tasks are reported by: a value with its interval, beside chance.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Bootstrap, EvalError, Interval};

/// In what a value is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A share, shown in per cent.
    Share,
    /// A plain number, such as a correlation.
    Number,
}

/// One measure of one task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResultRow {
    /// The task: `vqa`.
    pub task: String,
    /// What is measured, and on which of the records: `accuracy, tone`.
    pub measure: String,
    /// In what it is counted.
    pub unit: Unit,
    /// The value; a share is from 0 to 1.
    pub value: f64,
    /// Where it would lie on other samples of this size.
    pub interval: Interval,
    /// What a model that does not look reaches.
    pub chance: f64,
    /// Records it was measured on.
    pub records: usize,
}

/// The measures of one or more tasks, and how their intervals were made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResultsTable {
    /// How the intervals were made.
    pub bootstrap: Bootstrap,
    /// The measures.
    pub rows: Vec<ResultRow>,
}

impl ResultsTable {
    /// A table without rows.
    pub fn new(bootstrap: Bootstrap) -> Self {
        Self { bootstrap, rows: Vec::new() }
    }

    /// Adds a share: the mean of `values`, one a record, each from 0 to 1. Errors as [`Bootstrap::of_mean`].
    pub fn add_share(&mut self, task: &str, measure: &str, values: &[f64], chance: f64) -> Result<(), EvalError> {
        let interval = self.bootstrap.of_mean(values)?;
        let value = values.iter().sum::<f64>() / values.len() as f64;
        self.rows.push(ResultRow {
            task: task.to_owned(),
            measure: measure.to_owned(),
            unit: Unit::Share,
            value,
            interval,
            chance,
            records: values.len(),
        });
        Ok(())
    }

    /// Adds a number that is no mean, such as a correlation over `records` records; `of` is handed the numbers of the records to
    /// measure it on. Errors as [`Bootstrap::interval`].
    pub fn add_number(
        &mut self,
        (task, measure): (&str, &str),
        records: usize,
        of: impl Fn(&[usize]) -> f64,
        chance: f64,
    ) -> Result<(), EvalError> {
        let interval = self.bootstrap.interval(records, &of)?;
        let value = of(&(0..records).collect::<Vec<_>>());
        let (task, measure) = (task.to_owned(), measure.to_owned());
        self.rows.push(ResultRow { task, measure, unit: Unit::Number, value, interval, chance, records });
        Ok(())
    }
}

impl Unit {
    /// A value as the table shows it.
    fn show(self, value: f64) -> String {
        match self {
            Self::Share => format!("{:.1}", 100.0 * value),
            Self::Number => format!("{value:.3}"),
        }
    }
}

impl fmt::Display for ResultRow {
    /// Value, interval and chance: `61.3 [57.9, 64.6], chance 20.0`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |value| self.unit.show(value);
        let (low, high) = (show(self.interval.low), show(self.interval.high));
        write!(out, "{} [{low}, {high}], chance {}", show(self.value), show(self.chance))
    }
}

impl fmt::Display for ResultsTable {
    /// A line of names and a line a measure; shares are in per cent.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |of: fn(&ResultRow) -> &str, name: &str| {
            self.rows.iter().map(|row| of(row).chars().count()).chain([name.len()]).max().unwrap_or(0)
        };
        let (task, measure) = (width(|row| &row.task, "task"), width(|row| &row.measure, "measure"));
        let interval = format!("{:.0} % interval", 100.0 * self.bootstrap.confidence);
        write!(out, "{:<task$}  {:<measure$}  {:>7}  {interval:>16}", "task", "measure", "value")?;
        write!(out, "  {:>7}  {:>7}", "chance", "records")?;
        for row in &self.rows {
            let show = |value| row.unit.show(value);
            let interval = format!("{} – {}", show(row.interval.low), show(row.interval.high));
            write!(out, "\n{:<task$}  {:<measure$}  {:>7}  {interval:>16}", row.task, row.measure, show(row.value))?;
            write!(out, "  {:>7}  {:>7}", show(row.chance), row.records)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> ResultsTable {
        let mut table = ResultsTable::new(Bootstrap { resamples: 100, confidence: 0.95, seed: 1 });
        table.add_share("vqa", "accuracy, tone", &[1.0, 1.0, 1.0, 1.0], 0.2).unwrap();
        let values = [0.5, 0.5];
        table.add_number(("pairs", "Spearman"), 2, |places| values[places[0]], 0.0).unwrap();
        table
    }

    #[test]
    fn shares_are_shown_in_per_cent_and_numbers_as_they_are() {
        let expected = "\
task   measure           value     95 % interval   chance  records
vqa    accuracy, tone    100.0     100.0 – 100.0     20.0        4
pairs  Spearman          0.500     0.500 – 0.500    0.000        2";
        assert_eq!(table().to_string(), expected);
        assert_eq!(table().rows[0].to_string(), "100.0 [100.0, 100.0], chance 20.0");
    }

    #[test]
    fn json_holds_all_of_it() {
        let json = serde_json::to_string(&table()).unwrap();
        assert_eq!(serde_json::from_str::<ResultsTable>(&json).unwrap(), table());
        assert!(
            json.contains(r#""unit":"share","value":1.0,"interval":{"low":1.0,"high":1.0},"chance":0.2,"records":4"#)
        );
    }

    #[test]
    fn nothing_measured_is_an_error() {
        let mut table = table();
        assert!(table.add_share("vqa", "accuracy", &[], 0.5).is_err());
        assert_eq!(table.rows.len(), 2);
    }
}
