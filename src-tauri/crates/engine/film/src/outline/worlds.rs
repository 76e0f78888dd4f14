//! Where stories play: the words, people, pictures and music of each world.

use super::lexicon::Pronoun;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum World {
    Sea,
    City,
    Space,
    Forest,
    Mountain,
    Desert,
    Country,
    Home,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Time {
    Dawn,
    Morning,
    Noon,
    Golden,
    Dusk,
    Night,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weather {
    Clear,
    Clouds,
    Fog,
    Rain,
    Storm,
    Snow,
}

/// Pictures of a story: before the first turn, and after each of the six.
pub(super) const STAGES: usize = 7;

/// One place of a world as a painter needs it. The words are such that a painter of known words finds
/// the place first, and finds no second time of day or weather in them.
pub(super) struct View {
    /// Name of a chapter.
    pub(super) setting: &'static str,
    pub(super) place: &'static str,
    pub(super) foreground: &'static str,
    pub(super) background: &'static str,
}

pub(super) struct Scenery {
    /// Stands for a place where the sentence names none.
    pub(super) place: &'static str,
    pub(super) thing: &'static str,
    pub(super) danger: &'static [&'static str],
    pub(super) way: &'static [&'static str],
    pub(super) edge: &'static [&'static str],
    pub(super) far: &'static [&'static str],
    /// Always several.
    pub(super) witness: &'static [&'static str],
    pub(super) others: &'static [(&'static str, Pronoun)],
    pub(super) views: [View; STAGES],
    /// Nothing falls from the sky here.
    pub(super) has_weather: bool,
}

impl World {
    pub(super) const ALL: [World; 8] = [
        World::Sea,
        World::City,
        World::Space,
        World::Forest,
        World::Mountain,
        World::Desert,
        World::Country,
        World::Home,
    ];

    pub(super) fn scenery(self) -> &'static Scenery {
        match self {
            World::Sea => &SEA,
            World::City => &CITY,
            World::Space => &SPACE,
            World::Forest => &FOREST,
            World::Mountain => &MOUNTAIN,
            World::Desert => &DESERT,
            World::Country => &COUNTRY,
            World::Home => &HOME,
        }
    }
}

const fn view(
    setting: &'static str,
    place: &'static str,
    foreground: &'static str,
    background: &'static str,
) -> View {
    View {
        setting,
        place,
        foreground,
        background,
    }
}

static SEA: Scenery = Scenery {
    place: "the lighthouse",
    thing: "the lamp",
    danger: &["the tide", "the big wave", "the wind"],
    way: &["the coast road", "the causeway", "the sea wall"],
    edge: &["the last rock", "the end of the pier", "the reef"],
    far: &["the far shore", "the island", "the open water"],
    witness: &["the gulls", "the seals", "the fishing boats"],
    others: &[
        ("the old ferryman", Pronoun::He),
        ("the harbour mistress", Pronoun::She),
        ("the boat-builder", Pronoun::He),
    ],
    views: [
        view(
            "The coast",
            "a rocky coast with a lighthouse and open sea",
            "wet black rocks and foam",
            "a flat horizon of sea",
        ),
        view(
            "The harbour",
            "a small harbour by the sea, a lighthouse on the hill",
            "coiled ropes and nets",
            "moored boats",
        ),
        view(
            "The sea wall",
            "a sea wall along the coast, waves breaking",
            "spray over stone steps",
            "the lighthouse far along the coast",
        ),
        view(
            "The rocks",
            "rocks in a wild sea, high waves, a lost boat",
            "broken planks in the foam",
            "a black lighthouse without a beam",
        ),
        view(
            "The lantern room",
            "the lighthouse gallery over the sea, a lamp",
            "brass rail and glass panes",
            "the dark sea far below",
        ),
        view(
            "The beam",
            "the lighthouse with a long beam over the sea, a boat turning towards it",
            "rocks edged with light",
            "the beam reaching to the horizon",
        ),
        view(
            "The morning after",
            "a rocky coast with a lighthouse, calm open sea, a boat coming in",
            "wet rocks drying",
            "a wide horizon of sea",
        ),
    ],
    has_weather: true,
};

static CITY: Scenery = Scenery {
    place: "the city",
    thing: "the envelope",
    danger: &["the blackout", "the police", "the crowd"],
    way: &["the night tram", "the long avenue", "the back stairs"],
    edge: &[
        "the end of the line",
        "the last street lamp",
        "the river bridge",
    ],
    far: &["the other side of town", "the top floor", "the old quarter"],
    witness: &["the pigeons", "the night cleaners", "the taxi drivers"],
    others: &[
        ("the night porter", Pronoun::He),
        ("the woman from upstairs", Pronoun::She),
        ("the tram driver", Pronoun::He),
    ],
    views: [
        view(
            "The city",
            "a city skyline, lit windows, layered towers",
            "iron railings and wires",
            "a hundred small windows",
        ),
        view(
            "The street",
            "a narrow city street, shop signs, wet asphalt",
            "a puddle with reflections",
            "a row of street lamps",
        ),
        view(
            "The rooftop",
            "a rooftop over the city, water tanks and chimneys",
            "a low brick wall",
            "towers fading with distance",
        ),
        view(
            "The empty hour",
            "an empty city street, one street lamp",
            "long shadow across cobbles",
            "dark house fronts",
        ),
        view(
            "The window",
            "a city window, reflections in the glass",
            "a cup on the sill",
            "blurred city lights",
        ),
        view(
            "The bridge",
            "a bridge in the city, a train passing",
            "steel beams of the bridge",
            "city lights in the water",
        ),
        view(
            "First train",
            "a city skyline, windows catching the sun, a train far below",
            "iron railings and wires",
            "towers edged with light",
        ),
    ],
    has_weather: true,
};

static SPACE: Scenery = Scenery {
    place: "the station",
    thing: "the black box",
    danger: &["the solar flare", "the cold", "the leak"],
    way: &["the long orbit", "the outer hatch", "the tether"],
    edge: &["the last beacon", "the ring", "the dark side"],
    far: &["the blue planet", "the other station", "home"],
    witness: &["the cameras", "the stars", "the warning lights"],
    others: &[
        ("the voice from Control", Pronoun::She),
        ("the other crew", Pronoun::They),
        ("the voice on the radio", Pronoun::He),
    ],
    views: [
        view(
            "Orbit",
            "a planet's curve seen from space, a small spaceship",
            "solar panels catching light",
            "a field of stars",
        ),
        view(
            "The window",
            "a round window of a spaceship, a planet outside",
            "switches and small lights",
            "the planet turning slowly",
        ),
        view(
            "Outside",
            "space beside the hull of a spaceship, a planet below",
            "a tether floating loose",
            "two moons and stars",
        ),
        view(
            "Red light",
            "a corridor of a spaceship, red warning lights",
            "loose papers floating",
            "a closed hatch",
        ),
        view(
            "The visor",
            "a visor with reflections of a planet, space around it",
            "breath on the glass",
            "stars out of focus",
        ),
        view(
            "The burn",
            "a spaceship crossing the rim of a planet, engine light",
            "glittering ice dust",
            "a bright line of sun along the planet",
        ),
        view(
            "Sunrise",
            "a planet's curve seen from space, the sun breaking over the rim, two small ships",
            "solar panels turned to the sun",
            "stars fading",
        ),
    ],
    has_weather: false,
};

static FOREST: Scenery = Scenery {
    place: "the forest",
    thing: "the lantern",
    danger: &["the flood", "the hunters", "the frost"],
    way: &["the old path", "the stream bed", "the deer track"],
    edge: &["the last birch", "the fallen oak", "the third stone"],
    far: &["the other bank", "the heart of the forest", "the clearing"],
    witness: &["the owls", "the crows", "the deer"],
    others: &[
        ("the old owl", Pronoun::She),
        ("the woodcutter", Pronoun::He),
        ("the girl from the mill", Pronoun::She),
    ],
    views: [
        view(
            "The edge of the forest",
            "the edge of a forest, tall trees, a narrow path leading in",
            "ferns and roots",
            "pale trunks one behind the other",
        ),
        view(
            "The path",
            "a path between forest trees",
            "mossy stones",
            "shafts of light between trunks",
        ),
        view(
            "Between the trees",
            "deep forest, close dark trees",
            "tangled branches",
            "a wall of trunks",
        ),
        view(
            "The flood",
            "forest trees standing in black water",
            "drifting leaves and broken branches",
            "drowned trunks",
        ),
        view(
            "The hollow",
            "a hollow under a great forest tree",
            "curled roots like hands",
            "soft dark leaves",
        ),
        view(
            "The lights",
            "a forest clearing, lantern light, fireflies between trees",
            "tall grass edged with light",
            "black trunks around the light",
        ),
        view(
            "The way home",
            "the edge of a forest, tall trees, a narrow path leading out, a lantern hanging",
            "ferns and roots",
            "a thin line of smoke far away",
        ),
    ],
    has_weather: true,
};

static MOUNTAIN: Scenery = Scenery {
    place: "the mountain",
    thing: "the bell",
    danger: &["the avalanche", "the white-out", "the cold"],
    way: &["the high pass", "the rope bridge", "the goat track"],
    edge: &["the tree line", "the last hut", "the glacier's lip"],
    far: &["the other valley", "the summit", "the monastery"],
    witness: &["the goats", "the ravens", "the prayer flags"],
    others: &[
        ("the guide", Pronoun::She),
        ("the hermit", Pronoun::He),
        ("the shepherd's boy", Pronoun::He),
    ],
    views: [
        view(
            "The valley",
            "mountains in layers above a deep valley",
            "a stone wall and thin grass",
            "ridge behind ridge",
        ),
        view(
            "The track",
            "a steep track on a mountain, peaks behind",
            "loose stones",
            "white peaks",
        ),
        view(
            "The snow field",
            "a wide snow field below mountains",
            "a single line of footprints",
            "a saddle between two peaks",
        ),
        view(
            "The white-out",
            "a mountain ridge swallowed by blowing snow",
            "a bent marker pole",
            "nothing but white",
        ),
        view(
            "The cave",
            "a cave in the mountain, a small fire",
            "a tin cup by the fire",
            "wet rock walls",
        ),
        view(
            "The ridge",
            "a sharp mountain ridge against the sky, a small lantern",
            "cornices of ice",
            "a sea of lower peaks",
        ),
        view(
            "The other valley",
            "mountains in layers above a deep valley, a thin trail of smoke",
            "a stone wall and thin grass",
            "ridge behind ridge, edged with light",
        ),
    ],
    has_weather: true,
};

static DESERT: Scenery = Scenery {
    place: "the desert",
    thing: "the seed",
    danger: &["the sandstorm", "the heat", "the drought"],
    way: &["the caravan track", "the dry river", "the old railway"],
    edge: &["the last dune", "the salt line", "the rusted tower"],
    far: &["the green valley", "the far wells", "the horizon"],
    witness: &["the vultures", "the lizards", "the stones"],
    others: &[
        ("the water seller", Pronoun::He),
        ("the woman with the camels", Pronoun::She),
        ("the mechanic", Pronoun::She),
    ],
    views: [
        view(
            "The dunes",
            "a wide desert of long dunes",
            "rippled sand",
            "dune behind dune",
        ),
        view(
            "The tower",
            "a rusted tower in the desert",
            "half-buried machine parts",
            "an empty horizon",
        ),
        view(
            "The crossing",
            "desert dunes under a huge sky",
            "a single track in the sand",
            "trembling air over the horizon",
        ),
        view(
            "The sandstorm",
            "a desert under a wall of dust",
            "sand streaming over the ground",
            "a brown wall that hides the sun",
        ),
        view(
            "The shelter",
            "a shelter under rocks in the desert",
            "a dented water bottle",
            "a strip of desert light",
        ),
        view(
            "The green line",
            "desert dunes with one small green plant",
            "the plant, its leaves edged with light",
            "a long shadow over sand",
        ),
        view(
            "The well",
            "a wide desert of long dunes, a small green grove among them",
            "rippled sand with two tracks",
            "dune behind dune",
        ),
    ],
    has_weather: true,
};

static COUNTRY: Scenery = Scenery {
    place: "the village",
    thing: "the kite",
    danger: &["the hail", "the flood", "the fire"],
    way: &["the long lane", "the railway line", "the river road"],
    edge: &["the last gate", "the mill", "the crooked poplar"],
    far: &["the next valley", "the hill with the tree", "the coast"],
    witness: &["the swallows", "the cows", "the neighbours"],
    others: &[
        ("the postmistress", Pronoun::She),
        ("the miller", Pronoun::He),
        ("the boy from the next farm", Pronoun::He),
    ],
    views: [
        view(
            "The village",
            "a village among meadow hills, a church roof",
            "a gate and tall grass",
            "soft hills",
        ),
        view(
            "The gate",
            "a garden gate by a village house",
            "sunflowers and a bucket",
            "meadow slopes",
        ),
        view(
            "The lane",
            "a lane through wide meadow, one tree",
            "poppies along the ditch",
            "hills fading with distance",
        ),
        view(
            "The flood",
            "a meadow under water, fence posts, one tree",
            "a drifting gate",
            "the village roofs far off",
        ),
        view(
            "The barn",
            "a barn door by a meadow, straw in the light",
            "a lantern on a hook",
            "dark beams",
        ),
        view(
            "The hill",
            "a single tree on a meadow hill",
            "bending grass",
            "the village small below",
        ),
        view(
            "Home",
            "a village among meadow hills, every window lit",
            "an open gate and tall grass",
            "soft hills edged with light",
        ),
    ],
    has_weather: true,
};

static HOME: Scenery = Scenery {
    place: "the old house",
    thing: "the clock",
    danger: &["the auction", "the winter", "the power cut"],
    way: &["the back stairs", "the garden path", "the long corridor"],
    edge: &[
        "the locked door",
        "the top of the stairs",
        "the attic hatch",
    ],
    far: &["the attic", "the house across the street", "the seaside"],
    witness: &["the neighbours", "the mice", "the portraits"],
    others: &[
        ("the lady from next door", Pronoun::She),
        ("the piano tuner", Pronoun::He),
        ("the boy from downstairs", Pronoun::He),
    ],
    views: [
        view(
            "The house",
            "an old house in a garden, one lit window",
            "an iron gate and wet leaves",
            "bare branches",
        ),
        view(
            "The workshop",
            "the interior of a workshop, a table and a lamp",
            "tools and shavings",
            "shelves with boxes",
        ),
        view(
            "The library",
            "the interior of a library, tall shelves",
            "an open book",
            "a ladder along the shelves",
        ),
        view(
            "The dark room",
            "the interior of a dark room, a window, one candle",
            "covered furniture",
            "pale squares on the wall",
        ),
        view(
            "The lamp",
            "the interior of a room, a lamp and a clock",
            "hands in a circle of light",
            "soft brown darkness",
        ),
        view(
            "The attic",
            "the interior of an attic, a round window, dust in the light",
            "open trunks",
            "roof beams",
        ),
        view(
            "Every window",
            "an old house in a garden, every window lit, the door open",
            "an iron gate, open",
            "branches edged with light",
        ),
    ],
    has_weather: true,
};
