//! Long work shows what it is at, on a terminal only: neither in a pipe nor in CI, and not with `--quiet`.

use std::{io::IsTerminal, time::Duration};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work that takes less than this shows nothing.
const PATIENCE: Duration = Duration::from_millis(400);

/// Something that is being done. It is gone from the screen when this is dropped.
pub struct Progress(Option<ProgressBar>);

impl Progress {
    /// Begins to show it, if somebody watches.
    pub fn new(shown: bool, what: &str) -> Self {
        let watched = shown && std::io::stderr().is_terminal() && std::env::var_os("CI").is_none();
        Self(watched.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
            bar.set_style(ProgressStyle::default_spinner().tick_chars("\u{b7}\u{2022}\u{b7} "));
            bar.set_message(what.to_owned());
            let late = bar.clone();
            std::thread::spawn(move || {
                std::thread::sleep(PATIENCE);
                if !late.is_finished() {
                    late.set_draw_target(ProgressDrawTarget::stderr());
                    late.enable_steady_tick(PATIENCE / 2);
                    // It may have ended in between.
                    if late.is_finished() {
                        late.finish_and_clear();
                    }
                }
            });
            bar
        }))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
