//! A value that moves evenly from one line of the control grid to the next.

use super::effect::CONTROL;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Ramp {
    now: f64,
    goal: f64,
    step: f64,
    left: usize,
}

impl Ramp {
    pub(crate) fn new(value: f64) -> Ramp {
        Ramp {
            now: value,
            goal: value,
            step: 0.0,
            left: 0,
        }
    }

    /// Moves to `goal` over the next [`CONTROL`] samples. Called at a line of the grid.
    pub(crate) fn toward(&mut self, goal: f64) {
        self.now = self.goal;
        self.goal = goal;
        self.step = (goal - self.now) / CONTROL as f64;
        self.left = if goal == self.now { 0 } else { CONTROL };
    }

    /// Is at its goal at once.
    pub(crate) fn jump(&mut self) {
        *self = Ramp::new(self.goal);
    }

    /// The value, if it does not move before the next line of the grid.
    pub(crate) fn steady(&self) -> Option<f64> {
        (self.left == 0).then_some(self.goal)
    }

    #[inline]
    pub(crate) fn next(&mut self) -> f64 {
        if self.left == 0 {
            return self.goal;
        }
        self.left -= 1;
        self.now += self.step;
        if self.left == 0 { self.goal } else { self.now }
    }

    /// The values of the next `frames` samples.
    pub(crate) fn values(&mut self, frames: usize) -> [f32; CONTROL] {
        let mut values = [self.goal as f32; CONTROL];
        if self.left > 0 {
            for value in values.iter_mut().take(frames) {
                *value = self.next() as f32;
            }
        }
        values
    }
}
