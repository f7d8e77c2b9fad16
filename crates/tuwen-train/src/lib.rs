//! Turns a recipe into a run: assembly, optimisation, checkpoints, evaluation.
