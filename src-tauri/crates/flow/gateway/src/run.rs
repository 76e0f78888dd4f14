//! How an answer is made: ranked models are asked in turn, within the budget, until one answers to
//! the end.
//!
//! Before any byte leaves, the most that the dearest model of the chain can cost is set aside; models
//! that the budget does not allow are not in the chain. Where every model of the chain is free,
//! nothing is set aside and nothing is written before the first word. A model that fails before its
//! first word is asked again if that may help, then the next one is. One that breaks off in the
//! middle is followed by the next, which goes on from what was said ([`Continuation`]); what the
//! broken answer cost is settled for itself. Once a tool call was passed on, nobody else is asked: it
//! might be called twice.

mod account;
mod chain;
mod race;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use studio_core::Error;
use studio_core::units::MicroUsd;
use studio_llm::catalog::{Capability, Model, Provider};
use studio_llm::chat::{ChatError, ChatEvent, Finish, Usage};
use studio_llm::continuation::{Continuation, rest_of};
use studio_llm::pricing::Rates;
use studio_llm::tokens::Encoding;
use studio_providers::llm::{Backoff, ChatStream};
use studio_store::Outcome;
use tokio::sync::mpsc;

use crate::answer::{Answered, Ask, Step};
use crate::bill::Bill;
use crate::counts::Counted;
use crate::gateway::{Gateway, Routed, output_limit};
use crate::why::nobody;

/// Bytes of the longest token of the public vocabularies: a run of blanks.
const LONGEST_TOKEN: u64 = 128;

/// One answer in the making. Dropped before its end, it settles what was said and is logged.
pub(crate) struct Run {
    gateway: Arc<Gateway>,
    ask: Ask,
    /// Most tokens of the answer, as they were asked for.
    max_tokens: Option<u32>,
    steps: mpsc::Sender<Result<Step, Error>>,
    decision: String,
    at: jiff::Timestamp,
    begun: Instant,
    counts: Vec<(Encoding, Counted)>,
    routed: Option<Arc<Routed>>,
    bill: Option<Bill>,
    /// Who is being asked now: two, while they race.
    asked: Vec<Asked>,
    /// What the slower one of a race costs.
    besides: MicroUsd,
    outcome: Outcome,
    because: String,
    /// Everything that was passed on.
    said: String,
    /// Tokens of thoughts and calls that the model that is asked now has written.
    unsaid_tokens: u64,
    called_tools: bool,
    warnings: Vec<String>,
}

/// A model that is writing, as far as it must be known to settle it.
struct Asked {
    model: String,
    rates: Option<Rates>,
    encoding: Encoding,
    input_tokens: u64,
    /// Where in what was said its words begin.
    from: usize,
}

/// An answer that came to its end.
struct Written {
    end: Finish,
    usage: Option<Usage>,
    first_token: Duration,
    writing: Duration,
}

/// One model of the chain.
#[derive(Clone, Copy)]
struct Link<'a> {
    provider: &'a Provider,
    model: &'a Model,
    rates: Option<Rates>,
    most: MicroUsd,
}

impl Link<'_> {
    fn is_free(&self) -> bool {
        self.rates == Some(Rates::FREE)
    }
}

/// A model that was asked, and when.
struct Talk {
    stream: ChatStream,
    asked: Instant,
}

type Heard = Option<Result<ChatEvent, ChatError>>;

impl Run {
    pub(crate) fn new(
        gateway: Arc<Gateway>,
        ask: Ask,
        steps: mpsc::Sender<Result<Step, Error>>,
    ) -> Run {
        Run {
            max_tokens: ask.request.max_tokens,
            decision: gateway.home.new_job_id(),
            gateway,
            ask,
            steps,
            at: jiff::Timestamp::now(),
            begun: Instant::now(),
            counts: Vec::new(),
            routed: None,
            bill: None,
            asked: Vec::new(),
            besides: MicroUsd(0),
            outcome: Outcome::default(),
            because: String::new(),
            said: String::new(),
            unsaid_tokens: 0,
            called_tools: false,
            warnings: Vec::new(),
        }
    }

    /// Tells every step, the end or the error as the last one.
    pub(crate) async fn carry_out(mut self) {
        let last = self.answer().await.map(|it| Step::Done(Box::new(it)));
        self.log();
        // Nobody listens any more: nobody is told.
        let _ = self.steps.send(last).await;
    }

    async fn answer(&mut self) -> Result<Answered, Error> {
        let routed = Arc::new(self.gateway.route(&self.ask.request, &self.ask.wishes)?);
        self.routed = Some(routed.clone());
        let chain = self.chain(&routed);
        if chain.is_empty() {
            return Err(nobody(&routed.decision, self.ask.wishes.model.as_deref()));
        }
        let mut chain = self.afford(chain).await?;
        self.because.clone_from(&routed.decision.because);
        let mut patience = self.patience(&chain);
        while let Some(link) = chain.pop_front() {
            self.tell(Step::Picked {
                model: link.model.id.clone(),
                because: self.because.clone(),
            })
            .await;
            let from = self.said.len();
            let (link, tried) = self.ask(link, &mut chain, patience.take()).await;
            let error = match tried {
                Ok(written) => return Ok(self.answered(&link, written, from)),
                Err(error) => error,
            };
            self.failed(&link, &error);
            let wrote = self.said.len() > from || self.unsaid_tokens > 0;
            if wrote {
                self.close_broken(&link, from);
            }
            if !error.allows_fallback() || self.called_tools || chain.is_empty() {
                self.close(Some(MicroUsd(0)), None);
                return Err(self.failure(error));
            }
            if wrote {
                chain = self.afford(chain).await?;
            }
            let did = if wrote { "broke off" } else { "did not answer" };
            self.because = format!("{} {did}.", link.model.name);
            self.tell(Step::Failed {
                model: link.model.id.clone(),
                error,
            })
            .await;
        }
        Err(Error::internal(
            "the chain of models ended without an answer",
        ))
    }

    /// Asks `link`, again and again where that may help, and passes on what it says. If it is silent
    /// for longer than `patience`, the next of `chain` is asked as well. Answers who was heard.
    async fn ask<'a>(
        &mut self,
        link: Link<'a>,
        chain: &mut VecDeque<Link<'a>>,
        patience: Option<Duration>,
    ) -> (Link<'a>, Result<Written, ChatError>) {
        let (backoff, from) = (Backoff::default(), self.said.len());
        let mut retry = 0;
        loop {
            self.unsaid_tokens = 0;
            let mut talk = self.begin(&link);
            let opening = match patience.filter(|_| retry == 0) {
                None => talk.stream.next().await,
                Some(patience) => match tokio::time::timeout(patience, talk.stream.next()).await {
                    Ok(opening) => opening,
                    Err(_) => match chain.pop_front() {
                        Some(rival) => return self.race(link, talk, rival, patience).await,
                        None => talk.stream.next().await,
                    },
                },
            };
            let tried = self.follow(&link, talk, opening).await;
            let Err(error) = tried else {
                return (link, tried);
            };
            self.asked.clear();
            let answered = self.said.len() > from || self.unsaid_tokens > 0;
            match backoff.wait(retry, &error, answered, rand::random()) {
                None => return (link, Err(error)),
                Some(wait) => {
                    retry += 1;
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    /// Sends the request to one model. What was said before it is given to it to go on from.
    fn begin(&mut self, link: &Link<'_>) -> Talk {
        let input_tokens = self.expected_input(link.model);
        self.asked.push(Asked {
            model: link.model.id.clone(),
            rates: link.rates,
            encoding: link.model.encoding,
            input_tokens,
            from: self.said.len(),
        });
        let limit = output_limit(link.model, link.is_free(), self.max_tokens);
        let request = &mut self.ask.request;
        // The request may hold megabytes: it is changed and changed back, not copied.
        let messages = request.messages.len();
        if !self.said.is_empty() {
            request.messages.extend(rest_of(&self.said));
        }
        request.max_tokens = Some(u32::try_from(limit).unwrap_or(u32::MAX));
        let effort = request.effort;
        if !link.model.can(Capability::Reasoning) {
            request.effort = None;
        }
        self.gateway
            .with_health(&link.model.id, |health| health.began(self.gateway.now()));
        let asked = Instant::now();
        let stream = self.gateway.stream(
            link.provider,
            link.model,
            &self.ask.request,
            self.ask.wishes.conversation.as_deref(),
        );
        self.ask.request.messages.truncate(messages);
        self.ask.request.max_tokens = self.max_tokens;
        self.ask.request.effort = effort;
        Talk { stream, asked }
    }

    /// Passes on what a model says, from its `opening` to its end.
    async fn follow(
        &mut self,
        link: &Link<'_>,
        mut talk: Talk,
        opening: Heard,
    ) -> Result<Written, ChatError> {
        let mut seam = (!self.said.is_empty()).then(|| Continuation::after(&self.said));
        let limit = output_limit(link.model, link.is_free(), self.max_tokens);
        let most_bytes = limit.saturating_mul(LONGEST_TOKEN).saturating_add(1 << 16);
        let mut bytes = 0_u64;
        let mut first = None;
        let mut usage = None;
        let mut heard = opening;
        loop {
            let event = heard.unwrap_or_else(|| Err(broken(link, "the answer has no end")))?;
            if !matches!(event, ChatEvent::Usage { .. }) {
                first.get_or_insert_with(|| talk.asked.elapsed());
            }
            if let ChatEvent::Text { text } | ChatEvent::Reasoning { text } = &event {
                bytes += text.len() as u64;
                if bytes > most_bytes {
                    let detail = format!("an answer far beyond the {limit} tokens asked for");
                    return Err(broken(link, &detail));
                }
            }
            let encoding = link.model.encoding;
            match event {
                ChatEvent::Usage { usage: reported } => usage = Some(reported),
                ChatEvent::End { reason } => {
                    let tail = seam.as_mut().map_or(Ok(String::new()), Continuation::end);
                    self.say(tail.map_err(|_| diverged(link))?).await;
                    let first_token = first.unwrap_or_default();
                    return Ok(Written {
                        end: reason,
                        usage,
                        first_token,
                        writing: talk.asked.elapsed().saturating_sub(first_token),
                    });
                }
                ChatEvent::Text { text } => {
                    let new = match &mut seam {
                        Some(seam) => seam.push(&text).map_err(|_| diverged(link))?,
                        None => text,
                    };
                    self.say(new).await;
                }
                ChatEvent::ToolCall { ref call } => {
                    self.called_tools = true;
                    let arguments = serde_json::to_string(&call.arguments).unwrap_or_default();
                    self.unsaid_tokens += encoding.count(&call.name) + encoding.count(&arguments);
                    self.tell(Step::Event(event)).await;
                }
                ChatEvent::Reasoning { ref text } => {
                    self.unsaid_tokens += encoding.count(text);
                    self.tell(Step::Event(event)).await;
                }
            }
            heard = talk.stream.next().await;
        }
    }

    async fn say(&mut self, text: String) {
        if !text.is_empty() {
            self.said.push_str(&text);
            self.tell(Step::Event(ChatEvent::Text { text })).await;
        }
    }

    async fn tell(&self, step: Step) {
        // The reader holds this run: it cannot be gone while this goes on.
        let _ = self.steps.send(Ok(step)).await;
    }

    /// The last model's failure, with all that were tried.
    fn failure(&self, error: ChatError) -> Error {
        let tried: Vec<String> = self
            .outcome
            .attempts
            .iter()
            .map(|attempt| {
                let why = attempt.failure.as_deref().unwrap_or("answered");
                format!("{} ({why})", attempt.model)
            })
            .collect();
        let mut shown = Error::from(error);
        if tried.len() > 1 {
            shown.message = format!("{}; tried {}", shown.message, tried.join(", "));
        }
        shown
    }
}

fn broken(link: &Link<'_>, detail: &str) -> ChatError {
    ChatError::Protocol {
        provider: link.provider.name.clone(),
        detail: detail.to_owned(),
    }
}

fn diverged(link: &Link<'_>) -> ChatError {
    broken(link, "it did not go on from where the answer broke off")
}
