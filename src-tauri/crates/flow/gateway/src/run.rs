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

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use studio_core::units::MicroUsd;
use studio_core::{Error, ErrorCode};
use studio_llm::catalog::{Capability, Model, Provider};
use studio_llm::chat::{ChatError, ChatEvent, Finish, Usage};
use studio_llm::continuation::{Continuation, rest_of};
use studio_llm::health::SHORTEST_WRITING;
use studio_llm::pricing::Rates;
use studio_llm::tokens::Encoding;
use studio_providers::llm::{Backoff, ChatStream};
use studio_store::{Attempt, DecisionRecord, Limits, Outcome};
use tokio::sync::mpsc;

use crate::answer::{Answered, Ask, Step};
use crate::bill::{Bill, Most};
use crate::books::Buyer;
use crate::counts::Counted;
use crate::gateway::{Gateway, Routed, output_limit};
use crate::why::nobody;

/// Models that are asked at most.
const LONGEST_CHAIN: usize = 4;
/// Bytes of the longest token of the public vocabularies: a run of blanks.
const LONGEST_TOKEN: u64 = 128;
/// Answers that a model's 95th percentile is trusted after, for asking a second one.
const ENOUGH_MEASURED: usize = 5;

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

    /// The models that may be asked, in order, with the most that each can cost.
    fn chain<'a>(&mut self, routed: &'a Routed) -> VecDeque<Link<'a>> {
        let catalog = &routed.catalog;
        let mut chain = VecDeque::new();
        for scored in routed.decision.ranked.iter().take(LONGEST_CHAIN) {
            let model = catalog.model(&scored.model);
            let found = model.and_then(|model| Some((model, catalog.provider(model.provider())?)));
            let Some((model, provider)) = found else {
                continue;
            };
            let rates = catalog.rates(model);
            let most = match rates {
                None | Some(Rates::FREE) => MicroUsd(0),
                Some(rates) => {
                    let count = self.count(model.encoding);
                    let input = self.gateway.most_input_tokens(model, &count);
                    rates.most(input, output_limit(model, false, self.max_tokens))
                }
            };
            chain.push_back(Link {
                provider,
                model,
                rates,
                most,
            });
        }
        chain
    }

    /// Sets money aside for the dearest of `chain`, and for two where two may be asked at once. Those
    /// that the budget does not allow leave the chain: they are no fallback of a cheaper one. A model
    /// that was chosen by hand is not replaced.
    async fn afford<'a>(
        &mut self,
        mut chain: VecDeque<Link<'a>>,
    ) -> Result<VecDeque<Link<'a>>, Error> {
        let chosen = self.ask.wishes.model.is_some();
        let settings = self.gateway.settings.current();
        let mut limits = Limits::of(&settings.budget);
        if let Some((_, Some(own))) = &self.ask.key {
            limits.key = Some(*own);
        }
        loop {
            let dearest = chain.iter().max_by_key(|link| link.most);
            let Some(dearest) = dearest.copied() else {
                return Ok(chain);
            };
            let most = if chain.iter().all(Link::is_free) {
                Most::Nothing
            } else if self.patience(&chain).is_some() {
                let mut sums: Vec<i64> = chain.iter().map(|link| link.most.0).collect();
                sums.sort_unstable_by(|a, b| b.cmp(a));
                let two = sums.iter().take(2);
                Most::Money(MicroUsd(two.fold(0, |sum, most| sum.saturating_add(*most))))
            } else {
                Most::Money(dearest.most)
            };
            let buyer = Buyer {
                run: self.decision.clone(),
                operation: self.ask.operation,
                project: self.ask.project.clone(),
                purpose: format!("an answer of {}", dearest.model.name),
                key: self.ask.key.as_ref().map(|(key, _)| key.clone()),
            };
            let refusal = match Bill::open(&self.gateway.books, buyer, most, limits).await {
                Ok(bill) => {
                    self.bill = Some(bill);
                    return Ok(chain);
                }
                Err(error) if error.code != ErrorCode::Refused => return Err(error),
                Err(refusal) => refusal,
            };
            if chosen && chain[0].most >= dearest.most && self.said.is_empty() {
                return Err(refusal);
            }
            chain.retain(|link| link.most < dearest.most);
            if chain.is_empty() {
                return Err(refusal);
            }
        }
    }

    /// How long the first of `chain` may be silent before the second is asked as well. `None`: for
    /// ever, because the owner does not want that, or nothing was measured.
    fn patience(&self, chain: &VecDeque<Link<'_>>) -> Option<Duration> {
        let wanted = self.gateway.settings.current().models.hedge;
        if !wanted || chain.len() < 2 || self.ask.wishes.model.is_some() || !self.said.is_empty() {
            return None;
        }
        self.gateway.with_health(&chain[0].model.id, |health| {
            let measured = &health.first_token;
            let p95 = measured.p95_ms()?;
            (measured.len() >= ENOUGH_MEASURED).then(|| Duration::from_secs_f64(p95 / 1e3))
        })
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

    /// Asks `rival` beside `link`, which has been silent: who speaks first is heard, the other is
    /// stopped. Reading what it was sent is paid for.
    async fn race<'a>(
        &mut self,
        link: Link<'a>,
        mut first: Talk,
        rival: Link<'a>,
        patience: Duration,
    ) -> (Link<'a>, Result<Written, ChatError>) {
        let mut second = self.begin(&rival);
        let (mut first_runs, mut second_runs) = (true, true);
        let (opening, rival_won) = loop {
            let (opening, is_rival) = tokio::select! {
                biased;
                opening = first.stream.next(), if first_runs => (opening, false),
                opening = second.stream.next(), if second_runs => (opening, true),
            };
            let both_run = first_runs && second_runs;
            let speaker = if is_rival { &rival } else { &link };
            match opening {
                Some(Err(error)) if both_run => {
                    self.asked.retain(|asked| asked.model != speaker.model.id);
                    self.failed(speaker, &error);
                    (first_runs, second_runs) = (is_rival, !is_rival);
                }
                opening => break (opening, is_rival),
            }
        };
        let (winner, talk, loser, lost, still_ran) = if rival_won {
            (rival, second, link, first, first_runs)
        } else {
            (link, first, rival, second, second_runs)
        };
        if still_ran {
            self.lose(&loser, &lost);
        }
        drop(lost);
        if rival_won {
            self.because = format!(
                "{} said nothing within {} ms, which is its 95th percentile.",
                loser.model.name,
                patience.as_millis()
            );
            self.tell(Step::Picked {
                model: winner.model.id.clone(),
                because: self.because.clone(),
            })
            .await;
        }
        let tried = self.follow(&winner, talk, opening).await;
        if tried.is_err() {
            self.asked.clear();
        }
        (winner, tried)
    }

    /// Records that `loser` was stopped because another one spoke first.
    fn lose(&mut self, loser: &Link<'_>, talk: &Talk) {
        let silent = talk.asked.elapsed();
        self.gateway
            .with_health(&loser.model.id, |health| health.outrun(silent));
        if let Some(at) = self.asked.iter().position(|it| it.model == loser.model.id) {
            let asked = self.asked.remove(at);
            let read = Usage {
                input_tokens: asked.input_tokens,
                ..Usage::default()
            };
            let cost = asked.rates.map_or(MicroUsd(0), |rates| rates.cost(&read));
            self.besides.0 = self.besides.0.saturating_add(cost.0);
        }
        self.outcome.attempts.push(Attempt {
            model: loser.model.id.clone(),
            failure: Some("outrun".to_owned()),
            detail: Some(format!("silent for {} ms", silent.as_millis())),
        });
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

    /// Tokens of the request in one encoding.
    fn count(&mut self, encoding: Encoding) -> Counted {
        let known = self.counts.iter().find(|(known, _)| *known == encoding);
        if let Some((_, count)) = known {
            return *count;
        }
        let count = self.gateway.counter.count(encoding, &self.ask.request);
        self.counts.push((encoding, count));
        count
    }

    fn expected_input(&mut self, model: &Model) -> u64 {
        let count = self.count(model.encoding);
        self.gateway.expected_input_tokens(model, &count)
    }

    /// What `link` wrote since `from`, by our own count.
    fn counted(&mut self, link: &Link<'_>, from: usize) -> Usage {
        Usage {
            input_tokens: self.expected_input(link.model),
            output_tokens: link.model.encoding.count(&self.said[from..]) + self.unsaid_tokens,
            ..Usage::default()
        }
    }

    /// The reported usage, unless it is missing or cannot be true: then our own count.
    fn believed(&mut self, link: &Link<'_>, reported: Option<Usage>, from: usize) -> Usage {
        let Some(reported) = reported else {
            return self.counted(link, from);
        };
        let sent = self.expected_input(link.model);
        let limit = output_limit(link.model, link.is_free(), self.max_tokens);
        let said = (self.said.len() - from) as u64;
        // A system prompt of the provider's own may add some; nobody reads four times what was sent.
        let plausible = reported.input_tokens <= sent.saturating_mul(4) + 4_096
            && reported.output_tokens <= limit.saturating_mul(2) + 256
            && said <= reported.output_tokens.saturating_mul(LONGEST_TOKEN)
            && (reported.input_tokens > 0 || sent == 0)
            && reported.cached_tokens <= reported.input_tokens
            && reported.reasoning_tokens <= reported.output_tokens;
        if !plausible {
            self.warnings.push(format!(
                "{} reports {} tokens read and {} written, which cannot be; our own count was used.",
                link.provider.name, reported.input_tokens, reported.output_tokens
            ));
            return self.counted(link, from);
        }
        let counted = self.count(link.model.encoding);
        let sure = counted.tokens;
        // Other tokenizers come to two thirds of our estimate at the least; what frames a short
        // conversation is not known.
        let share = if sure.exact { 2 } else { 3 };
        if sure.total > 2_048 && reported.input_tokens.saturating_mul(share) < sure.total {
            self.warnings.push(format!(
                "{} read {} of about {} tokens that were sent: it may have cut the conversation.",
                link.provider.name, reported.input_tokens, sure.total
            ));
        }
        // Words that were put in front of a broken answer are not in our count.
        if from == 0 {
            self.gateway
                .learn_tokens(link.model, &counted, reported.input_tokens);
        }
        reported
    }

    fn answered(&mut self, link: &Link<'_>, written: Written, from: usize) -> Answered {
        let usage = self.believed(link, written.usage, from);
        let besides = self.besides;
        let cost = link.rates.map(|rates| {
            let own = rates.cost(&usage);
            MicroUsd(own.0.saturating_add(besides.0))
        });
        let percent = self.gateway.settings.current().budget.warn_percent;
        if let Some(bill) = &self.bill {
            let near = bill.warnings(cost.unwrap_or_default(), percent);
            self.warnings.extend(near);
        }
        self.asked.clear();
        self.close(cost, Some((link.model.id.clone(), usage)));
        // What comes in one piece was written before it came.
        let lasted = written.writing >= SHORTEST_WRITING;
        self.gateway.with_health(&link.model.id, |health| {
            health.succeeded(written.first_token, usage.output_tokens, written.writing);
        });
        self.outcome.attempts.push(Attempt {
            model: link.model.id.clone(),
            failure: None,
            detail: None,
        });
        let first_token_ms = written.first_token.as_millis() as u64;
        self.outcome.model = Some(link.model.id.clone());
        self.outcome.first_token_ms = Some(first_token_ms);
        (self.outcome.usage, self.outcome.cost) = (usage, cost);
        let speed = usage.output_tokens as f64 / written.writing.as_secs_f64();
        Answered {
            model: link.model.id.clone(),
            because: self.because.clone(),
            decision: self.decision.clone(),
            end: written.end,
            usage,
            cost,
            first_token_ms,
            tokens_per_sec: lasted.then_some(speed),
            warnings: std::mem::take(&mut self.warnings),
        }
    }

    fn failed(&mut self, link: &Link<'_>, error: &ChatError) {
        self.gateway.with_health(&link.model.id, |health| {
            health.failed(error, self.gateway.now());
        });
        self.outcome.attempts.push(Attempt {
            model: link.model.id.clone(),
            failure: Some(error.class().to_owned()),
            detail: Some(error.to_string()),
        });
    }

    /// Settles what a model wrote before it broke off.
    fn close_broken(&mut self, link: &Link<'_>, from: usize) {
        let usage = self.counted(link, from);
        let besides = std::mem::take(&mut self.besides);
        let cost = link.rates.map(|rates| {
            let own = rates.cost(&usage);
            MicroUsd(own.0.saturating_add(besides.0))
        });
        self.close(cost, Some((link.model.id.clone(), usage)));
    }

    /// Closes the bill, if one is open. The slower one of a race is paid for, whoever answered.
    fn close(&mut self, spent: Option<MicroUsd>, answer: Option<(String, Usage)>) {
        if let Some(bill) = self.bill.take() {
            let spent = match &answer {
                Some(_) => spent,
                None => Some(self.besides),
            };
            bill.close(&self.gateway.books, spent, answer);
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

    /// Writes the decision and what came of it.
    fn log(&mut self) {
        let Some(routed) = self.routed.take() else {
            return;
        };
        self.outcome.total_ms = self.begun.elapsed().as_millis() as u64;
        let (question, decision) = match Arc::try_unwrap(routed) {
            Ok(routed) => (routed.question, routed.decision),
            Err(routed) => (routed.question.clone(), routed.decision.clone()),
        };
        self.gateway.books.decided(DecisionRecord {
            id: self.decision.clone(),
            at: self.at,
            operation: self.ask.operation.to_owned(),
            question,
            decision,
            outcome: Some(std::mem::take(&mut self.outcome)),
        });
    }
}

impl Drop for Run {
    /// The reader left: words that were written before are paid for.
    fn drop(&mut self) {
        let mut spent = Some(self.besides);
        let mut answer = None;
        for asked in std::mem::take(&mut self.asked) {
            self.gateway
                .with_health(&asked.model, |health| health.left());
            let usage = Usage {
                input_tokens: asked.input_tokens,
                output_tokens: asked.encoding.count(&self.said[asked.from..]) + self.unsaid_tokens,
                ..Usage::default()
            };
            let cost = asked.rates.map(|rates| rates.cost(&usage));
            spent = spent
                .zip(cost)
                .map(|(sum, cost)| MicroUsd(sum.0.saturating_add(cost.0)));
            self.outcome.model = Some(asked.model.clone());
            (self.outcome.usage, self.outcome.cost) = (usage, spent);
            answer = Some((asked.model, usage));
        }
        if let Some(bill) = self.bill.take() {
            bill.close(&self.gateway.books, spent, answer);
        }
        self.log();
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
