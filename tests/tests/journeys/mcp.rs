//! The Model Context Protocol from outside: what clients of others see of the studio, and what the
//! studio sees of other servers.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rmcp::model::{
    ArgumentInfo, CallToolRequest, CallToolRequestParams, CallToolResult, ClientCapabilities,
    ClientConfig, ClientRequest, CompleteRequestParams, CompletionContext, ElicitRequestParams,
    ElicitResult, ElicitationAction, ElicitationCapability, ErrorCode, FormElicitationCapability,
    GetPromptRequestParams, Implementation, ProgressNotificationParam, ProtocolVersion,
    ReadResourceRequestParams, Reference, ResourceContents, ResourceUpdatedNotificationParam,
    ServerNotification, SubscriptionFilter,
};
use rmcp::service::{
    ClientLifecycleMode, ClientServiceExt, NotificationContext, PeerRequestOptions, RequestContext,
    RoleClient, RunningService, ServiceError,
};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::transport::{StreamableHttpClientTransport, TokioChildProcess};
use rmcp::{ClientHandler, ErrorData};
use serde_json::{Value, json};
use studio_tests::{App, Server, binary, tone};
use tokio::sync::Notify;

/// The longest that anything here may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client with a person in front of it.
#[derive(Clone, Default)]
struct Person {
    /// What the person answers when asked; without it, the client cannot ask.
    says: Option<bool>,
    asked: Arc<Mutex<Vec<String>>>,
    progress: Arc<Mutex<Vec<f64>>>,
    updated: Arc<Mutex<Vec<String>>>,
    list_changes: Arc<Mutex<usize>>,
    told: Arc<Notify>,
}

impl Person {
    fn who_says(answer: bool) -> Person {
        Person {
            says: Some(answer),
            ..Person::default()
        }
    }

    /// Waits until `seen` holds, looking again whenever something was told.
    async fn until(&self, what: &str, seen: impl Fn(&Person) -> bool) {
        let begun = Instant::now();
        while !seen(self) {
            assert!(begun.elapsed() < PATIENCE, "never told: {what}");
            let _ = tokio::time::timeout(Duration::from_millis(50), self.told.notified()).await;
        }
    }
}

impl ClientHandler for Person {
    fn get_info(&self) -> ClientConfig {
        let mut capabilities = ClientCapabilities::default();
        capabilities.elicitation = self
            .says
            .map(|_| ElicitationCapability::new().with_form(FormElicitationCapability::new()));
        ClientConfig::new(capabilities, Implementation::new("journey", "1"))
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _context: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        let ElicitRequestParams::FormElicitationParams { message, .. } = request else {
            panic!("only forms are declared");
        };
        self.asked.lock().expect("asked").push(message);
        Ok(match self.says {
            Some(true) => {
                ElicitResult::new(ElicitationAction::Accept).with_content(json!({ "allow": true }))
            }
            _ => ElicitResult::new(ElicitationAction::Decline),
        })
    }

    async fn on_progress(
        &self,
        progress: ProgressNotificationParam,
        _context: NotificationContext<RoleClient>,
    ) {
        self.progress
            .lock()
            .expect("progress")
            .push(progress.progress);
        self.told.notify_one();
    }

    async fn on_resource_updated(
        &self,
        update: ResourceUpdatedNotificationParam,
        _context: NotificationContext<RoleClient>,
    ) {
        self.updated.lock().expect("updates").push(update.uri);
        self.told.notify_one();
    }

    async fn on_resource_list_changed(&self, _context: NotificationContext<RoleClient>) {
        *self.list_changes.lock().expect("changes") += 1;
        self.told.notify_one();
    }
}

type Client = RunningService<RoleClient, Person>;

fn with_sessions() -> ClientLifecycleMode {
    ClientLifecycleMode::Initialize
}

fn stateless() -> ClientLifecycleMode {
    ClientLifecycleMode::Discover {
        preferred_versions: vec![ProtocolVersion::V_2026_07_28],
    }
}

async fn over_stdio(
    app: &App,
    flags: &[&str],
    person: Person,
    revision: ClientLifecycleMode,
) -> Client {
    let mut command = tokio::process::Command::from(app.command());
    command.arg("mcp").args(flags);
    let transport = TokioChildProcess::new(command).expect("av-studio mcp starts");
    person
        .serve_with_lifecycle(transport, revision)
        .await
        .expect("an introduction")
}

async fn over_http(server: &Server, person: Person, revision: ClientLifecycleMode) -> Client {
    let config = StreamableHttpClientTransportConfig::with_uri(format!("{}/mcp", server.url))
        .auth_header(server.token.clone());
    let transport = StreamableHttpClientTransport::from_config(config);
    person
        .serve_with_lifecycle(transport, revision)
        .await
        .expect("an introduction")
}

async fn call(client: &Client, operation: &str, input: Value) -> CallToolResult {
    let request = CallToolRequestParams::new(operation.replacen('.', "_", 1))
        .with_arguments(input.as_object().cloned().unwrap_or_default());
    client.call_tool(request).await.expect("the tool answers")
}

/// The answer of a call that must succeed.
async fn answer(client: &Client, operation: &str, input: Value) -> Value {
    let result = call(client, operation, input).await;
    assert_ne!(result.is_error, Some(true), "{operation}: {result:?}");
    result.structured_content.expect("a structured answer")
}

/// The error of a call that must fail.
async fn refusal(client: &Client, operation: &str, input: Value) -> Value {
    let result = call(client, operation, input).await;
    assert_eq!(result.is_error, Some(true), "{operation} should fail");
    assert_eq!(
        result.structured_content, None,
        "an error fits no output schema"
    );
    let text = &result.content[0].as_text().expect("the error as text").text;
    let told: Value = serde_json::from_str(text).expect("the error as JSON");
    told["error"].clone()
}

async fn read(client: &Client, uri: &str) -> Result<Vec<ResourceContents>, ServiceError> {
    let request = ReadResourceRequestParams::new(uri);
    client
        .read_resource(request)
        .await
        .map(|read| read.contents)
}

fn text(contents: &ResourceContents) -> Value {
    match contents {
        ResourceContents::TextResourceContents { text, .. } => {
            serde_json::from_str(text).expect("JSON")
        }
        other => panic!("{other:?} is no text"),
    }
}

/// A project with a sound and a film: (its id, the sound's id, the film's id).
fn furnished(app: &App) -> (String, String, String) {
    let wav = app.folder().join("tone.wav");
    tone(&wav, 440.0, 0.5, 0.5);
    let project = app.project("Furnished");
    let id = |value: &Value| value["id"].as_str().expect("an id").to_owned();
    let info = app.call("project.info", json!({ "project": project }));
    let asset = app.call("asset.import", json!({ "project": project, "path": wav }));
    let film = app.call(
        "movie.plan",
        json!({ "project": project, "sentence": "A fox finds a lantern in the snow.", "seed": 7 }),
    );
    let film = film["film"]
        .as_str()
        .map_or_else(|| id(&film), str::to_owned);
    (id(&info), id(&asset), film)
}

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
        let told = person.progress.lock().expect("progress").clone();
        assert!(told.is_sorted(), "progress never goes back: {told:?}");
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

#[tokio::test(flavor = "multi_thread")]
async fn what_a_project_holds_can_be_read() {
    let app = App::new();
    let (project, asset, film) = furnished(&app);
    let client = over_stdio(&app, &[], Person::default(), with_sessions()).await;
    let of = |rest: &str| format!("studio://project/{project}{rest}");

    let listed = client.list_all_resources().await.expect("the resources");
    let uris: Vec<&str> = listed
        .iter()
        .map(|resource| resource.uri.as_str())
        .collect();
    for uri in [
        of(""),
        of(&format!("/asset/{asset}")),
        of(&format!("/film/{film}/plan")),
    ] {
        assert!(uris.contains(&uri.as_str()), "{uri} is not among {uris:?}");
    }

    let contents = read(&client, &of(&format!("/asset/{asset}")))
        .await
        .expect("an asset");
    let facts = text(&contents[0]);
    assert_eq!(facts["asset"]["name"], "tone.wav");
    assert!(
        facts["file"]
            .as_str()
            .expect("a link")
            .starts_with("file:///")
    );
    let ResourceContents::BlobResourceContents {
        mime_type, blob, ..
    } = &contents[1]
    else {
        panic!("small sounds come along");
    };
    assert_eq!(mime_type.as_deref(), facts["asset"]["media_type"].as_str());
    let content = read(&client, facts["content"].as_str().expect("an address"))
        .await
        .expect("bytes");
    let ResourceContents::BlobResourceContents { blob: same, .. } = &content[0] else {
        panic!("bytes");
    };
    assert_eq!(same, blob);

    let digest = facts["asset"]["digest"].as_str().expect("a digest");
    let artifact = read(&client, &of(&format!("/artifact/{digest}")))
        .await
        .expect("an artifact");
    assert_eq!(text(&artifact[0])["artifact"]["digest"], json!(digest));
    let plan = read(&client, &of(&format!("/film/{film}/plan")))
        .await
        .expect("a plan");
    assert!(text(&plan[0])["shots"].is_array());
    let shown = read(&client, &of(&format!("/film/{film}")))
        .await
        .expect("a film");
    assert_eq!(text(&shown[0])["revision"], 1);

    let missing = [
        of(&format!("/film/{film}/captions")),
        of(&format!("/asset/{film}")),
        of(&format!("/artifact/{}", "0".repeat(64))),
        format!("studio://project/{film}"),
        of("/../../../../etc/passwd"),
        of(&format!("/asset/{asset}/../../studio.db")),
        "studio://project/%2Fetc".to_owned(),
        format!("studio://project/{}", app.projects()),
        "file:///etc/passwd".to_owned(),
        String::new(),
    ];
    for uri in missing {
        let Err(ServiceError::McpError(error)) = read(&client, &uri).await else {
            panic!("{uri} should be refused");
        };
        assert_eq!(
            error.code,
            ErrorCode::RESOURCE_NOT_FOUND,
            "{uri}: {error:?}"
        );
    }
    client.cancel().await.expect("an end");
}

#[tokio::test(flavor = "multi_thread")]
async fn big_media_are_described_and_linked_and_small_ones_come_along() {
    let app = App::new();
    let project = app.project("Big");
    let wav = app.folder().join("big.wav");
    // 48 kHz, stereo, 24 bit: 40 s are 11.5 MB.
    tone(&wav, 440.0, 0.5, 40.0);
    let asset = app.call("asset.import", json!({ "project": project, "path": wav }));
    let info = app.call("project.info", json!({ "project": project }));
    let client = over_stdio(&app, &[], Person::default(), stateless()).await;
    let uri = format!(
        "studio://project/{}/asset/{}",
        info["id"].as_str().expect("an id"),
        asset["id"].as_str().expect("an id")
    );
    let contents = read(&client, &uri).await.expect("its facts");
    assert_eq!(contents.len(), 1, "only the facts");
    let facts = text(&contents[0]);
    let Err(ServiceError::McpError(error)) = read(&client, &format!("{uri}/content")).await else {
        panic!("11.5 MB are too many");
    };
    let told = error.data.expect("the error's facts").to_string();
    assert!(
        told.contains(facts["file"].as_str().expect("a link")),
        "{told}"
    );
    client.cancel().await.expect("an end");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_told_to_those_who_watch() {
    let app = App::new();
    let (project, asset, _) = furnished(&app);
    let server = Server::start(&app);
    let remove = json!({ "project": project, "asset": asset });
    let watched = format!("studio://project/{project}/asset/{asset}");
    for over in ["stdio", "http"] {
        let person = Person::who_says(true);
        let client = match over {
            "stdio" => over_stdio(&app, &[], person.clone(), with_sessions()).await,
            _ => over_http(&server, person.clone(), with_sessions()).await,
        };
        #[expect(deprecated, reason = "the revisions with sessions have nothing else")]
        let subscribe = async |uri: &str| {
            client
                .subscribe(rmcp::model::SubscribeRequestParams::new(uri))
                .await
        };
        subscribe(&watched).await.expect("a subscription");
        assert!(subscribe("studio://project/nothing").await.is_err());
        answer(&client, "asset.remove", remove.clone()).await;
        person
            .until("the update", |person| {
                *person.updated.lock().expect("updates") == std::slice::from_ref(&watched)
            })
            .await;
        person
            .until("the list", |person| {
                *person.list_changes.lock().expect("changes") > 0
            })
            .await;
        answer(&client, "asset.restore", remove.clone()).await;
        client.cancel().await.expect("an end");
    }
    for over in ["stdio", "http"] {
        let client = match over {
            "stdio" => over_stdio(&app, &[], Person::who_says(true), stateless()).await,
            _ => over_http(&server, Person::who_says(true), stateless()).await,
        };
        let filter = SubscriptionFilter::builder()
            .resources_list_changed()
            .resource_subscription(watched.clone())
            .resource_subscription("file:///etc/passwd")
            .build();
        let mut changes = client.listen(filter).await.expect("a subscription");
        let accepted = changes.acknowledged().resource_subscriptions.clone();
        assert_eq!(accepted, Some(vec![watched.clone()]), "{over}");
        answer(&client, "asset.remove", remove.clone()).await;
        let mut told = Vec::new();
        while told.len() < 2 {
            let next = tokio::time::timeout(PATIENCE, changes.next())
                .await
                .expect("in time");
            match next.expect("a notification").expect("more") {
                ServerNotification::ResourceListChangedNotification(_) => {
                    told.push("list".to_owned())
                }
                ServerNotification::ResourceUpdatedNotification(update) => {
                    told.push(update.params.uri)
                }
                other => panic!("{other:?} was not asked for"),
            }
        }
        assert_eq!(told, ["list".to_owned(), watched.clone()], "{over}");
        answer(&client, "asset.restore", remove.clone()).await;
        changes.cancel().await.expect("an end");
        client.cancel().await.expect("an end");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn prompts_name_tools_that_exist_and_arguments_are_completed() {
    let app = App::new();
    let (project, asset, _) = furnished(&app);
    let client = over_stdio(&app, &[], Person::default(), stateless()).await;
    let tools = client.list_all_tools().await.expect("the tools");
    for prompt in client.list_all_prompts().await.expect("the prompts") {
        let arguments = prompt.arguments.unwrap_or_default();
        let given = arguments.iter().map(|argument| {
            let value = if argument.name == "platform" {
                "spotify"
            } else {
                "30"
            };
            (argument.name.clone(), json!(value))
        });
        let request = GetPromptRequestParams::new(&prompt.name).with_arguments(given.collect());
        let written = client.get_prompt(request).await.expect("a prompt");
        let text = &written.messages[0].content.as_text().expect("text").text;
        let named = text
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|word| word.contains('_'));
        let named: Vec<&str> = named.filter(|word| *word != "duration_secs").collect();
        assert!(!named.is_empty(), "{}", prompt.name);
        for name in named {
            assert!(
                tools.iter().any(|tool| tool.name == name),
                "{}: no tool {name}",
                prompt.name
            );
        }
        let nothing = GetPromptRequestParams::new(&prompt.name);
        let needs = arguments
            .iter()
            .any(|argument| argument.required == Some(true));
        assert_eq!(
            client.get_prompt(nothing).await.is_err(),
            needs,
            "{}",
            prompt.name
        );
    }

    let complete =
        async |reference: Reference, name: &str, typed: &str, chosen: &[(&str, &str)]| {
            let argument = ArgumentInfo::new(name, typed);
            let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            let chosen: HashMap<String, String> = chosen.iter().map(own).collect();
            let request = CompleteRequestParams::new(reference, argument)
                .with_context(CompletionContext::with_arguments(chosen));
            client
                .complete(request)
                .await
                .map(|result| result.completion.values)
        };
    let platforms = complete(
        Reference::for_prompt("master_track"),
        "platform",
        "apple",
        &[],
    )
    .await;
    assert_eq!(
        platforms.expect("platforms"),
        ["apple-music", "apple-podcasts"]
    );
    let projects = complete(Reference::for_prompt("make_film"), "project", "fur", &[]).await;
    assert_eq!(projects.expect("projects"), ["Furnished"]);
    let template = Reference::for_resource("studio://project/{project}/asset/{asset}");
    let ids = complete(template.clone(), "project", "furn", &[])
        .await
        .expect("projects");
    assert_eq!(ids, std::slice::from_ref(&project));
    let chosen = [("project", project.as_str())];
    let ids = complete(template.clone(), "asset", "tone", &chosen)
        .await
        .expect("assets");
    assert_eq!(ids, [asset]);
    assert!(complete(template, "film", "", &chosen).await.is_err());
    assert!(
        complete(Reference::for_resource("file:///{path}"), "path", "", &[])
            .await
            .is_err()
    );
    client.cancel().await.expect("an end");
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
