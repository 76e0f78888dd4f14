//! How many tokens a conversation takes, before anybody is asked.
//!
//! OpenAI's encodings are exact for text; the framing of messages follows OpenAI's cookbook ("How to
//! count tokens with tiktoken"). Providers that publish no tokenizer are estimated and then
//! calibrated with what they really counted ([`crate::calibration`]). A local model brings its
//! tokenizer and its chat template: [`count_with`] counts the very prompt that it will read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tiktoken_rs::{CoreBPE, cl100k_base_singleton, o200k_base_singleton};

use crate::chat::{ChatRequest, Message, Part, ResponseFormat};

/// How a model's text becomes tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// OpenAI since GPT-4o.
    O200kBase,
    /// OpenAI's GPT-4 and GPT-3.5.
    Cl100kBase,
    /// No tokenizer is public: counted as `o200k_base`, then calibrated.
    #[default]
    Estimated,
}

impl Encoding {
    /// Tokens of plain text.
    pub fn count(self, text: &str) -> u64 {
        self.bpe().count_ordinary(text) as u64
    }

    /// Whether [`Encoding::count`] is what the provider will count.
    pub fn is_exact(self) -> bool {
        self != Encoding::Estimated
    }

    fn bpe(self) -> &'static CoreBPE {
        match self {
            Encoding::Cl100kBase => cl100k_base_singleton(),
            Encoding::O200kBase | Encoding::Estimated => o200k_base_singleton(),
        }
    }
}

/// Tokens of a conversation by what they come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TokenCount {
    pub total: u64,
    pub text: u64,
    /// Roles, borders of messages, the start of the answer.
    pub framing: u64,
    /// Declarations of tools and of the answer's schema.
    pub tools: u64,
    pub images: u64,
    /// Whether the provider will count the same. Where only an encoding is known, tools and pictures
    /// never are: how they are framed is not public.
    pub exact: bool,
}

/// Each message costs this much beside its words: `<|start|>role<|message|>…<|end|>`.
const PER_MESSAGE: u64 = 3;
/// A role is one token.
const PER_ROLE: u64 = 1;
/// The answer starts with `<|start|>assistant<|message|>`.
const PER_ANSWER: u64 = 3;
/// The most that a picture takes with the large providers: Anthropic scales to about 1.15 megapixels
/// at 750 pixels a token; OpenAI's largest tiling is 85 + 8 · 170; Gemini takes 258 a tile.
const PER_IMAGE: u64 = 1_600;

/// Counts what `request` sends.
pub fn count(encoding: Encoding, request: &ChatRequest) -> TokenCount {
    count_by(encoding.is_exact(), request, |text| encoding.count(text))
}

/// [`count`] with `text` to count a text; `exact` says whether it counts as the provider will.
pub fn count_by(
    exact: bool,
    request: &ChatRequest,
    mut text: impl FnMut(&str) -> u64,
) -> TokenCount {
    let mut count = TokenCount {
        framing: PER_ANSWER,
        ..TokenCount::default()
    };
    for message in &request.messages {
        count.framing += PER_MESSAGE + PER_ROLE;
        match message {
            Message::User { parts } => {
                for part in parts {
                    match part {
                        Part::Text { text: words } => count.text += text(words),
                        Part::Image { .. } => count.images += PER_IMAGE,
                    }
                }
            }
            Message::Assistant {
                text: words,
                tool_calls,
            } => {
                count.text += text(words);
                for call in tool_calls {
                    count.tools += text(&call.name) + text(&json(&call.arguments));
                }
            }
            Message::System { text: words } | Message::Tool { text: words, .. } => {
                count.text += text(words);
            }
        }
    }
    for tool in &request.tools {
        count.tools += PER_MESSAGE
            + text(&tool.name)
            + text(&tool.description)
            + text(&json(&tool.parameters));
    }
    if let ResponseFormat::Schema { schema, .. } = &request.response {
        count.tools += text(&json(schema));
    }
    count.total = count.text + count.framing + count.tools + count.images;
    count.exact = exact && count.tools == 0 && count.images == 0;
    count
}

/// A model's own way from words to tokens. `studio-models` has it for models of this machine.
pub trait Counter: Send + Sync {
    /// Tokens of plain text; special tokens that are written in it are text.
    fn text(&self, text: &str) -> Result<u64, String>;

    /// Tokens of all that the model reads of a request, the beginning of its answer included.
    fn prompt(&self, request: &ChatRequest) -> Result<u64, String>;
}

/// Counts what a model that is known whole will read. `Err` says why it does not take the request.
///
/// The total is exact. Its parts are differences: tools are what the prompt is longer with them, and
/// framing is what is left beside them and the words.
pub fn count_with(counter: &dyn Counter, request: &ChatRequest) -> Result<TokenCount, String> {
    let total = counter.prompt(request)?;
    let mut words = 0;
    for message in &request.messages {
        words += counter.text(&message.text())?;
    }
    let tools = if request.tools.is_empty() {
        0
    } else {
        let without = ChatRequest {
            tools: Vec::new(),
            ..request.clone()
        };
        total.saturating_sub(counter.prompt(&without)?)
    };
    // A template may trim what is said.
    let text = words.min(total - tools);
    Ok(TokenCount {
        total,
        text,
        framing: total - tools - text,
        tools,
        images: 0,
        exact: true,
    })
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Tool;

    #[test]
    fn text_counts_as_openai_counts_it() {
        // Counted with OpenAI's tiktoken 0.12.
        for (text, o200k, cl100k) in [
            ("", 0, 0),
            ("hello world", 2, 2),
            ("antidisestablishmentarianism", 6, 6),
            ("2 + 2 = 4", 7, 7),
            ("お誕生日おめでとう", 8, 9),
        ] {
            assert_eq!(Encoding::O200kBase.count(text), o200k, "{text}");
            assert_eq!(Encoding::Cl100kBase.count(text), cl100k, "{text}");
        }
    }

    #[test]
    fn a_conversation_counts_its_framing() {
        // The cookbook's formula: 3 a message, 1 for its role, 3 for the answer.
        let request = ChatRequest {
            messages: vec![Message::system("You help."), Message::user("hello world")],
            ..ChatRequest::default()
        };
        let count = count(Encoding::O200kBase, &request);
        assert_eq!(count.text, Encoding::O200kBase.count("You help.") + 2);
        assert_eq!(count.framing, 2 * 4 + 3);
        assert!(count.exact);
    }

    #[test]
    fn tools_and_pictures_make_it_an_estimate() {
        let mut request = ChatRequest {
            messages: vec![Message::user("hi")],
            ..ChatRequest::default()
        };
        let plain = count(Encoding::O200kBase, &request);
        request.tools.push(Tool {
            name: "search".into(),
            description: "Searches".into(),
            parameters: serde_json::Map::new(),
        });
        let with_tool = count(Encoding::O200kBase, &request);
        assert!(with_tool.total > plain.total && !with_tool.exact);
    }

    /// One token a byte, two around a message, and the tools' JSON in front.
    struct Bytes;

    impl Counter for Bytes {
        fn text(&self, text: &str) -> Result<u64, String> {
            Ok(text.len() as u64)
        }

        fn prompt(&self, request: &ChatRequest) -> Result<u64, String> {
            let words = request.messages.iter().map(|message| {
                let text = message.text();
                if text.contains("picture") {
                    Err("no pictures".to_owned())
                } else {
                    Ok(text.len() as u64 + 2)
                }
            });
            let tools: u64 = request
                .tools
                .iter()
                .map(|tool| json(tool).len() as u64)
                .sum();
            Ok(words.sum::<Result<u64, String>>()? + tools + 1)
        }
    }

    #[test]
    fn a_model_that_is_known_whole_is_counted_exactly() {
        let mut request = ChatRequest {
            messages: vec![Message::system("abc"), Message::user("defgh")],
            ..ChatRequest::default()
        };
        let plain = count_with(&Bytes, &request).unwrap();
        assert_eq!(
            (plain.total, plain.text, plain.framing, plain.tools),
            (13, 8, 5, 0)
        );
        assert!(plain.exact);
        request.tools.push(Tool {
            name: "search".into(),
            description: String::new(),
            parameters: serde_json::Map::new(),
        });
        let with_tool = count_with(&Bytes, &request).unwrap();
        assert_eq!(with_tool.total, plain.total + with_tool.tools);
        assert_eq!((with_tool.text, with_tool.framing), (8, 5));
        request.messages.push(Message::user("picture"));
        assert_eq!(count_with(&Bytes, &request), Err("no pictures".to_owned()));
    }

    #[test]
    fn special_tokens_in_text_are_text() {
        assert!(Encoding::O200kBase.count("<|endoftext|>") > 1);
    }
}
