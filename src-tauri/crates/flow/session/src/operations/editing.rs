//! Sessions as documents.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::units::SampleRate;
use studio_core::{Error, Event, JobContext, Operation, Resource};
use studio_edit::Edit;
use studio_store::{SessionRow, SessionStep};

use super::{Named, Sessions};
use crate::document::SessionInput;
use crate::export::{self, ExportInput};
use crate::takes;

pub(super) fn operations(studio: &Arc<Sessions>) -> Vec<Operation> {
    let (create, list, get) = (studio.clone(), studio.clone(), studio.clone());
    let (edit, undo, redo) = (studio.clone(), studio.clone(), studio.clone());
    let (history, delete, export) = (studio.clone(), studio.clone(), studio.clone());
    vec![
        Operation::define(
            "session.create",
            "Create a multitrack session",
            "Creates a session, empty or with a track for each of some assets.",
        )
        .writes()
        .positional("name")
        .blocking(move |cx: &JobContext, input: CreateInput| {
            let project = create.documents.project(&input.project)?;
            let rate = SampleRate::new(input.sample_rate)
                .ok_or_else(|| Error::bad_input("a sample rate of 0 Hz").field("/sample_rate"))?;
            let view = create
                .documents
                .create(&project, &input.name, rate, &input.assets)?;
            cx.emit(Event::SessionChanged {
                project: project.path().to_string(),
                session: view.id.clone(),
            });
            Ok(view)
        }),
        Operation::define(
            "session.list",
            "List multitrack sessions",
            "Lists a project's sessions, last changed first.",
        )
        .positional("project")
        .blocking(move |cx: &JobContext, input: ListInput| {
            let project = list.documents.project(&input.project)?;
            takes::recover(cx, &project);
            let rows = project.sessions().list()?;
            Ok(Listed {
                sessions: rows.into_iter().map(Entry::of).collect(),
            })
        }),
        Operation::define(
            "session.get",
            "Look at a session",
            "Answers a session as it is now.",
        )
        .positional("session")
        .blocking(move |cx: &JobContext, input: SessionInput| {
            let project = get.documents.project(&input.project)?;
            takes::recover(cx, &project);
            let (row, session) = get.documents.load(&project, &input.session)?;
            get.documents.view(&project, row, session)
        }),
        Operation::define(
            "session.edit",
            "Edit a session",
            "Makes one or more edits as one step that can be undone; all of them, or none.",
        )
        .writes()
        .blocking(move |cx: &JobContext, input: EditInput| {
            let project = edit.documents.project(&input.project)?;
            let edited =
                edit.documents
                    .edit(&project, &input.session, input.edits, input.revision)?;
            edit.told(cx, &project, edited)
        }),
        Operation::define(
            "session.undo",
            "Undo an edit",
            "Takes the last step of a session back.",
        )
        .writes()
        .positional("session")
        .blocking(move |cx: &JobContext, input: SessionInput| {
            let project = undo.documents.project(&input.project)?;
            let gone = undo.documents.step(&project, &input.session, false)?;
            undo.told(cx, &project, gone)
        }),
        Operation::define(
            "session.redo",
            "Redo an edit",
            "Makes the step that was undone last again.",
        )
        .writes()
        .positional("session")
        .blocking(move |cx: &JobContext, input: SessionInput| {
            let project = redo.documents.project(&input.project)?;
            let gone = redo.documents.step(&project, &input.session, true)?;
            redo.told(cx, &project, gone)
        }),
        Operation::define(
            "session.history",
            "List a session's steps",
            "Lists every step ever made, oldest first.",
        )
        .positional("session")
        .blocking(move |_cx: &JobContext, input: SessionInput| {
            let project = history.documents.project(&input.project)?;
            Ok(History {
                steps: project.sessions().history(&input.session)?,
            })
        }),
        Operation::define(
            "session.delete",
            "Delete a session",
            "Takes a session off its project. Its sources stay.",
        )
        .writes()
        .positional("session")
        .blocking(move |cx: &JobContext, input: SessionInput| {
            let project = delete.documents.project(&input.project)?;
            delete.transports.close(&input.session)?;
            project.sessions().remove(&input.session)?;
            cx.emit(Event::SessionChanged {
                project: project.path().to_string(),
                session: input.session.clone(),
            });
            Ok(Named {
                session: input.session,
            })
        }),
        Operation::define(
            "session.export",
            "Export a session",
            "Mixes a session into a file, or a file for each track or region.",
        )
        .job(Resource::Cpu)
        .writes()
        .positional("session")
        .blocking(move |cx: &JobContext, input: ExportInput| {
            export::export(cx, &export.documents, &input)
        }),
    ]
}

fn usual_rate() -> u32 {
    SampleRate::HZ_48000.get()
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateInput {
    /// The project's folder, id or name.
    #[schemars(length(min = 1))]
    project: String,
    /// Name of the session.
    #[schemars(length(min = 1, max = 200))]
    name: String,
    /// Samples per second, in Hz; sources of other rates are converted when they are heard.
    #[serde(default = "usual_rate")]
    #[schemars(range(min = 8000, max = 192_000))]
    sample_rate: u32,
    /// Assets that begin it, one on a track each.
    #[serde(default)]
    #[schemars(length(max = 256))]
    assets: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListInput {
    /// The project's folder, id or name.
    #[schemars(length(min = 1))]
    project: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EditInput {
    /// The project's folder, id or name.
    #[schemars(length(min = 1))]
    project: String,
    /// The session's id.
    #[schemars(length(min = 1))]
    session: String,
    /// What is done, in this order.
    #[schemars(length(min = 1, max = 10_000))]
    edits: Vec<Edit>,
    /// The revision that the edits are meant for; refused if the session has moved on.
    #[serde(default)]
    revision: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
struct Listed {
    sessions: Vec<Entry>,
}

#[derive(Serialize, JsonSchema)]
struct Entry {
    id: String,
    name: String,
    revision: u32,
    /// RFC 3339, UTC.
    updated_at: String,
}

impl Entry {
    fn of(row: SessionRow) -> Entry {
        Entry {
            id: row.id,
            name: row.name,
            revision: row.revision,
            updated_at: row.updated_at,
        }
    }
}

#[derive(Serialize, JsonSchema)]
struct History {
    steps: Vec<SessionStep>,
}
