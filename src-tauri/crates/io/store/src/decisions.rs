//! The log of the router's decisions: what was asked, all candidates, who answered, what it cost.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::units::MicroUsd;
use studio_llm::chat::Usage;
use studio_llm::route::{Decision, Question};

use crate::database::{Database, json, now, time, to_json};
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
const KEPT: u32 = 10_000;

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
    /// Absent while it goes on.
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
    /// Records a decision before anybody is asked, and answers its id.
    pub fn record(
        &self,
        operation: &str,
        question: &Question,
        decision: &Decision,
    ) -> Result<String> {
        let id = uuid::Uuid::now_v7().to_string();
        self.database.write(|writer| {
            writer.execute(
                "INSERT INTO decisions (id, at, operation, question, decision) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![id, now(), operation, to_json(question)?, to_json(decision)?],
            )?;
            // Ids sort by time; a rowid that is a multiple pays for the tidying.
            if writer.last_insert_rowid() % 256 == 0 {
                writer.execute(
                    "DELETE FROM decisions WHERE id NOT IN (SELECT id FROM decisions ORDER BY id DESC LIMIT ?1)",
                    [KEPT],
                )?;
            }
            Ok(())
        })?;
        Ok(id)
    }

    pub fn finish(&self, id: &str, outcome: &Outcome) -> Result<()> {
        self.database.write(|writer| {
            writer.execute(
                "UPDATE decisions SET outcome = ?2 WHERE id = ?1",
                params![id, to_json(outcome)?],
            )?;
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

    #[test]
    fn a_decision_is_recorded_before_its_outcome() {
        let folder = Folder::new();
        let home = Home::open(folder.path()).unwrap();
        let decisions = home.decisions();
        let question = Question {
            input_tokens: 7,
            ..Question::default()
        };
        let id = decisions
            .record("chat.send", &question, &Decision::default())
            .unwrap();
        assert_eq!(decisions.get(&id).unwrap().unwrap().outcome, None);
        let outcome = Outcome {
            model: Some("x/a".into()),
            total_ms: 5,
            ..Outcome::default()
        };
        decisions.finish(&id, &outcome).unwrap();
        let list = decisions.list(10).unwrap();
        assert_eq!(list[0].outcome, Some(outcome));
        assert_eq!(list[0].question, question);
        assert_eq!(decisions.get("nothing").unwrap(), None);
    }
}
