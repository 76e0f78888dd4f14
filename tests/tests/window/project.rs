//! The project page: sounds come in, are seen, heard, measured and made louder; jobs are stopped.

use serde_json::json;
use studio_tests::{App, Window, tone};

#[tokio::test(flavor = "multi_thread")]
async fn sounds_come_in_by_path_and_by_drop_and_are_normalised() {
    let app = App::with_sound();
    let (typed, dropped) = (
        app.folder().join("typed.wav"),
        app.folder().join("dropped one.wav"),
    );
    tone(&typed, 997.0, 0.02, 6.0);
    tone(&dropped, 220.0, 0.4, 3.0);
    let window = Window::open(&app, 1440, 900, &[]).await;

    window.press("New project").await;
    window.fill("dialog[open] input", "Session one").await;
    window.screenshot("project-new").await;
    window.submit_dialog().await;
    window.wait_for_text("Nothing in it yet").await;
    window.gallery("project-empty").await;

    window.press("Import").await;
    window.fill("dialog[open] input", typed.as_str()).await;
    window.screenshot("project-import").await;
    window.submit_dialog().await;
    window.find("button[aria-label='typed.wav']").await;
    window
        .find("button[aria-label='typed.wav'] [data-testid='waveform'][data-drawn='true']")
        .await;

    let held = async || {
        window
            .wait_for_text("Let go to import into Session one")
            .await;
        window.screenshot("project-drop").await;
    };
    window.drop_file(&dropped, held).await;
    window.find("button[aria-label='dropped one.wav']").await;
    window
        .find("button[aria-label='dropped one.wav'] [data-testid='waveform'][data-drawn='true']")
        .await;

    window.click("button[aria-label='typed.wav']").await;
    window.press("Measure").await;
    window.wait_for_text("Measure again").await;
    window.wait_for_text("Audiobook (ACX)").await;
    window.find("section[aria-label='Loudness'] svg path").await;
    // 0.02 is -34 dBFS. At 997 Hz in both channels that is its loudness too (EBU Tech 3341, case 1).
    window.wait_for_text("−34.0 LUFS").await;
    window.gallery("project-measured").await;

    window.press("Normalise").await;
    window.gallery("project-normalise").await;
    window.submit_dialog().await;
    window.wait_for_text("became −14.0 LUFS").await;
    window.press("Show").await;
    window.wait_for_text("Normalise loudness").await;
    window.gallery("project-normalised").await;

    window.press("Convert").await;
    window.wait_for_text("Variable bit rate").await;
    window.gallery("project-convert").await;
    window.submit_dialog().await;
    window.wait_for_text("was converted").await;

    window.press("Play").await;
    window.find("button[aria-label='Pause']").await;
    app.sound().until_level(|level| level > 0.1).await;
    window.press("Pause").await;
    app.sound().until_level(|level| level == 0.0).await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_cancelled_and_errors_are_told() {
    let app = App::new();
    let project = app.project("Long night");
    let window = Window::open(&app, 1440, 900, &[]).await;
    window.click("a[aria-label='Long night']").await;
    window.wait_for_text("Nothing in it yet").await;

    window.press("Import").await;
    let missing = app.folder().join("not there.wav");
    window.fill("dialog[open] input", missing.as_str()).await;
    window.submit_dialog().await;
    let alert = window.find("[role='alert']").await;
    let told = alert.text().await.expect("words");
    assert!(told.contains("not there.wav"), "{told}");
    window.gallery("project-error").await;

    let long = json!({ "project": project, "duration_secs": 36000 });
    let started = window.call("ambient.render", long).await;
    let job = started.expect("the job starts")["job"]["id"].clone();
    window.find("[aria-label='Running jobs']").await;
    window.gallery("project-busy").await;
    window
        .click("[aria-label='Running jobs'] button[aria-label^='Cancel']")
        .await;
    window.press("Jobs").await;
    window
        .find("aside[aria-label='Jobs'] article.cancelled")
        .await;
    window.gallery("jobs").await;
    let shown = window
        .call("job.show", json!({ "job": job }))
        .await
        .expect("the job is known");
    assert_eq!(shown["output"]["status"], "cancelled");
    let assets = app.call("asset.list", json!({ "project": project }));
    assert_eq!(assets["assets"], json!([]), "nothing half done stays");

    let error = window
        .call("audio.loudness", json!({ "path": 5 }))
        .await
        .expect_err("a number is no path");
    assert_eq!(
        (&error["code"], &error["field"]),
        (&json!("bad_input"), &json!("/path"))
    );
    window.close().await;
}
