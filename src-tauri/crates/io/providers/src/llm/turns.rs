//! What several request bodies need: the system's words apart, turns that alternate, and JSON Schemas
//! as structured outputs want them.

use serde_json::{Map, Value, json};
use studio_llm::chat::{ChatRequest, Message, ResponseFormat};

/// Said to models that have no switch for JSON, and to APIs that refuse the switch unless the word
/// falls.
pub(super) const JSON_ONLY: &str = "Answer with one JSON object and nothing else.";

/// All system messages in their order, and what `request` needs said besides; `None` without any.
pub(super) fn system(request: &ChatRequest, has_json_switch: bool) -> Option<String> {
    let texts = request.messages.iter().filter_map(|message| match message {
        Message::System { text } => Some(text.as_str()),
        _ => None,
    });
    let json = request.response == ResponseFormat::Json && !has_json_switch;
    let texts: Vec<&str> = texts.chain(json.then_some(JSON_ONLY)).collect();
    (!texts.is_empty()).then(|| texts.join("\n\n"))
}

/// Whether the word JSON falls in the conversation.
pub(super) fn mentions_json(request: &ChatRequest) -> bool {
    let mut messages = request.messages.iter();
    messages.any(|message| message.text().to_lowercase().contains("json"))
}

/// Turns of alternating roles, for APIs that demand it.
#[derive(Default)]
pub(super) struct Turns(Vec<(&'static str, Vec<Value>)>);

impl Turns {
    /// Appends to the last turn if it is of the same role. A turn without blocks is none.
    pub(super) fn push(&mut self, role: &'static str, blocks: Vec<Value>) {
        match self.0.last_mut() {
            _ if blocks.is_empty() => {}
            Some((last, before)) if *last == role => before.extend(blocks),
            _ => self.0.push((role, blocks)),
        }
    }

    /// As objects with `role` and, under `blocks`, the blocks.
    pub(super) fn into_values(self, blocks: &str) -> Vec<Value> {
        let turns = self.0.into_iter();
        turns
            .map(|(role, list)| json!({ "role": role, blocks: list }))
            .collect()
    }
}

/// `schema` with every object closed to properties that it does not name. What fits the result fits
/// `schema`, too.
pub(super) fn closed(schema: &Map<String, Value>) -> Map<String, Value> {
    let mut closed: Map<_, _> = schema
        .iter()
        .map(|(name, value)| (name.clone(), closed_below(value)))
        .collect();
    let is_object = closed.get("type").is_some_and(|kind| kind == "object");
    if is_object && !closed.contains_key("additionalProperties") {
        closed.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    closed
}

fn closed_below(value: &Value) -> Value {
    match value {
        Value::Object(object) => Value::Object(closed(object)),
        Value::Array(list) => list.iter().map(closed_below).collect(),
        other => other.clone(),
    }
}

/// Whether OpenAI's strict mode takes `schema`: every object names all its properties as required
/// and closes itself to others.
pub(super) fn is_strict(schema: &Map<String, Value>) -> bool {
    let properties = schema.get("properties").and_then(Value::as_object);
    let is_object = schema.get("type").is_some_and(|kind| kind == "object");
    let is_closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
    let required = schema.get("required").and_then(Value::as_array);
    let all_required = properties.is_none_or(|properties| {
        let names = required.map_or(&[][..], Vec::as_slice);
        properties
            .keys()
            .all(|name| names.iter().any(|known| known == name))
    });
    (!is_object || (is_closed && all_required)) && schema.values().all(is_strict_below)
}

fn is_strict_below(value: &Value) -> bool {
    match value {
        Value::Object(object) => is_strict(object),
        Value::Array(list) => list.iter().all(is_strict_below),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_closed_schema_is_strict_if_all_is_required() {
        let open = map(json!({
            "type": "object", "required": ["a"],
            "properties": { "a": { "type": "array", "items": { "type": "object", "properties": {} } } },
        }));
        assert!(!is_strict(&open));
        let closed = closed(&open);
        assert!(is_strict(&closed), "{closed:?}");
        assert_eq!(
            closed["properties"]["a"]["items"]["additionalProperties"],
            false
        );
        let mut optional = closed;
        optional.remove("required");
        assert!(!is_strict(&optional));
    }

    #[test]
    fn neighbours_of_one_role_become_one_turn() {
        let mut turns = Turns::default();
        turns.push("user", vec![json!(1)]);
        turns.push("model", Vec::new());
        turns.push("user", vec![json!(2)]);
        turns.push("model", vec![json!(3)]);
        let expected =
            json!([{ "role": "user", "parts": [1, 2] }, { "role": "model", "parts": [3] }]);
        assert_eq!(Value::from(turns.into_values("parts")), expected);
    }
}
