//! The recent steps: series of numbers by name.

use std::collections::{BTreeMap, VecDeque};

/// Numbers of the last so many steps. A number that is not finite is no number.
#[derive(Clone, Debug)]
pub struct Window {
    length: u64,
    step: u64,
    series: BTreeMap<String, VecDeque<(u64, f64)>>,
}

impl Window {
    /// An empty one that remembers `length` steps.
    pub fn new(length: u64) -> Self {
        Self { length, step: 0, series: BTreeMap::new() }
    }

    /// Adds the numbers of `step`, which is later than all before it.
    pub fn push<'a>(&mut self, step: u64, values: impl IntoIterator<Item = (&'a str, f64)>) {
        self.step = step;
        // Most are f32; of a number that was written as a decimal and read again, the last digits may be others.
        let finite = values.into_iter().map(|(name, value)| (name, f64::from(value as f32)));
        for (name, value) in finite.filter(|(_, value)| value.is_finite()) {
            let series = match self.series.get_mut(name) {
                Some(series) => series,
                None => self.series.entry(name.to_string()).or_default(),
            };
            series.push_back((step, value));
            // The newest stays, so no series is empty.
            while series.front().is_some_and(|(oldest, _)| oldest + self.length <= step) {
                series.pop_front();
            }
        }
    }

    /// The newest step.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// The values of `name` over the last `steps` steps, the oldest first; nothing unless it is so old and nine in ten of
    /// these steps have one.
    pub fn last(&self, name: &str, steps: u64) -> Option<Vec<f64>> {
        let series = self.series.get(name).filter(|series| series[0].0 + steps <= self.step + 1)?;
        let begin = series.partition_point(|(step, _)| step + steps <= self.step);
        let values: Vec<f64> = series.range(begin..).map(|(_, value)| *value).collect();
        (!values.is_empty() && 10 * values.len() as u64 >= 9 * steps).then_some(values)
    }

    /// The mean of [`last`](Self::last).
    pub fn mean(&self, name: &str, steps: u64) -> Option<f64> {
        self.last(name, steps).map(|values| mean(&values))
    }

    /// How often `name` occurs in the last `steps` steps.
    pub fn count(&self, name: &str, steps: u64) -> u64 {
        let Some(series) = self.series.get(name) else { return 0 };
        (series.len() - series.partition_point(|(step, _)| step + steps <= self.step)) as u64
    }

    /// Every value of `name` that is remembered, with its step.
    pub fn remembered(&self, name: &str) -> impl Iterator<Item = (u64, f64)> + '_ {
        self.series.get(name).into_iter().flatten().copied()
    }
}

/// The mean of at least one value.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The median of at least one value; of two middle ones the upper.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_steps_are_forgotten() {
        let mut window = Window::new(3);
        (1..=5).for_each(|step| window.push(step, [("a", step as f64)]));
        assert_eq!(window.last("a", 3).unwrap(), [3.0, 4.0, 5.0]);
        assert_eq!(window.mean("a", 2), Some(4.5));
        assert_eq!((window.last("a", 4), window.last("b", 1), window.step()), (None, None, 5));
    }

    #[test]
    fn a_tenth_of_the_values_may_be_missing() {
        let mut window = Window::new(100);
        for step in 1..=20 {
            window.push(step, [("a", if step == 7 { f64::NAN } else { 1.0 })]);
        }
        assert_eq!(window.last("a", 10).map(|values| values.len()), Some(10));
        assert_eq!(window.last("a", 20).map(|values| values.len()), Some(19));
        window.push(21, []);
        window.push(22, []);
        assert_eq!((window.last("a", 10), window.count("a", 10)), (None, 8));
    }

    #[test]
    fn the_median_of_an_even_number_is_the_upper_one() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0]), 4.0);
    }
}
