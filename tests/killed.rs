//! Runs that are killed at any moment and resumed until they end: nothing differs from runs that were left alone.
//!
//! Every second kill waits for a checkpoint that is just being written. `TUWEN_TEST_KILLS=100 cargo test --release -p
//! tuwen-tests killed` kills each architecture 100 times instead of 3, in minutes; each run that ends is compared.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use tuwen::random::{Draws, Stream};

use crate::program::train;
use crate::run_folder::assert_same_run;
use crate::{albef_fixture, fixture};

/// Draws the moments of the kills.
const MOMENTS: Stream = Stream::named("test.kill");

/// A run of 24 steps: two workers, a checkpoint every other step, evaluations in between.
const SHORT: [&str; 6] = [
    "schedule.duration={steps=24}",
    "checkpoint.every=2",
    "checkpoint.keep=2",
    "evaluation.every=7",
    "data.loader.workers=2",
    "model.encoder.hidden_dropout_prob=0.1",
];

/// What ends a process.
#[derive(Debug)]
enum Moment {
    /// So long after its start.
    After(Duration),
    /// So long after a checkpoint was begun.
    InCheckpoint(Duration),
}

impl Moment {
    /// The moment of kill number `kill`, for runs that take `whole`.
    fn of(kill: u64, whole: Duration) -> Self {
        let drawn = Draws::new(9, MOMENTS, 0, kill).uniform(0);
        match kill % 2 {
            0 => Self::After(whole.mul_f64(drawn)),
            _ => Self::InCheckpoint(Duration::from_millis(20).mul_f64(drawn)),
        }
    }

    /// Kills `child` at this moment unless it has ended before; whether it was killed.
    fn kill(&self, child: &mut Child, folder: &Path) -> bool {
        let started = Instant::now();
        let mut begun = None;
        while child.try_wait().unwrap().is_none() {
            let due = match self {
                Self::After(time) => started.elapsed() >= *time,
                Self::InCheckpoint(time) => {
                    if begun.is_none() && is_writing(folder) {
                        begun = Some(Instant::now());
                    }
                    begun.is_some_and(|begun| begun.elapsed() >= *time)
                }
            };
            if due {
                child.kill().unwrap();
                child.wait().unwrap();
                return true;
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        false
    }
}

fn is_writing(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder.join("checkpoints")).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.path().extension().is_some_and(|ending| ending == "part"))
}

/// Starts runs, kills them `kills` times in all and resumes them until they end; compares each with one that was left alone.
fn assert_kills_change_nothing(recipe: &str, set: &[&str], kills: u64) {
    let folder = tempfile::tempdir().unwrap();
    let (whole, mut killed, mut round) = (folder.path().join("whole"), 0, 0);
    let started = Instant::now();
    let output = train(recipe, &whole, set).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let time = started.elapsed();
    while killed < kills {
        let broken = folder.path().join(format!("broken-{round}"));
        let begun = killed;
        loop {
            let started = train(recipe, &broken, set).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
            let mut child = started.unwrap();
            if killed < kills && Moment::of(killed, time).kill(&mut child, &broken) {
                killed += 1;
                continue;
            }
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "after kill {killed}: {output:?}");
            break;
        }
        assert_same_run(&whole, &broken, &format!("run {round}, kills {begun} to {killed}"));
        std::fs::remove_dir_all(&broken).unwrap();
        round += 1;
    }
}

fn kills() -> u64 {
    let given = std::env::var("TUWEN_TEST_KILLS").ok();
    given.map_or(3, |kills| kills.parse().expect("TUWEN_TEST_KILLS is a number"))
}

#[test]
fn unibert_killed_at_any_moment_ends_as_if_left_alone() {
    assert_kills_change_nothing("unibert-tiny", &[&fixture::SHRINK[..], &SHORT].concat(), kills());
}

#[test]
fn albef_killed_at_any_moment_ends_as_if_left_alone() {
    let stages = albef_fixture::two_stages("ita={weight=1.0, loss={queue=20}}, alpha={alpha=0.3, ramp=4}");
    let own = [
        stages.as_str(),
        "model.encoder.text.hidden_dropout_prob=0.1",
        "vision.augment={operations=2, magnitude=7, probability=0.5}",
    ];
    let set = [&albef_fixture::SHRINK[..], &SHORT[..5], &own].concat();
    assert_kills_change_nothing("albef-tiny", &set, kills());
}
