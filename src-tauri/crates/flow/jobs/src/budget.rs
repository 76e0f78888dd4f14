//! Money: nothing is bought that was not set aside within the hard daily limit first.

use std::sync::Arc;

use studio_core::units::MicroUsd;
use studio_core::{Error, ErrorCode, Job, Reservation};
use studio_store::Home;

/// The limit as exact money; the setting's range keeps it far from overflow.
pub(crate) fn limit(usd: f64) -> MicroUsd {
    MicroUsd((usd * 1e6).round() as i64)
}

/// Sets `amount` aside for `job`, in one transaction with the check against `limit`.
pub(crate) fn reserve(
    home: &Arc<Home>,
    job: &Job,
    purpose: &str,
    amount: MicroUsd,
    limit: MicroUsd,
) -> Result<Reservation, Error> {
    let Some(entry) = home.ledger().reserve(job, purpose, amount, limit)? else {
        let message = format!("{purpose} may cost {amount}, which passes today's limit of {limit}");
        return Err(Error::new(ErrorCode::Refused, message)
            .hint("raise `budget.daily_limit_usd` in the settings, or wait for tomorrow (UTC)"));
    };
    let home = home.clone();
    Ok(Reservation::new(move |spent| {
        if let Err(error) = home.ledger().settle(entry, spent) {
            tracing::error!(%error, "a purchase was not settled");
        }
    }))
}
