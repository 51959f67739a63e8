//! hedgerow compiles a declarative network policy into router configurations and proves, by reading them back
//! with the router's own semantics, that they say the same as the policy.
#![forbid(unsafe_code)]

pub mod check;
pub mod cli;
pub mod compile;
pub mod diagnostic;
pub mod model;
pub mod packet;
pub mod plan;
pub mod policy;
pub mod reach;
pub mod report;
pub mod router;
pub mod syntax;
pub mod target;
pub mod verify;
pub mod world;
