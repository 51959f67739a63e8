//! Which checks somebody wants to hear of.

/// The checks that are asked about: all, some only, or all but some.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Empty is all.
    pub only: Vec<String>,
    pub skip: Vec<String>,
}

impl Selection {
    /// Is what has this code wanted?
    #[must_use]
    pub fn wants(&self, code: &str) -> bool {
        let named = |ids: &[String]| ids.iter().any(|id| id == code);
        (self.only.is_empty() || named(&self.only)) && !named(&self.skip)
    }
}
