//! Counting tokens beside tiktoken and Hugging Face's tokenizers in Python: the same text, the same
//! vocabularies, the same ids.
//!
//! `PYTHON` names an interpreter that has both (`pip install tiktoken tokenizers`); without it there is
//! nobody to compare with, and ours alone are printed. tiktoken is given the vocabulary that we carry,
//! so it fetches nothing; the tokenizer of the other comparison is trained on the text by theirs.

// A bench that cannot run must stop; what is measured is printed.
#![allow(clippy::expect_used, clippy::print_stdout)]

use std::process::Command;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use camino::Utf8Path;
use serde_json::Value;
use studio_llm::tokens::Encoding;
use studio_models::text::Tokenizer;
use studio_testkit::TempFolder;

/// English with lists, code and links, as people send it.
const TEXT: &str = concat!(
    include_str!("../README.md"),
    include_str!("../docs/architecture.md"),
    include_str!("../docs/building.md"),
);
const TIMES: usize = 40;

const THEIRS: &str = r#"
import base64, json, sys, time
import tiktoken, tokenizers
from tiktoken_ext import openai_public

folder, times = sys.argv[1], int(sys.argv[2])
text = open(folder + "/text", encoding="utf-8").read()
lines = open(folder + "/ranks", "rb").read().splitlines()
ranks = {base64.b64decode(word): int(rank) for word, rank in (line.split() for line in lines)}
openai_public.load_tiktoken_bpe = lambda *_, **__: ranks
o200k = tiktoken.Encoding(**openai_public.o200k_base())

trained = tokenizers.ByteLevelBPETokenizer()
trained.train_from_iterator([text], vocab_size=8000, show_progress=False)
trained.save(folder + "/tokenizer.json")
trained = tokenizers.Tokenizer.from_file(folder + "/tokenizer.json")

def median(run):
    run()
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        run()
        took.append(time.perf_counter() - begun)
    return sorted(took)[times // 2]

print(json.dumps({
    "tiktoken": {"secs": median(lambda: o200k.encode_ordinary(text)), "tokens": len(o200k.encode_ordinary(text))},
    "tokenizers": {"secs": median(lambda: trained.encode(text)), "tokens": len(trained.encode(text).ids)},
}))
"#;

fn main() {
    let mut filters = std::env::args().skip(1).filter(|it| !it.starts_with("--"));
    if filters
        .next()
        .is_some_and(|filter| !"tokens::count".contains(&filter))
    {
        return;
    }
    println!(
        "{} characters of English, median of {TIMES}",
        TEXT.chars().count()
    );
    let (o200k, counted) = ours(|| Encoding::O200kBase.count(TEXT));
    let Ok(python) = std::env::var("PYTHON") else {
        println!("  o200k_base   {o200k:?}; PYTHON names nobody to compare with");
        return;
    };
    let folder = TempFolder::new();
    std::fs::write(folder.file("text"), TEXT).expect("a text");
    std::fs::write(folder.file("ranks"), ranks()).expect("a vocabulary");
    let told = theirs(&python, folder.path());
    print("o200k_base", o200k, counted, "tiktoken", &told["tiktoken"]);

    let tokenizer = Tokenizer::open(folder.path()).expect("their tokenizer");
    let (time, counted) = ours(|| {
        let ids = tokenizer.encode(TEXT, false).expect("tokens");
        ids.len() as u64
    });
    print(
        "tokenizer.json",
        time,
        counted,
        "tokenizers",
        &told["tokenizers"],
    );
}

/// `o200k_base` as tiktoken stores it: a line for each token, Base64 and rank.
fn ranks() -> String {
    let bpe = tiktoken_rs::o200k_base_singleton();
    let mut lines = String::new();
    for rank in 0.. {
        // The special tokens follow a gap.
        let Ok(word) = bpe.decode_bytes(&[rank]) else {
            return lines;
        };
        lines.push_str(&format!("{} {rank}\n", STANDARD.encode(word)));
    }
    lines
}

fn theirs(python: &str, folder: &Utf8Path) -> Value {
    let told = Command::new(python)
        .args(["-c", THEIRS, folder.as_str(), &TIMES.to_string()])
        .output()
        .expect("Python");
    assert!(
        told.status.success(),
        "{}",
        String::from_utf8_lossy(&told.stderr)
    );
    serde_json::from_slice(&told.stdout).expect("figures")
}

fn ours(mut count: impl FnMut() -> u64) -> (Duration, u64) {
    let counted = count();
    let mut times: Vec<Duration> = (0..TIMES)
        .map(|_| {
            let begun = Instant::now();
            assert_eq!(count(), counted);
            begun.elapsed()
        })
        .collect();
    times.sort_unstable();
    (times[TIMES / 2], counted)
}

fn print(what: &str, time: Duration, counted: u64, peer: &str, told: &Value) {
    assert_eq!(told["tokens"], counted, "{peer} counts other tokens");
    let theirs = told["secs"].as_f64().expect("a time");
    println!(
        "  {what:<14} {counted} tokens in {:.2} ms; {peer} {:.2} ms ({:.2})",
        time.as_secs_f64() * 1e3,
        theirs * 1e3,
        time.as_secs_f64() / theirs,
    );
}
