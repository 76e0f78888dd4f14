//! `gateway.route`, `gateway.decisions` and `gateway.replay`: who would answer, who did, and what
//! another policy would have cost.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::units::MicroUsd;
use studio_core::{Error, JobContext, Operation};
use studio_llm::catalog::Task;
use studio_llm::chat::ChatRequest;
use studio_llm::route::{Decision, Policy, Privacy, Question};
use studio_llm::tokens::TokenCount;
use studio_store::DecisionRecord;

use crate::gateway::{Gateway, Wishes, request_or_text};
use crate::why::words;

pub(crate) fn operations(gateway: &Arc<Gateway>) -> Vec<Operation> {
    let with = || gateway.clone();
    vec![
        Operation::define(
            "gateway.route",
            "Choose a model",
            "Tells which model would answer a text and why, with every candidate's score. Nobody is asked.",
        )
        .positional("text")
        .blocking({
            let gateway = with();
            move |_cx: &JobContext, input: RouteInput| route(&gateway, input)
        }),
        Operation::define(
            "gateway.decisions",
            "List decisions",
            "Lists the router's latest decisions with all candidates and what came of each.",
        )
        .blocking({
            let gateway = with();
            move |_cx: &JobContext, input: Last| {
                gateway.flush();
                let decisions = gateway.home.decisions().list(input.limit)?;
                Ok(Decisions { decisions })
            }
        }),
        Operation::define(
            "gateway.replay",
            "Replay decisions",
            "Replays the latest decisions under another policy and tells what the same answers would have cost.",
        )
        .blocking({
            let gateway = with();
            move |_cx: &JobContext, input: ReplayInput| replay(&gateway, &input)
        }),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RouteInput {
    /// A text, as one message.
    #[serde(default)]
    text: Option<String>,
    /// A whole request, instead of a text.
    #[serde(default)]
    request: Option<ChatRequest>,
    #[serde(default)]
    model: Option<String>,
    /// The model that answered before in the same conversation: kept unless it cannot answer.
    #[serde(default)]
    sticky: Option<String>,
    #[serde(default)]
    policy: Option<Policy>,
    #[serde(default)]
    privacy: Privacy,
    #[serde(default)]
    task: Task,
}

#[derive(Serialize, JsonSchema)]
struct RouteOutput {
    /// Who would be asked first; absent if nobody can answer.
    model: Option<String>,
    decision: Decision,
    /// The reasons of the excluded ones in words, in their order.
    reasons: Vec<String>,
    tokens: TokenCount,
    policy: Policy,
}

fn route(gateway: &Gateway, input: RouteInput) -> Result<RouteOutput, Error> {
    let request = request_or_text(input.request, input.text)?;
    let wishes = Wishes {
        model: input.model,
        sticky: input.sticky,
        policy: input.policy,
        privacy: input.privacy,
        task: input.task,
        conversation: None,
    };
    let routed = gateway.route(&request, &wishes)?;
    let first = routed.decision.ranked.first();
    Ok(RouteOutput {
        model: first.map(|scored| scored.model.clone()),
        reasons: routed
            .decision
            .excluded
            .iter()
            .map(|excluded| words(&excluded.reason))
            .collect(),
        tokens: routed.tokens,
        policy: routed.question.policy,
        decision: routed.decision,
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Last {
    #[serde(default = "fifty")]
    #[schemars(range(min = 1, max = 1000))]
    limit: u32,
}

fn fifty() -> u32 {
    50
}

#[derive(Serialize, JsonSchema)]
struct Decisions {
    /// Newest first.
    decisions: Vec<DecisionRecord>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ReplayInput {
    policy: Policy,
    /// How many of the latest answered decisions are replayed.
    #[serde(default = "hundred")]
    #[schemars(range(min = 1, max = 10_000))]
    limit: u32,
}

fn hundred() -> u32 {
    100
}

/// What the same answers would have cost.
#[derive(Serialize, JsonSchema)]
struct Replay {
    /// Decisions that were answered and could be replayed.
    replayed: u64,
    /// Of these: would have been answered by another model.
    changed: u64,
    cost: MicroUsd,
    would_cost: MicroUsd,
    /// Replayed ones that nobody could have answered, or at no known price.
    unknown: u64,
    /// How often each model would have answered, most often first.
    models: Vec<Share>,
}

#[derive(Serialize, JsonSchema)]
struct Share {
    model: String,
    answers: u64,
}

fn replay(gateway: &Gateway, input: &ReplayInput) -> Result<Replay, Error> {
    gateway.flush();
    let catalog = gateway.lists.catalog();
    let mut replay = Replay {
        replayed: 0,
        changed: 0,
        cost: MicroUsd(0),
        would_cost: MicroUsd(0),
        unknown: 0,
        models: Vec::new(),
    };
    for record in gateway.home.decisions().list(input.limit)? {
        let Some(outcome) = record.outcome else {
            continue;
        };
        let Some(answered) = outcome.model else {
            continue;
        };
        // What was pinned or sticky was no choice of the policy's.
        let question = Question {
            policy: input.policy,
            pinned: None,
            sticky: None,
            ..record.question
        };
        let decision = gateway.decide(&catalog, &question);
        replay.replayed += 1;
        replay.cost.0 += outcome.cost.unwrap_or_default().0;
        let first = decision
            .ranked
            .first()
            .and_then(|scored| catalog.model(&scored.model));
        let Some((model, rates)) = first.and_then(|model| Some((model, catalog.rates(model)?)))
        else {
            replay.unknown += 1;
            continue;
        };
        replay.would_cost.0 += rates.cost(&outcome.usage).0;
        replay.changed += u64::from(model.id != answered);
        match replay
            .models
            .iter_mut()
            .find(|share| share.model == model.id)
        {
            Some(share) => share.answers += 1,
            None => replay.models.push(Share {
                model: model.id.clone(),
                answers: 1,
            }),
        }
    }
    replay.models.sort_by(|a, b| {
        b.answers
            .cmp(&a.answers)
            .then_with(|| a.model.cmp(&b.model))
    });
    Ok(replay)
}
