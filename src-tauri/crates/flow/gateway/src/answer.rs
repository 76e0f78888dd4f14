//! One answer as its reader sees it: what is asked, the steps, and the facts at the end. `run` makes it.
//!
//! An answer is made by whoever reads it, in its task: no thread stands between a provider's word and
//! its reader.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use schemars::JsonSchema;
use serde::Serialize;
use studio_core::Error;
use studio_core::units::MicroUsd;
use studio_llm::chat::{ChatError, ChatEvent, ChatRequest, Finish, ToolCall, Usage};
use tokio::sync::mpsc;

use crate::gateway::{Gateway, Wishes};
use crate::run::Run;

/// Events that are read ahead of the reader.
const AHEAD: usize = 16;

/// A request with all that decides who answers and who pays.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// The operation that asks, for the ledger and the log.
    pub operation: &'static str,
    pub request: ChatRequest,
    pub wishes: Wishes,
    pub project: Option<String>,
    /// The API key that it came with, and the most that key may spend.
    pub key: Option<(String, Option<MicroUsd>)>,
}

/// What happens while a request is answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A model was chosen and is being asked.
    Picked {
        model: String,
        because: String,
    },
    /// Text, reasoning, tool calls. Usage and end come with [`Step::Done`].
    Event(ChatEvent),
    /// It failed; the next one takes over.
    Failed {
        model: String,
        error: ChatError,
    },
    Done(Box<Answered>),
}

/// A complete answer's facts.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Answered {
    pub model: String,
    pub because: String,
    /// The row of the decision log.
    pub decision: String,
    pub end: Finish,
    pub usage: Usage,
    /// Absent where nobody knows the price.
    pub cost: Option<MicroUsd>,
    pub first_token_ms: u64,
    pub tokens_per_sec: Option<f64>,
    /// What the owner should know: a limit that comes near, a report that cannot be true.
    pub warnings: Vec<String>,
}

/// What was said, once an answer is over.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Said {
    pub text: String,
    pub reasoning: String,
    pub tool_calls: Vec<ToolCall>,
    #[serde(flatten)]
    pub answered: Answered,
}

/// The steps of one answer. Dropping it stops the model, and settles what was said.
pub struct Answering {
    /// Steps that were waited for and not yet read.
    early: VecDeque<Step>,
    steps: mpsc::Receiver<Result<Step, Error>>,
    run: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Answering {
    /// The next step; `None` after [`Step::Done`] or an error. May be dropped and called again.
    pub async fn next(&mut self) -> Option<Result<Step, Error>> {
        match self.early.pop_front() {
            Some(step) => Some(Ok(step)),
            None => self.wait().await,
        }
    }

    /// Waits for the first step: an error before anybody is asked comes from here.
    pub async fn until_asked(self) -> Result<Answering, Error> {
        self.until(|_| true).await
    }

    /// Waits for the first step that says something: where the whole chain of models fails before
    /// a word, the error comes from here.
    pub async fn until_first_word(self) -> Result<Answering, Error> {
        self.until(|step| !matches!(step, Step::Picked { .. } | Step::Failed { .. }))
            .await
    }

    /// Waits for the end.
    pub async fn whole(mut self) -> Result<Said, Error> {
        let (mut text, mut reasoning, mut tool_calls) = (String::new(), String::new(), Vec::new());
        loop {
            match self.next().await.ok_or_else(Error::cancelled)?? {
                Step::Event(ChatEvent::Text { text: new }) => text.push_str(&new),
                Step::Event(ChatEvent::Reasoning { text: new }) => reasoning.push_str(&new),
                Step::Event(ChatEvent::ToolCall { call }) => tool_calls.push(call),
                Step::Event(_) | Step::Picked { .. } | Step::Failed { .. } => {}
                Step::Done(answered) => {
                    return Ok(Said {
                        text,
                        reasoning,
                        tool_calls,
                        answered: *answered,
                    });
                }
            }
        }
    }

    async fn until(mut self, found: impl Fn(&Step) -> bool) -> Result<Answering, Error> {
        loop {
            let step = self.wait().await.ok_or_else(Error::cancelled)??;
            let is_found = found(&step);
            self.early.push_back(step);
            if is_found {
                return Ok(self);
            }
        }
    }

    async fn wait(&mut self) -> Option<Result<Step, Error>> {
        std::future::poll_fn(|cx| {
            loop {
                if let Poll::Ready(Some(step)) = self.steps.poll_recv(cx) {
                    return Poll::Ready(Some(step));
                }
                let Some(run) = &mut self.run else {
                    return Poll::Ready(None);
                };
                match run.as_mut().poll(cx) {
                    Poll::Ready(()) => self.run = None,
                    Poll::Pending => {
                        return match self.steps.poll_recv(cx) {
                            Poll::Ready(Some(step)) => Poll::Ready(Some(step)),
                            _ => Poll::Pending,
                        };
                    }
                }
            }
        })
        .await
    }
}

impl Gateway {
    /// Starts to answer. Errors that come before anybody is asked come as the first step, too.
    pub fn answer(self: &Arc<Self>, ask: Ask) -> Answering {
        let (sender, steps) = mpsc::channel(AHEAD);
        let run = Run::new(self.clone(), ask, sender);
        Answering {
            early: VecDeque::new(),
            steps,
            run: Some(Box::pin(run.carry_out())),
        }
    }
}

/// SQLite may wait for another process: not on a thread that serves others.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(failure) => Err(Error::internal(format!(
            "a database call crashed: {failure}"
        ))),
    }
}
