//! The cost ledger: what was set aside and what was spent, in micro-dollars.

use rusqlite::{Connection, Row, named_params, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::settings::Budget;
use studio_core::units::MicroUsd;
use studio_core::{Error, ErrorCode};
use studio_llm::chat::Usage;

use crate::database::{Database, json, now, to_json};
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

/// Adds what a budget by month, project and key, and a report by model need.
pub(crate) const MIGRATION_MODELS: &str = "
ALTER TABLE ledger ADD COLUMN model TEXT;
ALTER TABLE ledger ADD COLUMN key TEXT;
ALTER TABLE ledger ADD COLUMN usage TEXT;
CREATE INDEX ledger_by_project ON ledger (project) WHERE project IS NOT NULL;
CREATE INDEX ledger_by_key ON ledger (key) WHERE key IS NOT NULL;
";

/// Something that is about to be bought.
#[derive(Clone, Debug, Default)]
pub struct Purchase<'a> {
    /// The job or request that buys it.
    pub run: &'a str,
    pub operation: &'a str,
    pub project: Option<&'a str>,
    /// In people's words.
    pub purpose: &'a str,
    /// The model's id in the registry.
    pub model: Option<&'a str>,
    /// The id of the API key that the request came with.
    pub key: Option<&'a str>,
}

/// Hard limits. What is absent does not limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    pub day: MicroUsd,
    pub month: Option<MicroUsd>,
    /// For each project, of all time.
    pub project: Option<MicroUsd>,
    /// For the key of this purchase, of all time.
    pub key: Option<MicroUsd>,
}

impl Limits {
    /// The limits that the settings name. Their ranges keep them far from overflow.
    pub fn of(budget: &Budget) -> Limits {
        let micros = |usd: f64| MicroUsd((usd * 1e6).round() as i64);
        let some = |usd: f64| (usd > 0.0).then(|| micros(usd));
        Limits {
            day: micros(budget.daily_limit_usd),
            month: some(budget.monthly_limit_usd),
            project: some(budget.project_limit_usd),
            key: None,
        }
    }
}

/// What a budget is counted over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Day,
    Month,
    Project,
    Key,
}

/// A purchase that would pass a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverLimit {
    pub scope: Scope,
    pub taken: MicroUsd,
    pub limit: MicroUsd,
}

impl OverLimit {
    /// The refusal of `purpose`, which may cost `amount`.
    pub fn refusal(&self, purpose: &str, amount: MicroUsd) -> Error {
        let (whose, setting) = match self.scope {
            Scope::Day => (
                "today's limit",
                "raise `budget.daily_limit_usd` in the settings, or wait for tomorrow (UTC)",
            ),
            Scope::Month => (
                "this month's limit",
                "raise `budget.monthly_limit_usd` in the settings",
            ),
            Scope::Project => (
                "the project's limit",
                "raise `budget.project_limit_usd` in the settings",
            ),
            Scope::Key => ("the key's limit", "make a key with a larger budget"),
        };
        let (taken, limit) = (self.taken, self.limit);
        let message = format!(
            "{purpose} may cost {amount}, which passes {whose} of {limit} ({taken} is spent or set aside)"
        );
        Error::new(ErrorCode::Refused, message).hint(setting)
    }
}

/// One line of the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LedgerEntry {
    pub at: String,
    pub run: String,
    pub operation: String,
    pub project: Option<String>,
    pub purpose: String,
    pub model: Option<String>,
    pub key: Option<String>,
    pub reserved: MicroUsd,
    /// Absent while the purchase goes on, or when its process died in the middle.
    pub spent: Option<MicroUsd>,
    pub usage: Option<Usage>,
}

/// A sum of a report: what it is over, money, tokens, requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Total {
    /// A day, a model, or a project; empty where the entries name none.
    pub name: String,
    pub cost: MicroUsd,
    pub requests: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
}

/// What a report is grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupBy {
    Day,
    Model,
    Project,
}

/// Entries of all processes. An entry that is not settled counts with what it reserved.
pub struct Ledger<'a> {
    pub(crate) database: &'a Database,
}

impl Ledger<'_> {
    /// Sets `amount` aside if every sum stays within its limit; one transaction, so that concurrent
    /// buyers cannot pass a limit together. Answers the entry, or the limit that refused.
    pub fn reserve(
        &self,
        purchase: &Purchase<'_>,
        amount: MicroUsd,
        limits: &Limits,
    ) -> Result<std::result::Result<i64, OverLimit>> {
        let now = now();
        let day = &now[..10];
        self.database.write(|writer| {
            for (scope, name, limit) in bounds(purchase, limits, day) {
                let taken = taken(writer, scope, name)?;
                if taken.0.saturating_add(amount.0) > limit.0 {
                    return Ok(Err(OverLimit {
                        scope,
                        taken,
                        limit,
                    }));
                }
            }
            writer.execute(
                "INSERT INTO ledger (at, day, job, operation, project, purpose, reserved, model, key) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    now,
                    day,
                    purchase.run,
                    purchase.operation,
                    purchase.project,
                    purchase.purpose,
                    amount.0,
                    purchase.model,
                    purchase.key,
                ],
            )?;
            Ok(Ok(writer.last_insert_rowid()))
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

    /// [`Ledger::settle`] for a model's answer: `model` is the one that answered in the end.
    pub fn settle_answer(
        &self,
        entry: i64,
        spent: MicroUsd,
        model: &str,
        usage: &Usage,
    ) -> Result<()> {
        self.database.write(|writer| {
            writer.execute(
                "UPDATE ledger SET spent = ?2, model = ?3, usage = ?4 WHERE id = ?1",
                params![entry, spent.0, model, to_json(usage)?],
            )?;
            Ok(())
        })
    }

    /// What is spent and set aside of one day (`YYYY-MM-DD`), month (`YYYY-MM`), project or key.
    pub fn taken(&self, scope: Scope, name: &str) -> Result<MicroUsd> {
        self.database.read(|reader| taken(reader, scope, name))
    }

    /// Sums of all entries from the day `since` on, dearest first; days in their order.
    pub fn totals(&self, by: GroupBy, since: &str) -> Result<Vec<Total>> {
        let (column, order) = match by {
            GroupBy::Day => ("day", "1"),
            GroupBy::Model => ("coalesce(model, '')", "2 DESC, 1"),
            GroupBy::Project => ("coalesce(project, '')", "2 DESC, 1"),
        };
        let sql = format!(
            "SELECT {column}, sum(coalesce(spent, reserved)), count(*), \
             coalesce(sum(usage ->> 'input_tokens'), 0), coalesce(sum(usage ->> 'output_tokens'), 0) \
             FROM ledger WHERE day >= ?1 GROUP BY 1 ORDER BY {order}"
        );
        self.database.read(|reader| {
            let total = |row: &Row<'_>| {
                Ok(Total {
                    name: row.get(0)?,
                    cost: MicroUsd(row.get(1)?),
                    requests: row.get(2)?,
                    input_tokens: row.get(3)?,
                    output_tokens: row.get(4)?,
                })
            };
            reader
                .prepare_cached(&sql)?
                .query_map([since], total)?
                .collect()
        })
    }

    /// All entries from the day `since` on, oldest first.
    pub fn entries(&self, since: &str) -> Result<Vec<LedgerEntry>> {
        self.database.read(|reader| {
            let mut statement = reader.prepare_cached(
                "SELECT at, job, operation, project, purpose, model, key, reserved, spent, usage \
                 FROM ledger WHERE day >= :since ORDER BY id",
            )?;
            let entry = |row: &Row<'_>| {
                let usage: Option<String> = row.get(9)?;
                Ok(LedgerEntry {
                    at: row.get(0)?,
                    run: row.get(1)?,
                    operation: row.get(2)?,
                    project: row.get(3)?,
                    purpose: row.get(4)?,
                    model: row.get(5)?,
                    key: row.get(6)?,
                    reserved: MicroUsd(row.get(7)?),
                    spent: row.get::<_, Option<i64>>(8)?.map(MicroUsd),
                    usage: usage.map(|usage| json(&usage)).transpose()?,
                })
            };
            statement
                .query_map(named_params! { ":since": since }, entry)?
                .collect()
        })
    }
}

/// The sums that a purchase must fit into: scope, whose, and at most how much.
fn bounds<'a>(
    purchase: &Purchase<'a>,
    limits: &Limits,
    day: &'a str,
) -> Vec<(Scope, &'a str, MicroUsd)> {
    let month = limits.month.map(|limit| (Scope::Month, &day[..7], limit));
    let project = purchase.project.zip(limits.project);
    let key = purchase.key.zip(limits.key);
    [(Scope::Day, day, limits.day)]
        .into_iter()
        .chain(month)
        .chain(project.map(|(name, limit)| (Scope::Project, name, limit)))
        .chain(key.map(|(name, limit)| (Scope::Key, name, limit)))
        .collect()
}

fn taken(connection: &Connection, scope: Scope, name: &str) -> rusqlite::Result<MicroUsd> {
    let filter = match scope {
        Scope::Day => "day = ?1",
        // A range keeps the index of days in use.
        Scope::Month => "day >= ?1 AND day < ?1 || '~'",
        Scope::Project => "project = ?1",
        Scope::Key => "key = ?1",
    };
    let sql =
        format!("SELECT coalesce(sum(coalesce(spent, reserved)), 0) FROM ledger WHERE {filter}");
    connection
        .prepare_cached(&sql)?
        .query_row([name], |row| row.get(0).map(MicroUsd))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::home::Home;
    use crate::testing::Folder;

    fn voice() -> Purchase<'static> {
        Purchase {
            run: "j",
            operation: "test.run",
            purpose: "a voice",
            ..Purchase::default()
        }
    }

    fn daily(limit: i64) -> Limits {
        Limits {
            day: MicroUsd(limit),
            ..Limits::default()
        }
    }

    #[test]
    fn what_is_set_aside_counts_until_the_real_price_is_known() {
        let folder = Folder::new();
        let home = Home::open(folder.path()).unwrap();
        let ledger = home.ledger();
        let reserve = |amount| {
            ledger
                .reserve(&voice(), MicroUsd(amount), &daily(100))
                .unwrap()
        };
        let first = reserve(60).unwrap();
        let refused = OverLimit {
            scope: Scope::Day,
            taken: MicroUsd(60),
            limit: MicroUsd(100),
        };
        assert_eq!(reserve(41), Err(refused));
        ledger.settle(first, MicroUsd(10)).unwrap();
        let second = reserve(90).unwrap();
        assert!(reserve(1).is_err(), "all is set aside");
        ledger.settle(second, MicroUsd(0)).unwrap();
        assert!(reserve(90).is_ok());
        assert!(reserve(i64::MAX).is_err());
    }

    #[test]
    fn each_limit_counts_its_own() {
        let folder = Folder::new();
        let home = Home::open(folder.path()).unwrap();
        let limits = Limits {
            day: MicroUsd(1_000),
            month: Some(MicroUsd(500)),
            project: Some(MicroUsd(100)),
            key: Some(MicroUsd(50)),
        };
        let buy = |project, key, amount| {
            let purchase = Purchase {
                project,
                key,
                ..voice()
            };
            let result = home
                .ledger()
                .reserve(&purchase, MicroUsd(amount), &limits)
                .unwrap();
            result.map_err(|over| over.scope)
        };
        assert!(buy(Some("a"), None, 100).is_ok());
        assert_eq!(buy(Some("a"), None, 1), Err(Scope::Project));
        assert!(buy(Some("b"), Some("k"), 50).is_ok());
        assert_eq!(buy(None, Some("k"), 1), Err(Scope::Key));
        assert!(buy(None, None, 350).is_ok());
        assert_eq!(buy(None, None, 1), Err(Scope::Month));
        let taken = |scope, name: &str| home.ledger().taken(scope, name).unwrap().0;
        assert_eq!(
            (taken(Scope::Project, "a"), taken(Scope::Key, "k")),
            (100, 50)
        );
        assert_eq!(taken(Scope::Month, &now()[..7]), 500);
        assert_eq!(taken(Scope::Month, "2001-01"), 0);
    }

    #[test]
    fn a_report_sums_what_was_answered() {
        let folder = Folder::new();
        let home = Home::open(folder.path()).unwrap();
        let ledger = home.ledger();
        for (model, spent) in [("x/a", 5), ("x/b", 70), ("x/a", 6)] {
            let entry = ledger
                .reserve(&voice(), MicroUsd(100), &daily(1_000))
                .unwrap()
                .unwrap();
            let usage = Usage {
                input_tokens: 10,
                output_tokens: 2,
                ..Usage::default()
            };
            ledger
                .settle_answer(entry, MicroUsd(spent), model, &usage)
                .unwrap();
        }
        let models = ledger.totals(GroupBy::Model, "2000-01-01").unwrap();
        let names: Vec<_> = models
            .iter()
            .map(|total| (total.name.as_str(), total.cost.0, total.input_tokens))
            .collect();
        assert_eq!(names, [("x/b", 70, 10), ("x/a", 11, 20)]);
        assert_eq!(
            ledger.totals(GroupBy::Day, "2000-01-01").unwrap()[0].requests,
            3
        );
        assert_eq!(ledger.entries("2000-01-01").unwrap().len(), 3);
        assert!(ledger.entries("2999-01-01").unwrap().is_empty());
    }

    #[test]
    fn buyers_in_several_places_cannot_pass_the_limit_together() {
        let folder = Folder::new();
        let taken: usize = std::thread::scope(|scope| {
            let buy = || {
                let home = Home::open(folder.path()).unwrap();
                let buy = |_| {
                    home.ledger()
                        .reserve(&voice(), MicroUsd(7), &daily(100))
                        .unwrap()
                        .ok()
                };
                (0..250).filter_map(buy).count()
            };
            let buyers: Vec<_> = (0..4).map(|_| scope.spawn(buy)).collect();
            buyers.into_iter().map(|buyer| buyer.join().unwrap()).sum()
        });
        assert_eq!(
            taken, 14,
            "14 times 7 fit into 100, however many of 1,000 ask"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
        #[test]
        fn no_order_of_buying_and_settling_passes_the_limit(
            steps in prop::collection::vec((1i64..60, prop::option::of(0.0..=1.0f64)), 1..40),
        ) {
            let folder = Folder::new();
            let home = Home::open(folder.path()).unwrap();
            for (amount, share) in steps {
                let entry = home.ledger().reserve(&voice(), MicroUsd(amount), &daily(200)).unwrap();
                if let (Ok(entry), Some(share)) = (entry, share) {
                    home.ledger().settle(entry, MicroUsd((amount as f64 * share) as i64)).unwrap();
                }
                prop_assert!(home.ledger().taken(Scope::Day, &now()[..10]).unwrap() <= MicroUsd(200));
            }
        }
    }
}
