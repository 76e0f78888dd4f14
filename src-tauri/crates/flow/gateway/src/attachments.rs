//! Assets of a project that go with a message, and whether they may leave this machine.

use base64::Engine as _;
use camino::{Utf8Path, Utf8PathBuf};
use schemars::JsonSchema;
use serde::Deserialize;
use studio_core::Error;
use studio_llm::chat::Part;
use studio_llm::route::Privacy;
use studio_store::{Asset, AssetKind, Home, ImportMode, Project, Projects};

/// Most bytes of a picture: no provider takes more.
const LARGEST: u64 = 8 << 20;

/// An asset by its project and id.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssetRef {
    /// The project's folder, id or name.
    #[schemars(length(min = 1))]
    project: String,
    /// The asset's id.
    #[schemars(length(min = 1))]
    asset: String,
}

/// The pictures, and the strictest of their labels.
pub(crate) fn read(
    home: &std::sync::Arc<Home>,
    assets: &[AssetRef],
) -> Result<(Vec<Part>, Privacy), Error> {
    let mut privacy = Privacy::MayLeave;
    let mut parts = Vec::new();
    // Only known projects are opened here, so no folder for new ones is needed.
    let projects = Projects::new(home.clone(), Utf8PathBuf::new());
    for (at, wanted) in assets.iter().enumerate() {
        let wrong = |error: Error| error.field(format!("/assets/{at}"));
        let project = projects.get(&wanted.project).map_err(Error::from);
        let project = project.map_err(wrong)?;
        let asset = project.assets().get(&wanted.asset).map_err(Error::from);
        let asset = asset.map_err(wrong)?;
        parts.push(picture(&project, &asset).map_err(wrong)?);
        if asset.facts.privacy == Privacy::LocalOnly {
            privacy = Privacy::LocalOnly;
        }
    }
    Ok((parts, privacy))
}

fn picture(project: &Project, asset: &Asset) -> Result<Part, Error> {
    let facts = &asset.facts;
    let known = ["image/png", "image/jpeg", "image/webp", "image/gif"];
    if facts.kind != AssetKind::Image || !known.contains(&facts.media_type.as_str()) {
        let message = format!(
            "{} is {}, and models are shown pictures only",
            facts.name, facts.media_type
        );
        return Err(Error::bad_input(message).hint("PNG, JPEG, WebP or GIF"));
    }
    if facts.bytes > LARGEST {
        let message = format!(
            "{} has {} bytes; at most {LARGEST}",
            facts.name, facts.bytes
        );
        return Err(Error::bad_input(message));
    }
    let path = path(project, asset)?;
    let bytes = std::fs::read(&path).map_err(|error| Error::io(format!("read {path}"), &error))?;
    Ok(Part::Image {
        media_type: facts.media_type.clone(),
        data: base64::engine::general_purpose::STANDARD.encode(bytes),
    })
}

fn path(project: &Project, asset: &Asset) -> Result<Utf8PathBuf, Error> {
    let facts = &asset.facts;
    if let (ImportMode::Reference, Some(path)) = (facts.mode, &facts.path) {
        return Ok(Utf8Path::new(path).to_owned());
    }
    let artifact = project.artifacts().get(&facts.digest)?;
    let artifact = artifact.ok_or_else(|| {
        Error::not_found(format!(
            "the bytes of {} are not in the project",
            facts.name
        ))
    })?;
    Ok(project.artifacts().path(&artifact))
}
