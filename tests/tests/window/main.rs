//! The built app in its real window, driven as a person drives it.

// Helpers of tests fail the test.
#![allow(clippy::expect_used, clippy::panic)]
#![cfg(target_os = "linux")]

use serde_json::json;
use studio_tests::{App, Window, tone};

#[tokio::test(flavor = "multi_thread")]
async fn a_sentence_becomes_a_film_that_plays() {
    let app = App::new();
    let window = Window::open(&app, 1440, 900, &[]).await;
    window.wait_for_text("Make a film from one sentence").await;
    window.screenshot("start-empty").await;

    window
        .fill(
            "[aria-label='Sentence']",
            "A fox carries a lantern home through the snow.",
        )
        .await;
    window
        .find("[aria-label='Sentence']")
        .await
        .send_keys("\u{E007}")
        .await
        .expect("Enter is taken");
    window.find("[data-testid='shot']").await;
    window.screenshot("film-planned").await;

    window.press("Render").await;
    window.find("[data-testid='estimate']").await;
    window.screenshot("film-estimate").await;
    window
        .page
        .execute(
            "document.querySelector('dialog[open] button[type=submit]').click()",
            vec![],
        )
        .await
        .expect("the dialog takes the click");
    window.find("[data-testid='screen']").await;
    window.screenshot("film-rendered").await;
    let before = window
        .find("[data-testid='timecode']")
        .await
        .text()
        .await
        .expect("a time code");
    window.press("Play").await;
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let after = window
        .find("[data-testid='timecode']")
        .await
        .text()
        .await
        .expect("a time code");
    assert_ne!(before, after, "the player's clock runs");
    window.screenshot("film-playing").await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_shows_its_sounds_and_tells_what_is_wrong() {
    let app = App::new();
    let wav = app.folder().join("tone.wav");
    tone(&wav, 440.0, 0.1, 3.0);
    let project = app.project("Session one");
    let window = Window::open(&app, 1024, 700, &[]).await;
    window.resize(1024, 700).await;
    window.click("a[aria-label='Session one']").await;
    window.wait_for_text("Import").await;
    window.screenshot("project-empty-small").await;
    let imported = window
        .call("asset.import", json!({ "project": project, "path": wav }))
        .await;
    assert_eq!(imported.expect("the job starts")["kind"], "job");
    window.wait_for_text("tone.wav").await;
    window.find("[data-testid='waveform']").await;
    window.screenshot("project-asset-small").await;

    let error = window
        .call("audio.loudness", json!({ "path": 5 }))
        .await
        .expect_err("a number is no path");
    assert_eq!(error["code"], "bad_input");
    assert_eq!(error["field"], "/path");
    window.close().await;
}
