//! Typed settings: defaults < file < environment < flags.
//!
//! [`Settings`] is the one list of keys; titles, ranges and choices come from its schema. Each value
//! is checked by itself, so that an error names its key, where it was set, and what is allowed.

mod layers;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use layers::{Origin, Setting, SettingsFile};

/// All settings of the studio. A key is `section.field`, such as `server.port`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Settings {
    pub appearance: Appearance,
    pub projects: Projects,
    pub audio: Audio,
    pub film: Film,
    pub jobs: Jobs,
    pub budget: Budget,
    pub models: Models,
    pub server: Server,
    pub tokens: Tokens,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Appearance {
    /// # Theme
    ///
    /// Light, dark, or whatever the system uses.
    pub theme: Theme,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Projects {
    /// # Projects folder
    ///
    /// Where new projects are created. Empty: `AV Studio` in your documents folder.
    #[schemars(
        length(max = 4096),
        regex(pattern = r"^(|/.*|[A-Za-z]:[\\/].*|\\\\.*)$"),
        extend("x-allowed" = "an absolute path, or empty")
    )]
    pub folder: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Audio {
    /// # Output device
    ///
    /// Name of the sound device to play through. Empty: the system's default.
    #[schemars(length(max = 256))]
    pub output_device: String,
    /// # Input device
    ///
    /// Name of the microphone to record from. Empty: the system's default.
    #[schemars(length(max = 256))]
    pub input_device: String,
    /// # Output latency in ms
    ///
    /// Sound kept ready for the device. More survives a busy machine, less answers faster.
    #[schemars(range(min = 20, max = 1000))]
    pub latency_ms: u32,
}

impl Default for Audio {
    fn default() -> Audio {
        Audio {
            output_device: String::new(),
            input_device: String::new(),
            latency_ms: 120,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Film {
    /// # Film width in pixels
    ///
    /// Width of rendered films where a render does not say otherwise. Even.
    #[schemars(range(min = 160, max = 3840), extend("multipleOf" = 2))]
    pub width: u32,
    /// # Film height in pixels
    ///
    /// Height of rendered films where a render does not say otherwise. Even.
    #[schemars(range(min = 90, max = 2160), extend("multipleOf" = 2))]
    pub height: u32,
    /// # Film loudness in LUFS
    ///
    /// Integrated loudness of the final mix (EBU R128).
    #[schemars(range(min = -31.0, max = -9.0))]
    pub loudness_lufs: f64,
}

impl Default for Film {
    fn default() -> Film {
        Film {
            width: 1280,
            height: 720,
            loudness_lufs: -16.0,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Jobs {
    /// # Jobs at a time
    ///
    /// How many processor-bound jobs run at once; further ones wait. Holds from the next start.
    #[schemars(range(min = 1, max = 16))]
    pub cpu_slots: u32,
}

impl Default for Jobs {
    fn default() -> Jobs {
        Jobs { cpu_slots: 1 }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Budget {
    /// # Daily limit in US dollars
    ///
    /// Hard limit for paid services in one day (UTC). Nothing is ever spent at 0.
    #[schemars(range(min = 0.0, max = 100_000.0))]
    pub daily_limit_usd: f64,
    /// # Monthly limit in US dollars
    ///
    /// Hard limit for one month (UTC). 0: only the daily limit holds.
    #[schemars(range(min = 0.0, max = 1_000_000.0))]
    pub monthly_limit_usd: f64,
    /// # Limit per project in US dollars
    ///
    /// Hard limit for each project, of all time. 0: none.
    #[schemars(range(min = 0.0, max = 1_000_000.0))]
    pub project_limit_usd: f64,
    /// # Limit per API key in US dollars
    ///
    /// Hard limit for each key that has no budget of its own, of all time. 0: none.
    #[schemars(range(min = 0.0, max = 1_000_000.0))]
    pub key_limit_usd: f64,
    /// # Warn at this percentage
    ///
    /// From this share of a limit on, every paid answer carries a warning.
    #[schemars(range(min = 1, max = 100))]
    pub warn_percent: u32,
    /// # Allow models of unknown price
    ///
    /// Without this, a model whose price is not listed is never asked.
    pub allow_unknown_prices: bool,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget {
            daily_limit_usd: 0.0,
            monthly_limit_usd: 0.0,
            project_limit_usd: 0.0,
            key_limit_usd: 0.0,
            warn_percent: 80,
            allow_unknown_prices: false,
        }
    }
}

/// How the router chooses among models.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Models {
    /// # Choice of models
    ///
    /// What matters most when no model is chosen by hand.
    pub policy: ModelPolicy,
    /// # Words stay on this machine
    ///
    /// New conversations are kept from every model that runs elsewhere.
    pub private: bool,
    /// # Folder of downloaded models
    ///
    /// Empty: the one that other programs share, as `HF_HUB_CACHE` or `HF_HOME` says. Holds from the
    /// next start.
    #[schemars(
        length(max = 4096),
        regex(pattern = r"^(|/.*|[A-Za-z]:[\\/].*|\\\\.*)$"),
        extend("x-allowed" = "an absolute path, or empty")
    )]
    pub folder: String,
    /// # Hub that models come from
    ///
    /// Address of a mirror of Hugging Face's hub. Empty: as `HF_ENDPOINT` says, else the hub itself.
    #[schemars(
        length(max = 2048),
        regex(pattern = r"^(|https?://[^\s?#@]+)$"),
        extend("x-allowed" = "an address that begins with https:// or http://, or empty")
    )]
    pub hub_url: String,
    /// # Memory for models in MB
    ///
    /// Most that models which run in this program may take together. 0: half of what is free at the
    /// start. Holds from the next start.
    #[schemars(range(min = 0, max = 4_000_000))]
    pub memory_mb: u32,
    /// # Longest conversation in tokens
    ///
    /// What a model that runs in this program keeps in mind at most. More takes more memory. Holds from
    /// the next start.
    #[schemars(range(min = 512, max = 1_048_576))]
    pub context_tokens: u32,
    /// # Unload after minutes
    ///
    /// A model that runs in this program and was not asked for so long leaves the memory. Holds from
    /// the next start.
    #[schemars(range(min = 1, max = 1440))]
    pub idle_minutes: u32,
    /// # Ask a second model when the first is slow
    ///
    /// When a model has been silent for longer than in 95 of 100 answers, the next one is asked too;
    /// who speaks first is heard. Both may cost money.
    pub hedge: bool,
    /// # Seconds to the first word
    ///
    /// How long a model may be silent before its answer begins. Those that reason think for a minute
    /// and more.
    #[schemars(range(min = 1, max = 3600))]
    pub first_token_secs: u32,
    /// # Seconds between words
    ///
    /// How long a model may be silent within its answer.
    #[schemars(range(min = 1, max = 3600))]
    pub idle_secs: u32,
    /// # Weight of quality
    ///
    /// With the choice `custom`: how much quality matters. Only the ratios of the weights count.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub weight_quality: f64,
    /// # Weight of price
    ///
    /// With the choice `custom`: how much a low price matters.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub weight_price: f64,
    /// # Weight of latency
    ///
    /// With the choice `custom`: how much it matters to have the whole answer soon.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub weight_latency: f64,
    /// # Weight of reliability
    ///
    /// With the choice `custom`: how much past failures matter.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub weight_health: f64,
    /// # Weight of locality
    ///
    /// With the choice `custom`: how much it matters that a model runs on this machine.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub weight_locality: f64,
    /// # Weight of readiness
    ///
    /// With the choice `custom`: how much it matters that a model is loaded.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub weight_readiness: f64,
}

impl Default for Models {
    /// The weights are those of the balanced choice.
    fn default() -> Models {
        Models {
            policy: ModelPolicy::Balanced,
            private: false,
            folder: String::new(),
            hub_url: String::new(),
            memory_mb: 0,
            context_tokens: 8_192,
            idle_minutes: 5,
            hedge: false,
            first_token_secs: 180,
            idle_secs: 60,
            weight_quality: 4.0,
            weight_price: 3.0,
            weight_latency: 2.0,
            weight_health: 2.0,
            weight_locality: 2.0,
            weight_readiness: 1.0,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModelPolicy {
    #[default]
    Balanced,
    LocalOnly,
    Cheapest,
    Fastest,
    Best,
    /// By the weights below.
    Custom,
}

/// The HTTP face. Holds from the next start of `av-studio serve`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Server {
    /// # Port
    ///
    /// Port of `av-studio serve`. 0: any free one.
    #[schemars(range(min = 0, max = 65535))]
    pub port: u32,
    /// # Address
    ///
    /// Where `av-studio serve` listens. Beyond loopback it wants a certificate.
    #[schemars(
        length(max = 45),
        regex(pattern = r"^[0-9A-Fa-f:.]+$"),
        extend("x-allowed" = "an IP address, such as 127.0.0.1 or 0.0.0.0")
    )]
    pub listen: String,
    /// # Host names
    ///
    /// Names by which others reach this server, separated by commas. Loopback names and IP
    /// addresses need not be listed.
    #[schemars(
        length(max = 4096),
        regex(pattern = r"^[A-Za-z0-9.\-, ]*$"),
        extend("x-allowed" = "host names without port, such as studio.example, or empty")
    )]
    pub hosts: String,
    /// # Pages that may call
    ///
    /// Origins of other people's pages that may call this server (CORS), separated by commas.
    /// Empty: none.
    #[schemars(
        length(max = 4096),
        regex(pattern = r"^(|https?://[A-Za-z0-9.\-:\[\]]+( *, *https?://[A-Za-z0-9.\-:\[\]]+)*)$"),
        extend("x-allowed" = "origins such as https://studio.example, never *, or empty")
    )]
    pub origins: String,
    /// # Folders for API keys
    ///
    /// Folders that API keys and tokens may read and write beside projects and uploads, separated
    /// as in PATH.
    #[schemars(length(max = 8192))]
    pub folders: String,
    /// # Certificate
    ///
    /// PEM file with this server's certificate and those that signed it. Empty: no TLS.
    #[schemars(length(max = 4096))]
    pub tls_cert: String,
    /// # Key of the certificate
    ///
    /// PEM file with the private key that belongs to the certificate.
    #[schemars(length(max = 4096))]
    pub tls_key: String,
    /// # Calls a minute
    ///
    /// How often one API key or token may call one route in a minute. 0: no limit.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub calls_per_minute: u32,
    /// # Calls a minute of single routes
    ///
    /// Other limits for routes, such as `/v1/audio/speech=10, /audio/convert=30`.
    #[schemars(
        length(max = 4096),
        regex(pattern = r"^(|/[A-Za-z0-9_/{}.\-]+=[1-9][0-9]{0,6}( *, *[/A-Za-z0-9_{}.\-]+=[1-9][0-9]{0,6})*)$"),
        extend("x-allowed" = "pairs such as /audio/convert=30, separated by commas, or empty")
    )]
    pub route_limits: String,
    /// # Connections
    ///
    /// How many connections are kept open at once; further ones are closed at once.
    #[schemars(range(min = 8, max = 65536))]
    pub connections: u32,
    /// # Patience in seconds
    ///
    /// A request whose head takes longer is cut, and one whose body comes slower than 500 bytes a
    /// second after this time.
    #[schemars(range(min = 1, max = 600))]
    pub patience_secs: u32,
    /// # Time to stop in seconds
    ///
    /// How long open answers may go on after the server was told to stop.
    #[schemars(range(min = 1, max = 600))]
    pub stop_secs: u32,
}

impl Default for Server {
    fn default() -> Server {
        Server {
            port: 4750,
            listen: "127.0.0.1".to_owned(),
            hosts: String::new(),
            origins: String::new(),
            folders: String::new(),
            tls_cert: String::new(),
            tls_key: String::new(),
            calls_per_minute: 600,
            route_limits: String::new(),
            connections: 512,
            patience_secs: 30,
            stop_secs: 10,
        }
    }
}

/// Tokens of another issuer (JWT) that open this server. Holds from the next start of
/// `av-studio serve`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Tokens {
    /// # Issuer
    ///
    /// Who makes the tokens: the claim `iss` must say so.
    #[schemars(length(max = 1024))]
    pub issuer: String,
    /// # Audience
    ///
    /// What tokens must be meant for: the claim `aud` must name it.
    #[schemars(length(max = 1024))]
    pub audience: String,
    /// # File of the shared secret
    ///
    /// File with the secret of tokens signed with HS256, 32 bytes or more. Empty: none are taken.
    #[schemars(length(max = 4096))]
    pub secret_file: String,
    /// # File of the public key
    ///
    /// PEM file with the key of tokens signed with EdDSA (Ed25519). Empty: none are taken.
    #[schemars(length(max = 4096))]
    pub public_key_file: String,
    /// # Claim of the scopes
    ///
    /// The claim that lists `read`, `write` and `models`, as text or as a list.
    #[schemars(length(min = 1, max = 256))]
    pub scope_claim: String,
    /// # Limit per subject in US dollars
    ///
    /// Hard limit for what each subject (`sub`) may ever spend. 0: only the other limits hold.
    #[schemars(range(min = 0.0, max = 1_000_000.0))]
    pub limit_usd: f64,
}

impl Default for Tokens {
    fn default() -> Tokens {
        Tokens {
            issuer: String::new(),
            audience: String::new(),
            secret_file: String::new(),
            public_key_file: String::new(),
            scope_claim: "scope".to_owned(),
            limit_usd: 0.0,
        }
    }
}
