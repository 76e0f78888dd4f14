//! `GET /events`: every event of the studio as one JSON text frame.

use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use serde::Serialize;
use studio_core::Event;

use crate::http::App;

/// Listeners send nothing but pings and goodbyes.
pub(crate) const LARGEST_MESSAGE: usize = 4 << 10;

pub(crate) async fn events(State(app): State<App>, upgrade: WebSocketUpgrade) -> Response {
    let mut events = app.studio.events().subscribe();
    let upgrade = upgrade.max_message_size(LARGEST_MESSAGE);
    upgrade.on_upgrade(async move |socket| {
        let mut socket = Listener::new(socket, &app);
        while let Some(event) = socket.wait_for(events.next()).await.flatten() {
            if !socket.tell(&event).await {
                return;
            }
        }
        socket.close().await;
    })
}

/// A client that only listens.
pub(crate) struct Listener {
    socket: WebSocket,
    app: App,
    _open: crate::metrics::Open,
}

impl Listener {
    pub(crate) fn new(socket: WebSocket, app: &App) -> Listener {
        Listener {
            socket,
            app: app.clone(),
            _open: app.metrics.stream(),
        }
    }

    /// What `next` brings; `None` once the client has gone or the server stops.
    pub(crate) async fn wait_for<T>(&mut self, next: impl Future<Output = T>) -> Option<T> {
        tokio::pin!(next);
        loop {
            tokio::select! {
                value = &mut next => return Some(value),
                _ = self.app.stop.begun() => return None,
                message = self.socket.recv() => match message {
                    // Pings are answered below us; nothing else is expected from a listener.
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                    Some(Ok(_)) => {}
                },
            }
        }
    }

    /// Whether the client still listens.
    pub(crate) async fn tell(&mut self, value: &impl Serialize) -> bool {
        match serde_json::to_string(value) {
            Ok(text) => self.socket.send(Message::Text(text.into())).await.is_ok(),
            Err(error) => {
                tracing::error!(%error, "an event cannot be written as JSON");
                true
            }
        }
    }

    /// Says goodbye: all was told, or the server goes away (RFC 6455 §7.4.1).
    pub(crate) async fn close(mut self) {
        let (code, reason) = match self.app.stop.has_begun() {
            true => (close_code::AWAY, "the server stops"),
            false => (close_code::NORMAL, ""),
        };
        let frame = CloseFrame {
            code,
            reason: reason.into(),
        };
        // A client that has gone already needs no goodbye.
        let _ = self.socket.send(Message::Close(Some(frame))).await;
    }
}

/// The job that an event tells about.
pub(crate) fn job_of(event: Event) -> Option<Box<studio_core::Job>> {
    match event {
        Event::JobChanged { job } => Some(job),
        _ => None,
    }
}
