//! The best checkpoint by a measure of the tests.

use serde::{Deserialize, Serialize};
use tuwen_recipe::{RecipeError, nearest};

use crate::Evaluation;

/// The best test so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Best {
    /// After this step.
    pub step: u64,
    /// What it measured.
    pub value: f64,
}

/// The best of `best` and the test after `step`, by `measure`: `TASK.accuracy`, `TASK.loss` (smaller is better),
/// `LANGUAGE.mean_recall`, or another metric's name (larger is better, but for `loss/…`). The earlier of equals stays. A measure that is not a number is never best.
///
/// # Errors
/// A measure that the test does not have, with those it has.
pub(crate) fn better(
    best: Option<Best>,
    measure: &str,
    step: u64,
    test: &Evaluation,
) -> Result<Option<Best>, RecipeError> {
    let measures = measures(test);
    let Some((_, value)) = measures.iter().find(|(name, _)| name == measure) else {
        let known: Vec<&str> = measures.iter().map(|(name, _)| name.as_str()).collect();
        let hint = nearest(measure, &known).map_or(String::new(), |name| format!("; did you mean `{name}`?"));
        let reason = format!("is `{measure}`, which no test measures{hint} There are `{}`", known.join("`, `"));
        return Err(RecipeError::invalid("checkpoint.best", reason));
    };
    let sign = if measure.ends_with(".loss") || measure.starts_with("loss/") { -1.0 } else { 1.0 };
    let improves = !value.is_nan() && best.is_none_or(|best| sign * value > sign * best.value);
    Ok(if improves { Some(Best { step, value: *value }) } else { best })
}

fn measures(test: &Evaluation) -> Vec<(String, f64)> {
    let tasks = test.tasks.iter().flat_map(|(task, result)| {
        [(format!("{task}.accuracy"), result.accuracy), (format!("{task}.loss"), result.loss)]
    });
    // Re-ranking comes at the end of a run alone.
    let aligned = test.retrieval.iter().filter(|result| result.reranked.is_none());
    let recalls = aligned.map(|result| (format!("{}.mean_recall", result.language), result.table.mean_recall));
    let metrics = test.metrics.iter().map(|(name, metric)| (name.clone(), metric.value));
    tasks.chain(recalls).chain(metrics).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TaskResult;

    fn test(accuracy: f64, loss: f64) -> Evaluation {
        let result = TaskResult { loss, accuracy, chance: 0.5, predictions: 4 };
        Evaluation { tasks: [("itm".to_string(), result)].into(), ..Evaluation::default() }
    }

    #[test]
    fn larger_accuracies_and_smaller_losses_are_better() {
        let run = |measure: &str| {
            let tests = [test(0.5, 0.7), test(0.75, 0.9), test(0.75, 0.6), test(f64::NAN, f64::NAN)];
            (1..).zip(&tests).fold(None, |best, (step, test)| better(best, measure, step, test).unwrap())
        };
        assert_eq!(run("itm.accuracy"), Some(Best { step: 2, value: 0.75 }));
        assert_eq!(run("itm.loss"), Some(Best { step: 3, value: 0.6 }));
    }

    #[test]
    fn an_unknown_measure_is_told_the_known_ones() {
        let error = better(None, "itm.acuracy", 1, &test(0.5, 0.7)).unwrap_err().to_string();
        assert!(error.contains("did you mean `itm.accuracy`?") && error.contains("`itm.loss`"), "{error}");
    }
}
