//! Progress of a job on standard error: a bar on a terminal, lines elsewhere.

// This is where progress is printed.
#![allow(clippy::print_stderr)]

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};
use studio_core::{Event, Job, Subscription};

/// Shows what `events` tell about the job `id`, until it is over.
pub(crate) async fn show(mut events: Subscription, id: String) {
    let mut view = View::new();
    while let Some(event) = events.next().await {
        if let Event::JobChanged { job } = event
            && job.id == id
        {
            view.update(&job);
            if job.status.is_over() {
                return;
            }
        }
    }
}

enum View {
    Bar(ProgressBar),
    Lines { stage: String, tenth: u32 },
}

impl View {
    fn new() -> View {
        if !std::io::stderr().is_terminal() {
            return View::Lines {
                stage: String::new(),
                tenth: 0,
            };
        }
        let bar = ProgressBar::new(1000);
        if let Ok(style) = ProgressStyle::with_template("{bar:32} {percent:>3} %  {msg}") {
            bar.set_style(style.progress_chars("━╸─"));
        }
        View::Bar(bar)
    }

    fn update(&mut self, job: &Job) {
        let left = job
            .eta_secs
            .map_or_else(String::new, |secs| format!(", {} left", duration(secs)));
        match self {
            View::Bar(bar) if job.status.is_over() => bar.finish_and_clear(),
            View::Bar(bar) => {
                bar.set_position((job.fraction * 1000.0) as u64);
                bar.set_message(format!("{}{left}", job.stage));
            }
            View::Lines { stage, tenth } => {
                let now = (job.fraction * 10.0) as u32;
                if !job.status.is_over() && (*stage != job.stage || *tenth != now) {
                    eprintln!("{:>3.0} %  {}{left}", job.fraction * 100.0, job.stage);
                    (*stage, *tenth) = (job.stage.clone(), now);
                }
            }
        }
    }
}

fn duration(secs: f64) -> String {
    let secs = secs.ceil() as u64;
    match secs {
        0..60 => format!("{secs} s"),
        60..3600 => format!("{} min {} s", secs / 60, secs % 60),
        _ => format!("{} h {} min", secs / 3600, secs / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn durations_read_naturally() {
        assert_eq!(super::duration(0.2), "1 s");
        assert_eq!(super::duration(61.0), "1 min 1 s");
        assert_eq!(super::duration(7261.0), "2 h 1 min");
    }
}
