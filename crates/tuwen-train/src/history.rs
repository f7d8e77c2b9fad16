//! The losses of a run so far, for its summary.

use std::collections::BTreeMap;

/// Each task's losses with their steps, those left out that are not finite.
#[derive(Debug, Default)]
pub(crate) struct History {
    steps: u64,
    losses: BTreeMap<String, Vec<(u64, f64)>>,
}

impl History {
    /// Adds the losses of the step after the last.
    pub(crate) fn push<'a>(&mut self, losses: impl IntoIterator<Item = (&'a str, f64)>) {
        self.steps += 1;
        for (task, loss) in losses.into_iter().filter(|(_, loss)| loss.is_finite()) {
            match self.losses.get_mut(task) {
                Some(known) => known.push((self.steps, loss)),
                None => _ = self.losses.insert(task.to_string(), vec![(self.steps, loss)]),
            }
        }
    }

    /// Each task's first loss, and its mean over the last twentieth of the steps; its last one, if it has none there.
    pub(crate) fn first_and_last(&self) -> BTreeMap<String, [f64; 2]> {
        let begin = self.steps - self.steps.div_ceil(20);
        let of = |losses: &[(u64, f64)]| {
            let ((_, first), (_, newest)) = (losses.first()?, losses.last()?);
            let tail = &losses[losses.partition_point(|(step, _)| *step <= begin)..];
            let sum: f64 = tail.iter().map(|(_, loss)| loss).sum();
            Some([*first, if tail.is_empty() { *newest } else { sum / tail.len() as f64 }])
        };
        self.losses.iter().filter_map(|(task, losses)| Some((task.clone(), of(losses)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_loss_and_the_mean_of_the_last_twentieth() {
        let mut history = History::default();
        (1..=40).for_each(|step| history.push([("mlm", f64::from(step))]));
        assert_eq!(history.first_and_last()["mlm"], [1.0, (39.0 + 40.0) / 2.0]);
    }

    #[test]
    fn a_loss_that_is_not_finite_counts_for_nothing() {
        let mut history = History::default();
        for loss in [f64::NAN, 3.0, f64::INFINITY] {
            history.push([("mlm", loss)]);
        }
        assert_eq!(history.first_and_last()["mlm"], [3.0, 3.0]);
    }
}
