//! Asking a second model when the first is slower than it usually is.

use std::time::Duration;

use serde_json::json;
use studio_gateway::{Ask, Wishes};
use studio_llm::route::Policy;
use studio_testkit::{FakeProvider, Reply, Wire};

use crate::{Listed, World, hello};

fn best() -> Ask {
    Ask {
        wishes: Wishes {
            policy: Some(Policy::Best),
            ..Wishes::default()
        },
        ..hello()
    }
}

/// Quick six times, so that its speed is known, and then silent for `then`.
fn tired(then: Duration) -> FakeProvider {
    FakeProvider::start(move |_, number| {
        let reply = Reply::new(200, "text/event-stream");
        let reply = if number < 6 { reply } else { reply.wait(then) };
        reply
            .bytes(Wire::OpenAi.said("Late."))
            .bytes(Wire::OpenAi.end(10, 4))
    })
}

async fn warmed<'a>(tired: &'a FakeProvider, second: &'a FakeProvider) -> World {
    let world = World::new(&[
        Listed::new("tired", tired).quality(1.0),
        Listed::new("second", second).quality(0.1),
    ]);
    for _ in 0..6 {
        assert_eq!(world.ask(best()).await.text, "Late.");
    }
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn who_speaks_first_is_heard_and_the_other_is_stopped() {
    let tired = tired(Duration::from_secs(60));
    let second = FakeProvider::start(|_, _| Reply::openai(&["Here."], 10, 4));
    let world = warmed(&tired, &second).await;
    let before = world.taken().0;
    world.set("models.hedge", json!(true));
    let told = world.ask(best()).await;
    assert_eq!(told.text, "Here.", "{told:?}");
    assert_eq!(told.picked, ["tired/m", "second/m"]);
    tired.wait_until_left();
    let entries = world.entries();
    let last = entries.last().unwrap();
    let alone = entries[0].reserved.0;
    assert_eq!(last.reserved.0, 2 * alone, "both are set aside");
    let cost = told.answered.unwrap().cost.unwrap();
    assert_eq!(last.spent, Some(cost));
    assert!(
        cost.0 > 18,
        "what the slower one read is paid for, too: {cost}"
    );
    assert_eq!(world.taken().0, before + cost.0, "the rest is free again");
    let decisions = world.home.decisions().list(1).unwrap();
    let outcome = decisions[0].outcome.clone().unwrap();
    assert_eq!(outcome.attempts[0].failure.as_deref(), Some("outrun"));
}

#[tokio::test]
async fn nobody_else_is_asked_unless_the_owner_wants_it() {
    let tired = tired(Duration::from_millis(300));
    let second = FakeProvider::start(|_, _| Reply::openai(&["Here."], 10, 4));
    let world = warmed(&tired, &second).await;
    assert_eq!(world.ask(best()).await.text, "Late.");
    assert!(second.requests().is_empty());
    // Nor instead of one that was chosen by hand.
    world.set("models.hedge", json!(true));
    let told = world.ask(crate::pinned("tired/m")).await;
    assert_eq!(told.text, "Late.");
    assert!(second.requests().is_empty());
}

#[tokio::test]
async fn the_one_that_fails_leaves_the_other_in_the_race() {
    let tired = tired(Duration::from_millis(300));
    let broken = FakeProvider::start(|_, _| Reply::json(401, &json!({ "error": "no" })));
    let world = warmed(&tired, &broken).await;
    world.set("models.hedge", json!(true));
    let told = world.ask(best()).await;
    assert_eq!(told.text, "Late.", "{told:?}");
    assert_eq!(broken.requests().len(), 1);
    let last = world.entries().pop().unwrap();
    assert_eq!(last.spent.unwrap().0, 18, "a refusal costs nothing");
}
