//! The Python interpreter that measurements are compared with: found or set up, and asked questions.
//!
//! A peer script is a file of this folder, given to `python -c`. It reads one JSON value a line from its standard input
//! and answers each with one on its standard output; a failed answer is `{"error": "…"}`. Between two questions it waits
//! and costs nothing, so that both sides can be timed in turn.

use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

/// Where the environment lies, from the repository's root.
const ENVIRONMENT: &str = "target/bench-python";

/// Where libraries look for the number of their threads.
const THREADS: [&str; 4] = ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"];

/// What is wrong with Python.
#[derive(Debug, thiserror::Error)]
pub(super) enum PeerError {
    /// It can't be started.
    #[error("`{}` can't be started ({source}), expected Python 3.10 or newer; `--python PATH` names another", program.display())]
    Start { program: PathBuf, source: io::Error },
    /// A package is missing, or another version is there.
    #[error("`{}` has no usable {missing}, expected {expected}", program.display())]
    Packages { program: PathBuf, missing: String, expected: String },
    /// The environment can't be made.
    #[error("`{command}` failed: {reason}; `--python PATH` names an interpreter that has {expected}")]
    SetUp { command: String, reason: String, expected: String },
    /// It breaks off, or says that something is wrong.
    #[error("the Python side failed: {0}")]
    Script(String),
    /// Its input or output is gone.
    #[error("the Python side does not answer: {0}")]
    Pipe(#[from] io::Error),
    /// What it says is no JSON.
    #[error("the Python side answers `{answer}`, expected JSON: {source}")]
    Answer { answer: String, source: serde_json::Error },
}

/// An interpreter that has the packages.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    program: PathBuf,
}

impl Peer {
    /// The interpreter `option` if there is one, else that of an environment of our own under `root`, which is made and
    /// filled by pip where anything is missing. `packages` are requirements such as `numpy==2.2.6`; an interpreter that
    /// was named may have other versions. Errors: no Python, a missing package, pip without success.
    pub(super) fn find(option: Option<&Path>, root: &Path, packages: &[&str]) -> Result<Self, PeerError> {
        if let Some(program) = option {
            let peer = Self { program: program.to_owned() };
            let names: Vec<&str> = packages.iter().map(|package| name(package)).collect();
            return match peer.missing(&names)? {
                missing if missing.is_empty() => Ok(peer),
                missing => Err(PeerError::Packages { program: peer.program, missing, expected: packages.join(", ") }),
            };
        }
        let folder = root.join(ENVIRONMENT);
        let peer = Self { program: folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" }) };
        if !peer.program.exists() {
            eprintln!("note: making a Python environment in {}", folder.display());
            let system = if cfg!(windows) { "python" } else { "python3" };
            set_up(Command::new(system).args(["-m", "venv"]).arg(&folder), packages)?;
        }
        if !peer.missing(packages)?.is_empty() {
            eprintln!("note: installing {}", packages.join(", "));
            let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
            set_up(Command::new(&peer.program).args(pip).args(packages), packages)?;
        }
        Ok(peer)
    }

    /// Those of `packages` that are not installed, or not in the version asked for.
    fn missing(&self, packages: &[&str]) -> Result<String, PeerError> {
        let output = Command::new(&self.program)
            .args(["-c", include_str!("missing.py")])
            .args(packages)
            .output()
            .map_err(|source| PeerError::Start { program: self.program.clone(), source })?;
        if !output.status.success() {
            return Err(PeerError::Script(last_line(&output.stderr)));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Starts `script`, whose libraries may use so many threads. It ends when the session is dropped.
    pub(super) fn start(&self, script: &str, arguments: &[&str], threads: usize) -> Result<Session, PeerError> {
        let mut command = Command::new(&self.program);
        command.args(["-c", script]).args(arguments).env("PYTHONIOENCODING", "utf-8");
        for variable in THREADS {
            command.env(variable, threads.to_string());
        }
        Session::of(command)
    }
}

/// A program that runs and waits for questions.
#[derive(Debug)]
pub(super) struct Session {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Session {
    /// Starts `command`. Errors: it can't be started.
    pub(super) fn of(mut command: Command) -> Result<Self, PeerError> {
        let program = PathBuf::from(command.get_program());
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|source| PeerError::Start { program, source })?;
        let gone = || PeerError::Pipe(io::ErrorKind::BrokenPipe.into());
        let questions = child.stdin.take().ok_or_else(gone)?;
        let answers = BufReader::new(child.stdout.take().ok_or_else(gone)?);
        Ok(Self { child, questions: Some(questions), answers })
    }

    /// Asks and waits for the answer. Errors: an `error` in the answer, a script that ended, no JSON.
    pub(super) fn ask(&mut self, question: &Value) -> Result<Value, PeerError> {
        if let Some(questions) = &mut self.questions {
            // A script that ended says why on its standard error; here it only shows that nobody reads.
            writeln!(questions, "{question}")?;
            questions.flush()?;
        }
        let mut answer = String::new();
        if self.answers.read_line(&mut answer)? == 0 {
            return Err(PeerError::Script("it ended before it answered".to_owned()));
        }
        let value: Value = serde_json::from_str(&answer)
            .map_err(|source| PeerError::Answer { answer: answer.trim_end().to_owned(), source })?;
        match value.get("error") {
            Some(error) => Err(PeerError::Script(error.as_str().map_or_else(|| error.to_string(), str::to_owned))),
            None => Ok(value),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // The end of its input ends the script; a destructor has nobody to report to.
        self.questions = None;
        let _ = self.child.wait();
    }
}

/// The name of a requirement such as `numpy==2.2.6`.
fn name(package: &str) -> &str {
    package.split("==").next().unwrap_or(package)
}

fn set_up(command: &mut Command, packages: &[&str]) -> Result<(), PeerError> {
    let failed = |command: &Command, reason| PeerError::SetUp {
        command: [command.get_program()].into_iter().chain(command.get_args()).fold(String::new(), |line, word| {
            if line.is_empty() { word.to_string_lossy().into_owned() } else { line + " " + &word.to_string_lossy() }
        }),
        reason,
        expected: packages.join(", "),
    };
    match command.stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(failed(command, last_line(&[output.stdout, output.stderr].concat()))),
        Err(error) => Err(failed(command, error.to_string())),
    }
}

fn last_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("it says nothing").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_have_names() {
        assert_eq!((name("numpy==2.2.6"), name("pillow")), ("numpy", "pillow"));
    }

    #[test]
    fn the_last_line_that_says_something_is_the_reason() {
        assert_eq!(last_line(b"Traceback\n  File\nValueError: 3\n\n"), "ValueError: 3");
        assert_eq!(last_line(b""), "it says nothing");
    }

    #[test]
    fn missing_interpreters_are_named() {
        let error = Peer::find(Some(Path::new("/nowhere/python")), Path::new("."), &["numpy==2.2.6"]).unwrap_err();
        assert!(error.to_string().starts_with("`/nowhere/python` can't be started ("), "{error}");
    }

    #[test]
    fn commands_that_fail_say_what_was_to_be_installed() {
        let error = set_up(&mut Command::new("/nowhere/python"), &["numpy==2.2.6"]).unwrap_err().to_string();
        assert!(error.starts_with("`/nowhere/python` failed: "), "{error}");
        assert!(error.ends_with("names an interpreter that has numpy==2.2.6"), "{error}");
    }
}
