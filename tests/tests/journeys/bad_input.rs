//! Everything that can be wrong with a file, a path or a project is said, and harms nothing.

use serde_json::{Value, json};
use studio_tests::{App, tone};

/// The operation refuses with `code`, and its message names what was wrong.
fn check(app: &App, operation: &str, input: Value, code: &str, words: &str) {
    let (_, error) = app.call_refused(operation, input.clone());
    assert_eq!(error["code"], code, "{operation} {input}: {error}");
    let message = error["message"].as_str().unwrap_or_default();
    assert!(
        message.contains(words),
        "{operation} {input} should say {words:?}, said {message:?}"
    );
}

#[test]
fn files_that_are_no_media_are_named_for_what_they_are() {
    let app = App::new();
    let folder = app.folder();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).expect("a file");
        path
    };
    let wav = folder.join("good.wav");
    tone(&wav, 440.0, 0.5, 1.0);
    let good = std::fs::read(&wav).expect("a wav");
    let project = app.project("Bad");
    let cases = [
        (file("empty.wav", b""), "bad_input", "empty"),
        (
            file("text.wav", b"this is no sound at all, but a sentence"),
            "bad_input",
            "text.wav",
        ),
        (
            file("header-only.wav", &good[..20]),
            "bad_input",
            "header-only.wav",
        ),
        (folder.clone(), "bad_input", "folder"),
        (folder.join("missing.wav"), "not_found", "missing.wav"),
        (file("zeros.mp3", &[0; 4096]), "bad_input", "zeros.mp3"),
    ];
    for (path, code, words) in cases {
        check(&app, "audio.loudness", json!({ "path": path }), code, words);
        check(&app, "audio.probe", json!({ "path": path }), code, words);
        check(&app, "audio.peaks", json!({ "path": path }), code, words);
        check(
            &app,
            "asset.import",
            json!({ "project": project, "path": path }),
            code,
            words,
        );
        let output = folder.join("out.wav");
        check(
            &app,
            "audio.normalize",
            json!({ "path": path, "output": output }),
            code,
            words,
        );
        check(
            &app,
            "audio.convert",
            json!({ "path": path, "format": "flac", "output": output }),
            code,
            words,
        );
        assert!(!output.exists(), "a refused operation leaves no file");
    }
    // A truncated file keeps what it has, and a wrong ending does not matter.
    let cut = file("cut.wav", &good[..good.len() / 2]);
    let probed = app.call("audio.probe", json!({ "path": cut }));
    assert!(probed["duration_secs"].as_f64() < Some(0.6), "{probed}");
    let disguised = file("good.mp3", &good);
    app.call("audio.loudness", json!({ "path": disguised }));
}

#[test]
fn sources_and_outputs_must_make_sense() {
    let app = App::new();
    let wav = app.folder().join("good.wav");
    tone(&wav, 440.0, 0.5, 1.0);
    let project = app.project("Sense");
    check(&app, "audio.loudness", json!({}), "bad_input", "path");
    check(
        &app,
        "audio.loudness",
        json!({ "path": wav, "asset": "x", "project": project }),
        "bad_input",
        "path",
    );
    check(
        &app,
        "audio.loudness",
        json!({ "asset": "x" }),
        "bad_input",
        "project",
    );
    check(
        &app,
        "audio.loudness",
        json!({ "project": project, "asset": "nothing" }),
        "not_found",
        "nothing",
    );
    check(
        &app,
        "audio.loudness",
        json!({ "project": "Nowhere", "asset": "x" }),
        "not_found",
        "Nowhere",
    );
    check(
        &app,
        "audio.normalize",
        json!({ "path": wav }),
        "bad_input",
        "output",
    );
    check(
        &app,
        "audio.normalize",
        json!({ "path": wav, "target_lufs": 3 }),
        "bad_input",
        "target_lufs",
    );
    check(
        &app,
        "audio.normalize",
        json!({ "path": wav, "output": wav }),
        "bad_input",
        "itself",
    );
    let nowhere = app.folder().join("no/such/folder/x.wav");
    check(
        &app,
        "audio.normalize",
        json!({ "path": wav, "output": nowhere }),
        "not_found",
        "no/such/folder",
    );
    check(
        &app,
        "audio.convert",
        json!({ "path": wav, "format": "xyz" }),
        "bad_input",
        "format",
    );
}

#[test]
fn projects_refuse_what_would_harm() {
    let app = App::new();
    let project = app.project("Twice");
    check(
        &app,
        "project.create",
        json!({ "name": "Twice" }),
        "conflict",
        "Twice",
    );
    check(
        &app,
        "project.create",
        json!({ "name": "" }),
        "bad_input",
        "name",
    );
    check(
        &app,
        "project.create",
        json!({ "name": "x".repeat(5000) }),
        "bad_input",
        "name",
    );
    check(
        &app,
        "project.open",
        json!({ "path": app.folder() }),
        "not_found",
        "project",
    );
    check(
        &app,
        "project.open",
        json!({ "path": "/nowhere" }),
        "not_found",
        "/nowhere",
    );

    let escaping = app.call("project.create", json!({ "name": "../../escape" }));
    let path = escaping["path"].as_str().expect("a path");
    assert!(
        path.starts_with(app.projects().as_str()) && !path.contains(".."),
        "{path}"
    );
    let odd = app.call("project.create", json!({ "name": "Ünïcødé 🎬 film" }));
    assert_eq!(odd["name"], "Ünïcødé 🎬 film");
    app.call("project.info", json!({ "project": "Ünïcødé 🎬 film" }));

    std::fs::write(format!("{project}/studio.db"), b"no database").expect("the damage");
    let (_, error) = app.call_refused("project.info", json!({ "project": project }));
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|message| message.contains("studio.db")),
        "{error}"
    );
}

#[test]
fn plans_are_checked_to_the_last_field() {
    let app = App::new();
    let project = app.project("Plans");
    let planned = app.call(
        "movie.plan",
        json!({ "sentence": "Two dogs cross the desert at night." }),
    );
    let plan = &planned["plan"];
    let validated = app.call("movie.validate", json!({ "plan": plan }));
    assert_eq!(validated, json!({ "valid": true, "problems": [] }));

    let mut broken = plan.clone();
    broken["shots"][1]["end_base_image_id"] = json!("nowhere");
    let validated = app.call("movie.validate", json!({ "plan": broken }));
    assert_eq!(validated["valid"], false);
    let said = validated["problems"].to_string();
    assert!(said.contains("shots") && said.contains("nowhere"), "{said}");
    check(
        &app,
        "movie.import",
        json!({ "project": project, "plan": broken }),
        "bad_input",
        "shots",
    );
    check(
        &app,
        "movie.import",
        json!({ "project": project, "plan": { "title": 5 } }),
        "bad_input",
        "",
    );
    check(
        &app,
        "movie.import",
        json!({ "project": project, "path": "/nowhere.json" }),
        "not_found",
        "/nowhere",
    );
    check(
        &app,
        "movie.plan",
        json!({ "sentence": "" }),
        "bad_input",
        "sentence",
    );
    check(
        &app,
        "movie.render",
        json!({ "project": project, "film": "nothing" }),
        "not_found",
        "nothing",
    );
    check(
        &app,
        "movie.render",
        json!({ "project": project, "film": "x", "width": 321, "height": 180 }),
        "bad_input",
        "width",
    );
    for sentence in [
        "🎬",
        "你好，世界",
        &"word ".repeat(400),
        "<script>alert(1)</script>",
        "'; DROP TABLE films;--",
    ] {
        let planned = app.call("movie.plan", json!({ "sentence": sentence }));
        assert_eq!(planned["problems"], json!([]), "{sentence}");
    }
}

#[test]
fn without_a_sound_device_playing_says_so_and_the_rest_works() {
    let app = App::new();
    let mut command = app.command();
    // No server and no card: ALSA has nothing to open.
    command
        .env("PULSE_SERVER", "unix:/nowhere")
        .env("ALSA_CONFIG_PATH", "/dev/null");
    let output = command
        .args(["--json", "run", "ambient.play", "--input", "{}"])
        .output()
        .expect("runs");
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(answer["error"]["code"], "no_device", "{answer}");
}

#[test]
fn a_linked_file_that_changed_or_went_away_is_told() {
    let app = App::new();
    let project = app.project("Linked");
    let wav = app.folder().join("linked.wav");
    tone(&wav, 440.0, 0.5, 1.0);
    let input = json!({ "project": project, "path": wav, "mode": "reference" });
    let asset = app.call("asset.import", input)["id"].clone();
    let source = json!({ "project": project, "asset": asset });
    app.call("audio.loudness", source.clone());

    let original = std::fs::read(&wav).expect("a file");
    tone(&wav, 220.0, 0.5, 1.0);
    check(
        &app,
        "audio.loudness",
        source.clone(),
        "conflict",
        "has changed",
    );
    // The same bytes with another time are the same file.
    std::fs::write(&wav, original).expect("a file");
    app.call("audio.loudness", source.clone());
    std::fs::remove_file(&wav).expect("a file");
    check(&app, "audio.loudness", source, "not_found", "linked.wav");
}
