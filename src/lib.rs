//! hedgerow compiles a declarative network policy into router configurations and proves, by reading them back
//! with the router's own semantics, that they say the same as the policy.
#![forbid(unsafe_code)]
#![deny(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::todo,
    clippy::unimplemented,
    clippy::unwrap_used
)]

pub mod certificate;
pub mod check;
#[expect(clippy::disallowed_methods, reason = "the one place that touches the machine")]
pub mod cli;
pub mod companion;
pub mod compile;
pub mod diagnostic;
pub mod init;
pub mod lsp;
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
