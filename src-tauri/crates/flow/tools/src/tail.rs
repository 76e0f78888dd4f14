//! The last lines that a server wrote to standard error, for people who look for a fault.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::secrets::Secrets;

const MOST_LINES: usize = 200;
/// Characters of a line that are kept.
const LONGEST_LINE: usize = 1_000;
/// Bytes of a line that has not ended yet; enough for [`LONGEST_LINE`] in any script.
const MOST_PENDING: usize = 4 * LONGEST_LINE;

/// A bounded end of a text. Cloning gives another handle to the same.
#[derive(Clone, Default)]
pub(crate) struct Tail(Arc<Mutex<VecDeque<String>>>);

impl Tail {
    pub(crate) fn push(&self, line: &str) {
        let mut lines = self.0.lock();
        if lines.len() == MOST_LINES {
            lines.pop_front();
        }
        lines.push_back(line.chars().take(LONGEST_LINE).collect());
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().iter().cloned().collect()
    }

    /// The last line that says anything.
    pub(crate) fn last(&self) -> Option<String> {
        let lines = self.0.lock();
        let said = lines.iter().rev().find(|line| !line.trim().is_empty());
        said.cloned()
    }

    /// Keeps what `source` says until it ends, without `secrets`.
    pub(crate) async fn follow(self, mut source: impl AsyncRead + Unpin, secrets: Secrets) {
        let mut pending = Vec::new();
        let mut block = [0; 4096];
        while let Ok(read @ 1..) = source.read(&mut block).await {
            for byte in &block[..read] {
                match byte {
                    b'\n' => self.keep(&mut pending, &secrets),
                    // The rest of an endless line is lost.
                    byte if pending.len() < MOST_PENDING => pending.push(*byte),
                    _ => {}
                }
            }
        }
        if !pending.is_empty() {
            self.keep(&mut pending, &secrets);
        }
    }

    fn keep(&self, pending: &mut Vec<u8>, secrets: &Secrets) {
        let line = String::from_utf8_lossy(pending);
        self.push(&secrets.hide(line.trim_end_matches('\r')));
        pending.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn tail_of(said: &[u8]) -> Vec<String> {
        let tail = Tail::default();
        tail.clone().follow(said, Secrets::default()).await;
        tail.lines()
    }

    #[tokio::test]
    async fn the_end_is_kept_and_it_is_bounded() {
        assert_eq!(tail_of(b"a\r\n\nb").await, ["a", "", "b"]);
        let many: String = (0..1000).map(|n| format!("{n}\n")).collect();
        let kept = tail_of(many.as_bytes()).await;
        assert_eq!((kept.len(), kept[199].as_str()), (MOST_LINES, "999"));
        let endless = vec![b'x'; 1 << 20];
        assert_eq!(tail_of(&endless).await, ["x".repeat(LONGEST_LINE)]);
        assert_eq!(tail_of(&[0xff, b'\n']).await, ["\u{fffd}"]);
    }
}
