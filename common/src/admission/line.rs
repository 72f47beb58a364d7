//! Those who wait, and whose turn it is.

use std::collections::BTreeMap;

use super::priority::Priority;

/// The number of a place in the queue or of a permit, each in the order in which they were taken.
pub(super) type Ticket = u64;

/// While batch requests wait, at most so many interactive ones are granted in a row.
const MOST_IN_A_ROW: u32 = 3;

/// What a grant did to the turns of those who still wait, for [`Line::grant_was_lost`].
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Turn {
    #[default]
    Nobodys,
    /// Past a batch request.
    Interactive,
    /// After so many interactive ones.
    Batch { in_a_row: u32 },
}

/// One line a priority, each in the order of arrival.
#[derive(Debug)]
pub(super) struct Line<W> {
    interactive: BTreeMap<Ticket, W>,
    batch: BTreeMap<Ticket, W>,
    /// Grants to interactive requests since the last one to a batch request, while one waited.
    in_a_row: u32,
}

impl<W> Default for Line<W> {
    fn default() -> Self {
        Self {
            interactive: BTreeMap::new(),
            batch: BTreeMap::new(),
            in_a_row: 0,
        }
    }
}

impl<W> Line<W> {
    pub(super) fn len(&self) -> usize {
        self.interactive.len() + self.batch.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn interactive(&self) -> usize {
        self.interactive.len()
    }

    pub(super) fn join(&mut self, ticket: Ticket, priority: Priority, waiter: W) {
        let line = match priority {
            Priority::Interactive => &mut self.interactive,
            Priority::Batch => &mut self.batch,
            Priority::Idle => unreachable!("it never waits"),
        };
        line.insert(ticket, waiter);
    }

    pub(super) fn leave(&mut self, ticket: Ticket) -> Option<W> {
        let interactive = self.interactive.remove(&ticket);
        interactive.or_else(|| self.leave_batch(ticket))
    }

    /// As [`Self::leave`], for one that waits as batch.
    pub(super) fn leave_batch(&mut self, ticket: Ticket) -> Option<W> {
        let waiter = self.batch.remove(&ticket);
        if self.batch.is_empty() {
            self.in_a_row = 0;
        }
        waiter
    }

    /// The one whose turn it is leaves the line for its grant.
    pub(super) fn next(&mut self) -> Option<(W, Turn)> {
        let in_a_row = std::mem::take(&mut self.in_a_row);
        let batch_waits = !self.batch.is_empty();
        let is_batchs = batch_waits && in_a_row == MOST_IN_A_ROW;
        if !is_batchs && let Some((_, waiter)) = self.interactive.pop_first() {
            if !batch_waits {
                return Some((waiter, Turn::Nobodys));
            }
            self.in_a_row = in_a_row + 1;
            return Some((waiter, Turn::Interactive));
        }
        let (_, waiter) = self.batch.pop_first()?;
        Some((waiter, Turn::Batch { in_a_row }))
    }

    /// The client of a grant had left: to the others there was none.
    pub(super) fn grant_was_lost(&mut self, turn: Turn) {
        match turn {
            Turn::Interactive => self.in_a_row = self.in_a_row.saturating_sub(1),
            Turn::Batch { in_a_row } if !self.batch.is_empty() => {
                self.in_a_row = self.in_a_row.max(in_a_row);
            }
            Turn::Nobodys | Turn::Batch { .. } => {}
        }
    }
}
