//! Transformer blocks, the UniBERT encoder and its weight-name tables.
