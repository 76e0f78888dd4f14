//! An answer as text for people: indented `name: value` lines, lists as numbered blocks.

use serde_json::Value;

/// The whole answer, ending in a newline.
pub(crate) fn text(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, 0);
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

fn write(out: &mut String, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(fields) => {
            for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
                let name = name.replace('_', " ");
                match scalar(value) {
                    Some(text) => out.push_str(&format!("{indent}{name}: {text}\n")),
                    None => {
                        out.push_str(&format!("{indent}{name}:\n"));
                        write(out, value, depth + 1);
                    }
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                match scalar(item) {
                    Some(text) => out.push_str(&format!("{indent}- {text}\n")),
                    None => {
                        out.push_str(&format!("{indent}{}.\n", index + 1));
                        write(out, item, depth + 1);
                    }
                }
            }
        }
        value => out.push_str(&format!("{indent}{}\n", scalar(value).unwrap_or_default())),
    }
}

/// Values that fit on one line.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("none".to_owned()),
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if number.is_f64() => Some(format!("{:.2}", number.as_f64()?)),
        Value::Bool(yes) => Some(if *yes { "yes" } else { "no" }.to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(items) if items.is_empty() => Some("none".to_owned()),
        Value::Object(fields) if fields.is_empty() => Some("none".to_owned()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn an_answer_reads_without_brackets() {
        let answer = json!({
            "integrated_lufs": -16.04, "name": "a", "none": null, "ok": true,
            "steps": [{ "step": "mix" }], "tags": [],
        });
        assert_eq!(
            super::text(&answer),
            "integrated lufs: -16.04\nname: a\nok: yes\nsteps:\n  1.\n    step: mix\ntags: none\n"
        );
    }
}
