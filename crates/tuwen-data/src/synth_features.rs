//! Turns pictures into frame features: a fixed random projection stands in for the network that made the real ones.

use tuwen_random::{Draws, Stream};

use crate::synth_picture::{VALUES, paint};
use crate::synth_scene::Mover;
use crate::synth_words::{COLOURS, SHAPES, SIZES};

const PROJECTION: Stream = Stream::named("synth.projection");
const NOISE: Stream = Stream::named("synth.noise");

/// Standard deviation of the noise on each feature.
const NOISE_DEVIATION: f32 = 0.05;
/// Places in the table of noise at which a frame's noise can start.
pub(crate) const NOISE_STARTS: usize = 1 << 16;

/// `features = P · picture + noise`, P Gaussian `[width, VALUES]`, scaled so that a typical shape's features have
/// variance 1.
pub(crate) struct Projection {
    width: usize,
    /// One row of `width` factors for each value of a picture.
    columns: Vec<f32>,
    /// Normal numbers, of which a frame takes `width` in a row from a drawn start: drawing 1536 for each frame would
    /// take longer than all the rest.
    noise: Vec<f32>,
}

impl Projection {
    /// The matrix is the same for each seed, as a network would be; the noise is the seed's.
    pub(crate) fn new(width: usize, seed: u64) -> Self {
        let scale = f64::from(typical_energy()).sqrt().recip();
        let factor = |value: usize, at: usize| Draws::new(0, PROJECTION, 0, value as u64).normal(at as u64) * scale;
        let columns = (0..VALUES).flat_map(|value| (0..width).map(move |at| factor(value, at) as f32)).collect();
        let noise = Draws::new(seed, NOISE, 0, 0);
        let noise_at = |at: usize| noise.normal(at as u64) as f32 * NOISE_DEVIATION;
        Self { width, columns, noise: (0..NOISE_STARTS + width).map(noise_at).collect() }
    }

    pub(crate) const fn width(&self) -> usize {
        self.width
    }

    /// The features `[width]` of one picture, with the noise that starts at `noise_start`.
    pub(crate) fn append(&self, picture: &[f32; VALUES], noise_start: usize, features: &mut Vec<f32>) {
        let start = features.len();
        features.extend_from_slice(&self.noise[noise_start..noise_start + self.width]);
        for (&value, column) in picture.iter().zip(self.columns.chunks_exact(self.width)) {
            // Most of a picture is black.
            if value != 0.0 {
                for (feature, factor) in features[start..].iter_mut().zip(column) {
                    *feature += value * factor;
                }
            }
        }
    }
}

/// The mean sum of squares of a picture with one shape.
fn typical_energy() -> f32 {
    let (mut sum, mut pictures) = (0.0, 0.0);
    for kind in 0..SHAPES.len() * COLOURS.len() * SIZES.len() {
        let (shape, rest) = (kind % SHAPES.len(), kind / SHAPES.len());
        let mover = Mover { shape, colour: rest % COLOURS.len(), size: rest / COLOURS.len(), motion: None };
        let mut picture = [0.0; VALUES];
        paint(&mut picture, &mover, [8.0, 8.0]);
        sum += picture.iter().map(|value| value * value).sum::<f32>();
        pictures += 1.0;
    }
    sum / pictures
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(mover: &Mover, noise_start: usize) -> Vec<f32> {
        let (mut picture, mut features) = ([0.0; VALUES], Vec::new());
        paint(&mut picture, mover, [8.0, 8.0]);
        Projection::new(512, 1).append(&picture, noise_start, &mut features);
        features
    }

    fn energy(values: impl Iterator<Item = f32>) -> f32 {
        values.map(|value| value * value).sum::<f32>() / 512.0
    }

    #[test]
    fn variance_is_around_one() {
        // Small purple to large white: the energies of the pictures differ, their mean is 1 by construction.
        let energies: Vec<f32> = [(4, 0), (0, 1), (3, 1), (7, 2)]
            .map(|(colour, size)| energy(features(&Mover { shape: 0, colour, size, motion: None }, 0).into_iter()))
            .into();
        assert!(energies.is_sorted() && energies[0] > 0.1 && energies[1] < 1.0 && energies[3] < 8.0, "{energies:?}");
    }

    #[test]
    fn noise_is_small_and_depends_on_its_start() {
        let mover = Mover { shape: 0, colour: 0, size: 1, motion: None };
        let (a, b) = (features(&mover, 0), features(&mover, NOISE_STARTS - 1));
        assert_eq!(a, features(&mover, 0));
        // The difference of two independent noises has variance 2 · 0.05²; its estimate from 512 values deviates by
        // √(2/512) = 6 %, five of which are 31 %.
        let expected = 2.0 * NOISE_DEVIATION * NOISE_DEVIATION;
        let got = energy(a.iter().zip(&b).map(|(a, b)| a - b));
        assert!((got / expected - 1.0).abs() < 0.31, "{got}");
    }
}
