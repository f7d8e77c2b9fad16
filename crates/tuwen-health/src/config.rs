//! Windows and thresholds: the section `[health]` of a recipe.

use serde::{Deserialize, Serialize};

use crate::Compared;

/// Whether a run is watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Watching {
    /// It is.
    #[default]
    On,
    /// Nothing is looked at and nothing said.
    Off,
}

/// How long a loss may stay where guessing leaves it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Patience {
    /// Share of the run's steps.
    pub share: f64,
    /// Steps it is at least.
    pub least: u64,
    /// Steps it is at most.
    pub most: u64,
}

/// What the monitors go by. A recipe without the section has these defaults.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HealthConfig {
    /// Whether the run is watched: `on`, `off`.
    pub watch: Watching,
    /// Steps between two looks; 10.
    pub every: u64,
    /// Steps that a mean is taken over; 50.
    pub window: u64,
    /// How long a loss may stay where guessing leaves it: half of the run, 200 to 2,000 steps.
    pub patience: Patience,
    /// A loss above this share of what guessing costs is a guess; 0.985.
    pub guessing: f64,
    /// A loss below this share is none any more; 0.97.
    pub learning: f64,
    /// Features of a batch whose mean cosine to each other is above this say the same of every record; 0.995.
    pub alike: f64,
    /// Below this they don't any more; 0.98.
    pub apart: f64,
    /// The same for states behind a layer norm, which lie near each other in models that learn, too; 0.999.
    pub alike_states: f64,
    /// Below this they don't any more; 0.997.
    pub apart_states: f64,
    /// Keys of the batch are this much nearer than those of the queue, in mean cosine, where batches are told apart; 0.1.
    pub batch_ahead: f64,
    /// A pair's own key is less than this nearer than the batch's others, where pairs are not; 0.02.
    pub pair_ahead: f64,
    /// τ within this share of a bound stands at it; 0.02.
    pub clamp_margin: f64,
    /// The masked share may be this many times the probability, or this many times smaller; 1.5.
    pub mask_factor: f64,
    /// A run that waits for data for more than this share of its time is bound by it, until it is half; 0.2.
    pub waiting: f64,
    /// A step that waits for this many times a usual step stands still for its data; 5.
    pub stall: f64,
    /// A gradient norm of this many times the median of those before it is a spike; 10.
    pub spike: f64,
}

impl Default for Patience {
    fn default() -> Self {
        Self { share: 0.5, least: 200, most: 2000 }
    }
}

impl Default for HealthConfig {
    fn default() -> Self {
        Self {
            watch: Watching::On,
            every: 10,
            window: 50,
            patience: Patience::default(),
            guessing: 0.985,
            learning: 0.97,
            alike: 0.995,
            apart: 0.98,
            alike_states: 0.999,
            apart_states: 0.997,
            batch_ahead: 0.1,
            pair_ahead: 0.02,
            clamp_margin: 0.02,
            mask_factor: 1.5,
            waiting: 0.2,
            stall: 5.0,
            spike: 10.0,
        }
    }
}

impl HealthConfig {
    /// Whether a recipe need not mention it.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// Steps of patience in a run of `total` steps.
    pub fn patience(&self, total: u64) -> u64 {
        let Patience { share, least, most } = self.patience;
        ((share * total as f64) as u64).max(least).min(most.max(least))
    }

    /// Mean cosines above the first are those of equal vectors, below the second of different ones.
    pub(crate) fn alike_and_apart(&self, compared: Compared) -> [f64; 2] {
        match compared {
            Compared::Features => [self.alike, self.apart],
            Compared::States => [self.alike_states, self.apart_states],
        }
    }

    /// The first key with a number that makes no sense, and why.
    pub fn fault(&self) -> Option<(&'static str, String)> {
        let counts = [("every", self.every, 1), ("window", self.window, 2), ("patience.least", self.patience.least, 2)];
        let few = counts.into_iter().find(|(_, value, least)| value < least);
        if let Some((key, value, least)) = few {
            return Some((key, format!("is {value}, expected at least {least}")));
        }
        let shares = [("patience.share", self.patience.share), ("waiting", self.waiting)];
        if let Some((key, value)) = shares.into_iter().find(|(_, value)| !(0.0..=1.0).contains(value)) {
            return Some((key, format!("is {value}, expected 0 to 1")));
        }
        let factors = [("mask_factor", self.mask_factor), ("stall", self.stall), ("spike", self.spike)];
        let low = factors.into_iter().find(|(_, value)| !value.is_finite() || *value <= 1.0);
        if let Some((key, value)) = low {
            return Some((key, format!("is {value}, expected more than 1")));
        }
        let above = |lower: f64, upper: f64| lower.is_finite() && lower <= upper;
        if !above(self.learning, self.guessing) {
            return Some((
                "learning",
                format!("is {}, expected at most `guessing` = {}", self.learning, self.guessing),
            ));
        }
        if !above(self.apart, self.alike) {
            return Some(("apart", format!("is {}, expected at most `alike` = {}", self.apart, self.alike)));
        }
        let (apart, alike) = (self.apart_states, self.alike_states);
        (!above(apart, alike))
            .then(|| ("apart_states", format!("is {apart}, expected at most `alike_states` = {alike}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_is_half_the_run_within_bounds() {
        let config = HealthConfig::default();
        assert_eq!([100, 400, 1500, 1_000_000].map(|total| config.patience(total)), [200, 200, 750, 2000]);
    }

    #[test]
    fn numbers_without_sense_are_named() {
        assert_eq!(HealthConfig::default().fault(), None);
        let of = |change: fn(&mut HealthConfig)| {
            let mut config = HealthConfig::default();
            change(&mut config);
            config.fault().map(|(key, reason)| format!("{key} {reason}")).unwrap_or_default()
        };
        assert_eq!(of(|c| c.every = 0), "every is 0, expected at least 1");
        assert_eq!(of(|c| c.waiting = 1.5), "waiting is 1.5, expected 0 to 1");
        assert_eq!(of(|c| c.spike = 1.0), "spike is 1, expected more than 1");
        assert_eq!(of(|c| c.learning = 1.0), "learning is 1, expected at most `guessing` = 0.985");
        assert_eq!(of(|c| c.apart = f64::NAN), "apart is NaN, expected at most `alike` = 0.995");
    }

    #[test]
    fn a_key_that_is_unknown_is_refused() {
        assert!(serde_json::from_str::<HealthConfig>(r#"{"windows": 3}"#).is_err());
        let some: HealthConfig = serde_json::from_str(r#"{"window": 20, "patience": {"least": 30}}"#).unwrap();
        assert_eq!((some.window, some.patience.least, some.patience.most), (20, 30, 2000));
    }
}
