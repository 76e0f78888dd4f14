//! `player.*`: a film or sound, played in the studio itself: pictures as bytes, sound through the
//! device, whose clock leads.

mod messages;
mod players;

use std::sync::{Arc, Weak};
use std::time::Duration;

use studio_core::{Bytes, Error, Event, Events, JobContext, MediaType, Operation, SettingsFile};
use studio_store::Projects;

use self::messages::{
    ChainInput, Closed, FrameInput, OpenInput, PlayerInput, SeekInput, VolumeInput,
};
use self::players::{Player, Players, unknown};

/// How often the clock is looked at while it plays.
const WATCH: Duration = Duration::from_millis(8);

pub(crate) fn operations(
    projects: &Arc<Projects>,
    settings: &Arc<SettingsFile>,
    events: &Events,
) -> Vec<Operation> {
    let players = Arc::new(Players::new(projects, settings, events));
    let runtime = tokio::runtime::Handle::current();
    let (open, play, pause) = (players.clone(), players.clone(), players.clone());
    let (seek, volume, status) = (players.clone(), players.clone(), players.clone());
    let (chain, frame) = (players.clone(), players.clone());
    let (reset, close) = (players.clone(), players);
    vec![
        Operation::define("player.open", "Open a player", "Opens a film or sound for playing.")
            .realtime()
            .writes()
            .positional("path")
            .blocking(move |_cx: &JobContext, input: OpenInput| {
                let (opened, player) = open.open(&input)?;
                runtime.spawn(watch(Arc::downgrade(&player), opened.player.clone(), open.events.clone()));
                Ok(opened)
            }),
        Operation::define("player.play", "Play", "Plays on from where the player stands.")
            .realtime()
            .writes()
            .blocking(move |_cx: &JobContext, input: PlayerInput| {
                let player = play.get(&input.player)?;
                if player.output.state().ended {
                    player.output.seek(0);
                }
                player.output.resume();
                Ok(player.status(input.player))
            }),
        Operation::define("player.pause", "Pause", "Holds the player where it stands.")
            .realtime()
            .writes()
            .blocking(move |_cx: &JobContext, input: PlayerInput| {
                let player = pause.get(&input.player)?;
                player.output.pause();
                Ok(player.status(input.player))
            }),
        Operation::define("player.seek", "Seek", "Moves the player to a frame, exactly.")
            .realtime()
            .writes()
            .blocking(move |_cx: &JobContext, input: SeekInput| {
                let player = seek.get(&input.player)?;
                let frame = input.frame.min(player.frames.saturating_sub(1));
                player.output.seek(player.frame_rate.samples_before_frame(frame, player.output.rate()));
                Ok(player.status(input.player))
            }),
        Operation::define("player.volume", "Set the volume", "Sets how loud the player is.")
            .realtime()
            .writes()
            .blocking(move |_cx: &JobContext, input: VolumeInput| {
                let player = volume.get(&input.player)?;
                player.output.set_volume(input.volume);
                Ok(player.status(input.player))
            }),
        Operation::define(
            "player.chain",
            "Change a player's effects",
            "Changes the effects of a player that was opened with a chain, while it plays. Where only numbers differ, knobs \
             are turned; else the new chain follows without a click. With `bypass` the sound is heard as it came, at the \
             same time.",
        )
        .realtime()
        .writes()
        .blocking(move |_cx: &JobContext, input: ChainInput| chain.change(&input)),
        Operation::define("player.status", "Where the player stands", "Tells frame, volume, loudness and whether it plays.")
            .realtime()
            .blocking(move |_cx: &JobContext, input: PlayerInput| {
                Ok(status.get(&input.player)?.status(input.player))
            }),
        Operation::define(
            "player.reset_meter",
            "Reset a player's loudness meter",
            "Forgets what was heard: integrated loudness, range and true peak are measured anew from now on.",
        )
        .realtime()
        .writes()
        .blocking(move |_cx: &JobContext, input: PlayerInput| {
            let player = reset.get(&input.player)?;
            player.meter.reset(&player.output);
            Ok(player.status(input.player))
        }),
        Operation::define(
            "player.frame",
            "Read a picture",
            "Answers one picture: u32 width, u32 height, u64 frame (little-endian), then RGBA8 rows.",
        )
        .realtime()
        .blocking(move |_cx: &JobContext, input: FrameInput| {
            let player = frame.get(&input.player)?;
            let Some(pictures) = &player.pictures else {
                return Err(Error::bad_input("this is a sound; it has no pictures").field("/player"));
            };
            let picture = pictures.lock().frame(input.frame.min(player.frames.saturating_sub(1)), input.width)?;
            let mut bytes = Vec::with_capacity(16 + picture.rgba.len());
            bytes.extend_from_slice(&picture.width.to_le_bytes());
            bytes.extend_from_slice(&picture.height.to_le_bytes());
            bytes.extend_from_slice(&picture.index.to_le_bytes());
            bytes.extend_from_slice(&picture.rgba);
            Ok(Bytes::<Rgba>::new(bytes))
        }),
        Operation::define("player.close", "Close a player", "Stops and closes a player.")
            .realtime()
            .writes()
            .blocking(move |_cx: &JobContext, input: PlayerInput| {
                let player = close.open.lock().remove(&input.player);
                player.map(|_| Closed { player: input.player.clone() }).ok_or_else(|| unknown(&input.player))
            }),
    ]
}

struct Rgba;

impl MediaType for Rgba {
    const NAME: &'static str = "application/vnd.av-studio.rgba";
}

/// Tells every new frame, how loud it is, and the end, as long as the player is open.
async fn watch(player: Weak<Player>, id: String, events: Events) {
    let mut told = None;
    while let Some(open) = player.upgrade() {
        let state = open.output.state();
        let playing = !state.paused && !state.ended;
        let now = (open.frame(), playing);
        let loudness = open.meter.due(&open.output);
        drop(open);
        if let Some(loudness) = loudness {
            events.emit(Event::PlayerLoudness {
                player: id.clone(),
                loudness,
            });
        }
        if told != Some(now) {
            events.emit(Event::PlayerClock {
                player: id.clone(),
                frame: now.0,
                playing,
            });
            if state.ended && told.is_some_and(|(_, played)| played) {
                events.emit(Event::PlayerEnded { player: id.clone() });
            }
            told = Some(now);
        }
        tokio::time::sleep(WATCH).await;
    }
}
