//! The façade: every crate by name, the commands as a library function, and a binary.
