//! A model that runs in this program: a small one of random weights, which talks nonsense for real.

use serde_json::{Value, json};
use studio_testkit::checkpoint::{CHAT_TEMPLATE, ChatShape, chat_gguf};
use studio_tests::{App, Server};

/// An app whose cache holds one model, and that model's id.
fn app() -> (App, String) {
    let app = App::new();
    std::fs::create_dir_all(app.home()).expect("a home");
    let path = app.home().join("nonsense.gguf");
    chat_gguf(&path, "nonsense", &ChatShape::TINY, CHAT_TEMPLATE);
    let imported = app.call("model.import", json!({ "path": path }));
    let model = imported["model"]
        .as_str()
        .expect("it can be run")
        .to_owned();
    (app, model)
}

fn hello(model: &str) -> Value {
    json!({
        "model": model,
        "privacy": "local_only",
        "messages": [{ "role": "user", "parts": [{ "type": "text", "text": "hello" }] }],
        "max_tokens": 24,
        "sampling": { "seed": 7, "temperature": 1.0 },
    })
}

#[test]
fn a_model_of_this_machine_answers_for_nothing() {
    let (app, model) = app();
    let first = app.call("llm.chat", hello(&model));
    assert_eq!(first["model"], model.as_str());
    assert_eq!(first["cost"], 0, "{first}");
    assert!(
        first["usage"]["output_tokens"].as_u64() > Some(0),
        "{first}"
    );
    let again = app.call("llm.chat", hello(&model));
    assert_eq!(
        first["text"], again["text"],
        "the seed decides what it says"
    );

    // What it counts before is what it counts then: the tokenizer and the template are its own.
    let counted = app.call(
        "gateway.analyze_tokens",
        json!({ "model": model, "text": "hello" }),
    );
    assert_eq!(counted["tokens"]["exact"], true, "{counted}");
    assert_eq!(counted["tokens"]["total"], first["usage"]["input_tokens"]);
}

#[test]
fn an_answer_is_held_to_its_schema_whatever_the_model_wants() {
    let (app, model) = app();
    let mut input = hello(&model);
    input["max_tokens"] = json!(400);
    input["response"] = json!({ "schema": { "name": "mood", "schema": {
        "type": "object", "additionalProperties": false, "required": ["mood", "sure"],
        "properties": { "mood": { "enum": ["calm", "bright"] }, "sure": { "type": "boolean" } },
    } } });
    let answer = app.call("llm.chat", input);
    let text = answer["text"].as_str().unwrap_or_default();
    let said: Value =
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {answer}"));
    assert!(said["mood"] == "calm" || said["mood"] == "bright", "{said}");
    assert!(said["sure"].is_boolean(), "{said}");
}

#[test]
fn it_is_loaded_once_reads_only_what_is_new_and_leaves_when_told() {
    let (app, model) = app();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let server = Server::start(&app);
        let loaded = server.call("model.loaded", &json!({})).await.1;
        assert_eq!(loaded["phase"], "empty", "{loaded}");
        let mut turns = 0;
        // Nonsense ends when it likes: an answer that fills the context leaves no room for a second turn.
        while turns < 2 {
            let chat = json!({ "model": model, "privacy": "local_only" });
            let chat = server.call("chat.create", &chat).await.1;
            for (turn, text) in ["Once upon a time", "and then"].into_iter().enumerate() {
                let input = json!({ "conversation": chat["id"], "text": text });
                let (status, answer) = server.call("chat.send", &input).await;
                // Nonsense has more tokens when it is read than when it was written.
                let detail = answer["detail"].as_str().unwrap_or_default();
                if turn > 0 && detail.contains("its context has") {
                    break;
                }
                assert_eq!(status, 200, "{answer}");
                let usage = &answer["answer"]["answer"]["usage"];
                let cached = usage["cached_tokens"].as_u64();
                assert_eq!(cached > Some(0), turn > 0, "turn {turn}: {answer}");
                turns = turn + 1;
            }
        }
        let loaded = server.call("model.loaded", &json!({})).await.1;
        assert_eq!(
            (&loaded["phase"], &loaded["model"]),
            (&json!("ready"), &json!(model))
        );
        assert!(loaded["claimed_bytes"].as_u64() > Some(0), "{loaded}");
        let unloaded = server.call("model.unload", &json!({})).await.1;
        assert_eq!(
            (&unloaded["phase"], &unloaded["claimed_bytes"]),
            (&json!("empty"), &json!(0))
        );
    });
}

#[test]
fn a_model_that_does_not_fit_is_refused_before_it_takes_memory() {
    let (app, model) = app();
    let setting = json!({ "key": "models.memory_mb", "value": 1 });
    app.call("settings.set", setting);
    let (_, error) = app.call_refused("model.load", json!({ "model": model }));
    assert_eq!(error["code"], "unsupported", "{error}");
    let message = error["message"].as_str().unwrap_or_default();
    assert!(
        message.contains("needs"),
        "what it needs is told: {message}"
    );
}
