//! From changes to cuts: PySceneDetect's detectors "content" (with its merging filter) and "adaptive".

/// A frame's time and its change from the frame before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Measured {
    pub(crate) secs: f64,
    pub(crate) score: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Detection {
    Content {
        threshold: f64,
    },
    Adaptive {
        /// Ratio of a change to the mean of those around it.
        threshold: f64,
        /// Frames on each side.
        window: usize,
        /// The least change of a cut.
        min_content: f64,
    },
}

/// The shortest scene.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum MinScene {
    Frames(u64),
    Secs(f64),
}

/// The ratio where nothing changes around a change.
const HIGHEST_RATIO: f64 = 255.0;
/// A mean change below this counts as none.
const NO_CHANGE: f64 = 1e-5;

pub(crate) struct Cuts {
    detection: Detection,
    min_scene: MinScene,
}

impl Cuts {
    pub(crate) fn new(detection: Detection, min_scene: MinScene) -> Cuts {
        Cuts {
            detection,
            min_scene,
        }
    }

    /// First frames of the scenes after the first, ascending.
    pub(crate) fn find(&self, frames: &[Measured]) -> Vec<usize> {
        match self.detection {
            Detection::Content { threshold } => self.content(frames, threshold),
            Detection::Adaptive {
                threshold,
                window,
                min_content,
            } => self.adaptive(frames, threshold, window, min_content),
        }
    }

    fn content(&self, frames: &[Measured], threshold: f64) -> Vec<usize> {
        let mut cuts = Vec::new();
        // The last frame that changed enough; the film's first counts.
        let mut changed = 0;
        // Where a run of cuts that follow too fast began: it becomes one, at its end.
        let mut run: Option<usize> = None;
        for (frame, measured) in frames.iter().enumerate() {
            let above = measured.score >= threshold;
            if self.no_minimum() {
                cuts.extend(above.then_some(frame));
                continue;
            }
            let calm = self.long_enough(frames, changed, frame);
            if above {
                changed = frame;
            }
            match run {
                Some(start) if calm && !above && self.long_enough(frames, start, changed) => {
                    run = None;
                    cuts.push(changed);
                }
                Some(_) => {}
                None if above && calm => cuts.push(frame),
                // Nothing is merged into the film's beginning.
                None if above && !cuts.is_empty() => run = Some(frame),
                None => {}
            }
        }
        cuts
    }

    fn adaptive(
        &self,
        frames: &[Measured],
        threshold: f64,
        window: usize,
        min_content: f64,
    ) -> Vec<usize> {
        let mut cuts = Vec::new();
        let mut last = 0;
        for (n, around) in frames.windows(2 * window + 1).enumerate() {
            let frame = n + window;
            let score = around[window].score;
            let sum: f64 = around.iter().map(|frame| frame.score).sum();
            let mean = (sum - score) / (2 * window) as f64;
            let ratio = if mean >= NO_CHANGE {
                (score / mean).min(HIGHEST_RATIO)
            } else if score >= min_content {
                HIGHEST_RATIO
            } else {
                0.0
            };
            let cut = ratio >= threshold && score >= min_content;
            if cut && self.long_enough(frames, last, frame) {
                last = frame;
                cuts.push(frame);
            }
        }
        cuts
    }

    fn no_minimum(&self) -> bool {
        match self.min_scene {
            MinScene::Frames(frames) => frames == 0,
            MinScene::Secs(secs) => secs <= 0.0,
        }
    }

    fn long_enough(&self, frames: &[Measured], from: usize, to: usize) -> bool {
        match self.min_scene {
            MinScene::Frames(least) => (to.saturating_sub(from)) as u64 >= least,
            // Times are rounded to ticks of the film's clock.
            MinScene::Secs(least) => frames[to].secs - frames[from].secs >= least - 1e-6,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTENT: Detection = Detection::Content { threshold: 27.0 };
    const ADAPTIVE: Detection = Detection::Adaptive {
        threshold: 3.0,
        window: 2,
        min_content: 15.0,
    };

    /// 100 frames at 25 a second that change by `quiet`, and by 60 at `loud`.
    fn film(quiet: f64, loud: &[usize]) -> Vec<Measured> {
        let score = |n| match (n, loud.contains(&n)) {
            (0, _) => 0.0,
            (_, true) => 60.0,
            (_, false) => quiet,
        };
        (0..100)
            .map(|n| Measured {
                secs: n as f64 / 25.0,
                score: score(n),
            })
            .collect()
    }

    #[track_caller]
    fn check(detection: Detection, min: MinScene, film: &[Measured], expected: &[usize]) {
        assert_eq!(Cuts::new(detection, min).find(film), expected);
    }

    #[test]
    fn a_change_over_the_threshold_is_a_cut() {
        check(
            CONTENT,
            MinScene::Frames(15),
            &film(1.0, &[30, 60]),
            &[30, 60],
        );
        check(CONTENT, MinScene::Frames(15), &film(1.0, &[]), &[]);
        check(
            CONTENT,
            MinScene::Secs(0.6),
            &film(1.0, &[30, 45]),
            &[30, 45],
        );
        check(CONTENT, MinScene::Secs(0.61), &film(1.0, &[30, 45]), &[30]);
    }

    #[test]
    fn cuts_that_follow_too_fast_become_one_at_their_end() {
        let fast = film(1.0, &[30, 36, 42, 48]);
        check(CONTENT, MinScene::Frames(0), &fast, &[30, 36, 42, 48]);
        // From 36 to 48 are 12 frames: long enough for a scene of 12, not of 15.
        check(CONTENT, MinScene::Frames(12), &fast, &[30, 48]);
        check(CONTENT, MinScene::Frames(15), &fast, &[30]);
        // Nothing is merged into the beginning.
        check(CONTENT, MinScene::Frames(15), &film(1.0, &[5, 10]), &[]);
    }

    #[test]
    fn fast_movement_is_no_cut_for_the_adaptive_detector() {
        let moving = film(30.0, &[50]);
        check(ADAPTIVE, MinScene::Frames(15), &moving, &[]);
        check(
            CONTENT,
            MinScene::Frames(0),
            &moving,
            &(1..100).collect::<Vec<_>>(),
        );
        check(ADAPTIVE, MinScene::Frames(15), &film(10.0, &[50]), &[50]);
        check(ADAPTIVE, MinScene::Frames(15), &film(0.0, &[50, 60]), &[50]);
        check(
            ADAPTIVE,
            MinScene::Frames(10),
            &film(0.0, &[50, 60]),
            &[50, 60],
        );
        // The last frames have too few after them to be compared with.
        check(ADAPTIVE, MinScene::Frames(15), &film(1.0, &[98]), &[]);
    }
}
