//! How far a measure would move on another sample of the same size: percentile bootstrap with keyed draws.
//!
//! A resample takes n records of the n there are, with repetition; the measure of many resamples spreads as that of new samples
//! would (Efron & Tibshirani 1993, chapter 13). Records must be independent: questions about one picture are not quite.

use serde::{Deserialize, Serialize};
use tuwen_random::{Draws, Stream};

use crate::EvalError;

const RESAMPLE: Stream = Stream::named("eval.bootstrap");

/// How to resample.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bootstrap {
    /// How often; 1,000 tell a 95 % interval to about a twentieth of its width.
    pub resamples: usize,
    /// The share of resamples inside the interval, such as 0.95.
    pub confidence: f64,
    /// Another seed, other resamples.
    pub seed: u64,
}

/// From where to where.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// How much better one model is than another on the same records.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The first model's mean less the second's.
    pub value: f64,
    /// Its interval; one that holds 0 says that the two may be equal.
    pub interval: Interval,
    /// The share of resamples in which the first is not better: the smaller, the surer.
    pub not_better: f64,
}

impl Bootstrap {
    /// The interval of any measure of `count` records; `measure` is handed the numbers of a resample's records. Errors: no
    /// records, no resamples, a confidence outside of 0 to 1, a measure that is not a number.
    pub fn interval(&self, count: usize, measure: impl Fn(&[usize]) -> f64) -> Result<Interval, EvalError> {
        Ok(self.percentiles(&self.measures(count, measure)?))
    }

    /// The interval of the mean of `values`, one a record. Errors as [`Bootstrap::interval`].
    pub fn of_mean(&self, values: &[f64]) -> Result<Interval, EvalError> {
        self.interval(values.len(), |places| mean_of(values, places))
    }

    /// The difference of the means of two models on the same records, resampled together: what is hard for both counts for
    /// neither. Errors as [`Bootstrap::interval`], and another number of values.
    pub fn difference(&self, first: &[f64], second: &[f64]) -> Result<Difference, EvalError> {
        if first.len() != second.len() {
            return Err(EvalError::Unpaired { first: first.len(), second: second.len() });
        }
        let differences: Vec<f64> = first.iter().zip(second).map(|(a, b)| a - b).collect();
        let measures = self.measures(differences.len(), |places| mean_of(&differences, places))?;
        let not_better = measures.iter().filter(|difference| **difference <= 0.0).count();
        Ok(Difference {
            value: differences.iter().sum::<f64>() / differences.len() as f64,
            interval: self.percentiles(&measures),
            not_better: not_better as f64 / measures.len() as f64,
        })
    }

    /// The measure of each resample, in order.
    fn measures(&self, count: usize, measure: impl Fn(&[usize]) -> f64) -> Result<Vec<f64>, EvalError> {
        let possible = count > 0 && self.resamples > 0 && self.confidence > 0.0 && self.confidence < 1.0;
        if !possible {
            let Self { resamples, confidence, .. } = *self;
            return Err(EvalError::Bootstrap { count, resamples, confidence });
        }
        let mut places = vec![0; count];
        let mut measures = Vec::with_capacity(self.resamples);
        for resample in 0..self.resamples {
            let draws = Draws::new(self.seed, RESAMPLE, 0, resample as u64);
            places.iter_mut().zip(0..).for_each(|(place, at)| *place = draws.below(at, count as u64) as usize);
            let value = measure(&places);
            if !value.is_finite() {
                return Err(EvalError::Unmeasured { resample, value });
            }
            measures.push(value);
        }
        measures.sort_by(f64::total_cmp);
        Ok(measures)
    }

    /// The percentiles that leave equal shares outside, between neighbours by proportion.
    fn percentiles(&self, sorted: &[f64]) -> Interval {
        let at = |share: f64| {
            let place = share * (sorted.len() - 1) as f64;
            let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
            below + (above - below) * place.fract()
        };
        let outside = (1.0 - self.confidence) / 2.0;
        Interval { low: at(outside), high: at(1.0 - outside) }
    }
}

fn mean_of(values: &[f64], places: &[usize]) -> f64 {
    places.iter().map(|place| values[*place]).sum::<f64>() / places.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOTSTRAP: Bootstrap = Bootstrap { resamples: 2000, confidence: 0.95, seed: 7 };

    fn share(right: usize, of: usize) -> Vec<f64> {
        (0..of).map(|at| if at < right { 1.0 } else { 0.0 }).collect()
    }

    #[test]
    fn the_interval_of_a_share_is_that_of_the_binomial() {
        // 80 of 400: 0.2 ± 1.96 · √(0.2 · 0.8 / 400) = 0.2 ± 0.0392.
        let interval = BOOTSTRAP.of_mean(&share(80, 400)).unwrap();
        assert!((interval.low - 0.1608).abs() < 0.005 && (interval.high - 0.2392).abs() < 0.005, "{interval:?}");
        let half = Bootstrap { confidence: 0.5, ..BOOTSTRAP }.of_mean(&share(80, 400)).unwrap();
        assert!((half.high - half.low - 2.0 * 0.674 * 0.02).abs() < 0.004, "{half:?}");
    }

    #[test]
    fn what_never_varies_has_no_width_and_the_seed_decides() {
        assert_eq!(BOOTSTRAP.of_mean(&[1.0; 9]).unwrap(), Interval { low: 1.0, high: 1.0 });
        let values = share(3, 10);
        assert_eq!(BOOTSTRAP.of_mean(&values).unwrap(), BOOTSTRAP.of_mean(&values).unwrap());
        let spread = |seed| Bootstrap { resamples: 20, confidence: 0.5, seed }.of_mean(&share(37, 99)).unwrap();
        assert_ne!(spread(1), spread(2));
    }

    #[test]
    fn pairing_takes_out_what_is_hard_for_both() {
        // The same half of the records is right for both; the first model has ten more.
        let (first, second) = (share(110, 200), share(100, 200));
        let difference = BOOTSTRAP.difference(&first, &second).unwrap();
        assert!((difference.value - 0.05).abs() < 1e-12);
        // ± 1.96 · √(0.05 · 0.95 / 200) = ± 0.030, where unpaired shares would have ± 0.098.
        assert!((difference.interval.high - difference.interval.low - 0.0604).abs() < 0.008, "{difference:?}");
        assert!(difference.interval.low > 0.0 && difference.not_better < 0.01);
        let equal = BOOTSTRAP.difference(&first, &first).unwrap();
        assert_eq!((equal.value, equal.not_better), (0.0, 1.0));
    }

    #[test]
    fn any_measure_can_be_resampled() {
        let values: Vec<f64> = (0..100).map(f64::from).collect();
        let largest = BOOTSTRAP.interval(100, |places| places.iter().map(|p| values[*p]).fold(0.0, f64::max)).unwrap();
        assert!(largest.high == 99.0 && largest.low >= 94.0);
    }

    #[test]
    fn what_can_not_be_resampled_is_named() {
        let error = |bootstrap: Bootstrap, values: &[f64]| bootstrap.of_mean(values).unwrap_err().to_string();
        assert!(error(BOOTSTRAP, &[]).starts_with("`0` records"));
        assert!(error(Bootstrap { resamples: 0, ..BOOTSTRAP }, &[1.0]).contains("`0` resamples"));
        assert!(error(Bootstrap { confidence: 1.0, ..BOOTSTRAP }, &[1.0]).contains("a confidence of `1`"));
        assert_eq!(error(BOOTSTRAP, &[f64::NAN]), "resample `0` measures `NaN`, expected a finite number");
        let unpaired = BOOTSTRAP.difference(&[1.0], &[]).unwrap_err().to_string();
        assert_eq!(unpaired, "`1` values and `0` values, expected one of each a record");
    }
}
