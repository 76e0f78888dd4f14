//! Operations on projects, assets, settings, and the studio itself.

mod assets;
mod projects;
mod settings;
mod system;

use std::sync::Arc;

use studio_core::{Operation, SettingsFile};
use studio_store::Projects;

/// What this crate registers.
pub fn operations(projects: &Arc<Projects>, settings: &Arc<SettingsFile>) -> Vec<Operation> {
    let mut operations = projects::operations(projects);
    operations.extend(assets::operations(projects));
    operations.extend(settings::operations(settings));
    operations.extend(system::operations(projects));
    operations
}
