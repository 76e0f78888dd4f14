//! One answer: ranked models are asked in turn, within the budget, until one answers to the end.
//!
//! Before any byte leaves, the most that the dearest model of the chain can cost is set aside; models
//! that the budget does not allow are not in the chain. A model that fails before its first word is asked again if that may help, then the next one is. One
//! that breaks off in the middle is followed by the next, which goes on from what was said
//! ([`Continuation`]); what the broken answer cost is settled for itself. Once a tool call was passed
//! on, nobody else is asked: it might be called twice.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use schemars::JsonSchema;
use serde::Serialize;
use studio_core::units::MicroUsd;
use studio_core::{Error, ErrorCode};
use studio_llm::catalog::{Model, Provider};
use studio_llm::chat::{ChatError, ChatEvent, ChatRequest, Finish, Usage};
use studio_llm::continuation::{Continuation, rest_of};
use studio_llm::pricing::Rates;
use studio_llm::route::{Decision, Reason};
use studio_providers::llm::Backoff;
use studio_store::{Attempt, Home, Limits, Outcome, Purchase, Scope};
use tokio::sync::mpsc;

use crate::gateway::{Gateway, Routed, Wishes, output_limit};

/// Models that are asked at most.
const LONGEST_CHAIN: usize = 4;
/// Answers that are written in less tell nothing of a model's speed.
const SHORTEST_WRITING: Duration = Duration::from_millis(20);
/// Events that wait for a slow reader.
const BACKLOG: usize = 256;

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

/// The steps of one answer. Dropping it stops the model.
pub struct Answering {
    steps: mpsc::Receiver<Result<Step, Error>>,
}

impl Answering {
    /// The next step; `None` after [`Step::Done`] or an error.
    pub async fn next(&mut self) -> Option<Result<Step, Error>> {
        self.steps.recv().await
    }
}

impl Gateway {
    /// Starts to answer. Errors that come before anybody is asked come as the first step, too.
    pub fn answer(self: &Arc<Self>, ask: Ask) -> Answering {
        let (sender, steps) = mpsc::channel(BACKLOG);
        let gateway = self.clone();
        tokio::spawn(async move {
            let result = Run::new(gateway, ask, sender.clone()).carry_out().await;
            if let Err(Stopped::Failed(error)) = result {
                // Nobody listens any more: nobody is told.
                let _ = sender.send(Err(error)).await;
            }
        });
        Answering { steps }
    }
}

/// Why a run ended early.
enum Stopped {
    Failed(Error),
    /// The reader is gone.
    Unheard,
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Stopped {
        Stopped::Failed(error)
    }
}

struct Run {
    gateway: Arc<Gateway>,
    ask: Ask,
    steps: mpsc::Sender<Result<Step, Error>>,
    id: String,
    begun: Instant,
    outcome: Outcome,
    /// Everything that was passed on.
    said: String,
    called_tools: bool,
    warnings: Vec<String>,
}

/// How one model's try ended.
enum Try {
    Answered {
        end: Finish,
        usage: Option<Usage>,
        first_token: Duration,
        writing: Duration,
    },
    Failed(ChatError),
    Unheard,
}

/// One model of the chain.
struct Link<'a> {
    provider: &'a Provider,
    model: &'a Model,
    rates: Option<Rates>,
    most: MicroUsd,
}

impl Run {
    fn new(gateway: Arc<Gateway>, ask: Ask, steps: mpsc::Sender<Result<Step, Error>>) -> Run {
        Run {
            gateway,
            ask,
            steps,
            id: new_id(),
            begun: Instant::now(),
            outcome: Outcome::default(),
            said: String::new(),
            called_tools: false,
            warnings: Vec::new(),
        }
    }

    async fn carry_out(mut self) -> Result<(), Stopped> {
        let routed = self.gateway.route(&self.ask.request, &self.ask.wishes)?;
        let recorded = self.record(&routed);
        let result = self.along(&routed).await;
        self.outcome.total_ms = self.begun.elapsed().as_millis() as u64;
        let id = recorded.await.unwrap_or_default();
        let home = self.gateway.home.clone();
        let (outcome, row) = (self.outcome.clone(), id.clone());
        tokio::task::spawn_blocking(move || {
            if let Err(error) = home.decisions().finish(&row, &outcome) {
                tracing::warn!(%error, "an outcome was not recorded");
            }
        });
        let mut answered = result?;
        answered.decision = id;
        self.tell(Step::Done(Box::new(answered))).await
    }

    /// The decision is written while the model is already being asked.
    fn record(&self, routed: &Routed) -> tokio::task::JoinHandle<String> {
        let (home, operation) = (self.gateway.home.clone(), self.ask.operation);
        let (question, decision) = (routed.question.clone(), routed.decision.clone());
        tokio::task::spawn_blocking(move || {
            home.decisions()
                .record(operation, &question, &decision)
                .unwrap_or_else(|error| {
                    tracing::warn!(%error, "a decision was not recorded");
                    String::new()
                })
        })
    }

    async fn along(&mut self, routed: &Routed) -> Result<Answered, Stopped> {
        let chain = self.chain(routed);
        if chain.is_empty() {
            return Err(nobody(&routed.decision, self.ask.wishes.model.as_deref()).into());
        }
        let (mut bill, chain) = self.afford(chain).await?;
        for (place, link) in chain.iter().enumerate() {
            let because = if place == 0 {
                routed.decision.because.clone()
            } else {
                format!("{} did not answer.", chain[place - 1].model.name)
            };
            let picked = Step::Picked {
                model: link.model.id.clone(),
                because: because.clone(),
            };
            if let Err(stopped) = self.tell(picked).await {
                bill.close(MicroUsd(0), None).await;
                return Err(stopped);
            }
            let before = self.said.len();
            match self.ask_one(link, place > 0).await {
                Try::Answered {
                    end,
                    usage,
                    first_token,
                    writing,
                } => {
                    let usage = self.believed(link, usage, before);
                    let cost = link.rates.map(|rates| rates.cost(&usage));
                    bill.close(cost.unwrap_or_default(), Some((&link.model.id, &usage)))
                        .await;
                    self.warn_of_limits(&bill).await;
                    return Ok(self.answered(
                        link,
                        because,
                        end,
                        usage,
                        cost,
                        first_token,
                        writing,
                    ));
                }
                Try::Failed(error) => {
                    self.gateway.with_health(&link.model.id, |health| {
                        health.failed(&error, self.gateway.now());
                    });
                    self.outcome.attempts.push(Attempt {
                        model: link.model.id.clone(),
                        failure: Some(error.class().to_owned()),
                        detail: Some(error.to_string()),
                    });
                    let wrote = self.said.len() > before;
                    let rest = &chain[place + 1..];
                    let can_go_on =
                        error.allows_fallback() && !self.called_tools && !rest.is_empty();
                    self.settle_broken(&mut bill, link, before, wrote, can_go_on.then_some(rest))
                        .await?;
                    if !can_go_on {
                        return Err(self.failure(error).into());
                    }
                    let told = Step::Failed {
                        model: link.model.id.clone(),
                        error,
                    };
                    if let Err(stopped) = self.tell(told).await {
                        bill.close(MicroUsd(0), None).await;
                        return Err(stopped);
                    }
                }
                Try::Unheard => {
                    // Words that were written before it was stopped are paid for.
                    let usage = self.counted(link, before);
                    let cost = link.rates.map_or(MicroUsd(0), |rates| rates.cost(&usage));
                    bill.close(cost, Some((&link.model.id, &usage))).await;
                    self.outcome.model = Some(link.model.id.clone());
                    (self.outcome.usage, self.outcome.cost) = (usage, Some(cost));
                    return Err(Stopped::Unheard);
                }
            }
        }
        Err(Error::internal("the chain of models ended without an answer").into())
    }

    /// Sets money aside for the dearest of `chain`. Those that the budget does not allow leave the
    /// chain: they are no fallback of a cheaper one. A model that was chosen by hand is not replaced.
    async fn afford<'a>(&self, mut chain: Vec<Link<'a>>) -> Result<(Bill, Vec<Link<'a>>), Error> {
        let chosen = self.ask.wishes.model.is_some();
        loop {
            let refusal = match Bill::open(self, &chain).await {
                Ok(bill) => return Ok((bill, chain)),
                Err(error) if error.code != ErrorCode::Refused => return Err(error),
                Err(refusal) => refusal,
            };
            let dearest = chain.iter().map(|link| link.most).max().unwrap_or_default();
            if chosen && chain.first().is_none_or(|first| first.most >= dearest) {
                return Err(refusal);
            }
            chain.retain(|link| link.most < dearest);
            if chain.is_empty() {
                return Err(refusal);
            }
        }
    }

    /// The models that may be asked, in order, with the most that each can cost.
    fn chain<'a>(&self, routed: &'a Routed) -> Vec<Link<'a>> {
        let catalog = &routed.catalog;
        let link = |id: &str| {
            let model = catalog.model(id)?;
            let provider = catalog.provider(model.provider())?;
            let rates = catalog.rates(model);
            let input = self.gateway.input_tokens(model, &self.ask.request);
            let most = rates.map_or(MicroUsd(0), |rates| {
                rates.most(
                    input,
                    output_limit(model, rates == Rates::FREE, &self.ask.request),
                )
            });
            Some(Link {
                provider,
                model,
                rates,
                most,
            })
        };
        let ranked = routed.decision.ranked.iter().take(LONGEST_CHAIN);
        ranked.filter_map(|scored| link(&scored.model)).collect()
    }

    /// Asks one model, again and again where that may help, and passes on what it says.
    async fn ask_one(&mut self, link: &Link<'_>, goes_on: bool) -> Try {
        let backoff = Backoff::default();
        let mut retry = 0;
        loop {
            let before = self.said.len();
            match self.ask_once(link, goes_on && !self.said.is_empty()).await {
                Try::Failed(error) => {
                    let answered = self.said.len() > before || self.called_tools;
                    match backoff.wait(retry, &error, answered, rand::random()) {
                        Some(wait) => {
                            retry += 1;
                            tokio::select! {
                                () = tokio::time::sleep(wait) => {}
                                () = self.steps.closed() => return Try::Unheard,
                            }
                        }
                        None => return Try::Failed(error),
                    }
                }
                ended => return ended,
            }
        }
    }

    async fn ask_once(&mut self, link: &Link<'_>, goes_on: bool) -> Try {
        let mut request = if goes_on {
            rest_of(&self.ask.request, &self.said)
        } else {
            self.ask.request.clone()
        };
        let is_free = link.rates == Some(Rates::FREE);
        let limit = output_limit(link.model, is_free, &request);
        request.max_tokens = Some(u32::try_from(limit).unwrap_or(u32::MAX));
        let mut seam = goes_on.then(|| Continuation::after(&self.said));
        self.gateway
            .with_health(&link.model.id, |health| health.began(self.gateway.now()));
        let asked = Instant::now();
        let mut first = None;
        let mut usage = None;
        let mut stream = self.gateway.stream(link.provider, link.model, &request);
        loop {
            let event = tokio::select! {
                biased;
                () = self.steps.closed() => return Try::Unheard,
                event = stream.next() => event,
            };
            let event = match event {
                None => {
                    return Try::Failed(ChatError::Protocol {
                        provider: link.provider.name.clone(),
                        detail: "the answer has no end".to_owned(),
                    });
                }
                Some(Err(error)) => return Try::Failed(error),
                Some(Ok(event)) => event,
            };
            if !matches!(event, ChatEvent::Usage { .. }) {
                first.get_or_insert_with(|| asked.elapsed());
            }
            match event {
                ChatEvent::Usage { usage: reported } => usage = Some(reported),
                ChatEvent::End { reason } => {
                    let tail = seam.as_mut().map_or(Ok(String::new()), Continuation::end);
                    match tail {
                        Ok(tail) => {
                            if self.say(tail).await.is_err() {
                                return Try::Unheard;
                            }
                        }
                        Err(_) => return Try::Failed(diverged(link)),
                    }
                    let first_token = first.unwrap_or_default();
                    let writing = asked.elapsed().saturating_sub(first_token);
                    return Try::Answered {
                        end: reason,
                        usage,
                        first_token,
                        writing,
                    };
                }
                ChatEvent::Text { text } => {
                    let new = match &mut seam {
                        Some(seam) => match seam.push(&text) {
                            Ok(new) => new,
                            Err(_) => return Try::Failed(diverged(link)),
                        },
                        None => text,
                    };
                    if self.say(new).await.is_err() {
                        return Try::Unheard;
                    }
                }
                ChatEvent::ToolCall { .. } => {
                    self.called_tools = true;
                    if self.tell(Step::Event(event)).await.is_err() {
                        return Try::Unheard;
                    }
                }
                ChatEvent::Reasoning { .. } => {
                    if self.tell(Step::Event(event)).await.is_err() {
                        return Try::Unheard;
                    }
                }
            }
        }
    }

    async fn say(&mut self, text: String) -> Result<(), Stopped> {
        if text.is_empty() {
            return Ok(());
        }
        self.said.push_str(&text);
        self.tell(Step::Event(ChatEvent::Text { text })).await
    }

    async fn tell(&self, step: Step) -> Result<(), Stopped> {
        self.steps
            .send(Ok(step))
            .await
            .map_err(|_| Stopped::Unheard)
    }

    /// What a model wrote since `before`, by our own count.
    fn counted(&self, link: &Link<'_>, before: usize) -> Usage {
        Usage {
            input_tokens: self.gateway.input_tokens(link.model, &self.ask.request),
            output_tokens: link.model.encoding.count(&self.said[before..]),
            ..Usage::default()
        }
    }

    /// The reported usage, unless it is missing or cannot be true: then our own count.
    fn believed(&mut self, link: &Link<'_>, reported: Option<Usage>, before: usize) -> Usage {
        let counted = self.counted(link, before);
        let Some(reported) = reported else {
            return counted;
        };
        let is_free = link.rates == Some(Rates::FREE);
        let limit = output_limit(link.model, is_free, &self.ask.request);
        // A system prompt of the provider's own may add some; nobody reads four times what was sent.
        let plausible = reported.input_tokens <= counted.input_tokens.saturating_mul(4) + 4_096
            && reported.output_tokens <= limit.saturating_mul(2) + 256
            && (reported.output_tokens > 0 || counted.output_tokens == 0)
            && (reported.input_tokens > 0 || counted.input_tokens == 0)
            && reported.cached_tokens <= reported.input_tokens
            && reported.reasoning_tokens <= reported.output_tokens;
        if plausible {
            self.gateway
                .learn_tokens(link.model, &self.ask.request, reported.input_tokens);
            return reported;
        }
        self.warnings.push(format!(
            "{} reports {} tokens read and {} written, which cannot be; our own count was used.",
            link.provider.name, reported.input_tokens, reported.output_tokens
        ));
        counted
    }

    #[expect(clippy::too_many_arguments, reason = "all facts of one answer")]
    fn answered(
        &mut self,
        link: &Link<'_>,
        because: String,
        end: Finish,
        usage: Usage,
        cost: Option<MicroUsd>,
        first_token: Duration,
        writing: Duration,
    ) -> Answered {
        self.gateway.with_health(&link.model.id, |health| {
            let writing = if writing >= SHORTEST_WRITING {
                writing
            } else {
                Duration::ZERO
            };
            health.succeeded(first_token, usage.output_tokens, writing);
        });
        self.outcome.attempts.push(Attempt {
            model: link.model.id.clone(),
            failure: None,
            detail: None,
        });
        self.outcome.model = Some(link.model.id.clone());
        self.outcome.first_token_ms = Some(first_token.as_millis() as u64);
        (self.outcome.usage, self.outcome.cost) = (usage, cost);
        // What comes in one piece was written before it came.
        let lasted = writing >= SHORTEST_WRITING;
        let speed = usage.output_tokens as f64 / writing.as_secs_f64();
        Answered {
            model: link.model.id.clone(),
            because,
            decision: String::new(),
            end,
            usage,
            cost,
            first_token_ms: first_token.as_millis() as u64,
            tokens_per_sec: lasted.then_some(speed),
            warnings: std::mem::take(&mut self.warnings),
        }
    }

    /// Settles an answer that broke off, and sets aside anew for those who may go on.
    async fn settle_broken(
        &self,
        bill: &mut Bill,
        link: &Link<'_>,
        before: usize,
        wrote: bool,
        rest: Option<&[Link<'_>]>,
    ) -> Result<(), Stopped> {
        if wrote {
            let usage = self.counted(link, before);
            let cost = link.rates.map_or(MicroUsd(0), |rates| rates.cost(&usage));
            bill.close(cost, Some((&link.model.id, &usage))).await;
            if let Some(rest) = rest {
                *bill = Bill::open(self, rest).await?;
            }
        } else if rest.is_none() {
            bill.close(MicroUsd(0), None).await;
        }
        Ok(())
    }

    async fn warn_of_limits(&mut self, bill: &Bill) {
        let settings = self.gateway.settings.current();
        let percent = i128::from(settings.budget.warn_percent);
        for (scope, taken, limit) in bill.standing().await {
            if limit.0 > 0 && i128::from(taken.0) * 100 >= i128::from(limit.0) * percent {
                let whose = match scope {
                    Scope::Day => "today's limit",
                    Scope::Month => "this month's limit",
                    Scope::Project => "the project's limit",
                    Scope::Key => "the key's limit",
                };
                self.warnings.push(format!(
                    "{taken} of {whose} of {limit} is spent or set aside."
                ));
            }
        }
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

fn diverged(link: &Link<'_>) -> ChatError {
    ChatError::Protocol {
        provider: link.provider.name.clone(),
        detail: "it did not go on from where the answer broke off".to_owned(),
    }
}

/// Why no model can be asked, as one error.
pub(crate) fn nobody(decision: &Decision, pinned: Option<&str>) -> Error {
    let reason_of = |excluded: &studio_llm::route::Excluded| {
        format!("{}: {}", excluded.model, words(&excluded.reason))
    };
    let excluded = decision.excluded.iter();
    let of_pinned = excluded
        .clone()
        .find(|excluded| Some(excluded.model.as_str()) == pinned);
    let only = |reason: fn(&Reason) -> bool| {
        !decision.excluded.is_empty() && decision.excluded.iter().all(|e| reason(&e.reason))
    };
    let code = match of_pinned.map(|excluded| &excluded.reason) {
        Some(Reason::Privacy | Reason::UnknownPrice | Reason::TooDear { .. }) => ErrorCode::Refused,
        _ if only(|reason| matches!(reason, Reason::Privacy | Reason::UnknownPrice)) => {
            ErrorCode::Refused
        }
        _ => ErrorCode::Unsupported,
    };
    let message = match of_pinned {
        Some(excluded) => format!("no model can answer; {}", reason_of(excluded)),
        None => format!("no model can answer: {}", decision.because),
    };
    Error::new(code, message).hint(
        "start Ollama, or enter a provider's key; `gateway.route` tells the reason for each model",
    )
}

/// A reason in people's words.
pub(crate) fn words(reason: &Reason) -> String {
    match reason {
        Reason::Privacy => "the words must stay on this machine".to_owned(),
        Reason::OtherTask => "it is made for another task".to_owned(),
        Reason::Lacks(capability) => {
            let capability = serde_json::to_value(capability).unwrap_or_default();
            format!("it lacks {}", capability.as_str().unwrap_or_default())
        }
        Reason::Context { needs, has } => {
            format!("the conversation takes {needs} tokens, its context has {has}")
        }
        Reason::UnknownPrice => "nobody knows its price".to_owned(),
        Reason::TooDear { costs } => format!("it may cost {costs}"),
        Reason::Resting => "it failed too often and rests for a while".to_owned(),
        Reason::NotReady => "it lacks a key, or its program does not run".to_owned(),
        Reason::Memory { needs, free } => format!(
            "it takes {} MB of memory, {} MB are free",
            needs / 1_000_000,
            free / 1_000_000
        ),
    }
}

/// The money of one answer: set aside at the start, settled at the end. Dropped in between, as when
/// the process dies, it stays set aside: what was spent then is not known.
struct Bill {
    home: Arc<Home>,
    entry: i64,
    limits: Limits,
    project: Option<String>,
    key: Option<String>,
}

impl Bill {
    /// Sets the dearest of `chain` aside, or refuses.
    async fn open(run: &Run, chain: &[Link<'_>]) -> Result<Bill, Error> {
        let amount = chain.iter().map(|link| link.most).max().unwrap_or_default();
        let dearest = chain.iter().max_by_key(|link| link.most);
        let name = dearest.map_or(String::new(), |link| link.model.name.clone());
        let home = run.gateway.home.clone();
        let (key, key_limit) = match &run.ask.key {
            Some((key, limit)) => (Some(key.clone()), *limit),
            None => (None, None),
        };
        let limits = Limits {
            key: key_limit,
            ..Limits::of(&run.gateway.settings.current().budget)
        };
        let (id, operation) = (run.id.clone(), run.ask.operation);
        let project = run.ask.project.clone();
        blocking(move || {
            let purpose = format!("an answer of {name}");
            let purchase = Purchase {
                run: &id,
                operation,
                project: project.as_deref(),
                purpose: &purpose,
                model: None,
                key: key.as_deref(),
            };
            let entry = home
                .ledger()
                .reserve(&purchase, amount, &limits)?
                .map_err(|over| over.refusal(&purpose, amount))?;
            Ok(Bill {
                home,
                entry,
                limits,
                project,
                key,
            })
        })
        .await
    }

    async fn close(&self, spent: MicroUsd, answer: Option<(&str, &Usage)>) {
        let (home, entry) = (self.home.clone(), self.entry);
        let answer = answer.map(|(model, usage)| (model.to_owned(), *usage));
        let settled = blocking(move || {
            match answer {
                Some((model, usage)) => {
                    home.ledger().settle_answer(entry, spent, &model, &usage)?
                }
                None => home.ledger().settle(entry, spent)?,
            }
            Ok(())
        });
        if let Err(error) = settled.await {
            tracing::error!(%error, "an answer was not settled");
        }
    }

    /// What is taken of each limit that holds here.
    async fn standing(&self) -> Vec<(Scope, MicroUsd, MicroUsd)> {
        let (home, limits) = (self.home.clone(), self.limits);
        let (project, key) = (self.project.clone(), self.key.clone());
        let today = jiff::Timestamp::now().to_string();
        let standing = blocking(move || {
            let wanted = [
                (Scope::Day, Some(today[..10].to_owned()), Some(limits.day)),
                (Scope::Month, Some(today[..7].to_owned()), limits.month),
                (Scope::Project, project, limits.project),
                (Scope::Key, key, limits.key),
            ];
            let mut standing = Vec::new();
            for (scope, name, limit) in wanted {
                if let (Some(name), Some(limit)) = (name, limit) {
                    standing.push((scope, home.ledger().taken(scope, &name)?, limit));
                }
            }
            Ok(standing)
        });
        standing.await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the budget cannot be read");
            Vec::new()
        })
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

fn new_id() -> String {
    let (a, b): (u64, u64) = (rand::random(), rand::random());
    format!("{a:016x}{b:016x}")
}
