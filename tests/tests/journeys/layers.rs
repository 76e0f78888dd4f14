//! The folder is the layer: a crate may use its own layer and those below, never one above.

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

/// From the ground up. A crate's layer is the folder below `crates`; the app itself is on top.
const LAYERS: [&str; 6] = ["base", "engine", "io", "flow", "face", "app"];

/// Pure crates may not reach files, threads of others or the network through these.
const IMPURE: [&str; 7] = [
    "tokio",
    "rusqlite",
    "reqwest",
    "axum",
    "cpal",
    "ffmpeg-next",
    "tauri",
];

#[test]
fn no_crate_depends_on_a_higher_layer() {
    let packages = product_packages();
    for package in &packages {
        for dependency in package
            .dependencies
            .iter()
            .filter(|d| d.kind != DependencyKind::Development)
        {
            let Some(target) = packages.iter().find(|other| *other.name == dependency.name) else {
                continue;
            };
            let (from, to) = (layer(package), layer(target));
            assert!(
                to <= from,
                "{} ({}) may not depend on {} ({}): the arrow points upwards",
                package.name,
                LAYERS[from],
                target.name,
                LAYERS[to],
            );
        }
    }
}

#[test]
fn flow_crates_do_not_call_each_other_but_for_the_job_engine() {
    let packages = product_packages();
    for package in packages
        .iter()
        .filter(|package| LAYERS[layer(package)] == "flow")
    {
        for dependency in package
            .dependencies
            .iter()
            .filter(|d| d.kind != DependencyKind::Development)
        {
            let target = packages.iter().find(|other| *other.name == dependency.name);
            let to_flow = target.is_some_and(|target| LAYERS[layer(target)] == "flow");
            assert!(
                !to_flow || dependency.name == "studio-jobs",
                "{} depends on {}: flow crates meet in operations or traits",
                package.name,
                dependency.name,
            );
        }
    }
}

#[test]
fn engine_crates_are_pure() {
    for package in product_packages()
        .iter()
        .filter(|package| LAYERS[layer(package)] == "engine")
    {
        for dependency in package
            .dependencies
            .iter()
            .filter(|d| d.kind != DependencyKind::Development)
        {
            assert!(
                !IMPURE.contains(&dependency.name.as_str()),
                "{} is pure and may not depend on {}",
                package.name,
                dependency.name,
            );
        }
    }
}

/// The members that are part of the product.
fn product_packages() -> Vec<Package> {
    let metadata = MetadataCommand::new()
        .manifest_path(studio_tests::repository().join("Cargo.toml"))
        .no_deps()
        .exec()
        .expect("cargo metadata runs");
    let product = |package: &Package| {
        let path = package.manifest_path.as_str().replace('\\', "/");
        path.contains("/src-tauri/") && !path.contains("/crates/dev/")
    };
    let packages: Vec<Package> = metadata.packages.into_iter().filter(product).collect();
    assert!(packages.len() > 10, "the product's crates were not found");
    packages
}

fn layer(package: &Package) -> usize {
    let path = package.manifest_path.as_str().replace('\\', "/");
    let folder = match path.split_once("/src-tauri/crates/") {
        Some((_, rest)) => rest.split('/').next().unwrap_or_default(),
        None => "app",
    };
    LAYERS
        .iter()
        .position(|layer| *layer == folder)
        .unwrap_or_else(|| panic!("{path}: `{folder}` is not a layer"))
}
