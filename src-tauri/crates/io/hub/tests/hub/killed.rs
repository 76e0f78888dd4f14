//! A download whose process is killed.

use std::process::Command;
use std::time::Duration;

use camino::Utf8PathBuf;
use studio_hub::{Cache, Hub};
use studio_testkit::{HubFault, HubPlace};

use super::{World, large, patience, wanted};

/// Set in the process that is killed: the hub's address, and the cache's folder.
const HUB: &str = "STUDIO_HUB_TO_ASK";
const CACHE: &str = "STUDIO_HUB_CACHE";

#[tokio::test]
async fn a_killed_download_is_gone_on_with() {
    if let (Ok(hub), Ok(cache)) = (std::env::var(HUB), std::env::var(CACHE)) {
        return download(&hub, cache.into()).await;
    }
    // Through one connection, and through several.
    for size in [200_000, 2_000_000] {
        let file = large(size);
        let world = World::new(vec![file.clone()]);
        world.server.behave(|place, _| {
            (place == HubPlace::Keeper).then_some(HubFault::Slow(Duration::from_millis(20)))
        });
        let test = "killed::a_killed_download_is_gone_on_with";
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(HUB, world.server.url())
            .env(CACHE, world.folder.file("cache"))
            .spawn()
            .unwrap();
        world.wait_begun(&file, 100_000).await;
        child.kill().unwrap();
        assert!(!child.wait().unwrap().success(), "it was through already");
        let begun = world.begun(&file) as usize;
        let kept = world.blobs().join(format!("{}.incomplete", file.etag()));
        let kept = std::fs::read(kept).unwrap();
        assert_eq!(kept, file.bytes[..begun], "it is the beginning of the file");
        world.server.behave(|_, _| None);
        // The dead one's lock is free.
        let got = world.get("m.gguf").await.unwrap();
        assert_eq!(got.received as usize, size - begun, "only the rest comes");
        assert_eq!(std::fs::read(got.file).unwrap(), file.bytes);
    }
}

async fn download(hub: &str, cache: Utf8PathBuf) {
    let hub = Hub::new(hub, Cache::new(cache), patience()).unwrap();
    let wanted = wanted("m.gguf");
    let offered = hub.offer(&wanted, None).await.unwrap();
    let done = hub.download(&wanted, &offered, None, &mut |_| {}).await;
    done.unwrap();
}
