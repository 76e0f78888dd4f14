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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::artifacts::Provenance;
    use crate::testing::project;

    #[test]
    fn a_result_is_found_until_its_file_is_gone_or_cut() {
        let (_folder, project) = project();
        let (artifacts, cache) = (project.artifacts(), project.cache());
        let made = Provenance::default();
        let old = artifacts
            .publish_bytes(b"old", "bin", "x/y", &made)
            .unwrap();
        let new = artifacts
            .publish_bytes(b"newer", "bin", "x/y", &made)
            .unwrap();
        assert_eq!(cache.get("key").unwrap(), None);
        cache.put("key", &old.digest, &json!({ "n": 1 })).unwrap();
        cache.put("key", &new.digest, &json!({ "n": 2 })).unwrap();
        let found = cache.get("key").unwrap().unwrap();
        assert_eq!(
            (found.artifact, found.facts),
            (new.clone(), json!({ "n": 2 }))
        );
        std::fs::write(artifacts.path(&new), b"cut").unwrap();
        assert_eq!(cache.get("key").unwrap(), None, "a cut file is no result");
        std::fs::remove_file(artifacts.path(&new)).unwrap();
        assert_eq!(
            cache.get("key").unwrap(),
            None,
            "a missing file is no result"
        );
    }

    #[test]
    fn a_key_cannot_lead_to_what_was_never_stored() {
        let (_folder, project) = project();
        assert!(
            project
                .cache()
                .put("key", "no such digest", &json!({}))
                .is_err()
        );
        assert_eq!(project.cache().get("key").unwrap(), None);
    }
}
