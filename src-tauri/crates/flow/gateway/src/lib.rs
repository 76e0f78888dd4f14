//! Operations on language models: chat, routing, cost, providers' keys, callers' keys.
//!
//! [`Gateway::answer`] is the one way to ask a model; the chat, `llm.chat` and the OpenAI-shaped HTTP
//! face all take it. Invariants: nothing is sent before the most that it can cost is set aside; no
//! fallback crosses a privacy label; every choice is logged with all candidates.
//!
//! Not here: wire formats (`studio-providers`), prices and scores (`studio-llm`), downloads
//! (`studio-hub`), models that this program runs by itself (`studio-models`).

mod answer;
mod attachments;
mod bill;
mod books;
mod chats;
mod conversation;
mod costs;
mod counts;
mod embed;
mod gateway;
mod keys;
mod lists;
mod local;
mod machine;
mod models;
mod router;
mod run;
mod servers;
mod transcribe;
mod weights;
mod why;

use std::sync::Arc;

use studio_core::Operation;

pub use answer::{Answered, Answering, Ask, Said, Step};
pub use embed::Embedded;
pub use gateway::{Gateway, Routed, Wishes};
pub use studio_providers::llm::Sound;
pub use transcribe::Transcribed;

/// What this crate registers.
pub fn operations(gateway: &Arc<Gateway>) -> Vec<Operation> {
    let mut operations = chats::operations(gateway);
    operations.extend(router::operations(gateway));
    operations.extend(models::operations(gateway));
    operations.extend(servers::operations(gateway));
    operations.extend(weights::operations(gateway));
    operations.extend(local::operations(gateway));
    operations.extend(costs::operations(gateway));
    operations.extend(keys::operations(gateway));
    operations
}

/// The JSON Schemas of the lists of models and prices, by file name.
pub fn list_schemas() -> serde_json::Value {
    let schemas = studio_llm::catalog::schemas().into_iter();
    schemas
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect()
}

/// The input of operations that take none.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}
