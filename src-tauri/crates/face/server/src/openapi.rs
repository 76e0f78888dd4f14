//! `/openapi.json`: the registry as OpenAPI 3.1, and the counters of `/metrics`.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Map, Value, json};
use studio_core::{Operation, Registry};

/// The document that describes every operation and the routes beside them.
pub(crate) fn document(registry: &Registry) -> Value {
    let mut paths = Map::new();
    let mut schemas = Map::from_iter([("Error".to_owned(), error_schema())]);
    for operation in registry.iter() {
        let path = format!("/{}", operation.name.replacen('.', "/", 1));
        paths.insert(path, json!({ "post": described(operation, &mut schemas) }));
    }
    let chat = "Answers a conversation in the shape of OpenAI's chat completions, as a whole or as a stream.";
    for (path, method, summary) in [
        ("/v1/models", "get", "Lists the models in OpenAI's shape."),
        ("/v1/chat/completions", "post", chat),
        ("/v1/embeddings", "post", "Embeds texts in OpenAI's shape."),
        ("/health", "get", "Answers while the server runs."),
        ("/metrics", "get", "Counters for Prometheus."),
    ] {
        let done = json!({ "200": { "description": "Done" }, "default": { "description": "Refused or failed" } });
        let open = path == "/health";
        let mut route = json!({ "summary": summary, "responses": done });
        if open {
            route["security"] = json!([]);
        }
        if method == "post" {
            let body = json!({ "application/json": { "schema": { "type": "object" } } });
            route["requestBody"] = json!({ "required": true, "content": body });
        }
        paths.insert(path.to_owned(), json!({ method: route }));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "AV Studio",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Every operation of the studio. Jobs are answered with 202, or with their result under `Prefer: wait`.",
        },
        "paths": paths,
        "components": {
            "securitySchemes": { "key": { "type": "http", "scheme": "bearer" } },
            "schemas": schemas,
        },
        "security": [{ "key": [] }],
    })
}

fn described(operation: &Operation, schemas: &mut Map<String, Value>) -> Value {
    let input = hoisted(
        &operation.input_schema,
        &format!("{}.in", operation.name),
        schemas,
    );
    let done = match operation.traits.blob {
        Some(media_type) => json!({ media_type: {} }),
        None => {
            let output = hoisted(
                &operation.output_schema,
                &format!("{}.out", operation.name),
                schemas,
            );
            json!({ "application/json": { "schema": output } })
        }
    };
    let mut responses = json!({
        "200": { "description": "Done", "content": done },
        "default": {
            "description": "Refused or failed",
            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } },
        },
    });
    if operation.traits.job {
        responses["202"] = json!({ "description": "A job was started; its end comes as an event" });
    }
    json!({
        "operationId": operation.name,
        "tags": [operation.domain()],
        "summary": operation.title,
        "description": operation.summary,
        "requestBody": {
            "required": true,
            "content": { "application/json": { "schema": input } },
        },
        "responses": responses,
    })
}

/// `schema` with its `$defs` moved to the document's own, under names that begin with `prefix`: a
/// reference is read from the document's root, and a type may differ between input and output.
fn hoisted(schema: &Value, prefix: &str, schemas: &mut Map<String, Value>) -> Value {
    let mut schema = schema.clone();
    let own = schema
        .as_object_mut()
        .and_then(|schema| schema.remove("$defs"));
    if let Some(Value::Object(own)) = own {
        for (name, mut value) in own {
            refer(&mut value, prefix);
            schemas.insert(format!("{prefix}.{name}"), value);
        }
    }
    refer(&mut schema, prefix);
    schema
}

fn refer(schema: &mut Value, prefix: &str) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get_mut("$ref")
                && let Some(name) = reference.strip_prefix("#/$defs/")
            {
                *reference = format!("#/components/schemas/{prefix}.{name}");
            }
            fields.values_mut().for_each(|value| refer(value, prefix));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| refer(value, prefix)),
        _ => {}
    }
}

fn error_schema() -> Value {
    json!({
        "type": "object",
        "required": ["error"],
        "properties": { "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": { "type": "string" },
                "message": { "type": "string" },
                "field": { "type": "string", "description": "JSON pointer to the wrong field" },
                "hint": { "type": "string" },
            },
        } },
    })
}

/// Requests by class of their answer, and how long they took.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    answers: [AtomicU64; 5],
    micros: AtomicU64,
}

impl Metrics {
    pub(crate) fn record(&self, status: u16, took: Duration) {
        let class = usize::from(status / 100).clamp(1, 5) - 1;
        self.answers[class].fetch_add(1, Ordering::Relaxed);
        self.micros
            .fetch_add(took.as_micros() as u64, Ordering::Relaxed);
    }

    /// The counters in Prometheus' text format, version 0.0.4.
    pub(crate) fn text(&self, busy_jobs: usize) -> String {
        let mut text = String::from(
            "# HELP av_studio_requests_total HTTP requests by class of status.\n# TYPE av_studio_requests_total counter\n",
        );
        let mut sum = 0;
        for (class, count) in self.answers.iter().enumerate() {
            let count = count.load(Ordering::Relaxed);
            sum += count;
            let _ = writeln!(
                text,
                "av_studio_requests_total{{status=\"{}xx\"}} {count}",
                class + 1
            );
        }
        let seconds = self.micros.load(Ordering::Relaxed) as f64 / 1e6;
        let _ = write!(
            text,
            "# HELP av_studio_request_seconds Time until an answer began.\n# TYPE av_studio_request_seconds summary\n\
             av_studio_request_seconds_sum {seconds}\nav_studio_request_seconds_count {sum}\n\
             # HELP av_studio_jobs Jobs that are queued or running.\n# TYPE av_studio_jobs gauge\nav_studio_jobs {busy_jobs}\n",
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_prometheus_text() {
        let metrics = Metrics::default();
        metrics.record(200, Duration::from_millis(5));
        metrics.record(429, Duration::from_millis(5));
        let text = metrics.text(3);
        assert!(
            text.contains("av_studio_requests_total{status=\"2xx\"} 1\n"),
            "{text}"
        );
        assert!(
            text.contains("av_studio_requests_total{status=\"4xx\"} 1\n"),
            "{text}"
        );
        assert!(
            text.contains("av_studio_request_seconds_sum 0.01\n"),
            "{text}"
        );
        for line in text.lines() {
            assert!(
                line.starts_with('#') || line.split(' ').count() == 2,
                "{line}"
            );
        }
    }
}
