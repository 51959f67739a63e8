//! What was found, for people and programs, one format a file: pictures of a policy's reachability, and findings.
//! Nothing is decided here.

pub mod comparison;
mod dot;
pub mod findings;
mod json;
mod layout;
mod mermaid;
mod page;
mod svg;
mod text;

pub use dot::dot;
pub use json::json;
pub use mermaid::mermaid;
pub use page::{Page, page};
pub use svg::svg;
