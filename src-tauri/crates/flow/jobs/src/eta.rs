//! Estimates the time left from how the fraction done grew.

use std::time::Duration;

/// Needs this much of the work done before it dares an estimate.
const LEAST_FRACTION: f64 = 0.02;
/// Weight of the newest measurement in the moving average of the speed.
const SMOOTHING: f64 = 0.3;
/// Time over which one speed is measured.
const WINDOW: Duration = Duration::from_millis(500);

/// Feeds on (elapsed, fraction) pairs of one attempt.
#[derive(Debug, Default)]
pub(crate) struct Eta {
    last: (Duration, f64),
    /// Fraction per second, smoothed.
    speed: Option<f64>,
}

impl Eta {
    /// Seconds left at the present speed, once there is enough to tell.
    pub(crate) fn update(&mut self, elapsed: Duration, fraction: f64) -> Option<f64> {
        let (then, before) = self.last;
        if elapsed >= then + WINDOW && fraction > before {
            let now = (fraction - before) / (elapsed - then).as_secs_f64();
            self.speed = Some(match self.speed {
                Some(speed) => speed + SMOOTHING * (now - speed),
                None => now,
            });
            self.last = (elapsed, fraction);
        }
        if fraction < LEAST_FRACTION {
            return None;
        }
        let waited = elapsed.saturating_sub(self.last.0).as_secs_f64();
        self.speed
            .map(|speed| ((1.0 - self.last.1) / speed - waited).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_job_is_estimated_right() {
        let mut eta = Eta::default();
        let mut left = None;
        for second in 1..=5 {
            left = eta.update(Duration::from_secs(second), second as f64 / 20.0);
        }
        assert!((left.unwrap() - 15.0).abs() < 0.01, "{left:?}");
    }

    #[test]
    fn nothing_is_claimed_before_there_is_progress() {
        let mut eta = Eta::default();
        assert_eq!(eta.update(Duration::from_secs(10), 0.0), None);
        assert_eq!(eta.update(Duration::from_secs(11), 0.001), None);
    }
}
