//! `movie.render`: pictures, clips, speech, score, mix, film.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use studio_core::units::FrameRate;
use studio_core::{Error, Event, JobContext, JobStatus, Operation, Resource, SettingsFile};
use studio_dsp::{Audio, Loudness};
use studio_film::{Graph, MoviePlan, RenderSettings, StepId, captions, graph, timing, validate};
use studio_media::{AudioFormat, Bits, Chapter, ClipWriter, Subtitle};
use studio_paint::{CameraMove, PaintOptions, Painting, ShotFrames, paint};
use studio_store::{Cached, FilmRow, Project, Projects, RenderRecord, StageManifest};

use crate::cast::{Cast, cast};
use crate::estimate::{Estimate, FrameSize, estimate, render_settings, work};
use crate::film::plan_of;
use crate::sound;
use crate::steps::{StepReport, Steps};

const PAINTER: &str = "storyboard painter";
const COMPOSER: &str = "ambient engine";

pub(crate) fn operation(projects: &Arc<Projects>, settings: &Arc<SettingsFile>) -> Operation {
    let (projects, settings) = (projects.clone(), settings.clone());
    Operation::define(
        "movie.render",
        "Render a film",
        "Paints, moves, speaks, scores, mixes and assembles a film. Only what changed is made again.",
    )
    .job(Resource::Cpu)
    .writes()
    .positional("film")
    .blocking(move |cx: &JobContext, input: RenderInput| {
        let project = projects.get(&input.project)?;
        let row = project.films().get(&input.film)?;
        let plan = plan_of(&row)?;
        if let Some(problem) = validate(&plan).first() {
            let message = format!("the plan cannot be rendered: {}: {}", problem.path, problem.message);
            return Err(Error::bad_input(message).field("/film"));
        }
        let size = FrameSize { width: input.width, height: input.height };
        let render = render_settings(&plan, size, &settings)?;
        let graph = Graph::new(&plan, &render);
        match input.mode {
            RenderMode::Dry => dry(&estimate(&project, &plan, &render, &graph)?, &plan),
            RenderMode::Run => run(cx, &project, &row, &plan, &render, &graph),
        }
    })
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum RenderMode {
    /// Makes the film.
    #[default]
    Run,
    /// Goes through every step and makes nothing.
    Dry,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RenderInput {
    /// The project's folder, id or name.
    #[schemars(length(min = 1))]
    project: String,
    /// The film's id.
    #[schemars(length(min = 1))]
    film: String,
    #[serde(default)]
    mode: RenderMode,
    /// Pixels, even; the setting `film.width` without it.
    #[serde(default)]
    #[schemars(range(min = 160, max = 3840), extend("multipleOf" = 2))]
    width: Option<u32>,
    /// Pixels, even; the setting `film.height` without it.
    #[serde(default)]
    #[schemars(range(min = 90, max = 2160), extend("multipleOf" = 2))]
    height: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
struct Rendered {
    mode: RenderMode,
    video_path: Option<String>,
    captions_path: Option<String>,
    duration_secs: f64,
    /// Measured in the finished film's mix.
    loudness: Option<Loudness>,
    steps: Vec<StepReport>,
    cost_micro_usd: i64,
}

fn dry(estimate: &Estimate, plan: &MoviePlan) -> Result<Rendered, Error> {
    let steps = estimate.steps.iter().map(|step| StepReport {
        step: step.step.clone(),
        items: step.items,
        made: 0,
        reused: step.reused,
        seconds: step.seconds,
        bytes: step.bytes,
    });
    Ok(Rendered {
        mode: RenderMode::Dry,
        video_path: None,
        captions_path: None,
        duration_secs: timing::total_secs(plan),
        loudness: None,
        steps: steps.collect(),
        cost_micro_usd: estimate.cost_micro_usd,
    })
}

fn run(
    cx: &JobContext,
    project: &Project,
    row: &FilmRow,
    plan: &MoviePlan,
    settings: &RenderSettings,
    graph: &Graph,
) -> Result<Rendered, Error> {
    let run = project
        .runs()
        .start(&row.id, row.revision, cx.job(), "run")?;
    let expected = estimate(project, plan, settings, graph)?;
    let mut render = Render {
        steps: Steps::new(cx, project, graph, run.id.clone()),
        plan,
        settings,
        fps: timing::fps(plan),
        cast: cast(plan),
        scratch: cx.scratch()?,
        held: None,
    };
    let result = render.all(row, &expected);
    let status = match &result {
        Ok(_) => JobStatus::Succeeded,
        Err(error) if error.is_cancelled() => JobStatus::Cancelled,
        Err(_) => JobStatus::Failed,
    };
    project.runs().finish(&run.id, status)?;
    result
}

struct Render<'a> {
    steps: Steps<'a>,
    plan: &'a MoviePlan,
    settings: &'a RenderSettings,
    fps: u32,
    cast: Cast,
    scratch: Utf8PathBuf,
    /// The picture painted last: the next clip begins with it.
    held: Option<(usize, Painting)>,
}

impl Render<'_> {
    fn all(&mut self, row: &FilmRow, expected: &Estimate) -> Result<Rendered, Error> {
        let cx = self.steps.cx.clone();
        // Each kind of step gets the share of the progress that its time is expected to take.
        let total = expected.seconds.max(1e-3);
        let mut at = 0.0;
        let parts: Vec<JobContext> = expected
            .steps
            .iter()
            .map(|step| {
                let from = at;
                at += step.seconds / total;
                cx.part(from, at)
            })
            .collect();
        let [pictures, clips, speech, score, mix, film] = &parts[..] else {
            return Err(Error::internal(
                "the estimate has other steps than the render",
            ));
        };
        self.pictures(pictures)?;
        let clips = self.clips(clips)?;
        let lines = self.speech(speech)?;
        let score = self.score(score)?;
        let mix = self.mix(mix, &lines, &score)?;
        let film = self.film(film, &clips, &mix)?;
        let (video_path, captions_path) = self.export(row, &film)?;
        for StepReport {
            step,
            items,
            made,
            reused,
            seconds,
            ..
        } in &self.steps.reports
        {
            cx.info(format!(
                "{step}: {made} of {items} made in {seconds:.1} s, {reused} found in the cache"
            ));
        }
        cx.info(format!("the film is {video_path}"));
        let sound = self.audio_of(&mix)?;
        Ok(Rendered {
            mode: RenderMode::Run,
            video_path: Some(video_path),
            captions_path: Some(captions_path),
            duration_secs: self
                .frame_rate()?
                .secs_from_frames(timing::total_frames(self.plan, self.fps)),
            loudness: Some(sound::measure(&sound)?),
            steps: self.steps.reports.clone(),
            cost_micro_usd: 0,
        })
    }

    fn pictures(&mut self, cx: &JobContext) -> Result<(), Error> {
        let count = self.plan.base_images.len();
        for i in 0..count {
            cx.check()?;
            cx.progress(
                &format!("Painting picture {} of {count}", i + 1),
                i as f64 / count as f64,
            );
            if let Some(found) = self.steps.find(StepId::Picture(i))? {
                self.steps.reuse(StepId::Picture(i), &found)?;
                continue;
            }
            let begun = Instant::now();
            let painting = self.paint(i)?;
            let png = studio_media::png(&painting.flatten(), painting.width, painting.height)?;
            let file = self.scratch.join("picture.png");
            studio_store::write_atomic(&file, &png)?;
            self.keep(StepId::Picture(i), &file, "image/png", PAINTER, begun)?;
        }
        Ok(())
    }

    fn clips(&mut self, cx: &JobContext) -> Result<Vec<Cached>, Error> {
        let frames = timing::shot_frames(self.plan, self.fps);
        let total: u64 = frames.iter().map(|frames| frames.end - frames.start).sum();
        let mut clips = Vec::new();
        for (i, frames) in frames.iter().enumerate() {
            cx.check()?;
            let id = StepId::Clip(i);
            if let Some(found) = self.steps.find(id)? {
                self.steps.reuse(id, &found)?;
                clips.push(found);
                continue;
            }
            let begun = Instant::now();
            let start = match self.held.take() {
                Some((held, painting)) if held == i => painting,
                _ => self.paint(i)?,
            };
            let end = self.paint(i + 1)?;
            let file = self.scratch.join("clip.mp4");
            let share = |frame: u64| (frames.start + frame) as f64 / total as f64;
            let stage = format!("Filming shot {} of {}", i + 1, self.plan.shots.len());
            self.clip(i, frames.end - frames.start, &start, &end, &file, |done| {
                cx.progress(&stage, share(done));
                cx.check()
            })?;
            self.held = Some((i + 1, end));
            clips.push(self.keep(id, &file, "video/mp4", PAINTER, begun)?);
        }
        self.held = None;
        Ok(clips)
    }

    /// Renders the frames of a shot on all cores, a batch at a time, while the encoder works on the
    /// batch before.
    fn clip(
        &self,
        i: usize,
        frames: u64,
        start: &Painting,
        end: &Painting,
        file: &Utf8Path,
        mut progress: impl FnMut(u64) -> Result<(), Error>,
    ) -> Result<(), Error> {
        const BATCH: usize = 8;
        let camera = self.plan.shots[i]
            .camera
            .as_deref()
            .and_then(|name| CameraMove::from_str(name).ok());
        let camera = camera.unwrap_or(CameraMove::PushIn);
        let shot = ShotFrames::new(start, end, camera, frames as u32)
            .ok_or_else(|| Error::internal("the pictures of a shot differ in size"))?;
        let (width, height) = (self.settings.width, self.settings.height);
        let mut writer = ClipWriter::create(file, width, height, self.frame_rate()?)?;
        let mut batch: Vec<Vec<u8>> = vec![vec![0; shot.frame_bytes()]; BATCH];
        for from in (0..frames).step_by(BATCH) {
            progress(from)?;
            let count = (frames - from).min(BATCH as u64) as usize;
            batch[..count]
                .par_iter_mut()
                .enumerate()
                .for_each(|(n, out)| shot.frame(from as u32 + n as u32, out));
            for frame in &batch[..count] {
                writer.push(frame)?;
            }
        }
        writer.finish()?;
        Ok(())
    }

    fn speech(&mut self, cx: &JobContext) -> Result<Vec<(usize, Cached)>, Error> {
        let cues = timing::spoken(self.plan);
        if self.cast.provider.is_none() {
            if !cues.is_empty() {
                cx.warn(
                    "no voice is installed: the film has captions and music, but nobody speaks",
                );
            }
            return Ok(Vec::new());
        }
        let mut lines = Vec::new();
        for (i, cue) in cues.iter().enumerate() {
            cx.check()?;
            cx.progress(
                &format!("Speaking line {} of {}", i + 1, cues.len()),
                i as f64 / cues.len() as f64,
            );
            let at = sound::RATE.samples_from_secs(cue.start_secs) as usize;
            let id = StepId::Speech(i);
            let made = match self.steps.find(id)? {
                Some(found) => {
                    self.steps.reuse(id, &found)?;
                    found
                }
                None => self.speak(cx, i, cue)?,
            };
            lines.push((at, made));
        }
        Ok(lines)
    }

    fn speak(&mut self, cx: &JobContext, i: usize, cue: &timing::Cue<'_>) -> Result<Cached, Error> {
        let begun = Instant::now();
        let Some(provider) = &self.cast.provider else {
            return Err(Error::internal("a line has no provider"));
        };
        let voice = self.cast.voices.get(i).cloned().unwrap_or_default();
        let line = sound::speak(
            cx,
            provider.as_ref(),
            &voice,
            cue.text,
            cue.duration_secs,
            &self.scratch,
        )?;
        let model = format!("{} {voice}", provider.name());
        let file = self.write_wav(&line)?;
        self.keep(StepId::Speech(i), &file, "audio/wav", &model, begun)
    }

    fn score(&mut self, cx: &JobContext) -> Result<Cached, Error> {
        if let Some(found) = self.steps.find(StepId::Score)? {
            self.steps.reuse(StepId::Score, &found)?;
            return Ok(found);
        }
        let begun = Instant::now();
        let score = sound::score(
            cx,
            self.plan,
            timing::total_frames(self.plan, self.fps),
            self.fps,
        )?;
        let file = self.write_wav(&score)?;
        self.keep(StepId::Score, &file, "audio/wav", COMPOSER, begun)
    }

    fn mix(
        &mut self,
        cx: &JobContext,
        lines: &[(usize, Cached)],
        score: &Cached,
    ) -> Result<Cached, Error> {
        if let Some(found) = self.steps.find(StepId::Mix)? {
            self.steps.reuse(StepId::Mix, &found)?;
            return Ok(found);
        }
        let begun = Instant::now();
        let score = self.audio_of(score)?;
        let spoken = lines
            .iter()
            .map(|(at, line)| Ok((*at, self.audio_of(line)?)));
        let spoken = spoken.collect::<Result<Vec<_>, Error>>()?;
        let mixed = sound::mix_down(cx, score, &spoken, self.settings.loudness_lufs)?;
        let file = self.write_wav(&mixed)?;
        self.keep(StepId::Mix, &file, "audio/wav", COMPOSER, begun)
    }

    fn film(&mut self, cx: &JobContext, clips: &[Cached], mix: &Cached) -> Result<Cached, Error> {
        if let Some(found) = self.steps.find(StepId::Film)? {
            self.steps.reuse(StepId::Film, &found)?;
            return Ok(found);
        }
        let begun = Instant::now();
        cx.progress("Assembling the film", 0.0);
        let clips: Vec<Utf8PathBuf> = clips
            .iter()
            .map(|clip| self.steps.project.artifacts().path(&clip.artifact))
            .collect();
        let subtitles: Vec<Subtitle> = captions::captions(self.plan)
            .into_iter()
            .map(|caption| Subtitle {
                start_ms: caption.start_ms,
                end_ms: caption.end_ms,
                text: caption.text,
            })
            .collect();
        let ms = |frame: u64| frame * 1000 / u64::from(self.fps);
        let chapters: Vec<Chapter> = self
            .plan
            .shots
            .iter()
            .zip(timing::shot_frames(self.plan, self.fps))
            .map(|(shot, frames)| Chapter {
                start_ms: ms(frames.start),
                end_ms: ms(frames.end),
                title: graph::chapter(shot).to_owned(),
            })
            .collect();
        let file = self.scratch.join("film.mp4");
        let sound = self.audio_of(mix)?;
        studio_media::assemble(
            &clips,
            &sound,
            &subtitles,
            &chapters,
            &self.plan.title,
            &file,
        )?;
        cx.check()?;
        self.keep(StepId::Film, &file, "video/mp4", PAINTER, begun)
    }

    /// Puts the film and its captions where the user finds them, and remembers them.
    fn export(&self, row: &FilmRow, film: &Cached) -> Result<(String, String), Error> {
        let project = self.steps.project;
        let name = export_name(project, row, &self.plan.title);
        let video = project.exports().join(format!("{name}.mp4"));
        let text = project.exports().join(format!("{name}.srt"));
        let stored = project.artifacts().path(&film.artifact);
        studio_store::write_with(&video, |temporary| {
            let copied = std::fs::copy(&stored, temporary);
            copied
                .map(|_| ())
                .map_err(|error| Error::io(format!("write {video}"), &error))
        })?;
        studio_store::write_atomic(
            &text,
            captions::srt(&captions::captions(self.plan)).as_bytes(),
        )?;
        let seconds = timing::total_secs(self.plan);
        project.runs().add_manifest(
            &self.steps.run,
            &StageManifest {
                stage: "film".to_owned(),
                name: name.clone(),
                artifact_type: "film".to_owned(),
                digest: film.artifact.digest.clone(),
                media_type: "video/mp4".to_owned(),
                bytes: film.artifact.bytes,
                duration_secs: Some(seconds),
                frame_rate: FrameRate::whole(self.fps),
                resolution_px: Some((self.settings.width, self.settings.height)),
                playback_ready: true,
            },
        )?;
        project.films().record_render(
            &row.id,
            &RenderRecord {
                video_path: format!("exports/{name}.mp4"),
                captions_path: format!("exports/{name}.srt"),
                width: self.settings.width,
                height: self.settings.height,
                duration_secs: seconds,
                rendered_at: film.artifact.created_at.clone(),
                revision: row.revision,
                key: self.steps.key(StepId::Film)?.to_owned(),
            },
        )?;
        let facts = json!({ "film": row.id, "digest": film.artifact.digest });
        project
            .timeline()
            .append(self.steps.cx.job(), "film.rendered", &facts)?;
        self.steps.cx.emit(Event::FilmChanged {
            project: project.path().to_string(),
            film: row.id.clone(),
        });
        Ok((video.into_string(), text.into_string()))
    }

    fn paint(&self, i: usize) -> Result<Painting, Error> {
        let options = PaintOptions {
            width: self.settings.width,
            height: self.settings.height,
            seed: graph::image_seed(self.plan, i),
        };
        paint(&self.plan.base_images[i].prompt, &options)
            .map_err(|error| Error::bad_input(error.to_string()))
    }

    fn keep(
        &mut self,
        id: StepId,
        file: &Utf8Path,
        media_type: &str,
        model: &str,
        begun: Instant,
    ) -> Result<Cached, Error> {
        let work = work(self.plan, self.settings, id);
        self.steps.keep(id, file, media_type, model, begun, work)
    }

    fn write_wav(&self, audio: &Audio) -> Result<Utf8PathBuf, Error> {
        let file = self.scratch.join("sound.wav");
        studio_media::encode(&file, AudioFormat::Wav(Bits::Float32), audio)?;
        Ok(file)
    }

    fn audio_of(&self, made: &Cached) -> Result<Audio, Error> {
        let path = self.steps.project.artifacts().path(&made.artifact);
        let (audio, _) = studio_media::decode(&path, u64::from(u32::MAX))?;
        Ok(audio)
    }

    fn frame_rate(&self) -> Result<FrameRate, Error> {
        FrameRate::whole(self.fps).ok_or_else(|| Error::internal("a film of 0 frames a second"))
    }
}

/// The title as a file name. Another film of the same title keeps its own.
fn export_name(project: &Project, row: &FilmRow, title: &str) -> String {
    let name = studio_store::folder_name(title);
    let path = project.exports().join(format!("{name}.mp4"));
    let own = row
        .render
        .as_ref()
        .is_some_and(|render| path.ends_with(&render.video_path));
    match path.exists() && !own {
        true => format!("{name} {}", &row.id[row.id.len().saturating_sub(6)..]),
        false => name,
    }
}
