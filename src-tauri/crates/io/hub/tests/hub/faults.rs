use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use studio_hub::{HubError, Patience};
use studio_testkit::{HubFault, HubFile, HubPlace};

use super::{World, large, patience, wanted};

/// Has the first `count` answers of the keeper fail.
fn first(world: &World, count: usize, fault: HubFault) -> Arc<AtomicUsize> {
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = seen.clone();
    world.server.behave(move |place, _| {
        let is_early = place == HubPlace::Keeper && counter.fetch_add(1, Ordering::SeqCst) < count;
        is_early.then(|| fault.clone())
    });
    seen
}

/// A fault that passes: the file is whole in the end, by sending no more than this.
async fn passes(size: usize, count: usize, fault: HubFault, most_sent: u64) {
    let file = large(size);
    let world = World::new(vec![file.clone()]);
    first(&world, count, fault.clone());
    let got = world.get("m.gguf").await;
    let got = got.unwrap_or_else(|error| panic!("{fault:?} of {size} bytes: {error}"));
    assert_eq!(std::fs::read(&got.file).unwrap(), file.bytes, "{fault:?}");
    let sent = world.server.take_sent();
    assert!(
        sent <= most_sent,
        "{fault:?} of {size} bytes: {sent} were sent"
    );
}

#[tokio::test]
async fn cut_connections_are_gone_on_with() {
    passes(200_000, 3, HubFault::Cut(50_000), 200_000).await;
    passes(200_000, 2, HubFault::Cut(0), 200_000).await;
    passes(1_000_000, 9, HubFault::Cut(10_000), 1_000_000).await;
}

#[tokio::test]
async fn a_connection_that_is_cut_for_ever_is_given_up_and_what_came_is_kept() {
    let file = large(200_000);
    let world = World::new(vec![file.clone()]);
    let done = Arc::new(AtomicUsize::new(0));
    let counter = done.clone();
    world.server.behave(move |place, _| {
        let after =
            match counter.fetch_add(usize::from(place == HubPlace::Keeper), Ordering::SeqCst) {
                0 => 70_000,
                _ => 0,
            };
        (place == HubPlace::Keeper).then_some(HubFault::Cut(after))
    });
    let error = world.fails("m.gguf").await;
    assert!(matches!(&error, HubError::Network { .. }), "{error}");
    world.wait_begun(&file, 70_000).await;
    assert_eq!(world.begun(&file), 70_000);
    assert_eq!(
        done.load(Ordering::SeqCst),
        4,
        "the one that brought something begins the count"
    );
}

#[tokio::test]
async fn a_stall_is_noticed_and_gone_on_with() {
    let begun = Instant::now();
    passes(200_000, 1, HubFault::Stall(50_000), 200_000).await;
    passes(1_000_000, 2, HubFault::Stall(1_000), 1_000_000).await;
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn a_hub_that_says_nothing_is_given_up() {
    let patience = Patience {
        tries: 2,
        idle: Duration::from_millis(100),
        ..patience()
    };
    let world = World::with(vec![HubFile::small("c.json", "{}")], patience);
    world
        .server
        .behave(|_, asked| (asked.method == "GET").then_some(HubFault::Stall(0)));
    let error = world.fails("c.json").await;
    assert!(matches!(&error, HubError::Stalled { .. }), "{error}");
}

#[tokio::test]
async fn a_question_is_given_up_sooner_than_a_download() {
    let world = World::new(Vec::new());
    world
        .server
        .behave(|_, _| Some(HubFault::Answer(503, Vec::new(), String::new())));
    let error = world.hub.search("tiny", 5, None).await.unwrap_err();
    assert!(matches!(&error, HubError::Failing { .. }), "{error}");
    let patience = patience();
    assert_eq!(
        world.server.asked().len() as u32,
        patience.question_tries,
        "of {} for a download",
        patience.tries
    );
}

fn busy(seconds: &str) -> HubFault {
    HubFault::Answer(
        429,
        vec![("retry-after", seconds.to_owned())],
        String::new(),
    )
}

#[tokio::test]
async fn a_hub_that_is_busy_is_asked_again_when_it_says() {
    let begun = Instant::now();
    passes(1_000, 1, busy("1"), 1_000).await;
    assert!(
        begun.elapsed() >= Duration::from_secs(1),
        "it came back too soon"
    );
    let world = World::new(vec![large(1_000)]);
    let seen = first(&world, usize::MAX, busy("3600"));
    let error = world.fails("m.gguf").await;
    assert!(matches!(&error, HubError::RateLimited { .. }), "{error}");
    assert_eq!(seen.load(Ordering::SeqCst), 1, "an hour is not waited for");
    assert!(
        studio_core::Error::from(error)
            .hint
            .unwrap()
            .contains("3600 s")
    );
}

#[tokio::test]
async fn failures_of_the_server_pass() {
    for status in [500, 502, 503] {
        let fault = HubFault::Answer(status, Vec::new(), "oops".to_owned());
        passes(1_000, 2, fault, 1_000).await;
    }
}

#[tokio::test]
async fn a_keeper_without_ranges_sends_all_in_one_go() {
    passes(1_000_000, usize::MAX, HubFault::NoRanges, 1_000_000).await;
    // What came before is useless then.
    let file = large(100_000);
    let world = World::new(vec![file.clone()]);
    std::fs::create_dir_all(world.blobs()).unwrap();
    let begun = world.blobs().join(format!("{}.incomplete", file.etag()));
    std::fs::write(begun, &file.bytes[..60_000]).unwrap();
    first(&world, usize::MAX, HubFault::NoRanges);
    let got = world.get("m.gguf").await.unwrap();
    assert_eq!(std::fs::read(got.file).unwrap(), file.bytes);
}

#[tokio::test]
async fn an_address_that_expired_is_asked_for_anew() {
    let file = large(600_000);
    let world = World::new(vec![file.clone()]);
    let count = Arc::new(AtomicUsize::new(0));
    world.server.behave(move |place, _| {
        let is_third = place == HubPlace::Keeper && count.fetch_add(1, Ordering::SeqCst) == 3;
        is_third.then(|| HubFault::Answer(403, Vec::new(), "expired".to_owned()))
    });
    let got = world.get("m.gguf").await.unwrap();
    assert_eq!(std::fs::read(got.file).unwrap(), file.bytes);
    let resolved = world.server.asked();
    let resolved = resolved
        .iter()
        .filter(|(place, asked)| *place == HubPlace::Hub && asked.method == "GET");
    // Connections that begin at that moment ask, too.
    let times = resolved.count();
    assert!((2..=5).contains(&times), "{times} times");
}

#[tokio::test]
async fn a_wrong_byte_is_never_published() {
    for (size, at) in [(1_000, 0), (1_000, 999), (600_000, 300_000)] {
        let world = World::new(vec![large(size)]);
        first(&world, usize::MAX, HubFault::Flip(at));
        let error = world.fails("m.gguf").await;
        assert!(matches!(&error, HubError::WrongDigest { .. }), "{error}");
        let left = std::fs::read_dir(world.blobs()).unwrap().count();
        assert_eq!(left, 0, "what is damaged is thrown away");
        world.server.behave(|_, _| None);
        world.get("m.gguf").await.unwrap();
    }
}

#[tokio::test]
async fn a_wrong_beginning_is_fetched_again_from_the_start() {
    let file = large(100_000);
    let world = World::new(vec![file.clone()]);
    std::fs::create_dir_all(world.blobs()).unwrap();
    let begun = world.blobs().join(format!("{}.incomplete", file.etag()));
    std::fs::write(&begun, vec![0; 60_000]).unwrap();
    let got = world.get("m.gguf").await.unwrap();
    assert_eq!(std::fs::read(got.file).unwrap(), file.bytes);
    assert_eq!(world.server.take_sent(), 140_000, "the rest, then all");
    // One that is longer than the file was of something else.
    let other = HubFile::large("n.gguf", vec![5; 10]);
    world.server.replace(vec![other.clone()]);
    let begun = world.blobs().join(format!("{}.incomplete", other.etag()));
    std::fs::write(&begun, vec![0; 60_000]).unwrap();
    let got = world.get("n.gguf").await.unwrap();
    assert_eq!(std::fs::read(got.file).unwrap(), other.bytes);
}

#[tokio::test]
async fn more_bytes_than_told_are_refused() {
    let world = World::new(vec![large(1_000)]);
    first(&world, usize::MAX, HubFault::Longer);
    let error = world.fails("m.gguf").await;
    assert!(error.to_string().contains("more bytes"), "{error}");
}

async fn unexpected(status: u16, headers: Vec<(&'static str, String)>, body: &str, words: &str) {
    let world = World::new(vec![large(1_000)]);
    first(
        &world,
        usize::MAX,
        HubFault::Answer(status, headers, body.to_owned()),
    );
    let error = world.fails("m.gguf").await;
    assert!(matches!(&error, HubError::Unexpected { .. }), "{error}");
    assert!(
        error.to_string().contains(words),
        "{error} should say {words}"
    );
    assert_eq!(world.begun(&large(1_000)), 0, "nothing of it is kept");
}

#[tokio::test]
async fn what_is_not_the_file_is_refused_before_it_is_taken() {
    let html = || vec![("content-type", "text/html; charset=utf-8".to_owned())];
    unexpected(200, html(), "<html>log in</html>", "web page").await;
    unexpected(200, Vec::new(), "short", "5 bytes instead of 1000").await;
    let range = vec![("content-range", "bytes 5-9/1000".to_owned())];
    unexpected(206, range, "short", "the range").await;
    unexpected(418, Vec::new(), "tea", "418").await;
}

#[tokio::test]
async fn a_web_page_that_is_the_file_is_taken() {
    let world = World::new(vec![HubFile::small("page.html", "<p>")]);
    world.server.behave(|_, asked| {
        let html = vec![("content-type", "text/html".to_owned())];
        (asked.method == "GET").then(|| HubFault::Answer(200, html, "<p>".to_owned()))
    });
    world.get("page.html").await.unwrap();
}

#[tokio::test]
async fn a_login_page_instead_of_the_hub_is_told() {
    let world = World::new(vec![large(1_000)]);
    world.server.behave(|_, _| {
        let html = vec![("content-type", "text/html".to_owned())];
        Some(HubFault::Answer(
            200,
            html,
            "<html>log in</html>".to_owned(),
        ))
    });
    let error = world.fails("m.gguf").await;
    assert!(error.to_string().contains("no hub of models"), "{error}");
    let error = world
        .hub
        .info(&super::repo(), &Default::default(), None)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("no JSON"), "{error}");
}

#[tokio::test]
async fn headers_that_could_do_harm_are_refused() {
    for (name, value) in [
        ("x-linked-etag", "\"../../../evil\""),
        ("x-repo-commit", "../../evil"),
        ("x-linked-size", "-1"),
    ] {
        let file = large(1_000);
        let world = World::new(vec![file.clone()]);
        world.server.behave(move |place, asked| {
            let mut headers = vec![
                ("x-linked-etag", format!("\"{}\"", "a".repeat(64))),
                ("x-repo-commit", "b".repeat(40)),
                ("x-linked-size", "1000".to_owned()),
                ("location", "http://127.0.0.1:1/x".to_owned()),
            ];
            headers.retain(|(known, _)| *known != name);
            headers.push((name, value.to_owned()));
            let is_head = place == HubPlace::Hub && asked.method == "HEAD";
            is_head.then(|| HubFault::Answer(302, headers, String::new()))
        });
        let error = world.hub.offer(&wanted("m.gguf"), None).await;
        assert!(error.is_err(), "{name}: {value}");
        assert!(!world.folder.file("cache").exists(), "nothing was written");
    }
}

#[tokio::test]
async fn an_error_does_not_show_the_signature_of_an_address() {
    let world = World::new(vec![large(1_000)]);
    world.server.behave(|place, asked| {
        let signed = "http://127.0.0.1:1/x?Signature=opens-it".to_owned();
        let is_file = place == HubPlace::Hub && asked.method == "GET";
        is_file.then(|| HubFault::Answer(302, vec![("location", signed)], String::new()))
    });
    let error = world.fails("m.gguf").await;
    assert!(matches!(&error, HubError::Network { .. }), "{error}");
    assert!(!format!("{error:?}").contains("opens-it"), "{error}");
}
