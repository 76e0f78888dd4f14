//! `model.download`: a model's files come from the hub.

use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::{Error, ErrorCode, Event, JobContext};
use studio_hub::{Commit, Downloaded, HubError, Progress, RepoInfo, Revision, Wanted};
use studio_llm::weights::is_free_licence;

use super::{Target, Which, runs};
use crate::answer::blocking;
use crate::gateway::Gateway;

/// How soon a cancel is heard.
const CANCEL_LOOK: Duration = Duration::from_millis(100);
/// How often the words of the progress change: each time is a row in the database.
const WORDS: Duration = Duration::from_millis(500);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Download {
    /// A model's id, such as `local/qwen3-0.6b`.
    #[serde(default)]
    model: Option<String>,
    /// A repository at the hub instead, such as `Qwen/Qwen3-0.6B-GGUF`.
    #[serde(default)]
    repo: Option<String>,
    /// Files of that repository, all that the model needs.
    #[serde(default)]
    files: Vec<String>,
    /// Branch, tag or commit of that repository.
    #[serde(default)]
    revision: Option<String>,
    /// You agree to the model's licence. Needed where it sets conditions.
    #[serde(default)]
    accept_licence: bool,
    /// Take what the hub has now, even if it is another content than the one downloaded before.
    #[serde(default)]
    update: bool,
}

/// What was downloaded.
#[derive(Serialize, JsonSchema)]
pub(super) struct Downloads {
    /// The model that can be asked now, if it is one that this program runs.
    model: Option<String>,
    files: Vec<GotFile>,
    /// Bytes that came over the network; the rest was here.
    received_bytes: u64,
}

#[derive(Serialize, JsonSchema)]
struct GotFile {
    path: String,
    /// Where it can be opened.
    file: String,
    bytes: u64,
    commit: String,
    sha256: Option<String>,
}

pub(super) async fn download(
    gateway: Arc<Gateway>,
    cx: JobContext,
    input: Download,
) -> Result<Downloads, Error> {
    let (accept, update) = (input.accept_licence, input.update);
    let which = Which {
        model: input.model,
        repo: input.repo,
        files: input.files,
        revision: input.revision,
    };
    let target = Target::of(&gateway, &which)?;
    if target.files.is_empty() {
        let message = "name the files that you want";
        return Err(Error::bad_input(message)
            .field("/files")
            .hint("`model.files` lists those of a repository"));
    }
    if let Some(model) = &target.model
        && !runs(model)
    {
        let message = format!("this program cannot run {} yet", model.name);
        return Err(Error::new(ErrorCode::Unsupported, message)
            .hint("Ollama can: `provider.pull` downloads models into it"));
    }
    let fetched = fetch(&gateway, &cx, &target, accept, update);
    let files = until_cancelled(&cx, fetched).await?;
    let looking = gateway.clone();
    blocking(move || {
        looking.look_for_weights();
        Ok(())
    })
    .await?;
    let catalog = gateway.lists.catalog();
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    // A repository's files may be a model that was found by the look above.
    let repo = target.repo.to_string();
    let is_it = |weights: &studio_llm::weights::Weights| {
        let mut of_model = weights.files.iter().map(|file| file.path.as_str());
        weights.repo == repo && of_model.any(|path| paths.contains(&path))
    };
    let mut models = catalog.models();
    let found = models.find(|model| runs(model) && model.weights.as_ref().is_some_and(is_it));
    Ok(Downloads {
        model: target
            .model
            .as_ref()
            .or(found)
            .map(|model| model.id.clone()),
        received_bytes: files.iter().map(|file| file.received).sum(),
        files: files
            .iter()
            .map(|file| GotFile {
                path: file.path.as_str().to_owned(),
                file: file.file.to_string(),
                bytes: file.bytes,
                commit: file.commit.as_str().to_owned(),
                sha256: file.sha256.clone(),
            })
            .collect(),
    })
}

async fn fetch(
    gateway: &Gateway,
    cx: &JobContext,
    target: &Target,
    accept_licence: bool,
    update: bool,
) -> Result<Vec<Downloaded>, Error> {
    let (hub, token) = gateway.hub()?;
    let (hub, token) = (&hub, token.as_ref());
    let Target { repo, revision, .. } = target;
    // What the registry says is shown without a network.
    agree(target, None, accept_licence)?;
    cx.progress(&format!("Asking {} for {}", hub.host(), target.name()), 0.0);
    let pins = &gateway.weights.pins;
    let pinned = |file: &super::TargetFile| {
        let pin = pins.get(repo, revision, &file.path);
        pin.filter(|_| !update)
    };
    // All files are of one commit: the one that was downloaded before, else the branch's present one.
    let before = target.files.iter().find_map(pinned);
    let asked = match &before {
        Some(pin) => Revision::from(&Commit::parse(&pin.commit)?),
        None => revision.clone(),
    };
    let info = hub.info(repo, &asked, token).await;
    let info = info.map_err(|error| match (&error, &before) {
        (HubError::NotFound { .. }, Some(_)) => Error::from(error)
            .hint("its makers removed that version: download with `update` to take another"),
        _ => error.into(),
    })?;
    agree(target, Some(&info), accept_licence)?;
    let mut wanted = Vec::new();
    for file in &target.files {
        let want = Wanted {
            repo: repo.clone(),
            revision: Revision::from(&info.commit),
            path: file.path.clone(),
            sha256: file
                .sha256
                .clone()
                .or_else(|| pinned(file).and_then(|pin| pin.sha256)),
        };
        let offered = hub.offer(&want, token).await?;
        // Of small files the hub tells no SHA-256, but their names tell their content as well.
        if let Some(pin) = pinned(file).filter(|pin| pin.blob != offered.blob) {
            return Err(Error::from(HubError::OtherContent {
                path: file.path.to_string(),
                pinned: pin.blob,
                offered: offered.blob,
            }));
        }
        wanted.push((want, offered));
    }
    let left: u64 = wanted
        .iter()
        .map(|(want, offered)| hub.left(want, offered))
        .sum();
    hub.room_for(left)?;
    for (want, offered) in &wanted {
        pins.insert(repo, revision, &want.path, offered)?;
    }
    // From here on something of it is here.
    cx.emit(Event::ModelsChanged {});
    let total: u64 = wanted.iter().map(|(_, offered)| offered.bytes).sum();
    let mut done = 0;
    let mut files = Vec::new();
    let mut words = Words::default();
    for (want, offered) in &wanted {
        let name = want.path.name();
        cx.progress(&format!("Downloading {name}"), fraction(done, total));
        let mut told = |step: Progress| words.tell(cx, name, step, done, total);
        let got = hub.download(want, offered, token, &mut told).await?;
        done += offered.bytes;
        files.push(got);
    }
    hub.cache().set_ref(repo, revision, &info.commit)?;
    cx.info(format!(
        "{} is whole: {total} bytes, digests checked",
        target.name()
    ));
    Ok(files)
}

/// Refuses a licence with conditions that nobody agreed to. The registry's word and the hub's both
/// count.
fn agree(target: &Target, info: Option<&RepoInfo>, accepted: bool) -> Result<(), Error> {
    if accepted {
        return Ok(());
    }
    let listed = target.model.as_ref();
    let (licence, url) = match (info, listed) {
        (None, None) => return Ok(()),
        (None, Some(model)) => (model.licence.clone(), model.licence_url.clone()),
        (Some(info), _) => (
            info.licence
                .clone()
                .or_else(|| listed.and_then(|model| model.licence.clone())),
            info.licence_url.clone(),
        ),
    };
    if licence.as_deref().is_some_and(is_free_licence) {
        return Ok(());
    }
    // A listed model without a licence in the list: the hub is asked first.
    if licence.is_none() && info.is_none() {
        return Ok(());
    }
    let url = url
        .or_else(|| listed.and_then(|model| model.licence_url.clone()))
        .unwrap_or_else(|| format!("the page of {}", target.repo));
    let name = target.name();
    let message = match licence {
        Some(licence) => {
            format!("{name} is under the licence `{licence}`, which sets conditions: {url}")
        }
        None => format!("nobody tells the licence of {name}: look at {url}"),
    };
    Err(Error::new(ErrorCode::Refused, message)
        .field("/accept_licence")
        .hint("read it; if you agree, download with `accept_licence`"))
}

/// Runs `work` and drops it when the job is cancelled.
async fn until_cancelled<T>(
    cx: &JobContext,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(CANCEL_LOOK) => cx.check()?,
        }
    }
}

/// Progress in words that change a few times a second at most.
#[derive(Default)]
struct Words {
    told: Option<std::time::Instant>,
    text: String,
}

impl Words {
    fn tell(&mut self, cx: &JobContext, name: &str, step: Progress, before: u64, total: u64) {
        let is_time = self.told.is_none_or(|told| told.elapsed() >= WORDS);
        if is_time || step.bytes == step.total {
            self.told = Some(std::time::Instant::now());
            self.text = format!(
                "Downloading {name}: {} of {} MB, {:.1} MB/s",
                step.bytes / 1_000_000,
                step.total.div_ceil(1_000_000),
                step.bytes_per_sec / 1e6
            );
        }
        cx.progress(&self.text, fraction(before + step.bytes, total));
    }
}

fn fraction(done: u64, total: u64) -> f64 {
    done as f64 / total.max(1) as f64
}
