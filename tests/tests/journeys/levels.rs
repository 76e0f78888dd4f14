//! Loudness over time, audiobooks, albums, ReplayGain, and a gain that follows.

use std::process::Command;

use camino::Utf8Path;
use serde_json::{Value, json};
use studio_tests::{App, tone};

#[track_caller]
fn near(value: &Value, wanted: f64, tolerance: f64) {
    let is = value.as_f64().unwrap_or(f64::NAN);
    assert!((is - wanted).abs() <= tolerance, "{value} for {wanted}");
}

fn ffmpeg(arguments: &[&str]) {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y"]).args(arguments);
    assert!(command.status().expect("ffmpeg runs").success());
}

/// Five seconds each of 1 kHz in stereo at these levels, which are LUFS and dBFS alike.
fn passages(path: &Utf8Path, levels: &[f64]) {
    let gains: Vec<String> = levels
        .iter()
        .enumerate()
        .map(|(at, level)| {
            format!(
                "between(t,{},{})*{}",
                at * 5,
                at * 5 + 5,
                10f64.powf(level / 20.0)
            )
        })
        .collect();
    let sound = format!(
        "aevalsrc='sin(2*PI*1000*t)*({0})|sin(2*PI*1000*t)*({0})':s=48000:d={1}",
        gains.join("+"),
        levels.len() * 5
    );
    ffmpeg(&[
        "-f",
        "lavfi",
        "-i",
        &sound,
        "-c:a",
        "pcm_f32le",
        path.as_str(),
    ]);
}

/// A tag as FFmpeg reads it.
fn tag(path: &Utf8Path, name: &str) -> Option<String> {
    let probed = Command::new("ffprobe")
        .args(["-v", "error", "-of", "json", "-show_entries"])
        .args(["format_tags:stream_tags", path.as_str()])
        .output()
        .expect("ffprobe runs");
    let told: Value = serde_json::from_slice(&probed.stdout).expect("JSON");
    let streams = told["streams"].as_array().cloned().unwrap_or_default();
    let tags = streams.iter().map(|stream| &stream["tags"]);
    tags.chain([&told["format"]["tags"]])
        .filter_map(Value::as_object)
        .flatten()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .and_then(|(_, value)| value.as_str().map(str::to_owned))
}

#[test]
fn loudness_over_time_shows_each_passage() {
    let app = App::new();
    let wav = app.folder().join("passages.wav");
    passages(&wav, &[-20.0, -30.0]);
    let told = app.call(
        "audio.loudness",
        json!({ "path": wav, "history_points": 100 }),
    );
    let history = &told["history"];
    near(&history["every_secs"], 0.1, 1e-9);
    near(&history["short_term_lufs"][49], -20.0, 0.1);
    near(&history["short_term_lufs"][99], -30.0, 0.1);
    near(&history["momentary_lufs"][60], -30.0, 0.1);
    let folded = app.call(
        "audio.loudness",
        json!({ "path": wav, "history_points": 10 }),
    );
    near(&folded["history"]["every_secs"], 1.0, 1e-9);
    near(&folded["history"]["momentary_lufs"][9], -30.0, 0.1);
    assert_eq!(
        folded["integrated_lufs"], told["integrated_lufs"],
        "the plot changes no figure"
    );
    assert_eq!(folded["audiobook"], Value::Null);
}

#[test]
fn an_audiobook_is_brought_to_what_publishers_take_or_says_why_not() {
    let app = App::new();
    let (spoken, output) = (
        app.folder().join("spoken.wav"),
        app.folder().join("book.mp3"),
    );
    // Speech of a kind: bursts of noise with pauses, quiet enough between them.
    let speech = "anoisesrc=c=pink:r=44100:d=12:seed=7:a=0.2,volume='0.0005+0.9995*lt(mod(t,3),2)':eval=frame";
    ffmpeg(&[
        "-f",
        "lavfi",
        "-i",
        speech,
        "-c:a",
        "pcm_f32le",
        spoken.as_str(),
    ]);
    let before = app.call(
        "audio.loudness",
        json!({ "path": spoken, "audiobook": true }),
    );
    let faults = before["audiobook"]["faults"].as_array().expect("faults");
    assert!(!faults.is_empty(), "{before}");
    let input = json!({ "path": spoken, "delivery": "audiobook", "output": output });
    let report = app.call("audio.normalize", input);
    assert_eq!(report["audiobook"]["faults"], json!([]), "{report}");
    let after = app.call(
        "audio.loudness",
        json!({ "path": output, "audiobook": true }),
    );
    near(&after["audiobook"]["rms_dbfs"], -20.0, 0.2);
    assert!(
        after["audiobook"]["peak_dbfs"].as_f64() <= Some(-3.0),
        "{after}"
    );

    // The whole RMS and the quietest half second, as FFmpeg has them.
    let (noisy, output) = (
        app.folder().join("noisy.wav"),
        app.folder().join("noisy book.wav"),
    );
    tone(&noisy, 440.0, 0.05, 4.0);
    let input = json!({ "path": noisy, "delivery": "audiobook", "output": output });
    let report = app.call("audio.normalize", input);
    let faults = report["audiobook"]["faults"].to_string();
    assert!(
        faults.contains("noise floor"),
        "a tone has no pauses: {faults}"
    );
}

#[test]
fn a_gain_that_follows_is_used_when_it_is_asked_for_and_only_then() {
    let app = App::new();
    let wav = app.folder().join("passages.wav");
    passages(&wav, &[-14.0, -26.0, -20.0]);
    let run = |way: &str| {
        let output = app.folder().join(format!("{way}.wav"));
        let input = json!({ "path": wav, "target_lufs": -18.0, "way": way, "output": output });
        let report = app.call("audio.normalize", input);
        near(&report["after"]["integrated_lufs"], -18.0, 0.15);
        let told = app.call(
            "audio.loudness",
            json!({ "path": output, "history_points": 150 }),
        );
        let at = |secs: usize| told["history"]["short_term_lufs"][secs * 10 - 1].as_f64();
        let passages = [4, 9, 14].map(|secs| at(secs).expect("loudness"));
        (report, passages)
    };
    let (linear, apart) = run("linear");
    assert_eq!(linear["followed"], Value::Null);
    assert!((apart[0] - apart[1] - 12.0).abs() < 0.3, "{apart:?}");
    let (dynamic, together) = run("dynamic");
    let spread = together.map(|lufs| (lufs + 18.0).abs());
    assert!(spread.iter().all(|&off| off < 1.0), "{together:?}");
    assert!(
        dynamic["followed"]["most_db"].as_f64() > Some(6.0),
        "{dynamic}"
    );
}

#[test]
fn an_album_keeps_the_distance_of_its_tracks() {
    let app = App::new();
    let folder = app.folder();
    let (loud, quiet) = (folder.join("1 loud.flac"), folder.join("2 quiet.wav"));
    for (path, level) in [(&loud, -18.0), (&quiet, -24.0)] {
        let wav = folder.join("source.wav");
        passages(&wav, &[level]);
        ffmpeg(&["-i", wav.as_str(), "-metadata", "title=T", path.as_str()]);
    }
    let input = json!({
        "paths": [loud, quiet], "output_folder": folder.join("out"), "target_lufs": -20.0,
    });
    let report = app.call("audio.normalize_album", input.clone());
    near(&report["after_lufs"], -20.0, 0.1);
    let lufs = |track: usize| &report["tracks"][track]["after"]["integrated_lufs"];
    near(lufs(0), lufs(1).as_f64().expect("loudness") + 6.0, 0.1);
    // As arithmetic has it: the mean power of both.
    near(
        &report["before_lufs"],
        10.0 * ((10f64.powf(-1.8) + 10f64.powf(-2.4)) / 2.0).log10(),
        0.1,
    );
    let output = folder.join("out/1 loud.flac");
    assert_eq!(report["tracks"][0]["output"], output.as_str());
    assert_eq!(tag(&output, "title").as_deref(), Some("T"));

    let over = json!({ "paths": [loud, quiet], "output_folder": folder });
    let (_, refused) = app.call_refused("audio.normalize_album", over);
    assert_eq!(refused["field"], "/paths/0", "{refused}");
    let book =
        json!({ "paths": [loud], "output_folder": folder.join("b"), "delivery": "audiobook" });
    let (_, refused) = app.call_refused("audio.normalize_album", book);
    assert_eq!(refused["field"], "/delivery", "{refused}");
    let missing = json!({ "paths": [loud, "nowhere.wav"], "output_folder": folder.join("c") });
    let (_, refused) = app.call_refused("audio.normalize_album", missing);
    assert_eq!(refused["field"], "/paths/1", "{refused}");
    assert!(
        !folder.join("c").exists(),
        "nothing is begun that cannot be ended"
    );
}

#[test]
fn replaygain_is_written_where_players_look_for_it_and_goes_when_the_level_changes() {
    let app = App::new();
    let folder = app.folder();
    let wav = folder.join("source.wav");
    passages(&wav, &[-23.0]);
    let kinds = ["flac", "mp3", "m4a", "ogg", "opus", "wav", "aiff"];
    let paths: Vec<_> = kinds.map(|kind| folder.join(format!("a.{kind}"))).into();
    for path in &paths {
        let input = json!({ "path": wav, "format": path.extension(), "output": path });
        app.call("audio.convert", input);
    }
    let sound = |path: &Utf8Path| {
        let output = Command::new("ffmpeg")
            .args(["-v", "error", "-i", path.as_str(), "-f", "md5", "-"])
            .output();
        output.expect("ffmpeg runs").stdout
    };
    let before: Vec<_> = paths.iter().map(|path| sound(path)).collect();
    let told = app.call("audio.replaygain", json!({ "paths": paths, "album": true }));
    near(&told["tracks"][0]["gain"]["gain_db"], 5.0, 0.1);
    near(&told["album"]["gain_db"], 5.0, 0.15);
    for (path, before) in paths.iter().zip(before) {
        assert_eq!(sound(path), before, "{path}: the sound is as it was");
        if path.extension() == Some("opus") {
            let steps: f64 = tag(path, "R128_TRACK_GAIN")
                .expect("a gain")
                .parse()
                .expect("a number");
            assert!(steps.abs() < 0.15 * 256.0, "{steps}");
            assert_eq!(tag(path, "REPLAYGAIN_TRACK_GAIN"), None);
            continue;
        }
        for name in ["REPLAYGAIN_TRACK_GAIN", "REPLAYGAIN_ALBUM_GAIN"] {
            let gain = tag(path, name).unwrap_or_else(|| panic!("{path} has no {name}"));
            let number: f64 = gain.trim_end_matches(" dB").parse().expect("a gain in dB");
            assert!((number - 5.0).abs() < 0.2, "{path}: {gain}");
        }
        assert!(tag(path, "REPLAYGAIN_TRACK_PEAK").is_some(), "{path}");
    }
    let converted = folder.join("b.flac");
    let input = json!({ "path": paths[0], "format": "flac", "output": converted });
    app.call("audio.convert", input);
    assert!(
        tag(&converted, "REPLAYGAIN_TRACK_GAIN").is_some(),
        "as loud as before"
    );
    let louder = folder.join("c.flac");
    app.call(
        "audio.normalize",
        json!({ "path": paths[0], "output": louder }),
    );
    assert_eq!(
        tag(&louder, "REPLAYGAIN_TRACK_GAIN"),
        None,
        "it would be false"
    );
}
