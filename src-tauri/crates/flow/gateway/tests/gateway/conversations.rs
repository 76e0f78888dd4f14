//! Conversations through their operations, as every face calls them.

use std::time::Duration;

use serde_json::{Value, json};
use studio_core::{ErrorCode, Event};
use studio_testkit::{FakeProvider, Reply};

use studio_store::{Asset, AssetKind, ImportMode, NewAsset, Privacy, Projects, Provenance};

use crate::{Listed, World};

async fn start(world: &World) -> String {
    let chat = world
        .call("chat.create", json!({ "system": "Be brief." }))
        .await
        .unwrap();
    chat["id"].as_str().unwrap().to_owned()
}

async fn send(world: &World, chat: &str, text: &str) -> Value {
    let sent = world
        .call("chat.send", json!({ "conversation": chat, "text": text }))
        .await;
    sent.unwrap()["answer"].clone()
}

/// Says how many messages it was sent.
fn counting() -> FakeProvider {
    FakeProvider::start(|asked, number| {
        let count = asked.json()["messages"].as_array().map_or(0, Vec::len);
        Reply::openai(&[&format!("Answer {number} to {count} messages.")], 10, 5)
    })
}

#[tokio::test]
async fn a_conversation_is_kept_branched_searched_and_deleted() {
    let provider = counting();
    let world = World::new(&[Listed::new("m", &provider)]);
    let chat = start(&world).await;
    let first = send(&world, &chat, "What do foxes eat in winter?").await;
    assert_eq!(first["message"]["text"], "Answer 0 to 2 messages.");
    assert_eq!(first["answer"]["model"], "m/m");
    assert_eq!(first["answer"]["cost"], 20);
    let second = send(&world, &chat, "And in spring?").await;
    assert_eq!(second["message"]["text"], "Answer 1 to 4 messages.");

    let again = world
        .call("chat.regenerate", json!({ "conversation": chat }))
        .await
        .unwrap();
    assert_eq!(
        again["answer"]["message"]["text"],
        "Answer 2 to 4 messages."
    );
    let edited = json!({ "conversation": chat, "text": "And in autumn?", "after": first["id"] });
    world.call("chat.send", edited).await.unwrap();

    let shown = world
        .call("chat.show", json!({ "conversation": chat }))
        .await
        .unwrap();
    assert_eq!(
        shown["conversation"]["title"],
        "What do foxes eat in winter?"
    );
    let messages = shown["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 4);
    assert_eq!(messages[2]["message"]["parts"][0]["text"], "And in autumn?");
    assert_eq!(
        messages[2]["alternatives"].as_array().unwrap().len(),
        2,
        "spring and autumn"
    );
    let spring = messages[2]["alternatives"][0].clone();
    let other = json!({ "conversation": chat, "message": spring });
    let shown = world.call("chat.choose_branch", other).await.unwrap();
    assert_eq!(
        shown["messages"][3]["message"]["text"],
        "Answer 2 to 4 messages."
    );
    assert_eq!(
        shown["messages"][3]["alternatives"]
            .as_array()
            .unwrap()
            .len(),
        2
    );

    let found = world
        .call("chat.search", json!({ "words": "foxes wint" }))
        .await
        .unwrap();
    assert_eq!(found["found"][0]["conversation"], json!(chat));
    world
        .call("chat.delete", json!({ "conversation": chat }))
        .await
        .unwrap();
    let gone = world
        .call("chat.show", json!({ "conversation": chat }))
        .await
        .unwrap_err();
    assert_eq!(gone.code, ErrorCode::NotFound);
}

#[tokio::test]
async fn the_model_that_answered_stays() {
    let (a, b) = (counting(), counting());
    let world = World::new(&[Listed::new("a", &a), Listed::new("b", &b)]);
    let chat = start(&world).await;
    let first = send(&world, &chat, "One").await;
    // Something better appears in the middle of the conversation.
    for number in 0..3 {
        assert_eq!(
            send(&world, &chat, &format!("{number}")).await["answer"]["model"],
            first["answer"]["model"]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_answer_is_kept_as_far_as_it_came() {
    let provider = FakeProvider::start(|_, _| {
        Reply::openai_begun(&["Once upon a time"]).wait(Duration::from_secs(60))
    });
    let world = World::new(&[Listed::new("m", &provider)]);
    let chat = start(&world).await;
    let mut events = world.events.subscribe();
    let work = world.call(
        "chat.send",
        json!({ "conversation": chat, "text": "A story" }),
    );
    let stop = async {
        loop {
            let shown = world
                .call("chat.show", json!({ "conversation": chat }))
                .await
                .unwrap();
            if shown["draft"]["text"] == "Once upon a time" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let busy = world.call(
            "chat.send",
            json!({ "conversation": chat, "text": "Me too" }),
        );
        assert_eq!(
            busy.await.unwrap_err().code,
            ErrorCode::Conflict,
            "one at a time"
        );
        world
            .call("chat.stop", json!({ "conversation": chat }))
            .await
            .unwrap()
    };
    let (sent, stopped) = tokio::join!(work, stop);
    assert_eq!(stopped["stopped"], true);
    let answer = sent.unwrap()["answer"].clone();
    assert_eq!(answer["message"]["text"], "Once upon a time");
    assert_eq!(answer["answer"]["end"], "stopped");
    provider.wait_until_left();
    let drafted =
        std::iter::from_fn(|| futures_util::FutureExt::now_or_never(events.next()).flatten());
    assert!(
        drafted
            .take(100)
            .any(|event| matches!(event, Event::ChatDraft { draft, .. } if draft["text"] == "Once upon a time")),
        "the words were not told while they were written"
    );
}

#[tokio::test]
async fn what_cannot_be_answered_leaves_the_question() {
    let provider =
        FakeProvider::start(|_, _| Reply::json(401, &json!({ "error": { "message": "no" } })));
    let world = World::new(&[Listed::new("m", &provider)]);
    let chat = start(&world).await;
    let sent = world
        .call(
            "chat.send",
            json!({ "conversation": chat, "text": "Hello?" }),
        )
        .await;
    assert_eq!(sent.unwrap_err().code, ErrorCode::Refused);
    let shown = world
        .call("chat.show", json!({ "conversation": chat }))
        .await
        .unwrap();
    assert_eq!(shown["messages"].as_array().unwrap().len(), 1);
    assert_eq!(shown["draft"], Value::Null);
}

#[tokio::test]
async fn reports_routes_and_keys_answer() {
    let provider = counting();
    let world = World::new(&[Listed::new("m", &provider)]);
    let chat = start(&world).await;
    send(&world, &chat, "Hello").await;
    let cost = world.call("gateway.cost", json!({})).await.unwrap();
    assert_eq!(cost["today"], 20);
    assert_eq!(cost["by_model"][0]["name"], "m/m");
    let route = world
        .call("gateway.route", json!({ "text": "Hello" }))
        .await
        .unwrap();
    assert_eq!(route["model"], "m/m");
    assert_eq!(
        route["reasons"].as_array().unwrap().len(),
        route["decision"]["excluded"].as_array().unwrap().len()
    );
    let decisions = world.call("gateway.decisions", json!({})).await.unwrap();
    assert_eq!(decisions["decisions"].as_array().unwrap().len(), 1);
    let replay = world
        .call("gateway.replay", json!({ "policy": "cheapest" }))
        .await
        .unwrap();
    assert!(replay["replayed"].as_u64().unwrap() <= 1, "{replay}");
    let tokens = json!({ "text": "hello world", "model": "m/m" });
    let tokens = world.call("gateway.analyze_tokens", tokens).await.unwrap();
    assert_eq!(tokens["tokens"]["text"], 2);
    let models = world
        .call("gateway.models", json!({ "discover": false }))
        .await
        .unwrap();
    assert!(
        models["models"]
            .as_array()
            .unwrap()
            .iter()
            .any(|model| model["id"] == "m/m")
    );

    let made = world
        .call("keys.create", json!({ "name": "editor" }))
        .await
        .unwrap();
    let secret = made["secret"].as_str().unwrap();
    let listed = world.call("keys.list", json!({})).await.unwrap();
    assert!(
        !listed.to_string().contains(secret),
        "a secret is shown again"
    );
    let revoked = world
        .call("keys.revoke", json!({ "key": made["id"] }))
        .await
        .unwrap();
    assert!(revoked["revoked_at"].is_string());

    let kept = json!({ "provider": "openai", "key": "sk-secret-9" });
    let kept = world.call("provider.set_key", kept).await.unwrap();
    assert!(!kept.to_string().contains("sk-secret-9"));
    world
        .call("provider.remove_key", json!({ "provider": "openai" }))
        .await
        .unwrap();
    let bad = world
        .call(
            "provider.set_key",
            json!({ "provider": "openai", "key": "a b" }),
        )
        .await;
    assert_eq!(bad.unwrap_err().field.as_deref(), Some("/key"));
    let tested = world
        .call("provider.test", json!({ "provider": "nobody" }))
        .await;
    assert_eq!(tested.unwrap_err().code, ErrorCode::NotFound);
}

/// A project with a picture that is labelled.
fn picture(world: &World, privacy: Privacy) -> (String, Asset) {
    let projects = Projects::new(world.home.clone(), world.file("projects"));
    let name = format!("{privacy:?}");
    let project = projects.create(&name, None).unwrap();
    let made = Provenance::default();
    let stored = project
        .artifacts()
        .publish_bytes(b"PNG", "png", "image/png", &made)
        .unwrap();
    let facts = NewAsset {
        name: "Fox".to_owned(),
        kind: AssetKind::Image,
        media_type: "image/png".to_owned(),
        mode: ImportMode::Copy,
        path: None,
        digest: stored.digest,
        bytes: stored.bytes,
        duration_secs: None,
        audio: None,
        video: None,
        tags: std::collections::BTreeMap::new(),
        peaks: None,
        derived_from: None,
        operation: None,
        privacy,
    };
    (name, project.assets().insert(facts).unwrap())
}

#[tokio::test]
async fn a_private_picture_keeps_its_whole_conversation_on_this_machine() {
    let (away, here) = (counting(), counting());
    let world = World::new(&[
        Listed::new("away", &away)
            .quality(1.0)
            .price(Some((0.0, 0.01))),
        Listed::new("here", &here).here().quality(0.0).price(None),
    ]);
    world.set("models.policy", json!("best"));
    let chat = start(&world).await;
    let show = async |(project, asset): (String, Asset)| {
        let shown = json!({ "conversation": chat, "text": "What is this?",
            "assets": [{ "project": project, "asset": asset.id }] });
        world.call("chat.send", shown).await.unwrap()["answer"].clone()
    };
    let answer = show(picture(&world, Privacy::MayLeave)).await;
    assert_eq!(answer["answer"]["model"], "away/m");
    let seen = away.requests()[0].body.clone();
    assert!(seen.contains("data:image/png;base64,UE5H"), "{seen}");
    let answer = show(picture(&world, Privacy::LocalOnly)).await;
    assert_eq!(answer["answer"]["model"], "here/m");
    // And what is said later, too: it may tell what was seen.
    assert_eq!(
        send(&world, &chat, "And its colour?").await["answer"]["model"],
        "here/m"
    );
    assert_eq!(away.requests().len(), 1);
    let shown = world
        .call("chat.show", json!({ "conversation": chat }))
        .await
        .unwrap();
    assert_eq!(shown["conversation"]["privacy"], "local_only");
    let missing = json!({ "conversation": chat, "text": "x", "assets": [{ "project": "no", "asset": "no" }] });
    let error = world.call("chat.send", missing).await.unwrap_err();
    assert_eq!(error.field.as_deref(), Some("/assets/0"));
}

#[tokio::test]
async fn weights_of_the_owners_own_reach_every_choice() {
    let (dear, cheap) = (counting(), counting());
    let world = World::new(&[
        Listed::new("dear", &dear)
            .quality(1.0)
            .price(Some((100.0, 100.0))),
        Listed::new("cheap", &cheap)
            .quality(0.1)
            .price(Some((0.01, 0.01))),
    ]);
    let model = async |input: Value| {
        let route = world.call("gateway.route", input).await.unwrap();
        route["model"].as_str().unwrap().to_owned()
    };
    let only = |part: &str| {
        let mut weights = json!({ "quality": 0.0, "price": 0.0, "latency": 0.0, "health": 0.0,
                                  "locality": 0.0, "readiness": 0.0 });
        weights[part] = json!(1.0);
        json!({ "text": "x", "policy": { "custom": weights } })
    };
    assert_eq!(model(only("quality")).await, "dear/m");
    assert_eq!(model(only("price")).await, "cheap/m");
    // As settings, they hold for conversations, too.
    world.set("models.policy", json!("custom"));
    for part in [
        "quality",
        "price",
        "latency",
        "health",
        "locality",
        "readiness",
    ] {
        world.set(
            &format!("models.weight_{part}"),
            json!(if part == "quality" { 5.0 } else { 0.0 }),
        );
    }
    let chat = start(&world).await;
    assert_eq!(
        send(&world, &chat, "One").await["answer"]["model"],
        "dear/m"
    );
}
