//! What is being answered in which conversation, so that it can be shown and stopped.

use std::collections::HashMap;

use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::Serialize;
use studio_core::{Cancel, Error, ErrorCode};

/// An answer in the making.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Draft {
    /// The message that it answers.
    pub(crate) parent: String,
    pub(crate) model: String,
    pub(crate) because: String,
    pub(crate) text: String,
    pub(crate) reasoning: String,
}

/// At most one answer at a time per conversation.
#[derive(Default)]
pub(crate) struct Drafts(Mutex<HashMap<String, (Draft, Cancel)>>);

/// Removes the draft when the answer ends, however it ends.
pub(crate) struct Drafting<'a> {
    drafts: &'a Drafts,
    conversation: String,
    pub(crate) cancel: Cancel,
}

impl Drafts {
    pub(crate) fn begin(&self, conversation: &str, parent: &str) -> Result<Drafting<'_>, Error> {
        let mut drafts = self.0.lock();
        if drafts.contains_key(conversation) {
            let message = "a model is still answering in this conversation";
            return Err(Error::new(ErrorCode::Conflict, message)
                .hint("wait for it, or stop it (`chat.stop`)"));
        }
        let draft = Draft {
            parent: parent.to_owned(),
            model: String::new(),
            because: String::new(),
            text: String::new(),
            reasoning: String::new(),
        };
        let cancel = Cancel::new();
        drafts.insert(conversation.to_owned(), (draft, cancel.clone()));
        Ok(Drafting {
            drafts: self,
            conversation: conversation.to_owned(),
            cancel,
        })
    }

    pub(crate) fn get(&self, conversation: &str) -> Option<Draft> {
        self.0
            .lock()
            .get(conversation)
            .map(|(draft, _)| draft.clone())
    }

    /// Whether there was anything to stop.
    pub(crate) fn stop(&self, conversation: &str) -> bool {
        let drafts = self.0.lock();
        let running = drafts.get(conversation);
        running.inspect(|(_, cancel)| cancel.raise()).is_some()
    }
}

impl Drafting<'_> {
    pub(crate) fn change(&self, change: impl FnOnce(&mut Draft)) {
        if let Some((draft, _)) = self.drafts.0.lock().get_mut(&self.conversation) {
            change(draft);
        }
    }

    pub(crate) fn has_words(&self) -> bool {
        let drafts = self.drafts.0.lock();
        let draft = drafts.get(&self.conversation);
        draft.is_some_and(|(draft, _)| !draft.text.is_empty())
    }

    pub(crate) fn draft(&self) -> Option<Draft> {
        self.drafts.get(&self.conversation)
    }
}

impl Drop for Drafting<'_> {
    fn drop(&mut self) {
        self.drafts.0.lock().remove(&self.conversation);
    }
}
