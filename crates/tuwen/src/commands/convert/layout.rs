//! The layouts weights are written in.

use tuwen_encoder::{Naming, Weights, bert_names};
use tuwen_recipe::to_toml;
use tuwen_train::{Recipe, albef as albef_runs, unibert as unibert_runs};

use super::bert::{BertNumbers, vocabulary_files};
use super::input::{Input, Kind};
use super::{Layout, Output};
use crate::commands::CommandError;

fn expect(input: &Input, kinds: &[Kind], layout: Layout) -> Result<(), CommandError> {
    if kinds.contains(&input.kind) {
        return Ok(());
    }
    Err(format!("{}: a {:?} has no layout {layout:?}", input.trained.file.display(), input.kind).into())
}

fn left_out(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| format!("has no place in this layout and is left out: {}", names.join(", ")))
}

/// Numbers of a frame, as the QQ reference has them written into its code.
const REFERENCE_FRAME: usize = 1536;
/// Width and layers of the image encoder, as the official ALBEF has them written into its code.
const OFFICIAL_VISION: [usize; 2] = [768, 12];

/// What has to be changed in the official code for an image encoder of another size.
fn other_vision(input: &Input, official: &Weights) -> Option<String> {
    let width = official.get("visual_encoder.cls_token")?.shape.last().copied()?;
    let found = [width, input.layers("encoder.vision.layers.")];
    (found != OFFICIAL_VISION).then(|| {
        let ([width, layers], [official_width, official_layers]) = (found, OFFICIAL_VISION);
        format!(
            "the image encoder has {layers} layers of width {width}: `models/model_pretrain.py` has {official_layers} of \
             {official_width} written into it, to be changed with heads and side"
        )
    })
}

/// What has to be changed in the official code for a text that is not read by its `[CLS]`.
fn other_pooling(input: &Input) -> Option<&'static str> {
    let Some(Recipe::Albef(recipe)) = &input.recipe else { return None };
    (!recipe.model.encoder.text_pooling.is_cls()).then_some(
        "a text's feature is projected from the mean of its tokens: `models/model_pretrain.py` projects `text_embeds[:,0,:]`, \
         to be changed to that mean, and `models/model_retrieval.py` likewise",
    )
}

/// The official ALBEF's state dict, and the `config_bert.json` that its code asks for.
pub(super) fn albef(input: &Input, heads: Option<usize>) -> Result<Output, CommandError> {
    expect(input, &[Kind::Albef], Layout::Albef)?;
    let official = albef_runs::to_official(&input.ours);
    let mut notes = official.notes;
    notes.extend(left_out(&official.left_out));
    notes.extend(other_vision(input, &official.weights));
    notes.extend(other_pooling(input).map(String::from));
    let numbers = BertNumbers::of(input, heads, &mut notes)?;
    let mut files = vec![("config_bert.json", numbers.official_json(input))];
    files.extend(vocabulary_files(input).into_iter().filter(|(name, _)| *name == "vocab.txt"));
    let usage = "\
from safetensors.torch import load_file
model.load_state_dict(load_file(\"model.safetensors\"), strict=True)  # models/model_pretrain.py of salesforce/ALBEF\n";
    Ok(Output { weights: official.weights, integers: official.integers, files, notes, usage: usage.into() })
}

/// The QQ UniBERT's state dict.
pub(super) fn unibert(input: &Input) -> Result<Output, CommandError> {
    expect(input, &[Kind::UniBert], Layout::Unibert)?;
    let reference = unibert_runs::to_reference(&input.ours);
    let mut notes: Vec<String> = left_out(&reference.left_out).into_iter().collect();
    notes.push("the word table for frames, which nothing reads, is written as zeros".into());
    let width = reference.weights.get("roberta.bert.video_fc.weight").and_then(|weight| weight.shape.last().copied());
    if let Some(width) = width.filter(|&width| width != REFERENCE_FRAME) {
        notes.push(format!(
            "frames have {width} numbers: the reference's `qq_uni_model.py` has {REFERENCE_FRAME} written into it, to be changed"
        ));
    }
    let files = vocabulary_files(input).into_iter().filter(|(name, _)| *name == "vocab.txt").collect();
    let usage = "\
from safetensors.torch import load_file
state = load_file(\"model.safetensors\")
# Its transformers 4.5.1 keeps counters of positions in the state dict; versions that don't refuse them:
# state = {name: tensor for name, tensor in state.items() if not name.endswith(\"position_ids\")}
model.load_state_dict(state, strict=True)  # QQUniModel with the tasks that were trained\n";
    Ok(Output { weights: reference.weights, integers: reference.integers, files, notes, usage: usage.into() })
}

/// The text encoder as a `BertModel`.
pub(super) fn hf_bert(input: &Input, heads: Option<usize>) -> Result<Output, CommandError> {
    expect(input, &[Kind::Albef, Kind::UniBert, Kind::Bert], Layout::HfBert)?;
    let (weights, unknown) = bert_names().to_reference(&text_side(input));
    debug_assert!(unknown.is_empty(), "{unknown:?}");
    let mut notes = Vec::new();
    if input.kind == Kind::Albef {
        notes.push(format!(
            "the {} layers that see text alone; the fusion layers are no BERT",
            input.layers("encoder.text_layers.")
        ));
    }
    let numbers = BertNumbers::of(input, heads, &mut notes)?;
    let mut files = vec![("config.json", numbers.hf_json())];
    files.extend(vocabulary_files(input));
    let usage = "\
from transformers import AutoTokenizer, BertModel
tokenizer, model = AutoTokenizer.from_pretrained(\".\"), BertModel.from_pretrained(\".\", add_pooling_layer=False)\n";
    Ok(Output { weights, files, notes, usage: usage.into(), ..Output::default() })
}

/// A text encoder's weights as a plain BERT has them: embeddings and layers.
fn text_side(input: &Input) -> Weights {
    let plain = |name: &str| -> Option<String> {
        let name = if input.kind == Kind::Bert { name } else { name.strip_prefix("encoder.")? };
        if name.starts_with("text_embeddings.") || name.starts_with("layers.") {
            return Some(name.to_string());
        }
        name.strip_prefix("text_layers.").map(|rest| format!("layers.{rest}"))
    };
    input.ours.iter().filter_map(|(name, tensor)| Some((plain(name)?, tensor.clone()))).collect()
}

/// Our own names, with the recipe and the tokenizer where they are known.
pub(super) fn tuwen(input: &Input) -> Result<Output, CommandError> {
    let mut output = Output { weights: input.ours.clone(), ..Output::default() };
    if input.naming == Naming::Tuwen {
        output.weights = input.trained.model();
    }
    if let Some(recipe) = &input.recipe {
        output.files.push(("recipe.toml", to_toml(recipe)?));
    } else {
        output.notes.push("there is no recipe beside the weights: their sizes stand in their shapes alone".into());
    }
    if let Some(tokenizer) = &input.tokenizer {
        output.files.push(("tokenizer.json", tokenizer.to_json()?));
    }
    if let Some(tags) =
        input.trained.folder.as_ref().and_then(|folder| std::fs::read_to_string(folder.join("tags.txt")).ok())
    {
        output.files.push(("tags.txt", tags));
    }
    output.usage = "tuwen train RECIPE --set init.from=THIS_FOLDER\n".into();
    Ok(output)
}
