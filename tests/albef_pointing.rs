//! Grounding by Grad-CAM against the numbers of the reference: maps, boxes, overlaps.

use burn::module::Module as _;
use burn::tensor::Tensor;
use tuwen::downstream::grounding::{TextMean, text_map, upsample};
use tuwen::encoder::albef::FineTuned;
use tuwen::eval::{BoxChoice, PixelBox, PixelMap, accuracy_at, choose_boxes, intersection_over_union};
use tuwen::train::albef::AlbefPretraining;
use tuwen::train::albef::downstream::{Texts, match_maps, similarity_map};

use crate::downstream_case::Case;
use crate::golden::assert_near;
use crate::unibert_case::values;

/// The golden model; it has no MLM head, so ours keeps its fresh one, which nothing reads.
fn case() -> (Case, AlbefPretraining) {
    let case = Case::open("grounding", "vqa", FineTuned::Classifier);
    let fresh = AlbefPretraining::init(&case.config, 0.07, None, &case.device);
    let model = case.load_over(fresh, "mlm.");
    (case, model.valid())
}

/// The maps `{kind}/block{n}` of the file with their layers.
fn blocks(case: &Case, kind: &str) -> Vec<(usize, Vec<f32>)> {
    let found = case.golden.under(&format!("grounding/expect/{kind}/block"));
    let mut found: Vec<_> = found.into_iter().map(|(block, map)| (block.parse().unwrap(), map.values)).collect();
    found.sort_by_key(|(block, _)| *block);
    found
}

#[test]
fn albef_downstream_maps_of_matching_and_of_similarity() {
    let (case, model) = case();
    let texts = case.texts("text");
    for (block, expected) in blocks(&case, "gradcam_itm") {
        let layer = block - case.config.text.text_layers;
        let words = match_maps(&model, case.pictures(), &texts, layer).expect("gradients");
        let map = text_map(words, &texts.attention_mask, TextMean::Seed);
        assert_near(&format!("matching, block {block}"), &values(map), &expected);
    }
    for (block, expected) in blocks(&case, "gradcam_itc") {
        let map = similarity_map(&model, case.pictures(), &texts, block).expect("gradients");
        assert_near(&format!("similarity, block {block}"), &values(map), &expected);
    }
    let none = case.config.vision.num_hidden_layers;
    assert!(similarity_map(&model, case.pictures(), &texts, none).is_none(), "there is no such layer");
}

/// Maps over the patches to boxes, overlaps and accuracy.
struct Pointed {
    scores: Vec<Vec<f32>>,
    chosen: Vec<[f32; 4]>,
    overlaps: Vec<f32>,
    first: Vec<f32>,
}

fn pointed(case: &Case, maps: &[f32], choice: BoxChoice) -> Pointed {
    let sizes: Vec<[usize; 2]> =
        case.numbers("image_height_width").chunks(2).map(|size| [size[0] as usize, size[1] as usize]).collect();
    let power = case.golden.meta["grounding_area_power"].as_f64().unwrap() as f32;
    let boxes = |values: &[f32]| -> Vec<PixelBox> {
        values.chunks(4).map(|edges| <[f32; 4]>::try_from(edges).unwrap().into()).collect()
    };
    let (detections, gold) = (case.floats("detections"), boxes(&case.floats("gold_boxes").values));
    let detections: Vec<Vec<PixelBox>> = detections.values.chunks(4 * detections.shape[1]).map(boxes).collect();
    let laid: Vec<Vec<f32>> = maps
        .chunks(maps.len() / sizes.len())
        .zip(&sizes)
        .map(|(map, &[height, width])| upsample(map, height, width).unwrap())
        .collect();
    let scores: Vec<Vec<f32>> = laid
        .iter()
        .zip(&sizes)
        .zip(&detections)
        .map(|((map, &[height, width]), boxes)| {
            let map = PixelMap::new(height, width, map.clone()).unwrap();
            boxes.iter().map(|&detection| map.score(detection, power)).collect()
        })
        .collect();
    let chosen: Vec<PixelBox> =
        choose_boxes(&scores, choice).into_iter().map(|place| place.map(|(e, b)| detections[e][b]).unwrap()).collect();
    let overlaps = chosen.iter().zip(&gold).map(|(&a, &b)| intersection_over_union(a, b)).collect();
    Pointed { scores, chosen: chosen.into_iter().map(Into::into).collect(), overlaps, first: laid[0].clone() }
}

#[test]
fn albef_downstream_boxes_that_a_map_points_at() {
    let case = case().0;
    let maps = blocks(&case, "gradcam_itm").pop().unwrap().1;
    let found = pointed(&case, &maps, BoxChoice::Seed);
    assert_near("upsampled", &found.first, &case.expected("grounding/upsampled_0").values);
    assert_near("scores", &found.scores.concat(), &case.expected("grounding/scores").values);
    assert_eq!(found.chosen.concat(), case.expected("grounding/chosen_boxes").values);
    assert_near("overlaps", &found.overlaps, &case.expected("grounding/iou").values);
    let expected = &case.expected("grounding/accuracy_val_testA_testB").values;
    for (part, &expected) in expected.iter().enumerate() {
        let own: Vec<f32> = found.overlaps.iter().copied().skip(part).step_by(expected_parts(&case)).collect();
        assert_near("accuracy", &[accuracy_at(&own, 0.5).unwrap() as f32], &[expected]);
    }
    // Where no score is above 0, the seed takes over what the expression before got.
    let mut below = maps.clone();
    let cells = maps.len() / found.chosen.len();
    below[cells..].fill(-1.0);
    let (seed, best) = (pointed(&case, &below, BoxChoice::Seed), pointed(&case, &below, BoxChoice::Best));
    assert!(seed.chosen.iter().all(|chosen| *chosen == seed.chosen[0]), "the first expression's box goes on");
    assert_eq!(best.chosen[0], seed.chosen[0]);
    assert!(best.chosen[1..].iter().all(|chosen| *chosen != seed.chosen[0]));
}

fn expected_parts(case: &Case) -> usize {
    case.expected("grounding/accuracy_val_testA_testB").values.len()
}

#[test]
fn albef_downstream_batch_mates_change_the_seeds_map_alone() {
    let (case, model) = case();
    let (pictures, texts, words) = (case.pictures(), case.texts("text"), case.words("text"));
    let layer = case.config.text.fusion_layers - 1;
    let together = match_maps(&model, pictures.clone(), &texts, layer).unwrap();
    let of = |maps: Tensor<3>, texts: &Texts, mean| values(text_map(maps, &texts.attention_mask, mean));
    let cells = case.config.vision.patches();
    let mut padded = 0;
    for (row, own) in words.iter().enumerate() {
        let length = own.len();
        let alone = Texts {
            input_ids: texts.input_ids.clone().narrow(0, row, 1).narrow(1, 0, length),
            attention_mask: texts.attention_mask.clone().narrow(0, row, 1).narrow(1, 0, length),
        };
        let maps = match_maps(&model, pictures.clone().narrow(0, row, 1), &alone, layer).unwrap();
        let whole = |mean| of(together.clone(), &texts, mean)[row * cells..][..cells].to_vec();
        let real = of(maps.clone(), &alone, TextMean::Real);
        assert_near("by real words", &whole(TextMean::Real), &real);
        // The seed's is weaker by the share of padding.
        let share = length as f32 / texts.input_ids.dims()[1] as f32;
        let expected: Vec<f32> = of(maps, &alone, TextMean::Seed).into_iter().map(|value| value * share).collect();
        assert_near("by all words", &whole(TextMean::Seed), &expected);
        padded += usize::from(share < 1.0);
    }
    assert!(padded > 0, "some text is padded");
}
