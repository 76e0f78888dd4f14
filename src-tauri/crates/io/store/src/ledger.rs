//! The cost ledger: what was set aside and what was spent, in micro-dollars.

use rusqlite::{Connection, OptionalExtension, Row, named_params, params};
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

/// Running sums: a purchase looks at a row for each of its limits, however long the ledger is.
/// Triggers keep them right, whoever writes.
pub(crate) const MIGRATION_SUMS: &str = "
CREATE TABLE ledger_sums (
    scope TEXT NOT NULL,
    name TEXT NOT NULL,
    taken INTEGER NOT NULL,
    PRIMARY KEY (scope, name)
) STRICT, WITHOUT ROWID;
INSERT INTO ledger_sums
    SELECT 'day', day, sum(coalesce(spent, reserved)) FROM ledger GROUP BY day
    UNION ALL SELECT 'month', substr(day, 1, 7), sum(coalesce(spent, reserved)) FROM ledger GROUP BY 2
    UNION ALL SELECT 'project', project, sum(coalesce(spent, reserved)) FROM ledger WHERE project IS NOT NULL GROUP BY project
    UNION ALL SELECT 'key', key, sum(coalesce(spent, reserved)) FROM ledger WHERE key IS NOT NULL GROUP BY key;
CREATE TRIGGER ledger_added AFTER INSERT ON ledger WHEN coalesce(new.spent, new.reserved) <> 0 BEGIN
    INSERT INTO ledger_sums (scope, name, taken)
    SELECT scope, name, coalesce(new.spent, new.reserved) FROM (
        SELECT 'day' AS scope, new.day AS name
        UNION ALL SELECT 'month', substr(new.day, 1, 7)
        UNION ALL SELECT 'project', new.project
        UNION ALL SELECT 'key', new.key
    ) WHERE name IS NOT NULL
    ON CONFLICT (scope, name) DO UPDATE SET taken = taken + excluded.taken;
END;
CREATE TRIGGER ledger_settled AFTER UPDATE OF spent ON ledger
WHEN coalesce(new.spent, new.reserved) <> coalesce(old.spent, old.reserved) BEGIN
    INSERT INTO ledger_sums (scope, name, taken)
    SELECT scope, name, coalesce(new.spent, new.reserved) - coalesce(old.spent, old.reserved) FROM (
        SELECT 'day' AS scope, new.day AS name
        UNION ALL SELECT 'month', substr(new.day, 1, 7)
        UNION ALL SELECT 'project', new.project
        UNION ALL SELECT 'key', new.key
    ) WHERE name IS NOT NULL
    ON CONFLICT (scope, name) DO UPDATE SET taken = taken + excluded.taken;
END;
";

/// Something that is about to be bought.
#[derive(Clone, Copy, Debug, Default)]
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
    /// For the key of this purchase, of all time. A key's own budget comes before the settings'.
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
            key: some(budget.key_limit_usd),
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

/// A limit and what is taken of it: of a purchase that would pass it, or that stays within.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub scope: Scope,
    pub taken: MicroUsd,
    pub limit: MicroUsd,
}

impl Standing {
    /// The refusal of `purpose`, which may cost `amount` and would pass this limit.
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
            Scope::Key => (
                "the key's limit",
                "make a key with a larger budget, or raise `budget.key_limit_usd` in the settings",
            ),
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
    /// Absent while the purchase goes on, when its process died in the middle, and where nobody knows
    /// the price of what was used.
    pub spent: Option<MicroUsd>,
    /// Absent until an answer is over.
    pub usage: Option<Usage>,
}

/// Money that is set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserved {
    pub entry: i64,
    /// What was taken of each limit that holds here, before this purchase.
    pub standing: Vec<Standing>,
}

/// One line to write, many to a transaction ([`Ledger::book`]).
#[derive(Clone, Copy, Debug)]
pub enum Booking<'a> {
    /// As [`Ledger::reserve`].
    Reserve {
        purchase: Purchase<'a>,
        amount: MicroUsd,
        limits: Limits,
    },
    /// As [`Ledger::settle_answer`]; without a model nobody answered.
    Settle {
        entry: i64,
        spent: Option<MicroUsd>,
        answer: Option<(&'a str, Usage)>,
    },
    /// An answer that cost nothing: for the sums of requests and tokens.
    Free {
        purchase: Purchase<'a>,
        usage: Usage,
    },
}

/// A sum of a report: what it is over, money, tokens, requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Total {
    /// A day, a model, a project or a key's id; empty where the entries name none.
    pub name: String,
    pub cost: MicroUsd,
    pub requests: u64,
    /// Of these: used a model whose price nobody knows. They are not in `cost`.
    pub unpriced: u64,
    pub input_tokens: u64,
    pub cached_tokens: u64,
    pub output_tokens: u64,
}

/// What a report is grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupBy {
    Day,
    Model,
    Project,
    Key,
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
    ) -> Result<std::result::Result<i64, Standing>> {
        let now = now();
        self.database
            .write(|writer| reserve(writer, &now, purchase, amount, limits))
            .map(|reserved| reserved.map(|reserved| reserved.entry))
    }

    /// Records what the entry really cost.
    pub fn settle(&self, entry: i64, spent: MicroUsd) -> Result<()> {
        self.database
            .write(|writer| settle(writer, entry, Some(spent), None))
    }

    /// [`Ledger::settle`] for a model's answer: `model` is the one that answered in the end. Without
    /// a price, what was set aside stays.
    pub fn settle_answer(
        &self,
        entry: i64,
        spent: Option<MicroUsd>,
        model: &str,
        usage: &Usage,
    ) -> Result<()> {
        self.database
            .write(|writer| settle(writer, entry, spent, Some((model, *usage))))
    }

    /// Writes all lines in their order, in one transaction: all of them or none. Answers what came of
    /// each reservation, in order.
    pub fn book(
        &self,
        bookings: &[Booking<'_>],
    ) -> Result<Vec<std::result::Result<Reserved, Standing>>> {
        let now = now();
        self.database.write(|writer| {
            let mut reserved = Vec::new();
            for booking in bookings {
                match booking {
                    Booking::Reserve {
                        purchase,
                        amount,
                        limits,
                    } => reserved.push(reserve(writer, &now, purchase, *amount, limits)?),
                    Booking::Settle {
                        entry,
                        spent,
                        answer,
                    } => settle(writer, *entry, *spent, *answer)?,
                    Booking::Free { purchase, usage } => {
                        let entry = insert(writer, &now, purchase, MicroUsd(0))?;
                        let answer = purchase.model.map(|model| (model, *usage));
                        settle(writer, entry, Some(MicroUsd(0)), answer)?;
                    }
                }
            }
            Ok(reserved)
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
            GroupBy::Key => ("coalesce(key, '')", "2 DESC, 1"),
        };
        let sql = format!(
            "SELECT {column}, sum(coalesce(spent, reserved)), count(*), \
             sum(spent IS NULL AND usage IS NOT NULL), coalesce(sum(usage ->> 'input_tokens'), 0), \
             coalesce(sum(usage ->> 'cached_tokens'), 0), coalesce(sum(usage ->> 'output_tokens'), 0) \
             FROM ledger WHERE day >= ?1 GROUP BY 1 ORDER BY {order}"
        );
        self.database.read(|reader| {
            let total = |row: &Row<'_>| {
                Ok(Total {
                    name: row.get(0)?,
                    cost: MicroUsd(row.get(1)?),
                    requests: row.get(2)?,
                    unpriced: row.get(3)?,
                    input_tokens: row.get(4)?,
                    cached_tokens: row.get(5)?,
                    output_tokens: row.get(6)?,
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

fn reserve(
    writer: &Connection,
    now: &str,
    purchase: &Purchase<'_>,
    amount: MicroUsd,
    limits: &Limits,
) -> rusqlite::Result<std::result::Result<Reserved, Standing>> {
    let mut standing = Vec::new();
    for (scope, name, limit) in bounds(purchase, limits, &now[..10]) {
        let taken = taken(writer, scope, name)?;
        let state = Standing {
            scope,
            taken,
            limit,
        };
        if taken.0.saturating_add(amount.0) > limit.0 {
            return Ok(Err(state));
        }
        standing.push(state);
    }
    let entry = insert(writer, now, purchase, amount)?;
    Ok(Ok(Reserved { entry, standing }))
}

fn insert(
    writer: &Connection,
    now: &str,
    purchase: &Purchase<'_>,
    amount: MicroUsd,
) -> rusqlite::Result<i64> {
    writer
        .prepare_cached(
            "INSERT INTO ledger (at, day, job, operation, project, purpose, reserved, model, key) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .insert(params![
            now,
            &now[..10],
            purchase.run,
            purchase.operation,
            purchase.project,
            purchase.purpose,
            amount.0,
            purchase.model,
            purchase.key,
        ])
}

fn settle(
    writer: &Connection,
    entry: i64,
    spent: Option<MicroUsd>,
    answer: Option<(&str, Usage)>,
) -> rusqlite::Result<()> {
    let (model, usage) = answer.unzip();
    writer
        .prepare_cached(
            "UPDATE ledger SET spent = ?2, model = coalesce(?3, model), usage = ?4 WHERE id = ?1",
        )?
        .execute(params![
            entry,
            spent.map(|spent| spent.0),
            model,
            usage.as_ref().map(to_json).transpose()?
        ])?;
    Ok(())
}

fn taken(connection: &Connection, scope: Scope, name: &str) -> rusqlite::Result<MicroUsd> {
    let scope = match scope {
        Scope::Day => "day",
        Scope::Month => "month",
        Scope::Project => "project",
        Scope::Key => "key",
    };
    let taken = connection
        .prepare_cached("SELECT taken FROM ledger_sums WHERE scope = ?1 AND name = ?2")?
        .query_row([scope, name], |row| row.get(0).map(MicroUsd))
        .optional()?;
    Ok(taken.unwrap_or_default())
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
        let refused = Standing {
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
                .settle_answer(entry, Some(MicroUsd(spent)), model, &usage)
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
    fn an_unknown_price_is_counted_and_is_no_zero() {
        let folder = Folder::new();
        let home = Home::open(folder.path()).unwrap();
        let booked = home.ledger().book(&[Booking::Reserve {
            purchase: voice(),
            amount: MicroUsd(0),
            limits: Limits::default(),
        }]);
        let entry = booked.unwrap().remove(0).unwrap().entry;
        let answer = Some(("x/new", Usage::default()));
        let settled = Booking::Settle {
            entry,
            spent: None,
            answer,
        };
        home.ledger().book(&[settled]).unwrap();
        let total = &home.ledger().totals(GroupBy::Model, "2000").unwrap()[0];
        assert_eq!((total.unpriced, total.cost.0), (1, 0));
        assert_eq!(home.ledger().entries("2000").unwrap()[0].spent, None);
    }

    #[test]
    fn a_batch_sets_aside_settles_and_refuses_in_order() {
        let folder = Folder::new();
        let home = Home::open(folder.path()).unwrap();
        let reserve = |amount| Booking::Reserve {
            purchase: voice(),
            amount: MicroUsd(amount),
            limits: daily(100),
        };
        let booked = home
            .ledger()
            .book(&[reserve(60), reserve(60), reserve(40)])
            .unwrap();
        let entries: Vec<Option<i64>> = booked
            .iter()
            .map(|it| it.as_ref().ok().map(|reserved| reserved.entry))
            .collect();
        let (Some(first), None, Some(_)) = (entries[0], entries[1], entries[2]) else {
            panic!("60 and 40 fit into 100, 60 and 60 do not: {booked:?}");
        };
        let settle = Booking::Settle {
            entry: first,
            spent: Some(MicroUsd(5)),
            answer: None,
        };
        let booked = home.ledger().book(&[settle, reserve(50)]).unwrap();
        let standing = booked[0].as_ref().unwrap().standing[0];
        assert_eq!(standing.taken.0, 45, "what was settled is free again");
    }

    #[test]
    fn sums_are_those_of_the_entries_also_of_an_older_file() {
        let folder = Folder::new();
        let home = Home::open(folder.path()).unwrap();
        for (at, amount) in [5i64, 70, 6].into_iter().enumerate() {
            let purchase = Purchase {
                project: Some("p"),
                key: (at == 1).then_some("k"),
                ..voice()
            };
            home.ledger()
                .reserve(&purchase, MicroUsd(amount), &daily(1_000))
                .unwrap()
                .unwrap();
        }
        let sums = |home: &Home| {
            let taken = |scope, name: &str| home.ledger().taken(scope, name).unwrap().0;
            [
                taken(Scope::Day, &now()[..10]),
                taken(Scope::Month, &now()[..7]),
                taken(Scope::Project, "p"),
                taken(Scope::Key, "k"),
            ]
        };
        assert_eq!(sums(&home), [81, 81, 81, 70]);
        // As a file of the format before this one would be brought up to date.
        home.ledger()
            .database
            .write(|writer| {
                writer.execute_batch(
                    "DROP TRIGGER ledger_added; DROP TRIGGER ledger_settled; DROP TABLE ledger_sums;",
                )?;
                writer.execute_batch(MIGRATION_SUMS)
            })
            .unwrap();
        assert_eq!(sums(&home), [81, 81, 81, 70]);
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
