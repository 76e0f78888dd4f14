//! What this machine is doing, as the router wants to know it: learnt from events, not polled.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use studio_core::{Event, Events, JobStatus};
use studio_llm::route::Machine;

/// Kept up to date for as long as the studio lives.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    running: Mutex<HashSet<String>>,
    live_audio: AtomicBool,
    memory: Mutex<Option<(Instant, u64)>>,
}

/// How long the free memory is taken for the same: asking the system costs more than a decision.
const MEMORY_HOLDS: Duration = Duration::from_millis(500);

impl Watch {
    /// Must be called within a Tokio runtime.
    pub(crate) fn start(events: &Events) -> Arc<Watch> {
        let watch = Arc::new(Watch::default());
        let mut events = events.subscribe();
        let seen = Arc::downgrade(&watch);
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                let Some(watch) = seen.upgrade() else { return };
                watch.take(&event);
            }
        });
        watch
    }

    fn take(&self, event: &Event) {
        match event {
            Event::JobChanged { job } => {
                let mut running = self.running.lock();
                if job.status == JobStatus::Running {
                    running.insert(job.id.clone());
                } else {
                    running.remove(&job.id);
                }
            }
            Event::AmbientChanged { status } => {
                let playing = status["playing"].as_bool().unwrap_or(false);
                self.live_audio.store(playing, Ordering::Relaxed);
            }
            _ => {}
        }
    }

    pub(crate) fn now(&self) -> Machine {
        Machine {
            live_audio: self.live_audio.load(Ordering::Relaxed),
            busy_jobs: self.running.lock().len() as u32,
            free_memory_bytes: self.free_memory(),
        }
    }
}

impl Watch {
    fn free_memory(&self) -> u64 {
        let mut memory = self.memory.lock();
        match *memory {
            Some((when, free)) if when.elapsed() < MEMORY_HOLDS => free,
            _ => {
                let free = free_memory();
                *memory = Some((Instant::now(), free));
                free
            }
        }
    }
}

/// Memory that a model may take without pushing others out. Where the system does not tell, it is
/// taken to be enough: loading says so itself if it is not.
fn free_memory() -> u64 {
    let told = std::fs::read_to_string("/proc/meminfo").ok();
    let line = told.as_deref().and_then(|told| {
        told.lines()
            .find_map(|line| line.strip_prefix("MemAvailable:"))
    });
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.map_or(u64::MAX, |kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn live_audio_is_seen_while_it_plays() {
        let watch = Watch::default();
        watch.take(&Event::AmbientChanged {
            status: json!({ "playing": true }),
        });
        assert!(watch.now().live_audio);
        watch.take(&Event::AmbientChanged {
            status: json!({ "playing": false }),
        });
        assert!(!watch.now().live_audio);
    }
}
