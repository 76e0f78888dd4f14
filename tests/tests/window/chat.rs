//! Conversations and models in the real window, with a provider that speaks the real wire format.

use std::time::Duration;

use serde_json::json;
use studio_testkit::{FakeProvider, Reply};
use studio_tests::{App, Window};

const ANSWER: [&str; 5] = [
    "Foxes eat **mice**, berries and eggs:\n\n",
    "1. In winter, mice under the snow.\n2. In autumn, `berries`.\n\n",
    "```rust\nfn fox() -> &'static str {\n    \"yip\"\n}\n```\n\n",
    "| season | food |\n|---|---|\n| winter | mice |\n| autumn | berries |\n\n",
    "<script>alert(1)</script> stays text.",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_led_branched_and_paid_for() {
    let provider = FakeProvider::start(|asked, _| {
        if asked.body.contains("a long story") {
            return Reply::openai_begun(&["Once upon a time "]).wait(Duration::from_secs(120));
        }
        if asked.method == "GET" {
            return Reply::json(200, &json!({ "data": [{ "id": "m" }] }));
        }
        Reply::openai(&ANSWER, 120, 80)
    });
    let app = App::new();
    let window = Window::open(&app, 1440, 900, &[]).await;
    window.click("[aria-label='Pages'] a[href*='chat']").await;
    window.wait_for_text("No model can answer yet").await;
    window.gallery("chat-without-models").await;

    let registry = format!(
        "providers:\n  - {{ id: fake, name: Fake Cloud, protocol: openai, base_url: \"{}\" }}\nmodels:\n  \
         - {{ id: fake/m, name: Fake Large, model: m, context_tokens: 128000, output_tokens: 4000, \
         capabilities: [tools, json, vision], quality: {{ chat: 0.9 }} }}\n",
        provider.url()
    );
    std::fs::write(app.home().join("models.yaml"), registry).expect("a registry");
    let pricing = "prices:\n  - { model: fake/m, as_of: 2026-01-01, source: test, input: 100, output: 200 }\n";
    std::fs::write(app.home().join("pricing.yaml"), pricing).expect("a price list");
    let limit = json!({ "key": "budget.daily_limit_usd", "value": 5.0 });
    window.call("settings.set", limit).await.expect("a limit");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    window.click("[aria-label='Pages'] a[href*='models']").await;
    window.wait_for_text("Fake Large").await;
    window.gallery("models").await;
    window.click("label:has(input[value='providers'])").await;
    window.wait_for_text("Fake Cloud").await;
    window.click("[aria-label='Test Fake Cloud']").await;
    window.wait_for_text("with 1 model").await;
    window.gallery("models-providers").await;

    window.click("[aria-label='Pages'] a[href*='chat']").await;
    window
        .fill("[aria-label='Message']", "What do foxes eat?")
        .await;
    window.wait_for_text("Fake Large would answer").await;
    window.gallery("chat-before").await;
    window.press("Send").await;
    window.wait_for_text("stays text").await;
    window.wait_for_text("$0.03").await;
    window.gallery("chat-answered").await;

    window.click("[aria-label='Answer again']").await;
    window.wait_for_text("2 of 2").await;
    window.click("[aria-label='Previous version']").await;
    window.wait_for_text("1 of 2").await;

    window
        .fill("[aria-label='Message']", "Tell me a long story")
        .await;
    window.press("Send").await;
    window.wait_for_text("Once upon a time").await;
    window.gallery("chat-busy").await;
    window.click("[aria-label='Stop']").await;
    window.wait_for_text("stopped").await;

    window.click("[aria-label='Pages'] a[href*='models']").await;
    window.click("label:has(input[value='costs'])").await;
    window.wait_for_text("By model").await;
    window.gallery("models-costs").await;
    window.click("label:has(input[value='router'])").await;
    window.wait_for_text("would answer").await;
    window.press("Replay").await;
    window.wait_for_text("instead of").await;
    window.gallery("models-router").await;
    window.click("[aria-label='Decisions'] button").await;
    window.wait_for_text("Tokens written").await;
    window.gallery("models-decision").await;
    window.close().await;
}
