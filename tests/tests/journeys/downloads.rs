//! A process that is killed while it downloads a model, and the next one that goes on.

use std::process::Stdio;
use std::time::Duration;

use serde_json::json;
use studio_testkit::{HubFault, HubFile, HubPlace, TestHub, tiny_gguf};
use studio_tests::App;

#[test]
fn a_download_that_was_killed_goes_on_where_it_was() {
    let mut bytes = tiny_gguf("qwen2");
    bytes.resize(4_000_000, 3);
    let file = HubFile::large("tiny.gguf", bytes.clone());
    let hub = TestHub::start("maker/tiny-GGUF", vec![file.clone()]);
    hub.behave(|place, _| {
        (place == HubPlace::Keeper).then_some(HubFault::Slow(Duration::from_millis(20)))
    });
    let app = App::new();
    let setting = json!({ "key": "models.hub_url", "value": hub.url() });
    app.call("settings.set", setting);
    let input = json!({ "repo": "maker/tiny-GGUF", "files": ["tiny.gguf"] });
    let mut child = app
        .command()
        .args(["run", "model.download", "--input", &input.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let blobs = app.home().join("hub/models--maker--tiny-GGUF/blobs");
    let begun = blobs.join(format!("{}.incomplete", file.etag()));
    let length = || std::fs::metadata(&begun).map_or(0, |data| data.len());
    for _ in 0..3_000 {
        if length() > 500_000 {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().expect("it runs");
    child.wait().expect("it is dead");
    let kept = length();
    assert!((500_000..4_000_000).contains(&kept), "{kept} bytes came");
    hub.behave(|_, _| None);
    // The server may send a little more before it notices.
    std::thread::sleep(Duration::from_millis(500));
    hub.take_sent();
    let got = app.call("model.download", input);
    assert_eq!(got["model"], "local/maker/tiny-GGUF/tiny");
    assert_eq!(got["received_bytes"], 4_000_000 - kept);
    assert_eq!(
        hub.take_sent(),
        4_000_000 - kept,
        "only the rest was fetched"
    );
    let verified = app.call("model.verify", json!({ "model": got["model"] }));
    assert_eq!(verified["is_whole"], true, "{verified}");
    let place = got["files"][0]["file"].as_str().expect("a path");
    assert_eq!(std::fs::read(place).expect("a file"), bytes);
}
