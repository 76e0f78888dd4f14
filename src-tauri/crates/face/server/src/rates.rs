//! How often each caller may call: one bucket per caller, and one per caller and route.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use parking_lot::Mutex;
use studio_core::Error;
use studio_core::settings::Server;

use crate::guard::Guest;

/// How many failed tries a minute are answered before all must wait.
const FAILURES_PER_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(59);
/// From so many buckets on, those that are full again are forgotten.
const MANY: usize = 4_096;

type Bucket = Arc<RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>>;

/// The buckets of all callers.
pub(crate) struct Rates {
    usual: Option<NonZeroU32>,
    by_route: HashMap<String, NonZeroU32>,
    /// By caller and route; the route is empty in a caller's own bucket.
    buckets: Mutex<HashMap<(String, String), (Instant, Bucket)>>,
    failures: Bucket,
}

/// Where a caller stands after a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Calls a minute.
    limit: u32,
    remaining: u32,
}

/// A call too many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TooMany {
    pub(crate) wait: Duration,
    pub(crate) standing: Standing,
}

impl Rates {
    pub(crate) fn new(settings: &Server) -> Result<Rates, Error> {
        let mut by_route = HashMap::new();
        for pair in words(&settings.route_limits) {
            let read = pair.split_once('=').and_then(|(route, rate)| {
                Some((route.trim(), rate.trim().parse::<NonZeroU32>().ok()?))
            });
            let (route, rate) = read.ok_or_else(|| {
                Error::bad_input(format!(
                    "server.route_limits: `{pair}` is no route with a number"
                ))
                .hint("such as /audio/convert=30")
            })?;
            by_route.insert(route.to_owned(), rate);
        }
        Ok(Rates {
            usual: NonZeroU32::new(settings.calls_per_minute),
            by_route,
            buckets: Mutex::default(),
            failures: bucket(FAILURES_PER_MINUTE),
        })
    }

    /// Counts a call of `guest` on `route`. Answers the tighter of both buckets, if any holds.
    pub(crate) fn take(&self, guest: &Guest, route: &str) -> Result<Option<Standing>, TooMany> {
        let own = guest.calls_per_minute.and_then(NonZeroU32::new);
        let of_route = self.by_route.get(route).copied().or(self.usual);
        let mut tightest: Option<Standing> = None;
        for (name, rate) in [("", own), (route, of_route)] {
            let Some(rate) = rate else { continue };
            let standing = take(&self.bucket(&guest.id, name, rate), rate)?;
            if tightest.is_none_or(|known| standing.remaining < known.remaining) {
                tightest = Some(standing);
            }
        }
        Ok(tightest)
    }

    /// Counts a failed try of anybody.
    pub(crate) fn fail(&self) -> Result<(), TooMany> {
        take(&self.failures, FAILURES_PER_MINUTE).map(|_| ())
    }

    fn bucket(&self, caller: &str, route: &str, rate: NonZeroU32) -> Bucket {
        let mut buckets = self.buckets.lock();
        if buckets.len() >= MANY {
            // All rates are per minute: whoever was silent for one has a full bucket.
            buckets.retain(|_, (used, _)| used.elapsed() < Duration::from_secs(60));
        }
        let key = (caller.to_owned(), route.to_owned());
        let (used, known) = buckets
            .entry(key)
            .or_insert_with(|| (Instant::now(), bucket(rate)));
        *used = Instant::now();
        known.clone()
    }
}

fn bucket(rate: NonZeroU32) -> Bucket {
    let limiter = RateLimiter::direct(Quota::per_minute(rate));
    Arc::new(limiter.with_middleware::<StateInformationMiddleware>())
}

fn take(bucket: &Bucket, rate: NonZeroU32) -> Result<Standing, TooMany> {
    let limit = rate.get();
    match bucket.check() {
        Ok(state) => Ok(Standing {
            limit,
            remaining: state.remaining_burst_capacity(),
        }),
        Err(until) => Err(TooMany {
            wait: until.wait_time_from(DefaultClock::default().now()),
            standing: Standing {
                limit,
                remaining: 0,
            },
        }),
    }
}

impl Standing {
    /// `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10), and the names
    /// that OpenAI's clients read.
    pub(crate) fn tell(self, headers: &mut HeaderMap) {
        let Standing { limit, remaining } = self;
        // The bucket fills evenly.
        let full_in_secs = u64::from(limit - remaining.min(limit)) * 60;
        let full_in_secs = full_in_secs.div_ceil(u64::from(limit.max(1)));
        for (name, value) in [
            ("ratelimit-policy", format!("\"calls\";q={limit};w=60")),
            (
                "ratelimit",
                format!("\"calls\";r={remaining};t={full_in_secs}"),
            ),
            ("x-ratelimit-limit-requests", limit.to_string()),
            ("x-ratelimit-remaining-requests", remaining.to_string()),
            ("x-ratelimit-reset-requests", format!("{full_in_secs}s")),
        ] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

/// The words of a list that is separated by commas.
pub(crate) fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guest(id: &str, rate: Option<u32>) -> Guest {
        Guest {
            id: id.into(),
            name: id.into(),
            scopes: Vec::new(),
            calls_per_minute: rate,
            budget: None,
        }
    }

    fn rates(usual: u32, routes: &str) -> Rates {
        let settings = Server {
            calls_per_minute: usual,
            route_limits: routes.into(),
            ..Server::default()
        };
        Rates::new(&settings).unwrap()
    }

    #[test]
    fn a_key_that_calls_too_often_is_told_how_long_to_wait() {
        let rates = rates(0, "");
        let slow = guest("slow", Some(2));
        let first = rates.take(&slow, "/a").unwrap().unwrap();
        assert_eq!((first.limit, first.remaining), (2, 1));
        assert!(rates.take(&slow, "/b").is_ok(), "the key's own bucket");
        let over = rates.take(&slow, "/c").unwrap_err();
        assert!(
            over.wait > Duration::from_secs(1) && over.wait <= Duration::from_secs(30),
            "{over:?}"
        );
        let free = guest("free", None);
        assert!((0..1000).all(|_| rates.take(&free, "/a").is_ok()));
    }

    #[test]
    fn each_route_has_a_bucket_of_its_own_for_each_caller() {
        let rates = rates(3, "/slow=1, /fast = 5");
        let (ann, bob) = (guest("ann", None), guest("bob", None));
        let calls = |guest: &Guest, route: &str| {
            (0..10)
                .take_while(|_| rates.take(guest, route).is_ok())
                .count()
        };
        assert_eq!(calls(&ann, "/slow"), 1);
        assert_eq!(calls(&ann, "/fast"), 5);
        assert_eq!(calls(&ann, "/usual"), 3);
        assert_eq!(
            calls(&bob, "/slow"),
            1,
            "one caller does not starve another"
        );
    }

    #[test]
    fn headers_tell_the_tighter_limit() {
        let rates = rates(100, "");
        let standing = rates.take(&guest("ann", Some(4)), "/a").unwrap().unwrap();
        let mut headers = HeaderMap::new();
        standing.tell(&mut headers);
        assert_eq!(headers["ratelimit"], "\"calls\";r=3;t=15");
        assert_eq!(headers["ratelimit-policy"], "\"calls\";q=4;w=60");
        assert_eq!(headers["x-ratelimit-remaining-requests"], "3");
    }

    #[test]
    fn a_list_of_limits_that_cannot_be_read_is_refused() {
        let settings = Server {
            route_limits: "/a=lots".into(),
            ..Server::default()
        };
        assert!(Rates::new(&settings).is_err());
    }
}
