//! What a run looks like on a terminal: plain lines, and a last screen that says what was learned.

use std::time::{Duration, Instant};

use tuwen_train::{
    Evaluation, Event, Finding, Measure, RECIPES, RetrievalResult, Severity, Start, StepReport, Summary, Turn,
};

/// Prints events. A line for about every fiftieth part of the run, and one for each evaluation.
pub(crate) struct Screen {
    started: Instant,
    shown_step: u64,
    steps_since: u64,
    records_since: usize,
    time_since: Duration,
    train: String,
    run: String,
}

impl Screen {
    /// For a run on the records at `train`.
    pub(crate) fn new(train: &str) -> Self {
        Self {
            started: Instant::now(),
            shown_step: 0,
            steps_since: 0,
            records_since: 0,
            time_since: Duration::ZERO,
            train: train.to_string(),
            run: String::new(),
        }
    }

    pub(crate) fn show(&mut self, event: &Event<'_>) {
        match event {
            Event::Started(start) => self.start(start),
            Event::Stepped(report) => self.step(report),
            Event::Evaluated(step, evaluation) => println!("step {step:>6}  held out: {}", one_line(evaluation)),
            Event::Saved(path) => println!("            saved {}", path.display()),
            Event::Drawn(path) => println!("            drew {}", path.display()),
            Event::SkippedRecord(message) => eprintln!("warning: skipped {message}"),
            Event::SkippedStep(step, bad) => eprintln!("warning: step {step} skipped: {bad} is not finite"),
            Event::Finding(finding) => found(finding),
            Event::Notice(message) => eprintln!("note: {message}"),
            Event::Finished(summary) => self.finish(summary),
        }
    }

    fn start(&mut self, start: &Start) {
        self.run = start.run.display().to_string();
        let Start { records: [train, heldout], parameters, groups, plan, steps: [first, last], .. } = start;
        println!("run         {}", self.run);
        println!("data        {train} records to train on ({}), {heldout} held out", self.train);
        println!("model       {parameters} parameters");
        groups.iter().for_each(|group| println!("group       {group}"));
        plan.lines().for_each(|pass| println!("{pass}"));
        println!("steps       {first} to {last}\n");
        self.started = Instant::now();
    }

    fn step(&mut self, report: &StepReport) {
        self.steps_since += 1;
        self.records_since += report.records;
        self.time_since += report.elapsed;
        let interval = (report.total_steps / 50).max(1);
        if report.step != 1 && report.step < self.shown_step + interval && report.step != report.total_steps {
            return;
        }
        let per_step = self.time_since.as_secs_f64() / self.steps_since as f64;
        let left = Duration::from_secs_f64(per_step * (report.total_steps - report.step) as f64);
        let losses: Vec<String> = report.losses.iter().map(|(task, loss)| format!("{task} {loss:.3}")).collect();
        let rate = self.records_since as f64 / self.time_since.as_secs_f64().max(f64::MIN_POSITIVE);
        println!(
            "step {:>6}  epoch {:>3}  {}  |  {rate:.0} records/s, {} left",
            report.step,
            report.epoch,
            losses.join("  "),
            clock(left)
        );
        (self.shown_step, self.steps_since, self.records_since, self.time_since) = (report.step, 0, 0, Duration::ZERO);
    }

    fn finish(&self, summary: &Summary) {
        println!("\nWhat was learned, on held-out records");
        println!(
            "  {:6}{:>9}{:>11}{:>11}{:>10}  what the accuracy is",
            "task", "loss", "accuracy", "guessing", "× chance"
        );
        for (task, result) in &summary.heldout.tasks {
            let meaning = match task.as_str() {
                "mlm" => "masked token is the likeliest; guessing the commonest",
                "mfm" => "masked frame found among the frames of the batch",
                "itm" => "true and false pairs told apart, mean of both",
                "ita" => "own partner is the nearest of the batch, both ways",
                "tag" => "likeliest tag is one of the clip's; guessing the commonest",
                _ => "",
            };
            println!(
                "  {task:6}{:>9.3}{:>10.1}%{:>10.1}%{:>10.1}  {meaning}",
                result.loss,
                100.0 * result.accuracy,
                100.0 * result.chance,
                result.accuracy / result.chance.max(f64::MIN_POSITIVE)
            );
        }
        for (name, measure) in &summary.heldout.metrics {
            println!("  {name:6}{}", value(measure));
        }
        summary.heldout.retrieval.iter().for_each(retrieval);
        println!(
            "\n{} steps, {:.1} epochs, {} of training, {:.0} records/s, {:.1}% of it waiting for data",
            summary.steps,
            summary.epochs,
            clock(Duration::from_secs_f64(summary.training_seconds)),
            summary.records_per_second,
            100.0 * summary.data_wait_share
        );
        if summary.skipped_records + summary.skipped_steps > 0 {
            println!("skipped: {} records, {} steps", summary.skipped_records, summary.skipped_steps);
        }
        let findings: u64 = summary.findings.values().sum();
        if findings > 0 {
            println!("health: {findings} findings, in {}/health.jsonl", self.run);
        }
        println!("all numbers: {0}/summary.json, each step: {0}/metrics.jsonl", self.run);
        if RECIPES.iter().all(|(name, _)| *name != summary.recipe) {
            return; // a recipe of one's own: its author knows how to run it
        }
        println!("next: cargo xtask recipe list                          other recipes");
        println!("      cargo xtask train {} --data PATH     the same on your own records", summary.recipe);
    }
}

/// One line for what a monitor found, and one for what to do about it.
fn found(finding: &Finding) {
    let Finding { step, turn, severity, sentence, advice, .. } = finding;
    match (turn, severity) {
        (Turn::Over, _) => println!("step {step:>6}  health: over: {sentence}"),
        (Turn::Began, Severity::Warning) => println!("step {step:>6}  health: {sentence}\n             → {advice}"),
        (Turn::Began, Severity::Note) => {
            println!("step {step:>6}  health, a note: {sentence}\n             → {advice}")
        }
    }
}

/// The table of one language.
pub(crate) fn retrieval(result: &RetrievalResult) {
    let how = match result.reranked {
        None => "by alignment".to_string(),
        Some(candidates) => format!("by alignment, the nearest {candidates} put in order by matching"),
    };
    println!("\nRetrieval, captions `{}`, {how}, in per cent\n{}", result.language, result.table);
}

fn one_line(evaluation: &Evaluation) -> String {
    let results = evaluation.tasks.iter().map(|(task, result)| {
        format!(
            "{task} {:.3} ({:.1}% right, guessing {:.1}%)",
            result.loss,
            100.0 * result.accuracy,
            100.0 * result.chance
        )
    });
    let recalls = evaluation.retrieval.iter().map(|RetrievalResult { language, reranked, table }| {
        let how = reranked.map_or(String::new(), |k| format!(" (re-ranked {k})"));
        format!("mean recall {language}{how} {:.1}", table.mean_recall)
    });
    let metrics = evaluation.metrics.iter().map(|(name, measure)| format!("{name} {}", value(measure)));
    results.chain(recalls).chain(metrics).collect::<Vec<_>>().join("  ")
}

fn value(measure: &Measure) -> String {
    let chance = measure.chance.map_or(String::new(), |chance| format!(" (guessing {chance:.3})"));
    format!("{:.3}{chance}", measure.value)
}

fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{}:{:02} min", seconds / 60, seconds % 60),
        _ => format!("{}:{:02} h", seconds / 3600, seconds / 60 % 60),
    }
}
