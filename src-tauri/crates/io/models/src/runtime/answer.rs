//! From a request to its events: template, tokens, cache, sampling, text.

use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use studio_llm::chat::{
    ChatError, ChatEvent, ChatRequest, Finish, ResponseFormat, Sampling, Tool, ToolChoice, Usage,
};
use studio_llm::grammar::{Constraint, Grammar};
use studio_llm::sample::Sampler;
use studio_llm::stop::Stops;
use studio_llm::toolcall::{Parser, Piece, Style};
use tokio::sync::mpsc::error::TrySendError;

use super::conversation::{Conversations, Slot};
use super::defaults;
use super::engine::{Shared, State, refused};
use super::guard::Claim;
use super::machine;
use super::think::{Marks, Thoughts};
use crate::arch::{Cache, Decoder, Rows};
use crate::error::{ModelError, Result};
use crate::files::{ModelFiles, Opened};
use crate::text::{Prompt, Reader, Template, Tokenizer};

/// How often a reader that is behind is looked at.
const BEHIND: Duration = Duration::from_millis(2);

type Answered<T> = std::result::Result<T, ChatError>;

/// One question, and where its events go.
pub(super) struct Ask {
    pub(super) request: ChatRequest,
    pub(super) conversation: Option<String>,
    pub(super) events: tokio::sync::mpsc::Sender<Answered<ChatEvent>>,
}

/// A model in memory.
pub(super) struct Loaded {
    files: ModelFiles,
    decoder: Decoder,
    tokenizer: Arc<Tokenizer>,
    template: Arc<Template>,
    conversations: Conversations,
    context_tokens: usize,
    marks: Option<Marks>,
    sampling: Sampling,
    /// Last, so that the account is told when everything above is gone.
    claim: Claim,
}

impl Loaded {
    pub(super) fn load(
        files: &ModelFiles,
        opened: Opened,
        reader: Reader,
        context_tokens: usize,
        claim: Claim,
        progress: &mut dyn FnMut(f64) -> bool,
    ) -> Result<Loaded> {
        let Reader {
            tokenizer,
            template,
        } = reader;
        let Opened {
            weights,
            config,
            folder,
        } = opened;
        let marks = tokenizer
            .id("<think>")
            .zip(tokenizer.id("</think>"))
            .map(|(open, close)| Marks { open, close });
        let sampling = defaults::of(&weights, folder.as_deref());
        let decoder = Decoder::load(&weights, config, &machine::device()?, progress)?;
        Ok(Loaded {
            files: files.clone(),
            decoder,
            tokenizer,
            template,
            conversations: Conversations::new(Cache::rounded(context_tokens)),
            context_tokens,
            marks,
            sampling,
            claim,
        })
    }

    pub(super) fn files(&self) -> &ModelFiles {
        &self.files
    }

    /// Answers; all events are sent but the last, the end or an error.
    pub(super) fn answer(&mut self, ask: &Ask, shared: &Shared) -> Answered<Finish> {
        self.claim.touch();
        let plan = Plan::new(&ask.request, &self.template, &self.tokenizer);
        let plan = plan.map_err(|detail| ChatError::BadRequest {
            provider: self.files.name.clone(),
            detail,
        })?;
        let limit = self.context_tokens;
        let tokens = plan.prompt.len();
        if tokens >= limit {
            let error = ModelError::ContextLength { tokens, limit };
            return Err(refused(&self.files.name, &error));
        }
        let name = ask.conversation.as_deref();
        let slot = self.conversations.take(name, &plan.prompt, &self.decoder);
        let mut slot = slot.map_err(|error| refused(&self.files.name, &error))?;
        let answered = self.speak(ask, &plan, &mut slot, shared);
        // Whatever ended it: what was read is worth keeping.
        self.conversations.put_back(slot);
        answered
    }

    fn speak(
        &mut self,
        ask: &Ask,
        plan: &Plan<'_>,
        slot: &mut Slot,
        shared: &Shared,
    ) -> Answered<Finish> {
        let request = &ask.request;
        let prompt = &plan.prompt;
        let send = |event| send(ask, event, shared);
        let stop = || shared.halted() || ask.events.is_closed();
        let fail = |error: ModelError| refused(&self.files.name, &error);
        let mut usage = Usage {
            input_tokens: prompt.len() as u64,
            cached_tokens: slot.len() as u64,
            ..Usage::default()
        };
        let mut logits = Vec::new();
        while slot.len() < prompt.len() {
            let state = State::Reading {
                tokens: slot.len(),
                of: prompt.len(),
            };
            shared.tell(state);
            let end = prompt
                .len()
                .min(slot.len() + self.decoder.chunk(slot.len()));
            let chunk = prompt.get(slot.len()..end).unwrap_or_default();
            let rows = if end == prompt.len() {
                Rows::Last
            } else {
                Rows::None
            };
            logits = self
                .conversations
                .read(slot, &self.decoder, chunk, rows, &stop)
                .map_err(fail)?;
        }

        let sampling = defaults::completed(&request.sampling, &self.sampling);
        let mut sampler = Sampler::new(&sampling, RandomState::new().hash_one(0));
        sampler.see(prompt);
        let grammar = plan.grammar.as_ref();
        let mut constraint =
            grammar.map(|grammar| Constraint::new(grammar, self.tokenizer.vocabulary().clone()));
        let mut thoughts = Thoughts::new(self.marks, prompt);
        let mut said = Said::new(&self.tokenizer, plan, &request.stop, thoughts.inside());
        let room = self.context_tokens - prompt.len();
        let limit = request
            .max_tokens
            .map_or(room, |most| room.min(most as usize));
        let mut finish = Finish::Length;
        while usage.output_tokens < limit as u64 {
            // A padded vocabulary has logits for tokens that nobody knows.
            logits.truncate(self.tokenizer.len());
            let mask = constraint.as_mut().map(Constraint::mask);
            let Some(token) = sampler.next(&mut logits, mask) else {
                if constraint.as_ref().is_some_and(Constraint::is_complete) {
                    finish = Finish::Stop;
                    break;
                }
                let detail = "it computed nothing that could be said".to_owned();
                let provider = self.files.name.clone();
                return Err(ChatError::Unavailable { provider, detail });
            };
            if self.tokenizer.is_end(token) {
                finish = Finish::Stop;
                break;
            }
            usage.output_tokens += 1;
            let mark = thoughts.is_mark(token);
            usage.reasoning_tokens += u64::from(mark || thoughts.inside());
            let events = if mark {
                said.turn(thoughts.inside())
            } else {
                said.push(token)
            };
            for event in events {
                send(event)?;
            }
            let complete = match constraint.as_mut() {
                None => false,
                Some(constraint) => constraint.accept(token).is_err() || constraint.must_end(),
            };
            if complete || said.stopped {
                finish = Finish::Stop;
                break;
            }
            if usage.output_tokens.is_multiple_of(16) {
                shared.tell(State::Answering {
                    tokens: usage.output_tokens as usize,
                });
            }
            if usage.output_tokens < limit as u64 {
                logits = self
                    .conversations
                    .read(slot, &self.decoder, &[token], Rows::Last, &stop)
                    .map_err(fail)?;
            }
        }
        for event in said.end() {
            send(event)?;
        }
        if said.calls > 0 && finish == Finish::Stop {
            finish = Finish::ToolCalls;
        }
        send(ChatEvent::Usage { usage })?;
        Ok(finish)
    }
}

/// Waits while the reader is behind, unless everything is to stop: a reader may stand still for ever.
fn send(ask: &Ask, event: ChatEvent, shared: &Shared) -> Answered<()> {
    let mut event = Ok(event);
    loop {
        event = match ask.events.try_send(event) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Full(event)) if !shared.halted() => event,
            Err(_) => return Err(ChatError::Cancelled),
        };
        std::thread::sleep(BEHIND);
    }
}

/// What a request means for this model.
struct Plan<'a> {
    prompt: Vec<u32>,
    tools: Cow<'a, [Tool]>,
    style: Style,
    /// The answer must be of this form.
    grammar: Option<Grammar>,
    /// The answer must be a call, and begins with this, which the prompt ends with.
    forced: Option<&'static str>,
}

impl<'a> Plan<'a> {
    /// An error says what is wrong with the request.
    fn new(
        request: &'a ChatRequest,
        template: &Template,
        tokenizer: &Tokenizer,
    ) -> std::result::Result<Plan<'a>, String> {
        let style = template.call_style();
        let (tools, must_call): (Cow<'a, [Tool]>, bool) = match &request.tool_choice {
            ToolChoice::None => (Cow::Borrowed(&[]), false),
            ToolChoice::Auto => (Cow::Borrowed(&request.tools), false),
            ToolChoice::Required => (Cow::Borrowed(&request.tools), true),
            ToolChoice::Named(name) => {
                let named = request.tools.iter().filter(|tool| tool.name == *name);
                (named.cloned().collect(), true)
            }
        };
        if must_call && tools.is_empty() {
            return Err("the tool that must be called is not among the tools".to_owned());
        }
        if !tools.is_empty() && style == Style::None {
            return Err("this model's template knows no tools".to_owned());
        }
        let schema = match &request.response {
            _ if must_call => style.forced(&tools).map(|(_, schema)| schema),
            ResponseFormat::Schema { schema, .. } => Some(Value::Object(schema.clone())),
            ResponseFormat::Text | ResponseFormat::Json => None,
        };
        let grammar = match (schema, &request.response) {
            (Some(schema), _) => Some(Grammar::from_schema(&schema)),
            (None, ResponseFormat::Json) => Some(Grammar::json_object()),
            (None, _) => None,
        };
        let grammar = grammar.transpose().map_err(|error| error.to_string())?;
        // An answer that is held to JSON from its first token cannot begin with a call.
        let tools = if must_call || grammar.is_none() {
            tools
        } else {
            Cow::Borrowed(&[][..])
        };
        let mut text = template
            .render(&Prompt {
                messages: &request.messages,
                tools: &tools,
                now: jiff::Zoned::now().datetime(),
                answer: true,
                // Thoughts are not JSON.
                thinking: grammar.is_some().then_some(false),
            })
            .map_err(|error| error.to_string())?;
        let forced = if must_call {
            style.forced(&tools).map(|(open, _)| open)
        } else {
            None
        };
        text.push_str(forced.unwrap_or_default());
        let prompt = tokenizer
            .encode(&text, true)
            .map_err(|error| error.to_string())?;
        Ok(Plan {
            prompt,
            tools,
            style,
            grammar,
            forced,
        })
    }
}

/// Turns tokens into events.
struct Said<'a> {
    decoder: crate::text::Decoder<'a>,
    stops: Stops,
    parser: Parser,
    /// Only calls are shown: what is no call yet is not what was asked for.
    only_calls: bool,
    calls: usize,
    stopped: bool,
    /// Whether the present stretch of thought or speech has begun: models set line breaks before it.
    begun: bool,
    thinking: bool,
}

impl<'a> Said<'a> {
    fn new(tokenizer: &'a Tokenizer, plan: &Plan<'_>, stop: &[String], thinking: bool) -> Said<'a> {
        let mut parser = Parser::new(plan.style, &plan.tools, RandomState::new().hash_one(0));
        if let Some(open) = plan.forced {
            parser.push(open);
        }
        let shown = if plan.tools.is_empty() {
            &[]
        } else {
            plan.style.markers()
        };
        Said {
            decoder: tokenizer.decoder_showing(shown),
            stops: Stops::new(stop),
            parser,
            only_calls: plan.forced.is_some(),
            calls: 0,
            stopped: false,
            // Without thoughts the answer is shown as it is.
            begun: !thinking,
            thinking,
        }
    }

    fn push(&mut self, token: u32) -> Vec<ChatEvent> {
        let text = self.decoder.push(token).to_owned();
        self.show(&text)
    }

    /// Thoughts begin or end: what was held back belongs to what came before.
    fn turn(&mut self, thinking: bool) -> Vec<ChatEvent> {
        let held = self.decoder.end().to_owned();
        let events = self.show(&held);
        (self.thinking, self.begun) = (thinking, false);
        events
    }

    /// Everything that was held back.
    fn end(&mut self) -> Vec<ChatEvent> {
        let held = self.decoder.end().to_owned();
        let mut events = self.show(&held);
        if !self.stopped {
            let held = self.stops.end();
            events.extend(self.parse(&held));
        }
        let pieces = self.parser.end();
        events.extend(self.events(pieces));
        events
    }

    fn show(&mut self, text: &str) -> Vec<ChatEvent> {
        let text = if self.begun { text } else { text.trim_start() };
        if text.is_empty() || self.stopped {
            return Vec::new();
        }
        self.begun = true;
        if self.thinking {
            return vec![ChatEvent::Reasoning {
                text: text.to_owned(),
            }];
        }
        let passed = self.stops.push(text);
        self.stopped = passed.hit;
        self.parse(&passed.text)
    }

    fn parse(&mut self, text: &str) -> Vec<ChatEvent> {
        let pieces = self.parser.push(text);
        self.events(pieces)
    }

    fn events(&mut self, pieces: Vec<Piece>) -> Vec<ChatEvent> {
        let mut events = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) if self.only_calls || text.is_empty() => {}
                Piece::Text(text) => events.push(ChatEvent::Text { text }),
                Piece::Call(call) => {
                    self.calls += 1;
                    events.push(ChatEvent::ToolCall { call });
                }
            }
        }
        events
    }
}
