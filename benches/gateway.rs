//! What the gateway adds: a decision among 100 models, counting tokens, and an answer of a dummy
//! provider asked directly, through the gateway, and through the gateway's HTTP face.
//!
//! Budgets: 50 µs a decision; 200 µs added to an answer of a provider on the same machine.

// A bench that cannot run must stop.
#![allow(clippy::expect_used)]

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use serde_json::json;
use studio_core::{Events, SettingsFile};
use studio_gateway::{Ask, Gateway};
use studio_llm::catalog::{Catalog, Source};
use studio_llm::chat::{ChatRequest, Message};
use studio_llm::health::Health;
use studio_llm::pricing::Rates;
use studio_llm::route::{Candidate, Machine, Question, Readiness, decide};
use studio_llm::tokens::{Encoding, count};
use studio_providers::llm::{Client, Endpoint, Protocol, Timeouts};
use studio_store::Home;
use studio_testkit::{FakeProvider, Reply, TempFolder};
use studio_tests::{App, Server};

fn main() {
    divan::main();
}

/// `count` models of the provider at `url`.
fn registry(url: &str, count: usize) -> String {
    let mut text = format!(
        "providers:\n  - {{ id: p, name: P, protocol: openai, base_url: \"{url}\", on_this_machine: true }}\nmodels:\n"
    );
    for number in 0..count {
        text.push_str(&format!(
            "  - {{ id: p/m{number}, name: M, model: m, context_tokens: 8000, output_tokens: 1000, encoding: o200k_base, quality: {{ chat: 0.{number} }} }}\n"
        ));
    }
    text
}

#[divan::bench]
fn decision_among_100_models(bencher: divan::Bencher<'_, '_>) {
    let text = registry("http://127.0.0.1:1", 100);
    let list = Source {
        file: "models.yaml",
        text: &text,
    };
    let catalog = Catalog::read(&[list], &[]).expect("a registry");
    let health = Health::default();
    let candidates: Vec<Candidate<'_>> = catalog
        .models()
        .map(|model| Candidate {
            model,
            on_this_machine: true,
            rates: Some(Rates::FREE),
            health: &health,
            readiness: Readiness::Ready,
        })
        .collect();
    let question = Question {
        input_tokens: 500,
        output_tokens: 500,
        ..Question::default()
    };
    let machine = Machine {
        free_memory_bytes: 1 << 33,
        ..Machine::default()
    };
    bencher.bench(|| decide(&question, &candidates, &machine, Duration::from_secs(1)));
}

fn request(words: usize) -> ChatRequest {
    ChatRequest {
        messages: vec![Message::user(
            "The keeper climbs the stairs. ".repeat(words / 5),
        )],
        ..ChatRequest::default()
    }
}

#[divan::bench]
fn count_tokens_of_1000_words(bencher: divan::Bencher<'_, '_>) {
    let request = request(1_000);
    bencher.bench(|| count(Encoding::O200kBase, &request));
}

fn dummy() -> FakeProvider {
    FakeProvider::start(|_, _| Reply::openai(&["All ", "is ", "well."], 10, 4))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().expect("a runtime")
}

#[divan::bench(sample_count = 300, sample_size = 1)]
fn answer_of_the_provider_alone(bencher: divan::Bencher<'_, '_>) {
    let (provider, runtime) = (dummy(), runtime());
    let client = Client::new().expect("a client");
    let endpoint = Endpoint {
        provider: "P".to_owned(),
        protocol: Protocol::OpenAi,
        base_url: provider.url(),
        key: None,
        timeouts: Timeouts::default(),
    };
    bencher.bench_local(|| runtime.block_on(client.chat(&endpoint, "m", &request(10)).count()));
}

#[divan::bench(sample_count = 300, sample_size = 1)]
fn answer_through_the_gateway(bencher: divan::Bencher<'_, '_>) {
    let (provider, runtime, folder) = (dummy(), runtime(), TempFolder::new());
    std::fs::write(folder.file("models.yaml"), registry(&provider.url(), 1)).expect("a registry");
    let home = Arc::new(Home::open(folder.path()).expect("a home"));
    let settings = SettingsFile::load(home.settings_path(), [], &[]).expect("settings");
    let _inside = runtime.enter();
    let gateway = Gateway::new(&home, &Arc::new(settings), &Events::new()).expect("a gateway");
    let ask = || Ask {
        operation: "bench",
        request: request(10),
        ..Ask::default()
    };
    bencher.bench_local(|| {
        runtime.block_on(async {
            let mut answering = gateway.answer(ask());
            let mut steps = 0;
            while let Some(step) = answering.next().await {
                step.expect("an answer");
                steps += 1;
            }
            steps
        })
    });
}

#[divan::bench(sample_count = 300, sample_size = 1)]
fn answer_over_http(bencher: divan::Bencher<'_, '_>) {
    let (provider, runtime, app) = (dummy(), runtime(), App::new());
    std::fs::create_dir_all(app.home()).expect("a home");
    std::fs::write(app.home().join("models.yaml"), registry(&provider.url(), 1))
        .expect("a registry");
    let server = Server::start(&app);
    let client = reqwest::Client::new();
    let body = json!({ "model": "auto", "messages": [{ "role": "user", "content": "The keeper climbs." }] });
    bencher.bench_local(|| {
        runtime.block_on(async {
            let sent = client
                .post(format!("{}/v1/chat/completions", server.url))
                .bearer_auth(&server.token)
                .json(&body)
                .send();
            sent.await
                .expect("an answer")
                .bytes()
                .await
                .expect("a body")
        })
    });
}
