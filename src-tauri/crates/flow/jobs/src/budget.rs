//! Money: nothing is bought that was not set aside within the hard limits first.

use std::sync::Arc;

use studio_core::settings::Budget;
use studio_core::units::MicroUsd;
use studio_core::{Error, Job, Reservation};
use studio_store::{Home, Limits, Purchase};

/// Sets `amount` aside for `job`, in one transaction with the check against the limits.
pub(crate) fn reserve(
    home: &Arc<Home>,
    job: &Job,
    purpose: &str,
    amount: MicroUsd,
    budget: &Budget,
) -> Result<Reservation, Error> {
    let purchase = Purchase {
        run: &job.id,
        operation: &job.operation,
        project: job.project.as_deref(),
        purpose,
        ..Purchase::default()
    };
    let entry = home
        .ledger()
        .reserve(&purchase, amount, &Limits::of(budget))?
        .map_err(|over| over.refusal(purpose, amount))?;
    let home = home.clone();
    Ok(Reservation::new(move |spent| {
        if let Err(error) = home.ledger().settle(entry, spent) {
            tracing::error!(%error, "a purchase was not settled");
        }
    }))
}
