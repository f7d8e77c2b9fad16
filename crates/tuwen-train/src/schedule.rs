//! Learning rates as pure functions of the step.

use serde::{Deserialize, Serialize};

/// How long a run is and how its learning rates move.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleConfig {
    /// The length of the run.
    pub duration: Duration,
    /// The rise from 0 at the start.
    pub warmup: Warmup,
    /// What follows it.
    pub shape: Shape,
}

/// The length of a run: `{ steps = 1500 }` or `{ epochs = 40 }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duration {
    /// Optimizer steps.
    Steps(u64),
    /// Passes over the training records: `epochs · records / batch_size` steps, rounded down.
    Epochs(u64),
}

/// The length of the warm-up: `{ steps = 100 }` or `{ ratio = 0.06 }`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Warmup {
    /// Steps.
    Steps(u64),
    /// Share of the run, rounded down to steps.
    Ratio(f64),
}

/// What follows the warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Half a cosine down to 0.
    Cosine,
    /// A straight line down to 0.
    Linear,
    /// The base rate to the end.
    Constant,
}

/// A schedule whose lengths are known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// Steps of the run.
    pub total_steps: u64,
    /// Steps of the warm-up.
    pub warmup_steps: u64,
    /// What follows it.
    pub shape: Shape,
}

impl ScheduleConfig {
    /// The schedule over `records` training records in batches of `batch_size`.
    pub fn resolve(&self, records: usize, batch_size: usize) -> Schedule {
        let total_steps = match self.duration {
            Duration::Steps(steps) => steps,
            Duration::Epochs(epochs) => epochs * records as u64 / batch_size.max(1) as u64,
        };
        let warmup_steps = match self.warmup {
            Warmup::Steps(steps) => steps,
            Warmup::Ratio(ratio) => (total_steps as f64 * ratio) as u64,
        };
        Schedule { total_steps, warmup_steps, shape: self.shape }
    }
}

impl Schedule {
    /// What the base rates are multiplied by at `step` (from 0): `step / warmup`, then the shape over the rest. The
    /// first step has rate 0, as with transformers' `get_cosine_schedule_with_warmup`.
    pub fn factor(&self, step: u64) -> f64 {
        if step < self.warmup_steps {
            return step as f64 / self.warmup_steps.max(1) as f64;
        }
        let rest = self.total_steps.saturating_sub(self.warmup_steps).max(1) as f64;
        let progress = ((step - self.warmup_steps) as f64 / rest).min(1.0);
        match self.shape {
            Shape::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * progress).cos()),
            Shape::Linear => 1.0 - progress,
            Shape::Constant => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(shape: Shape) -> Schedule {
        Schedule { total_steps: 12, warmup_steps: 4, shape }
    }

    #[test]
    fn rises_then_falls() {
        for (shape, expected) in [(Shape::Cosine, 0.5), (Shape::Linear, 0.5), (Shape::Constant, 1.0)] {
            let schedule = schedule(shape);
            assert_eq!([0, 1, 2, 4].map(|step| schedule.factor(step)), [0.0, 0.25, 0.5, 1.0]);
            assert!((schedule.factor(8) - expected).abs() < 1e-12); // half of the rest
        }
        assert!(schedule(Shape::Cosine).factor(12).abs() < 1e-12);
        assert!(schedule(Shape::Linear).factor(99).abs() < 1e-12);
    }

    #[test]
    fn epochs_and_ratios_become_steps() {
        let config =
            ScheduleConfig { duration: Duration::Epochs(40), warmup: Warmup::Ratio(0.06), shape: Shape::Cosine };
        let schedule = config.resolve(1_063_612, 128); // QQ job 1
        assert_eq!((schedule.total_steps, schedule.warmup_steps), (332_378, 19_942));
    }
}
