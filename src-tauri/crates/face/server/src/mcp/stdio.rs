//! Standard input that tells when it ends.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};

/// Reads through to `inner`, and calls `ended` once when there is no more.
pub(super) struct Ending<R, F: FnOnce()> {
    inner: R,
    ended: Option<F>,
}

impl<R, F: FnOnce()> Ending<R, F> {
    pub(super) fn new(inner: R, ended: F) -> Ending<R, F> {
        Ending {
            inner,
            ended: Some(ended),
        }
    }
}

impl<R: AsyncRead + Unpin, F: FnOnce() + Unpin> AsyncRead for Ending<R, F> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = (into.filled().len(), into.remaining());
        let read = Pin::new(&mut self.inner).poll_read(cx, into);
        let is_over = match &read {
            Poll::Ready(Ok(())) => before.1 > 0 && into.filled().len() == before.0,
            Poll::Ready(Err(_)) => true,
            Poll::Pending => false,
        };
        if is_over && let Some(ended) = self.ended.take() {
            ended();
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn the_end_is_told_once_and_after_the_last_byte() {
        let ends = Rc::new(Cell::new(0));
        let count = ends.clone();
        let mut input = Ending::new(&b"abc"[..], move || count.set(count.get() + 1));
        let mut three = [0; 3];
        input.read_exact(&mut three).await.unwrap();
        assert_eq!((&three, ends.get()), (b"abc", 0));
        for _ in 0..2 {
            assert_eq!(input.read(&mut three).await.unwrap(), 0);
            assert_eq!(ends.get(), 1);
        }
    }
}
