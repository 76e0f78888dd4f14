//! Twelve listeners of the ambient score over WebSockets for a minute (`SECONDS=600` for ten), each in a room of its own;
//! then Chromium and WebKit, from the press of the button to the first sound out of the sound card.
//!
//! Budgets: first sound within 2 s; 98 % of the chunks on time, that is within 10 ms of their rhythm as a listener sees
//! it; 95 % within 150 ms of when their music began to be made. Auralis allows 50 ms of jitter and 800 ms.

// A bench that cannot run must stop; what it measures is printed.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::StreamExt;
use studio_tests::{App, Browser, Engine, Server};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const LISTENERS: usize = 12;
/// What came before is not counted: the sockets were being opened.
const WARM_UP: Duration = Duration::from_secs(2);

#[derive(Default)]
struct Heard {
    /// Milliseconds that a chunk came off the rhythm of those before.
    off_ms: Vec<f64>,
    /// Milliseconds from its making to its coming.
    late_ms: Vec<f64>,
    missed: u64,
}

fn main() {
    let secs = std::env::var("SECONDS").ok();
    let secs: u64 = secs.map_or(60, |secs| secs.parse().expect("SECONDS is a number"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let app = App::new();
        let server = Server::start(&app);
        let listening: Vec<_> = (0..LISTENERS)
            .map(|seed| {
                let socket = server.url.replacen("http", "ws", 1);
                let address = format!("{socket}/ws/stream?token={}&seed={seed}", server.token);
                tokio::spawn(listen(address, Duration::from_secs(secs)))
            })
            .collect();
        let mut all = Heard::default();
        for heard in listening {
            let heard = heard.await.expect("a listener");
            all.off_ms.extend(heard.off_ms);
            all.late_ms.extend(heard.late_ms);
            all.missed += heard.missed;
        }
        print(&mut all, secs);
        println!(
            "the server's own view: {}",
            server.get("/api/metrics").await
        );
        for engine in [Engine::Chromium, Engine::WebKit] {
            let first = first_sound(engine).await;
            println!(
                "first sound in {engine:?}: {:.2} s (budget 2 s)",
                first.as_secs_f64()
            );
        }
    });
}

/// From the press of the button to sound in the ear at the sound card.
async fn first_sound(engine: Engine) -> Duration {
    let app = App::with_sound();
    let server = Server::start(&app);
    let page = Browser::open(engine, &app, &server, 1440, 900).await;
    page.click("[aria-label='Pages'] a[href*='ambient']").await;
    page.wait_for_text("In this browser").await;
    let (from, begun) = (app.sound().now(), Instant::now());
    page.press("Play").await;
    while app.sound().left_since(from).iter().all(|&x| x == 0.0) {
        assert!(begun.elapsed() < Duration::from_secs(30), "silence");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let first = begun.elapsed();
    page.close().await;
    first
}

async fn listen(address: String, lasts: Duration) -> Heard {
    let mut request = address.into_client_request().expect("an address");
    let name = "sec-websocket-protocol";
    let protocol = "studio.pcm.v1".parse().expect("a header");
    request.headers_mut().insert(name, protocol);
    let (mut socket, _) = tokio_tungstenite::connect_async(request)
        .await
        .expect("the stream");
    let begun = Instant::now();
    let mut heard = Heard::default();
    let (mut first, mut next) = (None, None);
    while begun.elapsed() < lasts {
        let Some(Ok(message)) = socket.next().await else {
            panic!("the stream broke off");
        };
        let Message::Binary(frame) = message else {
            continue;
        };
        if begun.elapsed() < WARM_UP {
            continue;
        }
        let seq = u32::from_le_bytes(frame[..4].try_into().expect("four bytes"));
        let made_ms = f64::from_le_bytes(frame[8..16].try_into().expect("eight bytes"));
        heard.missed += u64::from(seq - next.unwrap_or(seq));
        next = Some(seq + 1);
        let (origin, first_seq) = *first.get_or_insert((Instant::now(), seq));
        let due = 100.0 * f64::from(seq - first_seq);
        heard
            .off_ms
            .push(origin.elapsed().as_secs_f64() * 1e3 - due);
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now_ms = now.expect("a clock").as_secs_f64() * 1e3;
        heard.late_ms.push(now_ms - made_ms);
    }
    // The first chunk is as late as any other: their middle is the rhythm.
    let middle = percentile(&mut heard.off_ms.clone(), 0.5);
    heard.off_ms.iter_mut().for_each(|off| *off -= middle);
    heard
}

fn print(all: &mut Heard, secs: u64) {
    let count = all.off_ms.len();
    let on_time = all.off_ms.iter().filter(|off| off.abs() <= 10.0).count();
    let variance = all.off_ms.iter().map(|off| off * off).sum::<f64>() / count as f64;
    println!(
        "{LISTENERS} listeners for {secs} s: {count} chunks, {} missed, {:.2} % on time (budget 98 %), off by {:.2} ms (standard deviation)",
        all.missed,
        100.0 * on_time as f64 / count as f64,
        variance.sqrt()
    );
    let late = &mut all.late_ms;
    println!(
        "from making to hearing: median {:.1} ms, p95 {:.1} ms (budget 150 ms), p99 {:.1} ms",
        percentile(late, 0.5),
        percentile(late, 0.95),
        percentile(late, 0.99)
    );
}

fn percentile(values: &mut [f64], share: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let at = (values.len().saturating_sub(1)) as f64 * share;
    values.get(at as usize).copied().unwrap_or(f64::NAN)
}
