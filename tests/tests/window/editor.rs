//! An open session in a window, and what is stored of it.

use std::time::Duration;

use serde_json::{Value, json};
use studio_tests::{App, Window, tone};

/// Keys, as WebDriver names them.
pub(crate) const CTRL: char = '\u{E009}';
pub(crate) const SHIFT: char = '\u{E008}';
pub(crate) const DELETE: &str = "\u{E017}";
pub(crate) const ESCAPE: &str = "\u{E00C}";
pub(crate) const HOME: &str = "\u{E011}";

/// Samples of a second.
pub(crate) const SECOND: f64 = 48_000.0;
/// Height of a track, of its clips' titles, and of the upper half of the ruler, in CSS pixels.
pub(crate) const TRACK_PX: f64 = 96.0;
pub(crate) const TITLE_PX: f64 = 21.0;
const MARKERS_PX: f64 = 20.0;

/// An open session in a window.
pub(crate) struct Editor {
    pub(crate) window: Window,
    pub(crate) project: String,
    pub(crate) session: String,
}

impl Editor {
    /// Of a new session of these sounds, one on a track each.
    pub(crate) async fn open(app: &App, sounds: &[(&str, f64, f64)]) -> Editor {
        let project = app.project("Radio");
        let assets: Vec<Value> = sounds
            .iter()
            .map(|(name, hz, secs)| {
                let path = app.folder().join(name);
                tone(&path, *hz, 0.4, *secs);
                let import = json!({ "project": project, "path": path, "mode": "reference" });
                app.call("asset.import", import)["id"].clone()
            })
            .collect();
        let create = json!({ "project": project, "name": "Night show", "assets": assets });
        let session = app.call("session.create", create)["id"]
            .as_str()
            .expect("an id")
            .to_owned();
        let window = Window::open(app, 1440, 900, &[]).await;
        window.click("a[aria-label='Radio']").await;
        window.click("a[aria-label='Night show']").await;
        let editor = Editor {
            window,
            project,
            session,
        };
        editor.window.find("[data-testid='tracks']").await;
        editor.window.settle().await;
        editor
    }

    pub(crate) fn input(&self, more: Value) -> Value {
        let mut input = json!({ "project": self.project, "session": self.session });
        let (Some(all), Value::Object(more)) = (input.as_object_mut(), more) else {
            panic!("an object")
        };
        all.extend(more);
        input
    }

    pub(crate) async fn view(&self) -> Value {
        answer(&self.window, "session.get", self.input(json!({}))).await
    }

    /// Waits until the session is as it should be, and answers its clips by track.
    pub(crate) async fn until(
        &self,
        what: &str,
        holds: impl Fn(&[Vec<Clip>]) -> bool,
    ) -> Vec<Vec<Clip>> {
        let mut tracks = Vec::new();
        for _ in 0..200 {
            tracks = clips(&self.view().await);
            if holds(&tracks) {
                // What the studio has, the page draws next.
                self.window.settle().await;
                return tracks;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!(
            "{what} did not happen: {tracks:?}; the page says: {}",
            self.window.text().await
        );
    }

    /// A place on a track: seconds, and pixels from its upper edge.
    pub(crate) async fn place(&self, track: usize, secs: f64, y_px: f64) -> (f64, f64) {
        let (left, top) = self.corner("[data-testid='tracks']").await;
        let x = self.x_of(secs).await;
        (left + x, top + track as f64 * TRACK_PX + y_px)
    }

    pub(crate) async fn body(&self, track: usize, secs: f64) -> (f64, f64) {
        self.place(track, secs, TRACK_PX * 0.7).await
    }

    /// A place on the ruler: above are markers and ranges, below the playhead.
    pub(crate) async fn on_ruler(&self, secs: f64, above: bool) -> (f64, f64) {
        let (left, top) = self.corner("[data-testid='ruler']").await;
        let y = MARKERS_PX * if above { 0.5 } else { 1.6 };
        (left + self.x_of(secs).await, top + y)
    }

    async fn corner(&self, css: &str) -> (f64, f64) {
        let element = self.window.find(css).await;
        let (left, top, ..) = element.rectangle().await.expect("a place on the page");
        (left, top)
    }

    async fn x_of(&self, secs: f64) -> f64 {
        let [from, samples_per_px] = self.shown().await;
        (secs * SECOND - from) / samples_per_px
    }

    /// The sample at the left edge, and how many a pixel is wide.
    pub(crate) async fn shown(&self) -> [f64; 2] {
        let canvas = self.window.find("[data-testid='tracks']").await;
        let mut numbers = [0.0, 1.0];
        for (number, name) in numbers.iter_mut().zip(["data-from", "data-samples-per-px"]) {
            let value = canvas.attr(name).await.expect("an attribute");
            *number = value.and_then(|value| value.parse().ok()).expect(name);
        }
        numbers
    }

    /// Types where no control has the focus.
    pub(crate) async fn keys(&self, keys: &str) {
        self.window.type_keys("body", keys).await;
    }

    pub(crate) async fn transport(&self) -> Value {
        answer(&self.window, "session.status", self.input(json!({}))).await
    }

    /// Waits until the playback is as it should be.
    pub(crate) async fn until_transport(&self, what: &str, holds: impl Fn(&Value) -> bool) {
        let mut transport = Value::Null;
        for _ in 0..200 {
            transport = self.transport().await;
            if holds(&transport) {
                self.window.settle().await;
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{what} did not happen: {transport}");
    }
}

/// Of an operation that the page calls.
pub(crate) async fn answer(window: &Window, operation: &str, input: Value) -> Value {
    match window.call(operation, input).await {
        Ok(answer) => answer["output"].clone(),
        Err(error) => panic!("{operation} was refused: {error}"),
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Clip {
    pub(crate) id: u64,
    pub(crate) source: String,
    pub(crate) start: f64,
    /// Where it begins in its source.
    pub(crate) from: f64,
    pub(crate) length: f64,
    pub(crate) fade_in: f64,
    pub(crate) fade_out: f64,
    /// Seconds of the source, and gains in dB.
    pub(crate) envelope: Vec<(f64, f64)>,
}

impl Clip {
    pub(crate) fn end(&self) -> f64 {
        self.start + self.length
    }
}

/// In seconds, by track.
pub(crate) fn clips(view: &Value) -> Vec<Vec<Clip>> {
    let secs = |value: &Value| value.as_f64().expect("a number of samples") / SECOND;
    let tracks = view["session"]["tracks"].as_array().expect("tracks");
    tracks
        .iter()
        .map(|track| {
            let clips = track["clips"].as_array().expect("clips");
            clips
                .iter()
                .map(|clip| Clip {
                    id: clip["id"].as_u64().expect("an id"),
                    source: clip["source"].as_str().expect("a source").to_owned(),
                    start: secs(&clip["start"]),
                    from: secs(&clip["from"]),
                    length: secs(&clip["length"]),
                    fade_in: secs(&clip["fade_in"]["length"]),
                    fade_out: secs(&clip["fade_out"]["length"]),
                    envelope: clip["envelope"]
                        .as_array()
                        .expect("an envelope")
                        .iter()
                        .map(|point| {
                            let gain_db = point["gain_db"].as_f64().expect("a gain");
                            (secs(&point["at"]), gain_db)
                        })
                        .collect(),
                })
                .collect()
        })
        .collect()
}

/// A hand is as exact as a few pixels, here of about 10 ms.
pub(crate) fn near(value: f64, wanted: f64) -> bool {
    (value - wanted).abs() < 0.06
}
