//! A running `av-studio serve`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::App;

/// Stops when dropped.
pub struct Server {
    child: Child,
    pub url: String,
    pub token: String,
}

impl Server {
    pub fn start(app: &App) -> Server {
        Server::start_with(app, &[])
    }

    /// With more arguments of `av-studio serve`.
    pub fn start_with(app: &App, arguments: &[&str]) -> Server {
        Server::launch(app, arguments, Stdio::inherit())
    }

    /// `log` takes what it writes to standard error.
    pub fn launch(app: &App, arguments: &[&str], log: Stdio) -> Server {
        let mut child = app
            .command()
            .args(["--json", "serve", "--port", "0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(log)
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

    /// Host and port, such as `127.0.0.1:40123`.
    pub fn address(&self) -> &str {
        self.url
            .split_once("://")
            .map_or("", |(_, address)| address)
    }

    /// Asks it to end, as a service manager does.
    #[cfg(unix)]
    pub fn terminate(&self) {
        let pid = self.child.id().to_string();
        let killed = std::process::Command::new("kill")
            .args(["-TERM", &pid])
            .status();
        assert!(
            killed.is_ok_and(|status| status.success()),
            "kill -TERM {pid}"
        );
    }

    /// Waits until it has ended; whether it ended well.
    pub fn ended(&mut self, patience: Duration) -> Option<bool> {
        let until = Instant::now() + patience;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return Some(status.success());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }

    /// Sends bytes over a connection of its own and answers all that comes until it is closed, or
    /// for as long as `patience`.
    pub async fn raw(&self, bytes: &[u8], patience: Duration) -> String {
        let mut stream = TcpStream::connect(self.address())
            .await
            .expect("a connection");
        // A server may close before it has read all.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(patience, stream.read_to_end(&mut answer)).await;
        String::from_utf8_lossy(&answer).into_owned()
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
