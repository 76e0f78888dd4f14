//! Films as data: plans, their rules, a planner that needs no model, captions, and what depends on what.
//!
//! Pure: a plan, a seed and settings go in; data comes out. Pictures are painted in `studio-paint`,
//! music is composed in `studio-ambient`, and `studio-production` puts it all together.

pub mod captions;
pub mod graph;
pub mod outline;
pub mod plan;
pub mod timing;
pub mod validate;

pub use captions::{Caption, Chapter, captions, chapters, srt};
pub use graph::{Graph, RenderSettings, Step, StepId};
pub use outline::{OutlineOptions, outline};
pub use plan::{MoviePlan, PlanError, parse};
pub use timing::{Cue, ScoreCue, score_cues, shot_frames, spoken};
pub use validate::{Problem, validate};
