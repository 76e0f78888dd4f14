//! Chains of effects over files.

use camino::Utf8Path;
use serde_json::{Value, json};
use studio_tests::{App, tone};

fn left(path: &Utf8Path) -> Vec<f32> {
    let (mut audio, _) = studio_media::decode(path, 1 << 30).expect("a sound file");
    audio.channels.swap_remove(0)
}

fn chain(effects: Value) -> Value {
    let slots = effects.as_array().expect("a list").iter();
    json!({ "effects": slots.map(|effect| json!({ "effect": effect })).collect::<Vec<_>>() })
}

#[test]
fn every_preset_and_every_effect_runs_over_a_file() {
    let app = App::new();
    let source = app.folder().join("tone.wav");
    tone(&source, 330.0, 0.3, 0.5);
    let listed = app.call("audio.effects", json!({}));
    let presets = listed["presets"].as_array().expect("presets");
    let effects = listed["effects"].as_array().expect("effects");
    assert!(presets.len() >= 10 && effects.len() >= 20, "{listed}");
    for preset in presets {
        let output = app.folder().join("out.wav");
        let input = json!({ "path": source, "preset": preset["id"], "output": output });
        let processed = app.call("audio.process", input);
        assert!(
            processed["frames"].as_u64() >= Some(24_000),
            "{preset}: {processed}"
        );
    }
    // All of them at once, each as it is listed.
    let defaults: Vec<&Value> = effects.iter().map(|effect| &effect["defaults"]).collect();
    let input = json!({
        "path": source, "chain": chain(json!(defaults)), "output": app.folder().join("all.flac"), "cut_tail": true,
    });
    assert_eq!(app.call("audio.process", input)["frames"], 24_000);
}

#[test]
fn a_chain_does_what_it_says_and_keeps_the_time() {
    let app = App::new();
    let project = app.project("Mix");
    let source = app.folder().join("tone.wav");
    tone(&source, 330.0, 0.3, 1.0);
    let asset = app.call(
        "asset.import",
        json!({ "project": project, "path": source }),
    );
    // A limiter is late by itself; the result is not.
    let quieter = chain(json!([{ "gain": { "gain_db": -6.0 } }, { "limiter": {} }]));
    let processed = app.call(
        "audio.process",
        json!({ "project": project, "asset": asset["id"], "chain": quieter }),
    );
    let path = processed["output"]["path"].as_str().expect("a path");
    let (before, after) = (left(&source), left(Utf8Path::new(path)));
    let ratio = 10_f32.powf(-6.0 / 20.0);
    for (n, (before, after)) in before.iter().zip(&after).enumerate() {
        assert!((before * ratio - after).abs() < 1e-4, "sample {n}");
    }
    let list = app.call("asset.list", json!({ "project": project }));
    let made = &list["assets"].as_array().expect("assets")[1];
    assert_eq!(made["derived_from"], asset["id"], "{list}");

    let echo = chain(json!([{ "delay": {} }]));
    let kept = json!({ "path": source, "chain": echo, "output": app.folder().join("echo.wav") });
    let kept = app.call("audio.process", kept);
    assert!(kept["tail_secs"].as_f64() > Some(0.1), "{kept}");
}

#[test]
fn what_no_chain_can_be_is_refused_with_its_place() {
    let app = App::new();
    let source = app.folder().join("tone.wav");
    tone(&source, 330.0, 0.3, 0.2);
    let output = app.folder().join("out.wav");
    let loud = chain(json!([{ "gain": { "gain_db": 4000.0 } }]));
    let odd = chain(json!([{ "gain": { "volume": 1.0 } }]));
    let nowhere = chain(json!([{ "convolution": { "impulse": "cave" } }]));
    for (chosen, words) in [
        (json!({ "chain": loud }), "gain_db"),
        (json!({ "chain": odd }), "volume"),
        (json!({ "chain": nowhere }), "cave"),
        (json!({ "preset": "no-such" }), "no-such"),
        (json!({}), "preset"),
        (
            json!({ "preset": "podcast-voice", "chain": { "effects": [] } }),
            "either",
        ),
        (
            json!({ "chain": { "effects": [] }, "impulses": { "cave": "/no/such.wav" } }),
            "such.wav",
        ),
    ] {
        let mut input = json!({ "path": source, "output": output });
        let fields = chosen.as_object().expect("an object").clone();
        input.as_object_mut().expect("an object").extend(fields);
        let (_, error) = app.call_refused("audio.process", input.clone());
        let told = error.to_string();
        assert!(told.contains(words), "{input}: {told}");
        assert!(!output.exists(), "{input} left a file");
    }
}
