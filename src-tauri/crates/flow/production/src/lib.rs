//! Operations on films: plan, change, estimate, render.
//!
//! A render walks the dependency graph of the plan and makes only what the project's cache lacks, so
//! resuming, repeating and changing one shot are the same thing.

mod cast;
mod edit;
mod estimate;
mod film;
mod picture;
mod plan;
mod render;
mod sound;
mod steps;

use std::sync::Arc;

use studio_core::{Operation, SettingsFile};
use studio_store::Projects;

/// What this crate registers.
pub fn operations(projects: &Arc<Projects>, settings: &Arc<SettingsFile>) -> Vec<Operation> {
    let mut operations = plan::operations(projects);
    operations.extend(film::operations(projects));
    operations.extend(edit::operations(projects));
    operations.push(picture::operation(projects));
    operations.push(estimate::operation(projects, settings));
    operations.push(render::operation(projects, settings));
    operations
}
