//! Which models and providers there are: YAML lists with user additions laid over them.
//!
//! Entries of a later list replace those of equal id. What a model's entry leaves out comes from its
//! family. Every error names its file, line and column.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;

use crate::pricing::{Price, Rates};
use crate::tokens::Encoding;
use crate::weights::Weights;

/// How a provider is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// OpenAI chat completions, and everything that imitates them.
    Openai,
    /// OpenAI responses.
    OpenaiResponses,
    /// Anthropic messages.
    Anthropic,
    /// Gemini `generateContent`.
    Gemini,
    /// Ollama's own API.
    Ollama,
    /// Nobody: this program runs the models by itself, from their `weights`.
    Local,
    /// A place that models' files are downloaded from, in the layout of Hugging Face's hub.
    Hub,
}

impl Protocol {
    /// Whether there is somebody at the other end of a connection.
    fn needs_url(self) -> bool {
        self != Protocol::Local
    }
}

/// Somebody who answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9_-]{0,63}$"))]
    pub id: String,
    pub name: String,
    pub protocol: Protocol,
    /// Such as `https://api.openai.com/v1`. Only the protocol `local` has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^https?://"))]
    pub base_url: Option<String>,
    /// Environment variable that may hold the key; the key that was stored comes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_env: Option<String>,
    /// Whether it wants a key at all.
    #[serde(default)]
    pub needs_key: bool,
    /// What is sent to it stays on this machine.
    #[serde(default)]
    pub on_this_machine: bool,
    /// Its answers cost nothing, as of a server of one's own; a listed price comes first.
    #[serde(default)]
    pub is_free: bool,
}

/// What a model is asked to do; qualities are given by task.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    #[default]
    Chat,
    Code,
    /// Stories, plans of films, dialogue.
    Writing,
    Reasoning,
    Summary,
    Translation,
    Embedding,
    /// Writing down what is said.
    Transcription,
}

/// What a model can do beyond text in, text out.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    Tools,
    /// Answers any JSON object on demand.
    Json,
    /// Answers JSON that fits a given schema.
    Schema,
    /// Pictures in.
    Vision,
    /// Sound in.
    Audio,
    /// Thinks before it answers.
    Reasoning,
    Embedding,
    /// Writes down what is said, and does nothing else.
    Transcription,
}

/// One model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Model {
    /// `provider/name`, unique.
    pub id: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub family: String,
    /// What the provider calls it.
    pub model: String,
    /// Most tokens of conversation and answer together.
    pub context_tokens: u64,
    /// Most tokens of one answer.
    pub output_tokens: u64,
    #[serde(default)]
    pub capabilities: BTreeSet<Capability>,
    /// How its tokens are counted before it is asked.
    #[serde(default)]
    pub encoding: Encoding,
    /// 0 to 1 by task; a task that is absent has the quality of `chat`.
    #[serde(default)]
    pub quality: BTreeMap<Task, f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// Where the licence can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence_url: Option<String>,
    /// Its files, if this program runs it by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Weights>,
}

impl Model {
    /// The id's part before the slash.
    pub fn provider(&self) -> &str {
        self.id.split_once('/').map_or("", |(provider, _)| provider)
    }

    /// 0 to 1. A model that nobody has judged is taken for a middling one.
    pub fn quality(&self, task: Task) -> f64 {
        let known = self
            .quality
            .get(&task)
            .or_else(|| self.quality.get(&Task::Chat));
        known.copied().unwrap_or(0.5)
    }

    pub fn can(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }
}

/// What the models of one family share.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Family {
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9._-]{0,63}$"))]
    pub id: String,
    #[serde(default)]
    #[schemars(range(min = 256, max = 100_000_000))]
    pub context_tokens: Option<u64>,
    #[serde(default)]
    #[schemars(range(min = 1, max = 100_000_000))]
    pub output_tokens: Option<u64>,
    #[serde(default)]
    pub capabilities: BTreeSet<Capability>,
    #[serde(default)]
    pub encoding: Encoding,
    #[serde(default)]
    pub licence: Option<String>,
    #[serde(default)]
    #[schemars(regex(pattern = r"^https?://"))]
    pub licence_url: Option<String>,
}

/// A model as a registry lists it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// `provider/name`, unique.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9_-]*/[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$"))]
    pub id: String,
    pub name: String,
    /// A family's id; one that is not listed gives nothing.
    #[serde(default)]
    pub family: String,
    /// What the provider calls it.
    pub model: String,
    /// Most tokens of conversation and answer together. Without it, the family's.
    #[serde(default)]
    #[schemars(range(min = 256, max = 100_000_000))]
    pub context_tokens: Option<u64>,
    /// Most tokens of one answer. Without it, the family's.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100_000_000))]
    pub output_tokens: Option<u64>,
    /// Without it, the family's.
    #[serde(default)]
    pub capabilities: Option<BTreeSet<Capability>>,
    /// How its tokens are counted before it is asked. Without it, as the family's are.
    #[serde(default)]
    pub encoding: Option<Encoding>,
    /// 0 to 1 by task; a task that is absent has the quality of `chat`.
    #[serde(default)]
    pub quality: BTreeMap<Task, f64>,
    /// An SPDX identifier where there is one. Without it, the family's.
    #[serde(default)]
    pub licence: Option<String>,
    /// Where the licence can be read. Without it, where the family's can.
    #[serde(default)]
    #[schemars(regex(pattern = r"^https?://"))]
    pub licence_url: Option<String>,
    /// Its files. Models of the protocol `local` have them, and no others.
    #[serde(default)]
    pub weights: Option<Weights>,
}

impl Listed {
    /// The whole entry; what it lacks is the family's. The name of a field that neither has is an
    /// error.
    fn complete(self, families: &BTreeMap<String, Family>) -> Result<Model, &'static str> {
        let family = families.get(&self.family);
        let number = |own: Option<u64>, shared: fn(&Family) -> Option<u64>, field| {
            own.or_else(|| family.and_then(shared)).ok_or(field)
        };
        let (licence, licence_url) = match (self.licence, family) {
            (Some(licence), _) => (Some(licence), self.licence_url),
            (None, Some(family)) => (family.licence.clone(), family.licence_url.clone()),
            (None, None) => (None, self.licence_url),
        };
        Ok(Model {
            context_tokens: number(self.context_tokens, |f| f.context_tokens, "context_tokens")?,
            output_tokens: number(self.output_tokens, |f| f.output_tokens, "output_tokens")?,
            capabilities: self
                .capabilities
                .or_else(|| family.map(|family| family.capabilities.clone()))
                .unwrap_or_default(),
            encoding: self
                .encoding
                .or_else(|| family.map(|family| family.encoding))
                .unwrap_or_default(),
            id: self.id,
            name: self.name,
            family: self.family,
            model: self.model,
            quality: self.quality,
            licence,
            licence_url,
            weights: self.weights,
        })
    }
}

/// A registry: who answers, and with which models.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistryFile {
    #[serde(default)]
    #[schemars(with = "Vec<Provider>")]
    pub providers: Vec<Spanned<Provider>>,
    #[serde(default)]
    #[schemars(with = "Vec<Family>")]
    pub families: Vec<Spanned<Family>>,
    #[serde(default)]
    #[schemars(with = "Vec<Listed>")]
    pub models: Vec<Spanned<Listed>>,
}

/// A price list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PricingFile {
    #[serde(default)]
    #[schemars(with = "Vec<Price>")]
    pub prices: Vec<Spanned<Price>>,
}

/// The JSON Schemas of both lists, for editors: `models/registry.schema.json` and
/// `models/pricing.schema.json`.
pub fn schemas() -> [(&'static str, serde_json::Value); 2] {
    let settings = || SchemaSettings::draft07().for_deserialize();
    [
        (
            "registry.schema.json",
            studio_core::schema::of::<RegistryFile>(settings()),
        ),
        (
            "pricing.schema.json",
            studio_core::schema::of::<PricingFile>(settings()),
        ),
    ]
}

/// What is wrong with a list, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {problem}")]
pub struct CatalogError {
    pub file: String,
    /// From 1.
    pub line: u64,
    pub column: u64,
    pub problem: String,
}

impl From<CatalogError> for studio_core::Error {
    fn from(error: CatalogError) -> Self {
        studio_core::Error::bad_input(error.to_string())
            .hint("correct the line; until then the lists that were read before stay in force")
    }
}

/// A file's name, for errors, and its text.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    pub file: &'a str,
    pub text: &'a str,
}

/// All models, providers and prices that are known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    providers: BTreeMap<String, Provider>,
    models: BTreeMap<String, Model>,
    prices: BTreeMap<String, Price>,
}

impl Catalog {
    /// Reads registries and price lists; later ones overlay earlier ones.
    pub fn read(
        registries: &[Source<'_>],
        pricings: &[Source<'_>],
    ) -> Result<Catalog, CatalogError> {
        let mut catalog = Catalog::default();
        let mut families = BTreeMap::new();
        let mut listed = Vec::new();
        for source in registries {
            let file: RegistryFile = parse(*source)?;
            for provider in file.providers {
                check_provider(*source, &provider)?;
                let provider = provider.value;
                catalog.providers.insert(provider.id.clone(), provider);
            }
            for family in file.families {
                families.insert(family.value.id.clone(), family.value);
            }
            listed.extend(file.models.into_iter().map(|model| (*source, model)));
        }
        // Families and providers of every list are known by now, wherever a model stands.
        for (source, entry) in listed {
            let place = at(&entry);
            let wrong = |problem| wrong_at(source, place.0, place.1, problem);
            let id = entry.value.id.clone();
            let model = entry.value.complete(&families).map_err(|field| {
                wrong(format!("`{id}` lacks `{field}`, and so does its family"))
            })?;
            check_model(&model, &catalog.providers).map_err(wrong)?;
            catalog.models.insert(id, model);
        }
        for source in pricings {
            let file: PricingFile = parse(*source)?;
            for price in file.prices {
                check_price(*source, &price)?;
                catalog
                    .prices
                    .insert(price.value.model.clone(), price.value);
            }
        }
        Ok(catalog)
    }

    pub fn providers(&self) -> impl Iterator<Item = &Provider> {
        self.providers.values()
    }

    pub fn provider(&self, id: &str) -> Option<&Provider> {
        self.providers.get(id)
    }

    pub fn models(&self) -> impl Iterator<Item = &Model> {
        self.models.values()
    }

    /// By id, or by what the provider calls it where only one model is called so.
    pub fn model(&self, name: &str) -> Option<&Model> {
        if let Some(model) = self.models.get(name) {
            return Some(model);
        }
        let mut called = self.models.values().filter(|model| model.model == name);
        called.next().filter(|_| called.next().is_none())
    }

    /// Adds what was found at run time, such as Ollama's models. What a list says stays.
    pub fn discover(&mut self, model: Model) {
        self.models.entry(model.id.clone()).or_insert(model);
    }

    pub fn price(&self, model: &str) -> Option<&Price> {
        self.prices.get(model)
    }

    /// Rates of a model: as listed, else free where its provider is, else unknown.
    pub fn rates(&self, model: &Model) -> Option<Rates> {
        let provider = self.providers.get(model.provider())?;
        match self.prices.get(&model.id) {
            // What is paid by the second is not paid by the token.
            Some(price) if model.can(Capability::Transcription) && price.second.is_some() => {
                Some(price.rates().unwrap_or(Rates::FREE))
            }
            Some(price) => price.rates(),
            None if provider.on_this_machine || provider.is_free => Some(Rates::FREE),
            None => None,
        }
    }
}

fn parse<T: DeserializeOwned>(source: Source<'_>) -> Result<T, CatalogError> {
    if source.text.trim().is_empty() {
        return serde_saphyr::from_str("{}")
            .map_err(|error| wrong_at(source, 1, 1, error.to_string()));
    }
    serde_saphyr::from_str(source.text).map_err(|error| {
        let (line, column) = error
            .location()
            .map_or((1, 1), |at| (at.line(), at.column()));
        let error = error.without_snippet().to_string();
        // The place is told once, by us.
        let problem = error.split(" at line ").next().unwrap_or(&error).to_owned();
        wrong_at(source, line, column, problem)
    })
}

fn at<T>(value: &Spanned<T>) -> (u64, u64) {
    let place = value.referenced;
    (place.line(), place.column())
}

fn wrong_at(source: Source<'_>, line: u64, column: u64, problem: String) -> CatalogError {
    CatalogError {
        file: source.file.to_owned(),
        line,
        column,
        problem,
    }
}

fn wrong<T>(source: Source<'_>, entry: &Spanned<T>, problem: String) -> CatalogError {
    let (line, column) = at(entry);
    wrong_at(source, line, column, problem)
}

fn check_provider(source: Source<'_>, entry: &Spanned<Provider>) -> Result<(), CatalogError> {
    let provider = &entry.value;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
    if provider.id.is_empty() || !provider.id.chars().all(plain) {
        let problem = format!(
            "a provider's id has small letters, digits, `-` and `_`, not `{}`",
            provider.id
        );
        return Err(wrong(source, entry, problem));
    }
    let problem = match &provider.base_url {
        Some(url) if !url.starts_with("https://") && !url.starts_with("http://") => {
            format!(
                "`base_url` of `{}` must begin with https:// or http://, not `{url}`",
                provider.id
            )
        }
        None if provider.protocol.needs_url() => {
            format!("`{}` lacks its `base_url`", provider.id)
        }
        Some(_) if !provider.protocol.needs_url() => {
            format!(
                "`{}` runs in this program: it has no `base_url`",
                provider.id
            )
        }
        _ => return Ok(()),
    };
    Err(wrong(source, entry, problem))
}

/// What is wrong with a model, if anything is.
fn check_model(model: &Model, providers: &BTreeMap<String, Provider>) -> Result<(), String> {
    let id = &model.id;
    if id
        .split_once('/')
        .is_none_or(|(a, b)| a.is_empty() || b.is_empty())
    {
        return Err(format!("a model's id is `provider/name`, not `{id}`"));
    }
    let name = model.provider();
    let provider = providers.get(name).ok_or_else(|| {
        format!("the model `{id}` is of the provider `{name}`, which is not listed")
    })?;
    if model.context_tokens < 256 {
        let tokens = model.context_tokens;
        return Err(format!(
            "`context_tokens` of `{id}` is {tokens}; at least 256"
        ));
    }
    if model.output_tokens == 0 {
        return Err(format!("`output_tokens` of `{id}` is 0; at least 1"));
    }
    let mut qualities = model.quality.iter();
    if let Some((task, quality)) = qualities.find(|(_, quality)| !(0.0..=1.0).contains(*quality)) {
        return Err(format!(
            "the quality of `{id}` for {task:?} is {quality}; it goes from 0 to 1"
        ));
    }
    match (&model.weights, provider.protocol) {
        (None, Protocol::Local) => Err(format!("`{id}` runs in this program: it needs `weights`")),
        (Some(_), protocol) if protocol != Protocol::Local => Err(format!(
            "`{id}` has `weights`, but `{name}` is not of the protocol `local`"
        )),
        (_, Protocol::Hub) => Err(format!("`{name}` keeps files and answers nobody")),
        (Some(weights), _) => weights
            .check()
            .map_err(|problem| format!("`weights` of `{id}`: {problem}")),
        (None, _) => Ok(()),
    }
}

fn check_price(source: Source<'_>, entry: &Spanned<Price>) -> Result<(), CatalogError> {
    let price = &entry.value;
    let rates = [
        price.input,
        price.cached,
        price.cache_write,
        price.output,
        price.image,
        price.second,
    ];
    let problem = if let Some(rate) = rates
        .into_iter()
        .flatten()
        .find(|rate| !(0.0..=10_000.0).contains(rate))
    {
        format!(
            "the price of `{}` is {rate}; it goes from 0 to 10000 dollars",
            price.model
        )
    } else if let Some(lacking) = price.lacks() {
        format!("the price of `{}` {lacking}", price.model)
    } else if !is_day(&price.as_of) {
        format!(
            "`as_of` of `{}` is `{}`; it is a day, such as 2026-03-01",
            price.model, price.as_of
        )
    } else {
        return Ok(());
    };
    Err(wrong(source, entry, problem))
}

fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let number = |part: &str, digits: usize, low: u32, high: u32| {
        part.len() == digits && part.parse().is_ok_and(|n: u32| (low..=high).contains(&n))
    };
    matches!(parts[..], [year, month, day]
        if number(year, 4, 2000, 2999) && number(month, 2, 1, 12) && number(day, 2, 1, 31))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "
providers:
  - id: cloud
    name: Cloud
    protocol: openai
    base_url: https://api.cloud.example/v1
    needs_key: true
  - id: here
    name: Here
    protocol: ollama
    base_url: http://127.0.0.1:11434
    on_this_machine: true
models:
  - id: cloud/big
    name: Big
    model: big-1
    context_tokens: 128000
    output_tokens: 16000
    capabilities: [tools, vision]
    quality: { chat: 0.9 }
  - id: here/small
    name: Small
    model: small
    context_tokens: 4096
    output_tokens: 4096
";
    /// One model of this program's own; its family says the rest.
    const LOCAL: &str = "
providers:
  - { id: local, name: Here, protocol: local, on_this_machine: true }
families:
  - { id: f, context_tokens: 4096, output_tokens: 1000, capabilities: [json], licence: MIT, licence_url: https://l }
  - { id: g }
models:
  - { id: local/m, name: M, family: f, model: m,
      weights: { repo: a/b, format: gguf, architecture: llama, files: [{ path: m.gguf }] } }
";
    const PRICES: &str = "
prices:
  - { model: cloud/big, as_of: 2026-01-02, source: a page, input: 2.5, cached: 1.25, output: 10 }
";

    fn read(registries: &[&str], pricings: &[&str]) -> Result<Catalog, CatalogError> {
        let sources = |texts: &[&'static str]| -> Vec<Source<'static>> {
            texts
                .iter()
                .map(|text| Source {
                    file: "list.yaml",
                    text,
                })
                .collect()
        };
        let leak = |texts: &[&str]| -> Vec<&'static str> {
            texts
                .iter()
                .map(|text| &*Box::leak(text.to_string().into_boxed_str()))
                .collect()
        };
        Catalog::read(&sources(&leak(registries)), &sources(&leak(pricings)))
    }

    #[test]
    fn an_overlay_replaces_and_adds() {
        let over = "
models:
  - { id: cloud/big, name: Mine, model: big-2, context_tokens: 1000, output_tokens: 100 }
  - { id: cloud/other, name: Other, model: other, context_tokens: 1000, output_tokens: 100 }
";
        let catalog = read(&[BASE, over], &[PRICES]).unwrap();
        assert_eq!(catalog.model("cloud/big").unwrap().name, "Mine");
        assert_eq!(catalog.model("other").unwrap().id, "cloud/other");
        assert_eq!(catalog.models().count(), 3);
    }

    #[test]
    fn a_price_is_listed_free_or_unknown_and_never_zero_by_accident() {
        let catalog = read(&[BASE], &[PRICES]).unwrap();
        let rates = |id: &str| catalog.rates(catalog.model(id).unwrap());
        assert_eq!(rates("cloud/big").unwrap().input, 2_500_000);
        assert_eq!(rates("here/small"), Some(Rates::FREE));
        let unpriced = read(&[BASE], &[]).unwrap();
        assert_eq!(unpriced.rates(unpriced.model("cloud/big").unwrap()), None);
    }

    fn check(registry: &str, pricing: &str, line: u64, words: &str) {
        let error = read(&[registry], &[pricing]).unwrap_err();
        assert_eq!(error.line, line, "{error}");
        assert!(error.to_string().starts_with("list.yaml:"), "{error}");
        assert!(error.problem.contains(words), "{error} should say {words}");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        check("models:\n  - id: x\n    nam: y\n", "", 3, "nam");
        check("\nmodels: [\n", "", 2, "unclosed");
        check(
            &BASE.replace("4096\n    output", "12\n    output"),
            "",
            21,
            "at least 256",
        );
        check(&BASE.replace("0.9", "9"), "", 14, "0 to 1");
        check(
            &BASE.replace("id: here/small", "id: there/small"),
            "",
            21,
            "not listed",
        );
        check(&BASE.replace("https://api", "ftp://api"), "", 3, "https://");
        check(
            &LOCAL.replace("protocol: local", "protocol: openai"),
            "",
            3,
            "base_url",
        );
        check(
            &LOCAL.replace("protocol: local", "protocol: local, base_url: http://x"),
            "",
            3,
            "no `base_url`",
        );
        check(&LOCAL.replace("a/b", "../b"), "", 8, "owner/name");
        check(
            &LOCAL.replace("m.gguf", "../m.gguf"),
            "",
            8,
            "within a repository",
        );
        check(
            &LOCAL.replace("context_tokens: 4096, ", ""),
            "",
            8,
            "context_tokens",
        );
        check(&LOCAL.replace("format: gguf", "format: zip"), "", 9, "zip");
        check(&LOCAL.replace("weights:", "wights:"), "", 9, "wights");
        check(&LOCAL.replace("local/m", "here/m"), "", 8, "not listed");
        check(BASE, &PRICES.replace("2.5", "-2.5"), 3, "0 to 10000");
        check(BASE, &PRICES.replace(", output: 10", ""), 3, "no `output`");
        check(
            BASE,
            &PRICES.replace("input: 2.5, cached: 1.25, output: 10", ""),
            3,
            "is empty",
        );
        check(
            BASE,
            &PRICES.replace("output: 10", "output: 10, image: 1e9"),
            3,
            "0 to 10000",
        );
        check(
            BASE,
            &PRICES.replace("2026-01-02", "2026-13-02"),
            3,
            "a day",
        );
        check(BASE, &PRICES.replace("input: 2.5", "input: cheap"), 3, "");
        check(BASE, &PRICES.replace("output", "outptu"), 3, "outptu");
    }

    #[test]
    fn what_a_model_leaves_out_is_its_family_s() {
        let catalog = read(&[LOCAL], &[]).unwrap();
        let model = catalog.model("local/m").unwrap();
        assert_eq!((model.context_tokens, model.output_tokens), (4096, 1000));
        assert!(model.can(Capability::Json) && !model.can(Capability::Tools));
        assert_eq!(model.licence_url.as_deref(), Some("https://l"));
        assert_eq!(catalog.rates(model), Some(Rates::FREE));
        let own = LOCAL.replace("family: f", "family: f, licence: mine, capabilities: []");
        let catalog = read(&[&own], &[]).unwrap();
        let model = catalog.model("local/m").unwrap();
        assert!(!model.can(Capability::Json), "an empty list is a list");
        let licence = (model.licence.as_deref(), model.licence_url.as_deref());
        assert_eq!(
            licence,
            (Some("mine"), None),
            "the link is of another licence"
        );
        // An overlay's family holds for models of other lists, too.
        let over = "families:\n  - { id: f, context_tokens: 512, output_tokens: 9 }\n";
        let catalog = read(&[LOCAL, over], &[]).unwrap();
        assert_eq!(catalog.model("local/m").unwrap().context_tokens, 512);
    }

    #[test]
    fn the_schemas_beside_the_lists_are_up_to_date() {
        for (name, schema) in schemas() {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../models/");
            let text = std::fs::read_to_string(format!("{folder}{name}")).unwrap_or_default();
            let told = serde_json::from_str::<serde_json::Value>(&text).ok();
            assert_eq!(told, Some(schema), "{name}: run `cargo xtask generate`");
        }
    }

    #[test]
    fn empty_lists_are_lists() {
        assert_eq!(read(&["", "  \n"], &[""]).unwrap(), Catalog::default());
    }
}
