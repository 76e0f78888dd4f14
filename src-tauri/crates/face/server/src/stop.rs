//! The end of a server: told once, then open answers have a little time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// How long before the end a stream says goodbye.
const GOODBYE: Duration = Duration::from_millis(500);

/// Tells when the server was told to stop. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    sender: Arc<watch::Sender<Option<Instant>>>,
    time: Duration,
}

impl Stop {
    /// Open answers have `time` once it begins.
    pub(crate) fn new(time: Duration) -> Stop {
        Stop {
            sender: Arc::new(watch::Sender::new(None)),
            time,
        }
    }

    pub(crate) fn begin(&self) {
        self.sender.send_if_modified(|begun| {
            let first = begun.is_none();
            begun.get_or_insert_with(Instant::now);
            first
        });
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.sender.borrow().is_some()
    }

    /// Completes when the server is told to stop.
    pub(crate) async fn begun(&self) -> Instant {
        let mut receiver = self.sender.subscribe();
        let begun = receiver.wait_for(Option::is_some).await;
        match begun.ok().and_then(|begun| *begun) {
            Some(begun) => begun,
            // `self` holds the sender: it is never gone.
            None => std::future::pending().await,
        }
    }

    /// Completes shortly before open answers are cut: they say so and end in order.
    pub(crate) async fn near_end(&self) {
        let begun = self.begun().await;
        tokio::time::sleep_until(begun + self.time.saturating_sub(GOODBYE)).await;
    }

    pub(crate) fn time(&self) -> Duration {
        self.time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn streams_are_told_before_they_are_cut() {
        let stop = Stop::new(Duration::from_millis(700));
        assert!(!stop.has_begun());
        let begun = Instant::now();
        stop.begin();
        stop.begin();
        assert!(stop.has_begun());
        stop.begun().await;
        stop.near_end().await;
        let waited = begun.elapsed();
        assert!(
            (Duration::from_millis(200)..Duration::from_millis(700)).contains(&waited),
            "{waited:?}"
        );
    }
}
