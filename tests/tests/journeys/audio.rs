//! Audio through the whole studio: import, measure, normalise, convert, speak, compose.

use std::process::Command;

use serde_json::{Value, json};
use studio_tests::{App, tone};

fn number(value: &Value, field: &str) -> f64 {
    value[field]
        .as_f64()
        .unwrap_or_else(|| panic!("{field} in {value}"))
}

#[test]
fn a_place_of_delivery_decides_what_is_not_given() {
    let app = App::new();
    let wav = app.folder().join("quiet.wav");
    tone(&wav, 997.0, 0.02, 4.0);
    for (given, expected) in [
        (json!({}), -14.0),
        (json!({ "delivery": "ebu_r128" }), -23.0),
        (
            json!({ "delivery": "apple_music", "target_lufs": -18.0 }),
            -18.0,
        ),
    ] {
        let mut input = json!({ "path": wav, "output": app.folder().join("n.wav") });
        let fields = given.as_object().expect("an object").clone();
        input.as_object_mut().expect("an object").extend(fields);
        let after = &app.call("audio.normalize", input)["after"];
        assert!(
            (number(after, "integrated_lufs") - expected).abs() < 0.2,
            "{given}: {after}"
        );
    }
}

#[test]
fn a_normalised_file_meets_its_target_and_ceiling() {
    let app = App::new();
    let wav = app.folder().join("quiet.wav");
    tone(&wav, 997.0, 0.02, 6.0);
    for (name, target) in [("n.wav", -16.0), ("n.flac", -23.0), ("n.mp3", -14.0)] {
        let output = app.folder().join(name);
        let input =
            json!({ "path": wav, "target_lufs": target, "ceiling_dbtp": -1.0, "output": output });
        let report = app.call("audio.normalize", input);
        assert_eq!(report["output"]["path"], output.as_str());
        let measured = app.call("audio.loudness", json!({ "path": output }));
        let loudness = number(&measured, "integrated_lufs");
        assert!(
            (loudness - target).abs() < 0.2,
            "{name}: {loudness} for {target}"
        );
        assert!(
            number(&measured, "true_peak_dbtp") <= -0.9,
            "{name}: {measured}"
        );
        let after = number(&report["after"], "integrated_lufs");
        assert!(
            (after - loudness).abs() < 0.05,
            "the report tells what is in the file"
        );
    }
}

#[test]
fn conversion_keeps_tags_and_length() {
    let app = App::new();
    let wav = app.folder().join("tone.wav");
    tone(&wav, 440.0, 0.5, 2.5);
    let tagged = app.folder().join("tagged.flac");
    let made = Command::new("ffmpeg")
        .args([
            "-v",
            "error",
            "-i",
            wav.as_str(),
            "-metadata",
            "title=Tëst",
            "-metadata",
            "artist=Nobody",
        ])
        .arg(tagged.as_str())
        .status()
        .expect("ffmpeg runs");
    assert!(made.success());
    for (format, name) in [
        ("flac", "a.flac"),
        ("wav", "a.wav"),
        ("mp3", "a.mp3"),
        ("m4a", "a.m4a"),
        ("ogg", "a.ogg"),
        ("aiff", "a.aiff"),
        ("opus", "a.opus"),
    ] {
        let output = app.folder().join(name);
        let input = json!({ "path": tagged, "format": format, "output": output });
        let report = app.call("audio.convert", input);
        let probed = app.call("audio.probe", json!({ "path": output }));
        assert!(
            (number(&probed, "duration_secs") - 2.5).abs() < 0.001,
            "{format}: {probed}"
        );
        assert_eq!(report["warnings"], json!([]), "{format}");
        assert_eq!(probed["tags"]["title"], "Tëst", "{format}: {probed}");
        assert_eq!(probed["tags"]["artist"], "Nobody", "{format}: {probed}");
    }
}

#[test]
fn conversion_chooses_codecs_and_channels() {
    let app = App::new();
    let wav = app.folder().join("sides.wav");
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i"])
        .arg("aevalsrc='0.5*sin(2*PI*440*t)|0.1*sin(2*PI*880*t)':s=44100:d=3")
        .args(["-c:a", "pcm_s16le", wav.as_str()])
        .status()
        .expect("ffmpeg runs");
    assert!(made.success());
    let convert = |name: &str, more: Value| {
        let output = app.folder().join(name);
        let mut input = json!({ "path": wav, "output": output, "format": output.extension() });
        let more = more.as_object().expect("fields").clone();
        input.as_object_mut().expect("fields").extend(more);
        app.call("audio.convert", input);
        output
    };
    let samples = |path: &camino::Utf8Path| {
        let decoded = Command::new("ffmpeg")
            .args(["-v", "error", "-i", path.as_str(), "-f", "s16le", "-"])
            .output();
        let decoded = decoded.expect("ffmpeg runs").stdout;
        let samples = decoded.as_chunks::<2>().0.iter();
        samples
            .map(|bytes| i16::from_le_bytes(*bytes))
            .collect::<Vec<i16>>()
    };
    let source = samples(&wav);

    let alac = convert("a.m4a", json!({ "quality": "lossless" }));
    let probed = app.call("audio.probe", json!({ "path": alac }));
    assert_eq!(probed["audio"]["codec"], "alac", "{probed}");
    assert_eq!(samples(&alac), source, "every sample as it was");

    let constant = convert("c.mp3", json!({ "quality": "high" }));
    let variable = convert(
        "v.mp3",
        json!({ "quality": "high", "variable_bit_rate": true }),
    );
    let size = |path| std::fs::metadata(path).expect("a file").len();
    assert!(
        size(&variable) < size(&constant) * 3 / 4,
        "two tones need less: {} and {}",
        size(&variable),
        size(&constant)
    );

    let swapped = samples(&convert(
        "s.wav",
        json!({ "channel_map": [2, 1], "quality": "lossless" }),
    ));
    let turned = source.chunks(2).flat_map(|frame| [frame[1], frame[0]]);
    assert_eq!(swapped, turned.collect::<Vec<_>>());
    let mono = samples(&convert(
        "m.wav",
        json!({ "channels": 1, "quality": "lossless" }),
    ));
    assert_eq!(mono.len() * 2, source.len());
    let worst = mono.iter().zip(source.chunks(2)).map(|(&mono, frame)| {
        let mean = (i32::from(frame[0]) + i32::from(frame[1])) / 2;
        (i32::from(mono) - mean).abs()
    });
    assert!(worst.max() <= Some(3), "the mean of both, and dither");

    let wrong = json!({ "path": wav, "format": "wav", "channel_map": [3], "output": app.folder().join("w.wav") });
    let (_, refused) = app.call_refused("audio.convert", wrong);
    assert_eq!(refused["field"], "/channel_map", "{refused}");
}

#[test]
fn results_become_assets_of_the_project() {
    let app = App::new();
    let project = app.project("Assets");
    let wav = app.folder().join("tone.wav");
    tone(&wav, 440.0, 0.1, 2.0);
    let asset = app.call("asset.import", json!({ "project": project, "path": wav }));
    let source = asset["id"].as_str().expect("an id");
    let report = app.call(
        "audio.normalize",
        json!({ "project": project, "asset": source }),
    );
    let made = report["output"]["asset"].as_str().expect("a new asset");
    let list = app.call("asset.list", json!({ "project": project }));
    let assets = list["assets"].as_array().expect("assets");
    assert_eq!(assets.len(), 2);
    let made = assets
        .iter()
        .find(|asset| asset["id"] == made)
        .expect("the result is listed");
    assert_eq!(made["derived_from"], source);
    assert_eq!(made["operation"], "audio.normalize");

    std::fs::remove_file(&wav).expect("the original can go");
    app.call(
        "audio.loudness",
        json!({ "project": project, "asset": source }),
    );
    app.call(
        "asset.remove",
        json!({ "project": project, "asset": source }),
    );
    assert_eq!(
        app.call("asset.list", json!({ "project": project }))["assets"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    app.call(
        "asset.restore",
        json!({ "project": project, "asset": source }),
    );
    assert_eq!(
        app.call("asset.list", json!({ "project": project }))["assets"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
}

#[test]
fn a_voice_speaks_and_the_score_is_the_same_for_a_seed() {
    let app = App::new();
    let spoken = app.folder().join("line.wav");
    let report = app.call(
        "speech.synthesize",
        json!({ "text": "The lamp is lit.", "output": spoken }),
    );
    assert!(number(&report, "duration_secs") > 0.4, "{report}");
    let loudness = app.call("audio.loudness", json!({ "path": spoken }));
    assert!(
        number(&loudness, "integrated_lufs") > -40.0,
        "there is a voice: {loudness}"
    );

    let score = |name: &str, seed: u64| {
        let output = app.folder().join(name);
        let input =
            json!({ "duration_secs": 5.0, "seed": seed, "mode": "dorian", "output": output });
        app.call("ambient.render", input);
        std::fs::read(output).expect("the score")
    };
    let first = score("a.wav", 1);
    assert!(first == score("b.wav", 1), "same seed, same music");
    assert!(first != score("c.wav", 2), "another seed, other music");
}

#[test]
fn samples_are_read_from_any_place() {
    let app = App::new();
    let wav = app.folder().join("tone.wav");
    tone(&wav, 1000.0, 0.5, 1.0);
    let read = |from: u64, frames: u64| {
        let input = json!({ "path": wav, "from": from, "frames": frames });
        let output = app.run(&["run", "audio.samples", "--input", &input.to_string()]);
        assert!(output.status.success(), "{output:?}");
        output.stdout
    };
    let word = |bytes: &[u8], at: usize| {
        u32::from_le_bytes(bytes[at..at + 4].try_into().expect("4 bytes"))
    };
    let sample = |bytes: &[u8], at: usize| {
        i16::from_le_bytes(bytes[at..at + 2].try_into().expect("2 bytes"))
    };

    let near = read(24_000, 100);
    assert_eq!(&near[..4], b"AVPK");
    assert_eq!(
        (word(&near, 12), word(&near, 24)),
        (1, 100),
        "one sample a peak"
    );
    let channels = usize::from(u16::from_le_bytes([near[6], near[7]]));
    // The header has 28 bytes, a peak three numbers for each channel.
    let at = |bytes: &[u8], n: usize| sample(bytes, 28 + n * channels * 6);
    let whole = read(0, 48_000);
    for n in 0..100 {
        assert_eq!(at(&near, n), at(&whole, 24_000 + n), "sample {n}");
    }
    assert!(
        (0..48).any(|n| at(&near, n) > 15_000),
        "half of full scale is reached within a period"
    );
    let end = read(47_990, 100);
    assert_eq!(
        word(&end, 24),
        10,
        "fewer are answered where the sound ends"
    );
}
