//! Who is asked, in which order, and what is set aside for them.

use std::collections::VecDeque;
use std::time::Duration;

use studio_core::units::MicroUsd;
use studio_core::{Error, ErrorCode};
use studio_llm::pricing::Rates;
use studio_store::Limits;

use super::{Link, Run};
use crate::bill::{Bill, Most};
use crate::books::Buyer;
use crate::gateway::{Routed, output_limit};

/// Models that are asked at most.
const LONGEST_CHAIN: usize = 4;
/// Answers that a model's 95th percentile is trusted after, for asking a second one.
const ENOUGH_MEASURED: usize = 5;

impl Run {
    /// The models that may be asked, in order, with the most that each can cost.
    pub(super) fn chain<'a>(&mut self, routed: &'a Routed) -> VecDeque<Link<'a>> {
        let catalog = &routed.catalog;
        let mut chain = VecDeque::new();
        for scored in routed.decision.ranked.iter().take(LONGEST_CHAIN) {
            let model = catalog.model(&scored.model);
            let found = model.and_then(|model| Some((model, catalog.provider(model.provider())?)));
            let Some((model, provider)) = found else {
                continue;
            };
            let rates = catalog.rates(model);
            let most = match rates {
                None | Some(Rates::FREE) => MicroUsd(0),
                Some(rates) => {
                    let count = self.count(model.encoding);
                    let input = self.gateway.most_input_tokens(model, &count);
                    rates.most(input, output_limit(model, false, self.max_tokens))
                }
            };
            chain.push_back(Link {
                provider,
                model,
                rates,
                most,
            });
        }
        chain
    }

    /// Sets money aside for the dearest of `chain`, and for two where two may be asked at once. Those
    /// that the budget does not allow leave the chain: they are no fallback of a cheaper one. A model
    /// that was chosen by hand is not replaced.
    pub(super) async fn afford<'a>(
        &mut self,
        mut chain: VecDeque<Link<'a>>,
    ) -> Result<VecDeque<Link<'a>>, Error> {
        let chosen = self.ask.wishes.model.is_some();
        let settings = self.gateway.settings.current();
        let mut limits = Limits::of(&settings.budget);
        if let Some((_, Some(own))) = &self.ask.key {
            limits.key = Some(*own);
        }
        loop {
            let dearest = chain.iter().max_by_key(|link| link.most);
            let Some(dearest) = dearest.copied() else {
                return Ok(chain);
            };
            let most = if chain.iter().all(Link::is_free) {
                Most::Nothing
            } else if self.patience(&chain).is_some() {
                let mut sums: Vec<i64> = chain.iter().map(|link| link.most.0).collect();
                sums.sort_unstable_by(|a, b| b.cmp(a));
                let two = sums.iter().take(2);
                Most::Money(MicroUsd(two.fold(0, |sum, most| sum.saturating_add(*most))))
            } else {
                Most::Money(dearest.most)
            };
            let buyer = Buyer {
                run: self.decision.clone(),
                operation: self.ask.operation,
                project: self.ask.project.clone(),
                purpose: format!("an answer of {}", dearest.model.name),
                key: self.ask.key.as_ref().map(|(key, _)| key.clone()),
            };
            let refusal = match Bill::open(&self.gateway.books, buyer, most, limits).await {
                Ok(bill) => {
                    self.bill = Some(bill);
                    return Ok(chain);
                }
                Err(error) if error.code != ErrorCode::Refused => return Err(error),
                Err(refusal) => refusal,
            };
            if chosen && chain[0].most >= dearest.most && self.said.is_empty() {
                return Err(refusal);
            }
            chain.retain(|link| link.most < dearest.most);
            if chain.is_empty() {
                return Err(refusal);
            }
        }
    }

    /// How long the first of `chain` may be silent before the second is asked as well. `None`: for
    /// ever, because the owner does not want that, or nothing was measured.
    pub(super) fn patience(&self, chain: &VecDeque<Link<'_>>) -> Option<Duration> {
        let wanted = self.gateway.settings.current().models.hedge;
        if !wanted || chain.len() < 2 || self.ask.wishes.model.is_some() || !self.said.is_empty() {
            return None;
        }
        self.gateway.with_health(&chain[0].model.id, |health| {
            let measured = &health.first_token;
            let p95 = measured.p95_ms()?;
            (measured.len() >= ENOUGH_MEASURED).then(|| Duration::from_secs_f64(p95 / 1e3))
        })
    }
}
