//! Every protocol against a server that speaks its documented wire format, and misbehaves.
#![allow(clippy::unwrap_used, clippy::panic)]

mod answers;
mod failures;
mod requests;

use std::time::Duration;

use futures_util::StreamExt;
use studio_llm::chat::{ChatError, ChatEvent, ChatRequest, Message};
use studio_providers::llm::{Client, Endpoint, Protocol, Secret, Timeouts};
use studio_testkit::FakeProvider;

const ALL: [Protocol; 5] = [
    Protocol::OpenAi,
    Protocol::OpenAiResponses,
    Protocol::Anthropic,
    Protocol::Gemini,
    Protocol::Ollama,
];
const KEY: &str = "sk-secret-0123456789";

fn endpoint(provider: &FakeProvider, protocol: Protocol) -> Endpoint {
    Endpoint {
        provider: "Acme".to_owned(),
        protocol,
        base_url: provider.url(),
        key: Some(Secret::new(KEY)),
        timeouts: Timeouts {
            first_token: Duration::from_secs(20),
            idle: Duration::from_secs(20),
        },
    }
}

fn hello() -> ChatRequest {
    ChatRequest {
        messages: vec![Message::user("Hello")],
        ..ChatRequest::default()
    }
}

/// Asks and gathers everything until the end or the first error.
async fn ask(endpoint: &Endpoint, request: &ChatRequest) -> (Vec<ChatEvent>, Option<ChatError>) {
    let client = Client::new().unwrap();
    let mut stream = client.chat(endpoint, "m-1", request);
    let mut events = Vec::new();
    while let Some(event) = stream.next().await {
        match event {
            Ok(event) => events.push(event),
            Err(error) => {
                assert!(stream.next().await.is_none(), "something follows an error");
                assert!(
                    !format!("{error} {error:?}").contains(KEY),
                    "{error:?} shows the key"
                );
                return (events, Some(error));
            }
        }
    }
    (events, None)
}

fn text(events: &[ChatEvent]) -> String {
    let texts = events.iter().filter_map(|event| match event {
        ChatEvent::Text { text } => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}
