//! The stream that `torch.save` wrote before PyTorch 1.6: pickles of a magic number, a version, the system, the saved
//! object and the list of its storages; then each storage, its count of numbers before it.

use std::collections::BTreeMap;

use super::MOST_PICKLE;
use super::error::TorchError;
use super::pickle::{Graph, Node, read as read_pickle};
use super::source::{Source, number};
use crate::WeightsFileError;

/// `0x1950a86a20f9469cfc6c` as a pickle of protocol 2.
const MAGIC: [u8; 15] = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, b'.'];
const VERSION: i64 = 1001;

/// Where a storage begins in the file and how many bytes it has, by key.
type Places = BTreeMap<String, (u64, u64)>;

/// The saved object and where its storages are.
pub(super) fn read(source: &Source<'_>) -> Result<(Graph, Places), WeightsFileError> {
    let wrong = |error| source.wrong(error);
    let head = source.bytes("the stream", 0, source.length().min(MOST_PICKLE))?;
    if !head.starts_with(&MAGIC) {
        // A pickle of its own can hold no tensor; what it wants to look up is worth saying first.
        read_pickle(&head).map_err(wrong)?;
        let reason = "it is a pickle without tensors, expected a file of `torch.save`".to_string();
        return Err(wrong(TorchError::Archive { reason }));
    }
    let mut at = MAGIC.len();
    let mut next = || -> Result<Graph, WeightsFileError> {
        let graph = read_pickle(&head[at..]).map_err(wrong)?;
        at += graph.length;
        Ok(graph)
    };
    let (version, system, object, keys) = (next()?, next()?, next()?, next()?);
    if version.nodes[version.root] != Node::Int(VERSION) {
        return Err(wrong(TorchError::Archive { reason: format!("its version is not {VERSION}") }));
    }
    if !is_little_endian(&system) {
        return Err(wrong(TorchError::BigEndian));
    }
    let places = places(source, &object, &keys, at as u64)?;
    Ok((object, places))
}

fn is_little_endian(system: &Graph) -> bool {
    let Node::Dict(entries) = &system.nodes[system.root] else { return false };
    let named = |&&(key, _): &&(usize, usize)| system.nodes[key] == Node::Text("little_endian".into());
    entries.iter().find(named).is_some_and(|&(_, value)| system.nodes[value] == Node::Bool(true))
}

fn places(source: &Source<'_>, object: &Graph, keys: &Graph, mut at: u64) -> Result<Places, WeightsFileError> {
    let broken = |reason: String| source.wrong(TorchError::Archive { reason });
    let sizes: BTreeMap<&str, u64> = object
        .nodes
        .iter()
        .filter_map(|node| match node {
            Node::Storage(storage) => Some((storage.key.as_str(), storage.element.size() as u64)),
            _ => None,
        })
        .collect();
    let Node::List(items) = &keys.nodes[keys.root] else { return Err(broken("its list of storages is none".into())) };
    let mut places = Places::new();
    for &item in items {
        let Node::Text(key) = &keys.nodes[item] else { return Err(broken("a storage's key is no text".into())) };
        let size = *sizes.get(key.as_str()).ok_or_else(|| broken(format!("nothing refers to storage `{key}`")))?;
        let count = source.bytes(&format!("storage `{key}`"), at, 8)?;
        let bytes = number::<8>(&count, 0).unwrap_or(0).saturating_mul(size);
        places.insert(key.clone(), (at + 8, bytes));
        at = at.saturating_add(8).saturating_add(bytes);
    }
    Ok(places)
}
