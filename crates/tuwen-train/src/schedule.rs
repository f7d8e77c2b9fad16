//! Learning rates as pure functions of the step.

use serde::{Deserialize, Serialize};

/// How long a run is and how its learning rates move.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleConfig {
    /// The length of the run.
    pub duration: Duration,
    /// The rise at the start.
    pub warmup: Warmup,
    /// What follows it.
    pub shape: Shape,
    /// The share of the base rate that the rise begins at.
    #[serde(default)]
    pub warmup_start: f64,
    /// The share of the base rate that the rate falls to.
    #[serde(default)]
    pub floor: f64,
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
    /// ALBEF's own: in the first pass over the data the rate climbs in as many stairs of 100 steps as there are, the rate
    /// of a stair taking hold one step after it begins, and stays on the last; from the second pass on it is half a cosine
    /// that moves once a pass, wherever the stairs had got to. The warm-up is the stairs' length in steps.
    AlbefEpochs,
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
    /// Where the rise begins and where the rate falls to, as shares of the base rate.
    pub ends: [f64; 2],
    /// Steps of a pass over the data.
    pub steps_per_epoch: u64,
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
        let steps_per_epoch = (records as u64 / batch_size.max(1) as u64).max(1);
        Schedule {
            total_steps,
            warmup_steps,
            shape: self.shape,
            ends: [self.warmup_start, self.floor],
            steps_per_epoch,
        }
    }
}

impl Schedule {
    /// What the base rates are multiplied by at `step` (from 0): a straight rise over the warm-up, then the shape over the
    /// rest. From 0, the first step has rate 0, as with transformers' `get_cosine_schedule_with_warmup`.
    pub fn factor(&self, step: u64) -> f64 {
        let [start, floor] = self.ends;
        if self.shape == Shape::AlbefEpochs {
            return self.albef(step);
        }
        if step < self.warmup_steps {
            return start + (1.0 - start) * step as f64 / self.warmup_steps.max(1) as f64;
        }
        let rest = self.total_steps.saturating_sub(self.warmup_steps).max(1) as f64;
        let progress = ((step - self.warmup_steps) as f64 / rest).min(1.0);
        floor
            + (1.0 - floor)
                * match self.shape {
                    Shape::Cosine | Shape::AlbefEpochs => half_cosine(progress),
                    Shape::Linear => 1.0 - progress,
                    Shape::Constant => 1.0,
                }
    }

    fn albef(&self, step: u64) -> f64 {
        let [start, floor] = self.ends;
        let (epoch, inner) = (step / self.steps_per_epoch, step % self.steps_per_epoch);
        if epoch > 0 {
            let epochs = (self.total_steps as f64 / self.steps_per_epoch as f64).max(1.0);
            return floor + (1.0 - floor) * half_cosine(epoch as f64 / epochs);
        }
        let stairs = (self.warmup_steps / STAIR).max(1);
        // The scheduler moves after the optimizer does: iteration 100·k still runs on stair k − 1.
        let stair = (inner.saturating_sub(1) / STAIR).min(stairs);
        start + (1.0 - start) * stair as f64 / stairs as f64
    }
}

/// Steps of one of ALBEF's stairs (`step_size` in `Pretrain.py`).
const STAIR: u64 = 100;

/// From 1 to 0.
fn half_cosine(progress: f64) -> f64 {
    0.5 * (1.0 + (std::f64::consts::PI * progress).cos())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(shape: Shape) -> Schedule {
        Schedule { total_steps: 12, warmup_steps: 4, shape, ends: [0.0, 0.0], steps_per_epoch: 4 }
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
    fn a_floor_and_a_start_are_shares_of_the_base_rate() {
        let schedule = Schedule { ends: [0.1, 0.2], ..schedule(Shape::Linear) };
        let expected = [0.1, 0.1 + 0.9 / 2.0, 1.0, 0.2 + 0.8 / 2.0, 0.2];
        for (step, expected) in [0, 2, 4, 8, 12].into_iter().zip(expected) {
            assert!((schedule.factor(step) - expected).abs() < 1e-12, "{step}");
        }
    }

    #[test]
    fn epochs_and_ratios_become_steps() {
        let config = ScheduleConfig {
            duration: Duration::Epochs(40),
            warmup: Warmup::Ratio(0.06),
            shape: Shape::Cosine,
            warmup_start: 0.0,
            floor: 0.0,
        };
        let schedule = config.resolve(1_063_612, 128); // QQ job 1
        assert_eq!((schedule.total_steps, schedule.warmup_steps), (332_378, 19_942));
    }
}
