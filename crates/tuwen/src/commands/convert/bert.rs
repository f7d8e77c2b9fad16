//! The numbers of a text encoder as `config.json` has them, and its vocabulary's files.

use serde_json::{Value, json};
use tuwen_encoder::HostTensor;
use tuwen_train::Recipe;

use super::input::{Input, Kind};
use crate::commands::CommandError;

/// A text encoder's numbers.
#[derive(Clone, Debug)]
pub(super) struct BertNumbers {
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    vocab_size: usize,
    max_position_embeddings: usize,
    type_vocab_size: usize,
    layer_norm_eps: f64,
    dropout: [f64; 2],
}

/// What every BERT has had since the first.
const USUAL_HEAD_WIDTH: usize = 64;
const USUAL_EPSILON: f64 = 1e-12;
const USUAL_DROPOUT: f64 = 0.1;

impl BertNumbers {
    /// Sizes from the shapes; heads, ε and dropout from the recipe, from `config.json` beside the weights, or assumed, which
    /// is noted.
    pub(super) fn of(input: &Input, heads: Option<usize>, notes: &mut Vec<String>) -> Result<Self, CommandError> {
        let (prefix, layers) = match input.kind {
            Kind::Bert => ("", "layers."),
            Kind::Albef => ("encoder.", "encoder.text_layers."),
            _ => ("encoder.", "encoder.layers."),
        };
        let lacks = |name: &str| format!("{}: lacks `{name}`", input.trained.file.display());
        let shape = |name: String| match input.ours.get(&name) {
            Some(HostTensor { shape, .. }) if shape.len() == 2 => Ok([shape[0], shape[1]]),
            _ => Err(lacks(&name)),
        };
        let [vocab_size, hidden_size] = shape(format!("{prefix}text_embeddings.word.weight"))?;
        let [max_position_embeddings, _] = shape(format!("{prefix}text_embeddings.position.weight"))?;
        let [type_vocab_size, _] = shape(format!("{prefix}text_embeddings.token_type.weight"))?;
        let [_, intermediate_size] = shape(format!("{layers}0.feed_forward.intermediate.weight"))?;
        let known = Known::of(input);
        let num_attention_heads = heads.or(known.heads).unwrap_or_else(|| {
            notes.push(format!(
                "heads of {USUAL_HEAD_WIDTH} values are assumed, as in every BERT of Google's; `--heads` says otherwise"
            ));
            hidden_size / USUAL_HEAD_WIDTH
        });
        if num_attention_heads == 0 || !hidden_size.is_multiple_of(num_attention_heads) {
            return Err(
                format!("{num_attention_heads} heads don't divide a width of {hidden_size}; give `--heads`").into()
            );
        }
        Ok(Self {
            hidden_size,
            num_hidden_layers: input.layers(layers),
            num_attention_heads,
            intermediate_size,
            vocab_size,
            max_position_embeddings,
            type_vocab_size,
            layer_norm_eps: known.epsilon.unwrap_or(USUAL_EPSILON),
            dropout: known.dropout.unwrap_or([USUAL_DROPOUT; 2]),
        })
    }

    fn json(&self, layers: usize) -> Value {
        json!({
            "hidden_act": "gelu",
            "hidden_size": self.hidden_size,
            "num_hidden_layers": layers,
            "num_attention_heads": self.num_attention_heads,
            "intermediate_size": self.intermediate_size,
            "vocab_size": self.vocab_size,
            "max_position_embeddings": self.max_position_embeddings,
            "type_vocab_size": self.type_vocab_size,
            "layer_norm_eps": self.layer_norm_eps,
            "hidden_dropout_prob": self.dropout[0],
            "attention_probs_dropout_prob": self.dropout[1],
            "initializer_range": 0.02,
            "model_type": "bert",
            "pad_token_id": 0,
        })
    }

    /// `config.json` of a `BertModel`.
    pub(super) fn hf_json(&self) -> String {
        let mut config = self.json(self.num_hidden_layers);
        config["architectures"] = json!(["BertModel"]);
        config["position_embedding_type"] = json!("absolute");
        pretty(&config)
    }

    /// `config_bert.json` of the official ALBEF, whose layers from `fusion_layer` on look at images.
    pub(super) fn official_json(&self, input: &Input) -> String {
        let mut config = self.json(self.num_hidden_layers + input.layers("encoder.fusion_layers."));
        let width = input.ours.get("encoder.vision.norm.bias").map_or(0, |bias| bias.values.len());
        config["fusion_layer"] = json!(self.num_hidden_layers);
        config["encoder_width"] = json!(width);
        config["add_cross_attention"] = json!(false);
        pretty(&config)
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

/// What shapes don't tell.
#[derive(Default)]
struct Known {
    heads: Option<usize>,
    epsilon: Option<f64>,
    dropout: Option<[f64; 2]>,
}

impl Known {
    fn of(input: &Input) -> Self {
        let (heads, epsilon, dropout) = match &input.recipe {
            Some(Recipe::Albef(recipe)) => {
                let text = &recipe.model.encoder.text;
                let dropout = [text.hidden_dropout_prob, text.attention_probs_dropout_prob];
                (text.num_attention_heads, text.layer_norm_eps, dropout)
            }
            Some(Recipe::UniBert(recipe)) => {
                let text = &recipe.model.encoder;
                let dropout = [text.hidden_dropout_prob, text.attention_probs_dropout_prob];
                (text.num_attention_heads, text.layer_norm_eps, dropout)
            }
            None => return Self::beside(input),
        };
        Self { heads: Some(heads), epsilon: Some(epsilon), dropout: Some(dropout) }
    }

    fn beside(input: &Input) -> Self {
        let path = input.trained.file.with_file_name("config.json");
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let Ok(config) = serde_json::from_str::<Value>(&text) else { return Self::default() };
        let number = |key: &str| config[key].as_f64();
        Self {
            heads: config["num_attention_heads"].as_u64().map(|heads| heads as usize),
            epsilon: number("layer_norm_eps"),
            dropout: number("hidden_dropout_prob").zip(number("attention_probs_dropout_prob")).map(|(a, b)| [a, b]),
        }
    }
}

/// `vocab.txt`, and what `transformers` wants beside it, where the vocabulary is known.
pub(super) fn vocabulary_files(input: &Input) -> Vec<(&'static str, String)> {
    let Some(tokenizer) = &input.tokenizer else { return Vec::new() };
    let tokens = (0..tokenizer.vocab_size() as u32).map(|id| tokenizer.token(id).unwrap_or_default());
    let vocab = tokens.flat_map(|token| [token, "\n"]).collect::<String>();
    let settings = json!({
        "tokenizer_class": "BertTokenizer",
        "do_lower_case": true,
        "unk_token": "[UNK]",
        "sep_token": "[SEP]",
        "pad_token": "[PAD]",
        "cls_token": "[CLS]",
        "mask_token": "[MASK]",
    });
    vec![("vocab.txt", vocab), ("tokenizer_config.json", pretty(&settings))]
}
