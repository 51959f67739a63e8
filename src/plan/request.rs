//! What a renderer is given.

use super::Rulebook;
use crate::{diagnostic::Sources, model::Network, policy::Standing, router::File};

/// What a renderer is given. A renderer is a function of this and of nothing else.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    pub network: &'a Network,
    /// Where the router stands, with its interfaces as the target calls them.
    pub standing: &'a Standing,
    pub book: &'a Rulebook,
    pub sources: &'a Sources,
    /// The path of the policy.
    pub policy: &'a str,
    /// The user's own configuration, to be merged with; empty without one.
    pub base: &'a [File],
}

impl<'a> Request<'a> {
    /// The folder of the policy with its last `/`, and the name of its file.
    #[must_use]
    pub fn folder_and_file(&self) -> (&'a str, &'a str) {
        self.policy.split_at(self.policy.rfind('/').map_or(0, |slash| slash + 1))
    }
}
