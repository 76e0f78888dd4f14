//! The built app from outside: time until its window takes input, memory when idle, and what a call
//! costs through each face.
//!
//! Budgets: window within 1 s, 200 MB of memory of our own when idle, 300 µs for a call over HTTP
//! (median). The kernel's own price of a process is beside them: `/bin/true` for the command line,
//! an echo over TCP for HTTP.

// A bench that cannot run must stop; what divan cannot measure is printed.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout)]
#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use studio_tests::{App, Display, Group, Server};

fn main() {
    print_idle_memory();
    divan::main();
}

/// A window that takes input.
fn window(app: &App, display: &Display) -> Group {
    let mut command = app.command();
    command
        .arg("--verbose")
        .env("DISPLAY", display.name())
        .stderr(Stdio::piped());
    let mut window = Group::spawn(&mut command, "av-studio", "the app");
    let stderr = window.leader().stderr.take().expect("stderr is piped");
    let ready = BufReader::new(stderr)
        .lines()
        .map_while(Result::ok)
        .any(|line| line.contains("to its first picture"));
    assert!(ready, "the window ended before it was ready");
    window
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn start_to_interactive_window(bencher: divan::Bencher<'_, '_>) {
    let (app, display) = (App::new(), Display::start(1440, 900));
    bencher.bench_local(|| window(&app, &display));
}

/// Proportional set size of the app's own process, ten seconds after its window came up. The web
/// view's processes belong to the system's WebKit and are named beside it.
fn print_idle_memory() {
    let (app, display) = (App::new(), Display::start(1440, 900));
    let mut window = window(&app, &display);
    std::thread::sleep(Duration::from_secs(10));
    let own = window.leader().id();
    let mut others = 0;
    for process in std::fs::read_dir("/proc").expect("processes").flatten() {
        let Some(id) = process.file_name().to_str().and_then(|id| id.parse().ok()) else {
            continue;
        };
        if id != own && group_of(id) == Some(own) {
            others += memory_kb(id).unwrap_or(0);
        }
    }
    let mb = |kb: u64| kb as f64 * 1024.0 / 1e6;
    println!(
        "memory when idle: {:.0} MB of our own (budget 200 MB); {:.0} MB of the web view's processes",
        mb(memory_kb(own).expect("our own memory")),
        mb(others)
    );
}

fn group_of(process: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name may hold anything; the fields after its bracket are state, parent, group.
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split(' ').nth(2)?.parse().ok()
}

fn memory_kb(process: u32) -> Option<u64> {
    let rollup = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?;
    let line = rollup.lines().find(|line| line.starts_with("Pss:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[divan::bench(min_time = 2)]
fn http_call(bencher: divan::Bencher<'_, '_>) {
    let app = App::new();
    let server = Server::start(&app);
    let address = server.url.trim_start_matches("http://");
    let body = "{}";
    let request = format!(
        "POST /settings/get HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        server.token,
        body.len()
    );
    let mut connection = connect(address);
    bencher.bench_local(|| exchange(&mut connection, &request));
}

/// The same bytes to a server that only counts them: what the kernel and this client cost.
#[divan::bench(min_time = 2)]
fn http_call_of_a_server_that_does_nothing(bencher: divan::Bencher<'_, '_>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        let (mut peer, _) = listener.accept().expect("the client");
        let mut request = [0; 4096];
        while peer.read(&mut request).is_ok_and(|count| count > 0) {
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
            peer.write_all(answer.as_bytes()).expect("the client reads");
        }
    });
    let request = format!("POST /settings/get HTTP/1.1\r\nHost: {address}\r\n\r\n{{}}");
    let mut connection = connect(&address);
    bencher.bench_local(|| exchange(&mut connection, &request));
}

fn connect(address: &str) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(address).expect("the server listens");
    stream.set_nodelay(true).expect("a socket");
    BufReader::new(stream)
}

/// Sends a request and reads its answer to the end.
fn exchange(connection: &mut BufReader<TcpStream>, request: &str) -> usize {
    connection
        .get_mut()
        .write_all(request.as_bytes())
        .expect("the server reads");
    let (mut line, mut length) = (String::new(), 0);
    loop {
        line.clear();
        connection.read_line(&mut line).expect("a header");
        let header = line.trim_end().to_ascii_lowercase();
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
        assert!(
            !header.starts_with("http/1.1 ") || header.contains(" 200"),
            "{header}"
        );
        if header.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).expect("a body");
    length
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn command_line_call(bencher: divan::Bencher<'_, '_>) {
    let app = App::new();
    bencher.bench_local(|| assert!(app.run(&["--json", "settings", "get"]).status.success()));
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn command_line_call_of_true(bencher: divan::Bencher<'_, '_>) {
    bencher.bench_local(|| Command::new("true").output().expect("true"));
}

#[divan::bench(min_time = 2)]
fn mcp_call(bencher: divan::Bencher<'_, '_>) {
    let app = App::new();
    let mut command = app.command();
    command
        .arg("mcp")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut server = command.spawn().expect("av-studio mcp starts");
    let mut stdin = server.stdin.take().expect("stdin is piped");
    let mut stdout = BufReader::new(server.stdout.take().expect("stdout is piped"));
    let mut say = |message: &str| writeln!(stdin, "{message}").expect("the server reads");
    say(
        r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}"#,
    );
    let mut answer = String::new();
    stdout.read_line(&mut answer).expect("an answer");
    say(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"settings_get","arguments":{}}}"#;
    bencher.bench_local(|| {
        say(call);
        answer.clear();
        stdout.read_line(&mut answer).expect("an answer");
        assert!(answer.contains("\"result\""), "{answer}");
    });
    drop(stdin);
    server.wait().expect("it ends");
}
