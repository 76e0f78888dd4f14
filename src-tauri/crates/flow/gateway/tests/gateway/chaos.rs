//! Providers that misbehave in every way that was thought of. The next model answers, what was said
//! before is kept and paid for, and the ledger holds no money back.

use std::time::Duration;

use serde_json::json;
use studio_testkit::{Asked, FakeProvider, Reply, Wire};

use crate::{Listed, World, pinned};

fn provider(reply: Reply) -> FakeProvider {
    FakeProvider::start(move |asked: &Asked, _| match asked.path.as_str() {
        "/api/tags" => Reply::json(200, &json!({ "models": [{ "name": "m" }] })),
        "/api/show" => Reply::json(200, &json!({ "capabilities": ["completion", "tools"] })),
        _ => reply.clone(),
    })
}

/// `bad` is asked first; then a good one is.
async fn check(what: &str, wire: Wire, bad: Reply) {
    let (bad, good) = (
        provider(bad),
        provider(wire.whole(&["All is well."], 10, 4)),
    );
    let world = World::new(&[
        Listed::new("bad", &bad).wire(wire),
        Listed::new("good", &good).wire(wire),
    ]);
    world.set("models.first_token_secs", json!(1));
    world.set("models.idle_secs", json!(1));
    world.gateway.discover().await;
    let told = world.ask(pinned("bad/m")).await;
    let answered = told.answered.as_ref();
    let answered = answered.unwrap_or_else(|| panic!("{what}, {wire:?}: {told:?}"));
    assert_eq!(answered.model, "good/m", "{what}, {wire:?}: {told:?}");
    assert!(
        told.text.ends_with("All is well."),
        "{what}, {wire:?}: {:?}",
        told.text
    );
    assert_eq!(
        told.text.matches("All is well.").count(),
        1,
        "{what}, {wire:?}"
    );
    assert!(
        told.text.len() < 200_000,
        "{what}, {wire:?}: {} bytes",
        told.text.len()
    );
    let entries = world.entries();
    let spent: i64 = entries.iter().map(|entry| entry.spent.unwrap().0).sum();
    assert_eq!(world.taken().0, spent, "{what}, {wire:?}: all is settled");
    if told.text == "All is well." {
        assert_eq!(
            spent, 18,
            "{what}, {wire:?}: only the good answer is paid for"
        );
    } else {
        assert!(
            spent > 18,
            "{what}, {wire:?}: the broken words are paid for"
        );
    }
}

#[tokio::test]
async fn what_is_no_answer_is_followed_by_one() {
    for wire in Wire::ALL {
        let page = "<html><title>Sign in</title></html>";
        check("a page", wire, Reply::new(200, "text/html").bytes(page)).await;
        check(
            "another key",
            wire,
            Reply::json(401, &json!({ "error": { "message": "no" } })),
        )
        .await;
        let storm = Reply::json(429, &json!({ "error": { "message": "slow down" } }));
        check("a storm", wire, storm.header("retry-after", "3600")).await;
        check(
            "too long",
            wire,
            Reply::json(413, &json!({ "error": { "message": "too long" } })),
        )
        .await;
    }
}

#[tokio::test]
async fn a_provider_that_fails_again_and_again_is_given_up() {
    for bad in [
        Reply::new(500, "text/plain").bytes("panic"),
        Reply::new(502, "text/html").bytes("<html>Bad gateway</html>"),
        Reply::new(200, "text/event-stream"),
        Reply::new(200, "text/event-stream").cut(),
        Reply::new(200, "text/event-stream").bytes("data: {\"half\": \n\n"),
    ] {
        check("a failing server", Wire::OpenAi, bad).await;
    }
}

#[tokio::test]
async fn silence_is_not_waited_for_for_ever() {
    let long = Duration::from_secs(60);
    check(
        "silence in the middle",
        Wire::OpenAi,
        Wire::OpenAi.begun(&["Well, "]).wait(long),
    )
    .await;
    check(
        "silence in the middle",
        Wire::Ollama,
        Wire::Ollama.begun(&["Well, "]).wait(long),
    )
    .await;
}

#[tokio::test]
async fn a_broken_stream_is_gone_on_with() {
    for wire in Wire::ALL {
        let begun = || wire.begun(&["The lamp burns. "]);
        check("cut", wire, begun().cut()).await;
        check("closed without an end", wire, begun()).await;
        check("no JSON", wire, begun().bytes("data: {\"a\":\n\n{\n")).await;
        let error =
            json!({ "type": "error", "error": { "type": "overloaded_error", "message": "busy" } });
        check(
            "an error in the middle",
            wire,
            begun().bytes(format!("data: {error}\n\n{error}\n")),
        )
        .await;
    }
}

#[tokio::test]
async fn what_does_not_end_is_ended() {
    for wire in Wire::ALL {
        // 100 tokens were asked for.
        let words = wire.said(&"blah ".repeat(1_000)).repeat(100);
        check("an endless answer", wire, wire.begun(&[]).bytes(words)).await;
        let mut frame = wire.begun(&["The lamp burns. "]).bytes("data: \"");
        for _ in 0..9 {
            frame = frame.bytes("x".repeat(1 << 20));
        }
        check("an endless frame", wire, frame).await;
    }
}

#[tokio::test]
async fn how_an_answer_is_cut_into_pieces_changes_nothing() {
    for wire in Wire::ALL {
        let said = "Ein Fuchs 🦊 läuft über die Brücke.";
        let whole = wire.said(said) + &wire.end(10, 4);
        let twice = whole.clone() + &wire.end(10, 4);
        for reply in [
            wire.begun(&[]).byte_by_byte(whole.as_bytes()),
            wire.begun(&[]).bytes(twice),
        ] {
            let provider = provider(reply);
            let world = World::new(&[Listed::new("m", &provider).wire(wire)]);
            world.gateway.discover().await;
            let told = world.ask(pinned("m/m")).await;
            assert_eq!(told.text, said, "{wire:?}: {told:?}");
            assert_eq!(
                world.taken().0,
                18,
                "{wire:?}: an end that comes twice is paid for once"
            );
        }
    }
}
