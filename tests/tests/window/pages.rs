//! The pages that need no project: ambient, settings, commands, help.

use studio_tests::{App, Window};

#[tokio::test(flavor = "multi_thread")]
async fn the_ambient_page_plays_and_stops() {
    let app = App::with_sound();
    let window = Window::open(&app, 1440, 900, &[]).await;
    window
        .click("[aria-label='Pages'] a[href*='ambient']")
        .await;
    window.press("Play").await;
    window.find("[data-testid='chord']").await;
    app.sound().until_level(|level| level > 0.005).await;
    window.gallery("ambient-playing").await;
    window.press("Stop").await;
    app.sound().until_level(|level| level == 0.0).await;
    window.gallery("ambient-silent").await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_and_commands_are_reached_by_keyboard() {
    let app = App::new();
    let window = Window::open(&app, 1440, 900, &[]).await;
    window.wait_for_text("Make a film from one sentence").await;
    window.type_keys("body", "\u{E009}k\u{E000}").await;
    window
        .fill("[aria-label='Find a command']", "settings")
        .await;
    window.screenshot("palette").await;
    window
        .type_keys("[aria-label='Find a command']", "\u{E007}")
        .await;
    window.wait_for_text("Jobs at a time").await;
    window.gallery("settings").await;
    window.close().await;
}
