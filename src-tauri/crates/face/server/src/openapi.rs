//! `/openapi.json`: the registry and the routes beside it as OpenAPI 3.1.

use serde_json::{Map, Value, json};
use studio_core::{Operation, Registry};

use crate::http::BY_GET;
use crate::problem::CODES;

/// The document that describes every operation and the routes beside them.
pub(crate) fn document(registry: &Registry) -> Value {
    let mut paths = Map::new();
    let mut schemas = own_schemas();
    for operation in registry.iter() {
        let path = format!("/{}", operation.name.replacen('.', "/", 1));
        let described = described(operation, &mut schemas);
        let mut methods = json!({});
        if BY_GET.contains(&operation.name) {
            let mut read = described.clone();
            read["operationId"] = json!(format!("{}.get", operation.name));
            if let Some(read) = read.as_object_mut() {
                read.shift_remove("requestBody");
            }
            methods["get"] = read;
        }
        methods["post"] = described;
        paths.insert(path, methods);
    }
    for route in routes(registry) {
        paths.insert(
            route.path.to_owned(),
            json!({ route.method: route.described() }),
        );
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "AV Studio",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Every operation of the studio, and models in the shape of OpenAI's and Anthropic's APIs. \
                            Jobs are answered with 202, or with their result under `Prefer: wait`. Errors are problem \
                            details (RFC 9457), under /v1 those of the API that is spoken there.",
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer",
                            "description": "The token that `av-studio serve` printed, a key of `keys.create`, or a JWT of the configured issuer" },
                "header": { "type": "apiKey", "in": "header", "name": "x-api-key",
                            "description": "The same, as Anthropic's clients send it" },
            },
            "schemas": schemas,
        },
        "security": [{ "bearer": [] }, { "header": [] }],
    })
}

/// Whose errors a route answers with.
#[derive(Clone, Copy)]
enum Errors {
    Problem,
    OpenAi,
    Anthropic,
}

impl Errors {
    fn response(self) -> Value {
        let (media_type, schema) = match self {
            Errors::Problem => ("application/problem+json", "Problem"),
            Errors::OpenAi => ("application/json", "OpenAiError"),
            Errors::Anthropic => ("application/json", "AnthropicError"),
        };
        let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
        json!({
            "description": "Refused or failed",
            "content": { media_type: { "schema": schema } },
        })
    }
}

/// A route that is no operation.
struct Route {
    path: &'static str,
    method: &'static str,
    tag: &'static str,
    summary: &'static str,
    errors: Errors,
    /// Whether it wants no key.
    open: bool,
    body: Option<Value>,
    parameters: Value,
    /// Statuses of success with their content.
    done: Value,
}

impl Route {
    fn new(
        method: &'static str,
        path: &'static str,
        tag: &'static str,
        summary: &'static str,
    ) -> Route {
        Route {
            path,
            method,
            tag,
            summary,
            errors: Errors::Problem,
            open: false,
            body: None,
            parameters: json!([]),
            done: json!({ "200": { "description": "Done", "content": json_of(&json!({ "type": "object" })) } }),
        }
    }

    fn open(self) -> Route {
        Route { open: true, ..self }
    }

    fn errors(self, errors: Errors) -> Route {
        Route { errors, ..self }
    }

    fn takes(self, schema: &Value) -> Route {
        Route {
            body: Some(json_of(schema)),
            ..self
        }
    }

    fn takes_content(self, content: Value) -> Route {
        Route {
            body: Some(content),
            ..self
        }
    }

    fn with(self, parameters: Value) -> Route {
        Route { parameters, ..self }
    }

    fn answers(self, content: Value) -> Route {
        let done = json!({ "200": { "description": "Done", "content": content } });
        Route { done, ..self }
    }

    fn upgrades(self) -> Route {
        let done = json!({ "101": { "description": "A WebSocket of JSON texts" } });
        Route { done, ..self }
    }

    fn described(&self) -> Value {
        let name = self
            .path
            .trim_start_matches('/')
            .replace(['/', '{', '}'], "_");
        let mut described = json!({
            "operationId": format!("{}_{name}", self.method),
            "tags": [self.tag],
            "summary": self.summary,
            "responses": self.done,
        });
        described["responses"]["default"] = self.errors.response();
        if let Some(content) = &self.body {
            described["requestBody"] = json!({ "required": true, "content": content });
        }
        if self
            .parameters
            .as_array()
            .is_some_and(|list| !list.is_empty())
        {
            described["parameters"] = self.parameters.clone();
        }
        if self.open {
            described["security"] = json!([]);
        }
        described
    }
}

fn json_of(schema: &Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

fn part_of(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn parameter(place: &str, name: &str, schema: &Value) -> Value {
    json!({ "in": place, "name": name, "required": place == "path", "schema": schema })
}

fn routes(registry: &Registry) -> Vec<Route> {
    let text = json!({ "type": "string" });
    let events = || json!({ "text/event-stream": {} });
    let and_events = |schema: &Value| {
        let mut content = json_of(schema);
        content["text/event-stream"] = json!({});
        content
    };
    let same_as = |name: &str, input: bool| {
        let found = registry.get(name).ok();
        found.map_or(json!({ "type": "object" }), |operation| {
            let side = if input { "in" } else { "out" };
            let mut known = Map::new();
            let schema = if input {
                &operation.input_schema
            } else {
                &operation.output_schema
            };
            hoisted(schema, &format!("{name}.{side}"), &mut known)
        })
    };
    let id = |name: &str| {
        json!([parameter(
            "path",
            name,
            &json!({ "type": "string", "minLength": 1 })
        )])
    };
    let status =
        json!({ "type": "object", "required": ["status"], "properties": { "status": text } });
    let form = json!({ "multipart/form-data": { "schema": part_of("Transcription") } });
    let sound = json!({
        "audio/mpeg": {}, "audio/ogg": {}, "audio/mp4": {}, "audio/flac": {}, "audio/wav": {},
        "application/octet-stream": {},
    });
    let upload = json!({ "application/octet-stream": { "schema": { "type": "string", "format": "binary" } } });
    let uploaded = json!({
        "type": "object", "required": ["path", "bytes"],
        "properties": { "path": text, "bytes": { "type": "integer" } },
    });
    let plain = json!({ "text/plain": { "schema": text } });
    let mut ready = Route::new(
        "get",
        "/ready",
        "server",
        "Answers 200 while requests are welcome: the database answers and the end has not begun.",
    )
    .open()
    .answers(json_of(&status));
    ready.done["503"] = json!({ "description": "Not ready", "content": json_of(&status) });
    vec![
        Route::new("get", "/health", "server", "Answers while the server runs.").open().answers(json_of(&status)),
        ready,
        Route::new("get", "/metrics", "server", "Counters for Prometheus.").answers(plain),
        Route::new("get", "/openapi.json", "server", "This document.").open(),
        Route::new("get", "/docs", "server", "This document for people.").open().answers(json!({ "text/html": { "schema": text } })),
        Route::new("get", "/operations", "server", "Lists all operations with their schemas.")
            .answers(json_of(&json!({ "type": "array", "items": { "type": "object" } }))),
        Route::new("post", "/uploads", "server", "Brings a file, which operations can then read by its path.")
            .with(json!([parameter("query", "name", &text)]))
            .takes_content(upload)
            .answers(json_of(&uploaded)),
        Route::new("get", "/events", "server", "Tells every event of the studio over a WebSocket.").upgrades(),
        Route::new("get", "/ws/stream", "ambient", "Plays the ambient score over a WebSocket, in Auralis' messages.")
            .with(json!([
                parameter("query", "room", &json!({ "type": "string", "minLength": 1, "maxLength": 64 })),
                parameter("query", "seed", &json!({ "type": "integer", "minimum": 0 })),
            ]))
            .upgrades(),
        Route::new("get", "/api/status", "ambient", "Tells whether anybody listens to the ambient score.")
            .answers(json_of(&json!({ "type": "object", "required": ["state", "listeners"] }))),
        Route::new("get", "/api/metrics", "ambient", "Tells how the streams of the ambient score go.")
            .answers(json!({
                "application/json": { "schema": { "type": "object", "required": ["listeners", "chunks", "lost"] } },
                "text/plain": { "schema": text },
            })),
        Route::new("get", "/jobs", "job", "Lists the recent jobs, newest first.")
            .with(json!([
                parameter("query", "status", &json!({ "enum": ["queued", "running", "succeeded", "failed", "cancelled", "interrupted"] })),
                parameter("query", "limit", &json!({ "type": "integer", "minimum": 1, "maximum": 1000 })),
            ]))
            .answers(json_of(&same_as("job.list", false))),
        Route::new("get", "/jobs/{id}", "job", "Shows one job with its log.").with(id("id")).answers(json_of(&same_as("job.show", false))),
        Route::new("get", "/jobs/{id}/stream", "job", "Tells a job's changes over a WebSocket until it is over.").with(id("id")).upgrades(),
        Route::new("post", "/llm/stream", "llm", "Asks a model once and tells its answer as it comes (picked, text, reasoning, tool_call, failed, done, error).")
            .takes(&same_as("llm.chat", true))
            .answers(events()),
        Route::new("get", "/llm/models", "llm", "Lists the models that are known.").answers(json_of(&same_as("gateway.models", false))),
        Route::new("get", "/v1/models", "v1", "Lists the models in OpenAI's and Anthropic's shape.")
            .errors(Errors::OpenAi)
            .answers(json_of(&part_of("Models"))),
        Route::new("get", "/v1/models/{model}", "v1", "Shows one model.")
            .errors(Errors::OpenAi)
            .with(id("model"))
            .answers(json_of(&part_of("Model"))),
        Route::new("post", "/v1/chat/completions", "v1", "Answers a conversation in OpenAI's shape, as a whole or as a stream.")
            .errors(Errors::OpenAi)
            .takes(&part_of("Completion"))
            .answers(and_events(&part_of("Completed"))),
        Route::new("post", "/v1/embeddings", "v1", "Embeds texts in OpenAI's shape.")
            .errors(Errors::OpenAi)
            .takes(&part_of("Embedding")),
        Route::new("post", "/v1/audio/speech", "v1", "Speaks a text with a voice of this machine.")
            .errors(Errors::OpenAi)
            .takes(&part_of("Speech"))
            .answers(sound),
        Route::new("post", "/v1/audio/transcriptions", "v1", "Writes down what is said in a file of sound.")
            .errors(Errors::OpenAi)
            .takes_content(form)
            .answers(json!({ "application/json": { "schema": { "type": "object" } }, "text/plain": { "schema": text } })),
        Route::new("post", "/v1/messages", "v1", "Answers a conversation in Anthropic's shape, as a whole or as a stream.")
            .errors(Errors::Anthropic)
            .takes(&part_of("Message"))
            .answers(and_events(&part_of("Messaged"))),
        Route::new("post", "/v1/messages/count_tokens", "v1", "Counts the tokens of a conversation in Anthropic's shape.")
            .errors(Errors::Anthropic)
            .takes(&part_of("Message"))
            .answers(json_of(&json!({ "type": "object", "required": ["input_tokens"], "properties": { "input_tokens": { "type": "integer" } } }))),
    ]
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
            json_of(&output)
        }
    };
    let mut responses = json!({
        "200": { "description": "Done", "content": done },
        "default": Errors::Problem.response(),
    });
    if operation.traits.job {
        let job = json!({ "type": "object", "required": ["job"], "properties": { "job": { "type": "object" } } });
        let started = json!({
            "description": "A job was started; GET /jobs/{id} and its stream tell how it goes on",
            "content": json_of(&job),
        });
        responses["202"] = started;
    }
    json!({
        "operationId": operation.name,
        "tags": [operation.domain()],
        "summary": operation.title,
        "description": operation.summary,
        "requestBody": { "required": true, "content": json_of(&input) },
        "responses": responses,
    })
}

/// `schema` with its `$defs` moved to the document's own, under names that begin with `prefix`: a
/// reference is read from the document's root, and a type may differ between input and output.
fn hoisted(schema: &Value, prefix: &str, schemas: &mut Map<String, Value>) -> Value {
    let mut schema = schema.clone();
    let own = schema.as_object_mut().and_then(|schema| {
        schema.shift_remove("$schema");
        schema.shift_remove("$defs")
    });
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

/// Schemas of what is no operation's: errors, and the other APIs' requests as far as we read them.
fn own_schemas() -> Map<String, Value> {
    let codes: Vec<&str> = CODES.iter().map(|code| code.as_str()).collect();
    let code = json!({ "enum": codes });
    let text = json!({ "type": "string" });
    let object = json!({ "type": "object" });
    let number = |low: f64, high: f64| json!({ "type": ["number", "null"], "minimum": low, "maximum": high });
    let count = json!({ "type": ["integer", "null"], "minimum": 1, "maximum": u32::MAX });
    let content = json!({ "anyOf": [text, { "type": "array", "items": {
        "type": "object", "required": ["type", "text"], "properties": { "type": { "const": "text" }, "text": text },
    } }] });
    let said = |roles: &[&str]| {
        json!({ "type": "object", "required": ["role", "content"],
                "properties": { "role": { "enum": roles }, "content": content } })
    };
    let field = json!({ "type": "string", "description": "JSON pointer to the wrong field" });
    let error = json!({
        "type": "object", "required": ["code", "message"],
        "properties": { "code": code, "message": text, "field": field, "hint": text },
    });
    let model = json!({
        "type": "object", "required": ["id", "object", "created", "owned_by"],
        "properties": { "id": text, "object": { "const": "model" }, "created": { "type": "integer" }, "owned_by": text },
    });
    let schemas = json!({
        "Error": error,
        "Problem": {
            "type": "object",
            "description": "Problem details (RFC 9457); `error` is the same as the other faces show it",
            "required": ["type", "title", "status", "detail", "instance", "code", "error"],
            "properties": {
                "type": { "type": "string", "format": "uri-reference" }, "title": text,
                "status": { "type": "integer" }, "detail": text, "instance": text, "code": code,
                "field": field, "hint": text, "request_id": text, "error": part_of("Error"),
            },
        },
        "OpenAiError": {
            "type": "object", "required": ["error"],
            "properties": { "error": {
                "type": "object", "required": ["message", "type", "param", "code"],
                "properties": { "message": text, "type": text, "param": { "type": ["string", "null"] }, "code": text },
            } },
        },
        "AnthropicError": {
            "type": "object", "required": ["type", "error"],
            "properties": { "type": { "const": "error" }, "request_id": text, "error": {
                "type": "object", "required": ["type", "message"], "properties": { "type": text, "message": text },
            } },
        },
        "Model": model,
        "Models": {
            "type": "object", "required": ["object", "data"],
            "properties": { "object": { "const": "list" }, "data": { "type": "array", "items": part_of("Model") } },
        },
        "Completion": {
            "type": "object", "required": ["model", "messages"],
            "properties": {
                "model": text,
                "messages": { "type": "array", "minItems": 1, "items": said(&["system", "developer", "user", "assistant"]) },
                "stream": { "type": ["boolean", "null"] },
                "stream_options": { "type": ["object", "null"], "properties": { "include_usage": { "type": "boolean" } } },
                "temperature": number(0.0, 2.0), "top_p": number(0.0, 1.0),
                "max_tokens": count, "max_completion_tokens": count,
                "n": { "const": 1 },
            },
        },
        "Completed": {
            "type": "object", "required": ["id", "object", "created", "model", "choices", "usage"],
            "properties": {
                "id": text, "object": { "const": "chat.completion" }, "created": { "type": "integer" }, "model": text,
                "choices": { "type": "array", "items": object }, "usage": object,
            },
        },
        "Embedding": {
            "type": "object", "required": ["model", "input"],
            "properties": {
                "model": text,
                "input": { "anyOf": [text, { "type": "array", "minItems": 1, "maxItems": 2048, "items": text }] },
                "encoding_format": { "enum": ["float", "base64"] },
            },
        },
        "Speech": {
            "type": "object", "required": ["input"],
            "properties": {
                "model": text, "input": { "type": "string", "minLength": 1, "maxLength": 4096 },
                "voice": { "type": "string", "description": "See `speech.voices`; OpenAI's own names mean the usual voice" },
                "response_format": { "enum": ["mp3", "opus", "aac", "flac", "wav", "pcm"] },
                "speed": { "type": "number", "minimum": 0.5, "maximum": 2.0 },
            },
        },
        "Transcription": {
            "type": "object", "required": ["file", "model"],
            "properties": {
                "file": { "type": "string", "format": "binary" }, "model": text, "language": text, "prompt": text,
                "response_format": { "enum": ["json", "text", "srt", "verbose_json", "vtt"] },
            },
        },
        "Message": {
            "type": "object", "required": ["model", "messages", "max_tokens"],
            "properties": {
                "model": text,
                "messages": { "type": "array", "minItems": 1, "items": said(&["user", "assistant"]) },
                "max_tokens": { "type": "integer", "minimum": 1, "maximum": u32::MAX },
                "system": content,
                "stream": { "type": "boolean" },
                "temperature": number(0.0, 1.0),
            },
        },
        "Messaged": {
            "type": "object", "required": ["id", "type", "role", "model", "content", "stop_reason", "usage"],
            "properties": {
                "id": text, "type": { "const": "message" }, "role": { "const": "assistant" }, "model": text,
                "content": { "type": "array", "items": object }, "stop_reason": text, "usage": object,
            },
        },
    });
    match schemas {
        Value::Object(schemas) => schemas,
        _ => Map::new(),
    }
}
