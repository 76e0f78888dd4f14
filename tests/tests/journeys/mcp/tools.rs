//! Operations as tools: what they claim, how they tell progress, who must agree.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn tools_say_what_they_may_do() {
    let app = App::new();
    let client = over_stdio(&app, &[], Person::default(), with_sessions()).await;
    let tools = client.list_all_tools().await.expect("the tools");
    let output = app.run(&["ops", "--json"]);
    let operations: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    for operation in &operations {
        let name = operation["name"]
            .as_str()
            .expect("a name")
            .replacen('.', "_", 1);
        let tool = tools
            .iter()
            .find(|tool| tool.name == name)
            .expect("a tool of each");
        let hints = tool.annotations.as_ref().expect("annotations");
        assert_eq!(
            hints.read_only_hint,
            operation["traits"]["writes"].as_bool().map(|w| !w),
            "{name}"
        );
        assert_eq!(
            hints.destructive_hint,
            operation["traits"]["destroys"].as_bool(),
            "{name}"
        );
        // What clients demand of schemas.
        assert_eq!(tool.input_schema["type"], "object", "{name}");
        if let Some(schema) = &tool.output_schema {
            assert_eq!(schema["type"], "object", "{name}");
        }
        for schema in [Some(&tool.input_schema), tool.output_schema.as_ref()]
            .into_iter()
            .flatten()
        {
            let properties = schema.get("properties").and_then(Value::as_object);
            let are_objects = properties.is_none_or(|all| all.values().all(Value::is_object));
            assert!(are_objects, "{name}: {schema:?}");
        }
    }
    let hints = |name: &str| {
        let tool = tools.iter().find(|tool| tool.name == name).expect(name);
        tool.annotations.clone().expect("annotations")
    };
    for name in [
        "asset_remove",
        "chat_delete",
        "keys_revoke",
        "provider_remove_key",
        "settings_reset",
        "mcp_remove",
    ] {
        assert_eq!(hints(name).destructive_hint, Some(true), "{name}");
    }
    for name in ["llm_chat", "provider_test", "provider_pull", "mcp_call"] {
        assert_eq!(hints(name).open_world_hint, Some(true), "{name}");
    }
    assert_eq!(hints("audio_loudness").open_world_hint, Some(false));
    client.cancel().await.expect("an end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_tells_progress_and_ends_when_the_client_cancels() {
    let app = App::new();
    let server = Server::start(&app);
    for (over, revision) in [
        ("stdio", with_sessions()),
        ("stdio", stateless()),
        ("http", with_sessions()),
        ("http", stateless()),
    ] {
        let person = Person::default();
        let client = match over {
            "stdio" => over_stdio(&app, &[], person.clone(), revision).await,
            _ => over_http(&server, person.clone(), revision).await,
        };
        let output = app.folder().join("long.wav");
        let input = json!({ "duration_secs": 3600.0, "output": output });
        let request = CallToolRequestParams::new("ambient_render")
            .with_arguments(input.as_object().cloned().expect("an object"));
        let handle = client
            .send_request_with_option(
                ClientRequest::CallToolRequest(CallToolRequest::new(request)),
                PeerRequestOptions::no_options(),
            )
            .await
            .expect("the request is sent");
        let several = |person: &Person| person.progress.lock().expect("progress").len() >= 3;
        person.until("progress", several).await;
        handle
            .cancel(Some("enough".to_owned()))
            .await
            .expect("it is sent");
        let begun = Instant::now();
        loop {
            let jobs = answer(&client, "job.list", json!({ "limit": 1 })).await;
            let status = &jobs["jobs"][0]["status"];
            if status == "cancelled" {
                break;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "{over}: the job is still {status}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        // The client hands each notification to a task of its own, so that the order here is not that of the wire.
        let mut told = person.progress.lock().expect("progress").clone();
        told.sort_by(f64::total_cmp);
        assert!(
            told.windows(2).all(|pair| pair[0] < pair[1]),
            "each tells of more: {told:?}"
        );
        assert!(!output.exists(), "nothing half done is left");
        client.cancel().await.expect("an end");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_taken_away_unless_a_person_agrees() {
    let app = App::new();
    let (project, asset, _) = furnished(&app);
    let server = Server::start(&app);
    let input = json!({ "project": project, "asset": asset });
    let back = json!({ "project": project, "asset": asset });
    for (over, revision) in [
        ("stdio", with_sessions()),
        ("stdio", stateless()),
        ("http", with_sessions()),
        ("http", stateless()),
    ] {
        let connect = async |person: Person| match over {
            "stdio" => over_stdio(&app, &[], person, revision.clone()).await,
            _ => over_http(&server, person, revision.clone()).await,
        };
        let mute = connect(Person::default()).await;
        let error = refusal(&mute, "asset.remove", input.clone()).await;
        assert_eq!(error["code"], "refused", "{over}: {error}");
        let hint = error["hint"].as_str().expect("a hint");
        assert!(hint.contains("--approve asset.remove"), "{hint}");
        // What is wrong anyway is not asked about, and no argument counts as consent.
        let mut smuggled = input.clone();
        smuggled["allow"] = json!(true);
        let error = refusal(&mute, "asset.remove", smuggled).await;
        assert_eq!(error["code"], "bad_input", "{over}");
        let mut request = CallToolRequestParams::new("asset_remove")
            .with_arguments(input.as_object().cloned().expect("an object"))
            .with_request_state("made up");
        let yes = json!({ "action": "accept", "content": { "allow": true } });
        request.input_responses = Some([("allow".to_owned(), yes)].into());
        let told = mute.call_tool(request).await.expect("an answer");
        assert_eq!(
            told.is_error,
            Some(true),
            "{over}: an answer that nobody was asked for"
        );
        mute.cancel().await.expect("an end");

        let strict = Person::who_says(false);
        let client = connect(strict.clone()).await;
        let error = refusal(&client, "asset.remove", input.clone()).await;
        assert_eq!(error["code"], "refused", "{over}: {error}");
        let asked = strict.asked.lock().expect("asked").clone();
        assert_eq!(asked.len(), 1, "{over}");
        assert!(
            asked[0].contains("asset.remove") && asked[0].contains(&asset),
            "{}",
            asked[0]
        );
        let listed = answer(&client, "asset.list", json!({ "project": project })).await;
        assert_eq!(
            listed["assets"].as_array().map(Vec::len),
            Some(1),
            "{over}: it is still there"
        );
        client.cancel().await.expect("an end");

        let kind = Person::who_says(true);
        let client = connect(kind.clone()).await;
        let removed = answer(&client, "asset.remove", input.clone()).await;
        assert_eq!(removed["id"], json!(asset), "{over}");
        assert_eq!(kind.asked.lock().expect("asked").len(), 1, "{over}");
        answer(&client, "asset.restore", back.clone()).await;
        assert_eq!(
            kind.asked.lock().expect("asked").len(),
            1,
            "bringing back is not asked about"
        );
        client.cancel().await.expect("an end");
    }
    for allowed in ["asset.remove", "destructive", "all"] {
        let flags = ["--approve", allowed];
        let client = over_stdio(&app, &flags, Person::default(), with_sessions()).await;
        answer(&client, "asset.remove", input.clone()).await;
        answer(&client, "asset.restore", back.clone()).await;
        client.cancel().await.expect("an end");
    }
    let typo = app.run(&["mcp", "--approve", "asset.remov"]);
    assert!(
        !typo.status.success(),
        "a typing error must not look like consent"
    );
}
