//! The plan as people read it.

use tuwen_data::grouped;
use tuwen_encoder::Recompute;
use tuwen_train::Part;

use super::estimate::{Costs, StageCosts};
use super::measure::{Kind, Measured};

pub(super) fn table(costs: &Costs) -> String {
    let sections = [head(costs), parameters(costs), operations(costs), memory(costs), time(costs), fits(costs)];
    sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n")
}

fn head(costs: &Costs) -> String {
    let sizes = &costs.sizes;
    let records = costs.records.map_or("records unknown".to_string(), |records| format!("{records} records"));
    let length = costs.steps.map_or("length unknown".to_string(), |steps| format!("{steps} steps"));
    let from = match &sizes.why_not {
        None => format!("{:.1} of at most {} tokens are real in the first batch", sizes.real, sizes.tokens),
        Some(reason) => format!("texts of {} tokens: {reason}", sizes.tokens),
    };
    format!("{}: {records}, {length} with batches of {}\n{from}\n", costs.recipe, costs.batch)
}

fn parameters(costs: &Costs) -> String {
    let [all, trained] = [|p: &super::model::Parameters| p.numbers, |p: &super::model::Parameters| p.trained]
        .map(|of| costs.parameters.iter().map(of).sum::<u64>());
    let mut text = format!("{:<28}{:>14}{:>9}\n", "parameters", "numbers", "share");
    for part in &costs.parameters {
        let rest = if part.trained < part.numbers { "  not trained" } else { "" };
        text += &format!("  {:<26}{:>14}{:>9}{rest}\n", part.part, grouped(part.numbers), share(part.numbers, all));
    }
    text + &format!("  {:<26}{:>14}{:>9}  {} are trained\n", "together", grouped(all), "", grouped(trained))
}

fn operations(costs: &Costs) -> String {
    let mut text = format!("{:<28}{:>14}{:>9}\n", "operations of a step", "GFLOP", "share");
    for (index, stage) in costs.stages.iter().enumerate() {
        let all = Part::sum(&stage.operations);
        if costs.stages.len() > 1 {
            text += &format!("  {}\n", stage_name(index, stage));
        }
        for part in &stage.operations {
            text += &format!("  {:<26}{:>14.3}{:>9}\n", part.name, part.amount as f64 / 1e9, share(part.amount, all));
        }
        text += &format!("  {:<26}{:>14.3}\n", "together", all as f64 / 1e9);
    }
    text
}

fn memory(costs: &Costs) -> String {
    let memory = &costs.memory;
    let rows = [
        ("weights", memory.weights),
        ("gradients", memory.gradients),
        ("moments", memory.moments),
        ("average of the weights", memory.average),
        ("momentum encoder", memory.momentum_encoder),
        ("queue", memory.queue),
        ("activations, estimated", memory.activations),
        ("program and data", costs.base()),
        ("together", costs.base() + memory.all()),
    ];
    let mut text = format!("{:<28}{:>14}\n", "memory", "");
    for (what, bytes) in rows.into_iter().filter(|(_, bytes)| *bytes > 0) {
        text += &format!("  {what:<26}{:>14}\n", size(bytes));
    }
    if costs.recompute != Recompute::Nothing {
        text += "  activations and operations are those of a step that computes nothing twice\n";
    }
    text + &costs.measured.as_ref().map_or(String::new(), |measured| checked(costs, measured))
}

/// How far the estimate is from what was measured.
fn checked(costs: &Costs, measured: &Measured) -> String {
    let Some(peak) = measured.peak else { return String::new() };
    let estimate = costs.base() + costs.memory.fixed() + measured.kept;
    let error = 100.0 * (estimate as f64 / peak.max(1) as f64 - 1.0);
    let side = if error < 0.0 { "below" } else { "above" };
    format!(
        "  measured, batches of {}:  {} at most; the estimate for them, {}, is {:.0} % {side}\n",
        measured.batch,
        size(peak),
        size(estimate),
        error.abs()
    )
}

fn time(costs: &Costs) -> String {
    let Some(measured) = &costs.measured else {
        return "time\n  nothing was measured\n".to_string();
    };
    let records = match measured.records {
        Kind::Own => "the recipe's own records".to_string(),
        Kind::MadeUp => format!("batches of {} made-up records, scaled by operations", measured.batch),
    };
    let steps = if measured.steps == 1 { "1 step".to_string() } else { format!("{} steps", measured.steps) };
    let mut text = format!("time, from {steps} on {records}\n");
    let mut all = Some(0.0);
    for (index, stage) in costs.stages.iter().enumerate() {
        let seconds = stage.seconds.unwrap_or(f64::NAN);
        let rate = Part::sum(&stage.operations) as f64 / seconds / 1e9;
        let name = if costs.stages.len() > 1 { format!("stage {}", index + 1) } else { "a step".to_string() };
        text += &format!("  {name:<26}{:>14}  {rate:.0} GFLOP/s", duration(seconds));
        text += &stage.steps.map_or("\n".to_string(), |steps| format!("  × {steps} steps\n"));
        all = all.zip(stage.steps).map(|(sum, steps)| sum + seconds * steps as f64);
    }
    text + &match all {
        Some(seconds) => format!("  {:<26}{:>14}  evaluations not counted\n", "the run", duration(seconds)),
        None => "  the run: unknown, its length is in epochs and the records are not there\n".to_string(),
    }
}

fn fits(costs: &Costs) -> String {
    let (Some(available), Some(batch)) = (costs.available, costs.largest_batch) else { return String::new() };
    let correction = costs.correction();
    let how = if correction != 1.0 { format!(", activations taken {correction:.2} times") } else { String::new() };
    let verdict = match batch {
        0 => "not even a batch of 1 fits".to_string(),
        _ if batch < costs.batch => format!("batches of up to {} fit, not of {}", grouped(batch as u64), costs.batch),
        _ => format!("batches of up to {} fit", grouped(batch as u64)),
    };
    format!("what fits\n  into {}: {verdict}{how}\n", size(available))
}

fn stage_name(index: usize, stage: &StageCosts) -> String {
    format!("stage {}: {}", index + 1, stage.trains)
}

fn share(amount: u64, all: u64) -> String {
    format!("{:.1} %", 100.0 * amount as f64 / all.max(1) as f64)
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}

fn duration(seconds: f64) -> String {
    match seconds {
        ..10.0 => format!("{seconds:.3} s"),
        10.0..120.0 => format!("{seconds:.0} s"),
        120.0..7200.0 => format!("{:.0} min", seconds / 60.0),
        7200.0..172_800.0 => format!("{:.1} h", seconds / 3600.0),
        _ => format!("{:.1} days", seconds / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!([1500, 2_500_000, 3_210_000_000].map(size), ["1.5 kB", "2.5 MB", "3.21 GB"]);
        let shown = ["0.250 s", "90 s", "10 min", "2.5 h", "3.0 days"];
        assert_eq!([0.25, 90.0, 600.0, 9000.0, 259_200.0].map(duration), shown);
    }
}
