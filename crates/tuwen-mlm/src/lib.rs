//! Masked language modelling: a head over masked positions and its loss.
