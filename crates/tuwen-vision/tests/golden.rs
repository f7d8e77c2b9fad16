//! Runs the vision part of the workspace's goldens on this crate alone.

#[path = "../../../tests/unibert_vision.rs"]
mod unibert_vision;
