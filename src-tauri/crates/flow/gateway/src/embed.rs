//! Embeddings: texts as vectors, within the budget, from the first model that can.

use studio_core::Error;
use studio_core::units::MicroUsd;
use studio_llm::catalog::Task;
use studio_llm::chat::{ChatRequest, Message, Usage};
use studio_store::{Limits, Purchase};

use crate::answer::{blocking, nobody};
use crate::gateway::{Gateway, Wishes};

/// Vectors in the order of the texts.
#[derive(Clone, Debug)]
pub struct Embedded {
    pub model: String,
    pub vectors: Vec<Vec<f32>>,
    pub usage: Usage,
    /// Absent where nobody knows the price.
    pub cost: Option<MicroUsd>,
}

impl Gateway {
    /// Embeds `texts`. There is no fallback: vectors of different models do not compare.
    pub async fn embed(
        &self,
        texts: Vec<String>,
        wishes: Wishes,
        key: Option<(String, Option<MicroUsd>)>,
    ) -> Result<Embedded, Error> {
        let request = ChatRequest {
            messages: texts.iter().map(Message::user).collect(),
            max_tokens: Some(1),
            ..ChatRequest::default()
        };
        let wishes = Wishes {
            task: Task::Embedding,
            ..wishes
        };
        let pinned = wishes.model.clone();
        let routed = self.route(&request, &wishes)?;
        let first = routed.decision.ranked.first();
        let first = first.filter(|scored| {
            pinned.is_none() || routed.question.pinned.as_deref() == Some(scored.model.as_str())
        });
        let model = first.and_then(|scored| routed.catalog.model(&scored.model));
        let model =
            model.ok_or_else(|| nobody(&routed.decision, routed.question.pinned.as_deref()))?;
        let provider = routed
            .catalog
            .provider(model.provider())
            .ok_or_else(|| Error::internal(format!("{} has no provider", model.id)))?;
        let endpoint = self.endpoint(provider)?;
        let rates = routed.catalog.rates(model);
        let most = rates.map_or(MicroUsd(0), |rates| rates.most(routed.tokens.total, 0));
        let (key, key_limit) = key.unzip();
        let limits = Limits {
            key: key_limit.flatten(),
            ..Limits::of(&self.settings.current().budget)
        };
        let (home, purpose) = (self.home.clone(), format!("embeddings of {}", model.name));
        let entry = blocking(move || {
            let purchase = Purchase {
                operation: "v1.embeddings",
                purpose: &purpose,
                key: key.as_deref(),
                ..Purchase::default()
            };
            let reserved = home.ledger().reserve(&purchase, most, &limits)?;
            reserved.map_err(|over| over.refusal(&purpose, most))
        })
        .await?;
        let asked = self.client.embed(&endpoint, &model.model, &texts).await;
        let usage = asked
            .as_ref()
            .map(|answer| answer.usage)
            .unwrap_or_default();
        let cost = rates.map(|rates| rates.cost(&usage));
        let (home, id) = (self.home.clone(), model.id.clone());
        let spent = cost.unwrap_or_default();
        blocking(move || Ok(home.ledger().settle_answer(entry, spent, &id, &usage)?)).await?;
        let vectors = asked?.vectors;
        Ok(Embedded {
            model: model.id.clone(),
            vectors,
            usage,
            cost,
        })
    }
}
