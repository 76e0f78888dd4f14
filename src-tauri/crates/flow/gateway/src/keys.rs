//! `keys.*`: keys for those who call the studio over the network.

use std::sync::Arc;

use jiff::{Timestamp, ToSpan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::units::MicroUsd;
use studio_core::{Error, JobContext, Operation};
use studio_store::{ApiKey, KeyScope, NewApiKey};

use crate::Nothing;
use crate::gateway::Gateway;

pub(crate) fn operations(gateway: &Arc<Gateway>) -> Vec<Operation> {
    let with = || gateway.clone();
    vec![
        Operation::define(
            "keys.create",
            "Make an API key",
            "Makes a key for a caller over the network. Its secret is shown once and kept nowhere.",
        )
        .writes()
        .needs_approval()
        .positional("name")
        .blocking({
            let gateway = with();
            move |_cx: &JobContext, input: NewKey| create(&gateway, input)
        }),
        Operation::define(
            "keys.list",
            "List API keys",
            "Lists API keys, the revoked ones included.",
        )
        .blocking({
            let gateway = with();
            move |_cx: &JobContext, _input: Nothing| {
                Ok(Keys {
                    keys: gateway.home.api_keys().list()?,
                })
            }
        }),
        Operation::define(
            "keys.revoke",
            "Revoke an API key",
            "Closes an API key for ever.",
        )
        .destroys()
        .positional("key")
        .blocking({
            let gateway = with();
            move |_cx: &JobContext, input: Which| {
                let revoked = gateway.home.api_keys().revoke(&input.key)?;
                revoked.ok_or_else(|| {
                    Error::not_found(format!("there is no API key `{}`", input.key))
                        .field("/key")
                        .hint("`keys.list` shows them")
                })
            }
        }),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewKey {
    /// Whose it is.
    #[schemars(length(min = 1, max = 100))]
    name: String,
    #[serde(default = "all")]
    #[schemars(length(min = 1))]
    scopes: Vec<KeyScope>,
    /// Days until it expires; never without it.
    #[serde(default)]
    #[schemars(range(min = 1, max = 3650))]
    expires_in_days: Option<u32>,
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000_000))]
    requests_per_minute: Option<u32>,
    /// The most that it may ever spend.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1_000_000.0))]
    budget_usd: Option<f64>,
}

fn all() -> Vec<KeyScope> {
    vec![KeyScope::Read, KeyScope::Write, KeyScope::Models]
}

#[derive(Serialize, JsonSchema)]
struct Created {
    #[serde(flatten)]
    key: ApiKey,
    /// Shown now and never again.
    secret: String,
}

fn create(gateway: &Gateway, input: NewKey) -> Result<Created, Error> {
    let end = |days: u32| {
        Timestamp::now()
            .checked_add((24 * i64::from(days)).hours())
            .map_err(|error| Error::bad_input(error.to_string()).field("/expires_in_days"))
    };
    let new = NewApiKey {
        name: input.name,
        scopes: input.scopes,
        expires_at: input.expires_in_days.map(end).transpose()?,
        requests_per_minute: input.requests_per_minute,
        budget: input
            .budget_usd
            .map(|usd| MicroUsd((usd * 1e6).round() as i64)),
    };
    let (key, secret) = gateway.home.api_keys().create(&new)?;
    Ok(Created { key, secret })
}

#[derive(Serialize, JsonSchema)]
struct Keys {
    keys: Vec<ApiKey>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Which {
    /// The key's id, not its secret.
    key: String,
}
