//! `chat.send` and `chat.regenerate`: a message of a conversation is answered, and the answer kept.

use std::sync::Arc;
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::{Error, ErrorCode};
use studio_llm::chat::{ChatEvent, ChatRequest, Message, Part, ToolCall};
use studio_llm::route::Privacy;
use studio_store::{AnswerFacts, ChatMessage, Conversation};

use super::known;
use crate::answer::{Answered, Answering, Ask, Step, blocking};
use crate::attachments::{self, AssetRef};
use crate::conversation::{Drafting, Drafts};
use crate::gateway::{Gateway, Wishes};

/// The most characters of a first message that become a title.
const TITLE_CHARS: usize = 60;
/// How often a stop is looked for while a model is silent.
const LOOK: Duration = Duration::from_millis(50);
/// Text is told to the faces at most this often.
const TELL: Duration = Duration::from_millis(33);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Send {
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

pub(super) async fn send(
    gateway: Arc<Gateway>,
    drafts: Arc<Drafts>,
    input: Send,
) -> Result<Sent, Error> {
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
pub(super) struct Sent {
    /// The message as it was kept; absent where an old one was answered again.
    question: Option<ChatMessage>,
    answer: ChatMessage,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Regenerate {
    conversation: String,
    /// The message that is answered again, or the answer that is replaced; the last one without it.
    #[serde(default)]
    message: Option<String>,
    /// The model that answers this time.
    #[serde(default)]
    model: Option<String>,
}

pub(super) async fn regenerate(
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
    let ask = ask(gateway, conversation, question, model).await?;
    let mut draft = Drafted {
        gateway,
        conversation,
        drafting: &drafting,
        facts: AnswerFacts::default(),
        tool_calls: Vec::new(),
        told: Instant::now(),
        untold: false,
    };
    let kept = match draft.follow(gateway.answer(ask)).await {
        Ok(()) => draft.keep(question).await,
        Err(error) => Err(error),
    };
    drop(drafting);
    gateway.tell(conversation);
    kept
}

/// The branch that ends with `question`, as a request.
async fn ask(
    gateway: &Arc<Gateway>,
    conversation: &str,
    question: &str,
    model: Option<String>,
) -> Result<Ask, Error> {
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
    Ok(Ask {
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
    })
}

/// An answer while it is written: its words are in the draft, the rest is here.
struct Drafted<'a> {
    gateway: &'a Arc<Gateway>,
    conversation: &'a str,
    drafting: &'a Drafting<'a>,
    facts: AnswerFacts,
    tool_calls: Vec<ToolCall>,
    told: Instant,
    /// Words came that the faces were not told yet.
    untold: bool,
}

impl Drafted<'_> {
    /// Goes on to the end of the answer, whatever end it is. An error before the first word leaves
    /// nothing to keep.
    async fn follow(&mut self, mut answering: Answering) -> Result<(), Error> {
        loop {
            let step = tokio::select! {
                step = answering.next() => step.unwrap_or_else(|| Err(Error::cancelled())),
                () = tokio::time::sleep(LOOK) => {
                    // The last words before a silence are told in that silence.
                    if std::mem::take(&mut self.untold) {
                        self.tell();
                    }
                    if !self.drafting.cancel.is_raised() { continue }
                    Err(Error::cancelled())
                }
            };
            let began = self.drafting.has_words();
            if self.drafting.cancel.is_raised() {
                if !began {
                    let message = "the answer was stopped before its first word";
                    return Err(Error::new(ErrorCode::Cancelled, message));
                }
                self.facts.end = "stopped".to_owned();
                return Ok(());
            }
            match step {
                Err(error) if !began => return Err(error),
                Err(error) => {
                    self.facts.end = "failed".to_owned();
                    self.facts.error = Some(error.message);
                    return Ok(());
                }
                Ok(Step::Picked { model, because }) => {
                    self.facts.model.clone_from(&model);
                    self.facts.because.clone_from(&because);
                    self.drafting
                        .change(|draft| (draft.model, draft.because) = (model, because));
                    self.tell();
                }
                Ok(Step::Event(event)) => self.hear(event),
                Ok(Step::Failed { .. }) => {}
                Ok(Step::Done(answered)) => {
                    self.facts = facts_of(&answered);
                    return Ok(());
                }
            }
        }
    }

    fn hear(&mut self, event: ChatEvent) {
        match event {
            ChatEvent::Text { text } => self.drafting.change(|draft| draft.text.push_str(&text)),
            ChatEvent::Reasoning { text } => {
                self.drafting
                    .change(|draft| draft.reasoning.push_str(&text));
            }
            ChatEvent::ToolCall { call } => self.tool_calls.push(call),
            ChatEvent::Usage { .. } | ChatEvent::End { .. } => {}
        }
        self.untold = self.told.elapsed() < TELL;
        if !self.untold {
            self.told = Instant::now();
            self.tell();
        }
    }

    fn tell(&self) {
        self.gateway
            .tell_draft(self.conversation, self.drafting.draft());
    }

    async fn keep(mut self, question: &str) -> Result<ChatMessage, Error> {
        let draft = self.drafting.draft();
        let (text, reasoning) =
            draft.map_or_else(Default::default, |draft| (draft.text, draft.reasoning));
        self.facts.reasoning = reasoning;
        let (writer, id, parent) = (
            self.gateway.clone(),
            self.conversation.to_owned(),
            question.to_owned(),
        );
        let tool_calls = self.tool_calls;
        let message = Message::Assistant { text, tool_calls };
        let facts = self.facts;
        blocking(move || {
            let chats = writer.home.chats();
            Ok(chats.add(&id, Some(&parent), &message, Some(&facts))?)
        })
        .await
    }
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
