//! Statements about two pictures (NLVR2, arXiv:1811.00491). Whether one is true is a class; see [`crate::classes`].
//!
//! Before that, the layers for two pictures learn by text assignment: which of two pictures a caption belongs to, or to
//! neither (ALBEF, arXiv:2107.07651, section 4). [`draw_assignments`] makes the pairs, [`assignment_loss`] is the loss.

mod assignment;

pub use assignment::{
    ASSIGNMENT, Assignment, AssignmentError, Assignments, SEED_TEMPERATURE, assignment_loss, assignment_weights,
    draw_assignments,
};
