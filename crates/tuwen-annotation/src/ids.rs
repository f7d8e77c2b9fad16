//! Ids that may appear once.

use std::collections::HashMap;

use crate::Fault;

/// The ids seen so far, each with the record that had it first.
#[derive(Default)]
pub(crate) struct Ids(HashMap<String, usize>);

impl Ids {
    /// Takes down that record `number` has this id. Errors: an earlier one has it.
    pub(crate) fn take(&mut self, id: &str, number: usize) -> Result<(), Fault> {
        match self.0.get(id) {
            Some(&first) => Err(Fault::DuplicateId { id: id.to_owned(), first }),
            None => {
                self.0.insert(id.to_owned(), number);
                Ok(())
            }
        }
    }
}
