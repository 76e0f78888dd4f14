//! Jobs survive what happens to processes.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use studio_tests::App;

/// Starts a render in a process of its own and waits until it is under way: (process, job id).
// The caller waits for it; a failed assertion here ends the test.
#[allow(clippy::zombie_processes)]
fn start_render(app: &App, project: &str, film: &str) -> (Child, String) {
    let input = json!({ "project": project, "film": film, "width": 640, "height": 360 });
    let child = app
        .command()
        .args([
            "--json",
            "run",
            "movie.render",
            "--input",
            &input.to_string(),
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("av-studio starts");
    let begun = Instant::now();
    loop {
        let jobs = app.call("job.list", json!({ "status": "running" }));
        if let Some(job) = jobs["jobs"].as_array().and_then(|jobs| jobs.first())
            && job["fraction"].as_f64() > Some(0.02)
        {
            return (child, job["id"].as_str().expect("an id").to_owned());
        }
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "the render does not start: {jobs}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn planned_film(app: &App) -> (String, String) {
    let project = app.project("Jobs");
    let input = json!({ "project": project, "sentence": "A robot learns to dance.", "duration_secs": 20.0 });
    let film = app.call("movie.plan", input)["film"]
        .as_str()
        .expect("a film id")
        .to_owned();
    (project, film)
}

fn status(app: &App, job: &str) -> Value {
    app.call("job.show", json!({ "job": job }))["status"].clone()
}

#[test]
fn a_killed_render_is_interrupted_and_resumes_from_what_it_had() {
    let app = App::new();
    let (project, film) = planned_film(&app);
    let (mut child, job) = start_render(&app, &project, &film);
    let begun = Instant::now();
    // Let it finish some pictures, so that there is something to resume from.
    while app.call(
        "movie.estimate",
        json!({ "project": project, "film": film, "width": 640, "height": 360 }),
    )["steps"][0]["reused"]
        == json!(0)
    {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "no picture is ever finished"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill().expect("kill -9");
    child.wait().expect("it is dead");
    assert_eq!(status(&app, &job), "interrupted");
    let leftovers = std::fs::read_dir(format!("{project}/exports")).map_or(0, Iterator::count);
    assert_eq!(leftovers, 0, "no half film is left");

    let output = app.run(&["--json", "job", "resume", &job]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let job = app.call("job.show", json!({ "job": job }));
    assert_eq!(
        (&job["status"], &job["attempt"]),
        (&json!("succeeded"), &json!(2)),
        "{job}"
    );
    let pictures = &job["output"]["steps"][0];
    assert!(
        pictures["reused"].as_u64() > Some(0),
        "finished pictures are used again: {pictures}"
    );
}

#[test]
fn a_job_can_be_cancelled_from_another_process() {
    let app = App::new();
    let (project, film) = planned_film(&app);
    let (mut child, job) = start_render(&app, &project, &film);
    app.call("job.cancel", json!({ "job": job }));
    let code = child.wait().expect("it ends").code();
    assert_eq!(code, Some(130), "a cancelled run says so");
    assert_eq!(status(&app, &job), "cancelled");
    let leftovers = std::fs::read_dir(format!("{project}/exports")).map_or(0, Iterator::count);
    assert_eq!(leftovers, 0, "no half film is left");
}
