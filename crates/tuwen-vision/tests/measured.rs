//! Measures again, over the clips of `datasets/fluent-clips/train.tar`, what the crate's docs say was measured.

use std::path::Path;

use tuwen_vision::{
    FrameDescriptor, Image, Normalisation, ResizeFilter, Standardise, decode_image, resize, split_strip,
};

/// The clips: the `.jpg` entries of an uncompressed archive (512-byte headers, name at 0, octal size at 124), eight
/// frames each.
fn clips() -> Vec<Vec<Image>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/fluent-clips/train.tar");
    let archive = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (mut at, mut clips) = (0, Vec::new());
    while archive.get(at).is_some_and(|&first| first != 0) {
        let header = &archive[at..at + 512];
        let size = std::str::from_utf8(&header[124..135]).unwrap().trim_matches(['\0', ' ']);
        let size = usize::from_str_radix(size, 8).unwrap();
        let name = header[..100].split(|&byte| byte == 0).next().unwrap();
        if name.ends_with(b".jpg") {
            clips.push(split_strip(&decode_image(&archive[at + 512..][..size]).unwrap(), 8).unwrap());
        }
        at += 512 + size.next_multiple_of(512);
    }
    assert_eq!(clips.len(), 962);
    clips
}

#[test]
fn on_white_is_mean_and_deviation_of_all_frames() {
    let (mut n, mut sum, mut squares) = (0.0, [0.0; 3], [0.0; 3]);
    for frame in clips().concat() {
        for pixel in resize(&frame, 16, 16, ResizeFilter::Area).unwrap().pixels().chunks_exact(3) {
            n += 1.0;
            for channel in 0..3 {
                let value = f64::from(pixel[channel]) / 255.0;
                sum[channel] += value;
                squares[channel] += value * value;
            }
        }
    }
    let Normalisation { mean, std } = Normalisation::ON_WHITE;
    for channel in 0..3 {
        let measured_mean = sum[channel] / n;
        let measured_std = (squares[channel] / n - measured_mean * measured_mean).sqrt();
        assert!((measured_mean - f64::from(mean[channel])).abs() < 1e-3, "channel {channel}: mean {measured_mean}");
        assert!((measured_std - f64::from(std[channel])).abs() < 1e-3, "channel {channel}: std {measured_std}");
    }
}

/// In batches of 32 clips, takes the mean of a clip's other seven frames as the prediction of its fourth. Counts how
/// often the fourth frame itself, and how often that prediction, has its largest dot product with the own clip.
fn own_clip_wins(clips: &[Vec<Image>], standardise: Standardise) -> [usize; 2] {
    let descriptor = FrameDescriptor::Thumbnail { side: 16, standardise };
    let features: Vec<Vec<f32>> = clips[..960].iter().map(|clip| descriptor.describe_clip(clip).unwrap()).collect();
    let mut wins = [0, 0];
    for batch in 0..30 {
        let rows: Vec<&[f32]> = (0..32).flat_map(|i| features[batch + 30 * i].chunks_exact(768)).collect();
        for clip in 0..32 {
            let target = rows[8 * clip + 3].to_vec();
            let own = &features[batch + 30 * clip];
            let others: Vec<f32> = (0..768).map(|d| own.iter().skip(d).step_by(768).sum::<f32>() - target[d]).collect();
            for (count, predicted) in wins.iter_mut().zip([target, others]) {
                let dot = |row: &[f32]| row.iter().zip(&predicted).map(|(x, p)| x * p).sum::<f32>();
                let best = (0..rows.len()).max_by(|&i, &j| dot(rows[i]).total_cmp(&dot(rows[j]))).unwrap();
                *count += usize::from(best / 8 == clip);
            }
        }
    }
    wins
}

#[test]
fn frame_standardised_thumbnails_suit_dot_products() {
    let clips = clips();
    let [by_frame, by_channel] = [Standardise::Frame, Standardise::Channel].map(|s| own_clip_wins(&clips, s));
    // [the frame itself, the mean of the others]; measured 960, 960 and 876, 844.
    assert_eq!(by_frame, [960, 960]);
    assert!(by_channel.iter().all(|&wins| (800..900).contains(&wins)), "{by_channel:?} of 960");
}
