//! Turns images into patches and clips into frames, resized, normalised and masked.
