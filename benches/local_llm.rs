//! A language model in this process: reading a prompt, writing tokens, and the first token of a turn
//! whose conversation is cached. Random weights as large as Qwen2.5-0.5B in Q4_0.
//!
//! Budget: the first token warm with a cached prefix in less than 50 ms. `reading_512_tokens` and
//! `writing_32_tokens` are tokens per second once divided; llama.cpp's figures on the same file and
//! threads come from `io/models/tests/reference/llama_cpp.mjs`. `LOCAL_LLM_GGUF` names a file to take,
//! or to make, so that both read the same.

// A bench that cannot run must stop.
#![allow(clippy::expect_used)]

use std::sync::OnceLock;

use camino::{Utf8Path, Utf8PathBuf};
use candle_core::Device;
use studio_llm::chat::{ChatEvent, ChatRequest, Message, Sampling};
use studio_models::ModelFiles;
use studio_models::arch::{Decoder, Rows};
use studio_models::runtime::{Guard, Limits, Runtime};
use studio_testkit::checkpoint::{CHAT_TEMPLATE, ChatShape, chat_gguf};

fn main() {
    divan::main();
}

/// The model's file, made once.
fn file() -> &'static Utf8Path {
    static FILE: OnceLock<(Option<tempfile::TempDir>, Utf8PathBuf)> = OnceLock::new();
    let (_folder, path) = FILE.get_or_init(|| {
        let (folder, path) = match std::env::var("LOCAL_LLM_GGUF") {
            Ok(path) => (None, Utf8PathBuf::from(path)),
            Err(_) => {
                let folder = tempfile::tempdir().expect("a folder");
                let path = folder.path().join("half-a-billion.gguf");
                (
                    Some(folder),
                    Utf8PathBuf::from_path_buf(path).expect("UTF-8"),
                )
            }
        };
        if !path.exists() {
            chat_gguf(&path, "half", &ChatShape::HALF_A_BILLION, CHAT_TEMPLATE);
        }
        (folder, path)
    });
    path
}

fn decoder() -> Decoder {
    let opened = ModelFiles::new("bench", file()).open().expect("headers");
    Decoder::load(&opened.weights, opened.config, &Device::Cpu, &mut |_| true).expect("a model")
}

fn tokens(count: u32) -> Vec<u32> {
    (0..count).map(|i| (7 + 31 * i + i * i) % 50_000).collect()
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn reading_512_tokens(bencher: divan::Bencher<'_, '_>) {
    let (decoder, tokens) = (decoder(), tokens(512));
    bencher.bench_local(|| {
        let mut cache = decoder.cache().expect("a cache");
        let mut last = Rows::None;
        for chunk in tokens.chunks(256) {
            decoder
                .forward(chunk, &mut cache, last, &|| false)
                .expect("a pass");
            last = Rows::Last;
        }
    });
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn writing_32_tokens(bencher: divan::Bencher<'_, '_>) {
    let decoder = decoder();
    let mut cache = decoder.cache().expect("a cache");
    decoder
        .forward(&tokens(64), &mut cache, Rows::None, &|| false)
        .expect("a pass");
    bencher.bench_local(|| {
        cache.truncate(64);
        for token in tokens(32) {
            let row = decoder.forward(&[token], &mut cache, Rows::Last, &|| false);
            row.expect("a pass");
        }
    });
}

/// From the question to the first event, through the runtime: template, tokens, prefix, one pass.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn first_token_of_a_cached_conversation(bencher: divan::Bencher<'_, '_>) {
    let limits = Limits {
        context_tokens: 2_048,
        ..Limits::default()
    };
    let runtime = Runtime::new(&Guard::new(8 << 30), limits, |_| {}).expect("a thread");
    let files = ModelFiles::new("bench", file());
    let request = ChatRequest {
        messages: vec![Message::user("The keeper climbs the stairs. ".repeat(15))],
        sampling: Sampling {
            temperature: Some(0.0),
            ..Sampling::default()
        },
        max_tokens: Some(1),
        ..ChatRequest::default()
    };
    let first = || {
        let mut answer = runtime.chat(&files, &request, Some("bench"));
        while let Some(event) = answer.next_blocking() {
            match event.expect("an answer") {
                ChatEvent::Usage { usage } => return usage,
                _ => continue,
            }
        }
        unreachable!("every answer has its usage")
    };
    first();
    bencher.bench_local(first);
}
