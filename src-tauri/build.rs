//! Checks that the page is built, then lets Tauri generate what the window needs.

fn main() {
    println!("cargo::rerun-if-changed=../ui/dist/index.html");
    if !std::path::Path::new("../ui/dist/index.html").exists() {
        println!("cargo::error=the page in ui/dist is missing; run `cargo xtask ui` first");
        std::process::exit(1);
    }
    #[cfg(feature = "window")]
    tauri_build::build();
}
