//! Work away from the main thread, so that Python's other threads run and its signals are heard.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::base::error::{Code, Error, Result};
use crate::base::work::Work;

/// How often signals are looked at: a person feels no delay, and a core none of the load.
const EVERY: Duration = Duration::from_millis(50);

/// Runs work that changes nothing outside. On Ctrl-C it is asked to stop and not waited for.
pub fn run<T, F>(py: Python<'_>, work: F) -> PyResult<T>
where
    T: Send + 'static,
    F: FnOnce(&Work) -> Result<T> + Send + 'static,
{
    watched(py, work, false)
}

/// Runs work that writes. On Ctrl-C it is asked to stop, and waited for until it has tidied up.
pub fn run_to_end<T, F>(py: Python<'_>, work: F) -> PyResult<T>
where
    T: Send + 'static,
    F: FnOnce(&Work) -> Result<T> + Send + 'static,
{
    watched(py, work, true)
}

fn watched<T, F>(py: Python<'_>, work: F, to_end: bool) -> PyResult<T>
where
    T: Send + 'static,
    F: FnOnce(&Work) -> Result<T> + Send + 'static,
{
    let (send, receive) = mpsc::channel();
    let handle = Work::new();
    let inside = handle.clone();
    let pool = pool()?;
    pool.spawn(move || {
        // A panic drops the sender, which is heard below. Nobody listens after Ctrl-C.
        let _ = send.send(work(&inside));
    });
    // The receiver is moved in and out, because only its owner may wait on it without the lock of Python.
    let mut receive = Some(receive);
    loop {
        let channel = receive.take().expect("it is put back each time");
        let (result, channel) = py.detach(move || (channel.recv_timeout(EVERY), channel));
        match result {
            Ok(result) => return Ok(result?),
            Err(RecvTimeoutError::Disconnected) => return Err(panicked().into()),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Err(signal) = py.check_signals() {
            handle.stop();
            if to_end {
                py.detach(move || drop(channel.recv()));
            }
            return Err(signal);
        }
        receive = Some(channel);
    }
}

fn panicked() -> Error {
    Error::new(Code::Internal, "kshift broke an assumption of its own and stopped; nothing was finished")
        .help("this is a fault of kshift: please report it with the call and, if you may, its input")
}

/// The threads that do the work: our own pool for each process.
///
/// The threads of a pool do not survive `fork`, which `multiprocessing` uses on Linux; a child that found
/// its parent's pool would wait for ever.
fn pool() -> PyResult<Arc<ThreadPool>> {
    static POOL: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    if let Some((owner, pool)) = &*pool
        && *owner == process
    {
        return Ok(pool.clone());
    }
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let fresh = ThreadPoolBuilder::new().num_threads(threads).thread_name(|number| format!("kshift-{number}")).build();
    let fresh = Arc::new(fresh.map_err(|fault| Error::new(Code::Internal, format!("cannot start threads: {fault}")))?);
    // The parent's pool is left as it is: to end it would be to wait for threads that are not here.
    std::mem::forget(pool.replace((process, fresh.clone())));
    Ok(fresh)
}
