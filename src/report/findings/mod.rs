//! Findings for programs, one format a file: `json` for anybody, `sarif` for code scanning, `github` for the log of a
//! workflow, `gitlab` for its merge requests, `junit` for whoever shows test results. People read [`crate::diagnostic::Human`].

mod github;
mod gitlab;
mod json;
mod junit;
mod place;
mod sarif;

pub use github::github;
pub use gitlab::gitlab;
pub use json::{Document, json};
pub use junit::junit;
pub use sarif::sarif;

use crate::diagnostic::{Diagnostic, Sources};

/// What was found in one policy.
pub struct Found<'a> {
    /// The policy, as it was named.
    pub policy: String,
    pub sources: &'a Sources,
    pub diagnostics: &'a [Diagnostic],
    /// What stands before the names of its files to make them relative to the root of the repository: `sub/folder/`.
    pub prefix: &'a str,
}

/// What is known of a code beyond a single finding.
pub struct Rule {
    pub id: &'static str,
    /// One sentence.
    pub sentence: String,
    /// Its page, in Markdown.
    pub page: &'static str,
    /// `error`, `warning` or `note`.
    pub level: &'static str,
}
