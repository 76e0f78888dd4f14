//! Transcripts by a provider, within the budget and the privacy label, from the first model that can.

use studio_core::Error;
use studio_core::units::MicroUsd;
use studio_llm::catalog::Task;
use studio_llm::chat::{ChatRequest, Message, Usage};
use studio_providers::llm::Sound;
use studio_store::{Limits, Purchase};

use crate::answer::blocking;
use crate::gateway::{Gateway, Wishes};
use crate::why::nobody;

/// The most tokens of a second of sound: OpenAI's models that hear take 10 and speak about 3 words.
const TOKENS_PER_SEC: f64 = 20.0;

/// What was said.
#[derive(Clone, Debug)]
pub struct Transcribed {
    pub model: String,
    pub media_type: String,
    /// As the provider wrote it.
    pub body: String,
    /// Absent where nobody knows the price.
    pub cost: Option<MicroUsd>,
}

impl Gateway {
    /// Has what is said in `secs` seconds of `sound` written down. There is no fallback: a provider
    /// that failed may have been paid.
    pub async fn transcribe(
        &self,
        sound: Sound,
        secs: f64,
        wishes: Wishes,
        key: Option<(String, Option<MicroUsd>)>,
    ) -> Result<Transcribed, Error> {
        let request = ChatRequest {
            messages: vec![Message::user("")],
            max_tokens: Some(1),
            ..ChatRequest::default()
        };
        let wishes = Wishes {
            task: Task::Transcription,
            ..wishes
        };
        let pinned = wishes.model.is_some();
        let routed = self.route(&request, &wishes)?;
        let first = routed.decision.ranked.first().filter(|scored| {
            !pinned || routed.question.pinned.as_deref() == Some(scored.model.as_str())
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
        let by_second = routed.catalog.price(&model.id);
        let by_second = by_second
            .and_then(|price| price.seconds(secs))
            .unwrap_or_default();
        let tokens = (secs.max(1.0) * TOKENS_PER_SEC).ceil() as u64;
        let most = rates.map_or(MicroUsd(0), |rates| {
            let by_token = rates.most(tokens, tokens.min(model.output_tokens));
            MicroUsd(by_token.0.saturating_add(by_second.0))
        });
        let (key, key_limit) = key.unzip();
        let limits = Limits {
            key: key_limit.flatten(),
            ..Limits::of(&self.settings.current().budget)
        };
        let (home, purpose) = (self.home.clone(), format!("a transcript of {}", model.name));
        let entry = blocking(move || {
            let purchase = Purchase {
                operation: "v1.audio_transcriptions",
                purpose: &purpose,
                key: key.as_deref(),
                ..Purchase::default()
            };
            let reserved = home.ledger().reserve(&purchase, most, &limits)?;
            reserved.map_err(|over| over.refusal(&purpose, most))
        })
        .await?;
        let asked = self
            .client
            .transcribe(&endpoint, &model.model, &sound)
            .await;
        let usage = match &asked {
            Ok(transcript) => transcript.usage.unwrap_or_default(),
            Err(_) => Usage::default(),
        };
        // Whoever refused wrote nothing down, and is not paid for it.
        let cost = rates.map(|rates| match &asked {
            Ok(_) => MicroUsd(rates.cost(&usage).0.saturating_add(by_second.0)),
            Err(_) => MicroUsd(0),
        });
        let (home, id) = (self.home.clone(), model.id.clone());
        blocking(move || Ok(home.ledger().settle_answer(entry, cost, &id, &usage)?)).await?;
        let transcript = asked?;
        Ok(Transcribed {
            model: model.id.clone(),
            media_type: transcript.media_type,
            body: transcript.body,
            cost,
        })
    }
}
