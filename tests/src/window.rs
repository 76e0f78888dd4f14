//! The real window on a virtual display, driven through WebDriver.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};

use crate::{App, binary, repository};

/// How long the page may take for anything that a test waits for, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// A window, its display and its driver. All of them end with it.
pub struct Window {
    pub page: Client,
    _driver: Group,
    _display: Group,
}

impl Window {
    /// Opens the window of `app` with `args` on a screen of `width` × `height` pixels.
    pub async fn open(app: &App, width: u32, height: u32, args: &[&str]) -> Window {
        let (display, name) = start_display(width, height);
        let port = free_port();
        let mut driver = Command::new("WebKitWebDriver");
        driver
            .arg(format!("--port={port}"))
            .env("DISPLAY", &name)
            .env("TAURI_AUTOMATION", "true")
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            // Small films render quickly on a busy machine.
            .env("AV_STUDIO_FILM_WIDTH", "640")
            .env("AV_STUDIO_FILM_HEIGHT", "360")
            .env("AV_STUDIO_HOME", app.home())
            .env("AV_STUDIO_PROJECTS_FOLDER", app.projects());
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
            _display: display,
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

/// A process group that is killed as a whole: WebKit has many children.
struct Group(Child);

impl Group {
    fn spawn(command: &mut Command, program: &str, package: &str) -> Group {
        command.stdin(Stdio::null()).process_group(0);
        Group(command.spawn().unwrap_or_else(|error| {
            panic!("{program} does not start ({error}); `cargo xtask setup` installs {package}")
        }))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = Command::new("kill")
            .args(["-KILL", "--", &format!("-{}", self.0.id())])
            .status();
        let _ = self.0.wait();
    }
}

/// A display of its own; the server chooses a free number and tells it.
fn start_display(width: u32, height: u32) -> (Group, String) {
    let mut command = Command::new("Xvfb");
    command
        .args([
            "-displayfd",
            "1",
            "-nolisten",
            "tcp",
            "-screen",
            "0",
            &format!("{width}x{height}x24"),
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut display = Group::spawn(&mut command, "Xvfb", "xvfb");
    let stdout = display.0.stdout.take().expect("stdout is piped");
    let mut number = String::new();
    BufReader::new(stdout)
        .read_line(&mut number)
        .expect("Xvfb tells its display");
    (display, format!(":{}", number.trim()))
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
