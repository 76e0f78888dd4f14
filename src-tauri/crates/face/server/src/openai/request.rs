//! What OpenAI's clients send, as the studio's own request.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};
use studio_core::Error;
use studio_llm::chat::{
    ChatRequest, Effort, Message, Part, ResponseFormat, Sampling, Tool, ToolCall, ToolChoice,
};

/// What OpenAI's clients send. Fields that are not here change nothing that we could do.
#[derive(Deserialize)]
pub(super) struct Completion {
    pub(super) model: String,
    messages: Vec<Said>,
    pub(super) stream: Option<bool>,
    pub(super) stream_options: Option<StreamOptions>,
    temperature: Option<f32>,
    top_p: Option<f32>,
    top_k: Option<u32>,
    min_p: Option<f32>,
    logit_bias: Option<BTreeMap<u32, f32>>,
    seed: Option<i64>,
    max_tokens: Option<u32>,
    max_completion_tokens: Option<u32>,
    reasoning_effort: Option<String>,
    stop: Option<OneOrMany>,
    tools: Option<Vec<Declared>>,
    tool_choice: Option<Value>,
    response_format: Option<Format>,
    n: Option<u32>,
    logprobs: Option<bool>,
    top_logprobs: Option<u32>,
}

#[derive(Deserialize)]
pub(super) struct StreamOptions {
    #[serde(default)]
    pub(super) include_usage: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
struct Said {
    role: String,
    #[serde(default)]
    content: Value,
    tool_calls: Option<Vec<Value>>,
    tool_call_id: Option<String>,
}

#[derive(Deserialize)]
struct Declared {
    function: Function,
}

#[derive(Deserialize)]
struct Function {
    name: String,
    description: Option<String>,
    parameters: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Format {
    Text,
    JsonObject,
    JsonSchema { json_schema: NamedSchema },
}

#[derive(Deserialize)]
struct NamedSchema {
    name: String,
    schema: Map<String, Value>,
}

/// The request that a completion asks for. What cannot be done is refused, not left out in silence.
pub(super) fn request(completion: Completion) -> Result<ChatRequest, Error> {
    if completion.n.is_some_and(|n| n != 1) {
        return Err(Error::bad_input("only one choice is answered").field("/n"));
    }
    if completion.logprobs == Some(true) || completion.top_logprobs.is_some_and(|top| top > 0) {
        let message = "log probabilities are not answered: not every model behind this has them";
        return Err(Error::bad_input(message).field("/logprobs"));
    }
    let messages = completion
        .messages
        .into_iter()
        .enumerate()
        .map(|(at, said)| {
            message(said)
                .map_err(|problem| Error::bad_input(problem).field(format!("/messages/{at}")))
        });
    let messages: Vec<Message> = messages.collect::<Result<_, _>>()?;
    if messages.is_empty() {
        return Err(Error::bad_input("there is no message").field("/messages"));
    }
    let tools = completion.tools.into_iter().flatten().map(|tool| Tool {
        name: tool.function.name,
        description: tool.function.description.unwrap_or_default(),
        parameters: tool.function.parameters.unwrap_or_default(),
    });
    checked(ChatRequest {
        messages,
        tools: tools.collect(),
        tool_choice: tool_choice(completion.tool_choice.as_ref())?,
        response: match completion.response_format {
            None | Some(Format::Text) => ResponseFormat::Text,
            Some(Format::JsonObject) => ResponseFormat::Json,
            Some(Format::JsonSchema { json_schema }) => ResponseFormat::Schema {
                name: json_schema.name,
                schema: json_schema.schema,
            },
        },
        sampling: Sampling {
            temperature: completion.temperature,
            top_p: completion.top_p,
            top_k: completion.top_k,
            min_p: completion.min_p,
            seed: completion.seed.map(i64::cast_unsigned),
            logit_bias: completion.logit_bias.unwrap_or_default(),
            ..Sampling::default()
        },
        max_tokens: completion.max_completion_tokens.or(completion.max_tokens),
        effort: effort(completion.reasoning_effort.as_deref())?,
        stop: match completion.stop {
            None => Vec::new(),
            Some(OneOrMany::One(stop)) => vec![stop],
            Some(OneOrMany::Many(stops)) => stops,
        },
    })
}

fn effort(word: Option<&str>) -> Result<Option<Effort>, Error> {
    match word {
        None => Ok(None),
        Some("none") => Ok(Some(Effort::None)),
        Some("minimal" | "low") => Ok(Some(Effort::Low)),
        Some("medium") => Ok(Some(Effort::Medium)),
        Some("high" | "xhigh") => Ok(Some(Effort::High)),
        Some(word) => {
            Err(Error::bad_input(format!("`{word}` is no effort")).field("/reasoning_effort"))
        }
    }
}

/// Texts that may end an answer; as many as providers take.
const MOST_STOPS: usize = 16;
const LONGEST_TOOL_NAME: usize = 64;

/// `request`, if all its numbers and names are within what models take.
pub(crate) fn checked(request: ChatRequest) -> Result<ChatRequest, Error> {
    let outside = |value: Option<f32>, highest: f32| {
        value.is_some_and(|value| !(0.0..=highest).contains(&value))
    };
    let sampling = &request.sampling;
    let plain = |name: &str| {
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        (1..=LONGEST_TOOL_NAME).contains(&name.len()) && name.bytes().all(letters)
    };
    let wrong = [
        (
            outside(sampling.temperature, 2.0),
            "/temperature",
            "`temperature` is from 0 to 2",
        ),
        (
            outside(sampling.top_p, 1.0),
            "/top_p",
            "`top_p` is from 0 to 1",
        ),
        (
            outside(sampling.min_p, 1.0),
            "/min_p",
            "`min_p` is from 0 to 1",
        ),
        (sampling.top_k == Some(0), "/top_k", "`top_k` is 1 or more"),
        (
            request.max_tokens == Some(0),
            "/max_tokens",
            "at least one token must be allowed",
        ),
        (
            request.stop.len() > MOST_STOPS,
            "/stop",
            "at most 16 texts may end an answer",
        ),
        (
            request.tools.iter().any(|tool| !plain(&tool.name)),
            "/tools",
            "a tool's name has 1 to 64 letters, digits, `_` and `-`",
        ),
    ];
    match wrong.into_iter().find(|(is_wrong, ..)| *is_wrong) {
        Some((_, field, message)) => Err(Error::bad_input(message).field(field)),
        None => Ok(request),
    }
}

fn message(said: Said) -> Result<Message, String> {
    let text = || content_text(&said.content);
    match said.role.as_str() {
        "system" | "developer" => Ok(Message::System { text: text()? }),
        "user" => Ok(Message::User {
            parts: parts(&said.content)?,
        }),
        "assistant" => Ok(Message::Assistant {
            text: if said.content.is_null() {
                String::new()
            } else {
                text()?
            },
            tool_calls: said
                .tool_calls
                .iter()
                .flatten()
                .map(tool_call)
                .collect::<Result<_, _>>()?,
        }),
        "tool" => Ok(Message::Tool {
            text: text()?,
            call: said
                .tool_call_id
                .ok_or("a tool's message needs `tool_call_id`")?,
        }),
        role => Err(format!("`{role}` is no role")),
    }
}

fn content_text(content: &Value) -> Result<String, String> {
    let texts = parts(content)?.into_iter().map(|part| match part {
        Part::Text { text } => Ok(text),
        Part::Image { .. } => Err("only a user's message has pictures".to_owned()),
    });
    Ok(texts.collect::<Result<Vec<_>, _>>()?.join("\n"))
}

fn parts(content: &Value) -> Result<Vec<Part>, String> {
    if let Some(text) = content.as_str() {
        return Ok(vec![Part::Text {
            text: text.to_owned(),
        }]);
    }
    let list = content
        .as_array()
        .ok_or("`content` is a text or a list of parts")?;
    list.iter().map(part).collect()
}

fn part(part: &Value) -> Result<Part, String> {
    match part["type"].as_str() {
        Some("text") => {
            let text = part["text"].as_str().ok_or("a text part needs `text`")?;
            Ok(Part::Text {
                text: text.to_owned(),
            })
        }
        Some("image_url") => {
            let url = part["image_url"]["url"]
                .as_str()
                .ok_or("an image part needs `image_url.url`")?;
            // Nothing is fetched for a caller: that would reach what the caller cannot.
            let data = url
                .strip_prefix("data:")
                .and_then(|rest| rest.split_once(";base64,"));
            let (media_type, data) = data.ok_or("pictures come as data: URLs in Base64")?;
            Ok(Part::Image {
                media_type: media_type.to_owned(),
                data: data.to_owned(),
            })
        }
        other => Err(format!(
            "parts of type `{}` are not known",
            other.unwrap_or_default()
        )),
    }
}

fn tool_call(call: &Value) -> Result<ToolCall, String> {
    let function = &call["function"];
    let name = function["name"]
        .as_str()
        .ok_or("a tool call needs `function.name`")?;
    let arguments = function["arguments"].as_str().unwrap_or("{}");
    let arguments = if arguments.trim().is_empty() {
        "{}"
    } else {
        arguments
    };
    Ok(ToolCall {
        id: call["id"].as_str().unwrap_or_default().to_owned(),
        name: name.to_owned(),
        arguments: serde_json::from_str(arguments)
            .map_err(|error| format!("the arguments of `{name}` are no JSON object: {error}"))?,
    })
}

fn tool_choice(choice: Option<&Value>) -> Result<ToolChoice, Error> {
    match choice {
        None | Some(Value::Null) => Ok(ToolChoice::Auto),
        Some(Value::String(word)) => match word.as_str() {
            "auto" => Ok(ToolChoice::Auto),
            "none" => Ok(ToolChoice::None),
            "required" => Ok(ToolChoice::Required),
            word => {
                Err(Error::bad_input(format!("`{word}` is no tool choice")).field("/tool_choice"))
            }
        },
        Some(named) => match named["function"]["name"].as_str() {
            Some(name) => Ok(ToolChoice::Named(name.to_owned())),
            None => Err(
                Error::bad_input("a named tool choice needs `function.name`").field("/tool_choice"),
            ),
        },
    }
}
