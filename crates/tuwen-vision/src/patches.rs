//! Cuts pixel values into the square patches that a patch embedding reads.

use crate::VisionError;

/// Cuts pixel values `[3, height, width]` into patches `[P, 3·patch²]`, row by row from the top left. Inside a patch
/// the order is channel, row, column: that of a convolution's weight `[H, 3, patch, patch]` flattened, so embedding is
/// one matrix product. Errors: a buffer of another size, a side that patches do not fill.
pub fn patches(pixel_values: &[f32], height: u32, width: u32, patch: u32) -> Result<Vec<f32>, VisionError> {
    for side in [height, width] {
        if side == 0 || side.checked_rem(patch) != Some(0) {
            return Err(VisionError::PatchSize { side, patch });
        }
    }
    if pixel_values.len() as u128 != 3 * u128::from(height) * u128::from(width) {
        return Err(VisionError::PixelValues { values: pixel_values.len(), width, height });
    }
    let (height, width, patch) = (height as usize, width as usize, patch as usize);
    let mut values = Vec::with_capacity(pixel_values.len());
    for top in (0..height).step_by(patch) {
        for left in (0..width).step_by(patch) {
            for plane in pixel_values.chunks_exact(height * width) {
                for row in top..top + patch {
                    values.extend_from_slice(&plane[row * width + left..][..patch]);
                }
            }
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patch_holds_channels_then_rows_then_columns() {
        // Value = 100·channel + 10·row + column of a picture two high, four wide.
        let planes: Vec<f32> =
            (0..3).flat_map(|c| (0..2).flat_map(move |y| (0..4).map(move |x| (100 * c + 10 * y + x) as f32))).collect();
        let left = [0., 1., 10., 11., 100., 101., 110., 111., 200., 201., 210., 211.];
        let right = left.map(|value| value + 2.0);
        assert_eq!(patches(&planes, 2, 4, 2).unwrap(), [left, right].concat());
    }

    #[test]
    fn embedding_by_matrix_product_is_a_strided_convolution() {
        let (side, patch) = (4_usize, 2_usize);
        let planes: Vec<f32> = (0..3 * side * side).map(|i| (i * i % 17) as f32).collect();
        let weight: Vec<f32> = (0..3 * patch * patch).map(|i| i as f32 - 5.0).collect(); // [1, 3, 2, 2]
        let cut = patches(&planes, 4, 4, 2).unwrap();
        for (p, row) in cut.chunks_exact(weight.len()).enumerate() {
            let product: f32 = row.iter().zip(&weight).map(|(x, w)| x * w).sum();
            let (top, left) = (patch * (p / 2), patch * (p % 2));
            let mut convolved = 0.0;
            for (i, w) in weight.iter().enumerate() {
                let (channel, y, x) = (i / 4, top + i / 2 % 2, left + i % 2);
                convolved += w * planes[(channel * side + y) * side + x];
            }
            assert_eq!(product, convolved, "patch {p}");
        }
        assert_eq!(cut.len(), planes.len());
    }

    #[test]
    fn sizes_that_do_not_fit_are_named() {
        let cut = |height, width, patch| patches(&[0.0; 48], height, width, patch);
        assert!(matches!(cut(4, 4, 3), Err(VisionError::PatchSize { side: 4, patch: 3 })));
        assert!(matches!(cut(4, 4, 0), Err(VisionError::PatchSize { side: 4, patch: 0 })));
        assert!(matches!(cut(0, 4, 2), Err(VisionError::PatchSize { side: 0, patch: 2 })));
        assert!(matches!(cut(4, 2, 2), Err(VisionError::PixelValues { values: 48, width: 2, height: 4 })));
    }
}
