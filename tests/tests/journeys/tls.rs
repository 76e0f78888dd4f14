//! Where `av-studio serve` listens, with which certificate, and how it ends.

use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use futures_util::StreamExt;
use serde_json::{Value, json};
use studio_testkit::{FakeProvider, Reply};
use studio_tests::{App, Server};

use crate::models;

/// A certificate for `localhost` and the key of it, as PEM files in the app's folder.
fn certificate(app: &App, name: &str) -> (Utf8PathBuf, Utf8PathBuf) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let (chain, key) = (
        app.folder().join(format!("{name}.pem")),
        app.folder().join(format!("{name}.key")),
    );
    std::fs::write(&chain, made.cert.pem()).expect("a file");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("a file");
    (chain, key)
}

#[tokio::test]
async fn answers_travel_encrypted_under_a_certificate() {
    let app = App::new();
    let (chain, key) = certificate(&app, "good");
    let server = Server::start_with(
        &app,
        &[
            "--tls-cert",
            chain.as_str(),
            "--tls-key",
            key.as_str(),
            "--listen",
            "0.0.0.0",
        ],
    );
    assert!(
        server.url.starts_with("https://127.0.0.1:"),
        "{}",
        server.url
    );
    let root = std::fs::read(&chain).expect("a certificate");
    let client = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(&root).expect("a certificate")])
        .build()
        .expect("a client");
    let url = server.url.replace("127.0.0.1", "localhost");
    let answer = client
        .post(format!("{url}/project/list"))
        .bearer_auth(&server.token)
        .json(&json!({}))
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 200);
    let foreign = client
        .get(format!("{url}/health"))
        .header("origin", url.replace("https", "http"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(
        foreign.status(),
        403,
        "the same name in the clear is another origin"
    );
    let stranger = reqwest::get(format!("{url}/health")).await;
    assert!(stranger.is_err(), "nobody vouches for this certificate");
    let plain = server
        .raw(
            b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
            Duration::from_secs(5),
        )
        .await;
    assert!(!plain.contains("200 OK"), "{plain}");
}

fn check_refused(app: &App, arguments: &[&str], code: i32, words: &[&str]) {
    let output = app.run(&[&["--json", "serve", "--port", "0"], arguments].concat());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    for word in words {
        assert!(
            said.contains(word),
            "{arguments:?} should say {word}: {said}"
        );
    }
}

#[test]
fn other_machines_are_served_only_when_it_is_said_how() {
    let app = App::new();
    check_refused(
        &app,
        &["--listen", "0.0.0.0"],
        3,
        &["in the clear", "--insecure-http"],
    );
    check_refused(
        &app,
        &["--set", "server.listen=0.0.0.0"],
        3,
        &["--tls-cert"],
    );
    check_refused(
        &app,
        &["--listen", "studio.example"],
        2,
        &["no address", "--host"],
    );
    let server = Server::start_with(&app, &["--listen", "0.0.0.0", "--insecure-http"]);
    assert!(server.url.starts_with("http://127.0.0.1:"));
}

#[test]
fn a_certificate_that_cannot_be_used_is_told_at_the_start() {
    let app = App::new();
    let (chain, key) = certificate(&app, "one");
    let (other_chain, other_key) = certificate(&app, "other");
    let files = |chain: &Utf8PathBuf, key: &Utf8PathBuf| {
        vec![
            "--tls-cert".to_owned(),
            chain.to_string(),
            "--tls-key".to_owned(),
            key.to_string(),
        ]
    };
    let missing = app.folder().join("missing.pem");
    for (arguments, words) in [
        (files(&chain, &other_key), "cannot be used together"),
        (files(&other_chain, &key), "cannot be used together"),
        (files(&missing, &key), "missing.pem"),
        (files(&chain, &missing), "missing.pem"),
        (files(&key, &key), "no certificate"),
        (files(&chain, &chain), "no private key"),
    ] {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        check_refused(&app, &arguments, 2, &[words]);
    }
    let half = format!("server.tls_cert={chain}");
    check_refused(&app, &["--set", &half], 2, &["server.tls_key"]);
}

#[cfg(unix)]
#[tokio::test]
async fn open_answers_end_in_order_when_the_server_stops() {
    let provider =
        FakeProvider::start(|_, _| Reply::openai_begun(&["Once"]).wait(Duration::from_secs(60)));
    let app = models::app(&provider);
    let mut server = Server::start_with(&app, &["--set", "server.stop_secs=2"]);
    let streamed = server
        .request(
            "/v1/chat/completions",
            &server.token,
            &models::completion(true),
        )
        .await;
    let mut body = streamed.bytes_stream();
    body.next().await.expect("a first word").expect("bytes");
    let socket = server.url.replacen("http", "ws", 1);
    let (mut events, _) =
        tokio_tungstenite::connect_async(format!("{socket}/events?token={}", server.token))
            .await
            .expect("the event socket");
    let begun = Instant::now();
    server.terminate();
    let mut rest = String::new();
    while let Some(piece) = body.next().await {
        rest.push_str(&String::from_utf8_lossy(
            &piece.expect("not cut in the middle"),
        ));
    }
    let last = rest.lines().rfind(|line| line.starts_with("data: "));
    let last: Value = serde_json::from_str(&last.expect("a goodbye")[6..]).expect("JSON");
    assert!(
        last["error"]["message"]
            .as_str()
            .is_some_and(|why| why.contains("stops")),
        "{last}"
    );
    let goodbye = loop {
        match events.next().await {
            Some(Ok(tokio_tungstenite::tungstenite::Message::Close(frame))) => break frame,
            Some(Ok(_)) => {}
            other => panic!("no goodbye: {other:?}"),
        }
    };
    assert_eq!(
        u16::from(goodbye.expect("a reason").code),
        1001,
        "it goes away"
    );
    assert_eq!(server.ended(Duration::from_secs(10)), Some(true));
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "{:?}",
        begun.elapsed()
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_job_that_the_end_of_the_server_stopped_can_be_resumed() {
    let app = App::new();
    let mut server = Server::start_with(&app, &["--set", "server.stop_secs=5"]);
    let output = app.folder().join("long.wav");
    let started = reqwest::Client::new()
        .post(format!("{}/ambient/render", server.url))
        .bearer_auth(&server.token)
        .json(&json!({ "duration_secs": 3600.0, "output": output }))
        .send()
        .await
        .expect("an answer");
    let started: Value = started.json().await.expect("JSON");
    let id = started["job"]["id"].as_str().expect("a job").to_owned();
    server.terminate();
    assert_eq!(server.ended(Duration::from_secs(20)), Some(true));
    let job = app.call("job.show", json!({ "job": id }));
    assert!(
        matches!(job["status"].as_str(), Some("cancelled" | "interrupted")),
        "`job.resume` takes these: {job}"
    );
    assert!(!output.exists(), "nothing half done stays");
}
