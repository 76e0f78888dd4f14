//! `GET /events`: every event of the studio as one JSON text frame.

use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use studio_core::Subscription;

use crate::http::App;

pub(crate) async fn events(State(app): State<App>, upgrade: WebSocketUpgrade) -> Response {
    let events = app.studio.events().subscribe();
    upgrade.on_upgrade(|socket| forward(socket, events))
}

async fn forward(mut socket: WebSocket, mut events: Subscription) {
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            message = socket.recv() => match message {
                // Pings are answered below us; nothing else is expected from a listener.
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => continue,
            },
        };
        let Some(event) = event else { return };
        let text = match serde_json::to_string(&event) {
            Ok(text) => text,
            Err(error) => {
                tracing::error!(%error, "an event cannot be written as JSON");
                continue;
            }
        };
        if socket.send(Message::Text(text.into())).await.is_err() {
            return;
        }
    }
}
