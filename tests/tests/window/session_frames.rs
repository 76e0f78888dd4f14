//! The editor with ten tracks of an hour each: what it does in a frame depends on what is seen.
//!
//! How long frames take depends on the machine and on what else it does: that is printed here, and
//! measured by `benches/editor.rs`.

// The times are for people to read.
#![allow(clippy::print_stdout)]

use studio_tests::{App, Frames, LongSession, Motion, Window, percentile};

const FRAMES: u32 = 60;
const TRACKS: &str = "[data-testid='tracks']";
const HOME: &str = "\u{E011}";

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_costs_what_is_seen() {
    let app = App::new();
    LongSession::create(&app);
    let window = Window::open_unseen(&app, 1440, 900).await;
    window.open_long_session().await;

    // All clips are seen: each is a few pixels wide, and they are painted as one picture.
    let zoomed = measured(&window, "zooming, 2,000 clips", Motion::Zoom).await;
    assert!(zoomed.drawings > 0, "the zoom is seen: {zoomed:?}");
    assert!(
        (1..=6).contains(&zoomed.requests),
        "peaks are asked for once for each level, not in each frame: {zoomed:?}"
    );
    window.settle().await;
    let scrolled = measured(&window, "scrolling, 2,000 clips", Motion::Scroll).await;
    assert!(
        scrolled.calls_a_drawing() < 100.0,
        "thousands of clips are one picture: {scrolled:?}"
    );

    // From near clips have titles and edges: as many as there are, on screen.
    window.wheel(TRACKS, (100.0, 50.0), -1200.0, true).await;
    window.settle().await;
    measured(&window, "zooming from near", Motion::Zoom).await;
    window.settle().await;
    let near = measured(&window, "scrolling from near", Motion::Scroll).await;
    let shown_secs = shown_secs(&window).await;
    let seen = LongSession::TRACKS as f64 * (shown_secs / LongSession::APART_SECS as f64 + 2.0);
    assert!(
        seen < LongSession::CLIPS as f64 / 5.0,
        "most clips are not on screen: {shown_secs} s are shown"
    );
    assert!(
        near.calls_a_drawing() < 100.0 + 12.0 * seen,
        "about {seen} clips are seen: {near:?}"
    );
    assert_eq!(near.requests, 0, "what is there is not asked for again");
    assert!(
        near.drawings >= u64::from(FRAMES) / 2,
        "it really scrolls: {near:?}"
    );

    window.type_keys("body", HOME).await;
    window.settle().await;
    let still = measured(&window, "standing", Motion::Still).await;
    assert_eq!(still.drawings, 0, "where nothing moves, nothing is drawn");
    assert_eq!(lit(&window).await, 0, "meters of silence are dark");
    let playhead = window.find("[data-testid='playhead']").await;
    window.type_keys("body", " ").await;
    window.find("button[aria-label='Pause (Space)']").await;
    window.settle().await;
    let before = playhead.attr("style").await.expect("a style");
    let playing = measured(&window, "playing", Motion::Still).await;
    assert_ne!(playhead.attr("style").await.expect("a style"), before);
    assert_eq!(
        playing.drawings, 0,
        "the playhead moves over tracks that are not drawn anew"
    );
    let lit = lit(&window).await;
    assert!(lit > 100, "the meters show what plays: {lit}");
    window.close().await;
}

/// Pixels of the meters beside the tracks that show a level.
async fn lit(window: &Window) -> u64 {
    let script = "const canvas = document.querySelector('.tracks canvas[aria-hidden]');\
        if (canvas.hidden || canvas.width === 0) return 0;\
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);\
        return data.filter((value, i) => i % 4 === 3 && value > 0).length;";
    let lit = window.evaluate(script, Vec::new()).await;
    lit.as_u64().expect("a number")
}

/// Prints how long the frames took.
async fn measured(window: &Window, what: &str, motion: Motion) -> Frames {
    let frames = window.frames(motion, FRAMES).await;
    println!(
        "{what}: frames {:.1} ms apart (p95 {:.1}), our own work {:.1} ms (p95 {:.1}), {:.0} calls of the canvas a drawing",
        percentile(&frames.apart_ms, 0.5),
        percentile(&frames.apart_ms, 0.95),
        percentile(&frames.ours_ms, 0.5),
        percentile(&frames.ours_ms, 0.95),
        frames.calls_a_drawing(),
    );
    assert!(
        frames.most_in_a_frame <= 1,
        "{what}: the tracks are drawn at most once a frame: {frames:?}"
    );
    frames
}

async fn shown_secs(window: &Window) -> f64 {
    let script = "const canvas = document.querySelector(arguments[0]);\
        return canvas.clientWidth * Number(canvas.dataset.samplesPerPx) / 48000;";
    let shown = window.evaluate(script, vec![TRACKS.into()]).await;
    shown.as_f64().expect("a number")
}
