//! The loader's promises: one order for any number of workers, exact resumption, one bad record costs one record.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::loader_fixture::{Item, Numbers, config, ids, transform};
use crate::{Cursor, LastBatch, LoadedBatch, Loader, LoaderConfig, LoaderError, Order, Source, Transform};

fn loader(source: Arc<dyn Source>, config: LoaderConfig) -> Loader<Item> {
    Loader::new(source, transform(), config).expect("enough records")
}

/// The batches without the time they took.
fn batches(loader: &mut Loader<Item>, count: usize) -> Vec<LoadedBatch<Item>> {
    let one = |_| LoadedBatch { waited: Duration::ZERO, ..loader.next_batch().expect("readable") };
    (0..count).map(one).collect()
}

#[test]
fn workers_do_not_change_the_batches() {
    // 50 records, 3 of them bad, make ⌊47 / 8⌋ = 5 batches an epoch: two epochs are 10, and one batch of a third.
    let run = |workers| batches(&mut loader(Numbers::failing(50, &[3, 20, 49]), config(8, workers)), 11);
    let expected = run(0);
    assert_eq!(expected.iter().map(|b| b.epoch).collect::<Vec<_>>(), [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2]);
    let skipped: Vec<usize> = expected.iter().flat_map(|b| &b.skipped).map(|s| s.index).collect();
    assert!(!skipped.is_empty() && skipped.iter().all(|index| [3, 20, 49].contains(index)));
    for workers in [1, 2, 7] {
        assert_eq!(run(workers), expected, "{workers} workers");
    }
}

#[test]
fn resuming_at_any_batch_gives_the_same_remainder() {
    for last in [LastBatch::Drop, LastBatch::Keep] {
        for workers in [0, 3] {
            let new = || loader(Numbers::failing(30, &[3, 20, 29]), LoaderConfig { last, ..config(4, workers) });
            let whole = batches(&mut new(), 15);
            for stop in 1..whole.len() {
                let mut rest = new().resume(whole[stop - 1].cursor_after).expect("its own cursor");
                assert_eq!(batches(&mut rest, whole.len() - stop), whole[stop..], "stopped after {stop}");
            }
        }
    }
}

#[test]
fn a_running_loader_can_go_back() {
    let mut first = loader(Numbers::all(30), config(4, 2));
    let whole = batches(&mut first, 5);
    let mut again = first.resume(Cursor::start(0, 30)).expect("the start");
    assert_eq!(batches(&mut again, 5), whole);
}

#[test]
fn failing_records_are_skipped_and_replaced() {
    let sequential = LoaderConfig { order: Order::Sequential, ..config(3, 2) };
    let got = batches(&mut loader(Numbers::failing(9, &[1, 2, 6]), sequential), 3);
    assert_eq!(got.iter().map(|b| ids(&b.items)).collect::<Vec<_>>(), [[0, 3, 4], [5, 7, 8], [0, 3, 4]]);
    assert_eq!(got[0].skipped.iter().map(|s| s.index).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(got[0].skipped[0].message, "numbers, record 1: not a number");
    assert_eq!(got[0].cursor_after, Cursor { epoch: 0, position: 5, skipped: 2, records: 9 });
    assert_eq!(got[1].cursor_after, Cursor::start(1, 9));
}

#[test]
fn incomplete_batch_is_dropped_or_kept() {
    let sizes = |last, count| {
        let got = batches(&mut loader(Numbers::all(10), LoaderConfig { last, ..config(4, 2) }), count);
        got.iter().map(|b| (b.epoch, b.items.len())).collect::<Vec<_>>()
    };
    assert_eq!(sizes(LastBatch::Drop, 4), [(0, 4), (0, 4), (1, 4), (1, 4)]);
    assert_eq!(sizes(LastBatch::Keep, 4), [(0, 4), (0, 4), (0, 2), (1, 4)]);
}

#[test]
fn failures_of_a_dropped_batch_come_with_the_next_epoch() {
    // 8 records in batches of 4; record 6 fails, so 4, 5 and 7 make no batch.
    let sequential = LoaderConfig { order: Order::Sequential, ..config(4, 2) };
    let got = batches(&mut loader(Numbers::failing(8, &[6]), sequential), 2);
    assert_eq!((got[1].epoch, ids(&got[1].items)), (1, vec![0, 1, 2, 3]));
    assert_eq!((got[1].skipped[0].epoch, got[1].skipped[0].index), (0, 6));
}

#[test]
fn epoch_without_a_batch_is_an_error_not_an_endless_loop() {
    for workers in [0, 2] {
        let mut none = loader(Numbers::failing(4, &[0, 1, 2, 3]), config(2, workers));
        let error = none.next_batch().expect_err("all fail").to_string();
        assert!(
            error.starts_with("epoch 0: none of 4 records is readable; the first reason: numbers, record"),
            "{error}"
        );
        let mut one = loader(Numbers::failing(4, &[0, 1, 2]), config(2, workers));
        let error = one.next_batch().expect_err("1 < 2").to_string();
        assert!(
            error.starts_with("epoch 0: 1 of 4 records are readable, expected at least `batch_size` = 2"),
            "{error}"
        );
    }
}

#[test]
fn failures_beyond_the_limit_are_an_error() {
    let limited = |max_failures| LoaderConfig { max_failures: Some(max_failures), ..config(4, 2) };
    let mut within = loader(Numbers::failing(10, &[1, 2]), limited(2));
    assert_eq!(batches(&mut within, 6).len(), 6);
    let error = loader(Numbers::failing(4, &[1, 2]), limited(1)).next_batch().expect_err("2 > 1").to_string();
    assert!(
        error.starts_with("epoch 0: more than `max_failures` = 1 records failed; the last reason: numbers"),
        "{error}"
    );
}

#[test]
fn panic_costs_one_record() {
    for workers in [0, 1, 2] {
        let panicking: Transform<usize> = Arc::new(|_, visit| match visit.index {
            1 => panic!("no {}", visit.index),
            index => Ok(index),
        });
        let sequential = LoaderConfig { order: Order::Sequential, ..config(3, workers) };
        let mut loader = Loader::new(Numbers::all(6), panicking, sequential).expect("enough records");
        let batch = loader.next_batch().expect("5 of 6 are fine");
        assert_eq!(batch.items, [0, 2, 3]);
        assert_eq!(batch.skipped[0].message, "record 1: panicked: no 1");
    }
}

#[test]
fn foreign_cursors_are_refused() {
    let new = || loader(Numbers::all(10), config(4, 2));
    let error = new().resume(Cursor::start(0, 11)).err().expect("11 ≠ 10").to_string();
    assert_eq!(error, "the cursor was saved over 11 records, the source holds 10");
    let beyond = Cursor { position: 11, ..Cursor::start(0, 10) };
    assert!(matches!(new().resume(beyond), Err(LoaderError::BeyondTheEnd { position: 11, records: 10 })));
}

#[test]
fn impossible_batches_are_refused() {
    let new = |records, size| Loader::new(Numbers::all(records), transform(), config(size, 1)).err();
    assert!(matches!(new(3, 4), Some(LoaderError::TooFewRecords { records: 3, batch_size: 4 })));
    assert!(matches!(new(0, 4), Some(LoaderError::NoRecords)));
    assert!(matches!(new(3, 0), Some(LoaderError::NoBatchSize)));
}

/// Counts how many of its kind exist.
struct Alive(Arc<AtomicUsize>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[test]
fn no_more_is_loaded_ahead_than_allowed() {
    let (alive, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, highest) = (Arc::clone(&alive), Arc::clone(&most));
    let counting: Transform<Alive> = Arc::new(move |_, _| {
        highest.fetch_max(counted.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        Ok(Alive(Arc::clone(&counted)))
    });
    let config = LoaderConfig { prefetch: 2, ..config(4, 3) };
    let mut loader = Loader::new(Numbers::all(100), counting, config).expect("enough records");
    for _ in 0..50 {
        assert_eq!(loader.next_batch().expect("readable").items.len(), 4);
        std::thread::sleep(Duration::from_millis(1)); // the workers could run away now
    }
    // Two batches ahead, one record in each worker's hands, and the batch that is being put together.
    assert!(most.load(Ordering::SeqCst) <= 2 * 4 + 3 + 4, "{most:?} at once");
    drop(loader);
    assert_eq!(alive.load(Ordering::SeqCst), 0);
}

#[test]
fn dropping_waits_for_what_is_under_way_and_no_longer() {
    let begun = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&begun);
    let slow: Transform<()> = Arc::new(move |_, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(50));
        Ok(())
    });
    let config = LoaderConfig { prefetch: 100, ..config(1, 2) };
    let mut loader = Loader::new(Numbers::all(1000), slow, config).expect("enough records");
    let batch = loader.next_batch().expect("readable");
    assert!(batch.waited >= Duration::from_millis(50));
    let started = Instant::now();
    drop(loader);
    // The 101 queued visits would take two threads 2.5 s.
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    assert!(begun.load(Ordering::SeqCst) < 20);
}
