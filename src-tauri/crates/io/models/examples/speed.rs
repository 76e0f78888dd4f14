//! How fast a GGUF model is here: `cargo run --release -p studio-models --example speed -- FILE`.
//!
//! Without a file, random weights as large as Qwen2.5-0.5B in Q4_0 are written to the temporary folder
//! and kept, for llama.cpp to read the same (`tests/reference/llama_cpp.mjs`).

#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use studio_llm::chat::{ChatEvent, ChatRequest, Message, Sampling};
use studio_models::arch::{Decoder, Rows};
use studio_models::runtime::{Guard, Limits, Runtime, machine};
use studio_models::{ModelError, ModelFiles};
use studio_testkit::checkpoint::{CHAT_TEMPLATE, ChatShape, chat_gguf};

/// Each figure is the best of so many: others use this machine, too.
const TIMES: usize = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = match std::env::args().nth(1) {
        Some(path) => Utf8PathBuf::from(path),
        None => Utf8PathBuf::try_from(std::env::temp_dir())?.join("half-a-billion.gguf"),
    };
    if !path.exists() {
        chat_gguf(&path, "half", &ChatShape::HALF_A_BILLION, CHAT_TEMPLATE);
    }
    println!("{path}");
    let files = ModelFiles::new("speed", path);
    let estimate = files.estimate(1_024)?;
    println!("estimate      {} MiB", estimate.total_bytes() >> 20);

    let start = Instant::now();
    let opened = files.open()?;
    let device = machine::device()?;
    let decoder = Decoder::load(&opened.weights, opened.config, &device, &mut |_| true)?;
    drop(opened.weights);
    println!("on            {:?}", device.location());
    println!("loading       {:.2} s", start.elapsed().as_secs_f64());

    let prompt = tokens(512);
    let reading = best(|| {
        let mut cache = decoder.cache()?;
        for (index, chunk) in prompt.chunks(256).enumerate() {
            let rows = if index == 1 { Rows::Last } else { Rows::None };
            decoder.forward(chunk, &mut cache, rows, &|| false)?;
        }
        Ok(())
    })?;
    println!(
        "reading       {:.1} tokens/s",
        512.0 / reading.as_secs_f64()
    );

    let mut cache = decoder.cache()?;
    decoder.forward(&tokens(64), &mut cache, Rows::None, &|| false)?;
    let writing = best(|| {
        cache.truncate(64);
        for token in tokens(32) {
            decoder.forward(&[token], &mut cache, Rows::Last, &|| false)?;
        }
        Ok(())
    })?;
    println!("writing       {:.1} tokens/s", 32.0 / writing.as_secs_f64());
    if let Some(bytes) = machine::resident_bytes() {
        println!("resident      {} MiB", bytes >> 20);
    }
    drop((decoder, cache));
    first_token(&files)
}

/// From the question to the answer's first token, with a conversation that is cached.
fn first_token(files: &ModelFiles) -> Result<(), Box<dyn std::error::Error>> {
    let limits = Limits {
        context_tokens: 1_024,
        ..Limits::default()
    };
    let runtime = Runtime::new(&Guard::new(8 << 30), limits, |_| {})?;
    let request = ChatRequest {
        messages: vec![Message::user("The keeper climbs the stairs. ".repeat(15))],
        sampling: Sampling {
            temperature: Some(0.0),
            ..Sampling::default()
        },
        max_tokens: Some(1),
        ..ChatRequest::default()
    };
    for warm in [false, true] {
        let mut shortest = Duration::MAX;
        let mut cached = 0;
        for _ in 0..if warm { TIMES } else { 1 } {
            let start = Instant::now();
            let mut answer = runtime.chat(files, &request, Some("speed"));
            while let Some(event) = answer.next_blocking() {
                if let ChatEvent::Usage { usage } = event? {
                    cached = usage.cached_tokens;
                }
            }
            shortest = shortest.min(start.elapsed());
        }
        let state = if warm { "cached" } else { "with loading" };
        println!(
            "first token   {:.1} ms {state}, {cached} tokens cached",
            shortest.as_secs_f64() * 1e3
        );
    }
    Ok(())
}

fn tokens(count: u32) -> Vec<u32> {
    (0..count).map(|i| (7 + 31 * i + i * i) % 50_000).collect()
}

fn best(mut run: impl FnMut() -> Result<(), ModelError>) -> Result<Duration, ModelError> {
    let mut shortest = Duration::MAX;
    for _ in 0..TIMES {
        let start = Instant::now();
        run()?;
        shortest = shortest.min(start.elapsed());
    }
    Ok(shortest)
}
