//! Reads and writes record formats and yields samples in a reproducible, resumable order.
