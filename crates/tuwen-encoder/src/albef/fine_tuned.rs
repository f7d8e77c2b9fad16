//! Weight names of ALBEF's fine-tuned models: those of the pre-training model in other places.

use super::keys::{momentum_names, reference_names, reference_number};
use crate::Weights;

/// What a fine-tuned model consists of. In all of them the reference leaves `bert.` out of the text encoder's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FineTuned {
    /// `encoder` and a `head` for classes: retrieval, entailment, grounding.
    Classifier,
    /// `encoder`, and a `decoder` with its own `head` for words: answers.
    Answering,
    /// An `encoder` for pairs of pictures and a `head`: statements. The reference stores a shared key or value twice.
    Paired,
}

/// A reference's file under our names.
#[derive(Clone, Debug, Default)]
pub struct FineTunedWeights {
    /// The model's.
    pub student: Weights,
    /// The momentum encoder's, if the file has one.
    pub teacher: Weights,
    /// Names of theirs that have no place here, and shared tensors whose two copies differ.
    pub unknown: Vec<String>,
}

/// What the reference's file of text assignment has and nothing reads.
const UNREAD: [&str; 2] = ["encoder.text_projection.", "temperature"];
/// What [`FineTuned::Classifier`] and [`FineTuned::Answering`] have and the reference's files don't, as nothing reads it.
const PROJECTIONS: [&str; 2] = ["encoder.vision_projection.", "encoder.text_projection."];
const CROSS: &str = ".crossattention.self.";
const LAYER: &str = "text_encoder.bert.encoder.layer.";
const SHARED: &str = "text_encoder.bert.encoder.shared.";

impl FineTuned {
    /// The reference's tensors under our names; its layers from `text_layers` on are fusion layers.
    pub fn from_reference(self, weights: &Weights, text_layers: usize) -> FineTunedWeights {
        let mut imported = FineTunedWeights::default();
        let (decoder, rest): (Weights, Weights) = weights
            .clone()
            .into_iter()
            .partition(|(name, _)| self == Self::Answering && name.starts_with("text_decoder"));
        let decoder = renamed(decoder, |name| name.replacen("text_decoder", "text_encoder", 1));
        imported.add(&decoder, 0, |name| match name.split_once('.') {
            Some(("mlm", rest)) => format!("head.{rest}"),
            Some((_, rest)) => format!("decoder.{rest}"),
            None => name,
        });
        let (rest, differing) = if self == Self::Paired { shared(rest, text_layers) } else { (rest, Vec::new()) };
        let paired = self == Self::Paired;
        imported.add(&rest, text_layers, |name| match name.strip_prefix("encoder.") {
            Some(own) if paired && own.starts_with("vision_projection.") => own.to_string(),
            _ => name,
        });
        if paired {
            imported.student.retain(|name, _| !UNREAD.iter().any(|unread| name.starts_with(unread)));
        }
        imported.unknown.extend(differing);
        imported
    }

    /// Our tensors under the reference's names; ours without a name of theirs are returned beside them.
    pub fn to_reference(self, weights: &Weights, text_layers: usize) -> (Weights, Vec<String>) {
        let (words, rest): (Weights, Weights) = weights.clone().into_iter().partition(|(name, _)| {
            self == Self::Answering && (name.starts_with("decoder.") || name.starts_with("head."))
        });
        let words = renamed(words, |name| match name.strip_prefix("decoder.") {
            Some(rest) => format!("encoder.{rest}"),
            None => name.replacen("head.", "mlm.", 1),
        });
        let (words, mut unknown) = reference_names().to_reference(&words);
        let rest = renamed(rest, |name| match name.starts_with("vision_projection.") {
            true => format!("encoder.{name}"),
            false => name,
        });
        let (rest, more) = reference_names().to_reference(&rest);
        unknown.extend(more);
        let mut theirs =
            renamed(words, |name| reference_number(&name, 0).replacen("text_encoder.", "text_decoder.", 1));
        let rest = if self == Self::Paired { copied(rest, text_layers) } else { rest };
        theirs.extend(renamed(rest, |name| {
            reference_number(&name, text_layers).replacen("text_encoder.bert.", "text_encoder.", 1)
        }));
        (theirs, unknown)
    }
}

impl FineTunedWeights {
    /// With those projections of `fresh`, a model's own weights, that the file leaves out because the task doesn't read
    /// them.
    #[must_use]
    pub fn completed_by(mut self, fresh: &Weights) -> Self {
        let parts = [&mut self.student, &mut self.teacher];
        for weights in parts.into_iter().filter(|weights| !weights.is_empty()) {
            let unread = fresh.iter().filter(|(name, _)| PROJECTIONS.iter().any(|prefix| name.starts_with(prefix)));
            unread.for_each(|(name, tensor)| _ = weights.entry(name.clone()).or_insert_with(|| tensor.clone()));
        }
        self
    }

    fn add(&mut self, theirs: &Weights, text_layers: usize, name: impl Fn(String) -> String) {
        let (student, teacher) = momentum_names(theirs, text_layers);
        for (weights, place) in [(student, &mut self.student), (teacher, &mut self.teacher)] {
            let (ours, unknown) = reference_names().from_reference(&weights);
            place.extend(renamed(ours, &name));
            self.unknown.extend(unknown);
        }
    }
}

fn renamed(weights: Weights, name: impl Fn(String) -> String) -> Weights {
    weights.into_iter().map(|(old, tensor)| (name(old), tensor)).collect()
}

/// Layer and rest of the name of a cross-attention's key or value, `bert.` and `_m` there or not.
fn key_or_value(name: &str) -> Option<(&str, usize, &str)> {
    let (before, rest) = name.split_once(CROSS)?;
    let (encoder, number) = before.rsplit_once(".layer.")?;
    (rest.starts_with("key.") || rest.starts_with("value.")).then_some((encoder, number.parse().ok()?, rest))
}

/// Keys and values of each two layers as those of a pair; copies that differ are named.
fn shared(weights: Weights, text_layers: usize) -> (Weights, Vec<String>) {
    let (mut named, mut differing) = (Weights::new(), Vec::new());
    for (name, tensor) in &weights {
        let place = key_or_value(name).filter(|(_, layer, _)| *layer >= text_layers);
        let Some((encoder, layer, rest)) = place else {
            named.insert(name.clone(), tensor.clone());
            continue;
        };
        let twin = encoder.strip_prefix("text_encoder_m").map_or("text_encoder", |_| "text_encoder_m");
        let pair = (layer - text_layers) / 2;
        let first = format!("{encoder}.layer.{}{CROSS}{rest}", text_layers + 2 * pair);
        if weights.get(&first) != Some(tensor) {
            differing.push(name.clone());
        }
        named.insert(format!("{twin}.bert.encoder.shared.{pair}.{rest}"), tensor.clone());
    }
    (named, differing)
}

/// The way back: each under the names of both layers.
fn copied(weights: Weights, text_layers: usize) -> Weights {
    let mut copied = Weights::new();
    for (name, tensor) in weights {
        let place = name.strip_prefix(SHARED).and_then(|rest| rest.split_once('.'));
        match place.and_then(|(pair, rest)| Some((pair.parse::<usize>().ok()?, rest))) {
            Some((pair, rest)) => {
                for layer in [2 * pair, 2 * pair + 1] {
                    copied.insert(format!("{LAYER}{}{CROSS}{rest}", text_layers + layer), tensor.clone());
                }
            }
            None => _ = copied.insert(name, tensor),
        }
    }
    copied
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::albef::config::small;
    use crate::{HostTensor, weights_of};

    fn under(prefix: &str, weights: Weights) -> Weights {
        renamed(weights, |name| format!("{prefix}.{name}"))
    }

    #[test]
    fn every_weight_of_a_decoder_comes_back() {
        let (config, device) = (small([3, 2]), Device::flex());
        let mut ours = under("encoder", weights_of(&config.init(&device)));
        ours.extend(under("decoder", weights_of(&config.text.init_decoder(3, &device))));
        ours.insert("head.bias".to_string(), HostTensor { shape: vec![9], values: vec![0.5; 9] });
        let (theirs, unknown) = FineTuned::Answering.to_reference(&ours, 3);
        assert_eq!(unknown, Vec::<String>::new());
        assert!(theirs.contains_key("text_decoder.bert.encoder.layer.2.crossattention.self.key.weight"));
        assert!(theirs.contains_key("text_decoder.cls.predictions.bias"));
        assert!(theirs.contains_key("text_encoder.encoder.layer.4.crossattention.self.key.weight"));
        let back = FineTuned::Answering.from_reference(&theirs, 3);
        assert_eq!((back.student, back.teacher, back.unknown), (ours, Weights::new(), vec![]));
    }

    #[test]
    fn shared_keys_have_two_names_and_must_agree() {
        let ours = under("encoder", weights_of(&small([3, 2]).init_paired(&Device::flex())));
        let (mut theirs, unknown) = FineTuned::Paired.to_reference(&ours, 3);
        assert_eq!(unknown, Vec::<String>::new());
        let [first, second] = [5, 6].map(|l| format!("text_encoder.encoder.layer.{l}.crossattention.self.key.weight"));
        assert_eq!(theirs[&first], theirs[&second]);
        let back = FineTuned::Paired.from_reference(&theirs, 3);
        assert_eq!((back.student, back.unknown), (ours, vec![]));
        theirs.get_mut(&second).unwrap().values[0] += 1.0;
        assert_eq!(FineTuned::Paired.from_reference(&theirs, 3).unknown, [second]);
    }
}
