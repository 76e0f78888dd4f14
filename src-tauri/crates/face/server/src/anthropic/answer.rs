//! Answers as Anthropic's clients read them, whole or in events.

use serde_json::{Value, json};
use studio_core::Error;
use studio_gateway::{Answered, Said, Step};
use studio_llm::chat::{ChatEvent, Finish, Usage};

use crate::openai::facts;
use crate::problem::{self, Refusal};
use crate::telling::{Shape, Told};

pub(super) fn whole(id: &str, said: Said) -> Value {
    let Said {
        text,
        tool_calls: calls,
        answered,
        ..
    } = said;
    let mut content = Vec::new();
    if !text.is_empty() {
        content.push(json!({ "type": "text", "text": text }));
    }
    content.extend(calls.into_iter().map(|call| {
        json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments })
    }));
    let mut message = message(id, &answered.model);
    message["content"] = json!(content);
    message["stop_reason"] = json!(stop_reason(answered.end));
    message["usage"] = usage(&answered.usage);
    message["studio"] = facts(&answered);
    message
}

/// A message that has no content yet.
fn message(id: &str, model: &str) -> Value {
    json!({
        "id": id, "type": "message", "role": "assistant", "model": model, "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": usage(&Usage::default()),
    })
}

/// Tokens as Anthropic counts them: what was cached is not part of the input.
fn usage(usage: &Usage) -> Value {
    let cached = usage.cached_tokens + usage.cache_write_tokens;
    json!({
        "input_tokens": usage.input_tokens.saturating_sub(cached),
        "cache_read_input_tokens": usage.cached_tokens,
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "output_tokens": usage.output_tokens,
    })
}

fn stop_reason(end: Finish) -> &'static str {
    match end {
        Finish::Stop => "end_turn",
        Finish::Length => "max_tokens",
        Finish::ToolCalls => "tool_use",
        Finish::ContentFilter => "refusal",
    }
}

/// The events of a stream.
pub(super) struct Events {
    id: String,
    begun: bool,
    /// How many content blocks were begun, and whether the last of them, of text, is open.
    blocks: usize,
    in_text: bool,
}

impl Events {
    pub(super) fn new(id: String) -> Events {
        Events {
            id,
            begun: false,
            blocks: 0,
            in_text: false,
        }
    }
}

impl Shape for Events {
    fn tell(&mut self, step: Result<Step, Error>, told: &mut Told) {
        match step {
            Ok(Step::Picked { model, .. }) if !self.begun => {
                self.begun = true;
                let message = message(&self.id, &model);
                send(
                    told,
                    &json!({ "type": "message_start", "message": message }),
                );
            }
            Ok(Step::Event(ChatEvent::Text { text })) => {
                if !self.in_text {
                    self.begin_block(told, &json!({ "type": "text", "text": "" }));
                    self.in_text = true;
                }
                self.send_delta(told, &json!({ "type": "text_delta", "text": text }));
            }
            Ok(Step::Event(ChatEvent::ToolCall { call })) => {
                self.end_text(told);
                let block =
                    json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": {} });
                self.begin_block(told, &block);
                let arguments = Value::Object(call.arguments).to_string();
                let delta = json!({ "type": "input_json_delta", "partial_json": arguments });
                self.send_delta(told, &delta);
                self.end_block(told);
            }
            Ok(Step::Event(_) | Step::Picked { .. } | Step::Failed { .. }) => {}
            Ok(Step::Done(answered)) => self.end(told, &answered),
            Err(error) => {
                let status = Refusal::from(error.clone()).status;
                send(told, &problem::anthropic(status, &error, &self.id));
            }
        }
    }
}

impl Events {
    fn end(&mut self, told: &mut Told, answered: &Answered) {
        self.end_text(told);
        let delta = json!({
            "type": "message_delta",
            "delta": { "stop_reason": stop_reason(answered.end), "stop_sequence": null },
            "usage": usage(&answered.usage),
            "studio": facts(answered),
        });
        send(told, &delta);
        send(told, &json!({ "type": "message_stop" }));
    }

    fn begin_block(&mut self, told: &mut Told, block: &Value) {
        let index = self.blocks;
        let begin =
            json!({ "type": "content_block_start", "index": index, "content_block": block });
        send(told, &begin);
        self.blocks += 1;
    }

    fn send_delta(&self, told: &mut Told, delta: &Value) {
        let index = self.blocks.saturating_sub(1);
        let delta = json!({ "type": "content_block_delta", "index": index, "delta": delta });
        send(told, &delta);
    }

    fn end_text(&mut self, told: &mut Told) {
        if std::mem::take(&mut self.in_text) {
            self.end_block(told);
        }
    }

    fn end_block(&self, told: &mut Told) {
        let index = self.blocks.saturating_sub(1);
        send(
            told,
            &json!({ "type": "content_block_stop", "index": index }),
        );
    }
}

/// Events have the name that their data tells.
fn send(told: &mut Told, event: &Value) {
    told.event(event["type"].as_str().unwrap_or_default(), event);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cached_tokens_are_counted_beside_the_input() {
        let counted = usage(&Usage {
            input_tokens: 100,
            cached_tokens: 60,
            cache_write_tokens: 10,
            output_tokens: 5,
            reasoning_tokens: 0,
        });
        assert_eq!(counted["input_tokens"], 30);
        assert_eq!(counted["cache_read_input_tokens"], 60);
    }
}
