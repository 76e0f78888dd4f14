//! What this crate registers.

mod editing;
mod playing;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use studio_core::{Error, Event, Events, JobContext, Operation, SettingsFile};
use studio_edit::Session;
use studio_store::{Project, Projects, SessionRow};

use crate::document::{Documents, View};
use crate::transport::Transports;

/// Must be called within a Tokio runtime: watching what plays runs there.
pub fn operations(
    projects: &Arc<Projects>,
    settings: &Arc<SettingsFile>,
    events: &Events,
) -> Vec<Operation> {
    let studio = Arc::new(Sessions {
        documents: Documents::new(projects),
        transports: Transports::new(settings, events),
    });
    let mut operations = editing::operations(&studio);
    operations.extend(playing::operations(&studio));
    operations
}

struct Sessions {
    documents: Documents,
    transports: Transports,
}

impl Sessions {
    /// Tells everyone that a session changed, and plays on as it is now.
    fn told(
        &self,
        cx: &JobContext,
        project: &Project,
        (row, session): (SessionRow, Arc<Session>),
    ) -> Result<View, Error> {
        self.transports.update(&self.documents, project, &row.id)?;
        cx.emit(Event::SessionChanged {
            project: project.path().to_string(),
            session: row.id.clone(),
        });
        self.documents.view(project, row, session)
    }
}

#[derive(Serialize, JsonSchema)]
struct Named {
    session: String,
}
