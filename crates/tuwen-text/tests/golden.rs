//! Runs the text goldens of the workspace from this crate alone.

#[path = "../../../tests/unibert_text.rs"]
mod unibert_text;
