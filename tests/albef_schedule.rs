//! ALBEF's learning rates and α, run by run of its epochs.

use serde_json::Value;
use tuwen::ita::AlphaRamp;
use tuwen::train::{Duration, ScheduleConfig, Shape, Warmup};

use crate::golden::read;

#[test]
fn albef_learning_rates_and_alpha() {
    let tables: Value = serde_json::from_slice(&read("text_image_ops.json")).unwrap();
    let tables = tables["lr_albef"].as_object().unwrap();
    assert!(!tables.is_empty());
    for (name, table) in tables {
        let number = |key: &str| table["config"][key].as_f64().unwrap_or_else(|| panic!("{name}: no `{key}`"));
        let whole = |value: &Value| value.as_u64().unwrap();
        let (base, length, stair) = (number("lr"), whole(&table["iterations_per_epoch"]), whole(&table["step_size"]));
        assert_eq!(stair, 100);
        let config = ScheduleConfig {
            duration: Duration::Epochs(number("epochs") as u64),
            warmup: Warmup::Steps(number("warmup_epochs") as u64 * stair),
            shape: Shape::AlbefEpochs,
            warmup_start: number("warmup_lr") / base,
            floor: number("min_lr") / base,
        };
        let schedule = config.resolve(length as usize, 1);
        let ramp = AlphaRamp { alpha: table["alpha"].as_f64().unwrap(), ramp: length };
        for epoch in table["epochs"].as_array().unwrap() {
            let first = whole(&epoch["epoch"]) * length;
            for run in epoch["lr"].as_array().unwrap() {
                let (from, to, expected) = (whole(&run[0]), whole(&run[1]), run[2].as_f64().unwrap());
                for step in first + from..=first + to {
                    let found = base * schedule.factor(step);
                    assert!((found - expected).abs() < 1e-15, "{name}, step {step}: {found}, expected {expected}");
                }
            }
            for sample in epoch["alpha"].as_array().unwrap() {
                let (step, expected) = (first + whole(&sample[0]), sample[1].as_f64().unwrap());
                assert!((ramp.at(step) - expected).abs() < 1e-12, "{name}, step {step}");
            }
        }
    }
}
