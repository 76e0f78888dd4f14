//! Files of models: listed, fetched, checked, removed, imported.

use std::sync::Arc;

use serde_json::{Value, json};
use studio_core::{
    Cancel, Detached, Error, ErrorCode, Event, Events, JobContext, Registry, SettingsFile,
};
use studio_gateway::{Gateway, operations};
use studio_store::Home;
use studio_testkit::{HubFault, HubFile, HubPlace, TempFolder, TestHub, tiny_gguf};

const LIST: &str = "
models:
  - { id: local/free, name: Free, family: f, model: free, context_tokens: 4096, output_tokens: 1000, licence: MIT,
      weights: { repo: maker/free, format: gguf, architecture: qwen2, kv_bytes_per_token: 12288,
        files: [{ path: m.gguf, about_bytes: 2000 }, { path: sub/tokenizer.json }] } }
  - { id: local/bound, name: Bound, model: bound, context_tokens: 4096, output_tokens: 1000,
      licence: own-licence, licence_url: https://licence.example,
      weights: { repo: maker/free, format: gguf, architecture: qwen2, files: [{ path: b.gguf }] } }
  - { id: local/alien, name: Alien, model: alien, context_tokens: 4096, output_tokens: 1000, licence: MIT,
      weights: { repo: maker/free, format: gguf, architecture: gemma3, files: [{ path: m.gguf }] } }
";

/// A studio whose hub is a test hub.
struct World {
    hub: TestHub,
    gateway: Arc<Gateway>,
    registry: Registry,
    events: Events,
    folder: TempFolder,
}

impl World {
    fn new() -> World {
        let hub = TestHub::start("maker/free", files(1));
        let folder = TempFolder::new();
        std::fs::write(folder.file("models.yaml"), LIST).unwrap();
        let home = Arc::new(Home::open(folder.path()).unwrap());
        let flags = [
            ("models.folder".to_owned(), folder.file("hub").to_string()),
            ("models.hub_url".to_owned(), hub.url()),
        ];
        let settings = Arc::new(SettingsFile::load(home.settings_path(), [], &flags).unwrap());
        let events = Events::new();
        let gateway = Gateway::new(&home, &settings, &events).unwrap();
        let registry = Registry::new(operations(&gateway)).unwrap();
        World {
            hub,
            gateway,
            registry,
            events,
            folder,
        }
    }

    async fn call(&self, name: &str, input: Value) -> Result<Value, Error> {
        let operation = self.registry.check(name, &input)?.clone();
        let cx = JobContext::new(Arc::new(Detached), Cancel::new(), self.events.clone());
        Ok(operation.run(cx, input).await?.into_json())
    }

    async fn model(&self, id: &str) -> Value {
        let listed = self.call("model.list", json!({})).await.unwrap();
        let models = listed["models"].as_array().unwrap();
        let model = models.iter().find(|model| model["id"] == id);
        model.cloned().unwrap_or_else(|| panic!("{id} in {listed}"))
    }

    async fn fails(&self, name: &str, input: Value, code: ErrorCode, words: &str) -> Error {
        let error = self.call(name, input).await.unwrap_err();
        assert_eq!(error.code, code, "{error:?}");
        let told = format!("{error:?}");
        assert!(told.contains(words), "{told} should say {words}");
        error
    }
}

/// The hub's files; another number is another content.
fn files(number: u8) -> Vec<HubFile> {
    let mut model = tiny_gguf("qwen2");
    *model.last_mut().unwrap() = number;
    vec![
        HubFile::large("m.gguf", model.clone()),
        HubFile::large("b.gguf", model),
        HubFile::small("sub/tokenizer.json", "{}"),
    ]
}

#[tokio::test]
async fn a_listed_model_is_fetched_and_can_be_chosen() {
    let world = World::new();
    let mut events = world.events.subscribe();
    let before = world.model("local/free").await;
    assert_eq!(before["state"], "available");
    assert_eq!(
        before["bytes"],
        Value::Null,
        "the size of one file is not listed"
    );
    let readiness = |listed: &Value| {
        let models = listed["models"].as_array().unwrap();
        let free = models.iter().find(|model| model["id"] == "local/free");
        free.unwrap()["readiness"].clone()
    };
    let ask = json!({ "discover": false });
    let listed = world.call("gateway.models", ask.clone()).await.unwrap();
    assert_eq!(readiness(&listed), "missing");
    let input = json!({ "model": "local/free" });
    let got = world.call("model.download", input.clone()).await.unwrap();
    assert_eq!(got["model"], "local/free");
    let size = tiny_gguf("qwen2").len() as u64;
    assert_eq!(got["received_bytes"], size + 2);
    let after = world.model("local/free").await;
    assert_eq!(after["state"], "installed");
    assert_eq!(after["bytes"], size + 2);
    let memory = size + 2 + 12_288 * 4_096 + (256 << 20);
    assert_eq!(after["memory_bytes"], memory);
    let listed = world.call("gateway.models", ask).await.unwrap();
    assert_eq!(readiness(&listed), json!({ "loadable": memory }));
    let again = world.call("model.download", input).await.unwrap();
    assert_eq!(again["received_bytes"], 0);
    let told = tokio::time::timeout(std::time::Duration::from_secs(5), async {
        while events.next().await != Some(Event::ModelsChanged {}) {}
    });
    told.await.expect("the page is told");
}

#[tokio::test]
async fn a_licence_with_conditions_is_shown_before_a_byte_comes() {
    let world = World::new();
    let input = json!({ "model": "local/bound" });
    let error = world
        .fails("model.download", input, ErrorCode::Refused, "own-licence")
        .await;
    assert!(error.message.contains("https://licence.example"), "{error}");
    assert_eq!(error.field.as_deref(), Some("/accept_licence"));
    assert!(
        world.hub.asked().is_empty(),
        "the list knows it without a network"
    );
    // What the hub says counts as well, and for what no list has.
    world
        .hub
        .tell(json!({ "cardData": { "license": "gemma" } }));
    for input in [
        json!({ "model": "local/free" }),
        json!({ "repo": "maker/free", "files": ["m.gguf"] }),
    ] {
        world
            .fails("model.download", input, ErrorCode::Refused, "gemma")
            .await;
    }
    world.hub.tell(json!({}));
    let untold = json!({ "repo": "maker/free", "files": ["m.gguf"] });
    world
        .fails("model.download", untold, ErrorCode::Refused, "nobody tells")
        .await;
    assert_eq!(world.hub.take_sent(), 0);
    let agreed = json!({ "model": "local/bound", "accept_licence": true });
    world.call("model.download", agreed).await.unwrap();
    assert_eq!(world.model("local/bound").await["state"], "installed");
}

#[tokio::test]
async fn what_a_repository_becomes_later_is_told_and_not_taken() {
    let world = World::new();
    let input = json!({ "model": "local/free" });
    world.call("model.download", input.clone()).await.unwrap();
    world.call("model.remove", input.clone()).await.unwrap();
    // Removing forgets what was pinned; downloading pins anew.
    world.hub.replace(files(2));
    world.call("model.download", input.clone()).await.unwrap();
    world.hub.replace(files(3));
    std::fs::remove_dir_all(world.folder.file("hub")).unwrap();
    world
        .fails("model.download", input, ErrorCode::Refused, "another")
        .await;
    let update = json!({ "model": "local/free", "update": true });
    world.call("model.download", update).await.unwrap();
    assert_eq!(world.model("local/free").await["state"], "installed");
}

#[tokio::test]
async fn a_download_that_broke_off_is_partial_until_it_goes_on_or_is_removed() {
    let world = World::new();
    world.hub.behave(|place, _| {
        (place == HubPlace::Keeper).then(|| HubFault::Answer(403, Vec::new(), String::new()))
    });
    let input = json!({ "model": "local/free" });
    world
        .fails("model.download", input.clone(), ErrorCode::Refused, "token")
        .await;
    assert_eq!(world.model("local/free").await["state"], "available");
    // The beginning of a file, as a killed download leaves it.
    let blob = files(1)[0].etag();
    let blobs = world.folder.file("hub/models--maker--free/blobs");
    let begun = blobs.join(format!("{blob}.incomplete"));
    std::fs::write(&begun, &tiny_gguf("qwen2")[..100]).unwrap();
    let partial = world.model("local/free").await;
    assert_eq!(
        (&partial["state"], &partial["here_bytes"]),
        (&json!("partial"), &json!(100))
    );
    let removed = world.call("model.remove", input.clone()).await.unwrap();
    assert_eq!(removed["freed_bytes"], 100);
    assert!(!begun.exists());
    world.hub.behave(|_, _| None);
    world.call("model.download", input).await.unwrap();
    assert_eq!(world.model("local/free").await["state"], "installed");
}

#[tokio::test]
async fn a_damaged_file_is_found_thrown_away_and_fetched_again() {
    let world = World::new();
    let input = json!({ "model": "local/free" });
    world.call("model.download", input.clone()).await.unwrap();
    let whole = world.call("model.verify", input.clone()).await.unwrap();
    assert_eq!(whole["is_whole"], true, "{whole}");
    let blob = world.folder.file("hub/models--maker--free/blobs");
    let blob = blob.join(files(1)[0].etag());
    let mut bytes = std::fs::read(&blob).unwrap();
    bytes[50] ^= 1;
    std::fs::write(&blob, bytes).unwrap();
    let discard = json!({ "model": "local/free", "discard_damaged": true });
    let damaged = world.call("model.verify", discard).await.unwrap();
    assert_eq!(damaged["is_whole"], false);
    assert_eq!(damaged["files"][0]["result"], "damaged", "{damaged}");
    assert_eq!(damaged["files"][1]["result"], "whole");
    assert_eq!(world.model("local/free").await["state"], "partial");
    world.call("model.download", input.clone()).await.unwrap();
    let whole = world.call("model.verify", input).await.unwrap();
    assert_eq!(whole["is_whole"], true);
}

#[tokio::test]
async fn models_that_share_a_file_do_not_lose_it() {
    let world = World::new();
    for model in ["local/free", "local/bound"] {
        let input = json!({ "model": model, "accept_licence": true });
        world.call("model.download", input).await.unwrap();
    }
    let removed = world
        .call("model.remove", json!({ "model": "local/bound" }))
        .await
        .unwrap();
    assert_eq!(removed["freed_bytes"], 0, "the same bytes are in m.gguf");
    assert_eq!(world.model("local/free").await["state"], "installed");
    let all = json!({ "repo": "maker/free" });
    let removed = world.call("model.remove", all.clone()).await.unwrap();
    assert_eq!(removed["freed_bytes"], tiny_gguf("qwen2").len() as u64 + 2);
    world
        .fails(
            "model.remove",
            all,
            ErrorCode::NotFound,
            "not on this machine",
        )
        .await;
}

#[tokio::test]
async fn a_model_that_cannot_run_here_is_said_so_before_it_is_fetched() {
    let world = World::new();
    assert_eq!(world.model("local/alien").await["state"], "unsupported");
    let input = json!({ "model": "local/alien" });
    world
        .fails("model.download", input, ErrorCode::Unsupported, "Ollama")
        .await;
    assert!(world.hub.asked().is_empty());
}

#[tokio::test]
async fn a_file_of_one_s_own_becomes_a_model() {
    let world = World::new();
    let path = world.folder.file("My Model (v2).gguf");
    std::fs::write(&path, tiny_gguf("llama")).unwrap();
    let imported = world.call("model.import", json!({ "path": path })).await;
    let imported = imported.unwrap();
    let id = "local/imported/My-Model-v2";
    assert_eq!(imported["model"], id, "{imported}");
    assert_eq!(imported["copied_bytes"], 0, "it is a link");
    let model = world.model(id).await;
    assert_eq!(model["state"], "installed");
    assert_eq!(model["context_tokens"], 4096);
    assert_eq!(model["quantisation"], "Q8_0");
    assert_eq!(model["is_found"], true);
    assert!(world.gateway.catalog().model(id).is_some());
    // It outlives a restart: the cache is the record.
    let verified = world.call("model.verify", json!({ "model": id })).await;
    assert_eq!(verified.unwrap()["is_whole"], true);
    world
        .call("model.remove", json!({ "model": id }))
        .await
        .unwrap();
    assert!(world.gateway.catalog().model(id).is_none());
    assert!(path.exists(), "the file itself stays");
}

#[tokio::test]
async fn a_file_is_imported_as_a_listed_model_if_it_can_be_that() {
    let world = World::new();
    let path = world.folder.file("download.gguf");
    std::fs::write(&path, tiny_gguf("llama")).unwrap();
    let input = json!({ "path": path, "model": "local/bound", "copy": true });
    world
        .fails(
            "model.import",
            input.clone(),
            ErrorCode::BadInput,
            "`llama`",
        )
        .await;
    std::fs::write(&path, tiny_gguf("qwen2")).unwrap();
    let imported = world.call("model.import", input).await.unwrap();
    assert_eq!(imported["model"], "local/bound");
    assert_eq!(imported["copied_bytes"], tiny_gguf("qwen2").len() as u64);
    assert_eq!(world.model("local/bound").await["state"], "installed");
    assert!(world.hub.asked().is_empty(), "no network");
    for (name, bytes, words) in [
        ("cut.gguf", &tiny_gguf("qwen2")[..300], "cut off"),
        ("page.gguf", &b"<html>"[..], "no GGUF"),
        ("empty.gguf", &b""[..], "empty"),
    ] {
        std::fs::write(world.folder.file(name), bytes).unwrap();
        let input = json!({ "path": world.folder.file(name) });
        let error = world
            .fails("model.import", input, ErrorCode::BadInput, words)
            .await;
        assert_eq!(error.field.as_deref(), Some("/path"));
    }
    let missing = json!({ "path": world.folder.file("missing.gguf") });
    world
        .fails("model.import", missing, ErrorCode::NotFound, "missing.gguf")
        .await;
}

#[tokio::test]
async fn any_file_of_the_hub_can_be_fetched_and_is_found() {
    let world = World::new();
    let files = world
        .call("model.files", json!({ "repo": "maker/free" }))
        .await
        .unwrap();
    assert_eq!(files["licence"], "apache-2.0");
    assert_eq!(files["files"].as_array().unwrap().len(), 3);
    assert_eq!(files["files"][0]["is_here"], false);
    world
        .hub
        .replace(vec![HubFile::large("other-Q8_0.gguf", tiny_gguf("qwen3"))]);
    let input = json!({ "repo": "maker/free", "files": ["other-Q8_0.gguf"] });
    let got = world.call("model.download", input).await.unwrap();
    assert_eq!(got["model"], "local/maker/free/other-Q8_0");
    let model = world.model("local/maker/free/other-Q8_0").await;
    assert_eq!(
        (&model["state"], &model["architecture"]),
        (&json!("installed"), &json!("qwen3"))
    );
}

#[tokio::test]
async fn a_search_finds_words_here_and_at_the_hub() {
    let world = World::new();
    let input = json!({ "words": "qwen3 apache" });
    let found = world.call("model.search", input).await.unwrap();
    let models = found["models"].as_array().unwrap();
    assert!(models.len() >= 4, "{found}");
    assert!(models.iter().all(|model| model["family"] == "qwen3"));
    assert!(
        world.hub.asked().is_empty(),
        "words stay here unless asked otherwise"
    );
    let input = json!({ "words": "free", "hub": true });
    let found = world.call("model.search", input.clone()).await.unwrap();
    assert_eq!(found["hub"][0]["repo"], "maker/free");
    world
        .hub
        .behave(|_, _| Some(HubFault::Answer(404, Vec::new(), String::new())));
    let found = world.call("model.search", input).await.unwrap();
    assert_eq!(found["hub_problem"]["code"], "not_found", "{found}");
    assert_eq!(
        found["models"].as_array().unwrap().len(),
        3,
        "of that repository"
    );
}

#[tokio::test]
async fn wrong_inputs_name_their_field() {
    let world = World::new();
    let check = async |name: &str, input: Value, code: ErrorCode, field: &str| {
        let error = world.call(name, input.clone()).await.unwrap_err();
        assert_eq!(
            (error.code, error.field.as_deref()),
            (code, Some(field)),
            "{input} {error}"
        );
    };
    let bad = ErrorCode::BadInput;
    check("model.download", json!({}), bad, "/model").await;
    check(
        "model.download",
        json!({ "model": "local/none" }),
        ErrorCode::NotFound,
        "/model",
    )
    .await;
    check(
        "model.download",
        json!({ "model": "openai/gpt-5" }),
        bad,
        "/model",
    )
    .await;
    check(
        "model.download",
        json!({ "model": "local/free", "files": ["x"] }),
        bad,
        "/files",
    )
    .await;
    check(
        "model.download",
        json!({ "repo": "maker/free" }),
        bad,
        "/files",
    )
    .await;
    check(
        "model.download",
        json!({ "repo": "../x", "files": ["y"] }),
        bad,
        "/repo",
    )
    .await;
    let hostile = json!({ "repo": "maker/free", "files": ["m.gguf", "../../x"] });
    check("model.download", hostile, bad, "/files/1").await;
    let hostile = json!({ "repo": "maker/free", "files": ["m.gguf"], "revision": "../x" });
    check("model.download", hostile, bad, "/revision").await;
    check("model.files", json!({ "repo": "nothing" }), bad, "/repo").await;
    check(
        "model.import",
        json!({ "path": "x", "name": "···" }),
        bad,
        "/name",
    )
    .await;
    assert!(world.hub.asked().is_empty());
}
