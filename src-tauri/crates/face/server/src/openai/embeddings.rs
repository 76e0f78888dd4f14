//! `POST /v1/embeddings`.

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use studio_core::Error;
use studio_gateway::Wishes;

use super::request::OneOrMany;
use super::{privacy, wishes};
use crate::body::Whole;
use crate::guard::Caller;
use crate::http::App;
use crate::problem::Refusal;

/// OpenAI takes no more in one request.
const MOST_TEXTS: usize = 2_048;

#[derive(Deserialize)]
struct Embedding {
    model: String,
    input: OneOrMany,
    encoding_format: Option<String>,
}

/// `POST /v1/embeddings`.
pub(crate) async fn embeddings(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Whole(body): Whole,
) -> Result<Response, Refusal> {
    let asked: Embedding = serde_json::from_slice(&body)
        .map_err(|error| Error::bad_input(format!("the body is no embedding request: {error}")))?;
    let texts = match asked.input {
        OneOrMany::One(text) => vec![text],
        OneOrMany::Many(texts) => texts,
    };
    if texts.is_empty() || texts.len() > MOST_TEXTS {
        let message = format!(
            "{} texts; 1 to {MOST_TEXTS} are embedded at once",
            texts.len()
        );
        return Err(Error::bad_input(message).field("/input").into());
    }
    let wishes = Wishes {
        privacy: privacy(&headers)?,
        ..wishes(&asked.model)?
    };
    let embedded = app.gateway.embed(texts, wishes, caller.budget()).await?;
    let as_bytes = match asked.encoding_format.as_deref() {
        None | Some("float") => false,
        Some("base64") => true,
        Some(other) => {
            let message = format!("`{other}` is no encoding; float or base64");
            return Err(Error::bad_input(message).field("/encoding_format").into());
        }
    };
    let rows = embedded.vectors.iter().enumerate().map(|(index, vector)| {
        let embedding = if as_bytes {
            base64_floats(vector)
        } else {
            json!(vector)
        };
        json!({ "object": "embedding", "index": index, "embedding": embedding })
    });
    let tokens = embedded.usage.input_tokens;
    Ok(axum::Json(json!({
        "object": "list",
        "data": rows.collect::<Vec<_>>(),
        "model": embedded.model,
        "usage": { "prompt_tokens": tokens, "total_tokens": tokens },
    }))
    .into_response())
}

/// Little-endian 32-bit floats in Base64, as OpenAI's own clients ask for.
fn base64_floats(vector: &[f32]) -> Value {
    use base64::Engine as _;
    let bytes: Vec<u8> = vector.iter().flat_map(|x| x.to_le_bytes()).collect();
    json!(base64::engine::general_purpose::STANDARD.encode(bytes))
}
