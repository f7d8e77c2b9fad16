//! Turns captions and titles into ids, and ids into masked ids with labels.
