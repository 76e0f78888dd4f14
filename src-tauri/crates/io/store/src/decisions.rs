//! The log of the router's decisions: what was asked, all candidates, who answered, what it cost.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::units::MicroUsd;
use studio_llm::chat::Usage;
use studio_llm::route::{Decision, Question};

use crate::database::{Database, json, time, to_json};
use crate::error::Result;

pub(crate) const MIGRATION: &str = "
CREATE TABLE decisions (
    id TEXT PRIMARY KEY,
    at TEXT NOT NULL,
    operation TEXT NOT NULL,
    question TEXT NOT NULL,
    decision TEXT NOT NULL,
    outcome TEXT
) STRICT;
";

/// Decisions that are kept; older ones go.
const KEPT: i64 = 10_000;

/// One decision and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionRecord {
    pub id: String,
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// The operation that asked, such as `chat.send`.
    pub operation: String,
    pub question: Question,
    pub decision: Decision,
    /// Absent in records that were written before their end.
    pub outcome: Option<Outcome>,
}

/// What came of a decision.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Outcome {
    /// Every model that was asked, in order, and how it failed, if it did.
    pub attempts: Vec<Attempt>,
    /// Who answered, if anybody.
    pub model: Option<String>,
    pub usage: Usage,
    pub cost: Option<MicroUsd>,
    pub first_token_ms: Option<u64>,
    pub total_ms: u64,
}

/// One model that was asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Attempt {
    pub model: String,
    /// The kind of failure, such as `rate_limited`; absent for the one that answered.
    pub failure: Option<String>,
    pub detail: Option<String>,
}

pub struct Decisions<'a> {
    pub(crate) database: &'a Database,
}

impl Decisions<'_> {
    /// Writes decisions with what came of them, in one transaction. The oldest beyond those that are
    /// kept go.
    pub fn record(&self, records: &[DecisionRecord]) -> Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        self.database.write(|writer| {
            let mut insert = writer.prepare_cached(
                "INSERT INTO decisions (id, at, operation, question, decision, outcome) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            for record in records {
                insert.execute(params![
                    record.id,
                    format!("{:.6}", record.at),
                    record.operation,
                    to_json(&record.question)?,
                    to_json(&record.decision)?,
                    record.outcome.as_ref().map(to_json).transpose()?,
                ])?;
            }
            // Rows are numbered in the order of their coming: no search for the oldest is needed.
            let last = writer.last_insert_rowid();
            writer
                .prepare_cached("DELETE FROM decisions WHERE rowid <= ?1")?
                .execute([last - KEPT])?;
            Ok(())
        })
    }

    /// Newest first.
    pub fn list(&self, limit: u32) -> Result<Vec<DecisionRecord>> {
        self.database.read(|reader| {
            reader
                .prepare_cached(
                    "SELECT id, at, operation, question, decision, outcome FROM decisions \
                     ORDER BY id DESC LIMIT ?1",
                )?
                .query_map([limit], record)?
                .collect()
        })
    }

    pub fn get(&self, id: &str) -> Result<Option<DecisionRecord>> {
        self.database.read(|reader| {
            let sql = "SELECT id, at, operation, question, decision, outcome FROM decisions WHERE id = ?1";
            reader.query_row(sql, [id], record).optional()
        })
    }
}

fn record(row: &Row<'_>) -> rusqlite::Result<DecisionRecord> {
    let outcome: Option<String> = row.get(5)?;
    Ok(DecisionRecord {
        id: row.get(0)?,
        at: time(&row.get::<_, String>(1)?)?,
        operation: row.get(2)?,
        question: json(&row.get::<_, String>(3)?)?,
        decision: json(&row.get::<_, String>(4)?)?,
        outcome: outcome.map(|outcome| json(&outcome)).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::Home;
    use crate::testing::Folder;

    fn decision(number: u32) -> DecisionRecord {
        DecisionRecord {
            id: format!("{number:08}"),
            at: "2026-01-01T00:00:00Z".parse().unwrap(),
            operation: "chat.send".into(),
            question: Question {
                input_tokens: u64::from(number),
                ..Question::default()
            },
            decision: Decision::default(),
            outcome: Some(Outcome {
                model: Some("x/a".into()),
                total_ms: 5,
                ..Outcome::default()
            }),
        }
    }

    #[test]
    fn a_decision_is_kept_with_its_outcome() {
        let folder = Folder::new();
        let home = Home::open(folder.path()).unwrap();
        let decisions = home.decisions();
        decisions.record(&[decision(1), decision(2)]).unwrap();
        assert_eq!(decisions.list(10).unwrap(), [decision(2), decision(1)]);
        assert_eq!(decisions.get("00000001").unwrap(), Some(decision(1)));
        assert_eq!(decisions.get("nothing").unwrap(), None);
    }

    #[test]
    fn the_oldest_decisions_go() {
        let folder = Folder::new();
        let home = Home::open(folder.path()).unwrap();
        let many: Vec<DecisionRecord> = (0..KEPT as u32 + 7).map(decision).collect();
        for part in many.chunks(3_000) {
            home.decisions().record(part).unwrap();
        }
        let kept = home.decisions().list(u32::MAX).unwrap();
        assert_eq!(kept.len(), KEPT as usize);
        assert_eq!(kept.last().unwrap().id, "00000007");
    }

    #[test]
    fn recording_nothing_forgets_nothing() {
        let folder = Folder::new();
        let home = Home::open(folder.path()).unwrap();
        let decisions = home.decisions();
        decisions.record(&[decision(1)]).unwrap();
        // The row that was written last may be of another table, with a much higher number.
        let other = "INSERT INTO ledger (id, at, day, job, operation, purpose, reserved) \
                     VALUES (99999, '', '', '', '', '', 0)";
        decisions
            .database
            .write(|writer| writer.execute(other, []))
            .unwrap();
        decisions.record(&[]).unwrap();
        assert_eq!(decisions.list(10).unwrap(), [decision(1)]);
    }
}
