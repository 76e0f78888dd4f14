//! TypeScript types from the registry's JSON Schemas (the subset that `schemars` writes).

use std::collections::BTreeMap;

use anyhow::ensure;
use serde_json::Value;

/// A module with `Operations`: input and output type of each operation by name.
///
/// Fails if two Rust types of one name differ: TypeScript has one namespace for all of them. A field that
/// may be left out in one place, as one with a default in an input, may be left out in all.
pub(crate) fn module(operations: &[Value]) -> anyhow::Result<String> {
    let mut definitions: BTreeMap<String, Value> = BTreeMap::new();
    let mut entries = String::new();
    for operation in operations {
        let name = operation["name"].as_str().unwrap_or_default();
        let mut types = Vec::new();
        for side in ["input_schema", "output_schema"] {
            let schema = &operation[side];
            for (definition, body) in schema["$defs"].as_object().into_iter().flatten() {
                let known = definitions
                    .entry(definition.clone())
                    .or_insert_with(|| body.clone());
                let (one, other) = (looser(known, body), looser(body, known));
                ensure!(
                    type_of(&one, schema) == type_of(&other, schema),
                    "{name} uses a type `{definition}` that differs from another operation's: \
                     `{}` and `{}`; rename one of the Rust types",
                    type_of(body, schema),
                    type_of(known, schema),
                );
                *known = one;
            }
            types.push(
                match operation["traits"]["blob"].is_string() && side == "output_schema" {
                    true => "ArrayBuffer".to_owned(),
                    false => type_of(schema, schema),
                },
            );
        }
        entries.push_str(&format!(
            "  '{name}': {{ input: {}; output: {} }};\n",
            types[0], types[1]
        ));
    }
    let mut module = String::from("// Generated from the registry by `cargo xtask generate`.\n\n");
    for (name, body) in definitions {
        let body = type_of(&body, &body);
        module.push_str(&format!("export type {name} = {body};\n\n"));
    }
    module.push_str(&format!("export interface Operations {{\n{entries}}}\n"));
    Ok(module)
}

/// The schema with only those fields required that the other requires, too.
fn looser(schema: &Value, other: &Value) -> Value {
    match (schema, other) {
        (Value::Object(fields), Value::Object(others)) => {
            let fields = fields.iter().map(|(key, value)| {
                let value = match (key.as_str(), others.get(key)) {
                    ("required", also) => both(value, also),
                    (_, Some(also)) => looser(value, also),
                    (_, None) => value.clone(),
                };
                (key.clone(), value)
            });
            Value::Object(fields.collect())
        }
        (Value::Array(items), Value::Array(others)) if items.len() == others.len() => {
            let items = items.iter().zip(others);
            items.map(|(item, other)| looser(item, other)).collect()
        }
        _ => schema.clone(),
    }
}

/// What stands in both lists.
fn both(names: &Value, others: Option<&Value>) -> Value {
    let others = others.and_then(Value::as_array);
    let is_there = |name: &&Value| others.is_some_and(|others| others.contains(name));
    let names = names.as_array().into_iter().flatten();
    names.filter(is_there).cloned().collect()
}

/// One schema as a type expression.
pub(crate) fn type_of(schema: &Value, root: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return reference.rsplit('/').next().unwrap_or("unknown").to_owned();
    }
    if let Some(value) = schema.get("const") {
        return value.to_string();
    }
    if let Some(values) = schema["enum"].as_array() {
        return union(values.iter().map(Value::to_string));
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(branches) = schema[key].as_array() {
            return union(branches.iter().map(|branch| type_of(branch, root)));
        }
    }
    match &schema["type"] {
        Value::String(kind) => simple(kind, schema, root),
        Value::Array(kinds) => union(
            kinds
                .iter()
                .filter_map(Value::as_str)
                .map(|kind| simple(kind, schema, root)),
        ),
        _ => "unknown".to_owned(),
    }
}

fn simple(kind: &str, schema: &Value, root: &Value) -> String {
    match kind {
        "string" => "string".to_owned(),
        "integer" | "number" => "number".to_owned(),
        "boolean" => "boolean".to_owned(),
        "null" => "null".to_owned(),
        "array" => format!("Array<{}>", type_of(&schema["items"], root)),
        "object" => object(schema, root),
        _ => "unknown".to_owned(),
    }
}

fn object(schema: &Value, root: &Value) -> String {
    let required: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let Some(fields) = schema["properties"].as_object() else {
        let value = match &schema["additionalProperties"] {
            Value::Object(_) => type_of(&schema["additionalProperties"], root),
            _ => "unknown".to_owned(),
        };
        return format!("Record<string, {value}>");
    };
    let field = |(name, body): (&String, &Value)| {
        let mark = if required.contains(&name.as_str()) {
            ""
        } else {
            "?"
        };
        let name = if name.chars().all(|c| c.is_alphanumeric() || c == '_') {
            name.clone()
        } else {
            format!("'{name}'")
        };
        format!("{name}{mark}: {}", type_of(body, root))
    };
    match fields.is_empty() {
        true => "Record<string, never>".to_owned(),
        false => format!(
            "{{ {} }}",
            fields.iter().map(field).collect::<Vec<_>>().join("; ")
        ),
    }
}

fn union(types: impl Iterator<Item = String>) -> String {
    let mut seen: Vec<String> = Vec::new();
    for kind in types {
        if !seen.contains(&kind) {
            seen.push(kind);
        }
    }
    seen.join(" | ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(schema: Value, expected: &str) {
        assert_eq!(type_of(&schema, &schema), expected);
    }

    #[test]
    fn types_of_one_name_must_be_one_type() {
        let using = |name: &str, body: Value| {
            json!({ "name": name, "traits": {}, "output_schema": {},
                    "input_schema": { "$ref": "#/$defs/Mode", "$defs": { "Mode": body } } })
        };
        let (copy, key) = (json!({ "enum": ["copy"] }), json!({ "enum": ["dorian"] }));
        let one = module(&[using("a.b", copy.clone()), using("a.c", copy.clone())]).unwrap();
        assert!(one.contains("export type Mode = \"copy\";"), "{one}");
        let two = module(&[using("a.b", copy), using("a.c", key)]).unwrap_err();
        assert!(two.to_string().contains("a.c uses a type `Mode`"), "{two}");
    }

    #[test]
    fn a_field_that_one_side_may_leave_out_is_optional() {
        let using = |side: &str, required: Value| {
            let properties = json!({ "gain": { "type": "number" }, "kind": { "type": "string" } });
            let body = json!({ "type": "object", "properties": properties, "required": required });
            let schema = json!({ "$ref": "#/$defs/Band", "$defs": { "Band": body } });
            json!({ "name": "a.b", "traits": {}, "input_schema": {}, "output_schema": {}, side: schema })
        };
        let (loose, strict) = (json!(["kind"]), json!(["gain", "kind"]));
        let one = [
            using("input_schema", loose.clone()),
            using("output_schema", strict.clone()),
        ];
        let other = [using("output_schema", strict), using("input_schema", loose)];
        for operations in [one, other] {
            let module = module(&operations).unwrap();
            let band = "export type Band = { gain?: number; kind: string };";
            assert!(module.contains(band), "{module}");
        }
    }

    #[test]
    fn schemas_become_types() {
        check(json!({ "type": "string" }), "string");
        check(json!({ "type": ["integer", "null"] }), "number | null");
        check(json!({ "enum": ["a", "b"] }), "\"a\" | \"b\"");
        check(
            json!({ "anyOf": [{ "$ref": "#/$defs/X" }, { "type": "null" }] }),
            "X | null",
        );
        check(
            json!({ "type": "array", "items": { "type": "number" } }),
            "Array<number>",
        );
        check(
            json!({ "type": "object", "properties": { "a": { "type": "boolean" }, "b-c": {} }, "required": ["a"] }),
            "{ a: boolean; 'b-c'?: unknown }",
        );
        check(
            json!({ "type": "object", "additionalProperties": { "type": "string" } }),
            "Record<string, string>",
        );
        check(json!(true), "unknown");
    }
}
