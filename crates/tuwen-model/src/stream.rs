//! A stream in, a stream out: items are taken a batch at a time, and results come in their order.

use std::collections::VecDeque;

/// The results of `items`, computed `size` at a time when the first of them is asked for. No more than one batch is held;
/// `compute` gives a result for each item it gets.
pub(crate) fn in_batches<T, R>(
    items: impl IntoIterator<Item = T>,
    size: usize,
    mut compute: impl FnMut(Vec<T>) -> Vec<R>,
) -> impl Iterator<Item = R> {
    let (mut items, mut done) = (items.into_iter().fuse(), VecDeque::new());
    std::iter::from_fn(move || {
        if done.is_empty() {
            let batch: Vec<T> = items.by_ref().take(size.max(1)).collect();
            if !batch.is_empty() {
                done.extend(compute(batch));
            }
        }
        done.pop_front()
    })
}

/// The results of those of `items` that are sound, computed together, and the errors of the others, each at its place.
pub(crate) fn where_sound<T, R, E>(
    items: Vec<Result<T, E>>,
    compute: impl FnOnce(&[T]) -> Vec<R>,
) -> Vec<Result<R, E>> {
    let (mut sound, mut places) = (Vec::new(), Vec::new());
    for item in items {
        places.push(item.map(|item| sound.push(item)));
    }
    let mut results = if sound.is_empty() { Vec::new() } else { compute(&sound) }.into_iter();
    let at = |place: Result<(), E>| match place {
        Ok(()) => results.next().map(Ok),
        Err(error) => Some(Err(error)),
    };
    places.into_iter().filter_map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn no_more_than_a_batch_is_taken_ahead() {
        let taken = Cell::new(0);
        let items = (0..10).inspect(|_| taken.set(taken.get() + 1));
        let mut results = in_batches(items, 4, |batch| batch.into_iter().map(|item| 10 * item).collect());
        assert_eq!((results.next(), taken.get()), (Some(0), 4));
        assert_eq!((results.nth(2), taken.get()), (Some(30), 4));
        assert_eq!((results.next(), taken.get()), (Some(40), 8));
        assert_eq!(results.collect::<Vec<_>>(), [50, 60, 70, 80, 90]);
    }

    #[test]
    fn an_error_keeps_its_place() {
        let items = vec![Ok(1), Err("bad"), Ok(3)];
        let squares = |sound: &[i32]| sound.iter().map(|item| item * item).collect();
        assert_eq!(where_sound(items, squares), [Ok(1), Err("bad"), Ok(9)]);
        let none: Vec<Result<i32, &str>> = where_sound(vec![Err("bad")], |_: &[i32]| unreachable!());
        assert_eq!(none, [Err("bad")]);
    }
}
