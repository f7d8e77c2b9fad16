//! Results as JSON, a line each, with everything needed to read them later.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::commands::CommandError;
use crate::commands::bench::timing::Times;

/// Adds the times of `batch` samples a step, and what follows from them.
pub(super) fn times(line: &mut Value, seconds: &Times, batch: usize, flops: f64, peak: Option<f64>) {
    let rate = (seconds.rounds() * batch) as f64 / seconds.sum();
    let at = |share: f64| 1e3 * seconds.quantile(share);
    line["batch"] = json!(batch);
    line["ms"] = json!({ "median": at(0.5), "p10": at(0.1), "p90": at(0.9) });
    line["samples_per_second"] = json!(rate);
    line["gflop_per_sample"] = json!(flops / 1e9);
    line["tflops"] = json!(rate * flops / 1e12);
    if let Some(peak) = peak {
        line["share_of_peak"] = json!(rate * flops / 1e12 / peak);
    }
}

/// Prints the main numbers and appends the line to `bench gpu`'s file in `folder`.
pub(super) fn show_and_append(line: &Value, folder: &Path) -> Result<(), CommandError> {
    let number = |name: &str| line[name].as_f64().unwrap_or(f64::NAN);
    let share =
        line["share_of_peak"].as_f64().map_or(String::new(), |share| format!(", {:.1}% of the peak", 100.0 * share));
    let memory = line["memory_bytes"].as_f64();
    let memory = memory.map_or(String::new(), |bytes| {
        format!(", {:.2} GB {}", bytes / 1e9, line["memory_is"].as_str().unwrap_or_default())
    });
    println!(
        "{:<8} {} {} {}, batch {}: {:.1} ms, {:.1} samples/s, {:.2} TFLOP/s{share}{memory}",
        line["side"].as_str().unwrap_or_default(),
        line["recipe"].as_str().unwrap_or_default(),
        line["device"].as_str().unwrap_or_default(),
        line["dtype"].as_str().unwrap_or_default(),
        line["batch"],
        line["ms"]["median"].as_f64().unwrap_or(f64::NAN),
        number("samples_per_second"),
        number("tflops"),
    );
    std::fs::create_dir_all(folder)?;
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(folder.join("gpu.jsonl"))?;
    Ok(writeln!(file, "{line}")?)
}

/// The commit that is checked out here; with a plus sign where files differ from it.
pub(super) fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_string())
    };
    let Some(commit) = git(&["rev-parse", "--short", "HEAD"]) else { return "unknown".to_string() };
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|files| !files.is_empty());
    if changed { commit + "+" } else { commit }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_follow_from_times() {
        let mut line = json!({});
        times(&mut line, &[0.2, 0.1, 0.3].into_iter().collect(), 6, 5e9, Some(0.3));
        assert_eq!(line["ms"]["median"], 200.0);
        // 18 samples in 0.6 s of 5 GFLOP each
        assert!((line["samples_per_second"].as_f64().unwrap() - 30.0).abs() < 1e-9);
        assert!((line["share_of_peak"].as_f64().unwrap() - 0.5).abs() < 1e-9);
    }
}
