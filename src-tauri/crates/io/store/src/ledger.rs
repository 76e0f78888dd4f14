//! The cost ledger: what was set aside and what was spent, in micro-dollars.

use rusqlite::params;
use studio_core::Job;
use studio_core::units::MicroUsd;

use crate::database::{Database, now};
use crate::error::Result;

pub(crate) const MIGRATION: &str = "
CREATE TABLE ledger (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    day TEXT NOT NULL,
    job TEXT NOT NULL,
    operation TEXT NOT NULL,
    project TEXT,
    purpose TEXT NOT NULL,
    reserved INTEGER NOT NULL,
    spent INTEGER
) STRICT;
CREATE INDEX ledger_by_day ON ledger (day);
";

/// Entries of all processes. An entry that is not settled counts with what it reserved.
pub struct Ledger<'a> {
    pub(crate) database: &'a Database,
}

impl Ledger<'_> {
    /// Sets `amount` aside if today's (UTC) sum stays within `limit`; one transaction, so that
    /// concurrent buyers cannot pass the limit together. Answers the entry, or `None` if refused.
    pub fn reserve(
        &self,
        job: &Job,
        purpose: &str,
        amount: MicroUsd,
        limit: MicroUsd,
    ) -> Result<Option<i64>> {
        let now = now();
        let day = &now[..10];
        self.database.write(|writer| {
            let taken: i64 = writer.query_row(
                "SELECT coalesce(sum(coalesce(spent, reserved)), 0) FROM ledger WHERE day = ?1",
                [day],
                |row| row.get(0),
            )?;
            if taken.saturating_add(amount.0) > limit.0 {
                return Ok(None);
            }
            writer.execute(
                "INSERT INTO ledger (at, day, job, operation, project, purpose, reserved) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    now,
                    day,
                    job.id,
                    job.operation,
                    job.project,
                    purpose,
                    amount.0
                ],
            )?;
            Ok(Some(writer.last_insert_rowid()))
        })
    }

    /// Records what the entry really cost.
    pub fn settle(&self, entry: i64, spent: MicroUsd) -> Result<()> {
        self.database.write(|writer| {
            writer.execute(
                "UPDATE ledger SET spent = ?2 WHERE id = ?1",
                params![entry, spent.0],
            )?;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::Home;
    use crate::jobs::tests::job;
    use crate::testing::Folder;

    #[test]
    fn what_is_set_aside_counts_until_the_real_price_is_known() {
        let folder = Folder::new();
        let home = Home::open(folder.path()).unwrap();
        let job = job(&home);
        let reserve = |amount| {
            home.ledger()
                .reserve(&job, "a voice", MicroUsd(amount), MicroUsd(100))
                .unwrap()
        };
        let first = reserve(60).unwrap();
        assert_eq!(reserve(41), None, "60 of 100 are set aside");
        home.ledger().settle(first, MicroUsd(10)).unwrap();
        let second = reserve(90).unwrap();
        assert_eq!(reserve(1), None, "all is set aside");
        home.ledger().settle(second, MicroUsd(0)).unwrap();
        assert!(reserve(90).is_some());
        assert_eq!(reserve(i64::MAX), None);
    }

    #[test]
    fn buyers_in_several_places_cannot_pass_the_limit_together() {
        let folder = Folder::new();
        let taken: usize = std::thread::scope(|scope| {
            let buy = || {
                let home = Home::open(folder.path()).unwrap();
                let job = job(&home);
                let buy = |_| {
                    home.ledger()
                        .reserve(&job, "x", MicroUsd(7), MicroUsd(100))
                        .unwrap()
                };
                (0..10).filter_map(buy).count()
            };
            let buyers: Vec<_> = (0..4).map(|_| scope.spawn(buy)).collect();
            buyers.into_iter().map(|buyer| buyer.join().unwrap()).sum()
        });
        assert_eq!(taken, 14, "14 times 7 fit into 100");
    }
}
