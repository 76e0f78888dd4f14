//! Several processes on the same files: killed at any moment, at work together, out of room.
//!
//! Each test starts this program again as its worker processes, which find their folder in [`FOLDER`].
#![allow(clippy::unwrap_used, clippy::panic)] // Clippy does not count a test's helper functions as tests.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};
use studio_core::units::MicroUsd;
use studio_core::{Job, JobStatus};
use studio_llm::chat::Usage;
use studio_llm::pricing::Rates;
use studio_store::{
    AssetKind, FilmRow, Home, ImportMode, LedgerEntry, Limits, NewAsset, Privacy, Project,
    Provenance, Purchase, Scope, StoreError, write_atomic,
};

const FOLDER: &str = "STUDIO_STORE_TEST_FOLDER";

#[test]
fn a_killed_process_leaves_all_that_it_had_done_and_nothing_half_done() {
    if let Some(folder) = worker_folder() {
        work_until_killed(&folder);
    }
    let guard = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(guard.path()).unwrap();
    drop(Project::create(&folder.join("p"), "Crash").unwrap());
    let mut said = Said::default();
    for round in 0..48 {
        let mut worker = worker(
            "a_killed_process_leaves_all_that_it_had_done_and_nothing_half_done",
            folder,
        );
        let mut stdout = BufReader::new(worker.stdout.take().unwrap());
        let mut text = String::new();
        // Three of four die at work, however slow the machine; the others while they start.
        while round % 4 != 0 && !text.contains("artifact ") {
            assert_ne!(
                stdout.read_line(&mut text).unwrap(),
                0,
                "the worker failed: {text}"
            );
        }
        std::thread::sleep(Duration::from_micros(u64::from(chance(25_000))));
        worker.kill().unwrap();
        worker.wait().unwrap();
        stdout.read_to_string(&mut text).unwrap();
        said.add(&text);
        check_whole(folder, &said);
    }
}

#[test]
fn a_creation_killed_at_any_moment_can_be_opened_or_finished() {
    if let Some(folder) = worker_folder() {
        let _ = Project::create(&folder.join("p"), "First");
        std::process::exit(0);
    }
    // Each round waits a little longer, over and over until some were killed in the middle.
    let (mut finished, mut begun) = (0, 0);
    for round in 0..400 {
        if round >= 40 && begun >= 3 {
            break;
        }
        let guard = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(guard.path()).unwrap();
        let mut worker = worker(
            "a_creation_killed_at_any_moment_can_be_opened_or_finished",
            folder,
        );
        while !folder.join("p").exists() {
            std::thread::yield_now();
        }
        std::thread::sleep(Duration::from_micros(round % 40 * 150));
        worker.kill().unwrap();
        worker.wait().unwrap();
        let path = folder.join("p");
        let project = match Project::open(&path) {
            Ok(project) => {
                finished += 1;
                project
            }
            Err(StoreError::NotAProject { .. }) => {
                begun += 1;
                Project::create(&path, "Second").unwrap()
            }
            Err(other) => panic!("round {round}: {other}"),
        };
        assert_eq!(integrity(&path.join("studio.db")), "ok");
        project.films().insert(&json!({})).unwrap();
    }
    assert!(
        begun > 0,
        "some were killed in the middle ({finished} were through)"
    );
}

#[test]
fn processes_at_work_together_lose_nothing() {
    const EACH: u32 = 25;
    if let Some(folder) = worker_folder() {
        for n in 0..EACH {
            let project = Project::open(&folder.join("p")).unwrap();
            let film = project.films().list().unwrap().remove(0);
            let own = format!("{} {n}", std::process::id());
            for bytes in [own.as_str(), &format!("shared {n}")] {
                let made = Provenance::default();
                let artifact =
                    project
                        .artifacts()
                        .publish_bytes(bytes.as_bytes(), "txt", "text/plain", &made);
                project.artifacts().verify(&artifact.unwrap()).unwrap();
            }
            project
                .films()
                .revise(&film.id, &json!({ "by": own }))
                .unwrap();
        }
        return;
    }
    let guard = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(guard.path()).unwrap();
    let path = folder.join("p");
    let film = Project::create(&path, "Together")
        .unwrap()
        .films()
        .insert(&json!({}))
        .unwrap();
    let mut workers: Vec<_> = (0..3)
        .map(|_| worker("processes_at_work_together_lose_nothing", folder))
        .collect();
    // Opening sweeps: it must not take anything from the workers.
    while workers
        .iter_mut()
        .any(|worker| worker.try_wait().unwrap().is_none())
    {
        let project = Project::open(&path).unwrap();
        for artifact in project.artifacts().list().unwrap() {
            project.artifacts().verify(&artifact).unwrap();
        }
    }
    for mut worker in workers {
        assert!(
            worker.wait().unwrap().success(),
            "a worker failed; it tells why above"
        );
    }
    let project = Project::open(&path).unwrap();
    let FilmRow { revision, .. } = project.films().get(&film.id).unwrap();
    assert_eq!(revision, 1 + 3 * EACH, "each revision counts");
    let history = project.films().history(&film.id).unwrap();
    let distinct: BTreeSet<String> = history.iter().map(|r| r.plan.to_string()).collect();
    assert_eq!(distinct.len() as u32, 1 + 3 * EACH);
    let rows = project.artifacts().list().unwrap();
    assert_eq!(
        rows.len() as u32,
        3 * EACH + EACH,
        "their own, and one of each that they share"
    );
    let shared = blake3::hash(b"shared 7").to_hex();
    assert_eq!(project.artifacts().provenance(&shared).unwrap().len(), 3);
}

/// Limits that four buyers run into, in micro-dollars.
const LIMITS: Limits = Limits {
    day: MicroUsd(19_000),
    month: Some(MicroUsd(18_000)),
    project: Some(MicroUsd(9_000)),
    key: Some(MicroUsd(5_000)),
};

#[test]
fn buyers_in_several_processes_never_pass_a_limit_even_when_some_are_killed() {
    let test = "buyers_in_several_processes_never_pass_a_limit_even_when_some_are_killed";
    if let Some(folder) = worker_folder() {
        buy_often(&folder);
        return;
    }
    let guard = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(guard.path()).unwrap();
    let home = Home::open(folder).unwrap();
    let mut workers: Vec<_> = (0..4).map(|_| worker(test, folder)).collect();
    std::thread::sleep(Duration::from_millis(150));
    workers[0].kill().unwrap();
    while workers
        .iter_mut()
        .any(|worker| worker.try_wait().unwrap().is_none())
    {
        check_limits(&home);
    }
    for worker in &mut workers[1..] {
        assert!(worker.wait().unwrap().success(), "a worker failed");
    }
    check_limits(&home);
    let entries = home.ledger().entries("2000-01-01").unwrap();
    let sum = |pick: &dyn Fn(&&LedgerEntry) -> bool| -> i64 {
        let picked = entries.iter().filter(pick);
        picked
            .map(|entry| entry.spent.unwrap_or(entry.reserved).0)
            .sum()
    };
    let today = &entries[0].at[..10];
    let taken = |scope, name| home.ledger().taken(scope, name).unwrap().0;
    assert_eq!(taken(Scope::Day, today), sum(&|_| true));
    assert_eq!(taken(Scope::Month, &today[..7]), sum(&|_| true));
    let of_p = sum(&|entry| entry.project.as_deref() == Some("p"));
    assert_eq!(taken(Scope::Project, "p"), of_p);
    assert_eq!(
        taken(Scope::Key, "k"),
        sum(&|entry| entry.key.as_deref() == Some("k"))
    );
    assert!(
        entries.len() > 100,
        "only {} purchases were made",
        entries.len()
    );
}

/// Buys an answer after the other: the dearest that it can be is set aside, what it was is settled,
/// with cached and reasoning tokens.
fn buy_often(folder: &Utf8Path) {
    let home = Home::open(folder).unwrap();
    let rates = Rates {
        input: 1_000_000,
        cached: 100_000,
        cache_write: 1_250_000,
        output: 4_000_000,
    };
    for round in 0..250 {
        let (read, written) = (u64::from(chance(40)), u64::from(chance(20)));
        let purchase = Purchase {
            run: "r",
            operation: "test.buy",
            purpose: "an answer",
            project: (round % 2 == 0).then_some("p"),
            key: (round % 3 == 0).then_some("k"),
            ..Purchase::default()
        };
        let most = rates.most(read, written);
        let reserved = home.ledger().reserve(&purchase, most, &LIMITS).unwrap();
        let Ok(entry) = reserved else { continue };
        let cached = u64::from(chance(read as u32 + 1));
        let usage = Usage {
            input_tokens: read,
            cached_tokens: cached,
            cache_write_tokens: u64::from(chance((read - cached) as u32 + 1)),
            output_tokens: written,
            reasoning_tokens: written / 2,
        };
        let cost = rates.cost(&usage);
        home.ledger()
            .settle_answer(entry, Some(cost), "x/m", &usage)
            .unwrap();
    }
}

fn check_limits(home: &Home) {
    let now = home.ledger().entries("2000-01-01").unwrap();
    let Some(first) = now.first() else { return };
    let day = &first.at[..10];
    for (scope, name, limit) in [
        (Scope::Day, day, Some(LIMITS.day)),
        (Scope::Month, &day[..7], LIMITS.month),
        (Scope::Project, "p", LIMITS.project),
        (Scope::Key, "k", LIMITS.key),
    ] {
        let taken = home.ledger().taken(scope, name).unwrap();
        assert!(Some(taken) <= limit, "{scope:?}: {taken} of {limit:?}");
    }
}

#[cfg(unix)]
#[test]
fn running_out_of_room_leaves_the_project_as_it_was() {
    if let Some(folder) = worker_folder() {
        // No file of this process may become longer, as on a full disk.
        let limit = libc::rlimit {
            rlim_cur: 300_000,
            rlim_max: 300_000,
        };
        // SAFETY: plain system calls; ignoring the signal makes the write fail instead.
        unsafe {
            libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
            assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &limit), 0);
        }
        let project = Project::open(&folder.join("p")).unwrap();
        let big = vec![7; 1_000_000];
        let made = Provenance::default();
        let refused = project.artifacts().publish_bytes(&big, "bin", "x/y", &made);
        assert!(refused.is_err(), "a megabyte cannot fit");
        let export = folder.join("p/exports/film.bin");
        assert!(write_atomic(&export, &big).is_err());
        let film = project.films().list().unwrap().remove(0);
        let too_long = json!({ "title": "x".repeat(2_000_000) });
        assert!(project.films().revise(&film.id, &too_long).is_err());
        // What does fit still works.
        project
            .artifacts()
            .publish_bytes(b"small", "bin", "x/y", &made)
            .unwrap();
        project
            .films()
            .revise(&film.id, &json!({ "title": "short" }))
            .unwrap();
        return;
    }
    let guard = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(guard.path()).unwrap();
    let path = folder.join("p");
    let project = Project::create(&path, "Full").unwrap();
    let film = project.films().insert(&json!({})).unwrap();
    write_atomic(&path.join("exports/film.bin"), b"old").unwrap();
    let mut worker = worker("running_out_of_room_leaves_the_project_as_it_was", folder);
    assert!(
        worker.wait().unwrap().success(),
        "the worker failed; it tells why above"
    );
    assert_eq!(integrity(&path.join("studio.db")), "ok");
    let film = project.films().get(&film.id).unwrap();
    assert_eq!((film.revision, film.plan), (2, json!({ "title": "short" })));
    let rows = project.artifacts().list().unwrap();
    assert_eq!(rows.iter().map(|row| row.bytes).collect::<Vec<_>>(), [5]);
    assert_eq!(
        files_below(&path.join("artifacts")).len(),
        1,
        "nothing half written is left"
    );
    assert_eq!(
        std::fs::read(path.join("exports/film.bin")).unwrap(),
        b"old"
    );
    assert_eq!(files_below(&path.join("exports")).len(), 1);
}

/// What killed workers told that they had done.
#[derive(Default)]
struct Said {
    artifacts: BTreeSet<String>,
    assets: BTreeSet<String>,
    jobs_done: BTreeSet<String>,
    cached: BTreeMap<String, String>,
    revision: u32,
}

impl Said {
    fn add(&mut self, text: &str) {
        // A last line without its end was cut by the kill.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        for line in whole.lines() {
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["artifact", digest] => drop(self.artifacts.insert(digest.to_owned())),
                ["asset", id] => drop(self.assets.insert(id.to_owned())),
                ["job", id] => drop(self.jobs_done.insert(id.to_owned())),
                ["cached", key, digest] => {
                    self.cached.insert(key.to_owned(), digest.to_owned());
                }
                ["revision", number] => self.revision = number.parse().unwrap(),
                _ => {}
            }
        }
    }
}

fn work_until_killed(folder: &Utf8Path) -> ! {
    let home = Home::open(&folder.join("home")).unwrap();
    let project = Project::open(&folder.join("p")).unwrap();
    let film = project.films().list().unwrap().pop();
    let film = film.unwrap_or_else(|| project.films().insert(&json!({})).unwrap());
    let mut out = std::io::stdout();
    // Not `println!`: the test harness would keep that to itself.
    let mut tell = |line: String| out.write_all(format!("{line}\n").as_bytes()).unwrap();
    loop {
        let unique = uuid::Uuid::new_v4().to_string();
        let mut job = job(&home);
        home.jobs().insert(&job).unwrap();
        std::fs::write(home.scratch(&job.id).unwrap().join("half"), &unique).unwrap();
        let bytes = unique.repeat(1 + chance(5_000) as usize);
        let made = Provenance::default();
        let artifact = project
            .artifacts()
            .publish_bytes(bytes.as_bytes(), "txt", "text/plain", &made)
            .unwrap();
        tell(format!("artifact {}", artifact.digest));
        project
            .cache()
            .put(&unique, &artifact.digest, &json!({}))
            .unwrap();
        tell(format!("cached {unique} {}", artifact.digest));
        job.fraction = 0.5;
        home.jobs().record_progress(&job).unwrap();
        let asset = project
            .assets()
            .insert(asset(&artifact.digest, artifact.bytes))
            .unwrap();
        tell(format!("asset {}", asset.id));
        let revised = project
            .films()
            .revise(&film.id, &json!({ "plan": bytes }))
            .unwrap();
        tell(format!("revision {}", revised.revision));
        let export = json!({ "text": bytes, "digest": artifact.digest });
        write_atomic(
            &folder.join("p/exports/last.json"),
            export.to_string().as_bytes(),
        )
        .unwrap();
        job.status = JobStatus::Succeeded;
        home.jobs().record(&job).unwrap();
        tell(format!("job {}", job.id));
    }
}

fn check_whole(folder: &Utf8Path, said: &Said) {
    let project = Project::open(&folder.join("p")).unwrap();
    let home = Home::open(&folder.join("home")).unwrap();
    assert_eq!(integrity(&folder.join("p/studio.db")), "ok");
    assert_eq!(integrity(&folder.join("home/home.db")), "ok");

    let artifacts = project.artifacts();
    let rows = artifacts.list().unwrap();
    for row in &rows {
        artifacts.verify(row).unwrap();
        assert!(
            !artifacts.provenance(&row.digest).unwrap().is_empty(),
            "{} has no past",
            row.digest
        );
    }
    let files = files_below(&folder.join("p/artifacts"));
    assert_eq!(files.len(), rows.len(), "each file has its row: {files:?}");
    let digests: BTreeSet<String> = rows.into_iter().map(|row| row.digest).collect();
    assert!(digests.is_superset(&said.artifacts), "an artifact is lost");

    let assets = project.assets().list().unwrap();
    assert!(
        assets
            .iter()
            .all(|asset| digests.contains(&asset.facts.digest))
    );
    let ids: BTreeSet<String> = assets.into_iter().map(|asset| asset.id).collect();
    assert!(ids.is_superset(&said.assets), "an asset is lost");
    for (key, digest) in &said.cached {
        assert_eq!(
            &project.cache().get(key).unwrap().unwrap().artifact.digest,
            digest
        );
    }
    if said.revision > 0 {
        let film = project.films().list().unwrap().remove(0);
        assert!(film.revision >= said.revision, "a revision is lost");
        let history = project.films().history(&film.id).unwrap();
        assert_eq!(history.len(), film.revision as usize);
    }

    let jobs = home.jobs().list(None, u32::MAX).unwrap();
    for job in &jobs {
        let done = said.jobs_done.contains(&job.id);
        let ended = matches!(job.status, JobStatus::Succeeded | JobStatus::Interrupted);
        assert!(
            ended && (!done || job.status == JobStatus::Succeeded),
            "{job:?}"
        );
    }
    assert!(jobs.len() >= said.jobs_done.len(), "a job is lost");
    assert_eq!(
        files_below(&folder.join("home/scratch")),
        [""; 0],
        "scratch of the dead is gone"
    );

    if let Ok(export) = std::fs::read(folder.join("p/exports/last.json")) {
        let export: Value = serde_json::from_slice(&export).unwrap();
        let digest = blake3::hash(export["text"].as_str().unwrap().as_bytes()).to_hex();
        assert_eq!(export["digest"], digest.as_str());
    }
}

fn job(home: &Home) -> Job {
    Job {
        id: home.new_job_id(),
        operation: "test.work".to_owned(),
        title: "Work".to_owned(),
        status: JobStatus::Running,
        stage: "Working".to_owned(),
        fraction: 0.0,
        eta_secs: None,
        project: None,
        created_at: jiff::Timestamp::now(),
        started_at: None,
        finished_at: None,
        attempt: 1,
        input: json!({}),
        output: None,
        error: None,
    }
}

fn asset(digest: &str, bytes: u64) -> NewAsset {
    NewAsset {
        name: "text".to_owned(),
        kind: AssetKind::Audio,
        media_type: "text/plain".to_owned(),
        mode: ImportMode::Copy,
        path: Some("/nowhere.txt".to_owned()),
        digest: digest.to_owned(),
        bytes,
        duration_secs: None,
        audio: None,
        video: None,
        tags: BTreeMap::new(),
        peaks: None,
        derived_from: None,
        operation: None,
        privacy: Privacy::MayLeave,
    }
}

/// What SQLite finds wrong with the file; `ok` if nothing.
fn integrity(path: &Utf8Path) -> String {
    let database = rusqlite::Connection::open(path).unwrap();
    let dangling = database
        .prepare("PRAGMA foreign_key_check")
        .unwrap()
        .exists([])
        .unwrap();
    assert!(!dangling, "{path}: a row refers to nothing");
    database
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap()
}

/// All visible files, however deep.
fn files_below(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let Ok(entries) = folder.read_dir_utf8() else {
        return Vec::new();
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.unwrap().into_path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else if path.file_name() != Some(".lock") {
            files.push(path);
        }
    }
    files
}

fn worker_folder() -> Option<Utf8PathBuf> {
    std::env::var(FOLDER).ok().map(Utf8PathBuf::from)
}

/// This program again, running only `test`.
fn worker(test: &str, folder: &Utf8Path) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A number below `bound`.
fn chance(bound: u32) -> u32 {
    (uuid::Uuid::new_v4().as_u128() % u128::from(bound)) as u32
}
