//! The tables that stories are told from: for each world its pictures, its second voice, and what is
//! said at each turn of the story.
//!
//! `{name}` is the hero, `{hero}` what the hero is ("the keeper's daughter"), `{they}`, `{them}` and
//! `{their}` fit the hero, `{object}` is what matters, `{figure}` is how the hero looks from afar.
//! Narration is in the past tense, so that pronouns need no agreement.

/// Where a story plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum World {
    Sea,
    City,
    Space,
    Forest,
    Mountain,
    Home,
}

/// The turns of a story, in order.
pub(super) const BEATS: usize = 6;

/// Who says a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaker {
    Narrator,
    Hero,
    Other,
}

use Speaker::{Hero, Narrator, Other};

type Line = (Speaker, &'static str);

/// One world's material.
pub(super) struct Table {
    /// Name of the second voice, what it is, and its gender.
    pub(super) other: (&'static str, &'static str, &'static str),
    /// What matters where the sentence names nothing.
    pub(super) object: &'static str,
    /// Pictures for the moments before, between and after the beats; each may stand twice with another framing.
    pub(super) pictures: [&'static str; BEATS + 1],
    /// Places that name the chapters.
    pub(super) settings: [&'static str; BEATS],
    pub(super) lines: [&'static [Line]; BEATS],
    /// Key, mode, and beats per minute of the quietest moment.
    pub(super) music: (&'static str, &'static str, f32),
    pub(super) titles: [&'static str; 3],
}

impl World {
    /// A world for a sentence that names no place.
    pub(super) fn guess(seed: u64) -> World {
        [
            World::City,
            World::Forest,
            World::Mountain,
            World::Home,
            World::Sea,
            World::Space,
        ][(seed % 6) as usize]
    }

    pub(super) fn table(self) -> &'static Table {
        match self {
            World::Sea => &SEA,
            World::City => &CITY,
            World::Space => &SPACE,
            World::Forest => &FOREST,
            World::Mountain => &MOUNTAIN,
            World::Home => &HOME,
        }
    }
}

const SEA: Table = Table {
    other: ("Bastian", "an old sailor on the radio", "male"),
    object: "the lamp",
    pictures: [
        "wide view of a lighthouse on a rocky coast, calm sea, golden hour, long light, seagulls",
        "{figure} at a window, over the shoulder, grey sea outside, clouds gathering, afternoon",
        "wide view of a stormy sea below the lighthouse, dark clouds, rain, dusk",
        "{figure} on wet rocks with a lantern, high waves, storm, night, rim light",
        "close-up of {figure}, lantern light on the face, dark background, rain, night",
        "lighthouse beam over a black sea at night, a small boat far out, stars between clouds",
        "wide view of the lighthouse on a rocky coast, calm sea, a boat coming home, dawn, warm light",
    ],
    settings: [
        "The coast",
        "The keeper's window",
        "The storm",
        "The rocks",
        "The lantern room",
        "The morning after",
    ],
    lines: [
        &[
            (Narrator, "{name} had never spent a night there alone."),
            (
                Narrator,
                "Everyone on that coast knew what {object} was for.",
            ),
            (Narrator, "The sea was kind that morning. It did not last."),
        ],
        &[
            (Other, "The glass is falling fast. Stay by {object}."),
            (Narrator, "By noon the road was under water."),
            (Hero, "He said he would be back before dark."),
        ],
        &[
            (
                Narrator,
                "Then the wind came round, and the coast went black.",
            ),
            (Hero, "One more try. Come on."),
            (Narrator, "{name} worked until {their} hands shook."),
        ],
        &[
            (Hero, "It won't hold. Can anyone hear me?"),
            (Narrator, "The one thing they had counted on was gone."),
            (Other, "We can't see the rocks. We can't see anything."),
        ],
        &[
            (Hero, "Then I will be the light."),
            (Narrator, "{name} carried it up with {their} own two hands."),
            (Other, "There! I have you. Keep it still."),
        ],
        &[
            (
                Narrator,
                "At dawn a boat came in, and nobody asked who had kept watch.",
            ),
            (Other, "I saw you. The whole way in, I saw you."),
            (Narrator, "They still tell it, when the glass falls."),
        ],
    ],
    music: ("D", "dorian", 56.0),
    titles: [
        "The Night of {object}",
        "What the Sea Kept",
        "{name} and {object}",
    ],
};

const CITY: Table = Table {
    other: ("Vera", "a voice on the telephone", "female"),
    object: "the letter",
    pictures: [
        "wide view of a city skyline at dusk, lit windows, blue hour",
        "{figure} in a narrow city street, wet asphalt, neon light, night, rain",
        "medium shot of {figure} on a rooftop, city lights behind, clouds, night",
        "empty city street seen from above, one street lamp, {figure} small, fog, night",
        "close-up of {figure}, window light on one side, rain on glass, night",
        "{figure} running along a bridge, train passing, city lights in the river, before dawn",
        "wide view of the city skyline at dawn, warm sun between towers, clear sky",
    ],
    settings: [
        "The city",
        "The street",
        "The rooftop",
        "The empty hour",
        "The window",
        "First train",
    ],
    lines: [
        &[
            (Narrator, "In a city that size, nobody looked up at {name}."),
            (Narrator, "It began with {object}, as these things do."),
            (Narrator, "{name} kept small hours and smaller promises."),
        ],
        &[
            (Other, "You have it, don't you? Don't say where."),
            (Narrator, "Somebody had been to the door before {them}."),
            (Hero, "Whose is this? There's no name on it."),
        ],
        &[
            (Hero, "If I'm right, it ends tonight."),
            (Narrator, "From the rooftop the pieces almost fit."),
            (Narrator, "{name} followed it from lamp to lamp."),
        ],
        &[
            (
                Narrator,
                "At four in the morning, every clue led back to {them}.",
            ),
            (Other, "I lied to you. I'm sorry. I was afraid."),
            (Hero, "I've been looking in the wrong place."),
        ],
        &[
            (Hero, "It was never lost. It was left for me."),
            (Narrator, "Then {name} read {object} again, slowly."),
            (Other, "There's a train at six. I'll wait."),
        ],
        &[
            (Narrator, "The city woke, and for once it looked back."),
            (Hero, "I'm here. I brought it."),
            (Narrator, "Some doors only open from both sides."),
        ],
    ],
    music: ("A", "aeolian", 62.0),
    titles: [
        "Before the First Train",
        "The City and {object}",
        "{name}, After Midnight",
    ],
};

const SPACE: Table = Table {
    other: ("Control", "a calm voice from very far away", "female"),
    object: "the signal",
    pictures: [
        "wide view of a planet's horizon from space, stars, thin blue light, a small station",
        "{figure} at a round window of a spaceship, planet outside, cold light",
        "wide view of a red desert planet, two moons, dust, long shadows, {figure} walking",
        "{figure} in a corridor of a spaceship, red warning light, dark",
        "close-up of {figure}, helmet reflections of stars, blue light",
        "a spaceship rising over the planet's curve, sunrise in space, bright rim of light",
        "wide view of a planet's horizon from space, sun breaking over the edge, warm light, stars",
    ],
    settings: [
        "Orbit",
        "The window",
        "The surface",
        "Red light",
        "The helmet",
        "Sunrise",
    ],
    lines: [
        &[
            (
                Narrator,
                "{name} was the last one awake, and counted the days.",
            ),
            (
                Narrator,
                "Out there, {object} was the only thing that still answered.",
            ),
            (Narrator, "Nine months from home, the quiet had a sound."),
        ],
        &[
            (Other, "We see it too. Please do not go outside."),
            (Hero, "It's repeating. Somebody wants to be found."),
            (Narrator, "Then something below them called back."),
        ],
        &[
            (Hero, "Two more kilometres. I can see a light."),
            (
                Narrator,
                "{name} left tracks where there had never been any.",
            ),
            (Narrator, "Each step took {them} further from the way back."),
        ],
        &[
            (Other, "Your air will not last for both ways."),
            (Narrator, "The way home closed like an eye."),
            (Hero, "Control? Control, say again."),
        ],
        &[
            (Hero, "It isn't a warning. It's a map."),
            (
                Narrator,
                "{name} turned {object} around, and listened once more.",
            ),
            (Hero, "Then I'll go where it goes."),
        ],
        &[
            (Other, "We have you. Welcome back, {name}."),
            (
                Narrator,
                "The sun came up twice that day, and {they} watched both.",
            ),
            (
                Narrator,
                "Somewhere below, it was still calling. Now they knew why.",
            ),
        ],
    ],
    music: ("E", "lydian", 52.0),
    titles: [
        "The Last Answer",
        "{name} and {object}",
        "Nine Months from Home",
    ],
};

const FOREST: Table = Table {
    other: ("the old owl", "who had seen it all before", "male"),
    object: "the path",
    pictures: [
        "wide view of a misty forest at dawn, tall trees, light rays, a small path",
        "{figure} at the edge of a meadow, forest behind, morning light, grass in the foreground",
        "{figure} on a path between dark trees, low angle, dusk, fog",
        "{figure} by a river in the forest, rain, grey light, rocks",
        "close-up of {figure}, soft light through leaves, dark forest behind",
        "a lantern light between dark trees at night, fireflies, {figure} in silhouette",
        "wide view of a meadow by the forest at golden hour, long shadows, village far away",
    ],
    settings: [
        "The edge of the forest",
        "The meadow",
        "Between the trees",
        "The river",
        "The clearing",
        "The way home",
    ],
    lines: [
        &[
            (
                Narrator,
                "Nobody in the village went past the last birch. {name} did.",
            ),
            (Narrator, "It was the morning {object} changed everything."),
            (
                Narrator,
                "The forest had been waiting longer than {name} knew.",
            ),
        ],
        &[
            (Hero, "It was here yesterday. I know it was."),
            (Other, "What is lost in here has to be asked for."),
            (
                Narrator,
                "Something had come in the night, and taken its time.",
            ),
        ],
        &[
            (Narrator, "{name} went on until the birds stopped singing."),
            (Hero, "Left at the stone. Or was it right?"),
            (Narrator, "The trees stood closer than they had before."),
        ],
        &[
            (
                Narrator,
                "At the river the tracks ended, and so did the day.",
            ),
            (Hero, "I can't do this by myself."),
            (Other, "You have been walking in a circle, little one."),
        ],
        &[
            (Other, "Then stop looking, and listen."),
            (Narrator, "{name} sat down, and the forest came to {them}."),
            (Hero, "It was following me. All this time."),
        ],
        &[
            (
                Narrator,
                "They came home by a way that had not been there before.",
            ),
            (Hero, "Thank you. I'll remember the way."),
            (Narrator, "Since then, a light stands at the last birch."),
        ],
    ],
    music: ("G", "mixolydian", 60.0),
    titles: [
        "Past the Last Birch",
        "{name} and {object}",
        "What the Forest Took",
    ],
};

const MOUNTAIN: Table = Table {
    other: ("Teshe", "a guide who speaks little", "female"),
    object: "the pass",
    pictures: [
        "wide view of mountains at dawn, layered ridges, mist in the valley, small {figure}",
        "{figure} on a mountain path, low angle, clear sky, snow peaks behind",
        "wide view of a snow field below mountains, {figure} small, wind, grey light",
        "snow storm in the mountains, {figure} bent against the wind, dusk",
        "close-up of {figure} in a cave, fire light, dark rocks",
        "mountain ridge at night, stars, a small warm light, {figure} in silhouette",
        "wide view of mountains at golden hour, a valley with a village, clear sky, {figure} on a rock",
    ],
    settings: [
        "The valley",
        "The path",
        "The snow field",
        "The storm",
        "The cave",
        "The ridge",
    ],
    lines: [
        &[
            (
                Narrator,
                "Three had tried it before {name}. One had come back.",
            ),
            (Narrator, "Everything {they} needed lay on the other side."),
            (Narrator, "{name} left before the village was awake."),
        ],
        &[
            (Other, "The mountain does not care what you promised."),
            (Hero, "I only need to get {object} across."),
            (
                Narrator,
                "Above the tree line, every sound belonged to the wind.",
            ),
        ],
        &[
            (
                Narrator,
                "{name} counted steps, then breaths, then nothing.",
            ),
            (Hero, "Keep moving. Just keep moving."),
            (Narrator, "By noon the sky had closed behind {them}."),
        ],
        &[
            (
                Narrator,
                "Then the snow came sideways, and the path was gone.",
            ),
            (Hero, "I've lost it. I've lost the way."),
            (Other, "Leave it. Leave it, and live."),
        ],
        &[
            (Hero, "No. Not after all this."),
            (
                Narrator,
                "In the cave, by a very small fire, {name} understood.",
            ),
            (Other, "Then we go together, or not at all."),
        ],
        &[
            (
                Narrator,
                "They crossed the ridge under more stars than there is sky.",
            ),
            (Hero, "Look. There's a light in the valley."),
            (Narrator, "Four have tried it. Two came back."),
        ],
    ],
    music: ("F", "dorian", 54.0),
    titles: [
        "The Other Side",
        "{name} and {object}",
        "More Stars Than Sky",
    ],
};

const HOME: Table = Table {
    other: ("Odile", "who used to live here", "female"),
    object: "the old clock",
    pictures: [
        "wide view of an old house in a garden, evening light, one lit window",
        "interior of a workshop, {figure} at a table, warm lamp, dust in the light",
        "interior of a library, tall shelves, {figure} small, window light, afternoon",
        "interior of a dark room, rain on the window, {figure} sitting, one candle",
        "close-up of {figure}, lamp light, soft dark background",
        "interior of a workshop at night, warm lamp, {figure} working, moonlight in the window",
        "wide view of an old house in a garden, all windows lit, dusk, stars, warm light",
    ],
    settings: [
        "The house",
        "The workshop",
        "The library",
        "The dark room",
        "The lamp",
        "Every window",
    ],
    lines: [
        &[
            (Narrator, "The house had been silent since the winter."),
            (Narrator, "{name} came for one night, and for {object}."),
            (
                Narrator,
                "Some things are only broken because nobody listens.",
            ),
        ],
        &[
            (Hero, "You were always the one who could fix it."),
            (Narrator, "Under the dust it still had a heartbeat."),
            (Other, "If you find this, I didn't finish."),
        ],
        &[
            (
                Narrator,
                "{name} took it apart, and wrote down every piece.",
            ),
            (Hero, "There's one part too many."),
            (Narrator, "The answer was in a book nobody had opened."),
        ],
        &[
            (
                Narrator,
                "At midnight it stopped, and would not start again.",
            ),
            (Hero, "I've only made it worse."),
            (Narrator, "{name} put out the lamp, and sat in the dark."),
        ],
        &[
            (Other, "It never needed repair. It needed company."),
            (Narrator, "Then, very quietly, it answered {them}."),
            (Hero, "It was waiting for two hands. Not one."),
        ],
        &[
            (Narrator, "In the morning every window was lit."),
            (Hero, "I'll stay. For a while."),
            (Narrator, "And the house, which had been silent, was not."),
        ],
    ],
    music: ("C", "ionian", 58.0),
    titles: [
        "One Part Too Many",
        "{name} and {object}",
        "The House Was Not Silent",
    ],
};
