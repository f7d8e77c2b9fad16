//! Multi-label tags from a clip and its title, missing tags left out of the loss.
