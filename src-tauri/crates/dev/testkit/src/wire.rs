//! What providers of models say on the wire, by protocol: the beginning of an answer, a call that is
//! cut, an end with usage. After their API references.

use serde_json::{Value, json};

use crate::Reply;

/// A provider's protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    OpenAi,
    Responses,
    Anthropic,
    Gemini,
    Ollama,
}

impl Wire {
    pub const ALL: [Wire; 5] = [
        Wire::OpenAi,
        Wire::Responses,
        Wire::Anthropic,
        Wire::Gemini,
        Wire::Ollama,
    ];

    /// As `models.yaml` calls it.
    pub fn name(self) -> &'static str {
        match self {
            Wire::OpenAi => "openai",
            Wire::Responses => "openai-responses",
            Wire::Anthropic => "anthropic",
            Wire::Gemini => "gemini",
            Wire::Ollama => "ollama",
        }
    }

    /// An answer that has no end yet.
    pub fn begun(self, words: &[&str]) -> Reply {
        let mut reply = Reply::new(200, self.media_type());
        if self == Wire::Anthropic {
            let usage = json!({ "input_tokens": 1, "output_tokens": 1 });
            let start = json!({ "type": "message_start", "message": { "usage": usage } });
            reply = reply.bytes(self.frame(&start));
        }
        words
            .iter()
            .fold(reply, |reply, words| reply.bytes(self.said(words)))
    }

    /// A whole answer with its usage.
    pub fn whole(self, words: &[&str], input_tokens: u64, output_tokens: u64) -> Reply {
        self.begun(words)
            .bytes(self.end(input_tokens, output_tokens))
    }

    /// A piece of text.
    pub fn said(self, words: &str) -> String {
        self.frame(&match self {
            Wire::OpenAi => json!({ "choices": [{ "index": 0, "delta": { "content": words } }] }),
            Wire::Responses => json!({ "type": "response.output_text.delta", "delta": words }),
            Wire::Anthropic => json!({ "type": "content_block_delta", "index": 0,
                "delta": { "type": "text_delta", "text": words } }),
            Wire::Gemini => {
                json!({ "candidates": [{ "content": { "parts": [{ "text": words }] } }] })
            }
            Wire::Ollama => {
                json!({ "message": { "role": "assistant", "content": words }, "done": false })
            }
        })
    }

    /// The call of a tool that has begun, and whose arguments are not whole. Where the protocol sends
    /// calls in one piece, the piece is cut.
    pub fn half_call(self, tool: &str) -> String {
        let half = "{\"path\": \"/tm";
        let frames = match self {
            Wire::OpenAi => {
                let call = json!({ "index": 0, "id": "c", "function": { "name": tool, "arguments": half } });
                vec![json!({ "choices": [{ "index": 0, "delta": { "tool_calls": [call] } }] })]
            }
            Wire::Responses => vec![
                json!({ "type": "response.output_item.added", "output_index": 0,
                    "item": { "type": "function_call", "call_id": "c", "name": tool, "arguments": "" } }),
                json!({ "type": "response.function_call_arguments.delta", "output_index": 0, "delta": half }),
            ],
            Wire::Anthropic => vec![
                json!({ "type": "content_block_start", "index": 1,
                    "content_block": { "type": "tool_use", "id": "c", "name": tool, "input": {} } }),
                json!({ "type": "content_block_delta", "index": 1,
                    "delta": { "type": "input_json_delta", "partial_json": half } }),
            ],
            Wire::Gemini | Wire::Ollama => {
                let whole = self.call(tool);
                return whole[..whole.len() / 2].to_owned();
            }
        };
        frames.iter().map(|frame| self.frame(frame)).collect()
    }

    /// A whole call of `tool`, without arguments. The end follows.
    pub fn call(self, tool: &str) -> String {
        let frames = match self {
            Wire::OpenAi => {
                let call = json!({ "index": 0, "id": "c", "function": { "name": tool, "arguments": "{}" } });
                vec![json!({ "choices": [{ "index": 0, "delta": { "tool_calls": [call] } }] })]
            }
            Wire::Responses => vec![
                json!({ "type": "response.output_item.added", "output_index": 0,
                    "item": { "type": "function_call", "call_id": "c", "name": tool, "arguments": "" } }),
                json!({ "type": "response.output_item.done", "output_index": 0,
                    "item": { "type": "function_call", "call_id": "c", "name": tool, "arguments": "{}" } }),
            ],
            Wire::Anthropic => vec![json!({ "type": "content_block_start", "index": 1,
                "content_block": { "type": "tool_use", "id": "c", "name": tool, "input": {} } })],
            Wire::Gemini => vec![json!({ "candidates": [{ "content": { "parts": [
                { "functionCall": { "id": "c", "name": tool, "args": {} } }] } }] })],
            Wire::Ollama => vec![
                json!({ "message": { "role": "assistant", "content": "", "tool_calls": [
                { "id": "c", "function": { "name": tool, "arguments": {} } }] }, "done": false }),
            ],
        };
        frames.iter().map(|frame| self.frame(frame)).collect()
    }

    /// The regular end.
    pub fn end(self, input_tokens: u64, output_tokens: u64) -> String {
        let both = json!({ "input_tokens": input_tokens, "output_tokens": output_tokens });
        let frames = match self {
            Wire::OpenAi => {
                let usage =
                    json!({ "prompt_tokens": input_tokens, "completion_tokens": output_tokens });
                vec![
                    json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] }),
                    json!({ "choices": [], "usage": usage }),
                ]
            }
            Wire::Responses => vec![
                json!({ "type": "response.completed", "response": { "status": "completed", "usage": both } }),
            ],
            Wire::Anthropic => vec![
                json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" }, "usage": both }),
                json!({ "type": "message_stop" }),
            ],
            Wire::Gemini => {
                let usage = json!({ "promptTokenCount": input_tokens, "candidatesTokenCount": output_tokens });
                vec![
                    json!({ "candidates": [{ "content": { "parts": [] }, "finishReason": "STOP" }],
                    "usageMetadata": usage }),
                ]
            }
            Wire::Ollama => vec![
                json!({ "message": { "role": "assistant", "content": "" }, "done": true, "done_reason": "stop",
                "prompt_eval_count": input_tokens, "eval_count": output_tokens }),
            ],
        };
        let mut end: String = frames.iter().map(|frame| self.frame(frame)).collect();
        if self == Wire::OpenAi {
            end.push_str("data: [DONE]\n\n");
        }
        end
    }

    fn frame(self, frame: &Value) -> String {
        match self {
            Wire::Ollama => format!("{frame}\n"),
            _ => format!("data: {frame}\n\n"),
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Wire::Ollama => "application/x-ndjson",
            _ => "text/event-stream",
        }
    }
}
