//! How far below the top of its tower a weight lies, read from its name.

use std::collections::BTreeMap;

/// The lists of layers in our modules, those that stand on others after them.
const STACKS: [&str; 3] = ["layers", "text_layers", "fusion_layers"];

/// What is below the first layer of a tower.
const BELOW: [&str; 5] = ["embeddings", "text_embeddings", "frame_embeddings", "class_token", "positions"];

/// What else is below it, of a vision transformer.
const PATCHES: &str = "patch_projection";

/// For each name the number of layers between it and the top of its tower: 0 for heads and whatever else stands on the
/// layers, 1 for the highest layer, and so on down to embeddings. A tower is what shares the name before its layers.
pub fn layers_below_top<'n>(names: impl Iterator<Item = &'n str> + Clone) -> BTreeMap<&'n str, usize> {
    let mut heights: BTreeMap<&str, [usize; STACKS.len()]> = BTreeMap::new();
    for (tower, stack, layer) in names.clone().filter_map(layer_of) {
        let height = &mut heights.entry(tower).or_default()[stack];
        *height = (*height).max(layer + 1);
    }
    let below_top = |name: &str| {
        if let Some((tower, stack, layer)) = layer_of(name) {
            let heights = &heights[tower];
            return heights[stack..].iter().sum::<usize>() - layer;
        }
        let tower = heights.keys().filter(|tower| in_tower(name, tower).is_some()).max_by_key(|tower| tower.len());
        let own = tower.and_then(|tower| Some((tower, in_tower(name, tower)?)));
        let embeds = |rest: &str| BELOW.iter().chain([&PATCHES]).any(|part| rest.split('.').next() == Some(part));
        own.filter(|(_, rest)| embeds(rest)).map_or(0, |(tower, _)| heights[*tower].iter().sum::<usize>() + 1)
    };
    names.map(|name| (name, below_top(name))).collect()
}

/// The rest of `name` behind the tower's.
fn in_tower<'n>(name: &'n str, tower: &str) -> Option<&'n str> {
    if tower.is_empty() { Some(name) } else { name.strip_prefix(tower)?.strip_prefix('.') }
}

/// Tower, stack and number of the layer that `name` belongs to.
fn layer_of(name: &str) -> Option<(&str, usize, usize)> {
    let mut start = 0;
    for part in name.split('.') {
        let end = start + part.len();
        if let Some(stack) = STACKS.iter().position(|stack| *stack == part) {
            let number = name.get(end + 1..)?.split('.').next()?.parse().ok()?;
            return Some((name[..start].trim_end_matches('.'), stack, number));
        }
        start = end + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fusion_layers_stand_on_text_layers_and_heads_on_everything() {
        let names = [
            "encoder.vision.patch_projection.weight",
            "encoder.vision.layers.0.norm.weight",
            "encoder.vision.layers.1.norm.weight",
            "encoder.vision.norm.weight",
            "encoder.text_embeddings.word.weight",
            "encoder.text_layers.0.output.weight",
            "encoder.fusion_layers.0.output.weight",
            "encoder.fusion_layers.1.output.weight",
            "encoder.text_projection.weight",
            "mlm.bias",
        ];
        let below = layers_below_top(names.into_iter());
        assert_eq!(names.map(|name| below[name]), [3, 2, 1, 0, 4, 3, 2, 1, 0, 0]);
    }

    #[test]
    fn a_tower_without_a_name() {
        let names = ["embeddings.word", "layers.0.weight", "projection.weight"];
        let below = layers_below_top(names.into_iter());
        assert_eq!(names.map(|name| below[name]), [2, 1, 0]);
    }
}
