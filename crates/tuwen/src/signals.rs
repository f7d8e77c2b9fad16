//! Ctrl-C and SIGTERM: the first one asks the run to stop after its step, the second one ends the program at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use tuwen_train::{Stop, TrainError};

use crate::commands::CommandError;

/// Signals as they arrive.
#[derive(Debug)]
pub(crate) struct Signals {
    arrived: Arc<AtomicBool>,
    which: Arc<AtomicUsize>,
    woken: Arc<AtomicBool>,
}

/// A run that a signal stopped.
#[derive(Debug, thiserror::Error)]
#[error("{stopped}")]
pub(crate) struct Interrupted {
    signal: u8,
    stopped: TrainError,
}

impl Interrupted {
    /// 128 and the signal's number, as shells count.
    pub(crate) fn code(&self) -> u8 {
        128 + self.signal
    }
}

impl Signals {
    /// From now on signals are counted instead of ending the program.
    pub(crate) fn watched() -> io::Result<Self> {
        let (arrived, which) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        for signal in [SIGINT, SIGTERM] {
            // In this order: the flag is still down when the first signal asks whether it is the second.
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&arrived))?;
            flag::register_usize(signal, Arc::clone(&which), signal as usize)?;
            flag::register(signal, Arc::clone(&arrived))?;
        }
        let woken = Arc::new(AtomicBool::new(false));
        #[cfg(unix)]
        flag::register(signal_hook::consts::SIGCONT, Arc::clone(&woken))?;
        Ok(Self { arrived, which, woken })
    }

    /// Set whenever the program goes on after it was put to sleep (Ctrl-Z).
    pub(crate) fn woken(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.woken)
    }

    /// What a run asks after each step.
    pub(crate) fn stop(&self) -> Stop {
        Stop::from(Arc::clone(&self.arrived))
    }

    /// `error`, with the signal if it was one that stopped the run.
    pub(crate) fn explain(&self, error: TrainError) -> CommandError {
        match error {
            TrainError::Stopped { .. } => {
                Box::new(Interrupted { signal: self.which.load(Ordering::SeqCst) as u8, stopped: error })
            }
            other => Box::new(other),
        }
    }
}
