//! Money: no limit is passed, however many ask and whatever providers claim.

use serde_json::json;
use studio_core::ErrorCode;
use studio_gateway::Step;
use studio_store::Scope;
use studio_testkit::{FakeProvider, Reply, Wire};

use crate::{Listed, World, hello, pinned};

#[tokio::test]
async fn what_may_pass_the_limit_is_refused_before_a_byte_leaves() {
    let provider = FakeProvider::start(|_, _| Reply::openai(&["Hi"], 10, 1));
    let dear = Listed::new("dear", &provider).price(Some((10_000.0, 10_000.0)));
    let world = World::new(&[dear]);
    let mut ask = hello();
    ask.request.max_tokens = Some(1_000);
    let error = world.ask(ask).await.error.unwrap();
    assert_eq!(error.code, ErrorCode::Refused, "{error}");
    assert!(error.message.contains("today's limit"), "{error}");
    assert!(provider.requests().is_empty(), "something was sent");
    assert_eq!(world.taken().0, 0);
}

#[tokio::test]
async fn a_free_model_never_falls_back_to_one_that_the_budget_does_not_allow() {
    let (free, dear) = (
        FakeProvider::start(|_, _| Reply::json(500, &json!({}))),
        FakeProvider::start(|_, _| Reply::openai(&["Hi"], 10, 1)),
    );
    let world = World::new(&[
        Listed::new("free", &free).here().price(None),
        Listed::new("dear", &dear).price(Some((10_000.0, 10_000.0))),
    ]);
    let mut ask = pinned("free/m");
    ask.request.max_tokens = Some(1_000);
    let told = world.ask(ask.clone()).await;
    assert_eq!(told.picked, ["free/m"]);
    assert!(dear.requests().is_empty() && world.taken().0 == 0);
    // Chosen by hand, the dear one is refused and not replaced.
    ask.wishes.model = Some("dear/m".to_owned());
    let error = world.ask(ask).await.error.unwrap();
    assert_eq!(error.code, ErrorCode::Refused, "{error}");
    assert!(dear.requests().is_empty());
}

#[tokio::test]
async fn an_unknown_price_is_refused_unless_the_owner_allows_it() {
    let provider = FakeProvider::start(|_, _| Reply::openai(&["Hi"], 10, 1));
    let world = World::new(&[Listed::new("new", &provider).price(None)]);
    let error = world.ask(pinned("new/m")).await.error.unwrap();
    assert_eq!(error.code, ErrorCode::Refused, "{error}");
    assert!(error.message.contains("nobody knows its price"), "{error}");
    world.set("budget.allow_unknown_prices", json!(true));
    let answered = world.ask(pinned("new/m")).await.answered.unwrap();
    assert_eq!(answered.cost, None, "unknown is never shown as free");
}

#[tokio::test]
async fn reports_that_cannot_be_true_are_not_believed() {
    for (input, output) in [(9_000_000, 1), (10, 9_000_000), (0, 0)] {
        let provider =
            FakeProvider::start(move |_, _| Reply::openai(&["one two three"], input, output));
        let world = World::new(&[Listed::new("liar", &provider)]);
        let answered = world.ask(hello()).await.answered.unwrap();
        assert!(answered.usage.output_tokens == 3, "{answered:?}");
        assert_eq!(answered.warnings.len(), 1, "{answered:?}");
        assert!(world.taken().0 < 100, "{:?}", world.taken());
    }
}

#[tokio::test]
async fn a_limit_that_comes_near_is_told() {
    let provider = FakeProvider::start(|_, _| Reply::openai(&["Hi"], 10, 100));
    let world = World::new(&[Listed::new("m", &provider).price(Some((1.0, 10_000.0)))]);
    world.set("budget.monthly_limit_usd", json!(1.1));
    let answered = world.ask(hello()).await.answered.unwrap();
    let warned = answered
        .warnings
        .iter()
        .any(|warning| warning.contains("this month's limit"));
    assert!(warned, "{answered:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_at_once_never_pass_the_limit() {
    // Each may cost 1,000 tokens at $100 a million: $0.10. A limit of $1 holds at most ten.
    let provider = FakeProvider::start(|_, _| Reply::openai(&["Hi"], 10, 1_000));
    let world = World::new(&[Listed::new("m", &provider).price(Some((0.0, 100.0)))]);
    world.set("budget.monthly_limit_usd", json!(1.0));
    let asks: Vec<_> = (0..1_000)
        .map(|_| {
            let mut ask = hello();
            ask.request.max_tokens = Some(1_000);
            let mut answering = world.gateway.answer(ask);
            tokio::spawn(async move {
                let mut last = None;
                while let Some(step) = answering.next().await {
                    last = Some(step);
                }
                matches!(last, Some(Ok(_)))
            })
        })
        .collect();
    let mut answered = 0;
    for ask in asks {
        answered += usize::from(ask.await.unwrap());
    }
    assert!(
        answered <= 10,
        "{answered} answers at $0.10 were bought for $1"
    );
    assert!(answered > 0, "nobody was answered");
    assert!(world.taken().0 <= 1_000_000, "{:?}", world.taken());
    assert_eq!(
        provider.requests().len(),
        answered,
        "only what is paid for is sent"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_at_once_pass_no_limit_whatever_their_answers_cost() {
    // At most 1,000 tokens at $100 a million, $0.10; really between a tenth and all of it, with
    // cached and reasoning tokens.
    let provider = FakeProvider::start(|_, number| {
        let written = 100 + number as u64 % 10 * 100;
        let end = json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] });
        let usage = json!({ "prompt_tokens": 20, "completion_tokens": written,
            "prompt_tokens_details": { "cached_tokens": number % 20 },
            "completion_tokens_details": { "reasoning_tokens": written / 2 } });
        let usage = json!({ "choices": [], "usage": usage });
        Wire::OpenAi
            .begun(&["Hi"])
            .bytes(format!("data: {end}\n\ndata: {usage}\n\ndata: [DONE]\n\n"))
    });
    let world = World::new(&[Listed::new("m", &provider).price(Some((1.0, 100.0)))]);
    world.set("budget.monthly_limit_usd", json!(5.0));
    world.set("budget.project_limit_usd", json!(1.0));
    world.set("budget.key_limit_usd", json!(0.5));
    let asks: Vec<_> = (0..1_000)
        .map(|number| {
            let mut ask = hello();
            ask.request.max_tokens = Some(1_000);
            ask.project = (number % 3 == 0).then(|| format!("p{}", number % 2));
            ask.key = (number % 5 == 0).then(|| (format!("k{}", number % 3), None));
            let mut answering = world.gateway.answer(ask);
            tokio::spawn(async move {
                while let Some(step) = answering.next().await {
                    if let Ok(Step::Done(answered)) = step {
                        return answered.cost.map_or(0, |cost| cost.0);
                    }
                }
                0
            })
        })
        .collect();
    let mut paid = 0;
    for ask in asks {
        paid += ask.await.unwrap();
        let month = jiff::Timestamp::now().to_string();
        let taken = world
            .home
            .ledger()
            .taken(Scope::Month, &month[..7])
            .unwrap();
        assert!(taken.0 <= 5_000_000, "{taken} of $5 while they run");
    }
    assert_eq!(
        world.taken().0,
        paid,
        "what the ledger holds is what the answers told"
    );
    let taken = |scope, name: &str| world.home.ledger().taken(scope, name).unwrap().0;
    for name in ["p0", "p1"] {
        let taken = taken(Scope::Project, name);
        assert!((1..=1_000_000).contains(&taken), "{name}: {taken}");
    }
    for name in ["k0", "k1", "k2"] {
        let taken = taken(Scope::Key, name);
        assert!((1..=500_000).contains(&taken), "{name}: {taken}");
    }
    // The report tells each limit as it stands.
    let cost = world.call("gateway.cost", json!({})).await.unwrap();
    let budgets = cost["budgets"].as_array().unwrap();
    let scopes: Vec<&str> = budgets
        .iter()
        .map(|it| it["scope"].as_str().unwrap())
        .collect();
    for (scope, count) in [("day", 1), ("month", 1), ("project", 2), ("key", 3)] {
        assert_eq!(
            scopes.iter().filter(|it| **it == scope).count(),
            count,
            "{scopes:?}"
        );
    }
    let by_key = cost["by_key"].as_array().unwrap();
    assert_eq!(by_key.len(), 4, "three keys, and the owner: {by_key:?}");
}
