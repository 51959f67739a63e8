//! Pictures of a policy's reachability for people, one format a file. Nothing is decided here.

mod dot;
mod json;
mod layout;
mod mermaid;
mod svg;
mod text;

pub use dot::dot;
pub use json::json;
pub use mermaid::mermaid;
pub use svg::svg;
