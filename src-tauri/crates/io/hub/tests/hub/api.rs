use serde_json::json;
use studio_hub::{Commit, HubError, Repo, Revision, Token};
use studio_testkit::{HUB_COMMIT, HUB_TOKEN, HubFault, HubFile, HubPlace};

use super::{World, large, repo};

fn commit() -> Commit {
    Commit::parse(HUB_COMMIT).unwrap()
}

#[tokio::test]
async fn a_repository_tells_commit_licence_and_conditions() {
    let world = World::new(vec![large(10)]);
    let (repo, main) = (repo(), Revision::default());
    let info = || world.hub.info(&repo, &main, None);
    let free = info().await.unwrap();
    assert_eq!(free.commit, commit());
    assert_eq!(free.licence.as_deref(), Some("apache-2.0"));
    assert!(!free.is_gated);
    world.server.tell(json!({
        "gated": "manual",
        "cardData": { "license": "other", "license_name": "llama3.2", "license_link": "https://l.example" },
    }));
    let gated = info().await.unwrap();
    assert!(gated.is_gated);
    assert_eq!(gated.licence.as_deref(), Some("llama3.2"));
    assert_eq!(gated.licence_url.as_deref(), Some("https://l.example"));
    world.server.tell(json!({ "gated": false }));
    assert_eq!(info().await.unwrap().licence, None, "there is no card");
    let card = "---\nlicense: mit\n---\n# A model\n";
    world
        .server
        .replace(vec![HubFile::small("README.md", card)]);
    assert_eq!(info().await.unwrap().licence.as_deref(), Some("mit"));
}

#[tokio::test]
async fn a_listing_of_many_pages_is_read_whole() {
    let mut files: Vec<HubFile> = (0..7)
        .map(|n| HubFile::small(&format!("sub/{n}.json"), format!("{n}")))
        .collect();
    files.push(large(1_000));
    let world = World::new(files.clone());
    let listing = world.hub.files(&repo(), &commit(), None).await.unwrap();
    assert_eq!(listing.files.len(), 8);
    let big = listing.files.last().unwrap();
    assert_eq!(big.sha256, Some(files[7].etag()));
    assert_eq!(big.bytes, 1_000);
    assert_eq!(
        listing.files[0].sha256, None,
        "it has no SHA-256 at the hub"
    );
}

#[tokio::test]
async fn hostile_paths_of_a_listing_are_refused_and_the_rest_is_listed() {
    let hostile = [
        "../../evil",
        "/etc/passwd",
        "a\\..\\b",
        "C:/x",
        "sub/../../x",
        "",
    ];
    let mut files: Vec<HubFile> = hostile
        .iter()
        .map(|path| HubFile::small(path, "x"))
        .collect();
    files.push(large(10));
    let world = World::new(files);
    let listing = world.hub.files(&repo(), &commit(), None).await.unwrap();
    let paths: Vec<&str> = listing
        .files
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    assert_eq!(paths, ["m.gguf"]);
    assert_eq!(
        listing.refused.len(),
        hostile.len(),
        "{:?}",
        listing.refused
    );
}

#[tokio::test]
async fn a_next_page_somewhere_else_is_not_asked() {
    let world = World::new(vec![large(10)]);
    world.server.behave(|_, asked| {
        let link = "<http://127.0.0.1:1/next>; rel=\"next\"".to_owned();
        asked
            .path
            .contains("/tree/")
            .then(|| HubFault::Answer(200, vec![("link", link)], "[]".to_owned()))
    });
    let error = world.hub.files(&repo(), &commit(), None).await.unwrap_err();
    assert!(matches!(&error, HubError::Unexpected { .. }), "{error}");
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let world = World::new(vec![large(10)]);
    let huge = "[".repeat(33 << 20);
    world.server.behave(move |place, _| {
        (place == HubPlace::Hub).then(|| HubFault::Answer(200, Vec::new(), huge.clone()))
    });
    let error = world.hub.files(&repo(), &commit(), None).await.unwrap_err();
    assert!(error.to_string().contains("without end"), "{error}");
}

#[tokio::test]
async fn more_files_than_a_model_has_are_refused() {
    let world = World::new(vec![large(10)]);
    let row = json!({ "type": "file", "path": "a", "size": 1 }).to_string();
    let rows = format!("[{}]", vec![row; 100_001].join(","));
    world
        .server
        .behave(move |_, _| Some(HubFault::Answer(200, Vec::new(), rows.clone())));
    let error = world.hub.files(&repo(), &commit(), None).await.unwrap_err();
    assert!(matches!(&error, HubError::Unexpected { .. }), "{error}");
}

#[tokio::test]
async fn a_search_lists_what_can_be_asked_for() {
    let world = World::new(vec![large(10)]);
    let found = world.hub.search("tiny model", 5, None).await.unwrap();
    let repos: Vec<&str> = found.iter().map(|found| found.repo.as_str()).collect();
    assert_eq!(repos, [super::REPO], "a name that is none is left out");
    assert_eq!(found[0].licence.as_deref(), Some("apache-2.0"));
    let asked = world.server.asked();
    assert!(
        asked[0].1.path.contains("search=tiny+model"),
        "{}",
        asked[0].1.path
    );
}

#[tokio::test]
async fn a_token_is_tested_at_the_hub() {
    let world = World::new(Vec::new());
    let name = world.hub.who(&Token::new(HUB_TOKEN)).await.unwrap();
    assert_eq!(name, "tester");
    let wrong = world.hub.who(&Token::new("hf_wrong")).await.unwrap_err();
    assert!(matches!(wrong, HubError::Denied { .. }), "{wrong}");
}

#[tokio::test]
async fn a_repository_that_is_not_there_is_told() {
    let world = World::new(vec![large(10)]);
    let other = Repo::parse("maker/other").unwrap();
    let error = world.hub.info(&other, &Revision::default(), None).await;
    assert!(matches!(error, Err(HubError::NotFound { .. })), "{error:?}");
}
