//! A chain at work on a stream.
//!
//! Real time: [`Processor::process`], [`Processor::turn`] and [`Processor::bypass`] never allocate,
//! lock or wait.

use super::block::Block;
use super::chain::Chain;
use super::effect::CONTROL;
use super::running::{RunningSlot, bound};

/// A prepared chain.
pub struct Processor {
    slots: Vec<Box<dyn RunningSlot>>,
    /// The sample of the stream that comes next.
    position: u64,
    /// Where in the stream it began: the control grid is counted from there.
    begin: u64,
}

/// A number of a running effect that can be turned, as a small value for a ring between threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Knob {
    slot: usize,
    parameter: usize,
}

impl Processor {
    pub(crate) fn new(slots: Vec<Box<dyn RunningSlot>>) -> Processor {
        Processor {
            slots,
            position: 0,
            begin: 0,
        }
    }

    /// Works on a block in place: one slice per channel, as many channels as it was prepared for, all
    /// of the same length. What is no number is taken as silence.
    pub fn process(&mut self, block: &mut [&mut [f32]]) {
        let frames = block.iter().map(|channel| channel.len()).min().unwrap_or(0);
        let mut at = 0;
        while at < frames {
            let past_line = ((self.position - self.begin) % CONTROL as u64) as usize;
            let end = frames.min(at + CONTROL - past_line);
            for channel in block.iter_mut() {
                bound(&mut channel[at..end]);
            }
            for slot in &mut self.slots {
                if past_line == 0 {
                    slot.tick(self.position);
                }
                slot.process(&mut Block::new(block, at..end));
            }
            self.position += (end - at) as u64;
            at = end;
        }
    }

    /// Forgets all sound and goes back to the start of the stream; knobs stay where they are. Not for
    /// the audio thread: some effects allocate.
    pub fn reset(&mut self) {
        self.seek(0);
    }

    /// As [`reset`](Processor::reset), but what comes next is sample `position` of the stream:
    /// automation goes on from there.
    pub fn seek(&mut self, position: u64) {
        (self.position, self.begin) = (position, position);
        for slot in &mut self.slots {
            slot.reset(position);
        }
    }

    /// Turns every knob to where `chain`, into which the one at work [turns](Chain::turns_into), has it.
    /// Allocates where there is automation.
    pub(crate) fn retune(&mut self, chain: &Chain) {
        for (slot, settings) in self.slots.iter_mut().zip(&chain.effects) {
            slot.retune(settings);
        }
    }

    /// Samples by which the output is late.
    pub fn latency(&self) -> usize {
        self.slots.iter().map(|slot| slot.latency()).sum()
    }

    /// Samples for which it may sound after its input fell silent, beyond the latency.
    pub fn tail(&self) -> u64 {
        self.slots.iter().map(|slot| slot.tail()).sum()
    }

    /// The knob for a number of effect `slot`, by its name in JSON or `wet`. `None` if there is no
    /// such number or it is fixed while the chain runs.
    pub fn knob(&self, slot: usize, name: &str) -> Option<Knob> {
        let parameter = self.slots.get(slot)?.knob(name)?;
        Some(Knob { slot, parameter })
    }

    /// Moves a number, smoothly, to `value` or the end of its range. Automation takes it back.
    pub fn turn(&mut self, knob: Knob, value: f64) {
        if let Some(slot) = self.slots.get_mut(knob.slot) {
            slot.turn(knob.parameter, value);
        }
    }

    /// Fades effect `slot` out of the mix, or in again.
    pub fn bypass(&mut self, slot: usize, bypassed: bool) {
        if let Some(slot) = self.slots.get_mut(slot) {
            slot.bypass(bypassed);
        }
    }
}
