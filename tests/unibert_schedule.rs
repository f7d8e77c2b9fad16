//! The QQ reference's learning rates, point by point.

use serde_json::Value;
use tuwen::train::{Duration, ScheduleConfig, Shape, Warmup};

use crate::golden::read;

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

#[test]
fn unibert_learning_rates() {
    let tables: Value = serde_json::from_slice(&read("text_image_ops.json")).unwrap();
    let table = &tables["lr_qq"];
    let (base, total) = (floats(&table["base"]), table["total_steps"].as_u64().unwrap());
    let config = ScheduleConfig {
        duration: Duration::Steps(total),
        warmup: Warmup::Ratio(table["warmup_ratio"].as_f64().unwrap()),
        shape: Shape::Cosine,
        warmup_start: 0.0,
        floor: 0.0,
    };
    let schedule = config.resolve(0, 1);
    assert_eq!(schedule.warmup_steps, table["warmup_steps"].as_u64().unwrap());
    let rows = table["lr_used_by_step"].as_array().unwrap();
    assert!(!rows.is_empty());
    for (step, row) in rows.iter().enumerate() {
        for (base, expected) in base.iter().zip(floats(row)) {
            let found = base * schedule.factor(step as u64);
            assert!((found - expected).abs() <= 1e-12, "step {step}: {found}, expected {expected}");
        }
    }
}
