//! The thread that language models live on.
//!
//! One thread owns the model, so loading, answering and unloading never overlap; everybody else holds
//! a [`Runtime`], which sends it work. Answers come in the order in which they were asked for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_util::Stream;
use parking_lot::Mutex;
use serde::Serialize;
use studio_llm::chat::{ChatError, ChatEvent, ChatRequest};

use super::answer::{Ask, Loaded};
use super::guard::{Guard, Memory, Resident};
use super::machine;
use crate::error::{ModelError, Result};
use crate::files::ModelFiles;

/// Events that may wait for a slow reader before generation waits for it.
const BUFFERED_EVENTS: usize = 1_024;
/// How long another model's load waits for this one to leave.
const LEAVE_WITHIN: Duration = Duration::from_secs(5);

/// How much a runtime may do.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most tokens of all conversations together; a model's own limit may be lower.
    pub context_tokens: usize,
    /// A model that nobody asked for this long is unloaded.
    pub idle_after: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            context_tokens: 8_192,
            idle_after: Duration::from_secs(300),
        }
    }
}

/// Language models of this machine. Loads what is asked, keeps one.
pub struct Runtime {
    door: Arc<Door>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread is doing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// No model is loaded.
    Empty,
    /// 0 to 1.
    Loading {
        fraction: f64,
    },
    /// Of the prompt; what a conversation's cache held counts as done.
    Reading {
        tokens: usize,
        of: usize,
    },
    Answering {
        tokens: usize,
    },
    /// Loaded, and waiting.
    Ready,
}

/// The runtime at one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Status {
    #[serde(flatten)]
    pub state: State,
    pub model: Option<String>,
    /// Requests that wait for their turn.
    pub waiting: usize,
    pub memory: Memory,
    /// The whole process, where the system tells.
    pub resident_bytes: Option<u64>,
    /// Most of it that was seen while the present model, or the last one, was loaded.
    pub resident_peak_bytes: u64,
}

/// Events of one answer. Dropping it stops the answer within one token.
#[derive(Debug)]
pub struct Answer {
    events: tokio::sync::mpsc::Receiver<std::result::Result<ChatEvent, ChatError>>,
}

impl Answer {
    /// The next event; `None` after the last. For threads that are not asynchronous.
    pub fn next_blocking(&mut self) -> Option<std::result::Result<ChatEvent, ChatError>> {
        self.events.blocking_recv()
    }
}

impl Stream for Answer {
    type Item = std::result::Result<ChatEvent, ChatError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.events.poll_recv(cx)
    }
}

impl Runtime {
    /// `listener` hears every change of the status, on the engine's thread: it must not block.
    pub fn new(
        guard: &Guard,
        limits: Limits,
        listener: impl Fn(&Status) + Send + Sync + 'static,
    ) -> std::io::Result<Runtime> {
        let (door, engine, queue) = open(guard, limits, Box::new(listener));
        let thread = std::thread::Builder::new()
            .name("language-model".to_owned())
            .spawn(move || engine.run(&queue))?;
        Ok(Runtime {
            door,
            thread: Some(thread),
        })
    }

    /// Asks the model in `files`, which is loaded first if it is not there. Calls with the same
    /// `conversation` read only what its earlier calls did not.
    pub fn chat(
        &self,
        files: &ModelFiles,
        request: &ChatRequest,
        conversation: Option<&str>,
    ) -> Answer {
        let (events, answer) = tokio::sync::mpsc::channel(BUFFERED_EVENTS);
        let ask = Ask {
            request: request.clone(),
            conversation: conversation.map(str::to_owned),
            events,
        };
        self.door.shared.waiting.fetch_add(1, Ordering::SeqCst);
        // If the thread is gone, `ask` is dropped with its sender, and the answer ends at once.
        let _ = self
            .door
            .work
            .send(Work::Chat(files.clone(), Box::new(ask)));
        Answer { events: answer }
    }

    /// Loads a model ahead of its first question. Blocks until it is there.
    pub fn load(&self, files: &ModelFiles) -> Result<()> {
        let (done, wait) = mpsc::sync_channel(1);
        let _ = self.door.work.send(Work::Load(files.clone(), done));
        wait.recv().unwrap_or(Err(ModelError::Cancelled))
    }

    /// Cancels what is running and waiting, and frees the model. Blocks until its memory is free.
    pub fn unload(&self) {
        self.door.shared.halts.fetch_add(1, Ordering::SeqCst);
        let (done, wait) = mpsc::sync_channel(1);
        if self
            .door
            .work
            .send(Work::Unload { halt: true, done })
            .is_ok()
        {
            // An error says that the thread is gone, and the model with it.
            let _ = wait.recv();
        }
    }

    pub fn status(&self) -> Status {
        self.door.shared.status()
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.unload();
        let _ = self.door.work.send(Work::End);
        if let Some(thread) = self.thread.take() {
            // It catches panics of its own; there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

enum Work {
    Chat(ModelFiles, Box<Ask>),
    Load(ModelFiles, SyncSender<Result<()>>),
    Unload {
        /// It was the runtime's owner who asked: answers may go on after it.
        halt: bool,
        done: SyncSender<()>,
    },
    End,
}

/// The way to the thread.
struct Door {
    work: mpsc::Sender<Work>,
    shared: Arc<Shared>,
}

impl Resident for Door {
    fn evict(&self) -> bool {
        if self.shared.busy.load(Ordering::SeqCst) {
            return false;
        }
        let (done, wait) = mpsc::sync_channel(1);
        let sent = self.work.send(Work::Unload { halt: false, done });
        sent.is_ok() && wait.recv_timeout(LEAVE_WITHIN).is_ok()
    }
}

type Listener = Box<dyn Fn(&Status) + Send + Sync>;

/// What the thread and the others look at.
pub(super) struct Shared {
    guard: Guard,
    limits: Limits,
    listener: Listener,
    place: Mutex<(State, Option<String>)>,
    waiting: AtomicUsize,
    peak: AtomicU64,
    busy: AtomicBool,
    /// Unloadings that the owner asked for and that are not through yet.
    halts: AtomicUsize,
}

impl Shared {
    /// Whether the owner wants everything to stop.
    pub(super) fn halted(&self) -> bool {
        self.halts.load(Ordering::SeqCst) > 0
    }

    /// Says what goes on now, and looks at the memory.
    pub(super) fn tell(&self, state: State) {
        if let Some(bytes) = machine::resident_bytes() {
            self.peak.fetch_max(bytes, Ordering::SeqCst);
        }
        self.place.lock().0 = state;
        (self.listener)(&self.status());
    }

    fn status(&self) -> Status {
        let (state, model) = self.place.lock().clone();
        Status {
            state,
            model,
            waiting: self.waiting.load(Ordering::SeqCst),
            memory: self.guard.memory(),
            resident_bytes: machine::resident_bytes(),
            resident_peak_bytes: self.peak.load(Ordering::SeqCst),
        }
    }
}

fn open(guard: &Guard, limits: Limits, listener: Listener) -> (Arc<Door>, Engine, Receiver<Work>) {
    let (work, queue) = mpsc::channel();
    let door = Arc::new(Door {
        work,
        shared: Arc::new(Shared {
            guard: guard.clone(),
            limits,
            listener,
            place: Mutex::new((State::Empty, None)),
            waiting: AtomicUsize::new(0),
            peak: AtomicU64::new(0),
            busy: AtomicBool::new(false),
            halts: AtomicUsize::new(0),
        }),
    });
    let engine = Engine {
        shared: door.shared.clone(),
        door: Arc::downgrade(&door),
        loaded: None,
    };
    (door, engine, queue)
}

struct Engine {
    shared: Arc<Shared>,
    door: Weak<Door>,
    loaded: Option<Loaded>,
}

impl Engine {
    fn run(mut self, queue: &Receiver<Work>) {
        loop {
            let work = match self.loaded {
                None => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(_) => queue.recv_timeout(self.shared.limits.idle_after),
            };
            self.shared.busy.store(true, Ordering::SeqCst);
            match work {
                Err(RecvTimeoutError::Timeout) => self.unload(),
                Err(RecvTimeoutError::Disconnected) | Ok(Work::End) => return,
                Ok(Work::Unload { halt, done }) => {
                    self.unload();
                    if halt {
                        self.shared.halts.fetch_sub(1, Ordering::SeqCst);
                    }
                    self.shared.busy.store(false, Ordering::SeqCst);
                    let _ = done.send(());
                }
                Ok(Work::Load(files, done)) => {
                    let loaded = self.guarded(|engine| engine.load(&files).map(drop));
                    self.shared.busy.store(false, Ordering::SeqCst);
                    let _ = done.send(loaded);
                }
                Ok(Work::Chat(files, ask)) => {
                    self.shared.waiting.fetch_sub(1, Ordering::SeqCst);
                    self.chat(&files, &ask);
                }
            }
            self.shared.busy.store(false, Ordering::SeqCst);
        }
    }

    fn chat(&mut self, files: &ModelFiles, ask: &Ask) {
        // The last word's place is kept from the beginning, so that it waits for no reader.
        let Ok(last) = ask.events.clone().try_reserve_owned() else {
            // Nobody waits for it any more.
            return;
        };
        let answered = self.guarded(|engine| {
            let shared = engine.shared.clone();
            if shared.halted() {
                return Err(ChatError::Cancelled);
            }
            let loaded = engine
                .load(files)
                .map_err(|error| refused(&files.name, &error))?;
            let answered = loaded.answer(ask, &shared);
            shared.tell(State::Ready);
            answered
        });
        // Whoever reads the last word may claim the memory at once.
        self.shared.busy.store(false, Ordering::SeqCst);
        last.send(answered.map(|reason| ChatEvent::End { reason }));
    }

    /// The model in `files`, loaded if it is not.
    fn load(&mut self, files: &ModelFiles) -> Result<&mut Loaded> {
        if self
            .loaded
            .as_ref()
            .is_none_or(|loaded| loaded.files() != files)
        {
            // The new one must be whole, and not too large for ever, before the old one goes.
            let opened = files.open()?;
            let reader = opened.reader()?;
            let context = self
                .shared
                .limits
                .context_tokens
                .min(opened.config.context_tokens);
            let needs = opened.estimate(context).total_bytes();
            self.shared.guard.could_hold(&files.name, needs)?;
            self.unload();
            let owner: Weak<dyn Resident> = self.door.clone();
            let claim = self.shared.guard.claim(&files.name, needs, owner)?;
            self.shared.peak.store(0, Ordering::SeqCst);
            self.shared.place.lock().1 = Some(files.name.clone());
            let shared = self.shared.clone();
            let mut progress = |fraction| {
                shared.tell(State::Loading { fraction });
                !shared.halted()
            };
            match Loaded::load(files, opened, reader, context, claim, &mut progress) {
                Ok(loaded) => self.loaded = Some(loaded),
                Err(error) => {
                    self.unload();
                    return Err(error);
                }
            }
            self.shared.tell(State::Ready);
        }
        self.loaded.as_mut().ok_or(ModelError::Cancelled)
    }

    fn unload(&mut self) {
        drop(self.loaded.take());
        machine::release_freed();
        self.shared.place.lock().1 = None;
        self.shared.tell(State::Empty);
    }

    /// A kernel's assertion must cost one answer, not the studio. Whatever state the model is in then,
    /// it is not kept.
    fn guarded<T, E: From<Broke>>(
        &mut self,
        work: impl FnOnce(&mut Engine) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        match catch_unwind(AssertUnwindSafe(|| work(self))) {
            Ok(done) => done,
            Err(_) => {
                self.unload();
                Err(Broke.into())
            }
        }
    }
}

/// A defect of a kernel: it panicked.
struct Broke;

impl From<Broke> for ModelError {
    fn from(_: Broke) -> ModelError {
        ModelError::Compute(candle_core::Error::Msg("a kernel broke off".to_owned()))
    }
}

impl From<Broke> for ChatError {
    fn from(_: Broke) -> ChatError {
        refused("the model", &Broke.into())
    }
}

/// What somebody who asked is told.
pub(super) fn refused(model: &str, error: &ModelError) -> ChatError {
    let provider = model.to_owned();
    let detail = error.to_string();
    match error {
        ModelError::Cancelled => ChatError::Cancelled,
        ModelError::ContextLength { .. } => ChatError::ContextLength { provider, detail },
        _ => ChatError::Unavailable { provider, detail },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_between_two_unloadings_is_cancelled_too() {
        let guard = Guard::new(1 << 30);
        let (door, engine, queue) = open(&guard, Limits::default(), Box::new(|_| {}));
        let send = |work| door.work.send(work).unwrap();
        let unload = || {
            door.shared.halts.fetch_add(1, Ordering::SeqCst);
            let (done, _) = mpsc::sync_channel(1);
            send(Work::Unload { halt: true, done });
        };
        let (events, answer) = tokio::sync::mpsc::channel(BUFFERED_EVENTS);
        let ask = Ask {
            request: ChatRequest::default(),
            conversation: None,
            events,
        };
        unload();
        door.shared.waiting.fetch_add(1, Ordering::SeqCst);
        send(Work::Chat(ModelFiles::new("m", "/nowhere"), Box::new(ask)));
        unload();
        send(Work::End);
        engine.run(&queue);
        let last = Answer { events: answer }.next_blocking();
        assert_eq!(last, Some(Err(ChatError::Cancelled)));
        assert!(!door.shared.halted(), "what comes later is answered");
    }
}
