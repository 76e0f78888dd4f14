//! Embeddings: texts as vectors, within the budget, from the first model that can.

use studio_core::Error;
use studio_core::units::MicroUsd;
use studio_llm::catalog::Task;
use studio_llm::chat::{ChatRequest, Message, Usage};
use studio_llm::pricing::Rates;
use studio_store::Limits;

use crate::bill::{Bill, Most};
use crate::books::Buyer;
use crate::gateway::{Gateway, Wishes};
use crate::why::nobody;

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
        let counted = self.counter.count(model.encoding, &request);
        let input = self.most_input_tokens(model, &counted);
        let most = match rates {
            Some(Rates::FREE) => Most::Nothing,
            rates => Most::Money(rates.map_or(MicroUsd(0), |rates| rates.most(input, 0))),
        };
        let (key, key_limit) = key.unzip();
        let mut limits = Limits::of(&self.settings.current().budget);
        if let Some(own) = key_limit.flatten() {
            limits.key = Some(own);
        }
        let buyer = Buyer {
            operation: "v1.embeddings",
            purpose: format!("embeddings of {}", model.name),
            key,
            ..Buyer::default()
        };
        let bill = Bill::open(&self.books, buyer, most, limits).await?;
        let mut pending = Pending {
            gateway: self,
            bill: Some(bill),
            model: &model.id,
            rates,
            usage: Usage {
                input_tokens: self.expected_input_tokens(model, &counted),
                ..Usage::default()
            },
        };
        let asked = self.client.embed(&endpoint, &model.model, &texts).await;
        let reported = asked.as_ref().map(|answer| answer.usage);
        // Some do not count, and a refusal costs nothing.
        match reported {
            Ok(usage) if usage.input_tokens == 0 => {}
            reported => pending.usage = reported.unwrap_or_default(),
        }
        let usage = pending.usage;
        drop(pending);
        let vectors = asked?.vectors;
        let cost = rates.map(|rates| rates.cost(&usage));
        Ok(Embedded {
            model: model.id.clone(),
            vectors,
            usage,
            cost,
        })
    }
}

/// Embeddings that were asked for. Dropped, they are settled: if whoever asked left before the
/// answer, what was sent is paid for.
struct Pending<'a> {
    gateway: &'a Gateway,
    bill: Option<Bill>,
    model: &'a str,
    rates: Option<Rates>,
    usage: Usage,
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if let Some(bill) = self.bill.take() {
            let spent = self.rates.map(|rates| rates.cost(&self.usage));
            let answer = (self.model.to_owned(), self.usage);
            bill.close(&self.gateway.books, spent, Some(answer));
        }
    }
}
