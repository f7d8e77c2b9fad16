//! Pairs that share a picture or a caption: right answers to one another by default, false negatives in plain ALBEF.

use burn::module::Module as _;
use burn::tensor::{Int, Tensor};
use tuwen::ita::{PairKeys, Positives, hard_targets, positive_mask, similarities};
use tuwen::itm::{NEGATIVES, draw_hard_negatives, negative_uniforms, pair_loss};
use tuwen::ops::Dropout;
use tuwen::random::Draws;
use tuwen::train::Architecture as _;
use tuwen::train::albef::Batch;

use crate::albef_fixture::{batches, encoded, everything, first_losses, on_shard, picture, write_pairs};
use crate::fixture::device;
use crate::unibert_case::values;

const BATCH: usize = 5;

/// Pairs 0 and 1 share what `shared` says, the others nothing.
fn keys(shared: &str) -> Vec<PairKeys> {
    let own = (0..BATCH as u64).map(|i| PairKeys { image: i, caption: 100 + i });
    let mut keys: Vec<PairKeys> = own.collect();
    match shared {
        "image" => keys[1].image = keys[0].image,
        _ => keys[1].caption = keys[0].caption,
    }
    keys
}

/// Features of pairs 0 and 1 that are all but equal, the others at right angles to them: at τ = 0.07 a draw takes the
/// twin with odds of e^14 to 3.
fn similar() -> Tensor<2> {
    let mut rows = [[0.0_f32; BATCH]; BATCH];
    (0..BATCH).for_each(|i| rows[i][i] = 1.0);
    rows[1] = [1.0, 0.0, 0.0, 0.0, 0.0];
    let features = Tensor::from_floats(rows, &device());
    similarities(features.clone(), features, Tensor::from_floats([0.07], &device()))
}

/// How often rows 0 and 1 draw each other, of 2 · `steps`.
fn twins_drawn(rule: Positives, shared: &str, steps: u64) -> u64 {
    let device = device();
    let forbidden = positive_mask(rule, &keys(shared), &[], &device);
    let drawn = |step| {
        let uniforms = negative_uniforms(BATCH, &Draws::new(42, NEGATIVES, 0, step), &device);
        let negatives = draw_hard_negatives(similar(), forbidden.clone(), uniforms, 1.0);
        assert_eq!(negatives.usable.into_data().iter::<f32>().sum::<f32>(), BATCH as f32, "there are other pairs");
        let rows: Vec<i64> = negatives.indices.into_data().iter::<i64>().collect();
        u64::from(rows[0] == 1) + u64::from(rows[1] == 0)
    };
    (0..steps).map(drawn).sum()
}

#[test]
fn albef_hard_negatives_are_false_ones_only_in_plain_albef() {
    for shared in ["image", "caption"] {
        let plain = twins_drawn(Positives::OwnPairOnly, shared, 300);
        assert!(plain > 595, "{shared}: {plain} of 600 draws take the false negative");
        assert_eq!(twins_drawn(Positives::SharedImageOrCaption, shared, 300), 0, "{shared}");
    }
    // Retrieval's rule knows pictures alone.
    assert_eq!(twins_drawn(Positives::SharedImage, "image", 300), 0);
    assert!(twins_drawn(Positives::SharedImage, "caption", 300) > 595);
}

#[test]
fn albef_alignment_targets_share_their_mass_unless_it_is_plain_albef() {
    for shared in ["image", "caption"] {
        // An entry of the queue with the same picture or caption is a right answer too.
        let queue = [Some(keys(shared)[1]), None];
        let row = |rule| {
            let mask = positive_mask(rule, &keys(shared), &queue, &device());
            values(hard_targets(mask))[..BATCH + 2].to_vec()
        };
        let third = 1.0 / 3.0;
        assert_eq!(row(Positives::default()), [third, third, 0.0, 0.0, 0.0, third, 0.0], "{shared}");
        assert_eq!(row(Positives::OwnPairOnly), [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], "{shared}");
    }
}

#[test]
fn albef_examples_of_equal_pictures_and_captions_share_their_keys() {
    let folder = tempfile::tempdir().unwrap();
    let same = image::RgbImage::from_fn(20, 20, |x, y| image::Rgb([x as u8, y as u8, 7]));
    let mut other_format = std::io::Cursor::new(Vec::new());
    same.write_to(&mut other_format, image::ImageFormat::Bmp).unwrap();
    let shard = write_pairs(
        folder.path(),
        &[
            ("a", encoded(same), "a red boat", "船"),
            ("b", other_format.into_inner(), "green tea", "茶"), // the picture of a in another file
            ("c", picture(9), "A red boat!", "红船"),            // the caption of a once it is cleaned
            ("d", picture(8), "a house", "房子"),
        ],
    );
    let assembly = on_shard(&shard, &["data.loader.batch_size=4"]).unwrap();
    let mut examples = batches(&assembly, 1).remove(0);
    examples.sort_by(|a, b| a.id.cmp(&b.id));
    let keys = Batch::new(&examples, 0, &device()).keys;
    let right =
        |rule| -> Vec<i64> { positive_mask(rule, &keys, &[], &device()).int().into_data().iter::<i64>().collect() };
    assert_eq!(right(Positives::default()), [1, 1, 1, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1]);
    assert_eq!(right(Positives::SharedImage), [1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
    assert_eq!(right(Positives::OwnPairOnly), [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
}

#[test]
fn albef_batch_without_a_negative_is_matched_on_its_own_pairs_alone() {
    let folder = tempfile::tempdir().unwrap();
    let files: Vec<_> = (0..4).map(|i| (["a", "b", "c", "d"][i], picture(i as u8), "one and the same", "同")).collect();
    let shard = write_pairs(folder.path(), &files);
    let set = [everything(20, 0.0), "data.loader.batch_size=4".into()];
    let of = |positives: &str| {
        let rule = format!("tasks.positives={positives}");
        on_shard(&shard, &[&set[0], &set[1], &rule]).unwrap()
    };
    let assembly = of("shared_image_or_caption");
    let examples = batches(&assembly, 1).remove(0);
    let [ita, itm] = first_losses(&assembly, &examples, ["ita", "itm"]);
    // Every pair of the batch is right, and each gets a quarter: with equal features nothing is left to learn.
    assert!((ita - 4.0_f32.ln()).abs() < 0.05, "{ita}");
    assert!((itm - matches_alone(&assembly, &examples)).abs() < 1e-5, "{itm}");
    let plain = first_losses(&of("own_pair_only"), &examples, ["itm"])[0];
    assert!((plain - itm).abs() > 1e-3, "plain ALBEF trains on 8 false negatives: {plain}");
}

/// The matching loss of a fresh model on the pairs as they are.
fn matches_alone(assembly: &tuwen::train::albef::Assembly, examples: &[tuwen::train::albef::Example]) -> f32 {
    let (off, device) = (Dropout::off(), device());
    let model = assembly.start(&device.clone().autodiff()).model.valid();
    let batch = Batch::new(examples, 0, &device);
    let memory = model.encoder.image_memory(&model.encoder.image_states(batch.pixel_values.clone()));
    let texts = model.encoder.text_states(batch.input_ids.clone(), &batch.attention_mask, &off);
    let fused = model.encoder.fuse(texts, &batch.attention_mask, &memory, &off); // [B, L, H]
    let cls = fused.narrow(1, 0, 1).squeeze_dim::<2>(1);
    pair_loss(model.itm.forward(cls), Tensor::<1, Int>::ones([batch.len()], &device)).into_scalar::<f32>()
}
