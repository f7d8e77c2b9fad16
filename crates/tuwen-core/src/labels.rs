//! What a task is to predict, as positions and answers. "No label" is absence, never a number.

use burn::tensor::{Bool, Device, Int, Tensor, TensorData};

fn indices(values: &[u32], device: &Device) -> Tensor<1, Int> {
    let values: Vec<i32> = values.iter().map(|&v| v as i32).collect();
    let length = values.len();
    Tensor::from_data(TensorData::new(values, [length]), device)
}

/// The masked tokens of a batch. There is at least one.
#[derive(Clone, Debug)]
pub struct TokenLabels {
    /// `[M]`: rows of the `B·S` hidden states.
    pub rows: Tensor<1, Int>,
    /// `[M]`: the ids that stood there.
    pub ids: Tensor<1, Int>,
}

impl TokenLabels {
    /// Labels from (row, id) pairs, or nothing where nothing is masked: then there is no loss to compute.
    ///
    /// # Panics
    /// If `rows` and `ids` differ in length.
    pub fn new(rows: &[u32], ids: &[u32], device: &Device) -> Option<Self> {
        assert_eq!(rows.len(), ids.len(), "a row and an id for each masked token");
        (!rows.is_empty()).then(|| Self { rows: indices(rows, device), ids: indices(ids, device) })
    }
}

/// The masked frames of a batch among its valid ones. There is at least one.
#[derive(Clone, Debug)]
pub struct FrameLabels {
    /// `[M]`: rows of the `B·S` hidden states.
    pub rows: Tensor<1, Int>,
    /// `[N, D]`: every valid frame of the batch, clean.
    pub frames: Tensor<2>,
    /// `[M]`: which of `frames` each masked one is.
    pub targets: Tensor<1, Int>,
    /// `[M, N]`, true where a frame equals the target without being it: a static clip's other frames.
    pub twins: Option<Tensor<2, Bool>>,
}

impl FrameLabels {
    /// Labels from rows and targets, or nothing where nothing is masked. `groups` gives each of the `N` frames a
    /// number that identical frames share; without it every other frame is a negative, twins too.
    ///
    /// # Panics
    /// If `rows` and `targets`, or `groups` and `frames`, differ in length.
    pub fn new(rows: &[u32], targets: &[u32], frames: Tensor<2>, groups: Option<&[u32]>) -> Option<Self> {
        assert_eq!(rows.len(), targets.len(), "a row and a target for each masked frame");
        if rows.is_empty() {
            return None;
        }
        let device = frames.device();
        let [count, _] = frames.dims();
        let twins = groups.map(|groups| {
            assert_eq!(groups.len(), count, "a group for each frame");
            let twin = |target: usize, n: usize| n != target && groups[n] == groups[target];
            let values: Vec<bool> =
                targets.iter().flat_map(|&t| (0..count).map(move |n| twin(t as usize, n))).collect();
            Tensor::from_data(TensorData::new(values, [targets.len(), count]), &device)
        });
        Some(Self { rows: indices(rows, &device), frames, targets: indices(targets, &device), twins })
    }
}

/// Which rows of a batch are true pairs.
#[derive(Clone, Debug)]
pub struct MatchLabels {
    /// `[B]`: 1 = clip and text belong together.
    pub matches: Tensor<1>,
}

impl MatchLabels {
    /// Labels from one flag for each row.
    pub fn new(matches: &[bool], device: &Device) -> Self {
        let values: Vec<f32> = matches.iter().map(|&m| f32::from(u8::from(m))).collect();
        Self { matches: Tensor::from_data(TensorData::new(values, [matches.len()]), device) }
    }
}

/// The tags of those rows of a batch that have them. There is at least one such row.
#[derive(Clone, Debug)]
pub struct TagLabels {
    /// `[K]`: the rows whose tags are known.
    pub rows: Tensor<1, Int>,
    /// `[K, tags]`: 1 = has the tag.
    pub targets: Tensor<2>,
}

impl TagLabels {
    /// Multi-hot rows from lists of tag numbers below `tags`; a row without a list is left out. Nothing where no row
    /// has one.
    ///
    /// # Panics
    /// If a tag number is not below `tags`.
    pub fn new(lists: &[Option<Vec<u32>>], tags: usize, device: &Device) -> Option<Self> {
        let known: Vec<u32> = (0..lists.len()).filter(|&i| lists[i].is_some()).map(|i| i as u32).collect();
        if known.is_empty() {
            return None;
        }
        let mut values = vec![0.0_f32; known.len() * tags];
        for (row, list) in lists.iter().flatten().enumerate() {
            for &tag in list {
                assert!((tag as usize) < tags, "tag {tag} of {tags}");
                values[row * tags + tag as usize] = 1.0;
            }
        }
        let targets = Tensor::from_data(TensorData::new(values, [known.len(), tags]), device);
        Some(Self { rows: indices(&known, device), targets })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_masked_is_no_label() {
        let device = Device::flex();
        assert!(TokenLabels::new(&[], &[], &device).is_none());
        assert!(FrameLabels::new(&[], &[], Tensor::zeros([3, 2], &device), None).is_none());
        assert!(TagLabels::new(&[None, None], 5, &device).is_none());
    }

    #[test]
    fn twins_are_equal_frames_but_not_the_frame_itself() {
        let frames = Tensor::zeros([4, 2], &Device::flex());
        let labels = FrameLabels::new(&[7], &[1], frames, Some(&[0, 1, 1, 0])).unwrap();
        let twins: Vec<bool> = labels.twins.unwrap().into_data().iter::<bool>().collect();
        assert_eq!(twins, [false, false, true, false]);
    }

    #[test]
    fn a_row_without_tags_is_left_out() {
        let labels = TagLabels::new(&[Some(vec![2]), None, Some(vec![])], 3, &Device::flex()).unwrap();
        assert_eq!(labels.rows.try_into_vec_as::<i32>().unwrap(), [0, 2]);
        assert_eq!(labels.targets.try_into_vec_as::<f32>().unwrap(), [0.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
    }
}
