//! What is drawn: which values of the runs share a chart, and in which order the charts come.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::run::Run;
use crate::thin::{Curve, short, thin};

/// So many stretches all curves of a page have together; at some 30 bytes each the page stays below 10 MB.
const STRETCHES: u64 = 160_000;
/// A curve has at most so many stretches; more are not told apart on a screen.
const FINEST: u64 = 1500;
/// A curve has at least so many, whatever the number of runs.
const COARSEST: u64 = 40;

/// How values are written and scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    /// A plain number, which may be drawn on a logarithmic scale.
    Number,
    /// A share of one, written in per cent.
    Share,
    /// A number in per cent.
    Percent,
}

/// One chart.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Chart {
    #[serde(skip)]
    pub(crate) section: Section,
    pub(crate) title: String,
    pub(crate) unit: Unit,
    /// One entry per run.
    pub(crate) lines: Vec<Line>,
}

/// What one run draws in a chart.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(crate) struct Line {
    /// Values of the training steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) curve: Option<Curve>,
    /// Held-out values: step and value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) points: Vec<(u64, f64)>,
    /// What guessing reaches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) chance: Option<f64>,
}

/// The parts of the page that hold charts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Section {
    /// Losses of training steps, with the held-out ones as points.
    Losses,
    /// Accuracies and recalls on held-out records.
    HeldOut,
    /// Learning rate, gradient norm, temperature.
    Optimisation,
    /// Records a second, waiting, memory.
    Speed,
    /// Whatever else was logged.
    More,
}

impl Section {
    pub(crate) const ALL: [Self; 5] = [Self::Losses, Self::HeldOut, Self::Optimisation, Self::Speed, Self::More];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Losses => "Losses",
            Self::HeldOut => "Held-out records",
            Self::Optimisation => "Optimisation",
            Self::Speed => "Speed",
            Self::More => "More",
        }
    }

    fn of(name: &str) -> Self {
        match name {
            _ if name.starts_with("loss/") || name == "loss" => Self::Losses,
            "learning_rate" | "rate_factor" | "gradient_norm" | "temperature" | "tau" | "alpha" => Self::Optimisation,
            "observed/temperature" => Self::Optimisation,
            _ if name.contains("second") || name.contains("wait") || name.contains("memory") => Self::Speed,
            _ => Self::More,
        }
    }
}

/// Values by name, in the order of their steps.
type Series = BTreeMap<String, Vec<(u64, f64)>>;

/// All charts of `runs`, section by section.
pub(crate) fn charts(runs: &[Run]) -> Vec<Chart> {
    let series: Vec<Series> = runs.iter().map(series).collect();
    let curves = series.iter().map(BTreeMap::len).sum::<usize>() as u64;
    let finest = (STRETCHES / curves.max(1)).clamp(COARSEST, FINEST);
    let names: BTreeSet<&String> = series.iter().flat_map(BTreeMap::keys).collect();
    let mut charts: Vec<Chart> = names
        .into_iter()
        .map(|name| {
            let line = |(run, series): (&Run, &Series)| Line {
                curve: series.get(name).map(|values| thin(values, run.metrics.last_step.div_ceil(finest).max(1))),
                points: name.strip_prefix("loss/").map(|task| losses(run, task)).unwrap_or_default(),
                chance: None,
            };
            let lines = runs.iter().zip(&series).map(line).collect();
            Chart { section: Section::of(name), title: title(name), unit: unit(name), lines }
        })
        .collect();
    charts.extend(accuracies(runs));
    charts.extend(recalls(runs));
    charts.extend(measures(runs));
    // The total stands before its parts, the rest keeps its order.
    charts.sort_by_key(|chart| (chart.section, chart.title != "total loss"));
    charts
}

/// What `run` logged, the epoch left out, speed and waiting made of times, and the learning rate where its recipe says what
/// the factor is multiplied with.
fn series(run: &Run) -> Series {
    let mut series = run.metrics.series.clone();
    series.remove("epoch");
    timing(&mut series);
    if let (Some(rate), Some(mut factors)) = (run.number("optimizer.learning_rate"), series.remove("rate_factor")) {
        factors.iter_mut().for_each(|(_, factor)| *factor *= rate);
        series.entry("learning_rate".to_owned()).or_insert(factors);
    }
    series
}

/// Puts what a reader asks for in the place of the columns of `timing.jsonl`.
fn timing(series: &mut Series) {
    let [seconds, waited, records, memory] =
        ["seconds", "waited", "records", "memory"].map(|name| series.remove(name).unwrap_or_default());
    let per_second = |parts: &[(u64, f64)]| {
        let durations: BTreeMap<u64, f64> = seconds.iter().copied().filter(|(_, seconds)| *seconds > 0.0).collect();
        parts.iter().filter_map(|(step, part)| Some((*step, part / durations.get(step)?))).collect::<Vec<_>>()
    };
    let speed = [
        ("records_per_second", per_second(&records)),
        ("data_wait_share", per_second(&waited)),
        ("memory_in_MB", memory.iter().map(|(step, bytes)| (*step, bytes / 1e6)).collect()),
    ];
    for (name, values) in speed.into_iter().filter(|(_, values)| !values.is_empty()) {
        series.entry(name.to_owned()).or_insert(values);
    }
}

fn title(name: &str) -> String {
    match name {
        "loss/total" => "total loss".to_owned(),
        _ => match name.strip_prefix("loss/") {
            Some(task) => format!("{task} loss"),
            None => name.strip_prefix("observed/").unwrap_or(name).replace('_', " "),
        },
    }
}

fn unit(name: &str) -> Unit {
    if name.ends_with("_share") || name.ends_with("accuracy") { Unit::Share } else { Unit::Number }
}

fn losses(run: &Run, task: &str) -> Vec<(u64, f64)> {
    let value = |(step, evaluation): &(u64, crate::evaluation::Evaluation)| {
        Some((*step, short(evaluation.tasks.get(task)?.loss?)))
    };
    run.metrics.heldout.iter().filter_map(value).collect()
}

fn accuracies(runs: &[Run]) -> Vec<Chart> {
    let tests = || runs.iter().flat_map(|run| &run.metrics.heldout);
    let tasks: BTreeSet<&String> = tests().flat_map(|(_, evaluation)| evaluation.tasks.keys()).collect();
    let line = |run: &Run, task: &str| {
        let results = || run.metrics.heldout.iter().filter_map(|(step, test)| Some((*step, test.tasks.get(task)?)));
        Line {
            curve: None,
            points: results().filter_map(|(step, result)| Some((step, short(result.accuracy?)))).collect(),
            chance: results().next_back().and_then(|(_, result)| result.chance).map(short),
        }
    };
    let chart = |task: &String| Chart {
        section: Section::HeldOut,
        title: format!("{task} accuracy"),
        unit: Unit::Share,
        lines: runs.iter().map(|run| line(run, task)).collect(),
    };
    tasks.into_iter().map(chart).collect()
}

fn recalls(runs: &[Run]) -> Vec<Chart> {
    let tests = || runs.iter().flat_map(|run| &run.metrics.heldout);
    let titles: BTreeSet<String> =
        tests().flat_map(|(_, test)| test.retrieval.iter().map(|result| result.title())).collect();
    let line = |run: &Run, title: &str| {
        let of = |(step, test): &(u64, crate::evaluation::Evaluation)| {
            let result = test.retrieval.iter().find(|result| result.title() == title)?;
            Some((*step, short(result.table.mean_recall), short(result.chance())))
        };
        let results: Vec<_> = run.metrics.heldout.iter().filter_map(of).collect();
        let points = results.iter().map(|(step, recall, _)| (*step, *recall)).collect();
        Line { curve: None, points, chance: results.last().map(|(_, _, chance)| *chance) }
    };
    let chart = |title: String| Chart {
        section: Section::HeldOut,
        lines: runs.iter().map(|run| line(run, &title)).collect(),
        title: format!("mean recall, {title}"),
        unit: Unit::Percent,
    };
    titles.into_iter().map(chart).collect()
}

/// Measures of one's own, as numbers: what they mean, and which end is the better one, only their author knows.
fn measures(runs: &[Run]) -> Vec<Chart> {
    let names: BTreeSet<&String> =
        runs.iter().flat_map(|run| &run.metrics.heldout).flat_map(|(_, test)| test.metrics.keys()).collect();
    let line = |run: &Run, name: &str| {
        let results = || run.metrics.heldout.iter().filter_map(|(step, test)| Some((*step, test.metrics.get(name)?)));
        Line {
            curve: None,
            points: results().filter_map(|(step, measure)| Some((step, short(measure.value?)))).collect(),
            chance: results().next_back().and_then(|(_, measure)| measure.chance).map(short),
        }
    };
    let chart = |name: &String| Chart {
        section: Section::HeldOut,
        title: name.clone(),
        unit: Unit::Number,
        lines: runs.iter().map(|run| line(run, name)).collect(),
    };
    names.into_iter().map(chart).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(lines: &str) -> Run {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("metrics.jsonl"), lines).unwrap();
        std::fs::write(folder.path().join("recipe.toml"), "[optimizer]\nlearning_rate = 1e-3\n").unwrap();
        Run::read(folder.path()).unwrap()
    }

    #[test]
    fn charts_come_in_sections_with_the_total_loss_first() {
        let runs = [run(
            "{\"step\":1,\"epoch\":0,\"loss/itm\":1,\"loss/total\":3,\"gradient_norm\":2,\"odd\":1,\"observed/temperature\":0.07,\"data_wait_share\":0.1}\n",
        )];
        let titles: Vec<String> = charts(&runs).into_iter().map(|chart| chart.title).collect();
        assert_eq!(titles, ["total loss", "itm loss", "gradient norm", "temperature", "data wait share", "odd"]);
    }

    #[test]
    fn the_learning_rate_is_the_recipes_times_the_factor() {
        let charts = charts(&[run("{\"step\":1,\"rate_factor\":0.5}\n")]);
        assert_eq!(charts[0].title, "learning rate");
        assert_eq!(charts[0].lines[0].curve.as_ref().unwrap().mean, [Some(0.0005)]);
    }

    #[test]
    fn times_become_speed_waiting_and_memory() {
        let charts = charts(&[run("{\"step\":1,\"seconds\":0.5,\"waited\":0.1,\"records\":8,\"memory\":3000000}\n")]);
        let found: Vec<_> = charts
            .iter()
            .map(|chart| (chart.title.as_str(), chart.unit, chart.lines[0].curve.as_ref().unwrap().mean[0].unwrap()))
            .collect();
        let expected = [
            ("data wait share", Unit::Share, 0.2),
            ("memory in MB", Unit::Number, 3.0),
            ("records per second", Unit::Number, 16.0),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn heldout_losses_are_points_in_the_tasks_chart() {
        let test = "{\"step\":2,\"heldout\":{\"tasks\":{\"mlm\":{\"loss\":1.5,\"accuracy\":0.5,\"chance\":0.1}}}}";
        let runs = [run(&format!("{{\"step\":1,\"loss/mlm\":3}}\n{test}\n")), run("{\"step\":1,\"loss/mlm\":4}\n")];
        let charts = charts(&runs);
        assert_eq!(charts[0].lines[0].points, [(2, 1.5)]);
        assert!(charts[0].lines[1].points.is_empty());
        assert_eq!((charts[1].title.as_str(), charts[1].lines[0].chance), ("mlm accuracy", Some(0.1)));
    }
}
