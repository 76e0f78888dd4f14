//! From the digest of all that decides a result to the artifact that it is.

use rusqlite::{OptionalExtension, params};
use serde_json::Value;

use crate::artifacts::{Artifact, Artifacts};
use crate::database::{json, to_json};
use crate::error::Result;

pub(crate) const MIGRATION: &str = "
CREATE TABLE cache (
    key TEXT PRIMARY KEY,
    digest TEXT NOT NULL REFERENCES artifacts (digest),
    facts TEXT NOT NULL
) STRICT;
";

pub struct Cache<'a> {
    pub(crate) artifacts: Artifacts<'a>,
}

/// A finished result and what its maker noted about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Cached {
    pub artifact: Artifact,
    pub facts: Value,
}

impl Cache<'_> {
    /// The result for `key`, unless there is none or its file has gone.
    pub fn get(&self, key: &str) -> Result<Option<Cached>> {
        let row = self.artifacts.database.read(|reader| {
            let sql = "SELECT digest, facts FROM cache WHERE key = ?1";
            reader
                .query_row(sql, [key], |row| {
                    Ok((row.get::<_, String>(0)?, json(&row.get::<_, String>(1)?)?))
                })
                .optional()
        })?;
        let Some((digest, facts)) = row else {
            return Ok(None);
        };
        let artifact = self.artifacts.get(&digest)?;
        Ok(artifact
            .filter(|artifact| self.artifacts.is_present(artifact))
            .map(|artifact| Cached { artifact, facts }))
    }

    pub fn put(&self, key: &str, digest: &str, facts: &Value) -> Result<()> {
        self.artifacts.database.write(|writer| {
            writer.execute(
                "REPLACE INTO cache (key, digest, facts) VALUES (?1, ?2, ?3)",
                params![key, digest, to_json(facts)?],
            )?;
            Ok(())
        })
    }
}
