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
