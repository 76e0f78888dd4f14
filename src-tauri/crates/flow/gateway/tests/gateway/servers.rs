//! Servers that are added by their address.

use serde_json::json;
use studio_core::ErrorCode;
use studio_testkit::{Asked, FakeProvider, Reply};

use crate::{World, pinned};

/// Lists its models to whoever brings the key, and answers.
fn server() -> FakeProvider {
    FakeProvider::start(|asked: &Asked, _| match asked.path.as_str() {
        _ if asked.header("authorization") != Some("Bearer sk-office") => {
            Reply::json(401, &json!({ "error": { "message": "no such key" } }))
        }
        "/v1/models" => Reply::json(
            200,
            &json!({ "object": "list", "data": [
                { "id": "qwen3-8b", "object": "model", "max_model_len": 40_960 },
                { "id": "bge-embed", "object": "model" },
            ]}),
        ),
        "/v1/chat/completions" => Reply::openai(&["Good ", "day."], 9, 3),
        _ => Reply::json(404, &json!({ "detail": "Not Found" })),
    })
}

#[tokio::test]
async fn an_added_server_answers_and_outlives_the_program() {
    let server = server();
    let world = World::new(&[]);
    let input = json!({ "name": "Office server", "base_url": server.url(), "key": "sk-office" });
    let added = world.call("provider.add", input).await.unwrap();
    assert_eq!(added["id"], "office-server");
    assert_eq!(added["models"], 2);
    assert_eq!(added["added"], true);
    assert_eq!(added["on_this_machine"], true, "127.0.0.1 is here");
    assert!(added["base_url"].as_str().unwrap().ends_with("/v1"));
    let kept = std::fs::read_to_string(world.file("servers.json")).unwrap();
    assert!(!kept.contains("sk-office"), "the key is in a list: {kept}");

    let world = world.reopen();
    let told = world.ask(pinned("office-server/qwen3-8b")).await;
    assert_eq!(told.text, "Good day.", "{told:?}");
    let models = world.call("gateway.models", json!({})).await.unwrap();
    let models = models["models"].as_array().unwrap();
    let of = |id: &str| models.iter().find(|model| model["id"] == id).unwrap();
    assert_eq!(of("office-server/qwen3-8b")["context_tokens"], 40_960);
    assert_eq!(of("office-server/bge-embed")["context_tokens"], 8_192);
    assert_eq!(
        of("office-server/bge-embed")["capabilities"],
        json!(["embedding"])
    );
}

#[tokio::test]
async fn adding_again_replaces_and_removing_forgets_all() {
    let server = server();
    let world = World::new(&[]);
    let input = |models: &[&str]| json!({ "name": "Office server", "base_url": server.url(), "models": models, "is_free": true });
    world
        .call("provider.add", input(&["a", "b"]))
        .await
        .unwrap();
    let again = world.call("provider.add", input(&["c"])).await.unwrap();
    assert_eq!(again["models"], 1, "the first two are gone");
    let which = json!({ "provider": "office-server" });
    world.call("provider.remove", which.clone()).await.unwrap();
    let listed = world.call("provider.list", json!({})).await.unwrap();
    assert!(!listed.to_string().contains("office-server"));
    let twice = world.call("provider.remove", which).await.unwrap_err();
    assert_eq!(twice.code, ErrorCode::NotFound);
}

#[tokio::test]
async fn what_is_wrong_with_a_server_is_told_at_its_field() {
    let server = server();
    let world = World::new(&[]);
    let cases = [
        (json!({ "name": "—", "base_url": "http://x" }), "/name"),
        (json!({ "name": "OpenAI", "base_url": "http://x" }), "/name"),
        (json!({ "name": "x", "base_url": "http://" }), "/base_url"),
        (
            json!({ "name": "x", "base_url": "http://me:secret@x/v1" }),
            "/base_url",
        ),
        (
            json!({ "name": "x", "base_url": "http://127.0.0.1:1/v1" }),
            "/base_url",
        ),
        (
            json!({ "name": "x", "base_url": "http://x", "protocol": "hub" }),
            "/protocol",
        ),
        (
            json!({ "name": "x", "base_url": server.url() + "/else", "key": "sk-office" }),
            "/base_url",
        ),
        (
            json!({ "name": "x", "base_url": server.url(), "key": "sk wrong" }),
            "/key",
        ),
        (
            json!({ "name": "x", "base_url": server.url(), "key": "sk-wrong" }),
            "/key",
        ),
    ];
    for (input, field) in cases {
        let error = world.call("provider.add", input.clone()).await.unwrap_err();
        assert_eq!(error.field.as_deref(), Some(field), "{input}: {error:?}");
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
    assert!(
        !world.file("servers.json").exists(),
        "a refused server was kept"
    );
    let ours = world
        .call("provider.remove", json!({ "provider": "openai" }))
        .await;
    assert_eq!(ours.unwrap_err().code, ErrorCode::BadInput);
}

#[tokio::test]
async fn a_damaged_list_of_servers_takes_nothing_else_away() {
    let world = World::new(&[]);
    std::fs::write(world.file("servers.json"), "{ \"providers\": [").unwrap();
    let world = world.reopen();
    let models = world.call("gateway.models", json!({})).await.unwrap();
    assert!(
        models["problem"].as_str().unwrap().contains("servers.json"),
        "{}",
        models["problem"]
    );
    assert!(!models["models"].as_array().unwrap().is_empty());
    let input = json!({ "name": "x", "base_url": "http://127.0.0.1:9/v1", "models": ["m"] });
    let refused = world.call("provider.add", input).await.unwrap_err();
    assert!(
        refused.message.contains("servers.json is damaged"),
        "{refused:?}"
    );
}
