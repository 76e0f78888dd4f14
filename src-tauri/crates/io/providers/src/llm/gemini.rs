//! Gemini's `streamGenerateContent`.
//!
//! After the API reference, "Generating content" and "Function calling". There is no terminal
//! marker: the answer is whole when the connection closes after a `finishReason`. Calls come whole,
//! and mostly without an id.

use serde_json::{Map, Value, json};
use studio_llm::chat::{
    ChatError, ChatRequest, Effort, Finish, Message, Part, ResponseFormat, Tool, ToolCall,
    ToolChoice, Usage,
};

use super::answer::{Answer, Decoder};
use super::turns::{self, Turns};

/// The signature that the documents offer for calls whose own was not kept.
const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// The request's body; the model stands in the path, too.
pub(super) fn body(model: &str, request: &ChatRequest) -> Value {
    let mut contents = Turns::default();
    for message in &request.messages {
        push(&mut contents, message, request, !is_second(model));
    }
    let mut body = json!({ "contents": contents.into_values("parts") });
    if let Some(system) = turns::system(request, true) {
        body["systemInstruction"] = json!({ "parts": [{ "text": system }] });
    }
    if !request.tools.is_empty() {
        let declarations: Vec<Value> = request.tools.iter().map(tool).collect();
        body["tools"] = json!([{ "functionDeclarations": declarations }]);
        let config = match &request.tool_choice {
            ToolChoice::Auto => json!({ "mode": "AUTO" }),
            ToolChoice::None => json!({ "mode": "NONE" }),
            ToolChoice::Required => json!({ "mode": "ANY" }),
            ToolChoice::Named(name) => json!({ "mode": "ANY", "allowedFunctionNames": [name] }),
        };
        body["toolConfig"] = json!({ "functionCallingConfig": config });
    }
    let mut config = generation(request);
    if let Some(effort) = request.effort {
        config.insert("thinkingConfig".to_owned(), thinking(model, effort));
    }
    if !config.is_empty() {
        body["generationConfig"] = Value::Object(config);
    }
    body
}

/// Whether it is of the second generation or before, which takes budgets and no signatures.
fn is_second(model: &str) -> bool {
    ["gemini-1", "gemini-2", "gemma"]
        .iter()
        .any(|name| model.starts_with(name))
}

/// After "Gemini thinking": budgets for the second generation, levels after it.
fn thinking(model: &str, effort: Effort) -> Value {
    let is_pro = model.contains("pro");
    if is_second(model) {
        let budget = match effort {
            // Pro cannot be kept from thinking.
            Effort::None if is_pro => 128,
            Effort::None => 0,
            Effort::Low => 1_024,
            Effort::Medium => 8_192,
            Effort::High => 24_576,
        };
        return json!({ "thinkingBudget": budget, "includeThoughts": budget > 0 });
    }
    let level = match effort {
        Effort::None | Effort::Low => "low",
        Effort::Medium if !is_pro => "medium",
        Effort::Medium | Effort::High => "high",
    };
    json!({ "thinkingLevel": level, "includeThoughts": true })
}

fn generation(request: &ChatRequest) -> Map<String, Value> {
    let mut config = Map::new();
    let sampling = &request.sampling;
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            config.insert(name.to_owned(), value);
        }
    };
    set("maxOutputTokens", request.max_tokens.map(|max| json!(max)));
    set(
        "temperature",
        sampling.temperature.map(|value| json!(value)),
    );
    set("topP", sampling.top_p.map(|value| json!(value)));
    set("topK", sampling.top_k.map(|value| json!(value)));
    // The API takes a signed 32-bit number.
    set(
        "seed",
        sampling.seed.map(|seed| json!(seed & i32::MAX as u64)),
    );
    set(
        "stopSequences",
        (!request.stop.is_empty()).then(|| json!(request.stop)),
    );
    match &request.response {
        ResponseFormat::Text => {}
        ResponseFormat::Json => set("responseMimeType", Some(json!("application/json"))),
        ResponseFormat::Schema { schema, .. } => {
            set("responseMimeType", Some(json!("application/json")));
            set("responseJsonSchema", Some(json!(schema)));
        }
    }
    config
}

fn push(turns: &mut Turns, message: &Message, request: &ChatRequest, signed: bool) {
    match message {
        Message::System { .. } => {}
        Message::User { parts } => {
            let parts = parts.iter().map(|part| match part {
                Part::Text { text } => json!({ "text": text }),
                Part::Image { media_type, data } => {
                    json!({ "inlineData": { "mimeType": media_type, "data": data } })
                }
            });
            turns.push("user", parts.collect());
        }
        Message::Assistant { text, tool_calls } => {
            let text = (!text.is_empty()).then(|| json!({ "text": text }));
            let calls = tool_calls.iter().map(|call| {
                let mut part =
                    json!({ "functionCall": { "name": call.name, "args": call.arguments } });
                if signed {
                    part["thoughtSignature"] = json!(NO_SIGNATURE);
                }
                part
            });
            turns.push("model", text.into_iter().chain(calls).collect());
        }
        Message::Tool { call, text } => {
            // Answers are matched by the function's name.
            let name = called(request, call).map_or(call.as_str(), |call| call.name.as_str());
            let response = match serde_json::from_str::<Value>(text) {
                Ok(Value::Object(object)) => Value::Object(object),
                _ => json!({ "result": text }),
            };
            let part = json!({ "functionResponse": { "name": name, "response": response } });
            turns.push("user", vec![part]);
        }
    }
}

fn called<'a>(request: &'a ChatRequest, id: &str) -> Option<&'a ToolCall> {
    let calls = request.messages.iter().filter_map(|message| match message {
        Message::Assistant { tool_calls, .. } => Some(tool_calls),
        _ => None,
    });
    calls.flatten().find(|call| call.id == id)
}

fn tool(tool: &Tool) -> Value {
    json!({
        "name": tool.name,
        "description": tool.description,
        "parametersJsonSchema": tool.parameters,
    })
}

/// Reads `GenerateContentResponse`s.
pub(super) struct Chunks;

impl Decoder for Chunks {
    fn frame(&mut self, data: &str, answer: &mut Answer) -> Result<(), ChatError> {
        let chunk = answer.origin.json(data)?;
        if let Some(counts) = chunk.get("usageMetadata") {
            answer.usage(usage(counts));
        }
        if let Some(reason) = chunk["promptFeedback"]["blockReason"].as_str() {
            return Err(answer
                .origin
                .content_policy(format!("the prompt was blocked: {reason}")));
        }
        let candidate = &chunk["candidates"][0];
        for part in candidate["content"]["parts"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let text = part["text"].as_str().unwrap_or_default();
            if part["thought"].as_bool() == Some(true) {
                answer.reasoning(text);
            } else {
                answer.text(text);
            }
            if let Some(call) = part.get("functionCall") {
                let arguments = call["args"].as_object().cloned().unwrap_or_default();
                let name = call["name"].as_str().unwrap_or_default();
                answer.call(call["id"].as_str(), name, arguments)?;
            }
        }
        match candidate["finishReason"].as_str() {
            None => {}
            Some("STOP") => answer.finish(Finish::Stop),
            Some("MAX_TOKENS") => answer.finish(Finish::Length),
            Some("MALFORMED_FUNCTION_CALL" | "UNEXPECTED_TOOL_CALL") => {
                return Err(answer.origin.protocol("a tool call that cannot be read"));
            }
            // SAFETY, RECITATION, BLOCKLIST, PROHIBITED_CONTENT, SPII and what may come.
            Some(_) => answer.finish(Finish::ContentFilter),
        }
        Ok(())
    }

    fn close(&mut self, answer: &mut Answer) -> Result<(), ChatError> {
        if answer.is_finished() {
            answer.end()
        } else {
            Ok(())
        }
    }
}

/// What was thought is counted apart from what was said.
fn usage(counts: &Value) -> Usage {
    let count = |name: &str| counts[name].as_u64().unwrap_or(0);
    let thought = count("thoughtsTokenCount");
    Usage {
        input_tokens: count("promptTokenCount").saturating_add(count("toolUsePromptTokenCount")),
        cached_tokens: count("cachedContentTokenCount"),
        cache_write_tokens: 0,
        output_tokens: count("candidatesTokenCount").saturating_add(thought),
        reasoning_tokens: thought,
    }
}
