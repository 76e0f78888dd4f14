//! A conversation in the shape that chat templates are written for.

use jiff::civil::DateTime;
use serde_json::{Value, json};
use studio_llm::chat::{Message, Part, Tool, ToolCall};

use super::TextError;

/// What a template makes a text of.
#[derive(Clone, Copy, Debug)]
pub struct Prompt<'a> {
    pub messages: &'a [Message],
    pub tools: &'a [Tool],
    /// Some templates tell the model today's date.
    pub now: DateTime,
    /// Ends with the beginning of the model's answer (`add_generation_prompt`).
    pub answer: bool,
    /// Whether a model that can think before it answers does so; its own default without it.
    pub thinking: Option<bool>,
}

/// Messages as Hugging Face's `apply_chat_template` takes them.
pub(super) fn messages(messages: &[Message]) -> Result<Vec<Value>, TextError> {
    let mut shaped = Vec::with_capacity(messages.len());
    let mut calls: Vec<&ToolCall> = Vec::new();
    for message in messages {
        shaped.push(match message {
            Message::System { text } => json!({ "role": "system", "content": text }),
            Message::User { parts } => {
                if parts.iter().any(|part| matches!(part, Part::Image { .. })) {
                    return Err(TextError::Pictures);
                }
                json!({ "role": "user", "content": message.text() })
            }
            Message::Assistant { text, tool_calls } if tool_calls.is_empty() => {
                json!({ "role": "assistant", "content": text })
            }
            Message::Assistant { text, tool_calls } => {
                calls.extend(tool_calls);
                let tool_calls: Vec<Value> = tool_calls.iter().map(call).collect();
                json!({ "role": "assistant", "content": text, "tool_calls": tool_calls })
            }
            Message::Tool { call, text } => {
                let mut shaped = json!({ "role": "tool", "tool_call_id": call, "content": text });
                // Some templates want the name again.
                if let Some(called) = calls.iter().rev().find(|called| called.id == *call) {
                    shaped["name"] = json!(called.name);
                }
                shaped
            }
        });
    }
    Ok(shaped)
}

/// With the words of system messages at the beginning of the first that a person says: for templates
/// that know no such role.
pub(super) fn without_system(messages: &[Message]) -> Option<Vec<Message>> {
    let system: Vec<String> = messages
        .iter()
        .filter(|message| matches!(message, Message::System { .. }))
        .map(Message::text)
        .collect();
    if system.is_empty() {
        return None;
    }
    let mut kept: Vec<Message> = messages
        .iter()
        .filter(|message| !matches!(message, Message::System { .. }))
        .cloned()
        .collect();
    let first = kept.iter_mut().find_map(|message| match message {
        Message::User { parts } => Some(parts),
        _ => None,
    })?;
    let text = format!("{}\n\n", system.join("\n\n"));
    match first.first_mut() {
        Some(Part::Text { text: said }) => said.insert_str(0, &text),
        _ => first.insert(0, Part::Text { text }),
    }
    Some(kept)
}

pub(super) fn tools(tools: &[Tool]) -> Vec<Value> {
    let shape = |tool: &Tool| {
        json!({
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters,
            },
        })
    };
    tools.iter().map(shape).collect()
}

fn call(call: &ToolCall) -> Value {
    json!({
        "type": "function",
        "id": call.id,
        "function": { "name": call.name, "arguments": call.arguments },
    })
}
