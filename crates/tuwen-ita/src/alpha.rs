//! How much the momentum twin's opinion weighs, step by step: nothing at first, when it knows nothing.

use serde::{Deserialize, Deserializer, Serialize};

/// `α · min(1, step / ramp)`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlphaRamp {
    /// The weight at the end, between 0 and 1; ALBEF: 0.4.
    #[serde(deserialize_with = "share")]
    pub alpha: f64,
    /// Steps until then, 0 for at once; ALBEF: those of the first epoch.
    pub ramp: u64,
}

impl AlphaRamp {
    /// The weight at a step, counted from 0.
    pub fn at(&self, step: u64) -> f64 {
        if step >= self.ramp { self.alpha } else { self.alpha * (step as f64 / self.ramp as f64) }
    }
}

fn share<'de, S: Deserializer<'de>>(source: S) -> Result<f64, S::Error> {
    let value = f64::deserialize(source)?;
    if (0.0..=1.0).contains(&value) {
        return Ok(value);
    }
    Err(serde::de::Error::custom(format_args!("`alpha` is `{value}`, expected a number from 0 to 1")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linear_up_to_the_end_of_the_ramp() {
        let ramp = AlphaRamp { alpha: 0.4, ramp: 10 };
        for (step, expected) in [(0, 0.0), (1, 0.04), (5, 0.2), (10, 0.4), (11, 0.4), (u64::MAX, 0.4)] {
            assert!((ramp.at(step) - expected).abs() < 1e-12, "step {step}");
        }
    }

    #[test]
    fn no_ramp_is_at_once() {
        assert_eq!(AlphaRamp { alpha: 0.4, ramp: 0 }.at(0), 0.4);
    }

    #[test]
    fn recipe_spelling() {
        let read = |json: &str| serde_json::from_str::<AlphaRamp>(json).map_err(|e| e.to_string());
        assert_eq!(read(r#"{"alpha": 0.4, "ramp": 100}"#), Ok(AlphaRamp { alpha: 0.4, ramp: 100 }));
        assert!(read(r#"{"alpha": 0.4, "ramp": 1, "epochs": 1}"#).unwrap_err().contains("epochs"));
        let refused = read(r#"{"alpha": 1.5, "ramp": 1}"#).unwrap_err();
        assert!(refused.starts_with("`alpha` is `1.5`, expected a number from 0 to 1"), "{refused}");
    }
}
