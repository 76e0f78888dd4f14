//! API keys of those who may call the studio over the network. Only digests are kept.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::units::MicroUsd;

use crate::database::{Database, json, now, time, to_json};
use crate::error::{Result, StoreError};

pub(crate) const MIGRATION: &str = "
CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    revoked_at TEXT,
    requests_per_minute INTEGER,
    budget INTEGER
) STRICT;
";

/// What a key opens.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum KeyScope {
    /// Operations that change nothing.
    Read,
    /// All operations.
    Write,
    /// Language models (`/v1`).
    Models,
}

/// A key as its owner sees it. The secret itself is shown once, when it is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ApiKey {
    pub id: String,
    pub name: String,
    pub scopes: Vec<KeyScope>,
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    #[schemars(with = "Option<String>")]
    pub expires_at: Option<Timestamp>,
    #[schemars(with = "Option<String>")]
    pub revoked_at: Option<Timestamp>,
    pub requests_per_minute: Option<u32>,
    /// The most that this key may spend, of all time.
    pub budget: Option<MicroUsd>,
}

impl ApiKey {
    /// Whether it opens anything at `now`.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

pub struct ApiKeys<'a> {
    pub(crate) database: &'a Database,
}

const COLUMNS: &str =
    "id, name, scopes, created_at, expires_at, revoked_at, requests_per_minute, budget";

/// What a new key is to be.
#[derive(Clone, Debug, Default)]
pub struct NewApiKey {
    pub name: String,
    pub scopes: Vec<KeyScope>,
    pub expires_at: Option<Timestamp>,
    pub requests_per_minute: Option<u32>,
    pub budget: Option<MicroUsd>,
}

impl ApiKeys<'_> {
    /// Makes a key and answers it with its secret, which is kept nowhere.
    pub fn create(&self, new: &NewApiKey) -> Result<(ApiKey, String)> {
        let id = uuid::Uuid::now_v7().to_string();
        // Two version 4 UUIDs carry 244 random bits of the operating system's.
        let secret = format!(
            "avs_{}{}",
            uuid::Uuid::new_v4().simple(),
            uuid::Uuid::new_v4().simple()
        );
        self.database.write(|writer| {
            writer.execute(
                "INSERT INTO api_keys (id, name, digest, scopes, created_at, expires_at, requests_per_minute, budget) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    id,
                    new.name,
                    digest(&secret),
                    to_json(&new.scopes)?,
                    now(),
                    new.expires_at.map(|time| time.to_string()),
                    new.requests_per_minute,
                    new.budget.map(|budget| budget.0),
                ],
            )
        })?;
        let key = self.read("id = ?1", &id)?;
        key.map(|key| (key, secret))
            .ok_or(StoreError::Missing { what: "key", id })
    }

    /// The key whose secret this is. It is looked up by its digest, so that the time taken tells
    /// nothing about the secret.
    pub fn find(&self, secret: &str) -> Result<Option<ApiKey>> {
        let sql = format!("SELECT {COLUMNS} FROM api_keys WHERE digest = ?1");
        self.database.read(|reader| {
            reader
                .prepare_cached(&sql)?
                .query_row([digest(secret)], key)
                .optional()
        })
    }

    /// Newest first, those that open nothing any more included.
    pub fn list(&self) -> Result<Vec<ApiKey>> {
        let sql = format!("SELECT {COLUMNS} FROM api_keys ORDER BY id DESC");
        self.database
            .read(|reader| reader.prepare_cached(&sql)?.query_map([], key)?.collect())
    }

    /// Closes a key for ever. Answers it, or `None` if there is none.
    pub fn revoke(&self, id: &str) -> Result<Option<ApiKey>> {
        self.database.write(|writer| {
            writer.execute(
                "UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?2) WHERE id = ?1",
                params![id, now()],
            )
        })?;
        self.read("id = ?1", id)
    }

    fn read(&self, filter: &str, value: &str) -> Result<Option<ApiKey>> {
        let sql = format!("SELECT {COLUMNS} FROM api_keys WHERE {filter}");
        self.database
            .read(|reader| reader.query_row(&sql, [value], key).optional())
    }
}

/// A random secret of full length needs no slow hash: there is nothing to guess.
fn digest(secret: &str) -> [u8; 32] {
    *blake3::hash(secret.as_bytes()).as_bytes()
}

fn key(row: &Row<'_>) -> rusqlite::Result<ApiKey> {
    let at = |column: usize| -> rusqlite::Result<Option<Timestamp>> {
        row.get::<_, Option<String>>(column)?
            .map(|text| time(&text))
            .transpose()
    };
    Ok(ApiKey {
        id: row.get(0)?,
        name: row.get(1)?,
        scopes: json(&row.get::<_, String>(2)?)?,
        created_at: time(&row.get::<_, String>(3)?)?,
        expires_at: at(4)?,
        revoked_at: at(5)?,
        requests_per_minute: row.get(6)?,
        budget: row.get::<_, Option<i64>>(7)?.map(MicroUsd),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::Home;
    use crate::testing::Folder;

    #[test]
    fn a_secret_opens_until_it_is_revoked_or_expires_and_is_kept_nowhere() {
        let folder = Folder::new();
        let home = Home::open(folder.path()).unwrap();
        let keys = home.api_keys();
        let new = NewApiKey {
            name: "editor".into(),
            scopes: vec![KeyScope::Models],
            expires_at: Some("2030-01-01T00:00:00Z".parse().unwrap()),
            ..NewApiKey::default()
        };
        let (key, secret) = keys.create(&new).unwrap();
        assert_eq!(keys.find(&secret).unwrap(), Some(key.clone()));
        assert_eq!(keys.find("avs_wrong").unwrap(), None);
        assert!(key.is_valid("2029-12-31T00:00:00Z".parse().unwrap()));
        assert!(!key.is_valid("2030-01-01T00:00:00Z".parse().unwrap()));
        let revoked = keys.revoke(&key.id).unwrap().unwrap();
        assert!(!revoked.is_valid("2029-12-31T00:00:00Z".parse().unwrap()));
        assert_eq!(keys.revoke("nothing").unwrap(), None);
        drop(home);
        for name in ["home.db", "home.db-wal"] {
            if let Ok(bytes) = std::fs::read(folder.file(name)) {
                let holds = bytes
                    .windows(secret.len())
                    .any(|part| part == secret.as_bytes());
                assert!(!holds, "{name} holds the secret");
            }
        }
    }
}
