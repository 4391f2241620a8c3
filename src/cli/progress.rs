//! A progress bar on standard error, where a person looks at it.

use std::io::{self, IsTerminal};
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::console::Console;
use super::interrupt;
use crate::base::work::{Observer, Work};

/// Work that Ctrl-C stops and, on a terminal, a bar shows; the bar is cleared when this is dropped.
pub struct Watched {
    /// The handle for the library.
    pub work: Work,
    bar: Option<ProgressBar>,
    _guard: interrupt::Guard,
}

/// Begins to watch.
pub fn watch(console: &Console) -> Watched {
    let silent = console.json() || console.quiet() || !io::stderr().is_terminal();
    let bar = (!silent).then(|| {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{msg:14} {wide_bar} {percent:>3}%").expect("the template is fixed");
        bar.with_style(style.progress_chars("=> "))
    });
    let work = match &bar {
        Some(bar) => Work::observed(Arc::new(Bar(bar.clone()))),
        None => Work::new(),
    };
    let guard = interrupt::guard(&work);
    Watched { work, bar, _guard: guard }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

struct Bar(ProgressBar);

impl Observer for Bar {
    fn progress(&self, stage: &'static str, done: usize, total: usize) {
        if self.0.message() != stage {
            self.0.set_message(stage);
        }
        self.0.set_length(total as u64);
        self.0.set_position(done as u64);
    }
}
