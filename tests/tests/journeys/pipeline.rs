//! The same steps over many files, and over those that come into a folder.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
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

/// A watch in a process of its own.
struct Watch {
    child: Child,
    report: Utf8PathBuf,
}

impl Watch {
    fn start(app: &App, input: &Value) -> Watch {
        let child = app
            .command()
            .args(["run", "audio.watch", "--input", &input.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("av-studio starts");
        let out = input["output_folder"].as_str().expect("a folder");
        Watch {
            child,
            report: Utf8Path::new(out).join("pipeline-report.json"),
        }
    }

    /// The report, once it is as it should be.
    fn wait_for(&mut self, expected: &[(&str, &str)]) -> Value {
        let begun = Instant::now();
        let mut expected = named(expected);
        expected.sort();
        loop {
            let text = std::fs::read(&self.report).unwrap_or_default();
            let report: Value = serde_json::from_slice(&text).unwrap_or_default();
            let mut told = match report["entries"].is_array() {
                true => outcomes(&report),
                false => Vec::new(),
            };
            told.sort();
            if told == expected {
                return report;
            }
            let ended = self.child.try_wait().expect("its state");
            assert!(ended.is_none(), "the watch ended: {ended:?}, {report}");
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "{report} is not {expected:?}"
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // It would go on for ever.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The job that waits for something of this kind.
fn waiting(app: &App, what: &str) -> String {
    let begun = Instant::now();
    loop {
        let jobs = app.call("job.list", json!({ "status": "running" }));
        let jobs = jobs["jobs"].as_array().cloned().unwrap_or_default();
        let stage = |job: &Value| job["stage"].as_str().unwrap_or_default().to_owned();
        if let Some(job) = jobs.iter().find(|job| stage(job).contains(what)) {
            return job["id"].as_str().expect("an id").to_owned();
        }
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "nothing waits for {what}: {jobs:?}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_watched_folder_gives_each_sound_once_and_never_its_own_results() {
    let app = App::new();
    let takes = app.folder().join("takes");
    let out = takes.join("ready");
    std::fs::create_dir_all(&takes).expect("a folder");
    let input = json!({
        "folder": takes, "recursive": true, "output_folder": out, "settle_secs": 1,
        "steps": [{ "normalize": { "delivery": "podcast" } }],
    });
    tone(&takes.join("a.wav"), 440.0, 0.02, 1.0);
    let mut watch = Watch::start(&app, &input);
    watch.wait_for(&[("a.wav", "done")]);
    tone(&takes.join("b.wav"), 330.0, 0.5, 1.0);
    std::fs::write(takes.join("broken.wav"), b"RIFF, but no more").expect("a file");
    watch.wait_for(&[
        ("a.wav", "done"),
        ("b.wav", "done"),
        ("broken.wav", "failed"),
    ]);
    let measured = app.call("audio.loudness", json!({ "path": out.join("b.wav") }));
    let loudness = measured["integrated_lufs"].as_f64().expect("a loudness");
    assert!((loudness + 16.0).abs() < 0.2, "{loudness}");

    // It goes away with all that is in it, and comes back.
    let aside = app.folder().join("aside");
    std::fs::rename(&takes, &aside).expect("it moves");
    let job = waiting(&app, "Waiting: could not read");
    std::fs::rename(&aside, &takes).expect("it moves back");
    waiting(&app, "Waiting for sounds");
    app.call("job.cancel", json!({ "job": job }));
    assert_eq!(watch.child.wait().expect("it ends").code(), Some(130));

    let first = std::fs::metadata(out.join("a.wav")).expect("a result");
    std::fs::remove_file(out.join("b.wav")).expect("somebody takes it away");
    let mut watch = Watch::start(&app, &input);
    tone(&takes.join("c.wav"), 220.0, 0.1, 1.0);
    let kept = [
        ("a.wav", "kept"),
        ("b.wav", "kept"),
        ("broken.wav", "failed"),
    ];
    watch.wait_for(&[&kept[..], &[("c.wav", "done")]].concat());
    // What failed is tried again when it is another file.
    tone(&takes.join("broken.wav"), 110.0, 0.1, 1.0);
    let mended = [
        ("a.wav", "kept"),
        ("b.wav", "kept"),
        ("broken.wav", "done"),
        ("c.wav", "done"),
    ];
    watch.wait_for(&mended);
    drop(watch);
    let again = std::fs::metadata(out.join("a.wav")).expect("the result");
    assert_eq!(
        first.modified().ok(),
        again.modified().ok(),
        "not made again"
    );
    assert!(!out.join("b.wav").exists(), "nor what was taken away");
    assert!(
        !out.join("ready").exists(),
        "its own results are no sounds that came"
    );
}

#[test]
fn a_watch_ends_by_itself_when_it_was_told_to() {
    let app = App::new();
    let (takes, out) = (app.folder().join("takes"), app.folder().join("out"));
    std::fs::create_dir_all(&takes).expect("a folder");
    for name in ["a.wav", "a.flac"] {
        tone(&takes.join(name), 440.0, 0.1, 0.5);
    }
    let input = json!({
        "folder": takes, "output_folder": out, "format": "mp3", "settle_secs": 1, "until_idle_secs": 2,
    });
    let report = app.call("audio.watch", input.clone());
    let expected = [("a.flac", "done"), ("a.wav", "failed")];
    assert_eq!(outcomes(&report), named(&expected), "one name: {report}");
    for (given, field) in [
        (json!({ "folder": app.folder().join("none") }), "/folder"),
        (json!({ "output_folder": takes }), "/output_folder"),
        (json!({ "output_folder": app.folder() }), "/output_folder"),
    ] {
        let mut input = input.clone();
        let fields = given.as_object().expect("an object").clone();
        input.as_object_mut().expect("an object").extend(fields);
        let (_, error) = app.call_refused("audio.watch", input.clone());
        assert_eq!(error["field"], field, "{input}: {error}");
    }
}

#[test]
fn chapters_go_through_conversion_and_through_steps() {
    let app = App::new();
    let (facts, book) = (
        app.folder().join("facts.txt"),
        app.folder().join("book.m4a"),
    );
    let chapters = "[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1200\ntitle=One\n\
                    [CHAPTER]\nTIMEBASE=1/1000\nSTART=1200\nEND=2000\ntitle=Two\n";
    std::fs::write(&facts, format!(";FFMETADATA1\n{chapters}")).expect("a file");
    let made = std::process::Command::new("ffmpeg")
        .args([
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            "sine=d=2:r=48000",
            "-i",
            facts.as_str(),
        ])
        .args(["-map_chapters", "1", "-c:a", "aac", book.as_str()])
        .status();
    assert!(made.expect("ffmpeg runs").success());
    let check = |path: &Utf8Path| {
        let probed = app.call("audio.probe", json!({ "path": path }));
        let told = probed["chapters"].as_array().expect("chapters").iter();
        let told: Vec<_> = told
            .map(|it| (it["start_ms"].as_u64(), it["title"].clone()))
            .collect();
        let meant = vec![(Some(0), json!("One")), (Some(1200), json!("Two"))];
        assert_eq!(told, meant, "{path}: {probed}");
    };
    check(&book);
    let mp3 = app.folder().join("book.mp3");
    let input = json!({ "path": book, "format": "mp3", "output": mp3 });
    assert_eq!(app.call("audio.convert", input)["warnings"], json!([]));
    check(&mp3);
    let wav = app.folder().join("book.wav");
    let input = json!({ "path": mp3, "format": "wav", "output": wav });
    assert_eq!(app.call("audio.convert", input)["warnings"], json!([]));
    check(&wav);
    let out = app.folder().join("out");
    let input = json!({
        "paths": [mp3], "output_folder": out, "format": "opus",
        "steps": [
            { "process": { "chain": { "effects": [{ "effect": { "gain": { "gain_db": -3.0 } } }] } } },
            { "normalize": { "delivery": "podcast" } },
        ],
    });
    let report = app.call("audio.pipeline", input);
    assert_eq!(report["entries"][0]["warnings"], json!([]), "{report}");
    check(&out.join("book.opus"));
}
