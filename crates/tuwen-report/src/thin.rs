//! Long curves made short: mean, lowest and highest value of each stretch of steps.

use serde::Serialize;

/// A curve on an even grid: entry i covers the steps from `first + i · width`, `width` of them. An absent value: none there.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Curve {
    pub(crate) first: u64,
    pub(crate) width: u64,
    pub(crate) mean: Vec<Option<f64>>,
    /// Empty where a stretch is one step.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) low: Vec<Option<f64>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) high: Vec<Option<f64>>,
}

/// The curve through `values` (in the order of their steps), of stretches of `width` steps that begin with step 1.
pub(crate) fn thin(values: &[(u64, f64)], width: u64) -> Curve {
    let place = |step: u64| step.saturating_sub(1) / width;
    let begin = values.first().map_or(0, |(step, _)| place(*step));
    let length = values.last().map_or(0, |(step, _)| (place(*step) - begin) as usize + 1);
    let mut stretches = vec![Stretch::default(); length];
    for (step, value) in values.iter().filter(|(_, value)| value.is_finite()) {
        stretches[(place(*step) - begin) as usize].add(*value);
    }
    let all = |of: fn(&Stretch) -> f64| stretches.iter().map(|one| (one.count > 0).then(|| short(of(one)))).collect();
    let mean = all(|one| one.sum / one.count as f64);
    let (low, high) = if width > 1 { (all(|one| one.low), all(|one| one.high)) } else { Default::default() };
    Curve { first: begin * width + 1, width, mean, low, high }
}

#[derive(Clone, Copy)]
struct Stretch {
    count: u64,
    sum: f64,
    low: f64,
    high: f64,
}

impl Default for Stretch {
    fn default() -> Self {
        Self { count: 0, sum: 0.0, low: f64::INFINITY, high: f64::NEG_INFINITY }
    }
}

impl Stretch {
    fn add(&mut self, value: f64) {
        self.count += 1;
        self.sum += value;
        self.low = self.low.min(value);
        self.high = self.high.max(value);
    }
}

/// `value` to five digits: a page has no use for more, and its size halves.
pub(crate) fn short(value: f64) -> f64 {
    format!("{value:.4e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_run_keeps_every_step() {
        let curve = thin(&[(301, 2.0), (302, 1.5), (304, 1.0)], 1);
        let mean = vec![Some(2.0), Some(1.5), None, Some(1.0)];
        assert_eq!(curve, Curve { first: 301, width: 1, mean, low: vec![], high: vec![] });
    }

    #[test]
    fn a_stretch_shows_its_mean_lowest_and_highest_value() {
        // Steps 1–4 and 5–8.
        let curve = thin(&[(1, 1.0), (2, 3.0), (3, 8.0), (5, 2.0)], 4);
        assert_eq!((curve.first, curve.mean), (1, vec![Some(4.0), Some(2.0)]));
        assert_eq!((curve.low, curve.high), (vec![Some(1.0), Some(2.0)], vec![Some(8.0), Some(2.0)]));
    }

    #[test]
    fn a_spike_in_a_million_steps_is_seen() {
        let values: Vec<(u64, f64)> =
            (1..=1_000_000).map(|step| (step, f64::from(u8::from(step == 777_777)))).collect();
        let curve = thin(&values, 1000);
        assert_eq!((curve.mean.len(), curve.high[777]), (1000, Some(1.0)));
    }

    #[test]
    fn five_digits_stay() {
        assert_eq!((short(2.658_587_456), short(0.000_123_456_7), short(1500.0)), (2.6586, 0.000_123_46, 1500.0));
    }

    #[test]
    fn nothing_is_an_empty_curve() {
        assert!(thin(&[], 1).mean.is_empty());
    }
}
