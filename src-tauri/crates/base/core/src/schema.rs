//! JSON Schemas from types, and messages that name the wrong field.

mod union;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use schemars::transform::{ReplaceBoolSchemas, RestrictFormats};
use serde_json::Value;

use self::union::Meant;
use crate::error::Error;

/// Marks a text of an input as the path of a file or folder, so that faces can keep callers within
/// their folders: `#[schemars(extend("x-path" = true))]`.
pub const PATH: &str = "x-path";

/// The schema of `T` as one JSON document. Formats that JSON Schema does not know, such as `uint8`, are left out, and
/// anything at all is `{}`, not `true`: readers complain about each.
pub fn of<T: JsonSchema>(settings: SchemaSettings) -> Value {
    let mut plain = ReplaceBoolSchemas::default();
    plain.skip_additional_properties = true;
    settings
        .with_transform(RestrictFormats::default())
        .with_transform(plain)
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}

/// Compiles a schema once so that it can be checked often.
pub fn compile(schema: &Value) -> Result<Validator, Error> {
    Validator::new(schema)
        .map_err(|error| Error::internal(format!("the schema does not compile: {error}")))
}

/// Checks `value` against `schema`, which `validator` was [compiled](compile) from; the error's `field` points at the
/// first wrong place.
pub fn check(validator: &Validator, schema: &Value, value: &Value) -> Result<(), Error> {
    match validator.validate(value) {
        Ok(()) => Ok(()),
        Err(error) => Err(explain(&error, schema, value)),
    }
}

fn explain(error: &ValidationError<'_>, schema: &Value, root: &Value) -> Error {
    let at = error.instance_path().as_str().to_owned();
    let value = shown(root.pointer(&at));
    match error.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            let branches = schema.pointer(error.schema_path().as_str());
            let branches = branches.and_then(Value::as_array).map(Vec::as_slice);
            let inner = match union::meant(branches.unwrap_or_default(), root, &at) {
                Some(Meant::Nothing(error)) => return error,
                Some(Meant::Branch(number)) => {
                    context.get(number).and_then(|branch| branch.first())
                }
                // Without a tag it meant to be the form that it fits best.
                None => context
                    .iter()
                    .filter_map(|branch| branch.first())
                    .max_by_key(|error| {
                        (!is_wrong_type(error), error.instance_path().as_str().len())
                    }),
            };
            match inner {
                Some(inner) => explain(inner, schema, root),
                None => Error::bad_input(format!("{}: {error}", place(&at))).field(at),
            }
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            let name = unexpected.first().map_or("", String::as_str);
            let pointer = format!("{at}/{name}");
            Error::bad_input(format!("{} does not know the field `{name}`", place(&at)))
                .field(pointer)
        }
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            Error::bad_input(format!("{} lacks the field `{name}`", place(&at)))
                .field(format!("{at}/{name}"))
        }
        ValidationErrorKind::Minimum { limit }
        | ValidationErrorKind::ExclusiveMinimum { limit } => {
            Error::bad_input(format!("{} is {value}, less than {limit}", place(&at))).field(at)
        }
        ValidationErrorKind::Maximum { limit }
        | ValidationErrorKind::ExclusiveMaximum { limit } => {
            Error::bad_input(format!("{} is {value}, more than {limit}", place(&at))).field(at)
        }
        ValidationErrorKind::Enum { options } => {
            let words = options.as_array().into_iter().flatten().map(Value::as_str);
            match (words.collect::<Option<Vec<_>>>(), root.pointer(&at)) {
                (Some(words), Some(found)) => union::not_one_of(found, &words, &at),
                _ => Error::bad_input(format!("{}: {error}", place(&at))).field(at),
            }
        }
        _ => Error::bad_input(format!("{}: {error}", place(&at))).field(at),
    }
}

/// The place in the input that a pointer leads to, for people.
fn place(pointer: &str) -> String {
    match pointer.trim_start_matches('/') {
        "" => "the input".to_owned(),
        path => format!("`{}`", path.replace('/', ".")),
    }
}

fn is_wrong_type(error: &ValidationError<'_>) -> bool {
    matches!(
        error.kind(),
        ValidationErrorKind::Type { .. } | ValidationErrorKind::Constant { .. }
    ) && !error.instance_path().as_str().is_empty()
}

fn shown(value: Option<&Value>) -> String {
    const LONGEST: usize = 60;
    let text = value.map_or_else(String::new, Value::to_string);
    if text.chars().count() <= LONGEST {
        text
    } else {
        text.chars().take(LONGEST).chain("…".chars()).collect()
    }
}
