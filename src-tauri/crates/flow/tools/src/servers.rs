//! All servers of `mcp.json`, as it stands now.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use futures_util::future::join_all;
use parking_lot::Mutex;
use serde_json::Value;
use studio_core::{Error, ErrorCode, Event, Events};

use crate::config::{self, Entries, ServerConfig};
use crate::server::{Client, Server};

/// Keeps the servers of one file. Shared by all operations.
pub struct Servers {
    path: Utf8PathBuf,
    events: Events,
    running: Mutex<BTreeMap<String, Arc<Server>>>,
    /// One change of the file at a time.
    changes: Mutex<()>,
}

impl Servers {
    /// `path` is the file, which need not exist. Nothing is started.
    pub fn new(path: Utf8PathBuf, events: &Events) -> Arc<Servers> {
        Arc::new(Servers {
            path,
            events: events.clone(),
            running: Mutex::default(),
            changes: Mutex::default(),
        })
    }

    /// Ends every server that was started, and waits for them.
    pub async fn close(&self) {
        let running = std::mem::take(&mut *self.running.lock());
        join_all(running.values().map(|server| server.close())).await;
    }

    pub(crate) fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// The file's entries. Servers whose entry is gone, other or disabled end.
    pub(crate) fn entries(&self) -> Result<Entries, Error> {
        let entries = config::load(&self.path)?;
        self.running.lock().retain(|name, server| {
            let entry = entries.get(name).and_then(|entry| entry.as_ref().ok());
            entry.is_some_and(|entry| !entry.disabled && entry.is_reached_like(&server.config))
        });
        Ok(entries)
    }

    /// What runs or ran of `name`, if it was ever started.
    pub(crate) fn started(&self, name: &str) -> Option<Arc<Server>> {
        self.running.lock().get(name).cloned()
    }

    /// The server `name`, ready.
    pub(crate) async fn client(&self, name: &str) -> Result<(Arc<Server>, Client), Error> {
        let config = self.config(name)?;
        if config.disabled {
            let message = format!("the server `{name}` is disabled");
            return Err(Error::new(ErrorCode::Refused, message)
                .field("/server")
                .hint("`mcp.connect` enables it"));
        }
        let server = self
            .running
            .lock()
            .entry(name.to_owned())
            .or_insert_with(|| Server::new(name, config, &self.events))
            .clone();
        let client = server.client().await.map_err(|error| {
            let message = format!("the server `{name}` is not there: {}", error.message);
            Error { message, ..error }
        })?;
        Ok((server, client))
    }

    pub(crate) fn config(&self, name: &str) -> Result<ServerConfig, Error> {
        match self.entries()?.remove(name) {
            Some(entry) => entry,
            None => Err(missing(name)),
        }
    }

    /// Whether agents may call the tools of `name` without asking. Not if that cannot be told.
    pub(crate) fn trusts(&self, name: &str) -> bool {
        self.config(name).is_ok_and(|config| config.trusted)
    }

    /// Writes entries; those of the same name are replaced only if `replace` says so.
    pub(crate) fn put(
        &self,
        entries: &[(String, ServerConfig)],
        replace: bool,
    ) -> Result<(), Error> {
        self.change(|servers| {
            for (name, entry) in entries {
                if !replace && servers.contains_key(name) {
                    let message = format!("there is a server `{name}` already");
                    return Err(Error::new(ErrorCode::Conflict, message).field("/server"));
                }
                config::put(servers, name, entry)?;
            }
            Ok(())
        })?;
        for (name, _) in entries {
            self.tell(name);
        }
        Ok(())
    }

    pub(crate) async fn remove(&self, name: &str) -> Result<(), Error> {
        self.change(|servers| match servers.shift_remove(name) {
            Some(_) => Ok(()),
            None => Err(missing(name)),
        })?;
        self.stop(name).await;
        self.tell(name);
        Ok(())
    }

    /// Ends `name` if it runs, and waits until it is over.
    pub(crate) async fn stop(&self, name: &str) {
        let server = self.running.lock().remove(name);
        if let Some(server) = server {
            server.close().await;
        }
    }

    fn change(
        &self,
        change: impl FnOnce(&mut serde_json::Map<String, Value>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let _one_at_a_time = self.changes.lock();
        config::change(&self.path, change)
    }

    fn tell(&self, name: &str) {
        self.events.emit(Event::McpChanged {
            server: name.to_owned(),
        });
    }
}

fn missing(name: &str) -> Error {
    let shown: String = name.chars().take(80).collect();
    Error::not_found(format!("there is no server `{shown}`"))
        .field("/server")
        .hint("`mcp.servers` lists them, `mcp.add` adds one")
}
