//! Completes arguments of prompts and parts of addresses while they are typed.

use std::collections::HashMap;

use rmcp::model::{CompleteRequestParams, CompletionInfo, Reference};
use studio_core::Error;
use studio_store::{Project, Projects};

use super::prompts::{self, Choices};
use super::resources;

/// What can be put in, and the words under which people look for it.
struct Candidate {
    value: String,
    words: String,
}

impl Candidate {
    fn named(value: &str, name: &str) -> Candidate {
        Candidate {
            value: value.to_owned(),
            words: format!("{name} {value}").to_lowercase(),
        }
    }
}

/// What fits the argument so far: ids are found by the beginning of any word of their name, too.
pub(super) fn complete(
    projects: &Projects,
    request: &CompleteRequestParams,
) -> Result<CompletionInfo, Error> {
    let argument = request.argument.name.as_str();
    let chosen = request
        .context
        .as_ref()
        .and_then(|context| context.arguments.as_ref());
    let candidates = match &request.r#ref {
        Reference::Prompt(prompt) => of_prompt(projects, &prompt.name, argument)?,
        Reference::Resource(template) => of_address(projects, &template.uri, argument, chosen)?,
        _ => return Err(Error::bad_input("only prompts and resources are completed")),
    };
    Ok(matching(candidates, &request.argument.value))
}

fn of_prompt(projects: &Projects, prompt: &str, argument: &str) -> Result<Vec<Candidate>, Error> {
    match prompts::choices(prompt, argument)? {
        // People choose a project for a prompt by its name.
        Choices::Projects => Ok(projects
            .list()?
            .iter()
            .filter(|project| !project.missing)
            .map(|project| Candidate::named(&project.name, ""))
            .collect()),
        choices => Ok(choices
            .words()
            .iter()
            .map(|word| Candidate::named(word, ""))
            .collect()),
    }
}

fn of_address(
    projects: &Projects,
    template: &str,
    argument: &str,
    chosen: Option<&HashMap<String, String>>,
) -> Result<Vec<Candidate>, Error> {
    let is_known = resources::templates()
        .iter()
        .any(|known| known.uri_template == template);
    if !is_known || !template.contains(&format!("{{{argument}}}")) {
        let shown: String = template.chars().take(120).collect();
        return Err(Error::bad_input(format!(
            "`{shown}` is no template of this studio with a part `{argument:.40}`"
        )));
    }
    if argument == "project" {
        return Ok(projects
            .list()?
            .iter()
            .filter(|project| !project.missing)
            .map(|project| Candidate::named(&project.id, &project.name))
            .collect());
    }
    // The rest depends on the project; before one is chosen there is nothing to tell.
    let Some(project) = chosen.and_then(|chosen| chosen.get("project")) else {
        return Ok(Vec::new());
    };
    of_part(&*resources::known(projects, project)?, argument)
}

fn of_part(project: &Project, argument: &str) -> Result<Vec<Candidate>, Error> {
    Ok(match argument {
        "asset" => project
            .assets()
            .list()?
            .iter()
            .map(|asset| Candidate::named(&asset.id, &asset.facts.name))
            .collect(),
        "film" => project
            .films()
            .list()?
            .iter()
            .map(|film| Candidate::named(&film.id, film.plan["title"].as_str().unwrap_or_default()))
            .collect(),
        _ => project
            .artifacts()
            .list()?
            .iter()
            .map(|artifact| Candidate::named(&artifact.digest, &artifact.media_type))
            .collect(),
    })
}

/// At most as many as the protocol allows, in the order of the candidates.
fn matching(candidates: Vec<Candidate>, typed: &str) -> CompletionInfo {
    let typed = typed.trim().to_lowercase();
    let begins = |words: &str| {
        let mut words = words.split([' ', '-', '_', '.', '/']);
        typed.is_empty() || words.any(|word| word.starts_with(&typed))
    };
    let mut found: Vec<String> = candidates
        .into_iter()
        .filter(|candidate| {
            candidate.words.trim_start().starts_with(&typed) || begins(&candidate.words)
        })
        .map(|candidate| candidate.value)
        .collect();
    let total = u32::try_from(found.len()).unwrap_or(u32::MAX);
    let has_more = found.len() > CompletionInfo::MAX_VALUES;
    found.truncate(CompletionInfo::MAX_VALUES);
    let mut info = CompletionInfo::default();
    (info.values, info.total, info.has_more) = (found, Some(total), Some(has_more));
    info
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(typed: &str, expected: &[&str]) {
        let candidates = [
            ("1a", "Night Drive"),
            ("2b", "Über-Song.wav"),
            ("3c", "night owl"),
        ];
        let candidates = candidates
            .iter()
            .map(|(value, name)| Candidate::named(value, name))
            .collect();
        assert_eq!(matching(candidates, typed).values, expected, "{typed}");
    }

    #[test]
    fn words_and_ids_are_found_by_their_beginning() {
        check("", &["1a", "2b", "3c"]);
        check("NIGHT", &["1a", "3c"]);
        check("night o", &["3c"]);
        check("song", &["2b"]);
        check("über", &["2b"]);
        check("2", &["2b"]);
        check("ight", &[]);
    }

    #[test]
    fn no_more_than_the_protocol_allows_are_told_at_once() {
        let candidates = (0..250)
            .map(|n| Candidate::named(&n.to_string(), ""))
            .collect();
        let info = matching(candidates, "");
        assert_eq!(info.values.len(), 100);
        assert_eq!((info.total, info.has_more), (Some(250), Some(true)));
    }
}
