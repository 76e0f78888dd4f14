//! Tokenizers and chat templates against what the reference implementations make of the same files
//! (`reference/text.py`).

// Fixtures and helpers, too, fail loudly.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::{Arc, LazyLock};

use camino::Utf8PathBuf;
use jiff::civil::datetime;
use serde_json::{Map, Value, json};
use studio_llm::chat::{ChatRequest, Message, Tool, ToolCall};
use studio_llm::grammar::{Constraint, Grammar};
use studio_llm::tokens::count_with;
use studio_llm::toolcall::Style;
use studio_models::text::{Prompt, Reader, Template, TextError, Tokenizer};
use studio_models::weights::Gguf;

const COUNT: usize = 1_000;

fn folder() -> Utf8PathBuf {
    Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference/text")
}

fn fixture(name: &str) -> Value {
    let bytes = std::fs::read(folder().join(name)).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

static FRAGMENTS: LazyLock<Vec<String>> =
    LazyLock::new(|| serde_json::from_value(fixture("strings.json")).unwrap());
static TOKENIZERS: LazyLock<Value> = LazyLock::new(|| fixture("tokenizers.json"));
static CONVERSATIONS: LazyLock<Value> = LazyLock::new(|| fixture("conversations.json"));

/// The generator of `reference/text.py`.
struct Draw(u64);

impl Draw {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % count
    }

    fn words(&mut self, most: usize) -> String {
        let count = 1 + self.below(most);
        (0..count)
            .map(|_| FRAGMENTS[self.below(FRAGMENTS.len())].as_str())
            .collect()
    }
}

fn strings() -> Vec<String> {
    // Python evaluates the count first, too.
    let mut draw = Draw(1);
    (0..COUNT).map(|_| draw.words(12)).collect()
}

/// FNV-1a, 64 bits, of which the lower 32 are kept.
fn digest(bytes: impl IntoIterator<Item = u8>) -> String {
    let step = |value: u64, byte: u8| (value ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let value = bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, step);
    format!("{:08x}", value as u32)
}

fn digest_ids(ids: &[u32]) -> String {
    digest(ids.iter().flat_map(|id| id.to_le_bytes()))
}

#[track_caller]
fn compare<'s>(
    what: &str,
    expected: &Value,
    strings: impl Iterator<Item = &'s String>,
    ours: impl Fn(&str) -> String,
) {
    let expected = expected.as_str().unwrap();
    assert_eq!(expected.len(), 8 * COUNT);
    let differ: Vec<&String> = strings
        .enumerate()
        .filter(|(index, string)| ours(string) != expected[8 * index..8 * index + 8])
        .map(|(_, string)| string)
        .collect();
    assert!(
        differ.is_empty(),
        "{what}: {} of {COUNT} differ from the reference, first {:?}",
        differ.len(),
        differ[0]
    );
}

fn from_folder(name: &str) -> Tokenizer {
    Tokenizer::open(&folder().join(name)).unwrap()
}

fn from_gguf(name: &str) -> Tokenizer {
    let file = Gguf::open(&folder().join(format!("{name}.gguf"))).unwrap();
    Tokenizer::from_gguf(&file).unwrap()
}

#[test]
fn tokens_and_texts_are_those_of_the_reference_from_either_file() {
    let strings = strings();
    for name in ["qwen", "llama", "spm"] {
        let reference = &TOKENIZERS[name];
        for (file, tokenizer) in [
            ("tokenizer.json", from_folder(name)),
            ("GGUF", from_gguf(name)),
        ] {
            let what = |part: &str| format!("{name}, {file}, {part}");
            for shown in reference["shown"].as_array().unwrap() {
                let ids: Vec<u32> = serde_json::from_value(shown["ids"].clone()).unwrap();
                let string = shown["string"].as_str().unwrap();
                assert_eq!(tokenizer.encode(string, true).unwrap(), ids, "{string:?}");
                assert_eq!(tokenizer.decode(&ids), shown["text"], "{}", what("text"));
            }
            compare(&what("ids"), &reference["ids"], strings.iter(), |string| {
                digest_ids(&tokenizer.encode(string, true).unwrap())
            });
            compare(
                &what("plain"),
                &reference["plain"],
                strings.iter(),
                |string| digest_ids(&tokenizer.encode(string, false).unwrap()),
            );
            compare(
                &what("texts"),
                &reference["texts"],
                strings.iter(),
                |string| {
                    let ids = tokenizer.encode(string, true).unwrap();
                    digest(tokenizer.decode(&ids).into_bytes())
                },
            );
        }
    }
}

#[test]
fn a_vocabulary_of_sentencepiece_gives_what_sentencepiece_gives() {
    let strings = strings();
    let tokenizer = from_gguf("spm");
    let expected = TOKENIZERS["spm"]["sentencepiece"].as_str().unwrap();
    let differ: Vec<&String> = strings
        .iter()
        .enumerate()
        .filter(|(index, string)| {
            let ids = tokenizer.encode(string, false).unwrap();
            digest_ids(&ids) != expected[8 * index..8 * index + 8]
        })
        .map(|(_, string)| string)
        .collect();
    assert!(
        differ.is_empty(),
        "{} differ: {:?}",
        differ.len(),
        differ.iter().take(5).collect::<Vec<_>>()
    );
}

#[test]
fn a_streamed_answer_never_shows_half_a_character() {
    for name in ["qwen", "llama", "spm"] {
        let tokenizer = from_gguf(name);
        for string in strings() {
            let ids = tokenizer.encode(&string, false).unwrap();
            let mut decoder = tokenizer.decoder();
            let mut text = String::new();
            for id in &ids {
                let piece = decoder.push(*id);
                // U+FFFD is one of the fragments; a broken character would add others.
                text.push_str(piece);
            }
            text.push_str(decoder.end());
            let known = |text: &str| text.matches('\u{fffd}').count();
            assert!(known(&text) <= known(&string), "{string:?} became {text:?}");
            if name != "qwen" {
                // Without normalising the text comes back as it was; unknown pieces cannot.
                let unknown = tokenizer
                    .id("<unk>")
                    .is_some_and(|unknown| ids.contains(&unknown));
                assert!(
                    unknown || text == string.replace('▁', if name == "spm" { " " } else { "▁" }),
                    "{string:?} became {text:?}"
                );
            }
        }
    }
}

#[test]
fn the_first_blank_belongs_to_the_text_only_in_the_middle() {
    let tokenizer = from_folder("spm");
    let ids = tokenizer.encode("the sea", false).unwrap();
    assert_eq!(tokenizer.token(ids[0]).unwrap().chars().next(), Some('▁'));
    assert_eq!(tokenizer.decode(&ids), "the sea");
    let mut decoder = tokenizer.decoder();
    decoder.push(tokenizer.id("<s>").unwrap());
    let pieces: String = ids.iter().map(|id| decoder.push(*id).to_owned()).collect();
    assert_eq!(pieces, "the sea");
}

#[test]
fn special_tokens_are_known_from_either_file() {
    for tokenizer in [from_folder("qwen"), from_gguf("qwen")] {
        let id = |token| tokenizer.id(token).unwrap();
        let mut ends = [id("<|im_end|>"), id("<|endoftext|>")];
        ends.sort_unstable();
        assert_eq!(tokenizer.ends(), ends);
        assert!(tokenizer.bos().is_none() && !tokenizer.adds_bos());
        assert!(
            tokenizer.is_special(id("<|im_start|>")) && !tokenizer.is_special(id("<tool_call>"))
        );
        let text = "<|im_start|>a<tool_call>";
        let ids = tokenizer.encode(text, true).unwrap();
        assert_eq!((ids[0], ids[2]), (id("<|im_start|>"), id("<tool_call>")));
        assert_eq!(tokenizer.decode(&ids), "a<tool_call>");
        let mut shown = tokenizer.decoder_showing(&["<|im_start|>"]);
        let all: String = ids.iter().map(|id| shown.push(*id).to_owned()).collect();
        assert_eq!(all, text);
        assert!(
            !tokenizer
                .encode(text, false)
                .unwrap()
                .contains(&id("<|im_start|>"))
        );
    }
    for tokenizer in [from_folder("spm"), from_gguf("spm")] {
        assert_eq!((tokenizer.bos(), tokenizer.adds_bos()), (Some(1), true));
        assert_eq!(tokenizer.ends(), [2]);
    }
}

#[test]
fn constrained_answers_of_real_vocabularies_are_json() {
    for name in ["qwen", "llama", "spm"] {
        let tokenizer = from_gguf(name);
        let schema = json!({
            "type": "object",
            "properties": { "place": { "type": "string", "maxLength": 30 }, "n": { "type": "integer" } },
            "required": ["place", "n"],
        });
        let grammar = Grammar::from_schema(&schema).unwrap();
        let mut draw = Draw(9);
        for _ in 0..20 {
            let mut constraint = Constraint::new(&grammar, tokenizer.vocabulary().clone());
            let (mut decoder, mut text) = (tokenizer.decoder(), String::new());
            for _ in 0..2_000 {
                let mask = constraint.mask();
                let count = mask.count();
                let token = mask.tokens().nth(draw.below(count)).unwrap();
                constraint.accept(token).unwrap();
                if tokenizer.is_end(token) {
                    break;
                }
                text.push_str(decoder.push(token));
            }
            let value: Value =
                serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text:?}"));
            assert!(value["place"].is_string() && value["n"].is_i64(), "{text}");
        }
    }
}

/// Conversation `index` as `reference/text.py` draws it.
fn conversation(index: usize, template: &str) -> (Vec<Message>, Vec<Tool>, bool, Option<bool>) {
    let mut draw = Draw(1_000 + index as u64);
    let mut messages = Vec::new();
    if draw.below(2) == 0 && template != "gemma" {
        messages.push(Message::system(draw.words(6)));
    }
    let tools = draw.below(3) == 0 && template != "gemma";
    for turn in 0..1 + draw.below(4) {
        messages.push(Message::user(draw.words(6)));
        if tools && draw.below(2) == 0 {
            let id = format!("call{index:03}{turn:02}");
            let place = draw.words(6);
            let (days, scale) = (draw.below(9), draw.below(100) as f64 / 8.0);
            let arguments = json!({ "place": place, "days": days, "scale": scale });
            let call = ToolCall {
                id: id.clone(),
                name: "look".into(),
                arguments: object(arguments),
            };
            messages.push(Message::Assistant {
                text: String::new(),
                tool_calls: vec![call],
            });
            let text = draw.words(6);
            messages.push(Message::Tool { call: id, text });
        }
        messages.push(Message::assistant(draw.words(6)));
    }
    if draw.below(4) != 0 {
        messages.pop();
    }
    let answer = draw.below(4) != 0;
    let thinking = [None, Some(true), Some(false)][draw.below(3)];
    let count = if tools { 1 + draw.below(2) } else { 0 };
    let declared = CONVERSATIONS["tools"]
        .as_array()
        .unwrap()
        .iter()
        .take(count);
    let tools = declared.map(|tool| Tool {
        name: tool["function"]["name"].as_str().unwrap().into(),
        description: tool["function"]["description"].as_str().unwrap().into(),
        parameters: object(tool["function"]["parameters"].clone()),
    });
    (messages, tools.collect(), answer, thinking)
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

const TEMPLATES: [&str; 6] = ["chatml", "qwen", "llama", "mistral", "gemma", "python"];

fn template(source: &str) -> Template {
    let tokens = object(json!({ "bos_token": "<s>", "eos_token": "</s>" }));
    Template::new(source.to_owned(), None, tokens).unwrap()
}

#[test]
fn a_thousand_conversations_render_as_in_transformers() {
    let templates =
        TEMPLATES.map(|name| template(CONVERSATIONS["templates"][name].as_str().unwrap()));
    let digests = CONVERSATIONS["digests"].as_str().unwrap();
    let mut differ = Vec::new();
    for index in 0..COUNT {
        let name = TEMPLATES[index % TEMPLATES.len()];
        let (messages, tools, answer, thinking) = conversation(index, name);
        let prompt = Prompt {
            messages: &messages,
            tools: &tools,
            now: datetime(2026, 3, 9, 14, 5, 6, 0),
            answer,
            thinking,
        };
        let text = templates[index % TEMPLATES.len()].render(&prompt).unwrap();
        if let Some(shown) = CONVERSATIONS["shown"].get(index) {
            assert_eq!(
                text,
                shown.as_str().unwrap(),
                "{name}, conversation {index}"
            );
        }
        if digest(text.bytes()) != digests[8 * index..8 * index + 8] {
            differ.push((index, name, text));
        }
    }
    assert!(
        differ.is_empty(),
        "{} of {COUNT} differ, first {:?}",
        differ.len(),
        differ[0]
    );
}

#[test]
fn a_conversation_is_counted_as_the_model_reads_it() {
    let reader = Reader {
        tokenizer: Arc::new(from_folder("qwen")),
        template: Arc::new(Template::open(&folder().join("qwen")).unwrap()),
    };
    for index in 0..60 {
        let (messages, tools, ..) = conversation(index, "qwen");
        let request = ChatRequest {
            messages,
            tools,
            ..ChatRequest::default()
        };
        let count = count_with(&reader, &request).unwrap();
        let prompt = Prompt {
            messages: &request.messages,
            tools: &request.tools,
            now: datetime(2026, 3, 9, 0, 0, 0, 0),
            answer: true,
            thinking: None,
        };
        assert_eq!(count.total, reader.tokens(&prompt).unwrap().len() as u64);
        assert_eq!(count.total, count.text + count.framing + count.tools);
        assert_eq!(count.tools > 0, !request.tools.is_empty());
        assert!(count.exact && count.framing > 0);
    }
}

fn say(template: &Template, messages: &[Message]) -> Result<String, TextError> {
    template.render(&Prompt {
        messages,
        tools: &[],
        now: datetime(2026, 3, 9, 14, 5, 6, 0),
        answer: true,
        thinking: None,
    })
}

#[test]
fn templates_are_found_in_every_place() {
    let folder = folder();
    let by_config = Template::open(&folder.join("qwen")).unwrap();
    let by_gguf = Template::from_gguf(&Gguf::open(&folder.join("qwen.gguf")).unwrap()).unwrap();
    let hello = [Message::user("hello")];
    let expected = "<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n";
    assert_eq!(say(&by_config, &hello).unwrap(), expected);
    assert_eq!(say(&by_gguf, &hello).unwrap(), expected);
    assert_eq!(by_gguf.call_style(), Style::Hermes);
    assert!(matches!(
        Template::open(&folder.join("spm")),
        Err(TextError::NoTemplate)
    ));

    let dir = tempfile::tempdir().unwrap();
    let dir = camino::Utf8Path::from_path(dir.path()).unwrap();
    let list = json!({ "chat_template": [
        { "name": "default", "template": "plain" },
        { "name": "tool_use", "template": "with {{ tools | length }}" },
    ] });
    std::fs::write(dir.join("tokenizer_config.json"), list.to_string()).unwrap();
    let template = Template::open(dir).unwrap();
    assert_eq!(say(&template, &hello).unwrap(), "plain");
    let (_, tools, ..) = (0..)
        .map(|n| conversation(n, "qwen"))
        .find(|c| c.1.len() == 2)
        .unwrap();
    let prompt = Prompt {
        messages: &hello,
        tools: &tools,
        now: datetime(2026, 3, 9, 0, 0, 0, 0),
        answer: true,
        thinking: None,
    };
    assert_eq!(template.render(&prompt).unwrap(), "with 2");
    std::fs::write(dir.join("chat_template.jinja"), "from a file\n").unwrap();
    assert_eq!(
        say(&Template::open(dir).unwrap(), &hello).unwrap(),
        "from a file"
    );
}

#[test]
fn a_refused_system_message_becomes_part_of_the_first_question() {
    let gemma = template(CONVERSATIONS["templates"]["gemma"].as_str().unwrap());
    let messages = [Message::system("Be brief."), Message::user("Hi")];
    let text = say(&gemma, &messages).unwrap();
    assert!(
        text.contains("<start_of_turn>user\nBe brief.\n\nHi<end_of_turn>"),
        "{text}"
    );
    let refused = say(&gemma, &[Message::system("Be brief.")]);
    match refused {
        Err(TextError::Refused(why)) => assert_eq!(why, "System role not supported"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn hostile_templates_come_to_an_end() {
    for source in [
        "{% for a in range(100000) %}{% for b in range(100000) %}{{ b }}{% endfor %}{% endfor %}",
        "{% set ns = namespace(x='aaaaaaaaaaaaaaaa') %}{% for a in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x=[1]) %}{% for a in range(30) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x=[]) %}{% for a in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}",
        "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
        "{{ 'a' * 1000000000000 }}",
        "{{ ('a' * 100000).replace('a', 'a' * 100000) }}",
        "{{ 'x' | center(99999999999) }}{{ '%999999999d' | format(1) }}",
        "{{ [1] * 100000000000 }}",
        "{{ messages | tojson(indent=99999999) }}{{ 1 // 0 }}",
        "{{ strftime_now('%') }}{{ strftime_now('%Q') }}",
    ] {
        let started = std::time::Instant::now();
        let rendered = say(&template(source), &[Message::user("hi")]);
        assert!(
            rendered.is_err(),
            "{source} gave {} bytes",
            rendered.unwrap().len()
        );
        assert!(
            started.elapsed().as_secs() < 20,
            "{source} took {:?}",
            started.elapsed()
        );
    }
}

#[test]
fn damaged_tokenizers_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    let dir = camino::Utf8Path::from_path(dir.path()).unwrap();
    assert!(matches!(
        Tokenizer::open(dir),
        Err(TextError::NoTokenizer(_))
    ));
    let whole = std::fs::read_to_string(folder().join("qwen/tokenizer.json")).unwrap();
    let mut draw = Draw(3);
    for _ in 0..60 {
        let mut bytes = whole.clone().into_bytes();
        for _ in 0..1 + draw.below(3) {
            let at = draw.below(bytes.len());
            bytes[at] = b" \"0[]{},:\\a"[draw.below(11)];
        }
        bytes.truncate(bytes.len() - draw.below(2) * draw.below(2_000));
        std::fs::write(dir.join("tokenizer.json"), bytes).unwrap();
        // Whatever it says, it says it without a panic.
        if let Ok(tokenizer) = Tokenizer::open(dir) {
            let ids = tokenizer.encode("the sea", true).unwrap_or_default();
            tokenizer.decode(&ids);
        }
    }
    std::fs::write(
        dir.join("tokenizer.json"),
        r#"{"model":{"type":"WordLevel","vocab":{"a":0},"unk_token":"a"}}"#,
    )
    .unwrap();
    assert!(matches!(
        Tokenizer::open(dir),
        Err(TextError::UnsupportedTokenizer(_))
    ));
}

#[test]
fn a_pattern_that_never_ends_is_an_error() {
    let mut json: Value =
        serde_json::from_slice(&std::fs::read(folder().join("qwen/tokenizer.json")).unwrap())
            .unwrap();
    json["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = json!("(?:a|aa)+(?=[bc]d)");
    let dir = tempfile::tempdir().unwrap();
    let dir = camino::Utf8Path::from_path(dir.path()).unwrap();
    std::fs::write(dir.join("tokenizer.json"), json.to_string()).unwrap();
    let tokenizer = Tokenizer::open(dir).unwrap();
    let encoded = tokenizer.encode(&("a".repeat(60) + "!b!d"), false);
    assert!(matches!(encoded, Err(TextError::Encode(_))), "{encoded:?}");
}

#[test]
fn tokens_that_make_too_many_pairs_are_an_error() {
    use studio_testkit::checkpoint::{GgufValue, gguf};
    // Each is made of as many pairs as it has letters.
    let tokens: Vec<String> = (0..18_000).map(|n| "a".repeat(1 + n % 512)).collect();
    let scores = tokens.iter().map(|_| 0).collect();
    let entries = [
        ("tokenizer.ggml.model", GgufValue::Text("llama".to_owned())),
        ("tokenizer.ggml.tokens", GgufValue::Texts(tokens)),
        ("tokenizer.ggml.scores", GgufValue::I32s(scores)),
    ];
    let dir = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(dir.path().join("m.gguf")).unwrap();
    std::fs::write(&path, gguf(&entries, &[])).unwrap();
    let error = Tokenizer::from_gguf(&Gguf::open(&path).unwrap()).unwrap_err();
    assert!(error.to_string().contains("pairs"), "{error}");
}
