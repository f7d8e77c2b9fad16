//! Goldens and whole runs, one binary.
