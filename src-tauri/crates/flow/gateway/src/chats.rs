//! `chat.*`: conversations that are kept, and `llm.chat`: one answer that is not.

use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::{Error, ErrorCode, Event, JobContext, Operation};
use studio_llm::chat::{ChatEvent, ChatRequest, Message, Part, ToolCall};
use studio_llm::route::{Policy, Privacy};
use studio_store::{AnswerFacts, ChatMessage, Conversation, Found};

use crate::answer::{Answered, Ask, Step, blocking};
use crate::attachments::{self, AssetRef};
use crate::conversation::{Draft, Drafts};
use crate::gateway::{Gateway, Wishes};

/// The most characters of a first message that become a title.
const TITLE_CHARS: usize = 60;
/// How often a stop is looked for while a model is silent.
const LOOK: Duration = Duration::from_millis(50);
/// Text is told to the faces at most this often.
const TELL: Duration = Duration::from_millis(33);

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

/// A whole answer.
#[derive(Serialize, JsonSchema)]
struct ChatOutput {
    text: String,
    reasoning: String,
    tool_calls: Vec<ToolCall>,
    #[serde(flatten)]
    answered: Answered,
}

async fn ask_once(gateway: Arc<Gateway>, input: ChatInput) -> Result<ChatOutput, Error> {
    let mut answering = gateway.answer(Ask {
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
    let (mut text, mut reasoning, mut tool_calls) = (String::new(), String::new(), Vec::new());
    while let Some(step) = answering.next().await {
        match step? {
            Step::Event(ChatEvent::Text { text: new }) => text.push_str(&new),
            Step::Event(ChatEvent::Reasoning { text: new }) => reasoning.push_str(&new),
            Step::Event(ChatEvent::ToolCall { call }) => tool_calls.push(call),
            Step::Done(answered) => {
                return Ok(ChatOutput {
                    text,
                    reasoning,
                    tool_calls,
                    answered: *answered,
                });
            }
            Step::Event(_) | Step::Picked { .. } | Step::Failed { .. } => {}
        }
    }
    Err(Error::cancelled())
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

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Send {
    conversation: String,
    #[schemars(length(min = 1, max = 1_000_000))]
    text: String,
    /// Pictures that go with it.
    #[serde(default)]
    #[schemars(length(max = 16))]
    images: Vec<Picture>,
    /// Pictures of a project that go with it. One that must stay on this machine makes the whole
    /// conversation stay.
    #[serde(default)]
    #[schemars(length(max = 16))]
    assets: Vec<AssetRef>,
    /// The message that it follows; the last one shown without it. An earlier one begins a new
    /// branch; empty is the very beginning.
    #[serde(default)]
    after: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Picture {
    #[schemars(regex(pattern = r"^image/(png|jpeg|webp|gif)$"))]
    media_type: String,
    /// Bytes in standard Base64; at most 8 MB.
    #[schemars(length(min = 1, max = 11_200_000))]
    data: String,
}

async fn send(gateway: Arc<Gateway>, drafts: Arc<Drafts>, input: Send) -> Result<Sent, Error> {
    let mut parts = vec![Part::Text { text: input.text }];
    parts.extend(input.images.into_iter().map(|picture| Part::Image {
        media_type: picture.media_type,
        data: picture.data,
    }));
    let (reader, id, after) = (gateway.clone(), input.conversation.clone(), input.after);
    let assets = input.assets;
    let question = blocking(move || {
        let chats = reader.home.chats();
        let mut chat = chats.get(&id)?;
        let (pictures, privacy) = attachments::read(&reader.home, &assets)?;
        parts.extend(pictures);
        let message = Message::User { parts };
        if privacy == Privacy::LocalOnly && chat.privacy != privacy {
            chat.privacy = privacy;
            chats.update(&chat)?;
        }
        let parent = match after {
            Some(after) if after.is_empty() => None,
            Some(after) => Some(chats.message(&id, &after)?.id),
            None => chat.head.clone(),
        };
        if chat.title.is_empty() {
            let title = title(&message.text());
            chats.update(&Conversation { title, ..chat })?;
        }
        Ok(chats.add(&id, parent.as_deref(), &message, None)?)
    })
    .await?;
    gateway.tell(&input.conversation);
    let answer = respond(&gateway, &drafts, &input.conversation, &question.id, None).await?;
    Ok(Sent {
        question: Some(question),
        answer,
    })
}

/// What came of a message.
#[derive(Serialize, JsonSchema)]
struct Sent {
    /// The message as it was kept; absent where an old one was answered again.
    question: Option<ChatMessage>,
    answer: ChatMessage,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Regenerate {
    conversation: String,
    /// The message that is answered again, or the answer that is replaced; the last one without it.
    #[serde(default)]
    message: Option<String>,
    /// The model that answers this time.
    #[serde(default)]
    model: Option<String>,
}

async fn regenerate(
    gateway: Arc<Gateway>,
    drafts: Arc<Drafts>,
    input: Regenerate,
) -> Result<Sent, Error> {
    let model = known(&gateway, input.model)?;
    let (reader, id, message) = (gateway.clone(), input.conversation.clone(), input.message);
    let question = blocking(move || {
        let chats = reader.home.chats();
        let last = message.or(chats.get(&id)?.head);
        let last =
            last.ok_or_else(|| Error::bad_input("the conversation has no message to answer"))?;
        let found = chats.message(&id, &last)?;
        match (&found.message, &found.parent) {
            (Message::Assistant { .. }, Some(parent)) => Ok(parent.clone()),
            _ => Ok(found.id),
        }
    })
    .await?;
    let answer = respond(&gateway, &drafts, &input.conversation, &question, model).await?;
    Ok(Sent {
        question: None,
        answer,
    })
}

/// Has the branch that ends with `question` answered, and keeps the answer. A stopped or broken
/// answer is kept as far as it came; one that never began is an error.
async fn respond(
    gateway: &Arc<Gateway>,
    drafts: &Drafts,
    conversation: &str,
    question: &str,
    model: Option<String>,
) -> Result<ChatMessage, Error> {
    let drafting = drafts.begin(conversation, question)?;
    let (reader, id, last) = (
        gateway.clone(),
        conversation.to_owned(),
        question.to_owned(),
    );
    let (chat, branch) = blocking(move || {
        let chats = reader.home.chats();
        Ok((chats.get(&id)?, chats.branch(&id, Some(&last))?))
    })
    .await?;
    let sticky = branch
        .iter()
        .rev()
        .find_map(|message| Some(message.answer.as_ref()?.model.clone()));
    let system = (!chat.system.is_empty()).then(|| Message::system(&chat.system));
    let messages = system
        .into_iter()
        .chain(branch.into_iter().map(|message| message.message))
        .collect();
    let mut answering = gateway.answer(Ask {
        operation: "chat.send",
        request: ChatRequest {
            messages,
            ..ChatRequest::default()
        },
        wishes: Wishes {
            model: model.or(chat.model),
            privacy: chat.privacy,
            sticky,
            conversation: Some(chat.id),
            ..Wishes::default()
        },
        project: chat.project,
        key: None,
    });
    let mut facts = AnswerFacts::default();
    let mut told = std::time::Instant::now();
    let mut untold = false;
    let mut tool_calls = Vec::new();
    loop {
        let step = tokio::select! {
            step = answering.next() => step,
            () = tokio::time::sleep(LOOK) => {
                if std::mem::take(&mut untold) {
                    gateway.tell_draft(conversation, drafting.draft());
                }
                if !drafting.cancel.is_raised() { continue }
                None
            }
        };
        if drafting.cancel.is_raised() {
            facts.end = "stopped".to_owned();
            break;
        }
        match step {
            None => {
                facts.end = "failed".to_owned();
                break;
            }
            Some(Err(error)) => {
                let began = drafting.draft().is_some_and(|draft| !draft.text.is_empty());
                if !began {
                    gateway.tell(conversation);
                    return Err(error);
                }
                (facts.end, facts.error) = ("failed".to_owned(), Some(error.message));
                break;
            }
            Some(Ok(Step::Picked { model, because })) => {
                (facts.model, facts.because) = (model.clone(), because.clone());
                drafting.change(|draft| (draft.model, draft.because) = (model, because));
                gateway.tell_draft(conversation, drafting.draft());
            }
            Some(Ok(Step::Event(event))) => {
                match event {
                    ChatEvent::Text { text } => drafting.change(|draft| draft.text.push_str(&text)),
                    ChatEvent::Reasoning { text } => {
                        drafting.change(|draft| draft.reasoning.push_str(&text))
                    }
                    ChatEvent::ToolCall { call } => tool_calls.push(call),
                    ChatEvent::Usage { .. } | ChatEvent::End { .. } => {}
                }
                // The last words before a silence are told in that silence.
                untold = told.elapsed() < TELL;
                if !untold {
                    told = std::time::Instant::now();
                    gateway.tell_draft(conversation, drafting.draft());
                }
            }
            Some(Ok(Step::Failed { .. })) => {}
            Some(Ok(Step::Done(answered))) => {
                facts = facts_of(&answered);
                break;
            }
        }
    }
    drop(answering);
    let draft = drafting.draft();
    facts.reasoning = draft
        .as_ref()
        .map(|draft| draft.reasoning.clone())
        .unwrap_or_default();
    let text = draft.map(|draft| draft.text).unwrap_or_default();
    if facts.end == "stopped" && text.is_empty() {
        drop(drafting);
        gateway.tell(conversation);
        return Err(Error::new(
            ErrorCode::Cancelled,
            "the answer was stopped before its first word",
        ));
    }
    let message = Message::Assistant { text, tool_calls };
    let (writer, id, parent) = (
        gateway.clone(),
        conversation.to_owned(),
        question.to_owned(),
    );
    let kept = blocking(move || {
        Ok(writer
            .home
            .chats()
            .add(&id, Some(&parent), &message, Some(&facts))?)
    })
    .await;
    drop(drafting);
    gateway.tell(conversation);
    kept
}

fn facts_of(answered: &Answered) -> AnswerFacts {
    let end = serde_json::to_value(answered.end).unwrap_or_default();
    AnswerFacts {
        model: answered.model.clone(),
        because: answered.because.clone(),
        decision: (!answered.decision.is_empty()).then(|| answered.decision.clone()),
        reasoning: String::new(),
        usage: answered.usage,
        cost: answered.cost,
        first_token_ms: Some(answered.first_token_ms),
        tokens_per_sec: answered.tokens_per_sec,
        end: end.as_str().unwrap_or_default().to_owned(),
        error: None,
        warnings: answered.warnings.clone(),
    }
}

/// The beginning of a message, to a word's end.
fn title(text: &str) -> String {
    let line = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default()
        .trim();
    if line.chars().count() <= TITLE_CHARS {
        return line.to_owned();
    }
    let cut: String = line.chars().take(TITLE_CHARS).collect();
    let words = cut
        .rsplit_once(' ')
        .map_or(cut.as_str(), |(words, _)| words);
    format!("{words}…")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_ends_with_a_word() {
        assert_eq!(title("\n  Why do foxes sing?\nMore"), "Why do foxes sing?");
        let long = title(&"word ".repeat(40));
        assert!(
            long.ends_with("word…") && long.chars().count() <= TITLE_CHARS,
            "{long}"
        );
        assert_eq!(title(&"x".repeat(100)).chars().count(), TITLE_CHARS + 1);
        assert_eq!(title(""), "");
    }
}
