//! Fallbacks: who is asked after whom, and what is never done.

use std::time::Duration;

use serde_json::json;
use studio_gateway::{Ask, Wishes};
use studio_llm::route::{Policy, Privacy};
use studio_testkit::{FakeProvider, Reply};

use crate::{Listed, World, hello, pinned};

fn good() -> FakeProvider {
    FakeProvider::start(|_, _| Reply::openai(&["All ", "is ", "well."], 10, 4))
}

fn refusing(status: u16) -> FakeProvider {
    FakeProvider::start(move |_, _| Reply::json(status, &json!({ "error": { "message": "no" } })))
}

#[tokio::test]
async fn the_best_answers_and_the_next_takes_over_when_it_fails() {
    let (bad, good) = (refusing(401), good());
    let world = World::new(&[
        Listed::new("bad", &bad).quality(1.0),
        Listed::new("good", &good),
    ]);
    let ask = Ask {
        wishes: Wishes {
            policy: Some(Policy::Best),
            ..Wishes::default()
        },
        ..hello()
    };
    let told = world.ask(ask).await;
    assert_eq!(told.picked, ["bad/m", "good/m"]);
    assert_eq!(told.failed, ["auth"]);
    assert_eq!(told.text, "All is well.");
    let answered = told.answered.unwrap();
    assert_eq!(answered.model, "good/m");
    assert_eq!(
        answered.cost.unwrap().0,
        18,
        "10 in at $1 and 4 out at $2 a million"
    );
    assert_eq!(world.taken().0, 18);
    world.gateway.flush();
    let record = world
        .home
        .decisions()
        .get(&answered.decision)
        .unwrap()
        .unwrap();
    assert_eq!(record.outcome.unwrap().attempts.len(), 2);
}

#[tokio::test]
async fn a_moment_of_weakness_is_asked_again_and_a_lasting_one_rests() {
    let shaky = FakeProvider::start(|_, number| match number {
        0 => {
            Reply::json(503, &json!({ "error": { "message": "busy" } })).header("retry-after", "0")
        }
        _ => Reply::openai(&["Here."], 10, 1),
    });
    let world = World::new(&[Listed::new("shaky", &shaky)]);
    let told = world.ask(pinned("shaky/m")).await;
    assert_eq!(told.text, "Here.");
    assert_eq!((told.picked.len(), shaky.requests().len()), (1, 2));

    let dead = refusing(402);
    let world = World::new(&[Listed::new("dead", &dead)]);
    assert_eq!(
        world.ask(hello()).await.error.unwrap().code,
        studio_core::ErrorCode::Refused
    );
    assert_eq!(
        dead.requests().len(),
        1,
        "an empty account is not asked again"
    );
    let resting = world.ask(hello()).await.error.unwrap();
    assert_eq!(dead.requests().len(), 1, "nor soon after");
    assert!(resting.message.contains("no model can answer"), "{resting}");
}

#[tokio::test]
async fn after_a_break_in_the_middle_nothing_is_said_twice() {
    let story = "Once upon a time a fox carried a lantern through the snow to a house";
    let broken = FakeProvider::start(move |_, _| Reply::openai_begun(&[story]).cut());
    let whole = format!("{story} on the hill.");
    let restarting = FakeProvider::start(move |_, _| Reply::openai(&[&whole], 20, 20));
    let world = World::new(&[
        Listed::new("broken", &broken),
        Listed::new("second", &restarting),
    ]);
    let told = world.ask(pinned("broken/m")).await;
    assert_eq!(told.text, format!("{story} on the hill."));
    assert_eq!(told.picked, ["broken/m", "second/m"]);
    let asked = restarting.requests()[0].json();
    let messages = asked["messages"].as_array().unwrap();
    assert_eq!(
        messages[messages.len() - 2]["content"],
        story,
        "the next one is told what was said"
    );
    assert!(
        world.taken().0 > 60,
        "the broken words are paid for, too: {:?}",
        world.taken()
    );
}

#[tokio::test]
async fn a_tool_is_never_called_twice() {
    let call = json!({ "choices": [{ "delta": { "tool_calls": [
        { "index": 0, "id": "c", "function": { "name": "pay", "arguments": "{}" } }] } }] });
    let end = json!({ "choices": [{ "delta": {}, "finish_reason": "tool_calls" }] });
    let wire = format!("data: {call}\n\ndata: {end}\n\n");
    let cut = wire.clone();
    // Cut before its end, the call was never passed on: the next may make it.
    let half = FakeProvider::start(move |_, _| {
        Reply::new(200, "text/event-stream")
            .bytes(cut.clone())
            .cut()
    });
    let full = FakeProvider::start(move |_, _| {
        Reply::new(200, "text/event-stream").bytes(format!("{wire}data: [DONE]\n\n"))
    });
    let world = World::new(&[Listed::new("half", &half), Listed::new("full", &full)]);
    let told = world.ask(pinned("half/m")).await;
    assert_eq!(told.called, ["pay"], "{told:?}");
    assert_eq!(told.picked, ["half/m", "full/m"]);
}

#[tokio::test]
async fn no_fallback_leaves_the_machine() {
    let (here, away) = (refusing(500), good());
    let world = World::new(&[
        Listed::new("here", &here).here(),
        Listed::new("away", &away).quality(1.0),
    ]);
    let mut ask = hello();
    ask.wishes.privacy = Privacy::LocalOnly;
    let told = world.ask(ask).await;
    assert_eq!(told.picked, ["here/m"]);
    assert!(told.error.is_some());
    assert!(away.requests().is_empty(), "the words left the machine");
    let mut chosen = pinned("away/m");
    chosen.wishes.privacy = Privacy::LocalOnly;
    let told = world.ask(chosen).await;
    assert!(away.requests().is_empty() && told.answered.is_none());
}

#[tokio::test]
async fn a_wrong_request_goes_to_nobody_else() {
    let (picky, other) = (refusing(400), good());
    let world = World::new(&[Listed::new("picky", &picky), Listed::new("other", &other)]);
    let told = world.ask(pinned("picky/m")).await;
    assert_eq!(told.error.unwrap().code, studio_core::ErrorCode::BadInput);
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn a_storm_of_failures_ends_with_a_clear_word_and_no_debt() {
    let stalls = FakeProvider::start(|_, _| Reply::new(200, "text/event-stream").cut());
    let html = FakeProvider::start(|_, _| Reply::new(200, "text/html").bytes("<html>"));
    let storm = refusing(429);
    let world = World::new(&[
        Listed::new("stalls", &stalls),
        Listed::new("html", &html),
        Listed::new("storm", &storm),
    ]);
    let error = world.ask(hello()).await.error.unwrap();
    assert_eq!(error.code, studio_core::ErrorCode::Network);
    for name in ["stalls/m", "html/m", "storm/m"] {
        assert!(error.message.contains(name), "{error}");
    }
    assert_eq!(world.taken().0, 0, "nobody said a word");
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_stops_the_model_and_pays_for_what_was_said() {
    let endless = FakeProvider::start(|_, _| {
        Reply::openai_begun(&["one two three four five"]).wait(Duration::from_secs(60))
    });
    let world = World::new(&[Listed::new("endless", &endless)]);
    let mut answering = world.gateway.answer(hello());
    while let Some(Ok(step)) = answering.next().await {
        if matches!(step, studio_gateway::Step::Event(_)) {
            break;
        }
    }
    drop(answering);
    endless.wait_until_left();
    let entries = world.entries();
    let spent = entries[0].spent.unwrap();
    assert!(spent.0 > 10, "{entries:?}");
    let decisions = world.home.decisions().list(10).unwrap();
    let outcome = decisions[0].outcome.clone().unwrap();
    assert_eq!(
        outcome.cost,
        Some(spent),
        "who stops it is told what it cost"
    );
}
