//! Bounds how many jobs of a resource class run at once.

use std::sync::Arc;

use studio_core::Resource;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Requests in flight to other machines; they wait, they do not compute.
const NETWORK_SLOTS: usize = 8;
/// One heavy model at a time: two would not fit.
const GPU_SLOTS: usize = 1;

pub(crate) struct Slots {
    cpu: Arc<Semaphore>,
    gpu: Arc<Semaphore>,
    network: Arc<Semaphore>,
}

impl Slots {
    pub(crate) fn new(cpu: usize) -> Slots {
        Slots {
            cpu: Arc::new(Semaphore::new(cpu.max(1))),
            gpu: Arc::new(Semaphore::new(GPU_SLOTS)),
            network: Arc::new(Semaphore::new(NETWORK_SLOTS)),
        }
    }

    /// Waits for a free slot; real-time work never waits and holds none.
    pub(crate) async fn take(&self, resource: Resource) -> Option<OwnedSemaphorePermit> {
        let semaphore = match resource {
            Resource::Cpu => &self.cpu,
            Resource::Gpu => &self.gpu,
            Resource::Network => &self.network,
            Resource::Realtime => return None,
        };
        // The semaphores are never closed.
        semaphore.clone().acquire_owned().await.ok()
    }
}
