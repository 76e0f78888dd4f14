//! Caches of conversations, so that a turn reads only what is new.
//!
//! Invariant: a slot's tokens are exactly those whose keys and values its cache holds.

use crate::arch::{Cache, Decoder, Rows};
use crate::error::Result;

/// All that is kept. Together the caches have room for at most `limit_tokens`.
#[derive(Debug)]
pub(super) struct Conversations {
    /// Least recently used first.
    slots: Vec<Slot>,
    limit_tokens: usize,
}

/// One conversation, as far as it was read.
#[derive(Debug)]
pub(super) struct Slot {
    /// `None` for a request that belongs to no conversation.
    name: Option<String>,
    tokens: Vec<u32>,
    cache: Cache,
}

impl Conversations {
    pub(super) fn new(limit_tokens: usize) -> Conversations {
        Conversations {
            slots: Vec::new(),
            limit_tokens,
        }
    }

    /// Takes out the conversation of this name, cut back to what it shares with `prompt`.
    ///
    /// At least one token of the prompt is left to read: its logits are what the answer begins with.
    pub(super) fn take(
        &mut self,
        name: Option<&str>,
        prompt: &[u32],
        decoder: &Decoder,
    ) -> Result<Slot> {
        let known = self
            .slots
            .iter()
            .position(|slot| slot.name.as_deref() == name);
        let mut slot = match known {
            Some(at) => self.slots.remove(at),
            None => Slot {
                name: name.map(str::to_owned),
                tokens: Vec::new(),
                cache: decoder.cache()?,
            },
        };
        let shared = slot
            .tokens
            .iter()
            .zip(prompt)
            .take_while(|(a, b)| a == b)
            .count();
        slot.truncate(shared.min(prompt.len().saturating_sub(1)));
        Ok(slot)
    }

    pub(super) fn put_back(&mut self, slot: Slot) {
        self.slots.push(slot);
    }

    /// Reads `tokens` into a slot that was taken, and answers the logits of the last, or nothing when
    /// they are not wanted. Where it must grow, others are forgotten, the longest unused first.
    pub(super) fn read(
        &mut self,
        slot: &mut Slot,
        decoder: &Decoder,
        tokens: &[u32],
        rows: Rows,
        stop: &dyn Fn() -> bool,
    ) -> Result<Vec<f32>> {
        let needs = slot.len() + tokens.len();
        if needs > slot.cache.capacity() {
            let room = Cache::rounded(needs);
            while room + self.capacity() > self.limit_tokens && !self.slots.is_empty() {
                self.slots.remove(0);
            }
        }
        let logits = decoder.forward(tokens, &mut slot.cache, rows, stop)?;
        slot.tokens.extend_from_slice(tokens);
        Ok(logits.flatten_all()?.to_vec1()?)
    }

    fn capacity(&self) -> usize {
        self.slots.iter().map(|slot| slot.cache.capacity()).sum()
    }
}

impl Slot {
    /// Tokens that were read.
    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }

    fn truncate(&mut self, len: usize) {
        self.tokens.truncate(len);
        self.cache.truncate(len);
    }
}
