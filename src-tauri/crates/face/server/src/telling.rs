//! How the answer of a model is told in server-sent events, in the shape of some API.

use std::collections::VecDeque;
use std::convert::Infallible;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use serde_json::Value;
use studio_core::{Error, ErrorCode};
use studio_gateway::{Answering, Step};

use crate::http::App;
use crate::metrics::Open;

/// How an API tells an answer in events. The last step is [`Step::Done`] or an error.
pub(crate) trait Shape: Send + 'static {
    fn tell(&mut self, step: Result<Step, Error>, told: &mut Told);
}

/// Events that are made and not yet sent.
#[derive(Default)]
pub(crate) struct Told(VecDeque<Event>);

impl Told {
    pub(crate) fn data(&mut self, data: impl AsRef<str>) {
        self.0.push_back(Event::default().data(data));
    }

    pub(crate) fn event(&mut self, name: &str, data: &Value) {
        let event = Event::default().event(name).data(data.to_string());
        self.0.push_back(event);
    }
}

/// Tells every step as it comes. A comment every 15 s keeps the connection alive.
pub(crate) fn stream(app: App, answering: Answering, shape: impl Shape) -> Response {
    let telling = Telling {
        answering,
        shape,
        told: Told::default(),
        over: false,
        _open: app.metrics.stream(),
        app,
    };
    let events = unfold(telling, |mut telling| async move {
        let event = telling.next().await?;
        Some((Ok::<_, Infallible>(event), telling))
    });
    Sse::new(events)
        .keep_alive(KeepAlive::default())
        .into_response()
}

struct Telling<S> {
    answering: Answering,
    app: App,
    shape: S,
    told: Told,
    over: bool,
    _open: Open,
}

impl<S: Shape> Telling<S> {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.told.0.pop_front() {
                return Some(event);
            }
            if self.over {
                return None;
            }
            let step = tokio::select! {
                step = self.answering.next() => step.unwrap_or_else(|| Err(Error::cancelled())),
                () = self.app.stop.near_end() => {
                    Err(Error::new(ErrorCode::Network, "the server stops").hint("ask again"))
                }
            };
            self.over = matches!(step, Err(_) | Ok(Step::Done(_)));
            self.shape.tell(step, &mut self.told);
        }
    }
}
