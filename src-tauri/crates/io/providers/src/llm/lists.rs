//! What providers say besides answers: their models, embeddings, and how far a download is.

use std::time::Duration;

use futures_util::stream::{self, BoxStream, StreamExt};
use serde_json::{Value, json};
use studio_llm::chat::{ChatError, Usage};

use super::http::{accepted, segment, whole};
use super::refusal::Origin;
use super::{Client, Endpoint, Protocol, ndjson};

/// Most bytes of a line of a download's progress.
const LONGEST_LINE: usize = 64 << 10;

/// A model as its provider lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteModel {
    /// What requests name it by.
    pub id: String,
    pub name: String,
    pub family: String,
    pub context_tokens: Option<u64>,
    pub output_tokens: Option<u64>,
    /// Bytes on the disk of a machine that holds it.
    pub size_bytes: Option<u64>,
    /// In the provider's words, such as `tools`, `vision`, `embedding`.
    pub capabilities: Vec<String>,
}

/// Vectors in the order of the texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Embeddings {
    pub vectors: Vec<Vec<f32>>,
    pub usage: Usage,
}

/// How far a download at an Ollama is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PullProgress {
    /// In its words, such as `pulling manifest`; `success` at the end.
    pub status: String,
    pub bytes: u64,
    pub total: u64,
}

impl Client {
    /// The models that the endpoint answers with.
    pub async fn models(&self, endpoint: &Endpoint) -> Result<Vec<RemoteModel>, ChatError> {
        let path = match endpoint.protocol {
            Protocol::OpenAi | Protocol::OpenAiResponses => "/models",
            Protocol::Anthropic => "/v1/models?limit=1000",
            Protocol::Gemini => "/v1beta/models?pageSize=1000",
            Protocol::Ollama => "/api/tags",
        };
        let list = whole(self.get(endpoint, path), endpoint).await?;
        let rows = ["data", "models"]
            .iter()
            .find_map(|field| list[*field].as_array());
        let rows = rows.ok_or_else(|| Origin::of(endpoint).protocol("no list of models"))?;
        let mut models: Vec<RemoteModel> = rows.iter().filter_map(model).collect();
        if endpoint.protocol == Protocol::Ollama {
            for model in &mut models {
                self.look_closer(endpoint, model).await;
            }
        }
        Ok(models)
    }

    /// Adds what an Ollama tells of one model only. It knows the model, so a failure says nothing.
    async fn look_closer(&self, endpoint: &Endpoint, model: &mut RemoteModel) {
        let request = self.post(endpoint, "/api/show", &json!({ "model": model.id }));
        let Ok(facts) = whole(request, endpoint).await else {
            return;
        };
        let info = facts["model_info"].as_object();
        model.context_tokens = info.and_then(|info| {
            info.iter()
                .find(|(name, _)| name.ends_with(".context_length"))
                .and_then(|(_, value)| value.as_u64())
        });
        model.capabilities = strings(&facts["capabilities"]);
    }

    /// Embeds `texts` with `model`.
    pub async fn embed(
        &self,
        endpoint: &Endpoint,
        model: &str,
        texts: &[String],
    ) -> Result<Embeddings, ChatError> {
        let origin = Origin::of(endpoint);
        let (path, body) = match endpoint.protocol {
            Protocol::OpenAi | Protocol::OpenAiResponses => (
                "/embeddings".to_owned(),
                json!({ "model": model, "input": texts }),
            ),
            Protocol::Ollama => (
                "/api/embed".to_owned(),
                json!({ "model": model, "input": texts }),
            ),
            Protocol::Gemini => {
                let requests: Vec<Value> = texts
                    .iter()
                    .map(|text| {
                        let content = json!({ "parts": [{ "text": text }] });
                        json!({ "model": format!("models/{model}"), "content": content })
                    })
                    .collect();
                let path = format!("/v1beta/models/{}:batchEmbedContents", segment(model));
                (path, json!({ "requests": requests }))
            }
            Protocol::Anthropic => {
                return Err(origin.bad_request("it has no embeddings; choose another provider"));
            }
        };
        let answer = whole(self.post(endpoint, &path, &body), endpoint).await?;
        let vectors = match endpoint.protocol {
            Protocol::Ollama => vectors(&answer["embeddings"], ""),
            Protocol::Gemini => vectors(&answer["embeddings"], "/values"),
            _ => vectors(&answer["data"], "/embedding"),
        };
        let vectors = vectors.filter(|vectors| vectors.len() == texts.len());
        let vectors = vectors.ok_or_else(|| origin.protocol("not one vector for each text"))?;
        let counts = [
            &answer["usage"]["prompt_tokens"],
            &answer["prompt_eval_count"],
        ];
        let usage = Usage {
            input_tokens: counts.into_iter().find_map(Value::as_u64).unwrap_or(0),
            ..Usage::default()
        };
        Ok(Embeddings { vectors, usage })
    }

    /// Has an Ollama download `model`. Dropping the stream stops it; what came stays there. It may be
    /// silent for as long as before a first word: it checks what came.
    pub fn pull(
        &self,
        endpoint: &Endpoint,
        model: &str,
    ) -> BoxStream<'static, Result<PullProgress, ChatError>> {
        let request = self.post(
            endpoint,
            "/api/pull",
            &json!({ "model": model, "stream": true }),
        );
        let origin = Origin::of(endpoint);
        let patience = endpoint.timeouts.first_token;
        let opened = async move {
            let answer = async { accepted(request.send().await, &origin).await };
            let answer = within(patience, answer, &origin).await;
            answer.flatten().map(|response| (response, origin))
        };
        let lines = stream::once(opened).flat_map(move |opened| match opened {
            Err(error) => stream::once(async { Err(error) }).boxed(),
            Ok((response, origin)) => {
                let mut parser = ndjson::Parser::new(LONGEST_LINE);
                let pieces = stream::unfold(
                    (Some(response.bytes_stream().boxed()), origin.clone()),
                    move |(pieces, origin)| async move {
                        let mut pieces = pieces?;
                        match within(patience, pieces.next(), &origin).await {
                            Ok(piece) => {
                                let piece = piece?.map_err(|e| origin.network(e.to_string()));
                                Some((piece, (Some(pieces), origin)))
                            }
                            Err(silent) => Some((Err(silent), (None, origin))),
                        }
                    },
                );
                let pieces = pieces.map(move |piece| {
                    let mut lines = Vec::new();
                    let fed = piece.and_then(|piece| {
                        let fed = parser.feed(&piece, &mut lines);
                        fed.map_err(|error| origin.protocol(error.to_string()))
                    });
                    let told = lines.iter().map(|line| Ok(progress(&origin.json(line)?)));
                    stream::iter(told.chain(fed.err().map(Err)).collect::<Vec<_>>())
                });
                pieces.flatten().boxed()
            }
        });
        lines.boxed()
    }
}

async fn within<T>(
    patience: Duration,
    answer: impl Future<Output = T>,
    origin: &Origin,
) -> Result<T, ChatError> {
    let answer = tokio::time::timeout(patience, answer).await;
    answer.map_err(|_| origin.timed_out("word of the download", patience))
}

fn progress(line: &Value) -> PullProgress {
    PullProgress {
        status: line["status"].as_str().unwrap_or_default().to_owned(),
        bytes: line["completed"].as_u64().unwrap_or(0),
        total: line["total"].as_u64().unwrap_or(0),
    }
}

fn model(row: &Value) -> Option<RemoteModel> {
    let text = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| row[*name].as_str())
            .map(str::to_owned)
    };
    // Gemini's names begin with `models/`.
    let id = text(&["id", "name", "model"])?;
    let id = id.strip_prefix("models/").unwrap_or(&id).to_owned();
    Some(RemoteModel {
        name: text(&["display_name", "displayName"]).unwrap_or_else(|| id.clone()),
        family: row["details"]["family"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        // Gemini, OpenRouter, vLLM, llama.cpp.
        context_tokens: [
            "/inputTokenLimit",
            "/context_length",
            "/max_model_len",
            "/meta/n_ctx_train",
        ]
        .iter()
        .find_map(|place| row.pointer(place)?.as_u64()),
        output_tokens: row["outputTokenLimit"].as_u64(),
        size_bytes: row["size"].as_u64(),
        capabilities: strings(&row["supportedGenerationMethods"]),
        id,
    })
}

fn strings(list: &Value) -> Vec<String> {
    let texts = list
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

/// Lists of finite numbers at `place` of each row.
fn vectors(rows: &Value, place: &str) -> Option<Vec<Vec<f32>>> {
    let vector = |row: &Value| {
        let numbers = row.pointer(place)?.as_array()?.iter();
        numbers
            .map(|number| number.as_f64().map(|x| x as f32))
            .collect()
    };
    rows.as_array()?.iter().map(vector).collect()
}
