//! `GET /metrics`: counters in Prometheus' text format, version 0.0.4.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::http::Method;
use parking_lot::Mutex;
use studio_live::RoomStats;
use studio_store::Total;

/// Upper ends of the classes of latency, in seconds.
const CLASSES_SECS: [f64; 9] = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0, 300.0];

/// What this server has done since it started.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    routes: Mutex<BTreeMap<(&'static str, Arc<str>), Route>>,
    connections: Arc<AtomicI64>,
    streams: Arc<AtomicI64>,
}

#[derive(Debug, Default)]
struct Route {
    answers: BTreeMap<u16, u64>,
    /// How many took no longer than each class.
    within: [u64; CLASSES_SECS.len()],
    micros: u64,
}

/// Something that is open, counted until it is dropped.
#[derive(Debug)]
pub(crate) struct Open(Arc<AtomicI64>);

impl Open {
    fn count(gauge: &Arc<AtomicI64>) -> Open {
        gauge.fetch_add(1, Ordering::Relaxed);
        Open(gauge.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What others count, as it stands when the text is made.
#[derive(Debug, Default)]
pub(crate) struct Outside {
    /// Jobs by status.
    pub(crate) jobs: Vec<(&'static str, usize)>,
    /// Money and tokens by model, of all time.
    pub(crate) models: Vec<Total>,
    /// Streams of music.
    pub(crate) rooms: RoomStats,
}

impl Metrics {
    pub(crate) fn connection(&self) -> Open {
        Open::count(&self.connections)
    }

    pub(crate) fn stream(&self) -> Open {
        Open::count(&self.streams)
    }

    pub(crate) fn open_streams(&self) -> i64 {
        self.streams.load(Ordering::Relaxed)
    }

    /// Counts an answer; `took` is the time until it began.
    pub(crate) fn record(&self, method: &Method, route: &Arc<str>, status: u16, took: Duration) {
        // Methods come from the caller: there must be no more of them than are known.
        let method = match method.as_str() {
            "GET" => "GET",
            "POST" => "POST",
            "HEAD" => "HEAD",
            "OPTIONS" => "OPTIONS",
            "DELETE" => "DELETE",
            _ => "other",
        };
        let mut routes = self.routes.lock();
        let counted = routes.entry((method, route.clone())).or_default();
        *counted.answers.entry(status).or_default() += 1;
        counted.micros += took.as_micros() as u64;
        for (count, class) in counted.within.iter_mut().zip(CLASSES_SECS) {
            *count += u64::from(took.as_secs_f64() <= class);
        }
    }

    pub(crate) fn text(&self, outside: &Outside) -> String {
        let mut text = Text::default();
        let routes = self.routes.lock();
        text.about("requests_total", "counter", "HTTP requests.");
        for ((method, route), counted) in routes.iter() {
            for (status, count) in &counted.answers {
                let status = status.to_string();
                let labels = [("method", *method), ("route", route), ("status", &status)];
                text.value("requests_total", &labels, *count as f64);
            }
        }
        let about = "Time until an answer began.";
        text.about("request_duration_seconds", "histogram", about);
        for ((method, route), counted) in routes.iter() {
            let all: u64 = counted.answers.values().sum();
            let ends = CLASSES_SECS.iter().map(f64::to_string).zip(counted.within);
            for (end, count) in ends.chain([("+Inf".to_owned(), all)]) {
                let labels = [("method", *method), ("route", route), ("le", &end)];
                text.value("request_duration_seconds_bucket", &labels, count as f64);
            }
            let labels = [("method", *method), ("route", &**route)];
            let secs = counted.micros as f64 / 1e6;
            text.value("request_duration_seconds_sum", &labels, secs);
            text.value("request_duration_seconds_count", &labels, all as f64);
        }
        drop(routes);
        text.about("connections_open", "gauge", "Open connections.");
        let connections = self.connections.load(Ordering::Relaxed);
        text.value("connections_open", &[], connections as f64);
        let about = "Open streams: answers of models, and WebSockets.";
        text.about("streams_open", "gauge", about);
        text.value("streams_open", &[], self.open_streams() as f64);
        let rooms = &outside.rooms;
        text.about("listeners", "gauge", "Listeners to streams of music.");
        text.value("listeners", &[], rooms.listeners as f64);
        text.about(
            "chunks_total",
            "counter",
            "Chunks of music, by what became of them.",
        );
        let on_time = rooms.chunks - rooms.late;
        for (fate, count) in [
            ("on_time", on_time),
            ("late", rooms.late),
            ("lost", rooms.lost),
        ] {
            text.value("chunks_total", &[("fate", fate)], count as f64);
        }
        text.about("jobs", "gauge", "Jobs by status.");
        for (status, count) in &outside.jobs {
            text.value("jobs", &[("status", status)], *count as f64);
        }
        text.about("model_requests_total", "counter", "Purchases by model.");
        for total in &outside.models {
            let model = [("model", total.name.as_str())];
            text.value("model_requests_total", &model, total.requests as f64);
        }
        text.about("tokens_total", "counter", "Tokens by model.");
        for total in &outside.models {
            let kinds = [
                ("input", total.input_tokens),
                ("output", total.output_tokens),
            ];
            for (kind, count) in kinds {
                let labels = [("model", total.name.as_str()), ("kind", kind)];
                text.value("tokens_total", &labels, count as f64);
            }
        }
        let about = "US dollars spent or set aside, by model.";
        text.about("cost_usd_total", "counter", about);
        for total in &outside.models {
            let model = [("model", total.name.as_str())];
            text.value("cost_usd_total", &model, total.cost.0 as f64 / 1e6);
        }
        text.0
    }
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn about(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(
            self.0,
            "# HELP av_studio_{name} {help}\n# TYPE av_studio_{name} {kind}"
        );
    }

    fn value(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let labels: Vec<String> = labels
            .iter()
            .map(|(label, value)| format!("{label}=\"{}\"", escaped(value)))
            .collect();
        let labels = match labels.is_empty() {
            true => String::new(),
            false => format!("{{{}}}", labels.join(",")),
        };
        let _ = writeln!(self.0, "av_studio_{name}{labels} {value}");
    }
}

fn escaped(value: &str) -> String {
    value
        .replace('\\', r"\\")
        .replace('"', "\\\"")
        .replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use studio_core::units::MicroUsd;

    use super::*;

    #[test]
    fn counters_are_prometheus_text() {
        let metrics = Metrics::default();
        let route: Arc<str> = "/audio/loudness".into();
        metrics.record(&Method::POST, &route, 200, Duration::from_millis(5));
        metrics.record(&Method::POST, &route, 429, Duration::from_millis(50));
        let breaking = Method::from_bytes(b"BREW").unwrap();
        metrics.record(&breaking, &route, 405, Duration::ZERO);
        let stream = metrics.stream();
        let outside = Outside {
            jobs: vec![("running", 3)],
            models: vec![Total {
                name: "a/\"b\"".into(),
                cost: MicroUsd(1_500_000),
                requests: 2,
                unpriced: 0,
                input_tokens: 10,
                cached_tokens: 0,
                output_tokens: 4,
            }],
            rooms: RoomStats {
                chunks: 10,
                late: 1,
                ..RoomStats::default()
            },
        };
        let text = metrics.text(&outside);
        for line in [
            r#"av_studio_requests_total{method="POST",route="/audio/loudness",status="200"} 1"#,
            r#"av_studio_requests_total{method="other",route="/audio/loudness",status="405"} 1"#,
            r#"av_studio_request_duration_seconds_bucket{method="POST",route="/audio/loudness",le="0.005"} 1"#,
            r#"av_studio_request_duration_seconds_bucket{method="POST",route="/audio/loudness",le="+Inf"} 2"#,
            r#"av_studio_request_duration_seconds_sum{method="POST",route="/audio/loudness"} 0.055"#,
            "av_studio_streams_open 1",
            r#"av_studio_chunks_total{fate="on_time"} 9"#,
            r#"av_studio_jobs{status="running"} 3"#,
            r#"av_studio_tokens_total{model="a/\"b\"",kind="output"} 4"#,
            r#"av_studio_cost_usd_total{model="a/\"b\""} 1.5"#,
        ] {
            assert!(text.lines().any(|known| known == line), "{line}\n{text}");
        }
        let described = |line: &str| {
            let name = line.split(['{', ' ']).next().unwrap();
            ["_bucket", "_sum", "_count", ""].iter().any(|end| {
                let name = name.strip_suffix(end).unwrap_or(name);
                text.contains(&format!("# TYPE {name} "))
            })
        };
        assert!(
            text.lines()
                .filter(|line| !line.starts_with('#'))
                .all(described),
            "{text}"
        );
        drop(stream);
        assert!(
            metrics
                .text(&Outside::default())
                .contains("av_studio_streams_open 0\n")
        );
    }
}
