//! Which tensors of a pickle are the weights: those of the file itself, or those below `model` or `state_dict`.

use std::collections::BTreeMap;

use super::pickle::{Entry, Graph, Id, Node};

/// Keys under which training programs keep a state dict, in the order in which they are looked for.
pub(super) const WRAPPERS: [&str; 3] = ["model", "state_dict", "model_state_dict"];

/// The tensors of a state dict.
#[derive(Debug, Default)]
pub(super) struct StateDict {
    /// Name and place of each tensor.
    pub(super) tensors: Vec<(String, Entry)>,
    /// The key under which it stood.
    pub(super) wrapped: Option<String>,
    /// What stood beside, tensors or not.
    pub(super) beside: Vec<String>,
}

impl StateDict {
    /// The weights of `graph`; without any tensor, `beside` names all there is.
    pub(super) fn of(graph: &Graph) -> Self {
        let bare = entries(graph, graph.root);
        let found = split(graph, &bare);
        if !found.tensors.is_empty() {
            return found;
        }
        for wrapper in WRAPPERS {
            let Some(&inner) = bare.get(wrapper) else { continue };
            let within = split(graph, &entries(graph, inner));
            if !within.tensors.is_empty() {
                let others = bare.keys().filter(|name| **name != wrapper).map(|name| (*name).to_string());
                let inner = within.beside.iter().map(|name| format!("{wrapper}.{name}"));
                return Self { wrapped: Some(wrapper.to_string()), beside: others.chain(inner).collect(), ..within };
            }
        }
        found
    }
}

/// The values of a dictionary by name, each name once: of several the last, as in Python.
fn entries(graph: &Graph, id: Id) -> BTreeMap<&str, Id> {
    let Node::Dict(entries) = &graph.nodes[id] else { return BTreeMap::new() };
    let named = |&(key, value): &(Id, Id)| match &graph.nodes[key] {
        Node::Text(name) => Some((name.as_str(), value)),
        _ => None,
    };
    entries.iter().filter_map(named).collect()
}

fn split(graph: &Graph, entries: &BTreeMap<&str, Id>) -> StateDict {
    let mut found = StateDict::default();
    for (name, id) in entries {
        match &graph.nodes[*id] {
            Node::Tensor(entry) => found.tensors.push(((*name).to_string(), entry.clone())),
            _ => found.beside.push((*name).to_string()),
        }
    }
    found
}
