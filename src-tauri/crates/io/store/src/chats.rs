//! Conversations with language models: a tree of messages, so that an edit or a second answer is a
//! new branch and nothing that was said is lost.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::units::MicroUsd;
use studio_llm::chat::{Message, Usage};
use studio_llm::route::Privacy;

use crate::database::{Database, json, now, time, to_json};
use crate::error::{Result, StoreError};

pub(crate) const MIGRATION: &str = "
CREATE TABLE conversations (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    model TEXT,
    privacy TEXT NOT NULL,
    system TEXT NOT NULL,
    project TEXT,
    head TEXT
) STRICT;
CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    parent TEXT REFERENCES messages (id),
    created_at TEXT NOT NULL,
    body TEXT NOT NULL,
    text TEXT NOT NULL,
    answer TEXT
) STRICT;
CREATE INDEX messages_by_conversation ON messages (conversation);
CREATE VIRTUAL TABLE message_words USING fts5 (text, content = 'messages', content_rowid = 'rowid');
CREATE TRIGGER messages_added AFTER INSERT ON messages BEGIN
    INSERT INTO message_words (rowid, text) VALUES (new.rowid, new.text);
END;
CREATE TRIGGER messages_removed AFTER DELETE ON messages BEGIN
    INSERT INTO message_words (message_words, rowid, text) VALUES ('delete', old.rowid, old.text);
END;
";

/// A conversation, without its messages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Conversation {
    pub id: String,
    pub title: String,
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    #[schemars(with = "String")]
    pub updated_at: Timestamp,
    /// The model that was chosen by hand; absent: the router picks.
    pub model: Option<String>,
    pub privacy: Privacy,
    /// What every model is told first.
    pub system: String,
    /// The project whose budget pays, if any.
    pub project: Option<String>,
    /// The last message of the branch that is shown.
    pub head: Option<String>,
}

/// One message in its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChatMessage {
    pub id: String,
    /// The message before it; absent for the first.
    pub parent: Option<String>,
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    pub message: Message,
    /// How it came about, for answers of models.
    pub answer: Option<AnswerFacts>,
}

/// What is known of a model's answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AnswerFacts {
    pub model: String,
    /// Why the router took it.
    pub because: String,
    /// The row of the decision log.
    pub decision: Option<String>,
    pub reasoning: String,
    pub usage: Usage,
    /// Absent where nobody knows the price.
    pub cost: Option<MicroUsd>,
    pub first_token_ms: Option<u64>,
    pub tokens_per_sec: Option<f64>,
    /// `stop`, `length`, `tool_calls`, `content_filter`, `stopped` or `failed`.
    pub end: String,
    /// What went wrong, if it failed.
    pub error: Option<String>,
    /// What the owner should know, such as a limit that comes near.
    pub warnings: Vec<String>,
}

/// A message that a search found.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Found {
    pub conversation: String,
    pub title: String,
    pub message: String,
    /// The place, with the words that were sought between `[` and `]`.
    pub excerpt: String,
}

/// Conversations and their messages.
pub struct Chats<'a> {
    pub(crate) database: &'a Database,
}

const COLUMNS: &str = "id, title, created_at, updated_at, model, privacy, system, project, head";

impl Chats<'_> {
    pub fn create(
        &self,
        title: &str,
        model: Option<&str>,
        privacy: Privacy,
        system: &str,
        project: Option<&str>,
    ) -> Result<Conversation> {
        let id = uuid::Uuid::now_v7().to_string();
        let now = now();
        self.database.write(|writer| {
            writer.execute(
                "INSERT INTO conversations (id, title, created_at, updated_at, model, privacy, system, project) \
                 VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7)",
                params![id, title, now, model, to_json(&privacy)?, system, project],
            )
        })?;
        self.get(&id)
    }

    pub fn get(&self, id: &str) -> Result<Conversation> {
        let sql = format!("SELECT {COLUMNS} FROM conversations WHERE id = ?1");
        self.database
            .read(|reader| reader.query_row(&sql, [id], conversation).optional())?
            .ok_or_else(|| unknown("conversation", id))
    }

    /// Last changed first.
    pub fn list(&self, limit: u32) -> Result<Vec<Conversation>> {
        let sql = format!("SELECT {COLUMNS} FROM conversations ORDER BY updated_at DESC LIMIT ?1");
        self.database.read(|reader| {
            reader
                .prepare_cached(&sql)?
                .query_map([limit], conversation)?
                .collect()
        })
    }

    /// Replaces everything but id, times and head.
    pub fn update(&self, chat: &Conversation) -> Result<()> {
        let changed = self.database.write(|writer| {
            writer.execute(
                "UPDATE conversations SET title = ?2, model = ?3, privacy = ?4, system = ?5, project = ?6, \
                 updated_at = ?7 WHERE id = ?1",
                params![
                    chat.id,
                    chat.title,
                    chat.model,
                    to_json(&chat.privacy)?,
                    chat.system,
                    chat.project,
                    now()
                ],
            )
        })?;
        if changed == 0 {
            Err(unknown("conversation", &chat.id))
        } else {
            Ok(())
        }
    }

    pub fn delete(&self, id: &str) -> Result<()> {
        let gone = self.database.write(|writer| {
            // Children before parents: the tree refers to itself.
            writer.execute(
                "UPDATE messages SET parent = NULL WHERE conversation = ?1",
                [id],
            )?;
            writer.execute("DELETE FROM messages WHERE conversation = ?1", [id])?;
            writer.execute("DELETE FROM conversations WHERE id = ?1", [id])
        })?;
        if gone == 0 {
            Err(unknown("conversation", id))
        } else {
            Ok(())
        }
    }

    /// Adds a message after `parent`, which is one of the same conversation, and shows its branch.
    pub fn add(
        &self,
        chat: &str,
        parent: Option<&str>,
        message: &Message,
        answer: Option<&AnswerFacts>,
    ) -> Result<ChatMessage> {
        let id = uuid::Uuid::now_v7().to_string();
        let now = now();
        let added = self.database.write(|writer| {
            let added = writer.execute(
                "INSERT INTO messages (id, conversation, parent, created_at, body, text, answer) \
                 SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE ?3 IS NULL \
                 OR EXISTS (SELECT 1 FROM messages WHERE id = ?3 AND conversation = ?2)",
                params![
                    id,
                    chat,
                    parent,
                    now,
                    to_json(message)?,
                    message.text(),
                    answer.map(to_json).transpose()?,
                ],
            )?;
            if added == 1 {
                writer.execute(
                    "UPDATE conversations SET head = ?2, updated_at = ?3 WHERE id = ?1",
                    params![chat, id, now],
                )?;
            }
            Ok(added)
        })?;
        if added == 0 {
            return Err(unknown("message", parent.unwrap_or_default()));
        }
        self.message(chat, &id)
    }

    pub fn message(&self, chat: &str, id: &str) -> Result<ChatMessage> {
        self.database
            .read(|reader| {
                let sql = "SELECT id, parent, created_at, body, answer FROM messages \
                           WHERE conversation = ?1 AND id = ?2";
                reader.query_row(sql, [chat, id], message).optional()
            })?
            .ok_or_else(|| unknown("message", id))
    }

    /// All messages of all branches, oldest first.
    pub fn messages(&self, chat: &str) -> Result<Vec<ChatMessage>> {
        self.database.read(|reader| {
            reader
                .prepare_cached(
                    "SELECT id, parent, created_at, body, answer FROM messages \
                     WHERE conversation = ?1 ORDER BY id",
                )?
                .query_map([chat], message)?
                .collect()
        })
    }

    /// From the first message to `last`.
    pub fn branch(&self, chat: &str, last: Option<&str>) -> Result<Vec<ChatMessage>> {
        let Some(last) = last else {
            return Ok(Vec::new());
        };
        self.database.read(|reader| {
            let mut branch = reader
                .prepare_cached(
                    "WITH RECURSIVE branch (id, depth) AS ( \
                       SELECT id, 0 FROM messages WHERE conversation = ?1 AND id = ?2 \
                       UNION ALL SELECT messages.parent, depth + 1 FROM branch JOIN messages ON messages.id = branch.id \
                       WHERE messages.parent IS NOT NULL) \
                     SELECT messages.id, parent, created_at, body, answer FROM branch \
                     JOIN messages ON messages.id = branch.id ORDER BY depth DESC",
                )?;
            branch.query_map([chat, last], message)?.collect()
        })
    }

    /// Shows the branch that ends with `message`.
    pub fn show(&self, chat: &str, message: &str) -> Result<()> {
        self.message(chat, message)?;
        self.database.write(|writer| {
            writer.execute(
                "UPDATE conversations SET head = ?2 WHERE id = ?1",
                [chat, message],
            )
        })?;
        Ok(())
    }

    /// Messages that hold all words of `words`; each may be the beginning of a longer one.
    pub fn search(&self, words: &str, limit: u32) -> Result<Vec<Found>> {
        // Quoted, a word is a word and not a part of the query language; NUL would end the query.
        let query: Vec<String> = words
            .split(|c: char| c.is_whitespace() || c.is_control())
            .filter(|word| !word.is_empty())
            .map(|word| format!("\"{}\"*", word.replace('"', "\"\"")))
            .collect();
        if query.is_empty() {
            return Ok(Vec::new());
        }
        self.database.read(|reader| {
            let mut statement = reader.prepare_cached(
                "SELECT messages.conversation, conversations.title, messages.id, \
                 snippet(message_words, 0, '[', ']', '…', 12) FROM message_words \
                 JOIN messages ON messages.rowid = message_words.rowid \
                 JOIN conversations ON conversations.id = messages.conversation \
                 WHERE message_words MATCH ?1 ORDER BY rank LIMIT ?2",
            )?;
            let found = |row: &Row<'_>| {
                Ok(Found {
                    conversation: row.get(0)?,
                    title: row.get(1)?,
                    message: row.get(2)?,
                    excerpt: row.get(3)?,
                })
            };
            statement
                .query_map(params![query.join(" "), limit], found)?
                .collect()
        })
    }
}

fn unknown(kind: &'static str, name: &str) -> StoreError {
    StoreError::Missing {
        what: kind,
        id: name.to_owned(),
    }
}

fn conversation(row: &Row<'_>) -> rusqlite::Result<Conversation> {
    Ok(Conversation {
        id: row.get(0)?,
        title: row.get(1)?,
        created_at: time(&row.get::<_, String>(2)?)?,
        updated_at: time(&row.get::<_, String>(3)?)?,
        model: row.get(4)?,
        privacy: json(&row.get::<_, String>(5)?)?,
        system: row.get(6)?,
        project: row.get(7)?,
        head: row.get(8)?,
    })
}

fn message(row: &Row<'_>) -> rusqlite::Result<ChatMessage> {
    let answer: Option<String> = row.get(4)?;
    Ok(ChatMessage {
        id: row.get(0)?,
        parent: row.get(1)?,
        created_at: time(&row.get::<_, String>(2)?)?,
        message: json(&row.get::<_, String>(3)?)?,
        answer: answer.map(|answer| json(&answer)).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::Home;
    use crate::testing::Folder;

    fn texts(branch: &[ChatMessage]) -> Vec<String> {
        branch
            .iter()
            .map(|message| message.message.text())
            .collect()
    }

    #[test]
    fn an_edit_is_a_branch_and_loses_nothing() {
        let folder = Folder::new();
        let home = Home::open(folder.path()).unwrap();
        let chats = home.chats();
        let chat = chats
            .create("Foxes", None, Privacy::LocalOnly, "", None)
            .unwrap();
        let add = |parent: Option<&str>, message: Message| {
            chats.add(&chat.id, parent, &message, None).unwrap()
        };
        let first = add(None, Message::user("What do foxes eat?"));
        let answer = add(Some(&first.id), Message::assistant("Mice."));
        let second = add(Some(&answer.id), Message::user("And berries?"));
        let edited = add(Some(&answer.id), Message::user("And eggs?"));

        assert_eq!(chats.get(&chat.id).unwrap().head, Some(edited.id.clone()));
        assert_eq!(
            texts(&chats.branch(&chat.id, Some(&edited.id)).unwrap()),
            ["What do foxes eat?", "Mice.", "And eggs?"]
        );
        assert_eq!(
            texts(&chats.branch(&chat.id, Some(&second.id)).unwrap()),
            ["What do foxes eat?", "Mice.", "And berries?"]
        );
        assert_eq!(chats.messages(&chat.id).unwrap().len(), 4);
        chats.show(&chat.id, &second.id).unwrap();
        assert_eq!(chats.get(&chat.id).unwrap().head, Some(second.id));
        assert!(chats.show(&chat.id, "nothing").is_err());
    }

    #[test]
    fn a_branch_stays_within_its_conversation() {
        let folder = Folder::new();
        let home = Home::open(folder.path()).unwrap();
        let chats = home.chats();
        let create = || {
            chats
                .create("", None, Privacy::MayLeave, "", None)
                .unwrap()
                .id
        };
        let (one, other) = (create(), create());
        let question = chats.add(&one, None, &Message::user("?"), None).unwrap();
        let strange = chats.add(&other, Some(&question.id), &Message::assistant("!"), None);
        assert!(matches!(
            strange,
            Err(StoreError::Missing {
                what: "message",
                ..
            })
        ));
        assert_eq!(chats.get(&other).unwrap().head, None);
        chats.delete(&one).unwrap();
    }

    #[test]
    fn words_are_found_until_their_conversation_is_deleted() {
        let folder = Folder::new();
        let home = Home::open(folder.path()).unwrap();
        let chats = home.chats();
        let chat = chats
            .create("Sea", None, Privacy::MayLeave, "", None)
            .unwrap();
        let text = Message::user("The lighthouse keeper's \"lamp\" went out");
        chats.add(&chat.id, None, &text, None).unwrap();
        let found = |words: &str| chats.search(words, 10).unwrap();
        assert_eq!(found("lightho keeper")[0].conversation, chat.id);
        assert!(found("lightho keeper")[0].excerpt.contains("[lighthouse]"));
        assert!(found("whale").is_empty());
        for hostile in [
            "\"",
            "a\" OR text:*",
            "NEAR(",
            "*",
            "-",
            "lamp AND",
            "a\0b \"",
        ] {
            let _ = found(hostile);
        }
        chats.delete(&chat.id).unwrap();
        assert!(found("lighthouse").is_empty());
        assert!(chats.get(&chat.id).is_err() && chats.delete(&chat.id).is_err());
    }
}
