//! Models that this program runs itself, as the gateway sees them.

use studio_llm::catalog::Model;
use studio_llm::chat::{ChatError, ChatRequest};
use studio_llm::route::Readiness;
use studio_providers::llm::ChatStream;

/// The composition root fills it with candle, or with [`NoLocalModels`].
pub trait LocalModels: Send + Sync {
    /// Whether its weights are here, and what loading them takes.
    fn readiness(&self, model: &Model) -> Readiness;

    /// Answers; dropping the stream stops it.
    fn chat(&self, model: &Model, request: &ChatRequest) -> ChatStream;
}

/// A build without local models.
pub struct NoLocalModels;

impl LocalModels for NoLocalModels {
    fn readiness(&self, _model: &Model) -> Readiness {
        Readiness::Missing
    }

    fn chat(&self, model: &Model, _request: &ChatRequest) -> ChatStream {
        let error = ChatError::UnknownModel {
            provider: "This machine".to_owned(),
            detail: format!("{} cannot be run by this build", model.id),
        };
        Box::pin(futures_util::stream::once(async { Err(error) }))
    }
}
