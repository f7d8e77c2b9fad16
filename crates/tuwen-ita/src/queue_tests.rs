//! The ring against a list that forgets its front.

use super::*;

const STREAM: Stream = Stream::named("test.queue");

fn keys(entry: usize) -> PairKeys {
    PairKeys { image: entry as u64, caption: 1000 + entry as u64 }
}

/// Entries `first..first + count`, whose image feature is (entry, 0) and whose text feature is (0, entry).
fn batch(first: usize, count: usize) -> (Tensor<2>, Tensor<2>, Vec<PairKeys>) {
    let entries = first..first + count;
    let image: Vec<f32> = entries.clone().flat_map(|entry| [entry as f32, 0.0]).collect();
    let text: Vec<f32> = entries.clone().flat_map(|entry| [0.0, entry as f32]).collect();
    let rows = |values| Tensor::from_data(TensorData::new(values, [count, 2]), &Device::flex());
    (rows(image), rows(text), entries.map(keys).collect())
}

fn enqueue(queue: &mut FeatureQueue, first: usize, count: usize) {
    let (image, text, keys) = batch(first, count);
    queue.enqueue(image, text, &keys);
}

fn images(rows: Tensor<2>) -> Vec<usize> {
    rows.try_into_vec_as::<f32>().unwrap().chunks(2).map(|row| row[0] as usize).collect()
}

fn texts(rows: Tensor<2>) -> Vec<usize> {
    rows.try_into_vec_as::<f32>().unwrap().chunks(2).map(|row| row[1] as usize).collect()
}

fn sorted(mut entries: Vec<usize>) -> Vec<usize> {
    entries.sort_unstable();
    entries
}

#[test]
fn three_then_three_into_four_places() {
    let mut queue = FeatureQueue::empty(4, 2, &Device::flex());
    assert!(queue.is_empty());
    assert_eq!(queue.image().dims(), [0, 2]);
    enqueue(&mut queue, 1, 3);
    assert_eq!((images(queue.image()), queue.pointer(), queue.len()), (vec![1, 2, 3], 3, 3));
    enqueue(&mut queue, 4, 3);
    assert_eq!((images(queue.image()), queue.pointer(), queue.len()), (vec![5, 6, 3, 4], 2, 4));
    assert_eq!(texts(queue.text()), [5, 6, 3, 4]);
    assert_eq!(queue.keys(), [5, 6, 3, 4].map(|entry| Some(keys(entry))));
    // The newest is in place 1, the one before in place 0, the next older in place 3.
    assert_eq!(images(queue.image_newest(1)), [6]);
    assert_eq!(texts(queue.text_newest(3)), [5, 6, 4]);
    assert_eq!(queue.keys_newest(3), [5, 6, 4].map(|entry| Some(keys(entry))));
}

#[test]
fn a_thousand_batches_against_a_list() {
    let draws = Draws::new(42, STREAM, 0, 0);
    for (stream, capacity) in [1_usize, 2, 7, 16].into_iter().enumerate() {
        let mut queue = FeatureQueue::empty(capacity, 2, &Device::flex());
        // The naive model: a list of places, written one entry at a time.
        let (mut places, mut next) = (Vec::new(), 1);
        for step in 0..250 {
            let size = 1 + draws.below((stream * 250 + step) as u64, 2 * capacity as u64 + 1) as usize;
            enqueue(&mut queue, next, size);
            for entry in next..next + size {
                if places.len() < capacity {
                    places.push(entry);
                } else {
                    places[(entry - 1) % capacity] = entry;
                }
            }
            next += size;
            assert_eq!((queue.pointer(), queue.len()), ((next - 1) % capacity, places.len()));
            assert_eq!(images(queue.image()), places);
            assert_eq!(texts(queue.text()), places);
            assert_eq!(queue.keys(), places.iter().map(|&entry| Some(keys(entry))).collect::<Vec<_>>());
            let newest = draws.below((5000 + stream * 250 + step) as u64, capacity as u64 + 1) as usize;
            let expected: Vec<usize> = (next - newest.min(places.len())..next).collect();
            assert_eq!(sorted(images(queue.image_newest(newest))), expected);
            assert_eq!(images(queue.image_newest(newest)), texts(queue.text_newest(newest)));
        }
    }
}

#[test]
fn a_batch_larger_than_the_queue_leaves_its_end() {
    let mut queue = FeatureQueue::empty(3, 2, &Device::flex());
    assert!(queue.is_smaller_than(4) && !queue.is_smaller_than(3));
    enqueue(&mut queue, 1, 8); // places 0 1 2 0 1 2 0 1
    assert_eq!((images(queue.image()), queue.pointer()), (vec![7, 8, 6], 2));
}

#[test]
fn the_random_start_is_full_of_unit_vectors_that_equal_nothing() {
    let draws = Draws::new(42, QUEUE_START, 0, 0);
    let mut queue = FeatureQueue::random(5, 16, &draws, &Device::flex().autodiff());
    assert_eq!((queue.len(), queue.pointer()), (5, 0));
    assert_eq!(queue.keys(), [None; 5]);
    assert!(!queue.image().is_autodiff());
    for rows in [queue.image(), queue.text()] {
        let lengths: Vec<f32> = rows.square().sum_dim(1).try_into_vec_as().unwrap();
        assert!(lengths.iter().all(|length| (length - 1.0).abs() < 1e-5), "{lengths:?}");
    }
    assert!((queue.image() - queue.text()).abs().max().into_scalar::<f32>() > 0.1);
    let rows = Tensor::ones([2, 16], &Device::flex());
    queue.enqueue(rows.clone(), rows, &[keys(1), keys(2)]);
    assert_eq!(queue.keys(), [Some(keys(1)), Some(keys(2)), None, None, None]);
    assert_eq!((queue.len(), queue.pointer()), (5, 2));
}

#[test]
fn features_under_autodiff_leave_their_graph() {
    let device = Device::flex().autodiff();
    let mut queue = FeatureQueue::empty(2, 2, &device);
    let rows = Tensor::<2>::ones([1, 2], &device).require_grad();
    queue.enqueue(rows.clone(), rows.mul_scalar(2.0), &[keys(1)]);
    assert!(!queue.image().is_autodiff() && !queue.text().is_autodiff());
}

#[test]
fn an_older_copy_of_the_rows_is_not_written_to() {
    let mut queue = FeatureQueue::empty(2, 2, &Device::flex());
    enqueue(&mut queue, 1, 2);
    let before = queue.image();
    enqueue(&mut queue, 3, 2);
    assert_eq!((images(before), images(queue.image())), (vec![1, 2], vec![3, 4]));
}

#[test]
fn parts_make_the_queue_again() {
    let mut queue = FeatureQueue::empty(3, 2, &Device::flex());
    enqueue(&mut queue, 1, 2);
    let mut again = FeatureQueue::from_parts(queue.parts().clone()).unwrap();
    enqueue(&mut queue, 3, 2);
    enqueue(&mut again, 3, 2);
    assert_eq!(images(again.image()), images(queue.image()));
    assert_eq!((again.keys(), again.pointer()), (queue.keys(), queue.pointer()));
}

#[test]
fn parts_that_do_not_fit() {
    let rows = |count: usize, size: usize| Tensor::<2>::zeros([count, size], &Device::flex());
    let refused = |image, text, places: usize, pointer, valid| {
        let parts = QueueParts { image, text, keys: vec![None; places], pointer, valid };
        FeatureQueue::from_parts(parts).unwrap_err()
    };
    let lengths = refused(rows(3, 2), rows(4, 2), 3, 0, 3);
    assert_eq!(lengths, QueueError::Lengths { image: 3, text: 4, keys: 3 });
    assert_eq!(refused(rows(3, 2), rows(3, 5), 3, 0, 3), QueueError::Sizes { image: 2, text: 5 });
    assert_eq!(refused(rows(0, 2), rows(0, 2), 0, 0, 0), QueueError::NoRows);
    assert_eq!(refused(rows(3, 2), rows(3, 2), 3, 3, 3), QueueError::Pointer { pointer: 3, capacity: 3 });
    let valid = refused(rows(3, 2), rows(3, 2), 3, 1, 2);
    assert_eq!(valid, QueueError::Valid { valid: 2, capacity: 3, pointer: 1 });
    assert_eq!(
        valid.to_string(),
        "ita queue: `2` entries of `3` with pointer `1`, expected all or as many as the pointer"
    );
}

#[test]
#[should_panic(expected = "features of 2 numbers for each key")]
fn a_missing_key_is_a_panic() {
    let (image, text, keys) = batch(1, 3);
    FeatureQueue::empty(4, 2, &Device::flex()).enqueue(image, text, &keys[1..]);
}
