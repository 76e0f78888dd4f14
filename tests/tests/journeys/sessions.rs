//! Multitrack sessions as documents: edits, undo, export.

use camino::Utf8Path;
use serde_json::{Value, json};
use studio_media::AudioReader;
use studio_testkit::{WavSample, signal, write_wav};
use studio_tests::{App, tone};

pub(super) const RATE_HZ: usize = 48_000;

/// A project with assets of these files, and a session of them.
pub(super) fn session(app: &App, files: &[&Utf8Path]) -> (String, Value) {
    let project = app.project("Workshop");
    let import = |path: &&Utf8Path| -> Value {
        let input = json!({ "project": project, "path": path });
        app.call("asset.import", input)["id"].clone()
    };
    let assets: Vec<Value> = files.iter().map(import).collect();
    let input = json!({ "project": project, "name": "Mix", "assets": assets });
    let view = app.call("session.create", input);
    (project, view)
}

pub(super) fn edit(app: &App, project: &str, view: &Value, edits: Value) -> Value {
    let input = json!({ "project": project, "session": view["id"], "edits": edits });
    app.call("session.edit", input)
}

/// All samples of a file, one list for each channel.
pub(super) fn samples(path: &Utf8Path) -> Vec<Vec<f32>> {
    let mut reader = AudioReader::open(path).expect("a sound");
    let mut whole = vec![Vec::new(); reader.spec().channels];
    let mut block = studio_dsp::Audio::silence(reader.spec().rate, whole.len(), 0);
    while reader.read(&mut block).expect("samples") > 0 {
        for (whole, block) in whole.iter_mut().zip(&block.channels) {
            whole.extend_from_slice(block);
        }
    }
    whole
}

pub(super) fn export(app: &App, project: &str, view: &Value, input: Value) -> Value {
    let mut wish = json!({ "project": project, "session": view["id"], "quality": "lossless" });
    let wish_fields = wish.as_object_mut().expect("an object");
    wish_fields.extend(input.as_object().expect("an object").clone());
    app.call("session.export", wish)
}

#[test]
fn edits_are_undone_to_the_first_state_and_survive_the_program() {
    let app = App::new();
    let (a, b) = (app.folder().join("a.wav"), app.folder().join("b.wav"));
    tone(&a, 440.0, 0.5, 2.0);
    tone(&b, 660.0, 0.25, 1.0);
    let (project, first) = session(&app, &[&a, &b]);
    assert_eq!(
        first["session"]["tracks"][0]["clips"][0]["length"],
        2 * RATE_HZ
    );
    assert_eq!(
        (&first["can_undo"], &first["missing"]),
        (&json!(false), &json!({}))
    );
    let clip = &first["session"]["tracks"][0]["clips"][0]["id"];
    let track = &first["session"]["tracks"][1]["id"];
    let steps = [
        json!([{ "edit": "split", "at": 30_000 }]),
        json!([{ "edit": "trim_clip", "clip": clip, "start": 1_000, "end": 30_000 }]),
        json!([{ "edit": "move_clips", "clips": [clip], "by": 500, "tracks": 1, "copy": true }]),
        json!([{ "edit": "set_track", "track": track, "gain_db": -6.0, "pan": 0.5 },
               { "edit": "set_marker", "name": "Verse", "at": 100, "length": 5_000 }]),
        json!([{ "edit": "cut_range", "from": 10_000, "to": 20_000, "ripple": true }]),
        json!([{ "edit": "set_effects", "track": track, "effects": { "effects": [{ "effect": { "reverb": {} } }] } }]),
    ];
    // 40 changes lie beyond a snapshot.
    let mut states = vec![first.clone()];
    for step in steps.iter().cloned() {
        states.push(edit(&app, &project, &first, step));
    }
    for n in 0..34 {
        let step = json!([{ "edit": "rename", "name": format!("Mix {n}") }]);
        states.push(edit(&app, &project, &first, step));
    }
    assert_eq!(
        states.last().map(|view| view["undo"].clone()),
        Some(json!("rename"))
    );
    let input = json!({ "project": project, "session": first["id"] });
    for state in states.iter().rev().skip(1) {
        let view = app.call("session.undo", input.clone());
        assert_eq!(view["session"], state["session"]);
    }
    assert_eq!(
        app.call("session.undo", input.clone())["session"],
        first["session"]
    );
    for state in &states[1..4] {
        let view = app.call("session.redo", input.clone());
        assert_eq!(view["session"], state["session"]);
    }
    let history = app.call("session.history", input);
    assert_eq!(history["steps"].as_array().map(Vec::len), Some(41));
}

#[test]
fn what_cannot_be_done_is_refused_and_changes_nothing() {
    let app = App::new();
    let a = app.folder().join("a.wav");
    tone(&a, 440.0, 0.5, 2.0);
    let (project, view) = session(&app, &[&a]);
    let clip = &view["session"]["tracks"][0]["clips"][0];
    let refused = |edits: Value| {
        let input = json!({ "project": project, "session": view["id"], "edits": edits });
        let (status, error) = app.call_refused("session.edit", input);
        (
            status,
            error["message"].as_str().unwrap_or_default().to_owned(),
        )
    };
    for (edits, words) in [
        (
            json!([{ "edit": "split", "at": 5_000_000 }]),
            "nothing to split",
        ),
        (
            json!([{ "edit": "remove_clips", "clips": [99] }]),
            "there is no clip 99",
        ),
        (
            json!([{ "edit": "trim_clip", "clip": clip["id"], "start": 0, "end": 96_001 }]),
            "source of 96000 samples",
        ),
        (
            json!([{ "edit": "add_clips", "clips": [{ "track": 1, "source": "no", "start": 0 }] }]),
            "there is no asset `no`",
        ),
        (
            json!([{ "edit": "rename", "name": " " }]),
            "1 to 200 letters",
        ),
        (
            json!([{ "edit": "split", "at": 100 }, { "edit": "set_mix", "gain_db": 99.0 }]),
            "24",
        ),
        (json!([{ "edit": "explode" }]), "edits"),
        (json!([]), ""),
        (
            json!([{ "edit": "set_effects", "effects": { "effects": [{ "effect": { "convolution": { "impulse": "none" } } }] } }]),
            "impulse",
        ),
    ] {
        let (status, message) = refused(edits.clone());
        assert_eq!(status, 2, "{edits}: {message}");
        assert!(message.contains(words), "{edits}: {message}");
    }
    let input = json!({ "project": project, "session": view["id"] });
    assert_eq!(
        app.call("session.get", input.clone()),
        view,
        "nothing was changed"
    );
    let later = json!([{ "edit": "rename", "name": "Later" }]);
    edit(&app, &project, &view, later.clone());
    let stale = json!({ "project": project, "session": view["id"], "edits": later, "revision": 0 });
    let (_, error) = app.call_refused("session.edit", stale);
    assert_eq!(error["code"], "conflict", "{error}");
    let (status, error) = app.call_refused(
        "session.play",
        json!({ "project": project, "session": "no" }),
    );
    assert_eq!(
        (status, error["code"].as_str()),
        (2, Some("not_found")),
        "{error}"
    );
    app.call("session.delete", input.clone());
    let (_, error) = app.call_refused("session.get", input);
    assert_eq!(error["code"], "not_found");
}

#[test]
fn an_export_holds_every_sample_where_the_session_has_it() {
    let app = App::new();
    let (a, b) = (app.folder().join("a.wav"), app.folder().join("b.wav"));
    let noise = signal::noise(3, 0.4, RATE_HZ);
    write_wav(
        &a,
        RATE_HZ as u32,
        &[noise.clone(), noise.clone()],
        WavSample::Float32,
    );
    // The other one is mono and of another rate.
    write_wav(
        &b,
        44_100,
        &[signal::sine(441.0, 0.25, 44_100, 44_100)],
        WavSample::Float32,
    );
    let (project, view) = session(&app, &[&a, &b]);
    let sources = view["session"]["sources"].as_object().expect("sources");
    assert!(
        sources.values().all(|facts| facts["frames"] == RATE_HZ),
        "{sources:?}"
    );
    let tracks = &view["session"]["tracks"];
    let moved = json!([
        { "edit": "move_clips", "clips": [tracks[0]["clips"][0]["id"]], "by": 777 },
        { "edit": "set_track", "track": tracks[1]["id"], "muted": true },
    ]);
    edit(&app, &project, &view, moved);
    let mix = app.folder().join("mix.wav");
    let report = export(&app, &project, &view, json!({ "output": mix }));
    assert_eq!(report["files"][0]["frames"], RATE_HZ + 777);
    let mixed = samples(&mix);
    assert!(mixed[0][..777].iter().all(|x| *x == 0.0));
    assert_eq!(
        mixed[0][777..],
        noise[..],
        "the samples are those of the source"
    );

    // The converted tone: as exact as the converter is.
    let only =
        json!([{ "edit": "set_track", "track": tracks[1]["id"], "muted": false, "soloed": true }]);
    edit(&app, &project, &view, only);
    export(&app, &project, &view, json!({ "output": mix }));
    let tone = signal::sine(441.0, 0.25, 48_000, 48_000);
    let mixed = samples(&mix);
    let wrong = mixed[1][2_000..46_000]
        .iter()
        .zip(&tone[2_000..])
        .map(|(x, wanted)| (x - wanted).abs());
    assert!(
        wrong.fold(0.0, f32::max) < 1e-4,
        "the tone is the same at the session's rate"
    );

    // Stems add up to the mix; a region is a part of it.
    let both = json!([
        { "edit": "set_track", "track": tracks[1]["id"], "soloed": false },
        { "edit": "set_marker", "name": "Middle", "at": 20_000, "length": 9_000 },
    ]);
    edit(&app, &project, &view, both);
    export(&app, &project, &view, json!({ "output": mix }));
    let mixed = samples(&mix);
    let stems = app.folder().join("stems");
    std::fs::create_dir(&stems).expect("a folder");
    let report = export(
        &app,
        &project,
        &view,
        json!({ "parts": "tracks", "output": stems }),
    );
    let files = report["files"].as_array().expect("files");
    let parts: Vec<_> = files
        .iter()
        .map(|file| {
            samples(Utf8Path::new(
                file["output"]["path"].as_str().expect("a path"),
            ))
        })
        .collect();
    assert_eq!(parts.len(), 2);
    for (n, x) in mixed[0].iter().enumerate() {
        let sum: f32 = parts
            .iter()
            .map(|part| part[0].get(n).copied().unwrap_or(0.0))
            .sum();
        assert!((sum - x).abs() < 1e-6, "sample {n}");
    }
    let report = export(
        &app,
        &project,
        &view,
        json!({ "parts": "regions", "format": "flac" }),
    );
    let output = &report["files"][0]["output"];
    assert!(output["asset"].is_string(), "{report}");
    let region = samples(Utf8Path::new(output["path"].as_str().expect("a path")));
    assert_eq!(region[0].len(), 9_000);
    for (x, wanted) in region[0].iter().zip(&mixed[0][20_000..]) {
        assert!(
            (x - wanted).abs() < 1e-6,
            "FLAC keeps 24 bits: {x} for {wanted}"
        );
    }
}

#[test]
fn a_source_that_is_gone_is_told_and_not_exported_as_silence() {
    let app = App::new();
    let a = app.folder().join("a.wav");
    tone(&a, 440.0, 0.5, 1.0);
    let project = app.project("Workshop");
    let input = json!({ "project": project, "path": a, "mode": "reference" });
    let asset = app.call("asset.import", input)["id"].clone();
    let input = json!({ "project": project, "name": "Mix", "assets": [asset] });
    let view = app.call("session.create", input);
    std::fs::remove_file(&a).expect("removed");
    let input = json!({ "project": project, "session": view["id"] });
    let now = app.call("session.get", input.clone());
    let why = now["missing"][asset.as_str().expect("an id")]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(why.contains("is not there any more"), "{now}");
    let (_, error) = app.call_refused("session.export", input);
    assert_eq!(error["code"], "not_found", "{error}");
}

#[test]
#[cfg(unix)]
fn an_export_that_meets_a_full_disk_leaves_nothing() {
    let app = App::new();
    let a = app.folder().join("a.wav");
    tone(&a, 440.0, 0.5, 40.0);
    let (project, view) = session(&app, &[&a]);
    let regions = json!([
        { "edit": "set_marker", "name": "Short", "at": 0, "length": 10_000 },
        { "edit": "set_marker", "name": "Long", "at": 20_000, "length": 30 * RATE_HZ },
    ]);
    edit(&app, &project, &view, regions);
    let folder = app.folder().join("regions");
    std::fs::create_dir(&folder).expect("a folder");
    let assets = || app.call("asset.list", json!({ "project": project }));
    let before = assets();
    for output in [Some(&folder), None] {
        let mut input = json!({
            "project": project, "session": view["id"], "parts": "regions", "format": "wav", "quality": "lossless",
        });
        if let Some(folder) = output {
            input["output"] = json!(folder);
        }
        // No file can become longer than 4 MiB: the first region fits, the second does not.
        let plain = app.command();
        let mut limited = std::process::Command::new("sh");
        let set = plain
            .get_envs()
            .filter_map(|(key, value)| Some((key, value?)));
        limited
            .args(["-c", "trap '' XFSZ; ulimit -f 8192; exec \"$0\" \"$@\""])
            .arg(plain.get_program())
            .args(["--json", "run", "session.export", "--input"])
            .arg(input.to_string())
            .envs(set);
        let answer = limited.output().expect("a shell");
        let error: Value = serde_json::from_slice(&answer.stdout).expect("an error as JSON");
        assert_eq!(error["error"]["code"], "disk_full", "{error}");
        let left: Vec<_> = folder.read_dir_utf8().expect("a folder").collect();
        assert!(left.is_empty(), "{left:?}");
        assert_eq!(assets(), before);
        let exported = app.call("session.export", input);
        assert_eq!(exported["files"].as_array().map(Vec::len), Some(2));
        for file in exported["files"].as_array().expect("files") {
            if output.is_some() {
                let path = file["output"]["path"].as_str().expect("a path");
                std::fs::remove_file(path).expect("it is there");
            }
        }
    }
}
