//! When a failed request is asked again: exponential backoff with full jitter.
//!
//! Pure: the random number is passed in and the waiting is the caller's. [`super::Client`] never
//! retries by itself, because every try may cost money.

use std::time::Duration;

use studio_llm::chat::ChatError;

/// How often and how long to wait before the same request is sent again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    /// The longest wait before the first retry; it doubles with each further one.
    pub base: Duration,
    /// No wait is longer. A provider that asks for more is not asked again.
    pub cap: Duration,
    /// Most retries after the first try.
    pub retries: u32,
}

impl Default for Backoff {
    fn default() -> Backoff {
        Backoff {
            base: Duration::from_millis(500),
            cap: Duration::from_secs(20),
            retries: 2,
        }
    }
}

impl Backoff {
    /// How long to wait before retry number `retry` (from 0), or `None` to give up.
    ///
    /// `answered` says whether an event of the failed try was already passed on: then a retry would
    /// repeat words. `random` is uniform in 0..1 and spreads clients over the whole wait ("full
    /// jitter"), except that nobody comes back sooner than the provider asked for.
    pub fn wait(
        &self,
        retry: u32,
        error: &ChatError,
        answered: bool,
        random: f64,
    ) -> Option<Duration> {
        if answered || retry >= self.retries || !error.is_transient() {
            return None;
        }
        let asked = error.retry_after().unwrap_or_default();
        if asked > self.cap {
            return None;
        }
        let doubled = self.base.saturating_mul(2_u32.saturating_pow(retry));
        let jittered = doubled.min(self.cap).mul_f64(random.clamp(0.0, 1.0));
        Some((asked + jittered).min(self.cap))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limited(retry_after: Option<u64>) -> ChatError {
        ChatError::RateLimited {
            provider: "p".to_owned(),
            detail: String::new(),
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    const FEW: Backoff = Backoff {
        base: Duration::from_secs(1),
        cap: Duration::from_secs(6),
        retries: 4,
    };

    #[test]
    fn waits_double_up_to_the_cap_and_end() {
        let secs = (0..5).map(|retry| FEW.wait(retry, &limited(None), false, 1.0));
        let secs: Vec<_> = secs.map(|wait| wait.map(|wait| wait.as_secs())).collect();
        assert_eq!(secs, [Some(1), Some(2), Some(4), Some(6), None]);
    }

    #[test]
    fn the_provider_s_wish_is_kept_or_the_retry_dropped() {
        let wait = FEW.wait(0, &limited(Some(3)), false, 0.0);
        assert_eq!(wait, Some(Duration::from_secs(3)));
        assert_eq!(FEW.wait(0, &limited(Some(7)), false, 0.0), None);
    }

    #[test]
    fn nothing_is_repeated_and_nothing_hopeless_is_tried() {
        assert_eq!(FEW.wait(0, &limited(None), true, 0.5), None);
        let key = ChatError::Auth {
            provider: "p".to_owned(),
            detail: String::new(),
        };
        assert_eq!(FEW.wait(0, &key, false, 0.5), None);
    }

    proptest! {
        #[test]
        fn no_wait_is_longer_than_the_cap_or_shorter_than_asked(
            retry in 0_u32..40, random in -1.0_f64..2.0, asked in 0_u64..10,
        ) {
            let many = Backoff { retries: u32::MAX, ..FEW };
            match many.wait(retry, &limited(Some(asked)), false, random) {
                Some(wait) => {
                    prop_assert!(wait <= many.cap && wait >= Duration::from_secs(asked));
                }
                None => prop_assert!(Duration::from_secs(asked) > many.cap),
            }
        }
    }
}
