//! What this crate registers.

use std::ops::Range;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::units::SampleRate;
use studio_core::{Error, Event, Events, JobContext, Operation, Resource, SettingsFile};
use studio_edit::{Edit, Session};
use studio_store::{Project, Projects, SessionRow, SessionStep};

use crate::document::{Documents, SessionInput, View};
use crate::export::{self, ExportInput};
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
    let mut operations = editing(&studio);
    operations.extend(playing(&studio));
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
        self.transports
            .update(&self.documents, project, &row.id, &session)?;
        cx.emit(Event::SessionChanged {
            project: project.path().to_string(),
            session: row.id.clone(),
        });
        self.documents.view(project, row, session)
    }
}

fn editing(studio: &Arc<Sessions>) -> Vec<Operation> {
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
        .blocking(move |_cx: &JobContext, input: ListInput| {
            let project = list.documents.project(&input.project)?;
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
        .blocking(move |_cx: &JobContext, input: SessionInput| {
            let project = get.documents.project(&input.project)?;
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
            project.sessions().remove(&input.session)?;
            delete.transports.close(&input.session);
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

fn playing(studio: &Arc<Sessions>) -> Vec<Operation> {
    let (open, play, pause) = (studio.clone(), studio.clone(), studio.clone());
    let (seek, set_loop, scrub) = (studio.clone(), studio.clone(), studio.clone());
    let (status, close) = (studio.clone(), studio.clone());
    let runtime = tokio::runtime::Handle::current();
    vec![
        Operation::define(
            "session.open",
            "Open a session for playing",
            "Opens the sound device for a session.",
        )
        .realtime()
        .writes()
        .blocking(move |_cx: &JobContext, input: SessionInput| {
            Ok(open.transports.open(&open.documents, &input)?.standing())
        }),
        Operation::define(
            "session.play",
            "Play a session",
            "Plays from a sample, or on from where it stands.",
        )
        .realtime()
        .writes()
        .blocking(move |_cx: &JobContext, input: PlayInput| {
            let transport = play.transports.open(&play.documents, &input.session())?;
            transport.play(input.from);
            Ok(transport.standing())
        }),
        Operation::define(
            "session.pause",
            "Pause a session",
            "Holds the playback where it stands.",
        )
        .realtime()
        .writes()
        .blocking(move |_cx: &JobContext, input: SessionInput| {
            let transport = pause.transports.get(&input.session)?;
            transport.pause();
            Ok(transport.standing())
        }),
        Operation::define(
            "session.seek",
            "Move the playhead",
            "Moves the playback to a sample, exactly.",
        )
        .realtime()
        .writes()
        .blocking(move |_cx: &JobContext, input: SeekInput| {
            let transport = seek.transports.get(&input.session)?;
            transport.seek(input.at);
            Ok(transport.standing())
        }),
        Operation::define(
            "session.loop",
            "Loop a stretch of a session",
            "Plays a stretch again and again; without one, to the end again.",
        )
        .realtime()
        .writes()
        .blocking(move |_cx: &JobContext, input: LoopInput| {
            let transport = set_loop.transports.get(&input.session)?;
            transport.set_loop(input.range()?);
            Ok(transport.standing())
        }),
        Operation::define(
            "session.scrub",
            "Listen at a place",
            "Plays a moment at a sample, and stands there again.",
        )
        .realtime()
        .writes()
        .blocking(move |_cx: &JobContext, input: ScrubInput| {
            let transport = scrub.transports.get(&input.session)?;
            runtime.block_on(transport.scrub(input.at, input.length));
            Ok(transport.standing())
        }),
        Operation::define(
            "session.status",
            "Where a session's playback is",
            "Tells place, loop and whether it plays.",
        )
        .realtime()
        .blocking(move |_cx: &JobContext, input: SessionInput| {
            Ok(status.transports.get(&input.session)?.standing())
        }),
        Operation::define(
            "session.close",
            "Close a session's playback",
            "Stops and gives the sound device back.",
        )
        .realtime()
        .writes()
        .blocking(move |_cx: &JobContext, input: SessionInput| {
            // Closing what is not open is what was wanted.
            close.transports.close(&input.session);
            Ok(Named {
                session: input.session,
            })
        }),
    ]
}

fn usual_rate() -> u32 {
    SampleRate::HZ_48000.get()
}

/// 50 ms at 48 kHz.
fn usual_grain() -> u64 {
    2_400
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

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PlayInput {
    /// The project's folder, id or name.
    #[schemars(length(min = 1))]
    project: String,
    /// The session's id.
    #[schemars(length(min = 1))]
    session: String,
    /// The sample to play from; without it, where it stands.
    #[serde(default)]
    from: Option<u64>,
}

impl PlayInput {
    fn session(&self) -> SessionInput {
        SessionInput {
            project: self.project.clone(),
            session: self.session.clone(),
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SeekInput {
    /// The session's project.
    #[serde(rename = "project")]
    _project: String,
    /// The session's id.
    session: String,
    /// The sample to stand on.
    at: u64,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LoopInput {
    /// The session's project.
    #[serde(rename = "project")]
    _project: String,
    /// The session's id.
    session: String,
    /// The first sample.
    #[serde(default)]
    from: Option<u64>,
    /// The sample after the last.
    #[serde(default)]
    to: Option<u64>,
}

impl LoopInput {
    fn range(&self) -> Result<Option<Range<u64>>, Error> {
        match (self.from, self.to) {
            (None, None) => Ok(None),
            (from, Some(to)) if from.unwrap_or(0) < to => Ok(Some(from.unwrap_or(0)..to)),
            _ => Err(
                Error::bad_input("a loop needs a `to` that is later than its `from`").field("/to"),
            ),
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ScrubInput {
    /// The session's project.
    #[serde(rename = "project")]
    _project: String,
    /// The session's id.
    session: String,
    /// The sample to listen at.
    at: u64,
    /// Samples to play.
    #[serde(default = "usual_grain")]
    #[schemars(range(min = 1, max = 192_000))]
    length: u64,
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

#[derive(Serialize, JsonSchema)]
struct Named {
    session: String,
}
