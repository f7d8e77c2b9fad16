//! A pickle as a graph of plain values, with nothing looked up and nothing called.
//!
//! - Allowed: None, booleans, numbers, texts, bytes, lists, tuples, dictionaries, storages, tensors, and the names of
//!   `globals.rs`. Any other name ends the reading.
//! - A value is made once and referred to by its number, so no file can grow in memory by referring to itself.
//! - Every length is compared with the bytes that are there before anything is allocated.

use super::error::TorchError;
use super::globals::{Element, Global, global};
use super::machine::Machine;

/// The number of a value.
pub(super) type Id = usize;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// None, and all whose content is of no interest.
    Inert,
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<Id>),
    Tuple(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Global(Global),
    Storage(Storage),
    Tensor(Entry),
}

/// Where numbers lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Storage {
    pub(super) element: Element,
    pub(super) key: String,
    /// How many there are.
    pub(super) count: u64,
}

/// A tensor over a storage; lengths in elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) storage: Storage,
    pub(super) offset: u64,
    pub(super) shape: Vec<u64>,
    pub(super) strides: Vec<u64>,
}

/// The values of a pickle.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) root: Id,
    /// Bytes read.
    pub(super) length: usize,
}

/// Reads the pickle at the beginning of `bytes`.
pub(super) fn read(bytes: &[u8]) -> Result<Graph, TorchError> {
    let mut machine = Machine::new(bytes);
    loop {
        let opcode = machine.byte()?;
        if opcode == b'.' {
            let root = machine.pop()?;
            return Ok(Graph { nodes: machine.nodes, root, length: machine.at });
        }
        let done =
            machine.value(opcode)? || machine.container(opcode)? || machine.memory(opcode)? || machine.call(opcode)?;
        if !done {
            return Err(TorchError::Opcode { opcode, at: machine.at - 1 });
        }
    }
}

impl Machine<'_> {
    /// Instructions that make a value of the bytes after them.
    fn value(&mut self, opcode: u8) -> Result<bool, TorchError> {
        match opcode {
            0x80 => drop(self.byte()?),    // protocol
            0x95 => drop(self.number(8)?), // frame
            b'N' => return self.push(Node::Inert),
            0x88 => return self.push(Node::Bool(true)),
            0x89 => return self.push(Node::Bool(false)),
            b'K' => return self.sized(1, i64::from),
            b'M' => return self.sized(2, i64::from),
            b'J' => return self.sized(4, |number| i64::from(number as i32)),
            0x8a => return self.long(),
            b'G' => {
                self.take(8)?;
                return self.push(Node::Inert);
            }
            b'X' | b'T' => return self.text(4),
            b'U' | 0x8c => return self.text(1),
            0x8d => return self.text(8),
            b'B' => return self.skip(4),
            b'C' => return self.skip(1),
            0x8e | 0x96 => return self.skip(8),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn sized(&mut self, width: u64, value: impl Fn(u32) -> i64) -> Result<bool, TorchError> {
        let number = self.number(width)?;
        self.push(Node::Int(value(number as u32)))
    }

    fn long(&mut self) -> Result<bool, TorchError> {
        let width = self.number(1)?;
        let bytes = self.take(width)?;
        if bytes.len() > 8 {
            return self.push(Node::Inert);
        }
        let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
        let mut full = if negative { [0xff; 8] } else { [0; 8] };
        full[..bytes.len()].copy_from_slice(bytes);
        self.push(Node::Int(i64::from_le_bytes(full)))
    }

    fn text(&mut self, width: u64) -> Result<bool, TorchError> {
        let length = self.number(width)?;
        let bytes = self.take(length)?;
        self.push_text(bytes)
    }

    fn skip(&mut self, width: u64) -> Result<bool, TorchError> {
        let length = self.number(width)?;
        self.take(length)?;
        self.push(Node::Inert)
    }

    /// Instructions that make containers and fill them.
    fn container(&mut self, opcode: u8) -> Result<bool, TorchError> {
        match opcode {
            b'(' => self.marks.push(self.stack.len()),
            b']' => return self.push(Node::List(vec![])),
            b')' => return self.push(Node::Tuple(vec![])),
            b'}' => return self.push(Node::Dict(vec![])),
            0x8f => return self.push(Node::Inert), // a set
            0x85..=0x87 => {
                let mut items = (0x85..=opcode).map(|_| self.pop()).collect::<Result<Vec<_>, _>>()?;
                items.reverse();
                return self.push(Node::Tuple(items));
            }
            b't' | b'l' => {
                let items = self.marked()?;
                return self.push(if opcode == b't' { Node::Tuple(items) } else { Node::List(items) });
            }
            b'd' => {
                let items = self.marked()?;
                return self.push(Node::Dict(pairs(&items)));
            }
            b'a' => {
                let item = self.pop()?;
                self.extend(&[item])?;
            }
            b'e' | 0x90 => {
                let items = self.marked()?;
                self.extend(&items)?;
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.insert(&[key, value])?;
            }
            b'u' => {
                let items = self.marked()?;
                self.insert(&items)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn extend(&mut self, items: &[Id]) -> Result<(), TorchError> {
        let top = self.top()?;
        match &mut self.nodes[top] {
            Node::List(list) => list.extend(items),
            Node::Inert => {}
            _ => return Err(self.fault("items for what is no list")),
        }
        Ok(())
    }

    fn insert(&mut self, items: &[Id]) -> Result<(), TorchError> {
        let top = self.top()?;
        match &mut self.nodes[top] {
            Node::Dict(entries) => entries.extend(pairs(items)),
            Node::Inert => {}
            _ => return Err(self.fault("entries for what is no dictionary")),
        }
        Ok(())
    }

    /// Instructions that put values away and take them up again.
    fn memory(&mut self, opcode: u8) -> Result<bool, TorchError> {
        let (width, store) = match opcode {
            b'q' => (1, true),
            b'r' => (4, true),
            b'h' => (1, false),
            b'j' => (4, false),
            0x94 => {
                let top = self.top()?;
                self.memo.insert(self.memo.len() as u64, top);
                return Ok(true);
            }
            b'0' => return self.pop().map(|_| true),
            b'1' => return self.marked().map(|_| true),
            b'2' => {
                let top = self.top()?;
                self.stack.push(top);
                return Ok(true);
            }
            _ => return Ok(false),
        };
        let place = self.number(width)?;
        if store {
            let top = self.top()?;
            self.memo.insert(place, top);
        } else {
            let known = self.memo.get(&place).copied();
            self.stack.push(known.ok_or_else(|| self.fault("refers to a value that was never kept"))?);
        }
        Ok(true)
    }

    /// Instructions that name functions and call them: names are compared with a list, and the few known calls are
    /// carried out here.
    fn call(&mut self, opcode: u8) -> Result<bool, TorchError> {
        match opcode {
            b'c' => {
                let callable = format!("{}.{}", self.line()?, self.line()?);
                self.look_up(callable)
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (Node::Text(module), Node::Text(name)) = (&self.nodes[module], &self.nodes[name]) else {
                    return Err(self.fault("a name that is no text"));
                };
                let callable = format!("{module}.{name}");
                self.look_up(callable)
            }
            b'i' => {
                let callable = format!("{}.{}", self.line()?, self.line()?);
                Err(TorchError::Forbidden { callable })
            }
            b'R' | 0x81 => {
                let (arguments, callable) = (self.pop()?, self.pop()?);
                let node = self.apply(callable, arguments)?;
                self.push(node)
            }
            b'b' => self.pop().map(|_| true), // attributes of a dictionary or of an inert thing
            b'Q' => {
                let id = self.pop()?;
                let node = self.persistent(id)?;
                self.push(node)
            }
            _ => Ok(false),
        }
    }

    fn look_up(&mut self, callable: String) -> Result<bool, TorchError> {
        match global(&callable) {
            Some(found) => self.push(Node::Global(found)),
            None => Err(TorchError::Forbidden { callable }),
        }
    }
}

fn pairs(items: &[Id]) -> Vec<(Id, Id)> {
    items.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
}
