//! Keeps secrets of servers out of what people and models read.

use std::collections::BTreeMap;

use crate::config::{Endpoint, ServerConfig};

const HIDDEN: &str = "[hidden]";
/// Shorter values are no secrets, and hiding them would garble everything.
const SHORTEST: usize = 6;

/// Values that must not be shown.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Vec<String>);

impl Secrets {
    pub(crate) fn of(endpoint: &Endpoint) -> Secrets {
        let mut secrets = Secrets::default();
        match endpoint {
            Endpoint::Program { args, env, .. } => {
                secrets.add_values(env);
                let hidden = shown_args(args);
                let secret = args
                    .iter()
                    .zip(hidden)
                    .filter(|(given, shown)| *given != shown);
                for (given, _) in secret {
                    secrets.add(given.split_once('=').map_or(given, |(_, value)| value));
                }
            }
            Endpoint::Address { url, headers } => {
                secrets.add_values(headers);
                for (_, value) in url.query_pairs() {
                    secrets.add(&value);
                }
                secrets.add(url.password().unwrap_or_default());
            }
        }
        // The longest first: one may hold another.
        secrets
            .0
            .sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets
    }

    /// `text` without the secrets.
    pub(crate) fn hide(&self, text: &str) -> String {
        let hide = |text: String, secret: &String| text.replace(secret.as_str(), HIDDEN);
        self.0.iter().fold(text.to_owned(), hide)
    }

    fn add_values(&mut self, pairs: &BTreeMap<String, String>) {
        for value in pairs.values() {
            self.add(value);
            // `Bearer …` and the like: the part that matters.
            if let Some((_, secret)) = value.split_once(' ') {
                self.add(secret);
            }
        }
    }

    fn add(&mut self, secret: &str) {
        if secret.len() >= SHORTEST {
            self.0.push(secret.to_owned());
        }
    }
}

/// How a server is reached, as it may be shown: without values of options that look like secrets, and
/// without an address's query and password.
pub(crate) fn shown(config: &ServerConfig) -> String {
    if let Some(command) = &config.command {
        let words = std::iter::once(command.clone()).chain(shown_args(&config.args));
        return words.collect::<Vec<_>>().join(" ");
    }
    let url = config.url.as_deref().unwrap_or_default();
    match reqwest::Url::parse(url) {
        Ok(mut url) => {
            url.set_query(None);
            url.set_fragment(None);
            // Both fail only for addresses that cannot have them.
            let _ = url.set_password(None);
            let _ = url.set_username("");
            url.to_string()
        }
        Err(_) => url.split(['?', '#']).next().unwrap_or_default().to_owned(),
    }
}

fn shown_args(args: &[String]) -> Vec<String> {
    let mut next_is_secret = false;
    args.iter()
        .map(|arg| {
            let hide = std::mem::take(&mut next_is_secret);
            match arg.split_once('=') {
                Some((name, _)) if is_secret(name) => format!("{name}={HIDDEN}"),
                _ if hide => HIDDEN.to_owned(),
                _ => {
                    next_is_secret = arg.starts_with('-') && is_secret(arg);
                    arg.clone()
                }
            }
        })
        .collect()
}

fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    ["key", "token", "secret", "password", "auth"]
        .iter()
        .any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::*;

    fn config(entry: Value) -> ServerConfig {
        ServerConfig::deserialize(&entry).unwrap()
    }

    #[test]
    fn secrets_of_an_entry_are_not_shown() {
        let program = config(json!({
            "command": "srv",
            "args": ["--port", "1", "--api-key", "abcdef1", "--token=abcdef2", "-v"],
            "env": { "KEY": "abcdef3", "DEBUG": "1" },
        }));
        assert_eq!(
            shown(&program),
            "srv --port 1 --api-key [hidden] --token=[hidden] -v"
        );
        let secrets = Secrets::of(&program.endpoint(|_| None).ok().unwrap());
        let said = "1: bad key abcdef1, abcdef2 or abcdef3 of --port";
        let expected = "1: bad key [hidden], [hidden] or [hidden] of --port";
        assert_eq!(secrets.hide(said), expected);

        let address = config(json!({
            "url": "https://me:hunter22@example.com/mcp?key=abcdef4",
            "headers": { "Authorization": "Bearer abcdef5" },
        }));
        assert_eq!(shown(&address), "https://example.com/mcp");
        let secrets = Secrets::of(&address.endpoint(|_| None).ok().unwrap());
        let said = "hunter22 abcdef4 abcdef5 Bearer abcdef5";
        assert_eq!(secrets.hide(said), "[hidden] [hidden] [hidden] [hidden]");
    }
}
