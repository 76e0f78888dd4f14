//! A voice for a character, from what a plan says about it.

use std::collections::BTreeMap;

use super::Voice;

/// The voice that fits `profile` (`language`, `gender`, `voice`), spread over the fitting ones by
/// `index` so that characters differ. `None` only where there are no voices.
pub fn pick_voice<'a>(
    profile: &BTreeMap<String, String>,
    voices: &'a [Voice],
    index: usize,
) -> Option<&'a Voice> {
    let wanted = |key: &str| profile.get(key).map(|value| value.to_ascii_lowercase());
    if let Some(id) = wanted("voice")
        && let Some(voice) = voices
            .iter()
            .find(|voice| voice.id.to_ascii_lowercase() == id)
    {
        return Some(voice);
    }
    let language = wanted("language")
        .or_else(|| wanted("accent"))
        .unwrap_or_else(|| "en-gb".to_owned());
    let gender = wanted("gender").filter(|gender| gender == "female" || gender == "male");
    let speaks = |voice: &&Voice| {
        let own = voice.language.to_ascii_lowercase();
        own == language || own.split('-').next() == Some(language.as_str())
    };
    let mut fitting: Vec<&Voice> = voices.iter().filter(speaks).collect();
    if fitting.is_empty() {
        fitting = voices.iter().collect();
    }
    let of_gender = |voice: &&&Voice| gender.is_none() || voice.gender == gender;
    let cast: Vec<&&Voice> = fitting.iter().filter(of_gender).collect();
    match cast.is_empty() {
        true => fitting.get(index % fitting.len().max(1)).copied(),
        false => cast.get(index % cast.len()).map(|voice| **voice),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voice(id: &str, language: &str, gender: Option<&str>) -> Voice {
        Voice {
            id: id.to_owned(),
            name: id.to_owned(),
            language: language.to_owned(),
            gender: gender.map(str::to_owned),
            provider: "test".to_owned(),
        }
    }

    fn pick(profile: &[(&str, &str)], index: usize) -> String {
        let voices = [
            voice("de+f1", "de", Some("female")),
            voice("en-gb+f1", "en-gb", Some("female")),
            voice("en-gb+f2", "en-gb", Some("female")),
            voice("en-gb+m1", "en-gb", Some("male")),
        ];
        let profile = profile
            .iter()
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .collect();
        pick_voice(&profile, &voices, index).unwrap().id.clone()
    }

    #[test]
    fn characters_get_fitting_and_different_voices() {
        assert_eq!(pick(&[("gender", "female")], 0), "en-gb+f1");
        assert_eq!(pick(&[("gender", "Female")], 1), "en-gb+f2");
        assert_eq!(pick(&[("gender", "male")], 5), "en-gb+m1");
        assert_eq!(
            pick(&[("language", "de"), ("gender", "male")], 0),
            "de+f1",
            "the language matters more"
        );
        assert_eq!(
            pick(&[("voice", "en-gb+m1"), ("gender", "female")], 0),
            "en-gb+m1"
        );
        assert_eq!(
            pick(&[("language", "xx")], 0),
            "de+f1",
            "any voice is better than none"
        );
        assert!(pick_voice(&BTreeMap::new(), &[], 3).is_none());
    }
}
