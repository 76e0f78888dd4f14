//! Bodies of requests: no larger than is taken, and no slower than is borne.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use futures_util::StreamExt;
use futures_util::stream;
use studio_core::{Error, ErrorCode};
use tokio::time::{Instant, timeout_at};

use crate::problem::Refusal;

/// JSON inputs are small but for pictures in conversations and sound to transcribe: sixteen pictures
/// at 8 MB in Base64 are never sent at once, three are.
pub(crate) const LARGEST: usize = 32 << 20;
/// What a body must bring on average once patience is over. As Apache's `mod_reqtimeout` has it.
const SLOWEST_BYTES_PER_SEC: u64 = 500;

/// A body that breaks off with [`std::io::ErrorKind::TimedOut`] where it comes too slowly.
pub(crate) fn paced(body: Body, patience: Duration) -> Body {
    if body.is_end_stream() {
        return body;
    }
    let begun = Instant::now();
    let state = Some((body.into_data_stream(), 0u64));
    Body::from_stream(stream::unfold(state, move |state| async move {
        let (mut chunks, bytes) = state?;
        let due = begun + patience + Duration::from_secs(bytes / SLOWEST_BYTES_PER_SEC);
        match timeout_at(due, chunks.next()).await {
            Ok(Some(Ok(chunk))) => {
                let bytes = bytes + chunk.len() as u64;
                Some((Ok(chunk), Some((chunks, bytes))))
            }
            Ok(Some(Err(error))) => Some((Err(error), None)),
            Ok(None) => None,
            Err(_) => {
                let slow = std::io::Error::new(std::io::ErrorKind::TimedOut, "too slow");
                Some((Err(axum::Error::new(slow)), None))
            }
        }
    }))
}

/// A whole body within [`LARGEST`].
pub(crate) struct Whole(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for Whole {
    type Rejection = Refusal;

    async fn from_request(request: Request, _state: &S) -> Result<Whole, Refusal> {
        let announced = request.headers().get(header::CONTENT_LENGTH);
        let announced = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|length| length > LARGEST as u64) {
            return Err(too_large());
        }
        let mut chunks = request.into_body().into_data_stream();
        let mut whole = Vec::new();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| broken(&error))?;
            if whole.len() + chunk.len() > LARGEST {
                return Err(too_large());
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(Whole(whole.into()))
    }
}

/// Why a body ended early, as an answer.
pub(crate) fn broken(error: &axum::Error) -> Refusal {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(below) = cause {
        let io = below.downcast_ref::<std::io::Error>();
        if io.is_some_and(|io| io.kind() == std::io::ErrorKind::TimedOut) {
            let slow = Error::new(ErrorCode::Network, "the body came too slowly");
            return Refusal::new(StatusCode::REQUEST_TIMEOUT, slow);
        }
        cause = below.source();
    }
    let message = format!("the body broke off: {error}");
    Refusal::new(StatusCode::BAD_REQUEST, Error::bad_input(message))
}

fn too_large() -> Refusal {
    let message = format!("the body is larger than {} MB", LARGEST >> 20);
    let error = Error::bad_input(message).hint("bring files by POST /uploads and name their paths");
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drops(every: Duration) -> Body {
        let drops = stream::unfold((), move |()| async move {
            tokio::time::sleep(every).await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
        });
        Body::from_stream(drops)
    }

    async fn read(body: Body) -> Result<Whole, Refusal> {
        Whole::from_request(Request::new(body), &()).await
    }

    #[tokio::test]
    async fn a_body_that_comes_drop_by_drop_is_cut() {
        let patience = Duration::from_millis(300);
        let begun = Instant::now();
        let body = paced(drops(Duration::from_millis(20)), patience);
        let refusal = read(body).await.err().expect("it never ends");
        assert_eq!(refusal.status, StatusCode::REQUEST_TIMEOUT);
        assert!(
            begun.elapsed() >= patience,
            "whoever is slow is given {patience:?}"
        );
    }

    #[tokio::test]
    async fn a_body_that_comes_at_a_fair_pace_may_take_longer_than_patience() {
        let chunks = (0..6).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 1000])));
        let slow = stream::iter(chunks).then(|chunk| async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            chunk
        });
        let body = paced(Body::from_stream(slow), Duration::from_millis(120));
        assert_eq!(read(body).await.map(|whole| whole.0.len()).ok(), Some(6000));
    }

    #[tokio::test]
    async fn a_body_that_grows_too_large_is_cut_where_it_does() {
        let flood = stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from(vec![0; 1 << 20])));
        let refusal = read(Body::from_stream(flood)).await.err();
        assert_eq!(
            refusal.map(|refusal| refusal.status),
            Some(StatusCode::PAYLOAD_TOO_LARGE)
        );
    }
}
