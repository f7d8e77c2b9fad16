//! The monitors: each a name, a title, and a pure function of what can be seen.

mod alignment;
mod batch_or_queue;
mod collapse;
mod initial_scale;
mod loader_clock;
mod masking;
mod matching;
mod spikes;
mod temperature;
mod waiting;
mod words_uniform;
mod words_unigram;

use crate::health::Verdict;
use crate::window::mean;
use crate::{Facts, HealthConfig, Window};

/// What a monitor sees.
pub(crate) struct View<'a> {
    pub(crate) window: &'a Window,
    pub(crate) facts: &'a Facts,
    pub(crate) config: &'a HealthConfig,
}

/// One of them.
pub(crate) struct Monitor {
    pub(crate) name: &'static str,
    /// What is over when it is.
    pub(crate) title: &'static str,
    pub(crate) look: fn(&View<'_>) -> Verdict,
}

/// All, in the order in which they speak.
pub(crate) const MONITORS: [Monitor; 13] = [
    initial_scale::MONITOR,
    collapse::MONITOR,
    alignment::MONITOR,
    batch_or_queue::MONITOR,
    temperature::MONITOR,
    matching::MONITOR,
    words_uniform::MONITOR,
    words_unigram::MONITOR,
    masking::WORDS,
    masking::FRAMES,
    spikes::MONITOR,
    waiting::MONITOR,
    loader_clock::MONITOR,
];

impl View<'_> {
    fn patience(&self) -> u64 {
        self.config.patience(self.facts.total_steps)
    }

    /// The mean of `name` over the window of the recipe.
    fn recent(&self, name: &str) -> Option<f64> {
        self.window.mean(name, self.config.window)
    }

    /// Whether `name` is still where guessing leaves it, at `guess`: the mean over the time of patience, where it has been
    /// so all along; `Err` of the verdict if not.
    fn guessing(&self, name: &str, guess: f64) -> Result<f64, Verdict> {
        let recent = self.recent(name).ok_or(Verdict::Unsure)?;
        if recent < self.config.learning * guess {
            return Err(Verdict::Well);
        }
        let all = self.window.last(name, self.patience()).ok_or(Verdict::Unsure)?;
        let bar = self.config.guessing * guess;
        if recent >= bar && mean(&all) >= bar { Ok(mean(&all)) } else { Err(Verdict::Unsure) }
    }
}

#[cfg(test)]
mod fixture {
    use super::*;

    /// What `monitor` says after `steps` steps with these numbers.
    pub(crate) fn look<const N: usize>(
        monitor: &Monitor,
        facts: Facts,
        steps: u64,
        values: impl Fn(u64) -> [(&'static str, f64); N],
    ) -> Verdict {
        let config = HealthConfig::default();
        let mut window = Window::new(2000);
        (1..=steps).for_each(|step| window.push(step, values(step)));
        (monitor.look)(&View { window: &window, facts: &facts, config: &config })
    }

    /// Its sentence, or what else it says.
    pub(crate) fn sentence(verdict: Verdict) -> String {
        match verdict {
            Verdict::Ill(illness) => illness.sentence,
            other => format!("{other:?}"),
        }
    }
}
