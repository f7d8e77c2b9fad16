//! Worker threads that visit records ahead of the batch, with a reorder buffer that gives the outcomes back in order.
//!
//! At most `window` visits are under way or waiting; a further one starts when an outcome is taken. So memory is
//! bounded, and what comes out depends neither on the number of threads nor on which of them is faster.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle};

use crate::visit::{Outcome, Work};
use crate::walk::Walk;
use crate::{LoaderError, Visit};

/// A visit under its sequence number.
type Job = (u64, Visit);

/// The threads and what they have in hand.
pub(crate) struct Workers<T> {
    /// `None` once the threads have been told to end.
    jobs: Option<Sender<Job>>,
    results: Receiver<(u64, Outcome<T>)>,
    /// Outcomes that came before their turn.
    early: BTreeMap<u64, Outcome<T>>,
    issued: u64,
    taken: u64,
    window: u64,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl<T: Send + 'static> Workers<T> {
    /// Starts `count` threads, which wait for [`Workers::take`].
    pub(crate) fn start(work: &Work<T>, count: usize, window: usize) -> Result<Self, LoaderError> {
        let (jobs, queue) = channel();
        let (outcomes, results) = channel();
        let (queue, stop) = (Arc::new(Mutex::new(queue)), Arc::new(AtomicBool::new(false)));
        let mut workers = Self {
            jobs: Some(jobs),
            results,
            early: BTreeMap::new(),
            issued: 0,
            taken: 0,
            window: window.max(1) as u64,
            stop: Arc::clone(&stop),
            threads: Vec::with_capacity(count),
        };
        for worker in 0..count {
            let (work, queue, outcomes, stop) = (work.clone(), Arc::clone(&queue), outcomes.clone(), Arc::clone(&stop));
            let thread = Builder::new()
                .name(format!("loader-{worker}"))
                .spawn(move || run(&work, &queue, &outcomes, &stop))
                .map_err(|source| LoaderError::Spawn { worker, source })?;
            workers.threads.push(thread);
        }
        Ok(workers)
    }

    /// The outcome of the next visit in the order of `walk`; `None` when the walk is over.
    pub(crate) fn take(&mut self, walk: &mut Walk) -> Result<Option<Outcome<T>>, LoaderError> {
        self.issue(walk)?;
        if self.taken == self.issued {
            return Ok(None);
        }
        let outcome = loop {
            if let Some(outcome) = self.early.remove(&self.taken) {
                break outcome;
            }
            let (number, outcome) = self.results.recv().map_err(|_| LoaderError::WorkersEnded)?;
            self.early.insert(number, outcome);
        };
        self.taken += 1;
        Ok(Some(outcome))
    }

    fn issue(&mut self, walk: &mut Walk) -> Result<(), LoaderError> {
        while self.issued - self.taken < self.window {
            let Some(visit) = walk.next() else { break };
            let jobs = self.jobs.as_ref().ok_or(LoaderError::WorkersEnded)?;
            jobs.send((self.issued, visit)).map_err(|_| LoaderError::WorkersEnded)?;
            self.issued += 1;
        }
        Ok(())
    }
}

impl<T> Drop for Workers<T> {
    /// Waits for the visits that are under way, at most one a thread; those still queued are not begun.
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // A thread can't have panicked, and if it had, there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

fn run<T>(work: &Work<T>, queue: &Mutex<Receiver<Job>>, outcomes: &Sender<(u64, Outcome<T>)>, stop: &AtomicBool) {
    loop {
        // The lock is held while waiting: whoever has it gets the next job, the others wait for the lock instead.
        let Ok(job) = queue.lock().map(|queue| queue.recv()) else { return };
        let Ok((number, visit)) = job else { return };
        if stop.load(Ordering::Relaxed) || outcomes.send((number, work.visit(visit))).is_err() {
            return;
        }
    }
}
