//! `chat.*`: conversations that are kept, and `llm.chat`: one answer that is not.

mod reply;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::{Error, Event, JobContext, Operation};
use studio_llm::chat::ChatRequest;
use studio_llm::route::{Policy, Privacy};
use studio_store::{ChatMessage, Conversation, Found};

use self::reply::{regenerate, send};
use crate::answer::{Ask, Said};
use crate::conversation::{Draft, Drafts};
use crate::gateway::{Gateway, Wishes};

pub(crate) fn operations(gateway: &Arc<Gateway>) -> Vec<Operation> {
    let drafts = Arc::new(Drafts::default());
    let with = || gateway.clone();
    let mut operations = vec![
        Operation::define(
            "llm.chat",
            "Ask a model",
            "Asks a language model once and answers its words; the router picks the model unless one is named.",
        )
        .spends()
        .future({
            let gateway = with();
            move |_cx, input| ask_once(gateway.clone(), input)
        }),
        Operation::define(
            "chat.create",
            "Start a conversation",
            "Starts a conversation that is kept, with a model or with the router's choice.",
        )
        .writes()
        .blocking({
            let gateway = with();
            move |_cx: &JobContext, input: NewChat| create(&gateway, input)
        }),
        Operation::define(
            "chat.list",
            "List conversations",
            "Lists conversations, the last used one first.",
        )
        .blocking({
            let gateway = with();
            move |_cx: &JobContext, input: List| {
                let conversations = gateway.home.chats().list(input.limit)?;
                Ok(Conversations { conversations })
            }
        }),
        Operation::define(
            "chat.update",
            "Change a conversation",
            "Changes a conversation's title, model, privacy, instructions or project.",
        )
        .writes()
        .positional("conversation")
        .blocking({
            let gateway = with();
            move |_cx: &JobContext, input: Change| update(&gateway, input)
        }),
        Operation::define(
            "chat.delete",
            "Delete a conversation",
            "Deletes a conversation with all its messages.",
        )
        .destroys()
        .positional("conversation")
        .blocking({
            let gateway = with();
            move |_cx: &JobContext, input: Which| {
                gateway.home.chats().delete(&input.conversation)?;
                gateway.tell(&input.conversation);
                Ok(Deleted { deleted: input.conversation })
            }
        }),
        Operation::define(
            "chat.search",
            "Search conversations",
            "Finds messages that hold all the given words.",
        )
        .positional("words")
        .blocking({
            let gateway = with();
            move |_cx: &JobContext, input: Search| {
                let found = gateway.home.chats().search(&input.words, input.limit)?;
                Ok(Results { found })
            }
        }),
        Operation::define(
            "chat.choose_branch",
            "Show another branch",
            "Shows the branch of a conversation that goes through a message.",
        )
        .writes()
        .blocking({
            let gateway = with();
            move |_cx: &JobContext, input: Branch| {
                choose_branch(&gateway, &input)?;
                chat(&gateway, &input.conversation, None)
            }
        }),
    ];
    operations.extend(answering(gateway, &drafts));
    operations
}

/// Those that know what is being answered.
fn answering(gateway: &Arc<Gateway>, drafts: &Arc<Drafts>) -> Vec<Operation> {
    let with = || (gateway.clone(), drafts.clone());
    vec![
        Operation::define(
            "chat.show",
            "Show a conversation",
            "Shows a conversation: the messages of the branch that is shown, and where others begin.",
        )
        .positional("conversation")
        .blocking({
            let (gateway, drafts) = with();
            move |_cx: &JobContext, input: Which| chat(&gateway, &input.conversation, drafts.get(&input.conversation))
        }),
        Operation::define(
            "chat.send",
            "Send a message",
            "Adds a message to a conversation and has a model answer it. `after` names the message that it follows: an earlier one begins a new branch.",
        )
        .writes()
        .spends()
        .positional("conversation")
        .future({
            let (gateway, drafts) = with();
            move |_cx, input| send(gateway.clone(), drafts.clone(), input)
        }),
        Operation::define(
            "chat.regenerate",
            "Answer again",
            "Has a message answered once more, by the same or another model, as a new branch.",
        )
        .writes()
        .spends()
        .positional("conversation")
        .future({
            let (gateway, drafts) = with();
            move |_cx, input| regenerate(gateway.clone(), drafts.clone(), input)
        }),
        Operation::define(
            "chat.stop",
            "Stop an answer",
            "Stops the model that is answering in a conversation; what it said so far is kept.",
        )
        .writes()
        .positional("conversation")
        .blocking({
            let (_, drafts) = with();
            move |_cx: &JobContext, input: Which| Ok(Stopped { stopped: drafts.stop(&input.conversation) })
        }),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ChatInput {
    #[serde(flatten)]
    request: ChatRequest,
    /// A model by id; the router picks without one.
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    policy: Option<Policy>,
    #[serde(default)]
    privacy: Privacy,
    /// The project whose budget pays.
    #[serde(default)]
    project: Option<String>,
}

async fn ask_once(gateway: Arc<Gateway>, input: ChatInput) -> Result<Said, Error> {
    let answering = gateway.answer(Ask {
        operation: "llm.chat",
        request: input.request,
        wishes: Wishes {
            model: input.model,
            policy: input.policy,
            privacy: input.privacy,
            ..Wishes::default()
        },
        project: input.project,
        key: None,
    });
    answering.whole().await
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewChat {
    #[serde(default)]
    #[schemars(length(max = 200))]
    title: String,
    /// A model by id; the router picks without one.
    #[serde(default)]
    model: Option<String>,
    /// The settings' choice without one.
    #[serde(default)]
    privacy: Option<Privacy>,
    /// What every model is told first.
    #[serde(default)]
    #[schemars(length(max = 100_000))]
    system: String,
    /// The project whose budget pays.
    #[serde(default)]
    project: Option<String>,
}

fn create(gateway: &Gateway, input: NewChat) -> Result<Conversation, Error> {
    let model = known(gateway, input.model)?;
    let private = gateway.settings.current().models.private;
    let privacy = input.privacy.unwrap_or(if private {
        Privacy::LocalOnly
    } else {
        Privacy::MayLeave
    });
    let chat = gateway.home.chats().create(
        &input.title,
        model.as_deref(),
        privacy,
        &input.system,
        input.project.as_deref(),
    )?;
    gateway.tell(&chat.id);
    Ok(chat)
}

/// The registry's id of a model that was named.
fn known(gateway: &Gateway, model: Option<String>) -> Result<Option<String>, Error> {
    match model.filter(|name| !name.is_empty()) {
        None => Ok(None),
        Some(name) => match gateway.lists.catalog().model(&name) {
            Some(model) => Ok(Some(model.id.clone())),
            None => Err(crate::gateway::unknown_model(&name)),
        },
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(default = "fifty")]
    #[schemars(range(min = 1, max = 1000))]
    limit: u32,
}

fn fifty() -> u32 {
    50
}

#[derive(Serialize, JsonSchema)]
struct Conversations {
    conversations: Vec<Conversation>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Which {
    conversation: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Change {
    conversation: String,
    #[serde(default)]
    #[schemars(length(max = 200))]
    title: Option<String>,
    /// A model by id; empty: the router picks.
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    privacy: Option<Privacy>,
    #[serde(default)]
    #[schemars(length(max = 100_000))]
    system: Option<String>,
    /// Empty: none.
    #[serde(default)]
    project: Option<String>,
}

fn update(gateway: &Gateway, input: Change) -> Result<Conversation, Error> {
    let chats = gateway.home.chats();
    let mut chat = chats.get(&input.conversation)?;
    if let Some(title) = input.title {
        chat.title = title;
    }
    if let Some(model) = input.model {
        chat.model = known(gateway, Some(model))?;
    }
    if let Some(project) = input.project {
        chat.project = (!project.is_empty()).then_some(project);
    }
    chat.privacy = input.privacy.unwrap_or(chat.privacy);
    chat.system = input.system.unwrap_or(chat.system);
    chats.update(&chat)?;
    gateway.tell(&chat.id);
    Ok(chats.get(&chat.id)?)
}

#[derive(Serialize, JsonSchema)]
struct Deleted {
    deleted: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Search {
    #[schemars(length(min = 1, max = 1000))]
    words: String,
    #[serde(default = "fifty")]
    #[schemars(range(min = 1, max = 1000))]
    limit: u32,
}

#[derive(Serialize, JsonSchema)]
struct Results {
    found: Vec<Found>,
}

#[derive(Serialize, JsonSchema)]
struct Stopped {
    /// Whether anybody was answering.
    stopped: bool,
}

/// A conversation as it is shown.
#[derive(Serialize, JsonSchema)]
struct Chat {
    conversation: Conversation,
    /// The branch that is shown, oldest first.
    messages: Vec<Shown>,
    /// The answer in the making, if any.
    draft: Option<Draft>,
}

/// A message with its alternatives.
#[derive(Serialize, JsonSchema)]
struct Shown {
    #[serde(flatten)]
    message: ChatMessage,
    /// All messages in its place, itself included, oldest first.
    alternatives: Vec<String>,
}

fn chat(gateway: &Gateway, id: &str, draft: Option<Draft>) -> Result<Chat, Error> {
    let chats = gateway.home.chats();
    let conversation = chats.get(id)?;
    let all = chats.messages(id)?;
    let branch = chats.branch(id, conversation.head.as_deref())?;
    let messages = branch
        .into_iter()
        .map(|message| {
            let same_place = all.iter().filter(|other| other.parent == message.parent);
            let alternatives = same_place.map(|other| other.id.clone()).collect();
            Shown {
                message,
                alternatives,
            }
        })
        .collect();
    Ok(Chat {
        conversation,
        messages,
        draft,
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Branch {
    conversation: String,
    /// Any message of the branch.
    message: String,
}

/// Shows the branch through `message`, to its newest end.
fn choose_branch(gateway: &Gateway, input: &Branch) -> Result<(), Error> {
    let chats = gateway.home.chats();
    let all = chats.messages(&input.conversation)?;
    let mut end = chats.message(&input.conversation, &input.message)?.id;
    while let Some(next) = all
        .iter()
        .rev()
        .find(|message| message.parent.as_ref() == Some(&end))
    {
        end.clone_from(&next.id);
    }
    chats.show(&input.conversation, &end)?;
    gateway.tell(&input.conversation);
    Ok(())
}

impl Gateway {
    fn tell(&self, conversation: &str) {
        self.events.emit(Event::ChatChanged {
            conversation: conversation.to_owned(),
        });
    }

    fn tell_draft(&self, conversation: &str, draft: Option<Draft>) {
        let Some(draft) = draft else { return };
        self.events.emit(Event::ChatDraft {
            conversation: conversation.to_owned(),
            draft: serde_json::to_value(draft).unwrap_or_default(),
        });
    }
}
