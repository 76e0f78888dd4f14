//! The film page: from a sentence to a film that plays.

use studio_tests::{App, Window};

#[tokio::test(flavor = "multi_thread")]
async fn a_sentence_becomes_a_film_that_plays() {
    let app = App::with_sound();
    let window = Window::open(&app, 1440, 900, &[]).await;
    window.wait_for_text("Make a film from one sentence").await;
    window.gallery("start-empty").await;

    let sentence = "[aria-label='Sentence']";
    window
        .fill(sentence, "A fox carries a lantern home through the snow.")
        .await;
    window.type_keys(sentence, "\u{E007}").await;
    window.find("[data-testid='shot']").await;
    window.gallery("film-planned").await;

    window.press("Render").await;
    window.find("[data-testid='estimate']").await;
    window.gallery("film-estimate").await;
    window.submit_dialog().await;
    window.find("[aria-label='Rendering']").await;
    window.screenshot("film-rendering").await;
    window.find("[data-testid='screen']").await;
    window.gallery("film-rendered").await;

    let first = shown_frame(&window).await;
    window.press("Play").await;
    window.find("button[aria-label='Pause']").await;
    while shown_frame(&window).await < first + 24 {
        window.settle().await;
    }
    app.sound().until_level(|level| level > 0.005).await;
    window.press("Pause").await;
    window.find("button[aria-label='Play']").await;
    app.sound().until_level(|level| level == 0.0).await;

    // The keyboard moves by single frames, and to the ends.
    window.type_keys("body", "\u{E011}").await;
    until_frame(&window, 0).await;
    window.type_keys("body", "\u{E014}\u{E014}").await;
    until_frame(&window, 2).await;
    window.type_keys("body", "\u{E012}").await;
    until_frame(&window, 1).await;

    // One shot is changed: only what depends on it is made again.
    window.press("Edit shot 2").await;
    window.gallery("film-editing").await;
    window.press("Paint anew").await;
    window.wait_for_text("changed since the render").await;
    window.gallery("film-changed").await;
    window.press("Render again").await;
    window.find("[data-testid='estimate']").await;
    window.submit_dialog().await;
    window.wait_for_text("parts made").await;
    let text = window.text().await;
    let told = text
        .lines()
        .find(|line| line.contains("parts made"))
        .expect("the page tells what was made");
    let numbers: Vec<u32> = told
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect();
    let [.., made, kept] = numbers[..] else {
        panic!("{told}")
    };
    assert!(made >= 2 && kept > made, "{told}");
    window.close().await;
}

async fn shown_frame(window: &Window) -> u64 {
    let screen = window.find("[data-testid='screen']").await;
    let frame = screen.attr("data-frame").await.expect("an element");
    frame
        .and_then(|frame| frame.parse().ok())
        .unwrap_or_default()
}

async fn until_frame(window: &Window, frame: u64) {
    window
        .find(&format!("[data-testid='screen'][data-frame='{frame}']"))
        .await;
}
