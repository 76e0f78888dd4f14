//! Values as Python writes them: templates are written for Jinja2, where `str()` and `json.dumps`
//! show through.

use std::fmt::Write;

use minijinja::value::{Value, ValueKind};
use minijinja::{Error, ErrorKind};

/// Deeper values come from templates that build them on purpose.
const MOST_DEPTH: usize = 100;

/// A JSON value as a template sees it.
pub(super) fn from_json(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::from(()),
        serde_json::Value::Bool(value) => Value::from(*value),
        serde_json::Value::String(text) => Value::from(text.as_str()),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => Value::from(whole),
            (None, Some(whole)) => Value::from(whole),
            (None, None) => Value::from(number.as_f64().unwrap_or(f64::NAN)),
        },
        serde_json::Value::Array(items) => items.iter().map(from_json).collect(),
        serde_json::Value::Object(entries) => {
            let entries = entries.iter();
            Value::from_pairs(entries.map(|(key, value)| (key.as_str(), from_json(value))))
        }
    }
}

/// `str(value)`.
pub(super) fn str(value: &Value) -> Result<String, Error> {
    match value.as_str() {
        Some(text) => Ok(text.to_owned()),
        None if value.is_undefined() => Ok(String::new()),
        None => {
            let mut text = String::new();
            write_repr(&mut text, value, 0)?;
            Ok(text)
        }
    }
}

/// How `json.dumps` is called.
#[derive(Clone, Debug, Default)]
pub(super) struct Dumps {
    pub(super) indent: Option<usize>,
    pub(super) ascii: bool,
    pub(super) sort_keys: bool,
    /// Between items, and between key and value.
    pub(super) separators: Option<(String, String)>,
}

/// `json.dumps(value)`.
pub(super) fn dumps(value: &Value, how: &Dumps) -> Result<String, Error> {
    let mut text = String::new();
    let default = (if how.indent.is_some() { "," } else { ", " }, ": ");
    let separators = match &how.separators {
        Some((item, key)) => (item.as_str(), key.as_str()),
        None => default,
    };
    Json {
        how,
        separators,
        text: &mut text,
    }
    .write(value, 0)?;
    Ok(text)
}

struct Json<'a> {
    how: &'a Dumps,
    separators: (&'a str, &'a str),
    text: &'a mut String,
}

impl Json<'_> {
    fn write(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        check(depth)?;
        match value.kind() {
            ValueKind::None => self.text.push_str("null"),
            ValueKind::Bool if value.is_true() => self.text.push_str("true"),
            ValueKind::Bool => self.text.push_str("false"),
            ValueKind::Number => self.text.push_str(&number(value)),
            ValueKind::String => self.string(value.as_str().unwrap_or_default()),
            ValueKind::Map => {
                let mut keys: Vec<Value> = value.try_iter()?.collect();
                if self.how.sort_keys {
                    keys.sort();
                }
                let entries = keys.into_iter().map(|key| {
                    let item = value.get_item(&key)?;
                    Ok((Some(key), item))
                });
                let entries: Result<Vec<_>, Error> = entries.collect();
                self.container('{', '}', entries?, depth)?;
            }
            ValueKind::Seq | ValueKind::Iterable => {
                let items = value.try_iter()?.map(|item| (None, item)).collect();
                self.container('[', ']', items, depth)?;
            }
            kind => {
                let problem = format!("a value of type {kind} cannot be written as JSON");
                return Err(Error::new(ErrorKind::InvalidOperation, problem));
            }
        }
        Ok(())
    }

    fn container(
        &mut self,
        open: char,
        close: char,
        items: Vec<(Option<Value>, Value)>,
        depth: usize,
    ) -> Result<(), Error> {
        self.text.push(open);
        let is_empty = items.is_empty();
        for (index, (key, item)) in items.into_iter().enumerate() {
            if index > 0 {
                self.text.push_str(self.separators.0);
            }
            self.line(depth + 1);
            if let Some(key) = key {
                // Keys of other types are written as their text.
                self.string(&match key.kind() {
                    ValueKind::None => "null".to_owned(),
                    ValueKind::Bool => key.is_true().to_string(),
                    _ => str(&key)?,
                });
                self.text.push_str(self.separators.1);
            }
            self.write(&item, depth + 1)?;
        }
        if !is_empty {
            self.line(depth);
        }
        self.text.push(close);
        Ok(())
    }

    fn line(&mut self, depth: usize) {
        if let Some(indent) = self.how.indent {
            self.text.push('\n');
            self.text.extend(std::iter::repeat_n(' ', indent * depth));
        }
    }

    fn string(&mut self, text: &str) {
        self.text.push('"');
        for letter in text.chars() {
            match letter {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                '\u{8}' => self.text.push_str("\\b"),
                '\u{c}' => self.text.push_str("\\f"),
                letter if letter < ' ' || (self.how.ascii && !letter.is_ascii()) => {
                    for unit in letter.encode_utf16(&mut [0; 2]) {
                        let _ = write!(self.text, "\\u{unit:04x}");
                    }
                }
                letter => self.text.push(letter),
            }
        }
        self.text.push('"');
    }
}

/// `repr(value)`.
fn write_repr(text: &mut String, value: &Value, depth: usize) -> Result<(), Error> {
    check(depth)?;
    match value.kind() {
        ValueKind::Undefined => text.push_str("Undefined"),
        ValueKind::None => text.push_str("None"),
        ValueKind::Bool if value.is_true() => text.push_str("True"),
        ValueKind::Bool => text.push_str("False"),
        ValueKind::Number => text.push_str(&number(value)),
        ValueKind::String => quote(text, value.as_str().unwrap_or_default()),
        ValueKind::Map => {
            text.push('{');
            for (index, key) in value.try_iter()?.enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                write_repr(text, &key, depth + 1)?;
                text.push_str(": ");
                write_repr(text, &value.get_item(&key)?, depth + 1)?;
            }
            text.push('}');
        }
        ValueKind::Seq | ValueKind::Iterable => {
            text.push('[');
            for (index, item) in value.try_iter()?.enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                write_repr(text, &item, depth + 1)?;
            }
            text.push(']');
        }
        _ => {
            let _ = write!(text, "{value}");
        }
    }
    Ok(())
}

/// A string as Python quotes it: single quotes, unless only they are inside.
fn quote(text: &mut String, string: &str) {
    let mark = if string.contains('\'') && !string.contains('"') {
        '"'
    } else {
        '\''
    };
    text.push(mark);
    for letter in string.chars() {
        match letter {
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            letter if letter == mark => {
                text.push('\\');
                text.push(letter);
            }
            letter if u32::from(letter) < 0x20 || (0x7f..0xa0).contains(&u32::from(letter)) => {
                let _ = write!(text, "\\x{:02x}", u32::from(letter));
            }
            letter => text.push(letter),
        }
    }
    text.push(mark);
}

/// A number as `repr` and `json.dumps` write it.
fn number(value: &Value) -> String {
    match f64::try_from(value.clone()) {
        Ok(float) if !value.is_integer() => self::float(float),
        _ => value.to_string(),
    }
}

/// The shortest digits that give the number back, with an exponent below 1e-4 and from 1e16 on
/// (CPython's `float_repr_style = short`).
fn float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if value != 0.0 && !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let plain = value.to_string();
    if plain.contains('.') {
        plain
    } else {
        plain + ".0"
    }
}

fn check(depth: usize) -> Result<(), Error> {
    if depth > MOST_DEPTH {
        let problem = "a value is nested too deeply to be written";
        return Err(Error::new(ErrorKind::InvalidOperation, problem));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn floats_are_written_as_python_writes_them() {
        // Each right side is `repr` in CPython 3.11.
        for (value, written) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e-5, "1.5e-05"),
            (0.0001, "0.0001"),
            (1e300, "1e+300"),
            (123456.789, "123456.789"),
        ] {
            assert_eq!(float(value), written);
        }
    }

    #[test]
    fn json_is_spaced_as_python_spaces_it() {
        let value =
            from_json(&json!({ "b": [1, 2.5, null], "a": { "ü\u{1}": "\"\\\n<" }, "e": [] }));
        let plain = dumps(&value, &Dumps::default()).unwrap();
        assert_eq!(
            plain,
            r#"{"b": [1, 2.5, null], "a": {"ü\u0001": "\"\\\n<"}, "e": []}"#
        );
        let how = Dumps {
            indent: Some(2),
            ascii: true,
            sort_keys: true,
            separators: None,
        };
        let indented = dumps(&value, &how).unwrap();
        assert_eq!(
            indented,
            "{\n  \"a\": {\n    \"\\u00fc\\u0001\": \"\\\"\\\\\\n<\"\n  },\n  \"b\": [\n    1,\n    2.5,\n    null\n  ],\n  \"e\": []\n}"
        );
    }

    #[test]
    fn values_print_as_in_python() {
        let value = from_json(&json!({ "a": [true, null, "it's", "\"'\n"], "b": 2.0 }));
        assert_eq!(
            str(&value).unwrap(),
            r#"{'a': [True, None, "it's", '"\'\n'], 'b': 2.0}"#
        );
        assert_eq!(str(&Value::from("it's")).unwrap(), "it's");
    }
}
