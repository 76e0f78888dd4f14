//! Providers that refuse, stall, cut, lie and leave.

use std::time::Duration;

use futures_util::StreamExt;
use serde_json::json;
use studio_llm::chat::{ChatError, ChatEvent};
use studio_providers::llm::{Client, Endpoint, Protocol, Timeouts};
use studio_testkit::{FakeProvider, Reply};

use crate::{ALL, ask, endpoint, hello, text};

async fn error_of(protocol: Protocol, reply: Reply) -> ChatError {
    let provider = FakeProvider::start(move |_, _| reply.clone());
    let (_, error) = ask(&endpoint(&provider, protocol), &hello()).await;
    error.unwrap_or_else(|| panic!("{protocol:?} should fail"))
}

#[tokio::test]
async fn refusals_have_their_class_with_every_provider() {
    for protocol in ALL {
        let class = async |reply| error_of(protocol, reply).await.class();
        let refusal = |status, message: &str| {
            Reply::json(status, &json!({ "error": { "message": message } }))
        };
        assert_eq!(class(refusal(401, "no")).await, "auth");
        assert_eq!(class(refusal(404, "no such model")).await, "unknown_model");
        assert_eq!(
            class(refusal(400, "temperature is wrong")).await,
            "bad_request"
        );
        assert_eq!(
            class(refusal(400, "maximum context length is 8")).await,
            "context_length"
        );
        assert_eq!(
            class(refusal(400, "violates the content policy")).await,
            "content_policy"
        );
        assert_eq!(
            class(Reply::new(502, "text/html").bytes("<html><title>Bad</title>")).await,
            "overloaded"
        );
        assert_eq!(class(Reply::new(500, "text/plain")).await, "overloaded");
        // A redirect might lead the key to somebody else.
        assert_eq!(
            class(Reply::new(307, "text/plain").header("location", "http://127.0.0.1:1/")).await,
            "protocol"
        );
        // Success in name only.
        assert_eq!(
            class(Reply::new(200, "text/html").bytes("<html>sign in</html>")).await,
            "protocol"
        );
        assert_eq!(
            class(Reply::new(200, "text/event-stream")).await,
            "protocol"
        );
        assert_eq!(
            class(Reply::new(200, "text/event-stream").bytes("data: {\"a\":\n\n{\n")).await,
            "protocol"
        );
    }
}

#[tokio::test]
async fn a_rate_limit_says_when_to_come_back() {
    let body = json!({ "error": { "message": "slow down" } });
    let error = error_of(
        Protocol::OpenAi,
        Reply::json(429, &body).header("retry-after", "7"),
    )
    .await;
    assert_eq!(error.class(), "rate_limited");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
}

#[tokio::test]
async fn an_error_in_the_middle_comes_after_the_words_before_it() {
    let told = Reply::openai_begun(&["Once ", "upon"]).bytes(
        "data: {\"error\":{\"message\":\"server overloaded\",\"type\":\"server_error\"}}\n\n",
    );
    let provider = FakeProvider::start(move |_, _| told.clone());
    let (events, error) = ask(&endpoint(&provider, Protocol::OpenAi), &hello()).await;
    assert_eq!(text(&events), "Once upon");
    assert_eq!(error.unwrap().class(), "overloaded");
    let told = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
    let error = error_of(
        Protocol::Anthropic,
        Reply::new(200, "text/event-stream").bytes(told),
    )
    .await;
    assert_eq!(error.class(), "overloaded");
}

fn impatient(provider: &FakeProvider, protocol: Protocol) -> Endpoint {
    Endpoint {
        timeouts: Timeouts {
            first_token: Duration::from_millis(150),
            idle: Duration::from_millis(150),
        },
        ..endpoint(provider, protocol)
    }
}

#[tokio::test]
async fn a_download_that_falls_silent_is_given_up() {
    let word = "{\"status\":\"pulling manifest\"}\n";
    let told = Reply::new(200, "application/x-ndjson").bytes(word);
    let provider =
        FakeProvider::start(move |_, _| told.clone().wait(Duration::from_secs(30)).bytes(word));
    let pulled = Client::new()
        .unwrap()
        .pull(&impatient(&provider, Protocol::Ollama), "tiny");
    let told: Vec<_> = pulled.collect().await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0].as_ref().unwrap().status, "pulling manifest");
    assert_eq!(told[1].as_ref().unwrap_err().class(), "timed_out");
}

/// Linux drops what comes to a full queue, as a machine does that is gone; others refuse it.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_machine_that_takes_no_connection_is_not_waited_for_for_ever() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let brief = Duration::from_millis(200);
    let mut held = Vec::new();
    while let Ok(stream) = std::net::TcpStream::connect_timeout(&address, brief) {
        held.push(stream);
    }
    let endpoint = Endpoint {
        provider: "Gone".to_owned(),
        protocol: Protocol::OpenAi,
        base_url: format!("http://{address}"),
        key: None,
        timeouts: Timeouts::default(),
    };
    let (_, error) = ask(&endpoint, &hello()).await;
    let error = error.expect("nobody answered");
    assert!(
        matches!(error, ChatError::TimedOut { phase: "connect", after, .. } if after.as_secs() == 10),
        "{error:?}"
    );
}

// The test's own thread blocks while it waits for the server.
#[tokio::test(flavor = "multi_thread")]
async fn silence_is_not_borne_for_ever() {
    let long = Duration::from_secs(60);
    let phase = async |protocol, reply: Reply| {
        let provider = FakeProvider::start(move |_, _| reply.clone());
        let (_, error) = ask(&impatient(&provider, protocol), &hello()).await;
        provider.wait_until_left();
        match error {
            Some(ChatError::TimedOut { phase, .. }) => phase,
            other => panic!("{protocol:?}: {other:?}"),
        }
    };
    for protocol in ALL {
        assert_eq!(
            phase(protocol, Reply::new(200, "text/event-stream").wait(long)).await,
            "first token"
        );
    }
    assert_eq!(
        phase(Protocol::OpenAi, Reply::openai_begun(&["Once"]).wait(long)).await,
        "next token"
    );
    // Life signs are no words.
    let pinging = |mut reply: Reply| {
        for _ in 0..200 {
            reply = reply.bytes(": ping\n\n").wait(Duration::from_millis(20));
        }
        reply
    };
    let pings = pinging(Reply::new(200, "text/event-stream"));
    assert_eq!(phase(Protocol::OpenAi, pings).await, "first token");
    let pings = pinging(Reply::openai_begun(&["Once"]));
    assert_eq!(phase(Protocol::OpenAi, pings).await, "next token");
}

// The test's own thread blocks while it waits for the server.
#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_answer_closes_the_connection() {
    for protocol in ALL {
        let provider = FakeProvider::start(|_, _| {
            Reply::new(200, "text/event-stream").wait(Duration::from_secs(60))
        });
        let client = Client::new().unwrap();
        let mut stream = client.chat(&endpoint(&provider, protocol), "m", &hello());
        let waiting = tokio::time::timeout(Duration::from_millis(200), stream.next()).await;
        assert!(waiting.is_err(), "{protocol:?} answers");
        drop(stream);
        provider.wait_until_left();
    }
}

#[tokio::test]
async fn endless_lines_and_calls_are_refused() {
    for protocol in ALL {
        let mut reply = Reply::new(200, "text/event-stream").bytes("data: \"");
        for _ in 0..10 {
            reply = reply.bytes("x".repeat(1 << 20));
        }
        assert_eq!(error_of(protocol, reply).await.class(), "protocol");
    }
    let mut calls = Reply::new(200, "text/event-stream");
    for index in 0..300 {
        let call = json!({ "index": index, "id": format!("c{index}"), "function": { "name": "f", "arguments": "{}" } });
        let chunk = json!({ "choices": [{ "delta": { "tool_calls": [call] } }] });
        calls = calls.bytes(format!("data: {chunk}\n\n"));
    }
    assert_eq!(error_of(Protocol::OpenAi, calls).await.class(), "protocol");
}

#[tokio::test]
async fn a_call_with_broken_arguments_is_never_passed_on() {
    let call = json!({ "index": 0, "id": "c", "function": { "name": "rm", "arguments": "{\"path\": \"/tm" } });
    let cut =
        json!({ "choices": [{ "delta": { "tool_calls": [call] }, "finish_reason": "length" }] });
    let reply =
        Reply::new(200, "text/event-stream").bytes(format!("data: {cut}\n\ndata: [DONE]\n\n"));
    let provider = FakeProvider::start(move |_, _| reply.clone());
    let (events, error) = ask(&endpoint(&provider, Protocol::OpenAi), &hello()).await;
    assert!(
        !events
            .iter()
            .any(|event| matches!(event, ChatEvent::ToolCall { .. })),
        "{events:?}"
    );
    assert_eq!(error.unwrap().class(), "protocol");
}

#[tokio::test]
async fn nobody_there_is_a_network_error() {
    let provider = FakeProvider::start(|_, _| Reply::new(200, "text/plain"));
    let gone = Endpoint {
        // A port of this machine where nobody listens.
        base_url: "http://127.0.0.1:1".to_owned(),
        ..endpoint(&provider, Protocol::OpenAi)
    };
    let (_, error) = ask(&gone, &hello()).await;
    assert_eq!(error.unwrap().class(), "network");
    let nonsense = Endpoint {
        base_url: "not a url".to_owned(),
        ..gone
    };
    let (_, error) = ask(&nonsense, &hello()).await;
    assert_eq!(error.unwrap().class(), "bad_request");
}
