//! How a run is asked to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Asks a run to stop. Clones ask the same run; it finishes its step, writes a checkpoint and ends with
/// [`TrainError::Stopped`](crate::TrainError::Stopped).
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks.
    pub fn ask(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether somebody asked.
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl From<Arc<AtomicBool>> for Stop {
    /// Asked for by setting `flag`, which is all that a signal handler may do.
    fn from(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asks_all_clones_know() {
        let stop = Stop::default();
        let (other, flag) = (stop.clone(), Arc::new(AtomicBool::new(false)));
        other.ask();
        assert!(stop.is_asked());
        let stop = Stop::from(Arc::clone(&flag));
        assert!(!stop.is_asked());
        flag.store(true, Ordering::SeqCst);
        assert!(stop.is_asked());
    }
}
