//! A provider's key goes to that provider and nowhere else.

use std::io::Write;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::json;
use studio_testkit::{FakeProvider, Reply, Wire};
use tracing_subscriber::fmt::MakeWriter;

use crate::{Listed, World, hello};

const KEY: &str = "sk-secret-0123456789-abcdefghij";

/// Everything that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        self.clone()
    }
}

#[tokio::test]
async fn a_key_is_in_no_error_log_decision_or_answer_even_if_the_provider_repeats_it() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    for wire in [Wire::OpenAi, Wire::Anthropic, Wire::Gemini] {
        let said = format!("the key {KEY} is wrong");
        for reply in [
            Reply::json(401, &json!({ "error": { "message": said } })),
            Reply::new(403, "text/html").bytes(format!("<title>{said}</title>")),
            Reply::new(200, "text/event-stream").bytes(format!("data: {said}\n\n")),
            wire.begun(&["Well"]).bytes(format!(
                "data: {}\n\n",
                json!({ "error": { "message": said } })
            )),
        ] {
            let provider = FakeProvider::start(move |_, _| reply.clone());
            let world = World::new(&[Listed::new("m", &provider).wire(wire)]);
            let kept = json!({ "provider": "m", "key": KEY });
            let kept = world.call("provider.set_key", kept).await.unwrap();
            let told = world.ask(hello()).await;
            let error = told.error.expect("it refuses");
            let asked = &provider.requests()[0];
            let sent = asked.headers.iter().any(|(_, value)| value.contains(KEY));
            assert!(sent, "{wire:?}: the provider gets its key");
            assert!(!asked.path.contains(KEY), "{wire:?}: not in the address");
            let mut shown = format!("{kept} {error} {error:?}");
            for operation in [
                "gateway.decisions",
                "gateway.models",
                "provider.list",
                "gateway.cost",
            ] {
                let input = match operation {
                    "gateway.models" => json!({ "discover": false }),
                    _ => json!({}),
                };
                shown += &world.call(operation, input).await.unwrap().to_string();
            }
            shown += &format!("{:?}", world.entries());
            assert!(
                shown.contains("***") || told.text == "Well",
                "{wire:?}: {shown}"
            );
            assert!(!shown.contains(KEY), "{wire:?}: the key is shown");
            world
                .call("provider.remove_key", json!({ "provider": "m" }))
                .await
                .unwrap();
        }
    }
    let log = String::from_utf8_lossy(&log.0.lock()).into_owned();
    assert!(!log.contains(KEY), "the key is logged");
}
