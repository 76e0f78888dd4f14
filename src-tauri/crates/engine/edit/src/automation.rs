//! What of tracks and of the mix follows curves over time, and how curves follow edits of time.
//!
//! A track's level (`gain_db`) and place (`pan`) and the mix's level are automated by the same values as
//! the parameters of effects. Where time is taken out or opened, all curves go with the sound.

use std::ops::Range;

use studio_core::units::SampleRate;
use studio_dsp::effects::{Automation, Curve, Parameter, Point, check_automation};

use crate::error::EditError;
use crate::session::{GAIN_DB, Track};

pub(crate) const GAIN: &str = "gain_db";
pub(crate) const PAN: &str = "pan";

/// The curve that a parameter follows; none where it is switched off.
pub(crate) fn followed<'a>(
    automation: &'a [Automation],
    parameter: &str,
) -> Option<&'a Automation> {
    automation
        .iter()
        .find(|moving| moving.parameter == parameter && !moving.bypass)
}

pub(crate) fn check_track(track: &Track) -> Result<(), EditError> {
    let pan = Parameter {
        name: PAN.to_owned(),
        unit: "1",
        min: -1.0,
        max: 1.0,
        default: 0.0,
        fixed: false,
        summary: String::new(),
        logarithmic: false,
    };
    check(&track.automation, &track.name, &[gain(), pan])
}

pub(crate) fn check_mix(automation: &[Automation]) -> Result<(), EditError> {
    check(automation, "the mix", &[gain()])
}

fn check(automation: &[Automation], place: &str, known: &[Parameter]) -> Result<(), EditError> {
    Ok(check_automation(automation, place, known)?)
}

fn gain() -> Parameter {
    Parameter {
        name: GAIN.to_owned(),
        unit: "dB",
        min: *GAIN_DB.start(),
        max: *GAIN_DB.end(),
        default: 0.0,
        fixed: false,
        summary: String::new(),
        logarithmic: false,
    }
}

/// Takes a stretch of time out: what came after it follows on what came before.
pub(crate) fn close(automation: &mut Automation, range: &Range<u64>, rate: SampleRate) {
    let [from, to] = [range.start, range.end].map(|at| secs(at, rate));
    let points = &automation.points;
    let before = points.partition_point(|point| point.at_secs < from);
    let after = points.partition_point(|point| point.at_secs <= to);
    if before == points.len() {
        return;
    }
    let mut kept = points[..before].to_vec();
    if after > 0 {
        if automation.curve == Curve::Linear || before == 0 {
            kept.push(point(from, value_before(automation, from)));
        }
        kept.push(point(from, automation.value(to)));
    }
    let by = -((range.end - range.start) as f64);
    kept.extend(points[after..].iter().map(|point| moved(point, by, rate)));
    kept.dedup();
    automation.points = kept;
}

/// Opens a gap, over which the curve stays as it is at its place.
pub(crate) fn open(automation: &mut Automation, at: u64, length: u64, rate: SampleRate) {
    let begin = secs(at, rate);
    let points = &automation.points;
    let before = points.partition_point(|point| point.at_secs < begin);
    let mut kept = points[..before].to_vec();
    let is_within = before > 0 && before < points.len();
    if is_within && automation.curve == Curve::Linear {
        let value = value_before(automation, begin);
        kept.extend([begin, secs(at + length, rate)].map(|at_secs| point(at_secs, value)));
    }
    let later = points[before..].iter();
    kept.extend(later.map(|point| moved(point, length as f64, rate)));
    kept.dedup();
    automation.points = kept;
}

/// What a curve comes to just before a moment.
fn value_before(automation: &Automation, secs: f64) -> f64 {
    let next = automation
        .points
        .partition_point(|point| point.at_secs < secs);
    let before = next
        .checked_sub(1)
        .and_then(|index| automation.points.get(index));
    match (before, automation.points.get(next)) {
        (Some(before), Some(after)) if automation.curve == Curve::Linear => {
            let done = (secs - before.at_secs) / (after.at_secs - before.at_secs);
            before.value + (after.value - before.value) * done
        }
        (Some(point), _) | (None, Some(point)) => point.value,
        (None, None) => 0.0,
    }
}

fn point(at_secs: f64, value: f64) -> Point {
    Point { at_secs, value }
}

/// A point moved by samples; one that lies on a sample lies on one again.
fn moved(from: &Point, by: f64, rate: SampleRate) -> Point {
    let hz = f64::from(rate.get());
    let at = from.at_secs * hz;
    let near = at.round();
    let at = if (at - near).abs() < 1e-6 { near } else { at };
    point((at + by) / hz, from.value)
}

/// The moment of a sample.
pub(crate) fn secs(at: u64, rate: SampleRate) -> f64 {
    at as f64 / f64::from(rate.get())
}
