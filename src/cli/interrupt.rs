//! Ctrl-C. While work runs, the first one stops it at its next step, so that nothing half done is left; the
//! second one, or the first while we only read, ends the process at once.

use std::process;
use std::sync::{Mutex, PoisonError};

use super::console;
use crate::base::error::{Code, Error};
use crate::base::work::Work;

/// The work that runs now, if any.
static RUNNING: Mutex<Option<Work>> = Mutex::new(None);

/// Starts to listen. Without a handler (another part of the process has one) the default remains: to die.
pub fn listen(json: bool) {
    let _ = ctrlc::set_handler(move || {
        let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        match &*running {
            Some(work) if !work.is_stopped() => work.stop(),
            Some(_) => process::exit(i32::from(Code::Interrupted.exit_code())),
            None => {
                console::say(&console::error_text(
                    &Error::new(Code::Interrupted, "interrupted; nothing was written"),
                    json,
                ));
                process::exit(i32::from(Code::Interrupted.exit_code()));
            }
        }
    });
}

/// While it lives, Ctrl-C stops `work` instead of the process.
pub struct Guard;

/// Hands `work` to Ctrl-C.
pub fn guard(work: &Work) -> Guard {
    set(Some(work.clone()));
    Guard
}

impl Drop for Guard {
    fn drop(&mut self) {
        set(None);
    }
}

fn set(work: Option<Work>) {
    *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) = work;
}
