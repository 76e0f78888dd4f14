//! OpenAI's responses.
//!
//! After the API reference, "Responses" and "Streaming events". The terminal markers are
//! `response.completed` and `response.incomplete`. Nothing is stored at the provider. The API knows no
//! stop texts and no seed: they are not sent.

use serde_json::{Value, json};
use studio_llm::chat::{
    ChatError, ChatRequest, Finish, Message, Part, ResponseFormat, Tool, ToolCall, ToolChoice,
    Usage,
};

use super::answer::{Answer, Decoder};
use super::openai::{effort_word, is_reasoning};
use super::turns::{self, JSON_ONLY};

/// Fewer tokens the API refuses to write.
const FEWEST_TOKENS: u32 = 16;

/// The request's body for `model`.
pub(super) fn body(model: &str, request: &ChatRequest) -> Value {
    let mut input: Vec<Value> = request.messages.iter().flat_map(items).collect();
    if request.response == ResponseFormat::Json && !turns::mentions_json(request) {
        input.insert(0, json!({ "role": "system", "content": JSON_ONLY }));
    }
    let mut body = json!({ "model": model, "input": input, "stream": true, "store": false });
    if !request.tools.is_empty() {
        body["tools"] = request.tools.iter().map(tool).collect();
        match &request.tool_choice {
            ToolChoice::Auto => {}
            ToolChoice::None => body["tool_choice"] = json!("none"),
            ToolChoice::Required => body["tool_choice"] = json!("required"),
            ToolChoice::Named(name) => {
                body["tool_choice"] = json!({ "type": "function", "name": name });
            }
        }
    }
    match &request.response {
        ResponseFormat::Text => {}
        ResponseFormat::Json => body["text"] = json!({ "format": { "type": "json_object" } }),
        ResponseFormat::Schema { name, schema } => {
            let strict = turns::is_strict(schema);
            let format = json!({
                "type": "json_schema", "name": name, "schema": schema, "strict": strict,
            });
            body["text"] = json!({ "format": format });
        }
    }
    if let Some(max) = request.max_tokens {
        body["max_output_tokens"] = json!(max.max(FEWEST_TOKENS));
    }
    if let Some(effort) = request.effort.filter(|_| is_reasoning(model)) {
        body["reasoning"] = json!({ "effort": effort_word(model, effort) });
    }
    if !is_reasoning(model) {
        if let Some(temperature) = request.sampling.temperature {
            body["temperature"] = json!(temperature);
        }
        if let Some(top_p) = request.sampling.top_p {
            body["top_p"] = json!(top_p);
        }
    }
    body
}

fn items(message: &Message) -> Vec<Value> {
    match message {
        Message::System { text } => vec![json!({ "role": "system", "content": text })],
        Message::User { parts } => {
            let content: Vec<Value> = parts.iter().map(part).collect();
            vec![json!({ "role": "user", "content": content })]
        }
        Message::Assistant { text, tool_calls } => {
            let said = json!({ "role": "assistant", "content": text });
            let said = (!text.is_empty()).then_some(said);
            said.into_iter()
                .chain(tool_calls.iter().map(call))
                .collect()
        }
        Message::Tool { call, text } => {
            vec![json!({ "type": "function_call_output", "call_id": call, "output": text })]
        }
    }
}

fn part(part: &Part) -> Value {
    match part {
        Part::Text { text } => json!({ "type": "input_text", "text": text }),
        Part::Image { media_type, data } => json!({
            "type": "input_image",
            "image_url": format!("data:{media_type};base64,{data}"),
        }),
    }
}

fn call(call: &ToolCall) -> Value {
    json!({
        "type": "function_call",
        "call_id": call.id,
        "name": call.name,
        "arguments": Value::Object(call.arguments.clone()).to_string(),
    })
}

fn tool(tool: &Tool) -> Value {
    json!({
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
        "strict": false,
    })
}

/// Reads the events of one response.
#[derive(Default)]
pub(super) struct Events {
    refused: bool,
}

impl Decoder for Events {
    fn frame(&mut self, data: &str, answer: &mut Answer) -> Result<(), ChatError> {
        // Gateways in front of the API close their streams like chat completions.
        if data.trim() == "[DONE]" {
            return Ok(());
        }
        let event = answer.origin.json(data)?;
        let delta = event["delta"].as_str().unwrap_or_default();
        let index = event["output_index"].as_u64().unwrap_or(0);
        match event["type"].as_str().unwrap_or_default() {
            "response.output_text.delta" => answer.text(delta),
            "response.refusal.delta" => {
                self.refused = true;
                answer.text(delta);
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                answer.reasoning(delta);
            }
            "response.output_item.added" if is_call(&event["item"]) => {
                let item = &event["item"];
                answer.fragment(index, item["call_id"].as_str(), item["name"].as_str(), "")?;
            }
            "response.function_call_arguments.delta" => {
                answer.fragment(index, None, None, delta)?;
            }
            "response.output_item.done" if is_call(&event["item"]) => {
                if event["item"]["status"] == "incomplete" {
                    return Err(answer.origin.protocol("a tool call was cut"));
                }
                answer.whole(index)?;
            }
            "response.completed" => {
                answer.usage(usage(&event["response"]["usage"]));
                answer.finish(match self.refused {
                    true => Finish::ContentFilter,
                    false => Finish::Stop,
                });
                answer.end()?;
            }
            "response.incomplete" => {
                answer.usage(usage(&event["response"]["usage"]));
                let why = &event["response"]["incomplete_details"]["reason"];
                answer.finish(match why == "content_filter" {
                    true => Finish::ContentFilter,
                    false => Finish::Length,
                });
                answer.end()?;
            }
            "response.failed" => {
                return Err(answer.origin.midway(&event["response"].to_string()));
            }
            "response.cancelled" => return Err(answer.origin.protocol("the answer was cancelled")),
            _ => {}
        }
        Ok(())
    }
}

fn is_call(item: &Value) -> bool {
    item["type"] == "function_call"
}

fn usage(counts: &Value) -> Usage {
    let count = |name: &str| counts[name].as_u64().unwrap_or(0);
    let of = |name: &str, detail: &str| counts[name][detail].as_u64().unwrap_or(0);
    Usage {
        input_tokens: count("input_tokens"),
        cached_tokens: of("input_tokens_details", "cached_tokens"),
        cache_write_tokens: of("input_tokens_details", "cache_write_tokens"),
        output_tokens: count("output_tokens"),
        reasoning_tokens: of("output_tokens_details", "reasoning_tokens"),
    }
}
