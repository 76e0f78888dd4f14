//! The same operation through the command line, HTTP and MCP gives the same answer.

use rmcp::ServiceExt;
use rmcp::model::CallToolRequestParams;
use rmcp::service::{RoleClient, RunningService};
use rmcp::transport::TokioChildProcess;
use serde_json::{Value, json};
use studio_tests::{App, Server, tone};

/// A real MCP client that talks to `av-studio mcp`.
async fn mcp_client(app: &App) -> RunningService<RoleClient, ()> {
    let mut command = tokio::process::Command::from(app.command());
    command.arg("mcp");
    let transport = TokioChildProcess::new(command).expect("av-studio mcp starts");
    ().serve(transport).await.expect("the MCP handshake")
}

async fn call_tool(
    client: &RunningService<RoleClient, ()>,
    operation: &str,
    input: &Value,
) -> Value {
    let arguments = input.as_object().cloned().unwrap_or_default();
    let request =
        CallToolRequestParams::new(operation.replacen('.', "_", 1)).with_arguments(arguments);
    let result = client.call_tool(request).await.expect("the tool answers");
    // An error fits no output schema, so it comes as text.
    result.structured_content.unwrap_or_else(|| {
        let text = &result.content[0].as_text().expect("a text").text;
        serde_json::from_str(text).expect("JSON")
    })
}

/// Times and identities differ between runs; everything else must not.
fn without_run(mut value: Value) -> Value {
    const OF_THE_RUN: [&str; 9] = [
        "id",
        "path",
        "created_at",
        "modified_at",
        "seconds",
        "asset",
        "film",
        "updated_at",
        "home",
    ];
    match &mut value {
        Value::Object(fields) => {
            for name in OF_THE_RUN {
                fields.shift_remove(name);
            }
            for field in fields.values_mut() {
                *field = without_run(field.take());
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| *item = without_run(item.take())),
        _ => {}
    }
    value
}

#[tokio::test(flavor = "multi_thread")]
async fn every_face_answers_alike() {
    let app = App::new();
    let wav = app.folder().join("tone.wav");
    tone(&wav, 997.0, 0.25, 3.0);
    let project = app.project("Faces");
    let asset = app.call("asset.import", json!({ "project": project, "path": wav }));
    let asset = asset["id"].as_str().expect("an id");

    let calls = [
        ("audio.probe", json!({ "path": wav })),
        ("audio.loudness", json!({ "path": wav })),
        (
            "audio.loudness",
            json!({ "project": project, "asset": asset }),
        ),
        ("project.info", json!({ "project": project })),
        ("project.list", json!({})),
        ("asset.list", json!({ "project": project })),
        (
            "movie.plan",
            json!({ "sentence": "A fox finds a lantern in the snow.", "seed": 7 }),
        ),
        ("speech.voices", json!({})),
        ("settings.get", json!({})),
        // An error is an answer, too.
        ("audio.loudness", json!({ "path": "/nowhere/at-all.wav" })),
        ("audio.loudness", json!({})),
        (
            "movie.plan",
            json!({ "sentence": "x", "duration_secs": 1e9 }),
        ),
        ("project.info", json!({ "project": 5 })),
    ];
    let server = Server::start(&app);
    let mcp = mcp_client(&app).await;
    for (operation, input) in calls {
        let output = app.run(&["--json", "run", operation, "--input", &input.to_string()]);
        let from_cli: Value = serde_json::from_slice(&output.stdout).expect("JSON on stdout");
        let (status, mut from_http) = server.call(operation, &input).await;
        if status >= 400 {
            // HTTP says more of an error; what it is, it says alike.
            from_http = json!({ "error": from_http["error"] });
        }
        let from_mcp = call_tool(&mcp, operation, &input).await;
        let expected = without_run(from_cli);
        assert_eq!(
            without_run(from_http),
            expected,
            "HTTP against command line: {operation} {input}"
        );
        assert_eq!(
            without_run(from_mcp),
            expected,
            "MCP against command line: {operation} {input}"
        );
    }
    mcp.cancel().await.expect("MCP ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_is_an_mcp_tool_and_a_command() {
    let app = App::new();
    let output = app.run(&["ops", "--json"]);
    let operations: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON on stdout");
    assert!(
        operations.len() > 30,
        "only {} operations",
        operations.len()
    );

    let client = mcp_client(&app).await;
    let tools = client.list_all_tools().await.expect("the tools");
    client.cancel().await.expect("MCP ends");
    assert_eq!(tools.len(), operations.len());
    for operation in &operations {
        let name = operation["name"].as_str().expect("a name");
        assert!(
            tools
                .iter()
                .any(|tool| tool.name == name.replacen('.', "_", 1)),
            "{name} is no tool"
        );
        let (domain, verb) = name.split_once('.').expect("domain.verb");
        let help = app.run(&[domain, &verb.replace('_', "-"), "--help"]);
        assert!(help.status.success(), "{name} is no command");
        let summary = operation["summary"].as_str().expect("a summary");
        // A long summary goes over several lines.
        let help = String::from_utf8_lossy(&help.stdout);
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            help.starts_with(summary),
            "{name} --help should begin with its summary: {help}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_are_the_same_over_every_face() {
    let app = App::new();
    let wav = app.folder().join("tone.wav");
    tone(&wav, 440.0, 0.5, 1.0);
    let input = json!({ "path": wav });
    let output = app.run(&["run", "audio.peaks", "--input", &input.to_string()]);
    assert!(output.status.success());
    assert_eq!(&output.stdout[..4], b"AVPK");

    let server = Server::start(&app);
    let response = reqwest::Client::new()
        .post(format!("{}/audio/peaks", server.url))
        .bearer_auth(&server.token)
        .json(&input)
        .send()
        .await
        .expect("the server answers");
    assert_eq!(response.bytes().await.expect("a body"), output.stdout);

    let saved = app.folder().join("peaks");
    let output_to_file = app.run(&["audio", "peaks", wav.as_str(), "--save", saved.as_str()]);
    assert!(output_to_file.status.success());
    assert_eq!(
        std::fs::read(saved).expect("the saved answer"),
        output.stdout
    );
}
