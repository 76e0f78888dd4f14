use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use studio_hub::{Hub, HubError, Patience, Revision, Token, Wanted};
use studio_testkit::{HUB_COMMIT, HUB_TOKEN, HubFault, HubFile, HubPlace, TempFolder, TestHub};

use super::{REPO, World, hub, large, noise, patience, repo, wanted};

#[tokio::test]
async fn a_file_comes_whole_and_lies_where_other_programs_look() {
    for size in [0, 1, 1_000, 300_000, 1_000_003] {
        let file = large(size);
        let world = World::new(vec![file.clone()]);
        let got = world.get("m.gguf").await.unwrap();
        assert_eq!(
            std::fs::read(&got.file).unwrap(),
            file.bytes,
            "{size} bytes"
        );
        assert_eq!((got.received, got.bytes), (size as u64, size as u64));
        assert_eq!(got.sha256, Some(file.etag()));
        let home = world.folder.file("cache/models--maker--model-GGUF");
        let link = home.join("snapshots").join(HUB_COMMIT).join("m.gguf");
        assert_eq!(got.file, link);
        assert!(home.join("blobs").join(file.etag()).is_file());
        let main = std::fs::read_to_string(home.join("refs/main")).unwrap();
        assert_eq!(main, HUB_COMMIT);
        let left = std::fs::read_dir(world.blobs()).unwrap().count();
        assert_eq!(left, 1, "nothing but the blob is left");
    }
}

#[tokio::test]
async fn small_files_are_named_and_checked_as_git_does() {
    let file = HubFile::small("sub dir/config.json", "{}");
    let world = World::new(vec![file.clone()]);
    let got = world.get("sub dir/config.json").await.unwrap();
    assert_eq!(got.blob, file.etag());
    assert_eq!(got.blob.len(), 40);
    assert_eq!(std::fs::read(&got.file).unwrap(), b"{}");
}

#[tokio::test]
async fn what_is_here_is_not_fetched_again() {
    let world = World::new(vec![large(400_000)]);
    world.get("m.gguf").await.unwrap();
    assert_eq!(world.server.take_sent(), 400_000);
    let again = world.get("m.gguf").await.unwrap();
    assert_eq!((again.received, world.server.take_sent()), (0, 0));
}

#[tokio::test]
async fn what_another_program_began_is_gone_on_with() {
    let file = large(200_000);
    let world = World::new(vec![file.clone()]);
    std::fs::create_dir_all(world.blobs()).unwrap();
    let begun = world.blobs().join(format!("{}.incomplete", file.etag()));
    std::fs::write(begun, &file.bytes[..150_000]).unwrap();
    let got = world.get("m.gguf").await.unwrap();
    assert_eq!(world.server.take_sent(), 50_000);
    assert_eq!(std::fs::read(got.file).unwrap(), file.bytes);
}

#[tokio::test]
async fn a_download_that_is_dropped_goes_on_where_it_was() {
    // Through one connection nothing that came is lost.
    let file = large(200_000);
    let world = World::new(vec![file.clone()]);
    world
        .server
        .behave(|place, _| (place == HubPlace::Keeper).then_some(HubFault::Stall(120_000)));
    let offered = world.hub.offer(&wanted("m.gguf"), None).await.unwrap();
    let hub = Hub::new(
        &world.server.url(),
        world.hub.cache().clone(),
        Patience {
            idle: Duration::from_secs(60),
            ..patience()
        },
    );
    let hub = hub.unwrap();
    let want = wanted("m.gguf");
    let mut deaf = |_| {};
    tokio::select! {
        done = hub.download(&want, &offered, None, &mut deaf) => panic!("{done:?}"),
        () = world.wait_begun(&file, 120_000) => {}
    }
    assert_eq!(world.server.take_sent(), 120_000);
    world.server.behave(|_, _| None);
    let got = world.get("m.gguf").await.unwrap();
    assert_eq!(world.server.take_sent(), 80_000, "only the rest");
    assert_eq!(std::fs::read(got.file).unwrap(), file.bytes);
}

#[tokio::test]
async fn a_dropped_download_of_several_connections_loses_what_was_in_flight_at_most() {
    let file = large(2_000_000);
    let world = World::new(vec![file.clone()]);
    world.server.behave(|place, _| {
        (place == HubPlace::Keeper).then_some(HubFault::Slow(Duration::from_millis(10)))
    });
    let offered = world.hub.offer(&wanted("m.gguf"), None).await.unwrap();
    let want = wanted("m.gguf");
    let mut deaf = |_| {};
    tokio::select! {
        done = world.hub.download(&want, &offered, None, &mut deaf) => panic!("{done:?}"),
        () = world.wait_begun(&file, 700_000) => {}
    }
    // The writer's thread ends by itself.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begun = world.begun(&file);
    assert!(begun < 2_000_000, "it was stopped in the middle");
    let first = world.hub.cache().partial_bytes(&repo(), &file.etag()) as usize;
    let name = format!("{}.incomplete", file.etag());
    let kept = std::fs::read(world.blobs().join(name)).unwrap();
    assert_eq!(kept, file.bytes[..first], "it is the beginning of the file");
    world.server.behave(|_, _| None);
    world.server.take_sent();
    let got = world.get("m.gguf").await.unwrap();
    assert_eq!(world.server.take_sent(), 2_000_000 - begun);
    assert_eq!(std::fs::read(got.file).unwrap(), file.bytes);
    let most = 3 * patience().piece;
    let wasted = 2_000_000_u64.saturating_sub(begun);
    assert!(got.received <= wasted + most);
}

#[tokio::test]
async fn several_connections_are_used_and_asked_for_ranges() {
    let world = World::new(vec![large(1_000_000)]);
    world.get("m.gguf").await.unwrap();
    let asked = world.server.asked();
    let ranges: Vec<&str> = asked
        .iter()
        .filter(|(place, _)| *place == HubPlace::Keeper)
        .filter_map(|(_, asked)| asked.header("range"))
        .collect();
    assert_eq!(
        ranges.len(),
        1_000_000_usize.div_ceil(64 << 10),
        "{ranges:?}"
    );
    let hub_asked = asked.iter().filter(|(place, _)| *place == HubPlace::Hub);
    assert_eq!(hub_asked.count(), 2, "the keeper's address is remembered");
}

#[tokio::test]
async fn two_downloads_of_one_file_fetch_it_once() {
    let file = large(600_000);
    let world = World::new(vec![file.clone()]);
    world.server.behave(|place, _| {
        (place == HubPlace::Keeper).then_some(HubFault::Slow(Duration::from_millis(5)))
    });
    let (one, two) = tokio::join!(world.get("m.gguf"), world.get("m.gguf"));
    assert_eq!(one.unwrap().file, two.unwrap().file);
    assert_eq!(world.server.take_sent(), 600_000);
}

#[tokio::test]
async fn progress_is_told_in_order_and_ends_at_the_whole() {
    let world = World::new(vec![large(500_000)]);
    world.server.behave(|place, _| {
        (place == HubPlace::Keeper).then_some(HubFault::Slow(Duration::from_millis(30)))
    });
    let want = wanted("m.gguf");
    let offered = world.hub.offer(&want, None).await.unwrap();
    let mut told = Vec::new();
    world
        .hub
        .download(&want, &offered, None, &mut |step| told.push(step))
        .await
        .unwrap();
    assert!(told.is_sorted_by_key(|step| step.bytes), "{told:?}");
    let last = told.last().unwrap();
    assert_eq!((last.bytes, last.total), (500_000, 500_000));
    assert!(last.bytes_per_sec > 0.0);
}

#[tokio::test]
async fn the_token_opens_the_hub_and_is_never_shown_to_the_keeper() {
    let world = World::new(vec![large(300_000)]);
    world.server.want_token();
    let denied = world.get("m.gguf").await.unwrap_err();
    assert!(
        matches!(
            &denied,
            HubError::Denied {
                has_token: false,
                ..
            }
        ),
        "{denied}"
    );
    let told = studio_core::Error::from(denied);
    assert_eq!(told.code, studio_core::ErrorCode::Refused);
    assert!(told.hint.unwrap().contains("token"));
    let wrong = Token::new("hf_wrong");
    let refused = world.get_as("m.gguf", Some(&wrong)).await.unwrap_err();
    assert!(
        matches!(
            &refused,
            HubError::Denied {
                has_token: true,
                ..
            }
        ),
        "{refused}"
    );
    assert!(!format!("{refused:?}").contains("hf_wrong"));
    let right = Token::new(HUB_TOKEN);
    world.get_as("m.gguf", Some(&right)).await.unwrap();
    for (place, asked) in world.server.asked() {
        if place == HubPlace::Keeper {
            assert_eq!(asked.header("authorization"), None, "{asked:?}");
        }
    }
}

#[tokio::test]
async fn a_pinned_digest_is_held_to() {
    let file = large(1_000);
    let world = World::new(vec![file.clone()]);
    let pinned = Wanted {
        sha256: Some("0".repeat(64)),
        ..wanted("m.gguf")
    };
    let error = world.hub.offer(&pinned, None).await.unwrap_err();
    assert!(matches!(&error, HubError::OtherContent { .. }), "{error}");
    assert_eq!(world.server.take_sent(), 0, "before a byte came");
    let right = Wanted {
        sha256: Some(file.etag()),
        ..wanted("m.gguf")
    };
    world.hub.offer(&right, None).await.unwrap();
    // A small file's name does not tell its SHA-256: it is taken while the file comes.
    world.server.replace(vec![HubFile::small("c.json", "{}")]);
    let pinned = Wanted {
        sha256: Some("0".repeat(64)),
        ..wanted("c.json")
    };
    let offered = world.hub.offer(&pinned, None).await.unwrap();
    let lied = world
        .hub
        .download(&pinned, &offered, None, &mut |_| {})
        .await;
    assert!(matches!(lied, Err(HubError::WrongDigest { .. })));
    assert!(world.hub.cache().kept(&repo()).is_empty());
    // One that is here already is held to it, too.
    world.get("c.json").await.unwrap();
    let mut deaf = |_| {};
    let here = world.hub.download(&pinned, &offered, None, &mut deaf).await;
    assert!(
        matches!(here, Err(HubError::OtherContent { .. })),
        "{here:?}"
    );
}

#[tokio::test]
async fn an_update_is_a_snapshot_beside_the_old_one_and_shares_what_is_equal() {
    let same = HubFile::small("config.json", "{}");
    let world = World::new(vec![large(1_000), same.clone()]);
    for path in ["m.gguf", "config.json"] {
        world.get(path).await.unwrap();
    }
    world
        .server
        .replace(vec![HubFile::large("m.gguf", noise(2_000)), same]);
    world.server.take_sent();
    for path in ["m.gguf", "config.json"] {
        world.get(path).await.unwrap();
    }
    assert_eq!(world.server.take_sent(), 2_000, "config.json is the same");
    let revision = Revision::default();
    let path = wanted("m.gguf").path;
    let kept = world.hub.cache().find(&repo(), &revision, &path);
    assert_eq!(kept.unwrap().bytes, 2_000);
}

#[tokio::test]
async fn what_is_not_there_is_told_at_once() {
    let world = World::new(vec![large(10)]);
    let error = world.fails("other.gguf").await;
    assert!(matches!(&error, HubError::NotFound { .. }), "{error}");
    let gone = Wanted {
        revision: Revision::parse("gone").unwrap(),
        ..wanted("m.gguf")
    };
    let error = world.hub.offer(&gone, None).await.unwrap_err();
    assert!(error.to_string().contains("revision"), "{error}");
    assert_eq!(world.server.asked().len(), 2, "neither is tried again");
}

#[tokio::test]
async fn without_a_network_it_says_so_after_its_tries() {
    let folder = TempFolder::new();
    let server = TestHub::start(REPO, Vec::new());
    let hub = hub(&server, &folder, patience());
    // Nobody listens at a port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let away = Hub::new(&url, hub.cache().clone(), patience()).unwrap();
    let error = away.offer(&wanted("m.gguf"), None).await.unwrap_err();
    assert!(matches!(&error, HubError::Network { .. }), "{error}");
    let told = studio_core::Error::from(error);
    assert_eq!(told.code, studio_core::ErrorCode::Network);
}

#[tokio::test]
async fn redirects_without_end_end() {
    let world = World::new(vec![large(10)]);
    let count = Arc::new(AtomicUsize::new(0));
    let seen = count.clone();
    world.server.behave(move |place, asked| {
        seen.fetch_add(1, Ordering::SeqCst);
        let again = vec![("location", asked.path.clone())];
        (place == HubPlace::Hub).then_some(HubFault::Answer(302, again, String::new()))
    });
    let error = world.fails("m.gguf").await;
    assert!(error.to_string().contains("without end"), "{error}");
    assert!(count.load(Ordering::SeqCst) < 10);
}
