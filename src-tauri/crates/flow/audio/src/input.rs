//! Inputs that several operations share.

use camino::{Utf8Path, Utf8PathBuf};
use schemars::JsonSchema;
use serde::Deserialize;
use studio_assets::{Destination, Source};
use studio_core::Error;
use studio_store::Projects;

/// Which sound an operation reads. Inputs with more fields flatten it, but not these words.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(description = "")]
pub(crate) struct SourceInput {
    /// The file to read, unless an asset is named.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("x-path" = true))]
    pub(crate) path: Option<Utf8PathBuf>,
    /// The asset's project: its folder, id or name.
    #[serde(default)]
    pub(crate) project: Option<String>,
    /// The asset to read, by id.
    #[serde(default)]
    pub(crate) asset: Option<String>,
}

impl SourceInput {
    pub(crate) fn find(&self, projects: &Projects) -> Result<Source, Error> {
        studio_assets::source(
            projects,
            self.path.as_deref(),
            self.project.as_deref(),
            self.asset.as_deref(),
        )
    }
}

/// What an operation reads, and where its result goes: the file `output`, or else an asset of `project`.
pub(crate) fn ends(
    projects: &Projects,
    input: &SourceInput,
    output: Option<&Utf8Path>,
) -> Result<(Source, Destination), Error> {
    let source = input.find(projects)?;
    let project = input.project.as_deref();
    let destination = Destination::choose(projects, output, project, Some(&source))?;
    Ok((source, destination))
}
