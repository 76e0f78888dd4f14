//! The model's own chat template: Jinja2, as `transformers` runs it.
//!
//! `apply_chat_template` sets `trim_blocks` and `lstrip_blocks`, loop controls, `raise_exception`,
//! `strftime_now` and its own `tojson`; so does this. Values print as in Python. A template comes with
//! a downloaded file and may do anything: its run is bounded by steps that grow with the
//! conversation, and it reaches nothing but the conversation.
//!
//! One gap is known: minijinja 3.1 joins lists (`a + a`) lazily, and counts steps only when they are
//! read; but from the 33rd join of joined lists on it makes the whole list before it counts. A template
//! that doubles a list so often can exhaust the memory.

use camino::Utf8Path;
use jiff::civil::DateTime;
use jiff::fmt::strtime;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Value as Cell};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, UndefinedBehavior};
use minijinja_contrib::pycompat::unknown_method_callback;
use serde_json::{Map, Value};
use studio_llm::chat::Message;
use studio_llm::toolcall::Style;

use super::prompt::{self, Prompt};
use super::python::{self, Dumps};
use super::{TextError, gguf, read, read_json};
use crate::weights::Gguf;

/// A template, compiled. Share it by `Arc`.
pub struct Template {
    environment: Environment<'static>,
    has_tool_template: bool,
    style: Style,
    /// `bos_token` and its like, as the template knows them.
    tokens: Map<String, Value>,
}

const CHAT: &str = "chat";
const CHAT_WITH_TOOLS: &str = "tools";

/// The largest in use have 30 kB.
const MOST_SOURCE: u64 = 1 << 20;
/// Steps of a run: for the template itself, per message, and per byte of the conversation and its
/// tools. Models' templates take some hundred steps a message, and read a conversation a few times.
const STEPS: u64 = 100_000;
const STEPS_A_MESSAGE: u64 = 2_000;
const STEPS_A_BYTE: u64 = 4;
/// One step may make 64 bytes of text: what a run can hold at once is bounded with it.
const MOST_STEPS: u64 = 20_000_000;

/// The message of the error by which a template refuses a conversation.
const REFUSED: &str = "\u{0}refused: ";

impl Template {
    /// Reads `chat_template.jinja`, or what `tokenizer_config.json` has.
    pub fn open(folder: &Utf8Path) -> Result<Template, TextError> {
        let config = read_json(&folder.join("tokenizer_config.json"))?;
        let file = |name: &str| -> Result<Option<String>, TextError> {
            let path = folder.join(name);
            let bytes = read(&path, MOST_SOURCE)?;
            let text = bytes.map(String::from_utf8).transpose();
            text.map_err(|error| TextError::malformed(&path, error))
        };
        let (mut chat, mut with_tools) = named(&config["chat_template"]);
        if let Some(source) = file("chat_template.jinja")? {
            (chat, with_tools) = (
                Some(source),
                file("additional_chat_templates/tool_use.jinja")?,
            );
        }
        let mut tokens = Map::new();
        for (name, token) in config.as_object().into_iter().flatten() {
            let text = token.as_str().or_else(|| token["content"].as_str());
            if let (true, Some(text)) = (name.ends_with("_token"), text) {
                tokens.insert(name.clone(), text.into());
            }
        }
        let chat = chat.ok_or(TextError::NoTemplate)?;
        Template::new(chat, with_tools, tokens)
    }

    /// Reads the template that a GGUF file holds.
    pub fn from_gguf(file: &Gguf) -> Result<Template, TextError> {
        let metadata = file.metadata();
        let source = |key: &str| file.text(key).map(str::to_owned);
        let chat = source("tokenizer.chat_template").ok_or(TextError::NoTemplate)?;
        let with_tools = source("tokenizer.chat_template.tool_use");
        let names = [
            ("bos_token", "bos_token_id"),
            ("eos_token", "eos_token_id"),
            ("unk_token", "unknown_token_id"),
            ("pad_token", "padding_token_id"),
        ];
        let tokens = names.into_iter().filter_map(|(name, key)| {
            let token = gguf::token(metadata, key)?;
            Some((name.to_owned(), token.into()))
        });
        Template::new(chat, with_tools, tokens.collect())
    }

    /// `with_tools` is taken where there are tools. `tokens` has `bos_token`, `eos_token` and what
    /// else the template may name.
    pub fn new(
        chat: String,
        with_tools: Option<String>,
        tokens: Map<String, Value>,
    ) -> Result<Template, TextError> {
        let style = Style::of_template(with_tools.as_deref().unwrap_or(&chat));
        let mut environment = environment()?;
        let has_tool_template = with_tools.is_some();
        let sources = [(CHAT, Some(chat)), (CHAT_WITH_TOOLS, with_tools)];
        for (name, source) in sources {
            let Some(source) = source else { continue };
            let bytes = source.len() as u64;
            if bytes > MOST_SOURCE {
                let problem = format!("it has {bytes} bytes; at most {MOST_SOURCE} are read");
                return Err(TextError::BadTemplate(problem));
            }
            environment
                .add_template_owned(name, without_generation_tags(&source))
                .map_err(|error| TextError::BadTemplate(chain(&error)))?;
        }
        Ok(Template {
            environment,
            has_tool_template,
            style,
            tokens,
        })
    }

    /// The conversation as the model reads it. Special tokens are written out:
    /// [`super::Tokenizer::encode`] it with `special`.
    ///
    /// A template that refuses system messages is given their words in the first message of a person.
    pub fn render(&self, prompt: &Prompt) -> Result<String, TextError> {
        match self.run(prompt, prompt.messages) {
            Err(TextError::Refused(why)) => match prompt::without_system(prompt.messages) {
                Some(messages) => self.run(prompt, &messages),
                None => Err(TextError::Refused(why)),
            },
            rendered => rendered,
        }
    }

    /// How this model writes tool calls.
    pub fn call_style(&self) -> Style {
        self.style
    }

    fn run(&self, prompt: &Prompt, messages: &[Message]) -> Result<String, TextError> {
        let mut context = self.tokens.clone();
        let messages = prompt::messages(messages)?;
        let tools = prompt::tools(prompt.tools);
        let bytes = size(&messages) + size(&tools);
        let steps = STEPS + STEPS_A_MESSAGE * messages.len() as u64 + STEPS_A_BYTE * bytes;
        let steps = steps.min(MOST_STEPS);
        let name = if self.has_tool_template && !tools.is_empty() {
            CHAT_WITH_TOOLS
        } else {
            CHAT
        };
        context.insert("messages".into(), messages.into());
        let tools = if tools.is_empty() {
            Value::Null
        } else {
            tools.into()
        };
        context.insert("tools".into(), tools);
        context.insert("documents".into(), Value::Null);
        context.insert("add_generation_prompt".into(), prompt.answer.into());
        if let Some(thinking) = prompt.thinking {
            context.insert("enable_thinking".into(), thinking.into());
        }
        let mut environment = self.environment.clone();
        environment.set_fuel(Some(steps));
        let now = prompt.now;
        environment.add_function("strftime_now", move |format: String| strftime(now, &format));
        let template = environment
            .get_template(name)
            .map_err(|error| TextError::BadTemplate(chain(&error)))?;
        template
            .render(python::from_json(&Value::Object(context)))
            .map_err(|error| {
                if error.kind() == ErrorKind::OutOfFuel {
                    return TextError::TooLong(steps);
                }
                let text = chain(&error);
                match text.split_once(REFUSED) {
                    Some((_, why)) => {
                        let why = why.split_once('\u{0}').map_or(why, |(why, _)| why);
                        TextError::Refused(why.to_owned())
                    }
                    None => TextError::BadTemplate(text),
                }
            })
    }
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Template")
            .field("style", &self.style)
            .field("tokens", &self.tokens)
            .finish_non_exhaustive()
    }
}

/// The templates of `chat_template`: one, or a list with names.
fn named(templates: &Value) -> (Option<String>, Option<String>) {
    match templates {
        Value::String(source) => (Some(source.clone()), None),
        Value::Array(list) => {
            let named = |name: &str| {
                let template = list.iter().find(|template| template["name"] == name)?;
                template["template"].as_str().map(str::to_owned)
            };
            (named("default"), named("tool_use"))
        }
        _ => (None, None),
    }
}

fn environment() -> Result<Environment<'static>, TextError> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()
        .map_err(|error| TextError::BadTemplate(chain(&error)))?;
    environment.set_syntax(syntax);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_undefined_behavior(UndefinedBehavior::Lenient);
    environment.set_unknown_method_callback(unknown_method_callback);
    environment.set_recursion_limit(100);
    environment.set_formatter(|out, state, value| {
        let text = python::str(value, &|steps| state.consume_fuel(steps))?;
        out.write_str(&text).map_err(Error::from)
    });
    environment.add_filter("tojson", to_json);
    environment.add_filter("string", |state: &State, value: Cell| {
        python::str(&value, &|steps| state.consume_fuel(steps))
    });
    environment.add_function(
        "raise_exception",
        |message: String| -> Result<Cell, Error> {
            let message = format!("{REFUSED}{message}\u{0}");
            Err(Error::new(ErrorKind::InvalidOperation, message))
        },
    );
    Ok(environment)
}

/// `tojson` as `transformers` defines it: not escaped for HTML, unlike Jinja's own.
fn to_json(state: &State, value: Cell, options: Kwargs) -> Result<String, Error> {
    let separators: Option<Vec<String>> = options.get("separators")?;
    let how = Dumps {
        indent: options
            .get::<Option<usize>>("indent")?
            .map(|indent| indent.min(16)),
        ascii: options
            .get::<Option<bool>>("ensure_ascii")?
            .unwrap_or(false),
        sort_keys: options.get::<Option<bool>>("sort_keys")?.unwrap_or(false),
        separators: match separators.as_deref() {
            Some([item, key]) => Some((item.clone(), key.clone())),
            _ => None,
        },
    };
    options.assert_all_used()?;
    python::dumps(&value, &how, &|steps| state.consume_fuel(steps))
}

fn strftime(now: DateTime, format: &str) -> Result<String, Error> {
    strtime::format(format, now)
        .map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))
}

/// `{% generation %}` marks what an assistant said, for training. It prints nothing, but takes part
/// in what happens to the blanks around it: a block that is always true does the same.
fn without_generation_tags(source: &str) -> String {
    let mut plain = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(at) = rest.find("{%") {
        let (before, tag) = rest.split_at(at + 2);
        plain.push_str(before);
        let inner = tag.trim_start_matches(['-', '+']);
        let word = inner.trim_start();
        let lead = &tag[..tag.len() - word.len()];
        let replaced = [("generation", "if true"), ("endgeneration", "endif")];
        let found = replaced.into_iter().find_map(|(name, block)| {
            let after = word.strip_prefix(name)?;
            let ends = after.trim_start().trim_start_matches(['-', '+']);
            ends.starts_with("%}").then_some((block, after))
        });
        rest = match found {
            Some((block, after)) => {
                plain.push_str(lead);
                plain.push_str(block);
                after
            }
            None => tag,
        };
    }
    plain + rest
}

/// What went wrong, with its causes.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn size(values: &[Value]) -> u64 {
    values
        .iter()
        .map(|value| value.to_string().len() as u64)
        .sum()
}
