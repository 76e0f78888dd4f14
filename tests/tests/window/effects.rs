//! The effects of a sound: set by ear, kept as a preset, made into a new asset.

use std::time::{Duration, Instant};

use serde_json::json;
use studio_tests::{App, Window, tone};

const ENTER: &str = "\u{E007}";
const UP: &str = "\u{E013}";

/// Whether the level, a root mean square, is that of a sine of this amplitude.
fn is_near(amplitude: f64) -> impl Fn(f64) -> bool {
    move |level| (level * 2_f64.sqrt() / amplitude - 1.0).abs() < 0.05
}

/// Waits until a meter of the effects' page reads near this level.
async fn reads(window: &Window, meter: &str, level: f64) {
    let read = format!(
        "return Number(document.querySelector(\"[aria-label='Loudness of what is heard'] \
         [role='meter'][aria-label='{meter}']\").getAttribute('aria-valuenow'))"
    );
    let begun = Instant::now();
    loop {
        let shown = window.evaluate(&read, vec![]).await;
        if shown.as_f64().is_some_and(|it| (it - level).abs() < 1.0) {
            return;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "{meter} reads {shown}, not {level}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Waits until the effects stand in the rack in this order.
async fn stand(window: &Window, titles: &[&str]) {
    for (at, title) in titles.iter().enumerate() {
        let row = format!("ol > li:nth-child({}) [aria-label='Show {title}']", at + 1);
        window.find(&row).await;
    }
}

async fn add(window: &Window, words: &str, title: &str) {
    window.press("Add effect").await;
    window
        .fill("input[aria-label='Find an effect']", words)
        .await;
    window
        .find(&format!(
            "[role='option'][aria-label='{title}'][aria-selected='true']"
        ))
        .await;
    window
        .type_keys("input[aria-label='Find an effect']", ENTER)
        .await;
    window.find(&format!("section[aria-label='{title}']")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn effects_are_set_by_ear_kept_and_applied() {
    let app = App::with_sound();
    let project = app.project("Workshop");
    let source = app.folder().join("hum.wav");
    tone(&source, 440.0, 0.4, 48.0);
    app.call(
        "asset.import",
        json!({ "project": project, "path": source }),
    );
    let window = Window::open(&app, 1440, 900, &[]).await;
    window.click("a[aria-label='Workshop']").await;
    window.click("button[aria-label='hum.wav']").await;

    window.press("Effects").await;
    window.wait_for_text("No effects yet").await;
    window
        .find("[data-testid='waveform'][data-drawn='true']")
        .await;
    window.gallery("effects-empty").await;

    window.press("Add effect").await;
    window.settle().await;
    window.screenshot("effects-menu").await;
    window
        .type_keys("input[aria-label='Find an effect']", "\u{E00C}")
        .await;
    add(&window, "limiter", "Limiter").await;
    add(&window, "gain", "Gain").await;
    stand(&window, &["Limiter", "Gain"]).await;
    window.type_keys("button[aria-label='Move Gain']", UP).await;
    stand(&window, &["Gain", "Limiter"]).await;
    window.find("button[aria-label='Move Gain']:focus").await;

    window.press("Play the preview").await;
    app.sound().until_level(is_near(0.4)).await;
    let gain = "input[aria-label='Gain, as a number']";
    window.fill(gain, &format!("-20{ENTER}")).await;
    app.sound().until_level(is_near(0.04)).await;
    // A sine of amplitude 0.04 in both channels is -28 dBFS, and about its loudness.
    reads(&window, "Momentary", -28.4).await;
    let clock = window.find("[data-testid='preview-time']").await;
    let shown = clock.text().await.expect("a clock");
    assert_ne!(shown, "0:00", "the clock moves");
    window.click("input[value='original'] + span").await;
    app.sound().until_level(is_near(0.4)).await;
    reads(&window, "Short-term", -8.4).await;
    window.click("input[value='effects'] + span").await;
    window
        .click("ol > li:nth-child(1) input[role='switch'] + span")
        .await;
    app.sound().until_level(is_near(0.4)).await;
    window.gallery("effects-playing").await;
    window.press("Pause the preview").await;
    window.find("button[aria-label='Play the preview']").await;
    window.settle().await;
    window.press("Reset").await;
    // Nothing was heard since: the end of the bar.
    reads(&window, "True peak", -50.0).await;

    let presets = window.find("dialog[open] select").await;
    presets
        .select_by_value("podcast-voice")
        .await
        .expect("a preset");
    window.press("Show Equaliser").await;
    window.find("[aria-label^='Band 2 at 3500 Hz']").await;
    window.gallery("effects-equaliser").await;
    window
        .type_keys("[aria-label^='Band 2 at 3500 Hz']", UP)
        .await;
    window
        .find("[aria-label='Band 2 at 3500 Hz, 3.0 dB']")
        .await;
    window.wait_for_text("Latency").await;

    add(&window, "noise", "Noise reduction").await;
    window
        .fill("[aria-label='Noise'] .row > :nth-child(1) input", "50")
        .await;
    window
        .fill("[aria-label='Noise'] .row > :nth-child(2) input", "51")
        .await;
    window.press("Learn the noise").await;
    window.wait_for_text("too soon to learn a noise").await;
    window.gallery("effects-error").await;
    window
        .fill("[aria-label='Noise'] .row > :nth-child(1) input", "1")
        .await;
    window
        .fill("[aria-label='Noise'] .row > :nth-child(2) input", "2")
        .await;
    window.press("Learn the noise").await;
    window
        .find("[aria-label='The noise that was learnt']")
        .await;
    window.gallery("effects-noise").await;

    window.press("Save as…").await;
    let name = "dialog[open] dialog[open] input";
    window.fill(name, "Podcast voice").await;
    window
        .click("dialog[open] dialog[open] button[type='submit']")
        .await;
    window.wait_for_text("comes with the studio").await;
    window.settle().await;
    window.screenshot("effects-save").await;
    window.fill(name, "My voice").await;
    window
        .click("dialog[open] dialog[open] button[type='submit']")
        .await;
    window.find("dialog[open] option[value='my-voice']").await;
    let told = app.call("audio.effects", json!({}));
    let presets = told["presets"].as_array().expect("presets");
    let own = presets.iter().find(|preset| preset["own"] == true);
    let effects = own.expect("it is kept")["chain"]["effects"]
        .as_array()
        .expect("effects")
        .len();
    assert_eq!(effects, 7, "{told}");

    window.press("Apply").await;
    window.wait_for_text("hum.wav went through My voice").await;
    window.press("Show").await;
    window.wait_for_text("Apply effects").await;
    let list = app.call("asset.list", json!({ "project": project }));
    assert_eq!(
        list["assets"].as_array().expect("assets").len(),
        2,
        "{list}"
    );

    // A preset of one's own is gone when it was removed, its effects are not.
    window.press("Effects").await;
    let presets = window.find("dialog[open] select").await;
    presets.select_by_value("my-voice").await.expect("a preset");
    window.press("Remove this preset").await;
    window.press("Remove").await;
    window.find("dialog[open] option[value='']").await;
    window.find("[aria-label='Show Noise reduction']").await;
    window.close().await;
}
