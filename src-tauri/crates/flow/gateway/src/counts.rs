//! Token counts that are not counted twice: a conversation grows at its end, and its beginning is
//! known from the turn before.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use parking_lot::Mutex;
use studio_llm::calibration::Traits;
use studio_llm::chat::ChatRequest;
use studio_llm::tokens::{Encoding, TokenCount, count_by};

/// Shorter texts are counted as fast as they are looked up, in bytes.
const WORTH_KEEPING: usize = 256;
/// Texts that are remembered; then all are forgotten at once, which costs one count each.
const MOST: usize = 16_384;

/// A request in one encoding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    pub(crate) tokens: TokenCount,
    /// What a provider's own count depends on, where ours is an estimate.
    pub(crate) traits: Traits,
}

/// Counts of texts by a keyed hash: 64 bits that nobody outside can aim at.
#[derive(Default)]
pub(crate) struct Counter {
    hasher: RandomState,
    seen: Mutex<HashMap<u64, u64>>,
}

impl Counter {
    pub(crate) fn count(&self, encoding: Encoding, request: &ChatRequest) -> Counted {
        let tokens = count_by(encoding.is_exact(), request, |text| {
            self.text(encoding, text)
        });
        let traits = if tokens.exact {
            Traits::default()
        } else {
            Traits::of(request, &tokens)
        };
        Counted { tokens, traits }
    }

    fn text(&self, encoding: Encoding, text: &str) -> u64 {
        if text.len() < WORTH_KEEPING {
            return encoding.count(text);
        }
        let key = self.hasher.hash_one((encoding, text));
        if let Some(known) = self.seen.lock().get(&key) {
            return *known;
        }
        let counted = encoding.count(text);
        let mut seen = self.seen.lock();
        if seen.len() >= MOST {
            seen.clear();
        }
        seen.insert(key, counted);
        counted
    }
}

#[cfg(test)]
mod tests {
    use studio_llm::chat::Message;
    use studio_llm::tokens::count;

    use super::*;

    #[test]
    fn what_is_remembered_is_what_would_be_counted() {
        let counter = Counter::default();
        let mut request = ChatRequest::default();
        for turn in 0..5 {
            let text = format!(
                "{turn}: {}",
                "the keeper climbs the stairs ".repeat(20 * turn)
            );
            request.messages.push(Message::user(text));
            for encoding in [Encoding::O200kBase, Encoding::Cl100kBase] {
                let fresh = count(encoding, &request);
                assert_eq!(counter.count(encoding, &request).tokens, fresh);
                assert_eq!(
                    counter.count(encoding, &request).tokens,
                    fresh,
                    "from memory"
                );
            }
        }
    }
}
