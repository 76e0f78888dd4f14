//! A sound card of the test's own: a private PulseAudio with a sink that only listens.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};

use crate::display::Group;

const RATE_HZ: usize = 48_000;
const CHANNELS: usize = 2;

/// Plays into memory what the app plays into its default device. Ends with its processes.
pub struct Sound {
    server: String,
    alsa: String,
    /// All that was heard, interleaved.
    heard: Arc<Mutex<Vec<f32>>>,
    folder: Utf8PathBuf,
    /// None while the card is unplugged. The ear goes before the daemon that it listens to.
    plugged: Option<(Group, Group)>,
}

impl Sound {
    /// Keeps its socket and configuration in `folder`.
    pub(crate) fn start(folder: &Utf8Path) -> Sound {
        std::fs::create_dir_all(folder).expect("a folder");
        let (socket, alsa) = (folder.join("pulse.sock"), folder.join("alsa.conf"));
        let plugged = "</usr/share/alsa/alsa.conf>\npcm.!default { type pulse }\nctl.!default { type pulse }\n";
        std::fs::write(&alsa, plugged).expect("a configuration");
        let mut sound = Sound {
            server: format!("unix:{socket}"),
            alsa: alsa.into_string(),
            heard: Arc::default(),
            folder: folder.to_owned(),
            plugged: None,
        };
        sound.plug_in();
        sound
    }

    /// Takes the sound card away, as one pulls out a cable.
    pub fn unplug(&mut self) {
        self.plugged = None;
    }

    /// The same card again.
    pub fn plug_in(&mut self) {
        let daemon = daemon(&self.folder, &self.server);
        let (begun, before) = (Instant::now(), self.now());
        let ear = loop {
            // The daemon needs a moment before it can be listened to.
            let ear = listen(&self.server, self.heard.clone());
            std::thread::sleep(Duration::from_millis(300));
            if self.now() > before {
                break ear;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "pulseaudio does not start; `cargo xtask setup` installs pulseaudio and pulseaudio-utils"
            );
        };
        self.plugged = Some((ear, daemon));
    }

    /// What an app must know to play here.
    pub(crate) fn environment(&self) -> [(&'static str, &str); 2] {
        [
            ("PULSE_SERVER", &self.server),
            ("ALSA_CONFIG_PATH", &self.alsa),
        ]
    }

    /// Root mean square of the last second, 0 to 1.
    pub fn level(&self) -> f64 {
        let heard = self.heard.lock().expect("the ear");
        let heard = &heard[heard.len().saturating_sub(RATE_HZ * CHANNELS)..];
        let power: f64 = heard.iter().map(|x| f64::from(x * x)).sum();
        (power / heard.len().max(1) as f64).sqrt()
    }

    /// How many frames were heard so far.
    pub fn now(&self) -> usize {
        self.heard.lock().expect("the ear").len() / CHANNELS
    }

    /// The left channel of what was heard from frame `from` on.
    pub fn left_since(&self, from: usize) -> Vec<f32> {
        let heard = self.heard.lock().expect("the ear");
        heard
            .chunks_exact(CHANNELS)
            .skip(from)
            .map(|frame| frame[0])
            .collect()
    }

    /// Waits until the level of the last second is as wished.
    pub async fn until_level(&self, wished: impl Fn(f64) -> bool) {
        let begun = Instant::now();
        while !wished(self.level()) {
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "the last second has a level of {}",
                self.level()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn daemon(folder: &Utf8Path, server: &str) -> Group {
    let socket = server.trim_start_matches("unix:");
    // One that was killed leaves it behind.
    let _ = std::fs::remove_file(socket);
    let mut command = Command::new("pulseaudio");
    command
        .args([
            "-n",
            "--daemonize=no",
            "--system=false",
            "--use-pid-file=no",
        ])
        .args(["--exit-idle-time=-1", "--disable-shm=yes", "--realtime=no"])
        .arg(format!(
            "--load=module-native-protocol-unix auth-anonymous=1 socket={socket}"
        ))
        .arg("--load=module-null-sink sink_name=test rate=48000 channels=2 format=float32le")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    for variable in [
        "HOME",
        "XDG_RUNTIME_DIR",
        "PULSE_RUNTIME_PATH",
        "PULSE_STATE_PATH",
    ] {
        command.env(variable, folder);
    }
    Group::spawn(&mut command, "pulseaudio", "pulseaudio")
}

fn listen(server: &str, heard: Arc<Mutex<Vec<f32>>>) -> Group {
    let mut command = Command::new("parec");
    command
        .args(["--raw", "--device=test.monitor", "--format=float32le"])
        .args(["--rate=48000", "--channels=2", "--latency-msec=20"])
        .env("PULSE_SERVER", server)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut ear = Group::spawn(&mut command, "parec", "pulseaudio-utils");
    let mut stream = ear.leader().stdout.take().expect("stdout is piped");
    std::thread::spawn(move || {
        let mut block = [0; 3840];
        while stream.read_exact(&mut block).is_ok() {
            let mut heard = heard.lock().expect("the ear");
            let samples = block.as_chunks::<4>().0;
            heard.extend(samples.iter().map(|bytes| f32::from_le_bytes(*bytes)));
        }
    });
    ear
}
