//! The money of one answer: set aside before the first byte leaves, settled at the end.
//!
//! While a bill is open, its entry holds the most that the answer can cost. If the process dies, it
//! stays set aside: what was spent then is not known. An answer that can cost nothing has no entry
//! until it is over.

use studio_core::Error;
use studio_core::units::MicroUsd;
use studio_llm::chat::Usage;
use studio_store::{Limits, Scope, Standing};

use crate::books::{Books, Buyer};

#[derive(Debug)]
pub(crate) struct Bill {
    buyer: Buyer,
    /// Absent where nothing can be spent.
    entry: Option<i64>,
    standing: Vec<Standing>,
}

/// The most that an answer can cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Most {
    /// Every model that may be asked is free, and known to be.
    Nothing,
    /// May be zero where a price is unknown: there is an entry all the same.
    Money(MicroUsd),
}

impl Bill {
    /// Sets `most` aside, or refuses.
    pub(crate) async fn open(
        books: &Books,
        buyer: Buyer,
        most: Most,
        limits: Limits,
    ) -> Result<Bill, Error> {
        let Most::Money(amount) = most else {
            return Ok(Bill {
                buyer,
                entry: None,
                standing: Vec::new(),
            });
        };
        let reserved = books.reserve(buyer.clone(), amount, limits).await?;
        let reserved = reserved.map_err(|over| over.refusal(&buyer.purpose, amount))?;
        Ok(Bill {
            buyer,
            entry: Some(reserved.entry),
            standing: reserved.standing,
        })
    }

    /// Settles on what was spent; `None` where nobody knows the price. `answer` is who answered, if
    /// anybody did.
    pub(crate) fn close(
        self,
        books: &Books,
        spent: Option<MicroUsd>,
        answer: Option<(String, Usage)>,
    ) {
        match (self.entry, answer) {
            (Some(entry), answer) => books.settle(entry, spent, answer),
            (None, Some((model, usage))) => books.free(self.buyer, model, usage),
            (None, None) => {}
        }
    }

    /// A warning for each limit of which `percent` are taken once `spent` is.
    pub(crate) fn warnings(&self, spent: MicroUsd, percent: u32) -> Vec<String> {
        let near = self.standing.iter().filter_map(|standing| {
            let taken = MicroUsd(standing.taken.0.saturating_add(spent.0));
            let limit = standing.limit;
            let is_near = limit.0 > 0
                && i128::from(taken.0) * 100 >= i128::from(limit.0) * i128::from(percent);
            let whose = match standing.scope {
                Scope::Day => "today's limit",
                Scope::Month => "this month's limit",
                Scope::Project => "the project's limit",
                Scope::Key => "the key's limit",
            };
            is_near.then(|| format!("{taken} of {whose} of {limit} is spent or set aside."))
        });
        near.collect()
    }
}
