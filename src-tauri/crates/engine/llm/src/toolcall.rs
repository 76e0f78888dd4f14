//! Tool calls in what local models write.
//!
//! Models write their calls as text, each family in its own way: Hermes and Qwen as
//! `<tool_call>{"name": …, "arguments": {…}}</tool_call>`, Llama 3.1 and later as a bare
//! `{"name": …, "parameters": {…}}` at the start of an answer, with `<|python_tag|>` before it or not,
//! Mistral as `[TOOL_CALLS] [{…}, …]` or `[TOOL_CALLS]name[ARGS]{…}`.
//!
//! Text before a call passes at once; a call comes only whole, with arguments that are a JSON
//! object; what looked like a call and is none becomes text again. The pieces in which the text
//! arrives make no difference.
//!
//! Not here: Llama's built-in tools (`brave_search.call(…)`) and calls written as Python or XML.

use serde_json::{Map, Value, json};

use crate::chat::{Tool, ToolCall};

mod scan;

use scan::{Scan, Scanned, begun};

/// How a model writes tool calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// It was not taught to.
    #[default]
    None,
    Hermes,
    Llama,
    Mistral,
}

const HERMES_OPEN: &str = "<tool_call>";
const HERMES_CLOSE: &str = "</tool_call>";
const LLAMA_TAG: &str = "<|python_tag|>";
const MISTRAL_TAG: &str = "[TOOL_CALLS]";
const MISTRAL_ARGUMENTS: &str = "[ARGS]";

impl Style {
    /// The style that a chat template teaches.
    pub fn of_template(source: &str) -> Style {
        if source.contains(HERMES_OPEN) {
            Style::Hermes
        } else if source.contains(MISTRAL_TAG) {
            Style::Mistral
        } else if source.contains("<|start_header_id|>") && source.contains("tools") {
            Style::Llama
        } else {
            Style::None
        }
    }

    /// Special tokens that begin or divide calls: they must reach the [`Parser`] as text.
    pub fn markers(self) -> &'static [&'static str] {
        match self {
            Style::None => &[],
            Style::Hermes => &[HERMES_OPEN, HERMES_CLOSE],
            Style::Llama => &[LLAMA_TAG],
            Style::Mistral => &[MISTRAL_TAG, MISTRAL_ARGUMENTS],
        }
    }

    /// What to put before an answer that must be a call, and the schema of what follows it. The
    /// answer is then read by a [`Parser`] that was given the same beginning.
    pub fn forced(self, tools: &[Tool]) -> Option<(&'static str, Value)> {
        let (open, arguments) = match self {
            Style::None => return None,
            Style::Hermes => (concat!("<tool_call>", "\n"), "arguments"),
            Style::Llama => ("", "parameters"),
            Style::Mistral => (MISTRAL_TAG, "arguments"),
        };
        let (path, list) = match self {
            Style::Mistral => ("#/items/anyOf", true),
            _ => ("#/anyOf", false),
        };
        let alternatives = tools.iter().enumerate().map(|(index, tool)| {
            let mut parameters = Value::Object(tool.parameters.clone());
            // References count from the root of the document, which is another now.
            rebase(
                &mut parameters,
                &format!("{path}/{index}/properties/{arguments}"),
                0,
            );
            json!({
                "type": "object",
                "properties": { "name": { "const": tool.name }, arguments: parameters },
                "required": ["name", arguments],
                "additionalProperties": false,
            })
        });
        let call = json!({ "anyOf": alternatives.collect::<Vec<_>>() });
        let schema = if list {
            json!({ "type": "array", "items": call, "minItems": 1 })
        } else {
            call
        };
        Some((open, schema))
    }
}

/// Makes the references of a schema count from `path`, where it is put.
fn rebase(schema: &mut Value, path: &str, depth: usize) {
    if depth > 64 {
        return;
    }
    match schema {
        Value::Object(keywords) => {
            for (keyword, value) in keywords {
                match value {
                    Value::String(pointer) if keyword == "$ref" && pointer.starts_with('#') => {
                        pointer.replace_range(..1, path);
                    }
                    // Values, not schemas.
                    _ if matches!(keyword.as_str(), "const" | "enum" | "default" | "examples") => {}
                    _ => rebase(value, path, depth + 1),
                }
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| rebase(item, path, depth + 1)),
        _ => {}
    }
}

/// A part of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    Text(String),
    Call(ToolCall),
}

/// Reads one answer.
#[derive(Clone, Debug)]
pub struct Parser {
    style: Style,
    names: Vec<String>,
    salt: u64,
    calls: u64,
    held: String,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    /// Nothing but blanks yet, or since the last call.
    Start {
        after_call: bool,
    },
    Text,
    /// `held` begins with this many bytes of marker, and then comes what may be a call.
    Call {
        marker: usize,
        scan: Option<(Scan, Option<String>)>,
    },
}

impl Parser {
    /// `tools` are those that the model was offered. Calls get ids made from `salt`, which should
    /// differ between the answers of one conversation.
    pub fn new(style: Style, tools: &[Tool], salt: u64) -> Parser {
        Parser {
            style: if tools.is_empty() { Style::None } else { style },
            names: tools.iter().map(|tool| tool.name.clone()).collect(),
            salt,
            calls: 0,
            held: String::new(),
            state: State::Start { after_call: false },
        }
    }

    /// What is known of the answer after this text.
    pub fn push(&mut self, text: &str) -> Vec<Piece> {
        let mut pieces = Vec::new();
        if self.style == Style::None {
            emit(&mut pieces, text);
            return pieces;
        }
        self.held.push_str(text);
        while self.advance(&mut pieces) {}
        pieces
    }

    /// What was held back when the answer ended.
    pub fn end(&mut self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let held = std::mem::take(&mut self.held);
        // After a call a lone closing tag or blanks say nothing.
        let silent = matches!(self.state, State::Start { after_call: true })
            && (held.trim().is_empty()
                || self.style == Style::Hermes && HERMES_CLOSE.starts_with(held.trim()));
        if !silent {
            emit(&mut pieces, &held);
        }
        self.state = State::Text;
        pieces
    }

    /// Takes one step; false when more text is needed.
    fn advance(&mut self, pieces: &mut Vec<Piece>) -> bool {
        match &mut self.state {
            State::Start { after_call } => {
                let after_call = *after_call;
                self.start(after_call)
            }
            State::Text => self.text(pieces),
            State::Call { .. } => self.call(pieces),
        }
    }

    fn start(&mut self, after_call: bool) -> bool {
        let mut rest = self.held.trim_start();
        if after_call {
            let divider = match self.style {
                Style::Hermes => HERMES_CLOSE,
                _ => ";",
            };
            if let Some(after) = rest.strip_prefix(divider) {
                rest = after.trim_start();
            } else if !rest.is_empty() && divider.starts_with(rest) {
                return false;
            }
        }
        if rest.is_empty() {
            return false;
        }
        let blank = self.held.len() - rest.len();
        if self.style == Style::Llama {
            let tag = if rest.starts_with(LLAMA_TAG) {
                LLAMA_TAG.len()
            } else if rest.starts_with('{') {
                0
            } else if LLAMA_TAG.starts_with(rest) {
                return false;
            } else {
                if after_call {
                    self.held.drain(..blank);
                }
                self.state = State::Text;
                return true;
            };
            // Blanks before a call are dropped with it, or come back as text with what is none.
            let marker = if after_call {
                self.held.drain(..blank);
                tag
            } else {
                blank + tag
            };
            self.state = State::Call { marker, scan: None };
            return true;
        }
        if after_call {
            self.held.drain(..blank);
        }
        self.state = State::Text;
        true
    }

    fn text(&mut self, pieces: &mut Vec<Piece>) -> bool {
        let marker = match self.style {
            Style::Hermes => HERMES_OPEN,
            Style::Mistral => MISTRAL_TAG,
            // Llama calls only at the start.
            Style::Llama | Style::None => {
                emit(pieces, &std::mem::take(&mut self.held));
                return false;
            }
        };
        if let Some(at) = self.held.find(marker) {
            let before: String = self.held.drain(..at).collect();
            emit(pieces, &before);
            self.state = State::Call {
                marker: marker.len(),
                scan: None,
            };
            return true;
        }
        let safe = self.held.len() - begun(&self.held, marker);
        let shown: String = self.held.drain(..safe).collect();
        emit(pieces, &shown);
        false
    }

    fn call(&mut self, pieces: &mut Vec<Piece>) -> bool {
        let State::Call { marker, scan } = &mut self.state else {
            return false;
        };
        let marker = *marker;
        let body = &self.held[marker..];
        if scan.is_none() {
            match head(self.style, body) {
                Head::Unknown => return false,
                Head::Not => return self.not_a_call(marker, pieces),
                Head::At(at, name) => *scan = Some((Scan::from(at), name)),
            }
        }
        let Some((scan, name)) = scan else {
            return false;
        };
        let (from, to) = match scan.run(body) {
            Scanned::Open => return false,
            Scanned::Broken => return self.not_a_call(marker, pieces),
            Scanned::Whole { from, to } => (from, to),
        };
        let bare = self.style == Style::Llama && !self.held[..marker].contains(LLAMA_TAG);
        let drafts = drafts(&body[from..to], name.take(), bare.then_some(&self.names));
        let Some(drafts) = drafts else {
            return self.not_a_call(marker + to, pieces);
        };
        for draft in drafts {
            let id = draft.id.unwrap_or_else(|| call_id(self.salt, self.calls));
            self.calls += 1;
            pieces.push(Piece::Call(ToolCall {
                id,
                name: draft.name,
                arguments: draft.arguments,
            }));
        }
        self.held.drain(..marker + to);
        self.state = State::Start { after_call: true };
        true
    }

    /// The first `until` bytes are text after all.
    fn not_a_call(&mut self, until: usize, pieces: &mut Vec<Piece>) -> bool {
        let text: String = self.held.drain(..until).collect();
        emit(pieces, &text);
        self.state = State::Text;
        true
    }
}

fn emit(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        _ if text.is_empty() => {}
        Some(Piece::Text(last)) => last.push_str(text),
        _ => pieces.push(Piece::Text(text.to_owned())),
    }
}

/// What comes after a marker.
enum Head {
    /// More text will tell.
    Unknown,
    Not,
    /// JSON from this byte on; the tool's name if it stood before it.
    At(usize, Option<String>),
}

fn head(style: Style, body: &str) -> Head {
    let rest = body.trim_start();
    let at = body.len() - rest.len();
    match rest.as_bytes().first() {
        None => return Head::Unknown,
        Some(b'{') if style != Style::Mistral => return Head::At(at, None),
        Some(b'[') if style == Style::Mistral => return Head::At(at, None),
        _ if style != Style::Mistral => return Head::Not,
        _ => {}
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let after = rest.trim_start_matches(is_name);
    let name = &rest[..rest.len() - after.len()];
    let arguments = after
        .strip_prefix(MISTRAL_ARGUMENTS)
        .unwrap_or(after)
        .trim_start();
    if name.is_empty() {
        Head::Not
    } else if arguments.starts_with('{') {
        Head::At(body.len() - arguments.len(), Some(name.to_owned()))
    } else if arguments.is_empty() || MISTRAL_ARGUMENTS.starts_with(arguments) {
        Head::Unknown
    } else {
        Head::Not
    }
}

struct Draft {
    id: Option<String>,
    name: String,
    arguments: Map<String, Value>,
}

/// The calls of `text`; `None` if any of it is none. `known` restricts the names where nothing but
/// the form says that this is a call.
fn drafts(text: &str, name: Option<String>, known: Option<&Vec<String>>) -> Option<Vec<Draft>> {
    let value: Value = serde_json::from_str(text).ok()?;
    if let Some(name) = name {
        let arguments = arguments(value)?;
        let id = None;
        return Some(vec![Draft {
            id,
            name,
            arguments,
        }]);
    }
    let values = match value {
        Value::Array(values) => values,
        value => vec![value],
    };
    let drafts: Option<Vec<Draft>> = values
        .into_iter()
        .map(|value| draft(value, known))
        .collect();
    drafts.filter(|drafts| !drafts.is_empty())
}

fn draft(value: Value, known: Option<&Vec<String>>) -> Option<Draft> {
    let Value::Object(mut fields) = value else {
        return None;
    };
    // Some models copy the shape in which OpenAI's API gives calls.
    if let Some(Value::Object(function)) = fields.remove("function") {
        fields.extend(function);
    }
    let Some(Value::String(name)) = fields.remove("name") else {
        return None;
    };
    let given = fields
        .remove("arguments")
        .or_else(|| fields.remove("parameters"));
    if known.is_some_and(|known| given.is_none() || !known.contains(&name)) {
        return None;
    }
    let id = match fields.remove("id") {
        Some(Value::String(id)) if !id.is_empty() => Some(id),
        _ => None,
    };
    Some(Draft {
        id,
        name,
        arguments: arguments(given.unwrap_or(Value::Null))?,
    })
}

fn arguments(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(arguments) => Some(arguments),
        // No arguments for a tool that needs none.
        Value::Null => Some(Map::new()),
        // JSON in a string, as OpenAI's API gives it.
        Value::String(text) => serde_json::from_str(&text).ok(),
        _ => None,
    }
}

/// Nine letters and digits: Mistral's chat templates refuse any other id.
fn call_id(salt: u64, call: u64) -> String {
    // SplitMix64's finaliser (Steele et al. 2014) spreads neighbouring numbers.
    let mut bits = salt.wrapping_add(call.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    let letters = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let letter = |_| {
        let letter = letters[(bits % 36) as usize];
        bits /= 36;
        char::from(letter)
    };
    (0..9).map(letter).collect()
}

#[cfg(test)]
mod tests;
