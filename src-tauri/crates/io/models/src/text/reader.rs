//! A conversation as a model's own tokens.

use std::sync::Arc;

use studio_llm::chat::ChatRequest;
use studio_llm::tokens::Counter;

use super::{Prompt, Template, TextError, Tokenizer};

/// A model's template and its tokenizer: all that decides how many tokens a conversation takes.
#[derive(Clone, Debug)]
pub struct Reader {
    pub tokenizer: Arc<Tokenizer>,
    pub template: Arc<Template>,
}

impl Reader {
    /// The tokens that the model reads.
    pub fn tokens(&self, prompt: &Prompt) -> Result<Vec<u32>, TextError> {
        let text = self.template.render(prompt)?;
        self.tokenizer.encode(&text, true)
    }
}

impl Counter for Reader {
    fn text(&self, text: &str) -> Result<u64, String> {
        let tokens = self.tokenizer.encode(text, false);
        tokens
            .map(|tokens| tokens.len() as u64)
            .map_err(|error| error.to_string())
    }

    fn prompt(&self, request: &ChatRequest) -> Result<u64, String> {
        let prompt = Prompt {
            messages: &request.messages,
            tools: &request.tools,
            now: jiff::Zoned::now().datetime(),
            answer: true,
            thinking: None,
        };
        let tokens = self.tokens(&prompt);
        tokens
            .map(|tokens| tokens.len() as u64)
            .map_err(|error| error.to_string())
    }
}
