//! Where gateways are known to fail their users, and this one must not: a test for each way.
//!
//! Downloads that stall are tested in `studio-hub`, memory of models that run here in
//! `studio-models`; that a voice hears itself belongs to the voice.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::{Value, json};
use studio_core::ErrorCode;
use studio_llm::chat::Message;
use studio_store::Home;
use studio_testkit::{Asked, FakeProvider, Reply, Wire};

use crate::{Listed, World, hello, pinned};

/// A provider that answers `reply`; an Ollama has the model `m`.
fn provider(wire: Wire, reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> FakeProvider {
    FakeProvider::start(move |asked: &Asked, number| match asked.path.as_str() {
        "/api/tags" => Reply::json(200, &json!({ "models": [{ "name": "m" }] })),
        "/api/show" => Reply::json(200, &json!({ "capabilities": ["completion", "tools"] })),
        _ => {
            assert_ne!(wire.name(), "", "every wire has a name");
            reply(number)
        }
    })
}

/// What stood in the ledger when each request came in: entries, and what they set aside.
#[derive(Clone, Default)]
struct Witness {
    home: Arc<OnceLock<Arc<Home>>>,
    seen: Arc<parking_lot::Mutex<Vec<i64>>>,
}

impl Witness {
    fn look(&self) {
        let Some(home) = self.home.get() else { return };
        let entries = home.ledger().entries("2000-01-01").unwrap();
        let open = entries.iter().filter(|entry| entry.spent.is_none());
        let aside = open.map(|entry| entry.reserved.0).sum();
        self.seen.lock().push(aside);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_budget_is_taken_in_the_moment_it_is_checked() {
    // Both are checked while neither has spent anything: each alone fits, together they do not.
    let slow = provider(Wire::OpenAi, |_| {
        Reply::new(200, "text/event-stream")
            .wait(Duration::from_millis(200))
            .bytes(Wire::OpenAi.said("Hi"))
            .bytes(Wire::OpenAi.end(10, 1))
    });
    let world = World::new(&[Listed::new("m", &slow).price(Some((0.0, 100.0)))]);
    world.set("budget.monthly_limit_usd", json!(0.15));
    let ask = || {
        let mut ask = hello();
        ask.request.max_tokens = Some(1_000);
        world.ask(ask)
    };
    let (a, b) = tokio::join!(ask(), ask());
    let answered = [&a, &b]
        .iter()
        .filter(|told| told.answered.is_some())
        .count();
    assert_eq!(answered, 1, "{a:?} {b:?}");
    assert_eq!(slow.requests().len(), 1, "the other was not sent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_requests_of_all_are_priced_and_paid_before_they_leave() {
    let witness = Witness::default();
    let seen = witness.clone();
    let fresh = provider(Wire::OpenAi, move |_| {
        seen.look();
        Reply::openai(&["Hi"], 10, 4)
    });
    let world = World::new(&[Listed::new("m", &fresh)]);
    witness.home.set(world.home.clone()).ok();
    let asks: Vec<_> = (0..40).map(|_| world.ask(hello())).collect();
    for told in futures_util::future::join_all(asks).await {
        let cost = told.answered.unwrap().cost.unwrap();
        assert_eq!(cost.0, 18, "10 in at $1 and 4 out at $2 a million");
    }
    assert_eq!(world.taken().0, 40 * 18);
    let seen = witness.seen.lock();
    assert_eq!(seen.len(), 40);
    assert!(
        seen.iter().all(|aside| *aside > 200),
        "100 tokens at $2: {seen:?}"
    );
}

#[tokio::test]
async fn a_free_model_that_fails_is_followed_by_a_paid_one_only_with_its_money_set_aside() {
    let witness = Witness::default();
    let seen = witness.clone();
    let free = provider(Wire::OpenAi, move |_| {
        seen.look();
        Reply::json(401, &json!({ "error": { "message": "no" } }))
    });
    let paid = provider(Wire::OpenAi, |_| Reply::openai(&["Hi"], 10, 4));
    let listed = || {
        [
            Listed::new("free", &free).here().price(None),
            Listed::new("paid", &paid),
        ]
    };
    let world = World::new(&listed());
    witness.home.set(world.home.clone()).ok();
    let told = world.ask(pinned("free/m")).await;
    assert_eq!(told.picked, ["free/m", "paid/m"]);
    assert_eq!(world.taken().0, 18);
    assert!(
        witness.seen.lock()[0] > 200,
        "the paid one's money was set aside before the free one was asked"
    );
    // Without money for the paid one, it is no fallback.
    let world = World::new(&listed());
    world.set("budget.monthly_limit_usd", json!(0.000_1));
    let told = world.ask(pinned("free/m")).await;
    assert_eq!(told.picked, ["free/m"]);
    assert_eq!(paid.requests().len(), 1);
}

#[tokio::test]
async fn cached_tokens_cost_what_the_list_says_and_are_not_counted_twice() {
    let openai = json!({ "prompt_tokens": 100, "completion_tokens": 20,
        "prompt_tokens_details": { "cached_tokens": 60 },
        "completion_tokens_details": { "reasoning_tokens": 5 } });
    let end = json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] });
    let anthropic =
        json!({ "input_tokens": 40, "cache_read_input_tokens": 60, "output_tokens": 20 });
    let gemini = json!({ "promptTokenCount": 100, "cachedContentTokenCount": 60,
        "candidatesTokenCount": 15, "thoughtsTokenCount": 5 });
    let frames = |frames: &[Value]| -> String {
        frames
            .iter()
            .map(|frame| format!("data: {frame}\n\n"))
            .collect()
    };
    for (wire, end) in [
        (
            Wire::OpenAi,
            frames(&[end, json!({ "choices": [], "usage": openai })]) + "data: [DONE]\n\n",
        ),
        (
            Wire::Responses,
            frames(&[
                json!({ "type": "response.completed", "response": { "usage": {
                "input_tokens": 100, "input_tokens_details": { "cached_tokens": 60 },
                "output_tokens": 20, "output_tokens_details": { "reasoning_tokens": 5 } } } }),
            ]),
        ),
        (
            Wire::Anthropic,
            frames(&[
                json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" }, "usage": anthropic }),
                json!({ "type": "message_stop" }),
            ]),
        ),
        (
            Wire::Gemini,
            frames(&[
                json!({ "candidates": [{ "finishReason": "STOP" }], "usageMetadata": gemini }),
            ]),
        ),
    ] {
        let reply = wire.begun(&["All is well."]).bytes(end);
        let cached = provider(wire, move |_| reply.clone());
        let world = World::new(&[Listed::new("m", &cached).wire(wire)]);
        let answered = world.ask(hello()).await.answered.unwrap();
        assert_eq!(answered.usage.cached_tokens, 60, "{wire:?}");
        // 40 at $1, 60 at $0.10 and 20 at $2 a million; thoughts are part of the 20.
        assert_eq!(answered.cost.unwrap().0, 40 + 6 + 40, "{wire:?}");
        assert_eq!(world.taken().0, 86, "{wire:?}");
    }
}

#[tokio::test]
async fn a_break_in_the_middle_repeats_no_word_whoever_goes_on() {
    const STORY: &str = "Once upon a time a fox carried a lantern through the snow to a house";
    for first in Wire::ALL {
        for second in Wire::ALL {
            let broken = first.begun(&[
                "Once upon a time a fox carried a lantern ",
                "through the snow to a house",
            ]);
            let broken = provider(first, move |_| broken.clone().cut());
            // It starts over, as models do.
            let again = second.whole(&[STORY, " on the hill."], 30, 20);
            let again = provider(second, move |_| again.clone());
            let world = World::new(&[
                Listed::new("broken", &broken).wire(first),
                Listed::new("second", &again).wire(second),
            ]);
            world.gateway.discover().await;
            let told = world.ask(pinned("broken/m")).await;
            assert_eq!(
                told.text,
                format!("{STORY} on the hill."),
                "{first:?} then {second:?}: {told:?}"
            );
            let entries = world.entries();
            assert_eq!(
                entries.len(),
                2,
                "the broken words are paid for by themselves"
            );
            assert!(entries.iter().all(|entry| entry.spent.is_some()));
        }
    }
}

#[tokio::test]
async fn a_call_that_was_cut_is_never_run_and_the_next_one_is_run_once() {
    for wire in Wire::ALL {
        for in_order in [true, false] {
            let half = wire.begun(&[]).bytes(wire.half_call("delete_everything"));
            let half = if in_order { half } else { half.cut() };
            let cut = provider(wire, move |_| half.clone());
            let whole = wire
                .begun(&[])
                .bytes(wire.call("look"))
                .bytes(wire.end(30, 20));
            let whole = provider(wire, move |_| whole.clone());
            let world = World::new(&[
                Listed::new("cut", &cut).wire(wire),
                Listed::new("whole", &whole).wire(wire),
            ]);
            world.gateway.discover().await;
            let told = world.ask(pinned("cut/m")).await;
            assert_eq!(told.called, ["look"], "{wire:?}: {told:?}");
        }
    }
}

#[tokio::test]
async fn a_typo_in_the_owners_prices_blocks_nothing_that_was_known() {
    let answers = provider(Wire::OpenAi, |_| Reply::openai(&["Hi"], 10, 4));
    let world = World::new(&[Listed::new("m", &answers)]);
    let path = world.file("pricing.yaml");
    let good = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, good.replace("input: 1", "input: one dollar")).unwrap();
    // The lists are looked at once a second.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let answered = world.ask(hello()).await.answered.unwrap();
    assert_eq!(answered.cost.unwrap().0, 18, "the last good list holds");
    let models = world
        .call("gateway.models", json!({ "discover": false }))
        .await
        .unwrap();
    let problem = models["problem"].as_str().unwrap();
    assert!(problem.contains("pricing.yaml:2"), "{problem}");
    // Nor does a look at what else there is.
    world.gateway.discover().await;
    assert!(world.ask(hello()).await.answered.is_some());
    // Started with the typo in place: what the studio itself knows holds all the same, and so do the
    // owner's models.
    let world = world.reopen();
    let models = world
        .call("gateway.models", json!({ "discover": false }))
        .await
        .unwrap();
    let priced = models["models"].as_array().unwrap().iter();
    assert!(
        priced
            .into_iter()
            .any(|model| model["id"] == "openai/gpt-5" && model["price"].is_object()),
        "our own prices are gone"
    );
    assert!(
        models["problem"]
            .as_str()
            .unwrap()
            .contains("pricing.yaml:2")
    );
    let error = world.ask(pinned("m/m")).await.error.unwrap();
    assert!(error.message.contains("nobody knows its price"), "{error}");
}

#[tokio::test]
async fn a_conversation_that_does_not_fit_is_refused_and_never_cut() {
    let small = provider(Wire::OpenAi, |_| Reply::openai(&["Hi"], 3_100, 4));
    let world = World::new(&[Listed::new("m", &small)]);
    let long = |words: usize| {
        let mut ask = hello();
        ask.request.messages = vec![Message::user("word ".repeat(words))];
        ask
    };
    let error = world.ask(long(9_000)).await.error.unwrap();
    assert_eq!(error.code, ErrorCode::Unsupported, "{error}");
    assert!(small.requests().is_empty());
    let route = json!({ "text": "word ".repeat(9_000) });
    let route = world.call("gateway.route", route).await.unwrap();
    let said = route["reasons"].to_string();
    assert!(said.contains("its context has 8000"), "{said}");
    // A provider that cuts by itself is told on.
    let answered = world.ask(long(7_000)).await.answered.unwrap();
    let told = answered
        .warnings
        .iter()
        .any(|it| it.contains("may have cut"));
    assert!(told, "3,100 of 7,000 tokens were read: {answered:?}");
}

#[tokio::test]
async fn a_short_question_does_not_unload_what_a_long_conversation_loaded() {
    let ollama = provider(Wire::Ollama, |_| Wire::Ollama.whole(&["Hi"], 10, 1));
    let world = World::new(&[Listed::new("m", &ollama).wire(Wire::Ollama).here()]);
    world.gateway.discover().await;
    let mut long = hello();
    long.request.messages = vec![Message::user("word ".repeat(3_000))];
    world.ask(long).await.answered.unwrap();
    world.ask(hello()).await.answered.unwrap();
    let contexts: Vec<Value> = ollama
        .requests()
        .iter()
        .filter(|asked| asked.path == "/api/chat")
        .map(|asked| asked.json()["options"]["num_ctx"].clone())
        .collect();
    assert_eq!(
        contexts,
        [json!(8_000), json!(8_000)],
        "all that the model has"
    );
}
