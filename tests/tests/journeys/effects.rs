//! Chains of effects over files.

use camino::Utf8Path;
use serde_json::{Value, json};
use studio_testkit::{WavSample, signal, write_wav};
use studio_tests::{App, Server, tone};

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

#[test]
fn own_presets_are_kept_used_and_removed() {
    let app = App::new();
    let source = app.folder().join("tone.wav");
    tone(&source, 330.0, 0.3, 0.2);
    let names = || -> Vec<String> {
        let listed = app.call("audio.effects", json!({}));
        let presets = listed["presets"].as_array().expect("presets").iter();
        let own = presets.filter(|preset| preset["own"] == true);
        own.map(|preset| preset["name"].as_str().expect("a name").to_owned())
            .collect()
    };
    assert_eq!(names(), Vec::<String>::new());
    let quieter = chain(json!([{ "gain": { "gain_db": -6.0 } }]));
    let input = json!({ "name": "Half as loud", "summary": "For the attic.", "chain": quieter });
    let saved = app.call("audio.save_effects", input.clone());
    assert_eq!(
        (&saved["id"], &saved["own"]),
        (&json!("half-as-loud"), &json!(true))
    );
    assert_eq!(names(), ["Half as loud"]);

    let half = |path: &Utf8Path| {
        let (before, after) = (left(&source), left(path));
        let ratio = 10_f32.powf(-6.0 / 20.0);
        let mut pairs = before.iter().zip(&after);
        assert!(
            pairs.all(|(before, after)| (before * ratio - after).abs() < 1e-4),
            "{path}"
        );
    };
    let output = app.folder().join("out.wav");
    app.call(
        "audio.process",
        json!({ "path": source, "preset": "half-as-loud", "output": output }),
    );
    half(&output);
    let step = json!({ "process": { "preset": "half-as-loud" } });
    let input_folder =
        json!({ "paths": [source], "steps": [step], "output_folder": app.folder().join("many") });
    app.call("audio.pipeline", input_folder);
    half(&app.folder().join("many").join("tone.wav"));

    for (name, words) in [
        ("Podcast voice", "comes with the studio"),
        ("half as loud!", "too much like"),
        ("?", "letter"),
    ] {
        let wish = json!({ "name": name, "chain": quieter });
        let (_, error) = app.call_refused("audio.save_effects", wish);
        assert!(error.to_string().contains(words), "{name}: {error}");
    }
    let gone = json!({ "id": "half-as-loud" });
    app.call("audio.remove_effects", gone.clone());
    assert_eq!(names(), Vec::<String>::new());
    let (_, error) = app.call_refused("audio.remove_effects", gone);
    assert!(error.to_string().contains("half-as-loud"), "{error}");

    let file = app.home().join("effect-presets.json");
    std::fs::write(&file, "[{").expect("a damaged file");
    let (_, error) = app.call_refused("audio.save_effects", input);
    assert!(error.to_string().contains("effect-presets.json"), "{error}");
    assert_eq!(std::fs::read_to_string(&file).expect("the file"), "[{");
}

#[test]
fn a_learnt_noise_is_taken_out() {
    const RATE: usize = 48_000;
    let app = App::new();
    let source = app.folder().join("noisy.wav");
    // A second of noise, then a tone in it.
    let tone = signal::sine(440.0, 0.3, RATE as u32, 2 * RATE);
    let mut noisy = signal::noise(5, 0.02, 3 * RATE);
    for (x, tone) in noisy[RATE..].iter_mut().zip(&tone) {
        *x += tone;
    }
    write_wav(&source, RATE as u32, &[noisy], WavSample::Float32);
    let learnt = app.call(
        "audio.noise_profile",
        json!({ "path": source, "from_secs": 0.1, "to_secs": 0.9 }),
    );
    assert_eq!(learnt["heard_secs"], 0.8);
    let reduction =
        json!([{ "noise_reduction": { "reduction_db": 30.0, "profile": learnt["profile"] } }]);
    let output = app.folder().join("clean.wav");
    app.call(
        "audio.process",
        json!({ "path": source, "chain": chain(reduction), "output": output }),
    );
    let (before, after) = (left(&source), left(&output));
    let power = |x: &[f32]| x.iter().map(|x| x * x).sum::<f32>();
    let noise = RATE / 4..3 * RATE / 4;
    assert!(power(&after[noise.clone()]) < 0.01 * power(&before[noise]));
    let sound = 2 * RATE..5 * RATE / 2;
    let kept = power(&after[sound.clone()]) / power(&before[sound]);
    assert!((0.9..1.01).contains(&kept), "{kept} of the tone");

    for (from, to, words) in [
        (0.5, 0.5, "0.1 to 60"),
        (0.0, 90.0, "0.1 to 60"),
        (2.99, 4.0, "ends 0.01 s after"),
    ] {
        let wish = json!({ "path": source, "from_secs": from, "to_secs": to });
        let (_, error) = app.call_refused("audio.noise_profile", wish);
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn effects_are_heard_while_they_change() {
    let app = App::with_sound();
    let source = app.folder().join("tone.wav");
    tone(&source, 440.0, 0.5, 60.0);
    let server = Server::start(&app);
    let call = async |operation: &str, input: Value| server.call(operation, &input).await;
    let gain = |gain_db: f64| chain(json!([{ "gain": { "gain_db": gain_db } }, { "limiter": {} }]));

    let (status, opened) = call(
        "player.open",
        json!({ "path": source, "chain": gain(-20.0) }),
    )
    .await;
    assert_eq!(status, 200, "{opened}");
    let player = &opened["player"];
    call("player.play", json!({ "player": player })).await;
    // The level is a root mean square, that of a sine its amplitude over √2.
    let near =
        |amplitude: f64| move |level: f64| (level * 2_f64.sqrt() / amplitude - 1.0).abs() < 0.05;
    app.sound().until_level(near(0.05)).await;

    let change = async |change: Value| {
        let mut input = json!({ "player": player });
        let fields = change.as_object().expect("an object").clone();
        input.as_object_mut().expect("an object").extend(fields);
        call("player.chain", input).await
    };
    let (status, told) = change(json!({ "chain": gain(-6.0) })).await;
    assert_eq!(
        (status, &told["keeps_state"]),
        (200, &json!(true)),
        "{told}"
    );
    assert!(told["latency_ms"].as_f64() > Some(1.0), "{told}");
    app.sound().until_level(near(0.25)).await;
    change(json!({ "bypass": true })).await;
    app.sound().until_level(near(0.5)).await;
    let quiet = chain(json!([{ "width": {} }, { "gain": { "gain_db": -26.0 } }]));
    let (_, told) = change(json!({ "chain": quiet, "bypass": false })).await;
    assert_eq!(told["keeps_state"], false);
    app.sound().until_level(near(0.025)).await;

    for (wish, words) in [
        (json!({ "chain": gain(4000.0) }), "gain_db"),
        (json!({ "preset": "no-such" }), "no-such"),
        (
            json!({ "preset": "podcast-voice", "chain": gain(0.0) }),
            "either",
        ),
    ] {
        let (status, error) = change(wish).await;
        assert!(
            status >= 400 && error.to_string().contains(words),
            "{error}"
        );
    }
    let (_, plain) = call("player.open", json!({ "path": source })).await;
    let wish = json!({ "player": plain["player"], "bypass": true });
    let (status, error) = call("player.chain", wish).await;
    assert!(
        status >= 400 && error.to_string().contains("without effects"),
        "{error}"
    );
}
