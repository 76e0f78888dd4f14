//! Language models over every face, with a provider that speaks the real wire format.

use std::time::Duration;

use futures_util::StreamExt;
use serde_json::{Value, json};
use studio_testkit::{Asked, FakeProvider, Reply};
use studio_tests::{App, Server};

/// An app whose only ready model is `fake/m`, at $1 and $2 a million, with a daily limit of a dollar.
pub(crate) fn app(provider: &FakeProvider) -> App {
    let app = App::new();
    std::fs::create_dir_all(app.home()).expect("a home");
    let registry = format!(
        "providers:\n  - {{ id: fake, name: Fake, protocol: openai, base_url: \"{}\" }}\nmodels:\n  \
         - {{ id: fake/m, name: M, model: m, context_tokens: 8000, output_tokens: 1000, capabilities: [tools, json, vision], \
         encoding: o200k_base, quality: {{ chat: 0.5 }} }}\n  \
         - {{ id: fake/e, name: E, model: e, context_tokens: 8000, output_tokens: 1, capabilities: [embedding] }}\n",
        provider.url()
    );
    let pricing = "prices:\n  - { model: fake/m, as_of: 2026-01-01, source: test, input: 1, output: 2 }\n  \
                   - { model: fake/e, as_of: 2026-01-01, source: test, input: 1, output: 0 }\n";
    std::fs::write(app.home().join("models.yaml"), registry).expect("a registry");
    std::fs::write(app.home().join("pricing.yaml"), pricing).expect("a price list");
    app.call(
        "settings.set",
        json!({ "key": "budget.daily_limit_usd", "value": 1.0 }),
    );
    app
}

pub(crate) fn friendly() -> FakeProvider {
    FakeProvider::start(|asked: &Asked, _| {
        if asked.path == "/embeddings" {
            let body =
                json!({ "data": [{ "embedding": [1.0, 0.5] }], "usage": { "prompt_tokens": 3 } });
            return Reply::json(200, &body);
        }
        let last = asked.json()["messages"]
            .as_array()
            .and_then(|all| all.last().cloned());
        let said = last
            .map(|last| last["content"].to_string())
            .unwrap_or_default();
        Reply::openai(&["You said ", &said, "."], 12, 6)
    })
}

pub(crate) fn completion(stream: bool) -> Value {
    json!({ "model": "auto", "stream": stream, "stream_options": { "include_usage": true },
            "messages": [{ "role": "user", "content": "hello" }] })
}

#[test]
fn a_model_answers_alike_from_every_face() {
    let provider = friendly();
    let app = app(&provider);
    let input =
        json!({ "messages": [{ "role": "user", "parts": [{ "type": "text", "text": "hello" }] }] });
    let answer = app.call("llm.chat", input.clone());
    assert_eq!(answer["text"], "You said \"hello\".");
    assert_eq!(answer["cost"], 24, "12 in at $1 and 6 out at $2 a million");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let server = Server::start(&app);
        let over_http = server.call("llm.chat", &input).await.1;
        assert_eq!(over_http["text"], answer["text"]);
        assert_eq!(over_http["model"], answer["model"]);
        let models: Value = serde_json::from_str(&server.get("/v1/models").await).expect("JSON");
        let listed = models["data"]
            .as_array()
            .expect("a list")
            .iter()
            .any(|model| model["id"] == "fake/m");
        assert!(listed, "{models}");
        let whole = server
            .post("/v1/chat/completions", &completion(false))
            .await;
        assert_eq!(
            whole.1["choices"][0]["message"]["content"], "You said \"hello\".",
            "{whole:?}"
        );
        assert_eq!(whole.1["usage"]["total_tokens"], 18);
        assert_eq!(whole.1["studio"]["cost_usd"], 0.000_024);
        let embedded = server
            .post(
                "/v1/embeddings",
                &json!({ "model": "fake/e", "input": "x" }),
            )
            .await;
        assert_eq!(
            embedded.1["data"][0]["embedding"],
            json!([1.0, 0.5]),
            "{embedded:?}"
        );
        let cost = server.call("gateway.cost", &json!({})).await.1;
        assert_eq!(cost["today"], 24 * 3 + 3);
    });
}

#[tokio::test]
async fn a_stream_has_the_shape_of_openais() {
    let provider = friendly();
    let app = app(&provider);
    let server = Server::start(&app);
    let response = server
        .request("/v1/chat/completions", &server.token, &completion(true))
        .await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert!(response.headers().contains_key("x-request-id"));
    let mut bytes = response.bytes_stream();
    let mut body = Vec::new();
    while let Some(piece) = bytes.next().await {
        body.extend_from_slice(&piece.expect("a piece"));
    }
    let body = String::from_utf8(body).expect("UTF-8");
    let frames: Vec<&str> = body
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .collect();
    assert_eq!(frames.last(), Some(&"[DONE]"));
    let chunks: Vec<Value> = frames[..frames.len() - 1]
        .iter()
        .map(|frame| serde_json::from_str(frame).expect("JSON"))
        .collect();
    let said: String = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str())
        .collect();
    assert_eq!(said, "You said \"hello\".");
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    assert_eq!(
        chunks[chunks.len() - 2]["choices"][0]["finish_reason"],
        "stop"
    );
    assert_eq!(chunks[chunks.len() - 1]["usage"]["prompt_tokens"], 12);
}

#[tokio::test]
async fn keys_open_their_scopes_until_they_are_revoked() {
    let provider = friendly();
    let app = app(&provider);
    let server = Server::start(&app);
    let make = async |scopes: Value, more: Value| {
        let mut input = json!({ "name": "k", "scopes": scopes });
        for (field, value) in more.as_object().expect("an object") {
            input[field] = value.clone();
        }
        let made = server.call("keys.create", &input).await.1;
        (
            made["id"].clone(),
            made["secret"].as_str().expect("a secret").to_owned(),
        )
    };
    let status = async |path: &str, secret: &str, body: &Value| {
        server.request(path, secret, body).await.status().as_u16()
    };
    let nothing = json!({});
    let (id, reader) = make(json!(["read"]), json!({})).await;
    assert_eq!(status("/project/list", &reader, &nothing).await, 200);
    assert_eq!(
        status("/project/create", &reader, &json!({ "name": "x" })).await,
        403
    );
    assert_eq!(
        status("/v1/chat/completions", &reader, &completion(false)).await,
        403
    );
    assert_eq!(status("/keys/list", &reader, &nothing).await, 403);
    let (_, writer) = make(json!(["write"]), json!({})).await;
    assert_eq!(
        status("/keys/create", &writer, &json!({ "name": "more" })).await,
        403,
        "a key makes no keys"
    );
    assert_eq!(
        status(
            "/provider/set_key",
            &writer,
            &json!({ "provider": "openai", "key": "x" })
        )
        .await,
        403
    );
    assert_eq!(status("/uploads?name=x.wav", &reader, &nothing).await, 403);
    assert_eq!(
        status("/mcp", &writer, &nothing).await,
        403,
        "MCP holds the owner's tools"
    );
    server.call("keys.revoke", &json!({ "key": id })).await;
    assert_eq!(status("/project/list", &reader, &nothing).await, 401);
    for wrong in ["", "avs_wrong", "Bearer"] {
        assert_eq!(
            status("/project/list", wrong, &nothing).await,
            401,
            "{wrong:?}"
        );
    }

    let (_, poor) = make(json!(["models"]), json!({ "budget_usd": 0.000_03 })).await;
    let small = json!({ "model": "fake/m", "max_tokens": 8, "messages": [{ "role": "user", "content": "hi" }] });
    assert_eq!(status("/v1/chat/completions", &poor, &small).await, 200);
    let refused = server.request("/v1/chat/completions", &poor, &small).await;
    assert_eq!(refused.status().as_u16(), 403);
    let refused: Value = refused.json().await.expect("JSON");
    assert_eq!(refused["error"]["type"], "permission_error");
    assert!(
        refused["error"]["message"]
            .as_str()
            .expect("words")
            .contains("the key's limit"),
        "{refused}"
    );

    let (_, slow) = make(json!(["read"]), json!({ "requests_per_minute": 2 })).await;
    assert_eq!(status("/project/list", &slow, &nothing).await, 200);
    assert_eq!(status("/project/list", &slow, &nothing).await, 200);
    let many = server.request("/project/list", &slow, &nothing).await;
    assert_eq!(many.status().as_u16(), 429);
    let wait: u64 = many.headers()["retry-after"]
        .to_str()
        .expect("text")
        .parse()
        .expect("seconds");
    assert!((1..=31).contains(&wait), "{wait}");
}

#[tokio::test]
async fn bad_completions_are_told_in_openais_shape() {
    let provider = friendly();
    let app = app(&provider);
    let server = Server::start(&app);
    for (body, status, words) in [
        (json!({}), 400, "chat completion"),
        (
            json!({ "model": "auto", "messages": [] }),
            400,
            "no message",
        ),
        (
            json!({ "model": "auto", "messages": [{ "role": "king", "content": "x" }] }),
            400,
            "king",
        ),
        (
            json!({ "model": "nobody/none", "messages": [{ "role": "user", "content": "x" }] }),
            404,
            "nobody/none",
        ),
        (
            json!({ "model": "auto:bad", "messages": [{ "role": "user", "content": "x" }] }),
            400,
            "no policy",
        ),
        (
            json!({ "model": "auto", "n": 2, "messages": [{ "role": "user", "content": "x" }] }),
            400,
            "one choice",
        ),
        (
            json!({ "model": "auto", "messages": [{ "role": "user", "content": [{ "type": "image_url", "image_url": { "url": "http://10.0.0.1/x" } }] }] }),
            400,
            "data:",
        ),
        (
            json!({ "model": "openai/gpt-5", "messages": [{ "role": "user", "content": "x" }] }),
            200,
            "",
        ),
    ] {
        let (got, answer) = server.post("/v1/chat/completions", &body).await;
        // A model without a key is not asked; the one that is ready takes over.
        assert_eq!(got, status, "{body} {answer}");
        if status != 200 {
            let message = answer["error"]["message"].as_str().unwrap_or_default();
            assert!(message.contains(words), "{message:?} should say {words}");
            assert!(answer["error"]["type"].is_string(), "{answer}");
        }
    }
}

#[tokio::test]
async fn a_client_that_leaves_stops_the_model() {
    let provider =
        FakeProvider::start(|_, _| Reply::openai_begun(&["Once"]).wait(Duration::from_secs(60)));
    let app = app(&provider);
    let server = Server::start(&app);
    let response = server
        .request("/v1/chat/completions", &server.token, &completion(true))
        .await;
    let mut body = response.bytes_stream();
    assert!(body.next().await.is_some());
    drop(body);
    tokio::task::spawn_blocking(move || provider.wait_until_left())
        .await
        .expect("it left");
}

#[tokio::test]
async fn the_server_describes_and_counts_itself() {
    let provider = friendly();
    let app = app(&provider);
    let server = Server::start(&app);
    let document: Value = serde_json::from_str(&server.get("/openapi.json").await).expect("JSON");
    assert_eq!(document["openapi"], "3.1.0");
    let operations: Value = serde_json::from_str(&server.get("/operations").await).expect("JSON");
    for operation in operations.as_array().expect("a list") {
        let path = format!(
            "/{}",
            operation["name"]
                .as_str()
                .expect("a name")
                .replacen('.', "/", 1)
        );
        assert!(
            document["paths"][&path]["post"]["requestBody"].is_object(),
            "{path} is missing"
        );
    }
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().expect("a pointer");
        assert!(
            document.pointer(pointer).is_some(),
            "{pointer} leads nowhere"
        );
    }
    let metrics = server.get("/metrics").await;
    assert!(
        metrics.contains(
            "av_studio_requests_total{method=\"GET\",route=\"/openapi.json\",status=\"200\"} 1"
        ),
        "{metrics}"
    );
}
