//! How a model's makers want its tokens drawn, where a request leaves it open.

use camino::Utf8Path;
use serde_json::Value;
use studio_llm::chat::Sampling;

use crate::files::read_description;
use crate::weights::{Gguf, Weights};

/// llama.cpp's defaults, for models that say nothing: small ones ramble without them.
const OTHERWISE: Sampling = Sampling {
    temperature: Some(0.8),
    top_p: Some(0.95),
    top_k: Some(40),
    min_p: Some(0.05),
    repetition_penalty: None,
    logit_bias: std::collections::BTreeMap::new(),
    seed: None,
};

/// What the model's files say: `generation_config.json`, or `general.sampling.*` in GGUF.
pub(super) fn of(weights: &Weights, folder: Option<&Utf8Path>) -> Sampling {
    let said = match (weights, folder) {
        (Weights::Gguf(file), _) => of_gguf(file),
        (Weights::Safetensors(_), Some(folder)) => of_folder(folder),
        (Weights::Safetensors(_), None) => Sampling::default(),
    };
    // One model's temperature and another's cut-off do not go together.
    if said == Sampling::default() {
        OTHERWISE
    } else {
        said
    }
}

/// `asked` where it says something. Whoever names a temperature of 0 wants the likeliest token, and
/// no more than that.
pub(super) fn completed(asked: &Sampling, defaults: &Sampling) -> Sampling {
    if asked.temperature == Some(0.0) {
        return asked.clone();
    }
    Sampling {
        temperature: asked.temperature.or(defaults.temperature),
        top_p: asked.top_p.or(defaults.top_p),
        top_k: asked.top_k.or(defaults.top_k),
        min_p: asked.min_p.or(defaults.min_p),
        repetition_penalty: asked.repetition_penalty.or(defaults.repetition_penalty),
        logit_bias: asked.logit_bias.clone(),
        seed: asked.seed,
    }
}

/// A file that is not there, or makes no sense, says nothing: no answer depends on it.
fn of_folder(folder: &Utf8Path) -> Sampling {
    let text = read_description(&folder.join("generation_config.json")).unwrap_or_default();
    let said: Value = serde_json::from_slice(&text).unwrap_or_default();
    if said["do_sample"] == Value::Bool(false) {
        return Sampling {
            temperature: Some(0.0),
            ..Sampling::default()
        };
    }
    let number = |key: &str| said[key].as_f64().map(|number| number as f32);
    Sampling {
        temperature: number("temperature"),
        top_p: number("top_p"),
        top_k: said["top_k"].as_u64().and_then(|k| u32::try_from(k).ok()),
        min_p: number("min_p"),
        repetition_penalty: number("repetition_penalty"),
        ..Sampling::default()
    }
}

fn of_gguf(file: &Gguf) -> Sampling {
    let number = |key: &str| {
        let number = file.float(&format!("general.sampling.{key}"))?;
        Some(number as f32)
    };
    let top_k = file.unsigned("general.sampling.top_k");
    Sampling {
        temperature: number("temp"),
        top_p: number("top_p"),
        top_k: top_k.and_then(|k| u32::try_from(k).ok()),
        min_p: number("min_p"),
        repetition_penalty: number("penalty_repeat"),
        ..Sampling::default()
    }
}

#[cfg(test)]
mod tests {
    use studio_testkit::TempFolder;

    use super::*;

    #[test]
    fn a_model_on_the_hub_says_how_it_wants_to_be_drawn() {
        let folder = TempFolder::new();
        assert_eq!(of_folder(folder.path()), Sampling::default());
        // Qwen2.5's.
        let said = r#"{ "do_sample": true, "repetition_penalty": 1.1, "temperature": 0.7, "top_p": 0.8, "top_k": 20 }"#;
        std::fs::write(folder.file("generation_config.json"), said).unwrap();
        let defaults = of_folder(folder.path());
        assert_eq!(
            (defaults.temperature, defaults.top_k, defaults.min_p),
            (Some(0.7), Some(20), None)
        );
        let asked = Sampling {
            temperature: Some(1.2),
            ..Sampling::default()
        };
        let drawn = completed(&asked, &defaults);
        assert_eq!((drawn.temperature, drawn.top_p), (Some(1.2), Some(0.8)));
        let greedy = Sampling {
            temperature: Some(0.0),
            ..Sampling::default()
        };
        assert_eq!(
            completed(&greedy, &defaults),
            greedy,
            "nothing is added to the likeliest token"
        );
    }
}
