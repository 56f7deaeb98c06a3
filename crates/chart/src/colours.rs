//! Which colour a policy has: always the same one where it is known, and never that of another one in a picture.

/// How many colours there are; with more policies in one picture some are used twice.
pub const N_COLOURS: usize = 14;

const CLASSES: [&str; N_COLOURS] =
    ["p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "p10", "p11", "p12", "p13"];

/// The policies that most tables have, each with a colour of its own.
const KNOWN: [(&str, usize); 19] = [
    ("il-rec", 0),
    ("uniform", 1),
    ("popularity", 2),
    ("greedy", 3),
    ("random-fresh-genre", 4),
    ("demonstrator", 5),
    ("bc", 6),
    ("actor-critic", 7),
    ("a2c", 7),
    ("greedy-diverse", 8),
    ("train-planner", 8),
    ("judge-diverse", 9),
    ("judge-planner", 9),
    ("oracle", 10),
    ("planner", 11),
    ("untrained", 12),
    ("served", 12),
    ("no-demonstrations", 13),
    ("random", 1),
];

/// The class of each policy of one picture.
pub fn colours<'a>(policies: impl IntoIterator<Item = &'a str>) -> Vec<&'static str> {
    let policies: Vec<&str> = policies.into_iter().collect();
    let mut order: Vec<usize> = (0..policies.len()).collect();
    // Known ones first; the others by name, so that the order of a table changes nothing.
    order.sort_by_key(|&at| (known(policies[at]).is_none(), policies[at]));
    let mut taken = [0usize; N_COLOURS];
    let mut places = vec![0; policies.len()];
    let mut seen: Vec<(&str, usize)> = Vec::new();
    for at in order {
        let name = policies[at];
        let again = seen.iter().find(|(other, _)| *other == name).map(|(_, place)| *place);
        let place = again.unwrap_or_else(|| free(wish(name), &mut taken));
        seen.push((name, place));
        places[at] = place;
    }
    places.into_iter().map(|place| CLASSES[place]).collect()
}

/// The first place from `wish` on that fewest have.
fn free(wish: usize, taken: &mut [usize; N_COLOURS]) -> usize {
    let fewest = taken.iter().copied().min().unwrap_or(0);
    let place = (0..N_COLOURS).map(|step| (wish + step) % N_COLOURS).find(|&place| taken[place] == fewest);
    let place = place.unwrap_or(wish);
    taken[place] += 1;
    place
}

/// The place of a known policy.
fn known(name: &str) -> Option<usize> {
    KNOWN.iter().find(|(known, _)| *known == name).map(|(_, place)| *place)
}

/// The place that a policy has where nobody else wants it: of a policy in brackets that of the policy before them.
fn wish(name: &str) -> usize {
    let plain = name.split(" (").next().unwrap_or(name);
    // FNV-1a: stable for ever.
    let hash = plain.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    known(plain).unwrap_or((hash % N_COLOURS as u64) as usize)
}
