//! A page under a WebDriver, in whatever shows it.

use std::process::Command;
use std::time::{Duration, Instant};

use fantoccini::actions::{
    Actions, InputSource, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction,
};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Map, Value, json};

use crate::display::Group;
use crate::repository;

/// How long a page may take for anything that a test waits for, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);
/// How long a hand takes from one place of a drag to the next.
const STROKE: Duration = Duration::from_millis(40);

/// A page, and the driver that ends with it.
pub struct Page {
    pub(crate) client: Client,
    _driver: Group,
}

impl Page {
    /// Begins a session of `driver`, a command that takes `--port`; `package` is where it comes from.
    pub(crate) async fn open(
        mut driver: Command,
        package: &str,
        capabilities: Map<String, Value>,
    ) -> Page {
        let program = driver.get_program().to_string_lossy().into_owned();
        let port = free_port();
        driver.arg(format!("--port={port}"));
        let group = Group::spawn(&mut driver, &program, package);
        let address = format!("http://127.0.0.1:{port}");
        wait_until_ready(&program, &address).await;
        let client = ClientBuilder::rustls()
            .expect("a WebDriver client")
            .capabilities(Capabilities::from_iter(capabilities))
            .connect(&address)
            .await
            .expect("a WebDriver session");
        Page {
            client,
            _driver: group,
        }
    }

    /// Waits for the element and answers it.
    pub async fn find(&self, css: &str) -> Element {
        match self
            .client
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
        let element = self.find(css).await;
        self.click_still(element)
            .await
            .unwrap_or_else(|error| panic!("{css} takes no click: {error}"));
    }

    /// Clicks it once it stands still and nothing lies above it, as a hand would: what the page still loads may push it
    /// away between the driver's look and its click.
    async fn click_still(&self, element: Element) -> Result<(), CmdError> {
        let script = "const [element] = arguments, done = arguments[arguments.length - 1];\
            let [before, still, frames] = ['', 0, 0];\
            element.scrollIntoView({ block: 'nearest', inline: 'nearest' });\
            requestAnimationFrame(function look() {\
                const { x, y, width, height } = element.getBoundingClientRect();\
                const hit = document.elementFromPoint(x + width / 2, y + height / 2);\
                const now = [x, y, width, height].join();\
                still = now === before && element.contains(hit) ? still + 1 : 0;\
                before = now;\
                if (still === 4 || ++frames === 120) done(); else requestAnimationFrame(look);\
            });";
        let given = serde_json::to_value(&element).map_err(CmdError::from)?;
        self.client.execute_async(script, vec![given]).await?;
        element.click().await
    }

    /// Clicks the button of this name, as a person or a screen reader finds it.
    pub async fn press(&self, name: &str) {
        let quoted = format!("'{name}'");
        let xpath = format!(
            "//button[normalize-space()={quoted} or @aria-label={quoted} or @title={quoted}]"
        );
        match self
            .client
            .wait()
            .at_most(PATIENCE)
            .for_element(Locator::XPath(&xpath))
            .await
        {
            Ok(button) => self
                .click_still(button)
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

    /// Drags with the left button from one place of the page to another, in CSS pixels, while a key is
    /// held: a code point of WebDriver's table.
    pub async fn drag(&self, from: (f64, f64), to: (f64, f64), held: Option<char>) {
        let middle = (from.0.midpoint(to.0), from.1.midpoint(to.1));
        let mouse = mouse()
            .then(move_to(from))
            .then(DOWN)
            .then(move_to(middle))
            .then(move_to(to))
            .then(UP);
        let mut actions = Actions::from(mouse);
        if let Some(value) = held {
            let mut keys = KeyActions::new("keys".to_owned()).then(KeyAction::Down { value });
            for _ in 0..4 {
                keys = keys.pause(STROKE);
            }
            actions = actions.and(keys.then(KeyAction::Up { value }));
        }
        self.act(actions).await;
    }

    /// Presses the left button at one place of the page and moves to another, in CSS pixels; [`let_go`](Page::let_go)
    /// releases it.
    pub async fn hold(&self, from: (f64, f64), to: (f64, f64)) {
        let mouse = mouse().then(move_to(from)).then(DOWN).then(move_to(to));
        self.act(Actions::from(mouse)).await;
    }

    pub async fn let_go(&self) {
        self.act(Actions::from(mouse().then(UP))).await;
    }

    /// Clicks a place of the page so many times, in CSS pixels.
    pub async fn click_at(&self, place: (f64, f64), times: usize) {
        let mut mouse = mouse().then(move_to(place));
        for _ in 0..times {
            mouse = mouse.then(DOWN).then(UP);
        }
        self.act(Actions::from(mouse)).await;
    }

    async fn act(&self, actions: Actions) {
        self.client
            .perform_actions(actions)
            .await
            .expect("the page takes the hand");
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
            .client
            .execute("return document.body.innerText", vec![])
            .await;
        text.ok()
            .and_then(|text| text.as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// Stays until the page has drawn two frames: what was asked for is visible.
    pub async fn settle(&self) {
        let script = "const done = arguments[arguments.length - 1];\
            requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 200)));";
        self.evaluate_async(script, vec![]).await;
    }

    /// Keeps a picture of the page under `target/screenshots`.
    pub async fn screenshot(&self, name: &str) {
        let folder = repository().join("target/screenshots");
        std::fs::create_dir_all(&folder).expect("the folder for screenshots");
        let picture = self.client.screenshot().await.expect("a screenshot");
        std::fs::write(folder.join(format!("{name}.png")), picture)
            .expect("the screenshot is written");
    }

    /// What a script returns; it finds what it is given in `arguments`.
    pub async fn evaluate(&self, script: &str, given: Vec<Value>) -> Value {
        self.client
            .execute(script, given)
            .await
            .expect("the page runs scripts")
    }

    /// What a script hands to the last of its `arguments`, a function.
    pub async fn evaluate_async(&self, script: &str, given: Vec<Value>) -> Value {
        self.client
            .execute_async(script, given)
            .await
            .expect("the page runs scripts")
    }

    /// Turns the wheel over an element, at a place from its corner in CSS pixels; with Ctrl where `zooms`.
    ///
    /// The event is the page's own: drivers do not agree on wheels with a key held.
    pub async fn wheel(&self, css: &str, (x, y): (f64, f64), by_px: f64, zooms: bool) {
        self.find(css).await;
        let script = "const [css, x, y, deltaY, ctrlKey] = arguments;\
            const target = document.querySelector(css);\
            const { left, top } = target.getBoundingClientRect();\
            const [clientX, clientY] = [left + x, top + y];\
            const more = { bubbles: true, cancelable: true };\
            target.dispatchEvent(new WheelEvent('wheel', { ...more, clientX, clientY, deltaY, ctrlKey }));";
        let given = vec![json!(css), json!(x), json!(y), json!(by_px), json!(zooms)];
        self.evaluate(script, given).await;
        self.settle().await;
    }

    /// Makes the window `width` × `height` pixels.
    pub async fn resize(&self, width: u32, height: u32) {
        self.client
            .set_window_size(width, height)
            .await
            .expect("the window changes its size");
    }

    /// Ends the session, and with it what shows the page.
    pub async fn close(self) {
        self.client.close().await.expect("the session ends");
    }
}

const DOWN: PointerAction = PointerAction::Down {
    button: MOUSE_BUTTON_LEFT,
};
const UP: PointerAction = PointerAction::Up {
    button: MOUSE_BUTTON_LEFT,
};

fn mouse() -> MouseActions {
    MouseActions::new("mouse".to_owned())
}

fn move_to((x, y): (f64, f64)) -> PointerAction {
    PointerAction::MoveTo {
        duration: Some(STROKE),
        x,
        y,
    }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its number").port()
}

async fn wait_until_ready(program: &str, address: &str) {
    let begun = Instant::now();
    while reqwest::get(format!("{address}/status")).await.is_err() {
        assert!(
            begun.elapsed() < PATIENCE,
            "{program} does not answer at {address}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
