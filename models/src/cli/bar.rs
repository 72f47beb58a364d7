//! How a pull is shown: a bar on a terminal, plain lines elsewhere.

use std::cell::RefCell;
use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};

use crate::error::size;
use crate::pull::Progress;

/// The right one for the standard error of this process.
pub(super) fn for_terminal() -> Box<dyn Progress> {
    if io::stderr().is_terminal() {
        Box::new(Bar::default())
    } else {
        Box::new(Lines)
    }
}

/// A bar for the step in hand.
#[derive(Default)]
struct Bar {
    bar: RefCell<Option<ProgressBar>>,
}

impl Progress for Bar {
    fn say(&self, line: &str) {
        match &*self.bar.borrow() {
            Some(bar) => bar.suspend(|| Lines.say(line)),
            None => Lines.say(line),
        }
    }

    fn begin(&self, what: &str, total_bytes: u64, done_bytes: u64) {
        const TEMPLATE: &str =
            "{msg} [{bar:30}] {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec} {eta}";
        let style = ProgressStyle::with_template(TEMPLATE)
            .expect("the template is tested")
            .progress_chars("=> ");
        let bar = ProgressBar::new(total_bytes)
            .with_style(style)
            .with_message(what.to_owned());
        bar.set_position(done_bytes);
        bar.reset_eta();
        *self.bar.borrow_mut() = Some(bar);
    }

    fn advance(&self, bytes: u64) {
        if let Some(bar) = &*self.bar.borrow() {
            bar.inc(bytes);
        }
    }

    fn end(&self) {
        if let Some(bar) = self.bar.borrow_mut().take() {
            bar.finish_and_clear();
        }
    }
}

/// One line a step.
struct Lines;

impl Progress for Lines {
    fn say(&self, line: &str) {
        // A standard error that is gone leaves nobody to tell.
        let _ = writeln!(io::stderr(), "{line}");
    }

    fn begin(&self, what: &str, total_bytes: u64, done_bytes: u64) {
        let total = size(total_bytes);
        if done_bytes == 0 {
            self.say(&format!("{what} ({total})"));
        } else {
            self.say(&format!(
                "{what} ({total}, going on at {})",
                size(done_bytes)
            ));
        }
    }

    fn advance(&self, _: u64) {}

    fn end(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_can_be_drawn() {
        let bar = Bar::default();
        bar.advance(1);
        bar.begin("tiny.en", 10, 2);
        bar.advance(3);
        assert_eq!(bar.bar.borrow().as_ref().unwrap().position(), 5);
        bar.end();
        bar.end();
    }
}
