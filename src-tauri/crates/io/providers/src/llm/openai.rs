//! OpenAI's chat completions, which most other servers speak, too.
//!
//! After the API reference, "Chat Completions" and "streaming events". The terminal marker is
//! `[DONE]`. Samplers beyond temperature and top-p are other servers' additions, which OpenAI
//! refuses: they are not sent.

use serde_json::{Value, json};
use studio_llm::chat::{
    ChatError, ChatRequest, Effort, Finish, Message, Part, ResponseFormat, Tool, ToolCall,
    ToolChoice, Usage,
};

use super::answer::{Answer, Decoder};
use super::turns::{self, JSON_ONLY};

/// The request's body for `model`.
pub(super) fn body(model: &str, request: &ChatRequest) -> Value {
    let mut messages: Vec<Value> = request.messages.iter().map(message).collect();
    if request.response == ResponseFormat::Json && !turns::mentions_json(request) {
        messages.insert(0, json!({ "role": "system", "content": JSON_ONLY }));
    }
    let mut body = json!({
        "model": model,
        "messages": messages,
        "stream": true,
        "stream_options": { "include_usage": true },
    });
    if !request.tools.is_empty() {
        body["tools"] = request.tools.iter().map(tool).collect();
        match &request.tool_choice {
            ToolChoice::Auto => {}
            ToolChoice::None => body["tool_choice"] = json!("none"),
            ToolChoice::Required => body["tool_choice"] = json!("required"),
            ToolChoice::Named(name) => {
                body["tool_choice"] = json!({ "type": "function", "function": { "name": name } });
            }
        }
    }
    match &request.response {
        ResponseFormat::Text => {}
        ResponseFormat::Json => body["response_format"] = json!({ "type": "json_object" }),
        ResponseFormat::Schema { name, schema } => {
            let strict = turns::is_strict(schema);
            let format = json!({ "name": name, "schema": schema, "strict": strict });
            body["response_format"] = json!({ "type": "json_schema", "json_schema": format });
        }
    }
    if let Some(seed) = request.sampling.seed {
        // OpenAI takes a signed 64-bit number.
        body["seed"] = json!(seed & i64::MAX as u64);
    }
    let reasons = is_reasoning(model);
    if let Some(max) = request.max_tokens {
        let name = if reasons {
            "max_completion_tokens"
        } else {
            "max_tokens"
        };
        body[name] = json!(max);
    }
    if let Some(effort) = request.effort.filter(|_| reasons) {
        body["reasoning_effort"] = json!(effort_word(model, effort));
    }
    // Reasoning models refuse what follows.
    if !reasons {
        if let Some(temperature) = request.sampling.temperature {
            body["temperature"] = json!(temperature);
        }
        if let Some(top_p) = request.sampling.top_p {
            body["top_p"] = json!(top_p);
        }
        if !request.sampling.logit_bias.is_empty() {
            body["logit_bias"] = json!(request.sampling.logit_bias);
        }
        if !request.stop.is_empty() {
            body["stop"] = json!(request.stop);
        }
    }
    body
}

/// Whether OpenAI's `model` thinks before it answers: o1, o3, o4-mini, gpt-5 and their kin.
pub(super) fn is_reasoning(model: &str) -> bool {
    // Gateways put the maker before the name.
    let name = model.rsplit_once('/').map_or(model, |(_, name)| name);
    let mut letters = name.chars();
    let is_o = letters.next() == Some('o') && letters.next().is_some_and(|c| c.is_ascii_digit());
    is_o || (name.starts_with("gpt-5") && !name.contains("-chat"))
}

/// How OpenAI calls an effort. Before GPT-5.1 no model could be kept from thinking.
pub(super) fn effort_word(model: &str, effort: Effort) -> &'static str {
    match effort {
        Effort::None if model.contains("gpt-5.") => "none",
        Effort::None if model.contains("gpt-5") => "minimal",
        Effort::None | Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
    }
}

fn message(message: &Message) -> Value {
    match message {
        Message::System { text } => json!({ "role": "system", "content": text }),
        Message::User { parts } => json!({ "role": "user", "content": content(parts) }),
        Message::Assistant { text, tool_calls } if tool_calls.is_empty() => {
            json!({ "role": "assistant", "content": text })
        }
        Message::Assistant { text, tool_calls } => json!({
            "role": "assistant",
            "content": if text.is_empty() { Value::Null } else { json!(text) },
            "tool_calls": tool_calls.iter().map(call).collect::<Vec<_>>(),
        }),
        Message::Tool { call, text } => {
            json!({ "role": "tool", "tool_call_id": call, "content": text })
        }
    }
}

/// A string where there is only text: some servers know nothing else.
fn content(parts: &[Part]) -> Value {
    if let [Part::Text { text }] = parts {
        return json!(text);
    }
    let parts = parts.iter().map(|part| match part {
        Part::Text { text } => json!({ "type": "text", "text": text }),
        Part::Image { media_type, data } => json!({
            "type": "image_url",
            "image_url": { "url": format!("data:{media_type};base64,{data}") },
        }),
    });
    parts.collect()
}

fn call(call: &ToolCall) -> Value {
    let arguments = Value::Object(call.arguments.clone()).to_string();
    let function = json!({ "name": call.name, "arguments": arguments });
    json!({ "id": call.id, "type": "function", "function": function })
}

fn tool(tool: &Tool) -> Value {
    let function = json!({
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
    });
    json!({ "type": "function", "function": function })
}

/// Reads `chat.completion.chunk`s. Only the first choice is read: more are never asked for.
#[derive(Default)]
pub(super) struct Chunks {
    /// Some servers do not number their calls: then a new id begins a new one.
    last_call: Option<(u64, String)>,
    refused: bool,
}

impl Decoder for Chunks {
    fn frame(&mut self, data: &str, answer: &mut Answer) -> Result<(), ChatError> {
        if data.trim() == "[DONE]" {
            return answer.end();
        }
        let chunk = answer.origin.json(data)?;
        if let Some(counts) = chunk.get("usage").filter(|counts| counts.is_object()) {
            answer.usage(usage(counts));
        }
        let choice = &chunk["choices"][0];
        let delta = &choice["delta"];
        for field in ["reasoning_content", "reasoning"] {
            if let Some(text) = delta[field].as_str() {
                answer.reasoning(text);
                break;
            }
        }
        if let Some(text) = delta["content"].as_str() {
            answer.text(text);
        }
        if let Some(text) = delta["refusal"].as_str().filter(|text| !text.is_empty()) {
            self.refused = true;
            answer.text(text);
        }
        for call in delta["tool_calls"].as_array().into_iter().flatten() {
            self.call(call, answer)?;
        }
        match choice["finish_reason"].as_str() {
            None | Some("") => {}
            Some("error") => return Err(answer.origin.protocol("the answer broke off")),
            Some("content_filter") => answer.finish(Finish::ContentFilter),
            Some(_) if self.refused => answer.finish(Finish::ContentFilter),
            Some("length" | "model_length") => answer.finish(Finish::Length),
            Some("tool_calls" | "function_call") => answer.finish(Finish::ToolCalls),
            Some(_) => answer.finish(Finish::Stop),
        }
        Ok(())
    }
}

impl Chunks {
    fn call(&mut self, call: &Value, answer: &mut Answer) -> Result<(), ChatError> {
        let id = call["id"].as_str().filter(|id| !id.is_empty());
        let index = match (call["index"].as_u64(), &self.last_call, id) {
            (Some(index), ..) => index,
            (None, Some((index, last)), Some(id)) if id != last => index + 1,
            (None, Some((index, _)), _) => *index,
            (None, None, _) => 0,
        };
        let known = self.last_call.take().map(|(_, last)| last);
        self.last_call = Some((index, id.map(str::to_owned).or(known).unwrap_or_default()));
        let function = &call["function"];
        let arguments = function["arguments"].as_str().unwrap_or_default();
        answer.fragment(index, id, function["name"].as_str(), arguments)
    }
}

fn usage(counts: &Value) -> Usage {
    let count = |name: &str| counts[name].as_u64().unwrap_or(0);
    let of = |name: &str, detail: &str| counts[name][detail].as_u64().unwrap_or(0);
    Usage {
        input_tokens: count("prompt_tokens"),
        cached_tokens: of("prompt_tokens_details", "cached_tokens"),
        cache_write_tokens: of("prompt_tokens_details", "cache_write_tokens"),
        output_tokens: count("completion_tokens"),
        reasoning_tokens: of("completion_tokens_details", "reasoning_tokens"),
    }
}
