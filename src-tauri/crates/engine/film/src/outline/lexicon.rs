//! The words that the reader of sentences knows: who acts, where, what they do, and the small words between.

use super::worlds::World;

/// How a hero is spoken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pronoun {
    She,
    He,
    It,
    They,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Human,
    Animal,
    Machine,
}

/// Someone who can act.
#[derive(Clone, Copy, Debug)]
pub(super) struct Being {
    pub(super) kind: Kind,
    /// `None` where the sentence or chance decides.
    pub(super) pronoun: Option<Pronoun>,
    /// As the painter knows it.
    pub(super) figure: &'static str,
    pub(super) plural: bool,
}

use Kind::{Animal, Human, Machine};

/// Words of each kind of being: kind, pronoun, figure, words.
const BEINGS: &[(Kind, Option<Pronoun>, &str, &str)] = &[
    (
        Human,
        Some(Pronoun::She),
        "girl",
        "girl granddaughter niece schoolgirl",
    ),
    (
        Human,
        Some(Pronoun::She),
        "woman",
        "daughter woman mother sister wife aunt queen princess bride actress waitress nun \
         mermaid goddess lady heroine mum mom fisherwoman ballerina stewardess duchess",
    ),
    (
        Human,
        Some(Pronoun::She),
        "old woman",
        "grandmother widow witch granny grandma nana",
    ),
    (
        Human,
        Some(Pronoun::He),
        "boy",
        "boy grandson nephew schoolboy",
    ),
    (
        Human,
        Some(Pronoun::He),
        "man",
        "son man father brother husband uncle king prince groom waiter monk fisherman lumberjack \
         priest gentleman hero dad postman mailman milkman fireman policeman salesman widower duke",
    ),
    (
        Human,
        Some(Pronoun::He),
        "old man",
        "grandfather wizard hermit grandpa granddad",
    ),
    (
        Human,
        None,
        "child",
        "child kid orphan toddler pupil student teenager",
    ),
    (
        Human,
        None,
        "person",
        "keeper pilot detective sailor captain painter musician pianist violinist cellist guitarist dancer baker \
         clockmaker watchmaker librarian scientist doctor nurse teacher traveller traveler knight thief courier \
         gardener shepherd artist writer poet photographer chef cook farmer soldier spy hacker engineer mechanic \
         carpenter blacksmith driver cyclist runner swimmer diver climber hiker explorer archaeologist botanist \
         astronomer inventor tailor beekeeper barber barista singer composer conductor drummer actor magician clown \
         acrobat janitor cleaner guard ranger hunter smuggler pirate merchant ferryman miner translator journalist \
         reporter lawyer judge mayor apprentice stranger friend neighbour neighbor lover partner twin refugee \
         immigrant prisoner survivor villager ghost giant samurai ninja cowboy outlaw bounty rider wanderer nomad \
         warrior assassin heir guide oracle prophet candlemaker lamplighter mapmaker cartographer locksmith \
         seamstress bookseller storyteller puppeteer glassblower weaver potter plumber electrician tourist someone \
         woodcutter chimneysweep gambler boxer wrestler skater surfer barkeeper bartender warden gravedigger \
         undertaker taxidermist violinmaker lighthousekeeper postwoman firefighter paramedic surgeon biologist \
         physicist mathematician programmer developer designer architect juggler busker beggar tinker",
    ),
    (Human, None, "astronaut", "astronaut cosmonaut spaceman"),
    (
        Machine,
        None,
        "robot",
        "robot android machine drone rover automaton cyborg probe computer toaster ai",
    ),
    (Animal, None, "fox", "fox vixen squirrel"),
    (Animal, None, "dog", "dog wolf puppy hound coyote husky"),
    (
        Animal,
        None,
        "cat",
        "cat kitten tiger lion lioness panther leopard lynx",
    ),
    (Animal, None, "bear", "bear cub panda badger"),
    (
        Animal,
        None,
        "horse",
        "horse pony donkey deer unicorn stag foal mule camel zebra",
    ),
    (
        Animal,
        None,
        "bird",
        "bird owl crow raven sparrow penguin pigeon gull seagull heron eagle hawk duck goose swan robin magpie \
         parrot crane stork hen rooster",
    ),
    (Animal, None, "whale", "whale dolphin shark seal orca"),
    (Animal, None, "dragon", "dragon dinosaur monster"),
    (
        Animal,
        None,
        "small animal",
        "mouse rabbit hare hedgehog otter beaver turtle tortoise frog toad snail bee butterfly moth beetle ant \
         firefly spider rat mole raccoon monkey elephant goat sheep lamb pig fish octopus crab creature alien \
         snowman scarecrow",
    ),
];

/// Plurals that are no word with an `s`.
const PLURALS: &[(&str, &str)] = &[
    ("children", "child"),
    ("women", "woman"),
    ("men", "man"),
    ("wolves", "wolf"),
    ("mice", "mouse"),
    ("people", "stranger"),
    ("thieves", "thief"),
    ("geese", "goose"),
    ("wives", "wife"),
    ("sheep", "sheep"),
    ("fishermen", "fisherman"),
];

/// The being that `word` names, in the singular or plural.
pub(super) fn being(word: &str) -> Option<Being> {
    let find = |word: &str, plural: bool| {
        BEINGS
            .iter()
            .find(|(_, _, _, words)| words.split_whitespace().any(|known| known == word))
            .map(|&(kind, pronoun, figure, _)| Being {
                kind,
                pronoun: if plural { Some(Pronoun::They) } else { pronoun },
                figure,
                plural,
            })
    };
    if let Some((_, single)) = PLURALS.iter().find(|(plural, _)| *plural == word) {
        return find(single, true);
    }
    find(word, false).or_else(|| find(&singular(word)?, true))
}

/// `foxes` is `fox`; `None` where the word is no plural.
pub(super) fn singular(word: &str) -> Option<String> {
    const NO_PLURALS: &[&str] = &[
        "compass", "glass", "news", "loss", "moss", "chess", "dress", "kiss", "grass", "brass",
        "bus", "gas", "lens", "cross", "boss", "atlas", "canvas", "princess", "mars", "paris",
        "always", "series", "darkness",
    ];
    if NO_PLURALS.contains(&word)
        || word.ends_with("ss")
        || word.ends_with("us")
        || word.ends_with("is")
    {
        return None;
    }
    if let Some(stem) = word.strip_suffix("ies") {
        return Some(format!("{stem}y"));
    }
    for ending in ["xes", "ches", "shes", "sses"] {
        if word.ends_with(ending) {
            return word.strip_suffix("es").map(str::to_owned);
        }
    }
    word.strip_suffix('s')
        .filter(|stem| stem.chars().count() > 2)
        .map(str::to_owned)
}

pub(super) fn is_plural(noun: &str) -> bool {
    PLURALS.iter().any(|(plural, _)| *plural == noun) || singular(noun).is_some()
}

/// Words of each world's places.
const PLACES: &[(World, &str)] = &[
    (
        World::Sea,
        "lighthouse sea ocean coast harbour harbor island beach boat ship bay pier dock reef cliff cliffs shore port \
         raft submarine ferry",
    ),
    (
        World::City,
        "city street streets rooftop apartment subway metro station bar theatre theater hotel hospital airport tower \
         skyscraper office museum market alley café cafe diner cinema bridge motel nightclub casino train tram bus \
         platform neighbourhood neighborhood suburb paris london tokyo berlin york venice rome lisbon mumbai cairo \
         chicago istanbul",
    ),
    (
        World::Space,
        "planet moon space spaceship galaxy orbit asteroid starship spacecraft comet universe rocket satellite",
    ),
    (
        World::Desert,
        "desert mars dune dunes oasis canyon wasteland savanna",
    ),
    (
        World::Forest,
        "forest woods tree wood jungle swamp river lake pond grove marsh",
    ),
    (
        World::Mountain,
        "mountain mountains snow glacier cave peak summit ridge castle arctic antarctica tundra ice pass alps himalaya \
         monastery",
    ),
    (
        World::Country,
        "village farm field fields meadow garden valley road town countryside orchard vineyard barn mill hill hills \
         windmill graveyard cemetery school schoolyard park prairie lane carnival circus",
    ),
    (
        World::Home,
        "house library kitchen workshop attic room bedroom basement cellar shop bookshop bakery studio cottage mansion \
         nursery laboratory lab cabin home",
    ),
];

/// The world that a place belongs to.
pub(super) fn place(word: &str) -> Option<World> {
    let known = |word: &str| {
        PLACES
            .iter()
            .find(|(_, words)| words.split_whitespace().any(|known| known == word))
            .map(|(world, _)| *world)
    };
    known(word).or_else(|| known(&singular(word)?))
}

/// The world that someone or something usually belongs to.
pub(super) fn habitat(word: &str) -> Option<World> {
    const HABITATS: &[(World, &str)] = &[
        (
            World::Sea,
            "sailor fisherman whale dolphin mermaid gull seagull captain pirate diver ferryman surfer seal tide wave \
             waves anchor octopus crab shark penguin shell fishermen lamp",
        ),
        (
            World::City,
            "detective thief courier spy hacker taxi musician pianist actor waiter waitress barista reporter journalist \
             umbrella neon crime murder cyclist robbery lawyer boxer busker saxophone pigeon janitor",
        ),
        (
            World::Space,
            "astronaut cosmonaut signal alien stars orbit star spaceman probe satellite astronomer",
        ),
        (
            World::Desert,
            "camel rover nomad cowboy outlaw mirage sandstorm drought",
        ),
        (
            World::Forest,
            "fox wolf owl bear deer hedgehog squirrel hunter witch badger rabbit woodcutter beaver otter frog mushroom",
        ),
        (
            World::Mountain,
            "climber monk dragon eagle goat knight hermit avalanche blizzard yeti king queen prince princess",
        ),
        (
            World::Country,
            "farmer shepherd horse scarecrow bee beekeeper kite sheep lamb crow gardener teacher postman harvest seed \
             bicycle children",
        ),
        (
            World::Home,
            "clockmaker watchmaker librarian grandmother grandfather piano clock inventor painter baker book cat mouse \
             toy doll writer tailor poet violin toaster letter",
        ),
    ];
    let known = |word: &str| {
        HABITATS
            .iter()
            .find(|(_, words)| words.split_whitespace().any(|known| known == word))
            .map(|(world, _)| *world)
    };
    known(word).or_else(|| known(&singular(word)?))
}

/// Verbs with a past of their own.
const IRREGULAR: &str = "be/was begin/began bite/bit blow/blew break/broke bring/brought build/built buy/bought \
    catch/caught choose/chose come/came cut/cut dig/dug dive/dived do/did draw/drew dream/dreamt drink/drank drive/drove \
    eat/ate fall/fell feed/fed feel/felt fight/fought find/found flee/fled fly/flew forget/forgot forgive/forgave \
    freeze/froze get/got give/gave go/went grow/grew hear/heard hide/hid hit/hit hold/held keep/kept know/knew lay/laid \
    lead/led leave/left lend/lent let/let lie/lay light/lit lose/lost make/made mean/meant meet/met pay/paid put/put \
    read/read ride/rode ring/rang rise/rose run/ran say/said see/saw seek/sought sell/sold send/sent set/set shake/shook \
    shine/shone shoot/shot show/showed shut/shut sing/sang sink/sank sit/sat sleep/slept speak/spoke spend/spent \
    spin/spun stand/stood steal/stole strike/struck swim/swam swing/swung take/took teach/taught tell/told think/thought \
    throw/threw understand/understood wake/woke wear/wore weave/wove win/won write/wrote swear/swore tear/tore \
    sweep/swept bend/bent bind/bound burst/burst cost/cost creep/crept overhear/overheard outrun/outran become/became \
    rebuild/rebuilt withdraw/withdrew undo/undid";

/// Verbs whose past ends in `ed`.
const REGULAR: &str = "abandon accept admit adopt agree answer arrive ask attack awaken bake balance battle befriend \
    believe belong betray blame borrow bury call care carry cast challenge change chase clean climb close collapse \
    collect collide compete confess confront convince cook count crash crawl create cross cry dance dare decide defend \
    delay deliver deny depart destroy die disappear discover disguise drag drift drop drown earn embrace encounter \
    enter erase escape exchange explore explode face fade fail farm file finish fix flicker float follow forge free \
    gather glow grab grant guard guess guide hand happen harvest hatch hate heal help hope hunt ignore imagine infiltrate \
    inherit inspect insist invent investigate invite join jump kidnap kill kiss knit knock land last laugh launch learn \
    lift like listen live lock long look love lure mail manage march marry melt mend miss mourn move murder need nurse \
    offer open order outwit own paint pass perform phone photograph pick plan plant play plead plot point pour practise \
    practice pray prepare pretend promise protect prove pull push race raise reach realise realize rebel receive recall \
    recover refuse remain remember remove rent repair repeat replace reply rescue restore return reunite reveal \
    ruin rule rush sail save scare scatter search serve settle share shelter shout sign signal sketch slip smile smuggle \
    solve stay step stop strand struggle stumble suffer survive swallow switch talk tame tend threaten tidy track trade \
    train transform translate trap travel treat trick trust try turn uncover unlock unite use vanish visit volunteer \
    wait walk wander want warn wash watch water weep welcome whisper whistle wish wonder work worry yearn flood wreck \
    claim argue interview sculpt stitch fold haunt crave compose record restart unearth unravel untangle power";

/// The form that a verb stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Base,
    Third,
    Past,
    Gerund,
}

/// The verb behind `word`: its base and the form it stands in.
pub(super) fn verb(word: &str) -> Option<(String, Form)> {
    let known = |base: &str| {
        REGULAR.split_whitespace().any(|verb| verb == base)
            || IRREGULAR
                .split_whitespace()
                .any(|pair| pair.split('/').next() == Some(base))
    };
    if known(word) {
        return Some((word.to_owned(), Form::Base));
    }
    let irregular = IRREGULAR
        .split_whitespace()
        .filter_map(|pair| pair.split_once('/'))
        .find(|(_, past)| *past == word);
    if let Some((base, _)) = irregular {
        return Some((base.to_owned(), Form::Past));
    }
    let endings: [(&str, &[&str], Form); 3] = [
        ("s", &["s", "es", "ies"], Form::Third),
        ("d", &["ed", "d", "ied"], Form::Past),
        ("g", &["ing"], Form::Gerund),
    ];
    for (letter, suffixes, form) in endings {
        if !word.ends_with(letter) {
            continue;
        }
        for suffix in suffixes {
            let Some(stem) = word.strip_suffix(suffix) else {
                continue;
            };
            let undoubled = stem.get(..stem.len().saturating_sub(1)).unwrap_or(stem);
            let bases = match *suffix {
                "ies" | "ied" => vec![format!("{stem}y")],
                "ed" | "ing" => vec![stem.to_owned(), format!("{stem}e"), undoubled.to_owned()],
                _ => vec![stem.to_owned()],
            };
            if let Some(base) = bases.into_iter().find(|base| known(base)) {
                return Some((base, form));
            }
        }
    }
    None
}

/// `lights` without knowing the verb.
pub(super) fn guessed_base(third: &str) -> String {
    for ending in ["ches", "shes", "sses", "xes", "zzes", "oes"] {
        if third.ends_with(ending) {
            return third.strip_suffix("es").unwrap_or(third).to_owned();
        }
    }
    match third.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => third.strip_suffix('s').unwrap_or(third).to_owned(),
    }
}

/// `light` is `lit`, `carry` is `carried`.
pub(super) fn past(base: &str) -> String {
    let irregular = IRREGULAR
        .split_whitespace()
        .filter_map(|pair| pair.split_once('/'))
        .find(|(verb, _)| *verb == base);
    if let Some((_, past)) = irregular {
        return past.to_owned();
    }
    const DOUBLED: &[&str] = &[
        "stop", "plan", "plot", "drop", "grab", "slip", "trap", "step", "drag", "tidy", "knit",
        "kidnap", "admit", "beg", "hug", "rob", "skip", "spot", "swap", "unplug", "wrap",
    ];
    let vowel_before_y = |base: &str| {
        base.chars()
            .rev()
            .nth(1)
            .is_some_and(|c| "aeiou".contains(c))
    };
    if base.ends_with('e') {
        format!("{base}d")
    } else if base.ends_with('y') && !vowel_before_y(base) {
        format!("{}ied", base.strip_suffix('y').unwrap_or(base))
    } else if let Some(last) = base.chars().last().filter(|_| DOUBLED.contains(&base)) {
        format!("{base}{last}ed")
    } else {
        format!("{base}ed")
    }
}

pub(super) const ARTICLES: &[&str] = &[
    "a", "an", "the", "one", "two", "three", "four", "five", "seven", "some", "every", "each",
    "this", "that", "another", "no", "many", "several", "all",
];
pub(super) const POSSESSIVES: &[&str] = &["his", "her", "their", "its", "my", "our", "your"];
pub(super) const PRONOUNS: &[&str] = &[
    "he",
    "she",
    "it",
    "they",
    "him",
    "them",
    "himself",
    "herself",
    "itself",
    "themselves",
    "i",
    "me",
    "we",
    "us",
    "you",
    "nobody",
    "everyone",
    "everything",
    "nothing",
    "something",
    "anyone",
];
pub(super) const PREPOSITIONS: &[&str] = &[
    "in", "on", "at", "by", "for", "from", "under", "over", "through", "across", "into", "to",
    "of", "with", "without", "near", "inside", "beneath", "beside", "above", "along", "around",
    "behind", "between", "beyond", "against", "about", "after", "before", "during", "until",
    "towards", "toward", "onto", "past", "upon", "off", "up", "down", "out", "like", "below",
    "among", "despite", "outside",
];
/// Words that begin another clause.
pub(super) const CLAUSES: &[&str] = &[
    "when", "while", "but", "and", "until", "because", "before", "after", "as", "who", "which",
    "that", "so", "if", "where", "then", "or", "since", "though", "although", "once", "whose",
    "only", "yet", "than",
];
pub(super) const ADVERBS: &[&str] = &[
    "alone",
    "again",
    "together",
    "forever",
    "back",
    "away",
    "home",
    "not",
    "never",
    "always",
    "secretly",
    "finally",
    "suddenly",
    "slowly",
    "still",
    "just",
    "too",
    "now",
    "here",
    "there",
    "very",
    "every",
    "accidentally",
    "also",
    "soon",
    "later",
    "quietly",
    "mysteriously",
    "desperately",
    "once",
    "twice",
    "tonight",
    "today",
    "far",
    "apart",
    "aboard",
    "upstairs",
    "ashore",
    "unexpectedly",
    "reluctantly",
    "bravely",
    "everywhere",
    "overnight",
];
pub(super) const AUXILIARIES: &[&str] = &[
    "must", "can", "cannot", "can't", "could", "will", "would", "should", "may", "might", "is",
    "are", "was", "were", "has", "have", "had", "does", "doesn't", "do", "don't", "won't", "isn't",
    "didn't", "did", "couldn't", "hasn't",
];
/// Verbs that say how someone stands to a deed: "wants to", "tries to".
pub(super) const WILLING: &[&str] = &[
    "want", "try", "need", "hope", "decide", "learn", "begin", "start", "dare", "struggle", "long",
    "vow", "choose", "plan", "attempt", "set", "agree", "race", "wish", "yearn", "promise",
    "prepare", "swear", "offer", "rush", "fight",
];
/// Nouns that are no things to hold: times, weather, measures.
pub(super) const NO_THINGS: &[&str] = &[
    "storm", "night", "day", "way", "time", "end", "world", "first", "last", "only", "other",
    "same", "next", "one", "morning", "evening", "rain", "snow", "wind", "dark", "moment", "year",
    "years", "story", "film", "movie", "life", "love", "winter", "summer", "spring", "autumn",
    "days", "nights", "hour", "hours", "week", "month", "minute", "minutes", "dawn", "dusk",
    "midnight", "noon", "sunset", "sunrise", "things", "place", "part", "kind", "lot", "sleep",
    "death", "age",
];
pub(super) const STORMY: &[&str] = &[
    "storm",
    "thunder",
    "hurricane",
    "lightning",
    "gale",
    "tempest",
    "stormy",
    "typhoon",
    "sandstorm",
    "war",
];
pub(super) const RAINY: &[&str] = &[
    "rain", "rainy", "flood", "flooded", "monsoon", "raining", "umbrella", "downpour",
];
pub(super) const SNOWY: &[&str] = &[
    "snow",
    "blizzard",
    "winter",
    "snowy",
    "frozen",
    "ice",
    "snowman",
    "avalanche",
    "christmas",
    "glacier",
];
pub(super) const FOGGY: &[&str] = &["fog", "mist", "misty", "foggy", "smoke", "haze"];
pub(super) const NIGHTLY: &[&str] = &[
    "night",
    "nights",
    "midnight",
    "dark",
    "darkness",
    "moonlight",
    "stars",
    "star",
    "dusk",
    "evening",
    "nightclub",
    "neon",
    "lantern",
    "owl",
    "fireflies",
    "moth",
    "firefly",
    "sleepless",
];
pub(super) const EARLY: &[&str] = &["dawn", "morning", "sunrise", "spring"];

/// Whether a word that could be a verb is rather a plural: "letters", "stars", "keys".
pub(super) fn is_plural_noun(word: &str) -> bool {
    const NOUNS: &[&str] = &[
        "letters",
        "keys",
        "lights",
        "dreams",
        "stars",
        "photographs",
        "secrets",
        "memories",
        "wishes",
        "signals",
        "lands",
        "races",
        "cooks",
        "guards",
        "guides",
        "hands",
        "faces",
        "works",
        "plays",
        "shelters",
        "records",
        "prayers",
        "waves",
        "seals",
        "shows",
        "turns",
        "paints",
        "plants",
        "waters",
        "watches",
        "tracks",
        "trains",
        "planes",
        "nurses",
        "maps",
    ];
    NOUNS.contains(&word)
}

/// What someone of a trade cares for, where the sentence names nothing.
pub(super) fn trade(role: &str) -> Option<&'static str> {
    const TRADES: &[(&str, &str)] = &[
        ("the piano", "pianist"),
        ("the violin", "violinist violinmaker"),
        ("the cello", "cellist"),
        ("the guitar", "guitarist"),
        ("the song", "singer composer musician conductor busker"),
        ("the clock", "clockmaker watchmaker"),
        (
            "the book",
            "writer poet librarian bookseller storyteller translator",
        ),
        ("the painting", "painter artist"),
        ("the camera", "photographer journalist reporter"),
        ("the telescope", "astronomer"),
        (
            "the boat",
            "sailor fisherman captain ferryman pirate smuggler",
        ),
        ("the garden", "gardener botanist"),
        ("the hives", "beekeeper"),
        ("the letter", "postman mailman postwoman"),
        ("the parcel", "courier driver cyclist"),
        ("the recipe", "baker chef cook"),
        ("the engine", "mechanic engineer pilot"),
        ("the coat", "tailor seamstress"),
        ("the map", "mapmaker cartographer explorer archaeologist"),
        ("the case file", "detective judge lawyer policeman"),
        ("the machine", "inventor scientist programmer hacker"),
        ("the flock", "shepherd"),
        ("the harvest", "farmer"),
    ];
    TRADES
        .iter()
        .find(|(_, roles)| roles.split_whitespace().any(|known| known == role))
        .map(|(thing, _)| *thing)
}

/// What can be lost, but not held or found under a chair.
pub(super) const ABSTRACT: &[&str] = &[
    "hearing",
    "sight",
    "voice",
    "memory",
    "memories",
    "mind",
    "faith",
    "job",
    "hope",
    "courage",
    "sleep",
    "home",
    "temper",
    "way",
    "balance",
    "power",
    "powers",
    "love",
    "revenge",
    "peace",
    "freedom",
    "truth",
    "happiness",
    "grief",
    "fear",
    "soul",
    "name",
    "talent",
    "war",
    "language",
];
