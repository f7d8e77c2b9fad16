//! Goldens and whole runs, one binary.

mod albef_case;
mod albef_edges;
mod albef_false_negatives;
mod albef_first_step;
mod albef_fixture;
mod albef_images;
mod albef_parity;
mod albef_refusals;
mod albef_retrieval;
mod albef_runs;
mod albef_schedule;
mod bad_input;
mod damaged_checkpoints;
mod doctor;
mod every_step;
mod fixture;
mod golden;
mod hostile_disk;
mod killed;
mod not_finite;
mod optimised;
mod program;
<<<<<<< HEAD
mod recomputed;
=======
mod recipe_commands;
>>>>>>> 878f402 (recipe diff shows two recipes side by side, recipe check opens what recipes name; doctor is tested as a user calls it)
mod run_folder;
mod stopped;
mod tidy;
mod unibert_case;
mod unibert_parity;
mod unibert_schedule;
mod unibert_text;
mod unibert_variants;
mod unibert_vision;
mod whole_run;
