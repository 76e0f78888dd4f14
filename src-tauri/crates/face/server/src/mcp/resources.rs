//! What projects hold, as resources.
//!
//! Facts are JSON. Bytes come along while they are small; of the rest the facts tell the size and the
//! file. Only known projects are shown, and only files that a project's rows vouch for: a project that
//! came from elsewhere cannot make this server read another file.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use camino::{Utf8Path, Utf8PathBuf};
use rmcp::model::{Resource, ResourceContents, ResourceTemplate};
use serde_json::{Value, json};
use studio_core::{Error, ErrorCode};
use studio_store::{Asset, FilmRow, ImportMode, Project, Projects, ReferenceState};

use super::address::{Address, Part};

/// Bytes that come along with the facts about them.
const SMALL: u64 = 256 << 10;
/// Bytes that are sent at all; in Base64 they stay below the 16 MiB that clients read as one message.
const LARGEST: u64 = 8 << 20;
/// Resources that are listed at once.
const PAGE: usize = 200;

const JSON: &str = "application/json";
/// As `movie.render` writes captions.
const SUBRIP: &str = "application/x-subrip";
const MP4: &str = "video/mp4";

/// A page of the list, and where the next one begins.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) resources: Vec<Resource>,
    pub(super) next: Option<String>,
}

/// Lists projects, last opened first, each with its assets and films.
///
/// The cursor is the project to go on with and how many of its resources were listed. It stays right
/// when other projects come and go.
pub(super) fn list(projects: &Projects, cursor: Option<&str>) -> Result<Page, Error> {
    let known: Vec<String> = projects
        .list()?
        .into_iter()
        .filter(|project| !project.missing)
        .map(|project| project.id)
        .collect();
    let (mut at, mut offset) = match cursor {
        None => (0, 0),
        Some(cursor) => {
            let wrong = || Error::bad_input("this cursor is not from here, or its project is gone");
            let (project, offset) = cursor.split_once('+').ok_or_else(wrong)?;
            let at = known.iter().position(|id| id == project);
            (at.ok_or_else(wrong)?, offset.parse().map_err(|_| wrong())?)
        }
    };
    let mut resources = Vec::new();
    while let Some(id) = known.get(at) {
        let held = projects.get(id).map_err(Error::from);
        match held.and_then(|project| of_project(&project)) {
            Ok(held) => {
                let room = PAGE - resources.len();
                let end = held.len().min(offset + room);
                resources.extend(held.into_iter().skip(offset).take(room));
                if resources.len() == PAGE {
                    let next = Some(format!("{id}+{end}"));
                    return Ok(Page { resources, next });
                }
            }
            // It broke between the list and now; the others are still worth listing.
            Err(error) => tracing::debug!(project = id, %error, "a project cannot be listed"),
        }
        (at, offset) = (at + 1, 0);
    }
    let next = None;
    Ok(Page { resources, next })
}

/// The kinds of addresses that [`read`] takes.
pub(super) fn templates() -> Vec<ResourceTemplate> {
    let project = "studio://project/{project}";
    [
        (
            "",
            "project",
            "Project",
            "What a project holds.",
            Some(JSON),
        ),
        (
            "/asset/{asset}",
            "asset",
            "Asset",
            "Facts about a sound, film or picture, with its bytes while they are small.",
            Some(JSON),
        ),
        (
            "/asset/{asset}/content",
            "asset-content",
            "Asset's bytes",
            "The bytes of an asset of up to 8 MiB.",
            None,
        ),
        (
            "/film/{film}",
            "film",
            "Film",
            "A film's revision and its last render.",
            Some(JSON),
        ),
        (
            "/film/{film}/plan",
            "film-plan",
            "Film's plan",
            "The MoviePlan: shots, pictures, people and what they say.",
            Some(JSON),
        ),
        (
            "/film/{film}/captions",
            "film-captions",
            "Film's captions",
            "What is said in the last render, as SubRip.",
            Some(SUBRIP),
        ),
        (
            "/film/{film}/video",
            "film-video",
            "Rendered film",
            "The last render, if it has up to 8 MiB.",
            Some(MP4),
        ),
        (
            "/artifact/{digest}",
            "artifact",
            "Artifact",
            "A stored file: what made it, with its bytes while they are small.",
            Some(JSON),
        ),
        (
            "/artifact/{digest}/content",
            "artifact-content",
            "Artifact's bytes",
            "The bytes of a stored file of up to 8 MiB.",
            None,
        ),
    ]
    .into_iter()
    .map(|(path, name, title, description, media_type)| {
        let template = ResourceTemplate::new(format!("{project}{path}"), name)
            .with_title(title)
            .with_description(description);
        match media_type {
            Some(media_type) => template.with_mime_type(media_type),
            None => template,
        }
    })
    .collect()
}

/// The contents of one resource.
pub(super) fn read(projects: &Projects, address: &Address) -> Result<Vec<ResourceContents>, Error> {
    let project = known(projects, &address.project)?;
    match &address.part {
        Part::Whole => Ok(vec![facts(address, &whole(address, &project)?)]),
        Part::Asset(id) => asset(address, &project, id),
        Part::AssetContent(id) => {
            let asset = project.assets().get(id)?;
            let file = file_of_asset(&project, &asset)?;
            Ok(vec![bytes(address, &file, &asset.facts.media_type)?])
        }
        Part::Film(id) => {
            let film = project.films().get(id)?;
            Ok(vec![facts(address, &film_facts(address, &project, &film))])
        }
        Part::Plan(id) => Ok(vec![facts(address, &project.films().get(id)?.plan)]),
        Part::Captions(id) => {
            let film = project.films().get(id)?;
            let file = rendered(&project, &film, |render| &render.captions_path)?;
            let text = String::from_utf8_lossy(&content(&file)?).into_owned();
            let text = ResourceContents::text(text, address.to_string());
            Ok(vec![text.with_mime_type(SUBRIP)])
        }
        Part::Video(id) => {
            let film = project.films().get(id)?;
            let file = rendered(&project, &film, |render| &render.video_path)?;
            Ok(vec![bytes(address, &file, MP4)?])
        }
        Part::Artifact(digest) => artifact(address, &project, digest),
        Part::ArtifactContent(digest) => {
            let (file, media_type) = file_of_artifact(&project, digest)?;
            Ok(vec![bytes(address, &file, &media_type)?])
        }
    }
}

/// The project with this id among the known ones.
pub(super) fn known(projects: &Projects, id: &str) -> Result<Arc<Project>, Error> {
    let is_known = projects.list()?.iter().any(|project| project.id == id);
    if !is_known {
        return Err(Error::not_found(format!("there is no project `{id}`")));
    }
    Ok(projects.get(id)?)
}

fn of_project(project: &Project) -> Result<Vec<Resource>, Error> {
    let whole = Address::new(project.id(), Part::Whole);
    let resource = |address: &Address, name: &str, media_type| {
        Resource::new(address.to_string(), name).with_mime_type(media_type)
    };
    let mut resources = vec![
        resource(&whole, project.name(), JSON)
            .with_title(project.name())
            .with_description("A project: what it holds"),
    ];
    for asset in project.assets().list()? {
        let address = whole.beside(Part::Asset(asset.id.clone()));
        resources.push(
            resource(&address, &asset.facts.name, JSON)
                .with_title(&asset.facts.name)
                .with_description(format!(
                    "{}, {} bytes",
                    asset.facts.media_type, asset.facts.bytes
                )),
        );
    }
    for film in project.films().list()? {
        let (id, title) = (&film.id, title(&film));
        let mut part = |part, what: &str, media_type| {
            let address = whole.beside(part);
            let name = format!("{title}: {what}");
            resources.push(resource(&address, &name, media_type).with_title(&name));
        };
        part(Part::Film(id.clone()), "film", JSON);
        part(Part::Plan(id.clone()), "plan", JSON);
        if film.render.is_some() {
            part(Part::Captions(id.clone()), "captions", SUBRIP);
            part(Part::Video(id.clone()), "video", MP4);
        }
    }
    Ok(resources)
}

fn whole(address: &Address, project: &Project) -> Result<Value, Error> {
    let uri = |part| address.beside(part).to_string();
    let assets: Vec<Value> = project
        .assets()
        .list()?
        .into_iter()
        .map(|asset| {
            let uri = uri(Part::Asset(asset.id.clone()));
            let Asset { id, facts, .. } = asset;
            json!({ "id": id, "name": facts.name, "kind": facts.kind, "bytes": facts.bytes, "uri": uri })
        })
        .collect();
    let films: Vec<Value> = project
        .films()
        .list()?
        .iter()
        .map(|film| {
            json!({ "id": film.id, "title": title(film), "rendered": film.render.is_some(), "uri": uri(Part::Film(film.id.clone())) })
        })
        .collect();
    Ok(json!({ "project": project.info()?, "assets": assets, "films": films }))
}

fn asset(address: &Address, project: &Project, id: &str) -> Result<Vec<ResourceContents>, Error> {
    let asset = project.assets().get(id)?;
    let file = file_of_asset(project, &asset);
    let content = address.beside(Part::AssetContent(id.to_owned()));
    let about = json!({
        "asset": asset,
        "content": content.to_string(),
        "file": file.as_deref().ok().map(file_uri),
        "problem": file.as_ref().err(),
    });
    let mut contents = vec![facts(address, &about)];
    if let Ok(file) = &file
        && asset.facts.bytes <= SMALL
    {
        contents.push(bytes(&content, file, &asset.facts.media_type)?);
    }
    Ok(contents)
}

fn artifact(
    address: &Address,
    project: &Project,
    digest: &str,
) -> Result<Vec<ResourceContents>, Error> {
    let (file, media_type) = file_of_artifact(project, digest)?;
    let artifact = project.artifacts().get(digest)?;
    let size = artifact.as_ref().map_or(0, |artifact| artifact.bytes);
    let content = address.beside(Part::ArtifactContent(digest.to_owned()));
    let about = json!({
        "artifact": artifact,
        "made_by": project.artifacts().provenance(digest)?,
        "content": content.to_string(),
        "file": file_uri(&file),
    });
    let mut contents = vec![facts(address, &about)];
    if size <= SMALL {
        contents.push(bytes(&content, &file, &media_type)?);
    }
    Ok(contents)
}

fn film_facts(address: &Address, project: &Project, film: &FilmRow) -> Value {
    let uri = |part| address.beside(part).to_string();
    let render = film.render.as_ref().map(|render| {
        let file = rendered(project, film, |render| &render.video_path);
        json!({
            "width": render.width,
            "height": render.height,
            "duration_secs": render.duration_secs,
            "rendered_at": render.rendered_at,
            "is_current": render.revision == film.revision,
            "captions": uri(Part::Captions(film.id.clone())),
            "video": uri(Part::Video(film.id.clone())),
            "file": file.as_deref().ok().map(file_uri),
            "problem": file.as_ref().err(),
        })
    });
    json!({
        "id": film.id,
        "title": title(film),
        "revision": film.revision,
        "can_undo": film.can_undo,
        "can_redo": film.can_redo,
        "updated_at": film.updated_at,
        "plan": uri(Part::Plan(film.id.clone())),
        "render": render,
    })
}

fn title(film: &FilmRow) -> &str {
    film.plan["title"].as_str().unwrap_or("Untitled film")
}

/// The file of an asset, as long as it is the one that was imported.
fn file_of_asset(project: &Project, asset: &Asset) -> Result<Utf8PathBuf, Error> {
    if asset.facts.mode == ImportMode::Copy {
        return file_of_artifact(project, &asset.facts.digest).map(|(file, _)| file);
    }
    let path = asset.facts.path.clone().unwrap_or_default();
    match project.assets().reference_state(asset)? {
        ReferenceState::Unchanged => Ok(path.into()),
        ReferenceState::Changed => {
            let message = format!("{path} has changed since it was imported");
            Err(Error::new(ErrorCode::Conflict, message))
        }
        ReferenceState::Missing => Err(Error::not_found(format!("{path} is not there any more"))),
    }
}

fn file_of_artifact(project: &Project, digest: &str) -> Result<(Utf8PathBuf, String), Error> {
    let artifact = project
        .artifacts()
        .get(digest)?
        .ok_or_else(|| Error::not_found(format!("there is no artifact `{digest}`")))?;
    let file = inside(project, &project.artifacts().path(&artifact))?;
    Ok((file, artifact.media_type))
}

fn rendered(
    project: &Project,
    film: &FilmRow,
    which: impl Fn(&studio_store::RenderRecord) -> &String,
) -> Result<Utf8PathBuf, Error> {
    let render = film.render.as_ref().ok_or_else(|| {
        Error::not_found(format!("the film `{}` is not rendered yet", film.id))
            .hint("`movie_render` makes it")
    })?;
    inside(project, &project.path().join(which(render)))
}

/// The real path of a file that must lie in the project's folder.
fn inside(project: &Project, path: &Utf8Path) -> Result<Utf8PathBuf, Error> {
    let real = path
        .canonicalize_utf8()
        .map_err(|error| Error::io(format!("find {path}"), &error))?;
    if real.starts_with(project.path()) {
        return Ok(real);
    }
    let message = format!("{path} leads out of its project");
    Err(Error::new(ErrorCode::Refused, message))
}

fn facts(address: &Address, value: &Value) -> ResourceContents {
    // Pretty: people and models read it alike. A value always has a text.
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    ResourceContents::text(text, address.to_string()).with_mime_type(JSON)
}

fn bytes(address: &Address, file: &Utf8Path, media_type: &str) -> Result<ResourceContents, Error> {
    let data = BASE64.encode(content(file)?);
    Ok(ResourceContents::blob(data, address.to_string()).with_mime_type(media_type))
}

/// All of a file of up to [`LARGEST`] bytes.
fn content(file: &Utf8Path) -> Result<Vec<u8>, Error> {
    let failed = |error| Error::io(format!("read {file}"), &error);
    let open = File::open(file).map_err(failed)?;
    let size = open.metadata().map_err(failed)?.len();
    let mut content = Vec::new();
    // The file may grow while it is read.
    open.take(LARGEST + 1)
        .read_to_end(&mut content)
        .map_err(failed)?;
    if content.len() as u64 <= LARGEST {
        return Ok(content);
    }
    let message = format!("it has {size} bytes; at most {LARGEST} are sent");
    Err(Error::new(ErrorCode::Unsupported, message)
        .hint(format!("read the file itself: {}", file_uri(file))))
}

/// RFC 8089, with the escapes of RFC 3986.
fn file_uri(path: &Utf8Path) -> String {
    let mut uri = "file://".to_owned();
    // `C:\a` is `file:///C:/a`.
    if cfg!(windows) {
        uri.push('/');
    }
    for byte in path.as_str().bytes() {
        match byte {
            b'\\' if cfg!(windows) => uri.push('/'),
            b':' if cfg!(windows) => uri.push(':'),
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn a_file_is_linked_by_an_escaped_address() {
        let uri = file_uri(Utf8Path::new("/a b/ü%#?.wav"));
        assert_eq!(uri, "file:///a%20b/%C3%BC%25%23%3F.wav");
    }
}
