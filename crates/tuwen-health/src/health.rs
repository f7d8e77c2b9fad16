//! All monitors over one run: who is asked when, and who has spoken already.

use std::collections::BTreeMap;

use crate::monitors::{MONITORS, View};
use crate::{Facts, Finding, HealthConfig, Severity, Turn, Watching, Window};

/// What a monitor answers to a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Something is wrong.
    Ill(Illness),
    /// It is not, or no longer.
    Well,
    /// Too few steps to say, or neither: whatever was said holds on.
    Unsure,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Illness {
    pub(crate) severity: Severity,
    pub(crate) sentence: String,
    pub(crate) advice: String,
}

impl Verdict {
    pub(crate) fn ill(severity: Severity, sentence: String, advice: impl Into<String>) -> Self {
        Self::Ill(Illness { severity, sentence, advice: advice.into() })
    }
}

/// The monitors of a run and what they remember.
#[derive(Clone, Debug)]
pub struct Health {
    config: HealthConfig,
    facts: Facts,
    window: Window,
    /// What was said and is not over.
    ringing: BTreeMap<&'static str, Severity>,
}

impl Health {
    /// For a run of which these are the facts, before its first step.
    pub fn new(config: HealthConfig, facts: Facts) -> Self {
        let length = config.patience(facts.total_steps).max(2 * config.window);
        Self { config, facts, window: Window::new(length), ringing: BTreeMap::new() }
    }

    /// Takes the numbers of `step`, called as in `metrics.jsonl`: `loss/…`, `observed/…`, `gradient_norm`; and, of this
    /// process, `seconds` and `seconds_waited`. Says what began or ended.
    pub fn step<'a>(&mut self, step: u64, values: impl IntoIterator<Item = (&'a str, f64)>) -> Vec<Finding> {
        if self.config.watch == Watching::Off {
            return Vec::new();
        }
        self.window.push(step, values);
        if !step.is_multiple_of(self.config.every) {
            return Vec::new();
        }
        let Self { config, facts, window, ringing } = self;
        let view = View { window, facts, config };
        let mut findings = Vec::new();
        for monitor in &MONITORS {
            let known = ringing.get(monitor.name).copied();
            let told = |turn, severity, sentence, advice| Finding {
                step,
                monitor: monitor.name.to_string(),
                turn,
                severity,
                sentence,
                advice,
            };
            match ((monitor.look)(&view), known) {
                (Verdict::Ill(Illness { severity, sentence, advice }), None) => {
                    ringing.insert(monitor.name, severity);
                    findings.push(told(Turn::Began, severity, sentence, advice));
                }
                (Verdict::Well, Some(severity)) => {
                    ringing.remove(monitor.name);
                    findings.push(told(Turn::Over, severity, monitor.title.to_string(), String::new()));
                }
                _ => {}
            }
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(losses: impl Fn(u64) -> f64, config: HealthConfig, steps: u64) -> Vec<(u64, Turn)> {
        let facts = Facts { total_steps: 400, matches: Some(0.5), ..Facts::default() };
        let mut health = Health::new(config, facts);
        (1..=steps)
            .flat_map(|step| health.step(step, [("loss/itm", losses(step))]))
            .map(|finding| (finding.step, finding.turn))
            .collect()
    }

    #[test]
    fn said_once_and_once_that_it_is_over() {
        let stuck_then_learned = |step| if step <= 300 { 0.693 } else { 0.5 };
        let said = turns(stuck_then_learned, HealthConfig::default(), 400);
        // The mean of steps 261 to 310: (40 · 0.693 + 10 · 0.5) / 50 = 0.654, below 0.97 · ln 2 = 0.672.
        assert_eq!(said, [(200, Turn::Began), (310, Turn::Over)]);
    }

    #[test]
    fn between_the_thresholds_nothing_changes() {
        let hesitant = |step| if step <= 300 { 0.693 } else { 0.68 }; // 0.98 of ln 2
        assert_eq!(turns(hesitant, HealthConfig::default(), 400), [(200, Turn::Began)]);
    }

    #[test]
    fn off_says_nothing() {
        let config = HealthConfig { watch: Watching::Off, ..HealthConfig::default() };
        assert_eq!(turns(|_| 0.693, config, 400), []);
    }
}
