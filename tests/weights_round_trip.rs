//! State dicts of the two references through our names and back, bit for bit.

use tuwen::encoder::{Weights, import_unibert, open_weights};
use tuwen::train::albef::{from_official, to_official};
use tuwen::train::unibert::to_reference;

use crate::golden::{Golden, workspace};

fn bits(weights: &Weights) -> Vec<(&String, &Vec<usize>, Vec<u32>)> {
    weights.iter().map(|(n, w)| (n, &w.shape, w.values.iter().map(|value| value.to_bits()).collect())).collect()
}

#[test]
fn weights_of_an_albef_saved_by_torch_come_back_bit_for_bit() {
    let saved = open_weights(&workspace().join("tests/golden/weights_albef.pth")).unwrap();
    let ours = from_official(&saved.weights, &saved.integers).unwrap();
    assert!(ours.weights.contains_key("encoder.fusion_layers.0.cross_attention.key.weight"));
    assert!(ours.weights.contains_key("momentum.encoder.vision.positions") && ours.weights.contains_key("queue.image"));
    let back = to_official(&ours.weights);
    assert_eq!((back.left_out.len(), back.notes.len()), (0, 0), "{:?} {:?}", back.left_out, back.notes);
    assert_eq!(bits(&back.weights), bits(&saved.weights));
    assert_eq!(back.integers, saved.integers);
}

/// The golden files store second names of shared tensors once and no counters.
#[test]
fn weights_of_the_golden_albef_come_back_bit_for_bit() {
    for file in ["albef.safetensors", "albef_retrieval.safetensors"] {
        let theirs = Golden::open(file).under("weights/");
        let ours = from_official(&theirs, &Default::default()).unwrap();
        let back = to_official(&ours.weights);
        let fine_tuned = theirs.keys().all(|name| !name.starts_with("text_encoder.bert."));
        let name = |name: &str| if fine_tuned { name.replace(".bert.", ".") } else { name.to_string() };
        let kept: Weights =
            back.weights.into_iter().map(|(n, w)| (name(&n), w)).filter(|(n, _)| theirs.contains_key(n)).collect();
        assert_eq!(bits(&kept), bits(&theirs), "{file}");
    }
}

#[test]
fn weights_of_the_golden_unibert_come_back_bit_for_bit() {
    let mut theirs = Golden::open("unibert.safetensors").under("weights/");
    let dead = "roberta.bert.video_embeddings.word_embeddings.weight";
    let words = theirs["roberta.bert.embeddings.word_embeddings.weight"].clone();
    theirs.insert(dead.to_string(), words);
    let ours = import_unibert(&theirs).unwrap();
    assert_eq!(ours.unused, [dead], "the dead word table is named and not used");
    let back = to_reference(&ours.weights);
    assert!(back.left_out.is_empty() && back.weights[dead].values.iter().all(|value| *value == 0.0));
    let kept: Weights =
        back.weights.into_iter().filter(|(name, _)| theirs.contains_key(name) && name != dead).collect();
    theirs.remove(dead);
    assert_eq!(bits(&kept), bits(&theirs));
}
