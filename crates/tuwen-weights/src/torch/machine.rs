//! What a pickle's instructions work on: the bytes that are left, the values made, a stack of them with marks, and a memo.

use std::collections::HashMap;

use super::error::TorchError;
use super::pickle::{Id, Node};

/// The reader's state.
pub(super) struct Machine<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) nodes: Vec<Node>,
    pub(super) stack: Vec<Id>,
    pub(super) marks: Vec<usize>,
    pub(super) memo: HashMap<u64, Id>,
}

impl<'a> Machine<'a> {
    /// Before the first byte of `bytes`.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, nodes: Vec::new(), stack: Vec::new(), marks: vec![], memo: HashMap::new() }
    }

    /// The next `count` bytes.
    pub(super) fn take(&mut self, count: u64) -> Result<&'a [u8], TorchError> {
        let end = usize::try_from(count).ok().and_then(|count| self.at.checked_add(count));
        let found = end.and_then(|end| self.bytes.get(self.at..end)).ok_or_else(|| TorchError::Truncated {
            what: "the pickle".into(),
            at: self.at as u64,
            needed: count,
            there: self.bytes.len() as u64,
        })?;
        self.at += found.len();
        Ok(found)
    }

    pub(super) fn byte(&mut self) -> Result<u8, TorchError> {
        Ok(self.take(1)?[0])
    }

    /// A number of `width` bytes, little-endian.
    pub(super) fn number(&mut self, width: u64) -> Result<u64, TorchError> {
        Ok(self.take(width)?.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    /// The text up to the next end of line.
    pub(super) fn line(&mut self) -> Result<&'a str, TorchError> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
        let line = self.take(length as u64 + 1)?;
        std::str::from_utf8(&line[..length]).map_err(|_| self.fault("a name that is no text"))
    }

    /// That the pickle is not one, and where.
    pub(super) fn fault(&self, reason: &'static str) -> TorchError {
        TorchError::Pickle { at: self.at, reason }
    }

    /// Takes the topmost value.
    pub(super) fn pop(&mut self) -> Result<Id, TorchError> {
        // What stands below a mark belongs to another container.
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err(self.fault("a value is missing"));
        }
        self.stack.pop().ok_or_else(|| self.fault("a value is missing"))
    }

    /// The topmost value, which stays.
    pub(super) fn top(&self) -> Result<Id, TorchError> {
        self.stack.last().copied().ok_or_else(|| self.fault("a value is missing"))
    }

    /// Takes the values above the last mark.
    pub(super) fn marked(&mut self) -> Result<Vec<Id>, TorchError> {
        let mark = self.marks.pop().ok_or_else(|| self.fault("a mark is missing"))?;
        if mark > self.stack.len() {
            return Err(self.fault("a value is missing"));
        }
        Ok(self.stack.split_off(mark))
    }

    /// Puts a new value on top; true, as every instruction that is known.
    pub(super) fn push(&mut self, node: Node) -> Result<bool, TorchError> {
        self.stack.push(self.nodes.len());
        self.nodes.push(node);
        Ok(true)
    }

    pub(super) fn push_text(&mut self, bytes: &[u8]) -> Result<bool, TorchError> {
        self.push(Node::Text(String::from_utf8_lossy(bytes).into_owned()))
    }
}
