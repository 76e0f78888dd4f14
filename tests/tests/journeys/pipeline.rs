//! The same steps over many files.

use serde_json::{Value, json};
use studio_tests::{App, tone};

fn outcomes(report: &Value) -> Vec<(String, String)> {
    let entries = report["entries"].as_array().expect("entries").iter();
    let text = |entry: &Value, field: &str| entry[field].as_str().unwrap_or_default().to_owned();
    entries
        .map(|entry| {
            let source = text(entry, "source");
            let name = source.rsplit('/').next().unwrap_or_default().to_owned();
            (name, text(entry, "outcome"))
        })
        .collect()
}

fn named(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = expected.iter();
    pairs
        .map(|(name, outcome)| ((*name).to_owned(), (*outcome).to_owned()))
        .collect()
}

#[test]
fn a_folder_goes_through_its_steps_and_only_what_is_new_goes_again() {
    let app = App::new();
    let (takes, out) = (app.folder().join("takes"), app.folder().join("out"));
    std::fs::create_dir_all(takes.join("second day")).expect("folders");
    tone(&takes.join("a.wav"), 440.0, 0.02, 2.0);
    tone(&takes.join("second day/b.wav"), 330.0, 0.5, 2.0);
    std::fs::write(takes.join("broken.wav"), b"RIFF, but no more").expect("a file");
    std::fs::write(takes.join("notes.txt"), b"not a sound").expect("a file");
    let input = json!({
        "paths": [takes], "recursive": true, "output_folder": out, "format": "flac",
        "steps": [
            { "process": { "chain": { "effects": [{ "effect": { "gain": { "gain_db": -3.0 } } }] } } },
            { "normalize": { "delivery": "podcast" } },
        ],
    });
    let report = app.call("audio.pipeline", input.clone());
    let expected = [
        ("a.wav", "done"),
        ("broken.wav", "failed"),
        ("b.wav", "done"),
    ];
    assert_eq!(outcomes(&report), named(&expected), "{report}");
    assert_eq!((&report["done"], &report["failed"]), (&json!(2), &json!(1)));
    for made in ["a.flac", "second day/b.flac"] {
        let measured = app.call("audio.loudness", json!({ "path": out.join(made) }));
        let loudness = measured["integrated_lufs"].as_f64().expect("a loudness");
        assert!((loudness + 16.0).abs() < 0.2, "{made}: {loudness}");
    }
    assert!(!out.join("broken.flac").exists());
    let table = std::fs::read_to_string(out.join("pipeline-report.csv")).expect("a table");
    assert_eq!(table.lines().count(), 4, "{table}");

    tone(&takes.join("c.wav"), 220.0, 0.1, 1.0);
    let again = app.call("audio.pipeline", input.clone());
    let expected = [
        ("a.wav", "kept"),
        ("broken.wav", "failed"),
        ("c.wav", "done"),
        ("b.wav", "kept"),
    ];
    assert_eq!(outcomes(&again), named(&expected), "{again}");
    std::fs::remove_file(out.join("a.flac")).expect("a result");
    let mut other = input;
    other["sample_rate"] = json!(44_100);
    let other = app.call("audio.pipeline", other);
    assert_eq!(other["done"], 3, "other settings, other results: {other}");
    let probed = app.call("audio.probe", json!({ "path": out.join("a.flac") }));
    assert_eq!(probed["audio"]["sample_rate"], 44_100, "{probed}");
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_written() {
    let app = App::new();
    let (one, two) = (app.folder().join("one"), app.folder().join("two"));
    for folder in [&one, &two] {
        std::fs::create_dir_all(folder).expect("a folder");
        tone(&folder.join("a.wav"), 440.0, 0.1, 0.2);
    }
    let out = app.folder().join("out");
    for (given, field) in [
        (json!({ "paths": [one, two] }), "/paths"),
        (
            json!({ "paths": [app.folder().join("projects")] }),
            "/paths",
        ),
        (
            json!({ "paths": [one], "output_folder": one }),
            "/output_folder",
        ),
        (json!({ "paths": [one], "pattern": "[" }), "/pattern"),
        (json!({ "paths": [one], "pattern": "*.aac" }), "/paths"),
        (
            json!({ "paths": [one], "steps": [{ "process": { "preset": "none" } }] }),
            "/steps/0",
        ),
        (json!({ "paths": [] }), "/paths"),
    ] {
        std::fs::create_dir_all(app.projects()).expect("a folder");
        let mut input = json!({ "output_folder": out });
        let fields = given.as_object().expect("an object").clone();
        input.as_object_mut().expect("an object").extend(fields);
        let (_, error) = app.call_refused("audio.pipeline", input.clone());
        assert_eq!(error["field"], field, "{input}: {error}");
        assert!(!out.exists(), "{input} left a folder");
    }
}
