//! Values as Python writes them: templates are written for Jinja2, where `str()` and `json.dumps`
//! show through.
//!
//! A template can make lists that are longer than any memory, and are written only here. So every
//! value that is written is paid for.

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

/// A list may be made of lists that are made of lists, and getting at an item goes through them all.
const PER_ITEM: u64 = 20;

/// Takes steps from a run; fails when none are left.
pub(super) type Pay<'a> = &'a dyn Fn(u64) -> Result<(), Error>;

/// `str(value)`.
pub(super) fn str(value: &Value, pay: Pay) -> Result<String, Error> {
    match value.as_str() {
        Some(text) => {
            pay(text.len() as u64 / 64)?;
            Ok(text.to_owned())
        }
        None if value.is_undefined() => Ok(String::new()),
        None => {
            let mut text = String::new();
            write_repr(&mut text, value, 0, pay)?;
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
pub(super) fn dumps(value: &Value, how: &Dumps, pay: Pay) -> Result<String, Error> {
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
        pay,
    }
    .write(value, 0)?;
    Ok(text)
}

struct Json<'a> {
    how: &'a Dumps,
    separators: (&'a str, &'a str),
    text: &'a mut String,
    pay: Pay<'a>,
}

impl Json<'_> {
    fn write(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        check(value, depth, self.pay)?;
        match value.kind() {
            ValueKind::None => self.text.push_str("null"),
            ValueKind::Bool if value.is_true() => self.text.push_str("true"),
            ValueKind::Bool => self.text.push_str("false"),
            ValueKind::Number => self.text.push_str(&number(value)),
            ValueKind::String => self.string(value.as_str().unwrap_or_default()),
            ValueKind::Map => {
                let mut keys = self.collect(value)?;
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
                let items = self.collect(value)?.into_iter();
                self.container('[', ']', items.map(|item| (None, item)).collect(), depth)?;
            }
            kind => {
                let problem = format!("a value of type {kind} cannot be written as JSON");
                return Err(Error::new(ErrorKind::InvalidOperation, problem));
            }
        }
        Ok(())
    }

    fn collect(&self, value: &Value) -> Result<Vec<Value>, Error> {
        let items = value.try_iter()?.map(|item| {
            (self.pay)(PER_ITEM)?;
            Ok(item)
        });
        items.collect()
    }

    fn container(
        &mut self,
        open: char,
        close: char,
        items: Vec<(Option<Value>, Value)>,
        depth: usize,
    ) -> Result<(), Error> {
        // A template may choose separators as long as itself.
        let between = self.separators.0.len() + self.separators.1.len();
        (self.pay)((items.len() as u64).saturating_mul(between as u64 / 64))?;
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
                    _ => str(&key, self.pay)?,
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
                letter if letter < ' ' || (self.how.ascii && letter > '~') => {
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
fn write_repr(text: &mut String, value: &Value, depth: usize, pay: Pay) -> Result<(), Error> {
    check(value, depth, pay)?;
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
                write_repr(text, &key, depth + 1, pay)?;
                text.push_str(": ");
                write_repr(text, &value.get_item(&key)?, depth + 1, pay)?;
            }
            text.push('}');
        }
        ValueKind::Seq | ValueKind::Iterable => {
            text.push('[');
            for (index, item) in value.try_iter()?.enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                write_repr(text, &item, depth + 1, pay)?;
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
            letter if is_printable(letter) => text.push(letter),
            letter => {
                let code = u32::from(letter);
                let _ = match code {
                    ..=0xff => write!(text, "\\x{code:02x}"),
                    0x100..=0xffff => write!(text, "\\u{code:04x}"),
                    _ => write!(text, "\\U{code:08x}"),
                };
            }
        }
    }
    text.push(mark);
}

/// `str.isprintable`: no control or format character, no blank but the plain one, none of private
/// use. Characters that Unicode has not assigned are taken as printable.
fn is_printable(letter: char) -> bool {
    let is_blank = letter.is_whitespace() && letter != ' ';
    // General category Cf of Unicode 15, and Co.
    let is_format = matches!(
        u32::from(letter),
        0xad | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x890..=0x891 | 0x8e2 | 0x180e
            | 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x2064 | 0x2066..=0x206f | 0xfeff
            | 0xfff9..=0xfffb | 0x110bd | 0x110cd | 0x13430..=0x1343f | 0x1bca0..=0x1bca3
            | 0x1d173..=0x1d17a | 0xe0001 | 0xe0020..=0xe007f | 0xe000..=0xf8ff | 0xf0000..
    );
    !letter.is_control() && !is_blank && !is_format
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

fn check(value: &Value, depth: usize, pay: Pay) -> Result<(), Error> {
    pay(PER_ITEM + value.as_str().map_or(0, |text| text.len() as u64 / 64))?;
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

    const FREE: Pay = &|_| Ok(());

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
        let plain = dumps(&value, &Dumps::default(), FREE).unwrap();
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
        let indented = dumps(&value, &how, FREE).unwrap();
        assert_eq!(
            indented,
            "{\n  \"a\": {\n    \"\\u00fc\\u0001\": \"\\\"\\\\\\n<\"\n  },\n  \"b\": [\n    1,\n    2.5,\n    null\n  ],\n  \"e\": []\n}"
        );
    }

    #[test]
    fn separators_are_paid_for_before_they_are_written() {
        let how = Dumps {
            separators: Some(("x".repeat(30_000), "y".repeat(50_000))),
            ..Dumps::default()
        };
        for value in [
            json!(vec![0; 500]),
            json!({ "a": [1, { "b": [2, 3] }], "c": 4 }),
        ] {
            let paid = std::cell::Cell::new(0);
            let pay: Pay = &|steps| {
                paid.set(paid.get() + steps);
                Ok(())
            };
            let written = dumps(&from_json(&value), &how, pay).unwrap().len() as u64;
            assert!(
                paid.get() * 64 >= written,
                "{written} bytes for {} steps",
                paid.get()
            );
        }
    }

    #[test]
    fn values_print_as_in_python() {
        let value = from_json(&json!({ "a": [true, null, "it's", "\"'\n"], "b": 2.0 }));
        assert_eq!(
            str(&value, FREE).unwrap(),
            r#"{'a': [True, None, "it's", '"\'\n'], 'b': 2.0}"#
        );
        let hidden = from_json(&json!(["a\u{a0}\u{200d}\u{e0020}é"]));
        assert_eq!(str(&hidden, FREE).unwrap(), r"['a\xa0\u200d\U000e0020é']");
        assert_eq!(str(&Value::from("it's"), FREE).unwrap(), "it's");
    }
}
