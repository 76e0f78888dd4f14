//! Reading the keywords of one schema.

use serde_json::{Map, Value};

use super::{SchemaError, SchemaProblem};

/// Where in the document we are.
#[derive(Clone)]
pub(super) struct Path(String);

impl Path {
    pub(super) fn root() -> Path {
        Path("#".to_owned())
    }

    /// Where a `$ref` points to.
    pub(super) fn of(pointer: &str) -> Path {
        Path(pointer.to_owned())
    }

    pub(super) fn at(&self, part: impl std::fmt::Display) -> Path {
        let part = part.to_string().replace('~', "~0").replace('/', "~1");
        Path(format!("{}/{part}", self.0))
    }

    pub(super) fn error(&self, problem: SchemaProblem) -> SchemaError {
        SchemaError {
            path: self.0.clone(),
            problem,
        }
    }

    pub(super) fn malformed(&self, problem: &'static str) -> SchemaError {
        self.error(SchemaProblem::Malformed(problem))
    }
}

/// A set of JSON types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Types(u8);

impl Types {
    pub(super) const NONE: Types = Types(0);
    pub(super) const NULL: Types = Types(1);
    pub(super) const BOOLEAN: Types = Types(2);
    pub(super) const STRING: Types = Types(4);
    pub(super) const INTEGER: Types = Types(8);
    /// Whole numbers are numbers.
    pub(super) const NUMBER: Types = Types(8 + 16);
    pub(super) const ARRAY: Types = Types(32);
    pub(super) const OBJECT: Types = Types(64);
    pub(super) const ALL: Types = Types(127);

    pub(super) fn named(name: &str) -> Option<Types> {
        Some(match name {
            "null" => Types::NULL,
            "boolean" => Types::BOOLEAN,
            "string" => Types::STRING,
            "integer" => Types::INTEGER,
            "number" => Types::NUMBER,
            "array" => Types::ARRAY,
            "object" => Types::OBJECT,
            _ => return None,
        })
    }

    pub(super) fn of(value: &Value) -> Types {
        match value {
            Value::Null => Types::NULL,
            Value::Bool(_) => Types::BOOLEAN,
            Value::String(_) => Types::STRING,
            Value::Number(number) if number.is_f64() => Types(16),
            Value::Number(_) => Types::INTEGER,
            Value::Array(_) => Types::ARRAY,
            Value::Object(_) => Types::OBJECT,
        }
    }

    pub(super) fn and(self, other: Types) -> Types {
        Types(self.0 & other.0)
    }

    pub(super) fn or(self, other: Types) -> Types {
        Types(self.0 | other.0)
    }

    pub(super) fn has(self, other: Types) -> bool {
        self.0 & other.0 == other.0
    }

    pub(super) fn is_none(self) -> bool {
        self.0 == 0
    }
}

pub(super) fn declared_types(
    schema: &Map<String, Value>,
    path: &Path,
) -> Result<Types, SchemaError> {
    let named = |value: &Value| value.as_str().and_then(Types::named);
    let types = match schema.get("type") {
        None => Some(Types::ALL),
        Some(Value::Array(names)) => names
            .iter()
            .try_fold(Types::NONE, |types, name| Some(types.or(named(name)?))),
        Some(name) => named(name),
    };
    types.ok_or_else(|| path.at("type").malformed("a type of JSON"))
}

/// Types that a schema may have, as far as they can be told without following references.
pub(super) fn possible_types(schema: &Value) -> Types {
    let Some(schema) = schema.as_object() else {
        return Types::ALL;
    };
    let declared = declared_types(schema, &Path::root()).unwrap_or(Types::ALL);
    match fixed_values(schema) {
        None => declared,
        Some(values) => {
            let of_values = values.iter().map(Types::of).fold(Types::NONE, Types::or);
            // 1.0 equals 1.
            let of_values = if of_values.and(Types::NUMBER).is_none() {
                of_values
            } else {
                of_values.or(Types::NUMBER)
            };
            declared.and(of_values)
        }
    }
}

pub(super) fn fixed(schema: &Value) -> Option<&[Value]> {
    schema.as_object().and_then(fixed_values)
}

/// The values of `enum` or `const`.
pub(super) fn fixed_values(schema: &Map<String, Value>) -> Option<&[Value]> {
    match (schema.get("enum"), schema.get("const")) {
        (Some(Value::Array(values)), None) => Some(values),
        (None, Some(value)) => Some(std::slice::from_ref(value)),
        _ => None,
    }
}

/// Equal as JSON Schema means it: 1 is 1.0.
pub(super) fn same_value(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_value(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let same = |(name, a): (&String, &Value)| b.get(name).is_some_and(|b| same_value(a, b));
            a.len() == b.len() && a.iter().all(same)
        }
        _ => a == b,
    }
}

pub(super) fn is_closed(schema: &Map<String, Value>) -> bool {
    let shut = |keyword: &str| schema.get(keyword) == Some(&Value::Bool(false));
    shut("additionalProperties") || shut("unevaluatedProperties")
}

pub(super) fn required<'s>(
    schema: &'s Map<String, Value>,
    path: &Path,
) -> Result<Vec<&'s str>, SchemaError> {
    let names = match schema.get("required") {
        None => return Ok(Vec::new()),
        Some(Value::Array(names)) => names.iter().map(Value::as_str).collect(),
        Some(_) => None,
    };
    names.ok_or_else(|| path.at("required").malformed("a list of names"))
}

pub(super) fn size(
    schema: &Map<String, Value>,
    keyword: &str,
    path: &Path,
) -> Result<Option<u32>, SchemaError> {
    let Some(value) = schema.get(keyword) else {
        return Ok(None);
    };
    // 2.0 is a whole number in JSON Schema.
    let whole = value.as_u64().or_else(|| {
        let float = value.as_f64().filter(|f| f.fract() == 0.0 && *f >= 0.0)?;
        Some(float as u64)
    });
    let whole = whole.ok_or_else(|| path.at(keyword).malformed("a whole number"))?;
    // One below the largest, which means no limit.
    Ok(Some(whole.min(u64::from(u32::MAX) - 1) as u32))
}
