//! Every operation of the studio by name. Faces look up here and nowhere else.

use std::collections::BTreeMap;

use jsonschema::Validator;
use serde::Serialize;
use serde_json::Value;

use crate::error::Error;
use crate::near::nearest;
use crate::operation::{Operation, Traits};
use crate::schema;

/// The operations, sorted by name. Immutable once built.
pub struct Registry {
    entries: BTreeMap<&'static str, Entry>,
}

struct Entry {
    operation: Operation,
    input: Validator,
}

/// An operation as shown to people and programs: everything but the function.
#[derive(Debug, Serialize)]
pub struct Description<'a> {
    pub name: &'static str,
    pub title: &'static str,
    pub summary: &'static str,
    pub traits: Traits,
    pub positional: Option<&'static str>,
    pub input_schema: &'a Value,
    pub output_schema: &'a Value,
}

impl Registry {
    /// Fails when two operations share a name or a name is not `domain.verb`.
    pub fn new(operations: impl IntoIterator<Item = Operation>) -> Result<Registry, Error> {
        let mut entries = BTreeMap::new();
        for operation in operations {
            let name = operation.name;
            if !is_name(name) {
                return Err(Error::internal(format!(
                    "`{name}` is not an operation name like `domain.verb`"
                )));
            }
            let input = schema::compile(&operation.input_schema)?;
            if entries.insert(name, Entry { operation, input }).is_some() {
                return Err(Error::internal(format!(
                    "the operation `{name}` is registered twice"
                )));
            }
        }
        Ok(Registry { entries })
    }

    pub fn get(&self, name: &str) -> Result<&Operation, Error> {
        self.entry(name).map(|entry| &entry.operation)
    }

    /// The operation, if it exists and `input` fits its schema. A missing input counts as `{}`.
    pub fn check(&self, name: &str, input: &Value) -> Result<&Operation, Error> {
        let entry = self.entry(name)?;
        schema::check(&entry.input, &entry.operation.input_schema, input)?;
        Ok(&entry.operation)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Operation> {
        self.entries.values().map(|entry| &entry.operation)
    }

    pub fn describe(&self) -> Vec<Description<'_>> {
        self.iter()
            .map(|operation| Description {
                name: operation.name,
                title: operation.title,
                summary: operation.summary,
                traits: operation.traits,
                positional: operation.positional,
                input_schema: &operation.input_schema,
                output_schema: &operation.output_schema,
            })
            .collect()
    }

    fn entry(&self, name: &str) -> Result<&Entry, Error> {
        self.entries.get(name).ok_or_else(|| {
            let error = Error::not_found(format!("there is no operation `{name}`"));
            match nearest(name, self.entries.keys().copied()) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint("`av-studio ops` lists all of them"),
            }
        })
    }
}

fn is_name(name: &str) -> bool {
    let word = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_lowercase())
            && part
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    name.split_once('.')
        .is_some_and(|(domain, verb)| word(domain) && word(verb))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::*;
    use crate::context::{Cancel, Detached, JobContext};
    use crate::error::ErrorCode;
    use crate::event::Events;
    use crate::operation::Output;

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Input {
        #[schemars(range(min = 1, max = 9))]
        times: u32,
        #[serde(default)]
        nested: Option<Nested>,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Nested {
        colour: Colour,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    enum Colour {
        Red,
        Blue,
    }

    #[derive(Serialize, JsonSchema)]
    struct Answer {
        times: u32,
        colour: Option<&'static str>,
    }

    fn echo(name: &'static str) -> Operation {
        Operation::define(name, "Echo", "Answers what it was given.").blocking(
            |_cx: &JobContext, input: Input| {
                let colour = input.nested.map(|nested| match nested.colour {
                    Colour::Red => "red",
                    Colour::Blue => "blue",
                });
                Ok(Answer {
                    times: input.times,
                    colour,
                })
            },
        )
    }

    fn check(input: Value, field: &str, words: &str) {
        let registry = Registry::new([echo("test.echo")]).unwrap();
        let error = registry
            .check("test.echo", &input)
            .err()
            .expect("this input is wrong");
        assert_eq!(error.code, ErrorCode::BadInput);
        assert_eq!(error.field.as_deref(), Some(field), "{error:?}");
        assert!(
            error.message.contains(words),
            "{error:?} should say: {words}"
        );
    }

    #[test]
    fn an_answer_keeps_the_digits_of_its_numbers_and_its_schema_holds_no_booleans() {
        #[derive(Serialize, JsonSchema)]
        #[schemars(deny_unknown_fields)]
        struct Level {
            gain: f32,
            anything: Value,
        }
        let level = Level {
            gain: 0.3,
            anything: json!(null),
        };
        let Output::Json(value) = crate::operation::Answer::into_output(level).unwrap() else {
            panic!("a structure is JSON");
        };
        assert_eq!(value, json!({ "gain": 0.3, "anything": null }));
        let schema = <Level as crate::operation::Answer>::schema();
        assert_eq!(schema["properties"]["anything"], json!({}));
        assert_eq!(schema["additionalProperties"], json!(false));
    }

    #[test]
    fn a_wrong_input_is_refused_with_the_path_to_the_field() {
        check(json!({}), "/times", "lacks the field `times`");
        check(
            json!({ "times": 10 }),
            "/times",
            "`times` is 10, more than 9",
        );
        check(json!({ "times": 0 }), "/times", "`times` is 0, less than 1");
        check(json!({ "times": "x" }), "/times", "`times`");
        check(
            json!({ "times": 1, "tmies": 2 }),
            "/tmies",
            "does not know the field `tmies`",
        );
        check(
            json!({ "times": 1, "nested": { "colour": "green" } }),
            "/nested/colour",
            "`nested.colour` is \"green\"",
        );
        check(
            json!({ "times": 1, "nested": {} }),
            "/nested/colour",
            "lacks the field `colour`",
        );
        check(json!([]), "", "the input");
        check(json!(null), "", "the input");
    }

    #[tokio::test]
    async fn a_right_input_reaches_the_function() {
        let registry = Registry::new([echo("test.echo")]).unwrap();
        let input = json!({ "times": 3, "nested": { "colour": "blue" } });
        let operation = registry.check("test.echo", &input).unwrap().clone();
        let cx = JobContext::new(Arc::new(Detached), Cancel::new(), Events::new());
        let output = operation.run(cx, input).await.unwrap();
        assert_eq!(
            output,
            Output::Json(json!({ "times": 3, "colour": "blue" }))
        );
    }

    #[tokio::test]
    async fn a_crash_of_one_operation_is_an_error_not_the_end() {
        fn crash(_cx: &JobContext, _input: Input) -> Result<Answer, Error> {
            panic!("on purpose")
        }
        let operation = Operation::define("test.crash", "", "").blocking(crash);
        let cx = JobContext::new(Arc::new(Detached), Cancel::new(), Events::new());
        let error = operation.run(cx, json!({ "times": 1 })).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::Internal);
        assert!(error.message.contains("on purpose"), "{error}");
    }

    #[test]
    fn names_are_checked_and_unique() {
        for bad in [
            "echo",
            "test.",
            ".echo",
            "Test.echo",
            "test.echo.more",
            "test.é",
        ] {
            assert!(Registry::new([echo(bad)]).is_err(), "{bad} is not a name");
        }
        assert!(Registry::new([echo("test.echo"), echo("test.echo")]).is_err());
    }

    #[test]
    fn a_slip_of_the_finger_gets_a_suggestion() {
        let registry = Registry::new([echo("audio.loudness"), echo("audio.peaks")]).unwrap();
        let hint = |name| {
            registry
                .get(name)
                .err()
                .and_then(|error| error.hint)
                .unwrap_or_default()
        };
        assert!(hint("audio.lodness").contains("audio.loudness"));
        assert!(hint("video.cut").contains("ops"));
    }
}
