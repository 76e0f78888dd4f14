//! What a prompt asks for, in the painter's words.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Sea,
    Mountains,
    Forest,
    City,
    Fields,
    Desert,
    Snow,
    Space,
    Interior,
    Corridor,
    Cave,
    River,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Time {
    Dawn,
    Morning,
    Noon,
    Golden,
    Dusk,
    Night,
    Space,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weather {
    Clear,
    Clouds,
    Fog,
    Rain,
    Storm,
    Snow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Figure {
    Woman,
    Man,
    Child,
    Robot,
    Astronaut,
    Dog,
    Fox,
    Cat,
    Bear,
    Horse,
    Bird,
    Whale,
    Dragon,
}

/// Things that stand or move in the scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thing {
    Lighthouse,
    Beam,
    Boat,
    House,
    Village,
    Castle,
    Tree,
    Lantern,
    Train,
    Bridge,
    Ship,
    Birds,
    Window,
    Lamp,
    Shelves,
    Fire,
    Clock,
    Planet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Wide,
    Medium,
    Close,
}

#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) place: Place,
    pub(crate) time: Time,
    pub(crate) weather: Weather,
    pub(crate) figure: Option<Figure>,
    pub(crate) count: u32,
    pub(crate) things: Vec<Thing>,
    pub(crate) framing: Framing,
    /// How high the eye is: −1 from below, 0, 1 from above.
    pub(crate) angle: f32,
    /// Chooses the shapes of the land: the same place words give the same land.
    pub(crate) land: u32,
    /// Chooses everything else.
    pub(crate) seed: u32,
}

const PLACES: &[(&str, Place)] = &[
    ("corridor", Place::Corridor),
    ("interior", Place::Interior),
    ("room", Place::Interior),
    ("library", Place::Interior),
    ("kitchen", Place::Interior),
    ("workshop", Place::Interior),
    ("attic", Place::Interior),
    ("cave", Place::Cave),
    ("lighthouse", Place::Sea),
    ("sea", Place::Sea),
    ("ocean", Place::Sea),
    ("coast", Place::Sea),
    ("harbour", Place::Sea),
    ("harbor", Place::Sea),
    ("bay", Place::Sea),
    ("beach", Place::Sea),
    ("island", Place::Sea),
    ("waves", Place::Sea),
    ("desert", Place::Desert),
    ("dune", Place::Desert),
    ("dunes", Place::Desert),
    ("mars", Place::Desert),
    ("spaceship", Place::Space),
    ("space", Place::Space),
    ("orbit", Place::Space),
    ("galaxy", Place::Space),
    ("planet", Place::Space),
    ("city", Place::City),
    ("street", Place::City),
    ("rooftop", Place::City),
    ("skyline", Place::City),
    ("bridge", Place::City),
    ("river", Place::River),
    ("lake", Place::River),
    ("forest", Place::Forest),
    ("woods", Place::Forest),
    ("trees", Place::Forest),
    ("snow", Place::Snow),
    ("glacier", Place::Snow),
    ("mountain", Place::Mountains),
    ("mountains", Place::Mountains),
    ("ridge", Place::Mountains),
    ("valley", Place::Mountains),
    ("meadow", Place::Fields),
    ("field", Place::Fields),
    ("garden", Place::Fields),
    ("village", Place::Fields),
    ("road", Place::Fields),
    ("path", Place::Fields),
    ("house", Place::Fields),
];

const TIMES: &[(&str, Time)] = &[
    ("dawn", Time::Dawn),
    ("sunrise", Time::Dawn),
    ("morning", Time::Morning),
    ("noon", Time::Noon),
    ("afternoon", Time::Noon),
    ("midday", Time::Noon),
    ("golden", Time::Golden),
    ("sunset", Time::Golden),
    ("evening", Time::Golden),
    ("dusk", Time::Dusk),
    ("twilight", Time::Dusk),
    ("blue hour", Time::Dusk),
    ("night", Time::Night),
    ("midnight", Time::Night),
    ("moonlight", Time::Night),
    ("stars", Time::Night),
];

const WEATHERS: &[(&str, Weather)] = &[
    ("storm", Weather::Storm),
    ("stormy", Weather::Storm),
    ("thunder", Weather::Storm),
    ("rain", Weather::Rain),
    ("rainy", Weather::Rain),
    ("snowing", Weather::Snow),
    ("blizzard", Weather::Snow),
    ("fog", Weather::Fog),
    ("mist", Weather::Fog),
    ("misty", Weather::Fog),
    ("foggy", Weather::Fog),
    ("cloud", Weather::Clouds),
    ("clouds", Weather::Clouds),
    ("grey", Weather::Clouds),
];

const FIGURES: &[(&str, Figure)] = &[
    ("astronaut", Figure::Astronaut),
    ("robot", Figure::Robot),
    ("woman", Figure::Woman),
    ("women", Figure::Woman),
    ("girl", Figure::Child),
    ("boy", Figure::Child),
    ("child", Figure::Child),
    ("children", Figure::Child),
    ("man", Figure::Man),
    ("men", Figure::Man),
    ("person", Figure::Man),
    ("people", Figure::Man),
    ("figure", Figure::Man),
    ("fox", Figure::Fox),
    ("dog", Figure::Dog),
    ("dogs", Figure::Dog),
    ("wolf", Figure::Dog),
    ("cat", Figure::Cat),
    ("bear", Figure::Bear),
    ("horse", Figure::Horse),
    ("bird", Figure::Bird),
    ("owl", Figure::Bird),
    ("whale", Figure::Whale),
    ("dragon", Figure::Dragon),
];

const THINGS: &[(&str, Thing)] = &[
    ("lighthouse", Thing::Lighthouse),
    ("beam", Thing::Beam),
    ("boat", Thing::Boat),
    ("ship", Thing::Boat),
    ("spaceship", Thing::Ship),
    ("house", Thing::House),
    ("village", Thing::Village),
    ("castle", Thing::Castle),
    ("tree", Thing::Tree),
    ("lantern", Thing::Lantern),
    ("candle", Thing::Lantern),
    ("fireflies", Thing::Lantern),
    ("train", Thing::Train),
    ("bridge", Thing::Bridge),
    ("seagulls", Thing::Birds),
    ("birds", Thing::Birds),
    ("window", Thing::Window),
    ("lamp", Thing::Lamp),
    ("shelves", Thing::Shelves),
    ("library", Thing::Shelves),
    ("fire", Thing::Fire),
    ("clock", Thing::Clock),
    ("planet", Thing::Planet),
    ("moons", Thing::Planet),
];

pub(crate) fn read(prompt: &str, seed: u64) -> Scene {
    let text = prompt.to_lowercase();
    let words: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let has = |word: &str| {
        if word.contains(' ') {
            text.contains(word)
        } else {
            words.contains(&word)
        }
    };
    let digest = text_hash(&text) ^ fold(seed);
    let places: Vec<Place> = PLACES
        .iter()
        .filter(|(word, _)| has(word))
        .map(|(_, place)| *place)
        .collect();
    let place = places.first().copied().unwrap_or_else(|| {
        [
            Place::Fields,
            Place::Mountains,
            Place::Sea,
            Place::Forest,
            Place::City,
        ][(digest % 5) as usize]
    });
    let place = match place {
        // A planet that one walks on is a desert.
        Place::Space if has("desert") || has("surface") || has("dust") => Place::Desert,
        place => place,
    };
    let time = first(TIMES, &has).unwrap_or(match place {
        Place::Space => Time::Space,
        _ => [Time::Golden, Time::Morning, Time::Dusk][(digest / 7 % 3) as usize],
    });
    let weather = first(WEATHERS, &has).unwrap_or(if digest.is_multiple_of(3) {
        Weather::Clouds
    } else {
        Weather::Clear
    });
    let weather = if has("snow") && has("storm") {
        Weather::Snow
    } else {
        weather
    };
    let figure = first(FIGURES, &has);
    let framing = if has("close") || has("closeup") || has("portrait") {
        Framing::Close
    } else if has("medium") || has("over the shoulder") || has("closer") {
        Framing::Medium
    } else {
        Framing::Wide
    };
    Scene {
        place,
        time: if place == Place::Space {
            Time::Space
        } else {
            time
        },
        weather,
        figure,
        count: count(&words),
        things: THINGS
            .iter()
            .filter(|(word, _)| has(word))
            .map(|(_, thing)| *thing)
            .collect(),
        framing,
        angle: if has("from above") {
            1.0
        } else if has("low angle") {
            -1.0
        } else {
            0.0
        },
        land: text_hash(&format!("{places:?}")) ^ fold(seed),
        seed: digest,
    }
}

impl Scene {
    pub(crate) fn has(&self, thing: Thing) -> bool {
        self.things.contains(&thing)
    }

    pub(crate) fn is_dark(&self) -> bool {
        matches!(self.time, Time::Night | Time::Dusk | Time::Space)
            || self.weather == Weather::Storm
    }

    /// Height of the horizon, 0 top to 1 bottom.
    pub(crate) fn horizon(&self) -> f32 {
        let base = match self.place {
            Place::Sea => 0.60,
            Place::Mountains | Place::Snow => 0.66,
            Place::City => 0.74,
            Place::Desert => 0.64,
            Place::River => 0.58,
            _ => 0.68,
        };
        base - 0.12 * self.angle
    }

    /// Where the sun or moon stands: (across, down).
    pub(crate) fn sun(&self) -> (f32, f32) {
        let side = if self.land & 1 == 0 { 0.3 } else { 0.7 };
        let horizon = self.horizon();
        let height = match self.time {
            Time::Dawn | Time::Golden => horizon - 0.07,
            Time::Dusk => horizon - 0.02,
            Time::Morning => horizon - 0.3,
            Time::Noon => 0.12,
            Time::Night | Time::Space => 0.2,
        };
        (side, height)
    }
}

fn first<T: Copy>(table: &[(&str, T)], has: &impl Fn(&str) -> bool) -> Option<T> {
    table
        .iter()
        .find(|(word, _)| has(word))
        .map(|(_, value)| *value)
}

/// How many figures: a number right before, or one word before, a figure's word.
fn count(words: &[&str]) -> u32 {
    let is_figure = |word: Option<&&str>| {
        word.is_some_and(|word| FIGURES.iter().any(|(known, _)| known == word))
    };
    let number = |word: &&str| match *word {
        "two" => Some(2),
        "three" => Some(3),
        _ => None,
    };
    let counted = words.iter().enumerate().find_map(|(n, word)| {
        number(word).filter(|_| is_figure(words.get(n + 1)) || is_figure(words.get(n + 2)))
    });
    counted.unwrap_or(1)
}

/// FNV-1a.
fn text_hash(text: &str) -> u32 {
    text.bytes().fold(0x811C_9DC5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

fn fold(seed: u64) -> u32 {
    (seed ^ (seed >> 32)) as u32
}
