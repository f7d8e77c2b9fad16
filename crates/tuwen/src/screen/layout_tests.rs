//! The live view at several widths, as text.

use std::collections::BTreeMap;
use std::time::Duration;

use tuwen_train::{Evaluation, Event, Start, StepReport, TaskResult};

use super::*;

fn started() -> Progress {
    Progress::of(&Start {
        run: "runs/albef-tiny/001".into(),
        records: [3214, 387],
        parameters: 1,
        groups: vec![],
        plan: String::new(),
        steps: [1, 1500],
    })
}

/// Each step takes a second, a tenth of it waiting; one loss is halved each time, the other stays.
fn stepped(steps: u64) -> Progress {
    let mut progress = started();
    for step in 1..=steps {
        let loss = 4.0 / f64::from(2_u32.pow(step as u32 - 1));
        progress.see(&Event::Stepped(&StepReport {
            step,
            total_steps: 1500,
            epoch: 0,
            losses: BTreeMap::from([("ita", loss), ("mlm", 2.0)]),
            total: loss + 2.0,
            observed: vec![("temperature", 0.0712)],
            rate_factor: 0.5,
            learning_rate: 0.0005,
            gradient_norm: 1.5,
            records: 64,
            elapsed: Duration::from_secs(1),
            waited: Duration::from_millis(100),
            memory: Some(412_300_000),
        }));
    }
    progress
}

fn tested(steps: u64) -> Progress {
    let mut progress = stepped(steps);
    let result = TaskResult { loss: 0.5, accuracy: 0.879, chance: 0.018, predictions: 387 };
    let tasks = BTreeMap::from([("ita".to_string(), result), ("mlm".to_string(), result)]);
    progress.see(&Event::Evaluated(2, &Evaluation { tasks, retrieval: vec![], metrics: Default::default() }));
    progress.see(&Event::SkippedRecord("a.tar, record 7: truncated"));
    progress
}

fn text(progress: &Progress, width: usize) -> Vec<String> {
    let text = |line: Line| line.into_iter().map(|(_, text)| text).collect::<String>().trim_end().to_string();
    lines(progress, width).into_iter().map(text).collect()
}

#[test]
fn eighty_columns() {
    let expected = [
        "╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ 0.3 %  24:56 min left",
        "step 4 of 1500   epoch 1 of 30   since the start 0 s",
        "loss ita      1.802 █▄▂▁",
        "     mlm      2.000 ▁▁▁▁",
        "     total    3.802 █▄▂▁",
        "learning rate 5.00e-4   gradient norm 1.50   temperature 0.0712",
        "64.0 records/s   waiting for data 10.0 %   memory 412 MB   1 record skipped",
        "held out, step 2   ita 87.9 % (guessing 1.8 %)   mlm 87.9 % (guessing 1.8 %)",
    ];
    assert_eq!(text(&tested(4), 80), expected);
}

#[test]
fn forty_columns() {
    let expected = [
        "╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ 0.3 %  24:56 min left",
        "step 4 of 1500   epoch 1 of 30",
        "since the start 0 s",
        "loss ita      1.802 █▄▂▁",
        "     mlm      2.000 ▁▁▁▁",
        "     total    3.802 █▄▂▁",
        "learning rate 5.00e-4",
        "gradient norm 1.50   temperature 0.0712",
        "64.0 records/s   waiting for data 10.0 %",
        "memory 412 MB   1 record skipped",
        "held out, step 2",
        "  ita 87.9 % (guessing 1.8 %)",
        "  mlm 87.9 % (guessing 1.8 %)",
    ];
    assert_eq!(text(&tested(4), 40), expected);
}

#[test]
fn a_hundred_and_twenty_columns() {
    // The bar ends before a wide line does.
    let lines = text(&tested(4), 120);
    assert_eq!(lines[0], format!("{} 0.3 %  24:56 min left", "╌".repeat(72)));
    assert_eq!(lines[1..], text(&tested(4), 80)[1..]);
}

#[test]
fn before_the_first_step_there_is_a_bar_and_where_the_run_stands() {
    let bar = format!("{} 0.0 %", "╌".repeat(44));
    assert_eq!(text(&started(), 50), [bar.as_str(), "step 0 of 1500   epoch 1   since the start 0 s"]);
}

#[test]
fn no_width_is_exceeded() {
    let progress = tested(20);
    for width in 0..200 {
        for line in lines(&progress, width) {
            assert!(columns(&line) <= width, "{width}: {line:?}");
        }
    }
}

#[test]
fn at_the_end_the_bar_is_full_and_nothing_is_left() {
    let mut progress = stepped(2);
    (progress.step, progress.last) = (1500, 1500);
    let bar = &text(&progress, 40)[0];
    assert_eq!(*bar, format!("{} 100.0 %", "━".repeat(32)));
}
