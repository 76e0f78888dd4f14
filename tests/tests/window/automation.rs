//! Curves of levels and of effects, drawn below a track and typed beside it.

use std::time::Duration;

use serde_json::{Value, json};
use studio_media::AudioReader;
use studio_tests::App;

use crate::editor::{CTRL, DELETE, Editor, SHIFT, TRACK_PX, answer};

const ENTER: &str = "\u{E007}";
const ALT_UP: &str = "\u{E00A}\u{E013}";

/// Where 0 dB stands in the lane below the first track, and how far 54 pixels reach.
const ZERO_DB_PX: f64 = TRACK_PX + 36.0;

/// A point: seconds and value.
type Point = (f64, f64);

/// The points of a list of automation, of one parameter.
fn points(automation: &Value, parameter: &str) -> Vec<Point> {
    let curves = automation.as_array().map(Vec::as_slice).unwrap_or_default();
    let curve = curves
        .iter()
        .find(|curve| curve["parameter"] == parameter && curve["bypass"] != true);
    let points = curve.and_then(|curve| curve["points"].as_array());
    let number = |value: &Value| value.as_f64().expect("a number");
    points
        .into_iter()
        .flatten()
        .map(|point| (number(&point["at_secs"]), number(&point["value"])))
        .collect()
}

/// Waits until the session's first track is as it should be, and answers it.
async fn until(editor: &Editor, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let mut track = Value::Null;
    for _ in 0..100 {
        track = editor.view().await["session"]["tracks"][0].clone();
        if holds(&track) {
            editor.window.settle().await;
            return track;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!(
        "{what} did not happen: {track}; the page says: {}",
        editor.window.text().await
    );
}

fn volume(track: &Value) -> Vec<Point> {
    points(&track["automation"], "gain_db")
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() < 0.06
}

#[tokio::test(flavor = "multi_thread")]
async fn a_level_follows_the_curve_that_was_drawn() {
    let app = App::new();
    let editor = Editor::open(&app, &[("hum.wav", 440.0, 10.0), ("bell.wav", 880.0, 10.0)]).await;
    let window = &editor.window;
    let lane = async |secs: f64, y_px: f64| editor.place(0, secs, y_px).await;

    // A click on the line sets a point there; the level stays as it is.
    window.press("Automation of hum.wav").await;
    window
        .find("[role='group'][aria-label='Automation of hum.wav'] select")
        .await;
    for (secs, count) in [(2.0, 1), (4.0, 2)] {
        window.click_at(lane(secs, ZERO_DB_PX).await, 1).await;
        let track = until(&editor, "a point", |track| volume(track).len() == count).await;
        let (at, value) = volume(&track)[count - 1];
        assert!(near(at, secs) && value == 0.0, "{track}");
    }

    // The second is dragged later and down, in one step of the history.
    window
        .drag(
            lane(4.0, ZERO_DB_PX).await,
            lane(6.0, ZERO_DB_PX + 20.0).await,
            None,
        )
        .await;
    let dragged = |track: &Value| {
        let points = volume(track);
        points.len() == 2 && near(points[1].0, 6.0) && (-26.0..-20.0).contains(&points[1].1)
    };
    let track = until(&editor, "the drag", dragged).await;
    editor.keys(&format!("{CTRL}z")).await;
    until(&editor, "undo", |track| {
        volume(track).get(1).is_some_and(|it| it.1 == 0.0)
    })
    .await;
    editor.keys(&format!("{CTRL}{SHIFT}z")).await;
    until(&editor, "redo", dragged).await;
    window.gallery("session-automation").await;
    window.resize(1440, 900).await;
    window.settle().await;

    // What is exported is as loud as the curve says, at each of its places.
    let file = app.folder().join("mix.wav");
    let solo = json!({ "edits": [{ "edit": "set_track", "track": track["id"], "soloed": true }] });
    answer(window, "session.edit", editor.input(solo)).await;
    let output = json!({
        "project": editor.project, "session": editor.session, "output": file, "quality": "lossless"
    });
    app.call("session.export", output);
    let mut reader = AudioReader::open(&file).expect("the mix");
    let mut sound = studio_dsp::Audio::silence(reader.spec().rate, reader.spec().channels, 0);
    let mut left = Vec::new();
    while reader.read(&mut sound).expect("samples") > 0 {
        left.extend_from_slice(&sound.channels[0]);
    }
    let [first, last] = volume(&track)[..] else {
        panic!("two points: {track}")
    };
    for secs in [1.0, 3.0, 5.0, 8.0_f64] {
        let done = ((secs - first.0) / (last.0 - first.0)).clamp(0.0, 1.0);
        let wanted = 0.4 * 10f64.powf((first.1 + (last.1 - first.1) * done) / 20.0);
        let from = (secs * 48_000.0) as usize;
        // Over whole periods of 440 Hz; the curve is as good as straight over 25 ms.
        let period = &left[from - 600..from + 600];
        let power: f64 = period.iter().map(|x| f64::from(*x).powi(2)).sum();
        let amplitude = (2.0 * power / period.len() as f64).sqrt();
        assert!(
            (amplitude / wanted - 1.0).abs() < 0.01,
            "{secs} s: {amplitude} for {wanted}"
        );
    }

    // Keys raise the chosen point, and remove it; a double click removes one, too.
    window.click_at(lane(2.0, ZERO_DB_PX).await, 1).await;
    editor.keys(ALT_UP).await;
    until(&editor, "the step", |track| volume(track)[0].1 == 0.5).await;
    editor.keys(DELETE).await;
    until(&editor, "the removal", |track| volume(track).len() == 1).await;
    window.click_at(lane(6.0, ZERO_DB_PX + 20.0).await, 2).await;
    until(&editor, "the end of the curve", |track| {
        volume(track).is_empty()
    })
    .await;
    editor.window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_curve_is_made_without_a_pointer() {
    let app = App::new();
    let editor = Editor::open(&app, &[("hum.wav", 440.0, 10.0)]).await;
    let window = &editor.window;
    let compressor = json!({ "effects": [{ "effect": { "compressor": {} } }] });
    let track = editor.view().await["session"]["tracks"][0]["id"].clone();
    let edits = json!([{ "edit": "set_effects", "track": track, "effects": compressor }]);
    answer(
        window,
        "session.edit",
        editor.input(json!({ "edits": edits })),
    )
    .await;

    // A opens the lane, E sets a point where the playhead is.
    editor.keys("a").await;
    editor.keys("e").await;
    until(&editor, "a point", |track| volume(track) == [(0.0, 0.0)]).await;
    window.press("Points of Volume of hum.wav").await;
    let field = |point: usize, column: usize| {
        format!(
            "[aria-label='Points of Volume of hum.wav'] li:nth-child({point}) > :nth-child({column}) input"
        )
    };
    window.fill(&field(1, 2), "-12").await;
    window.type_keys(&field(1, 2), ENTER).await;
    until(&editor, "the value", |track| {
        volume(track) == [(0.0, -12.0)]
    })
    .await;
    window.fill(&field(1, 1), "0:01.5").await;
    window.type_keys(&field(1, 1), ENTER).await;
    until(&editor, "the time", |track| volume(track) == [(1.5, -12.0)]).await;

    // A number of an effect; its knob says that it is moved.
    let picker = window
        .find("[role='group'][aria-label='Automation of hum.wav'] select")
        .await;
    picker
        .select_by_value("0:threshold_db")
        .await
        .expect("the threshold");
    window.press("Point at the playhead").await;
    let threshold = |track: &Value| {
        points(
            &track["effects"]["effects"][0]["automation"],
            "threshold_db",
        )
    };
    until(&editor, "a point of the effect", |track| {
        threshold(track).len() == 1
    })
    .await;
    window.press("Effects of hum.wav: 1 effect").await;
    window
        .find("dialog[open] [aria-label='Threshold, automated']")
        .await;
    window.gallery("session-automation-effect").await;
    window.press("Done").await;

    // Switched off it is kept; then it is removed.
    window
        .press("Switch the automation of Threshold of hum.wav off")
        .await;
    until(&editor, "the switch", |track| {
        track["effects"]["effects"][0]["automation"][0]["bypass"] == true
    })
    .await;
    window
        .press("Remove the automation of Threshold of hum.wav")
        .await;
    until(&editor, "the removal", |track| {
        track["effects"]["effects"][0]["automation"]
            .as_array()
            .is_none_or(Vec::is_empty)
    })
    .await;
    editor.window.close().await;
}
