//! Position tables of a picture at another resolution.

use tuwen_ops::cubic_taps;

use crate::HostTensor;

/// A table `[1 + a², W]` for a grid of a×a patches as one `[1 + b², W]` for b×b: the class token's row is kept, the grid
/// is resized bicubically (a = −0.75, corners not aligned, not anti-aliased), as PyTorch's `interpolate` does. Nothing
/// where the rows behind the first are no square.
pub fn interpolate_positions(table: &HostTensor, side: usize) -> Option<HostTensor> {
    let [rows, width] = table.shape[..] else { return None };
    let from = rows.checked_sub(1)?.isqrt();
    if from == 0 || side == 0 || from * from + 1 != rows {
        return None;
    }
    let taps: Vec<[(usize, f32); 4]> = (0..side).map(|to| cubic_taps(to, from, side)).collect();
    let grid = &table.values[width..];
    let mut values = table.values[..width].to_vec();
    for row in &taps {
        for column in &taps {
            values.extend((0..width).map(|w| {
                let across = |y: usize| column.iter().map(|&(x, k)| k * grid[(y * from + x) * width + w]).sum::<f32>();
                row.iter().map(|&(y, k)| k * across(y)).sum::<f32>()
            }));
        }
    }
    Some(HostTensor { shape: vec![1 + side * side, width], values })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_side_changes_nothing() {
        let table = HostTensor { shape: vec![5, 1], values: vec![9.0, 1.0, 2.0, 3.0, 4.0] };
        assert_eq!(interpolate_positions(&table, 2), Some(table));
    }

    #[test]
    fn a_constant_grid_stays_constant() {
        let table = HostTensor { shape: vec![10, 1], values: [vec![7.0], vec![2.0; 9]].concat() };
        let larger = interpolate_positions(&table, 5).unwrap();
        assert_eq!(larger.shape, [26, 1]);
        assert_eq!(larger.values[0], 7.0);
        assert!(larger.values[1..].iter().all(|v| (v - 2.0).abs() < 1e-6));
    }

    #[test]
    fn rows_that_are_no_square_are_refused() {
        assert!(interpolate_positions(&HostTensor { shape: vec![4, 1], values: vec![0.0; 4] }, 2).is_none());
    }
}
