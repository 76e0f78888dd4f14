//! Good answers: equal however they are split, with reasoning, tools, usage and the right end.

use serde_json::{Value, json};
use studio_llm::chat::{ChatEvent, Finish, ToolCall, Usage};
use studio_providers::llm::Protocol;
use studio_testkit::{FakeProvider, Reply};

use crate::{ALL, ask, endpoint, hello, text};

fn sse(frames: &[Value]) -> String {
    frames
        .iter()
        .map(|frame| format!("event: x\ndata: {frame}\n\n"))
        .collect()
}

fn lines(frames: &[Value]) -> String {
    frames.iter().map(|frame| format!("{frame}\n")).collect()
}

/// The same answer in each protocol: a thought, "Hé🦊llo", the call of a tool, usage.
fn wire(protocol: Protocol) -> String {
    match protocol {
        Protocol::OpenAi => {
            let delta = |delta: Value| json!({ "choices": [{ "index": 0, "delta": delta }] });
            let call = |id: Value, name: Value, text: &str| {
                delta(
                    json!({ "tool_calls": [{ "index": 0, "id": id, "function": { "name": name, "arguments": text } }] }),
                )
            };
            let frames = [
                delta(json!({ "role": "assistant", "content": "" })),
                delta(json!({ "reasoning_content": "Hm." })),
                delta(json!({ "content": "Hé" })),
                delta(json!({ "content": "🦊llo" })),
                call(json!("c-1"), json!("look"), ""),
                call(Value::Null, Value::Null, "{\"at\":"),
                call(Value::Null, Value::Null, "\"ü\"}"),
                json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "tool_calls" }] }),
                json!({ "choices": [], "usage": {
                    "prompt_tokens": 100, "completion_tokens": 20,
                    "prompt_tokens_details": { "cached_tokens": 60 },
                    "completion_tokens_details": { "reasoning_tokens": 5 } } }),
            ];
            format!(": ping\n\n{}data: [DONE]\n\n", sse(&frames))
        }
        Protocol::OpenAiResponses => sse(&[
            json!({ "type": "response.created", "response": {} }),
            json!({ "type": "response.reasoning_summary_text.delta", "delta": "Hm." }),
            json!({ "type": "response.output_text.delta", "delta": "Hé" }),
            json!({ "type": "response.output_text.delta", "delta": "🦊llo" }),
            json!({ "type": "response.output_item.added", "output_index": 2,
                "item": { "type": "function_call", "call_id": "c-1", "name": "look", "arguments": "" } }),
            json!({ "type": "response.function_call_arguments.delta", "output_index": 2, "delta": "{\"at\":" }),
            json!({ "type": "response.function_call_arguments.delta", "output_index": 2, "delta": "\"ü\"}" }),
            json!({ "type": "response.output_item.done", "output_index": 2,
                "item": { "type": "function_call", "call_id": "c-1", "name": "look", "arguments": "{\"at\":\"ü\"}" } }),
            json!({ "type": "response.completed", "response": { "status": "completed", "usage": {
                "input_tokens": 100, "input_tokens_details": { "cached_tokens": 60 },
                "output_tokens": 20, "output_tokens_details": { "reasoning_tokens": 5 } } } }),
        ]),
        Protocol::Anthropic => sse(&[
            json!({ "type": "message_start", "message": { "usage": {
                "input_tokens": 30, "cache_read_input_tokens": 60, "cache_creation_input_tokens": 10, "output_tokens": 1 } } }),
            json!({ "type": "ping" }),
            json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "thinking", "thinking": "" } }),
            json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "thinking_delta", "thinking": "Hm." } }),
            json!({ "type": "content_block_stop", "index": 0 }),
            json!({ "type": "content_block_start", "index": 1, "content_block": { "type": "text", "text": "" } }),
            json!({ "type": "content_block_delta", "index": 1, "delta": { "type": "text_delta", "text": "Hé" } }),
            json!({ "type": "content_block_delta", "index": 1, "delta": { "type": "text_delta", "text": "🦊llo" } }),
            json!({ "type": "content_block_stop", "index": 1 }),
            json!({ "type": "content_block_start", "index": 2, "content_block": { "type": "tool_use", "id": "c-1", "name": "look", "input": {} } }),
            json!({ "type": "content_block_delta", "index": 2, "delta": { "type": "input_json_delta", "partial_json": "{\"at\":" } }),
            json!({ "type": "content_block_delta", "index": 2, "delta": { "type": "input_json_delta", "partial_json": "\"ü\"}" } }),
            json!({ "type": "content_block_stop", "index": 2 }),
            json!({ "type": "message_delta", "delta": { "stop_reason": "tool_use" }, "usage": { "output_tokens": 20 } }),
            json!({ "type": "message_stop" }),
        ]),
        Protocol::Gemini => {
            let part = |part: Value| json!({ "candidates": [{ "content": { "role": "model", "parts": [part] } }] });
            sse(&[
                part(json!({ "text": "Hm.", "thought": true })),
                part(json!({ "text": "Hé" })),
                part(json!({ "text": "🦊llo" })),
                part(
                    json!({ "functionCall": { "id": "c-1", "name": "look", "args": { "at": "ü" } } }),
                ),
                json!({ "candidates": [{ "content": { "parts": [] }, "finishReason": "STOP" }], "usageMetadata": {
                    "promptTokenCount": 100, "cachedContentTokenCount": 60,
                    "candidatesTokenCount": 15, "thoughtsTokenCount": 5 } }),
            ])
        }
        Protocol::Ollama => lines(&[
            json!({ "message": { "role": "assistant", "content": "", "thinking": "Hm." }, "done": false }),
            json!({ "message": { "role": "assistant", "content": "Hé" }, "done": false }),
            json!({ "message": { "role": "assistant", "content": "🦊llo" }, "done": false }),
            json!({ "message": { "role": "assistant", "content": "", "tool_calls": [
                { "id": "c-1", "function": { "name": "look", "arguments": { "at": "ü" } } }] }, "done": false }),
            json!({ "message": { "role": "assistant", "content": "" }, "done": true, "done_reason": "stop",
                "prompt_eval_count": 100, "eval_count": 20 }),
        ]),
    }
}

fn media_type(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Ollama => "application/x-ndjson",
        _ => "text/event-stream",
    }
}

#[tokio::test]
async fn an_answer_is_the_same_however_it_is_split() {
    for protocol in ALL {
        let wire = wire(protocol).into_bytes();
        let replies: Vec<Reply> = (0..=wire.len())
            .step_by(7)
            .map(|cut| {
                Reply::new(200, media_type(protocol))
                    .bytes(&wire[..cut])
                    .bytes(&wire[cut..])
            })
            .chain([Reply::new(200, media_type(protocol)).byte_by_byte(&wire)])
            .collect();
        let count = replies.len();
        let provider = FakeProvider::start(move |_, number| replies[number].clone());
        for _ in 0..count {
            let (events, error) = ask(&endpoint(&provider, protocol), &hello()).await;
            assert_eq!(error, None, "{protocol:?}");
            check_whole(protocol, &events);
        }
    }
}

fn check_whole(protocol: Protocol, events: &[ChatEvent]) {
    assert_eq!(text(events), "Hé🦊llo", "{protocol:?}");
    let thoughts: String = events
        .iter()
        .filter_map(|event| match event {
            ChatEvent::Reasoning { text } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(thoughts, "Hm.", "{protocol:?}");
    let arguments = json!({ "at": "ü" }).as_object().cloned().unwrap();
    let call = ToolCall {
        id: "c-1".into(),
        name: "look".into(),
        arguments,
    };
    assert!(
        events.contains(&ChatEvent::ToolCall { call }),
        "{protocol:?}: {events:?}"
    );
    let mut usage = Usage {
        input_tokens: 100,
        output_tokens: 20,
        ..Usage::default()
    };
    if protocol != Protocol::Ollama {
        usage.cached_tokens = 60;
    }
    match protocol {
        Protocol::Anthropic => usage.cache_write_tokens = 10,
        Protocol::Ollama => {}
        _ => usage.reasoning_tokens = 5,
    }
    assert!(
        events.contains(&ChatEvent::Usage { usage }),
        "{protocol:?}: {events:?}"
    );
    let end = ChatEvent::End {
        reason: Finish::ToolCalls,
    };
    assert_eq!(events.last(), Some(&end), "{protocol:?}");
}

#[tokio::test]
async fn an_answer_that_breaks_off_anywhere_is_an_error_and_never_a_half_call() {
    for protocol in ALL {
        let wire = wire(protocol).into_bytes();
        let cuts: Vec<usize> = (0..wire.len()).step_by(23).collect();
        let count = cuts.len();
        let provider = FakeProvider::start(move |_, number| {
            // Half of them end in order, half break the connection: neither is an end.
            let reply = Reply::new(200, media_type(protocol)).bytes(&wire[..cuts[number]]);
            if number % 2 == 0 { reply.cut() } else { reply }
        });
        for number in 0..count {
            let (events, error) = ask(&endpoint(&provider, protocol), &hello()).await;
            let ended = events
                .iter()
                .any(|event| matches!(event, ChatEvent::End { .. }));
            // Gemini's and Ollama's last frame is the end, whatever follows.
            if error.is_none() {
                assert!(
                    ended,
                    "{protocol:?} cut {number}: neither an end nor an error"
                );
                continue;
            }
            assert!(!ended, "{protocol:?} cut {number}: an end and an error");
            for event in &events {
                if let ChatEvent::ToolCall { call } = event {
                    assert_eq!(call.arguments["at"], "ü", "{protocol:?}: half a call");
                }
            }
            assert!(
                "Hé🦊llo".starts_with(&text(&events)),
                "{protocol:?}: {events:?}"
            );
        }
    }
}
