//! The score for listeners elsewhere: rooms that play on their own clock, in chunks of 100 ms.
//!
//! A room has an engine, and plays while somebody listens. Who gives it a name shares it with others who
//! do; without one it is the listener's own. The protocol is whoever's that takes the chunks.
//!
//! Each room keeps time by a monotonic clock, from its first chunk on: neither a late wake-up nor a slow
//! listener shifts what comes after. A listener that does not take its chunks loses the oldest of them,
//! is told how many, and holds nobody up.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use studio_ambient::{Engine, Key, Mode, Now, Params, Preset};
use studio_core::units::SampleRate;
use studio_core::{Error, ErrorCode};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use crate::ambient::ahead::{Coming, score};

/// What streams are made at (Auralis' own rate, and that of the most sound cards).
pub const STREAM_RATE: SampleRate = SampleRate::HZ_44100;
/// Length of a chunk.
pub const CHUNK_MS: u64 = 100;
const CHUNK: Duration = Duration::from_millis(CHUNK_MS);
const CHUNK_FRAMES: usize = (STREAM_RATE.get() as u64 * CHUNK_MS / 1000) as usize;
/// Chunks that wait for a listener: 1.6 s. A power of two, since the channel makes it one.
const WAITING: usize = 16;
/// Listeners at once. A chunk in the fullest music takes some 2 ms of a core.
const MOST_LISTENERS: u64 = 64;
const LONGEST_NAME: usize = 64;
/// Bars that those who watch see before they come.
const AHEAD_BARS: u32 = 6;
/// A chunk that is made within this time of when it is due is on time.
const ON_TIME: Duration = Duration::from_millis(10);
/// After a longer pause of the whole machine the music goes on instead of catching up.
const LONGEST_LAG: Duration = Duration::from_secs(1);
/// Chunks whose lateness is remembered for percentiles: a minute of one room.
const REMEMBERED: usize = 600;

/// 100 ms of music.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunk {
    /// Counts from 0 within the room.
    pub seq: u64,
    /// When it was made, in milliseconds since 1970.
    pub made_ms: u64,
    /// Left and right in turn, at [`STREAM_RATE`].
    pub samples: Vec<i16>,
    /// Where the music is at its beginning.
    pub now: Now,
    /// What comes, where a bar begins or the music changes.
    pub ahead: Option<Arc<Coming>>,
}

/// What a listener wants changed; what is absent stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
pub struct Change {
    /// Comes first: the others change it.
    pub preset: Option<Preset>,
    pub key: Option<Key>,
    pub mode: Option<Mode>,
    /// 40 to 90.
    pub bpm: Option<f32>,
    /// 0 to 1.
    pub intensity: Option<f32>,
}

impl Change {
    fn of(self, before: Params) -> Result<Params, Error> {
        let key = self.key.unwrap_or(before.key);
        let base = self.preset.map_or(before, |preset| preset.params(key));
        Params::new(
            key,
            self.mode.unwrap_or(base.mode),
            self.bpm.unwrap_or(base.bpm.get()),
            self.intensity.unwrap_or(base.intensity.get()),
        )
        .map_err(|error| Error::bad_input(error.to_string()).field(format!("/{}", error.field)))
    }
}

/// All rooms of a program.
#[derive(Default)]
pub struct Rooms {
    named: Mutex<HashMap<String, Weak<Room>>>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    rooms: AtomicU64,
    listeners: AtomicU64,
    chunks: AtomicU64,
    late: AtomicU64,
    lost: AtomicU64,
    /// Microseconds after they were due, the newest last.
    lateness: Mutex<VecDeque<u32>>,
    /// Microseconds that making the last chunk took.
    render_us: AtomicU64,
}

/// What the rooms have done since the program began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct RoomStats {
    pub rooms: u64,
    pub listeners: u64,
    /// Chunks made by all rooms.
    pub chunks: u64,
    /// Of these, made more than 10 ms after they were due.
    pub late: u64,
    /// Chunks that listeners did not take in time.
    pub lost: u64,
    /// Lateness of the newest 600 chunks, in milliseconds.
    pub late_p50_ms: f64,
    pub late_p95_ms: f64,
    pub late_p99_ms: f64,
    /// Share of real time that making the newest chunk took.
    pub render_load: f64,
}

struct Room {
    params: Mutex<Params>,
    chunks: broadcast::Sender<Arc<Chunk>>,
    counts: Arc<Counts>,
}

/// A place in a room. Dropping it leaves the room, and ends it if it was the last one.
pub struct Listening {
    room: Arc<Room>,
    chunks: broadcast::Receiver<Arc<Chunk>>,
}

/// What came next to a listener.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    Chunk(Arc<Chunk>),
    /// So many chunks were not taken in time and are gone.
    Lost(u64),
}

impl Rooms {
    /// A place in the room of this name, or in one of its own. `seed` and `change` are how a room begins
    /// that nobody is in yet. Must be called within a Tokio runtime.
    pub fn enter(&self, name: Option<&str>, seed: u64, change: Change) -> Result<Listening, Error> {
        let params = change.of(Params::default())?;
        if self.counts.listeners.load(Ordering::Relaxed) >= MOST_LISTENERS {
            let message = format!("{MOST_LISTENERS} are listening already");
            return Err(Error::new(ErrorCode::Refused, message).hint("try again later"));
        }
        let Some(name) = name else {
            return Ok(self.open(seed, params).listen());
        };
        if name.is_empty() || name.len() > LONGEST_NAME {
            let message = format!("a room's name has 1 to {LONGEST_NAME} bytes");
            return Err(Error::bad_input(message).field("/room"));
        }
        let mut named = self.named.lock();
        named.retain(|_, room| room.strong_count() > 0);
        let open = named.get(name).and_then(Weak::upgrade);
        let room = open.unwrap_or_else(|| {
            let room = self.open(seed, params);
            named.insert(name.to_owned(), Arc::downgrade(&room));
            room
        });
        Ok(room.listen())
    }

    fn open(&self, seed: u64, params: Params) -> Arc<Room> {
        let (chunks, _) = broadcast::channel(WAITING);
        let room = Arc::new(Room {
            params: Mutex::new(params),
            chunks: chunks.clone(),
            counts: self.counts.clone(),
        });
        let engine = Engine::new(seed, params, STREAM_RATE);
        tokio::spawn(play(Arc::downgrade(&room), self.counts.clone(), engine));
        room
    }

    pub fn stats(&self) -> RoomStats {
        let counts = &self.counts;
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut lateness: Vec<u32> = counts.lateness.lock().iter().copied().collect();
        lateness.sort_unstable();
        let percentile = |share: f64| {
            let at = (lateness.len() as f64 * share).ceil() as usize;
            let found = lateness.get(at.saturating_sub(1));
            found.map_or(0.0, |micros| f64::from(*micros) / 1e3)
        };
        RoomStats {
            rooms: count(&counts.rooms),
            listeners: count(&counts.listeners),
            chunks: count(&counts.chunks),
            late: count(&counts.late),
            lost: count(&counts.lost),
            late_p50_ms: percentile(0.5),
            late_p95_ms: percentile(0.95),
            late_p99_ms: percentile(0.99),
            render_load: count(&counts.render_us) as f64 / CHUNK.as_micros() as f64,
        }
    }
}

impl Room {
    fn listen(self: Arc<Self>) -> Listening {
        self.counts.listeners.fetch_add(1, Ordering::Relaxed);
        Listening {
            chunks: self.chunks.subscribe(),
            room: self,
        }
    }
}

impl Listening {
    /// The next chunk; `None` when the room has ended. May be dropped and called again.
    pub async fn next(&mut self) -> Option<Heard> {
        match self.chunks.recv().await {
            Ok(chunk) => Some(Heard::Chunk(chunk)),
            Err(RecvError::Lagged(lost)) => {
                self.room.counts.lost.fetch_add(lost, Ordering::Relaxed);
                Some(Heard::Lost(lost))
            }
            Err(RecvError::Closed) => None,
        }
    }

    /// Changes the room's music for all who listen, from the next half bar on. Of several changes before
    /// it, the last one counts.
    pub fn set(&self, change: Change) -> Result<Params, Error> {
        let mut params = self.room.params.lock();
        *params = change.of(*params)?;
        Ok(*params)
    }

    /// What was asked for last: it plays from the next half bar on.
    pub fn params(&self) -> Params {
        *self.room.params.lock()
    }

    /// Chunks that wait to be taken.
    pub fn waiting(&self) -> usize {
        self.chunks.len()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.room.counts.listeners.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Plays until nobody is in the room.
async fn play(room: Weak<Room>, counts: Arc<Counts>, mut engine: Engine) {
    counts.rooms.fetch_add(1, Ordering::Relaxed);
    let mut due = Instant::now();
    let (mut left, mut right) = (vec![0.0; CHUNK_FRAMES], vec![0.0; CHUNK_FRAMES]);
    let mut told = None;
    for seq in 0.. {
        tokio::time::sleep_until(due).await;
        let Some(room) = room.upgrade() else {
            break;
        };
        let begun = Instant::now();
        let lag = begun.duration_since(due);
        engine.set(*room.params.lock());
        let now = engine.now();
        let place = Some((now.bar, now.params));
        let ahead = (told != place).then(|| Arc::new(score(&engine.ahead(AHEAD_BARS))));
        told = place;
        engine.render(&mut left, &mut right);
        let chunk = Chunk {
            seq,
            made_ms: unix_ms(),
            samples: interleaved(&left, &right),
            now,
            ahead,
        };
        // Whoever listened may have left just now.
        let _ = room.chunks.send(Arc::new(chunk));
        counts.count(lag, begun.elapsed());
        due += CHUNK;
        if lag > LONGEST_LAG {
            due = Instant::now();
        }
    }
    counts.rooms.fetch_sub(1, Ordering::Relaxed);
}

impl Counts {
    fn count(&self, lag: Duration, took: Duration) {
        self.chunks.fetch_add(1, Ordering::Relaxed);
        let is_late = lag + took > ON_TIME;
        self.late.fetch_add(u64::from(is_late), Ordering::Relaxed);
        self.render_us
            .store(took.as_micros() as u64, Ordering::Relaxed);
        let mut lateness = self.lateness.lock();
        if lateness.len() == REMEMBERED {
            lateness.pop_front();
        }
        lateness.push_back(u32::try_from((lag + took).as_micros()).unwrap_or(u32::MAX));
    }
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_millis() as u64
}

/// 16 bits are enough for music that ends in a limiter: their noise lies at -98 dBFS.
fn interleaved(left: &[f32], right: &[f32]) -> Vec<i16> {
    let to_i16 = |x: &f32| (x * 32_767.0).round() as i16;
    let frames = left.iter().zip(right);
    frames
        .flat_map(|(left, right)| [to_i16(left), to_i16(right)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn chunk(listening: &mut Listening) -> Arc<Chunk> {
        match listening.next().await {
            Some(Heard::Chunk(chunk)) => chunk,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_seed_gives_the_engines_own_music_in_chunks_of_a_tenth_of_a_second() {
        let rooms = Rooms::default();
        let mut listening = rooms.enter(None, 7, Change::default()).unwrap();
        let mut engine = Engine::new(7, Params::default(), STREAM_RATE);
        let (mut left, mut right) = (vec![0.0; 4_410], vec![0.0; 4_410]);
        let begun = Instant::now();
        for seq in 0..20 {
            engine.render(&mut left, &mut right);
            let chunk = chunk(&mut listening).await;
            assert_eq!(chunk.seq, seq);
            assert_eq!(chunk.samples, interleaved(&left, &right));
        }
        assert_eq!(begun.elapsed(), 19 * CHUNK);
        let stats = rooms.stats();
        assert_eq!((stats.rooms, stats.listeners, stats.lost), (1, 1, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_named_room_is_shared_and_others_are_not() {
        let rooms = Rooms::default();
        let mut one = rooms.enter(Some("den"), 1, Change::default()).unwrap();
        let mut two = rooms.enter(Some("den"), 2, Change::default()).unwrap();
        let mut own = rooms.enter(None, 2, Change::default()).unwrap();
        let change = Change {
            preset: Some(Preset::Sleep),
            bpm: Some(44.0),
            ..Change::default()
        };
        one.set(change).unwrap();
        assert_eq!(two.params().mode, Mode::Phrygian);
        assert_eq!(two.params().bpm.get(), 44.0);
        assert_eq!(own.params(), Params::default());
        for _ in 0..30 {
            assert_eq!(chunk(&mut one).await, chunk(&mut two).await);
        }
        assert_eq!(own.next().await, Some(Heard::Lost(30 - WAITING as u64)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_listener_loses_the_oldest_and_holds_nobody_up() {
        let rooms = Rooms::default();
        let mut slow = rooms.enter(Some("den"), 1, Change::default()).unwrap();
        let mut quick = rooms.enter(Some("den"), 1, Change::default()).unwrap();
        for seq in 0..50 {
            assert_eq!(chunk(&mut quick).await.seq, seq);
        }
        let Some(Heard::Lost(lost)) = slow.next().await else {
            panic!("nothing was lost");
        };
        assert_eq!(chunk(&mut slow).await.seq, lost);
        assert_eq!(rooms.stats().lost, lost);
    }

    #[tokio::test(start_paused = true)]
    async fn an_empty_room_ends_and_begins_anew() {
        let rooms = Rooms::default();
        let mut listening = rooms.enter(Some("den"), 1, Change::default()).unwrap();
        chunk(&mut listening).await;
        drop(listening);
        tokio::time::sleep(2 * CHUNK).await;
        assert_eq!((rooms.stats().rooms, rooms.stats().listeners), (0, 0));
        let mut again = rooms.enter(Some("den"), 1, Change::default()).unwrap();
        assert_eq!(chunk(&mut again).await.seq, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_machine_that_slept_goes_on_instead_of_catching_up() {
        let rooms = Rooms::default();
        let mut listening = rooms.enter(None, 1, Change::default()).unwrap();
        chunk(&mut listening).await;
        tokio::time::advance(Duration::from_secs(60)).await;
        for _ in 0..3 {
            chunk(&mut listening).await;
        }
        let begun = Instant::now();
        chunk(&mut listening).await;
        chunk(&mut listening).await;
        assert!(begun.elapsed() >= CHUNK, "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn what_cannot_be_is_refused() {
        let rooms = Rooms::default();
        let fast = Change {
            bpm: Some(200.0),
            ..Change::default()
        };
        let error = rooms.enter(None, 1, fast).map(drop).unwrap_err();
        assert_eq!(error.field.as_deref(), Some("/bpm"));
        for name in ["", &"x".repeat(65)] {
            assert!(rooms.enter(Some(name), 1, Change::default()).is_err());
        }
        let all: Result<Vec<Listening>, Error> = (0..MOST_LISTENERS)
            .map(|_| rooms.enter(Some("den"), 1, Change::default()))
            .collect();
        let all = all.unwrap();
        let one_more = rooms.enter(Some("den"), 1, Change::default()).map(drop);
        assert_eq!(one_more.unwrap_err().code, ErrorCode::Refused);
        drop(all);
        assert!(rooms.enter(Some("den"), 1, Change::default()).is_ok());
    }
}
