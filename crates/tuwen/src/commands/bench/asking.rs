//! Questions to either side of a comparison, and how far apart their answers are.

use serde_json::{Value, json};

use super::python::Session;
use super::timing::Times;
use crate::commands::CommandError;

/// Largest relative difference of a loss before the first step, in f32: each side rounds in its own order.
pub(super) const SAME: f64 = 1e-4;

/// The answer to `question`. Errors: the side failed.
pub(super) fn ask(side: &mut Session, question: &str) -> Result<Value, CommandError> {
    Ok(side.ask(&json!(question))?)
}

/// The times of `count` steps, and the last one's loss.
pub(super) fn steps(side: &mut Session, count: usize) -> Result<(Times, f64), CommandError> {
    let mut total = f64::NAN;
    let times = (0..count.max(1)).map(|_| {
        let answer = ask(side, "step")?;
        total = answer["total"].as_f64().unwrap_or(f64::NAN);
        answer["seconds"].as_f64().ok_or_else(|| CommandError::from(format!("a step without a time: {answer}")))
    });
    let times = times.collect::<Result<_, _>>()?;
    Ok((times, total))
}

/// How far the losses of both sides are apart, as [`apart`] has it. Errors: by more than `bound`.
pub(super) fn agreed(ours: &Value, theirs: &Value, bound: f64) -> Result<f64, CommandError> {
    let first = apart(ours, theirs)?;
    if first > bound {
        return Err(format!("the losses differ by {first:.1e} of their size, so nothing can be compared").into());
    }
    Ok(first)
}

/// The largest relative difference of numbers that both have by the same names.
fn apart(ours: &Value, theirs: &Value) -> Result<f64, CommandError> {
    let (Some(a), Some(b)) = (ours.as_object(), theirs.as_object()) else {
        return Err(format!("losses expected, got {ours} and {theirs}").into());
    };
    if !a.keys().eq(b.keys()) {
        return Err(format!("the sides have other losses: {ours} and {theirs}").into());
    }
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    let differences = a.iter().map(|(name, value)| relative(number(value), number(&b[name])));
    Ok(differences.fold(0.0, f64::max))
}

/// `|a − b|` as a share of the larger. A NaN is as far apart as can be.
pub(super) fn relative(a: f64, b: f64) -> f64 {
    let share = (a - b).abs() / a.abs().max(b.abs()).max(1e-12);
    if share.is_nan() { f64::INFINITY } else { share }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_loss_counts_and_a_nan_most() {
        assert_eq!(apart(&json!({ "a": 1.0, "b": 2.0 }), &json!({ "a": 1.0, "b": 1.0 })).unwrap(), 0.5);
        assert_eq!(apart(&json!({ "a": null }), &json!({ "a": 1.0 })).unwrap(), f64::INFINITY);
        assert!(apart(&json!({ "a": 1.0 }), &json!({ "b": 1.0 })).is_err());
    }

    #[test]
    fn losses_further_apart_than_the_bound_are_an_error() {
        let (ours, theirs) = (json!({ "a": 2.0 }), json!({ "a": 1.0 }));
        assert_eq!(agreed(&ours, &theirs, 0.5).unwrap(), 0.5);
        let expected = "the losses differ by 5.0e-1 of their size, so nothing can be compared";
        assert_eq!(agreed(&ours, &theirs, 0.4).unwrap_err().to_string(), expected);
    }
}
