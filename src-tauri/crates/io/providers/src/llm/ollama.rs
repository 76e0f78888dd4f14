//! Ollama's own API.
//!
//! After its documents, "API". The terminal marker is `done: true`. Left to itself, Ollama cuts a
//! conversation that is longer than its context without a word: every request names the context that
//! it needs and forbids cutting. The steps are coarse, because another context loads the model anew.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use studio_llm::chat::{
    ChatError, ChatRequest, Effort, Finish, Message, Part, ResponseFormat, Tool, ToolCall,
    ToolChoice, Usage,
};
use studio_llm::tokens::{Encoding, count};

use super::answer::{Answer, Decoder};

/// Contexts that are asked for, in tokens.
const STEPS: [u64; 7] = [4_096, 8_192, 16_384, 32_768, 65_536, 131_072, 262_144];
/// How long the model stays loaded after the answer.
const KEEP_ALIVE: &str = "15m";
const KEEP_ALIVE_TIME: Duration = Duration::from_secs(15 * 60);
/// Tokens of an answer that are made room for where the request does not say.
const USUAL_ANSWER: u64 = 2_048;

/// The contexts that models are loaded with, by address and name.
///
/// Another context unloads a model and loads it again, which takes longer than most answers. So a
/// model that is loaded with a larger one keeps it for as long as it stays loaded.
#[derive(Debug, Default)]
pub(super) struct Loaded(Mutex<HashMap<(String, String), (Instant, u64)>>);

impl Loaded {
    /// The context to ask for, at least as large as the request `needs` and at most `most`.
    pub(super) fn context(
        &self,
        address: &str,
        model: &str,
        needs: u64,
        most: Option<u64>,
        now: Instant,
    ) -> u64 {
        let mut loaded = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.retain(|_, (when, _)| now.duration_since(*when) < KEEP_ALIVE_TIME);
        let needs = most.map_or(needs, |most| needs.min(most));
        let key = (address.to_owned(), model.to_owned());
        let (when, context) = loaded.entry(key).or_insert((now, needs));
        (*when, *context) = (now, needs.max(*context));
        *context
    }
}

/// The request's body for `model` with a context of `context` tokens.
pub(super) fn body(model: &str, request: &ChatRequest, context: u64) -> Value {
    let messages: Vec<Value> = request
        .messages
        .iter()
        .map(|it| message(it, request))
        .collect();
    let mut body = json!({
        "model": model,
        "messages": messages,
        "stream": true,
        "keep_alive": KEEP_ALIVE,
        "truncate": false,
        "shift": false,
        "options": options(request, context),
    });
    // It has no word for "call none": without tools none is called.
    if !request.tools.is_empty() && request.tool_choice != ToolChoice::None {
        body["tools"] = request.tools.iter().map(tool).collect();
    }
    if let Some(effort) = request.effort {
        body["think"] = match effort {
            Effort::None => json!(false),
            // Only gpt-oss knows levels; it knows nothing else.
            Effort::Low if model.starts_with("gpt-oss") => json!("low"),
            Effort::Medium if model.starts_with("gpt-oss") => json!("medium"),
            Effort::High if model.starts_with("gpt-oss") => json!("high"),
            Effort::Low | Effort::Medium | Effort::High => json!(true),
        };
    }
    match &request.response {
        ResponseFormat::Text => {}
        ResponseFormat::Json => body["format"] = json!("json"),
        ResponseFormat::Schema { schema, .. } => body["format"] = json!(schema),
    }
    body
}

fn options(request: &ChatRequest, context: u64) -> Value {
    let mut options = Map::new();
    let sampling = &request.sampling;
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            options.insert(name.to_owned(), value);
        }
    };
    set("num_ctx", Some(json!(context)));
    set("num_predict", request.max_tokens.map(|max| json!(max)));
    set(
        "temperature",
        sampling.temperature.map(|value| json!(value)),
    );
    set("top_p", sampling.top_p.map(|value| json!(value)));
    set("top_k", sampling.top_k.map(|value| json!(value)));
    set("min_p", sampling.min_p.map(|value| json!(value)));
    set(
        "repeat_penalty",
        sampling.repetition_penalty.map(|value| json!(value)),
    );
    set(
        "seed",
        sampling.seed.map(|seed| json!(seed & i32::MAX as u64)),
    );
    set(
        "stop",
        (!request.stop.is_empty()).then(|| json!(request.stop)),
    );
    Value::Object(options)
}

/// The smallest step that surely holds conversation and answer: other tokenizers count up to half as
/// much again as the one that we estimate with.
pub(super) fn context(request: &ChatRequest) -> u64 {
    let tokens = count(Encoding::Estimated, request).total;
    let answer = request.max_tokens.map_or(USUAL_ANSWER, u64::from);
    let needs = tokens + tokens / 2 + answer;
    let step = STEPS.into_iter().find(|step| *step >= needs);
    step.unwrap_or(needs)
}

fn message(message: &Message, request: &ChatRequest) -> Value {
    match message {
        Message::System { text } => json!({ "role": "system", "content": text }),
        Message::User { parts } => {
            let images: Vec<&String> = parts
                .iter()
                .filter_map(|part| match part {
                    Part::Image { data, .. } => Some(data),
                    Part::Text { .. } => None,
                })
                .collect();
            let mut user = json!({ "role": "user", "content": message.text() });
            if !images.is_empty() {
                user["images"] = json!(images);
            }
            user
        }
        Message::Assistant { text, tool_calls } => {
            let mut said = json!({ "role": "assistant", "content": text });
            if !tool_calls.is_empty() {
                said["tool_calls"] = tool_calls.iter().map(call).collect();
            }
            said
        }
        Message::Tool { call, text } => {
            let mut calls = request.messages.iter().filter_map(|message| match message {
                Message::Assistant { tool_calls, .. } => tool_calls.iter().find(|c| c.id == *call),
                _ => None,
            });
            let name = calls.next().map_or(call, |call| &call.name);
            json!({ "role": "tool", "content": text, "tool_name": name })
        }
    }
}

fn call(call: &ToolCall) -> Value {
    json!({ "function": { "name": call.name, "arguments": call.arguments } })
}

fn tool(tool: &Tool) -> Value {
    let function = json!({
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
    });
    json!({ "type": "function", "function": function })
}

/// Reads the lines of an answer.
pub(super) struct Lines;

impl Decoder for Lines {
    fn frame(&mut self, data: &str, answer: &mut Answer) -> Result<(), ChatError> {
        let line = answer.origin.json(data)?;
        let message = &line["message"];
        answer.reasoning(message["thinking"].as_str().unwrap_or_default());
        answer.text(message["content"].as_str().unwrap_or_default());
        for call in message["tool_calls"].as_array().into_iter().flatten() {
            let function = &call["function"];
            let Some(arguments) = function["arguments"].as_object() else {
                return Err(answer
                    .origin
                    .protocol("a tool call whose arguments are no object"));
            };
            let name = function["name"].as_str().unwrap_or_default();
            answer.call(call["id"].as_str(), name, arguments.clone())?;
        }
        if line["done"].as_bool() == Some(true) {
            let count = |name: &str| line[name].as_u64().unwrap_or(0);
            answer.usage(Usage {
                input_tokens: count("prompt_eval_count"),
                output_tokens: count("eval_count"),
                ..Usage::default()
            });
            answer.finish(match line["done_reason"].as_str() {
                Some("length") => Finish::Length,
                _ => Finish::Stop,
            });
            answer.end()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loaded_model_keeps_its_context_until_it_is_unloaded() {
        let loaded = Loaded::default();
        let start = Instant::now();
        let at = |secs, needs| {
            let now = start + Duration::from_secs(secs);
            loaded.context("http://a", "m", needs, Some(40_960), now)
        };
        assert_eq!(at(0, 8_192), 8_192);
        assert_eq!(at(60, 4_096), 8_192, "a short question loads nothing anew");
        assert_eq!(at(90, 65_536), 40_960, "no more than the model has");
        assert_eq!(at(100, 4_096), 40_960);
        assert_eq!(at(100 + 16 * 60, 4_096), 4_096, "unloaded meanwhile");
        assert_eq!(loaded.context("http://b", "m", 4_096, None, start), 4_096);
    }

    #[test]
    fn the_context_holds_what_is_sent() {
        let request = |words: usize, max_tokens| ChatRequest {
            messages: vec![Message::user("word ".repeat(words))],
            max_tokens,
            ..ChatRequest::default()
        };
        assert_eq!(context(&request(10, None)), 4_096);
        assert_eq!(
            context(&request(1_000, None)),
            4_096,
            "a little more is no other context"
        );
        assert_eq!(context(&request(10, Some(5_000))), 8_192);
        assert!(context(&request(300_000, None)) >= 450_000);
    }
}
