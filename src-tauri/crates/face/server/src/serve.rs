//! A server from its options: the address, the certificate, the connections, and the end.

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum_server::accept::Accept;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use axum_server::{Handle, Server as HttpServer};
use camino::Utf8PathBuf;
use studio_core::{Error, ErrorCode};
use studio_gateway::Gateway;
use studio_jobs::Studio;
use studio_store::Projects;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::http::{self, App, Asset};
use crate::mcp::{self, Approvals};
use crate::metrics::{Metrics, Open};
use crate::names::Names;

/// Most bytes and lines of a request's head; a head that is larger is answered with 431.
const LARGEST_HEAD: usize = 64 << 10;
const MOST_HEADERS: usize = 100;
/// Requests at once on one connection (HTTP/2).
const MOST_STREAMS: u32 = 64;

/// How to serve. What is not here is in the settings (`server.*`, `tokens.*`).
pub struct Options {
    /// Port 0 takes any free one.
    pub listen: SocketAddr,
    /// Without it, only loopback addresses are served, unless `insecure_http` says otherwise.
    pub tls: Option<Certificate>,
    /// Whether tokens and answers may cross a network in the clear.
    pub insecure_http: bool,
    /// Names by which the server is reached, beside loopback's.
    pub hosts: Vec<String>,
    /// What the owner's callers must know.
    pub token: String,
    /// Where files that browsers bring are kept until they are imported.
    pub uploads: Utf8PathBuf,
    /// Where callers with keys may work, and what MCP shows as resources.
    pub projects: Arc<Projects>,
    /// What MCP runs without asking the user.
    pub approvals: Approvals,
    /// The page's files by path without the leading slash.
    pub page: fn(&str) -> Option<Asset>,
}

/// PEM files of a certificate with those that signed it, and of its private key.
#[derive(Clone, Debug)]
pub struct Certificate {
    pub chain: Utf8PathBuf,
    pub key: Utf8PathBuf,
}

/// A bound server that is not yet answering.
pub struct Server {
    listener: TcpListener,
    tls: Option<RustlsConfig>,
    app: App,
    router: Router,
    connections: usize,
    /// Ends what would stay open for ever.
    end_streams: Box<dyn FnOnce() + Send>,
}

/// Binds the address. Nothing is answered before [`Server::run`].
pub async fn serve(
    studio: Arc<Studio>,
    gateway: Arc<Gateway>,
    options: Options,
) -> Result<Server, Error> {
    let address = options.listen;
    let beyond = !address.ip().is_loopback();
    if beyond && options.tls.is_none() && !options.insecure_http {
        let message = format!(
            "{address} can be reached from other machines: tokens and answers would cross the network in the clear"
        );
        return Err(Error::new(ErrorCode::Refused, message).hint(
            "give --tls-cert and --tls-key, or say --insecure-http if something in front encrypts",
        ));
    }
    let tls = match &options.tls {
        Some(certificate) => Some(read_certificate(certificate).await?),
        None => None,
    };
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Error::io(format!("listen on {address}"), &error)
            .hint("another program may use this port; choose one with --port, or 0 for any")
    })?;
    let settings = studio.settings().current();
    let scheme = if tls.is_some() { "https" } else { "http" };
    let mut hosts = options.hosts.clone();
    hosts.push(settings.server.hosts.clone());
    let names = Names::new(scheme, beyond, &hosts, &settings.server.origins);
    let (mcp, end_streams) = mcp::http_service(
        studio.clone(),
        options.projects.clone(),
        options.approvals.clone(),
    );
    let app = App::new(studio, gateway, options, names, &settings)?;
    Ok(Server {
        listener,
        tls,
        router: http::router(&app, mcp),
        app,
        connections: settings.server.connections as usize,
        end_streams: Box::new(end_streams),
    })
}

impl Server {
    /// Such as `http://127.0.0.1:4750`: where a program on this machine reaches it.
    pub fn url(&self) -> Result<String, Error> {
        let address = self
            .listener
            .local_addr()
            .map_err(|error| Error::io("tell the port", &error))?;
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let ip = match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::from(std::net::Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        Ok(format!(
            "{scheme}://{}",
            SocketAddr::new(ip, address.port())
        ))
    }

    /// Answers until `stop` completes. Open answers then have the time of `server.stop_secs` to end;
    /// streams say goodbye before it is over.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<(), Error> {
        let failed = |error: std::io::Error| Error::io("serve", &error);
        let (app, handle) = (self.app, Handle::new());
        let (stopping, ending) = (app.stop.clone(), handle.clone());
        let end_streams = self.end_streams;
        tokio::spawn(async move {
            stop.await;
            stopping.begin();
            end_streams();
            ending.graceful_shutdown(Some(stopping.time()));
        });
        let door = Door {
            free: Arc::new(Semaphore::new(self.connections)),
            metrics: app.metrics.clone(),
        };
        let listener = self.listener.into_std().map_err(failed)?;
        let http = axum_server::from_tcp(listener).map_err(failed)?;
        let http = careful(http, app.patience).handle(handle);
        let service = self.router.into_make_service();
        match self.tls {
            Some(config) => {
                let tls = RustlsAcceptor::new(config).handshake_timeout(app.patience);
                http.acceptor(tls.acceptor(door)).serve(service).await
            }
            None => http.acceptor(door).serve(service).await,
        }
        .map_err(failed)?;
        // WebSockets are no longer the HTTP server's; they end by themselves.
        let patience = tokio::time::Instant::now() + Duration::from_secs(1);
        while app.metrics.open_streams() > 0 && tokio::time::Instant::now() < patience {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }
}

/// Limits on the heads of requests and on how long they take.
fn careful(mut http: HttpServer<SocketAddr>, patience: Duration) -> HttpServer<SocketAddr> {
    let builder = http.http_builder();
    builder
        .http1()
        .header_read_timeout(patience)
        .max_buf_size(LARGEST_HEAD)
        .max_headers(MOST_HEADERS);
    builder
        .http2()
        .max_header_list_size(LARGEST_HEAD as u32)
        .max_concurrent_streams(MOST_STREAMS)
        .keep_alive_interval(patience)
        .keep_alive_timeout(patience);
    http.first_request_timeout(patience)
}

async fn read_certificate(certificate: &Certificate) -> Result<RustlsConfig, Error> {
    let Certificate { chain, key } = certificate;
    let read = async |path: &Utf8PathBuf, what: &str, holds: &str| {
        let bytes = tokio::fs::read(path).await.map_err(|error| Error {
            code: ErrorCode::BadInput,
            ..Error::io(format!("read {path} ({what})"), &error)
        })?;
        if String::from_utf8_lossy(&bytes).contains(holds) {
            return Ok(bytes);
        }
        Err(Error::bad_input(format!("{path} holds no {what} in PEM")))
    };
    let chain_pem = read(chain, "certificate", "-----BEGIN CERTIFICATE-----").await?;
    let key_pem = read(key, "private key", "PRIVATE KEY-----").await?;
    RustlsConfig::from_pem(chain_pem, key_pem)
        .await
        .map_err(|error| {
            Error::bad_input(format!(
                "the certificate in {chain} and the key in {key} cannot be used together: {error}"
            ))
            .hint("the key must be the one that the certificate was made for")
        })
}

/// Lets in so many connections and no more, without waiting for small packets to fill up.
#[derive(Clone)]
struct Door {
    free: Arc<Semaphore>,
    metrics: Arc<Metrics>,
}

impl<S> Accept<TcpStream, S> for Door {
    type Stream = Visitor;
    type Service = S;
    type Future = std::future::Ready<std::io::Result<(Visitor, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let Ok(permit) = self.free.clone().try_acquire_owned() else {
            tracing::warn!("too many connections; one was closed");
            return std::future::ready(Err(std::io::Error::other("too many connections")));
        };
        // Small answers must not wait for the peer's delayed acknowledgement.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was not set");
        }
        let visitor = Visitor {
            stream,
            _permit: permit,
            _open: self.metrics.connection(),
        };
        std::future::ready(Ok((visitor, service)))
    }
}

/// A connection that makes room for another when it is dropped.
struct Visitor {
    stream: TcpStream,
    _permit: OwnedSemaphorePermit,
    _open: Open,
}

impl AsyncRead for Visitor {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Visitor {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
