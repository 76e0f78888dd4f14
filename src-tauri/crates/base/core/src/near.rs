//! Names that a slip of the finger may have meant.

/// Of `known`, the one that differs from `name` in few letters, if there is one.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let (distance, near) = known
        .into_iter()
        .map(|known| (edit_distance(name, known), known))
        .min()?;
    // Of a short name, three other letters are another name.
    (distance <= 3 && 2 * distance < name.chars().count()).then_some(near)
}

/// Levenshtein's distance: insertions, deletions and substitutions from `a` to `b`.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate().take(64) {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, near: Option<&str>) {
        let known = ["gate", "reverb", "de_click", "de_hum", "audio.loudness"];
        assert_eq!(nearest(name, known), near, "{name}");
    }

    #[test]
    fn a_name_is_near_when_few_of_its_letters_differ() {
        check("reverbb", Some("reverb"));
        check("declick", Some("de_click"));
        check("audio.lodnes", Some("audio.loudness"));
        check("gtae", None);
        check("gat", Some("gate"));
        check("eq", None);
        check("explode", None);
        check("", None);
    }
}
