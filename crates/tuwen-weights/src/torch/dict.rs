//! Which tensors of a pickle are the weights: those of the file itself, or those below `model` or `state_dict`.

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
        let names = || bare.iter().map(|(name, _)| name.clone());
        let found = split(graph, &bare);
        if !found.tensors.is_empty() {
            return found;
        }
        for wrapper in WRAPPERS {
            let Some((_, inner)) = bare.iter().find(|(name, _)| name == wrapper) else { continue };
            let found = split(graph, &entries(graph, *inner));
            if !found.tensors.is_empty() {
                let others = names().filter(|name| name != wrapper);
                let within = found.beside.iter().map(|name| format!("{wrapper}.{name}"));
                let beside = others.chain(within).collect();
                return Self { wrapped: Some(wrapper.to_string()), beside, ..found };
            }
        }
        Self { beside: names().collect(), ..Self::default() }
    }
}

fn entries(graph: &Graph, id: Id) -> Vec<(String, Id)> {
    let Node::Dict(entries) = &graph.nodes[id] else { return Vec::new() };
    let named = |&(key, value): &(Id, Id)| match &graph.nodes[key] {
        Node::Text(name) => Some((name.clone(), value)),
        _ => None,
    };
    entries.iter().filter_map(named).collect()
}

fn split(graph: &Graph, entries: &[(String, Id)]) -> StateDict {
    let mut found = StateDict::default();
    for (name, id) in entries {
        match &graph.nodes[*id] {
            Node::Tensor(entry) => found.tensors.push((name.clone(), entry.clone())),
            _ => found.beside.push(name.clone()),
        }
    }
    found
}
