//! What `av-studio serve` lets in, and what it tells.

use futures_util::StreamExt;
use serde_json::{Value, json};
use studio_tests::{App, Server, tone};

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_in_without_the_token_or_from_a_foreign_page() {
    let app = App::new();
    let server = Server::start(&app);
    let client = reqwest::Client::new();
    let post = |path: &str| {
        client
            .post(format!("{}{path}", server.url))
            .json(&json!({}))
    };
    let status = |request: reqwest::RequestBuilder| async {
        request.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(status(post("/project/list")).await, 401);
    assert_eq!(
        status(post("/project/list").bearer_auth("wrong")).await,
        401
    );
    assert_eq!(status(post("/mcp")).await, 401);
    assert_eq!(
        status(client.get(format!("{}/operations", server.url))).await,
        401
    );
    let known = |path: &str| post(path).bearer_auth(&server.token);
    assert_eq!(status(known("/project/list")).await, 200);
    assert_eq!(
        status(known("/project/list").header("host", "evil.example")).await,
        403
    );
    assert_eq!(
        status(known("/project/list").header("origin", "https://evil.example")).await,
        403
    );
    assert_eq!(status(known("/nothing/here")).await, 404);
    assert_eq!(status(known("/project/list").body("{")).await, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_served_and_a_dropped_file_becomes_an_asset() {
    let app = App::new();
    let server = Server::start(&app);
    let client = reqwest::Client::new();
    let page = client.get(&server.url).send().await.expect("the page");
    assert!(page.text().await.expect("text").contains("<script"));

    let wav = app.folder().join("tone.wav");
    tone(&wav, 440.0, 0.5, 1.0);
    let upload = client
        .post(format!("{}/uploads?name=../drop%20me.wav", server.url))
        .bearer_auth(&server.token)
        .body(std::fs::read(&wav).expect("the file"))
        .send()
        .await
        .expect("an answer");
    let upload: Value = upload.json().await.expect("JSON");
    let path = upload["path"].as_str().expect("a path");
    assert!(
        path.ends_with("/drop me.wav") && path.starts_with(app.home().as_str()),
        "{path}"
    );
    let project = app.project("Dropped");
    let (status, asset) = server
        .call("asset.import", &json!({ "project": project, "path": path }))
        .await;
    assert_eq!((status, &asset["name"]), (200, &json!("drop me.wav")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_told_from_start_to_end() {
    let app = App::new();
    let server = Server::start(&app);
    let url = server.url.replacen("http", "ws", 1);
    let (mut events, _) =
        tokio_tungstenite::connect_async(format!("{url}/events?token={}", server.token))
            .await
            .expect("the event socket");
    let output = app.folder().join("pad.wav");
    let input = json!({ "duration_secs": 2.0, "output": output });
    let response = reqwest::Client::new()
        .post(format!("{}/ambient/render", server.url))
        .bearer_auth(&server.token)
        .json(&input)
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), 202);
    let started: Value = response.json().await.expect("JSON");
    let mut statuses = Vec::new();
    while statuses.last().is_none_or(|status| status != "succeeded") {
        let message = events.next().await.expect("more events").expect("a frame");
        let event: Value = serde_json::from_str(message.to_text().expect("text")).expect("JSON");
        if event["type"] == "job.changed" && event["job"]["id"] == started["job"]["id"] {
            let status = event["job"]["status"]
                .as_str()
                .expect("a status")
                .to_owned();
            assert_ne!(status, "failed", "{event}");
            statuses.push(status);
        }
    }
    statuses.dedup();
    assert!(
        statuses.ends_with(&["running".to_owned(), "succeeded".to_owned()]),
        "{statuses:?}"
    );
    assert!(output.exists());
}
