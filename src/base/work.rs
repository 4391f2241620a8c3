//! How long work is watched and stopped: one handle that carries progress out and a stop in.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::error::{Code, Error, Result};

/// Hears what is being done; `done` of `total` steps of `stage`.
pub trait Observer: Send + Sync {
    /// Called now and then from the working thread.
    fn progress(&self, stage: &'static str, done: usize, total: usize);
}

/// A handle on running work. Clones share the same stop switch.
#[derive(Clone, Default)]
pub struct Work {
    stopped: Arc<AtomicBool>,
    observer: Option<Arc<dyn Observer>>,
}

impl Work {
    /// Work that nobody watches; it can still be stopped through a clone.
    pub fn new() -> Self {
        Self::default()
    }

    /// Work whose progress `observer` hears.
    pub fn observed(observer: Arc<dyn Observer>) -> Self {
        Work { stopped: Arc::default(), observer: Some(observer) }
    }

    /// The same work without its observer: whoever stops the one stops the other.
    #[must_use]
    pub fn unwatched(&self) -> Self {
        Work { stopped: Arc::clone(&self.stopped), observer: None }
    }

    /// Asks the work to end with [`Code::Interrupted`] at its next step.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether a stop was asked for.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Reports progress and obeys a stop. Cheap enough for every few thousand steps, not for each.
    ///
    /// # Errors
    /// [`Code::Interrupted`] when a stop was asked for.
    pub fn step(&self, stage: &'static str, done: usize, total: usize) -> Result<()> {
        if let Some(observer) = &self.observer {
            observer.progress(stage, done, total);
        }
        if self.is_stopped() {
            return Err(Error::new(Code::Interrupted, "interrupted; nothing was written"));
        }
        Ok(())
    }
}
