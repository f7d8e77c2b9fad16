//! The few calls of a state dict, carried out on the values of a pickle: storages and tensors.

use super::error::TorchError;
use super::globals::Global;
use super::machine::Machine;
use super::pickle::{Entry, Id, Node, Storage};

/// PyTorch's own limit.
const MOST_AXES: usize = 64;
/// Bytes of a storage's key, which is a small number: each tensor has a copy of it.
const LONGEST_KEY: usize = 64;

impl Machine<'_> {
    /// What `callable(arguments)` gives.
    pub(super) fn apply(&self, callable: Id, arguments: Id) -> Result<Node, TorchError> {
        let Node::Tuple(arguments) = &self.nodes[arguments] else {
            return Err(self.fault("a call without a tuple of arguments"));
        };
        match &self.nodes[callable] {
            Node::Global(Global::Dict) => Ok(self.dictionary(arguments)),
            Node::Global(Global::RebuildTensor) => self.tensor(arguments),
            Node::Global(Global::RebuildParameter) => match arguments.first().map(|&first| &self.nodes[first]) {
                Some(Node::Tensor(entry)) => Ok(Node::Tensor(entry.clone())),
                _ => Err(self.fault("a parameter of what is no tensor")),
            },
            Node::Global(Global::Inert) => Ok(Node::Inert),
            _ => Err(self.fault("a call of what can't be called")),
        }
    }

    /// `OrderedDict()` or `OrderedDict([[key, value], …])`; arguments of its relatives say nothing about tensors.
    fn dictionary(&self, arguments: &[Id]) -> Node {
        let items: &[Id] = match arguments.first().map(|&first| &self.nodes[first]) {
            Some(Node::List(items)) => items,
            _ => &[],
        };
        let pair = |&item: &Id| match &self.nodes[item] {
            Node::List(pair) | Node::Tuple(pair) if pair.len() == 2 => Some((pair[0], pair[1])),
            _ => None,
        };
        Node::Dict(items.iter().filter_map(pair).collect())
    }

    /// `(storage, offset, size, strides, …)`.
    fn tensor(&self, arguments: &[Id]) -> Result<Node, TorchError> {
        let [storage, offset, shape, strides, ..] = arguments else {
            return Err(self.fault("a tensor without storage, offset, size and strides"));
        };
        let Node::Storage(storage) = &self.nodes[*storage] else {
            return Err(self.fault("a tensor whose storage is none"));
        };
        Ok(Node::Tensor(Entry {
            storage: storage.clone(),
            offset: self.length(*offset)?,
            shape: self.lengths(*shape)?,
            strides: self.lengths(*strides)?,
        }))
    }

    fn length(&self, id: Id) -> Result<u64, TorchError> {
        match self.nodes[id] {
            Node::Int(number) if number >= 0 => Ok(number as u64),
            _ => Err(self.fault("a length that is no number from 0 on")),
        }
    }

    fn lengths(&self, id: Id) -> Result<Vec<u64>, TorchError> {
        match &self.nodes[id] {
            Node::Tuple(items) | Node::List(items) if items.len() <= MOST_AXES => {
                items.iter().map(|&item| self.length(item)).collect()
            }
            Node::Tuple(_) | Node::List(_) => Err(self.fault("a tensor of more axes than PyTorch has")),
            _ => Err(self.fault("lengths that are no tuple")),
        }
    }

    /// `('storage', class, key, device, count)`, and None behind it in old files.
    pub(super) fn persistent(&self, id: Id) -> Result<Node, TorchError> {
        let Node::Tuple(items) = &self.nodes[id] else { return Err(self.fault("a storage without a description")) };
        let node = |index: usize| items.get(index).map(|&item| &self.nodes[item]);
        match (node(0), node(1), node(2), node(4), node(5)) {
            (
                Some(Node::Text(kind)),
                Some(Node::Global(Global::Storage(element))),
                Some(Node::Text(key)),
                Some(Node::Int(count)),
                None | Some(Node::Inert),
            ) if kind == "storage" && *count >= 0 && key.len() <= LONGEST_KEY => {
                Ok(Node::Storage(Storage { element: *element, key: key.clone(), count: *count as u64 }))
            }
            _ => Err(self.fault("a storage of an unknown description")),
        }
    }
}
