//! Parameters that follow a curve over time.
//!
//! Finding a value takes a number of steps that grows with the logarithm of the points: a long curve
//! costs hardly more than a short one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::{ChainError, counted, within};
use super::settings::Parameter;

/// More points than this are refused: one a second for almost three hours.
pub(crate) const MOST_POINTS: usize = 10_000;
/// Automation beyond this many seconds, a week, is refused.
const LATEST_SECS: f64 = 604_800.0;

/// A parameter's way through time. Before the first point its value holds, and after the last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Automation {
    /// The name of one of the effect's numbers, or `wet`; in a list as `bands[0].gain_db`.
    pub parameter: String,
    #[serde(default)]
    pub curve: Curve,
    /// In order of time, 1 to 10000 of them.
    #[schemars(length(min = 1, max = 10_000))]
    pub points: Vec<Point>,
    /// Kept, but not followed: the parameter stays where its knob is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bypass: bool,
}

/// What happens between two points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Curve {
    /// A straight line, in the parameter's own unit.
    #[default]
    Linear,
    /// The value stays until the next point.
    Hold,
}

/// Where a parameter is at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Seconds from the start of the sound.
    #[schemars(range(min = 0.0, max = 604_800.0), extend("unit" = "s"))]
    pub at_secs: f64,
    /// In the parameter's unit, within its range.
    pub value: f64,
}

/// Fails with the first automation that moves none of `parameters`, or not within its range. `place` is
/// what holds it, for errors.
pub fn check_automation(
    automation: &[Automation],
    place: &str,
    parameters: &[Parameter],
) -> Result<(), ChainError> {
    for (index, moving) in automation.iter().enumerate() {
        let place = format!("{place}.automation[{index}]");
        let name = moving.parameter.clone();
        let Some(parameter) = parameters.iter().find(|it| it.name == name) else {
            let free = parameters.iter().filter(|parameter| !parameter.fixed);
            let known: Vec<&str> = free.map(|parameter| parameter.name.as_str()).collect();
            let known = known.join(", ");
            return Err(ChainError::Parameter { place, name, known });
        };
        if parameter.fixed {
            return Err(ChainError::Fixed { place, name });
        }
        if automation[..index].iter().any(|it| it.parameter == name) {
            return Err(ChainError::Twice { place, name });
        }
        moving.check(&place, parameter)?;
    }
    Ok(())
}

impl Automation {
    /// The value at `secs`.
    pub fn value(&self, secs: f64) -> f64 {
        let next = self.points.partition_point(|point| point.at_secs <= secs);
        let after = self.points.get(next);
        let before = next.checked_sub(1).and_then(|index| self.points.get(index));
        match (before, after) {
            (Some(before), Some(after)) if self.curve == Curve::Linear => {
                // `after` is later than `secs`, so the span is not empty.
                let done = (secs - before.at_secs) / (after.at_secs - before.at_secs);
                before.value + (after.value - before.value) * done
            }
            (Some(point), _) | (None, Some(point)) => point.value,
            (None, None) => 0.0,
        }
    }

    /// The value that holds from `from_secs` to `to_secs`; `None` where it may move between them.
    pub fn steady(&self, from_secs: f64, to_secs: f64) -> Option<f64> {
        let next = self
            .points
            .partition_point(|point| point.at_secs <= from_secs);
        let after = self.points.get(next);
        if after.is_none_or(|after| after.at_secs > to_secs) {
            let before = next.checked_sub(1).and_then(|index| self.points.get(index));
            match (before, after) {
                (Some(before), Some(after)) if self.curve == Curve::Linear => {
                    (before.value == after.value).then_some(before.value)
                }
                (Some(point), _) | (None, Some(point)) => Some(point.value),
                (None, None) => Some(0.0),
            }
        } else {
            None
        }
    }

    fn check(&self, place: &str, parameter: &Parameter) -> Result<(), ChainError> {
        counted(
            || format!("{place}.points"),
            self.points.len(),
            1,
            MOST_POINTS,
        )?;
        let mut latest = 0.0;
        for (index, point) in self.points.iter().enumerate() {
            let field = |name: &str| format!("{place}.points[{index}].{name}");
            within(|| field("at_secs"), point.at_secs, 0.0, LATEST_SECS)?;
            within(|| field("value"), point.value, parameter.min, parameter.max)?;
            if point.at_secs < latest {
                return Err(ChainError::Order {
                    place: place.to_owned(),
                    index,
                    at_secs: point.at_secs,
                });
            }
            latest = point.at_secs;
        }
        Ok(())
    }
}
