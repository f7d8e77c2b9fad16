//! Moves a picture's pixels by an affine map, bilinearly and in whole numbers.

use crate::Image;
use crate::vectors::{Simd, WithSimd, on_widest};

/// What lies outside of a picture: mid grey.
const FILL: u8 = 128;

/// The map `(x, y) ↦ (a·x + b·y + c, d·x + e·y + f)` of pixel coordinates, as rows `[[a, b, c], [d, e, f]]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Affine([[f64; 3]; 2]);

impl Affine {
    /// Row y moves right by `shear · y`. Like the other entries it passes through `f32`, as OpenCV is given them.
    pub(crate) fn shear_x(shear: f64) -> Self {
        Self([[1.0, f64::from(shear as f32), 0.0], [0.0, 1.0, 0.0]])
    }

    /// Column x moves down by `shear · x`.
    pub(crate) fn shear_y(shear: f64) -> Self {
        Self([[1.0, 0.0, 0.0], [f64::from(shear as f32), 1.0, 0.0]])
    }

    /// All pixels move right by `x` and down by `y`.
    pub(crate) fn translate(x: f64, y: f64) -> Self {
        Self([[1.0, 0.0, f64::from(x as f32)], [0.0, 1.0, f64::from(y as f32)]])
    }

    /// Turns a picture of `width × height` pixels anticlockwise around `(width/2, height/2)`.
    pub(crate) fn rotate(degrees: f64, width: u32, height: u32) -> Self {
        let (x, y) = (f64::from(width) / 2.0, f64::from(height) / 2.0);
        let (sin, cos) = degrees.to_radians().sin_cos();
        Self([[cos, sin, (1.0 - cos) * x - sin * y], [-sin, cos, sin * x + (1.0 - cos) * y]])
    }

    fn inverse(&self) -> Self {
        let [[a, b, c], [d, e, f]] = self.0;
        let scale = 1.0 / (a * e - b * d);
        let [a, b, d, e] = [e * scale, -b * scale, -d * scale, a * scale];
        Self([[a, b, -a * c - b * f], [d, e, -d * c - e * f]])
    }
}

/// The picture moved by `map`; where nothing comes to lie, the value 128. OpenCV's `warpAffine` up to 4.11: the inverse
/// map is rounded to 1/1024 pixel along rows and columns, their sum to 1/32 pixel, and the four neighbours are weighed
/// in whole numbers and rounded half up.
pub(crate) fn warp(image: &Image, map: &Affine) -> Image {
    let mut moved = image.clone();
    on_widest(Warp { framed: &Framed::new(image), inverse: map.inverse(), moved: &mut moved });
    moved
}

/// A picture in a frame of two grey pixels, four bytes each pixel, the last idle: wherever one asks, there are neighbours.
struct Framed {
    pixels: Vec<[u8; 4]>,
    width: usize,
    height: usize,
}

impl Framed {
    fn new(image: &Image) -> Self {
        let (width, height) = (image.width() as usize, image.height() as usize);
        let mut pixels = vec![[FILL; 4]; (width + 4) * (height + 4)];
        let rows = image.pixels().chunks_exact(3 * width);
        for (framed, row) in pixels.chunks_exact_mut(width + 4).skip(2).zip(rows) {
            for (framed, &[red, green, blue]) in framed[2..].iter_mut().zip(row.as_chunks().0) {
                *framed = [red, green, blue, 0];
            }
        }
        Self { pixels, width, height }
    }

    /// The pixel at column `x` and row `y` with its right, lower and lower right neighbours.
    #[inline(always)]
    fn square(&self, x: i64, y: i64) -> [[u8; 4]; 4] {
        // From two pixels outside on all is grey.
        let column = (x.clamp(-2, self.width as i64) + 2) as usize;
        let row = (y.clamp(-2, self.height as i64) + 2) as usize;
        let at = row * (self.width + 4) + column;
        let (upper, lower) = (&self.pixels[at..][..2], &self.pixels[at + self.width + 4..][..2]);
        [upper[0], upper[1], lower[0], lower[1]]
    }
}

/// Fills `moved`, which is as large as what is in the frame.
struct Warp<'a> {
    framed: &'a Framed,
    inverse: Affine,
    moved: &'a mut Image,
}

impl WithSimd for Warp<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let [[a, b, c], [d, e, f]] = self.inverse.0;
        let fixed = |value: f64| (1024.0 * value).round_ties_even() as i64;
        let width = self.framed.width;
        let along: Vec<(i64, i64)> = (0..width).map(|x| (fixed(a * x as f64), fixed(d * x as f64))).collect();
        let mut colours = vec![[0; 4]; width];
        for (y, row) in self.moved.pixels_mut().chunks_exact_mut(3 * width).enumerate() {
            let (down_x, down_y) = (fixed(b * y as f64 + c), fixed(e * y as f64 + f));
            for (colour, (along_x, along_y)) in colours.iter_mut().zip(&along) {
                bilinear(self.framed, (along_x + down_x + 16) >> 5, (along_y + down_y + 16) >> 5, colour);
            }
            for (pixel, &[red, green, blue, _]) in row.as_chunks_mut().0.iter_mut().zip(&colours) {
                *pixel = [red, green, blue];
            }
        }
    }
}

/// The colour at `(x, y)`, in 1/32 pixel.
#[inline(always)]
fn bilinear(framed: &Framed, x: i64, y: i64, colour: &mut [u8; 4]) {
    let (right, bottom) = ((x & 31) as i32, (y & 31) as i32);
    let [top_left, top_right, bottom_left, bottom_right] = framed.square(x >> 5, y >> 5);
    let weights = [(32 - right) * (32 - bottom), right * (32 - bottom), (32 - right) * bottom, right * bottom];
    for (channel, level) in colour.iter_mut().enumerate() {
        let sum = weights[0] * i32::from(top_left[channel])
            + weights[1] * i32::from(top_right[channel])
            + weights[2] * i32::from(bottom_left[channel])
            + weights[3] * i32::from(bottom_right[channel]);
        *level = ((sum + 512) >> 10) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(image: &Image) -> Vec<u8> {
        image.pixels().iter().step_by(3).copied().collect()
    }

    fn ramp() -> Image {
        Image::from_fn(4, 1, |x, _| [40 * x as u8; 3]).unwrap()
    }

    #[test]
    fn whole_steps_copy_pixels_and_leave_grey() {
        assert_eq!(levels(&warp(&ramp(), &Affine::translate(1.0, 0.0))), [128, 0, 40, 80]);
        assert_eq!(levels(&warp(&ramp(), &Affine::translate(-3.0, 0.0))), [120, 128, 128, 128]);
        assert_eq!(levels(&warp(&ramp(), &Affine::translate(0.0, 1.0))), [128; 4]);
        assert_eq!(warp(&ramp(), &Affine::translate(0.0, 0.0)), ramp());
    }

    #[test]
    fn half_steps_mix_neighbours() {
        // A half pixel to the right: (128 + 0)/2, (0 + 40)/2, …
        assert_eq!(levels(&warp(&ramp(), &Affine::translate(0.5, 0.0))), [64, 20, 60, 100]);
        // A half pixel down: half of it is the grey above.
        assert_eq!(levels(&warp(&ramp(), &Affine::translate(0.0, 0.5))), [64, 84, 104, 124]);
    }

    #[test]
    fn shears_move_rows_and_columns() {
        let image = Image::from_fn(2, 2, |x, y| [(10 + 20 * x + 40 * y) as u8; 3]).unwrap(); // 10 30 / 50 70
        assert_eq!(levels(&warp(&image, &Affine::shear_x(1.0))), [10, 30, 128, 50]);
        assert_eq!(levels(&warp(&image, &Affine::shear_y(1.0))), [10, 128, 50, 30]);
    }

    #[test]
    fn a_half_turn_goes_around_the_corner_of_the_middle_pixels() {
        // Around (2, 1) a pixel (x, y) goes to (4 − x, 2 − y): column and row 0 come from outside.
        let image = Image::from_fn(4, 2, |x, y| [(10 * x + 50 * y) as u8; 3]).unwrap();
        assert_eq!(levels(&warp(&image, &Affine::rotate(180.0, 4, 2))), [128, 128, 128, 128, 128, 80, 70, 60]);
    }

    #[test]
    fn a_positive_angle_turns_anticlockwise() {
        // Around (2, 2) of a 4×4 picture the pixel right of it goes above it.
        let image = Image::from_fn(4, 4, |x, y| if (x, y) == (3, 2) { [255; 3] } else { [0; 3] }).unwrap();
        let turned = levels(&warp(&image, &Affine::rotate(90.0, 4, 4)));
        assert_eq!(turned.iter().position(|&level| level == 255), Some(4 + 2));
    }

    #[test]
    fn a_frame_of_two_pixels_is_as_good_as_grey_everywhere() {
        let image = Image::from_fn(23, 11, |x, y| [(x * 11) as u8, (y * 23) as u8, (x * y) as u8]).unwrap();
        let pixel = |x: i64, y: i64| match (0..23).contains(&x) && (0..11).contains(&y) {
            true => image.pixels()[3 * (y * 23 + x) as usize..][..3].to_vec(),
            false => vec![FILL; 3],
        };
        for map in
            [Affine::rotate(33.0, 23, 11), Affine::shear_x(-9.7), Affine::shear_y(40.0), Affine::translate(-2.3, 99.0)]
        {
            let [[a, b, c], [d, e, f]] = map.inverse().0;
            let fixed = |value: f64| (1024.0 * value).round_ties_even() as i64;
            let mut expected = Vec::new();
            for (x, y) in (0..11).flat_map(|y| (0..23).map(move |x| (f64::from(x), f64::from(y)))) {
                let (x, y) = ((fixed(a * x) + fixed(b * y + c) + 16) >> 5, (fixed(d * x) + fixed(e * y + f) + 16) >> 5);
                let around = |right: i64, below: i64| pixel((x >> 5) + right, (y >> 5) + below);
                let corners = [around(0, 0), around(1, 0), around(0, 1), around(1, 1)];
                let (x, y) = (x.rem_euclid(32), y.rem_euclid(32));
                let weights = [(32 - x) * (32 - y), x * (32 - y), (32 - x) * y, x * y];
                let sum = |c: usize| corners.iter().zip(weights).map(|(p, w)| i64::from(p[c]) * w).sum::<i64>();
                expected.extend((0..3).map(|channel| ((sum(channel) + 512) >> 10) as u8));
            }
            assert_eq!(warp(&image, &map).pixels(), expected, "{map:?}");
        }
    }
}
