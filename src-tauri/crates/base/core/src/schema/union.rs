//! Unions whose branches say by a tag which of them a value is meant for.
//!
//! Serde's forms, as schemars writes them: a field with a word of its own in each branch (`tag = "…"`), an object whose
//! only key names the branch (the usual enum), and plain words.

use serde_json::Value;

use super::{place, shown};
use crate::error::Error;
use crate::near::nearest;

/// What `value`, at the pointer `at` in `root`, is meant to be.
pub(super) enum Meant {
    /// The branch of this number.
    Branch(usize),
    /// None that there is.
    Nothing(Error),
}

/// Looks at the tag of the value at `at`. `None` where the branches have none, or the value is of no kind that could have.
pub(super) fn meant(branches: &[Value], root: &Value, at: &str) -> Option<Meant> {
    let value = root.pointer(at)?;
    let marks: Vec<Mark<'_>> = branches.iter().map(Mark::of).collect::<Option<_>>()?;
    match value {
        Value::Object(fields) => match marks.first()? {
            Mark::Field { name, .. } => {
                let words = marks.iter().map(|mark| match mark {
                    Mark::Field { name: other, word } if other == name => Some(*word),
                    _ => None,
                });
                let words: Vec<&str> = words.collect::<Option<_>>()?;
                by_field(name, fields.get(*name), &words, at)
            }
            _ => by_key(fields.keys().map(String::as_str).collect(), &marks, at),
        },
        _ => by_word(value, &marks, at),
    }
}

/// How a branch says that a value is meant for it.
enum Mark<'a> {
    Field { name: &'a str, word: &'a str },
    Key(&'a str),
    Words(Vec<&'a str>),
}

impl<'a> Mark<'a> {
    fn of(branch: &'a Value) -> Option<Mark<'a>> {
        if let Some(word) = branch["const"].as_str() {
            return Some(Mark::Words(vec![word]));
        }
        if let Some(words) = branch["enum"].as_array() {
            let words: Option<_> = words.iter().map(Value::as_str).collect();
            return Some(Mark::Words(words?));
        }
        let required = branch["required"].as_array()?;
        let properties = branch["properties"].as_object()?;
        let mut required = required.iter().filter_map(Value::as_str);
        let tag = required.clone().find_map(|name| {
            let word = properties.get(name)?["const"].as_str()?;
            Some(Mark::Field { name, word })
        });
        let is_key = properties.len() == 1 && branch["additionalProperties"] == Value::Bool(false);
        tag.or_else(|| required.next().filter(|_| is_key).map(Mark::Key))
    }
}

fn by_field(name: &str, found: Option<&Value>, words: &[&str], at: &str) -> Option<Meant> {
    let pointer = format!("{at}/{name}");
    let Some(found) = found else {
        let message = format!(
            "{} lacks the field `{name}`, one of {}",
            place(at),
            listed("", words)
        );
        return Some(Meant::Nothing(Error::bad_input(message).field(pointer)));
    };
    let known = words.iter().position(|word| found == *word);
    Some(match known {
        Some(branch) => Meant::Branch(branch),
        None => Meant::Nothing(not_one_of(found, words, &pointer)),
    })
}

fn by_key(keys: Vec<&str>, marks: &[Mark<'_>], at: &str) -> Option<Meant> {
    let names = marks.iter().map(|mark| match mark {
        Mark::Key(name) => Some(*name),
        Mark::Words(_) | Mark::Field { .. } => None,
    });
    if let Some(branch) = names
        .clone()
        .position(|name| name.is_some_and(|name| keys.contains(&name)))
    {
        return Some(Meant::Branch(branch));
    }
    let names: Vec<&str> = names.flatten().collect();
    let place = place(at);
    let error = match keys.first() {
        Some(key) => {
            let listed = listed(key, &names);
            let message = format!("{place} does not know `{key}`; there are {listed}");
            hinted(Error::bad_input(message), key, &names).field(format!("{at}/{key}"))
        }
        None => {
            let listed = listed("", &names);
            Error::bad_input(format!("{place} is empty; there are {listed}")).field(at)
        }
    };
    (!names.is_empty()).then_some(Meant::Nothing(error))
}

fn by_word(value: &Value, marks: &[Mark<'_>], at: &str) -> Option<Meant> {
    let words = marks.iter().map(|mark| match mark {
        Mark::Words(words) => &words[..],
        Mark::Key(_) | Mark::Field { .. } => &[],
    });
    let words: Vec<&str> = words.flatten().copied().collect();
    (!words.is_empty()).then(|| Meant::Nothing(not_one_of(value, &words, at)))
}

/// That a value is none of the words that it may be.
pub(super) fn not_one_of(value: &Value, words: &[&str], at: &str) -> Error {
    let found = value.as_str().unwrap_or_default();
    let message = format!(
        "{} is {}, not one of {}",
        place(at),
        shown(Some(value)),
        listed(found, words)
    );
    hinted(Error::bad_input(message), found, words).field(at)
}

fn hinted(error: Error, found: &str, words: &[&str]) -> Error {
    match nearest(found, words.iter().copied()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error,
    }
}

/// All of them, what is nearest to `found` first.
fn listed(found: &str, words: &[&str]) -> String {
    let near = nearest(found, words.iter().copied());
    let others = words.iter().copied().filter(|word| Some(*word) != near);
    let quoted: Vec<String> = near
        .into_iter()
        .chain(others)
        .map(|word| format!("\"{word}\""))
        .collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use schemars::generate::SchemaSettings;
    use serde_json::json;

    use super::*;
    use crate::schema;

    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the schema is looked at")]
    struct Drawing {
        steps: Option<Vec<Step>>,
        tool: Option<Tool>,
        speed: Option<Speed>,
    }

    #[derive(JsonSchema)]
    #[schemars(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
    #[expect(dead_code, reason = "only the schema is looked at")]
    enum Step {
        Marker { name: String },
        Split { at: u64, name: Option<String> },
        Paint(Paint),
    }

    #[derive(JsonSchema)]
    #[schemars(rename_all = "snake_case")]
    #[expect(dead_code, reason = "only the schema is looked at")]
    enum Tool {
        Brush(Paint),
        Pencil { width: u32 },
        Rubber,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only the schema is looked at")]
    struct Paint {
        colour: Colour,
    }

    #[derive(JsonSchema)]
    #[schemars(rename_all = "snake_case")]
    #[expect(dead_code, reason = "only the schema is looked at")]
    enum Colour {
        Red,
        Blue,
    }

    #[derive(JsonSchema)]
    #[schemars(rename_all = "snake_case")]
    #[expect(dead_code, reason = "only the schema is looked at")]
    enum Speed {
        /// As it comes.
        Usual,
        /// In a hurry.
        Quickly,
    }

    #[track_caller]
    fn check(input: Value, field: &str, words: &str) {
        let schema = schema::of::<Drawing>(SchemaSettings::draft2020_12().for_deserialize());
        let validator = schema::compile(&schema).unwrap();
        let error = schema::check(&validator, &schema, &input).unwrap_err();
        assert_eq!(error.field.as_deref(), Some(field), "{error:?}");
        assert!(
            error.message.contains(words),
            "{error:?} should say: {words}"
        );
    }

    #[test]
    fn a_union_is_told_by_its_tag() {
        let check = |steps: Value, field, words| {
            check(json!({ "steps": steps }), field, words);
        };
        check(
            json!([{ "step": "explode", "at": 1 }]),
            "/steps/0/step",
            "`steps.0.step` is \"explode\", not one of \"marker\", \"split\", \"paint\"",
        );
        check(
            json!([{ "step": "splt", "at": 1 }]),
            "/steps/0/step",
            "not one of \"split\", \"marker\", \"paint\"",
        );
        check(
            json!([{ "step": 7 }]),
            "/steps/0/step",
            "`steps.0.step` is 7",
        );
        check(
            json!([{ "at": 1 }]),
            "/steps/0/step",
            "`steps.0` lacks the field `step`, one of \"marker\"",
        );
        // A known one is held against its own branch only.
        check(
            json!([{ "step": "split", "at": 1 }, { "step": "split", "name": "a" }]),
            "/steps/1/at",
            "`steps.1` lacks the field `at`",
        );
        check(
            json!([{ "step": "split", "at": 1, "marker": "a" }]),
            "/steps/0/marker",
            "`steps.0` does not know the field `marker`",
        );
        check(
            json!([{ "step": "split", "at": -1 }]),
            "/steps/0/at",
            "`steps.0.at` is -1, less than 0",
        );
        check(
            json!([{ "step": "paint", "colour": "green" }]),
            "/steps/0/colour",
            "not one of \"red\", \"blue\"",
        );
        check(json!([7]), "/steps/0", "object");
    }

    #[test]
    fn a_union_is_told_by_its_key() {
        let check = |tool: Value, field, words| {
            check(json!({ "tool": tool }), field, words);
        };
        check(
            json!({ "pencl": { "width": 1 } }),
            "/tool/pencl",
            "`tool` does not know `pencl`; there are \"pencil\", \"brush\"",
        );
        check(json!({}), "/tool", "`tool` is empty; there are \"");
        check(
            json!({ "pencil": {} }),
            "/tool/pencil/width",
            "`tool.pencil` lacks the field `width`",
        );
        check(
            json!({ "brush": { "colour": "rde" } }),
            "/tool/brush/colour",
            "`tool.brush.colour` is \"rde\"",
        );
        check(
            json!({ "pencil": { "width": 1 }, "brush": { "colour": "red" } }),
            "/tool/pencil",
            "does not know the field `pencil`",
        );
        check(
            json!("ruber"),
            "/tool",
            "`tool` is \"ruber\", not one of \"rubber\"",
        );
    }

    #[test]
    fn words_are_told_with_what_is_nearest_first() {
        check(
            json!({ "speed": "quikly" }),
            "/speed",
            "`speed` is \"quikly\", not one of \"quickly\", \"usual\"",
        );
        check(json!({ "speed": 3 }), "/speed", "`speed` is 3");
    }
}
