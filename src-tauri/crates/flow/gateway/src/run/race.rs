//! Two models that are asked at once, because the first is silent.

use std::time::Duration;

use futures_util::StreamExt;
use studio_core::units::MicroUsd;
use studio_llm::chat::{ChatError, Usage};
use studio_store::Attempt;

use super::{Link, Run, Talk, Written};
use crate::answer::Step;

impl Run {
    /// Asks `rival` beside `link`, which has been silent: who speaks first is heard, the other is
    /// stopped. Reading what it was sent is paid for.
    pub(super) async fn race<'a>(
        &mut self,
        link: Link<'a>,
        mut first: Talk,
        rival: Link<'a>,
        patience: Duration,
    ) -> (Link<'a>, Result<Written, ChatError>) {
        let mut second = self.begin(&rival);
        let (mut first_runs, mut second_runs) = (true, true);
        let (opening, rival_won) = loop {
            let (opening, is_rival) = tokio::select! {
                biased;
                opening = first.stream.next(), if first_runs => (opening, false),
                opening = second.stream.next(), if second_runs => (opening, true),
            };
            let both_run = first_runs && second_runs;
            let speaker = if is_rival { &rival } else { &link };
            match opening {
                Some(Err(error)) if both_run => {
                    self.asked.retain(|asked| asked.model != speaker.model.id);
                    self.failed(speaker, &error);
                    (first_runs, second_runs) = (is_rival, !is_rival);
                }
                opening => break (opening, is_rival),
            }
        };
        let (winner, talk, loser, lost, still_ran) = if rival_won {
            (rival, second, link, first, first_runs)
        } else {
            (link, first, rival, second, second_runs)
        };
        if still_ran {
            self.lose(&loser, &lost);
        }
        drop(lost);
        if rival_won {
            self.because = format!(
                "{} said nothing within {} ms, which is its 95th percentile.",
                loser.model.name,
                patience.as_millis()
            );
            self.tell(Step::Picked {
                model: winner.model.id.clone(),
                because: self.because.clone(),
            })
            .await;
        }
        let tried = self.follow(&winner, talk, opening).await;
        if tried.is_err() {
            self.asked.clear();
        }
        (winner, tried)
    }

    /// Records that `loser` was stopped because another one spoke first.
    fn lose(&mut self, loser: &Link<'_>, talk: &Talk) {
        let silent = talk.asked.elapsed();
        self.gateway
            .with_health(&loser.model.id, |health| health.outrun(silent));
        if let Some(at) = self.asked.iter().position(|it| it.model == loser.model.id) {
            let asked = self.asked.remove(at);
            let read = Usage {
                input_tokens: asked.input_tokens,
                ..Usage::default()
            };
            let cost = asked.rates.map_or(MicroUsd(0), |rates| rates.cost(&read));
            self.besides.0 = self.besides.0.saturating_add(cost.0);
        }
        self.outcome.attempts.push(Attempt {
            model: loser.model.id.clone(),
            failure: Some("outrun".to_owned()),
            detail: Some(format!("silent for {} ms", silent.as_millis())),
        });
    }
}
