//! Transports and revisions of the protocol.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn transports_and_revisions_answer_alike() {
    let app = App::new();
    let (project, ..) = furnished(&app);
    let server = Server::start(&app);
    let clients = [
        over_stdio(&app, &[], Person::default(), with_sessions()).await,
        over_stdio(&app, &[], Person::default(), stateless()).await,
        over_http(&server, Person::default(), with_sessions()).await,
        over_http(&server, Person::default(), stateless()).await,
    ];
    let mut answers = Vec::new();
    for client in &clients {
        let tools = client.list_all_tools().await.expect("the tools");
        let prompts = client.list_all_prompts().await.expect("the prompts");
        let resources = client.list_all_resources().await.expect("the resources");
        let templates = client
            .list_all_resource_templates()
            .await
            .expect("the templates");
        let whole = read(client, &format!("studio://project/{project}"))
            .await
            .expect("a project");
        let info = answer(client, "project.info", json!({ "project": project })).await;
        answers.push(json!([
            tools,
            prompts,
            resources,
            templates,
            text(&whole[0]),
            info
        ]));
    }
    assert!(
        answers[0][0]
            .as_array()
            .is_some_and(|tools| tools.len() > 30)
    );
    for other in &answers[1..] {
        assert_eq!(*other, answers[0]);
    }
    let spoken: Vec<String> = clients
        .iter()
        .map(|client| {
            client
                .peer_info()
                .expect("an introduction")
                .protocol_version
                .to_string()
        })
        .collect();
    assert_eq!(
        spoken,
        ["2025-11-25", "2026-07-28", "2025-11-25", "2026-07-28"]
    );
    for client in clients {
        client.cancel().await.expect("an end");
    }
}

#[test]
fn stdout_is_the_protocols_alone_and_the_end_of_input_ends_everything() {
    let app = App::new();
    let mut process = app
        .command()
        .args(["-vv", "mcp"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("av-studio mcp starts");
    let mut input = process.stdin.take().expect("stdin is piped");
    let mut lines = BufReader::new(process.stdout.take().expect("stdout is piped")).lines();
    let mut next = || -> Value {
        let line = lines.next().expect("a line").expect("text");
        let message: Value = serde_json::from_str(&line).expect("each line is a message");
        assert_eq!(message["jsonrpc"], "2.0", "{message}");
        message
    };
    let mut say = |message: Value| writeln!(input, "{message}").expect("it listens");
    say(json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": { "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "raw", "version": "1" } }
    }));
    assert_eq!(next()["result"]["protocolVersion"], "2025-11-25");
    say(json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
    let output = app.folder().join("long.wav");
    say(json!({
        "jsonrpc": "2.0", "id": 2, "method": "tools/call",
        "params": {
            "name": "ambient_render", "_meta": { "progressToken": 1 },
            "arguments": { "duration_secs": 3600.0, "output": output }
        }
    }));
    assert_eq!(next()["method"], "notifications/progress");
    let begun = Instant::now();
    drop(input);
    // Whoever closed its end may not wait for the answer; if one comes, it says so.
    for line in lines {
        let message: Value =
            serde_json::from_str(&line.expect("text")).expect("each line is a message");
        assert_eq!(message["jsonrpc"], "2.0", "{message}");
        if message["id"] == 2 {
            assert_eq!(message["result"]["isError"], true, "{message}");
        }
    }
    let status = process.wait().expect("it ends");
    assert!(status.success(), "{status}");
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
    let jobs = app.call("job.list", json!({}));
    assert_eq!(jobs["jobs"][0]["status"], "cancelled");
}

#[tokio::test]
async fn a_server_with_a_name_of_its_own_is_reached_by_it() {
    let app = App::new();
    let named = [
        "--listen",
        "0.0.0.0",
        "--insecure-http",
        "--host",
        "studio.example",
    ];
    let server = Server::start_with(&app, &named);
    let greeting = json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": { "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "raw", "version": "1" } }
    });
    let client = reqwest::Client::new();
    let greet = async |host: &str| {
        let greeted = client
            .post(format!("{}/mcp", server.url))
            .header("host", host)
            .header("accept", "application/json, text/event-stream")
            .bearer_auth(&server.token)
            .json(&greeting)
            .send();
        greeted.await.expect("an answer").status()
    };
    assert_eq!(greet("studio.example").await, 200);
    assert_eq!(greet("evil.example").await, 403, "DNS rebinding");
}
