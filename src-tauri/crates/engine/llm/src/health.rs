//! How a model has been doing: latency, speed, and a circuit breaker. Time is passed in.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::chat::ChatError;

/// A moment on the caller's monotonic clock, since any fixed start.
pub type Moment = Duration;

/// Measurements kept for the percentile.
const WINDOW: usize = 64;
/// Weight of the newest measurement in the moving average.
const NEWEST: f64 = 0.2;
/// Failures in a row that open the circuit.
const FAILURES: u32 = 3;
/// How long it stays open the first time; each further time twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// A refused key or an empty account does not heal by itself within seconds.
const ACCOUNT_PAUSE: Duration = Duration::from_secs(120);

/// An answer that is written in less tells nothing of a model's speed: it came in one piece.
pub const SHORTEST_WRITING: Duration = Duration::from_millis(20);

/// Exponentially weighted mean and 95th percentile of the last measurements, in milliseconds.
#[derive(Clone, Debug, Default)]
pub struct Latency {
    mean: f64,
    p95: f64,
    window: Vec<f64>,
    next: usize,
}

impl Latency {
    pub fn record(&mut self, ms: f64) {
        self.mean = if self.window.is_empty() {
            ms
        } else {
            self.mean + NEWEST * (ms - self.mean)
        };
        if self.window.len() < WINDOW {
            self.window.push(ms);
        } else {
            self.window[self.next] = ms;
        }
        self.next = (self.next + 1) % WINDOW;
        let mut sorted = self.window.clone();
        sorted.sort_by(f64::total_cmp);
        // The nearest rank: the smallest value that at least 95 % do not pass.
        self.p95 = sorted[(sorted.len() * 95).div_ceil(100) - 1];
    }

    /// How many measurements are kept.
    pub fn len(&self) -> usize {
        self.window.len()
    }

    pub fn is_empty(&self) -> bool {
        self.window.is_empty()
    }

    pub fn mean_ms(&self) -> Option<f64> {
        (!self.window.is_empty()).then_some(self.mean)
    }

    pub fn p95_ms(&self) -> Option<f64> {
        (!self.window.is_empty()).then_some(self.p95)
    }
}

/// Whether a model is asked at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Circuit {
    /// It is asked.
    Closed,
    /// It failed too often: it rests.
    Open,
    /// Its rest is over: one request may try.
    HalfOpen,
}

/// The record of one model.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// Time to the first token.
    pub first_token: Latency,
    /// Output tokens per second, exponentially weighted.
    tokens_per_sec: Option<f64>,
    successes: u64,
    failures: u64,
    in_a_row: u32,
    rests: u32,
    open_until: Option<Moment>,
    probing: Option<Moment>,
}

impl Health {
    /// A request was answered to its end.
    pub fn succeeded(&mut self, first_token: Duration, tokens: u64, writing: Duration) {
        self.first_token.record(first_token.as_secs_f64() * 1e3);
        if tokens > 1 && writing >= SHORTEST_WRITING {
            let speed = tokens as f64 / writing.as_secs_f64();
            self.tokens_per_sec = Some(match self.tokens_per_sec {
                Some(mean) => mean + NEWEST * (speed - mean),
                None => speed,
            });
        }
        self.successes += 1;
        (self.in_a_row, self.rests) = (0, 0);
        (self.open_until, self.probing) = (None, None);
    }

    /// A request failed at `now`. What is wrong with the request itself says nothing about the model.
    pub fn failed(&mut self, error: &ChatError, now: Moment) {
        self.probing = None;
        let pause = match error {
            ChatError::Auth { .. } | ChatError::Quota { .. } | ChatError::UnknownModel { .. } => {
                Some(ACCOUNT_PAUSE)
            }
            ChatError::RateLimited { .. } | ChatError::Overloaded { .. } => error.retry_after(),
            // Memory may be free again, or a file whole.
            ChatError::Unavailable { .. } => None,
            error if error.is_transient() => None,
            _ => return,
        };
        self.failures += 1;
        self.in_a_row += 1;
        if pause.is_some() || self.in_a_row >= FAILURES || self.open_until.is_some() {
            let doubled = FIRST_PAUSE.saturating_mul(1 << self.rests.min(10));
            let rest = pause.unwrap_or(doubled).min(LONGEST_PAUSE);
            self.rests += 1;
            self.open_until = Some(now + rest);
        }
    }

    pub fn circuit(&self, now: Moment) -> Circuit {
        match self.open_until {
            None => Circuit::Closed,
            Some(until) if now < until => Circuit::Open,
            // A probe that never came back is forgotten.
            Some(_)
                if self
                    .probing
                    .is_some_and(|since| now < since + LONGEST_PAUSE) =>
            {
                Circuit::Open
            }
            Some(_) => Circuit::HalfOpen,
        }
    }

    /// A request is about to be sent at `now`; in a half-open circuit it is the only one.
    pub fn began(&mut self, now: Moment) {
        if self.open_until.is_some() {
            self.probing = Some(now);
        }
    }

    /// The request that was sent last was given up by who asked: it tells nothing.
    pub fn left(&mut self) {
        self.probing = None;
    }

    /// It was silent for so long that another model was heard instead.
    pub fn outrun(&mut self, silent: Duration) {
        self.probing = None;
        self.first_token.record(silent.as_secs_f64() * 1e3);
    }

    pub fn tokens_per_sec(&self) -> Option<f64> {
        self.tokens_per_sec
    }

    /// Share of good answers, 0 to 1, with one good and one bad answer assumed at the start of a
    /// bad record (Laplace), so that one failure does not condemn.
    pub fn reliability(&self) -> f64 {
        (self.successes as f64 + 1.0)
            / ((self.successes + self.failures) as f64
                + 1.0
                + f64::from(u8::from(self.failures > 0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overloaded(retry_after: Option<u64>) -> ChatError {
        ChatError::Overloaded {
            provider: "x".into(),
            detail: String::new(),
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    const fn secs(secs: u64) -> Moment {
        Duration::from_secs(secs)
    }

    #[test]
    fn three_failures_rest_a_model_and_one_probe_wakes_it() {
        let mut health = Health::default();
        health.failed(&overloaded(None), secs(0));
        health.failed(&overloaded(None), secs(0));
        assert_eq!(health.circuit(secs(0)), Circuit::Closed);
        health.failed(&overloaded(None), secs(0));
        assert_eq!(health.circuit(secs(4)), Circuit::Open);
        assert_eq!(health.circuit(secs(5)), Circuit::HalfOpen);
        health.began(secs(5));
        assert_eq!(
            health.circuit(secs(5)),
            Circuit::Open,
            "one probe at a time"
        );
        health.failed(&overloaded(None), secs(6));
        assert_eq!(
            health.circuit(secs(15)),
            Circuit::Open,
            "the second rest is longer"
        );
        assert_eq!(health.circuit(secs(16)), Circuit::HalfOpen);
        health.began(secs(16));
        health.succeeded(secs(1), 100, secs(2));
        assert_eq!(health.circuit(secs(17)), Circuit::Closed);
        assert_eq!(health.tokens_per_sec(), Some(50.0));
    }

    #[test]
    fn a_provider_that_says_when_is_believed() {
        let mut health = Health::default();
        health.failed(&overloaded(Some(30)), secs(0));
        assert_eq!(health.circuit(secs(29)), Circuit::Open);
        assert_eq!(health.circuit(secs(30)), Circuit::HalfOpen);
        let mut health = Health::default();
        health.failed(&overloaded(Some(1_000_000)), secs(0));
        assert_eq!(
            health.circuit(LONGEST_PAUSE),
            Circuit::HalfOpen,
            "but not for ever"
        );
    }

    #[test]
    fn a_probe_that_was_given_up_does_not_keep_others_out() {
        let mut health = Health::default();
        for _ in 0..3 {
            health.failed(&overloaded(None), secs(0));
        }
        health.began(secs(5));
        health.left();
        assert_eq!(health.circuit(secs(5)), Circuit::HalfOpen);
        health.began(secs(5));
        health.outrun(secs(3));
        assert_eq!(health.circuit(secs(5)), Circuit::HalfOpen);
        assert_eq!(health.first_token.p95_ms(), Some(3_000.0));
    }

    #[test]
    fn a_wrong_request_is_not_the_models_fault() {
        let mut health = Health::default();
        for _ in 0..9 {
            let detail = String::new();
            health.failed(
                &ChatError::BadRequest {
                    provider: "x".into(),
                    detail,
                },
                secs(0),
            );
        }
        assert_eq!(health.circuit(secs(0)), Circuit::Closed);
        assert_eq!(health.reliability(), 1.0);
    }

    #[test]
    fn the_percentile_is_the_nearest_rank() {
        let mut latency = Latency::default();
        assert_eq!(latency.p95_ms(), None);
        for ms in 1..=20 {
            latency.record(f64::from(ms));
        }
        assert_eq!(latency.p95_ms(), Some(19.0));
        for _ in 0..WINDOW {
            latency.record(5.0);
        }
        assert_eq!(
            latency.p95_ms(),
            Some(5.0),
            "old measurements are forgotten"
        );
    }
}
