//! The ambient score into files, and through the sound card.

use std::time::{Duration, Instant};

use camino::Utf8Path;
use serde_json::{Value, json};
use studio_tests::{App, Server, tone};

const RATE_HZ: usize = 48_000;
const LAYERS: [&str; 7] = [
    "pad",
    "bell",
    "pluck",
    "drone",
    "air",
    "piano",
    "percussion",
];

fn left(path: &Utf8Path) -> Vec<f32> {
    let (mut audio, _) = studio_media::decode(path, 1 << 30).expect("a sound file");
    audio.channels.swap_remove(0)
}

#[test]
fn stems_add_up_and_the_notes_are_those_that_sound() {
    let app = App::new();
    let (whole, notes) = (app.folder().join("dawn.wav"), app.folder().join("dawn.mid"));
    let rendered = app.call(
        "ambient.render",
        json!({ "duration_secs": 20.0, "seed": 5, "key": "E", "mode": "lydian", "output": whole, "stems": true, "midi": notes }),
    );
    let layers: Vec<&str> = rendered["stems"]
        .as_array()
        .expect("stems")
        .iter()
        .filter_map(|stem| stem["layer"].as_str())
        .collect();
    assert_eq!(layers, LAYERS);
    let mut sum = vec![0.0; 20 * RATE_HZ];
    for layer in LAYERS {
        let stem = left(&app.folder().join(format!("dawn.{layer}.wav")));
        assert_eq!(stem.len(), sum.len(), "{layer}");
        sum.iter_mut().zip(&stem).for_each(|(sum, x)| *sum += x);
    }
    let whole = left(&whole);
    let furthest = whole.iter().zip(&sum).map(|(a, b)| (a - b).abs());
    let furthest = furthest.fold(0.0, f32::max);
    let loudest = whole
        .iter()
        .fold(0.0, |loudest: f32, x| loudest.max(x.abs()));
    assert!(furthest < 1e-3 && loudest > 0.05, "{furthest} of {loudest}");

    let judged = app.call("ambient.analyze", json!({ "path": notes }));
    let report = &judged["report"];
    assert_eq!(report["cadences"], 0);
    assert!(report["consistency"].as_f64() > Some(0.99), "{report}");
    let composed = json!({ "duration_secs": 20.0, "seed": 5, "key": "E", "mode": "lydian" });
    let composed = app.call("ambient.analyze", composed);
    assert!(
        composed["report"]["notes"].as_u64() > Some(10),
        "{composed}"
    );
}

#[test]
fn a_rendering_in_a_project_is_judged_by_what_made_it() {
    let app = App::new();
    let project = app.project("Score");
    let input =
        json!({ "duration_secs": 8.0, "project": project, "stems": true, "target_lufs": -23.0 });
    let rendered = app.call("ambient.render", input);
    let assets = app.call("asset.list", json!({ "project": project }));
    assert_eq!(
        assets["assets"].as_array().map(Vec::len),
        Some(8),
        "{assets}"
    );
    let asset = &rendered["output"]["asset"];
    let judged = app.call(
        "ambient.analyze",
        json!({ "project": project, "asset": asset }),
    );
    assert_eq!(judged["report"]["secs"].as_f64().map(f64::round), Some(8.0));

    let sine = app.folder().join("tone.wav");
    tone(&sine, 440.0, 0.3, 1.0);
    let foreign = app.call("asset.import", json!({ "project": project, "path": sine }));
    for (input, field) in [
        (
            json!({ "project": project, "asset": foreign["id"] }),
            "/asset",
        ),
        (json!({ "path": sine }), "/path"),
        (json!({ "path": app.folder().join("missing.mid") }), "/path"),
        (json!({ "bpm": 10.0 }), "/bpm"),
    ] {
        let (_, error) = app.call_refused("ambient.analyze", input.clone());
        assert_eq!(error["field"], field, "{input}: {error}");
    }
    let (_, error) = app.call_refused(
        "ambient.render",
        json!({ "duration_secs": 1.0, "output": app.folder().join("a.wav"), "midi": app.folder().join("a.txt") }),
    );
    assert_eq!(error["field"], "/midi", "{error}");
}

#[cfg(target_os = "linux")]
struct Player {
    server: Server,
}

#[cfg(target_os = "linux")]
impl Player {
    async fn call(&self, operation: &str, input: Value) -> Value {
        let (status, answer) = self.server.call(operation, &input).await;
        assert_eq!(status, 200, "{operation}: {answer}");
        answer
    }

    async fn until(&self, words: &str, wished: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let status = self.call("ambient.status", json!({})).await;
            if wished(&status) {
                return status;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "{words}: {status}"
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_recorded_is_what_was_heard() {
    let app = App::with_sound();
    let project = app.project("Takes");
    let player = Player {
        server: Server::start(&app),
    };
    let refused = player
        .server
        .call("ambient.record", &json!({ "project": project }))
        .await;
    assert_eq!(refused.1["code"], "conflict", "nothing plays: {refused:?}");

    let begun = app.sound().now();
    player
        .call(
            "ambient.play",
            json!({ "seed": 9, "volume": 1.0, "intensity": 0.8 }),
        )
        .await;
    let ahead = player.call("ambient.ahead", json!({ "bars": 4 })).await;
    assert!(
        ahead["notes"]
            .as_array()
            .is_some_and(|notes| notes.len() > 8),
        "{ahead}"
    );
    assert_eq!(ahead["consistency"], 1.0);
    app.sound().until_level(|level| level > 0.005).await;
    let url = format!("{}/ambient/record", player.server.url);
    let started = reqwest::Client::new()
        .post(url)
        .bearer_auth(&player.server.token)
        .json(&json!({ "project": project }))
        .send()
        .await
        .expect("an answer");
    assert_eq!(started.status(), 202, "a job");
    player
        .until("it records", |status| status["recording"] == true)
        .await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let stopped = player.call("ambient.stop_recording", json!({})).await;
    assert_eq!(stopped["was_recording"], true);
    tokio::time::sleep(Duration::from_secs(1)).await;
    player.call("ambient.stop", json!({})).await;
    app.sound().until_level(|level| level == 0.0).await;
    let jobs = player
        .call("job.list", json!({ "status": "succeeded" }))
        .await;
    assert_eq!(jobs["jobs"][0]["operation"], "ambient.record", "{jobs}");

    let list = player
        .call("asset.list", json!({ "project": project }))
        .await;
    let asset = &list["assets"][0];
    assert_eq!(
        (&asset["name"], list["assets"].as_array().map(Vec::len)),
        (&json!("Ambient C Dorian, recorded.flac"), Some(1))
    );
    let path = jobs["jobs"][0]["output"]["output"]["path"].clone();
    let recorded = left(Utf8Path::new(path.as_str().expect("a path")));
    assert!(recorded.len() > 2 * RATE_HZ, "{} samples", recorded.len());
    let heard = app.sound().left_since(begun);
    let middle = &recorded[RATE_HZ / 2..RATE_HZ / 2 + 64];
    let same = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5);
    let at = heard
        .windows(64)
        .position(|window| same(window, middle))
        .expect("what was recorded was heard");
    let compared = RATE_HZ.min(heard.len() - at);
    assert!(same(&heard[at..at + compared], &recorded[RATE_HZ / 2..]));
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn the_sleep_timer_ends_the_music() {
    let app = App::with_sound();
    let player = Player {
        server: Server::start(&app),
    };
    player
        .call("ambient.play", json!({ "stop_after_secs": 3.0 }))
        .await;
    let status = player
        .until("it counts", |status| status["stops_in_secs"].is_number())
        .await;
    assert_eq!(status["playing"], true);
    app.sound().until_level(|level| level > 0.002).await;
    player
        .until("it stops", |status| status["playing"] == false)
        .await;
    app.sound().until_level(|level| level == 0.0).await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn the_music_survives_a_device_that_goes_and_comes_back() {
    let mut app = App::with_sound();
    let player = Player {
        server: Server::start(&app),
    };
    player.call("ambient.play", json!({})).await;
    app.sound().until_level(|level| level > 0.002).await;
    app.sound_mut().unplug();
    let lost = player
        .until("it is told", |status| status["problem"].is_string())
        .await;
    assert_eq!(
        (&lost["playing"], &lost["device"]),
        (&json!(true), &Value::Null)
    );
    app.sound_mut().plug_in();
    let back = player
        .until("it is back", |status| status["problem"].is_null())
        .await;
    assert!(back["device"].is_string(), "{back}");
    assert!(back["elapsed_secs"].as_f64() >= lost["elapsed_secs"].as_f64());
    app.sound().until_level(|level| level > 0.002).await;
}
