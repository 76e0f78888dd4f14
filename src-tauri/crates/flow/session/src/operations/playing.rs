//! Sessions played and recorded.

use std::ops::Range;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use studio_core::{Error, JobContext, Operation};
use studio_edit::{Edit, NewClip, TrackId};

use super::{Named, Sessions};
use crate::document::{SessionInput, View, scaled};
use crate::recording::Take;
use crate::takes;
use crate::transport::Standing;

pub(super) fn operations(studio: &Arc<Sessions>) -> Vec<Operation> {
    let (open, play, pause) = (studio.clone(), studio.clone(), studio.clone());
    let (seek, set_loop, scrub) = (studio.clone(), studio.clone(), studio.clone());
    let (record, stop) = (studio.clone(), studio.clone());
    let (audition, status) = (studio.clone(), studio.clone());
    let (reset, close) = (studio.clone(), studio.clone());
    let runtime = tokio::runtime::Handle::current();
    vec![
        Operation::define(
            "session.open",
            "Open a session for playing",
            "Opens the sound device for a session.",
        )
        .realtime()
        .writes()
        .blocking(move |cx: &JobContext, input: SessionInput| {
            let project = open.documents.project(&input.project)?;
            takes::recover(cx, &project);
            let transport = open.transports.open(&open.documents, &input)?;
            // A page that ended in the middle of a gesture left it auditioned.
            open.transports.update(&open.documents, &project, &input.session)?;
            Ok(transport.standing())
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
            "session.audition",
            "Hear edits before they are made",
            "Plays a session on as edits would make it, without making them. The next edit, no edits, or opening it again ends that.",
        )
        .realtime()
        .writes()
        .blocking(move |_cx: &JobContext, input: AuditionInput| {
            let project = audition.documents.project(&input.project)?;
            let foreseen = audition.documents.foresee(
                &project,
                &input.session,
                input.edits,
                input.revision,
            );
            let (row, session) = foreseen?;
            Ok(audition.transports.audition(&row, session)?.standing())
        }),
        Operation::define(
            "session.record",
            "Record onto a track",
            "Takes down what the microphone hears while the session plays. Ends at `session.stop_recording`.",
        )
        .realtime()
        .writes()
        .blocking(move |_cx: &JobContext, input: RecordInput| record.record(&input)),
        Operation::define(
            "session.stop_recording",
            "End a recording",
            "Ends `session.record`: the take becomes an asset, and a clip where it was recorded.",
        )
        .realtime()
        .writes()
        .blocking(move |cx: &JobContext, input: SessionInput| stop.stop_recording(cx, &input)),
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
            "session.reset_meter",
            "Reset a session's loudness meter",
            "Forgets what was heard: integrated loudness, range and true peak are measured anew from now on.",
        )
        .realtime()
        .writes()
        .blocking(move |_cx: &JobContext, input: SessionInput| {
            let transport = reset.transports.get(&input.session)?;
            transport.reset_meter();
            Ok(transport.standing())
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
            close.transports.close(&input.session)?;
            Ok(Named {
                session: input.session,
            })
        }),
    ]
}

impl Sessions {
    fn record(&self, input: &RecordInput) -> Result<Standing, Error> {
        let project = self.documents.project(&input.project)?;
        let (row, session) = self.documents.load(&project, &input.session)?;
        let track = session.track(TrackId(input.track)).ok_or_else(|| {
            let message = format!("`{}` has no track {}", row.name, input.track);
            Error::not_found(message).field("/track")
        })?;
        let open = SessionInput {
            project: input.project.clone(),
            session: input.session.clone(),
        };
        let transport = self.transports.open(&self.documents, &open)?;
        let device = self.transports.input_device();
        transport.record(&device, &project, track, input.at)?;
        Ok(transport.standing())
    }

    fn stop_recording(&self, cx: &JobContext, input: &SessionInput) -> Result<View, Error> {
        let project = self.documents.project(&input.project)?;
        let transport = self.transports.get(&input.session)?;
        let take = transport.stop_recording()?;
        let (_, session) = self.documents.load(&project, &input.session)?;
        if take.lost > 0 {
            cx.warn(format!(
                "{} samples were lost: the disk was too slow",
                take.lost
            ));
        }
        if take.broke {
            cx.warn("the microphone went away before the end");
        }
        let from = scaled(take.early, take.rate, session.rate);
        if take.frames <= take.early {
            take.files.remove();
            return Err(Error::bad_input("nothing was recorded before it was ended")
                .hint("record for a moment longer, and see that the microphone is on"));
        }
        let name = format!("{}, take.wav", take.note.track_name);
        let sound = take.files.sound();
        let asset = take.note.import(cx, &project, sound, name);
        let asset = asset.map_err(Take::kept)?;
        take.files.remove();
        let track = TrackId(take.note.track);
        let clip = NewClip {
            start: take.note.at,
            from,
            ..NewClip::whole(track, &asset.id)
        };
        let edits = vec![Edit::AddClips { clips: vec![clip] }];
        let edited = self.documents.edit(&project, &input.session, edits, None)?;
        self.told(cx, &project, edited)
    }
}

/// 50 ms at 48 kHz.
fn usual_grain() -> u64 {
    2_400
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
struct AuditionInput {
    /// The project's folder, id or name.
    #[schemars(length(min = 1))]
    project: String,
    /// The session's id.
    #[schemars(length(min = 1))]
    session: String,
    /// What is heard as if it were done, in this order; none: the session as it is.
    #[serde(default)]
    #[schemars(length(max = 10_000))]
    edits: Vec<Edit>,
    /// The revision that the edits are meant for; refused if the session has moved on.
    #[serde(default)]
    revision: Option<u32>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RecordInput {
    /// The project's folder, id or name.
    #[schemars(length(min = 1))]
    project: String,
    /// The session's id.
    #[schemars(length(min = 1))]
    session: String,
    /// The track that the take is placed on, by id.
    track: u32,
    /// The sample to play and record from; without it, where the playback stands.
    #[serde(default)]
    at: Option<u64>,
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
