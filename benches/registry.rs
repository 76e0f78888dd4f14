//! Overhead of one call through the registry: schema check, dispatch, answer.
//!
//! Budget: less than 20 µs.

// A bench that cannot run must stop.
#![allow(clippy::expect_used)]

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use studio_core::{Cancel, Detached, Error, Events, JobContext, Operation, Registry};

fn main() {
    divan::main();
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    #[schemars(range(min = 0, max = 100))]
    number: u32,
    name: String,
}

#[derive(Serialize, JsonSchema)]
struct Answer {
    number: u32,
    name: String,
}

#[divan::bench]
fn check_and_run(bencher: divan::Bencher<'_, '_>) {
    let operation = Operation::define("bench.echo", "Echo", "Answers its input.").future(
        |_cx: JobContext, input: Input| async move {
            Ok::<_, Error>(Answer {
                number: input.number,
                name: input.name,
            })
        },
    );
    let registry = Registry::new([operation]).expect("one operation");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let cx = JobContext::new(Arc::new(Detached), Cancel::new(), Events::new());
    bencher.bench(|| {
        let input = json!({ "number": 7, "name": "seven" });
        let operation = registry
            .check("bench.echo", &input)
            .expect("a right input")
            .clone();
        runtime
            .block_on(operation.run(cx.clone(), input))
            .expect("an answer")
    });
}
