//! Runs that are asked to stop, and folders that two runs want.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tuwen::train::{Event, Place, RunOptions, StartFrom, Stop, TrainError, train};

use crate::fixture::{SHRINK, device, run, small};
use crate::program;
use crate::run_folder::assert_same_run;

const SHORT: [&str; 4] =
    ["schedule.duration={steps=12}", "checkpoint.every=5", "checkpoint.keep=1", "evaluation.every=6"];

/// So many steps that the test is over before they are.
const ENDLESS: [&str; 2] = ["schedule.duration={steps=1000000}", "evaluation.every=1000000"];

#[test]
fn a_run_asked_to_stop_ends_after_its_step_and_goes_on_bit_for_bit() {
    let (whole, stopped) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let assembly = small(&SHORT).unwrap();
    run(&assembly, whole.path(), StartFrom::Scratch).unwrap();
    let mut start = StartFrom::Scratch;
    for asked in [3, 6] {
        let options = RunOptions {
            folder: stopped.path().to_path_buf(),
            start,
            device: device(),
            stop: Stop::default(),
            place: Place::default(),
        };
        let error = train(&assembly, &options, &mut |event| match event {
            Event::Stepped(report) if report.step == asked => options.stop.ask(),
            _ => (),
        })
        .unwrap_err();
        assert!(matches!(error, TrainError::Stopped { step, .. } if step == asked), "{error}");
        let expected = format!("go on with `--resume {}`", stopped.path().display());
        assert!(error.to_string().ends_with(&expected), "{error}");
        start = StartFrom::NewestCheckpoint;
    }
    run(&assembly, stopped.path(), start).unwrap();
    assert_same_run(whole.path(), stopped.path(), "stopped after steps 3 and 6");
}

/// A run in a process of its own that has printed all that comes before its first step.
fn started(folder: &Path, set: &[&str]) -> (Child, BufReader<impl Read>) {
    let set = [&SHRINK[..], &ENDLESS, set].concat();
    let mut child = program::train("unibert-tiny", folder, &set).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("steps ") {
        line.clear();
        assert!(lines.read_line(&mut line).unwrap() > 0, "it ended before its first step");
    }
    (child, lines)
}

#[cfg(unix)]
fn send(signal: &str, child: &Child) {
    let sent = Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_run_after_its_step_with_a_checkpoint() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let folder = tempfile::tempdir().unwrap();
        let (mut child, mut lines) = started(folder.path(), &[]);
        send(signal, &child);
        let mut rest = String::new();
        lines.read_to_string(&mut rest).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{rest}");
        let last = rest.lines().last().unwrap();
        let expected = format!("as asked, with a checkpoint; go on with `--resume {}`", folder.path().display());
        assert!(last.starts_with("stopped after step ") && last.ends_with(&expected), "{rest}");
        let checkpoints = tuwen::train::Checkpoint::list(&folder.path().join("checkpoints"));
        assert_eq!(checkpoints.len(), 1, "{checkpoints:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_second_signal_ends_the_run_at_once() {
    let folder = tempfile::tempdir().unwrap();
    // A step of seconds, so the second signal comes long before its end.
    let (mut child, mut lines) = started(
        folder.path(),
        &["data.loader.batch_size=900", "model.encoder.num_hidden_layers=24", "model.encoder.hidden_size=64"],
    );
    send("INT", &child);
    send("TERM", &child);
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    assert!([Some(130), Some(143)].contains(&child.wait().unwrap().code()), "{rest}");
    assert!(!rest.contains("stopped after"), "{rest}");
    assert!(!folder.path().join("checkpoints").exists());
}

#[test]
fn a_folder_belongs_to_one_process_until_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, _lines) = started(folder.path(), &[]);
    let assembly = small(&SHORT).unwrap();
    for start in [StartFrom::Scratch, StartFrom::NewestCheckpoint] {
        let error = run(&assembly, folder.path(), start).unwrap_err().to_string();
        let expected = format!("{}: another process is training there", folder.path().display());
        assert!(error.starts_with(&expected), "{error}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // No checkpoint yet: the run begins anew, and nobody is in its way.
    let (summary, _) = run(&assembly, folder.path(), StartFrom::NewestCheckpoint).unwrap();
    assert_eq!(summary.steps, 12);
}
