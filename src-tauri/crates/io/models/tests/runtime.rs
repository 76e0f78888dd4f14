//! Whole answers: what is said, what is cached, what is counted, and what memory it takes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use camino::Utf8Path;
use common::never;
use serde_json::{Value, json};
use studio_llm::chat::{
    ChatError, ChatEvent, ChatRequest, Finish, Message, Part, ResponseFormat, Sampling, Tool,
    ToolCall, ToolChoice, Usage,
};
use studio_models::arch::Rows;
use studio_models::runtime::{Answer, Guard, Limits, Runtime, State, Status, machine};
use studio_models::{ModelError, ModelFiles};
use studio_testkit::TempFolder;
use studio_testkit::checkpoint::{CHAT_TEMPLATE, ChatShape, chat_gguf};

const PLENTY: u64 = 2 << 30;

struct Studio {
    folder: TempFolder,
    guard: Guard,
    runtime: Runtime,
    heard: Arc<Mutex<Vec<State>>>,
}

impl Studio {
    fn new() -> Studio {
        Studio::with(
            PLENTY,
            Limits {
                context_tokens: 1_024,
                ..Limits::default()
            },
        )
    }

    fn with(memory: u64, limits: Limits) -> Studio {
        let guard = Guard::new(memory);
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hears = heard.clone();
        let runtime = Runtime::new(&guard, limits, move |status: &Status| {
            hears.lock().unwrap().push(status.state);
        });
        Studio {
            folder: TempFolder::new(),
            guard,
            runtime: runtime.unwrap(),
            heard,
        }
    }

    fn model(&self, name: &str) -> ModelFiles {
        self.model_of(name, &ChatShape::TINY, CHAT_TEMPLATE)
    }

    fn model_of(&self, name: &str, shape: &ChatShape, template: &str) -> ModelFiles {
        let path = self.folder.file(&format!("{name}.gguf"));
        chat_gguf(&path, name, shape, template);
        ModelFiles::new(name, path)
    }

    fn ask(&self, files: &ModelFiles, request: &ChatRequest, conversation: Option<&str>) -> Said {
        Said::of(self.runtime.chat(files, request, conversation)).unwrap()
    }

    /// Waits until the status is as wished.
    #[track_caller]
    fn until(&self, what: &str, wished: impl Fn(&Status) -> bool) {
        let start = Instant::now();
        while !wished(&self.runtime.status()) {
            assert!(start.elapsed() < Duration::from_secs(20), "never: {what}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// An answer, put together.
#[derive(Debug, Default, PartialEq)]
struct Said {
    text: String,
    reasoning: String,
    calls: Vec<ToolCall>,
    usage: Usage,
    finish: Option<Finish>,
}

impl Said {
    fn of(mut answer: Answer) -> Result<Said, ChatError> {
        let mut said = Said::default();
        while let Some(event) = answer.next_blocking() {
            assert_eq!(said.finish, None, "nothing follows the end");
            match event? {
                ChatEvent::Text { text } => said.text += &text,
                ChatEvent::Reasoning { text } => said.reasoning += &text,
                ChatEvent::ToolCall { call } => said.calls.push(call),
                ChatEvent::Usage { usage } => said.usage = usage,
                ChatEvent::End { reason } => said.finish = Some(reason),
            }
        }
        Ok(said)
    }
}

fn request(words: &str, max_tokens: u32) -> ChatRequest {
    ChatRequest {
        messages: vec![Message::user(words)],
        sampling: greedy(),
        max_tokens: Some(max_tokens),
        ..ChatRequest::default()
    }
}

fn greedy() -> Sampling {
    Sampling {
        temperature: Some(0.0),
        ..Sampling::default()
    }
}

/// What the template makes of one message, as bytes and special tokens.
fn prompt(words: &str) -> Vec<u32> {
    let bytes = |text: &str| text.bytes().map(letter).collect::<Vec<_>>();
    let mut tokens = vec![257];
    tokens.extend(bytes(&format!("user\n{words}")));
    tokens.push(256);
    tokens.extend(bytes("\n"));
    tokens.push(257);
    tokens.extend(bytes("assistant\n"));
    tokens
}

/// The token of a byte: the testkit's vocabulary is in the order of bytes.
fn letter(byte: u8) -> u32 {
    u32::from(byte)
}

#[test]
fn an_answer_is_the_likeliest_tokens_one_by_one() {
    let studio = Studio::new();
    let files = studio.model("m");
    let said = studio.ask(&files, &request("Hello?", 24), None);
    let decoder = common::load(&files);
    let (mut cache, mut next) = (decoder.cache().unwrap(), prompt("Hello?"));
    let mut tokens = Vec::new();
    while tokens.len() < 24 {
        let row = decoder
            .forward(&next, &mut cache, Rows::Last, &never)
            .unwrap();
        let row: Vec<f32> = row.flatten_all().unwrap().to_vec1().unwrap();
        // Tokens that stand for nothing can be drawn like any other; ends end.
        let best = (0..320).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap() as u32;
        if best == 256 {
            break;
        }
        tokens.push(best);
        next = vec![best];
    }
    assert_eq!(said.usage.input_tokens as usize, prompt("Hello?").len());
    assert_eq!(said.usage.output_tokens as usize, tokens.len());
    let finish = if tokens.len() == 24 {
        Finish::Length
    } else {
        Finish::Stop
    };
    assert_eq!(said.finish, Some(finish));
    let bytes: Vec<u8> = tokens
        .iter()
        .filter_map(|&token| u8::try_from(token).ok())
        .collect();
    let only_bytes = tokens.len() == bytes.len();
    assert!(
        !only_bytes
            || said.text.trim_end_matches('\u{fffd}')
                == String::from_utf8_lossy(&bytes).trim_end_matches('\u{fffd}')
    );
}

#[test]
fn a_second_turn_reads_only_what_is_new() {
    let studio = Studio::new();
    let files = studio.model("m");
    let mut talk = request("Tell me of the lighthouse, and of the keeper's cat.", 12);
    let first = studio.ask(&files, &talk, Some("c1"));
    assert_eq!(first.usage.cached_tokens, 0);
    talk.messages
        .push(Message::assistant("It stands on a rock."));
    talk.messages.push(Message::user("And then?"));
    let second = studio.ask(&files, &talk, Some("c1"));
    let shared = prompt("Tell me of the lighthouse, and of the keeper's cat.").len();
    assert!(
        second.usage.cached_tokens as usize >= shared,
        "{:?} of {shared}",
        second.usage
    );
    let fresh = Studio::new().ask(&files, &talk, None);
    assert_eq!(fresh.usage.cached_tokens, 0);
    assert_eq!(
        (fresh.text, fresh.usage.output_tokens),
        (second.text, second.usage.output_tokens)
    );
    // The first turn again: the cache is cut back to it, but for the last token.
    talk.messages.truncate(1);
    let again = studio.ask(&files, &talk, Some("c1"));
    assert_eq!(
        (&again.text, again.usage.cached_tokens as usize),
        (&first.text, shared - 1)
    );
}

#[test]
fn conversations_do_not_share_and_the_oldest_is_forgotten_first() {
    // Room for two caches of 512 tokens.
    let studio = Studio::new();
    let files = studio.model("m");
    let cached = |name: &str| {
        let said = studio.ask(
            &files,
            &request("The same words for everybody.", 2),
            Some(name),
        );
        said.usage.cached_tokens > 0
    };
    assert_eq!([cached("a"), cached("b")], [false, false]);
    assert_eq!([cached("a"), cached("b")], [true, true], "both are kept");
    assert!(!cached("c"), "another conversation's cache is not used");
    assert_eq!(
        [cached("b"), cached("a")],
        [true, false],
        "`a` was used longest ago"
    );
}

#[test]
fn nobody_listening_stops_the_answer() {
    let studio = Studio::new();
    let files = studio.model("m");
    let mut answer = studio
        .runtime
        .chat(&files, &request("On and on", 900), None);
    assert!(matches!(answer.next_blocking(), Some(Ok(_))));
    drop(answer);
    studio.until("ready again", |status| status.state == State::Ready);
    let most = studio
        .heard
        .lock()
        .unwrap()
        .iter()
        .fold(0, |most, state| match state {
            State::Answering { tokens } => most.max(*tokens),
            _ => most,
        });
    assert!(most < 600, "it went on to {most} tokens");
    // A question that nobody waits for any more is not answered at all.
    drop(studio.runtime.chat(&files, &request("Anybody?", 900), None));
    let after = studio.ask(&files, &request("Hello?", 3), None);
    assert!(after.finish.is_some());
}

#[test]
fn progress_is_told_while_it_loads_and_reads() {
    let studio = Studio::new();
    let files = studio.model("m");
    studio.ask(&files, &request(&"long ".repeat(120), 2), None);
    let heard = studio.heard.lock().unwrap();
    assert!(
        heard.iter().any(
            |s| matches!(s, State::Loading { fraction } if *fraction > 0.4 && *fraction < 1.0)
        )
    );
    let read: Vec<usize> = heard
        .iter()
        .filter_map(|state| match state {
            State::Reading { tokens, of } if *of > 600 => Some(*tokens),
            _ => None,
        })
        .collect();
    assert_eq!(read, [0, 256, 512], "a prompt is read in chunks");
    assert_eq!(heard.last(), Some(&State::Ready));
}

#[test]
fn a_stop_text_ends_the_answer_before_it() {
    let studio = Studio::new();
    let files = studio.model("m");
    let whole = studio
        .ask(&files, &request("Say something.", 60), None)
        .text;
    let letters: Vec<char> = whole.chars().collect();
    assert!(letters.len() > 8, "`{whole}` is too short to cut");
    let stop: String = letters[4..6].iter().collect();
    let mut cut = request("Say something.", 60);
    cut.stop = vec![stop.clone()];
    let said = studio.ask(&files, &cut, None);
    assert_eq!(said.text, whole.split(&stop).next().unwrap());
    assert_eq!(said.finish, Some(Finish::Stop));
}

#[test]
fn an_answer_fits_its_schema_whatever_the_weights() {
    let studio = Studio::new();
    let files = studio.model("m");
    let Value::Object(schema) = json!({
        "type": "object",
        "properties": {
            "mood": { "enum": ["calm", "wild"] },
            "rain": { "type": "boolean" },
        },
        "required": ["mood", "rain"],
        "additionalProperties": false,
    }) else {
        unreachable!()
    };
    let mut ask = request("How is the sea?", 200);
    ask.response = ResponseFormat::Schema {
        name: "sea".to_owned(),
        schema,
    };
    for seed in 0..5 {
        ask.sampling = Sampling {
            temperature: Some(1.5),
            seed: Some(seed),
            ..Sampling::default()
        };
        let said = studio.ask(&files, &ask, None);
        let value: Value =
            serde_json::from_str(&said.text).unwrap_or_else(|e| panic!("{e}: {}", said.text));
        assert!(
            value["rain"].is_boolean()
                && ["calm", "wild"].contains(&value["mood"].as_str().unwrap())
        );
        assert_eq!(said.finish, Some(Finish::Stop));
    }
}

fn lamp() -> Tool {
    let Value::Object(parameters) = json!({
        "type": "object",
        "properties": { "lit": { "type": "boolean" } },
        "required": ["lit"],
        "additionalProperties": false,
    }) else {
        unreachable!()
    };
    Tool {
        name: "set_lamp".to_owned(),
        description: "Lights the lamp.".to_owned(),
        parameters,
    }
}

#[test]
fn a_tool_that_must_be_called_is_called_once_and_whole() {
    let studio = Studio::new();
    let files = studio.model("m");
    for choice in [
        ToolChoice::Required,
        ToolChoice::Named("set_lamp".to_owned()),
    ] {
        let mut ask = request("It is dark.", 200);
        ask.tools = vec![lamp()];
        ask.tool_choice = choice;
        // The likeliest token of random weights may be a blank for ever.
        ask.sampling = Sampling {
            temperature: Some(1.5),
            seed: Some(1),
            ..Sampling::default()
        };
        let said = studio.ask(&files, &ask, None);
        assert_eq!(
            (said.text.as_str(), said.finish),
            ("", Some(Finish::ToolCalls))
        );
        let [call] = said.calls.as_slice() else {
            panic!("{:?}", said.calls)
        };
        assert_eq!(call.name, "set_lamp");
        assert!(call.arguments["lit"].is_boolean());
    }
    let mut ask = request("It is dark.", 200);
    ask.tool_choice = ToolChoice::Named("set_lamp".to_owned());
    let refused = Said::of(studio.runtime.chat(&files, &ask, None));
    assert!(matches!(refused, Err(ChatError::BadRequest { .. })));
    // Cut before its end, a call is not made.
    ask.tools = vec![lamp()];
    ask.max_tokens = Some(9);
    let cut = studio.ask(&files, &ask, None);
    assert_eq!((cut.calls.len(), cut.finish), (0, Some(Finish::Length)));
}

#[test]
fn thoughts_that_the_template_opens_are_reasoning() {
    let studio = Studio::new();
    let template =
        CHAT_TEMPLATE.replace("assistant\n{% endif %}", "assistant\n<think>\n{% endif %}");
    assert_ne!(template, CHAT_TEMPLATE);
    let files = studio.model_of("m", &ChatShape::TINY, &template);
    let mut ask = request("Why?", 40);
    // Sampling may not close the thought.
    ask.sampling.logit_bias = [(259, -100.0)].into_iter().collect();
    let said = studio.ask(&files, &ask, None);
    assert_eq!(said.text, "");
    assert!(!said.reasoning.is_empty());
    assert_eq!(said.usage.reasoning_tokens, said.usage.output_tokens);
}

#[test]
fn what_a_model_cannot_do_is_said_before_it_starts() {
    let studio = Studio::new();
    let files = studio.model("m");
    let long = Said::of(
        studio
            .runtime
            .chat(&files, &request(&"x".repeat(1_500), 5), None),
    );
    assert!(
        matches!(&long, Err(ChatError::ContextLength { detail, .. }) if detail.contains("1024")),
        "{long:?}"
    );
    let mut picture = request("What is this?", 5);
    picture.messages = vec![Message::User {
        parts: vec![Part::Image {
            media_type: "image/png".to_owned(),
            data: "AAAA".to_owned(),
        }],
    }];
    let blind = Said::of(studio.runtime.chat(&files, &picture, None));
    assert!(
        matches!(blind, Err(ChatError::BadRequest { .. })),
        "{blind:?}"
    );
    let gone = Said::of(studio.runtime.chat(
        &ModelFiles::new("gone", "/nowhere/m.gguf"),
        &request("?", 5),
        None,
    ));
    assert!(
        matches!(&gone, Err(ChatError::Unavailable { detail, .. }) if detail.contains("/nowhere/m.gguf")),
        "{gone:?}"
    );
}

#[test]
fn a_model_beyond_the_budget_is_refused_with_the_figures() {
    let studio = Studio::with(1 << 20, Limits::default());
    let files = studio.model("large");
    let needs = files.estimate(8_192).unwrap().total_bytes();
    assert!(needs > 1 << 20);
    let error = studio.runtime.load(&files).unwrap_err();
    let ModelError::Memory {
        needs_bytes,
        limit_bytes,
        ..
    } = error
    else {
        panic!("{error}")
    };
    assert_eq!((needs_bytes, limit_bytes), (needs, 1 << 20));
    let status = studio.runtime.status();
    assert_eq!((status.state, status.model), (State::Empty, None));
    assert_eq!(studio.guard.memory().peak_bytes, 0);
}

#[test]
fn a_model_that_never_fits_does_not_cost_the_one_that_is_there() {
    let limits = Limits {
        context_tokens: 1_024,
        ..Limits::default()
    };
    let studio = Studio::with(100 << 20, limits);
    let (small, large) = (
        studio.model("small"),
        studio.model_of("large", &HEAVY, CHAT_TEMPLATE),
    );
    studio.runtime.load(&small).unwrap();
    let refused = studio.runtime.load(&large);
    assert!(matches!(refused, Err(ModelError::Memory { .. })));
    assert_eq!(studio.runtime.status().model.as_deref(), Some("small"));
}

#[test]
fn one_model_leaves_for_another() {
    let studio = Studio::new();
    let (first, second) = (studio.model("first"), studio.model("second"));
    let of_first = studio.ask(&first, &request("Who are you?", 30), Some("c"));
    let of_second = studio.ask(&second, &request("Who are you?", 30), Some("c"));
    assert_ne!(of_first.text, of_second.text, "their weights differ");
    assert_eq!(
        of_second.usage.cached_tokens, 0,
        "another model's cache means nothing"
    );
    let memory = studio.guard.memory();
    let needs = second.estimate(1_024).unwrap().total_bytes();
    assert_eq!(memory.models, [("second".to_owned(), needs)]);
    assert_eq!(memory.peak_bytes, needs, "never both at once");
    // A broken file does not cost the model that works.
    std::fs::write(studio.folder.file("broken.gguf"), "GGUF").unwrap();
    let broken = ModelFiles::new("broken", studio.folder.file("broken.gguf"));
    assert!(studio.runtime.load(&broken).is_err());
    assert_eq!(studio.runtime.status().model.as_deref(), Some("second"));
}

#[test]
fn an_idle_model_leaves_by_itself_and_for_others() {
    let limits = Limits {
        context_tokens: 1_024,
        idle_after: Duration::from_millis(150),
    };
    let studio = Studio::with(PLENTY, limits);
    let files = studio.model("m");
    studio.ask(&files, &request("Hello?", 3), None);
    assert_eq!(studio.runtime.status().model.as_deref(), Some("m"));
    studio.until("empty", |status| status.state == State::Empty);
    assert_eq!(studio.guard.memory().claimed_bytes, 0);
    // Asked again, it comes back; and leaves when somebody else needs the whole budget.
    let studio = Studio::new();
    let files = studio.model("m");
    studio.ask(&files, &request("Hello?", 3), None);
    struct Other;
    impl studio_models::runtime::Resident for Other {
        fn evict(&self) -> bool {
            false
        }
    }
    let other = Arc::new(Other);
    let weak = Arc::downgrade(&other);
    let needs = PLENTY - (1 << 20);
    let claim = studio.guard.claim("transcription", needs, weak).unwrap();
    assert_eq!(
        studio.guard.memory().models,
        [("transcription".to_owned(), needs)]
    );
    drop(claim);
    studio.ask(&files, &request("Hello?", 3), None);
}

#[test]
fn unloading_cancels_and_frees() {
    let studio = Studio::new();
    let files = studio.model("m");
    let mut running = studio
        .runtime
        .chat(&files, &request("On and on", 900), None);
    assert!(matches!(running.next_blocking(), Some(Ok(_))));
    let waiting = studio.runtime.chat(&files, &request("Me too", 900), None);
    studio.runtime.unload();
    assert_eq!(studio.guard.memory().claimed_bytes, 0);
    assert!(matches!(Said::of(waiting), Err(ChatError::Cancelled)));
    let mut last = None;
    while let Some(event) = running.next_blocking() {
        last = Some(event);
    }
    assert_eq!(last, Some(Err(ChatError::Cancelled)));
    let said = studio.ask(&files, &request("Back?", 3), None);
    assert_eq!(said.usage.output_tokens, 3);
}

#[test]
fn a_reader_that_stands_still_does_not_keep_the_model() {
    let studio = Studio::with(
        PLENTY,
        Limits {
            context_tokens: 2_048,
            ..Limits::default()
        },
    );
    let files = studio.model("m");
    let mut ask = request("On and on", 2_000);
    // An event for every token, more than are held for a reader.
    ask.sampling.logit_bias = [(letter(b'a'), 100.0)].into_iter().collect();
    let mut answer = studio.runtime.chat(&files, &ask, None);
    studio.until(
        "waiting",
        |status| matches!(status.state, State::Answering { tokens } if tokens >= 1_008),
    );
    // The last places fill up.
    std::thread::sleep(Duration::from_millis(500));
    std::thread::scope(|scope| {
        let (done, unloaded) = std::sync::mpsc::channel();
        let runtime = &studio.runtime;
        scope.spawn(move || {
            runtime.unload();
            done.send(())
        });
        let is_unloaded = unloaded.recv_timeout(Duration::from_secs(10)).is_ok();
        let mut last = None;
        while let Some(event) = answer.next_blocking() {
            last = Some(event);
        }
        assert!(is_unloaded, "it waits for somebody who reads nothing");
        assert_eq!(last, Some(Err(ChatError::Cancelled)));
    });
    assert_eq!(studio.guard.memory().claimed_bytes, 0);
}

/// 50 M parameters, 200 MB.
const HEAVY: ChatShape = ChatShape {
    vocabulary: 4_096,
    hidden: 1_024,
    inner: 4_096,
    layers: 3,
    heads: 8,
    kv_heads: 4,
    context: 2_048,
    quantised: false,
};

#[test]
fn memory_is_back_after_every_unload_and_within_the_estimate() {
    // Its own process would be cleaner; other tests of this file are small beside 200 MB.
    let studio = Studio::new();
    let files = studio.model_of("heavy", &HEAVY, CHAT_TEMPLATE);
    machine::release_freed();
    // What is on a graphics card is none of the process's.
    let Some(before) = machine::resident_bytes().filter(|_| machine::device().unwrap().is_cpu())
    else {
        return;
    };
    let estimate = files.estimate(1_024).unwrap();
    for round in 0..3 {
        studio.ask(&files, &request("How much?", 8), None);
        let status = studio.runtime.status();
        let taken = status.resident_bytes.unwrap().saturating_sub(before);
        assert!(
            taken > 150 << 20,
            "round {round}: {taken} bytes are too few for the weights"
        );
        let most = status.resident_peak_bytes.saturating_sub(before);
        // While it loads, pages of the mapped file are resident as well.
        let file = std::fs::metadata(&files.path).unwrap().len();
        let allowed = estimate.total_bytes() + file + (48 << 20);
        assert!(most < allowed, "round {round}: {most} of {allowed} bytes");
        studio.runtime.unload();
        let left = machine::resident_bytes().unwrap().saturating_sub(before);
        assert!(
            left < 32 << 20,
            "round {round}: {left} bytes were not given back"
        );
    }
}

#[test]
fn damage_that_only_the_tokenizer_sees_is_told() {
    let studio = Studio::new();
    let whole = studio.model("whole");
    studio.runtime.load(&whole).unwrap();
    let before = studio.guard.memory().claimed_bytes;
    let files = studio.model_of("m", &ChatShape::TINY, "{% if %}");
    let error = studio.runtime.load(&files).unwrap_err();
    assert!(matches!(error, ModelError::Text(_)), "{error}");
    assert_eq!(
        studio.guard.memory().claimed_bytes,
        before,
        "what failed to load holds nothing"
    );
    assert_eq!(studio.runtime.status().model.as_deref(), Some("whole"));
    assert!(Utf8Path::new(&files.path).exists());
}
