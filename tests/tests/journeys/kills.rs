//! A studio whose processes are killed at random points while they import and render stays whole.

use std::fs::File;
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};
use studio_store::{Home, Project};
use studio_tests::{App, tone};

/// How many processes die at work.
const KILLS: u32 = 100;
/// Each round tries to kill one import and one render; more rounds than this find no moment to kill at.
const MOST_ROUNDS: u32 = 200;
const SENTENCE: &str = "A snail crosses the garden to see the moon.";

#[test]
fn a_hundred_kills_leave_every_project_whole() {
    let app = App::new();
    let (project, film) = planned(&app, "Killed");
    let project_folder = Utf8PathBuf::from(&project);
    let wav = |round: u32| app.folder().join(format!("{round}.wav"));
    let calm = Instant::now();
    let mut first = start(&app, "asset.import", &import(&project, &write(&wav(0), 0)));
    check_unharmed(&app, "asset.import", first.wait().expect("it ends"));
    let import_time = calm.elapsed();
    let calm = Instant::now();
    let mut first = start(&app, "movie.render", &render(&project, &film, 0));
    check_unharmed(&app, "movie.render", first.wait().expect("it ends"));
    let render_time = calm.elapsed();

    let mut random = Random(0x5eed);
    let (mut killed, mut imported, mut round) = (0, 1_usize, 0);
    // Both run at once, so each takes longer than it did alone; how much longer is learnt from who ends unharmed.
    let mut stretch = 1.5;
    while killed < KILLS {
        round += 1;
        assert!(
            round <= MOST_ROUNDS,
            "only {killed} processes were killed at work"
        );
        write(&wav(round), round);
        let mut importing = start(&app, "asset.import", &import(&project, &wav(round)));
        let mut rendering = start(&app, "movie.render", &render(&project, &film, round));
        let mut kills = [
            (
                random.share_of(import_time.mul_f64(stretch)),
                &mut importing,
                "asset.import",
            ),
            (
                random.share_of(render_time.mul_f64(stretch)),
                &mut rendering,
                "movie.render",
            ),
        ];
        kills.sort_by_key(|(after, ..)| *after);
        let begun = Instant::now();
        for (after, child, operation) in kills {
            std::thread::sleep(after.saturating_sub(begun.elapsed()));
            let ended = child.try_wait().expect("a child");
            child.kill().expect("kill -9");
            child.wait().expect("it is dead");
            if let Some(status) = ended {
                check_unharmed(&app, operation, status);
                imported += usize::from(operation == "asset.import");
                stretch *= 0.9;
            } else {
                killed += 1;
                stretch *= 1.03;
            }
        }
        check_films(&project_folder);
        if round % 10 == 0 {
            check_whole(&app, &project_folder, imported);
        }
    }

    // What survived so much gives the same film as a project that nothing ever happened to.
    let survivor = app.call("movie.render", render(&project, &film, 0));
    let (calm_project, calm_film) = planned(&app, "Calm");
    let calm = app.call("movie.render", render(&calm_project, &calm_film, 0));
    let bytes =
        |film: &Value| std::fs::read(film["video_path"].as_str().expect("a path")).expect("a film");
    assert!(bytes(&survivor) == bytes(&calm), "the films differ");
}

fn planned(app: &App, name: &str) -> (String, String) {
    let project = app.project(name);
    let input =
        json!({ "project": project, "sentence": SENTENCE, "duration_secs": 5.0, "shots": 3 });
    let film = app.call("movie.plan", input)["film"].clone();
    (project, film.as_str().expect("a film id").to_owned())
}

/// Half a minute of sound, other bytes for each round.
fn write(wav: &Utf8Path, round: u32) -> Utf8PathBuf {
    tone(wav, 200.0 + f64::from(round), 0.5, 30.0);
    wav.to_owned()
}

fn import(project: &str, wav: &Utf8Path) -> Value {
    json!({ "project": project, "path": wav })
}

/// Another size each round, so that everything is made anew.
fn render(project: &str, film: &str, round: u32) -> Value {
    json!({ "project": project, "film": film, "width": 192 + 2 * round, "height": 108 })
}

fn start(app: &App, operation: &str, input: &Value) -> Child {
    app.command()
        .args(["--json", "run", operation, "--input", &input.to_string()])
        .stdout(File::create(said(app, operation)).expect("a new file"))
        .stderr(Stdio::null())
        .spawn()
        .expect("av-studio starts")
}

/// Where the last process that ran `operation` left its answer.
fn said(app: &App, operation: &str) -> Utf8PathBuf {
    app.folder().join(format!("{operation}.json"))
}

fn check_unharmed(app: &App, operation: &str, status: ExitStatus) {
    let said = std::fs::read_to_string(said(app, operation)).expect("its answer");
    assert!(
        status.success(),
        "{operation} fails, though nothing disturbed it: {status}, {said}"
    );
}

/// Every film in the folder of exports is whole: it ends where its plan ends.
fn check_films(project: &Utf8Path) {
    let Ok(exports) = project.join("exports").read_dir_utf8() else {
        return;
    };
    for film in exports.map(|entry| entry.expect("an entry").into_path()) {
        let name = film.file_name().expect("a name");
        // What was being written has a hidden name and the same ending; the project removes it when it is opened later.
        if name.starts_with('.') {
            continue;
        }
        match film.extension() {
            Some("mp4") => {
                let info = studio_media::probe(&film).expect("a film that can be read");
                assert!(
                    (info.duration_secs.expect("a length") - 5.0).abs() < 0.2,
                    "{film} is cut"
                );
            }
            Some("srt") => {}
            _ => panic!("{film} is left over"),
        }
    }
}

/// Databases, artifacts, assets, jobs and scratch agree with each other and with what was reported.
fn check_whole(app: &App, folder: &Utf8Path, imported: usize) {
    let home = Home::open(&app.home()).expect("the home opens");
    home.reap().expect("the dead are buried");
    let project = Project::open(folder).expect("the project opens");
    for database in [folder.join("studio.db"), app.home().join("home.db")] {
        let verdict: String = rusqlite::Connection::open(&database)
            .and_then(|file| file.query_row("PRAGMA integrity_check", [], |row| row.get(0)))
            .expect("a database");
        assert_eq!(verdict, "ok", "{database}");
    }
    for artifact in project.artifacts().list().expect("artifacts") {
        project
            .artifacts()
            .verify(&artifact)
            .expect("its bytes are as they were");
    }
    let assets = project.assets().list().expect("assets");
    assert!(
        assets.len() >= imported,
        "{} of {imported} imports are there",
        assets.len()
    );
    for asset in &assets {
        let peaks = asset.facts.peaks.as_ref().expect("sound has peaks");
        for digest in [&asset.facts.digest, peaks] {
            let found = project.artifacts().get(digest).expect("artifacts");
            assert!(found.is_some(), "{} has lost {digest}", asset.facts.name);
        }
    }
    for job in home.jobs().list(None, u32::MAX).expect("jobs") {
        assert!(job.status.is_over(), "{job:?}");
    }
    let scratch = app.home().join("scratch");
    let left = scratch.read_dir_utf8().map_or(0, Iterator::count);
    assert_eq!(left, 0, "the scratch of the dead is gone");
}

/// A small generator of its own (xorshift, Marsaglia 2003), so that each run kills at the same points.
struct Random(u64);

impl Random {
    fn share_of(&mut self, whole: Duration) -> Duration {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        whole.mul_f64((self.0 >> 11) as f64 / (1_u64 << 53) as f64)
    }
}
