//! Anthropic's messages.
//!
//! After the API reference, "Create a Message", "Streaming messages", "Structured outputs" and "Prompt caching". The
//! terminal marker is `message_stop`. The API knows no seed, min-p or repetition penalty: they are
//! not sent.

use serde_json::{Value, json};
use studio_llm::chat::{
    ChatError, ChatRequest, Effort, Finish, Message, Part, ResponseFormat, Sampling, Tool,
    ToolChoice, Usage,
};

use super::answer::{Answer, Decoder};
use super::turns::{self, Turns};

/// Of the header `anthropic-version`.
pub(super) const VERSION: &str = "2023-06-01";

/// The API demands a limit.
const USUAL_MAX_TOKENS: u32 = 4096;

/// The request's body for `model`.
pub(super) fn body(model: &str, request: &ChatRequest) -> Value {
    let mut turns = Turns::default();
    for message in &request.messages {
        push(&mut turns, message);
    }
    let mut body = json!({
        "model": model,
        "max_tokens": request.max_tokens.unwrap_or(USUAL_MAX_TOKENS),
        "messages": turns.into_values("content"),
        "stream": true,
    });
    if let Some(system) = turns::system(request, false) {
        body["system"] = json!([{ "type": "text", "text": system }]);
    }
    if !request.tools.is_empty() {
        body["tools"] = request.tools.iter().map(tool).collect();
        match &request.tool_choice {
            ToolChoice::Auto => {}
            ToolChoice::None => body["tool_choice"] = json!({ "type": "none" }),
            ToolChoice::Required => body["tool_choice"] = json!({ "type": "any" }),
            ToolChoice::Named(name) => {
                body["tool_choice"] = json!({ "type": "tool", "name": name });
            }
        }
    }
    if let ResponseFormat::Schema { schema, .. } = &request.response {
        // Objects that are open to further properties are refused.
        let format = json!({ "type": "json_schema", "schema": turns::closed(schema) });
        body["output_config"] = json!({ "format": format });
    }
    let thinks = think(&mut body, model, request);
    // The scale ends at 1; newer models refuse temperature and top-p together, and thinking refuses
    // both.
    let sampling = request.sampling.clone();
    let sampling = if thinks {
        Sampling::default()
    } else {
        sampling
    };
    if let Some(temperature) = sampling.temperature {
        body["temperature"] = json!(temperature.min(1.0));
    } else if let Some(top_p) = sampling.top_p {
        body["top_p"] = json!(top_p);
    }
    if let Some(top_k) = sampling.top_k {
        body["top_k"] = json!(top_k);
    }
    if !request.stop.is_empty() {
        body["stop_sequences"] = json!(request.stop);
    }
    if goes_on(request) {
        mark_for_cache(&mut body);
    }
    body
}

/// Whether another turn will probably follow that begins the same: a conversation under way, or one
/// with tools. Writing the cache costs a quarter more than reading, so a single question is not
/// marked.
fn goes_on(request: &ChatRequest) -> bool {
    let mut messages = request.messages.iter();
    !request.tools.is_empty() || messages.any(|it| matches!(it, Message::Assistant { .. }))
}

/// Sets the two borders of "Prompt caching": after tools and system, which never change, and after
/// the newest turn, from which the next one goes on.
fn mark_for_cache(body: &mut Value) {
    let mark = json!({ "type": "ephemeral" });
    let system = body["system"].as_array_mut().and_then(|all| all.last_mut());
    if let Some(last) = system {
        last["cache_control"] = mark.clone();
    } else if let Some(last) = body["tools"].as_array_mut().and_then(|all| all.last_mut()) {
        last["cache_control"] = mark.clone();
    }
    let newest = body["messages"]
        .as_array_mut()
        .and_then(|all| all.last_mut()?["content"].as_array_mut()?.last_mut());
    if let Some(block) = newest {
        block["cache_control"] = mark;
    }
}

/// Has the model think, after "Extended thinking" and "Adaptive thinking"; answers whether it will.
///
/// The thoughts before a tool call would have to be sent back with their signatures, which are not
/// kept: on the way through tools nobody is told to think. Nor can a tool be forced then.
fn think(body: &mut Value, model: &str, request: &ChatRequest) -> bool {
    let Some(effort) = request.effort else {
        return false;
    };
    let after_tool = matches!(request.messages.last(), Some(Message::Tool { .. }));
    let forced = matches!(
        request.tool_choice,
        ToolChoice::Required | ToolChoice::Named(_)
    );
    if after_tool || forced && !request.tools.is_empty() {
        return false;
    }
    let (word, budget) = match effort {
        Effort::None => return false,
        Effort::Low => ("low", 2_048),
        Effort::Medium => ("medium", 8_192),
        Effort::High => ("high", 24_576),
    };
    if is_adaptive(model) {
        body["thinking"] = json!({ "type": "adaptive" });
        body["output_config"]["effort"] = json!(word);
        return true;
    }
    // Thoughts count as output: half of it is left for words. Less than 1024 is refused.
    let room = request.max_tokens.unwrap_or(USUAL_MAX_TOKENS) / 2;
    let budget = budget.min(room);
    if budget >= 1_024 {
        body["thinking"] = json!({ "type": "enabled", "budget_tokens": budget });
    }
    budget >= 1_024
}

/// From Claude 4.6 on, models decide themselves how long they think; from 4.7 on, a budget is
/// refused.
fn is_adaptive(model: &str) -> bool {
    // A date in the name is no version.
    let numbers = model
        .split(['-', '.'])
        .filter_map(|part| part.parse::<u32>().ok())
        .filter(|number| *number < 100);
    let version: Vec<u32> = numbers.take(2).collect();
    match version[..] {
        [major, minor] => (major, minor) >= (4, 6),
        [major] => major >= 5,
        _ => false,
    }
}

/// Empty texts are refused: they are left out.
fn push(turns: &mut Turns, message: &Message) {
    let text_block = |text: &String| {
        let block = json!({ "type": "text", "text": text });
        (!text.is_empty()).then_some(block)
    };
    match message {
        Message::System { .. } => {}
        Message::User { parts } => {
            let blocks = parts.iter().filter_map(|part| match part {
                Part::Text { text } => text_block(text),
                Part::Image { media_type, data } => {
                    let source =
                        json!({ "type": "base64", "media_type": media_type, "data": data });
                    Some(json!({ "type": "image", "source": source }))
                }
            });
            turns.push("user", blocks.collect());
        }
        Message::Assistant { text, tool_calls } => {
            let calls = tool_calls.iter().map(|call| {
                json!({
                    "type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments,
                })
            });
            turns.push(
                "assistant",
                text_block(text).into_iter().chain(calls).collect(),
            );
        }
        Message::Tool { call, text } => {
            let block = json!({ "type": "tool_result", "tool_use_id": call, "content": text });
            turns.push("user", vec![block]);
        }
    }
}

fn tool(tool: &Tool) -> Value {
    json!({
        "name": tool.name,
        "description": tool.description,
        "input_schema": tool.parameters,
    })
}

/// Reads the events of one message.
#[derive(Default)]
pub(super) struct Events {
    usage: Usage,
}

impl Decoder for Events {
    fn frame(&mut self, data: &str, answer: &mut Answer) -> Result<(), ChatError> {
        let event = answer.origin.json(data)?;
        let index = event["index"].as_u64().unwrap_or(0);
        match event["type"].as_str().unwrap_or_default() {
            "message_start" => self.count(&event["message"]["usage"], answer),
            "content_block_start" => {
                let block = &event["content_block"];
                answer.text(block["text"].as_str().unwrap_or_default());
                if block["type"] == "tool_use" {
                    answer.fragment(index, block["id"].as_str(), block["name"].as_str(), "")?;
                }
            }
            "content_block_delta" => {
                let delta = &event["delta"];
                answer.text(delta["text"].as_str().unwrap_or_default());
                answer.reasoning(delta["thinking"].as_str().unwrap_or_default());
                if let Some(json) = delta["partial_json"].as_str() {
                    answer.fragment(index, None, None, json)?;
                }
            }
            // Whether the block is whole, the reason of the end tells: a cut one is stopped, too.
            "message_delta" => {
                self.count(&event["usage"], answer);
                match event["delta"]["stop_reason"].as_str() {
                    None => {}
                    Some("tool_use") => answer.finish(Finish::ToolCalls),
                    Some("max_tokens" | "model_context_window_exceeded") => {
                        answer.finish(Finish::Length);
                    }
                    Some("refusal") => answer.finish(Finish::ContentFilter),
                    Some(_) => answer.finish(Finish::Stop),
                }
            }
            "message_stop" => answer.end()?,
            _ => {}
        }
        Ok(())
    }
}

impl Events {
    /// Later counts are totals, and tell only what they know.
    fn count(&mut self, counts: &Value, answer: &mut Answer) {
        let usage = &mut self.usage;
        let uncached = usage
            .input_tokens
            .saturating_sub(usage.cached_tokens)
            .saturating_sub(usage.cache_write_tokens);
        let count = |name: &str, before: u64| counts[name].as_u64().unwrap_or(before);
        let uncached = count("input_tokens", uncached);
        usage.cached_tokens = count("cache_read_input_tokens", usage.cached_tokens);
        usage.cache_write_tokens = count("cache_creation_input_tokens", usage.cache_write_tokens);
        usage.input_tokens = uncached
            .saturating_add(usage.cached_tokens)
            .saturating_add(usage.cache_write_tokens);
        usage.output_tokens = count("output_tokens", usage.output_tokens);
        answer.usage(*usage);
    }
}
