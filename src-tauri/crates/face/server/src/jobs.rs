//! `/jobs`: the operations on jobs under the paths that programs expect, and one job as a stream.

use axum::Extension;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use studio_core::{Error, Event, Job};

use crate::guard::Caller;
use crate::http::{self, App};
use crate::problem::Refusal;
use crate::ws::{LARGEST_MESSAGE, Listener, job_of};

#[derive(Deserialize)]
pub(crate) struct Wanted {
    status: Option<String>,
    limit: Option<u32>,
}

/// `GET /jobs?status=running&limit=50` is `job.list`.
pub(crate) async fn list(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let mut input = json!({});
    if let Some(status) = wanted.status {
        input["status"] = Value::String(status);
    }
    if let Some(limit) = wanted.limit {
        input["limit"] = json!(limit);
    }
    http::run(&app, &caller, "job.list", input, &headers).await
}

/// `GET /jobs/{id}` is `job.show`.
pub(crate) async fn show(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    http::run(&app, &caller, "job.show", json!({ "job": id }), &headers).await
}

/// `GET /jobs/{id}/stream`: a WebSocket that tells the job as it stands and every change, and closes
/// when the job is over.
pub(crate) async fn stream(
    State(app): State<App>,
    Path(id): Path<String>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Refusal> {
    // First listen, then look: no change falls between.
    let mut events = app.studio.events().subscribe();
    let first = look(&app, &id).await?;
    let upgrade = upgrade.max_message_size(LARGEST_MESSAGE);
    Ok(upgrade.on_upgrade(async move |socket| {
        let mut socket = Listener::new(socket, &app);
        let mut job = Box::new(first);
        loop {
            let message = json!({ "type": "job.changed", "job": job });
            if !socket.tell(&message).await {
                return;
            }
            if job.status.is_over() {
                return socket.close().await;
            }
            let next = async {
                loop {
                    match events.next().await? {
                        // What was missed may have been the end.
                        Event::EventsMissed { .. } => {
                            return look(&app, &id).await.ok().map(Box::new);
                        }
                        event => match job_of(event) {
                            Some(job) if job.id == id => return Some(job),
                            _ => {}
                        },
                    }
                }
            };
            match socket.wait_for(next).await.flatten() {
                Some(changed) => job = changed,
                None => return socket.close().await,
            }
        }
    }))
}

async fn look(app: &App, id: &str) -> Result<Job, Error> {
    let (jobs, id) = (app.studio.jobs().clone(), id.to_owned());
    let looked = tokio::task::spawn_blocking(move || jobs.get(&id));
    looked
        .await
        .map_err(|error| Error::internal(error.to_string()))?
}
