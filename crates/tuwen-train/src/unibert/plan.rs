//! Which tasks share a forward pass: a pure function of the views they ask for.

use std::fmt;

use serde::{Deserialize, Serialize};
use tuwen_itm::ItmRule;

use super::recipe::{MaskingViews, TasksSection};

/// A pre-training task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Masked language modelling.
    Mlm,
    /// Masked frame modelling.
    Mfm,
    /// Clip–title matching.
    Itm,
    /// Tags.
    Tag,
}

impl Task {
    /// Its name in recipes and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mlm => "mlm",
            Self::Mfm => "mfm",
            Self::Itm => "itm",
            Self::Tag => "tag",
        }
    }
}

/// Whether a modality is shown with its masks or without.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// As it is.
    #[default]
    Clean,
    /// With masked places hidden.
    Masked,
}

/// Whose clip stands with a title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrangement {
    /// Its own.
    Aligned,
    /// In half of the rows another's, frames and mask together.
    Shuffled,
    /// The reference's: shuffled frames under unshuffled masks, read by tasks that think them aligned.
    SeedShuffled,
}

/// What a task has to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Of the title.
    pub text: Content,
    /// Of the frames.
    pub frames: Content,
    /// Of the pairing.
    pub arrangement: Arrangement,
}

/// One forward pass and the tasks that read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// What the encoder sees.
    pub view: View,
    /// Who reads its states.
    pub tasks: Vec<Task>,
}

/// The passes of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan(pub Vec<Pass>);

impl Plan {
    /// One pass for each distinct view, in the order of the tasks.
    pub fn of(tasks: &TasksSection) -> Self {
        let mut plan = Self(Vec::new());
        for (task, view) in views(tasks) {
            match plan.0.iter_mut().find(|pass| pass.view == view) {
                Some(pass) => pass.tasks.push(task),
                None => plan.0.push(Pass { view, tasks: vec![task] }),
            }
        }
        plan
    }

    /// The plan for tests: false pairs are shown clean.
    #[must_use]
    pub fn for_evaluation(&self) -> Self {
        let mut plan = self.clone();
        for view in plan.0.iter_mut().map(|pass| &mut pass.view).filter(|v| v.arrangement == Arrangement::Shuffled) {
            (view.text, view.frames) = (Content::Clean, Content::Clean);
        }
        plan
    }
}

fn views(tasks: &TasksSection) -> Vec<(Task, View)> {
    use Content::{Clean, Masked};
    let seed = tasks.itm.as_ref().is_some_and(|itm| itm.pairing == ItmRule::Seed);
    let arrangement = if seed { Arrangement::SeedShuffled } else { Arrangement::Aligned };
    // What a pass shows of the modality that its task does not mask; without its own task nothing is masked at all.
    let shared = tasks.masking == MaskingViews::Joint || seed;
    let text = if shared && tasks.mlm.is_some() { Masked } else { Clean };
    let frames = if shared && tasks.mfm.is_some() { Masked } else { Clean };
    let aligned = |text, frames| View { text, frames, arrangement };
    let sees = tasks.itm.as_ref().map_or(Clean, |itm| itm.sees);
    let apart = View { text: sees, frames: sees, arrangement: Arrangement::Shuffled };
    let matching = if seed { aligned(text, frames) } else { apart };
    [
        tasks.mlm.as_ref().map(|_| (Task::Mlm, aligned(Masked, frames))),
        tasks.mfm.as_ref().map(|_| (Task::Mfm, aligned(text, Masked))),
        tasks.tag.as_ref().map(|_| (Task::Tag, aligned(text, frames))),
        tasks.itm.as_ref().map(|_| (Task::Itm, matching)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Pass { view, tasks }) in self.0.iter().enumerate() {
            let word = |content| if content == Content::Masked { "masked" } else { "clean" };
            let pairs = match view.arrangement {
                Arrangement::Aligned => "aligned pairs",
                Arrangement::Shuffled => "shuffled pairs",
                Arrangement::SeedShuffled => "frames shuffled without their masks (seed)",
            };
            let names: Vec<&str> = tasks.iter().map(|task| task.name()).collect();
            let separator = if index == 0 { "" } else { "\n" };
            let (text, frames) = (word(view.text), word(view.frames));
            write!(f, "{separator}pass {}: {text} text, {frames} frames, {pairs} → {}", index + 1, names.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unibert::recipe::{ItmSection, MfmSection, MlmSection, TagInput, TagSection, TagVocabulary};
    use tuwen_mfm::FrameSimilarity;
    use tuwen_text::MaskingConfig;
    use tuwen_vision::FrameMasking;

    fn plan(masking: MaskingViews, pairing: ItmRule) -> String {
        let frames = FrameMasking { probability: 0.15, at_least: Default::default() };
        let (similarity, negatives) = (FrameSimilarity::DotProduct, Default::default());
        let tasks = TasksSection {
            masking,
            mlm: Some(MlmSection { weight: 1.0, masking: MaskingConfig::default() }),
            mfm: Some(MfmSection { weight: 1.0, masking: frames, similarity, negatives }),
            itm: Some(ItmSection { weight: 1.0, pairing, sees: Content::Clean }),
            tag: Some(TagSection { weight: 1.0, vocabulary: TagVocabulary::MostFrequent(3), input: TagInput::Cls }),
        };
        Plan::of(&tasks).to_string()
    }

    #[test]
    fn joint_masking_needs_two_passes() {
        assert_eq!(
            plan(MaskingViews::Joint, ItmRule::Balanced),
            "pass 1: masked text, masked frames, aligned pairs → mlm, mfm, tag\n\
             pass 2: clean text, clean frames, shuffled pairs → itm"
        );
    }

    #[test]
    fn separate_masking_needs_a_pass_for_each() {
        assert_eq!(plan(MaskingViews::Separate, ItmRule::Balanced).lines().count(), 4);
    }

    #[test]
    fn the_seed_lets_everything_read_the_shuffled_pass() {
        assert_eq!(
            plan(MaskingViews::Joint, ItmRule::Seed),
            "pass 1: masked text, masked frames, frames shuffled without their masks (seed) → mlm, mfm, tag, itm"
        );
    }
}
