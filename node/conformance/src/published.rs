//! What was published, by name, so that what is missing can be named. One list for each archive and folder of vectors; those that
//! the archives themselves lack are in [`crate::exceptions`].

const LISTS: [(&str, &str); 4] = [
    ("ssv-spec", include_str!("../published/ssv-spec.txt")),
    ("ssv-spec-alan", include_str!("../published/ssv-spec-alan.txt")),
    ("slashing-interchange", include_str!("../published/slashing-interchange.txt")),
    ("keyshares", include_str!("../published/keyshares.txt")),
];

/// The vectors of an archive or folder: their paths in it, without `.json`.
pub fn names(archive: &str) -> impl Iterator<Item = &'static str> {
    LISTS.iter().filter(move |(name, _)| *name == archive).flat_map(|(_, list)| list.lines())
}

/// Those that `is_there` does not know, in a folder of the archive.
pub fn absent(archive: &str, folder: &str, is_there: impl Fn(&str) -> bool) -> Vec<String> {
    let here = names(archive).filter(|name| name.starts_with(folder));
    here.filter(|name| !is_there(name)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_as_long_as_what_was_published() {
        let counts = LISTS.map(|(name, _)| names(name).count());
        assert_eq!(counts, [203 + 111 + 172, 199 + 103 + 154, 38, 19]);
    }

    #[test]
    fn what_is_missing_has_its_name() {
        let all: Vec<&str> = names("slashing-interchange").collect();
        let without_two = |name: &str| name != all[3] && name != all[7];
        assert_eq!(absent("slashing-interchange", "", without_two), [all[3], all[7]]);
        assert_eq!(absent("slashing-interchange", "elsewhere/", |_| false), [""; 0]);
    }
}
