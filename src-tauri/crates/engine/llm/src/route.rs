//! Which model to ask: a pure decision over candidates, with the reason for each.
//!
//! A candidate is excluded by what it cannot or must not do (privacy, capabilities, context, price,
//! circuit), or scored. A score is a weighted mean of six parts, each 0 to 1; [`Policy`] sets the
//! weights. Equal inputs give equal decisions: ties are broken by id.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::units::MicroUsd;

use crate::catalog::{Capability, Model, Task};
use crate::health::{Circuit, Health, Moment};
use crate::pricing::Rates;

/// Whether words may leave this machine. No fallback crosses it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Privacy {
    /// Only models that run on this machine.
    LocalOnly,
    #[default]
    MayLeave,
}

/// What matters most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// Only models on this machine; among them, balanced.
    LocalOnly,
    Cheapest,
    Fastest,
    Best,
    #[default]
    Balanced,
    Custom(PartWeights),
}

/// How much each part of a score matters: nothing at 0. Only their ratios count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartWeights {
    #[schemars(range(min = 0.0, max = 100.0))]
    pub quality: f64,
    #[schemars(range(min = 0.0, max = 100.0))]
    pub price: f64,
    #[schemars(range(min = 0.0, max = 100.0))]
    pub latency: f64,
    #[schemars(range(min = 0.0, max = 100.0))]
    pub health: f64,
    #[schemars(range(min = 0.0, max = 100.0))]
    pub locality: f64,
    #[schemars(range(min = 0.0, max = 100.0))]
    pub readiness: f64,
}

impl Policy {
    pub fn weights(self) -> PartWeights {
        let weights = |quality, price, latency, health, locality, readiness| PartWeights {
            quality,
            price,
            latency,
            health,
            locality,
            readiness,
        };
        match self {
            Policy::Cheapest => weights(1.0, 20.0, 1.0, 2.0, 1.0, 1.0),
            Policy::Fastest => weights(1.0, 1.0, 20.0, 2.0, 0.0, 4.0),
            Policy::Best => weights(20.0, 0.5, 0.5, 2.0, 0.0, 0.5),
            Policy::LocalOnly | Policy::Balanced => weights(4.0, 3.0, 2.0, 2.0, 2.0, 1.0),
            Policy::Custom(weights) => weights,
        }
    }
}

/// What is to be answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Question {
    pub task: Task,
    pub policy: Policy,
    pub privacy: Privacy,
    /// What the model must be able to do.
    pub needs: BTreeSet<Capability>,
    pub input_tokens: u64,
    /// Tokens that the answer is expected to take.
    pub output_tokens: u64,
    /// The only model that may answer first; others only as fallback.
    pub pinned: Option<String>,
    /// The model that answered before in this conversation: kept unless it cannot answer.
    pub sticky: Option<String>,
    /// Whether a model whose price nobody knows may be asked.
    pub allow_unknown_price: bool,
    /// The most that one request may cost.
    pub most_cost: Option<MicroUsd>,
}

/// What this machine is doing: heavy local models wait while it plays or renders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Machine {
    /// Sound is being played live.
    pub live_audio: bool,
    /// Processor-bound jobs that run now.
    pub busy_jobs: u32,
    pub free_memory_bytes: u64,
}

/// One model that might be asked, with all that is known of it now.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    pub model: &'a Model,
    pub on_this_machine: bool,
    pub rates: Option<Rates>,
    pub health: &'a Health,
    pub readiness: Readiness,
}

/// How soon a model can start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Readiness {
    /// Loaded, or run by somebody else.
    Ready,
    /// Its weights are here and must be loaded: this many bytes of memory.
    Loadable(u64),
    /// It lacks a key, its weights, or its program does not run.
    Missing,
}

/// The parts of a score, each 0 (worst) to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Parts {
    pub quality: f64,
    pub price: f64,
    pub latency: f64,
    pub health: f64,
    pub locality: f64,
    pub readiness: f64,
}

/// A candidate that may answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Scored {
    pub model: String,
    /// 0 to 1.
    pub score: f64,
    pub parts: Parts,
    /// The most that the request can cost; absent where the price is unknown.
    pub most_cost: Option<MicroUsd>,
}

/// A candidate that may not answer, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Excluded {
    pub model: String,
    pub reason: Reason,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The words must stay on this machine.
    Privacy,
    /// It embeds where an answer is wanted, or the reverse.
    OtherTask,
    /// It cannot do this.
    Lacks(Capability),
    /// Conversation and answer take more than its context.
    Context { needs: u64, has: u64 },
    /// Nobody knows its price, and that is not allowed.
    UnknownPrice,
    /// It may cost more than one request may.
    TooDear { costs: MicroUsd },
    /// It failed too often and rests.
    Resting,
    /// It lacks a key, its weights, or its program does not run.
    NotReady,
    /// Its weights do not fit into the free memory.
    Memory { needs: u64, free: u64 },
}

/// The ranking of all candidates.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Decision {
    /// Best first. The first is asked; the others are its fallbacks, in this order.
    pub ranked: Vec<Scored>,
    pub excluded: Vec<Excluded>,
    /// Why the first one is first, for people.
    pub because: String,
}

/// A request of this price scores one half.
const HALF_PRICE: f64 = 5_000.0;
/// This time to a whole answer scores one half.
const HALF_LATENCY_MS: f64 = 4_000.0;
/// What a model is taken for that has not been measured.
const UNMEASURED_REMOTE: (f64, f64) = (900.0, 60.0);
const UNMEASURED_LOCAL: (f64, f64) = (600.0, 15.0);

/// Ranks `candidates` for `question` at `now`.
pub fn decide(
    question: &Question,
    candidates: &[Candidate<'_>],
    machine: &Machine,
    now: Moment,
) -> Decision {
    let mut decision = Decision::default();
    for candidate in candidates {
        let model = candidate.model.id.clone();
        match exclusion(question, candidate, machine, now) {
            Some(reason) => decision.excluded.push(Excluded { model, reason }),
            None => decision.ranked.push(score(question, candidate, machine)),
        }
    }
    let first = |scored: &Scored| {
        let is = |wanted: &Option<String>| wanted.as_deref() == Some(scored.model.as_str());
        (is(&question.pinned), is(&question.sticky))
    };
    decision.ranked.sort_by(|a, b| {
        first(b)
            .cmp(&first(a))
            .then(b.score.total_cmp(&a.score))
            .then_with(|| a.model.cmp(&b.model))
    });
    decision.excluded.sort_by(|a, b| a.model.cmp(&b.model));
    decision.because = because(question, &decision);
    decision
}

fn exclusion(
    question: &Question,
    candidate: &Candidate<'_>,
    machine: &Machine,
    now: Moment,
) -> Option<Reason> {
    let model = candidate.model;
    let stays = question.privacy == Privacy::LocalOnly || question.policy == Policy::LocalOnly;
    if stays && !candidate.on_this_machine {
        return Some(Reason::Privacy);
    }
    let specialists = [
        (Capability::Embedding, Task::Embedding),
        (Capability::Transcription, Task::Transcription),
    ];
    for (capability, task) in specialists {
        if model.can(capability) != (question.task == task) {
            return Some(Reason::OtherTask);
        }
    }
    if let Some(lacks) = question.needs.iter().find(|need| !model.can(**need)) {
        return Some(Reason::Lacks(*lacks));
    }
    let needs = question
        .input_tokens
        .saturating_add(question.output_tokens.max(1));
    if needs > model.context_tokens {
        return Some(Reason::Context {
            needs,
            has: model.context_tokens,
        });
    }
    match candidate.rates {
        None if !question.allow_unknown_price => return Some(Reason::UnknownPrice),
        Some(rates) => {
            let costs = rates.most(question.input_tokens, question.output_tokens);
            if question.most_cost.is_some_and(|most| costs > most) {
                return Some(Reason::TooDear { costs });
            }
        }
        None => {}
    }
    match candidate.readiness {
        Readiness::Missing => return Some(Reason::NotReady),
        Readiness::Loadable(needs) if needs > machine.free_memory_bytes => {
            return Some(Reason::Memory {
                needs,
                free: machine.free_memory_bytes,
            });
        }
        Readiness::Ready | Readiness::Loadable(_) => {}
    }
    (candidate.health.circuit(now) == Circuit::Open).then_some(Reason::Resting)
}

fn score(question: &Question, candidate: &Candidate<'_>, machine: &Machine) -> Scored {
    let most_cost = candidate
        .rates
        .map(|rates| rates.most(question.input_tokens, question.output_tokens));
    // An unknown price that was allowed is taken for a high one.
    let price = most_cost.map_or(0.0, |cost| half_life(cost.0 as f64, HALF_PRICE));
    let parts = Parts {
        quality: candidate.model.quality(question.task),
        price,
        latency: half_life(answer_ms(question, candidate, machine), HALF_LATENCY_MS),
        health: candidate.health.reliability(),
        locality: f64::from(u8::from(candidate.on_this_machine)),
        readiness: f64::from(u8::from(candidate.readiness == Readiness::Ready)),
    };
    let weights = question.policy.weights();
    let pairs = [
        (weights.quality, parts.quality),
        (weights.price, parts.price),
        (weights.latency, parts.latency),
        (weights.health, parts.health),
        (weights.locality, parts.locality),
        (weights.readiness, parts.readiness),
    ];
    let total: f64 = pairs.iter().map(|(weight, _)| weight).sum();
    let sum: f64 = pairs.iter().map(|(weight, part)| weight * part).sum();
    Scored {
        model: candidate.model.id.clone(),
        score: if total > 0.0 { sum / total } else { 0.0 },
        parts,
        most_cost,
    }
}

/// 1 at zero, one half at `half`, towards 0.
fn half_life(value: f64, half: f64) -> f64 {
    half / (half + value.max(0.0))
}

/// Expected time to the end of the answer. The first token is taken at its 95th percentile: what
/// people remember is the slow ones.
fn answer_ms(question: &Question, candidate: &Candidate<'_>, machine: &Machine) -> f64 {
    let (first_ms, speed) = if candidate.on_this_machine {
        UNMEASURED_LOCAL
    } else {
        UNMEASURED_REMOTE
    };
    let first_ms = candidate.health.first_token.p95_ms().unwrap_or(first_ms);
    let speed = candidate.health.tokens_per_sec().unwrap_or(speed).max(0.1);
    let ms = first_ms + question.output_tokens as f64 / speed * 1e3;
    // Whoever computes here shares the cores with what else goes on.
    let rivals = machine.busy_jobs + u32::from(machine.live_audio);
    if candidate.on_this_machine {
        ms * f64::from(1 + rivals)
    } else {
        ms
    }
}

fn because(question: &Question, decision: &Decision) -> String {
    let Some(first) = decision.ranked.first() else {
        return match decision.excluded.len() {
            0 => "No models are known.".to_owned(),
            1 => "The only model that is known cannot answer this.".to_owned(),
            count => format!("None of {count} models can answer this."),
        };
    };
    if question.pinned.as_ref() == Some(&first.model) {
        return "It was chosen by hand.".to_owned();
    }
    if question.sticky.as_ref() == Some(&first.model) {
        return "It answered before in this conversation.".to_owned();
    }
    let pinned = question.pinned.as_ref().map_or(String::new(), |model| {
        format!("{model} cannot answer now. ")
    });
    if decision.ranked.len() == 1 {
        return format!("{pinned}It is the only one that can answer.");
    }
    let best = match question.policy {
        Policy::LocalOnly => "on this machine",
        Policy::Cheapest => "for the price",
        Policy::Fastest => "for speed",
        Policy::Best => "for quality",
        Policy::Balanced => "in quality, price and speed together",
        Policy::Custom(_) => "by your weights",
    };
    format!(
        "{pinned}It ranks first of {} {best}.",
        decision.ranked.len()
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::chat::ChatError;

    fn model(id: &str, quality: f64, capabilities: &[Capability]) -> Model {
        Model {
            id: id.into(),
            name: id.into(),
            family: String::new(),
            model: id.into(),
            context_tokens: 8_192,
            output_tokens: 4_096,
            capabilities: capabilities.iter().copied().collect(),
            encoding: crate::tokens::Encoding::Estimated,
            quality: [(Task::Chat, quality)].into(),
            licence: None,
            licence_url: None,
            weights: None,
        }
    }

    struct World {
        models: Vec<(Model, bool, Option<Rates>, Health, Readiness)>,
        machine: Machine,
    }

    const DEAR: Rates = Rates {
        input: 3_000_000,
        cached: 300_000,
        cache_write: 3_750_000,
        output: 15_000_000,
    };
    const CHEAP: Rates = Rates {
        input: 100_000,
        cached: 50_000,
        cache_write: 100_000,
        output: 400_000,
    };

    fn world() -> World {
        let tools = &[Capability::Tools, Capability::Vision];
        let entry = |id, quality, caps: &[Capability], local, rates| {
            (
                model(id, quality, caps),
                local,
                rates,
                Health::default(),
                Readiness::Ready,
            )
        };
        World {
            models: vec![
                entry("cloud/best", 0.95, tools, false, Some(DEAR)),
                entry("cloud/cheap", 0.7, tools, false, Some(CHEAP)),
                entry("cloud/new", 0.99, tools, false, None),
                entry("here/small", 0.4, &[], true, Some(Rates::FREE)),
            ],
            machine: Machine {
                free_memory_bytes: 8 << 30,
                ..Machine::default()
            },
        }
    }

    impl World {
        fn decide(&self, question: &Question) -> Decision {
            let candidates: Vec<Candidate<'_>> = self
                .models
                .iter()
                .map(
                    |(model, on_this_machine, rates, health, readiness)| Candidate {
                        model,
                        on_this_machine: *on_this_machine,
                        rates: *rates,
                        health,
                        readiness: *readiness,
                    },
                )
                .collect();
            decide(question, &candidates, &self.machine, Duration::from_secs(1))
        }
    }

    fn question(policy: Policy) -> Question {
        Question {
            policy,
            input_tokens: 500,
            output_tokens: 500,
            ..Question::default()
        }
    }

    #[track_caller]
    fn check_first(decision: &Decision, model: &str) {
        assert_eq!(decision.ranked[0].model, model, "{decision:#?}");
    }

    #[track_caller]
    fn check_excluded(decision: &Decision, model: &str, reason: Reason) {
        let found = decision
            .excluded
            .iter()
            .find(|excluded| excluded.model == model);
        assert_eq!(
            found.map(|excluded| &excluded.reason),
            Some(&reason),
            "{decision:#?}"
        );
    }

    #[test]
    fn each_policy_takes_its_own_first() {
        let mut world = world();
        let quick = Duration::from_millis(100);
        world.models[0]
            .3
            .succeeded(quick, 1_000, Duration::from_secs(2));
        check_first(&world.decide(&question(Policy::Best)), "cloud/best");
        check_first(&world.decide(&question(Policy::Cheapest)), "here/small");
        check_first(&world.decide(&question(Policy::Fastest)), "cloud/best");
        check_first(&world.decide(&question(Policy::LocalOnly)), "here/small");
        let only_price = PartWeights {
            quality: 0.0,
            price: 1.0,
            latency: 0.0,
            health: 0.0,
            locality: 0.0,
            readiness: 0.0,
        };
        check_first(
            &world.decide(&question(Policy::Custom(only_price))),
            "here/small",
        );
    }

    #[test]
    fn no_fallback_crosses_the_privacy_label() {
        let private = Question {
            privacy: Privacy::LocalOnly,
            pinned: Some("cloud/best".into()),
            ..question(Policy::Best)
        };
        let decision = world().decide(&private);
        assert_eq!(decision.ranked.len(), 1);
        check_first(&decision, "here/small");
        check_excluded(&decision, "cloud/best", Reason::Privacy);
    }

    #[test]
    fn an_unknown_price_is_a_refusal_unless_it_is_allowed() {
        let world = world();
        check_excluded(
            &world.decide(&question(Policy::Best)),
            "cloud/new",
            Reason::UnknownPrice,
        );
        let allowed = Question {
            allow_unknown_price: true,
            ..question(Policy::Best)
        };
        check_first(&world.decide(&allowed), "cloud/new");
        assert_eq!(
            world.decide(&allowed).ranked[0].most_cost,
            None,
            "unknown is never zero"
        );
    }

    #[test]
    fn what_a_model_cannot_do_excludes_it() {
        let world = world();
        let sees = Question {
            needs: [Capability::Vision].into(),
            ..question(Policy::Cheapest)
        };
        check_excluded(
            &world.decide(&sees),
            "here/small",
            Reason::Lacks(Capability::Vision),
        );
        let long = Question {
            input_tokens: 8_000,
            ..question(Policy::Best)
        };
        check_excluded(
            &world.decide(&long),
            "cloud/best",
            Reason::Context {
                needs: 8_500,
                has: 8_192,
            },
        );
        let poor = Question {
            most_cost: Some(MicroUsd(1_000)),
            ..question(Policy::Best)
        };
        check_excluded(
            &world.decide(&poor),
            "cloud/best",
            Reason::TooDear {
                costs: MicroUsd(9_375),
            },
        );
    }

    #[test]
    fn a_failing_model_rests_and_a_sticky_one_stays() {
        let mut world = world();
        let sticky = Question {
            sticky: Some("cloud/cheap".into()),
            ..question(Policy::Best)
        };
        check_first(&world.decide(&sticky), "cloud/cheap");
        for _ in 0..3 {
            let error = ChatError::Network {
                provider: "cloud".into(),
                detail: String::new(),
            };
            world.models[1].3.failed(&error, Duration::from_secs(1));
        }
        let decision = world.decide(&sticky);
        check_excluded(&decision, "cloud/cheap", Reason::Resting);
        check_first(&decision, "cloud/best");
    }

    #[test]
    fn a_busy_machine_prefers_others() {
        let mut world = world();
        let local = |world: &World| {
            let decision = world.decide(&question(Policy::Balanced));
            decision
                .ranked
                .iter()
                .find(|scored| scored.model == "here/small")
                .unwrap()
                .score
        };
        let idle = local(&world);
        world.machine.live_audio = true;
        world.machine.busy_jobs = 2;
        assert!(local(&world) < idle);
        world.models[3].4 = Readiness::Loadable(9 << 30);
        let decision = world.decide(&question(Policy::Balanced));
        check_excluded(
            &decision,
            "here/small",
            Reason::Memory {
                needs: 9 << 30,
                free: 8 << 30,
            },
        );
    }

    #[test]
    fn order_of_candidates_changes_nothing() {
        let mut world = world();
        let before = world.decide(&question(Policy::Balanced));
        world.models.reverse();
        assert_eq!(world.decide(&question(Policy::Balanced)), before);
    }
}
