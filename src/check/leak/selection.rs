//! Which checks somebody wants to hear of.

use super::find;

/// The checks that are asked about: all, some only, or all but some.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Empty is all.
    pub only: Vec<String>,
    pub skip: Vec<String>,
}

impl Selection {
    /// Is what has this code wanted: the id of a check, or a code that a check tells?
    #[must_use]
    pub fn wants(&self, code: &str) -> bool {
        let named = |ids: &[String]| ids.iter().any(|id| id == code || find(id).is_some_and(|leak| leak.tells(code)));
        (self.only.is_empty() || named(&self.only)) && !named(&self.skip)
    }
}
