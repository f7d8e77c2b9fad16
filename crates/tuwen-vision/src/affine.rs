//! Moves a picture's pixels by an affine map, bilinearly and in whole numbers.

use crate::Image;

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
    let [[a, b, c], [d, e, f]] = map.inverse().0;
    let fixed = |value: f64| (1024.0 * value).round_ties_even() as i64;
    let along: Vec<(i64, i64)> =
        (0..image.width()).map(|x| (fixed(a * f64::from(x)), fixed(d * f64::from(x)))).collect();
    let mut pixels = Vec::with_capacity(image.pixels().len());
    for y in (0..image.height()).map(f64::from) {
        let (down_x, down_y) = (fixed(b * y + c), fixed(e * y + f));
        for (along_x, along_y) in &along {
            pixels.extend(bilinear(image, (along_x + down_x + 16) >> 5, (along_y + down_y + 16) >> 5));
        }
    }
    image.with_pixels(pixels)
}

/// The colour at `(x, y)`, in 1/32 pixel.
fn bilinear(image: &Image, x: i64, y: i64) -> [u8; 3] {
    let (left, top, right_share, bottom_share) = (x >> 5, y >> 5, x & 31, y & 31);
    let pixel = |x: i64, y: i64| match (u32::try_from(x), u32::try_from(y)) {
        (Ok(x), Ok(y)) if x < image.width() && y < image.height() => {
            let at = 3 * (y as usize * image.width() as usize + x as usize);
            [image.pixels()[at], image.pixels()[at + 1], image.pixels()[at + 2]]
        }
        _ => [FILL; 3],
    };
    let (top_row, bottom_row) = (
        [pixel(left, top), pixel(left + 1, top)], //
        [pixel(left, top + 1), pixel(left + 1, top + 1)],
    );
    std::array::from_fn(|channel| {
        let between = |row: [[u8; 3]; 2]| {
            (32 - right_share) * i64::from(row[0][channel]) + right_share * i64::from(row[1][channel])
        };
        (((32 - bottom_share) * between(top_row) + bottom_share * between(bottom_row) + 512) >> 10) as u8
    })
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
}
