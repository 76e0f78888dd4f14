//! The real window on a virtual display, driven through WebDriver.

use std::process::Command;
use std::time::{Duration, Instant};

use camino::Utf8Path;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};

use crate::display::{Display, Group};
use crate::drag::Drag;
use crate::{App, binary, repository};

/// How long the page may take for anything that a test waits for, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A window, its display and its driver. All of them end with it.
pub struct Window {
    pub page: Client,
    _driver: Group,
    display: Display,
}

impl Window {
    /// Opens the window of `app` with `args` on a screen of `width` × `height` pixels.
    pub async fn open(app: &App, width: u32, height: u32, args: &[&str]) -> Window {
        let display = Display::start(width, height);
        let port = free_port();
        let mut driver = Command::new("WebKitWebDriver");
        driver
            .arg(format!("--port={port}"))
            .env("DISPLAY", display.name())
            .env("TAURI_AUTOMATION", "true")
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            // Small films render quickly on a busy machine.
            .env("AV_STUDIO_FILM_WIDTH", "640")
            .env("AV_STUDIO_FILM_HEIGHT", "360");
        app.surround(&mut driver);
        let driver = Group::spawn(&mut driver, "WebKitWebDriver", "webkit2gtk-driver");
        let address = format!("http://127.0.0.1:{port}");
        wait_until_ready(&address).await;
        let options = json!({ "binary": binary(), "args": args });
        let capabilities =
            Capabilities::from_iter([("webkitgtk:browserOptions".to_owned(), options)]);
        let page = ClientBuilder::rustls()
            .expect("a WebDriver client")
            .capabilities(capabilities)
            .connect(&address)
            .await
            .expect("a WebDriver session with the window");
        Window {
            page,
            _driver: driver,
            display,
        }
    }

    /// Waits for the element and answers it.
    pub async fn find(&self, css: &str) -> fantoccini::elements::Element {
        match self
            .page
            .wait()
            .at_most(PATIENCE)
            .for_element(Locator::Css(css))
            .await
        {
            Ok(element) => element,
            Err(error) => panic!(
                "{css} did not appear: {error}; the page says: {}",
                self.text().await
            ),
        }
    }

    pub async fn click(&self, css: &str) {
        self.find(css)
            .await
            .click()
            .await
            .unwrap_or_else(|error| panic!("{css} takes no click: {error}"));
    }

    /// Clicks the button of this name, as a person or a screen reader finds it.
    pub async fn press(&self, name: &str) {
        let quoted = format!("'{name}'");
        let xpath = format!(
            "//button[normalize-space()={quoted} or @aria-label={quoted} or @title={quoted}]"
        );
        match self
            .page
            .wait()
            .at_most(PATIENCE)
            .for_element(Locator::XPath(&xpath))
            .await
        {
            Ok(button) => button
                .click()
                .await
                .unwrap_or_else(|error| panic!("{name} takes no click: {error}")),
            Err(error) => panic!(
                "there is no button {name}: {error}; the page says: {}",
                self.text().await
            ),
        }
    }

    /// Replaces what a field holds.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.expect("the field can be cleared");
        field.send_keys(text).await.expect("the field takes text");
    }

    /// Types into an element. Special keys have the code points of WebDriver's table.
    pub async fn type_keys(&self, css: &str, keys: &str) {
        let element = self.find(css).await;
        element
            .send_keys(keys)
            .await
            .unwrap_or_else(|error| panic!("{css} takes no keys: {error}"));
    }

    /// Presses the main button of the open dialog.
    pub async fn submit_dialog(&self) {
        self.click("dialog[open] button[type='submit']").await;
    }

    /// Waits until the page's text contains `words`.
    pub async fn wait_for_text(&self, words: &str) {
        let begun = Instant::now();
        loop {
            let text = self.text().await;
            if text.contains(words) {
                return;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "the page does not say {words:?}, but: {text}"
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    pub async fn text(&self) -> String {
        let text = self
            .page
            .execute("return document.body.innerText", vec![])
            .await;
        text.ok()
            .and_then(|text| text.as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// Calls an operation as the page does.
    pub async fn call(&self, operation: &str, input: Value) -> Result<Value, Value> {
        let script = "const [operation, input, done] = arguments;\
            window.__TAURI_INTERNALS__.invoke('call', { operation, input })\
              .then((value) => done({ value }), (error) => done({ error }));";
        let answer = self
            .page
            .execute_async(script, vec![json!(operation), input])
            .await
            .expect("the page runs scripts");
        match answer.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(answer["value"].clone()),
        }
    }

    /// Makes the window `width` × `height` pixels.
    pub async fn resize(&self, width: u32, height: u32) {
        self.page
            .set_window_size(width, height)
            .await
            .expect("the window changes its size");
    }

    /// Drags a file from a file manager over the window, runs `over`, and lets go.
    pub async fn drop_file(&self, file: &Utf8Path, over: impl AsyncFnOnce()) {
        let (display, file) = (self.display.name().to_owned(), file.to_owned());
        let held = tokio::task::spawn_blocking(move || {
            let drag = Drag::begin(&display, &file);
            let target = drag.over();
            (drag, target)
        });
        let (drag, target) = held.await.expect("the file is over the window");
        over().await;
        tokio::task::spawn_blocking(move || drag.drop_on(target))
            .await
            .expect("the window takes the file");
    }

    /// Keeps pictures of the page in both themes and at both sizes that it must look right at.
    pub async fn gallery(&self, name: &str) {
        for (width, height) in [(1440, 900), (1024, 700)] {
            self.resize(width, height).await;
            for theme in ["light", "dark"] {
                let setting = json!({ "key": "appearance.theme", "value": theme });
                self.call("settings.set", setting)
                    .await
                    .expect("a theme is a setting");
                // The page takes the colours of its next frames.
                self.find(&format!("html[data-scheme='{theme}']")).await;
                self.settle().await;
                self.screenshot(&format!("{name}-{width}-{theme}")).await;
            }
        }
    }

    /// Stays until the page has drawn two frames: what was asked for is visible.
    pub async fn settle(&self) {
        let script = "const done = arguments[arguments.length - 1];\
            requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 200)));";
        self.page
            .execute_async(script, vec![])
            .await
            .expect("the page draws");
    }

    /// Keeps a picture of the window under `target/screenshots`.
    pub async fn screenshot(&self, name: &str) {
        let folder = repository().join("target/screenshots");
        std::fs::create_dir_all(&folder).expect("the folder for screenshots");
        let picture = self.page.screenshot().await.expect("a screenshot");
        std::fs::write(folder.join(format!("{name}.png")), picture)
            .expect("the screenshot is written");
    }

    /// Ends the session, and with it the app.
    pub async fn close(self) {
        self.page.close().await.expect("the session ends");
    }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its number").port()
}

async fn wait_until_ready(address: &str) {
    let begun = Instant::now();
    while reqwest::get(format!("{address}/status")).await.is_err() {
        assert!(
            begun.elapsed() < PATIENCE,
            "WebKitWebDriver does not answer at {address}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
