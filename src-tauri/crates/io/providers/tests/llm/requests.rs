//! What is sent: paths, keys, pictures, tools, formats, limits.

use futures_util::StreamExt;
use serde_json::{Value, json};
use studio_llm::chat::{
    ChatRequest, Effort, Message, Part, ResponseFormat, Sampling, Tool, ToolCall, ToolChoice,
};
use studio_providers::llm::{Client, Protocol, Target};
use studio_testkit::{Asked, FakeProvider, Reply};

use crate::{ALL, KEY, ask, endpoint, hello};

async fn sent(protocol: Protocol, request: &ChatRequest) -> Asked {
    let provider = FakeProvider::start(|_, _| Reply::new(500, "text/plain"));
    ask(&endpoint(&provider, protocol), request).await;
    provider.requests().remove(0)
}

fn object(value: Value) -> serde_json::Map<String, Value> {
    value.as_object().cloned().unwrap()
}

/// A conversation with everything in it.
fn rich() -> ChatRequest {
    let call = ToolCall {
        id: "c-1".into(),
        name: "look".into(),
        arguments: object(json!({ "at": "sky" })),
    };
    let picture = Part::Image {
        media_type: "image/png".into(),
        data: "aGk=".into(),
    };
    ChatRequest {
        messages: vec![
            Message::system("You help."),
            Message::User {
                parts: vec![
                    Part::Text {
                        text: "What is this?".into(),
                    },
                    picture,
                ],
            },
            Message::Assistant {
                text: String::new(),
                tool_calls: vec![call],
            },
            Message::Tool {
                call: "c-1".into(),
                text: "a star".into(),
            },
            Message::system("Be short."),
            Message::user("So?"),
        ],
        tools: vec![Tool {
            name: "look".into(),
            description: "Looks".into(),
            parameters: object(
                json!({ "type": "object", "properties": { "at": { "type": "string" } } }),
            ),
        }],
        tool_choice: ToolChoice::Named("look".into()),
        response: ResponseFormat::Text,
        sampling: Sampling {
            temperature: Some(0.5),
            logit_bias: [(7, -100.0)].into(),
            seed: Some(u64::MAX),
            ..Sampling::default()
        },
        max_tokens: Some(77),
        effort: None,
        stop: vec!["END".into()],
    }
}

#[tokio::test]
async fn the_key_goes_where_each_provider_wants_it_and_never_into_the_address() {
    for protocol in ALL {
        let asked = sent(protocol, &hello()).await;
        let (path, header, value) = match protocol {
            Protocol::OpenAi => (
                "/chat/completions",
                "authorization",
                format!("Bearer {KEY}"),
            ),
            Protocol::OpenAiResponses => ("/responses", "authorization", format!("Bearer {KEY}")),
            Protocol::Anthropic => ("/v1/messages", "x-api-key", KEY.to_owned()),
            Protocol::Gemini => (
                "/v1beta/models/m-1:streamGenerateContent?alt=sse",
                "x-goog-api-key",
                KEY.to_owned(),
            ),
            Protocol::Ollama => ("/api/chat", "authorization", format!("Bearer {KEY}")),
        };
        assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", path));
        assert_eq!(asked.header(header), Some(value.as_str()), "{protocol:?}");
    }
}

#[tokio::test]
async fn pictures_tools_and_their_results_take_each_providers_form() {
    let openai = sent(Protocol::OpenAi, &rich()).await.json();
    assert_eq!(
        openai["messages"][1]["content"][1]["image_url"]["url"],
        "data:image/png;base64,aGk="
    );
    assert_eq!(
        openai["messages"][2]["tool_calls"][0]["function"]["arguments"],
        "{\"at\":\"sky\"}"
    );
    assert_eq!(
        openai["messages"][3],
        json!({ "role": "tool", "tool_call_id": "c-1", "content": "a star" })
    );
    assert_eq!(openai["tool_choice"]["function"]["name"], "look");
    assert_eq!(openai["max_tokens"], 77);
    assert_eq!(openai["logit_bias"], json!({ "7": -100.0 }));
    assert_eq!(openai["stream_options"]["include_usage"], true);

    let anthropic = sent(Protocol::Anthropic, &rich()).await.json();
    assert_eq!(anthropic["system"][0]["text"], "You help.\n\nBe short.");
    let roles: Vec<&str> = anthropic["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["role"].as_str().unwrap())
        .collect();
    assert_eq!(roles, ["user", "assistant", "user"], "roles alternate");
    assert_eq!(
        anthropic["messages"][0]["content"][1]["source"]["data"],
        "aGk="
    );
    assert_eq!(anthropic["messages"][2]["content"][0]["tool_use_id"], "c-1");
    assert_eq!(
        anthropic["tool_choice"],
        json!({ "type": "tool", "name": "look" })
    );
    assert_eq!(anthropic["stop_sequences"], json!(["END"]));

    let gemini = sent(Protocol::Gemini, &rich()).await.json();
    assert_eq!(
        gemini["systemInstruction"]["parts"][0]["text"],
        "You help.\n\nBe short."
    );
    assert_eq!(
        gemini["contents"][0]["parts"][1]["inlineData"]["mimeType"],
        "image/png"
    );
    assert_eq!(
        gemini["contents"][2]["parts"][0]["functionResponse"],
        json!({ "name": "look", "response": { "result": "a star" } })
    );
    assert_eq!(
        gemini["toolConfig"]["functionCallingConfig"]["allowedFunctionNames"],
        json!(["look"])
    );
    assert_eq!(gemini["generationConfig"]["maxOutputTokens"], 77);

    let ollama = sent(Protocol::Ollama, &rich()).await.json();
    assert_eq!(ollama["messages"][1]["images"], json!(["aGk="]));
    assert_eq!(ollama["messages"][3]["tool_name"], "look");
    assert_eq!(ollama["options"]["num_predict"], 77);
    assert_eq!(
        ollama["options"]["num_ctx"], 4096,
        "a context is always named"
    );

    let responses = sent(Protocol::OpenAiResponses, &rich()).await.json();
    assert_eq!(responses["store"], false);
    assert_eq!(responses["max_output_tokens"], 77);
    let types: Vec<&str> = responses["input"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|i| i["type"].as_str())
        .collect();
    assert!(
        types.contains(&"function_call") && types.contains(&"function_call_output"),
        "{types:?}"
    );
}

async fn sent_to(model: &str, protocol: Protocol, request: &ChatRequest) -> Value {
    let provider = FakeProvider::start(|_, _| Reply::new(500, "text/plain"));
    let client = Client::new().unwrap();
    let mut stream = client.chat(&endpoint(&provider, protocol), model, request);
    while stream.next().await.is_some() {}
    provider.requests().remove(0).json()
}

#[tokio::test]
async fn an_effort_takes_each_models_form() {
    let with = |effort, max_tokens| ChatRequest {
        effort: Some(effort),
        max_tokens,
        ..hello()
    };
    for (protocol, model, effort, place, value) in [
        (
            Protocol::OpenAi,
            "gpt-5",
            Effort::High,
            "/reasoning_effort",
            json!("high"),
        ),
        (
            Protocol::OpenAi,
            "gpt-5",
            Effort::None,
            "/reasoning_effort",
            json!("minimal"),
        ),
        (
            Protocol::OpenAi,
            "gpt-5.1",
            Effort::None,
            "/reasoning_effort",
            json!("none"),
        ),
        (
            Protocol::OpenAi,
            "gpt-4.1",
            Effort::High,
            "/reasoning_effort",
            Value::Null,
        ),
        (
            Protocol::OpenAiResponses,
            "o3",
            Effort::Low,
            "/reasoning/effort",
            json!("low"),
        ),
        (
            Protocol::Anthropic,
            "claude-sonnet-4-5",
            Effort::Low,
            "/thinking",
            json!({ "type": "enabled", "budget_tokens": 2_048 }),
        ),
        (
            Protocol::Anthropic,
            "claude-sonnet-4-20250514",
            Effort::Medium,
            "/thinking/budget_tokens",
            json!(4_000),
        ),
        (
            Protocol::Anthropic,
            "claude-opus-4-7",
            Effort::Medium,
            "/thinking",
            json!({ "type": "adaptive" }),
        ),
        (
            Protocol::Anthropic,
            "claude-opus-4-7",
            Effort::Medium,
            "/output_config/effort",
            json!("medium"),
        ),
        (
            Protocol::Anthropic,
            "claude-opus-4-7",
            Effort::None,
            "/thinking",
            Value::Null,
        ),
        (
            Protocol::Gemini,
            "gemini-2.5-flash",
            Effort::None,
            "/generationConfig/thinkingConfig/thinkingBudget",
            json!(0),
        ),
        (
            Protocol::Gemini,
            "gemini-2.5-pro",
            Effort::Low,
            "/generationConfig/thinkingConfig/thinkingBudget",
            json!(1_024),
        ),
        (
            Protocol::Gemini,
            "gemini-3-pro",
            Effort::Medium,
            "/generationConfig/thinkingConfig/thinkingLevel",
            json!("high"),
        ),
        (
            Protocol::Ollama,
            "qwen3:4b",
            Effort::None,
            "/think",
            json!(false),
        ),
        (
            Protocol::Ollama,
            "qwen3:4b",
            Effort::High,
            "/think",
            json!(true),
        ),
        (
            Protocol::Ollama,
            "gpt-oss:20b",
            Effort::High,
            "/think",
            json!("high"),
        ),
    ] {
        let body = sent_to(model, protocol, &with(effort, Some(8_000))).await;
        let found = body.pointer(place).cloned().unwrap_or_default();
        assert_eq!(found, value, "{model}: {body}");
    }
    let short = with(Effort::High, Some(500));
    let short = sent_to("claude-sonnet-4-5", Protocol::Anthropic, &short).await;
    assert_eq!(short["thinking"], Value::Null, "no room to think");
    let mut warm = with(Effort::High, None);
    warm.sampling.temperature = Some(0.2);
    let warm = sent_to("claude-sonnet-4-5", Protocol::Anthropic, &warm).await;
    assert_eq!(warm["temperature"], Value::Null, "refused beside thinking");
    let plain = sent_to("claude-sonnet-4-5", Protocol::Anthropic, &hello()).await;
    assert_eq!(plain["thinking"], Value::Null);
}

#[tokio::test]
async fn anthropics_cache_is_written_where_another_turn_will_read_it() {
    let mark = json!({ "type": "ephemeral" });
    let body = sent(Protocol::Anthropic, &rich()).await.json();
    assert_eq!(body["system"][0]["cache_control"], mark);
    let last = body["messages"].as_array().unwrap().last().unwrap();
    let blocks = last["content"].as_array().unwrap();
    assert_eq!(blocks.last().unwrap()["cache_control"], mark);
    let marks = body.to_string().matches("cache_control").count();
    assert_eq!(marks, 2, "four are allowed");
    let once = sent(Protocol::Anthropic, &hello()).await;
    assert!(
        !once.body.contains("cache_control"),
        "a single question is not cached"
    );
}

#[tokio::test]
async fn calls_that_go_back_to_gemini_3_carry_a_signature() {
    let signed = sent_to("gemini-3-pro", Protocol::Gemini, &rich()).await;
    let part = &signed["contents"][1]["parts"][0];
    assert_eq!(part["functionCall"]["name"], "look");
    assert!(part["thoughtSignature"].is_string(), "refused without one");
    let before = sent_to("gemini-2.5-pro", Protocol::Gemini, &rich()).await;
    assert!(!before.to_string().contains("thoughtSignature"));
}

#[tokio::test]
async fn a_long_conversation_is_never_cut_by_ollama() {
    let provider = FakeProvider::start(|_, _| Reply::new(500, "text/plain"));
    let client = Client::new().unwrap();
    let ask = async |words: usize| {
        let request = ChatRequest {
            messages: vec![Message::user("word ".repeat(words))],
            ..ChatRequest::default()
        };
        let target = Target {
            model: "m",
            context_tokens: Some(100_000),
        };
        let mut stream = client.chat(&endpoint(&provider, Protocol::Ollama), target, &request);
        while stream.next().await.is_some() {}
        provider.requests().last().unwrap().json()
    };
    let short = ask(10).await;
    assert_eq!(short["options"]["num_ctx"], 4_096);
    assert_eq!(
        (&short["truncate"], &short["shift"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(short["keep_alive"], "15m");
    // Ollama's own default would silently cut this.
    assert_eq!(ask(10_000).await["options"]["num_ctx"], 32_768);
    assert_eq!(
        ask(10).await["options"]["num_ctx"],
        32_768,
        "another context would unload the model"
    );
}

#[tokio::test]
async fn a_schema_reaches_every_provider() {
    let schema = object(
        json!({ "type": "object", "properties": { "a": { "type": "integer" } }, "required": ["a"] }),
    );
    let request = ChatRequest {
        response: ResponseFormat::Schema {
            name: "answer".into(),
            schema,
        },
        ..hello()
    };
    for protocol in ALL {
        let body = sent(protocol, &request).await.json();
        let place = match protocol {
            Protocol::OpenAi => "/response_format/json_schema/schema",
            Protocol::OpenAiResponses => "/text/format/schema",
            Protocol::Anthropic => "/output_config/format/schema",
            Protocol::Gemini => "/generationConfig/responseJsonSchema",
            Protocol::Ollama => "/format",
        };
        let found = body
            .pointer(place)
            .unwrap_or_else(|| panic!("{protocol:?}: {body}"));
        assert_eq!(found["properties"]["a"]["type"], "integer", "{protocol:?}");
    }
}

#[tokio::test]
async fn models_are_listed_and_texts_embedded() {
    let provider = FakeProvider::start(|asked, _| {
        Reply::json(
            200,
            &match asked.path.split('?').next().unwrap() {
                "/models" => json!({ "data": [{ "id": "a" }, { "id": "b" }] }),
                "/v1/models" => json!({ "data": [{ "id": "c", "display_name": "C" }] }),
                "/v1beta/models" => {
                    json!({ "models": [{ "name": "models/g", "displayName": "G", "inputTokenLimit": 1000 }] })
                }
                "/api/tags" => {
                    json!({ "models": [{ "name": "q:1b", "size": 7, "details": { "family": "q" } }] })
                }
                "/api/show" => {
                    json!({ "model_info": { "q.context_length": 32768 }, "capabilities": ["completion", "tools"] })
                }
                "/embeddings" => {
                    json!({ "data": [{ "embedding": [1.0, 2.0] }], "usage": { "prompt_tokens": 3 } })
                }
                "/api/embed" => json!({ "embeddings": [[0.5]], "prompt_eval_count": 2 }),
                path if path.ends_with(":batchEmbedContents") => {
                    json!({ "embeddings": [{ "values": [4.0] }] })
                }
                path => panic!("{path}"),
            },
        )
    });
    let client = Client::new().unwrap();
    let names = async |protocol| -> Vec<String> {
        let models = client.models(&endpoint(&provider, protocol)).await.unwrap();
        models.into_iter().map(|model| model.id).collect()
    };
    assert_eq!(names(Protocol::OpenAi).await, ["a", "b"]);
    assert_eq!(names(Protocol::Anthropic).await, ["c"]);
    assert_eq!(names(Protocol::Gemini).await, ["g"]);
    let ollama = client
        .models(&endpoint(&provider, Protocol::Ollama))
        .await
        .unwrap();
    assert_eq!(
        (ollama[0].context_tokens, ollama[0].size_bytes),
        (Some(32_768), Some(7))
    );
    let embed = async |protocol| {
        client
            .embed(&endpoint(&provider, protocol), "m", &["x".to_owned()])
            .await
    };
    assert_eq!(embed(Protocol::OpenAi).await.unwrap().vectors, [[1.0, 2.0]]);
    assert_eq!(embed(Protocol::Ollama).await.unwrap().usage.input_tokens, 2);
    assert_eq!(embed(Protocol::Gemini).await.unwrap().vectors, [[4.0]]);
    assert!(embed(Protocol::Anthropic).await.is_err());
}
