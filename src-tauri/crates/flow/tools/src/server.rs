//! A server that is kept alive while it is wanted.
//!
//! A task of its own connects, waits until the connection ends, and connects again after a pause that
//! doubles. Whoever needs the server watches its state. A server that never came up is not tried again
//! by itself: its entry is probably wrong.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rmcp::handler::client::progress::ProgressDispatcher;
use rmcp::service::{Peer, RoleClient};
use studio_core::{Error, ErrorCode, Event, Events};
use tokio::sync::watch;

use crate::config::{Endpoint, ServerConfig};
use crate::connection::{self, Connection};
use crate::process::Process;
use crate::secrets::Secrets;
use crate::tail::Tail;

/// Pause before the first restart; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Restarts in a row before it is given up.
const MOST_RESTARTS: u32 = 5;
/// Who lived this long had no failed start.
const STABLE: Duration = Duration::from_secs(60);
/// For the end of a connection; a program has up to six seconds of it.
const FAREWELL: Duration = Duration::from_secs(10);

/// Where a server stands.
#[derive(Clone)]
pub(crate) enum State {
    /// Not wanted (yet).
    Idle,
    Connecting,
    Ready(Client),
    /// It ended by itself and is started again.
    Restarting(Error),
    Failed(Error),
}

/// The way to a server that is ready.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) peer: Peer<RoleClient>,
    pub(crate) progress: ProgressDispatcher,
}

/// One server of the file. Dropped, its processes end.
pub(crate) struct Server {
    pub(crate) config: ServerConfig,
    pub(crate) tail: Tail,
    secrets: Secrets,
    state: watch::Receiver<State>,
    wanted: watch::Sender<bool>,
}

impl Server {
    /// Starts nothing yet. Must be called within a Tokio runtime.
    pub(crate) fn new(name: &str, config: ServerConfig, events: &Events) -> Arc<Server> {
        let (state, seen) = watch::channel(State::Idle);
        let (wanted, wishes) = watch::channel(false);
        let tail = Tail::default();
        let endpoint = config.endpoint(|name| std::env::var(name).ok());
        let secrets = endpoint
            .as_ref()
            .map_or_else(|_| Secrets::default(), Secrets::of);
        let keeper = Keeper {
            name: name.to_owned(),
            endpoint,
            tail: tail.clone(),
            state,
            wanted: wishes,
            events: events.clone(),
        };
        tokio::spawn(keeper.keep());
        Arc::new(Server {
            config,
            tail,
            secrets,
            state: seen,
            wanted,
        })
    }

    pub(crate) fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// The server, started if it must be. One that failed before is tried again.
    pub(crate) async fn client(&self) -> Result<Client, Error> {
        let mut state = self.state.clone();
        if matches!(*state.borrow_and_update(), State::Failed(_)) {
            self.wanted.send_replace(false);
            let _ = state.wait_for(|state| matches!(state, State::Idle)).await;
        }
        self.wanted.send_replace(true);
        let settled = state
            .wait_for(|state| matches!(state, State::Ready(_) | State::Failed(_)))
            .await;
        match settled.as_deref() {
            Ok(State::Ready(client)) => Ok(client.clone()),
            Ok(State::Failed(error)) => Err(self.explain(error)),
            _ => Err(Error::new(ErrorCode::Cancelled, "the server was removed")),
        }
    }

    /// Ends it and waits until it is over.
    pub(crate) async fn close(&self) {
        self.wanted.send_replace(false);
        let mut state = self.state.clone();
        let idle = state.wait_for(|state| matches!(state, State::Idle));
        let _ = tokio::time::timeout(FAREWELL, idle).await;
    }

    /// `error` without the server's secrets and with what it said last.
    pub(crate) fn explain(&self, error: &Error) -> Error {
        let error = Error {
            message: self.secrets.hide(&error.message),
            ..error.clone()
        };
        match (&error.hint, self.tail.last()) {
            (None, Some(said)) => error.hint(format!("it said last: {said}")),
            _ => error,
        }
    }
}

/// The task behind a [`Server`].
struct Keeper {
    name: String,
    endpoint: Result<Endpoint, Error>,
    tail: Tail,
    state: watch::Sender<State>,
    wanted: watch::Receiver<bool>,
    events: Events,
}

impl Keeper {
    async fn keep(mut self) {
        // Ends with the server's last handle.
        while self.wanted.wait_for(|wanted| *wanted).await.is_ok() {
            let ended = self.serve_while_wanted().await;
            match ended {
                Ok(()) => self.tell(State::Idle),
                Err(error) => {
                    self.tell(State::Failed(error));
                    if self.wanted.wait_for(|wanted| !*wanted).await.is_err() {
                        return;
                    }
                    self.tell(State::Idle);
                }
            }
        }
    }

    /// `Ok` when it is no longer wanted, `Err` when it is given up.
    async fn serve_while_wanted(&self) -> Result<(), Error> {
        let endpoint = match &self.endpoint {
            Ok(endpoint) => endpoint,
            Err(error) => return Err(error.clone()),
        };
        let mut restarts = 0;
        loop {
            if restarts == 0 {
                self.tell(State::Connecting);
            }
            let mut unwanted = self.wanted.clone();
            let began = Instant::now();
            let connected = tokio::select! {
                connected = connection::connect(endpoint, &self.tail) => connected,
                _ = unwanted.wait_for(|wanted| !*wanted) => return Ok(()),
            };
            let error = match connected {
                Ok(connection) => {
                    let Some(error) = self.serve(connection, unwanted).await else {
                        return Ok(());
                    };
                    error
                }
                Err(error) if restarts == 0 => return Err(error),
                Err(error) => error,
            };
            restarts = if began.elapsed() >= STABLE {
                1
            } else {
                restarts + 1
            };
            if restarts > MOST_RESTARTS {
                return Err(error);
            }
            tracing::warn!(server = self.name, restarts, %error, "an MCP server ended; it is started again");
            self.tell(State::Restarting(error));
            let mut unwanted = self.wanted.clone();
            tokio::select! {
                () = tokio::time::sleep(pause(restarts)) => {}
                _ = unwanted.wait_for(|wanted| !*wanted) => return Ok(()),
            }
        }
    }

    /// Until it ends by itself (why) or is no longer wanted (none).
    async fn serve(
        &self,
        connection: Connection,
        mut unwanted: watch::Receiver<bool>,
    ) -> Option<Error> {
        let Connection {
            service,
            mut process,
        } = connection;
        self.tell(State::Ready(Client {
            peer: service.peer().clone(),
            progress: service.service().progress.clone(),
        }));
        let stop = service.cancellation_token();
        let closed = service.waiting();
        tokio::pin!(closed);
        let how = tokio::select! {
            _ = &mut closed => Some("it closed the connection".to_owned()),
            // What it started may hold the pipes open.
            how = ended(&mut process) => Some(how),
            _ = unwanted.wait_for(|wanted| !*wanted) => None,
        };
        stop.cancel();
        if let Some(process) = process {
            match &how {
                Some(_) => process.kill().await,
                None => process.end().await,
            }
        }
        how.map(|how| {
            let message = format!("the server `{}` ended by itself: {how}", self.name);
            Error::new(ErrorCode::Network, message)
        })
    }

    fn tell(&self, state: State) {
        self.state.send_replace(state);
        self.events.emit(Event::McpChanged {
            server: self.name.clone(),
        });
    }
}

/// How the program ended; servers elsewhere have none.
async fn ended(process: &mut Option<Process>) -> String {
    match process {
        Some(process) => process.ended().await,
        None => std::future::pending().await,
    }
}

fn pause(restarts: u32) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << restarts.saturating_sub(1).min(16));
    doubled.min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_minute() {
        let secs: Vec<f64> = (1..=5).map(|n| pause(n).as_secs_f64()).collect();
        assert_eq!(secs, [0.5, 1.0, 2.0, 4.0, 8.0]);
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }
}
