//! The studio as a client of other programs' servers.

use super::*;

/// What makes this very studio, with a home of its own, a server of another.
fn studio_as_server(other: &App) -> Value {
    json!({
        "command": binary(),
        "args": ["mcp"],
        "env": {
            "AV_STUDIO_HOME": other.home(),
            "AV_STUDIO_PROJECTS_FOLDER": other.projects(),
            "AV_STUDIO_NO_KEYCHAIN": "1",
            "SECRET_OF_TEST": "hunter2-hunter2",
        },
    })
}

fn write_servers(app: &App, servers: Value) {
    std::fs::create_dir_all(app.home()).expect("a home");
    let file = json!({ "mcpServers": servers }).to_string();
    std::fs::write(app.home().join("mcp.json"), file).expect("mcp.json");
}

#[test]
fn a_studio_uses_the_tools_of_another() {
    let (app, other) = (App::new(), App::new());
    let project = other.project("Far");
    let foreign = app.folder().join("client.json");
    let file = json!({
        "theme": "dark",
        "mcpServers": { "far": studio_as_server(&other), "off": { "command": "never", "disabled": true } },
    });
    std::fs::write(&foreign, file.to_string()).expect("a file");
    let imported = app.call("mcp.import", json!({ "path": foreign }));
    assert_eq!(imported["added"], json!(["far", "off"]));

    let listed = app.run(&["--json", "mcp", "servers", "--check"]);
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(!text.contains("hunter2"), "secrets are not shown: {text}");
    let listed: Value = serde_json::from_str(&text).expect("JSON");
    let far = &listed["servers"][0];
    assert_eq!(
        (&far["state"], &far["title"]),
        (&json!("connected"), &json!("AV Studio"))
    );
    assert_eq!(far["protocol"], "2025-11-25");
    assert!(
        far["env"].to_string().contains("SECRET_OF_TEST"),
        "names are shown"
    );
    assert_eq!(listed["servers"][1]["state"], "disabled");

    let tools = app.call("mcp.tools", json!({ "server": "far" }));
    let tools = tools["tools"].as_array().expect("tools");
    assert_eq!(Some(tools.len() as u64), far["tools"].as_u64());
    let remove = tools
        .iter()
        .find(|tool| tool["name"] == "asset_remove")
        .expect("a tool");
    assert_eq!(remove["destructive"], true);
    assert_eq!(remove["input_schema"]["type"], "object");

    let answer = app.call(
        "mcp.call",
        json!({ "server": "far", "tool": "project_info", "arguments": { "project": project } }),
    );
    assert_eq!(answer["structured"]["name"], "Far");
    assert_eq!(answer["is_error"], false);
    let answer = app.call(
        "mcp.call",
        json!({ "server": "far", "tool": "project_info", "arguments": { "project": "none" } }),
    );
    assert_eq!(answer["is_error"], true, "a tool's failure is its answer");
    for (input, code, exit) in [
        (
            json!({ "server": "far", "tool": "no_such" }),
            "bad_input",
            2,
        ),
        (json!({ "server": "none", "tool": "x" }), "not_found", 2),
        (json!({ "server": "off", "tool": "x" }), "refused", 3),
    ] {
        let (status, error) = app.call_refused("mcp.call", input);
        assert_eq!((status, &error["code"]), (exit, &json!(code)), "{error}");
    }

    app.call("mcp.remove", json!({ "server": "far" }));
    let kept = std::fs::read_to_string(app.home().join("mcp.json")).expect("mcp.json");
    assert!(kept.contains("off") && !kept.contains("far"), "{kept}");
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_ask_before_they_call_servers_that_are_not_trusted() {
    let (app, other) = (App::new(), App::new());
    let mut trusted = studio_as_server(&other);
    trusted["trusted"] = json!(true);
    write_servers(
        &app,
        json!({ "near": studio_as_server(&other), "dear": trusted }),
    );
    let client = over_stdio(&app, &[], Person::default(), with_sessions()).await;
    let list = |server: &str| json!({ "server": server, "tool": "project_list" });
    let error = refusal(&client, "mcp.call", list("near")).await;
    assert_eq!(error["code"], "refused");
    let called = answer(&client, "mcp.call", list("dear")).await;
    assert_eq!(called["is_error"], false);
    // A model cannot make itself trusted, nor have a program started.
    let add = json!({ "server": "x", "command": "touch", "args": ["/tmp/x"], "trusted": true });
    for (operation, input) in [
        ("mcp.add", add),
        ("mcp.import", json!({ "path": "/nowhere.json" })),
        ("mcp.connect", json!({ "server": "near" })),
        ("mcp.remove", json!({ "server": "near" })),
        (
            "settings.set",
            json!({ "key": "server.port", "value": 4751 }),
        ),
    ] {
        let error = refusal(&client, operation, input).await;
        assert_eq!(error["code"], "refused", "{operation}");
    }
    client.cancel().await.expect("an end");
}

/// A server of a few lines of shell: introduces itself, then does as told.
#[cfg(unix)]
fn shell_server(then: &str) -> Value {
    let hello = json!({
        "jsonrpc": "2.0", "id": 0,
        "result": { "protocolVersion": "2025-11-25", "capabilities": { "tools": {} }, "serverInfo": { "name": "shell", "version": "1" } }
    });
    json!({ "command": "sh", "args": ["-c", format!("read -r line; echo '{hello}'; {then}")] })
}

#[cfg(unix)]
fn is_alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

#[cfg(unix)]
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_crashes_is_started_again_and_dies_with_the_studio() {
    let app = App::new();
    let pids = app.folder().join("pids");
    // Its child would outlive it, as those of `npx` do; and it prints what it should not.
    let mut entry = shell_server(&format!(
        "sleep 300 & echo $$ $! >> {pids}; echo \"key is $KEY of $OPENAI_API_KEY\" >&2; while read -r line; do :; done; kill $!"
    ));
    entry["env"] = json!({ "KEY": "hunter2-hunter2" });
    write_servers(&app, json!({ "shell": entry }));
    let server = Server::start(&app);
    let state = async || {
        let (_, listed) = server.call("mcp.servers", &json!({})).await;
        listed["servers"][0]["state"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(
        state().await,
        "idle",
        "nothing is started before it is needed"
    );
    let (status, error) = server
        .call(
            "mcp.call",
            &json!({ "server": "shell", "tool": "x", "timeout_secs": 1 }),
        )
        .await;
    assert_eq!(
        (status, &error["error"]["code"]),
        (502, &json!("network")),
        "{error}"
    );
    assert!(
        error["error"]["message"]
            .as_str()
            .is_some_and(|m| m.contains("for 1 s")),
        "{error}"
    );
    assert_eq!(state().await, "connected", "a slow answer is no crash");

    let started = || -> Vec<(String, String)> {
        let text = std::fs::read_to_string(&pids).unwrap_or_default();
        let pair = |line: &str| {
            line.split_once(' ')
                .map(|(a, b)| (a.to_owned(), b.to_owned()))
        };
        text.lines().filter_map(pair).collect()
    };
    let (first, child) = started()[0].clone();
    let killed = std::process::Command::new("kill")
        .args(["-KILL", &first])
        .status();
    assert!(killed.is_ok_and(|status| status.success()));
    until("it is started again", async || {
        started().len() == 2 && state().await == "connected"
    })
    .await;
    until("what the first one started ends", async || {
        !is_alive(&child)
    })
    .await;

    let (_, log) = server.call("mcp.log", &json!({ "server": "shell" })).await;
    let log = log.to_string();
    assert!(log.contains("key is [hidden] of \""), "{log}");

    let (second, child) = started()[1].clone();
    assert!(is_alive(&second) && is_alive(&child));
    let (status, shown) = server
        .call("mcp.disconnect", &json!({ "server": "shell" }))
        .await;
    assert_eq!(
        (status, &shown["state"]),
        (200, &json!("disabled")),
        "{shown}"
    );
    until("both end", async || !is_alive(&second) && !is_alive(&child)).await;
    let (_, error) = server
        .call("mcp.call", &json!({ "server": "shell", "tool": "x" }))
        .await;
    assert_eq!(error["error"]["code"], "refused");

    let (_, _) = server
        .call("mcp.connect", &json!({ "server": "shell" }))
        .await;
    until("the third", async || started().len() == 3).await;
    let (third, _) = started()[2].clone();
    assert!(is_alive(&third));
    // Killed, not asked: the end of its input tells the server.
    drop(server);
    until("it dies with the studio", async || !is_alive(&third)).await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn servers_that_do_not_work_say_why() {
    let app = App::new();
    write_servers(
        &app,
        json!({
            "absent": { "command": "no-such-program-anywhere" },
            "quits": { "command": "sh", "args": ["-c", "echo missing licence >&2; exit 3"] },
            "refuses": { "url": "http://127.0.0.1:1/mcp" },
            "wrong": { "args": [] },
            "broken": { "command": 7 },
        }),
    );
    let listed = app.run(&["--json", "run", "mcp.servers", "--input", "{}"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).expect("JSON");
    let states: Vec<&str> = listed["servers"]
        .as_array()
        .expect("servers")
        .iter()
        .filter_map(|server| server["state"].as_str())
        .collect();
    assert_eq!(states, ["idle", "invalid", "idle", "idle", "invalid"]);
    for (server, part) in [
        ("absent", "no-such-program-anywhere"),
        ("quits", "missing licence"),
        ("refuses", "cannot be reached"),
        ("wrong", "either a `command`"),
        ("broken", "wrong type"),
    ] {
        let (_, error) = app.call_refused("mcp.tools", json!({ "server": server }));
        assert!(error.to_string().contains(part), "{server}: {error}");
    }
}
