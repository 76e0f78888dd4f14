//! One account of memory for everything heavy: language models, transcription, pictures.
//!
//! A model claims what it will need before it takes it. When that does not fit, models that are idle
//! are asked to leave, the longest unused first. Invariant: the sum of all claims never exceeds the
//! limit.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use serde::Serialize;

use super::machine;
use crate::error::{ModelError, Result};

/// Something that holds memory and can give it back.
pub trait Resident: Send + Sync {
    /// Frees everything unless it is at work. True once its [`Claim`] is dropped. Called without any
    /// lock held, from the thread of whoever needs the room.
    fn evict(&self) -> bool;
}

/// The account. Clones share it.
#[derive(Clone)]
pub struct Guard(Arc<Account>);

struct Account {
    limit_bytes: u64,
    book: Mutex<Book>,
}

#[derive(Default)]
struct Book {
    held: Vec<Holding>,
    /// Numbers claims, and orders their use.
    clock: u64,
    peak_bytes: u64,
}

struct Holding {
    id: u64,
    name: String,
    bytes: u64,
    used: u64,
    owner: Weak<dyn Resident>,
}

/// What the account holds at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Memory {
    pub limit_bytes: u64,
    pub claimed_bytes: u64,
    /// Most that was ever claimed at once.
    pub peak_bytes: u64,
    /// Names and bytes of the claims.
    pub models: Vec<(String, u64)>,
}

impl Guard {
    pub fn new(limit_bytes: u64) -> Guard {
        Guard(Arc::new(Account {
            limit_bytes,
            book: Mutex::new(Book::default()),
        }))
    }

    /// Sets `bytes` aside for `name`, or says what is missing. `owner` is asked to leave when others
    /// need the room.
    pub fn claim(&self, name: &str, bytes: u64, owner: Weak<dyn Resident>) -> Result<Claim> {
        self.could_hold(name, bytes)?;
        let mut asked: Vec<u64> = Vec::new();
        loop {
            let idle = {
                let mut book = self.0.book.lock();
                let free = self.0.free(&book);
                if bytes <= free {
                    book.clock += 1;
                    let id = book.clock;
                    book.held.push(Holding {
                        id,
                        name: name.to_owned(),
                        bytes,
                        used: id,
                        owner,
                    });
                    book.peak_bytes = book.peak_bytes.max(book.claimed());
                    return Ok(Claim {
                        guard: self.clone(),
                        id,
                        bytes,
                    });
                }
                let oldest = book
                    .held
                    .iter()
                    .filter(|holding| !asked.contains(&holding.id))
                    .min_by_key(|holding| holding.used);
                match oldest {
                    None => return Err(self.0.refusal(name, bytes, free)),
                    Some(holding) => {
                        asked.push(holding.id);
                        holding.owner.upgrade()
                    }
                }
            };
            if let Some(idle) = idle {
                let left = idle.evict();
                tracing::debug!(left, "asked an idle model to leave for {name}");
            }
        }
    }

    /// Refuses what would not fit even if everybody left.
    pub(super) fn could_hold(&self, name: &str, bytes: u64) -> Result<()> {
        if bytes <= self.0.limit_bytes {
            return Ok(());
        }
        let free = self.0.free(&self.0.book.lock());
        Err(self.0.refusal(name, bytes, free))
    }

    pub fn memory(&self) -> Memory {
        let book = self.0.book.lock();
        let models = book.held.iter();
        Memory {
            limit_bytes: self.0.limit_bytes,
            claimed_bytes: book.claimed(),
            peak_bytes: book.peak_bytes,
            models: models.map(|held| (held.name.clone(), held.bytes)).collect(),
        }
    }
}

impl Account {
    /// The limit is a promise to the owner; what the machine has is a fact.
    fn free(&self, book: &Book) -> u64 {
        let free = self.limit_bytes.saturating_sub(book.claimed());
        machine::available_bytes().map_or(free, |there| free.min(there))
    }

    fn refusal(&self, name: &str, needs_bytes: u64, free_bytes: u64) -> ModelError {
        ModelError::Memory {
            model: name.to_owned(),
            needs_bytes,
            free_bytes,
            limit_bytes: self.limit_bytes,
        }
    }
}

impl Book {
    fn claimed(&self) -> u64 {
        self.held.iter().map(|holding| holding.bytes).sum()
    }
}

/// Memory that was set aside; given back when it is dropped. Drop it after what it stands for.
#[must_use]
pub struct Claim {
    guard: Guard,
    id: u64,
    bytes: u64,
}

impl Claim {
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Marks its model as used now.
    pub fn touch(&self) {
        let mut book = self.guard.0.book.lock();
        book.clock += 1;
        let now = book.clock;
        if let Some(held) = book.held.iter_mut().find(|held| held.id == self.id) {
            held.used = now;
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.guard
            .0
            .book
            .lock()
            .held
            .retain(|held| held.id != self.id);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    /// A model that holds its claim until it is asked to leave.
    #[derive(Default)]
    struct Model {
        claim: Mutex<Option<Claim>>,
        busy: AtomicBool,
    }

    impl Resident for Model {
        fn evict(&self) -> bool {
            !self.busy.load(Ordering::SeqCst) && self.claim.lock().take().is_some()
        }
    }

    fn load(guard: &Guard, name: &str, bytes: u64) -> Result<Arc<Model>> {
        let model = Arc::new(Model::default());
        let owner: Weak<dyn Resident> = Arc::downgrade(&model) as Weak<dyn Resident>;
        let claim = guard.claim(name, bytes, owner)?;
        *model.claim.lock() = Some(claim);
        Ok(model)
    }

    fn there(guard: &Guard) -> Vec<String> {
        let models = guard.memory().models;
        models.into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn the_longest_unused_model_leaves_for_a_new_one() {
        let guard = Guard::new(100);
        let first = load(&guard, "first", 40).unwrap();
        let _second = load(&guard, "second", 40).unwrap();
        first.claim.lock().as_ref().unwrap().touch();
        let _third = load(&guard, "third", 50).unwrap();
        assert_eq!(
            there(&guard),
            ["first", "third"],
            "`second` was used longest ago"
        );
    }

    #[test]
    fn a_model_at_work_stays_and_the_new_one_is_told_why() {
        let guard = Guard::new(100);
        let first = load(&guard, "first", 80).unwrap();
        first.busy.store(true, Ordering::SeqCst);
        let refused = load(&guard, "second", 50).err().unwrap();
        let ModelError::Memory {
            needs_bytes: 50,
            free_bytes: 20,
            limit_bytes: 100,
            ..
        } = refused
        else {
            panic!("{refused}: it must say what is needed and what is there");
        };
        assert_eq!(there(&guard), ["first"]);
    }

    #[test]
    fn what_never_fits_evicts_nobody() {
        let guard = Guard::new(100);
        let _first = load(&guard, "first", 80).unwrap();
        assert!(load(&guard, "second", 101).is_err());
        assert_eq!(there(&guard), ["first"]);
    }

    #[test]
    fn a_dropped_claim_is_free_again_and_the_peak_remains() {
        let guard = Guard::new(100);
        drop(load(&guard, "first", 80).unwrap());
        assert_eq!(guard.memory().claimed_bytes, 0);
        assert_eq!(guard.memory().peak_bytes, 80);
    }
}
