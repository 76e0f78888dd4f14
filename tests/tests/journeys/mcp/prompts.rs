//! Prompts and the completion of their arguments.

use super::*;

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
