//! A running `av-studio serve`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::App;

/// Stops when dropped.
pub struct Server {
    child: Child,
    pub url: String,
    pub token: String,
}

impl Server {
    pub fn start(app: &App) -> Server {
        let mut child = app
            .command()
            .args(["--json", "serve", "--port", "0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("av-studio serve starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("stdout is piped");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("serve says where it listens");
        let ready: Value = serde_json::from_str(&line).expect("serve prints JSON");
        let text = |name: &str| ready[name].as_str().expect("url and token").to_owned();
        Server {
            child,
            url: text("url"),
            token: text("token"),
        }
    }

    /// Posts an input and waits for the result; answers (status, body).
    pub async fn call(&self, operation: &str, input: &Value) -> (u16, Value) {
        let path = format!("/{}", operation.replacen('.', "/", 1));
        self.post(&path, input).await
    }

    /// Posts as the owner and answers (status, body).
    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let response = self.request(path, &self.token, body).await;
        let status = response.status().as_u16();
        (status, response.json().await.expect("a JSON body"))
    }

    /// Posts as whoever holds `secret`.
    pub async fn request(&self, path: &str, secret: &str, body: &Value) -> reqwest::Response {
        reqwest::Client::new()
            .post(format!("{}{path}", self.url))
            .bearer_auth(secret)
            .header("prefer", "wait")
            .json(body)
            .send()
            .await
            .expect("the server answers")
    }

    /// Gets a text as the owner.
    pub async fn get(&self, path: &str) -> String {
        let response = reqwest::Client::new()
            .get(format!("{}{path}", self.url))
            .bearer_auth(&self.token)
            .send()
            .await
            .expect("the server answers");
        response.text().await.expect("a text")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
