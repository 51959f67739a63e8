//! hedgerow compiles a declarative network policy into router configurations and proves, by reading them back
//! with the router's own semantics, that they say the same as the policy.
#![forbid(unsafe_code)]

pub mod packet;
pub mod router;
pub mod target;
