//! `GET /docs`: the OpenAPI document as one page for people. No script, nothing from elsewhere.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::http::App;
use crate::openapi;
use crate::problem::{CODES, title};

const STYLE: &str = "
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --faint: #777; --accent: #2f6fdb; }
@media (prefers-color-scheme: dark) { :root { --faint: #999; --accent: #7fa9ff; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem } h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line) }
code, pre { font: 0.9em/1.4 ui-monospace, monospace }
pre { background: var(--soft); padding: .75rem; overflow-x: auto; border-radius: 6px }
a { color: var(--accent) } nav a { margin-right: .75rem } summary { cursor: pointer; padding: .3rem 0 }
details { border-bottom: 1px solid var(--line) } .method { color: var(--accent); font-weight: 600 }
.faint { color: var(--faint) } table { border-collapse: collapse; width: 100% }
td, th { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line) }
";
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

pub(crate) async fn page(State(app): State<App>) -> Response {
    let html = html(&openapi::document(app.studio.registry()));
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, html).into_response()
}

/// The page of `document`.
fn html(document: &Value) -> String {
    let mut by_tag: BTreeMap<&str, Vec<(&str, &str, &Value)>> = BTreeMap::new();
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, route) in methods.as_object().into_iter().flatten() {
            let tag = route["tags"][0].as_str().unwrap_or("server");
            by_tag.entry(tag).or_default().push((path, method, route));
        }
    }
    let info = &document["info"];
    let mut html = String::from("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">");
    html.push_str("<meta name=\"viewport\" content=\"width=device-width\">");
    let _ = write!(
        html,
        "<title>AV Studio API</title><style>{STYLE}</style></head><body>"
    );
    let _ = write!(
        html,
        "<h1>AV Studio API <span class=\"faint\">{}</span></h1><p>{}</p>",
        escaped(info["version"].as_str().unwrap_or_default()),
        prose(info["description"].as_str().unwrap_or_default()),
    );
    html.push_str(
        "<p>Send <code>Authorization: Bearer …</code> with the token that <code>av-studio serve</code> printed, \
         or a key of <code>keys.create</code>. <a href=\"/openapi.json\">The same as OpenAPI 3.1</a>.</p><nav>",
    );
    for tag in by_tag.keys() {
        let _ = write!(html, "<a href=\"#{0}\">{0}</a>", escaped(tag));
    }
    html.push_str("<a href=\"#errors\">errors</a></nav><main>");
    for (tag, routes) in &by_tag {
        let _ = write!(html, "<section><h2 id=\"{0}\">{0}</h2>", escaped(tag));
        for (path, method, route) in routes {
            write_route(&mut html, document, path, method, route);
        }
        html.push_str("</section>");
    }
    html.push_str(
        "<section><h2 id=\"errors\">errors</h2><table><tr><th>code</th><th>meaning</th></tr>",
    );
    for code in CODES {
        let word = code.as_str();
        let _ = write!(
            html,
            "<tr id=\"{word}\"><td><code>{word}</code></td><td>{}</td></tr>",
            title(code)
        );
    }
    html.push_str("</table></section></main></body></html>");
    html
}

fn write_route(html: &mut String, document: &Value, path: &str, method: &str, route: &Value) {
    let text = |field: &str| route[field].as_str().unwrap_or_default();
    let _ = write!(
        html,
        "<details><summary><span class=\"method\">{}</span> <code>{}</code> {}</summary><p>{}</p>",
        method.to_uppercase(),
        escaped(path),
        escaped(text("summary")),
        prose(text("description")),
    );
    for (media_type, content) in route["requestBody"]["content"]
        .as_object()
        .into_iter()
        .flatten()
    {
        let schema = resolved(document, &content["schema"]);
        let required: Vec<&str> = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let _ = write!(
            html,
            "<p>Takes <code>{}</code></p><table>",
            escaped(media_type)
        );
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let must = if required.contains(&name.as_str()) {
                " *"
            } else {
                ""
            };
            let _ = write!(
                html,
                "<tr><td><code>{}</code>{must}</td><td class=\"faint\">{}</td><td>{}</td></tr>",
                escaped(name),
                escaped(&kind(field)),
                prose(field["description"].as_str().unwrap_or_default()),
            );
        }
        html.push_str("</table>");
        let schema = serde_json::to_string_pretty(schema).unwrap_or_default();
        let _ = write!(
            html,
            "<details><summary class=\"faint\">schema</summary><pre>{}</pre></details>",
            escaped(&schema)
        );
    }
    html.push_str("<p>Answers ");
    for (status, answer) in route["responses"].as_object().into_iter().flatten() {
        let types: Vec<&str> = answer["content"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(media_type, _)| media_type.as_str())
            .collect();
        let _ = write!(
            html,
            "<br><code>{}</code> {} <span class=\"faint\">{}</span>",
            escaped(status),
            prose(answer["description"].as_str().unwrap_or_default()),
            escaped(&types.join(", ")),
        );
    }
    html.push_str("</p></details>");
}

/// The schema itself where `schema` only refers to it.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema["$ref"].as_str().and_then(|at| at.strip_prefix('#'));
    target.and_then(|at| document.pointer(at)).unwrap_or(schema)
}

/// A field's type in a word or two.
fn kind(field: &Value) -> String {
    if let Some(name) = field["$ref"].as_str() {
        return name.rsplit('.').next().unwrap_or_default().to_owned();
    }
    match &field["type"] {
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => {
            let kinds: Vec<&str> = kinds.iter().filter_map(Value::as_str).collect();
            kinds.join(" | ")
        }
        _ => String::new(),
    }
}

/// Text with `code` in backticks.
fn prose(text: &str) -> String {
    let mut html = String::new();
    for (index, piece) in text.split('`').enumerate() {
        match index % 2 {
            0 => html.push_str(&escaped(piece)),
            _ => {
                let _ = write!(html, "<code>{}</code>", escaped(piece));
            }
        }
    }
    html
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_route_is_shown_and_nothing_of_it_is_markup() {
        let document = json!({
            "info": { "version": "1", "description": "Uses `x` & <y>." },
            "paths": { "/a/b": { "post": {
                "tags": ["a"], "summary": "Does <b>", "description": "",
                "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/s" } } } },
                "responses": { "200": { "description": "Done" } },
            } } },
            "s": { "required": ["n"], "properties": { "n": { "type": ["string", "null"], "description": "Its `name`" } } },
        });
        let html = html(&document);
        for part in [
            "Uses <code>x</code> &amp; &lt;y&gt;.",
            "<code>/a/b</code> Does &lt;b&gt;",
            "<code>n</code> *",
            "string | null",
            "Its <code>name</code>",
            "id=\"bad_input\"",
        ] {
            assert!(html.contains(part), "{part}\n{html}");
        }
        assert!(!html.contains("<script") && !html.contains("src="));
    }
}
