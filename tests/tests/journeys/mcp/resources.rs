//! What a project holds, as resources that can be read and watched.

use super::*;

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
