//! Stages of a run: from which step on which tasks are trained, and how.

use serde::{Deserialize, Serialize};
use tuwen_ita::AlphaRamp;

/// A part of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Its length in steps; the last stage leaves it out and goes on to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<u64>,
    /// Image–text alignment; absent: not in this stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ita: Option<ItaStage>,
    /// Image–text matching.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub itm: Option<ItmStage>,
    /// Masked language modelling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mlm: Option<MlmStage>,
    /// The weight of the momentum encoder's soft answers in ITA and MLM; the ramp counts from the stage's first step.
    /// Absent: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpha: Option<AlphaRamp>,
}

/// Alignment in a stage.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItaStage {
    /// Factor of the loss in the total.
    pub weight: f64,
    /// What a pair is told apart from.
    pub loss: ItaLoss,
}

/// The kinds of alignment loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItaLoss {
    /// CLIP: the other pairs of the batch, both sides trained.
    InBatch,
    /// SigLIP: each pair of the batch by itself.
    Sigmoid,
    /// ALBEF: the momentum encoder's features of the batch and this many of the newest before it.
    Queue(usize),
}

/// Matching in a stage.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItmStage {
    /// Factor of the loss in the total.
    pub weight: f64,
    /// How much likelier a similar negative is drawn: 1 as ALBEF, 0 all alike.
    pub hardness: f64,
}

/// Masked language modelling in a stage.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MlmStage {
    /// Factor of the loss in the total.
    pub weight: f64,
}

impl Stage {
    /// α at the `step`th step of the stage.
    pub fn alpha(&self, step: u64) -> f64 {
        self.alpha.as_ref().map_or(0.0, |ramp| ramp.at(step))
    }

    /// Whether it asks the momentum encoder for anything.
    pub fn needs_teacher(&self) -> bool {
        let queue = self.ita.is_some_and(|ita| matches!(ita.loss, ItaLoss::Queue(_)));
        queue || self.alpha.as_ref().is_some_and(|ramp| ramp.alpha > 0.0)
    }

    /// Entries of the queue it uses.
    pub fn queue(&self) -> usize {
        match self.ita.map(|ita| ita.loss) {
            Some(ItaLoss::Queue(entries)) => entries,
            _ => 0,
        }
    }

    /// One line: what it trains.
    pub fn describe(&self) -> String {
        let ita = self.ita.map(|ita| match ita.loss {
            ItaLoss::InBatch => format!("ita (in-batch) × {}", ita.weight),
            ItaLoss::Sigmoid => format!("ita (sigmoid) × {}", ita.weight),
            ItaLoss::Queue(entries) => format!("ita (queue of {entries}) × {}", ita.weight),
        });
        let itm = self.itm.map(|itm| format!("itm (hardness {}) × {}", itm.hardness, itm.weight));
        let mlm = self.mlm.map(|mlm| format!("mlm × {}", mlm.weight));
        let alpha = self.alpha.as_ref().map(|ramp| format!("α to {} in {} steps", ramp.alpha, ramp.ramp));
        [ita, itm, mlm, alpha].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// The stage of step `step` of the run, and which step of the stage it is, both from 0. At least one stage.
pub fn stage_at(stages: &[Stage], step: u64) -> (&Stage, u64) {
    let mut left = step;
    for stage in &stages[..stages.len() - 1] {
        match stage.steps {
            Some(steps) if left >= steps => left -= steps,
            _ => return (stage, left),
        }
    }
    (&stages[stages.len() - 1], left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_follow_one_another_and_the_last_has_no_end() {
        let stage = |steps| Stage { steps, ita: None, itm: None, mlm: None, alpha: None };
        let stages = [stage(Some(3)), stage(Some(2)), stage(None)];
        let at = |step| {
            let (stage, inner) = stage_at(&stages, step);
            (stage.steps, inner)
        };
        let expected = [(Some(3), 0), (Some(3), 2), (Some(2), 0), (Some(2), 1), (None, 0), (None, 94)];
        assert_eq!([0, 2, 3, 4, 5, 99].map(at), expected);
    }
}
