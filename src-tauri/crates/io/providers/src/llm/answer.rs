//! An answer in the making: decoders write what the wire says, out come [`ChatEvent`]s that keep the
//! invariants of an event stream.
//!
//! Tool calls are gathered here and passed on only whole; usage is kept until the end; nothing
//! follows [`ChatEvent::End`].

use std::collections::VecDeque;

use serde_json::{Map, Value};
use studio_llm::chat::{ChatError, ChatEvent, Finish, ToolCall, Usage};

use super::refusal::Origin;

/// Most bytes of one call's arguments.
const LONGEST_ARGUMENTS: usize = 4 << 20;
/// Most calls of one answer.
const MOST_CALLS: usize = 256;

/// A line or an event has more than `cap` bytes.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a line of more than {cap} bytes")]
pub(super) struct TooLong {
    pub cap: usize,
}

/// Turns the frames of one protocol into an [`Answer`].
pub(super) trait Decoder: Send {
    /// Takes the next frame: the data of an SSE event, or a line of NDJSON.
    fn frame(&mut self, data: &str, answer: &mut Answer) -> Result<(), ChatError>;

    /// The provider closed the stream in order. Only where that is the terminal marker, it ends the
    /// answer.
    fn close(&mut self, _answer: &mut Answer) -> Result<(), ChatError> {
        Ok(())
    }
}

pub(super) struct Answer {
    pub(super) origin: Origin,
    /// Unique to this answer, at most 32 characters: what calls without an id are named after.
    name: String,
    events: VecDeque<ChatEvent>,
    drafts: Vec<Draft>,
    /// Calls so far, whole or not.
    calls: usize,
    usage: Option<Usage>,
    finish: Option<Finish>,
    /// How often the model wrote something, even if it could not be passed on yet.
    pub(super) pieces: u64,
    pub(super) ended: bool,
}

/// A tool call that still comes in.
struct Draft {
    /// What the wire numbers it by.
    index: u64,
    id: String,
    name: String,
    arguments: String,
}

impl Answer {
    pub(super) fn new(origin: Origin, name: String) -> Answer {
        Answer {
            origin,
            name,
            events: VecDeque::new(),
            drafts: Vec::new(),
            calls: 0,
            usage: None,
            finish: None,
            pieces: 0,
            ended: false,
        }
    }

    /// The next event that is ready.
    pub(super) fn take(&mut self) -> Option<ChatEvent> {
        self.events.pop_front()
    }

    pub(super) fn text(&mut self, text: &str) {
        if !text.is_empty() {
            self.pieces += 1;
            let text = text.to_owned();
            self.events.push_back(ChatEvent::Text { text });
        }
    }

    pub(super) fn reasoning(&mut self, text: &str) {
        if !text.is_empty() {
            self.pieces += 1;
            let text = text.to_owned();
            self.events.push_back(ChatEvent::Reasoning { text });
        }
    }

    /// A call that came whole.
    pub(super) fn call(
        &mut self,
        id: Option<&str>,
        name: &str,
        arguments: Map<String, Value>,
    ) -> Result<(), ChatError> {
        let id = self.call_id(id)?;
        if name.is_empty() {
            return Err(self.origin.protocol("a tool call without a name"));
        }
        let call = ToolCall {
            id,
            name: name.to_owned(),
            arguments,
        };
        self.events.push_back(ChatEvent::ToolCall { call });
        Ok(())
    }

    /// A call begins, or goes on, whose arguments come in fragments. The name comes whole.
    pub(super) fn fragment(
        &mut self,
        index: u64,
        id: Option<&str>,
        name: Option<&str>,
        arguments: &str,
    ) -> Result<(), ChatError> {
        let at = match self.drafts.iter().position(|draft| draft.index == index) {
            Some(at) => at,
            None => {
                let id = self.call_id(id)?;
                self.drafts.push(Draft {
                    index,
                    id,
                    name: String::new(),
                    arguments: String::new(),
                });
                self.drafts.len() - 1
            }
        };
        let draft = &mut self.drafts[at];
        if draft.arguments.len() + arguments.len() > LONGEST_ARGUMENTS {
            return Err(self.origin.protocol("a tool call with endless arguments"));
        }
        draft.arguments.push_str(arguments);
        if draft.name.is_empty() {
            name.unwrap_or_default().clone_into(&mut draft.name);
        }
        Ok(())
    }

    /// The call numbered `index` is whole. Without such a call, nothing happens.
    pub(super) fn whole(&mut self, index: u64) -> Result<(), ChatError> {
        let Some(at) = self.drafts.iter().position(|draft| draft.index == index) else {
            return Ok(());
        };
        let draft = self.drafts.remove(at);
        let call = draft.finish(&self.origin)?;
        self.events.push_back(ChatEvent::ToolCall { call });
        Ok(())
    }

    /// The provider says why the answer ends. More frames may follow.
    pub(super) fn finish(&mut self, reason: Finish) {
        self.pieces += 1;
        self.finish = Some(reason);
    }

    pub(super) fn is_finished(&self) -> bool {
        self.finish.is_some()
    }

    /// Counts so far; the last ones count.
    pub(super) fn usage(&mut self, usage: Usage) {
        self.usage = Some(usage);
    }

    /// The terminal marker came.
    ///
    /// Fails if the provider never said why it ended, or if a call is not whole.
    pub(super) fn end(&mut self) -> Result<(), ChatError> {
        let Some(mut reason) = self.finish else {
            return Err(self.origin.protocol("an end without a reason"));
        };
        let cut = matches!(reason, Finish::Length | Finish::ContentFilter);
        for draft in std::mem::take(&mut self.drafts) {
            if cut && draft.arguments.trim().is_empty() {
                let detail = format!("the call of {} was cut before its arguments", draft.name);
                return Err(self.origin.protocol(detail));
            }
            let call = draft.finish(&self.origin)?;
            self.events.push_back(ChatEvent::ToolCall { call });
        }
        if self.calls > 0 && reason == Finish::Stop {
            reason = Finish::ToolCalls;
        }
        if let Some(usage) = self.usage {
            self.events.push_back(ChatEvent::Usage { usage });
        }
        self.events.push_back(ChatEvent::End { reason });
        self.ended = true;
        Ok(())
    }

    /// The provider's id, or one that no other answer has: some APIs give none.
    fn call_id(&mut self, id: Option<&str>) -> Result<String, ChatError> {
        self.pieces += 1;
        self.calls += 1;
        if self.calls > MOST_CALLS {
            return Err(self.origin.protocol("endless tool calls"));
        }
        Ok(match id {
            Some(id) if !id.is_empty() => id.to_owned(),
            _ => format!("{}_{}", self.name, self.calls),
        })
    }
}

impl Draft {
    fn finish(self, origin: &Origin) -> Result<ToolCall, ChatError> {
        let Draft {
            id,
            name,
            arguments,
            ..
        } = self;
        if name.is_empty() {
            return Err(origin.protocol("a tool call without a name"));
        }
        // A function without parameters is called with nothing at all.
        let text = match arguments.trim() {
            "" => "{}",
            text => text,
        };
        let arguments = serde_json::from_str(text).map_err(|error| {
            let detail = format!("the arguments of {name} are no JSON object ({error}): {text}");
            origin.protocol(detail)
        })?;
        Ok(ToolCall {
            id,
            name,
            arguments,
        })
    }
}
