//! An effect in its slot: smoothed settings, automation, and the mix with what came in.

use super::automation::Automation;
use super::block::Block;
use super::chain::Slot;
use super::delay_line::DelayLine;
use super::effect::{CONTROL, Effect, Stream};
use super::error::ChainError;
use super::ramp::Ramp;
use super::settings::{Parameter, Settings};

/// Time in which a turned knob goes 63 % of its way.
const SMOOTHING_SECS: f64 = 0.01;
/// A knob that is closer to its goal than this part of its range is there.
const NEAR: f64 = 1e-4;
/// No sample is larger: +120 dBFS. It keeps what is squared and fed back far from infinity.
const LOUDEST: f32 = 1e6;

/// A slot of a chain at work, whatever its effect.
pub(crate) trait RunningSlot: Send {
    fn tick(&mut self, position: u64);
    fn process(&mut self, block: &mut Block<'_, '_>);
    /// Forgets all sound; what comes next is sample `position` of the stream.
    fn reset(&mut self, position: u64);
    fn latency(&self) -> usize;
    fn tail(&self) -> u64;
    /// Numbers that can change while it runs, by name, and `wet`.
    fn knob(&self, name: &str) -> Option<usize>;
    fn turn(&mut self, knob: usize, value: f64);
    fn bypass(&mut self, bypassed: bool);
    /// Turns all knobs to what `slot` says, which differs in nothing else.
    fn retune(&mut self, slot: &Slot);
}

/// Prepares `slot`, whose effect has these settings. Its input is `late` samples late already.
pub(crate) fn prepare<S: Settings>(
    settings: &S,
    slot: &Slot,
    stream: &Stream<'_>,
    late: usize,
) -> Result<Box<dyn RunningSlot>, ChainError> {
    let mut parameters = settings.numbers().parameters();
    let usual_wet = S::Running::USUAL_WET;
    parameters.push(wet_parameter(usual_wet));
    let mut goals: Vec<f64> = (0..parameters.len())
        .map(|index| settings.numbers().value(index))
        .collect();
    if let Some(last) = goals.last_mut() {
        *last = slot.wet.unwrap_or(usual_wet);
    }
    let lanes = lanes(slot, &parameters);
    for (parameter, automation) in &lanes {
        goals[*parameter] = automation.value(0.0);
    }
    let mut settings = settings.clone();
    for (index, goal) in goals.iter().enumerate() {
        settings.numbers_mut().set(index, *goal);
    }
    let effect = S::Running::prepare(&settings, stream)?;
    let longest = effect.latency() + CONTROL;
    let wet = match slot.bypass {
        true => 0.0,
        false => goals.last().copied().unwrap_or(usual_wet),
    };
    Ok(Box::new(InSlot {
        mix: Ramp::new(wet),
        dry: vec![DelayLine::new(longest); stream.channels],
        smoothing: 1.0 - (-(CONTROL as f64) / (SMOOTHING_SECS * stream.hz())).exp(),
        late: late as f64 / stream.hz(),
        secs_per_sample: stream.hz().recip(),
        wet,
        bypassed: slot.bypass,
        effect,
        settings,
        parameters,
        goals,
        lanes,
    }))
}

/// Automation by the number that it moves.
fn lanes(slot: &Slot, parameters: &[Parameter]) -> Vec<(usize, Automation)> {
    let lane = |automation: &Automation| {
        let parameter = parameters
            .iter()
            .position(|parameter| parameter.name == automation.parameter);
        parameter.map(|parameter| (parameter, automation.clone()))
    };
    let followed = slot.automation.iter().filter(|moving| !moving.bypass);
    followed.filter_map(lane).collect()
}

/// The share of the effect in the mix, as a parameter of every effect.
pub(crate) fn wet_parameter(default: f64) -> Parameter {
    let doc = "Share of the effect in what comes out; the rest is what came in.";
    Parameter::new("wet", "1", (0.0, 1.0), default, false, doc)
}

struct InSlot<E: Effect> {
    effect: E,
    /// As they are now, on their way to `goals`.
    settings: E::Settings,
    /// Of the effect, then `wet`.
    parameters: Vec<Parameter>,
    goals: Vec<f64>,
    lanes: Vec<(usize, Automation)>,
    /// On its way to its goal, or to 0 if bypassed.
    wet: f64,
    bypassed: bool,
    mix: Ramp,
    /// What came in, for the mix.
    dry: Vec<DelayLine>,
    /// Part of its way that a knob goes at each line of the grid.
    smoothing: f64,
    /// Seconds by which the input is late.
    late: f64,
    secs_per_sample: f64,
}

impl<E: Effect> InSlot<E> {
    fn follow_automation(&mut self, position: u64) {
        let secs = position as f64 * self.secs_per_sample - self.late;
        for (parameter, automation) in &self.lanes {
            self.goals[*parameter] = automation.value(secs);
        }
    }

    /// Moves the settings toward their goals; says whether any moved.
    fn approach(&mut self, part: f64) -> bool {
        let numbers = self.settings.numbers_mut();
        let (wet, own) = match self.goals.split_last() {
            Some((wet, own)) => (*wet, own),
            None => (self.wet, &[][..]),
        };
        let step = |now: f64, goal: f64, parameter: &Parameter| {
            let next = now + (goal - now) * part;
            let near = NEAR * (parameter.max - parameter.min);
            if (goal - next).abs() <= near {
                goal
            } else {
                next
            }
        };
        let mut moved = false;
        for (index, (goal, parameter)) in own.iter().zip(&self.parameters).enumerate() {
            let now = numbers.value(index);
            if now != *goal {
                numbers.set(index, step(now, *goal, parameter));
                moved = true;
            }
        }
        let goal = if self.bypassed { 0.0 } else { wet };
        self.wet = match self.parameters.last() {
            Some(parameter) => step(self.wet, goal, parameter),
            None => goal,
        };
        moved
    }
}

impl<E: Effect> RunningSlot for InSlot<E> {
    fn tick(&mut self, position: u64) {
        self.follow_automation(position);
        if position > 0 && self.approach(self.smoothing) {
            self.effect.turn(&self.settings);
        }
        self.mix.toward(self.wet);
        self.effect.tick();
    }

    fn process(&mut self, block: &mut Block<'_, '_>) {
        let all_wet = self.mix.steady() == Some(1.0);
        let latency = self.effect.latency();
        // Nothing is remembered where the mix could not ask for it before the next line of the grid.
        if !all_wet || latency > 0 {
            for (dry, samples) in self.dry.iter_mut().zip(block.channels()) {
                dry.write(samples);
            }
        }
        self.effect.process(block);
        for samples in block.channels() {
            bound(samples);
        }
        if all_wet {
            return;
        }
        let frames = block.frames();
        let wet = self.mix.values(frames);
        let mut dry = [0.0; CONTROL];
        for (line, samples) in self.dry.iter().zip(block.channels()) {
            line.read(latency, &mut dry[..frames]);
            for ((x, dry), wet) in samples.iter_mut().zip(&dry).zip(&wet) {
                *x = *x * wet + dry * (1.0 - wet);
            }
        }
    }

    fn reset(&mut self, position: u64) {
        self.follow_automation(position);
        self.approach(1.0);
        self.effect.turn(&self.settings);
        self.effect.reset();
        self.mix.toward(self.wet);
        self.mix.jump();
        self.dry.iter_mut().for_each(DelayLine::clear);
    }

    fn latency(&self) -> usize {
        self.effect.latency()
    }

    fn tail(&self) -> u64 {
        self.effect.tail()
    }

    fn knob(&self, name: &str) -> Option<usize> {
        self.parameters
            .iter()
            .position(|parameter| parameter.name == name && !parameter.fixed)
    }

    fn turn(&mut self, knob: usize, value: f64) {
        let range = self.parameters.get(knob);
        if let (Some(goal), Some(range), false) = (self.goals.get_mut(knob), range, value.is_nan())
        {
            *goal = value.clamp(range.min, range.max);
        }
    }

    fn bypass(&mut self, bypassed: bool) {
        self.bypassed = bypassed;
    }

    fn retune(&mut self, slot: &Slot) {
        let numbers = slot.effect.numbers();
        if let Some((wet, own)) = self.goals.split_last_mut() {
            for (index, goal) in own.iter_mut().enumerate() {
                *goal = numbers.value(index);
            }
            *wet = slot.wet.unwrap_or(E::USUAL_WET);
        }
        self.bypassed = slot.bypass;
        self.lanes = lanes(slot, &self.parameters);
    }
}

/// What is no number becomes silence, what is too large the largest.
pub(crate) fn bound(samples: &mut [f32]) {
    for x in samples {
        // A comparison with what is no number is false.
        *x = if x.abs() <= LOUDEST {
            *x
        } else if *x > 0.0 {
            LOUDEST
        } else if *x < 0.0 {
            -LOUDEST
        } else {
            0.0
        };
    }
}
