//! Which files a pipeline takes, and what becomes of each.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use glob::Pattern;
use serde_json::json;
use studio_core::Error;
use studio_media::Container;

use super::PipelineInput;
use super::recipe::Recipe;

/// Deeper folders are links that go round, or no place for sounds.
const DEEPEST: usize = 32;
/// More files are several runs.
const MOST_FILES: usize = 100_000;

/// A file to work on.
pub(super) struct Work {
    pub(super) source: Utf8PathBuf,
    pub(super) output: Utf8PathBuf,
    pub(super) container: Container,
    /// Digest of the source's size and time, and of what is done to it.
    pub(super) made_of: String,
}

/// Every file that is meant, sorted within its folder. Nothing is written over a source or twice.
pub(super) fn find(input: &PipelineInput, recipe: &Recipe<'_>) -> Result<Vec<Work>, Error> {
    let pattern = pattern(input.pattern.as_deref())?;
    let mut found = Vec::new();
    for (index, path) in input.paths.iter().enumerate() {
        let at = |error: Error| error.field(format!("/paths/{index}"));
        if path.is_dir() {
            found.extend(search(path, pattern.as_ref(), input.recursive, recipe).map_err(at)?);
        } else {
            let name = path.file_name().unwrap_or(path.as_str());
            found.push((path.clone(), Utf8PathBuf::from(name)));
        }
    }
    if found.is_empty() {
        return Err(Error::not_found("there is no sound among these paths")
            .field("/paths")
            .hint("name files, or set `recursive` or another `pattern` for folders"));
    }
    let mut outputs: BTreeMap<Utf8PathBuf, Utf8PathBuf> = BTreeMap::new();
    let mut works = Vec::with_capacity(found.len());
    for (source, inside) in found {
        let work = Work::of(recipe, source, &inside);
        let (source, output) = (&work.source, &work.output);
        if is_same(source, output) {
            let message = format!("{source} would be written over itself");
            return Err(Error::bad_input(message)
                .field("/output_folder")
                .hint("choose another folder; sources are never changed"));
        }
        if let Some(other) = outputs.insert(output.clone(), source.clone()) {
            let message = format!("{other} and {source} would both become {output}");
            return Err(Error::bad_input(message)
                .field("/paths")
                .hint("run them into folders of their own"));
        }
        works.push(work);
    }
    Ok(works)
}

impl Work {
    /// `inside` is the source's place below the folder that is searched.
    pub(super) fn of(recipe: &Recipe<'_>, source: Utf8PathBuf, inside: &Utf8Path) -> Work {
        let own = source.extension().and_then(Container::from_extension);
        let container = recipe.results.format.or(own).unwrap_or(Container::Wav);
        Work {
            output: recipe
                .output_folder
                .join(inside)
                .with_extension(container.extension()),
            container,
            made_of: made_of(recipe, &source),
            source,
        }
    }
}

pub(super) fn pattern(pattern: Option<&str>) -> Result<Option<Pattern>, Error> {
    pattern
        .map(Pattern::new)
        .transpose()
        .map_err(|error| Error::bad_input(format!("`pattern` is none: {error}")).field("/pattern"))
}

/// The files of a folder that are meant, each with its place below it. Hidden files and what lies in the recipe's
/// output folder are not.
pub(super) fn search(
    folder: &Utf8Path,
    pattern: Option<&Pattern>,
    recursive: bool,
    recipe: &Recipe<'_>,
) -> Result<Vec<(Utf8PathBuf, Utf8PathBuf)>, Error> {
    let mut found = Vec::new();
    let mut search = Search {
        pattern,
        recursive,
        root: folder,
        output_folder: recipe.output_folder,
        found: &mut found,
    };
    search.folder(folder, 0)?;
    Ok(found)
}

struct Search<'a> {
    pattern: Option<&'a Pattern>,
    recursive: bool,
    root: &'a Utf8Path,
    output_folder: &'a Utf8Path,
    /// Each file, and its place below the root.
    found: &'a mut Vec<(Utf8PathBuf, Utf8PathBuf)>,
}

impl Search<'_> {
    fn folder(&mut self, folder: &Utf8Path, depth: usize) -> Result<(), Error> {
        let failed = |error: std::io::Error| Error::io(format!("read {folder}"), &error);
        let mut entries = Vec::new();
        for entry in folder.read_dir_utf8().map_err(failed)? {
            entries.push(entry.map_err(failed)?.into_path());
        }
        entries.sort();
        for path in entries {
            if path.is_dir() {
                let is_own = is_same(&path, self.output_folder);
                if self.recursive && depth < DEEPEST && !is_own {
                    self.folder(&path, depth + 1)?;
                }
                continue;
            }
            let name = path.file_name().unwrap_or_default();
            let is_meant = match self.pattern {
                Some(pattern) => pattern.matches(name),
                None => path
                    .extension()
                    .and_then(Container::from_extension)
                    .is_some(),
            };
            if !is_meant || name.starts_with('.') {
                continue;
            }
            if self.found.len() >= MOST_FILES {
                let message = format!("more than {MOST_FILES} files are meant");
                return Err(Error::bad_input(message).hint("run them in several pipelines"));
            }
            let inside = path.strip_prefix(self.root).unwrap_or(&path).to_owned();
            self.found.push((path, inside));
        }
        Ok(())
    }
}

fn made_of(recipe: &Recipe<'_>, source: &Utf8Path) -> String {
    let facts = std::fs::metadata(source).ok();
    let modified = facts.as_ref().and_then(|facts| facts.modified().ok());
    let since = modified.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    let made_of = json!([
        facts.map(|facts| facts.len()),
        since.map(|since| since.as_micros().to_string()),
        recipe.steps,
        recipe.results.format,
        recipe.results.quality,
        recipe.results.sample_rate,
    ]);
    blake3::hash(made_of.to_string().as_bytes())
        .to_hex()
        .to_string()
}

pub(super) fn is_same(a: &Utf8Path, b: &Utf8Path) -> bool {
    match (a.canonicalize_utf8(), b.canonicalize_utf8()) {
        (Ok(a), Ok(b)) => a == b,
        // What does not exist yet is no source.
        _ => false,
    }
}
