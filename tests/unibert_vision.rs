//! Frame sampling and frame masking against the numbers of QQ UniBERT.

use safetensors::SafeTensors;
use serde_json::Value;
use tuwen::vision::{AtLeast, FrameMasking, FrameSampling, SampledFrames, mask_frames, sample_frames};

use crate::golden::read;

/// The whole numbers of a JSON list.
fn integers(row: &Value, key: &str) -> Vec<i64> {
    let list = row[key].as_array().unwrap_or_else(|| panic!("`{key}` is no list in {row}"));
    list.iter().map(|value| value.as_i64().unwrap()).collect()
}

/// A sampled clip as the table writes it: −1 for a zero frame, 1 for a valid one.
fn as_table(sampled: &SampledFrames) -> (Vec<i64>, Vec<i64>) {
    let index = sampled.index.iter().map(|frame| frame.map_or(-1, |frame| frame as i64)).collect();
    (index, sampled.mask.iter().map(|&valid| i64::from(valid)).collect())
}

#[test]
fn unibert_frame_sampling_matches_every_row() {
    let tables: Value = serde_json::from_slice(&read("text_image_ops.json")).unwrap();
    let table = &tables["frame_sampling"];
    let length = table["frame_maxlen"].as_u64().unwrap() as usize;
    let rows = table["rows"].as_array().unwrap();
    assert!(!rows.is_empty(), "the table has no rows");
    for row in rows {
        let frames = row["n"].as_u64().unwrap() as usize;
        let sampled = |sampling| as_table(&sample_frames(frames, length, sampling).unwrap());
        assert_eq!(sampled(FrameSampling::Seed), (integers(row, "index"), integers(row, "mask")), "seed, n = {frames}");
        let fixed = (integers(row, "fixed_index"), integers(row, "fixed_mask"));
        assert_eq!(sampled(FrameSampling::Uniform), fixed, "uniform, n = {frames}");
    }
}

/// The little-endian numbers of one tensor, as `f64`, and its shape.
fn tensor(file: &SafeTensors<'_>, name: &str) -> (Vec<f64>, Vec<usize>) {
    let view = file.tensor(name).unwrap_or_else(|error| panic!("{name}: {error}"));
    let values = match view.dtype() {
        safetensors::Dtype::F32 => {
            view.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()).into()).collect()
        }
        safetensors::Dtype::I64 => {
            view.data().chunks_exact(8).map(|b| i64::from_le_bytes(b.try_into().unwrap()) as f64).collect()
        }
        other => panic!("{name} is {other:?}, expected F32 or I64"),
    };
    (values, view.shape().to_vec())
}

/// `[(p, "expect/masking/p{p}")]` of all probabilities in the file.
fn masking_probabilities(file: &SafeTensors<'_>) -> Vec<(f64, String)> {
    let names = file.names();
    let prefixes = names.iter().filter_map(|name| name.strip_suffix("/frame_labels"));
    let found = prefixes.filter_map(|prefix| {
        let probability = prefix.strip_prefix("expect/masking/p")?;
        Some((probability.parse().unwrap(), prefix.to_owned()))
    });
    found.collect()
}

#[test]
fn unibert_frame_masking_matches_recorded_draws() {
    let bytes = read("unibert_variants.safetensors");
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let (mask, shape) = tensor(&file, "input/masking/video_mask");
    let (draws, _) = tensor(&file, "input/masking/u_frame");
    let &[clips, frames] = shape.as_slice() else { panic!("`video_mask` has shape {shape:?}, expected [B, T]") };
    let probabilities = masking_probabilities(&file);
    assert!(!probabilities.is_empty() && clips > 0 && frames > 0, "the file holds no masking");
    for (probability, prefix) in probabilities {
        let (labels, _) = tensor(&file, &format!("{prefix}/frame_labels"));
        let masking = FrameMasking { probability, at_least: AtLeast::None };
        let mut masked = Vec::new();
        for clip in 0..clips {
            let row = clip * frames..(clip + 1) * frames;
            let frame_mask: Vec<bool> = mask[row.clone()].iter().map(|&valid| valid != 0.0).collect();
            let positions = mask_frames(&frame_mask, &masking, &draws[row.clone()]).unwrap().positions;
            masked.extend(positions.iter().map(|&t| row.start + t as usize));
        }
        // A label is the frame's own place in the batch, −100 where there is none.
        let expected: Vec<usize> = (0..clips * frames).filter(|&place| labels[place] >= 0.0).collect();
        assert!(expected.iter().all(|&place| labels[place] == place as f64), "{prefix}: a label names another frame");
        assert_eq!(masked, expected, "{prefix}");
    }
}
