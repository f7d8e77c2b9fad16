//! The visits of a run, pass after pass.

use crate::{Cursor, Order, Visit};

/// The visits of a run in their order, from a cursor on.
pub(crate) struct Walk {
    order: Order,
    seed: u64,
    span: Span,
    epoch: u64,
    position: usize,
    indices: Vec<usize>,
}

/// How far a walk goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    /// Pass after pass.
    Endless,
    /// To the end of the pass in which it starts.
    OnePass,
}

impl Walk {
    /// `position` is at most `records`, and `records` at least 1.
    pub(crate) fn new(order: Order, seed: u64, span: Span, from: &Cursor) -> Self {
        let indices = order.of_pass(from.records, seed, from.epoch);
        Self { order, seed, span, epoch: from.epoch, position: from.position, indices }
    }
}

impl Iterator for Walk {
    type Item = Visit;

    fn next(&mut self) -> Option<Visit> {
        if self.position == self.indices.len() {
            if self.span == Span::OnePass {
                return None;
            }
            self.epoch += 1;
            self.position = 0;
            self.indices = self.order.of_pass(self.indices.len(), self.seed, self.epoch);
        }
        let index = *self.indices.get(self.position)?;
        self.position += 1;
        Some(Visit { epoch: self.epoch, index })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walk_goes_on_with_the_next_pass() {
        let from = Cursor { epoch: 4, position: 1, skipped: 0, records: 2 };
        let visits: Vec<_> = Walk::new(Order::Sequential, 0, Span::Endless, &from).take(4).collect();
        assert_eq!(visits.iter().map(|v| (v.epoch, v.index)).collect::<Vec<_>>(), [(4, 1), (5, 0), (5, 1), (6, 0)]);
    }

    #[test]
    fn one_pass_ends() {
        let walk = Walk::new(Order::Shuffled, 0, Span::OnePass, &Cursor::start(0, 5));
        assert_eq!(walk.count(), 5);
    }
}
