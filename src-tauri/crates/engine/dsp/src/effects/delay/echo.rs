//! Echoes.

use std::f64::consts::TAU;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::effects::block::Block;
use crate::effects::delay_line::DelayLine;
use crate::effects::effect::{CONTROL, Effect, Stream};
use crate::effects::error::ChainError;
use crate::effects::math::settled;
use crate::effects::ramp::Ramp;
use crate::effects::settings::{Settings, own_numbers, settings};

settings! {
    /// Repeats a sound, each time quieter and duller.
    Delay {
        /// Until the first echo. A turned knob bends the pitch, as tape does.
        time_ms: "ms", 10.0..=5000.0, 375.0;
        /// Part of an echo that comes in the next one.
        feedback: "1", 0.0..=0.98, 0.35;
        /// Above this every echo loses 6 dB per octave.
        damping_hz: "Hz", 200.0..=20000.0, 8000.0;
    }
    others {
        routing: Routing = Routing::Straight;
    }
}

/// Where echoes are heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Routing {
    /// Every channel has its own.
    Straight,
    /// Both channels' sound goes to the left, from there to the right, and so on. Of more channels each
    /// two belong together; a lone one is as if straight.
    PingPong,
}

impl Settings for Delay {
    type Running = Running;
    own_numbers!();
}

/// Longest delay, in ms, that lines are made for.
const LONGEST_MS: f64 = 5000.0;
/// Part of its way that the delay goes at each line of the grid, when its knob was turned.
const GLIDE: f64 = 0.03;
/// An echo below −60 dB is over.
const OVER: f64 = 1e-3;
/// No tail is reported longer than this.
const LONGEST_TAIL_SECS: f64 = 120.0;

pub(crate) struct Running {
    lines: Vec<DelayLine>,
    /// State of each channel's low pass.
    dull: Vec<f32>,
    /// Part of the past that the low pass keeps.
    keep: f32,
    feedback: Ramp,
    /// In samples; whole ones at rest.
    time: Ramp,
    time_now: f64,
    time_goal: f64,
    routing: Routing,
    tail: u64,
    rate_hz: f64,
}

impl Running {
    fn goal(settings: &Delay, rate_hz: f64) -> f64 {
        (settings.time_ms * 1e-3 * rate_hz).round()
    }

    fn keep(settings: &Delay, rate_hz: f64) -> f32 {
        (-TAU * settings.damping_hz / rate_hz).exp() as f32
    }
}

impl Effect for Running {
    type Settings = Delay;
    const USUAL_WET: f64 = 0.35;

    fn prepare(settings: &Delay, stream: &Stream<'_>) -> Result<Running, ChainError> {
        let goal = Running::goal(settings, stream.hz());
        let longest = stream.samples_from_ms(LONGEST_MS) + 4;
        let echoes = match settings.feedback > 0.0 {
            true => 1.0 + (OVER.ln() / settings.feedback.ln()).ceil(),
            false => 1.0,
        };
        Ok(Running {
            lines: vec![DelayLine::new(longest); stream.channels],
            dull: vec![0.0; stream.channels],
            keep: Running::keep(settings, stream.hz()),
            feedback: Ramp::new(settings.feedback),
            time: Ramp::new(goal),
            time_now: goal,
            time_goal: goal,
            routing: settings.routing,
            tail: (echoes * goal).min(LONGEST_TAIL_SECS * stream.hz()) as u64,
            rate_hz: stream.hz(),
        })
    }

    fn turn(&mut self, settings: &Delay) {
        self.keep = Running::keep(settings, self.rate_hz);
        self.feedback.toward(settings.feedback);
        self.time_goal = Running::goal(settings, self.rate_hz);
    }

    fn tick(&mut self) {
        let next = self.time_now + (self.time_goal - self.time_now) * GLIDE;
        self.time_now = match (self.time_goal - next).abs() < 0.5 {
            true => self.time_goal,
            false => next,
        };
        self.time.toward(self.time_now);
    }

    fn process(&mut self, block: &mut Block<'_, '_>) {
        let frames = block.frames();
        let steady = self.time.steady().map(|time| time as usize);
        let times = self.time.values(frames);
        let feedback = self.feedback.values(frames);
        let per_pair = self.lines.chunks_mut(2).zip(self.dull.chunks_mut(2));
        for (mut pair, (lines, dull)) in block.pairs().zip(per_pair) {
            // No delay is shorter than a block, so all echoes of it are in the lines already.
            let mut echoes = [[0.0f32; CONTROL]; 2];
            for (echo, line) in echoes.iter_mut().zip(lines.iter()) {
                match steady {
                    Some(time) => line.read(time - frames, &mut echo[..frames]),
                    None => glide(line, &times[..frames], echo),
                }
            }
            let mut back = echoes;
            for (back, dull) in back.iter_mut().zip(dull) {
                for (x, feedback) in back.iter_mut().zip(&feedback).take(frames) {
                    *dull = settled(*x + (*dull - *x) * self.keep);
                    *x = *dull * feedback;
                }
            }
            match (self.routing, lines, pair.second.as_deref_mut()) {
                (Routing::PingPong, [left, right], Some(second)) => {
                    for n in 0..frames {
                        left.push(0.5 * (pair.first[n] + second[n]) + back[1][n]);
                        right.push(back[0][n]);
                    }
                    pair.first.copy_from_slice(&echoes[0][..frames]);
                    second.copy_from_slice(&echoes[1][..frames]);
                }
                (_, lines, second) => {
                    let channels = [Some(&mut *pair.first), second];
                    for (c, (channel, line)) in
                        channels.into_iter().flatten().zip(lines).enumerate()
                    {
                        for (back, x) in back[c].iter_mut().zip(channel.iter()) {
                            *back += x;
                        }
                        line.write(&back[c][..frames]);
                        channel.copy_from_slice(&echoes[c][..frames]);
                    }
                }
            }
        }
    }

    fn reset(&mut self) {
        self.lines.iter_mut().for_each(DelayLine::clear);
        self.dull.fill(0.0);
        self.feedback.jump();
        self.time_now = self.time_goal;
        self.time = Ramp::new(self.time_goal);
    }

    fn tail(&self) -> u64 {
        self.tail
    }
}

/// Reads on from a line that nothing is written to meanwhile, at delays that move.
fn glide(line: &DelayLine, times: &[f32], out: &mut [f32; CONTROL]) {
    for (n, (out, time)) in out.iter_mut().zip(times).enumerate() {
        *out = line.between(f64::from(*time) - n as f64 - 1.0);
    }
}
