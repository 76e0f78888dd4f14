//! The multitrack editor with ten tracks of an hour each, 2,000 clips, at 1440 × 900: what its scripts take in a frame,
//! and how long frames are apart, beside a page that only moves a line. In the window, and in Chromium.
//!
//! Budget: 4 ms of our own a frame; frames as often as the empty page has them, at best every 16.7 ms. Variables of the
//! environment reach the web view, so its ways of drawing are compared by, for example,
//! `WEBKIT_DISABLE_COMPOSITING_MODE=1 cargo xtask bench editor`.

// A bench that cannot run must stop; what it measures is printed.
#![allow(clippy::expect_used, clippy::print_stdout)]
#![cfg(target_os = "linux")]

use studio_tests::{App, Browser, Engine, LongSession, Motion, Page, Server, Window, percentile};

const FRAMES: u32 = 300;
const SCREEN_MS: f64 = 1000.0 / 60.0;

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let app = App::new();
        LongSession::create(&app);
        let window = Window::open_unseen(&app, 1440, 900).await;
        measure("window", &window).await;
        window.close().await;
        let server = Server::start(&app);
        let page = Browser::open(Engine::Chromium, &app, &server, 1440, 900).await;
        measure("Chromium", &page).await;
        page.close().await;
    });
}

/// What is measured, and the keys that come before it.
const STEPS: [(&str, Motion, &str); 7] = [
    ("an empty page", Motion::Blank, ""),
    ("standing", Motion::Still, ""),
    ("zooming, all clips", Motion::Zoom, ""),
    ("scrolling, all clips", Motion::Scroll, ""),
    ("zooming from near", Motion::Zoom, "++++++++++"),
    ("scrolling from near", Motion::Scroll, ""),
    ("playing", Motion::Still, " "),
];

async fn measure(place: &str, page: &Page) {
    page.open_long_session().await;
    let mut blank_ms = SCREEN_MS;
    for (what, motion, keys) in STEPS {
        if !keys.is_empty() {
            page.type_keys("body", keys).await;
        }
        // What the step before asked for has come.
        page.settle().await;
        let frames = page.frames(motion, FRAMES).await;
        let apart = |share| percentile(&frames.apart_ms, share);
        if motion == Motion::Blank {
            blank_ms = apart(0.5);
        }
        println!(
            "{place}, {what}: frames {:.1} ms apart (p95 {:.1}), {:.2} of the screen's, {:.2} of an empty page's; ours {:.1} ms (p95 {:.1})",
            apart(0.5),
            apart(0.95),
            apart(0.5) / SCREEN_MS,
            apart(0.5) / blank_ms,
            percentile(&frames.ours_ms, 0.5),
            percentile(&frames.ours_ms, 0.95),
        );
    }
}
