//! What Anthropic's clients ask, as a [`ChatRequest`].

use serde::Deserialize;
use serde_json::{Map, Value, json};
use studio_core::Error;
use studio_llm::chat::{ChatRequest, Message, Part, Sampling, Tool, ToolCall, ToolChoice};

use crate::openai::checked;

/// What Anthropic's clients send. Fields that are not here change nothing that we could do.
#[derive(Deserialize)]
pub(super) struct Asked {
    pub(super) model: String,
    messages: Vec<Said>,
    /// Required by Anthropic, and not when tokens are counted.
    pub(super) max_tokens: Option<u32>,
    system: Option<Value>,
    pub(super) stream: Option<bool>,
    stop_sequences: Option<Vec<String>>,
    temperature: Option<f32>,
    top_p: Option<f32>,
    top_k: Option<u32>,
    tools: Option<Vec<Declared>>,
    tool_choice: Option<Choice>,
}

#[derive(Deserialize)]
struct Said {
    role: String,
    content: Value,
}

#[derive(Deserialize)]
struct Declared {
    name: String,
    description: Option<String>,
    input_schema: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Choice {
    Auto,
    Any,
    None,
    Tool { name: String },
}

pub(super) fn read(body: &[u8]) -> Result<Asked, Error> {
    serde_json::from_slice(body)
        .map_err(|error| Error::bad_input(format!("the body is no request for a message: {error}")))
}

pub(super) fn request(asked: Asked) -> Result<ChatRequest, Error> {
    let mut messages = Vec::new();
    if let Some(system) = &asked.system {
        let text = text_of(system).map_err(|problem| Error::bad_input(problem).field("/system"))?;
        messages.push(Message::System { text });
    }
    for (at, said) in asked.messages.iter().enumerate() {
        let wrong =
            |problem: String| Error::bad_input(problem).field(format!("/messages/{at}/content"));
        messages.extend(turn(said).map_err(wrong)?);
    }
    if asked.messages.is_empty() {
        return Err(Error::bad_input("there is no message").field("/messages"));
    }
    let tools = asked.tools.into_iter().flatten().map(|tool| Tool {
        name: tool.name,
        description: tool.description.unwrap_or_default(),
        parameters: tool.input_schema.unwrap_or_default(),
    });
    checked(ChatRequest {
        messages,
        tools: tools.collect(),
        tool_choice: match asked.tool_choice {
            None | Some(Choice::Auto) => ToolChoice::Auto,
            Some(Choice::Any) => ToolChoice::Required,
            Some(Choice::None) => ToolChoice::None,
            Some(Choice::Tool { name }) => ToolChoice::Named(name),
        },
        sampling: Sampling {
            temperature: asked.temperature,
            top_p: asked.top_p,
            top_k: asked.top_k,
            ..Sampling::default()
        },
        max_tokens: asked.max_tokens,
        stop: asked.stop_sequences.unwrap_or_default(),
        ..ChatRequest::default()
    })
}

/// A turn as messages of ours: what tools answered stands in a user's turn there.
fn turn(said: &Said) -> Result<Vec<Message>, String> {
    let blocks = blocks(&said.content)?;
    match said.role.as_str() {
        "user" => user(&blocks),
        "assistant" => assistant(&blocks).map(|message| vec![message]),
        role => Err(format!("`{role}` is no role")),
    }
}

fn user(blocks: &[Value]) -> Result<Vec<Message>, String> {
    let (mut messages, mut parts) = (Vec::new(), Vec::new());
    for block in blocks {
        match block["type"].as_str().unwrap_or_default() {
            "tool_result" => messages.push(Message::Tool {
                call: word(block, "tool_use_id")?,
                text: match &block["content"] {
                    Value::Null => String::new(),
                    content => text_of(content)?,
                },
            }),
            "image" => {
                let source = &block["source"];
                // Nothing is fetched for a caller: that would reach what the caller cannot.
                if source["type"] != "base64" {
                    return Err("pictures come in Base64".to_owned());
                }
                parts.push(Part::Image {
                    media_type: word(source, "media_type")?,
                    data: word(source, "data")?,
                });
            }
            _ => parts.push(Part::Text {
                text: text_block(block)?,
            }),
        }
    }
    if !parts.is_empty() {
        messages.push(Message::User { parts });
    }
    Ok(messages)
}

fn assistant(blocks: &[Value]) -> Result<Message, String> {
    let (mut texts, mut tool_calls) = (Vec::new(), Vec::new());
    for block in blocks {
        match block["type"].as_str().unwrap_or_default() {
            "tool_use" => tool_calls.push(ToolCall {
                id: word(block, "id")?,
                name: word(block, "name")?,
                arguments: block["input"].as_object().cloned().unwrap_or_default(),
            }),
            // Thoughts are of no use to another model.
            "thinking" | "redacted_thinking" => {}
            _ => texts.push(text_block(block)?),
        }
    }
    Ok(Message::Assistant {
        text: texts.concat(),
        tool_calls,
    })
}

/// A text counts as one block.
fn blocks(content: &Value) -> Result<Vec<Value>, String> {
    match content {
        Value::String(text) => Ok(vec![json!({ "type": "text", "text": text })]),
        Value::Array(blocks) => Ok(blocks.clone()),
        _ => Err("`content` is a text or a list of blocks".to_owned()),
    }
}

fn text_of(content: &Value) -> Result<String, String> {
    let texts = blocks(content)?;
    let texts: Result<Vec<String>, String> = texts.iter().map(text_block).collect();
    Ok(texts?.join("\n"))
}

fn text_block(block: &Value) -> Result<String, String> {
    match block["type"].as_str() {
        Some("text") => word(block, "text"),
        other => Err(format!(
            "blocks of type `{}` are not known here",
            other.unwrap_or_default()
        )),
    }
}

fn word(block: &Value, field: &str) -> Result<String, String> {
    let text = block[field].as_str();
    text.map(str::to_owned)
        .ok_or_else(|| format!("the block lacks `{field}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(content: Value) -> Result<ChatRequest, Error> {
        let asked = json!({ "model": "auto", "max_tokens": 9, "system": [{ "type": "text", "text": "Be brief." }],
                            "messages": content, "stop_sequences": ["END"], "tool_choice": { "type": "any" } });
        request(read(asked.to_string().as_bytes())?)
    }

    #[test]
    fn a_conversation_with_tools_and_pictures_is_read() {
        let read = turns(json!([
            { "role": "user", "content": [
                { "type": "text", "text": "What is this?" },
                { "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": "AAAA" } },
            ] },
            { "role": "assistant", "content": [
                { "type": "thinking", "thinking": "hm", "signature": "x" },
                { "type": "text", "text": "I look." },
                { "type": "tool_use", "id": "t1", "name": "look", "input": { "at": 1 } },
            ] },
            { "role": "user", "content": [
                { "type": "tool_result", "tool_use_id": "t1", "content": [{ "type": "text", "text": "a fox" }] },
                { "type": "text", "text": "Well?" },
            ] },
        ]))
        .unwrap();
        let arguments = json!({ "at": 1 }).as_object().cloned().unwrap();
        let call = ToolCall {
            id: "t1".into(),
            name: "look".into(),
            arguments,
        };
        let picture = Part::Image {
            media_type: "image/png".into(),
            data: "AAAA".into(),
        };
        let question = Part::Text {
            text: "What is this?".into(),
        };
        assert_eq!(
            read.messages,
            [
                Message::system("Be brief."),
                Message::User {
                    parts: vec![question, picture]
                },
                Message::Assistant {
                    text: "I look.".into(),
                    tool_calls: vec![call]
                },
                Message::Tool {
                    call: "t1".into(),
                    text: "a fox".into()
                },
                Message::user("Well?"),
            ]
        );
        assert_eq!(read.tool_choice, ToolChoice::Required);
        assert_eq!((read.max_tokens, read.stop.len()), (Some(9), 1));
    }

    #[test]
    fn what_cannot_be_read_names_its_message() {
        let refused = |content: Value, field: &str| {
            let error = turns(content).unwrap_err();
            assert_eq!(error.field.as_deref(), Some(field), "{error:?}");
        };
        let said = |content: Value| json!([{ "role": "user", "content": content }]);
        refused(json!([]), "/messages");
        refused(
            json!([{ "role": "king", "content": "x" }]),
            "/messages/0/content",
        );
        refused(said(json!(5)), "/messages/0/content");
        refused(said(json!([{ "type": "video" }])), "/messages/0/content");
        let fetched =
            json!([{ "type": "image", "source": { "type": "url", "url": "http://10.0.0.1" } }]);
        refused(said(fetched), "/messages/0/content");
    }
}
