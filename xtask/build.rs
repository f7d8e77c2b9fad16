//! Tells the program which commit it is built from, where it is built in a checkout of its own repository.

use std::path::Path;
use std::process::Command;

fn main() {
    // What is in the program besides this package; a change of it makes the commit one "with changes".
    for path in ["build.rs", "src", "../crates", "../Cargo.lock"] {
        println!("cargo::rerun-if-changed={path}");
    }
    let root = Path::new("..").canonicalize().ok();
    let top = git(&["rev-parse", "--show-toplevel"]).and_then(|path| Path::new(&path).canonicalize().ok());
    let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]).filter(|_| root.is_some() && root == top) else {
        return;
    };
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]);
    for name in ["HEAD", "packed-refs"].into_iter().chain(branch.as_deref()) {
        if let Some(path) = git(&["rev-parse", "--git-path", name]).filter(|path| Path::new(path).exists()) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]).is_none_or(|lines| !lines.is_empty());
    println!("cargo::rustc-env=TUWEN_COMMIT={commit}{}", if changed { " with changes" } else { "" });
}

/// What git answers; nothing where there is no git, or no repository.
fn git(arguments: &[&str]) -> Option<String> {
    let answer = Command::new("git").args(arguments).output().ok().filter(|answer| answer.status.success())?;
    Some(String::from_utf8(answer.stdout).ok()?.trim().to_string())
}
