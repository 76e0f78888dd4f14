//! The studio's page in a browser, over HTTP and WebSockets.

use std::time::Duration;

use serde_json::{Value, json};
use studio_tests::{App, Browser, Engine, Server};

#[tokio::test(flavor = "multi_thread")]
async fn chromium_plays_the_score_and_says_when_the_studio_is_gone() {
    plays_and_says_when_the_studio_is_gone(Engine::Chromium, "chromium").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webkit_plays_the_score_and_says_when_the_studio_is_gone() {
    plays_and_says_when_the_studio_is_gone(Engine::WebKit, "webkit").await;
}

async fn plays_and_says_when_the_studio_is_gone(engine: Engine, name: &str) {
    let app = App::with_sound();
    let server = Server::start(&app);
    let page = Browser::open(engine, &app, &server, 1440, 900).await;
    page.click("[aria-label='Pages'] a[href*='ambient']").await;
    page.wait_for_text("In this browser").await;
    page.screenshot(&format!("{name}-ambient-silent")).await;
    page.press("Play").await;
    page.wait_for_text("Playing here").await;
    app.sound().until_level(|level| level > 0.002).await;
    page.find("[data-testid='chord']").await;
    page.find("canvas[aria-label='The notes that come, as a piano roll']")
        .await;
    page.screenshot(&format!("{name}-ambient-playing")).await;
    let heard: Value = serde_json::from_str(&server.get("/api/status").await).expect("JSON");
    assert_eq!(heard["listeners"], 1);

    page.press("Stop").await;
    app.sound().until_level(|level| level == 0.0).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let left: Value = serde_json::from_str(&server.get("/api/status").await).expect("JSON");
    assert_eq!(left["listeners"], json!(0));

    page.press("Play").await;
    page.wait_for_text("Playing here").await;
    drop(server);
    page.wait_for_text("Connecting again").await;
    page.screenshot(&format!("{name}-ambient-lost")).await;
    page.close().await;
}
