//! What an answer used and cost, and what is written down of it.

use std::sync::Arc;

use studio_core::units::MicroUsd;
use studio_llm::catalog::Model;
use studio_llm::chat::{ChatError, Usage};
use studio_llm::health::SHORTEST_WRITING;
use studio_llm::tokens::Encoding;
use studio_store::{Attempt, DecisionRecord};

use super::{LONGEST_TOKEN, Link, Run, Written};
use crate::answer::Answered;
use crate::counts::Counted;
use crate::gateway::output_limit;

impl Run {
    /// Tokens of the request in one encoding.
    pub(super) fn count(&mut self, encoding: Encoding) -> Counted {
        let known = self.counts.iter().find(|(known, _)| *known == encoding);
        if let Some((_, count)) = known {
            return *count;
        }
        let count = self.gateway.counter.count(encoding, &self.ask.request);
        self.counts.push((encoding, count));
        count
    }

    pub(super) fn expected_input(&mut self, model: &Model) -> u64 {
        let count = self.count(model.encoding);
        self.gateway.expected_input_tokens(model, &count)
    }

    /// What `link` wrote since `from`, by our own count.
    fn counted(&mut self, link: &Link<'_>, from: usize) -> Usage {
        Usage {
            input_tokens: self.expected_input(link.model),
            output_tokens: link.model.encoding.count(&self.said[from..]) + self.unsaid_tokens,
            ..Usage::default()
        }
    }

    /// The reported usage, unless it is missing or cannot be true: then our own count.
    fn believed(&mut self, link: &Link<'_>, reported: Option<Usage>, from: usize) -> Usage {
        let Some(reported) = reported else {
            return self.counted(link, from);
        };
        let sent = self.expected_input(link.model);
        let limit = output_limit(link.model, link.is_free(), self.max_tokens);
        let said = (self.said.len() - from) as u64;
        // A system prompt of the provider's own may add some; nobody reads four times what was sent.
        let plausible = reported.input_tokens <= sent.saturating_mul(4) + 4_096
            && reported.output_tokens <= limit.saturating_mul(2) + 256
            && said <= reported.output_tokens.saturating_mul(LONGEST_TOKEN)
            && (reported.input_tokens > 0 || sent == 0)
            && reported.cached_tokens <= reported.input_tokens
            && reported.reasoning_tokens <= reported.output_tokens;
        if !plausible {
            self.warnings.push(format!(
                "{} reports {} tokens read and {} written, which cannot be; our own count was used.",
                link.provider.name, reported.input_tokens, reported.output_tokens
            ));
            return self.counted(link, from);
        }
        let counted = self.count(link.model.encoding);
        let sure = counted.tokens;
        // Other tokenizers come to two thirds of our estimate at the least; what frames a short
        // conversation is not known.
        let share = if sure.exact { 2 } else { 3 };
        if sure.total > 2_048 && reported.input_tokens.saturating_mul(share) < sure.total {
            self.warnings.push(format!(
                "{} read {} of about {} tokens that were sent: it may have cut the conversation.",
                link.provider.name, reported.input_tokens, sure.total
            ));
        }
        // Words that were put in front of a broken answer are not in our count.
        if from == 0 {
            self.gateway
                .learn_tokens(link.model, &counted, reported.input_tokens);
        }
        reported
    }

    pub(super) fn answered(&mut self, link: &Link<'_>, written: Written, from: usize) -> Answered {
        let usage = self.believed(link, written.usage, from);
        let besides = self.besides;
        let cost = link.rates.map(|rates| {
            let own = rates.cost(&usage);
            MicroUsd(own.0.saturating_add(besides.0))
        });
        let percent = self.gateway.settings.current().budget.warn_percent;
        if let Some(bill) = &self.bill {
            let near = bill.warnings(cost.unwrap_or_default(), percent);
            self.warnings.extend(near);
        }
        self.asked.clear();
        self.close(cost, Some((link.model.id.clone(), usage)));
        // What comes in one piece was written before it came.
        let lasted = written.writing >= SHORTEST_WRITING;
        self.gateway.with_health(&link.model.id, |health| {
            health.succeeded(written.first_token, usage.output_tokens, written.writing);
        });
        self.outcome.attempts.push(Attempt {
            model: link.model.id.clone(),
            failure: None,
            detail: None,
        });
        let first_token_ms = written.first_token.as_millis() as u64;
        self.outcome.model = Some(link.model.id.clone());
        self.outcome.first_token_ms = Some(first_token_ms);
        (self.outcome.usage, self.outcome.cost) = (usage, cost);
        let speed = usage.output_tokens as f64 / written.writing.as_secs_f64();
        Answered {
            model: link.model.id.clone(),
            because: self.because.clone(),
            decision: self.decision.clone(),
            end: written.end,
            usage,
            cost,
            first_token_ms,
            tokens_per_sec: lasted.then_some(speed),
            warnings: std::mem::take(&mut self.warnings),
        }
    }

    pub(super) fn failed(&mut self, link: &Link<'_>, error: &ChatError) {
        self.gateway.with_health(&link.model.id, |health| {
            health.failed(error, self.gateway.now());
        });
        self.outcome.attempts.push(Attempt {
            model: link.model.id.clone(),
            failure: Some(error.class().to_owned()),
            detail: Some(error.to_string()),
        });
    }

    /// Settles what a model wrote before it broke off.
    pub(super) fn close_broken(&mut self, link: &Link<'_>, from: usize) {
        let usage = self.counted(link, from);
        let besides = std::mem::take(&mut self.besides);
        let cost = link.rates.map(|rates| {
            let own = rates.cost(&usage);
            MicroUsd(own.0.saturating_add(besides.0))
        });
        self.close(cost, Some((link.model.id.clone(), usage)));
    }

    /// Closes the bill, if one is open. The slower one of a race is paid for, whoever answered.
    pub(super) fn close(&mut self, spent: Option<MicroUsd>, answer: Option<(String, Usage)>) {
        if let Some(bill) = self.bill.take() {
            let spent = match &answer {
                Some(_) => spent,
                None => Some(self.besides),
            };
            bill.close(&self.gateway.books, spent, answer);
        }
    }

    /// Writes the decision and what came of it.
    pub(super) fn log(&mut self) {
        let Some(routed) = self.routed.take() else {
            return;
        };
        self.outcome.total_ms = self.begun.elapsed().as_millis() as u64;
        let (question, decision) = match Arc::try_unwrap(routed) {
            Ok(routed) => (routed.question, routed.decision),
            Err(routed) => (routed.question.clone(), routed.decision.clone()),
        };
        self.gateway.books.decided(DecisionRecord {
            id: self.decision.clone(),
            at: self.at,
            operation: self.ask.operation.to_owned(),
            question,
            decision,
            outcome: Some(std::mem::take(&mut self.outcome)),
        });
    }
}

impl Drop for Run {
    /// The reader left: words that were written before are paid for.
    fn drop(&mut self) {
        let mut spent = Some(self.besides);
        let mut answer = None;
        for asked in std::mem::take(&mut self.asked) {
            self.gateway
                .with_health(&asked.model, |health| health.left());
            let usage = Usage {
                input_tokens: asked.input_tokens,
                output_tokens: asked.encoding.count(&self.said[asked.from..]) + self.unsaid_tokens,
                ..Usage::default()
            };
            let cost = asked.rates.map(|rates| rates.cost(&usage));
            spent = spent
                .zip(cost)
                .map(|(sum, cost)| MicroUsd(sum.0.saturating_add(cost.0)));
            self.outcome.model = Some(asked.model.clone());
            (self.outcome.usage, self.outcome.cost) = (usage, spent);
            answer = Some((asked.model, usage));
        }
        if let Some(bill) = self.bill.take() {
            bill.close(&self.gateway.books, spent, answer);
        }
        self.log();
    }
}
