//! A disk that is full, before and in the middle.

use std::process::Command;

use studio_core::ErrorCode;
use studio_hub::{HubError, Patience};
use studio_testkit::Asked;

use super::{World, large, patience};

#[tokio::test]
async fn a_disk_without_room_is_told_before_a_byte_comes() {
    let greedy = Patience {
        margin: u64::MAX / 2,
        ..patience()
    };
    let world = World::with(vec![large(1_000)], greedy);
    let error = world.fails("m.gguf").await;
    assert!(matches!(&error, HubError::NoRoom { .. }), "{error}");
    assert_eq!(studio_core::Error::from(error).code, ErrorCode::DiskFull);
    assert_eq!(world.server.take_sent(), 0);
}

/// Set in the process that may write no long files.
const CHILD: &str = "STUDIO_HUB_NO_ROOM";

#[test]
fn a_disk_that_fills_up_in_the_middle_keeps_what_came() {
    if std::env::var_os(CHILD).is_some() {
        return fill();
    }
    let test = "room::a_disk_that_fills_up_in_the_middle_keeps_what_came";
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, "1")
        .status()
        .unwrap();
    assert!(status.success(), "the other process tells why above");
}

fn fill() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        // Through several connections, and through one.
        for size in [400_000, 200_000] {
            let file = large(size);
            let world = World::new(vec![file.clone()]);
            longest_file(150_000);
            let error = world.fails("m.gguf").await;
            let told = studio_core::Error::from(error);
            assert_eq!(told.code, ErrorCode::DiskFull, "{told}");
            assert_eq!(world.begun(&file), 150_000, "what came is kept");
            longest_file(libc::RLIM_INFINITY);
            let asked = world.server.asked().len();
            let got = world.get("m.gguf").await.unwrap();
            assert_eq!(std::fs::read(got.file).unwrap(), file.bytes);
            let asked = world.server.asked().split_off(asked);
            let ranges: Vec<u64> = asked.iter().filter_map(|(_, asked)| begin(asked)).collect();
            assert!(!ranges.is_empty(), "the rest was asked for");
            let again: Vec<&u64> = ranges.iter().filter(|from| **from < 150_000).collect();
            assert!(again.is_empty(), "{again:?} had come already");
        }
    });
}

/// Where the range that was asked for begins.
fn begin(asked: &Asked) -> Option<u64> {
    let range = asked.header("range")?.strip_prefix("bytes=")?;
    range.split('-').next()?.parse().ok()
}

/// From now on no file of this process may become longer, as on a full disk.
fn longest_file(bytes: libc::rlim_t) {
    let limit = libc::rlimit {
        rlim_cur: bytes,
        rlim_max: libc::RLIM_INFINITY,
    };
    // SAFETY: plain system calls; ignoring the signal makes the write fail instead.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &limit), 0);
    }
}
