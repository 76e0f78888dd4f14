//! What a painter is told: place, light, weather and people of each base image, in one progression.

use super::dice::Dice;
use super::sentence::Premise;
use super::words::Words;
use super::worlds::{STAGES, Scenery, Time, View, Weather};

/// Times of day from the first picture to the last.
pub(super) type Day = [Time; STAGES];

use Time::{Dawn, Dusk, Golden, Morning, Night, Noon};

const NIGHT_STORIES: [Day; 3] = [
    [Night, Night, Night, Night, Dawn, Dawn, Morning],
    [Golden, Dusk, Night, Night, Night, Dawn, Morning],
    [Dusk, Dusk, Night, Night, Night, Night, Dawn],
];
const EARLY_STORIES: [Day; 2] = [
    [Dawn, Morning, Noon, Golden, Dusk, Dusk, Dawn],
    [Dawn, Morning, Morning, Noon, Golden, Dusk, Golden],
];
const DAYS: [Day; 5] = [
    [Morning, Morning, Golden, Dusk, Night, Dawn, Morning],
    [Noon, Golden, Golden, Dusk, Night, Night, Dawn],
    [Dawn, Morning, Noon, Golden, Dusk, Night, Dawn],
    [Morning, Noon, Golden, Dusk, Night, Night, Dawn],
    [Golden, Dusk, Night, Night, Dawn, Morning, Golden],
];

/// How the light goes through the film.
pub(super) fn day(premise: &Premise, dice: &mut Dice) -> Day {
    let days: &[Day] = match premise.time {
        Some(Night | Dusk) => &NIGHT_STORIES,
        Some(Dawn | Morning) => &EARLY_STORIES,
        _ => &DAYS,
    };
    days.get(dice.below(days.len())).copied().unwrap_or(DAYS[0])
}

/// How the weather goes: it gathers towards the setback, and clears.
pub(super) fn weathers(premise: &Premise, dice: &mut Dice) -> [Weather; STAGES] {
    use Weather::{Clear, Clouds, Fog, Rain, Snow, Storm};
    let calm = [
        Clear,
        Clear,
        Clouds,
        [Rain, Storm, Fog][dice.below(3)],
        Clouds,
        Clear,
        Clear,
    ];
    match premise.weather {
        Some(Storm) => [Clouds, Clouds, Storm, Storm, Rain, Clouds, Clear],
        Some(Rain) => [Clouds, Rain, Rain, Storm, Rain, Clouds, Clear],
        Some(Snow) => [Clouds, Clouds, Snow, Snow, Snow, Clear, Clear],
        Some(Fog) => [Fog, Fog, Clouds, Fog, Fog, Clouds, Clear],
        _ => calm,
    }
}

/// The prompts of `count` pictures, each another.
pub(super) fn prompts(
    premise: &Premise,
    words: &Words,
    scenery: &Scenery,
    day: &Day,
    weathers: &[Weather; STAGES],
    count: usize,
) -> Vec<String> {
    let mut seen = [0usize; STAGES];
    let mut prompts: Vec<String> = Vec::new();
    for i in 0..count {
        let stage = stage_of(i, count);
        let repeat = seen[stage];
        seen[stage] += 1;
        let picture = Picture {
            view: &scenery.views[stage],
            stage,
            time: day[stage],
            weather: if scenery.has_weather {
                Some(weathers[stage])
            } else {
                None
            },
            repeat,
        };
        let mut prompt = picture.prompt(premise, words);
        if prompts.contains(&prompt) {
            prompt.push_str(&format!(", moment {}", repeat + 1));
        }
        prompts.push(prompt);
    }
    prompts
}

/// The stage of picture `i` of `count`.
pub(super) fn stage_of(i: usize, count: usize) -> usize {
    match count {
        0 | 1 => 0,
        _ => (i * (STAGES - 1) + (count - 1) / 2) / (count - 1),
    }
}

struct Picture<'a> {
    view: &'a View,
    stage: usize,
    time: Time,
    weather: Option<Weather>,
    /// How many pictures of this stage came before.
    repeat: usize,
}

impl Picture<'_> {
    fn prompt(&self, premise: &Premise, words: &Words) -> String {
        let mut parts = vec![self.subject(premise, words)];
        if let Some(site) = premise.site.as_deref().filter(|site| {
            // The sentence's own place is in the picture; inside and close up there is no room for it.
            matches!(self.stage, 0 | 1 | 6) && !self.view.place.contains(site)
        }) {
            let place = premise
                .place
                .as_deref()
                .filter(|place| place.to_lowercase().contains(site));
            parts.push(place.map_or_else(
                || site.to_owned(),
                |place| format!("{} {place}", premise.at),
            ));
        }
        if let Some(weather) = self.weather {
            parts.push(weather_words(weather, self.time).to_owned());
            parts.push(light(self.time, weather).to_owned());
        } else {
            parts.push("hard clear light, deep black shadows".to_owned());
        }
        parts.push(format!("{} in the foreground", self.view.foreground));
        parts.push(format!("{} behind", self.view.background));
        parts.push(palette(self.time, self.weather).to_owned());
        parts.push(format!("{} mood", MOODS[self.stage]));
        parts.join(", ")
    }

    /// Framing, place and person.
    fn subject(&self, premise: &Premise, words: &Words) -> String {
        let (figure, place) = (with_number(premise.hero.figure), self.view.place);
        let thing = &words.thing;
        let framing: &str = match (self.stage, self.repeat) {
            (0, 0) => return format!("Wide view of {place}, nobody in sight yet"),
            (1, 0) => return format!("Medium shot of {figure} with {thing}, {place}"),
            (2, 0) => {
                return format!(
                    "Wide low angle view of {place}, {figure} {}, small in the frame",
                    moving(premise.hero.figure)
                );
            }
            (3, 0) => return format!("Wide view from above of {place}, {figure} very small"),
            (4, 0) => return format!("Close-up of {figure} with {thing}, {place}"),
            (5, 0) => return format!("Wide view of {place}, {figure} in silhouette"),
            (6, 0) => {
                return format!(
                    "Wide view of {place}, framed as in the beginning, {figure} now in it"
                );
            }
            (_, 1) => "Medium shot from a low angle",
            (_, 2) => "Wide view from far away",
            (4, _) => "Closer view",
            (_, 3) => "Medium shot from the side",
            _ => "Wide view from above",
        };
        format!("{framing} of {figure}, {place}")
    }
}

/// How a figure gets about.
fn moving(figure: &str) -> &'static str {
    match figure {
        "whale" | "fish" => "swimming",
        "bird" | "owl" | "dragon" => "flying",
        _ => "walking",
    }
}

const MOODS: [&str; STAGES] = [
    "quiet",
    "expectant",
    "restless",
    "desperate",
    "tender",
    "bold",
    "peaceful",
];

/// "a woman", "two dogs".
fn with_number(figure: &str) -> String {
    if figure.starts_with("two ") {
        figure.to_owned()
    } else {
        super::words::with_article(figure)
    }
}

fn weather_words(weather: Weather, time: Time) -> &'static str {
    match (weather, time) {
        (Weather::Clear, Night) => "clear sky full of stars",
        (Weather::Clear, _) => "clear sky",
        (Weather::Clouds, _) => "gathering clouds",
        (Weather::Fog, _) => "thick fog, soft outlines",
        (Weather::Rain, _) => "slanting rain",
        (Weather::Storm, _) => "storm, torn sky",
        (Weather::Snow, _) => "snowing hard, snow on everything",
    }
}

fn light(time: Time, weather: Weather) -> &'static str {
    let hidden = !matches!(weather, Weather::Clear | Weather::Clouds);
    match time {
        Dawn if hidden => "dawn, dull first light",
        Dawn => "dawn, pale light low over the ground",
        Morning if hidden => "morning, flat light",
        Morning => "morning, clean side light",
        Noon if hidden => "noon, flat shadowless light",
        Noon => "noon, hard high light",
        Golden if hidden => "golden hour, one gap of warm light",
        Golden => "golden hour, long warm shadows",
        Dusk => "dusk, last blue light",
        Night if hidden => "night, one small warm light",
        Night => "night, moonlight, deep shadows",
    }
}

fn palette(time: Time, weather: Option<Weather>) -> &'static str {
    match (weather, time) {
        (None, _) => "palette of black, white and orange",
        (Some(Weather::Storm), _) => "palette of ink blue, lead and one amber",
        (Some(Weather::Snow), _) => "palette of white, slate and one red",
        (_, Dawn) => "palette of rose and slate",
        (_, Morning) => "palette of pale gold and green",
        (_, Noon) => "palette of ochre and bleached white",
        (_, Golden) => "palette of amber and umber",
        (_, Dusk) => "palette of violet and steel blue",
        (_, Night) => "palette of indigo and silver",
    }
}
