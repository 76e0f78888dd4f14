//! Takes on the disk, from their first sample until they are assets.
//!
//! A take grows in the project's folder `recordings`, beside a note that says where it belongs and is locked as long as
//! somebody records. Both go when the take is an asset. What a process that died or a full disk left has a note that
//! nobody holds: [`recover`] makes an asset of it.

use std::fs::{File, TryLockError};
use std::io::{Read, Write};

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use studio_assets::Origin;
use studio_core::{Error, Event, JobContext};
use studio_store::{ImportMode, Project, Provenance};

const FOLDER: &str = "recordings";

/// Where a take belongs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Note {
    pub(crate) session: String,
    pub(crate) track: u32,
    pub(crate) track_name: String,
    /// Sample of the session that it was recorded from.
    pub(crate) at: u64,
    pub(crate) begun: Timestamp,
}

/// A take's files. As long as this lives, nobody else looks at them.
pub(crate) struct TakeFiles {
    sound: Utf8PathBuf,
    note: Utf8PathBuf,
    _lock: File,
}

impl TakeFiles {
    /// A place for a new take.
    pub(crate) fn create(project: &Project, note: &Note) -> Result<TakeFiles, Error> {
        let folder = project.path().join(FOLDER);
        let failed = |error: std::io::Error| Error::io(format!("write into {folder}"), &error);
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let name = uuid::Uuid::now_v7().simple().to_string();
        let path = folder.join(&name).with_extension("json");
        // It has its name when it is locked and whole, so that nobody takes it for a lost one.
        let unnamed = folder.join(&name).with_extension("new");
        let write = || {
            let mut file = File::create_new(&unnamed)?;
            file.lock()?;
            file.write_all(json!(note).to_string().as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&unnamed, &path)?;
            Ok(file)
        };
        let lock = write().map_err(|error| {
            let _ = std::fs::remove_file(&unnamed);
            failed(error)
        })?;
        Ok(TakeFiles {
            sound: path.with_extension("wav"),
            note: path,
            _lock: lock,
        })
    }

    pub(crate) fn sound(&self) -> &Utf8Path {
        &self.sound
    }

    /// The take is an asset now, or holds nothing.
    pub(crate) fn remove(self) {
        for path in [&self.sound, &self.note] {
            if let Err(error) = std::fs::remove_file(path)
                && error.kind() != std::io::ErrorKind::NotFound
            {
                tracing::warn!(%path, %error, "a take that is in the project stays in its folder, too");
            }
        }
    }
}

/// Makes assets of the takes that were left in a project, and tells of each. What cannot be read or stored stays where it
/// is, and is told as well.
pub(crate) fn recover(cx: &JobContext, project: &Project) {
    let Ok(entries) = project.path().join(FOLDER).read_dir_utf8() else {
        return;
    };
    for entry in entries.flatten() {
        if entry.path().extension() != Some("json") {
            continue;
        }
        if let Err(error) = recover_take(cx, project, entry.path()) {
            let sound = entry.path().with_extension("wav");
            cx.warn(format!(
                "the take {sound} was left unfinished and could not be brought into the project: {error}"
            ));
        }
    }
}

fn recover_take(cx: &JobContext, project: &Project, path: &Utf8Path) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::io(format!("read {path}"), &error);
    let mut file = match File::options().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(()),
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    let mut text = Vec::new();
    file.read_to_end(&mut text).map_err(failed)?;
    // A note that cannot be read is no reason to lose a take.
    let note: Note = serde_json::from_slice(&text).unwrap_or_default();
    let files = TakeFiles {
        sound: path.with_extension("wav"),
        note: path.to_owned(),
        _lock: file,
    };
    // Another process may just have been here.
    if !path.exists() {
        return Ok(());
    }
    let is_there = files.sound.exists();
    if !is_there || studio_media::complete_wav(&files.sound)? == 0 {
        files.remove();
        return Ok(());
    }
    let name = note.recovered_name();
    let asset = note.import(cx, project, &files.sound, name.clone())?;
    files.remove();
    cx.warn(format!(
        "a recording that broke off was found: it is in the project as `{name}`"
    ));
    cx.emit(Event::TakeRecovered {
        project: project.path().to_string(),
        asset: asset.id,
        name,
    });
    Ok(())
}

impl Note {
    /// Makes the take an asset of this name.
    pub(crate) fn import(
        &self,
        cx: &JobContext,
        project: &Project,
        sound: &Utf8Path,
        name: String,
    ) -> Result<studio_store::Asset, Error> {
        let made = Provenance {
            operation: "session.record".to_owned(),
            input: json!({ "session": self.session, "track": self.track, "at": self.at }),
            ..Provenance::default()
        };
        let origin = Origin {
            name: Some(name),
            made: Some(made),
            passing: true,
            ..Origin::default()
        };
        studio_assets::import(cx, project, sound, ImportMode::Copy, origin)
    }

    fn recovered_name(&self) -> String {
        let track = match self.track_name.trim() {
            "" => String::new(),
            track => format!(", {track}"),
        };
        let begun = self.begun.strftime("%Y-%m-%d %H.%M.%S");
        format!("Recovered take{track}, {begun}.wav")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use studio_core::units::SampleRate;
    use studio_core::{Cancel, Detached, Events, Subscription};
    use studio_dsp::Audio;
    use studio_media::{AudioWriter, Bits};
    use studio_testkit::signal;

    use super::*;

    struct World {
        _folder: tempfile::TempDir,
        project: Project,
        cx: JobContext,
        told: Subscription,
    }

    fn world() -> World {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().join("p")).unwrap();
        let events = Events::new();
        World {
            told: events.subscribe(),
            cx: JobContext::new(Arc::new(Detached), Cancel::new(), events),
            project: Project::create(&path, "Takes").unwrap(),
            _folder: folder,
        }
    }

    impl World {
        fn note() -> Note {
            Note {
                session: "s".to_owned(),
                track: 3,
                track_name: "Voice".to_owned(),
                at: 48_000,
                begun: "2026-11-27T19:56:03Z".parse().unwrap(),
            }
        }

        /// A take of a second whose writer died.
        fn left(&self) -> (TakeFiles, Vec<f32>) {
            let files = TakeFiles::create(&self.project, &World::note()).unwrap();
            let noise = signal::noise(4, 0.3, 48_000);
            let rate = SampleRate::HZ_48000;
            let mut writer = AudioWriter::record(files.sound(), Bits::Float32, rate, 1).unwrap();
            let channels = vec![noise.clone()];
            writer.write(&Audio { rate, channels }).unwrap();
            writer.flush().unwrap();
            std::mem::forget(writer);
            (files, noise)
        }

        fn names(&self) -> Vec<String> {
            let assets = self.project.assets().list().unwrap();
            assets.into_iter().map(|asset| asset.facts.name).collect()
        }

        fn files(&self) -> usize {
            let folder = self.project.path().join(FOLDER);
            folder.read_dir_utf8().unwrap().count()
        }
    }

    #[test]
    fn a_take_that_was_left_becomes_an_asset() {
        let mut world = world();
        let (files, noise) = world.left();
        recover(&world.cx, &world.project);
        assert_eq!(world.names(), [""; 0], "it is still being recorded");
        drop(files);
        recover(&world.cx, &world.project);
        let name = "Recovered take, Voice, 2026-11-27 19.56.03.wav";
        assert_eq!(world.names(), [name]);
        assert_eq!(world.files(), 0);
        let asset = world.project.assets().list().unwrap().remove(0);
        let artifact = world.project.artifacts().get(&asset.facts.digest).unwrap();
        let path = world.project.artifacts().path(&artifact.unwrap());
        let (sound, _) = studio_media::decode(&path, u64::MAX).unwrap();
        assert!(sound.frames() > 40_000);
        assert!(sound.channels[0][..] == noise[..sound.frames()]);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let told = (0..2).filter_map(|_| runtime.block_on(world.told.next()));
        let told: Vec<Event> = told.collect();
        assert!(matches!(&told[1], Event::TakeRecovered { name: told, .. } if told == name));
        recover(&world.cx, &world.project);
        assert_eq!(world.names(), [name], "once");
    }

    #[test]
    fn a_take_without_a_note_that_can_be_read_is_kept_too() {
        let world = world();
        let (files, _) = world.left();
        std::fs::write(&files.note, "{").unwrap();
        drop(files);
        recover(&world.cx, &world.project);
        assert!(world.names()[0].starts_with("Recovered take"));
    }

    #[test]
    fn what_cannot_be_read_stays_and_what_holds_nothing_goes() {
        let world = world();
        let files = TakeFiles::create(&world.project, &World::note()).unwrap();
        std::fs::write(files.sound(), "").unwrap();
        drop(files);
        drop(TakeFiles::create(&world.project, &World::note()).unwrap());
        recover(&world.cx, &world.project);
        assert_eq!((world.files(), world.names().len()), (0, 0));
        let files = TakeFiles::create(&world.project, &World::note()).unwrap();
        std::fs::write(files.sound(), "no header of a WAV file").unwrap();
        drop(files);
        recover(&world.cx, &world.project);
        assert_eq!((world.files(), world.names().len()), (2, 0));
    }
}
