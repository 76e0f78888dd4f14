//! How smoothly the editor draws: what it does in a frame, and how long frames are apart.

use std::time::Duration;

use serde_json::{Value, json};
use studio_testkit::{WavSample, signal, write_wav};

use crate::App;
use crate::page::Page;

/// What happens in each frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// The page is hidden, and in its place a line moves: what the machine itself can do.
    Blank,
    /// Nothing but what moves by itself.
    Still,
    /// The wheel scrolls through time.
    Scroll,
    /// The wheel zooms in, and back out.
    Zoom,
}

/// What frames that followed each other were like.
#[derive(Debug)]
pub struct Frames {
    /// From each to the next.
    pub apart_ms: Vec<f64>,
    /// Scripts of the page in each, from the event to the last call of the canvas.
    pub ours_ms: Vec<f64>,
    /// How often the tracks were drawn, in all and at most in one frame.
    pub drawings: u64,
    pub most_in_a_frame: u64,
    /// Calls of the tracks' canvas that paint.
    pub calls: u64,
    /// Bytes that were asked for, such as peaks.
    pub requests: u64,
}

impl Frames {
    /// Calls of the canvas for one drawing.
    pub fn calls_a_drawing(&self) -> f64 {
        self.calls as f64 / self.drawings.max(1) as f64
    }
}

/// The value that a share of the values does not exceed.
pub fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let at = (sorted.len().saturating_sub(1)) as f64 * share;
    sorted.get(at as usize).copied().unwrap_or(f64::NAN)
}

impl Page {
    /// Moves the open editor for so many frames, and watches it.
    pub async fn frames(&self, motion: Motion, count: u32) -> Frames {
        self.find("[data-testid='tracks']").await;
        let given = vec![json!(format!("{motion:?}")), json!(count)];
        let told = self.evaluate_async(include_str!("frames.js"), given).await;
        let list = |name: &str| -> Vec<f64> {
            let values = told[name].as_array().expect("a list");
            values.iter().filter_map(Value::as_f64).collect()
        };
        let number = |name: &str| told[name].as_u64().expect("a number");
        Frames {
            apart_ms: list("apart"),
            ours_ms: list("ours"),
            drawings: number("drawings"),
            most_in_a_frame: number("most"),
            calls: number("calls"),
            requests: number("requests"),
        }
    }

    /// Opens the session of [`LongSession`] from the start page, and stays until its sound is drawn.
    pub async fn open_long_session(&self) {
        self.click(&format!("a[aria-label='{PROJECT}']")).await;
        self.click(&format!("a[aria-label='{SESSION}']")).await;
        self.find("[data-testid='tracks']").await;
        // Peaks of an hour are made once.
        for _ in 0..600 {
            self.settle().await;
            let told = self.frames(Motion::Still, 10).await;
            if told.drawings == 0 && told.requests == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the editor does not come to rest");
    }
}

const PROJECT: &str = "Archive";
const SESSION: &str = "Ten hours";

/// Ten tracks of an hour each, cut into many clips of one sound.
pub struct LongSession;

impl LongSession {
    pub const TRACKS: u64 = 10;
    pub const CLIPS: u64 = 2_000;
    /// From the start of a clip to the next on its track.
    pub const APART_SECS: u64 = 3_600 * LongSession::TRACKS / LongSession::CLIPS;

    /// In a project of its own.
    pub fn create(app: &App) {
        const SOURCE_HZ: u32 = 8_000;
        const SESSION_HZ: u64 = 48_000;
        let path = app.folder().join("hour.wav");
        let noise = signal::noise(1, 0.5, 3_600 * SOURCE_HZ as usize);
        write_wav(&path, SOURCE_HZ, &[noise], WavSample::Int16);
        let project = app.project(PROJECT);
        let import = json!({ "project": project, "path": path, "mode": "reference" });
        let source = app.call("asset.import", import)["id"].clone();
        let create = json!({ "project": project, "name": SESSION });
        let session = app.call("session.create", create)["id"].clone();
        let edit = |edits: Vec<Value>| {
            let input = json!({ "project": project, "session": session, "edits": edits });
            app.call("session.edit", input)
        };
        let added = (0..LongSession::TRACKS).map(|_| json!({ "edit": "add_track" }));
        let view = edit(added.collect());
        let step = LongSession::APART_SECS * SESSION_HZ;
        for track in view["session"]["tracks"].as_array().expect("tracks") {
            let clips: Vec<Value> = (0..LongSession::CLIPS / LongSession::TRACKS)
                .map(|n| {
                    json!({
                        "track": track["id"],
                        "source": source,
                        "name": format!("Part {n}"),
                        "start": n * step,
                        "from": n * step,
                        "length": step - SESSION_HZ / 2,
                    })
                })
                .collect();
            edit(vec![json!({ "edit": "add_clips", "clips": clips })]);
        }
    }
}
