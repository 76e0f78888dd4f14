//! What the gateway adds: a decision among 100 models, counting tokens, and an answer of a dummy
//! provider asked directly, through the gateway, and through the gateway's HTTP face.
//!
//! Budgets: 50 µs a decision. Added to an answer of a provider on the same machine: 200 µs at the
//! 99th percentile one at a time, 2 ms at 500 a second on two cores; 350 µs to the first word; 10 µs a
//! word.
//!
//! `LITELLM` names the program of the LiteLLM proxy (`pip install 'litellm[proxy]'`), which is then
//! asked beside us for the same words of the same provider.

// A bench that cannot run must stop; what divan cannot measure is printed.
#![allow(clippy::expect_used, clippy::print_stdout)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use serde_json::json;
use studio_core::{Events, SettingsFile};
use studio_gateway::{Ask, Gateway, Step};
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
    // divan has no percentiles: these are printed.
    let mut arguments = std::env::args().skip(1);
    let filter = arguments.find(|argument| !argument.starts_with("--"));
    let filter = filter.unwrap_or_default();
    if "gateway::print_answers".contains(&filter) {
        print_answers();
    }
    if "gateway::print_http".contains(&filter) {
        print_http();
    }
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

/// Answers of a dummy provider on this machine, asked directly and through the gateway in turn, so
/// that both meet the same noise.
fn print_answers() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let provider = dummy(3);
    let free = Way::Gateway(World::new(&runtime, &provider, None));
    let paid = Way::Gateway(World::new(&runtime, &provider, Some((1.0, 2.0))));
    let direct = Way::direct(&provider);
    let ways = [
        ("alone", &direct),
        ("free model", &free),
        ("paid model", &paid),
    ];

    in_turn(&runtime, &ways, ROUNDS);
    for (name, way) in ways {
        at_a_rate(&runtime, name, way);
    }

    let long = dummy(LONG);
    let (direct, through) = (
        Way::direct(&long),
        Way::Gateway(World::new(&runtime, &long, None)),
    );
    let (mut alone, mut with) = (Vec::new(), Vec::new());
    for _ in 0..40 {
        alone.push(runtime.block_on(direct.ask()).whole);
        with.push(runtime.block_on(through.ask()).whole);
    }
    let (alone, with) = (median(alone), median(with));
    let added = with.as_secs_f64() - alone.as_secs_f64();
    println!(
        "{LONG} words: {:.2} ms alone, {:.2} ms through the gateway: {:.2} µs added to each",
        alone.as_secs_f64() * 1e3,
        with.as_secs_f64() * 1e3,
        added * 1e6 / LONG as f64
    );
}

/// The same over HTTP: the provider itself, our server, and LiteLLM's.
fn print_http() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (provider, app) = (dummy(3), App::new());
    std::fs::create_dir_all(app.home()).expect("a home");
    std::fs::write(app.home().join("models.yaml"), registry(&provider.url(), 1))
        .expect("a registry");
    let server = Server::start(&app);
    let alone = Way::http(&provider.url(), "none", "m");
    let ours = Way::http(&format!("{}/v1", server.url), &server.token, "p/m0");
    let peer = std::env::var("LITELLM").map(|program| LiteLlm::start(&program, &provider.url()));
    let Ok(peer) = peer else {
        println!("Over HTTP; LITELLM names no proxy to compare with");
        in_turn(&runtime, &[("alone", &alone), ("ours", &ours)], ROUNDS);
        return at_a_rate(&runtime, "ours", &ours);
    };
    let theirs = Way::http(&format!("{}/v1", peer.url), "sk-none", "m");
    println!("Over HTTP, beside LiteLLM");
    let ways = [("alone", &alone), ("ours", &ours), ("LiteLLM", &theirs)];
    in_turn(&runtime, &ways, ROUNDS / 5);
    at_a_rate(&runtime, "ours", &ours);
}

/// Their proxy with one worker, which passes on to the provider at `url`.
struct LiteLlm {
    child: std::process::Child,
    url: String,
    _folder: TempFolder,
}

impl LiteLlm {
    fn start(program: &str, provider: &str) -> LiteLlm {
        let folder = TempFolder::new();
        let config = folder.file("litellm.yaml");
        let list = format!(
            "model_list:\n  - model_name: m\n    litellm_params: {{ model: openai/m, api_base: \"{provider}\", api_key: none }}\n"
        );
        std::fs::write(&config, list).expect("a list");
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("a port").port().to_string();
        drop(free);
        let child = std::process::Command::new(program)
            .args([
                "--host",
                "127.0.0.1",
                "--port",
                &port,
                "--config",
                config.as_str(),
            ])
            // Without a key of its own it only starts when told so.
            .env(
                "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY",
                "true",
            )
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("LiteLLM");
        let address = format!("127.0.0.1:{port}");
        let patience = Instant::now() + Duration::from_secs(120);
        while std::net::TcpStream::connect(&address).is_err() {
            assert!(Instant::now() < patience, "LiteLLM does not listen");
            std::thread::sleep(Duration::from_millis(200));
        }
        LiteLlm {
            child,
            url: format!("http://{address}"),
            _folder: folder,
        }
    }
}

impl Drop for LiteLlm {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks each way once, again and again, so that all meet the same noise.
fn in_turn(runtime: &tokio::runtime::Runtime, ways: &[(&str, &Way)], rounds: usize) {
    println!("One at a time, {rounds} answers of three words: whole answer, first word");
    let mut times = vec![Vec::new(); ways.len()];
    for round in 0..rounds + WARM_UP {
        for ((_, way), times) in ways.iter().zip(&mut times) {
            let time = runtime.block_on(way.ask());
            if round >= WARM_UP {
                times.push(time);
            }
        }
    }
    for ((name, _), times) in ways.iter().zip(times) {
        print(name, &times);
    }
}

fn print(name: &str, times: &[Time]) {
    let (whole, first) = times.iter().map(|time| (time.whole, time.first)).unzip();
    println!(
        "  {name:<11} {}   {}",
        percentiles(whole),
        percentiles(first)
    );
}

const ROUNDS: usize = 3_000;
const WARM_UP: usize = 200;
const RATE: u32 = 500;
const RATED: u32 = 5_000;
const LONG: usize = 1_000;

#[derive(Clone, Copy, Debug)]
struct Time {
    first: Duration,
    whole: Duration,
}

/// How the provider is asked.
#[derive(Clone)]
enum Way {
    Direct(Arc<(Client, Endpoint)>),
    Gateway(Arc<World>),
    /// A chat completion of OpenAI's shape.
    Http(Arc<Http>),
}

struct Http {
    client: reqwest::Client,
    url: String,
    key: String,
    body: serde_json::Value,
}

impl Way {
    fn direct(provider: &FakeProvider) -> Way {
        let endpoint = Endpoint {
            provider: "P".to_owned(),
            protocol: Protocol::OpenAi,
            base_url: provider.url(),
            key: None,
            timeouts: Timeouts::default(),
        };
        Way::Direct(Arc::new((Client::new().expect("a client"), endpoint)))
    }

    fn http(base: &str, key: &str, model: &str) -> Way {
        let messages = json!([{ "role": "user", "content": "The keeper climbs the stairs." }]);
        Way::Http(Arc::new(Http {
            client: reqwest::Client::new(),
            url: format!("{base}/chat/completions"),
            key: key.to_owned(),
            body: json!({ "model": model, "messages": messages, "stream": true }),
        }))
    }

    async fn ask(&self) -> Time {
        let asked = Instant::now();
        let mut first = None;
        match self {
            Way::Direct(direct) => {
                let (client, endpoint) = &**direct;
                let mut stream = client.chat(endpoint, "m", &request(10));
                while let Some(event) = stream.next().await {
                    event.expect("an answer");
                    first.get_or_insert_with(|| asked.elapsed());
                }
            }
            Way::Gateway(world) => {
                let mut answering = world.gateway.answer(Ask {
                    operation: "bench",
                    request: request(10),
                    ..Ask::default()
                });
                while let Some(step) = answering.next().await {
                    if matches!(step.expect("an answer"), Step::Event(_)) {
                        first.get_or_insert_with(|| asked.elapsed());
                    }
                }
            }
            Way::Http(http) => {
                let sent = http.client.post(&http.url).bearer_auth(&http.key);
                let sent = sent.json(&http.body).send().await;
                let mut answer = sent
                    .and_then(|it| it.error_for_status())
                    .expect("an answer");
                let mut said = Vec::new();
                while let Some(piece) = answer.chunk().await.expect("a piece") {
                    said.extend_from_slice(&piece);
                    if first.is_none() && said.windows(4).any(|it| it == b"word") {
                        first = Some(asked.elapsed());
                    }
                }
            }
        }
        Time {
            first: first.expect("a word"),
            whole: asked.elapsed(),
        }
    }
}

/// Answers that are asked for at fixed moments, whether those before are over or not. Waiting for the
/// moment to come is not counted; being late is.
fn at_a_rate(runtime: &tokio::runtime::Runtime, name: &str, way: &Way) {
    let times = runtime.block_on(async {
        let begun = Instant::now();
        let mut asked = Vec::new();
        for number in 0..RATED {
            let due = begun + Duration::from_secs(1) * number / RATE;
            tokio::time::sleep_until(due.into()).await;
            let way = way.clone();
            asked.push(tokio::spawn(async move { way.ask().await }));
        }
        let mut times = Vec::new();
        for task in asked {
            times.push(task.await.expect("an answer"));
        }
        times
    });
    println!("{RATE} a second, {RATED} answers");
    print(name, &times);
}

struct World {
    gateway: Arc<Gateway>,
    _folder: TempFolder,
}

impl World {
    fn new(
        runtime: &tokio::runtime::Runtime,
        provider: &FakeProvider,
        price: Option<(f64, f64)>,
    ) -> Arc<World> {
        let folder = TempFolder::new();
        std::fs::write(folder.file("models.yaml"), registry(&provider.url(), 1)).expect("a list");
        if let Some((input, output)) = price {
            let prices = format!(
                "prices:\n  - {{ model: p/m0, as_of: 2026-01-01, source: bench, input: {input}, output: {output} }}\n"
            );
            std::fs::write(folder.file("pricing.yaml"), prices).expect("a list");
        }
        let home = Arc::new(Home::open(folder.path()).expect("a home"));
        let flags = [("budget.daily_limit_usd".to_owned(), "100000".to_owned())];
        let settings = SettingsFile::load(home.settings_path(), [], &flags).expect("settings");
        let _inside = runtime.enter();
        let gateway = Gateway::new(&home, &Arc::new(settings), &Events::new());
        Arc::new(World {
            gateway: gateway.expect("a gateway"),
            _folder: folder,
        })
    }
}

/// Says `words` words, each in a piece of its own.
fn dummy(words: usize) -> FakeProvider {
    let reply = Reply::openai(&vec!["word "; words], 10, words as u64);
    FakeProvider::start(move |_, _| reply.clone())
}

fn percentiles(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_micros();
    format!("p50 {:>5} µs, p99 {:>5} µs", at(0.5), at(0.99))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
