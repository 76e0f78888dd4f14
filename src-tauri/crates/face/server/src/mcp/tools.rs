//! Every operation as a tool.
//!
//! A tool's name is the operation's with `_` for the dot, since many clients allow no dot. Jobs are
//! waited for, with progress notifications; cancelling the request cancels the job.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use parking_lot::Mutex;
use rmcp::model::{
    CallToolResult, ContentBlock, JsonObject, ProgressNotificationParam, ResourceContents, Tool,
    ToolAnnotations,
};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::{Value, json};
use studio_core::{Blob, Error, ErrorCode, Event, Job, Operation, Output, Resource};
use studio_jobs::Studio;

/// Bytes of one answer; in Base64 they stay below the 16 MiB that clients read as one message.
const LARGEST_BLOB: usize = 8 << 20;

pub(super) fn tool(operation: &Operation) -> Tool {
    let traits = operation.traits;
    let mut annotations = ToolAnnotations::with_title(operation.title)
        .read_only(!traits.writes)
        .destructive(traits.destroys)
        .open_world(traits.spends || traits.resource == Resource::Network);
    if !traits.writes {
        annotations = annotations.idempotent(true);
    }
    let tool = Tool::new(
        tool_name(operation),
        operation.summary,
        schema(&operation.input_schema),
    )
    .with_title(operation.title)
    .with_annotations(annotations);
    match traits.blob {
        Some(_) => tool,
        None => tool.with_raw_output_schema(schema(&operation.output_schema)),
    }
}

/// The protocol's own schema (2025-11-25, `Tool`) takes no `true` for a property that may be anything.
fn schema(value: &Value) -> Arc<JsonObject> {
    let mut schema = value.as_object().cloned().unwrap_or_default();
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for property in properties
        .into_iter()
        .flat_map(|properties| properties.values_mut())
    {
        if *property == Value::Bool(true) {
            *property = json!({});
        }
    }
    Arc::new(schema)
}

pub(super) fn tool_name(operation: &Operation) -> String {
    operation.name.replacen('.', "_", 1)
}

pub(super) fn operation_name(tool: &str) -> String {
    tool.replacen('_', ".", 1)
}

/// What a call answers. A failure is an answer, too: it has no structured part, since that must fit
/// the tool's output schema.
pub(super) fn result(answer: Result<Output, Error>) -> CallToolResult {
    match answer.and_then(content) {
        Ok(result) => result,
        Err(error) => {
            let text = json!({ "error": error }).to_string();
            CallToolResult::error(vec![ContentBlock::text(text)])
        }
    }
}

/// Runs an operation to its end.
pub(super) async fn run(
    studio: &Studio,
    name: &str,
    input: Value,
    context: &RequestContext<RoleServer>,
) -> Result<Output, Error> {
    let job: Mutex<Option<String>> = Mutex::default();
    let mut events = studio.events().subscribe();
    let started = |new: &Job| *job.lock() = Some(new.id.clone());
    let work = studio.call_to_end(name, input, started);
    tokio::pin!(work);
    let mine = || job.lock().clone();
    let mut told = f64::NEG_INFINITY;
    loop {
        tokio::select! {
            biased;
            result = &mut work => return result,
            () = context.ct.cancelled() => {
                if let Some(job) = mine() {
                    studio.jobs().cancel(&job)?;
                }
                return work.await;
            }
            event = events.next() => match event {
                Some(Event::JobChanged { job }) if mine().as_deref() == Some(job.id.as_str()) => {
                    // The protocol: progress must increase with each notification.
                    if job.fraction > told {
                        told = job.fraction;
                        report(context, &job).await;
                    }
                }
                Some(_) => {}
                // Without a bus there is no progress to tell; the result still comes.
                None => return work.await,
            },
        }
    }
}

async fn report(context: &RequestContext<RoleServer>, job: &Job) {
    let Some(token) = context.meta.get_progress_token() else {
        return;
    };
    let progress = ProgressNotificationParam::new(token, job.fraction)
        .with_total(1.0)
        .with_message(job.stage.clone());
    if let Err(error) = context.peer.notify_progress(progress).await {
        tracing::debug!(%error, "a progress notification was not delivered");
    }
}

fn content(output: Output) -> Result<CallToolResult, Error> {
    match output {
        Output::Json(value) => Ok(CallToolResult::structured(value)),
        Output::Blob(blob) => blob_content(&blob),
    }
}

fn blob_content(blob: &Blob) -> Result<CallToolResult, Error> {
    if blob.bytes.len() > LARGEST_BLOB {
        let message = format!(
            "the answer has {} bytes of {}; at most {LARGEST_BLOB} are sent",
            blob.bytes.len(),
            blob.media_type
        );
        return Err(Error::new(ErrorCode::Unsupported, message)
            .hint("ask for a smaller part, or use the command line or HTTP"));
    }
    let data = BASE64.encode(&blob.bytes);
    let block = match blob.media_type.split('/').next() {
        Some("image") => ContentBlock::image(data, blob.media_type),
        Some("audio") => ContentBlock::audio(data, blob.media_type),
        _ => ContentBlock::resource(
            ResourceContents::blob(data, "studio://answer").with_mime_type(blob.media_type),
        ),
    };
    Ok(CallToolResult::success(vec![block]))
}

#[cfg(test)]
mod tests {
    use studio_core::JobContext;
    use studio_core::operation::Definition;

    use super::*;

    fn annotations(traits: fn(Definition) -> Definition) -> Value {
        let operation = traits(Operation::define("a.b_c", "A", "Does A."))
            .blocking(|_cx: &JobContext, input: Value| Ok(input));
        let tool = tool(&operation);
        assert_eq!(tool.name, "a_b_c");
        assert_eq!(operation_name(&tool.name), operation.name);
        serde_json::to_value(tool.annotations).unwrap()
    }

    fn check(traits: fn(Definition) -> Definition, expected: Value) {
        assert_eq!(annotations(traits), expected);
    }

    #[test]
    fn annotations_say_what_a_tool_may_do() {
        check(
            |reads| reads,
            json!({ "title": "A", "readOnlyHint": true, "destructiveHint": false, "idempotentHint": true, "openWorldHint": false }),
        );
        check(
            Definition::writes,
            json!({ "title": "A", "readOnlyHint": false, "destructiveHint": false, "openWorldHint": false }),
        );
        check(
            Definition::destroys,
            json!({ "title": "A", "readOnlyHint": false, "destructiveHint": true, "openWorldHint": false }),
        );
        check(
            |asks| asks.writes().spends(),
            json!({ "title": "A", "readOnlyHint": false, "destructiveHint": false, "openWorldHint": true }),
        );
        check(
            Definition::network,
            json!({ "title": "A", "readOnlyHint": true, "destructiveHint": false, "idempotentHint": true, "openWorldHint": true }),
        );
    }

    #[test]
    fn a_failure_is_an_answer_that_fits_no_schema() {
        let failed = result(Err(Error::bad_input("no").field("/x")));
        assert_eq!(
            (failed.is_error, failed.structured_content),
            (Some(true), None)
        );
        let text = failed.content[0].as_text().unwrap().text.clone();
        let told: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(told["error"]["field"], "/x");
    }

    #[test]
    fn bytes_are_bounded() {
        let blob = |size| {
            result(Ok(Output::Blob(Blob {
                media_type: "audio/wav",
                bytes: vec![0; size],
            })))
        };
        assert!(blob(LARGEST_BLOB).content[0].as_audio().is_some());
        assert_eq!(blob(LARGEST_BLOB + 1).is_error, Some(true));
    }
}
