//! The routes that programs of others expect: OpenAI's and Anthropic's shapes, jobs as streams.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use serde_json::{Value, json};
use studio_testkit::{Asked, FakeProvider, Reply};
use studio_tests::{App, Server};

use crate::models;

/// Events of a stream: (name, data).
async fn events(response: reqwest::Response) -> Vec<(String, Value)> {
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let body = response.text().await.expect("a text");
    let field = |event: &str, name: &str| {
        let line = event.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().trim().to_owned()
    };
    let frames = body.split("\n\n").filter(|frame| frame.contains("data:"));
    frames
        .map(|frame| {
            let data = serde_json::from_str(&field(frame, "data:")).unwrap_or(Value::Null);
            (field(frame, "event:"), data)
        })
        .collect()
}

fn names(events: &[(String, Value)]) -> Vec<&str> {
    let mut names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    names.dedup();
    names
}

/// A provider that calls a tool if it is given one.
fn calls_tools() -> FakeProvider {
    FakeProvider::start(|asked: &Asked, _| {
        if asked.json()["tools"].is_null() {
            return Reply::openai(&["Hello", " there."], 12, 6);
        }
        let call = json!({ "choices": [{ "index": 0, "delta": { "content": "I look.", "tool_calls": [{
            "index": 0, "id": "call_1", "type": "function",
            "function": { "name": "look", "arguments": "{\"at\": 1}" },
        }] } }] });
        let end =
            json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "tool_calls" }] });
        let usage =
            json!({ "choices": [], "usage": { "prompt_tokens": 20, "completion_tokens": 9 } });
        Reply::new(200, "text/event-stream").bytes(format!(
            "data: {call}\n\ndata: {end}\n\ndata: {usage}\n\ndata: [DONE]\n\n"
        ))
    })
}

fn message(stream: bool, tools: bool) -> Value {
    let mut message = json!({ "model": "auto", "max_tokens": 100, "stream": stream,
                              "messages": [{ "role": "user", "content": "hello" }] });
    if tools {
        let schema = json!({ "type": "object", "properties": { "at": { "type": "integer" } } });
        message["tools"] = json!([{ "name": "look", "input_schema": schema }]);
    }
    message
}

#[tokio::test]
async fn anthropics_shape_is_spoken_whole_and_in_pieces() {
    let provider = calls_tools();
    let app = models::app(&provider);
    let server = Server::start(&app);
    let (status, answer) = server.post("/v1/messages", &message(false, false)).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        answer["content"],
        json!([{ "type": "text", "text": "Hello there." }])
    );
    assert_eq!(
        (&answer["stop_reason"], &answer["usage"]["input_tokens"]),
        (&json!("end_turn"), &json!(12))
    );
    let (_, answer) = server.post("/v1/messages", &message(false, true)).await;
    assert_eq!(answer["stop_reason"], "tool_use", "{answer}");
    assert_eq!(answer["content"][1]["input"], json!({ "at": 1 }));

    let streamed = server
        .request("/v1/messages", &server.token, &message(true, true))
        .await;
    let told = events(streamed).await;
    assert_eq!(
        names(&told),
        [
            "message_start",
            "content_block_start",
            "content_block_delta",
            "content_block_stop",
            "content_block_start",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop",
        ]
    );
    let deltas: Vec<&Value> = told
        .iter()
        .filter(|(name, _)| name == "content_block_delta")
        .map(|(_, data)| &data["delta"])
        .collect();
    assert_eq!(deltas[0]["text"], "I look.");
    assert_eq!(deltas[1]["partial_json"], "{\"at\":1}");

    let by_header = reqwest::Client::new()
        .post(format!("{}/v1/messages/count_tokens", server.url))
        .header("x-api-key", &server.token)
        .json(&message(false, false))
        .send()
        .await
        .expect("an answer");
    let counted: Value = by_header.json().await.expect("JSON");
    assert!(
        counted["input_tokens"]
            .as_u64()
            .is_some_and(|tokens| tokens > 0),
        "{counted}"
    );
    let (status, refused) = server
        .post("/v1/messages", &json!({ "model": "auto" }))
        .await;
    assert_eq!(
        (status, &refused["type"]),
        (400, &json!("error")),
        "{refused}"
    );
    assert_eq!(refused["error"]["type"], "invalid_request_error");
}

#[tokio::test]
async fn a_completion_calls_tools_and_refuses_what_it_cannot_do() {
    let provider = calls_tools();
    let app = models::app(&provider);
    let server = Server::start(&app);
    let tool = json!({ "type": "function", "function": { "name": "look", "parameters": { "type": "object" } } });
    let mut asked = models::completion(false);
    asked["tools"] = json!([tool]);
    let (_, answer) = server.post("/v1/chat/completions", &asked).await;
    let choice = &answer["choices"][0];
    assert_eq!(choice["finish_reason"], "tool_calls", "{answer}");
    assert_eq!(
        choice["message"]["tool_calls"][0]["function"]["arguments"],
        "{\"at\":1}"
    );
    for (field, value) in [
        ("n", json!(2)),
        ("logprobs", json!(true)),
        ("temperature", json!(9)),
        ("max_tokens", json!(0)),
        (
            "tools",
            json!([{ "type": "function", "function": { "name": "a b" } }]),
        ),
    ] {
        let mut asked = models::completion(false);
        asked[field] = value;
        let (status, answer) = server.post("/v1/chat/completions", &asked).await;
        assert_eq!(status, 400, "{field}: {answer}");
        assert_eq!(
            answer["error"]["param"],
            json!(format!("/{field}")),
            "{answer}"
        );
    }
    let one: Value = serde_json::from_str(&server.get("/v1/models/fake/m").await).expect("JSON");
    assert_eq!(
        (&one["id"], &one["object"]),
        (&json!("fake/m"), &json!("model"))
    );
    let none: Value = serde_json::from_str(&server.get("/v1/models/nobody").await).expect("JSON");
    assert_eq!(none["error"]["code"], "not_found", "{none}");
}

#[tokio::test]
async fn a_keys_budget_holds_in_the_studios_own_shape_too() {
    let provider = models::friendly();
    let app = models::app(&provider);
    let server = Server::start(&app);
    let input = json!({ "messages": [{ "role": "user", "parts": [{ "type": "text", "text": "hi" }] }], "max_tokens": 8 });
    let streamed = server.request("/llm/stream", &server.token, &input).await;
    let told = events(streamed).await;
    assert_eq!(names(&told), ["picked", "text", "done"]);
    let said: String = told
        .iter()
        .filter_map(|(_, data)| data["text"].as_str())
        .collect();
    assert_eq!(said, "You said \"hi\".");
    let made = server
        .call(
            "keys.create",
            &json!({ "name": "poor", "scopes": ["read", "models"], "budget_usd": 0.000_03 }),
        )
        .await
        .1;
    let poor = made["secret"].as_str().expect("a secret");
    let first = server.request("/llm/chat", poor, &input).await;
    let first: Value = first.json().await.expect("JSON");
    assert_eq!(first["text"], "You said \"hi\".", "{first}");
    for path in ["/llm/chat", "/llm/stream"] {
        let refused = server.request(path, poor, &input).await;
        assert_eq!(refused.status(), 403, "{path}");
    }
    let kept = json!({ "conversation": "x", "text": "hi" });
    let around = server.request("/chat/send", poor, &kept).await;
    assert_eq!(around.status(), 403, "nor around it");
    let cost: Value = serde_json::from_str(&server.get("/gateway/cost").await).expect("JSON");
    assert!(
        cost["today"].as_u64().is_some_and(|spent| spent > 0),
        "{cost}"
    );
    let dashed = server
        .post(
            "/gateway/analyze-tokens",
            &json!({ "text": "hello", "model": "fake/m" }),
        )
        .await;
    assert_eq!(dashed.0, 200, "{dashed:?}");
    let metrics = server.get("/metrics").await;
    assert!(
        metrics.contains("av_studio_tokens_total{model=\"fake/m\",kind=\"output\"} 12"),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_text_is_spoken_in_every_format() {
    let app = App::new();
    let server = Server::start(&app);
    let voices = server.call("speech.voices", &json!({})).await;
    let speak = async |format: &str, more: Value| {
        let mut input = json!({ "model": "tts-1", "voice": "alloy", "input": "One two three.", "response_format": format });
        for (field, value) in more.as_object().into_iter().flatten() {
            input[field] = value.clone();
        }
        let answer = server
            .request("/v1/audio/speech", &server.token, &input)
            .await;
        let kind = answer.headers().get("content-type").cloned();
        let kind = kind.map(|kind| kind.to_str().unwrap_or_default().to_owned());
        let status = answer.status().as_u16();
        (
            status,
            kind.unwrap_or_default(),
            answer.bytes().await.expect("bytes"),
        )
    };
    if voices.0 != 200 {
        let (status, _, body) = speak("wav", json!({})).await;
        assert_eq!(status, 400, "{body:?}");
        return;
    }
    for (format, kind, magic) in [
        ("wav", "audio/wav", &b"RIFF"[..]),
        ("flac", "audio/flac", b"fLaC"),
        ("opus", "audio/ogg", b"OggS"),
        ("mp3", "audio/mpeg", b""),
        ("aac", "audio/mp4", b""),
    ] {
        let (status, got, bytes) = speak(format, json!({})).await;
        assert_eq!(
            (status, got.as_str()),
            (200, kind),
            "{format}: {:?}",
            bytes.get(..200)
        );
        assert!(
            bytes.len() > 1000 && bytes.starts_with(magic),
            "{format}: {} bytes",
            bytes.len()
        );
    }
    let (_, _, normal) = speak("pcm", json!({})).await;
    let (_, _, fast) = speak("pcm", json!({ "speed": 2.0 })).await;
    let secs = normal.len() as f64 / 2.0 / 24_000.0;
    assert!((0.4..4.0).contains(&secs), "three words take {secs} s");
    assert!(
        fast.len() < normal.len() * 8 / 10,
        "{} against {}",
        fast.len(),
        normal.len()
    );
    let (status, _, refused) = speak("wav", json!({ "speed": 9.0 })).await;
    assert_eq!(status, 400, "{refused:?}");
    let uploads = app.home().join("uploads");
    let left = uploads.read_dir_utf8().map_or(0, Iterator::count);
    assert_eq!(left, 0, "what was spoken is not kept");
}

#[tokio::test]
async fn who_asks_for_speech_and_leaves_takes_the_job_along() {
    let app = App::new();
    let server = Server::start(&app);
    if server.call("speech.voices", &json!({})).await.0 != 200 {
        return;
    }
    let client = reqwest::Client::new();
    let post = |path: &str, input: &Value| {
        let request = client.post(format!("{}{path}", server.url));
        request.bearer_auth(&server.token).json(input)
    };
    // Work that fills the machine, so that what is asked waits.
    for number in 0..std::thread::available_parallelism().map_or(1, usize::from) {
        let output = app.folder().join(format!("{number}.wav"));
        let render = json!({ "duration_secs": 36_000.0, "output": output });
        let begun = post("/ambient/render", &render).send().await;
        assert_eq!(begun.expect("an answer").status(), 202);
    }
    let speech = json!({ "model": "tts-1", "voice": "alloy", "input": "One two three." });
    let asked = post("/v1/audio/speech", &speech).timeout(Duration::from_millis(800));
    let answer = asked.send().await;
    assert!(answer.is_err_and(|error| error.is_timeout()));
    let patience = Instant::now() + Duration::from_secs(30);
    loop {
        let (_, jobs) = server.call("job.list", &json!({})).await;
        let jobs = jobs["jobs"].as_array().cloned().unwrap_or_default();
        let speech = jobs
            .iter()
            .find(|job| job["operation"] == "speech.synthesize")
            .expect("the job that was asked for");
        if speech["status"] == "cancelled" {
            break;
        }
        assert!(Instant::now() < patience, "it is {}", speech["status"]);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_job_is_listed_shown_and_told_until_its_end() {
    let app = App::new();
    let server = Server::start(&app);
    let output = app.folder().join("pad.wav");
    let started = reqwest::Client::new()
        .post(format!("{}/ambient/render", server.url))
        .bearer_auth(&server.token)
        .json(&json!({ "duration_secs": 20.0, "output": output }))
        .send()
        .await
        .expect("an answer");
    let started: Value = started.json().await.expect("JSON");
    let id = started["job"]["id"].as_str().expect("a job");
    let socket = server.url.replacen("http", "ws", 1);
    let address = format!("{socket}/jobs/{id}/stream?token={}", server.token);
    let (mut stream, _) = tokio_tungstenite::connect_async(&address)
        .await
        .expect("a stream");
    let mut last = Value::Null;
    let mut said_goodbye = false;
    while let Some(Ok(frame)) = stream.next().await {
        match frame.to_text() {
            Ok(text) if frame.is_text() => {
                let event: Value = serde_json::from_str(text).expect("JSON");
                assert_eq!(event["job"]["id"], started["job"]["id"]);
                last = event["job"]["status"].clone();
            }
            _ => said_goodbye |= frame.is_close(),
        }
    }
    assert_eq!((last, said_goodbye), (json!("succeeded"), true));
    let again = tokio_tungstenite::connect_async(&address)
        .await
        .expect("a stream")
        .0;
    assert_eq!(
        again.count().await,
        2,
        "a job that is over is told once, and goodbye"
    );
    let shown: Value =
        serde_json::from_str(&server.get(&format!("/jobs/{id}")).await).expect("JSON");
    assert_eq!(shown["status"], "succeeded");
    let listed: Value =
        serde_json::from_str(&server.get("/jobs?status=succeeded&limit=5").await).expect("JSON");
    assert_eq!(listed["jobs"][0]["id"], started["job"]["id"], "{listed}");
    let wrong: Value = serde_json::from_str(&server.get("/jobs?status=lost").await).expect("JSON");
    assert_eq!(wrong["code"], "bad_input", "{wrong}");
    let missing = tokio_tungstenite::connect_async(format!(
        "{socket}/jobs/none/stream?token={}",
        server.token
    ));
    assert!(missing.await.is_err());
}

#[tokio::test]
async fn every_path_of_an_input_is_marked_as_one() {
    let app = App::new();
    let output = app.run(&["ops", "--json"]);
    let operations: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    for operation in operations.as_array().expect("a list") {
        let fields = operation["input_schema"]["properties"].as_object();
        for (name, field) in fields.into_iter().flatten() {
            let says = field["description"]
                .as_str()
                .unwrap_or_default()
                .to_lowercase();
            let is_text = field["type"] == "string" || field["type"] == json!(["string", "null"]);
            let is_path = ["path", "output", "folder", "file"].contains(&name.as_str())
                || ["file to ", "file of ", "folder of ", "path of "]
                    .iter()
                    .any(|word| says.contains(word));
            assert!(
                !(is_text && is_path) || field["x-path"] == true,
                "{}: `{name}` looks like a path; mark it by extend(\"x-path\" = true), else keys may leave their folders",
                operation["name"]
            );
        }
    }
}

#[tokio::test]
async fn the_documents_are_open_and_complete() {
    let app = App::new();
    let server = Server::start(&app);
    let page = reqwest::get(format!("{}/docs", server.url))
        .await
        .expect("a page");
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let html = page.text().await.expect("a text");
    assert!(html.contains("/audio/loudness") && html.contains("/v1/messages"));
    assert!(!html.contains("<script"), "nothing runs in it");
    let document: Value = reqwest::get(format!("{}/openapi.json", server.url))
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    for path in [
        "/v1/chat/completions",
        "/v1/messages",
        "/llm/stream",
        "/jobs/{id}",
        "/uploads",
    ] {
        assert!(document["paths"][path].is_object(), "{path} is missing");
    }
    let ready = reqwest::get(format!("{}/ready", server.url))
        .await
        .expect("an answer");
    assert_eq!(ready.status(), 200);
    let with_id = reqwest::Client::new()
        .get(format!("{}/health", server.url))
        .header("x-request-id", "trace-7")
        .send()
        .await
        .expect("an answer");
    assert_eq!(with_id.headers()["x-request-id"], "trace-7");
}

/// A form with a file of sound, as OpenAI's clients send it.
async fn transcribe(server: &Server, secret: &str, bytes: &[u8], local: bool) -> (u16, Value) {
    let mut form = b"--x\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nfake/w\r\n\
        --x\r\ncontent-disposition: form-data; name=\"language\"\r\n\r\nen\r\n\
        --x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\n"
        .to_vec();
    form.extend_from_slice(bytes);
    form.extend_from_slice(b"\r\n--x--\r\n");
    let mut request = reqwest::Client::new()
        .post(format!("{}/v1/audio/transcriptions", server.url))
        .bearer_auth(secret)
        .header("content-type", "multipart/form-data; boundary=x");
    if local {
        request = request.header("x-studio-privacy", "local_only");
    }
    let answer = request.body(form).send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

#[tokio::test]
async fn sound_is_written_down_within_budget_and_privacy() {
    let provider = FakeProvider::start(|asked: &Asked, _| {
        assert_eq!(asked.path, "/audio/transcriptions");
        assert!(
            asked.body.contains("name=\"language\"\r\n\r\nen\r\n"),
            "{}",
            asked.body.len()
        );
        assert!(asked.body.contains("name=\"model\"\r\n\r\nw\r\n"));
        Reply::json(200, &json!({ "text": "One two three." }))
    });
    let app = models::app(&provider);
    let wav = app.folder().join("said.wav");
    studio_tests::tone(&wav, 440.0, 0.5, 30.0);
    let wav = std::fs::read(wav).expect("a file");
    let server = Server::start(&app);
    let (status, refused) = transcribe(&server, &server.token, &wav, false).await;
    assert_eq!(status, 404, "no such model is listed yet: {refused}");

    let registry = app.home().join("models.yaml");
    let mut lists = std::fs::read_to_string(&registry).expect("a list");
    lists.push_str("  - { id: fake/w, name: W, model: w, context_tokens: 256, output_tokens: 1000, capabilities: [transcription] }\n");
    std::fs::write(&registry, lists).expect("a list");
    let prices = app.home().join("pricing.yaml");
    let mut list = std::fs::read_to_string(&prices).expect("a list");
    list.push_str("  - { model: fake/w, as_of: 2026-01-01, source: test, second: 0.0001 }\n");
    std::fs::write(&prices, list).expect("a list");
    drop(server);
    let server = Server::start(&app);
    let (status, answer) = transcribe(&server, &server.token, &wav, false).await;
    assert_eq!(
        (status, &answer["text"]),
        (200, &json!("One two three.")),
        "{answer}"
    );
    let cost = server.call("gateway.cost", &json!({})).await.1;
    assert_eq!(cost["today"], 3000, "half a minute at $0.0001 a second");

    let (status, refused) = transcribe(&server, &server.token, &wav, true).await;
    assert_eq!(status, 403, "{refused}");
    let (status, refused) = transcribe(&server, &server.token, b"no sound at all", false).await;
    assert_eq!(
        (status, &refused["error"]["param"]),
        (400, &json!("/file")),
        "{refused}"
    );
    let poor = json!({ "name": "poor", "scopes": ["models"], "budget_usd": 0.001 });
    let poor = server.call("keys.create", &poor).await.1;
    let (status, refused) = transcribe(
        &server,
        poor["secret"].as_str().expect("a secret"),
        &wav,
        false,
    )
    .await;
    assert_eq!(status, 403, "{refused}");
    assert_eq!(
        provider.requests().len(),
        1,
        "nothing that was refused left this machine"
    );
}
