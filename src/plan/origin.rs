//! Where something comes from, as the comments and names in a configuration say it.

use super::Request;
use crate::{
    diagnostic::{Sources, Span},
    policy::Cause,
};

/// Tells origins in words: `home.hedge:17`, `expose home.hedge:20`.
#[derive(Clone, Copy)]
pub struct Origins<'a> {
    sources: &'a Sources,
    /// The folder of the policy with its last `/`, as it stands before the names of its files.
    folder: &'a str,
}

impl<'a> Origins<'a> {
    /// Of the statements of what is to be rendered.
    #[must_use]
    pub fn new(request: &Request<'a>) -> Self {
        Self { sources: request.sources, folder: request.folder_and_file().0 }
    }

    /// Where a cause stands.
    #[must_use]
    pub fn of(self, cause: Cause) -> String {
        match cause {
            Cause::Rule(_, span) => self.place(span),
            Cause::Exposure(_, span) => format!("expose {}", self.place(span)),
            Cause::Vpn(_, span) => format!("vpn {}", self.place(span)),
            Cause::Redirect(_, span) => format!("redirect {}", self.place(span)),
            Cause::Reflector(_, span) => format!("reflect {}", self.place(span)),
            Cause::Baseline(what) => what.to_owned(),
            Cause::SameZone => "within the zone".to_owned(),
            Cause::OutputOpen => "output open".to_owned(),
        }
    }

    /// A place in the policy, relative to its folder: what is written must not depend on where the program was run.
    #[must_use]
    pub fn place(self, span: Span) -> String {
        let place = self.sources.place(span);
        place.strip_prefix(self.folder).map(str::to_owned).unwrap_or(place)
    }
}
